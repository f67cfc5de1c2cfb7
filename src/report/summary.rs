//! What a report says, gathered from the events of one watch: who was compared, what was judged, what each step saw, what was done.
//!
//! Made of the lines of a journal or of the same lines as they are emitted, one by one; so a report written at the end of a run and one
//! made of its journal later are the same text. Pure, and bounded whatever the journal holds.

mod rows;

use std::{collections::BTreeMap, time::Duration};

use rows::Polled;
pub use rows::{Deed, End, Judged, Kept, Step};

use super::chart::Chart;
use crate::engine::{
    compare::counts::Tally,
    event::{CheckChange, Ended, Event, Line, Poll, Started, VerdictChange},
    policy::{BaselineMode, Policy},
    recent::Sum,
    role::Sides,
    sample::Sample,
    strategy::Stage,
    time::Time,
    verdict::{CheckVerdict, Verdict},
};

/// Steps, actions and notes that are kept of a watch; later ones are counted.
const MAX_ROWS: usize = 100;
/// Checks that are kept; the product has five and those of a configuration.
const MAX_CHECKS: usize = 50;
/// Reasons that are shown.
const STRONGEST: usize = 3;

/// The gathered watch.
#[derive(Clone, Debug)]
pub struct Summary {
    /// When it began.
    pub began: Time,
    /// What it was about.
    pub started: Started,
    /// The recorded policy; null when this version cannot read it.
    pub policy: Option<Policy>,
    /// Every step in the order they were begun.
    pub steps: Kept<Step>,
    /// Error rate and p99 over time.
    pub chart: Chart,
    /// Each check as it was last said to be.
    pub checks: Kept<Judged>,
    /// The newest verdict, and when.
    pub verdict: Option<(Time, VerdictChange)>,
    /// What was asked of the backend.
    pub deeds: Kept<Deed>,
    /// What a person should read, and when it was said.
    pub notes: Kept<(Time, String)>,
    /// How it ended, and when; null when the record has no end.
    pub ended: Option<(Time, Ended)>,
    /// The newest event.
    pub last: Time,
    samples: Vec<Sample>,
    last_poll: Option<Time>,
    /// The newest poll, while it is not known whether it opens a step.
    open: Option<Polled>,
}

/// What the end of a watch means to whoever waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// As it should be: exit code 0.
    Good,
    /// The deployment was refused: convicted, rolled back, stuck, replaced.
    Bad,
    /// Not decided, or waiting for somebody.
    Unsure,
    /// The watch itself did not come to its end, or a human is needed.
    Broken,
}

impl Summary {
    /// The watch in these lines; null when there is none.
    #[must_use]
    pub fn of<'a>(lines: impl IntoIterator<Item = &'a Line>) -> Option<Self> {
        let mut summary = None;
        for line in lines {
            Self::follow(&mut summary, line);
        }
        summary
    }

    /// Takes the next line; the first that counts is the beginning of the watch.
    pub fn follow(summary: &mut Option<Self>, line: &Line) {
        match (summary, &line.event) {
            (Some(summary), event) => summary.take(line.at, event),
            (none, Event::WatchStarted(started)) => *none = Some(Self::begin(line.at, started)),
            (None, _) => {}
        }
    }

    fn begin(at: Time, started: &Started) -> Self {
        let policy: Option<Policy> = serde_json::from_value(started.policy.clone()).ok();
        let poll = policy.as_ref().and_then(|policy| Duration::try_from_secs_f64(policy.poll_s).ok());
        Self {
            began: at,
            started: started.clone(),
            policy,
            steps: Kept::of(MAX_ROWS),
            chart: Chart::of(poll.unwrap_or_default()),
            checks: Kept::of(MAX_CHECKS),
            verdict: None,
            deeds: Kept::of(MAX_ROWS),
            notes: Kept::of(MAX_ROWS),
            ended: None,
            last: at,
            samples: Vec::new(),
            last_poll: None,
            open: None,
        }
    }

    fn take(&mut self, at: Time, event: &Event) {
        // A session that stays goes on to poll, and may still act; what it sees then is no part of what was judged.
        if self.ended.is_none() {
            self.last = at;
            self.judge(at, event);
        }
        match event {
            Event::ActionRequested { id, action, target, actor, reason, .. } => self.deeds.push(Deed {
                id: id.clone(),
                action: *action,
                target: target.clone(),
                actor: actor.clone(),
                reason: reason.clone(),
                requested: at,
                sent: None,
                end: None,
            }),
            Event::ActionSent { id } => self.deed(id, |deed| deed.sent = Some(at)),
            Event::ActionVerified { id, took_s, .. } => self.deed(id, |deed| deed.end = Some((at, End::Seen(*took_s)))),
            Event::ActionFailed { id, error } => self.deed(id, |deed| deed.end = Some((at, End::Failed(error.clone())))),
            Event::ActionUnverified { id, seen, .. } => self.deed(id, |deed| deed.end = Some((at, End::Unseen(seen.clone())))),
            Event::Notify { channel, ok: false, error } => {
                let why = error.as_deref().unwrap_or("no reason given");
                self.notes.push((at, format!("Notification by {channel} not delivered: {why}")));
            }
            Event::Note { sentence, .. } => self.notes.push((at, sentence.clone())),
            _ => {}
        }
    }

    fn judge(&mut self, at: Time, event: &Event) {
        match event {
            Event::WatchStarted(_) => self.notes.push((at, "Watching again; what lies between was not seen".to_owned())),
            Event::Sample(sample) => self.samples.push(sample.as_ref().clone()),
            Event::Poll(poll) => self.poll(at, poll),
            Event::Step { index, of, weight } => self.step(at, *index, *of, *weight),
            Event::Check(change) => self.check(at, change),
            Event::Verdict(change) => {
                if let Some(step) = self.steps.rows.last_mut() {
                    step.verdict = Some(change.verdict);
                }
                self.verdict = Some((at, change.clone()));
            }
            Event::WatchEnded(ended) => {
                self.settle();
                self.ended = Some((at, ended.clone()));
            }
            _ => {}
        }
    }

    fn deed(&mut self, id: &str, change: impl FnOnce(&mut Deed)) {
        if let Some(deed) = self.deeds.rows.iter_mut().rfind(|deed| deed.id == id) {
            change(deed);
        }
    }

    fn poll(&mut self, at: Time, poll: &Poll) {
        let samples = std::mem::take(&mut self.samples);
        if poll.history {
            return;
        }
        self.settle();
        // What configured checks counted is told by their own evidence.
        let tallies = Sides::build(|role| Tally { custom: BTreeMap::new(), ..Tally::of(role, &samples) });
        self.chart.add(at, &tallies);
        let since_last = self.last_poll.replace(at).map_or(Duration::ZERO, |last| at.since(last));
        self.open = Some(Polled { at, since_last, weight: poll.weight, tallies });
    }

    /// The newest poll belongs to the step that is under way. The first one only opens it.
    fn settle(&mut self) {
        let Some(polled) = self.open.take() else { return };
        let (baseline, poll_s) = self.policy.as_ref().map_or((BaselineMode::Concurrent, f64::INFINITY), |p| (p.baseline, p.poll_s));
        if let Some(step) = self.steps.rows.last_mut() {
            step.add(&polled, baseline, poll_s);
        } else {
            let stage = self.stage(polled.weight);
            self.steps.push(Step::new(1, 1, polled.weight, stage, polled.at));
        }
    }

    fn stage(&self, weight: Option<f64>) -> Stage {
        self.policy.as_ref().map_or(Stage::Step, |policy| policy.strategy.stage(weight))
    }

    fn step(&mut self, at: Time, index: u32, of: u32, weight: f64) {
        let stage = self.stage(Some(weight));
        if let Some(step) = self.steps.rows.last_mut().filter(|step| (step.index, step.stage) == (index, stage)) {
            // Somebody moved the weight; the step goes on.
            step.weight = Some(weight);
        } else {
            self.open = None;
            self.steps.push(Step::new(index, of, Some(weight), stage, at));
        }
    }

    fn check(&mut self, at: Time, change: &CheckChange) {
        if let Some(step) = self.steps.rows.last_mut() {
            let plain = CheckChange { explanation: Vec::new(), ..change.clone() };
            step.changes.push((at, plain));
        }
        let gates = self.gates(&change.check);
        match self.checks.rows.iter_mut().find(|judged| judged.change.check == change.check) {
            Some(judged) => (judged.at, judged.change) = (at, change.clone()),
            None => self.checks.push(Judged { at, change: change.clone(), gates }),
        }
    }

    fn gates(&self, check: &str) -> bool {
        self.policy.as_ref().is_none_or(|policy| policy.gates(check))
    }

    /// The evidence that decides, as a natural logarithm; null when it is not known.
    #[must_use]
    pub fn needed_nats(&self) -> Option<f64> {
        let told = self.verdict.as_ref().map(|(_, verdict)| verdict.needed_nats);
        told.or_else(|| self.policy.as_ref().map(|policy| -policy.alpha.ln())).filter(|nats| nats.is_finite() && *nats > 0.0)
    }

    /// The checks that say most about the verdict, strongest first, at most three: those that convicted, then by evidence (to promote
    /// where the watch passed, else to roll back), then the worse verdict. A check that was muted says nothing.
    #[must_use]
    pub fn strongest(&self) -> Vec<&Judged> {
        let passed = self.verdict.as_ref().is_some_and(|(_, verdict)| verdict.verdict == Verdict::Pass);
        let nats = |judged: &Judged| {
            let evidence = &judged.change.evidence;
            let nats = if passed { evidence.promote_nats } else { evidence.rollback_nats };
            nats.filter(|nats| *nats > 0.0).unwrap_or(0.0)
        };
        let failed = |judged: &Judged| judged.change.verdict == CheckVerdict::Fail;
        let mut found: Vec<&Judged> = self.checks.rows.iter().filter(|j| j.change.verdict != CheckVerdict::Muted).collect();
        found.sort_by(|a, b| {
            let by_fail = failed(b).cmp(&failed(a)).then(b.gates.cmp(&a.gates));
            by_fail.then(nats(b).total_cmp(&nats(a))).then(b.change.verdict.rank().cmp(&a.change.verdict.rank()))
        });
        found.truncate(STRONGEST);
        found
    }

    /// Every check that can fail the watch, with its newest verdict, if there was any.
    #[must_use]
    pub fn gating(&self) -> Vec<(&str, Option<&Judged>)> {
        let judged = |id: &str| self.checks.rows.iter().find(|judged| judged.change.check == id);
        match &self.policy {
            Some(policy) => policy.gating.iter().take(MAX_CHECKS).map(|id| (id.as_str(), judged(id))).collect(),
            None => self.checks.rows.iter().map(|judged| (judged.change.check.as_str(), Some(judged))).collect(),
        }
    }

    /// Everything that was counted, all steps together: for totals, never for a verdict.
    #[must_use]
    pub fn counted(&self) -> Sides<Sum> {
        let mut all = Sides::<Sum>::default();
        for step in &self.steps.rows {
            all = Sides::build(|role| {
                let mut sum = all.of(role).clone();
                add(&mut sum, step.counted.of(role));
                sum
            });
        }
        all
    }

    /// What the end means.
    #[must_use]
    pub fn standing(&self) -> Standing {
        match self.ended.as_ref().map(|(_, ended)| ended.exit_code) {
            Some(0) => Standing::Good,
            Some(10 | 11 | 13 | 30 | 50) => Standing::Bad,
            Some(20 | 21 | 40) => Standing::Unsure,
            _ => Standing::Broken,
        }
    }

    /// How it ended, in one sentence.
    #[must_use]
    pub fn sentence(&self) -> &str {
        self.ended.as_ref().map_or("The record ends before the watch did", |(_, ended)| &ended.sentence)
    }

    /// The end of the watch, or of its record.
    #[must_use]
    pub fn end(&self) -> Time {
        self.ended.as_ref().map_or(self.last, |(at, _)| *at)
    }
}

/// Adds one sum to another.
pub(super) fn add(sum: &mut Sum, more: &Sum) {
    let counts = Some((more.requests, more.errors));
    sum.add(&Tally { counts, buckets: more.buckets.clone(), ..Tally::default() });
}
