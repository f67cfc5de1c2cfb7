//! The status of a Canary, written as Flagger does: all of it when an analysis begins or fails, else the phase, the weight or a count.

use serde_json::{Value, json};

use crate::bed::{
    object::{now, number, text},
    record::complain,
    rest::Rest,
};

/// Sets the phase and begins all counts again; `applied` is the hash of the target's template.
pub(crate) async fn sync(rest: &Rest, canary: &Value, phase: &str, applied: &str) {
    let mut status = json!({ "phase": phase, "canaryWeight": 0, "failedChecks": 0, "iterations": 0, "lastAppliedSpec": applied });
    if phase == "Initialized" {
        status["lastPromotedSpec"] = json!(applied);
    }
    conditions(canary, phase, &mut status);
    write(rest, canary, status).await;
}

/// Sets the phase. A phase after the promotion has no weight; also while a promotion waits for a gate, although traffic stays where it is.
pub(crate) async fn phase(rest: &Rest, canary: &Value, phase: &str) {
    let mut status = json!({ "phase": phase });
    if !["Progressing", "Waiting", "Promoting"].contains(&phase) {
        status["canaryWeight"] = json!(0);
        let iterations = number(&canary["spec"]["analysis"]["iterations"]);
        status["iterations"] = json!(if phase == "WaitingPromotion" { iterations - 1 } else { 0 });
    }
    if phase == "Succeeded" {
        status["lastPromotedSpec"] = canary["status"]["lastAppliedSpec"].clone();
    }
    conditions(canary, phase, &mut status);
    write(rest, canary, status).await;
}

/// Sets one number: `canaryWeight`, `failedChecks`, `iterations`.
pub(crate) async fn count(rest: &Rest, canary: &Value, field: &str, value: i64) {
    write(rest, canary, json!({ field: value })).await;
}

/// Notes the hash of the target's template.
pub(crate) async fn note_applied(rest: &Rest, canary: &Value, applied: &str) {
    write(rest, canary, json!({ "lastAppliedSpec": applied })).await;
}

async fn write(rest: &Rest, canary: &Value, mut status: Value) {
    status["lastTransitionTime"] = json!(now());
    let metadata = &canary["metadata"];
    let (namespace, name) = (text(&metadata["namespace"]), text(&metadata["name"]));
    let path = format!("/apis/flagger.app/v1beta1/namespaces/{namespace}/canaries/{name}/status");
    complain("flagger: writing", &path, &rest.merge(&path, &json!({ "status": status })).await);
}

fn conditions(canary: &Value, phase: &str, status: &mut Value) {
    let kind = text(&canary["spec"]["targetRef"]["kind"]);
    let (is_promoted, message) = match phase {
        "Initialized" => ("True", format!("{kind} initialization completed.")),
        "Waiting" | "WaitingPromotion" => ("Unknown", "Waiting for approval.".to_owned()),
        "Progressing" => ("Unknown", "New revision detected, progressing canary analysis.".to_owned()),
        "Promoting" => ("Unknown", "Canary analysis completed, starting primary rolling update.".to_owned()),
        "Finalising" => ("Unknown", "Canary analysis completed, routing all traffic to primary.".to_owned()),
        "Succeeded" => ("True", "Canary analysis completed successfully, promotion finished.".to_owned()),
        "Failed" => ("False", format!("Canary analysis failed, {kind} scaled to zero.")),
        _ => ("Unknown", format!("New {kind} detected, starting initialization.")),
    };
    let before = &canary["status"]["conditions"][0];
    if before["status"] == is_promoted && before["reason"] == phase {
        return;
    }
    let since = if before["status"] == is_promoted { text(&before["lastTransitionTime"]).to_owned() } else { now() };
    status["conditions"] = json!([{
        "type": "Promoted", "status": is_promoted, "reason": phase, "message": message, "lastUpdateTime": now(), "lastTransitionTime": since,
    }]);
}
