//! A Rollout's spec and status, as far as they are looked at.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::steps::Step;
use crate::backend::k8s::{
    deployment::{one, ten_minutes},
    selector::Selector,
};

/// What is asked for.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Spec {
    #[serde(default = "one")]
    pub(super) replicas: u32,
    #[serde(default)]
    pub(super) paused: bool,
    #[serde(default = "ten_minutes")]
    pub(super) progress_deadline_seconds: u64,
    #[serde(default)]
    pub(super) selector: Selector,
    #[serde(default)]
    pub(super) template: Value,
    #[serde(default)]
    pub(super) workload_ref: Option<Reference>,
    #[serde(default)]
    pub(super) strategy: Strategy,
    #[serde(default)]
    pub(super) rollback_window: Option<Window>,
}

/// How far back a version may be to be rolled out again without steps.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Window {
    pub(super) revisions: usize,
}

/// Another object that the template is taken from.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Reference {
    pub(super) kind: String,
    pub(super) name: String,
}

/// One of the two, as its controller demands.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Strategy {
    pub(super) canary: Option<Canary>,
    pub(super) blue_green: Option<BlueGreen>,
}

/// Rising shares of traffic.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Canary {
    pub(super) steps: Vec<Step>,
    pub(super) traffic_routing: Option<Routing>,
    /// The stable version has only the pods that its share of the traffic needs.
    dynamic_stable_scale: bool,
    abort_scale_down_delay_seconds: Option<u64>,
}

/// Where a router shares the traffic out, and not the number of pods.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Routing {
    /// What all of the traffic is called; 100 where it is not said.
    pub(super) max_traffic_weight: Option<u32>,
}

/// Two whole sets and a switch.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct BlueGreen {
    pub(super) auto_promotion_enabled: Option<bool>,
    pub(super) auto_promotion_seconds: u64,
    abort_scale_down_delay_seconds: Option<u64>,
}

/// What becomes of the candidate's pods after an abort.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leftover {
    /// They are replaced: traffic is a matter of pods.
    Replaced,
    /// They are taken away as fast as those of the stable version come back, and so is the traffic.
    Exchanged,
    /// They are taken away so long after the stable version has all of its pods.
    TakenAfter(Duration),
    /// They stay.
    Kept,
}

impl Strategy {
    pub(super) fn leftover(&self) -> Leftover {
        const USUAL: u64 = 30;
        let (delay, is_dynamic) = match (&self.blue_green, &self.canary) {
            (Some(blue_green), _) => (blue_green.abort_scale_down_delay_seconds, false),
            (None, Some(canary)) if canary.traffic_routing.is_some() => {
                (canary.abort_scale_down_delay_seconds, canary.dynamic_stable_scale)
            }
            _ => return Leftover::Replaced,
        };
        match delay {
            None if is_dynamic => Leftover::Exchanged,
            Some(0) => Leftover::Kept,
            delay => Leftover::TakenAfter(Duration::from_secs(delay.unwrap_or(USUAL))),
        }
    }
}

/// What there is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Status {
    /// A number in a text; of versions before 0.10 a hash.
    pub(super) observed_generation: String,
    /// The template that is rolled out, by its hash.
    pub(super) current_pod_hash: String,
    /// The template that was rolled out to its end last.
    #[serde(rename = "stableRS")]
    pub(super) stable: String,
    pub(super) current_step_index: Option<usize>,
    pub(super) pause_conditions: Vec<Pause>,
    /// Its controller has paused it. Without a condition beside it, somebody has taken the pause off since.
    pub(super) controller_pause: bool,
    pub(super) abort: bool,
    /// When its controller took the abort in.
    pub(super) aborted_at: Option<String>,
    pub(super) promote_full: bool,
    pub(super) phase: String,
    pub(super) conditions: Vec<Said>,
    pub(super) canary: CanaryStatus,
    pub(super) blue_green: BlueGreenStatus,
}

/// Why its controller has paused it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Pause {
    pub(super) reason: String,
}

/// One of its conditions.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Said {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) status: String,
    pub(super) reason: String,
    pub(super) message: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct CanaryStatus {
    /// What a router was told last; none where there is none.
    pub(super) weights: Option<Weights>,
    pub(super) current_step_analysis_run_status: Option<Run>,
    pub(super) current_background_analysis_run_status: Option<Run>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct BlueGreenStatus {
    pub(super) active_selector: String,
    pub(super) pre_promotion_analysis_run_status: Option<Run>,
    pub(super) post_promotion_analysis_run_status: Option<Run>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Weights {
    pub(super) canary: Weight,
    pub(super) stable: Weight,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Weight {
    pub(super) weight: u32,
    pub(super) pod_template_hash: String,
}

/// An analysis, as the Rollout sums it up.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Run {
    pub(super) name: String,
    pub(super) status: String,
    pub(super) message: String,
}

impl Status {
    /// Its controller has seen this generation. What is no number is of a version that did not count yet.
    pub(super) fn has_seen(&self, generation: i64) -> bool {
        self.observed_generation.parse().map_or(true, |seen: i64| seen >= generation)
    }

    /// The template that is rolled out has all of the traffic, for good.
    pub(super) fn is_promoted(&self) -> bool {
        !self.stable.is_empty() && self.stable == self.current_pod_hash
    }

    /// Somebody took the controller's pause off, and the controller has not gone on yet.
    pub(super) const fn is_unpausing(&self) -> bool {
        self.controller_pause && self.pause_conditions.is_empty()
    }

    pub(super) fn has_pause(&self, reasons: &[&str]) -> bool {
        self.pause_conditions.iter().any(|pause| reasons.contains(&pause.reason.as_str()))
    }

    pub(super) fn condition(&self, kind: &str) -> Option<&Said> {
        self.conditions.iter().find(|said| said.kind == kind)
    }

    /// Its analyses, in the order in which they are run.
    pub(super) fn runs(&self) -> impl Iterator<Item = &Run> {
        let (canary, blue_green) = (&self.canary, &self.blue_green);
        [
            &canary.current_step_analysis_run_status,
            &canary.current_background_analysis_run_status,
            &blue_green.pre_promotion_analysis_run_status,
            &blue_green.post_promotion_analysis_run_status,
        ]
        .into_iter()
        .flatten()
    }

    /// The analysis of the present step could not tell.
    pub(super) fn is_step_inconclusive(&self) -> bool {
        self.canary.current_step_analysis_run_status.as_ref().is_some_and(|run| run.status == "Inconclusive")
    }
}
