//! A Canary's spec and status, as far as they are looked at.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::backend::k8s::gates::Gate;

/// What all of the traffic is called.
const ALL: f64 = 100.0;
/// The provider that routes nothing: its canaries are tested beside the primary.
pub(super) const KUBERNETES: &str = "kubernetes";
/// How often Flagger looks where a Canary does not say it, and at most.
const INTERVAL: Duration = Duration::from_secs(60);
const SHORTEST: Duration = Duration::from_secs(10);

/// What is asked for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Spec {
    pub(super) target_ref: Reference,
    pub(super) suspend: bool,
    pub(super) skip_analysis: bool,
    /// What routes the traffic; empty where Flagger's own setting says it.
    pub(super) provider: String,
    analysis: Option<Analysis>,
    /// Its older name.
    canary_analysis: Option<Analysis>,
}

/// Another object.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Reference {
    pub(super) kind: String,
    pub(super) name: String,
}

/// How the candidate is judged.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Analysis {
    interval: String,
    pub(super) iterations: i64,
    max_weight: u32,
    step_weight: u32,
    step_weights: Vec<u32>,
    #[serde(rename = "match")]
    matches: Vec<Value>,
    webhooks: Vec<Webhook>,
}

/// Something that Flagger asks.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Webhook {
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) url: String,
}

/// How the candidate gets traffic while it is analysed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sharing {
    /// Rising shares.
    Weights,
    /// None: it is tested beside the primary.
    Beside,
    /// The requests that match some headers: nobody says how many.
    Matches,
}

/// What there is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Status {
    pub(super) phase: String,
    pub(super) canary_weight: u32,
    /// One less than none while it waits with a promotion by weights.
    pub(super) iterations: i64,
    pub(super) last_transition_time: String,
    pub(super) conditions: Vec<Said>,
}

/// One of its conditions.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Said {
    pub(super) message: String,
}

impl Spec {
    /// How it is judged; nothing where it is not.
    pub(super) fn analysis(&self) -> Option<&Analysis> {
        self.analysis.as_ref().or(self.canary_analysis.as_ref())
    }

    pub(super) fn skips(&self) -> bool {
        self.skip_analysis || self.analysis().is_none()
    }

    pub(super) fn sharing(&self) -> Sharing {
        match self.analysis() {
            Some(_) if self.provider == KUBERNETES => Sharing::Beside,
            Some(analysis) if analysis.iterations == 0 => Sharing::Weights,
            Some(analysis) if analysis.matches.is_empty() => Sharing::Beside,
            Some(_) => Sharing::Matches,
            None => Sharing::Weights,
        }
    }

    /// How often Flagger looks at it.
    pub(super) fn interval(&self) -> Duration {
        let said: Option<jiff::SignedDuration> = self.analysis().and_then(|analysis| analysis.interval.parse().ok());
        said.and_then(|said| Duration::try_from(said).ok()).unwrap_or(INTERVAL).max(SHORTEST)
    }

    /// The webhook of a kind that asks at a gate.
    pub(super) fn gate(&self, kind: &str, gate: Gate) -> Option<&Webhook> {
        self.analysis()?.webhooks.iter().find(|hook| hook.kind == kind && gate.is_asked_by(&hook.url))
    }

    /// Any webhook of a kind, wherever it asks.
    pub(super) fn asks(&self, kind: &str) -> Option<&Webhook> {
        self.analysis()?.webhooks.iter().find(|hook| hook.kind == kind)
    }
}

impl Analysis {
    /// The candidate's share at each step, rising; the last is where it is promoted from.
    pub(super) fn ladder(&self) -> Vec<f64> {
        let most = self.step_weights.last().copied().or(Some(self.max_weight)).filter(|most| *most > 0).unwrap_or(100).min(100);
        let climb = |share: &u32| (*share < most).then(|| share.saturating_add(self.step_weight).min(100));
        let steps = match self.step_weight {
            0 => self.step_weights.clone(),
            _ => std::iter::successors(climb(&0), climb).collect(),
        };
        steps.into_iter().map(|step| (f64::from(step) / ALL).min(1.0)).collect()
    }
}

impl Status {
    /// What Flagger says about its last analysis.
    pub(super) fn message(&self) -> &str {
        self.conditions.first().map_or("", |said| said.message.as_str())
    }

    /// As a fraction; what the traffic is told, not what it is.
    pub(super) fn weight(&self) -> f64 {
        (f64::from(self.canary_weight) / ALL).min(1.0)
    }

    /// The candidate's template is being copied to the primary, or has been.
    pub(super) fn is_promoting(&self) -> bool {
        ["Promoting", "Finalising"].contains(&self.phase.as_str())
    }

    /// The candidate runs beside the primary and is judged.
    pub(super) fn is_analysing(&self) -> bool {
        ["Progressing", "WaitingPromotion"].contains(&self.phase.as_str())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn spec(analysis: &Value) -> Spec {
        serde_json::from_value(json!({ "analysis": analysis })).expect("a spec")
    }

    #[test]
    fn the_ladder_is_climbed_as_flagger_does() {
        let ladder = |analysis: Value| spec(&analysis).analysis().expect("one").ladder();
        assert_eq!(ladder(json!({ "stepWeight": 20, "maxWeight": 50 })), [0.2, 0.4, 0.6]);
        assert_eq!(ladder(json!({ "stepWeight": 60 })), [0.6, 1.0]);
        assert_eq!(ladder(json!({ "stepWeights": [1, 10, 50] })), [0.01, 0.1, 0.5]);
        assert_eq!(
            ladder(json!({ "stepWeight": 20, "stepWeights": [10, 50] })),
            [0.2, 0.4, 0.6],
            "the step counts, up to the last"
        );
        assert!(ladder(json!({ "iterations": 5 })).is_empty());
    }

    #[test]
    fn how_traffic_is_shared_is_told_by_what_there_is() {
        assert_eq!(spec(&json!({ "stepWeight": 5 })).sharing(), Sharing::Weights);
        assert_eq!(spec(&json!({ "iterations": 5 })).sharing(), Sharing::Beside);
        assert_eq!(spec(&json!({ "iterations": 5, "match": [{}] })).sharing(), Sharing::Matches);
        let unrouted = json!({ "provider": "kubernetes", "analysis": { "stepWeight": 5 } });
        assert_eq!(serde_json::from_value::<Spec>(unrouted).expect("a spec").sharing(), Sharing::Beside);
    }

    #[test]
    fn an_interval_is_never_shorter_than_flagger_allows() {
        let seconds = |interval: &str| spec(&json!({ "interval": interval })).interval().as_secs();
        assert_eq!([seconds("1m30s"), seconds("2s"), seconds("")], [90, 10, 60]);
    }
}
