//! Canaries of Flagger, acted on and watched by the program.

use serde_json::{Value, json};

use crate::{
    bed::{Cluster, Namespace, User, gates::Gates},
    operator::Operator,
};

const TARGET: &str = r#"
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
metadata: { name: web, annotations: { lab/interval: "INTERVAL" } }
spec:
  targetRef: { apiVersion: apps/v1, kind: Deployment, name: web }
  progressDeadlineSeconds: 60
  service: { port: 80 }
  analysis:
    interval: 10s
    threshold: 2
    maxWeight: 50
    stepWeight: 25
"#;
const GATES: &str = r#"
    webhooks:
    - { name: begin, type: confirm-rollout, url: "GATES/gate/check" }
    - { name: end, type: confirm-promotion, url: "GATES/gate/check" }
    - { name: back, type: rollback, url: "GATES/rollback/check" }
"#;
const QUICK: &str = "300ms";
/// Slow enough to be met on the way.
pub(crate) const SLOW: &str = "3s";
const REASON: [&str; 2] = ["--reason", "looks good"];

/// A Canary that is initialized at v1, and somebody who may change it.
pub(crate) struct Canary {
    pub(crate) namespace: Namespace,
    operator: Operator,
    gates: Gates,
}

impl Canary {
    fn start(cluster: &'static Cluster, prefix: &str, interval: &str, has_gates: bool) -> Self {
        let (namespace, gates) = (cluster.namespace(prefix), Gates::start());
        let webhooks = if has_gates { GATES.replace("GATES", &gates.url()) } else { String::new() };
        namespace.apply(&format!("{}{webhooks}", TARGET.trim_end().replace("INTERVAL", interval)));
        let gate = format!("gate = \"{}\"", gates.url());
        let operator = Operator::be(cluster, &User::Admin, &namespace, "canary/web", if has_gates { &gate } else { "" });
        let canary = Self { namespace, operator, gates };
        canary.until("Initialized");
        canary
    }

    /// As [`Self::start`], with v2 on its way.
    pub(crate) fn progressing(cluster: &'static Cluster, prefix: &str, interval: &str, has_gates: bool) -> Self {
        let canary = Self::start(cluster, prefix, interval, has_gates);
        canary.image("app:v2");
        if has_gates {
            canary.until("Waiting");
            canary.gates.set("gate", "web", canary.namespace.name(), true);
        }
        canary.until("Progressing");
        canary.gates.set("gate", "web", canary.namespace.name(), false);
        canary
    }

    fn until(&self, phase: &str) -> Value {
        self.namespace.until("canary", "web", phase, |canary| canary["status"]["phase"] == phase)["status"].take()
    }

    fn until_weight(&self, weight: u64) {
        self.namespace.until("canary", "web", "so far", |canary| canary["status"]["canaryWeight"] == weight);
    }

    fn image(&self, image: &str) {
        let template = json!({ "spec": { "containers": [{ "name": "app", "image": image }] } });
        self.namespace.patch("deployment", "web", &json!({ "spec": { "template": template } }));
    }

    fn image_of(&self, deployment: &str) -> Value {
        self.namespace.get("deployment", deployment)["spec"]["template"]["spec"]["containers"][0]["image"].take()
    }

    fn spec(&self) -> Value {
        self.namespace.get("canary", "web")["spec"].take()
    }

    fn annotate(&self, name: &str, value: Option<&str>) {
        self.namespace.patch("canary", "web", &json!({ "metadata": { "annotations": { format!("lab/{name}"): value } } }));
    }

    fn is_open(&self, gate: &str) -> bool {
        self.gates.is_open(gate, "web", self.namespace.name())
    }

    fn promote(&self) -> String {
        self.operator.done(&[&["promote"], &REASON[..]].concat())
    }

    /// It cannot be asked for, and this is why.
    fn refused(&self, arguments: &[&str], why: &str) {
        let before = self.namespace.writes().len();
        let ran = self.operator.act(arguments);
        assert!(ran.code != 0 && ran.err.contains(why), "{arguments:?}: {ran:?}");
        assert_eq!(self.namespace.writes().len(), before, "something was written");
    }
}

#[test]
fn it_is_led_through_its_gates_which_are_closed_behind_it() {
    let Some(cluster) = Cluster::shared() else { return };
    let canary = Canary::start(cluster, "ca-gates", QUICK, true);
    canary.image("app:v2");
    canary.until("Waiting");
    canary.refused(&[&["promote", "--full"], &REASON[..]].concat(), "it waits at a gate before it begins");
    canary.promote();
    canary.until("WaitingPromotion");
    assert!(!canary.is_open("gate"), "it would go through all gates");
    let watching = canary.operator.watch();
    watching.until_told("It waits at the gate end (confirm-promotion) for its promotion");
    drop(watching);
    let said = canary.promote();
    assert!(said.contains("v2 has 100 % of the traffic"), "{said}");
    assert_eq!((canary.image_of("web-primary"), canary.is_open("gate")), (json!("app:v2"), false));
}

#[test]
fn it_is_given_more_traffic_step_by_step_where_each_step_waits_at_a_gate() {
    let Some(cluster) = Cluster::shared() else { return };
    let (namespace, gates) = (cluster.namespace("ca-more"), Gates::start());
    let webhooks =
        format!("\n    webhooks:\n    - {{ name: more, type: confirm-traffic-increase, url: \"{}/gate/check\" }}\n", gates.url());
    namespace.apply(&format!("{}{webhooks}", TARGET.trim_end().replace("INTERVAL", QUICK)));
    let operator = Operator::be(cluster, &User::Admin, &namespace, "canary/web", &format!("gate = \"{}\"", gates.url()));
    let canary = Canary { namespace, operator, gates };
    canary.until("Initialized");
    canary.image("app:v2");
    canary.until("Progressing");
    let watching = canary.operator.watch();
    watching.until_told("It waits at the gate more (confirm-traffic-increase) before it goes on");
    for weight in [25, 50] {
        let said = canary.promote();
        assert!(said.contains(&format!("v2 has {weight} % of the traffic, its gate is closed again")), "{said}");
        canary.until_weight(weight);
        assert!(!canary.is_open("gate"), "it would go through all gates");
    }
    canary.promote();
    canary.until("Succeeded");
    assert_eq!((canary.image_of("web-primary"), canary.is_open("gate")), (json!("app:v2"), false));
}

#[test]
fn a_full_promotion_skips_this_analysis_and_no_other() {
    let Some(cluster) = Cluster::shared() else { return };
    let canary = Canary::progressing(cluster, "ca-full", SLOW, false);
    canary.refused(&[&["promote"], &REASON[..]].concat(), "it waits at no gate");
    let said = canary.operator.done(&[&["promote", "--full"], &REASON[..]].concat());
    assert!(said.contains("later versions are analysed again"), "{said}");
    assert_eq!((canary.image_of("web-primary"), canary.spec()["skipAnalysis"].take()), (json!("app:v2"), json!(false)));
    canary.refused(&["pause"], "v2 is promoted already");
}

#[test]
fn a_suspension_holds_it_until_it_is_resumed() {
    let Some(cluster) = Cluster::shared() else { return };
    let canary = Canary::progressing(cluster, "ca-pause", SLOW, false);
    canary.operator.done(&["pause"]);
    canary.refused(&["pause"], "it is suspended already");
    canary.operator.done(&["resume"]);
    canary.refused(&["resume"], "it is not suspended");
    canary.until("Succeeded");
}

#[test]
fn an_abort_is_asked_for_at_the_gate_which_is_closed_again() {
    let Some(cluster) = Cluster::shared() else { return };
    let canary = Canary::progressing(cluster, "ca-abort", SLOW, true);
    let watching = canary.operator.watch();
    let said = canary.operator.done(&["abort"]);
    assert!(said.contains("v2 has 0 % of the traffic"), "{said}");
    assert!(!canary.is_open("rollback"), "the next version would be taken back too");
    assert_eq!((canary.image_of("web"), canary.image_of("web-primary")), (json!("app:v2"), json!("app:v1")));
    let (code, sentence) = watching.end();
    assert_eq!(code, 13, "{sentence}");
    assert!(sentence.contains("Flagger took web back to v1: manual webhook invoked"), "{sentence}");
    canary.operator.done(&["rollback"]);
    assert_eq!(canary.image_of("web"), json!("app:v1"));
}

#[test]
fn without_a_gate_it_is_rolled_back_and_not_aborted() {
    let Some(cluster) = Cluster::shared() else { return };
    let canary = Canary::progressing(cluster, "ca-back", SLOW, false);
    canary.until_weight(25);
    canary.refused(&["abort"], "it has no rollback webhook at a gate of Flagger's load tester; roll back instead");
    let watching = canary.operator.watch();
    let said = canary.operator.done(&["rollback", "--to", "v1"]);
    assert!(said.contains("v2 has 0 % of the traffic"), "{said}");
    assert_eq!(canary.image_of("web"), json!("app:v1"));
    let (code, sentence) = watching.end();
    assert_eq!(code, 13, "{sentence}");
    assert!(sentence.contains("the template of web was taken back to v1 by ana"), "{sentence}");
}

#[test]
fn what_was_promoted_is_rolled_back_without_another_analysis() {
    let Some(cluster) = Cluster::shared() else { return };
    let canary = Canary::progressing(cluster, "ca-undo", QUICK, false);
    canary.until("Succeeded");
    let said = canary.operator.done(&["rollback"]);
    assert!(said.contains("the primary is v1"), "{said}");
    assert_eq!((canary.image_of("web"), canary.image_of("web-primary")), (json!("app:v1"), json!("app:v1")));
    assert_eq!(canary.spec()["skipAnalysis"], json!(false));
}

#[test]
fn where_flagger_looks_seldom_it_is_rolled_back_without_another_analysis_too() {
    let Some(cluster) = Cluster::shared() else { return };
    let canary = Canary::progressing(cluster, "ca-seldom", QUICK, false);
    canary.until("Succeeded");
    // What people read; the stand-in goes on as quickly as before. An analysis would fail now.
    canary.namespace.patch("canary", "web", &json!({ "spec": { "analysis": { "interval": "2m" } } }));
    canary.annotate("checks", Some("fail"));
    canary.operator.done(&["rollback"]);
    assert_eq!((canary.image_of("web-primary"), canary.spec()["skipAnalysis"].take()), (json!("app:v1"), json!(true)));
}

#[test]
fn what_its_checks_take_back_ends_a_watch_with_13_and_says_why() {
    let Some(cluster) = Cluster::shared() else { return };
    let canary = Canary::progressing(cluster, "ca-failed", "1s", false);
    let watching = canary.operator.watch();
    canary.annotate("checks", Some("fail"));
    let (code, sentence) = watching.end();
    assert_eq!(code, 13, "{sentence}");
    let why = "Flagger took web back to v1: failed checks threshold reached 2 (request-success-rate";
    assert!(sentence.contains(why), "{sentence}");
}

#[test]
fn another_version_ends_a_watch_with_50() {
    let Some(cluster) = Cluster::shared() else { return };
    let canary = Canary::progressing(cluster, "ca-third", SLOW, false);
    let watching = canary.operator.watch();
    canary.image("app:v3");
    let (code, sentence) = watching.end();
    assert_eq!(code, 50, "{sentence}");
    assert!(sentence.contains("replaced v2 with v3"), "{sentence}");
}

#[test]
fn a_promotion_ends_a_watch_that_waits_for_it() {
    let Some(cluster) = Cluster::shared() else { return };
    let canary = Canary::progressing(cluster, "ca-done", "1s", false);
    let watching = canary.operator.watch();
    canary.until("Succeeded");
    let line = watching.until("all traffic", |line| line["event"] == "step" && line["weight"] == 1.0);
    assert!(line["index"].as_u64() > Some(1), "{line}");
}

#[test]
fn nothing_is_attached_to_before_flagger_has_looked() {
    let Some(cluster) = Cluster::shared() else { return };
    let canary = Canary::start(cluster, "ca-unseen", QUICK, false);
    canary.annotate("hold", Some("true"));
    canary.image("app:v2");
    let ran = canary.operator.act(&["rollback"]);
    assert!(ran.code == 3 && ran.err.contains("Flagger has not looked at the newest template of web yet"), "{ran:?}");
}

#[test]
fn what_it_cannot_be_about_is_said_in_a_sentence() {
    let Some(cluster) = Cluster::shared() else { return };
    let namespace = cluster.namespace("ca-daemons");
    namespace.apply(
        r#"{ apiVersion: flagger.app/v1beta1, kind: Canary, metadata: { name: web, annotations: { lab/hold: "true" } }, spec: { targetRef: { apiVersion: apps/v1, kind: DaemonSet, name: web }, service: { port: 80 }, analysis: { interval: 10s, threshold: 1, iterations: 1 } } }"#,
    );
    let ran = Operator::new(cluster, &namespace, "canary/web").act(&["rollback"]);
    assert!(ran.code == 2 && ran.err.contains("rolls out a DaemonSet: only Deployments are supported"), "{ran:?}");
}

#[test]
fn who_may_not_change_the_target_is_told_so_before_anything_is_sent() {
    let Some(cluster) = Cluster::shared() else { return };
    let canary = Canary::progressing(cluster, "ca-rights", SLOW, false);
    let reads = ["get", "list"];
    let rules = json!([
        { "apiGroups": ["flagger.app"], "resources": ["canaries"], "verbs": ["get", "list", "patch"] },
        { "apiGroups": ["apps"], "resources": ["deployments", "replicasets"], "verbs": reads },
        { "apiGroups": [""], "resources": ["pods"], "verbs": reads },
    ]);
    let user = User::Account { namespace: &canary.namespace, name: "deployer", rules };
    let deployer = Operator::be(cluster, &user, &canary.namespace, "canary/web", "");
    let ran = deployer.act(&["rollback"]);
    assert!(ran.code != 0 && ran.err.contains("you may not patch deployments in"), "{ran:?}");
    let ran = deployer.act(&["pause"]);
    assert_eq!(ran.code, 0, "{ran:?}");
}
