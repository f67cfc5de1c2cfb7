//! A Rollout with the canary strategy: its steps, and how many pods each version should have.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    analysis::{INCONCLUSIVE, Run},
    replica_sets::Set,
    rollout::{Next, Sight, deadline, step_hash},
    rollout_status::Pauses,
};
use crate::bed::object::{duration, number, text};

/// The reason of a pause that is a step.
const PAUSE: &str = "CanaryPauseStep";

/// What is next; after a change of the template or of the steps, only that it has changed.
pub(crate) fn decide(sight: &Sight<'_>, is_changed: bool) -> Next {
    let mut status = sight.status().clone();
    let steps = steps(sight);
    status["currentPodHash"] = json!(sight.hash);
    status["currentStepHash"] = json!(step_hash(sight.spec()));
    if is_changed {
        reset(sight, &mut status, steps.len());
        return Next::only(status);
    }
    let is_full = status["promoteFull"] == true || sight.is_within_rollback_window();
    let abort_message = sight.run.as_ref().and_then(Run::failure).filter(|_| !is_full);
    let is_aborted = !is_full && (status["abort"] == true || abort_message.is_some());
    let index = if is_full { steps.len() } else { index(&status).min(steps.len()) };
    let wanted = wanted(sight, &steps, index, is_aborted);
    let mut pauses = Pauses::of(sight);
    let mut keep = Vec::new();
    if is_promoted(sight, index, steps.len(), is_full, is_aborted) {
        pauses.clear();
        keep = replaced(sight);
        status["promoteFull"] = Value::Null;
        status["stableRS"] = json!(sight.hash);
        status["abort"] = Value::Null;
        set_index(&mut status, steps.len(), steps.len());
    } else if is_aborted {
        pauses.clear();
        status["abort"] = json!(true);
        let is_stable = status["stableRS"] == sight.hash;
        set_index(&mut status, if is_stable { steps.len() } else { 0 }, steps.len());
    } else {
        if is_full {
            pauses.clear();
        }
        status["abort"] = Value::Null;
        let done = advance(sight, steps.get(index), &wanted, &mut pauses);
        set_index(&mut status, index + usize::from(done), steps.len());
    }
    show_run(sight, &mut status, &steps);
    pauses.write(&mut status);
    status["canary"]["weights"] = weights(sight, &status, &steps, is_aborted);
    Next { status, wanted, keep, abort_message }
}

/// Begins again; with what is stable, or was so lately enough, nothing is to be done step by step.
fn reset(sight: &Sight<'_>, status: &mut Value, count: usize) {
    for field in ["pauseConditions", "controllerPause", "abort", "abortedAt", "promoteFull"] {
        status[field] = Value::Null;
    }
    status["canary"]["currentStepAnalysisRunStatus"] = Value::Null;
    let is_stable = status["stableRS"] == sight.hash;
    let is_near = sight.is_within_rollback_window() && sight.newest().is_some_and(|set| set.wanted > 0);
    set_index(status, if is_stable || is_near { count } else { 0 }, count);
}

fn is_promoted(sight: &Sight<'_>, index: usize, count: usize, is_full: bool, is_aborted: bool) -> bool {
    let Some(new) = sight.newest() else { return false };
    let is_first = sight.stable().is_none();
    is_first || (!is_aborted && new.available == sight.replicas() && (is_full || index == count))
}

/// What keeps its pods for a while: with a router, the version that was stable.
fn replaced(sight: &Sight<'_>) -> Vec<(String, Option<Timestamp>)> {
    let strategy = &sight.spec()["strategy"]["canary"];
    let before = sight.stable().filter(|stable| stable.hash != sight.hash && strategy["trafficRouting"].is_object());
    before.map(|set| (set.name.clone(), Some(deadline(strategy)))).into_iter().collect()
}

/// Whether the step is done; begins a pause where one is.
fn advance(sight: &Sight<'_>, step: Option<&Value>, wanted: &[(String, i64)], pauses: &mut Pauses) -> bool {
    let Some(step) = step.filter(|_| sight.spec()["paused"] != true) else { return false };
    if let Some(pause) = step.get("pause") {
        let is_over = sight.pause_since(PAUSE).zip(duration(&pause["duration"])).is_some_and(|(since, limit)| since >= limit);
        if is_over || sight.is_unpaused() {
            pauses.remove(PAUSE);
            return true;
        }
        if is_reached(sight, wanted) && sight.status()["controllerPause"] != true {
            pauses.add(PAUSE);
        }
        return false;
    }
    if step.get("analysis").is_some() {
        let phase = sight.run.as_ref().map(|run| run.phase.as_str());
        if phase == Some("Inconclusive") && !sight.has_pause(INCONCLUSIVE) {
            pauses.add(INCONCLUSIVE);
        }
        return phase == Some("Successful");
    }
    is_reached(sight, wanted)
}

fn is_reached(sight: &Sight<'_>, wanted: &[(String, i64)]) -> bool {
    sight.newest().is_some()
        && wanted.iter().all(|(name, goal)| {
            let set = sight.sets.iter().find(|set| set.name == *name);
            set.is_some_and(|set| set.wanted == *goal && set.available >= *goal)
        })
}

/// Pods for each replica set. A router shares traffic out by itself: then the stable version keeps all its pods until the end.
fn wanted(sight: &Sight<'_>, steps: &[Value], index: usize, is_aborted: bool) -> Vec<(String, i64)> {
    let all = sight.replicas();
    let is_routed = sight.spec()["strategy"]["canary"]["trafficRouting"].is_object();
    let is_stable = sight.stable().is_none_or(|stable| stable.hash == sight.hash);
    let weight = if is_stable { 100 } else { weight(steps, index, is_aborted) };
    let new = scale(steps, index, is_aborted, all).filter(|_| !is_stable).unwrap_or((all * weight + 99) / 100);
    let of = |set: &Set| {
        if set.hash == sight.hash {
            new
        } else if sight.stable().is_some_and(|stable| stable.hash == set.hash) && !is_stable {
            if is_routed { all } else { all - new }
        } else if set.is_kept() {
            set.wanted
        } else {
            0
        }
    };
    sight.sets.iter().map(|set| (set.name.clone(), of(set))).collect()
}

/// The candidate's share of traffic at a step, as a percentage.
fn weight(steps: &[Value], index: usize, is_aborted: bool) -> i64 {
    match index {
        _ if is_aborted => 0,
        _ if index >= steps.len() => 100,
        _ => steps.iter().take(index + 1).rev().find_map(|step| step["setWeight"].as_i64()).unwrap_or(0),
    }
}

/// The candidate's pods where a step says so apart from the weight.
fn scale(steps: &[Value], index: usize, is_aborted: bool, all: i64) -> Option<i64> {
    let before = steps.iter().take(index + 1).filter(|_| !is_aborted && index < steps.len());
    let scale = before.rev().find_map(|step| step.get("setCanaryScale"))?;
    scale["replicas"].as_i64().or_else(|| scale["weight"].as_i64().map(|weight| (all * weight + 99) / 100))
}

/// What a router was told; nothing without one. It is told of more only when the pods for it are there.
fn weights(sight: &Sight<'_>, status: &Value, steps: &[Value], is_aborted: bool) -> Value {
    let canary = &sight.spec()["strategy"]["canary"];
    if !canary["trafficRouting"].is_object() {
        return Value::Null;
    }
    let is_stable = status["stableRS"] == sight.hash;
    let before = number(&sight.status()["canary"]["weights"]["canary"]["weight"]);
    let goal = if is_stable { 0 } else { weight(steps, index(status), is_aborted) };
    let has_pods = sight.newest().is_some_and(|new| new.available * 100 >= sight.replicas() * goal);
    // On the way to a full promotion the router keeps what it has.
    let is_frozen = status["promoteFull"] == true && !is_stable;
    let weight = if (has_pods && !is_frozen) || goal < before { goal } else { before };
    let side = |weight: i64, hash: &str, service: &str| json!({ "weight": weight, "podTemplateHash": hash, "serviceName": canary[service] });
    json!({
        "canary": side(weight, &sight.hash, "canaryService"),
        "stable": side(100 - weight, text(&status["stableRS"]), "stableService"),
    })
}

fn show_run(sight: &Sight<'_>, status: &mut Value, steps: &[Value]) {
    let is_at_analysis = steps.get(index(status)).is_some_and(|step| step.get("analysis").is_some());
    status["canary"]["currentStepAnalysisRunStatus"] = match &sight.run {
        Some(run) if is_at_analysis || status["abort"] == true => run.summary(),
        _ => Value::Null,
    };
}

pub(crate) fn steps(sight: &Sight<'_>) -> Vec<Value> {
    sight.spec()["strategy"]["canary"]["steps"].as_array().cloned().unwrap_or_default()
}

/// The step that is being done.
pub(crate) fn index(status: &Value) -> usize {
    usize::try_from(number(&status["currentStepIndex"])).unwrap_or(0)
}

fn set_index(status: &mut Value, index: usize, count: usize) {
    status["currentStepIndex"] = if count == 0 { Value::Null } else { json!(index) };
}
