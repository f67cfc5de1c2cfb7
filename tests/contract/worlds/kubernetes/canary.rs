//! A Canary that waits at the gate of its promotion, where the candidate has the traffic of the last step.

use serde_json::json;

use super::{
    super::super::world::{BEGIN, VERSIONS},
    Kind, part, roll, spec,
};
use crate::bed::{Namespace, gates::Gates};

pub(crate) struct Canary {
    gates: Gates,
}

impl Canary {
    fn until(namespace: &Namespace, phase: &str) {
        namespace.until("canary", "web", phase, |canary| canary["status"]["phase"] == phase);
    }
}

impl Kind for Canary {
    const WORD: &'static str = "canary";

    fn begin(namespace: &Namespace) -> Self {
        let gates = Gates::start();
        let target = json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "web" }, "spec": spec() });
        namespace.apply(&target.to_string());
        let gate = json!({ "name": "end", "type": "confirm-promotion", "url": format!("{}/gate/check", gates.url()) });
        let canary = json!({
            "apiVersion": "flagger.app/v1beta1", "kind": "Canary", "metadata": { "name": "web" },
            "spec": {
                "targetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": "web" },
                "progressDeadlineSeconds": 60, "service": { "port": 80 },
                "analysis": { "interval": "10s", "threshold": 2, "maxWeight": BEGIN, "stepWeight": BEGIN, "webhooks": [gate] },
            },
        });
        namespace.apply(&canary.to_string());
        Self::until(namespace, "Initialized");
        roll(namespace, VERSIONS.1);
        Self::until(namespace, "WaitingPromotion");
        Self { gates }
    }

    fn more(&self) -> String {
        format!("gate = \"{}\"\n", self.gates.url())
    }

    /// Flagger gives the weight to whatever the canary's pods are, and the rest to the primary's.
    fn share(&self, namespace: &Namespace) -> f64 {
        let canary = namespace.get("canary", "web");
        // It forgets the weight in its status while it waits with the promotion, and routes as before.
        let waits = canary["status"]["phase"] == "WaitingPromotion";
        let weight = if waits { f64::from(BEGIN) } else { canary["status"]["canaryWeight"].as_f64().unwrap_or(0.0) } / 100.0;
        weight * part(namespace, "app=web") + (1.0 - weight) * part(namespace, "app=web-primary")
    }

    fn goes_on(&self, namespace: &Namespace) {
        self.gates.set("gate", "web", namespace.name(), true);
        Self::until(namespace, "Succeeded");
    }
}
