//! What is made of Canaries as Flagger writes them.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::{
    backend::k8s::{
        Wish,
        access::Rights,
        guards::Guards,
        sets,
        workload::{Change, To},
    },
    engine::{
        action::{Ability, Actor, ActorKind, Condition, Preview},
        role::Role,
    },
    wire::kube::Patch,
};

const REVISION: &str = "deployment.kubernetes.io/revision";
/// The primary's template of v1, and the target's of v1 and v2.
const OLD: &str = "p1";
const NEW: &str = "t2";

fn place(kind: Kind, name: &str) -> Place {
    Place { namespace: "shop".to_owned(), workload: Workload { kind, name: name.to_owned() } }
}

fn template(name: &str, tag: &str) -> Value {
    json!({ "metadata": { "labels": { "app": name } }, "spec": { "containers": [{ "image": format!("app:{tag}") }] } })
}

/// A Deployment with its sets: hash, tag, ready pods; the last is the newest, and asked for.
fn deployment(name: &str, of: &[(&str, &str, u32)]) -> Deployment {
    let set = |(index, (hash, tag, ready)): (usize, &(&str, &str, u32))| {
        let set = json!({
            "metadata": {
                "name": format!("{name}-{hash}"), "labels": { "pod-template-hash": hash },
                "creationTimestamp": "2026-01-02T03:00:00Z",
                "annotations": { REVISION: (index + 1).to_string() }, "ownerReferences": [{ "uid": name }],
            },
            "spec": { "replicas": ready, "template": template(name, tag) },
            "status": { "replicas": ready, "readyReplicas": ready },
        });
        Object::of(set).expect("a set")
    };
    let sets: Vec<Object> = of.iter().enumerate().map(set).collect();
    let (_, tag, _) = of.last().expect("one");
    let object = Object::of(json!({
        "metadata": { "name": name, "uid": name, "generation": 2, "resourceVersion": "70" },
        "spec": { "replicas": 2, "selector": { "matchLabels": { "app": name } }, "template": template(name, tag) },
        "status": { "observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2 },
    }))
    .expect("an object");
    let (spec, status) = (object.spec().expect("a spec"), object.status().expect("a status"));
    let sets = sets::owned(&sets, name, REVISION).expect("sets");
    Deployment { place: place(Kind::Deployment, name), object, spec, status, sets, pods: Vec::new() }
}

/// A Canary in a phase: v1 serves as the primary, v2 is its target's newest template.
fn canary(phase: &str, weight: u32, spec: &Value) -> Canary {
    let mut object = json!({
        "metadata": { "name": "web", "uid": "u-1", "resourceVersion": "77" }, "spec": spec,
        "status": {
            "phase": phase, "canaryWeight": weight, "lastTransitionTime": "2026-01-02T03:04:05Z",
            "conditions": [{ "type": "Promoted", "message": "Canary analysis failed, Deployment scaled to zero." }],
        },
    });
    object["spec"]["targetRef"] = json!({ "kind": "Deployment", "name": "web" });
    let object = Object::of(object).expect("an object");
    let (spec, status) = (object.spec().expect("a spec"), object.status().expect("a status"));
    Canary {
        place: place(Kind::Canary, "web"),
        object,
        spec,
        status,
        target: deployment("web", &[("t1", "v1", 0), (NEW, "v2", 2)]),
        primary: deployment("web-primary", &[(OLD, "v1", 2)]),
        gates: Asked::default(),
        why: None,
    }
}

/// As [`canary`], with v2 copied to the primary, of which so many pods of two are ready.
fn promoted(phase: &str, ready: u32) -> Canary {
    let primary = deployment("web-primary", &[(OLD, "v1", 2 - ready), ("p2", "v2", ready)]);
    Canary { primary, ..canary(phase, 0, &steps("10s")) }
}

fn steps(interval: &str) -> Value {
    json!({ "analysis": { "interval": interval, "stepWeight": 25, "maxWeight": 50 } })
}

fn gated() -> Value {
    let hook = |name: &str, kind: &str, gate: &str| json!({ "name": name, "type": kind, "url": format!("http://tester.test/{gate}/check") });
    let hooks = [hook("begin", BEFORE, "gate"), hook("end", AFTER, "gate"), hook("back", BACK, "rollback")];
    json!({ "analysis": { "interval": "10s", "stepWeight": 25, "maxWeight": 50, "webhooks": hooks } })
}

fn bound() -> Bound {
    let of = canary("Progressing", 25, &steps("10s"));
    let found = of.found(&Wanted::default(), None).expect("two versions");
    let wish = Wish {
        namespace: "shop".to_owned(),
        workload: of.place.workload.clone(),
        wanted: Wanted::default(),
        pins: None,
        limit: Some(Duration::from_secs(300)),
        holder: "ana on ship-3".to_owned(),
        gate: None,
    };
    Bound::new(of.place, &found, (Rights::none(), Guards::default()), &wish)
}

fn ready(of: &Canary, action: Action) -> Preview {
    match of.rollout(&bound()).abilities.remove(&action) {
        Some(Ability::Ready(preview)) => preview,
        other => panic!("{action:?}: {other:?}"),
    }
}

fn off(of: &Canary, action: Action) -> String {
    match of.rollout(&bound()).abilities.remove(&action) {
        Some(Ability::Off(why)) => why,
        other => panic!("{action:?}: {other:?}"),
    }
}

/// What an order takes next once its mark is there.
fn order(action: Action, reference: &str, weight: Option<f64>) -> Order {
    let target = bound().target(Role::Candidate, reference, weight);
    let actor = Actor { kind: ActorKind::Key, user: "ana".to_owned() };
    Order { id: "o-1".to_owned(), action, target, actor, token: String::new(), reason: None }
}

fn next(of: Canary, action: Action, reference: &str) -> Result<Next, String> {
    next_of(of, &order(action, reference, None))
}

/// What an order takes next once its mark is there.
fn next_of(mut of: Canary, order: &Order) -> Result<Next, String> {
    let mark = serde_json::to_string(&super::super::mark::Mark::new(order, "ana on ship-3")).expect("JSON");
    of.object.metadata.annotations.insert(super::super::mark::ANNOTATION.to_owned(), mark);
    of.next(&bound(), order)
}

fn fields(spec: &Value) -> Next {
    Next::Ask(Change::fields(json!({ "spec": spec })))
}

#[test]
fn the_target_is_the_candidate_and_the_primary_the_baseline() {
    let found = canary("Progressing", 25, &steps("10s")).found(&Wanted::default(), None).expect("two versions");
    assert_eq!(found.names, Sides { baseline: "v1".to_owned(), candidate: "v2".to_owned() });
    assert_eq!(found.driven.pins, Sides { baseline: OLD.to_owned(), candidate: NEW.to_owned() });
    assert_eq!(found.pods.baseline, "app=web-primary,pod-template-hash=p1");
    assert_eq!((found.strategy, found.steps), (Strategy::Canary, vec![0.25, 0.5]));
    let after = promoted("Succeeded", 2).found(&Wanted::default(), None).expect("what the primary had before");
    assert_eq!(after.driven.pins, found.driven.pins);
    let wanted = Wanted { baseline: Some("web-t1".to_owned()), candidate: None };
    let named = promoted("Succeeded", 2).found(&wanted, None).expect("by the target's set");
    assert_eq!(named.driven.pins.baseline, OLD);
}

#[test]
fn the_weight_is_that_of_the_pods_behind_both_names() {
    let weight = |of: &Canary| of.weight(&bound());
    assert_eq!(weight(&canary("Progressing", 25, &steps("10s"))), Some(0.25));
    assert_eq!(weight(&canary("WaitingPromotion", 0, &steps("10s"))), Some(0.5), "Flagger forgets it, traffic does not");
    assert_eq!(weight(&promoted("Promoting", 1)), Some(0.75), "half of the primary's pods are new, and the canary has its share");
    assert_eq!(weight(&promoted("Finalising", 1)), Some(0.5), "all traffic is on the primary");
    assert_eq!(weight(&promoted("Succeeded", 2)), Some(1.0));
    let mut back = canary("Progressing", 25, &steps("10s"));
    back.target = deployment("web", &[(NEW, "v2", 1), ("t1", "v1", 1)]);
    assert_eq!(weight(&back), Some(0.125), "half of the target's pods are old again");
    let headers = json!({ "analysis": { "iterations": 5, "match": [{}] } });
    assert_eq!(weight(&canary("Progressing", 0, &headers)), None, "nobody counts whose requests match");
}

#[test]
fn what_flagger_makes_of_it_is_said() {
    let says = |phase: &str, weight: u32| canary(phase, weight, &gated()).condition(&bound());
    assert_eq!(says("Progressing", 25), Condition::Steady);
    assert_eq!(says("Waiting", 0), Condition::Waiting("it waits at the gate begin (confirm-rollout) before it begins".into()));
    let end = "it waits at the gate end (confirm-promotion) for its promotion";
    assert_eq!(says("WaitingPromotion", 0), Condition::Waiting(end.into()));
    let failed = "Flagger took web back to v1: Canary analysis failed, Deployment scaled to zero.";
    assert_eq!(says("Failed", 0), Condition::Ended(failed.into()));
    let half = "The promotion of v2 failed half way, all traffic is on its canary";
    assert_eq!(says("Failed", 100), Condition::Stuck(half.into()));
    let unseen = Condition::Behind("Flagger has not looked at the newest template of web yet".into());
    assert_eq!((says("Succeeded", 0), says("Initialized", 0)), (unseen.clone(), unseen));
    let mut newer = canary("Failed", 0, &gated());
    newer.target.sets[0].created = time("2026-01-02T04:00:00Z");
    assert!(matches!(newer.condition(&bound()), Condition::Behind(_)), "what failed was another one");
    let mut back = canary("Progressing", 25, &gated());
    back.target = deployment("web", &[(NEW, "v2", 2), ("t1", "v1", 0)]);
    assert_eq!(back.condition(&bound()), Condition::Ended("the template of web was taken back to v1 by somebody else".into()));
    assert_eq!(back.versions(&bound()).candidate, "v2", "it is no other rollout");
}

#[test]
fn a_rollback_puts_the_targets_own_template_back() {
    let of = || canary("Progressing", 25, &steps("10s"));
    assert_eq!(ready(&of(), Action::Rollback).target.reference, "web-t1");
    let put = Change {
        to: To::Beside { path: "/apis/apps/v1/namespaces/shop/deployments/web".to_owned(), version: "70".to_owned() },
        patch: Patch::Json,
        body: json!([{ "op": "replace", "path": "/spec/template", "value": template("web", "v1") }]),
    };
    assert_eq!(next(of(), Action::Rollback, "web-t1"), Ok(Next::Ask(put)));
    let pruned = Canary { target: deployment("web", &[(NEW, "v2", 2)]), ..of() };
    assert!(off(&pruned, Action::Rollback).contains("is not kept any more (revisionHistoryLimit)"));
    let back = Canary { target: deployment("web", &[(NEW, "v2", 1), ("t1", "v1", 1)]), ..of() };
    assert_eq!(ready(&back, Action::Rollback).sends, "nothing");
    assert_eq!(next(back, Action::Rollback, "web-t1"), Ok(Next::Done));
    let third = Canary { target: deployment("web", &[("t1", "v1", 1), (NEW, "v2", 1), ("t3", "v3", 1)]), ..of() };
    let left = next(third, Action::Rollback, "web-t1");
    assert_eq!(left, Err("the newest template is now v3 (t3), not v2".to_owned()), "what came after our mark is left alone");
}

#[test]
fn what_was_promoted_is_rolled_out_again_without_analysis() {
    let reference = "web-t1 without its analysis";
    assert_eq!(ready(&promoted("Succeeded", 2), Action::Rollback).target.reference, reference);
    assert_eq!(next(promoted("Succeeded", 2), Action::Rollback, reference), Ok(fields(&json!({ "skipAnalysis": true }))));
    let skipping = |phase: &str, primary: Deployment| {
        let mut spec = steps("10s");
        spec["skipAnalysis"] = json!(true);
        let target = deployment("web", &[(NEW, "v2", 0), ("t1", "v1", 0)]);
        Canary { target, primary, ..canary(phase, 0, &spec) }
    };
    let newer = deployment("web-primary", &[(OLD, "v1", 0), ("p2", "v2", 2)]);
    assert!(matches!(next(skipping("Progressing", newer), Action::Rollback, reference), Ok(Next::Wait { .. })));
    let older = deployment("web-primary", &[("p2", "v2", 0), (OLD, "v1", 2)]);
    assert_eq!(next(skipping("Succeeded", older), Action::Rollback, reference), Ok(fields(&json!({ "skipAnalysis": false }))));
}

#[test]
fn where_flagger_looks_seldom_the_skipping_stays_and_that_is_said() {
    let seldom = ready(&canary("Progressing", 25, &steps("1m")), Action::PromoteFull);
    assert_eq!(seldom.target.reference, "web-t2");
    assert!(seldom.not_undone[0].starts_with("spec.skipAnalysis stays true"), "{:?}", seldom.not_undone);
    let soon = ready(&canary("Progressing", 25, &steps("10s")), Action::PromoteFull);
    assert_eq!((soon.target.reference.as_str(), soon.not_undone.len()), ("web-t2 without its analysis", 0));
}

#[test]
fn a_gate_is_turned_where_there_is_one_and_somebody_to_ask() {
    let unnamed = canary("WaitingPromotion", 0, &gated());
    assert!(off(&unnamed, Action::Promote).ends_with("say where that answers from here, in [backend] gate"));
    let mut more = gated();
    more["analysis"]["webhooks"][1] = json!({ "name": "asks", "type": MORE, "url": "http://chat.test/ask" });
    let why = "it waits at no gate: its analysis goes on, or waits at asks (confirm-traffic-increase); promote --full skips it";
    assert_eq!(off(&canary("Progressing", 25, &more), Action::Promote), why);
    let none = canary("WaitingPromotion", 0, &steps("10s"));
    assert_eq!(off(&none, Action::Promote), "it has no confirm-promotion webhook at a gate of Flagger's load tester");
    let asked = |phase: &str, way: bool, rollback: bool| {
        let requests = ["POST http://t.test/gate/open", "POST http://t.test/rollback/open"].map(str::to_owned);
        let gates = Asked { way: Some(Ok(way)), rollback: Some(Ok(rollback)), requests: Some(requests) };
        Canary { gates, ..canary(phase, 0, &gated()) }
    };
    let preview = ready(&asked("WaitingPromotion", false, false), Action::Promote);
    assert_eq!((preview.sends.as_str(), preview.target.weight), ("POST http://t.test/gate/open", Some(1.0)));
    let past = preview.target.reference;
    let turn = |gate: Gate, open: bool| Ok(Next::Gate { gate, open });
    assert_eq!(next(asked("WaitingPromotion", false, false), Action::Promote, &past), turn(Gate::Way, true));
    assert!(matches!(next(asked("WaitingPromotion", true, false), Action::Promote, &past), Ok(Next::Wait { .. })));
    assert_eq!(next(asked("Promoting", true, false), Action::Promote, &past), turn(Gate::Way, false));
    assert_eq!(next(asked("Promoting", false, false), Action::Promote, &past), Ok(Next::Done));
    assert_eq!(next(asked("Progressing", false, false), Action::Abort, "web-primary"), turn(Gate::Rollback, true));
    assert_eq!(next(asked("Failed", false, true), Action::Abort, "web-primary"), turn(Gate::Rollback, false));
}

#[test]
fn each_change_of_the_weights_that_waits_at_a_gate_is_let_through_by_itself() {
    let mut spec = gated();
    spec["analysis"]["webhooks"][0]["type"] = json!(MORE);
    let at = |phase: &str, weight: u32, is_open: bool| {
        let gates = Asked { way: Some(Ok(is_open)), rollback: None, requests: Some([String::new(), String::new()]) };
        Canary { gates, ..canary(phase, weight, &spec) }
    };
    let waits = Condition::Waiting("it waits at the gate begin (confirm-traffic-increase) before it goes on".into());
    assert_eq!(at("Progressing", 25, false).condition(&bound()), waits);
    assert_eq!(at("Progressing", 25, true).condition(&bound()), Condition::Steady);
    assert!(off(&at("Progressing", 25, true), Action::Promote).starts_with("it waits at no gate: its analysis goes on; "));
    let preview = ready(&at("Progressing", 25, false), Action::Promote);
    assert_eq!((preview.target.reference.as_str(), preview.target.weight), ("web-t2 past confirm-traffic-increase", Some(0.5)));
    let promote = |weight: Option<f64>| order(Action::Promote, &preview.target.reference, weight);
    let turn = |open: bool| Ok(Next::Gate { gate: Gate::Way, open });
    let half = promote(Some(0.5));
    assert_eq!(next_of(at("Progressing", 25, false), &half), turn(true));
    assert_eq!(next_of(at("Progressing", 50, true), &half), turn(false), "it is closed behind it");
    assert!(!at("Progressing", 50, true).seen(&bound(), &half).done);
    assert!(at("Progressing", 50, false).seen(&bound(), &half).done);
    let last = ready(&at("Progressing", 50, false), Action::Promote);
    assert_eq!((last.target.weight, last.happens[1].as_str()), (None, "Flagger looks at it every 10 s, and then promotes v2"));
    let last = promote(None);
    assert_eq!(next_of(at("Progressing", 50, false), &last), turn(true));
    assert!(!at("Progressing", 50, false).seen(&bound(), &last).done);
    assert!(at("WaitingPromotion", 0, false).seen(&bound(), &last).done);
    assert!(!at("Failed", 0, false).seen(&bound(), &last).done, "taken back is not gone on");
}

fn with(phase: &str, weight: u32, spec: &Value, change: impl FnOnce(&mut Canary)) -> Canary {
    let mut of = canary(phase, weight, spec);
    change(&mut of);
    of
}

#[test]
fn where_flagger_looks_seldom_what_was_promoted_is_rolled_back_without_analysis_too() {
    let seldom = || Canary { spec: canary("", 0, &steps("1m")).spec, ..promoted("Succeeded", 2) };
    let preview = ready(&seldom(), Action::Rollback);
    assert!(preview.sends.contains("spec.skipAnalysis = true"), "{}", preview.sends);
    let reference = preview.target.reference.as_str();
    assert_eq!(next(seldom(), Action::Rollback, reference), Ok(fields(&json!({ "skipAnalysis": true }))), "as it was shown");
    let mut spec = steps("1m");
    spec["skipAnalysis"] = json!(true);
    let target = || deployment("web", &[(NEW, "v2", 0), ("t1", "v1", 0)]);
    let asked = with("Progressing", 0, &spec, |of| of.target = target());
    assert_eq!(next(asked, Action::Rollback, reference), Ok(Next::Done), "nobody waits so long to set it back");
}

#[test]
fn what_flagger_does_after_a_template_was_put_back_is_said() {
    let analysing = ready(&canary("Progressing", 25, &steps("10s")), Action::Rollback);
    let goes_on = "Flagger goes on with its analysis, of v1 then, and copies it to the primary once more when that ends well";
    assert!(analysing.not_undone.contains(&goes_on.to_owned()), "{:?}", analysing.not_undone);
    let failed = ready(&canary("Failed", 0, &steps("10s")), Action::Rollback);
    assert!(!failed.not_undone.contains(&goes_on.to_owned()));
    let full = ready(&canary("Progressing", 25, &steps("10s")), Action::PromoteFull);
    assert_eq!(full.happens[1], "Flagger gives all traffic to the primary, and v2's template, which replaces its pods");
}

#[test]
fn a_gate_that_flagger_does_not_come_to_is_known_by_whoever_gives_up() {
    let gates = Asked { way: Some(Ok(true)), rollback: Some(Ok(false)), requests: None };
    let open = Canary { gates, ..canary("WaitingPromotion", 0, &gated()) };
    let waits = next(open, Action::Promote, "web-t2 past confirm-promotion");
    assert_eq!(waits, Ok(Next::Wait { what: "that Flagger asks at its gate".to_owned(), open: Some(Gate::Way) }));
}

#[test]
fn the_same_template_on_both_sides_is_not_two_versions() {
    let same = with("Progressing", 25, &steps("10s"), |of| {
        of.primary = deployment("web-primary", &[("p0", "v1", 0), (OLD, "v2", 2)]);
    });
    let Err(BackendError::Unreachable(why)) = same.found(&Wanted::default(), None) else { panic!("v1 serves nobody") };
    assert_eq!(why, "the Canary web in shop is analysed with the template that serves already: only its configuration can be new");
    promoted("Promoting", 1).found(&Wanted::default(), None).expect("it has just been copied");
}

#[test]
fn a_restart_of_the_primary_alone_makes_it_no_other_version() {
    let restarted = with("Succeeded", 0, &steps("10s"), |of| {
        of.target = deployment("web", &[("t1", "v1", 0)]);
        let metadata = &mut of.primary.sets[0].template["metadata"];
        metadata["annotations"] = json!({ "kubectl.kubernetes.io/restartedAt": "2026-01-02T03:04:05Z" });
        of.primary.object.spec["template"]["metadata"]["annotations"] = metadata["annotations"].clone();
        of.primary.spec = of.primary.object.spec().expect("a spec");
    });
    assert_eq!(restarted.behind(), None);
}

#[test]
fn the_weight_is_what_flagger_has_routed() {
    let weight = |of: &Canary| of.weight(&bound());
    assert_eq!(weight(&canary("Promoting", 0, &steps("10s"))), Some(0.5), "it goes back when the primary has its pods");
    assert_eq!(weight(&canary("Promoting", 20, &steps("10s"))), Some(0.2), "step by step");
    let beside = |iterations: i64, provider: Option<&str>, phase: &str| {
        let mut spec = json!({ "analysis": { "interval": "10s", "iterations": 5 } });
        if let Some(provider) = provider {
            spec["provider"] = json!(provider);
        }
        with(phase, 0, &spec, |of| of.status.iterations = iterations)
    };
    assert_eq!(weight(&beside(3, None, "Progressing")), Some(0.0));
    assert_eq!(weight(&beside(6, None, "Progressing")), None, "a mesh has all traffic on the canary now, a Service none");
    assert_eq!(weight(&beside(6, Some("istio"), "Progressing")), Some(1.0));
    assert_eq!(weight(&beside(6, Some("kubernetes"), "Progressing")), Some(0.0));
    assert_eq!(weight(&beside(6, Some("istio"), "Promoting")), Some(1.0));
    let below: Status = serde_json::from_value(json!({ "iterations": -1 })).expect("what Flagger writes in WaitingPromotion");
    assert_eq!(below.iterations, -1);
    let headers = json!({ "analysis": { "iterations": 5, "match": [{}] } });
    assert_eq!(weight(&canary("Promoting", 0, &headers)), None, "they are routed until the primary is new");
    let back = with("Progressing", 0, &headers, |of| of.target = deployment("web", &[(NEW, "v2", 0), ("t1", "v1", 2)]));
    assert_eq!(weight(&back), Some(0.0), "wherever they are routed, no pod of v2 is there");
    let seen = back.seen(&bound(), &order(Action::Rollback, "web-t1", Some(0.0)));
    assert!(seen.done, "{}", seen.open());
}
