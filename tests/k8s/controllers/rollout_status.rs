//! The status of a Rollout, as far as it follows from the rest: counts, pauses, conditions, the phase and its sentence.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    canary_steps,
    rollout::{Next, Sight},
};
use crate::bed::object::{now, number, text};

/// The pauses that the controller has made.
pub(crate) struct Pauses {
    list: Vec<Value>,
    is_ours: bool,
}

impl Pauses {
    pub(crate) fn of(sight: &Sight<'_>) -> Self {
        let list = sight.status()["pauseConditions"].as_array().cloned().unwrap_or_default();
        Self { list, is_ours: sight.status()["controllerPause"] == true }
    }

    pub(crate) fn add(&mut self, reason: &str) {
        if self.list.iter().all(|pause| pause["reason"] != reason) {
            self.list.push(json!({ "reason": reason, "startTime": now() }));
            self.is_ours = true;
        }
    }

    pub(crate) fn remove(&mut self, reason: &str) {
        self.list.retain(|pause| pause["reason"] != reason);
    }

    pub(crate) fn clear(&mut self) {
        self.list.clear();
    }

    /// Once no pause is left, the controller is not pausing.
    pub(crate) fn write(self, status: &mut Value) {
        let is_paused = !self.list.is_empty();
        status["controllerPause"] = if is_paused && self.is_ours { json!(true) } else { Value::Null };
        status["pauseConditions"] = if is_paused { Value::from(self.list) } else { Value::Null };
    }
}

/// Adds what follows from the replica sets and from the rest of the status.
pub(crate) fn complete(sight: &Sight<'_>, next: &mut Next) {
    let status = &mut next.status;
    let sum = |of: fn(&super::replica_sets::Set) -> i64| sight.sets.iter().map(of).sum::<i64>();
    let active = sight.with_hash(text(&status["blueGreen"]["activeSelector"]));
    status["replicas"] = json!(sum(|set| set.replicas));
    status["readyReplicas"] = json!(active.map_or_else(|| sum(|set| set.ready), |set| set.ready));
    status["availableReplicas"] = json!(active.map_or_else(|| sum(|set| set.available), |set| set.available));
    status["HPAReplicas"] = json!(active.map_or_else(|| sum(|set| set.replicas), |set| set.replicas));
    status["updatedReplicas"] = json!(sight.newest().map_or(0, |set| set.replicas));
    status["selector"] = json!(selector(sight));
    status["observedGeneration"] = json!(sight.rollout["metadata"]["generation"].to_string());
    let is_aborted = status["abort"] == true;
    status["abortedAt"] = match &status["abortedAt"] {
        _ if !is_aborted => Value::Null,
        Value::Null => json!(now()),
        at => at.clone(),
    };
    let conditions = conditions(sight, status, next.abort_message.as_deref());
    if sight.spec()["progressDeadlineAbort"] == true && conditions[0]["reason"] == TIMED_OUT {
        status["abort"] = json!(true);
    }
    status["conditions"] = conditions;
    let (phase, message) = phase(sight, status);
    status["phase"] = json!(phase);
    status["message"] = if message.is_empty() { Value::Null } else { json!(message) };
    // An empty part that was not there is none.
    for part in ["canary", "blueGreen"] {
        if status[part].as_object().is_some_and(|part| part.values().all(Value::is_null)) && sight.status()[part].is_null() {
            status[part] = Value::Null;
        }
    }
}

/// The status of a Rollout whose template the API server refuses.
pub(crate) fn invalid(rollout: &Value, message: &str) -> Value {
    let mut status = if rollout["status"].is_object() { rollout["status"].clone() } else { json!({}) };
    status["observedGeneration"] = json!(rollout["metadata"]["generation"].to_string());
    status["conditions"] = json!([condition(&rollout["status"], "InvalidSpec", ("True", "InvalidSpec", message))]);
    status["phase"] = json!("Degraded");
    status["message"] = json!(format!("InvalidSpec: {message}"));
    status
}

/// The reasons of the condition that make a Rollout degraded.
const TIMED_OUT: &str = "ProgressDeadlineExceeded";
const ABORTED: &str = "RolloutAborted";

fn conditions(sight: &Sight<'_>, status: &Value, abort_message: Option<&str>) -> Value {
    let set = sight.newest().map_or("", |set| set.name.as_str());
    let before = find(sight.status(), "Progressing");
    let revision = sight.newest().map_or(0, |set| set.revision);
    let is_paused = sight.spec()["paused"] == true || status["pauseConditions"].is_array();
    let deadline = Duration::from_secs(sight.spec()["progressDeadlineSeconds"].as_u64().unwrap_or(600));
    let is_complete = is_complete(sight, status);
    let aborted = match abort_message {
        Some(why) => format!("Rollout aborted update to revision {revision}: {why}"),
        None if before["reason"] == ABORTED => text(&before["message"]).to_owned(),
        None => format!("Rollout aborted update to revision {revision}"),
    };
    let progressing = if status["abort"] == true {
        ("False", ABORTED, aborted)
    } else if is_paused {
        ("Unknown", "RolloutPaused", "Rollout is paused".to_owned())
    } else if is_complete {
        ("True", "NewReplicaSetAvailable", format!("ReplicaSet \"{set}\" has successfully progressed."))
    } else if sight.stuck >= deadline && !is_waiting(sight, status) {
        ("False", TIMED_OUT, format!("ReplicaSet \"{set}\" has timed out progressing."))
    } else {
        ("True", "ReplicaSetUpdated", format!("ReplicaSet \"{set}\" is progressing."))
    };
    let is_available = number(&status["availableReplicas"]) >= sight.replicas();
    let available = if is_available {
        ("True", "Rollout has minimum availability")
    } else {
        ("False", "Rollout does not have minimum availability")
    };
    let is_promoted = status["stableRS"] == sight.hash;
    let of = |kind: &str, (now, reason, message): (&str, &str, &str)| condition(sight.status(), kind, (now, reason, message));
    let said = |is: bool| if is { "True" } else { "False" };
    json!([
        of("Progressing", (progressing.0, progressing.1, &progressing.2)),
        of("Available", (available.0, "AvailableReason", available.1)),
        of("Paused", (said(is_paused), "RolloutPaused", "Rollout is paused")),
        of(
            "Healthy",
            (said(is_complete), "RolloutHealthy", if is_complete { "Rollout is healthy" } else { "Rollout is not healthy" })
        ),
        of(
            "Completed",
            (
                said(is_promoted),
                "RolloutCompleted",
                if is_promoted { "RolloutCompleted" } else { "Rollout not completed, started update" }
            )
        ),
    ])
}

/// At a step that may take as long as it likes.
fn is_waiting(sight: &Sight<'_>, status: &Value) -> bool {
    let steps = canary_steps::steps(sight);
    steps.get(canary_steps::index(status)).is_some_and(|step| step.get("pause").is_some() || step.get("analysis").is_some())
}

fn is_complete(sight: &Sight<'_>, status: &Value) -> bool {
    phase_of_counts(sight, status).0 == "Healthy"
}

/// The phase and its sentence.
fn phase(sight: &Sight<'_>, status: &Value) -> (&'static str, String) {
    let progressing = find(status, "Progressing");
    if [ABORTED, TIMED_OUT].contains(&text(&progressing["reason"])) {
        return ("Degraded", format!("{}: {}", text(&progressing["reason"]), text(&progressing["message"])));
    }
    if sight.spec()["paused"] == true {
        return ("Paused", "manually paused".to_owned());
    }
    if let Some(pause) = status["pauseConditions"].get(0) {
        return ("Paused", text(&pause["reason"]).to_owned());
    }
    let (phase, message) = phase_of_counts(sight, status);
    (phase, message.to_owned())
}

fn phase_of_counts(sight: &Sight<'_>, status: &Value) -> (&'static str, &'static str) {
    let count = |field: &str| number(&status[field]);
    let strategy = &sight.spec()["strategy"];
    let is_promoted = status["stableRS"] == sight.hash;
    let waits = if count("updatedReplicas") < sight.replicas() {
        "more replicas need to be updated"
    } else if count("availableReplicas") < count("updatedReplicas") {
        "updated replicas are still becoming available"
    } else if strategy["blueGreen"].is_object() && status["blueGreen"]["activeSelector"] != sight.hash {
        "active service cutover pending"
    } else if strategy["blueGreen"].is_object() && !is_promoted {
        "waiting for post-promotion verification to complete"
    } else if strategy["canary"].is_object()
        && strategy["canary"]["trafficRouting"].is_null()
        && count("replicas") > count("updatedReplicas")
    {
        "old replicas are pending termination"
    } else if !is_promoted {
        "waiting for all steps to complete"
    } else {
        return ("Healthy", "");
    };
    ("Progressing", waits)
}

fn selector(sight: &Sight<'_>) -> String {
    let labels = sight.spec()["selector"]["matchLabels"].as_object();
    labels.into_iter().flatten().map(|(name, value)| format!("{name}={}", text(value))).collect::<Vec<_>>().join(",")
}

fn find<'a>(status: &'a Value, kind: &str) -> &'a Value {
    let conditions = status["conditions"].as_array();
    conditions.into_iter().flatten().find(|condition| condition["type"] == kind).unwrap_or(&Value::Null)
}

/// A condition; the one before where nothing has changed.
fn condition(before: &Value, kind: &str, (status, reason, message): (&str, &str, &str)) -> Value {
    let before = find(before, kind);
    if before["status"] == status && before["reason"] == reason && before["message"] == message {
        return before.clone();
    }
    let since = if before["status"] == status { text(&before["lastTransitionTime"]).to_owned() } else { now() };
    json!({
        "type": kind, "status": status, "reason": reason, "message": message, "lastUpdateTime": now(), "lastTransitionTime": since,
    })
}
