//! A Rollout at a pause of its steps, where pods are all the traffic there is.

use serde_json::json;

use super::{super::super::world::VERSIONS, Kind, part, roll, spec};
use crate::bed::Namespace;

pub(crate) struct Rollout;

impl Rollout {
    fn until_paused(namespace: &Namespace, step: u64) {
        namespace.until("rollout", "web", "at its pause", |web| {
            web["status"]["phase"] == "Paused" && web["status"]["currentStepIndex"] == step
        });
    }
}

impl Kind for Rollout {
    const WORD: &'static str = "rollout";

    fn begin(namespace: &Namespace) -> Self {
        let mut spec = spec();
        let steps = json!([{ "setWeight": 25 }, { "pause": {} }, { "setWeight": 50 }, { "pause": {} }]);
        spec["strategy"] = json!({ "canary": { "steps": steps } });
        let web = json!({ "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": { "name": "web" }, "spec": spec });
        namespace.apply(&web.to_string());
        namespace.until("rollout", "web", "healthy", |web| web["status"]["phase"] == "Healthy");
        roll(namespace, VERSIONS.1);
        Self::until_paused(namespace, 1);
        Self
    }

    fn share(&self, namespace: &Namespace) -> f64 {
        part(namespace, "app=web")
    }

    fn goes_on(&self, namespace: &Namespace) {
        namespace.patch_status("rollout", "web", &json!({ "pauseConditions": null }));
        Self::until_paused(namespace, 3);
    }
}
