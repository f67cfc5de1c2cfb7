//! The templates of a Rollout's sets as somebody once wrote them: without what Argo Rollouts adds to a set's own copy.
//!
//! What is put back with such an addition is a new version for the controller: it looks the additions away in its sets only.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{HASH, REVISION};
use crate::{
    backend::{
        BackendError,
        k8s::sets::{self, Set},
    },
    wire::kube::Object,
};

/// The annotation with the labels and annotations that a set has only while it is stable, or only while it is not.
pub(super) const PASSING: &str = "rollout.argoproj.io/ephemeral-metadata";
/// The two lists of rules about the pods that a pod keeps away from.
const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

/// The Rollout's sets, each with its template as somebody once wrote it.
pub(super) fn owned(objects: &[Object], uid: &str) -> Result<Vec<Set>, BackendError> {
    let mut sets = sets::owned(objects, uid, REVISION)?;
    for set in &mut sets {
        let object = objects.iter().find(|object| object.metadata.name == set.name);
        if let Some(passing) = object.and_then(|object| object.metadata.annotation(PASSING)) {
            forget(passing, &mut set.template);
        }
        forget_rule(&mut set.template);
    }
    Ok(sets)
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Passing {
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
}

/// Takes away what Argo Rollouts has written into a set's template for as long as the set plays its part.
fn forget(passing: &str, template: &mut Value) {
    let passing: Passing = serde_json::from_str(passing).unwrap_or_default();
    let Some(metadata) = template.get_mut("metadata").and_then(Value::as_object_mut) else { return };
    for (place, added) in [("labels", passing.labels), ("annotations", passing.annotations)] {
        let Some(there) = metadata.get_mut(place).and_then(Value::as_object_mut) else { continue };
        there.retain(|name, _| !added.contains_key(name));
        if there.is_empty() {
            metadata.remove(place);
        }
    }
}

/// Takes away the rule that keeps a set's pods from the nodes of the version before (`antiAffinity` of the strategy).
///
/// What is left of a required rule is nothing at all; of a preferred one an empty list stays, because the controller leaves it too when
/// it looks which set a template is of.
fn forget_rule(template: &mut Value) {
    let Some(spec) = template.get_mut("spec").and_then(Value::as_object_mut) else { return };
    let Some(affinity) = spec.get_mut("affinity").and_then(Value::as_object_mut) else { return };
    let Some(away) = affinity.get_mut("podAntiAffinity").and_then(Value::as_object_mut) else { return };
    let mut is_injected = false;
    for list in [REQUIRED, PREFERRED] {
        if let Some(rules) = away.get_mut(list).and_then(Value::as_array_mut) {
            let all = rules.len();
            rules.retain(|rule| !is_about_versions(rule.get("podAffinityTerm").unwrap_or(rule)));
            is_injected |= rules.len() < all;
        }
    }
    if !is_injected {
        return;
    }
    away.retain(|list, rules| list != REQUIRED || rules.as_array().is_none_or(|rules| !rules.is_empty()));
    if away.is_empty() {
        affinity.remove("podAntiAffinity");
    }
    if affinity.is_empty() {
        spec.remove("affinity");
    }
}

/// A rule that tells pods by the hash of their template: nobody but the controller knows that.
fn is_about_versions(rule: &Value) -> bool {
    let expressions = rule.pointer("/labelSelector/matchExpressions").and_then(Value::as_array);
    expressions.into_iter().flatten().any(|it| it.get("key").and_then(Value::as_str) == Some(HASH))
}
