//! Analysis runs of a Rollout's steps. They measure nothing: the Rollout's annotation `lab/analysis` says how they end, a second after
//! they begin.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    canary_steps,
    replica_sets::{HASH_LABEL, REVISION},
    rollout::Sight,
};
use crate::bed::{
    object::{age, annotation, now, text},
    record::complain,
    rest::Rest,
};

/// The reason of a pause after a run that could not tell.
pub(crate) const INCONCLUSIVE: &str = "InconclusiveAnalysisRun";

/// The run of the current step.
#[derive(Debug)]
pub(crate) struct Run {
    name: String,
    pub(crate) phase: String,
    message: String,
}

impl Run {
    /// Why the Rollout is aborted by it.
    pub(crate) fn failure(&self) -> Option<String> {
        ["Failed", "Error"].contains(&self.phase.as_str()).then(|| self.message.clone())
    }

    /// As the status of the Rollout has it.
    pub(crate) fn summary(&self) -> Value {
        let mut summary = json!({ "name": self.name, "status": self.phase });
        if !self.message.is_empty() {
            summary["message"] = json!(self.message);
        }
        summary
    }
}

/// Begins and ends the run of the current step, if that is an analysis.
pub(crate) async fn tend(rest: &Rest, sight: &Sight<'_>) -> Option<Run> {
    let status = sight.status();
    let index = canary_steps::index(status);
    let step = canary_steps::steps(sight).into_iter().nth(index).filter(|step| step.get("analysis").is_some())?;
    let is_first = sight.stable().is_none();
    if is_first || status["abort"] == true || status["promoteFull"] == true || status["stableRS"] == sight.hash {
        return None;
    }
    let path = format!("/apis/argoproj.io/v1alpha1/namespaces/{}/analysisruns", text(&sight.rollout["metadata"]["namespace"]));
    let base = format!("{}-{}-{index}", sight.newest()?.name, sight.newest()?.revision);
    let is_own = |run: &Value| text(&run["metadata"]["name"]).starts_with(&base);
    let mut runs: Vec<Value> = rest.list(&path).await.into_iter().filter(is_own).collect();
    runs.sort_by_key(|run| (text(&run["metadata"]["name"]).len(), text(&run["metadata"]["name"]).to_owned()));
    let phase = runs.last().map_or("", |run| text(&run["status"]["phase"]));
    // After a run that could not tell, somebody wants another; after one that failed, it is tried again.
    if runs.is_empty() || (phase == "Inconclusive" && sight.is_unpaused()) || ["Failed", "Error"].contains(&phase) {
        let name = if runs.is_empty() { base } else { format!("{base}.{}", runs.len()) };
        let run = manifest(sight, &name, &step, index);
        complain("rollouts: analysing", &path, &rest.create(&path, &run).await);
        return Some(Run { name, phase: "Running".into(), message: String::new() });
    }
    let mut run = runs.pop()?;
    if phase_of(&run) == "Running"
        && age(&run["status"]["startedAt"]) >= Duration::from_secs(1)
        && let Some((phase, message)) = outcome(sight, &step)
    {
        run["status"] =
            json!({ "phase": phase, "message": message, "startedAt": run["status"]["startedAt"], "completedAt": now() });
        let path = format!("{path}/{}", text(&run["metadata"]["name"]));
        complain("rollouts: analysing", &path, &rest.merge(&path, &json!({ "status": run["status"] })).await);
    }
    let (name, message) = (text(&run["metadata"]["name"]).to_owned(), text(&run["status"]["message"]).to_owned());
    Some(Run { name, phase: phase_of(&run).to_owned(), message })
}

fn phase_of(run: &Value) -> &str {
    text(&run["status"]["phase"])
}

fn outcome(sight: &Sight<'_>, step: &Value) -> Option<(&'static str, String)> {
    let metric = metric(step);
    match annotation(sight.rollout, "analysis") {
        None | Some("successful") => Some(("Successful", String::new())),
        Some("inconclusive") => Some((
            "Inconclusive",
            format!("Metric \"{metric}\" assessed Inconclusive due to inconclusive (1) > inconclusiveLimit (0)"),
        )),
        Some("failed") => Some(("Failed", format!("Metric \"{metric}\" assessed Failed due to failed (1) > failureLimit (0)"))),
        Some("error") => {
            Some(("Error", format!("Metric \"{metric}\" assessed Error due to consecutiveErrors (5) > consecutiveErrorLimit (4)")))
        }
        Some("running") => None,
        Some(other) => panic!("lab/analysis is {other}"),
    }
}

fn metric(step: &Value) -> &str {
    step["analysis"]["templates"][0]["templateName"].as_str().unwrap_or("success-rate")
}

fn manifest(sight: &Sight<'_>, name: &str, step: &Value, index: usize) -> Value {
    let rollout = &sight.rollout["metadata"];
    let owner = json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": rollout["name"], "uid": rollout["uid"], "controller": true,
        "blockOwnerDeletion": true,
    });
    let labels = json!({ HASH_LABEL: sight.hash, "rollout-type": "Step", "step-index": index.to_string() });
    let revision = json!({ REVISION: sight.newest().map_or(0, |set| set.revision).to_string() });
    json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "AnalysisRun",
        "metadata": { "name": name, "labels": labels, "annotations": revision, "ownerReferences": [owner] },
        "spec": { "metrics": [{ "name": metric(step), "provider": { "prometheus": { "query": "none" } } }] },
        "status": { "phase": "Running", "startedAt": now() },
    })
}
