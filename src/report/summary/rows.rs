//! The parts of a summary: steps, checks and actions, and lists that are bounded.

use std::time::Duration;

use crate::engine::{
    action::{Action, Actor, Target},
    compare::counts::Tally,
    event::{CheckChange, Reason},
    policy::BaselineMode,
    recent::Sum,
    role::{Role, Sides},
    strategy::Stage,
    time::Time,
    verdict::{CheckVerdict, Verdict},
};

/// Changes of checks that are kept of one step.
const MAX_CHANGES: usize = 40;

/// The first so many, and how many more there were.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept<T> {
    /// Those that are kept.
    pub rows: Vec<T>,
    /// How many are not.
    pub more: usize,
    limit: usize,
}

impl<T> Kept<T> {
    pub(super) const fn of(limit: usize) -> Self {
        Self { rows: Vec::new(), more: 0, limit }
    }

    pub(super) fn push(&mut self, row: T) {
        if self.rows.len() < self.limit {
            self.rows.push(row);
        } else {
            self.more += 1;
        }
    }
}

/// One step of the ladder: what it saw.
#[derive(Clone, Debug)]
pub struct Step {
    /// Which, from 1.
    pub index: u32,
    /// Of how many.
    pub of: u32,
    /// The candidate's share of traffic, a fraction; null without a backend that has weights.
    pub weight: Option<f64>,
    /// What it is for.
    pub stage: Stage,
    /// Its first poll.
    pub began: Time,
    /// Time in which both versions were seen.
    pub watched: Duration,
    /// Time in which at least one was not.
    pub blind: Duration,
    /// Everything that was counted in it, warm-up included.
    pub counted: Sides<Sum>,
    /// Each change of a check, and when.
    pub changes: Kept<(Time, CheckChange)>,
    /// Its newest verdict; null when it was left before there was one.
    pub verdict: Option<Verdict>,
}

/// A check's newest verdict.
#[derive(Clone, Debug)]
pub struct Judged {
    /// When it was said.
    pub at: Time,
    /// With evidence and explanation of that moment.
    pub change: CheckChange,
    /// Whether it can fail the watch.
    pub gates: bool,
}

/// One action, from the request to its end.
#[derive(Clone, Debug)]
pub struct Deed {
    /// Names the decision.
    pub id: String,
    /// What.
    pub action: Action,
    /// Where to.
    pub target: Target,
    /// Who asked.
    pub actor: Actor,
    /// Why.
    pub reason: Option<String>,
    /// When it was asked for.
    pub requested: Time,
    /// When the backend took it.
    pub sent: Option<Time>,
    /// What became of it, and when; null when nothing is recorded.
    pub end: Option<(Time, End)>,
}

/// What became of an action.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// Seen to work, so many seconds after it was sent.
    Seen(f64),
    /// Not done, and why.
    Failed(String),
    /// Sent but not seen to work, and what was seen instead.
    Unseen(String),
}

/// One poll, its instances added up.
#[derive(Clone, Debug)]
pub(super) struct Polled {
    pub(super) at: Time,
    pub(super) since_last: Duration,
    pub(super) weight: Option<f64>,
    pub(super) tallies: Sides<Tally>,
}

impl Step {
    pub(super) fn new(index: u32, of: u32, weight: Option<f64>, stage: Stage, began: Time) -> Self {
        Self {
            index,
            of,
            weight,
            stage,
            began,
            watched: Duration::ZERO,
            blind: Duration::ZERO,
            counted: Sides::default(),
            changes: Kept::of(MAX_CHANGES),
            verdict: None,
        }
    }

    /// As the watch counts its window: what lies between two polls that are too far apart was not seen.
    pub(super) fn add(&mut self, polled: &Polled, baseline: BaselineMode, poll_s: f64) {
        // Once it has all traffic there is nothing beside it.
        let against = if self.stage == Stage::Bake { BaselineMode::Static } else { baseline };
        let sees = against.compared().iter().all(|role| polled.tallies.of(*role).answered);
        let poll = Duration::try_from_secs_f64(poll_s).unwrap_or(Duration::MAX);
        let seen = if polled.since_last > poll.saturating_mul(3) / 2 { poll } else { polled.since_last };
        *(if sees { &mut self.watched } else { &mut self.blind }) += seen;
        self.blind += polled.since_last.saturating_sub(seen);
        for role in Role::BOTH {
            self.counted.of_mut(role).add(polled.tallies.of(role));
        }
    }
}

impl Judged {
    /// What is behind the verdict, as it was worded then. It is worded on a change only: a check that passes has seen more since, and what
    /// it lacked then says nothing of the end.
    #[must_use]
    pub fn explanation(&self) -> &[Reason] {
        if self.change.verdict == CheckVerdict::Pass { &[] } else { &self.change.explanation }
    }
}
