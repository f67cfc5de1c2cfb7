//! The layers of a configuration: built-in default < file < environment < flags.

use super::{
    finding::{Finding, Findings},
    origin::Origin,
    path::KeyPath,
    shape::{Part, Shape},
    tree::Node,
    variables::Variables,
};
use crate::nearest::nearest;

/// Other names of sections, as the field's tools call the two versions.
pub(super) const ALIASES: [(&str, &str); 5] =
    [("stable", "baseline"), ("primary", "baseline"), ("blue", "baseline"), ("canary", "candidate"), ("green", "candidate")];

/// What the name of each of our environment variables begins with.
const PREFIX: &str = "ROLLWATCH_";

/// A value from the command line. It wins over everything else.
#[derive(Clone, Debug)]
pub struct Override {
    key: &'static str,
    value: toml::Value,
    flag: &'static str,
}

impl Override {
    /// `flag` sets the key `key`, such as `policy.window`, to `value`. Durations and percentages are texts with a unit.
    pub fn new(key: &'static str, value: impl Into<toml::Value>, flag: &'static str) -> Self {
        Self { key, value: value.into(), flag }
    }
}

/// The tree of the flags.
pub(super) fn flags(overrides: &[Override]) -> Node {
    let mut tree = Node::table(Origin::Default);
    for Override { key, value, flag } in overrides {
        tree.put(&(*key).into(), Node::whole(value.clone(), &Origin::Flag(flag)));
    }
    tree
}

/// Gives the sections their own names back.
pub(super) fn without_aliases(file: &mut Node, findings: &mut Findings) {
    let Some(sections) = file.as_table_mut() else { return };
    for (alias, name) in ALIASES {
        let Some(section) = sections.remove(alias) else { continue };
        let Some(other) = sections.get(name) else {
            sections.insert(name.to_owned(), section);
            continue;
        };
        let message = format!("[{alias}] is another name of [{name}], which is already at {}", other.origin);
        findings.push_at(alias.into(), Finding::error(&section.origin, message).on_key().help("keep one of the two sections"));
    }
}

/// The tree of those environment variables that set a key: `ROLLWATCH_POLICY_WINDOW` sets `policy.window`.
pub(super) fn environment(variables: &Variables, shape: &Shape, findings: &mut Findings) -> Node {
    let keys = single_values(shape);
    let mut tree = Node::table(Origin::Default);
    for (variable, text) in variables.iter().filter(|(name, _)| name.starts_with(PREFIX)) {
        let origin = Origin::Environment(variable.clone());
        let Some((_, path, kind)) = keys.iter().find(|(name, ..)| name == variable) else {
            if let Some(remark) = misspelt(variable, &keys, &origin) {
                findings.push(remark);
            }
            continue;
        };
        if text.is_empty() {
            findings.push_at(
                path.clone(),
                Finding::error(&origin, format!("{path} is empty")).help("give it a value or unset the variable"),
            );
        } else {
            tree.put(path, Node::whole(typed(text, kind), &origin));
        }
    }
    tree
}

type SingleValue<'s> = (String, KeyPath, &'s str);

/// Each key that takes one value, with the variable that sets it and its type. Not those of the backend and of the secrets: which of
/// them may be given depends on the others.
fn single_values(shape: &Shape) -> Vec<SingleValue<'_>> {
    let mut found = Vec::new();
    let sections = shape.root().keys().filter(|section| ALIASES.iter().all(|(alias, _)| alias != section));
    for section in sections {
        let path = KeyPath::default().key(section);
        if let Some(part) = shape.root().key(section) {
            collect(part, &path, &mut found);
        }
    }
    found
}

fn collect<'s>(part: Part<'s>, path: &KeyPath, found: &mut Vec<SingleValue<'s>>) {
    match part.kind() {
        "object" if !part.is_secret() => {
            for key in part.keys() {
                if let Some(part) = part.key(key) {
                    collect(part, &path.key(key), found);
                }
            }
        }
        kind @ ("string" | "boolean" | "integer" | "number") => {
            let variable = format!("{PREFIX}{}", path.to_string().replace('.', "_").to_uppercase());
            found.push((variable, path.clone(), kind));
        }
        _ => {}
    }
}

/// A variable's text as the type that the key wants; a text that is none stays one, and is refused as such later.
fn typed(text: &str, kind: &str) -> toml::Value {
    let text = text.trim();
    let value = match kind {
        "boolean" => text.parse().map(toml::Value::Boolean).ok(),
        "integer" => text.parse().map(toml::Value::Integer).ok(),
        "number" => text.parse().map(toml::Value::Float).ok(),
        _ => None,
    };
    value.unwrap_or_else(|| toml::Value::String(text.to_owned()))
}

/// A remark on a variable whose name is close to one of ours. Others are none of our business.
fn misspelt(variable: &str, keys: &[SingleValue<'_>], origin: &Origin) -> Option<Finding> {
    let known = keys.iter().filter_map(|(name, ..)| name.strip_prefix(PREFIX));
    let near = nearest(variable.strip_prefix(PREFIX)?, known)?;
    Some(Finding::warning(origin, format!("no key is set by this variable: did you mean {PREFIX}{near}?")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;

    #[test]
    fn every_single_value_has_its_variable_and_the_others_have_none() {
        let shape = Shape::new(&parse::defaults(crate::config::DEFAULT));
        let names: Vec<String> = single_values(&shape).into_iter().map(|(name, ..)| name).collect();
        for name in ["POLICY_WINDOW", "POLICY_MAX_WINDOW", "POLICY_KIND", "BASELINE_VERSION", "NOTIFY_WEBHOOK_URL", "AUTH_CA_FILE"]
        {
            assert!(names.contains(&format!("{PREFIX}{name}")), "{name} in {names:?}");
        }
        for part in ["BEARER", "BACKEND", "GATING", "SELECT", "STABLE", "URL_FROM"] {
            assert!(!names.iter().any(|name| name.contains(part)), "{part} in {names:?}");
        }
    }
}
