//! The stand-ins for the controllers of Argo Rollouts and Flagger, which the other tests rely on.

use serde_json::{Value, json};

use crate::bed::{Cluster, Namespace, gates::Gates};

const ROLLOUT: &str = r#"
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: { name: web }
spec:
  replicas: 4
  progressDeadlineSeconds: 3
  selector: { matchLabels: { app: web } }
  strategy: { canary: { steps: [{ setWeight: 25 }, { pause: {} }, { setWeight: 50 }, { pause: {} }] } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: app, image: "app:v1" }] }
"#;

/// A Rollout that is healthy at its first version.
struct Rollout {
    namespace: Namespace,
}

impl Rollout {
    fn start(cluster: &'static Cluster, prefix: &str, change: &Value) -> Self {
        let namespace = cluster.namespace(prefix);
        let mut rollout: Value = serde_saphyr::from_str(ROLLOUT).expect("YAML");
        merge(&mut rollout, change);
        namespace.apply(&rollout.to_string());
        let rollout = Self { namespace };
        rollout.until("healthy", |status| status["phase"] == "Healthy");
        rollout
    }

    fn until(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        self.namespace.until("rollout", "web", what, |rollout| is_seen(rollout) && wanted(&rollout["status"]))["status"].take()
    }

    fn image(&self, image: &str) {
        self.spec(&json!({ "template": { "spec": { "containers": [{ "name": "app", "image": image }] } } }));
    }

    fn spec(&self, spec: &Value) {
        self.namespace.patch("rollout", "web", &json!({ "spec": spec }));
    }

    fn status(&self, status: &Value) {
        self.namespace.patch_status("rollout", "web", status);
    }

    /// Rolls another version out, up to the first pause.
    fn paused_at(&self, image: &str, index: u64) -> Value {
        self.image(image);
        self.until("paused", |status| {
            status["currentStepIndex"] == index
                && status["message"] == "CanaryPauseStep"
                && status["currentPodHash"] != status["stableRS"]
        })
    }

    /// Waits until versions have so many pods.
    fn until_pods(&self, wanted: &[(&Value, usize)]) {
        let pods = |hash: &Value| {
            let hash = hash.as_str().expect("a hash");
            self.namespace.list("pod", &format!("rollouts-pod-template-hash={hash}")).len()
        };
        let what = format!("there are not {wanted:?} pods in {}", self.namespace.name());
        crate::bed::until(&what, || wanted.iter().all(|(hash, count)| pods(hash) == *count).then_some(()));
    }

    fn set(&self, hash: &Value) -> Value {
        self.namespace.get("replicaset", &format!("web-{}", hash.as_str().expect("a hash")))
    }
}

fn is_seen(rollout: &Value) -> bool {
    rollout["status"]["observedGeneration"].as_str() == Some(&rollout["metadata"]["generation"].to_string())
}

fn merge(into: &mut Value, change: &Value) {
    match (into, change) {
        (Value::Object(into), Value::Object(change)) => {
            for (name, value) in change {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (into, change) => *into = change.clone(),
    }
}

#[test]
fn a_rollout_is_promoted_step_by_step() {
    let Some(cluster) = Cluster::shared() else { return };
    let rollout = Rollout::start(cluster, "steps", &json!({}));
    let paused = rollout.paused_at("app:v2", 1);
    assert_eq!((&paused["phase"], &paused["controllerPause"]), (&json!("Paused"), &json!(true)));
    let (old, new) = (&paused["stableRS"], &paused["currentPodHash"]);
    rollout.until_pods(&[(old, 3), (new, 1)]);
    assert_eq!(rollout.set(new)["metadata"]["annotations"]["rollout.argoproj.io/revision"], "2");
    rollout.status(&json!({ "pauseConditions": null }));
    rollout.until("at the second pause", |status| status["currentStepIndex"] == 3 && status["phase"] == "Paused");
    // A pause of the operator's holds the steps, also when theirs is over.
    rollout.spec(&json!({ "paused": true }));
    rollout.until("paused by hand", |status| status["message"] == "manually paused");
    rollout.spec(&json!({ "paused": false }));
    rollout.until("at the second pause", |status| status["message"] == "CanaryPauseStep");
    rollout.status(&json!({ "pauseConditions": null }));
    let healthy = rollout.until("healthy", |status| status["phase"] == "Healthy");
    assert_eq!((&healthy["stableRS"], &healthy["currentStepIndex"]), (new, &json!(4)));
    rollout.until_pods(&[(old, 0), (new, 4)]);
    assert_eq!(rollout.namespace.get("rollout", "web")["metadata"]["annotations"]["rollout.argoproj.io/revision"], "2");
}

#[test]
fn an_aborted_rollout_goes_back_and_its_spec_does_not() {
    let Some(cluster) = Cluster::shared() else { return };
    let rollout = Rollout::start(cluster, "abort", &json!({}));
    let paused = rollout.paused_at("app:v2", 1);
    let (old, new) = (&paused["stableRS"], &paused["currentPodHash"]);
    rollout.status(&json!({ "abort": true }));
    let aborted = rollout.until("degraded", |status| status["phase"] == "Degraded" && status["readyReplicas"] == 4);
    assert_eq!(aborted["message"], "RolloutAborted: Rollout aborted update to revision 2");
    assert!(aborted["abortedAt"].is_string());
    rollout.until_pods(&[(old, 4), (new, 0)]);
    assert_eq!(rollout.namespace.get("rollout", "web")["spec"]["template"]["spec"]["containers"][0]["image"], "app:v2");
    // Tried again, it begins at the first step.
    rollout.status(&json!({ "abort": false }));
    let paused = rollout.until("at the first pause", |status| status["message"] == "CanaryPauseStep");
    assert_eq!((&paused["currentStepIndex"], &paused["abort"]), (&json!(1), &json!(null)));
    // Undone to what is stable, nothing is left to be done.
    let mut template = rollout.set(old)["spec"]["template"].clone();
    template["metadata"]["labels"].as_object_mut().expect("labels").remove("rollouts-pod-template-hash");
    rollout.spec(&json!({ "template": template }));
    let healthy = rollout.until("healthy", |status| status["phase"] == "Healthy");
    assert_eq!((&healthy["currentPodHash"], &healthy["stableRS"], &healthy["currentStepIndex"]), (old, old, &json!(4)));
    assert_eq!(rollout.set(old)["metadata"]["annotations"]["rollout.argoproj.io/revision"], "3");
}

#[test]
fn an_abort_after_a_full_promotion_is_ignored() {
    let Some(cluster) = Cluster::shared() else { return };
    let slow = json!({ "spec": { "template": { "metadata": { "annotations": { "lab/ready-after": "1" } } } } });
    let rollout = Rollout::start(cluster, "full", &slow);
    let paused = rollout.paused_at("app:v2", 1);
    rollout.status(&json!({ "promoteFull": true }));
    rollout.until("on the way", |status| status["currentStepIndex"] == 4);
    rollout.status(&json!({ "abort": true }));
    let healthy = rollout.until("healthy", |status| status["phase"] == "Healthy");
    assert_eq!((&healthy["stableRS"], &healthy["promoteFull"]), (&paused["currentPodHash"], &json!(null)));
}

#[test]
fn a_version_that_never_gets_ready_is_degraded() {
    let Some(cluster) = Cluster::shared() else { return };
    let rollout = Rollout::start(cluster, "late", &json!({}));
    rollout.image("app:missing");
    let late = rollout.until("degraded", |status| status["phase"] == "Degraded");
    let message = late["message"].as_str().expect("a message");
    assert!(message.starts_with("ProgressDeadlineExceeded: ReplicaSet \"web-"), "{message}");
    assert!(message.ends_with("\" has timed out progressing."), "{message}");
    assert_eq!(late["availableReplicas"], 4, "the old version serves");
}

#[test]
fn an_undone_rollout_within_its_window_skips_the_steps() {
    let Some(cluster) = Cluster::shared() else { return };
    let rollout = Rollout::start(cluster, "window", &json!({ "spec": { "rollbackWindow": { "revisions": 2 } } }));
    let first = rollout.until("healthy", |_| true)["stableRS"].take();
    rollout.paused_at("app:v2", 1);
    rollout.status(&json!({ "promoteFull": true }));
    rollout.until("healthy", |status| status["phase"] == "Healthy" && status["stableRS"] != first);
    rollout.image("app:v1");
    let healthy = rollout.until("healthy again", |status| status["phase"] == "Healthy" && status["stableRS"] == first);
    assert_eq!(healthy["pauseConditions"], json!(null));
    assert_eq!(rollout.set(&first)["metadata"]["annotations"]["rollout.argoproj.io/revision"], "3");
}

#[test]
fn a_router_is_told_weights_and_the_stable_version_keeps_its_pods() {
    let Some(cluster) = Cluster::shared() else { return };
    let routing =
        json!({ "canaryService": "new", "stableService": "old", "trafficRouting": { "nginx": { "stableIngress": "web" } } });
    let rollout = Rollout::start(cluster, "routed", &json!({ "spec": { "strategy": { "canary": routing } } }));
    let paused = rollout.paused_at("app:v2", 1);
    let weights = &paused["canary"]["weights"];
    assert_eq!((&weights["canary"]["weight"], &weights["stable"]["weight"]), (&json!(25), &json!(75)));
    rollout.until_pods(&[(&paused["stableRS"], 4), (&paused["currentPodHash"], 1)]);
}

#[test]
fn an_inconclusive_analysis_pauses_and_a_failed_one_aborts() {
    let Some(cluster) = Cluster::shared() else { return };
    let steps = json!([{ "setWeight": 25 }, { "analysis": { "templates": [{ "templateName": "success-rate" }] } }]);
    let rollout = Rollout::start(cluster, "analysis", &json!({ "spec": { "strategy": { "canary": { "steps": steps } } } }));
    let tell =
        |what: &str| rollout.namespace.patch("rollout", "web", &json!({ "metadata": { "annotations": { "lab/analysis": what } } }));
    tell("inconclusive");
    rollout.image("app:v2");
    let paused = rollout.until("paused", |status| status["phase"] == "Paused");
    assert_eq!(paused["message"], "InconclusiveAnalysisRun");
    assert_eq!(paused["canary"]["currentStepAnalysisRunStatus"]["status"], "Inconclusive");
    // Resumed, it measures again.
    tell("failed");
    rollout.status(&json!({ "pauseConditions": null }));
    let aborted = rollout.until("degraded", |status| status["phase"] == "Degraded");
    let message = aborted["message"].as_str().expect("a message");
    assert!(
        message.contains("RolloutAborted: Rollout aborted update to revision 2: Metric \"success-rate\" assessed Failed"),
        "{message}"
    );
    let runs = rollout.namespace.list("analysisrun", "step-index=1");
    let phases: Vec<&Value> = runs.iter().map(|run| &run["status"]["phase"]).collect();
    assert_eq!(phases, ["Inconclusive", "Failed"]);
}

#[test]
fn a_blue_green_rollout_waits_before_the_switch() {
    let Some(cluster) = Cluster::shared() else { return };
    let strategy =
        json!({ "canary": null, "blueGreen": { "activeService": "web", "previewService": "next", "autoPromotionEnabled": false } });
    let namespace = cluster.namespace("blue");
    for name in ["web", "next"] {
        let spec = json!({ "selector": { "app": "web" }, "ports": [{ "port": 80 }] });
        namespace.apply(&json!({ "apiVersion": "v1", "kind": "Service", "metadata": { "name": name }, "spec": spec }).to_string());
    }
    let mut object: Value = serde_saphyr::from_str(ROLLOUT).expect("YAML");
    object["spec"]["strategy"] = strategy;
    object["spec"]["strategy"].as_object_mut().expect("a strategy").remove("canary");
    namespace.apply(&object.to_string());
    let rollout = Rollout { namespace };
    let first = rollout.until("healthy", |status| status["phase"] == "Healthy")["stableRS"].take();
    rollout.image("app:v2");
    let paused = rollout.until("paused", |status| status["message"] == "BlueGreenPause");
    assert_eq!(
        (&paused["blueGreen"]["activeSelector"], &paused["blueGreen"]["previewSelector"]),
        (&first, &paused["currentPodHash"])
    );
    assert_eq!(
        rollout.namespace.get("service", "next")["spec"]["selector"]["rollouts-pod-template-hash"],
        paused["currentPodHash"]
    );
    rollout.until_pods(&[(&first, 4), (&paused["currentPodHash"], 4)]);
    rollout.status(&json!({ "pauseConditions": null }));
    let healthy = rollout.until("healthy", |status| status["phase"] == "Healthy");
    assert_eq!(healthy["blueGreen"]["activeSelector"], paused["currentPodHash"]);
    assert_eq!(rollout.namespace.get("service", "web")["spec"]["selector"]["rollouts-pod-template-hash"], paused["currentPodHash"]);
    rollout.until_pods(&[(&first, 0)]);
}

#[test]
fn a_held_rollout_is_not_seen() {
    let Some(cluster) = Cluster::shared() else { return };
    let rollout = Rollout::start(cluster, "held", &json!({}));
    let hold =
        |hold: Value| rollout.namespace.patch("rollout", "web", &json!({ "metadata": { "annotations": { "lab/hold": hold } } }));
    hold(json!("true"));
    rollout.image("app:v2");
    let held = rollout.namespace.get("rollout", "web");
    assert!(!is_seen(&held), "{}", held["status"]);
    hold(json!(null));
    rollout.until("paused", |status| status["phase"] == "Paused");
}

const CANARY: &str = r#"
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: app, image: "app:v1" }] }
---
apiVersion: flagger.app/v1beta1
kind: Canary
metadata: { name: web }
spec:
  targetRef: { apiVersion: apps/v1, kind: Deployment, name: web }
  progressDeadlineSeconds: 60
  service: { port: 80 }
  analysis:
    interval: 10s
    threshold: 2
    maxWeight: 50
    stepWeight: 25
    webhooks:
    - { name: begin, type: confirm-rollout, url: "GATES/gate/check" }
    - { name: end, type: confirm-promotion, url: "GATES/gate/check" }
    - { name: back, type: rollback, url: "GATES/rollback/check" }
"#;

/// A Canary that is initialized at its first version.
struct Canary {
    namespace: Namespace,
    gates: Gates,
}

impl Canary {
    fn start(cluster: &'static Cluster, prefix: &str) -> Self {
        let (namespace, gates) = (cluster.namespace(prefix), Gates::start());
        namespace.apply(&CANARY.replace("GATES", &gates.url()));
        let canary = Self { namespace, gates };
        canary.until("Initialized");
        canary
    }

    fn until(&self, phase: &str) -> Value {
        self.namespace.until("canary", "web", phase, |canary| canary["status"]["phase"] == phase)["status"].take()
    }

    fn template(&self, image: &str, annotations: &Value) {
        let template =
            json!({ "metadata": { "annotations": annotations }, "spec": { "containers": [{ "name": "app", "image": image }] } });
        self.namespace.patch("deployment", "web", &json!({ "spec": { "template": template } }));
    }

    fn gate(&self, gate: &str, is_open: bool) {
        self.gates.set(gate, "web", self.namespace.name(), is_open);
    }

    fn replicas(&self, deployment: &str) -> Value {
        self.namespace.get("deployment", deployment)["spec"]["replicas"].take()
    }
}

#[test]
fn a_canary_succeeds_through_all_its_phases() {
    let Some(cluster) = Cluster::shared() else { return };
    let canary = Canary::start(cluster, "succeeds");
    assert_eq!((canary.replicas("web"), canary.replicas("web-primary")), (json!(0), json!(2)));
    canary.template("app:v2", &json!({}));
    let waiting = canary.until("Waiting");
    assert_eq!((&waiting["conditions"][0]["reason"], canary.replicas("web")), (&json!("Waiting"), json!(0)));
    canary.gate("gate", true);
    canary.until("Progressing");
    canary.gate("gate", false);
    canary.namespace.until("canary", "web", "half way", |canary| canary["status"]["canaryWeight"] == 50);
    assert_eq!(canary.replicas("web"), json!(2));
    canary.until("WaitingPromotion");
    assert!(!canary.gates.is_open("gate", "web", canary.namespace.name()));
    canary.gate("gate", true);
    let done = canary.until("Succeeded");
    assert_eq!(done["lastPromotedSpec"], done["lastAppliedSpec"]);
    assert_eq!((&done["canaryWeight"], &done["conditions"][0]["status"]), (&json!(0), &json!("True")));
    let primary = canary.namespace.get("deployment", "web-primary");
    assert_eq!(primary["spec"]["template"]["spec"]["containers"][0]["image"], "app:v2");
    assert_eq!(canary.replicas("web"), json!(0));
}

#[test]
fn a_canary_fails_by_its_checks_and_by_hand() {
    let Some(cluster) = Cluster::shared() else { return };
    let canary = Canary::start(cluster, "fails");
    canary.gate("gate", true);
    canary.template("app:v2", &json!({ "lab/checks": "fail" }));
    canary.namespace.until("canary", "web", "failing", |canary| canary["status"]["failedChecks"] == 1);
    let failed = canary.until("Failed");
    assert_eq!((&failed["failedChecks"], &failed["conditions"][0]["status"]), (&json!(0), &json!("False")));
    assert_eq!(canary.replicas("web"), json!(0));
    canary.gate("gate", false);
    canary.template("app:v3", &json!({ "lab/checks": null }));
    canary.until("Waiting");
    canary.gate("gate", true);
    canary.until("Progressing");
    canary.gate("rollback", true);
    canary.until("Failed");
    let primary = canary.namespace.get("deployment", "web-primary");
    assert_eq!(primary["spec"]["template"]["spec"]["containers"][0]["image"], "app:v1");
}

#[test]
fn a_canary_is_suspended_skipped_and_begun_again() {
    let Some(cluster) = Cluster::shared() else { return };
    let canary = Canary::start(cluster, "suspends");
    canary.gate("gate", true);
    let spec = |spec: &Value| canary.namespace.patch("canary", "web", &json!({ "spec": spec }));
    canary.template("app:v2", &json!({}));
    canary.until("Progressing");
    spec(&json!({ "suspend": true }));
    canary.template("app:v3", &json!({}));
    let held = canary.namespace.get("canary", "web")["status"].take();
    let target = canary.namespace.get("deployment", "web")["metadata"]["generation"].clone();
    canary.namespace.until("deployment", "web", "rolled", |web| web["status"]["observedGeneration"] == target);
    assert_eq!(canary.namespace.get("canary", "web")["status"]["lastAppliedSpec"], held["lastAppliedSpec"]);
    spec(&json!({ "suspend": false }));
    canary.namespace.until("canary", "web", "begun again", |canary| canary["status"]["lastAppliedSpec"] != held["lastAppliedSpec"]);
    spec(&json!({ "skipAnalysis": true }));
    canary.until("Succeeded");
    let primary = canary.namespace.get("deployment", "web-primary");
    assert_eq!(primary["spec"]["template"]["spec"]["containers"][0]["image"], "app:v3");
    canary.namespace.patch("canary", "web", &json!({ "spec": { "revertOnDeletion": true } }));
    canary.namespace.until("canary", "web", "held back", |canary| canary["metadata"]["finalizers"].is_array());
    canary.namespace.delete("canary", "web");
    crate::bed::until("the canary is gone", || canary.namespace.find("canary", "web").is_none().then_some(()));
    assert_eq!(canary.replicas("web"), json!(2));
}
