//! A label selector as objects hold it, and as a query writes it.

use std::collections::BTreeMap;

use serde::Deserialize;

/// `spec.selector`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Selector {
    match_labels: BTreeMap<String, String>,
    match_expressions: Vec<Expression>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Expression {
    key: String,
    operator: String,
    values: Vec<String>,
}

impl Selector {
    /// As a query: `app=web,tier in (a,b)`.
    pub(super) fn text(&self) -> String {
        let labels = self.match_labels.iter().map(|(key, value)| format!("{key}={value}"));
        let expressions = self.match_expressions.iter().map(|it| match it.operator.as_str() {
            "Exists" => it.key.clone(),
            "DoesNotExist" => format!("!{}", it.key),
            operator => format!("{} {} ({})", it.key, operator.to_lowercase(), it.values.join(",")),
        });
        labels.chain(expressions).collect::<Vec<_>>().join(",")
    }

    /// Whether an object with these labels is meant.
    pub(super) fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        let is_named = |it: &Expression| labels.get(&it.key).is_some_and(|value| it.values.contains(value));
        self.match_labels.iter().all(|(key, value)| labels.get(key) == Some(value))
            && self.match_expressions.iter().all(|it| match it.operator.as_str() {
                "In" => is_named(it),
                "NotIn" => !is_named(it),
                "Exists" => labels.contains_key(&it.key),
                "DoesNotExist" => !labels.contains_key(&it.key),
                _ => false,
            })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_operator_has_its_form_in_a_query() {
        let selector: Selector = serde_json::from_value(json!({
            "matchLabels": { "app": "web" },
            "matchExpressions": [
                { "key": "tier", "operator": "In", "values": ["a", "b"] },
                { "key": "env", "operator": "NotIn", "values": ["test"] },
                { "key": "x", "operator": "Exists" },
                { "key": "y", "operator": "DoesNotExist" },
            ],
        }))
        .expect("a selector");
        assert_eq!(selector.text(), "app=web,tier in (a,b),env notin (test),x,!y");
    }
}
