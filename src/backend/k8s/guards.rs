//! What else holds the workload in its place: who owns it, an autoscaler, a disruption budget. Read once, when it is attached to; what
//! may not be read is said, and stops nothing.

use std::{collections::BTreeMap, time::Duration};

use futures_util::future::join3;
use serde::Deserialize;
use serde_json::Value;

use super::{
    api::Api,
    owner::Owner,
    selector::Selector,
    workload::{Found, Place, State, title},
};
use crate::{backend::BackendError, engine::role::Role, humanize, target::Kind, text, wire::kube::Object};

/// How long all of it may take.
const LIMIT: Duration = Duration::from_secs(3);

/// What is known of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Guards {
    /// Who puts back what a rollback takes away.
    pub(super) owner: Option<Owner>,
    /// Sentences about what holds its pods.
    pub(super) pods: Vec<String>,
}

/// An API group that has a version we know.
struct Group {
    name: &'static str,
    versions: [&'static str; 2],
    plural: &'static str,
    /// What is not known without it.
    what: &'static str,
}

const SCALERS: Group =
    Group { name: "autoscaling", versions: ["v2", "v1"], plural: "horizontalpodautoscalers", what: "whether one scales it" };
const BUDGETS: Group =
    Group { name: "policy", versions: ["v1", "v1beta1"], plural: "poddisruptionbudgets", what: "whether one holds its pods" };

impl Guards {
    /// Reads them.
    pub(super) async fn read(api: &Api, place: &Place, state: &dyn State, found: &Found) -> Self {
        let (object, holder) = (state.object(), state.holder());
        // A rollback changes the template: whoever owns that undoes it.
        let owner = Owner::of(&holder.metadata).or_else(|| Owner::of(&object.metadata));
        let all = join3(SCALERS.list(api, place), BUDGETS.list(api, place), labels(api, place, holder, found));
        let Ok((scalers, budgets, labels)) = tokio::time::timeout(LIMIT, all).await else {
            let why = format!("autoscalers and disruption budgets in {} were not answered in time", place.namespace);
            return Self { owner, pods: vec![why] };
        };
        let mut pods = Vec::new();
        match scalers {
            Ok(objects) => {
                pods.extend(objects.iter().filter_map(|object| scaler(object, place.workload.kind, &holder.metadata.name)));
            }
            Err(why) => pods.push(why),
        }
        match budgets {
            Ok(objects) => pods.extend(objects.iter().filter_map(|object| budget(object, &labels))),
            Err(why) => pods.push(why),
        }
        Self { owner, pods }
    }
}

impl Group {
    /// Its objects; none where the server does not know it. Why not, in a sentence.
    async fn list(&self, api: &Api, place: &Place) -> Result<Vec<Object>, String> {
        let Some(version) = self.version(api).await? else { return Ok(Vec::new()) };
        let path = place.beside(&format!("/apis/{}/{version}", self.name), self.plural);
        api.list(&path, "").await.map_err(|error| self.unknown(place, &error))
    }

    fn unknown(&self, place: &Place, error: &BackendError) -> String {
        let Self { plural, what, .. } = self;
        match error {
            BackendError::Unauthorised(_) => format!("you may not list {plural} in {}: {what} is not known", place.namespace),
            other => format!("{what} is not known: {other}"),
        }
    }

    /// The best of its versions that the server serves.
    async fn version(&self, api: &Api) -> Result<Option<&'static str>, String> {
        let group = match api.cluster.read(&format!("/apis/{}", self.name)).await {
            Ok(group) => group,
            Err(error) if error.is_missing() => return Ok(None),
            Err(error) => return Err(format!("{} is not known: {error}", self.what)),
        };
        let served = group.get("versions").and_then(Value::as_array).into_iter().flatten();
        let served: Vec<&str> = served.filter_map(|served| served.get("version")?.as_str()).collect();
        Ok(self.versions.into_iter().find(|version| served.contains(version)))
    }
}

/// The labels of its pods: those of the template, else of one that is there.
async fn labels(api: &Api, place: &Place, object: &Object, found: &Found) -> BTreeMap<String, String> {
    let of_template = object.spec.pointer("/template/metadata/labels").and_then(|it| serde_json::from_value(it.clone()).ok());
    if let Some(labels) = of_template {
        return labels;
    }
    let pods = api.list(&place.beside("/api/v1", "pods"), found.pods.of(Role::Candidate)).await.unwrap_or_default();
    pods.into_iter().next().map(|pod| pod.metadata.labels).unwrap_or_default()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Scaler {
    scale_target_ref: Scaled,
    #[serde(default)]
    min_replicas: Option<u32>,
    max_replicas: u32,
}

#[derive(Deserialize)]
struct Scaled {
    kind: String,
    name: String,
}

/// "an HPA keeps it between 4 and 20 pods"; none where it scales something else.
fn scaler(object: &Object, kind: Kind, name: &str) -> Option<String> {
    let Scaler { scale_target_ref: of, min_replicas, max_replicas } = object.spec().ok()?;
    let is_it = match kind {
        Kind::Deployment | Kind::Rollout => of.kind == title(kind) && of.name == name,
        // Flagger's own copy of the Deployment that it watches is what serves.
        Kind::Canary => of.kind == title(Kind::Deployment) && (of.name == name || of.name == format!("{name}-primary")),
    };
    let least = min_replicas.unwrap_or(1);
    let which = text::cleaned(&object.metadata.name);
    is_it.then(|| format!("an HPA ({which}) keeps {} between {least} and {max_replicas} pods", text::cleaned(&of.name)))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Budget {
    #[serde(default)]
    selector: Option<Selector>,
    #[serde(default)]
    min_available: Option<Value>,
    #[serde(default)]
    max_unavailable: Option<Value>,
}

/// "a `PodDisruptionBudget` lets 1 pod go"; none where it is about other pods.
fn budget(object: &Object, labels: &BTreeMap<String, String>) -> Option<String> {
    let Budget { selector, min_available, max_unavailable } = object.spec().ok()?;
    if labels.is_empty() || !selector?.matches(labels) {
        return None;
    }
    let which = text::cleaned(&object.metadata.name);
    let rule = match (min_available, max_unavailable) {
        (Some(least), _) => format!("keeps at least {}", amount(&least)),
        (None, Some(most)) => format!("lets {} go", amount(&most)),
        (None, None) => return None,
    };
    Some(format!("a PodDisruptionBudget ({which}) {rule} when nodes are drained"))
}

/// "1 pod", "25 % of its pods".
fn amount(value: &Value) -> String {
    match (value.as_u64(), value.as_str().and_then(|text| text.strip_suffix('%'))) {
        (Some(n), _) => humanize::plural(n as f64, "pod", "pods"),
        (None, Some(percent)) => format!("{} % of its pods", text::cleaned(percent)),
        (None, None) => text::cleaned(value.as_str().unwrap_or("some")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(spec: &Value) -> Object {
        Object::of(json!({ "metadata": { "name": "g" }, "spec": spec })).expect("an object")
    }

    #[test]
    fn an_autoscaler_is_of_one_workload() {
        let of = |kind: &str, name: &str| object(&json!({ "scaleTargetRef": { "kind": kind, "name": name }, "maxReplicas": 20 }));
        let said = scaler(&of("Deployment", "web"), Kind::Deployment, "web");
        assert_eq!(said.as_deref(), Some("an HPA (g) keeps web between 1 and 20 pods"));
        assert_eq!(scaler(&of("Deployment", "api"), Kind::Deployment, "web"), None);
        assert_eq!(scaler(&of("Deployment", "web"), Kind::Rollout, "web"), None);
        let primary = scaler(&of("Deployment", "web-primary"), Kind::Canary, "web");
        assert_eq!(primary.as_deref(), Some("an HPA (g) keeps web-primary between 1 and 20 pods"));
    }

    #[test]
    fn a_budget_is_of_the_pods_that_its_selector_names() {
        let labels = BTreeMap::from([("app".to_owned(), "web".to_owned()), ("tier".to_owned(), "a".to_owned())]);
        let of = |selector: Value, rule: Value| {
            let mut spec = rule;
            spec["selector"] = selector;
            budget(&object(&spec), &labels)
        };
        let web = json!({ "matchLabels": { "app": "web" } });
        let said = of(web.clone(), json!({ "maxUnavailable": 1 }));
        assert_eq!(said.as_deref(), Some("a PodDisruptionBudget (g) lets 1 pod go when nodes are drained"));
        let said = of(web, json!({ "minAvailable": "50%" }));
        assert_eq!(said.as_deref(), Some("a PodDisruptionBudget (g) keeps at least 50 % of its pods when nodes are drained"));
        assert_eq!(of(json!({ "matchLabels": { "app": "api" } }), json!({ "maxUnavailable": 1 })), None);
        assert_eq!(
            of(
                json!({ "matchExpressions": [{ "key": "tier", "operator": "NotIn", "values": ["a"] }] }),
                json!({ "maxUnavailable": 1 })
            ),
            None
        );
        assert_eq!(budget(&object(&json!({ "maxUnavailable": 1 })), &labels), None, "without a selector it names nobody");
    }
}
