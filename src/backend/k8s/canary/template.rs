//! Templates of the target and of its primary: the same version has two of them, because Flagger renames on the way.

use serde_json::Value;

use crate::backend::k8s::sets::{self, Set};

/// What Flagger adds to names that must be the primary's own.
const PRIMARY: &str = "-primary";
/// What it writes so that a copied template is a new one, and what it leaves out.
const ADDED: &str = "flagger-id";
const LEFT_OUT: &str = "toolkit.fluxcd.io";
/// What `kubectl rollout restart` writes.
const RESTARTED: &str = "/metadata/annotations/kubectl.kubernetes.io~1restartedAt";

/// Two sets are of the same version: one was copied from the other.
pub(super) fn is_same(a: &Set, b: &Set) -> bool {
    common(&a.template) == common(&b.template)
}

/// The primary's set was copied from the target's. Pods that were only restarted there are of the same version.
pub(super) fn is_copied(target: &Set, primary: &Set) -> bool {
    let (target, mut primary) = (common(&target.template), common(&primary.template));
    if target.pointer(RESTARTED).is_none() && primary.pointer(RESTARTED).is_some() {
        forget(&mut primary, RESTARTED);
    }
    target == primary
}

/// Takes out an annotation, and the map of them when it was the last.
fn forget(template: &mut Value, annotation: &str) {
    let name = annotation.rsplit('/').next().unwrap_or_default().replace("~1", "/");
    let Some(metadata) = template.get_mut("metadata").and_then(Value::as_object_mut) else { return };
    let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) else { return };
    annotations.remove(&name);
    if annotations.is_empty() {
        metadata.remove("annotations");
    }
}

/// A template without what tells a primary's from its target's.
fn common(template: &Value) -> Value {
    let mut template = sets::plain(template.clone());
    if let Some(metadata) = template.get_mut("metadata").and_then(Value::as_object_mut) {
        for part in ["labels", "annotations"] {
            if let Some(there) = metadata.get_mut(part).and_then(Value::as_object_mut) {
                there.retain(|name, _| name != ADDED && !name.contains(LEFT_OUT));
            }
        }
        metadata.retain(|_, part| !part.as_object().is_some_and(serde_json::Map::is_empty));
    }
    strip(&mut template);
    template
}

fn strip(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Some(bare) = text.strip_suffix(PRIMARY) {
                *text = bare.to_owned();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        Value::Object(fields) => fields.values_mut().for_each(strip),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_copy_for_the_primary_is_the_same_version() {
        let target = json!({
            "metadata": { "labels": { "app": "web", "pod-template-hash": "1" }, "annotations": { "kustomize.toolkit.fluxcd.io/x": "y" } },
            "spec": { "containers": [{ "image": "app:v1", "envFrom": [{ "configMapRef": { "name": "web-config" } }] }] },
        });
        let primary = json!({
            "metadata": { "labels": { "app": "web-primary", "pod-template-hash": "2" }, "annotations": { "flagger-id": "9" } },
            "spec": { "containers": [{ "image": "app:v1", "envFrom": [{ "configMapRef": { "name": "web-config-primary" } }] }] },
        });
        assert_eq!(common(&target), common(&primary));
        let mut other = primary;
        other["spec"]["containers"][0]["image"] = json!("app:v2");
        assert_ne!(common(&target), common(&other));
    }
}
