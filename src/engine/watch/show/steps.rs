//! The ladder as a table: every step with what was seen in it, how it ended or what it waits for, and what there is to say of all together.

use std::{collections::BTreeMap, time::Duration};

use super::super::{
    Running, Watch,
    act::by,
    climb::{Climbed, Rung},
};
use crate::engine::{
    action::{Ability, Action},
    role::Sides,
    snapshot::{StepRow, StepState},
    strategy::Stage,
    time::Time,
    verdict::{CheckVerdict, Outcome},
};
use crate::humanize;

/// Steps of a ladder that are shown.
const MOST: usize = 100;

impl Watch {
    /// Every step; none where there is one window only.
    pub(super) fn step_rows(&self) -> Vec<StepRow> {
        let planned = self.planned();
        if planned.len() <= 1 {
            return Vec::new();
        }
        let now = self.rung();
        let met = self.climbed.front().map_or(now, |first| first.rung);
        let mut rows: BTreeMap<Rung, StepRow> = planned.into_iter().collect();
        for (rung, row) in &mut rows {
            (row.state, row.outcome) = match *rung {
                rung if rung < met => (StepState::Before, "before this watch began".to_owned()),
                rung if rung < now => (StepState::Left, "left out: never judged at this weight".to_owned()),
                _ => (StepState::Waiting, String::new()),
            };
        }
        rows.extend(self.climbed.iter().map(|climbed| (climbed.rung, climbed.row.clone())));
        rows.insert(now, self.present_row());
        self.foresee(&mut rows, now);
        let mut rows: Vec<StepRow> = rows.into_values().collect();
        if self.step.of <= 1 {
            // One step and its bake are two rows.
            for (number, row) in (1..).zip(rows.iter_mut().filter(|row| row.number > 0)) {
                row.number = number;
            }
        }
        rows
    }

    /// The steps that the setup names, none of them begun.
    fn planned(&self) -> Vec<(Rung, StepRow)> {
        let strategy = &self.setup.policy.strategy;
        let all = [1.0];
        let weights = if self.setup.steps.is_empty() { &all[..] } else { &self.setup.steps };
        let smoke = (strategy.smoke_s > 0.0).then_some((0, 0.0));
        let steps = smoke.into_iter().chain((1..).zip(weights.iter().copied()).take(MOST));
        let row = |(number, weight): (u32, f64)| {
            let stage = strategy.stage(Some(weight));
            // With the last promotion the watch is over.
            let is_end = stage == Stage::Step && weight >= 1.0 - 1e-9;
            let seconds = if is_end { 0.0 } else { self.window_of(stage) };
            ((stage, number), blank(number, weight, Duration::from_secs_f64(seconds)))
        };
        let mut planned: Vec<(Rung, StepRow)> = steps.map(row).collect();
        // One step with a bake is two stages: the share it has now, and all of it.
        let is_alone = planned.len() == 1 && planned.iter().all(|((stage, _), _)| *stage == Stage::Bake);
        if is_alone {
            let step = StepRow { weight: None, ..blank(1, 0.0, Duration::from_secs_f64(self.setup.window_s)) };
            planned.insert(0, ((Stage::Step, 1), step));
        }
        planned
    }

    fn present_row(&self) -> StepRow {
        let (state, outcome) = self.present_state();
        let (stage, number) = self.rung();
        if self.step.started.is_none() {
            let length = Duration::from_secs_f64(self.window_of(stage));
            return StepRow { weight: self.weight, state, outcome, ..blank(number, 0.0, length) };
        }
        let ended = self.ended.as_ref().map(|_| self.left_at());
        let mut row = self.step_row(state, ended, outcome);
        if stage == Stage::Smoke {
            row.requests = String::new();
        }
        row
    }

    /// The action of ours that ended the watch in this step.
    fn deed(&self) -> Option<&Running> {
        let outcome = self.ended.as_ref()?.outcome;
        let running = self.action().filter(|action| action.trouble.is_none())?;
        let is_it = match outcome {
            Outcome::RolledBack => running.order.action.is_retreat(),
            Outcome::Promoted => running.order.action.is_promotion(),
            _ => false,
        };
        let is_here = self.step.started.is_some_and(|began| running.done.is_some_and(|done| done >= began));
        (is_it && is_here).then_some(running)
    }

    /// When the present step was left for good.
    fn left_at(&self) -> Time {
        self.deed().and_then(|deed| deed.done).or(self.ended_at).unwrap_or(self.now)
    }

    /// How the present step went or goes.
    fn present_state(&self) -> (StepState, String) {
        let Some(ended) = &self.ended else {
            return (if self.step.convicted.is_some() { StepState::Failed } else { StepState::Current }, self.outlook());
        };
        let bad = self.step.convicted_at.map(|at| format!("called bad at {}", humanize::clock(at)));
        let deed = self.deed();
        let who = deed.map_or_else(String::new, |deed| format!(" {}", by(&deed.order.actor)));
        let done = match ended.outcome {
            Outcome::RolledBack => format!("rolled back{who}"),
            Outcome::Promoted if deed.is_some() => format!("promoted{who}"),
            Outcome::None if self.step.judged == Some(Ok(())) => "passed, and was not promoted,".to_owned(),
            Outcome::None if bad.is_some() => "nothing was done".to_owned(),
            outcome => outcome.words().to_owned(),
        };
        let done = format!("{done} at {}", humanize::clock(self.left_at()));
        let state = match ended.outcome {
            Outcome::Promoted => StepState::Passed,
            Outcome::None if self.step.judged == Some(Ok(())) => StepState::Passed,
            Outcome::RolledBack | Outcome::RollbackFailed => StepState::Failed,
            _ if bad.is_some() => StepState::Failed,
            _ => StepState::Left,
        };
        (state, bad.map_or_else(|| done.clone(), |bad| format!("{bad}, {done}")))
    }

    /// What comes of the present step, and when.
    fn outlook(&self) -> String {
        if let Some(running) =
            self.action().filter(|a| !a.is_over && (a.order.action.is_retreat() || a.order.action.is_promotion()))
        {
            let verb = running.order.action.verb();
            return format!("{verb} asked for {} at {}", by(&running.order.actor), humanize::clock(running.requested));
        }
        let Some(started) = self.step.started else {
            return format!("begins with the next poll, within {}", humanize::duration(self.setup.policy.poll()));
        };
        let since = |at: Option<Time>| humanize::clock(at.unwrap_or(started));
        match (&self.step.convicted, &self.step.judged) {
            (Some((_, why)), _) => return format!("called bad at {}: {}", since(self.step.convicted_at), why.text()),
            (None, Some(Ok(()))) => return format!("passed at {}; when it is promoted is not known", since(self.step.judged_at)),
            (None, Some(Err(why))) => return format!("undecided since {}: {why}", since(self.step.judged_at)),
            (None, None) => {}
        }
        let left = self.left();
        let window = if left.is_zero() { "the window is over".to_owned() } else { format!("{} left", humanize::about(left)) };
        if let Some(why) = self.held_because() {
            return format!("held, how long is not known: {why}; {window}");
        }
        match self.step.stage {
            Stage::Smoke => format!("{window} of the smoke checks"),
            Stage::Bake => format!("{window}, if it keeps its limits"),
            Stage::Step => format!("{window}, {}", self.evidence_outlook()),
        }
    }

    fn held_because(&self) -> Option<String> {
        if let Some((role, pages)) = self.sources.blind() {
            let since = pages.last_page.map(|at| format!(" since {}", humanize::clock(at))).unwrap_or_default();
            return Some(format!("no metrics page of {}{since}", self.setup.names.of(role)));
        }
        let gating = |verdict| self.checks.iter().any(|c| self.setup.policy.gates(&c.id) && c.verdict == Some(verdict));
        if gating(CheckVerdict::Shared) {
            return Some("both versions are over a limit".to_owned());
        }
        self.share.is_off().then(|| "the share of traffic is not what was asked for".to_owned())
    }

    fn evidence_outlook(&self) -> String {
        if self.step.is_warm {
            let warm = (self.setup.policy.warmup_s - self.step_seconds()).max(0.0);
            return format!("warming up for another {}", humanize::duration(Duration::from_secs_f64(warm)));
        }
        if !self.against().may_pass() {
            return "it cannot pass by itself".to_owned();
        }
        let forecast = self.forecast();
        let span = |polls: u32| humanize::about(self.setup.policy.poll() * polls);
        match (forecast.convicts_in, forecast.proves_in) {
            (Some(polls), _) => format!("would be called bad in about {}", span(polls)),
            (None, Some(0)) => "the evidence is enough so far".to_owned(),
            (None, Some(polls)) => format!("evidence enough in about {}", span(polls)),
            (None, None) => "at this traffic the evidence will not be enough".to_owned(),
        }
    }

    /// When the steps to come begin at the earliest, each as long as its window.
    fn foresee(&self, rows: &mut BTreeMap<Rung, StepRow>, now: Rung) {
        let mut from = self.present_end();
        let mut is_next = true;
        let (step, passes) = match now {
            (Stage::Smoke, _) => ("the smoke checks".to_owned(), "pass"),
            (_, number) if self.step.of > 1 => (format!("step {number}"), "passes"),
            _ => ("this step".to_owned(), "passes"),
        };
        for row in rows.range_mut((std::ops::Bound::Excluded(now), std::ops::Bound::Unbounded)).map(|(_, row)| row) {
            if row.state != StepState::Waiting {
                continue;
            }
            let is_top = row.weight.is_some_and(|weight| weight >= 1.0 - 1e-9);
            if let Some(ended) = &self.ended {
                let is_reached = ended.outcome == Outcome::Promoted && is_top;
                (row.state, row.outcome) = if is_reached {
                    row.began = Some(self.left_at());
                    (StepState::Passed, format!("has all traffic since {}", humanize::clock(self.left_at())))
                } else {
                    (StepState::Waiting, "not reached".to_owned())
                };
                continue;
            }
            row.outcome = match from {
                Some(at) if is_next => {
                    format!("from about {} at the earliest, if {step} {passes}", humanize::clock_minutes(at))
                }
                Some(at) => format!("from about {} at the earliest", humanize::clock_minutes(at)),
                None if is_next => format!("after {step}; when is not known"),
                None => "when is not known".to_owned(),
            };
            if is_top {
                let then = if row.length.is_zero() {
                    "; then all traffic is moved".to_owned()
                } else {
                    format!("; then {} of bake", humanize::duration(row.length))
                };
                row.outcome.push_str(&then);
            }
            from = from.map(|at| at.plus(row.length));
            is_next = false;
        }
    }

    /// When the present step is over if nothing changes; null where that is not known.
    fn present_end(&self) -> Option<Time> {
        let is_open = !self.verdict_is_settled() && self.step.started.is_some() && self.held_because().is_none();
        is_open.then(|| self.last_poll().plus(self.left()))
    }

    /// What there is to say of all steps together.
    pub(super) fn steps_facts(&self, rows: &[StepRow]) -> Vec<(String, String)> {
        if rows.is_empty() {
            return Vec::new();
        }
        let mut facts = Vec::new();
        let mut fact = |word: &str, value: String| facts.push((word.to_owned(), value));
        let waiting: Duration = rows.iter().filter(|row| row.state == StepState::Waiting).map(|row| row.length).sum();
        if let Some(end) = self.present_end().filter(|_| self.ended.is_none()) {
            let (left, done) = (self.left() + waiting, humanize::clock_minutes(end.plus(waiting)));
            fact("all together", format!("{} left if nothing changes, done about {done} at the earliest", humanize::about(left)));
        } else if self.ended.is_none() {
            fact("all together", "how long it takes is not known".to_owned());
        }
        let requests = self.climbed.iter().map(|climbed: &Climbed| climbed.requests).sum::<f64>() + self.step_requests();
        let blind = match self.clock.total_blind {
            Duration::ZERO => String::new(),
            span => format!(", {} blind", humanize::duration(span)),
        };
        fact("judged", format!("{}{blind}", humanize::plural(requests, "request", "requests")));
        fact(
            "evidence",
            "begins anew at each step; the mean of all steps is held against one alarm budget, counts are never pooled".to_owned(),
        );
        if self.ended.is_none() {
            fact("rolling back", self.way_back());
        }
        facts
    }

    /// What rolling back would take.
    fn way_back(&self) -> String {
        let baseline = &self.setup.names.baseline;
        match (self.ability(Action::Rollback), self.setup.rule.usual.get(&Action::Rollback)) {
            (Some(Ability::Ready(_)), Some(usual)) => format!("to {baseline}: {}", usual.text()),
            (Some(Ability::Ready(preview)), None) => {
                let limit = humanize::duration(Duration::from_secs_f64(preview.limit_s));
                format!("to {baseline}: how long it takes is not known, called failed after {limit}")
            }
            _ => format!("not possible here: {}", self.why_not(Action::Rollback)),
        }
    }
}

fn blank(number: u32, weight: f64, length: Duration) -> StepRow {
    StepRow {
        number,
        weight: Some(weight),
        seen: String::new(),
        state: StepState::Waiting,
        began: None,
        ended: None,
        watched: Duration::ZERO,
        blind: Duration::ZERO,
        length,
        parts: Vec::new(),
        requests: String::new(),
        evidence: (0.0, 0.0),
        errors: Sides::default(),
        p99: Sides::default(),
        outcome: String::new(),
    }
}
