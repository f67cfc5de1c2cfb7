//! Rollouts of Argo Rollouts, acted on and watched by the program.

use serde_json::{Value, json};

use crate::{
    bed::{Cluster, Namespace, User},
    operator::Operator,
    program::Ran,
};

const ROLLOUT: &str = r#"
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: { name: web }
spec:
  replicas: 4
  progressDeadlineSeconds: 3
  selector: { matchLabels: { app: web } }
  strategy: STRATEGY
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: app, image: "app:v1" }] }
"#;
pub(crate) const STEPS: &str = "{ canary: { steps: [{ setWeight: 25 }, { pause: {} }, { setWeight: 50 }, { pause: {} }] } }";
const ANALYSIS: &str = "{ canary: { steps: [{ setWeight: 25 }, { analysis: { templates: [{ templateName: errors }] } }] } }";
const BLUE_GREEN: &str = "{ blueGreen: { activeService: web, autoPromotionEnabled: false, scaleDownDelaySeconds: 1 } }";
const APART: &str = "{ canary: { antiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: {} }, \
                     steps: [{ setWeight: 25 }, { pause: {} }] } }";
const REASON: [&str; 2] = ["--reason", "looks good"];

/// A Rollout that is healthy at v1, and somebody who may change it.
pub(crate) struct Rollout {
    pub(crate) namespace: Namespace,
    operator: Operator,
}

impl Rollout {
    fn start(cluster: &'static Cluster, prefix: &str, strategy: &str) -> Self {
        let namespace = cluster.namespace(prefix);
        namespace.apply(
            r#"{ "apiVersion": "v1", "kind": "Service", "metadata": { "name": "web" },
            "spec": { "selector": { "app": "web" }, "ports": [{ "port": 80 }] } }"#,
        );
        namespace.apply(&ROLLOUT.replace("STRATEGY", strategy));
        let operator = Operator::new(cluster, &namespace, "rollout/web");
        let rollout = Self { namespace, operator };
        rollout.until("healthy", |status| status["phase"] == "Healthy");
        rollout
    }

    /// As [`Self::start`], with v2 rolled out up to the first pause.
    pub(crate) fn paused(cluster: &'static Cluster, prefix: &str, strategy: &str) -> Self {
        let rollout = Self::start(cluster, prefix, strategy);
        rollout.image("app:v2");
        rollout.until("paused", |status| status["phase"] == "Paused");
        rollout
    }

    fn until(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let is_seen = |rollout: &Value| {
            rollout["status"]["observedGeneration"].as_str() == Some(&rollout["metadata"]["generation"].to_string())
        };
        self.namespace.until("rollout", "web", what, |rollout| is_seen(rollout) && wanted(&rollout["status"]))["status"].take()
    }

    fn image(&self, image: &str) {
        let template = json!({ "spec": { "containers": [{ "name": "app", "image": image }] } });
        self.spec(&json!({ "template": template }));
    }

    fn spec(&self, spec: &Value) {
        self.namespace.patch("rollout", "web", &json!({ "spec": spec }));
    }

    fn annotate(&self, name: &str, value: Option<&str>) {
        self.namespace.patch("rollout", "web", &json!({ "metadata": { "annotations": { format!("lab/{name}"): value } } }));
    }

    fn status(&self) -> Value {
        self.namespace.get("rollout", "web")["status"].take()
    }

    fn image_asked_for(&self) -> Value {
        self.namespace.get("rollout", "web")["spec"]["template"]["spec"]["containers"][0]["image"].take()
    }

    /// The images of the pods that are there to stay.
    pub(crate) fn images(&self) -> Vec<String> {
        let pods = self.namespace.list("pod", "app=web");
        let image = |pod: &Value| pod["spec"]["containers"][0]["image"].as_str().expect("an image").to_owned();
        let stays = |pod: &&Value| pod["metadata"]["deletionTimestamp"].is_null();
        let mut images: Vec<String> = pods.iter().filter(stays).map(image).collect();
        images.sort();
        images
    }

    /// Acts, and it is seen to work: by which facts.
    fn done(&self, arguments: &[&str]) -> String {
        self.operator.done(arguments)
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
fn it_is_promoted_stop_by_stop_and_ends_with_zero_when_it_has_arrived() {
    let Some(cluster) = Cluster::shared() else { return };
    let rollout = Rollout::paused(cluster, "ro-promote", STEPS);
    let said = rollout.done(&[&["promote"], &REASON[..]].concat());
    assert!(said.contains("it is at step 4 of 4"), "{said}");
    let status = rollout.status();
    assert_eq!(
        (&status["currentStepIndex"], rollout.images()),
        (&json!(3), vec!["app:v1".to_owned(), "app:v1".into(), "app:v2".into(), "app:v2".into()])
    );
    rollout.done(&[&["promote"], &REASON[..]].concat());
    let status = rollout.status();
    assert_eq!((&status["stableRS"], rollout.images()), (&status["currentPodHash"], vec!["app:v2".to_owned(); 4]));
    rollout.refused(&[&["promote"], &REASON[..]].concat(), "v2 has all traffic already");
}

#[test]
fn a_pause_by_hand_is_taken_off_without_ending_the_pause_of_a_step() {
    let Some(cluster) = Cluster::shared() else { return };
    let rollout = Rollout::paused(cluster, "ro-pause", STEPS);
    rollout.refused(&["resume"], "promote ends its pause at step 2 of 4");
    rollout.done(&["pause"]);
    rollout.refused(&["pause"], "it is paused already");
    rollout.until("paused by hand", |status| status["message"] == "manually paused");
    rollout.done(&["resume"]);
    let status = rollout.until("at its own pause", |status| status["message"] == "CanaryPauseStep");
    assert_eq!(status["currentStepIndex"], 1);
}

#[test]
fn an_abort_moves_the_traffic_and_a_retry_begins_again() {
    let Some(cluster) = Cluster::shared() else { return };
    let rollout = Rollout::paused(cluster, "ro-abort", STEPS);
    rollout.spec(&json!({ "paused": true }));
    rollout.until("paused by hand", |status| status["message"] == "manually paused");
    let said = rollout.done(&["abort"]);
    assert!(said.contains("v2 has 0 % of the traffic"), "{said}");
    assert_eq!((rollout.image_asked_for(), rollout.images()), (json!("app:v2"), vec!["app:v1".to_owned(); 4]));
    rollout.refused(&[&["promote"], &REASON[..]].concat(), "retry starts it again");
    rollout.refused(&["abort"], "it is aborted already");
    rollout.done(&["retry"]);
    rollout.until("at its first pause", |status| status["message"] == "CanaryPauseStep" && status["abort"].is_null());
}

#[test]
fn a_rollback_before_the_end_leads_to_the_stable_version_at_once() {
    let Some(cluster) = Cluster::shared() else { return };
    let rollout = Rollout::paused(cluster, "ro-back", STEPS);
    let said = rollout.done(&["rollback", "--to", "v1"]);
    assert!(said.contains("the stable version is v1"), "{said}");
    assert_eq!((rollout.image_asked_for(), rollout.images()), (json!("app:v1"), vec!["app:v1".to_owned(); 4]));
    let status = rollout.until("healthy", |status| status["phase"] == "Healthy");
    assert_eq!(status["stableRS"], status["currentPodHash"]);
}

#[test]
fn a_rollback_leads_to_the_set_that_is_there_whatever_its_controller_added_to_it() {
    let Some(cluster) = Cluster::shared() else { return };
    let rollout = Rollout::paused(cluster, "ro-apart", APART);
    rollout.done(&[&["promote", "--full"], &REASON[..]].concat());
    rollout.image("app:v3");
    rollout.until("paused", |status| status["phase"] == "Paused");
    let affinities = || {
        let sets = rollout.namespace.list("replicaset", "app=web");
        sets.iter().filter(|set| set["spec"]["template"]["spec"]["affinity"].is_object()).count()
    };
    assert_eq!(affinities(), 2, "v2 and v3 are kept from the version before");
    rollout.done(&["rollback"]);
    assert_eq!((rollout.image_asked_for(), rollout.images()), (json!("app:v2"), vec!["app:v2".to_owned(); 4]));
    assert_eq!(rollout.namespace.list("replicaset", "app=web").len(), 3, "no fourth version was made");
}

#[test]
fn a_rollback_after_the_end_climbs_no_steps() {
    let Some(cluster) = Cluster::shared() else { return };
    let rollout = Rollout::paused(cluster, "ro-undo", STEPS);
    rollout.done(&[&["promote", "--full"], &REASON[..]].concat());
    rollout.refused(&["abort"], "its update is complete: roll back instead");
    rollout.done(&["rollback"]);
    assert_eq!((rollout.image_asked_for(), rollout.images()), (json!("app:v1"), vec!["app:v1".to_owned(); 4]));
    let status = rollout.until("healthy", |status| status["phase"] == "Healthy");
    assert_eq!(status["stableRS"], status["currentPodHash"]);
    assert_eq!(status["promoteFull"], Value::Null);
}

#[test]
fn a_controller_that_lags_is_waited_for_and_asked_once() {
    let Some(cluster) = Cluster::shared() else { return };
    let rollout = Rollout::paused(cluster, "ro-lag", STEPS);
    rollout.done(&[&["promote", "--full"], &REASON[..]].concat());
    rollout.annotate("hold", Some("true"));
    let templates = || {
        let writes = rollout.namespace.writes();
        writes.iter().filter(|write| write["requestObject"].to_string().contains("/spec/template")).count()
    };
    let back = rollout.operator.acting(&["rollback"]);
    crate::bed::until("the template is not put back", || (templates() > 0).then_some(()));
    // Long enough for its next look, which comes after a fifth of a second.
    std::thread::park_timeout(std::time::Duration::from_millis(800));
    rollout.annotate("hold", None);
    let ran = Ran::from(back.wait_with_output().expect("it ends"));
    assert_eq!((ran.code, templates()), (0, 1), "{ran:?}");
    assert_eq!(rollout.images(), vec!["app:v1".to_owned(); 4]);
}

#[test]
fn a_full_promotion_under_way_is_rolled_back_and_not_aborted() {
    let Some(cluster) = Cluster::shared() else { return };
    let rollout = Rollout::start(cluster, "ro-full", STEPS);
    rollout.image("app:missing");
    rollout.until("begun", |status| status["currentPodHash"] != status["stableRS"]);
    let mut promoting = rollout.operator.acting(&[&["promote", "--full"], &REASON[..]].concat());
    rollout.until("on its way", |status| status["promoteFull"] == true);
    promoting.kill().expect("it runs");
    promoting.wait().expect("it ends");
    rollout.refused(&["abort"], "Argo Rollouts ignores an abort once a full promotion was asked for: roll back instead");
    rollout.done(&["rollback"]);
    assert_eq!(rollout.images(), vec!["app:v1".to_owned(); 4]);
}

#[test]
fn an_analysis_that_could_not_tell_waits_for_a_person_who_passes_it_over() {
    let Some(cluster) = Cluster::shared() else { return };
    let rollout = Rollout::start(cluster, "ro-unsure", ANALYSIS);
    rollout.annotate("analysis", Some("inconclusive"));
    rollout.image("app:v2");
    rollout.until("paused", |status| status["message"] == "InconclusiveAnalysisRun");
    let watching = rollout.operator.watch();
    watching.until_told("It waits for a decision at step 2 of 2: the analysis web-");
    rollout.done(&[&["promote"], &REASON[..]].concat());
    assert_eq!(rollout.images(), vec!["app:v2".to_owned(); 4]);
    let (code, sentence) = watching.end();
    assert_eq!(code, 124, "its time is over while it bakes: {sentence}");
}

#[test]
fn what_its_analysis_takes_back_ends_a_watch_with_13() {
    let Some(cluster) = Cluster::shared() else { return };
    let rollout = Rollout::start(cluster, "ro-failed", ANALYSIS);
    rollout.annotate("analysis", Some("running"));
    rollout.image("app:v2");
    rollout.until("analysing", |status| status["canary"]["currentStepAnalysisRunStatus"]["status"] == "Running");
    let watching = rollout.operator.watch();
    rollout.annotate("analysis", Some("failed"));
    let (code, sentence) = watching.end();
    assert_eq!(code, 13, "{sentence}");
    assert!(sentence.contains("aborted by Argo Rollouts") && sentence.contains("assessed Failed"), "{sentence}");
}

#[test]
fn what_somebody_else_does_ends_a_watch_and_says_who_it_was() {
    let Some(cluster) = Cluster::shared() else { return };
    let rollout = Rollout::paused(cluster, "ro-else", STEPS);
    let watching = rollout.operator.watch();
    let other = Operator::new(cluster, &rollout.namespace, "rollout/web");
    let ran = other.act(&["abort"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let (code, sentence) = watching.end();
    assert_eq!(code, 13, "{sentence}");
    assert!(sentence.contains("was aborted by ana"), "{sentence}");
}

#[test]
fn another_version_ends_a_watch_with_50() {
    let Some(cluster) = Cluster::shared() else { return };
    let rollout = Rollout::paused(cluster, "ro-third", STEPS);
    let watching = rollout.operator.watch();
    rollout.annotate("hold", Some("true"));
    rollout.image("app:v3");
    watching.until_told("Argo Rollouts has seen generation");
    rollout.refused(&["rollback"], "Argo Rollouts has seen generation");
    rollout.annotate("hold", None);
    let (code, sentence) = watching.end();
    assert_eq!(code, 50, "{sentence}");
    assert!(sentence.contains("replaced v2 with v3"), "{sentence}");
}

#[test]
fn another_version_that_comes_with_more_pods_is_known_before_its_controller_has_looked() {
    let Some(cluster) = Cluster::shared() else { return };
    let rollout = Rollout::paused(cluster, "ro-scaled", STEPS);
    rollout.spec(&json!({ "paused": true }));
    rollout.until("paused by hand", |status| status["message"] == "manually paused");
    let watching = rollout.operator.watch();
    let template = json!({ "spec": { "containers": [{ "name": "app", "image": "app:v3" }] } });
    rollout.spec(&json!({ "replicas": 5, "template": template }));
    watching.until_told("Argo Rollouts has not looked at the newest template of web yet");
    rollout.refused(&["rollback"], "has not looked at the newest template of web yet");
    rollout.spec(&json!({ "paused": false }));
    let (code, sentence) = watching.end();
    assert_eq!(code, 50, "{sentence}");
}

#[test]
fn a_version_that_never_gets_ready_ends_a_watch_with_30_and_its_pods_reasons() {
    let Some(cluster) = Cluster::shared() else { return };
    let rollout = Rollout::start(cluster, "ro-stuck", STEPS);
    rollout.image("app:missing");
    rollout.until("begun", |status| status["currentPodHash"] != status["stableRS"]);
    let (code, sentence) = rollout.operator.watch().end();
    assert_eq!(code, 30, "{sentence}");
    assert!(
        sentence.contains("missing has made no progress for 3 s") && sentence.contains("cannot pull app:missing"),
        "{sentence}"
    );
    rollout.done(&["rollback"]);
    assert_eq!(rollout.images(), vec!["app:v1".to_owned(); 4]);
}

#[test]
fn a_switch_is_made_and_made_back() {
    let Some(cluster) = Cluster::shared() else { return };
    let rollout = Rollout::paused(cluster, "ro-blue", BLUE_GREEN);
    rollout.done(&[&["promote"], &REASON[..]].concat());
    let status = rollout.until("switched", |status| status["stableRS"] == status["currentPodHash"]);
    assert_eq!(status["blueGreen"]["activeSelector"], status["currentPodHash"]);
    rollout.done(&["rollback"]);
    let back = rollout.until("back", |status| status["stableRS"] == status["currentPodHash"]);
    assert_ne!(back["blueGreen"]["activeSelector"], status["blueGreen"]["activeSelector"]);
    assert_eq!(rollout.image_asked_for(), json!("app:v1"));
}

#[test]
fn of_two_who_abort_at_once_one_is_first_and_the_other_is_told_who() {
    let Some(cluster) = Cluster::shared() else { return };
    let rollout = Rollout::paused(cluster, "ro-two", STEPS);
    let other = Operator::new(cluster, &rollout.namespace, "rollout/web");
    let both = [rollout.operator.acting(&["abort"]), other.acting(&["abort"])];
    let ran = both.map(|child| Ran::from(child.wait_with_output().expect("it ends")));
    let mut codes = ran.each_ref().map(|ran| ran.code);
    codes.sort_unstable();
    assert_eq!(codes[0], 0, "{ran:?}");
    assert!(codes[1] != 0, "{ran:?}");
    let aborts = rollout.namespace.writes().iter().filter(|write| write["objectRef"]["subresource"] == "status").count();
    assert_eq!(aborts, 1, "{:?}", rollout.namespace.writes());
}

#[test]
fn who_may_not_change_the_status_is_told_so_before_anything_is_sent() {
    let Some(cluster) = Cluster::shared() else { return };
    let rollout = Rollout::paused(cluster, "ro-rights", STEPS);
    let reads = ["get", "list"];
    let rules = json!([
        { "apiGroups": ["argoproj.io"], "resources": ["rollouts"], "verbs": ["get", "list", "patch"] },
        { "apiGroups": ["apps"], "resources": ["replicasets"], "verbs": reads },
        { "apiGroups": [""], "resources": ["pods"], "verbs": reads },
    ]);
    let user = User::Account { namespace: &rollout.namespace, name: "deployer", rules };
    let deployer = Operator::be(cluster, &user, &rollout.namespace, "rollout/web", "");
    let ran = deployer.act(&["abort"]);
    assert!(ran.code != 0 && ran.err.contains("you may not patch rollouts/status"), "{ran:?}");
    let ran = deployer.act(&["pause"]);
    assert_eq!(ran.code, 0, "{ran:?}");
}
