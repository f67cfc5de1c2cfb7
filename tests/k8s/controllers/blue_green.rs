//! A Rollout with the blue-green strategy: a preview beside what is active, then the switch.

use serde_json::{Value, json};

use super::{
    replica_sets::{HASH_LABEL, Set},
    rollout::{Next, Sight, deadline},
    rollout_status::Pauses,
};
use crate::bed::{object::text, record::complain, rest::Rest};

/// The reason of the pause before the switch.
const PAUSE: &str = "BlueGreenPause";
/// What is next; after a change of the template, only that it has changed.
pub(crate) fn decide(sight: &Sight<'_>, is_changed: bool) -> Next {
    let mut status = sight.status().clone();
    status["currentPodHash"] = json!(sight.hash);
    if is_changed {
        for field in ["pauseConditions", "controllerPause", "abort", "abortedAt", "promoteFull"] {
            status[field] = Value::Null;
        }
        return Next::only(status);
    }
    let strategy = &sight.spec()["strategy"]["blueGreen"];
    let all = sight.replicas();
    let active = text(&status["blueGreen"]["activeSelector"]).to_owned();
    let is_active = active == sight.hash;
    let is_full = status["promoteFull"] == true || sight.is_within_rollback_window();
    let is_aborted = !is_full && status["abort"] == true && !is_active;
    let mut pauses = Pauses::of(sight);
    status["abort"] = if is_aborted { json!(true) } else { Value::Null };
    status["blueGreen"]["previewSelector"] = json!(if is_aborted { &active } else { &sight.hash });
    let preview = strategy["previewReplicaCount"].as_i64().filter(|_| !active.is_empty() && !is_full && !sight.is_unpaused());
    let is_there = |count: i64| sight.newest().is_some_and(|new| new.available >= count);
    if is_aborted || is_full || is_active {
        pauses.clear();
    }
    let may_switch = !is_aborted && !is_active && sight.spec()["paused"] != true;
    // The pods of a version that was active until lately are still there: it takes over at once.
    let was_active = sight.newest().is_some_and(|new| new.deadline.is_some());
    let mut keep = Vec::new();
    if may_switch
        && is_there(preview.unwrap_or(all))
        && (active.is_empty() || is_full || was_active || is_let(sight, strategy, &mut pauses))
    {
        if is_there(all) {
            pauses.clear();
            keep.extend(sight.with_hash(&active).map(|set| (set.name.clone(), Some(deadline(strategy)))));
            keep.extend(sight.newest().filter(|_| was_active).map(|set| (set.name.clone(), None)));
            status["blueGreen"]["activeSelector"] = json!(sight.hash);
        }
    } else if is_active {
        status["stableRS"] = json!(sight.hash);
        status["promoteFull"] = Value::Null;
    }
    let new_active = text(&status["blueGreen"]["activeSelector"]).to_owned();
    let of = |set: &Set| match &set.hash {
        hash if *hash == new_active => all,
        hash if *hash == sight.hash && !is_aborted => preview.unwrap_or(all),
        // What has just been replaced has its deadline from the next time on.
        hash if *hash == active || set.is_kept() => set.wanted,
        _ => 0,
    };
    let wanted = sight.sets.iter().map(|set| (set.name.clone(), of(set))).collect();
    pauses.write(&mut status);
    Next { status, wanted, keep, abort_message: None }
}

/// Whether the switch may be made: without being asked, after a time, or by somebody who took the pause away.
fn is_let(sight: &Sight<'_>, strategy: &Value, pauses: &mut Pauses) -> bool {
    if strategy["autoPromotionEnabled"] != false || sight.is_unpaused() {
        return true;
    }
    let after = strategy["autoPromotionSeconds"].as_u64().map(std::time::Duration::from_secs);
    if sight.pause_since(PAUSE).zip(after).is_some_and(|(since, after)| since >= after) {
        return true;
    }
    pauses.add(PAUSE);
    false
}

/// Points the services of a blue-green Rollout at the versions in its status.
pub(crate) async fn point_services(rest: &Rest, rollout: &Value, status: &Value) {
    let strategy = &rollout["spec"]["strategy"]["blueGreen"];
    let namespace = text(&rollout["metadata"]["namespace"]);
    for (service, selector) in [("activeService", "activeSelector"), ("previewService", "previewSelector")] {
        let (name, now) = (&strategy[service], &status["blueGreen"][selector]);
        if now.is_null() || rollout["status"]["blueGreen"][selector] == *now {
            continue;
        }
        if let Some(name) = name.as_str() {
            let path = format!("/api/v1/namespaces/{namespace}/services/{name}");
            complain(
                "rollouts: pointing",
                &path,
                &rest.merge(&path, &json!({ "spec": { "selector": { HASH_LABEL: now } } })).await,
            );
        }
    }
}
