//! The steps that were left: what was seen in each, kept as it was then.

use super::Watch;
use crate::engine::{
    compare::Metric,
    policy::BaselineMode,
    role::{Role, Sides},
    snapshot::{StepRow, StepState},
    strategy::Stage,
    time::Time,
};
use crate::humanize;

/// Left steps that are kept; a ladder has fewer.
const MOST: usize = 64;

/// Which step: what it is for, and its number on the ladder.
pub(super) type Rung = (Stage, u32);

/// A step that was left.
#[derive(Clone, Debug)]
pub(super) struct Climbed {
    pub(super) rung: Rung,
    pub(super) row: StepRow,
    /// The candidate's requests since warm-up.
    pub(super) requests: f64,
}

impl Watch {
    /// The present step. The smoke checks come before the first one.
    pub(super) fn rung(&self) -> Rung {
        let stage = if self.step.started.is_some() { self.step.stage } else { self.stage_now() };
        (stage, if stage == Stage::Smoke { 0 } else { self.step.index })
    }

    /// The step is over because the traffic went on. `how`: "promoted by ana".
    pub(super) fn leave_step(&mut self, how: &str, is_promoted: bool) {
        if self.step.started.is_none() {
            return;
        }
        let left = format!("{how} at {}", humanize::clock(self.now));
        let (state, outcome) = match self.step.convicted_at {
            Some(at) => (StepState::Failed, format!("called bad at {}, {left}", humanize::clock(at))),
            None if is_promoted => (StepState::Passed, left),
            None => (StepState::Left, left),
        };
        let row = self.step_row(state, Some(self.now), outcome);
        if self.climbed.len() == MOST {
            self.climbed.pop_front();
        }
        self.climbed.push_back(Climbed { rung: self.rung(), row, requests: self.step_requests() });
    }

    /// The candidate's requests in this step, since warm-up.
    pub(super) const fn step_requests(&self) -> f64 {
        self.step.since.candidate.requests
    }

    /// The present step as a row.
    pub(super) fn step_row(&self, state: StepState, ended: Option<Time>, outcome: String) -> StepRow {
        let since = &self.step.since;
        let worded = |role: Role, metric: Metric| self.figure(role, metric);
        let both = since.baseline.requests + since.candidate.requests;
        let is_shared = self.step.stage == Stage::Step && self.against() == BaselineMode::Concurrent;
        let share = (is_shared && both > 0.0).then(|| humanize::share_seen(since.candidate.requests / both));
        StepRow {
            number: self.rung().1,
            weight: self.step.weight,
            seen: share.unwrap_or_default(),
            state,
            began: self.step.started,
            ended,
            watched: self.clock.watched,
            blind: self.clock.blind,
            length: std::time::Duration::from_secs_f64(self.window_s()),
            parts: self.clock.parts.clone(),
            requests: humanize::count(self.step_requests()),
            evidence: self.meter_now(),
            errors: Sides::build(|role| worded(role, Metric::Errors)),
            p99: Sides::build(|role| worded(role, Metric::Latency)),
            outcome,
        }
    }
}
