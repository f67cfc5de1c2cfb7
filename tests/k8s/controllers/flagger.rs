//! The stand-in for Flagger: what it does with one Canary of a Deployment at one time.
//!
//! What it does not have: services and a mesh (the weight that a mesh would have is remembered here), autoscalers, metrics, alerts, tracked
//! configurations, canaries of other kinds than Deployments.
//!
//! | annotation | what it says |
//! |---|---|
//! | `lab/checks: fail` on the Canary, or on the target's template | its checks fail |
//! | `lab/interval: "1s"` on the Canary | how often it is looked at, instead of three times a second |

use std::{collections::HashMap, time::Duration};

use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    flagger_status::{count, note_applied, phase, sync},
    webhook,
};
use crate::bed::{
    object::{age, annotation, duration, hash, number, text},
    record::{Told, complain, event},
    rest::Rest,
};

/// What holds back the deletion of a Canary that is to be undone.
const FINALIZER: &str = "finalizer.flagger.app";

/// The controller, with what it remembers.
pub(crate) struct Controller {
    rest: Rest,
    canaries: HashMap<String, Known>,
}

/// What is known of a Canary, by its uid.
struct Known {
    looked: Instant,
    /// The candidate's share of traffic, as a percentage.
    routed: i64,
}

/// A Canary with its deployments.
struct Sight<'a> {
    canary: &'a Value,
    target: Value,
    primary: Option<Value>,
    /// Of the target's template.
    hash: String,
}

impl Sight<'_> {
    fn phase(&self) -> &str {
        text(&self.canary["status"]["phase"])
    }

    fn analysis(&self) -> &Value {
        &self.canary["spec"]["analysis"]
    }

    /// The template is new. Going back to what is promoted is not.
    fn is_changed(&self) -> bool {
        let status = &self.canary["status"];
        status["lastPromotedSpec"] != self.hash && status["lastAppliedSpec"] != self.hash
    }

    fn primary_name(&self) -> String {
        format!("{}-primary", text(&self.canary["spec"]["targetRef"]["name"]))
    }

    fn do_checks_fail(&self) -> bool {
        let template = annotation(&self.target["spec"]["template"], "checks");
        annotation(self.canary, "checks").or(template) == Some("fail")
    }
}

impl Controller {
    pub(crate) fn new(rest: Rest) -> Self {
        Self { rest, canaries: HashMap::new() }
    }

    /// Does what is to be done now, when its time has come.
    pub(crate) async fn tend(&mut self, canary: &Value) {
        let spec = &canary["spec"];
        let interval = annotation(canary, "interval").and_then(|text| duration(&json!(text))).unwrap_or(Duration::from_millis(300));
        let now = Instant::now();
        let known = self.canaries.get(text(&canary["metadata"]["uid"]));
        if known.is_some_and(|known| now - known.looked < interval) {
            return;
        }
        let routed = known.map_or_else(|| number(&canary["status"]["canaryWeight"]), |known| known.routed);
        self.canaries.insert(text(&canary["metadata"]["uid"]).to_owned(), Known { looked: now, routed });
        if canary["metadata"]["deletionTimestamp"].is_string() {
            return self.terminate(canary).await;
        }
        if spec["suspend"] == true {
            return;
        }
        let target = text(&spec["targetRef"]["name"]);
        let Some(found) = self.deployment(canary, target).await else {
            return self.tell(canary, "Warning", format!("deployment {target} not found")).await;
        };
        let primary = self.deployment(canary, &format!("{target}-primary")).await;
        let sight = Sight { hash: hash(&found["spec"]["template"].to_string()), canary, target: found, primary };
        if spec["revertOnDeletion"] == true && canary["metadata"]["finalizers"].is_null() {
            self.patch_canary(canary, &json!({ "metadata": { "finalizers": [FINALIZER] } })).await;
        }
        self.look(&sight).await;
    }

    async fn look(&mut self, sight: &Sight<'_>) {
        match sight.phase() {
            "" | "Initializing" => self.initialize(sight).await,
            "Progressing" | "WaitingPromotion" | "Promoting" | "Finalising" => self.advance(sight).await,
            "Waiting" => self.begin(sight).await,
            "Initialized" | "Succeeded" | "Failed" if sight.is_changed() => self.begin(sight).await,
            // What is there after a failure is what the next change is compared with.
            "Failed" if sight.canary["status"]["lastAppliedSpec"] != sight.hash => {
                note_applied(&self.rest, sight.canary, &sight.hash).await;
            }
            _ => {}
        }
    }

    /// Makes the primary, and takes the target's pods away when the primary's are there.
    async fn initialize(&mut self, sight: &Sight<'_>) {
        let rest = self.rest.clone();
        if sight.phase().is_empty() {
            phase(&rest, sight.canary, "Initializing").await;
        }
        let Some(primary) = &sight.primary else { return self.make_primary(sight).await };
        if readiness(primary, sight.canary).is_ready() {
            self.scale(sight, 0).await;
            sync(&rest, sight.canary, "Initialized", &sight.hash).await;
            self.tell_of(sight, "Normal", "Initialization done!").await;
        }
    }

    /// Begins an analysis, when the gate before it is open.
    async fn begin(&mut self, sight: &Sight<'_>) {
        let rest = self.rest.clone();
        if sight.primary.as_ref().is_none_or(|primary| !readiness(primary, sight.canary).is_ready()) {
            return;
        }
        if let Err(gate) = webhook::ask(sight.canary, "confirm-rollout", "Progressing").await {
            if sight.phase() != "Waiting" {
                sync(&rest, sight.canary, "Waiting", &sight.hash).await;
                self.tell_of(sight, "Warning", &format!("Halt advancement waiting for approval {gate}")).await;
            }
            return;
        }
        self.tell_of(sight, "Normal", "New revision detected! Scaling up").await;
        let replicas = sight.primary.as_ref().map_or(1, |primary| number(&primary["spec"]["replicas"]));
        self.scale(sight, replicas).await;
        self.route(sight, 0);
        sync(&rest, sight.canary, "Progressing", &sight.hash).await;
    }

    /// One step of what has begun.
    async fn advance(&mut self, sight: &Sight<'_>) {
        let rest = self.rest.clone();
        let canary = sight.canary;
        let Some(primary) = &sight.primary else { return };
        let is_skipped = canary["spec"]["skipAnalysis"] == true;
        if !is_skipped && !readiness(primary, canary).is_ready() {
            return;
        }
        if ["Progressing", "WaitingPromotion"].contains(&sight.phase()) && sight.is_changed() {
            self.route(sight, 0);
            sync(&rest, canary, "Progressing", &sight.hash).await;
            return self.tell_of(sight, "Normal", "New revision detected! Restarting analysis").await;
        }
        match readiness(&sight.target, canary) {
            Readiness::Late => return self.roll_back(sight, "progress deadline exceeded").await,
            Readiness::NotYet => {
                return self.tell_of(sight, "Warning", "canary deployment not ready: waiting for rollout to finish").await;
            }
            Readiness::Ready => {}
        }
        if is_skipped {
            return self.skip(sight).await;
        }
        if ["Progressing", "WaitingPromotion"].contains(&sight.phase()) && webhook::any(canary, "rollback", sight.phase()).await {
            return self.roll_back(sight, "manual webhook invoked").await;
        }
        match sight.phase() {
            "Promoting" => {
                self.route(sight, 0);
                self.tell_of(sight, "Normal", "Routing all traffic to primary").await;
                phase(&rest, canary, "Finalising").await;
            }
            "Finalising" => {
                self.scale(sight, 0).await;
                phase(&rest, canary, "Succeeded").await;
                self.tell_of(sight, "Normal", "Promotion completed! Scaling down").await;
            }
            _ => self.analyse(sight).await,
        }
    }

    async fn analyse(&mut self, sight: &Sight<'_>) {
        let rest = self.rest.clone();
        let failed = number(&sight.canary["status"]["failedChecks"]);
        if failed >= number(&sight.analysis()["threshold"]) && failed > 0 {
            return self.roll_back(sight, &format!("failed checks threshold reached {failed}")).await;
        }
        let routed = self.routed(sight);
        let is_first = routed == 0 && number(&sight.canary["status"]["iterations"]) == 0;
        let hooks = if is_first { "pre-rollout" } else { "rollout" };
        let refused = webhook::ask(sight.canary, hooks, "Progressing").await.err();
        if refused.is_some() || (!is_first && sight.do_checks_fail()) {
            let what = refused.unwrap_or_else(|| "request-success-rate".to_owned());
            self.tell_of(sight, "Warning", &format!("Halt advancement {what} {} < 99%", 80 - failed)).await;
            return count(&rest, sight.canary, "failedChecks", failed + 1).await;
        }
        if number(&sight.analysis()["iterations"]) > 0 { self.iterate(sight).await } else { self.shift(sight, routed).await }
    }

    /// Gives the candidate more traffic, or promotes it when it has enough.
    async fn shift(&mut self, sight: &Sight<'_>, routed: i64) {
        let analysis = sight.analysis();
        let steps: Vec<i64> = analysis["stepWeights"].as_array().into_iter().flatten().map(number).collect();
        let most = steps.last().copied().or_else(|| analysis["maxWeight"].as_i64()).unwrap_or(100);
        // It is asked before the promotion too, but not while that waits at a gate of its own.
        let asked = if sight.phase() == "Progressing" {
            webhook::ask(sight.canary, "confirm-traffic-increase", "Progressing").await
        } else {
            Ok(())
        };
        if let Err(gate) = asked {
            return self.tell_of(sight, "Warning", &format!("Halt advancement waiting for traffic increase approval {gate}")).await;
        }
        if routed >= most {
            return self.promote(sight).await;
        }
        let next = steps.iter().copied().find(|step| *step > routed).unwrap_or(routed + number(&analysis["stepWeight"])).min(100);
        self.route(sight, next);
        count(&self.rest, sight.canary, "canaryWeight", next).await;
        self.tell_of(sight, "Normal", &format!("Advance canary weight {next}")).await;
    }

    /// One more iteration of an A/B test or of a blue-green analysis, or the promotion after the last.
    async fn iterate(&mut self, sight: &Sight<'_>) {
        let (all, done) = (number(&sight.analysis()["iterations"]), number(&sight.canary["status"]["iterations"]));
        if done < all {
            if sight.analysis()["match"].is_array() {
                self.route(sight, 100);
            }
            count(&self.rest, sight.canary, "iterations", done + 1).await;
            return self.tell_of(sight, "Normal", &format!("Advance canary iteration {}/{all}", done + 1)).await;
        }
        self.promote(sight).await;
    }

    async fn promote(&mut self, sight: &Sight<'_>) {
        if let Err(gate) = webhook::ask(sight.canary, "confirm-promotion", "Progressing").await {
            if sight.phase() != "WaitingPromotion" {
                phase(&self.rest, sight.canary, "WaitingPromotion").await;
                self.tell_of(sight, "Warning", &format!("Halt advancement waiting for promotion approval {gate}")).await;
            }
            return;
        }
        self.copy_to_primary(sight).await;
        phase(&self.rest, sight.canary, "Promoting").await;
    }

    async fn skip(&mut self, sight: &Sight<'_>) {
        self.route(sight, 0);
        self.copy_to_primary(sight).await;
        self.scale(sight, 0).await;
        phase(&self.rest, sight.canary, "Succeeded").await;
        self.tell_of(sight, "Normal", "Promotion completed! Canary analysis was skipped").await;
    }

    /// All traffic to the primary, the candidate's pods away: what it looked like is gone with them.
    async fn roll_back(&mut self, sight: &Sight<'_>, why: &str) {
        self.tell_of(sight, "Warning", &format!("Rolling back {why}")).await;
        self.route(sight, 0);
        self.scale(sight, 0).await;
        sync(&self.rest, sight.canary, "Failed", &sight.hash).await;
        self.tell_of(sight, "Warning", "Canary failed! Scaling down").await;
    }

    /// Gives the target its pods back before a Canary goes, where it is said to.
    async fn terminate(&mut self, canary: &Value) {
        if canary["metadata"]["finalizers"].is_null() {
            return;
        }
        let target = text(&canary["spec"]["targetRef"]["name"]);
        let (found, primary) = (self.deployment(canary, target).await, self.deployment(canary, &format!("{target}-primary")).await);
        if text(&canary["status"]["phase"]) != "Terminating" {
            phase(&self.rest, canary, "Terminating").await;
            if let (Some(target), Some(primary)) = (found, primary) {
                let sight = Sight { canary, hash: String::new(), target, primary: None };
                self.scale(&sight, number(&primary["spec"]["replicas"])).await;
            }
        } else if found.is_none_or(|target| readiness(&target, canary).is_ready()) {
            phase(&self.rest, canary, "Terminated").await;
            self.patch_canary(canary, &json!({ "metadata": { "finalizers": null } })).await;
        }
    }

    async fn make_primary(&self, sight: &Sight<'_>) {
        let name = sight.primary_name();
        let canary = &sight.canary["metadata"];
        let owner = json!({
            "apiVersion": "flagger.app/v1beta1", "kind": "Canary", "name": canary["name"], "uid": canary["uid"], "controller": true,
            "blockOwnerDeletion": true,
        });
        let mut spec = sight.target["spec"].clone();
        spec["template"] = primary_template(sight, &name);
        spec["selector"]["matchLabels"][label(sight)] = json!(name);
        let labels = spec["template"]["metadata"]["labels"].clone();
        let primary = json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": { "name": name, "labels": labels, "ownerReferences": [owner] }, "spec": spec,
        });
        let path = deployments(sight.canary);
        complain("flagger: creating", &path, &self.rest.create(&path, &primary).await);
    }

    async fn copy_to_primary(&self, sight: &Sight<'_>) {
        self.tell_of(sight, "Normal", "Copying template spec to primary").await;
        let name = sight.primary_name();
        let path = format!("{}/{name}", deployments(sight.canary));
        let spec = json!({ "spec": { "template": primary_template(sight, &name) } });
        complain("flagger: promoting", &path, &self.rest.merge(&path, &spec).await);
    }

    async fn scale(&self, sight: &Sight<'_>, replicas: i64) {
        let path = format!("{}/{}", deployments(sight.canary), text(&sight.target["metadata"]["name"]));
        complain("flagger: scaling", &path, &self.rest.merge(&path, &json!({ "spec": { "replicas": replicas } })).await);
    }

    async fn deployment(&self, canary: &Value, name: &str) -> Option<Value> {
        self.rest.get(&format!("{}/{name}", deployments(canary))).await.ok()
    }

    async fn patch_canary(&self, canary: &Value, patch: &Value) {
        let metadata = &canary["metadata"];
        let (namespace, name) = (text(&metadata["namespace"]), text(&metadata["name"]));
        let path = format!("/apis/flagger.app/v1beta1/namespaces/{namespace}/canaries/{name}");
        complain("flagger: patching", &path, &self.rest.merge(&path, patch).await);
    }

    fn route(&mut self, sight: &Sight<'_>, weight: i64) {
        if let Some(known) = self.canaries.get_mut(text(&sight.canary["metadata"]["uid"])) {
            known.routed = weight;
        }
    }

    fn routed(&self, sight: &Sight<'_>) -> i64 {
        self.canaries.get(text(&sight.canary["metadata"]["uid"])).map_or(0, |known| known.routed)
    }

    async fn tell_of(&self, sight: &Sight<'_>, kind: &'static str, what: &str) {
        let name = format!("{}.{}", text(&sight.target["metadata"]["name"]), text(&sight.canary["metadata"]["namespace"]));
        self.tell(sight.canary, kind, format!("{what} {name}")).await;
    }

    async fn tell(&self, canary: &Value, kind: &'static str, message: String) {
        event(&self.rest, "flagger", canary, &Told { kind, reason: "Synced", message }).await;
    }
}

/// Whether a deployment has all its pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Readiness {
    Ready,
    NotYet,
    /// And its deadline is over.
    Late,
}

impl Readiness {
    fn is_ready(self) -> bool {
        self == Self::Ready
    }
}

fn readiness(deployment: &Value, canary: &Value) -> Readiness {
    let (spec, status) = (&deployment["spec"], &deployment["status"]);
    let wanted = number(&spec["replicas"]);
    let is_seen = number(&status["observedGeneration"]) >= number(&deployment["metadata"]["generation"]);
    let has_all = ["updatedReplicas", "availableReplicas"].iter().all(|count| number(&status[*count]) >= wanted);
    if is_seen && has_all && number(&status["replicas"]) == wanted {
        return Readiness::Ready;
    }
    let deadline = Duration::from_secs(canary["spec"]["progressDeadlineSeconds"].as_u64().unwrap_or(600));
    let conditions = status["conditions"].as_array();
    let progressing = conditions.into_iter().flatten().find(|condition| condition["type"] == "Progressing");
    let is_late = |condition: &Value| condition["status"] == "False" || age(&condition["lastUpdateTime"]) > deadline;
    if is_seen && progressing.is_some_and(is_late) { Readiness::Late } else { Readiness::NotYet }
}

/// The label by which Flagger tells the primary's pods from the candidate's.
fn label(sight: &Sight<'_>) -> &'static str {
    let labels = &sight.target["spec"]["selector"]["matchLabels"];
    ["app", "name", "app.kubernetes.io/name"]
        .into_iter()
        .find(|label| labels[*label].is_string())
        .expect("a label that Flagger knows")
}

fn primary_template(sight: &Sight<'_>, name: &str) -> Value {
    let mut template = sight.target["spec"]["template"].clone();
    template["metadata"]["labels"][label(sight)] = json!(name);
    template
}

fn deployments(canary: &Value) -> String {
    format!("/apis/apps/v1/namespaces/{}/deployments", text(&canary["metadata"]["namespace"]))
}
