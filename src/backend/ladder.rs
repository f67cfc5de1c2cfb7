//! The ladder as data: where each action leads from the present weight. Pure; no backend is asked here.
//!
//! One promotion is one step. A step counts as reached when the weight is at it or above it; a weight that a backend only measures
//! may lie a little below, so half a percentage point (never more than half the way from the step before) is forgiven.

use std::time::Duration;

use crate::{
    engine::{action::Action, strategy::Kind},
    humanize,
};

/// How far below a step a weight may lie and still be on it, as a fraction: half a percentage point.
pub const SLACK: f64 = 0.005;

/// What the configuration says about a rollout: the versions by name, the ladder, the limit.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The version we trust.
    pub baseline: String,
    /// The version we judge.
    pub candidate: String,
    /// The candidate's weight at each step, as rising fractions; empty means one step to all traffic.
    pub steps: Vec<f64>,
    /// How the traffic moves.
    pub strategy: Kind,
    /// After how long an action that was not seen to work is called failed.
    pub verify_timeout: Duration,
}

/// Where an action leads.
#[derive(Clone, Debug, PartialEq)]
pub struct Lead {
    /// The version that the action is for.
    pub version: String,
    /// The candidate's weight afterwards, as a fraction; none where no traffic is moved or the next step cannot be known.
    pub weight: Option<f64>,
    /// What it does to the traffic, as a phrase: "v2.5.0 goes from 5 % to 25 %, step 2 of 5".
    pub says: String,
}

impl Plan {
    /// Where `action` leads when the candidate has the weight `present` (none: the backend knows no weights).
    ///
    /// # Errors
    /// Why it leads nowhere; completes the sentence "not possible: …".
    pub fn lead(&self, action: Action, present: Option<f64>) -> Result<Lead, String> {
        match action {
            Action::Promote => self.one_step(present),
            Action::PromoteFull if present.is_some_and(|w| w >= 1.0) => Err(format!("{} has all traffic already", self.candidate)),
            Action::PromoteFull => Ok(self.shift(&self.candidate, present, 1.0)),
            Action::Abort if present.is_some_and(|w| w <= 0.0) => Err(format!("{} has no traffic already", self.candidate)),
            Action::Abort | Action::Rollback => Ok(self.shift(&self.baseline, present, 0.0)),
            Action::Retry if present.is_some_and(|w| w > 0.0) => {
                Err(format!("nothing was aborted: {} has traffic", self.candidate))
            }
            Action::Retry => Ok(self.shift(&self.candidate, present, self.rungs().first().copied().unwrap_or(1.0))),
            Action::Pause => Ok(self.stay("the weights stay until a resume")),
            Action::Resume => Ok(self.stay("the rollout goes on")),
        }
    }

    fn one_step(&self, present: Option<f64>) -> Result<Lead, String> {
        let Some(weight) = present else { return Ok(self.stay(&format!("{} goes one step up", self.candidate))) };
        let rungs = self.rungs();
        let Some(at) = (0..rungs.len()).find(|&i| !self.is_reached(i, weight)) else {
            return Err(format!("{} is at the top of the ladder: {}", self.candidate, humanize::share(weight)));
        };
        let mut lead = self.shift(&self.candidate, present, rungs[at]);
        lead.says = format!("{}, step {} of {}", lead.says, at + 1, rungs.len());
        Ok(lead)
    }

    fn is_reached(&self, index: usize, weight: f64) -> bool {
        let rungs = self.rungs();
        let before = index.checked_sub(1).map_or(0.0, |i| rungs[i]);
        weight >= rungs[index] - SLACK.min((rungs[index] - before) / 2.0)
    }

    fn rungs(&self) -> &[f64] {
        if self.steps.is_empty() { &[1.0] } else { &self.steps }
    }

    fn shift(&self, version: &str, from: Option<f64>, to: f64) -> Lead {
        let to_text = humanize::share(to);
        let says = match from {
            Some(from) if (from - to).abs() < f64::EPSILON => format!("{} stays at {to_text}", self.candidate),
            Some(from) => format!("{} goes from {} to {to_text}", self.candidate, humanize::share(from)),
            None => format!("{} goes to {to_text}", self.candidate),
        };
        Lead { version: version.to_owned(), weight: Some(to), says }
    }

    fn stay(&self, says: &str) -> Lead {
        Lead { version: self.candidate.clone(), weight: None, says: says.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(steps: &[f64]) -> Plan {
        Plan {
            baseline: "v1".into(),
            candidate: "v2".into(),
            steps: steps.to_vec(),
            strategy: Kind::Canary,
            verify_timeout: Duration::from_secs(120),
        }
    }

    #[test]
    fn a_promotion_is_one_step() {
        let plan = plan(&[0.05, 0.25, 0.5, 0.75, 1.0]);
        for (present, want) in [
            (0.0, Some(0.05)),
            (0.04, Some(0.05)),
            (0.049, Some(0.25)),
            (0.05, Some(0.25)),
            (0.3, Some(0.5)),
            (0.75, Some(1.0)),
            (1.0, None),
        ] {
            let weight = plan.lead(Action::Promote, Some(present)).ok().and_then(|lead| lead.weight);
            assert_eq!(weight, want, "from {present}");
        }
        let lead = plan.lead(Action::Promote, Some(0.05)).expect("a step");
        assert_eq!(lead.says, "v2 goes from 5 % to 25 %, step 2 of 5");
    }

    #[test]
    fn forgiveness_never_skips_a_step() {
        let plan = plan(&[0.001, 0.004, 0.995, 1.0]);
        let mut weight = 0.0;
        let mut seen = Vec::new();
        while let Ok(lead) = plan.lead(Action::Promote, Some(weight)) {
            weight = lead.weight.expect("known");
            seen.push(weight);
        }
        assert_eq!(seen, plan.steps);
    }

    #[test]
    fn without_a_ladder_there_is_one_step() {
        let plan = plan(&[]);
        assert_eq!(plan.lead(Action::Promote, Some(0.3)).expect("a step").weight, Some(1.0));
        assert_eq!(plan.lead(Action::Promote, Some(1.0)), Err("v2 is at the top of the ladder: 100 %".into()));
        assert_eq!(plan.lead(Action::Retry, Some(0.0)).expect("a step").weight, Some(1.0));
    }

    #[test]
    fn a_way_back_is_always_there() {
        let plan = plan(&[0.5, 1.0]);
        for present in [None, Some(0.0), Some(0.5), Some(1.0)] {
            let lead = plan.lead(Action::Rollback, present).expect("always");
            assert_eq!((lead.version.as_str(), lead.weight), ("v1", Some(0.0)));
        }
        assert_eq!(plan.lead(Action::Abort, Some(0.0)), Err("v2 has no traffic already".into()));
    }

    #[test]
    fn a_backend_without_weights_leads_without_one() {
        let lead = plan(&[0.5, 1.0]).lead(Action::Promote, None).expect("unknown step");
        assert_eq!(lead.weight, None);
    }
}
