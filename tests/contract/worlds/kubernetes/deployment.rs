//! A Deployment that somebody has paused with one of four pods replaced.

use serde_json::{Value, json};

use super::{super::super::world::VERSIONS, Kind, part, roll, spec};
use crate::bed::Namespace;

pub(crate) struct Deployment;

impl Kind for Deployment {
    const WORD: &'static str = "deployment";

    fn begin(namespace: &Namespace) -> Self {
        let mut spec = spec();
        spec["strategy"] = json!({ "rollingUpdate": { "maxSurge": 0, "maxUnavailable": 1 } });
        let web = json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "web" }, "spec": spec });
        namespace.apply(&web.to_string());
        let counts = |web: &Value, updated: u64| {
            let status = &web["status"];
            status["observedGeneration"] == web["metadata"]["generation"]
                && (&status["updatedReplicas"], &status["readyReplicas"]) == (&json!(updated), &json!(4))
        };
        namespace.until("deployment", "web", "deployed", |web| counts(web, 4));
        // A first new pod that does not count for a while holds the others back until it is paused.
        namespace.patch("deployment", "web", &json!({ "spec": { "minReadySeconds": 300 } }));
        roll(namespace, VERSIONS.1);
        namespace.until("deployment", "web", "at a quarter", |web| counts(web, 1));
        namespace.patch("deployment", "web", &json!({ "spec": { "paused": true, "minReadySeconds": 0 } }));
        namespace.until("deployment", "web", "paused", |web| counts(web, 1));
        Self
    }

    fn share(&self, namespace: &Namespace) -> f64 {
        part(namespace, "app=web")
    }

    fn goes_on(&self, namespace: &Namespace) {
        namespace.kubectl(&["rollout", "resume", "deployment/web"]);
        namespace.until("deployment", "web", "further", |web| web["status"]["updatedReplicas"].as_u64() > Some(1));
    }
}
