//! What is made of Rollouts as their controller writes them.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::{
    backend::k8s::{
        Wish,
        access::Rights,
        guards::Guards,
        workload::{Change, To},
    },
    engine::{
        action::{Ability, Actor, ActorKind, Condition, Preview},
        role::Role,
    },
    target::{Kind, Workload},
    wire::kube::Patch,
};

mod promises;
mod templates;
mod way_back;

const OLD: &str = "6b7f";
const NEW: &str = "9c1d";

fn place() -> Place {
    Place { namespace: "shop".to_owned(), workload: Workload { kind: Kind::Rollout, name: "web".to_owned() } }
}

fn set(hash: &str, revision: i64, tag: &str, ready: u32) -> Value {
    json!({
        "metadata": {
            "name": format!("web-{hash}"), "labels": { HASH: hash },
            "annotations": { REVISION: revision.to_string(), "rollout.argoproj.io/desired-replicas": "4" }, "ownerReferences": [{ "uid": "u-1" }],
        },
        "spec": { "replicas": ready, "template": template(tag, hash) },
        "status": { "replicas": ready, "readyReplicas": ready },
    })
}

fn template(tag: &str, hash: &str) -> Value {
    json!({ "metadata": { "labels": { "app": "web", HASH: hash } }, "spec": { "containers": [{ "image": format!("app:{tag}") }] } })
}

/// A Rollout of four at its first pause, with what a test changes.
fn rollout(spec: &Value, status: &Value) -> ArgoRollout {
    let mut object = json!({
        "metadata": { "name": "web", "uid": "u-1", "generation": 4, "resourceVersion": "77" },
        "spec": {
            "replicas": 4, "selector": { "matchLabels": { "app": "web" } },
            "template": { "metadata": { "labels": { "app": "web" } }, "spec": { "containers": [{ "image": "app:v2" }] } },
            "strategy": { "canary": { "steps": [
                { "setWeight": 25 }, { "pause": {} }, { "setWeight": 50 }, { "pause": { "duration": "10m" } }, { "analysis": {} },
            ] } },
        },
        "status": {
            "observedGeneration": "4", "currentPodHash": NEW, "stableRS": OLD, "currentStepIndex": 1,
            "pauseConditions": [{ "reason": "CanaryPauseStep", "startTime": "2026-01-02T03:04:05Z" }], "controllerPause": true,
            "phase": "Paused",
        },
    });
    merge(&mut object["status"], status);
    // Its controller has looked at the newest template, unless a test says otherwise.
    if let Some((_, tag)) = [(OLD, "v1"), ("5aa2", "v3")].into_iter().find(|(hash, _)| object["status"]["currentPodHash"] == *hash)
    {
        object["spec"]["template"]["spec"]["containers"][0]["image"] = json!(format!("app:{tag}"));
    }
    merge(&mut object["spec"], spec);
    let sets = owned(&objects(&[set(OLD, 1, "v1", 3), set(NEW, 2, "v2", 1)]), "u-1").expect("sets");
    of(object, sets)
}

fn of(object: Value, sets: Vec<Set>) -> ArgoRollout {
    let object = Object::of(object).expect("an object");
    let (spec, status) = (object.spec().expect("a spec"), object.status().expect("a status"));
    ArgoRollout { place: place(), object, spec, status, sets, pods: Vec::new() }
}

fn objects(values: &[Value]) -> Vec<Object> {
    values.iter().map(|value| Object::of(value.clone()).expect("an object")).collect()
}

fn merge(into: &mut Value, patch: &Value) {
    for (name, value) in patch.as_object().expect("fields") {
        match value {
            Value::Null => drop(into.as_object_mut().expect("fields").remove(name)),
            value => into[name] = value.clone(),
        }
    }
}

fn bound(of: &ArgoRollout) -> Bound {
    let pins = Sides { baseline: OLD.to_owned(), candidate: NEW.to_owned() };
    let found = of.found(&Wanted::default(), Some(&pins)).expect("both are there");
    let wish = Wish {
        namespace: "shop".to_owned(),
        workload: place().workload,
        wanted: Wanted::default(),
        pins: None,
        limit: Some(Duration::from_secs(300)),
        holder: "ana on ship-3".to_owned(),
        gate: None,
    };
    Bound::new(place(), &found, (Rights::none(), Guards::default()), &wish)
}

fn condition(of: &ArgoRollout) -> Condition {
    of.condition(&bound(of))
}

fn ready(of: &ArgoRollout, action: Action) -> Preview {
    match of.rollout(&bound(of)).abilities.remove(&action) {
        Some(Ability::Ready(preview)) => preview,
        other => panic!("{action:?}: {other:?}"),
    }
}

fn off(of: &ArgoRollout, action: Action) -> String {
    match of.rollout(&bound(of)).abilities.remove(&action) {
        Some(Ability::Off(why)) => why,
        other => panic!("{action:?}: {other:?}"),
    }
}

fn order(action: Action, reference: &str) -> Order {
    Order {
        id: "o-1".to_owned(),
        action,
        target: bound(&rollout(&json!({}), &json!({}))).target(Role::Candidate, reference, None),
        actor: Actor { kind: ActorKind::Key, user: "ana".to_owned() },
        token: String::new(),
        reason: None,
    }
}

/// What an order takes next once its mark is there.
fn next(of: &ArgoRollout, order: &Order) -> Next {
    let mut marked = of.object.clone();
    let mark = serde_json::to_string(&super::super::mark::Mark::new(order, "ana on ship-3")).expect("JSON");
    marked.metadata.annotations.insert(super::super::mark::ANNOTATION.to_owned(), mark);
    let (spec, status) = (of.spec.clone(), of.status.clone());
    let marked = ArgoRollout { place: place(), object: marked, spec, status, sets: of.sets.clone(), pods: Vec::new() };
    marked.next(&bound(of), order).expect("it can be done")
}

fn status(body: &Value) -> Next {
    Next::Ask(Change::status(json!({ "status": body })))
}

fn fields(body: Value) -> Next {
    Next::Ask(Change::fields(body))
}

#[test]
fn what_it_is_about_is_its_controllers_word() {
    let found = rollout(&json!({}), &json!({})).found(&Wanted::default(), None).expect("two versions");
    assert_eq!(found.names, Sides { baseline: "v1".to_owned(), candidate: "v2".to_owned() });
    assert_eq!(found.driven.pins, Sides { baseline: OLD.to_owned(), candidate: NEW.to_owned() });
    assert_eq!(found.pods.candidate, "app=web,rollouts-pod-template-hash=9c1d");
    assert_eq!((found.strategy, found.steps), (Strategy::Canary, vec![0.25, 0.5]));
    let promoted = rollout(&json!({}), &json!({ "stableRS": NEW }));
    assert_eq!(promoted.found(&Wanted::default(), None).expect("the one before").names.baseline, "v1");
    let behind = rollout(&json!({}), &json!({ "observedGeneration": "3" }));
    assert!(matches!(behind.found(&Wanted::default(), None), Err(BackendError::Unreachable(_))));
}

#[test]
fn the_weight_is_the_routers_or_that_of_the_pods_or_the_switch() {
    let weight = |of: &ArgoRollout| of.weight(&bound(of));
    assert_eq!(weight(&rollout(&json!({}), &json!({}))), Some(0.25));
    let told = json!({ "canary": { "weights": {
        "canary": { "weight": 5, "podTemplateHash": NEW }, "stable": { "weight": 95, "podTemplateHash": OLD } } } });
    assert_eq!(weight(&rollout(&json!({}), &told)), Some(0.05));
    let done = json!({ "canary": { "weights": {
        "canary": { "weight": 0, "podTemplateHash": NEW }, "stable": { "weight": 100, "podTemplateHash": NEW } } } });
    assert_eq!(weight(&rollout(&json!({}), &done)), Some(1.0), "what was promoted is what is stable");
    let blue_green = json!({ "strategy": { "blueGreen": { "activeService": "web" } } });
    for (active, want) in [(OLD, Some(0.0)), (NEW, Some(1.0)), ("", None)] {
        assert_eq!(weight(&rollout(&blue_green, &json!({ "blueGreen": { "activeSelector": active } }))), want);
    }
}

#[test]
fn what_its_controller_makes_of_it_is_said() {
    let says = |patch: Value| condition(&rollout(&json!({}), &patch));
    assert_eq!(says(json!({})), Condition::Waiting("it waits for a promotion at step 2 of 5".into()));
    assert_eq!(says(json!({ "currentStepIndex": 3 })), Condition::Steady, "this pause ends by itself");
    assert_eq!(says(json!({ "pauseConditions": null })), Condition::Steady);
    assert_eq!(
        says(json!({ "observedGeneration": "3" })),
        Condition::Behind("Argo Rollouts has seen generation 3 of web, not 4".into())
    );
    assert_eq!(says(json!({ "observedGeneration": "7d9f8c", "currentStepIndex": 3 })), Condition::Steady, "a hash counts nothing");
    let inconclusive = json!({
        "currentStepIndex": 4, "pauseConditions": [{ "reason": "InconclusiveAnalysisRun" }],
        "canary": { "currentStepAnalysisRunStatus": { "name": "web-9c1d-2-4", "status": "Inconclusive" } },
    });
    let waits = "it waits for a decision at step 5 of 5: the analysis web-9c1d-2-4 could not tell";
    assert_eq!(says(inconclusive), Condition::Waiting(waits.into()));
    let late = json!({ "pauseConditions": null, "phase": "Degraded", "conditions": [
        { "type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded" }] });
    assert_eq!(says(late), Condition::Stuck("v2 has made no progress for 10m".into()));
    let invalid = json!({ "conditions": [{ "type": "InvalidSpec", "status": "True", "message": "no such service" }] });
    let why = "Argo Rollouts does nothing about web: its spec is not valid: no such service";
    assert_eq!(says(invalid), Condition::Stuck(why.into()));
}

#[test]
fn who_ended_it_is_told() {
    let says = |patch: Value| condition(&rollout(&json!({}), &patch));
    let aborted = |message: &str| {
        let condition = json!({ "type": "Progressing", "status": "False", "reason": "RolloutAborted", "message": message });
        json!({ "abort": true, "phase": "Degraded", "conditions": [condition] })
    };
    let somebody = "the update of web to v2 was aborted by somebody else";
    assert_eq!(says(aborted("Rollout aborted update to revision 2")), Condition::Ended(somebody.into()));
    let late = "the update of web to v2 was aborted by Argo Rollouts: ReplicaSet \"web-9c1d\" has timed out progressing.";
    let message = "Rollout aborted update to revision 2: ReplicaSet \"web-9c1d\" has timed out progressing.";
    assert_eq!(says(aborted(message)), Condition::Ended(late.into()));
    let mut failed = aborted("Rollout aborted update to revision 2: Step-based analysis phase error/failed");
    failed["canary"] =
        json!({ "currentStepAnalysisRunStatus": { "name": "web-9c1d-2", "status": "Failed", "message": "errors 5 % > 1 %" } });
    let analysis = "the update of web to v2 was aborted by Argo Rollouts: its analysis web-9c1d-2 failed: errors 5 % > 1 %";
    assert_eq!(says(failed), Condition::Ended(analysis.into()));
    let back = says(json!({ "currentPodHash": OLD }));
    assert_eq!(back, Condition::Ended("web was taken back to v1 by somebody else".into()));
}

#[test]
fn another_template_is_another_version_and_after_a_promotion_it_says_so() {
    let of = |patch: &Value| {
        let mut of = rollout(&json!({}), patch);
        of.sets = owned(&objects(&[set(OLD, 1, "v1", 3), set(NEW, 2, "v2", 1), set("5aa2", 3, "v3", 0)]), "u-1").expect("sets");
        of.versions(&bound(&of))
    };
    let versions = of(&json!({ "currentPodHash": "5aa2" }));
    assert_eq!(versions, Sides { baseline: "v1".to_owned(), candidate: "v3 (5aa2)".to_owned() });
    assert_eq!(of(&json!({ "currentPodHash": "5aa2", "stableRS": NEW })).baseline, "v2");
    assert_eq!(of(&json!({})).candidate, "v2");
}

#[test]
fn a_promotion_leads_to_the_next_stop_by_the_rule_that_its_pause_asks_for() {
    let paused = rollout(&json!({}), &json!({}));
    let preview = ready(&paused, Action::Promote);
    assert_eq!((preview.target.reference.as_str(), preview.target.weight), ("web-9c1d after step 2", Some(0.5)));
    assert_eq!(preview.happens[1], "Argo Rollouts goes on to step 4 of 5, a pause");
    let on = order(Action::Promote, "web-9c1d after step 2");
    assert_eq!(paused.next(&bound(&paused), &on), Ok(Next::Ask(Change::mark())), "the mark comes before the status");
    assert_eq!(next(&paused, &on), status(&json!({ "pauseConditions": null })));
    assert_eq!(next(&rollout(&json!({ "paused": true }), &json!({})), &on), fields(json!({ "spec": { "paused": false } })));
    assert_eq!(next(&rollout(&json!({}), &json!({ "pauseConditions": null })), &on), Next::Done, "it is going on");
    assert_eq!(next(&rollout(&json!({}), &json!({ "currentStepIndex": 2 })), &on), Next::Done, "it has gone on");
    let running = rollout(&json!({}), &json!({ "pauseConditions": null, "controllerPause": null, "currentStepIndex": 4 }));
    let last = ready(&running, Action::Promote);
    assert_eq!((last.target.weight, last.happens[0].as_str()), (Some(1.0), "step 5 of 5 (an analysis) is left, done or not"));
    let last = order(Action::Promote, "web-9c1d after step 5");
    assert_eq!(next(&running, &last), status(&json!({ "currentStepIndex": 5 })));
    let inconclusive = json!({
        "currentStepIndex": 4, "pauseConditions": [{ "reason": "InconclusiveAnalysisRun" }],
        "canary": { "currentStepAnalysisRunStatus": { "name": "r", "status": "Inconclusive" } },
    });
    let all = json!({ "pauseConditions": null, "controllerPause": false, "currentStepIndex": 5 });
    assert_eq!(next(&rollout(&json!({}), &inconclusive), &last), status(&all));
}

#[test]
fn a_full_promotion_cannot_be_aborted_but_rolled_back() {
    let full = rollout(&json!({}), &json!({ "pauseConditions": null, "promoteFull": true }));
    assert_eq!(off(&full, Action::Abort), "Argo Rollouts ignores an abort once a full promotion was asked for: roll back instead");
    assert!(full.next(&bound(&full), &order(Action::Abort, "web-6b7f")).is_err());
    let preview = ready(&full, Action::Rollback);
    assert!(!preview.sends.contains("abort"), "{}", preview.sends);
    let Next::Ask(change) = next(&full, &order(Action::Rollback, "web-6b7f")) else { panic!("a template") };
    assert_eq!(change.to, To::Workload);
    let done = rollout(&json!({}), &json!({ "stableRS": NEW, "pauseConditions": null }));
    for action in [Action::Promote, Action::PromoteFull, Action::Pause] {
        assert_eq!(off(&done, action), "v2 has all traffic already");
    }
    assert_eq!(off(&done, Action::Abort), "its update is complete: roll back instead");
    assert!(ready(&done, Action::Rollback).sends.ends_with("/status status.promoteFull = true"));
}

#[test]
fn an_abort_takes_off_the_pause_that_would_hold_the_pods() {
    let abort = order(Action::Abort, "web-6b7f");
    let paused = rollout(&json!({ "paused": true }), &json!({}));
    assert_eq!(next(&paused, &abort), status(&json!({ "abort": true })));
    let aborted = rollout(&json!({ "paused": true }), &json!({ "abort": true }));
    assert_eq!(next(&aborted, &abort), fields(json!({ "spec": { "paused": false } })));
    let preview = ready(&paused, Action::Abort);
    assert!(preview.not_undone[0].starts_with("the template stays that of v2"), "{:?}", preview.not_undone);
    let retry = rollout(&json!({}), &json!({ "abort": true }));
    assert_eq!(off(&retry, Action::Promote), "it is aborted: retry starts it again");
    assert_eq!(next(&retry, &order(Action::Retry, "web-9c1d")), status(&json!({ "abort": false })));
}

#[test]
fn what_is_seen_is_said_in_facts() {
    let seen = |of: &ArgoRollout, order: &Order| of.seen(&bound(of), order);
    let aborted = rollout(&json!({}), &json!({ "abort": true }));
    let abort = order(Action::Abort, "web-6b7f");
    let open = seen(&aborted, &abort).open();
    assert_eq!(
        open,
        "Argo Rollouts has not taken the abort in yet, v2 has 25 % of the traffic, 3 of 4 pods of v1 are ready, 1 pod of v2 is left"
    );
    let promote = order(Action::Promote, "web-9c1d after step 2");
    assert_eq!(seen(&rollout(&json!({}), &json!({})), &promote).open(), "it is at step 2 of 5");
    assert!(seen(&rollout(&json!({}), &json!({ "currentStepIndex": 3 })), &promote).done);
    let arriving = rollout(&json!({}), &json!({ "currentStepIndex": 3, "pauseConditions": null, "controllerPause": null }));
    assert_eq!(seen(&arriving, &promote).open(), "it is at step 4 of 5, and does not wait there yet");
    let analysing = json!({ "currentStepIndex": 4, "pauseConditions": null, "controllerPause": null });
    assert!(seen(&rollout(&json!({}), &analysing), &order(Action::Promote, "web-9c1d after step 4")).done, "it is no pause");
    let held = json!({ "paused": true });
    let held = rollout(&held, &json!({ "currentStepIndex": 3, "pauseConditions": null, "controllerPause": null }));
    assert!(seen(&held, &promote).done, "somebody has paused it there by hand");
    let behind = rollout(&json!({}), &json!({ "currentStepIndex": 3, "observedGeneration": "3" }));
    assert!(!seen(&behind, &promote).done, "nothing is believed");
}

/// As [`rollout`], with v2 older than v1: somebody rolls it out once more.
fn returning(window: &Value) -> ArgoRollout {
    let spec = json!({ "rollbackWindow": window });
    let mut of = rollout(&spec, &json!({}));
    for set in &mut of.sets {
        set.created = crate::wire::kube::time(if set.hash == OLD { "2026-01-02T03:00:00Z" } else { "2026-01-01T03:00:00Z" });
    }
    of
}

#[test]
fn an_abort_that_its_controller_takes_back_is_not_asked_for() {
    let inside = returning(&json!({ "revisions": 1 }));
    let why = "Argo Rollouts ignores an abort within the rollbackWindow: roll back instead";
    assert_eq!(off(&inside, Action::Abort), why);
    let Next::Ask(change) = next(&inside, &order(Action::Rollback, "web-6b7f")) else { panic!("a template") };
    assert_eq!(change.to, To::Workload, "or it would be asked for again and again");
    assert!(!ready(&inside, Action::Rollback).sends.contains("abort"));
    ready(&returning(&Value::Null), Action::Abort);
    let mut outside = returning(&json!({ "revisions": 1 }));
    let between = set("5aa2", 0, "v1.5", 0);
    let between = owned(&objects(&[between]), "u-1").expect("sets").remove(0);
    outside.sets.push(Set { created: crate::wire::kube::time("2026-01-01T12:00:00Z"), ..between });
    ready(&outside, Action::Abort);
}

#[test]
fn a_generation_that_was_seen_is_not_yet_a_template_that_was_looked_at() {
    // Where the number of pods is changed at once with the template, the controller first looks at the number alone, and as long as
    // it is paused by hand at nothing else.
    let newer = json!({ "paused": true, "replicas": 6, "template": { "spec": { "containers": [{ "image": "app:v3" }] } } });
    let scaled = rollout(&newer, &json!({}));
    let why = "Argo Rollouts has not looked at the newest template of web yet";
    assert_eq!(condition(&scaled), Condition::Behind(why.into()));
    assert_eq!(off(&scaled, Action::Rollback), why, "v3 is not the version that is watched");
    let alike = json!({ "template": { "spec": { "containers": [{ "image": "registry.test/app:v2" }] } } });
    assert!(matches!(condition(&rollout(&alike, &json!({}))), Condition::Waiting(_)), "its set may have been written otherwise");
    let invalid = json!({ "conditions": [{ "type": "InvalidSpec", "status": "True", "message": "no such service" }] });
    let invalid = rollout(&newer, &invalid);
    assert_eq!(condition(&invalid), Condition::Steady, "it will never look at it");
    assert!(invalid.versions(&bound(&invalid)).candidate.starts_with("v3 "), "and nobody waits for that");
    let cut = json!({ "replicas": 6, "template": { "spec": { "containers": [{ "image": "app:v1" }] } } });
    let back = next(&rollout(&cut, &json!({})), &order(Action::Rollback, "web-6b7f"));
    assert!(matches!(back, Next::Wait { .. }), "it was asked for already: {back:?}");
}

#[test]
fn without_pods_nothing_has_traffic() {
    let mut none = rollout(&json!({ "replicas": 0 }), &json!({ "currentPodHash": OLD }));
    none.sets.iter_mut().for_each(|set| (set.desired, set.there, set.ready) = (0, 0, 0));
    let seen = none.seen(&bound(&none), &order(Action::Rollback, "web-6b7f"));
    assert!(seen.done, "{}", seen.open());
}

#[test]
fn without_steps_a_promotion_is_over_when_all_pods_are_new() {
    let steps = json!({ "paused": true, "strategy": { "canary": {} } });
    let fresh = json!({ "pauseConditions": null, "controllerPause": null, "currentStepIndex": null });
    let paused = rollout(&steps, &fresh);
    let preview = ready(&paused, Action::Promote);
    assert_eq!(preview.target.weight, Some(1.0));
    let going_on = rollout(&json!({ "strategy": { "canary": {} } }), &fresh);
    let open = going_on.seen(&bound(&going_on), &order(Action::Promote, "web-9c1d")).open();
    assert_eq!(open, "the stable version is v1, v2 has 25 % of the traffic, 1 of 4 pods of v2 are ready");
}
