//! A Deployment's spec and status, as far as they are looked at.

use serde::Deserialize;
use serde_json::Value;

use crate::backend::k8s::selector::Selector;

/// What is asked for.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::backend::k8s) struct Spec {
    #[serde(default = "one")]
    pub(in crate::backend::k8s) replicas: u32,
    #[serde(default)]
    pub(in crate::backend::k8s) paused: bool,
    #[serde(default = "ten_minutes")]
    pub(in crate::backend::k8s) progress_deadline_seconds: u64,
    #[serde(default)]
    pub(in crate::backend::k8s) selector: Selector,
    #[serde(default)]
    pub(in crate::backend::k8s) template: Value,
    #[serde(default)]
    strategy: Strategy,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Strategy {
    #[serde(rename = "type")]
    kind: String,
}

impl Spec {
    /// No pod of the next version is started before the last of this one is gone.
    pub(in crate::backend::k8s) fn is_recreated(&self) -> bool {
        self.strategy.kind == "Recreate"
    }
}

/// The API's own defaults, a Rollout's too.
pub(in crate::backend::k8s) const fn one() -> u32 {
    1
}

pub(in crate::backend::k8s) const fn ten_minutes() -> u64 {
    600
}

/// What there is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(in crate::backend::k8s) struct Status {
    pub(in crate::backend::k8s) observed_generation: i64,
    pub(in crate::backend::k8s) replicas: u32,
    pub(in crate::backend::k8s) updated_replicas: u32,
    pub(in crate::backend::k8s) available_replicas: u32,
    pub(in crate::backend::k8s) conditions: Vec<ConditionOf>,
}

/// One of its conditions.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::backend::k8s) struct ConditionOf {
    #[serde(rename = "type")]
    pub(in crate::backend::k8s) kind: String,
    pub(in crate::backend::k8s) status: String,
    pub(in crate::backend::k8s) reason: String,
}

impl Status {
    /// The newest template is on all pods and no other pod is left: as `kubectl rollout status` decides it.
    pub(in crate::backend::k8s) fn is_complete(&self, spec: &Spec, generation: i64) -> bool {
        self.observed_generation >= generation
            && self.updated_replicas >= spec.replicas
            && self.replicas <= self.updated_replicas
            && self.available_replicas >= self.updated_replicas
    }

    /// Its controller has given up waiting for progress.
    pub(in crate::backend::k8s) fn is_past_deadline(&self) -> bool {
        self.conditions.iter().any(|it| it.kind == "Progressing" && it.status == "False" && it.reason == "ProgressDeadlineExceeded")
    }
}
