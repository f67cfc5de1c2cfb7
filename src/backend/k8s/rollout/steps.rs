//! The steps of a canary: what share of the traffic each leads to, and where the rollout stands still.

use serde::Deserialize;
use serde_json::Value;

use super::status::Canary;
use crate::text;

/// What all of the traffic is called where nobody says.
const ALL: u32 = 100;

/// One step: one of its fields is there.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Step {
    set_weight: Option<u32>,
    pub(super) pause: Option<Pause>,
    analysis: Option<Value>,
    experiment: Option<Value>,
    plugin: Option<Value>,
}

/// A pause, for as long as it says, or until somebody ends it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Pause {
    duration: Option<Value>,
}

impl Step {
    /// The rollout stands still here until something is over that is not a matter of pods.
    const fn is_stop(&self) -> bool {
        self.pause.is_some() || self.analysis.is_some() || self.experiment.is_some() || self.plugin.is_some()
    }

    /// "a pause", "an analysis".
    pub(super) fn words(&self) -> &'static str {
        match self {
            Self { pause: Some(_), .. } => "a pause",
            Self { analysis: Some(_), .. } => "an analysis",
            Self { experiment: Some(_), .. } => "an experiment",
            Self { plugin: Some(_), .. } => "a plugin",
            Self { set_weight: Some(_), .. } => "a new weight",
            _ => "a preparation",
        }
    }
}

impl Pause {
    /// How long it is, as it is written there; none when somebody has to end it.
    pub(super) fn length(&self) -> Option<String> {
        match self.duration.as_ref()? {
            Value::Number(seconds) => Some(format!("{seconds} s")),
            Value::String(said) if said.chars().all(|c| c.is_ascii_digit()) => Some(format!("{said} s")),
            Value::String(said) => Some(text::cleaned(said)),
            _ => None,
        }
    }
}

impl Canary {
    /// A weight as a fraction of all traffic.
    pub(super) fn fraction(&self, weight: u32) -> f64 {
        let all = self.traffic_routing.as_ref().and_then(|routing| routing.max_traffic_weight).unwrap_or(ALL);
        (f64::from(weight) / f64::from(all.max(1))).min(1.0)
    }

    /// The candidate's share at each step that rises: what the rollout is judged at.
    pub(super) fn ladder(&self) -> Vec<f64> {
        let mut ladder = Vec::new();
        for share in self.steps.iter().filter_map(|step| Some(self.fraction(step.set_weight?))) {
            if share < 1.0 && share > ladder.last().copied().unwrap_or(0.0) {
                ladder.push(share);
            }
        }
        ladder
    }

    /// The share at the step with this index; behind the last it is everything.
    pub(super) fn share_at(&self, index: usize) -> f64 {
        if index >= self.steps.len() {
            return 1.0;
        }
        let until = self.steps.iter().take(index + 1);
        until.rev().find_map(|step| step.set_weight).map_or(0.0, |weight| self.fraction(weight))
    }

    /// Where a rollout that goes on at `index` stands still next; behind the last step where nothing holds it.
    pub(super) fn stop_from(&self, index: usize) -> usize {
        let ahead = self.steps.iter().skip(index).position(Step::is_stop);
        ahead.map_or(self.steps.len(), |more| index + more)
    }

    /// "step 2 of 5", or "the end of its 5 steps".
    pub(super) fn place(&self, index: usize) -> String {
        let all = self.steps.len();
        if index < all { format!("step {} of {all}", index + 1) } else { format!("the end of its {all} steps") }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn canary(steps: &Value) -> Canary {
        serde_json::from_value(json!({ "steps": steps })).expect("a strategy")
    }

    #[test]
    fn the_ladder_is_what_rises_and_shares_hold_until_the_next() {
        let canary = canary(&json!([
            { "setWeight": 0 }, { "analysis": {} }, { "setWeight": 20 }, { "pause": {} },
            { "setWeight": 10 }, { "setWeight": 50 }, { "pause": { "duration": "10m" } }, { "setWeight": 100 },
        ]));
        assert_eq!(canary.ladder(), [0.2, 0.5]);
        let shares: Vec<f64> = (0..9).map(|index| canary.share_at(index)).collect();
        assert_eq!(shares, [0.0, 0.0, 0.2, 0.2, 0.1, 0.5, 0.5, 1.0, 1.0]);
        let stops: Vec<usize> = (0..9).map(|index| canary.stop_from(index)).collect();
        assert_eq!(stops, [1, 1, 3, 3, 6, 6, 6, 8, 8]);
        assert_eq!((canary.place(3).as_str(), canary.place(8).as_str()), ("step 4 of 8", "the end of its 8 steps"));
    }

    #[test]
    fn a_router_may_count_to_another_number() {
        let canary: Canary =
            serde_json::from_value(json!({ "steps": [{ "setWeight": 5 }], "trafficRouting": { "maxTrafficWeight": 1000 } }))
                .expect("a strategy");
        assert_eq!(canary.ladder(), [0.005]);
    }

    #[test]
    fn a_pause_is_as_long_as_it_is_written() {
        let length = |pause: Value| serde_json::from_value::<Pause>(pause).expect("a pause").length();
        assert_eq!(length(json!({})), None);
        assert_eq!(length(json!({ "duration": 30 })), Some("30 s".to_owned()));
        assert_eq!(length(json!({ "duration": "30" })), Some("30 s".to_owned()));
        assert_eq!(length(json!({ "duration": "1h30m" })), Some("1h30m".to_owned()));
    }
}
