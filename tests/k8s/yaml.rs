//! Manifests: YAML as JSON, and where the API server keeps what they describe.

use serde_json::Value;

/// Every document of a text.
pub(crate) fn documents(text: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(text).unwrap_or_else(|error| panic!("not YAML: {error}\n{text}"))
}

/// Where objects of a version and a kind are; `namespace` is left out for kinds that have none.
pub(crate) fn collection(version: &str, kind: &str, namespace: &str) -> String {
    let root = if version.contains('/') { "apis" } else { "api" };
    let plural = plural(&kind.to_lowercase());
    let is_global =
        ["namespaces", "nodes", "clusterroles", "clusterrolebindings", "customresourcedefinitions"].contains(&plural.as_str());
    if is_global { format!("/{root}/{version}/{plural}") } else { format!("/{root}/{version}/namespaces/{namespace}/{plural}") }
}

/// The version in which this server has a kind that tests speak of by its name alone.
pub(crate) fn version(kind: &str) -> &'static str {
    match kind {
        "deployment" | "replicaset" => "apps/v1",
        "horizontalpodautoscaler" => "autoscaling/v1",
        "poddisruptionbudget" => "policy/v1beta1",
        "role" | "rolebinding" | "clusterrole" | "clusterrolebinding" => "rbac.authorization.k8s.io/v1",
        "rollout" | "analysisrun" => "argoproj.io/v1alpha1",
        "canary" => "flagger.app/v1beta1",
        _ => "v1",
    }
}

fn plural(kind: &str) -> String {
    match kind {
        "endpoints" => kind.to_owned(),
        _ if kind.ends_with('s') => format!("{kind}es"),
        _ if kind.ends_with('y') => format!("{}ies", kind.trim_end_matches('y')),
        _ => format!("{kind}s"),
    }
}
