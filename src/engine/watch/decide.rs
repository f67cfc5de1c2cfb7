//! Verdicts into outcomes: when the watch fails, passes, gives up, acts by itself, ends, and with which exit code.

use std::time::Duration;

use super::{Step, Watch, WindowClock, tell::News};
use crate::engine::{
    action::{Ability, Action, Actor, ActorKind, Condition},
    compare::{Compare, Metric},
    effect::{Effect, Stop},
    event::{Ended, Event, VerdictChange},
    setup::Until,
    snapshot::{MarkerKind, Tone},
    strategy::Stage,
    verdict::{CheckVerdict, Outcome, Verdict},
};
use crate::humanize;

/// After the window it is judged again each time so much of it has passed.
const EXTENSION: f64 = 0.25;

impl Watch {
    /// After each poll: has the verdict changed, and what follows from it?
    pub(super) fn decide(&mut self) {
        if self.ended.is_some() || self.is_acting() {
            return;
        }
        if self.step.convicted.is_some() {
            if self.verdict != Verdict::Fail {
                self.change_verdict(Verdict::Fail);
            }
        } else if self.step.judged.is_none() && self.is_due() {
            self.judge_window();
        }
        self.follow();
    }

    /// The window ends when it was watched whole, and at the latest after the longest window.
    fn is_due(&self) -> bool {
        self.step_seconds() + 1e-9 >= self.due()
    }

    /// When the window is judged next, in seconds since the step began: time that was blind or held is not counted.
    pub(super) fn due(&self) -> f64 {
        let is_first = self.step.next_judgement <= self.window_s();
        let lost = if is_first { (self.clock.blind + self.clock.held).as_secs_f64() } else { 0.0 };
        (self.step.next_judgement + lost).min(self.longest())
    }

    /// Passes when the evidence is there; waits for more as long as it may; then it is undecided.
    fn judge_window(&mut self) {
        let t = self.step_seconds();
        match self.judge() {
            Ok(()) => {
                (self.step.judged, self.step.judged_at) = (Some(Ok(())), Some(self.now));
                self.change_verdict(Verdict::Pass);
            }
            // More time is more evidence only where the evidence can lead to a pass.
            Err(why) if t + 1e-9 >= self.longest() || !self.may_pass() => {
                (self.step.judged, self.step.judged_at) = (Some(Err(why)), Some(self.now));
                self.change_verdict(Verdict::Inconclusive);
            }
            Err(why) => {
                if self.step.next_judgement <= self.window_s() {
                    self.row("step", "the window goes on", why, Some(Tone::Unsure));
                }
                let step = (self.window_s() * EXTENSION).max(self.setup.policy.poll_s);
                self.step.next_judgement = t + step;
            }
        }
    }

    /// The end-of-window rule: every gating check passes or warns, and the candidate was shown to be no worse.
    fn judge(&self) -> Result<(), String> {
        match self.step.stage {
            Stage::Smoke => return self.judge_smoke(),
            Stage::Bake => return self.judge_bake(),
            Stage::Step => {}
        }
        if let Some(alarm) = self.alarm_sentence() {
            return Err(alarm);
        }
        let gating = self.checks.iter().filter(|c| self.setup.policy.gates(&c.id));
        let open = |v| !matches!(v, CheckVerdict::Pass | CheckVerdict::Warn | CheckVerdict::Muted);
        if let Some(check) = gating.into_iter().find(|c| c.verdict.is_none_or(open)) {
            return Err(check.sentence.text());
        }
        if self.step.health.is_down() && self.setup.policy.gates("health") {
            return Err("the candidate is not ready at the end of the window".to_owned());
        }
        if self.share.is_off() {
            return Err("the candidate does not get the share of traffic that was asked for".to_owned());
        }
        if let Some(why) = self.why_no_pass() {
            let warned = self.checks.iter().find(|c| self.setup.policy.gates(&c.id) && c.verdict == Some(CheckVerdict::Warn));
            return Err(warned.map_or(why, |check| check.sentence.text()));
        }
        self.step.compare.judge(self.step_seconds(), &self.setup.policy)
    }

    pub(super) fn verdict_is_settled(&self) -> bool {
        self.step.convicted.is_some() || self.step.judged.is_some()
    }

    fn change_verdict(&mut self, verdict: Verdict) {
        self.verdict = verdict;
        let was = self.told_verdict.replace(verdict);
        let sentence = self.verdict_sentence();
        let tone = match verdict {
            Verdict::Fail => Tone::Bad,
            Verdict::Pass => Tone::Good,
            Verdict::Inconclusive => Tone::Unsure,
        };
        self.row("verdict", verdict.word(), sentence.clone(), Some(tone));
        self.news.push(News::Verdict);
        let compare: &Compare = &self.step.compare;
        let (evidence_nats, needed_nats) = (compare.evidence(), compare.needed());
        let (baseline_mode, baseline) = (self.against(), self.baseline_words());
        let ages_s = self.ages().map(|age| age.map(|age| age.as_secs_f64()));
        let change = VerdictChange { verdict, was, sentence, evidence_nats, needed_nats, baseline_mode, baseline, ages_s };
        self.emit(Event::Verdict(change));
    }

    /// People are told at once; the watch goes on, since health may still convict.
    pub(super) fn raise_alarm(&mut self) {
        self.change_verdict(Verdict::Inconclusive);
    }

    /// Why the watch says what it says, in one sentence.
    pub(super) fn verdict_sentence(&self) -> String {
        let names = &self.setup.names;
        match (&self.step.convicted, &self.step.judged) {
            (Some((_, sentence)), _) => sentence.text(),
            (None, Some(Ok(()))) if self.step.stage == Stage::Smoke => format!("{} passed its smoke checks", names.candidate),
            (None, Some(Ok(()))) if self.step.stage == Stage::Bake => self.baked(),
            (None, Some(Ok(()))) => {
                let over = humanize::duration(Duration::from_secs_f64(self.step_seconds()));
                let requests = self.judged_by();
                format!("{} is no worse than {}, over {requests} and {over}", names.candidate, names.baseline)
            }
            (None, Some(Err(why))) => format!("Undecided: {why}"),
            (None, None) => self.alarm_sentence().unwrap_or_else(|| "Not known yet".to_owned()),
        }
    }

    /// What the candidate did since warm-up and in what it is counted: requests; where none gate, what the first configured check counts.
    pub(super) fn worked(&self) -> (f64, &str) {
        let policy = &self.setup.policy;
        match Metric::gating(policy).first().and_then(|metric| metric.custom(policy)) {
            Some(check) => (self.step.since.candidate.counted(&check.id).0, check.counted_in()),
            None => (self.step.compare.requests().0, "requests"),
        }
    }

    /// "1 856 requests", "1 200 jobs".
    pub(super) fn judged_by(&self) -> String {
        match self.worked() {
            (n, "requests") => humanize::plural(n, "request", "requests"),
            (n, what) => format!("{} {what}", humanize::count(n)),
        }
    }

    /// What follows from the verdict without anybody pressing a key.
    fn follow(&mut self) {
        if self.is_replaying {
            return;
        }
        let rule = &self.setup.rule;
        match self.verdict {
            // Nothing to take back where there is no traffic, and nothing to wait for where a candidate does not come up.
            Verdict::Fail if self.step.stage == Stage::Smoke && !rule.stays => self.end(Outcome::None, None),
            Verdict::Inconclusive if self.step.stage == Stage::Smoke && self.step.judged.is_some() => {
                self.end(Outcome::Stuck, None);
            }
            Verdict::Pass if self.step.stage == Stage::Bake => self.end(Outcome::Promoted, None),
            Verdict::Fail if self.armed && !self.has_acted => self.act_by_itself(Action::Rollback),
            Verdict::Fail | Verdict::Inconclusive if self.verdict_is_settled() && !rule.stays => self.end(Outcome::None, None),
            Verdict::Pass if (rule.auto_promote || rule.until == Until::Promoted) && self.goes_on_by_itself() => {}
            Verdict::Pass if rule.auto_promote => self.act_by_itself(Action::Promote),
            Verdict::Pass if !rule.stays => match rule.until {
                Until::WindowEnd | Until::Step(_) => self.end(Outcome::None, None),
                Until::Promoted | Until::Paused => self.end(Outcome::Paused, None),
            },
            _ if rule.until == Until::Paused && !rule.stays && self.waits_for_somebody() => {
                self.end(Outcome::Paused, None);
            }
            _ => {}
        }
    }

    /// Its controller is on its way to all of the traffic: there is nothing to ask for, and nobody to wait for.
    fn goes_on_by_itself(&self) -> bool {
        let has_arrived = self.weight.is_some_and(|weight| weight >= 1.0 - 1e-9);
        self.setup.driven.is_some() && !has_arrived && !self.waits_for_somebody()
    }

    /// The rollout does not go on before somebody asks it to.
    fn waits_for_somebody(&self) -> bool {
        self.rollout.as_ref().is_some_and(|rollout| rollout.paused || matches!(rollout.condition, Condition::Waiting(_)))
    }

    /// Auto-rollback and auto-promote: only with a known target, only on a state that was seen.
    fn act_by_itself(&mut self, action: Action) {
        let ability =
            self.rollout.as_ref().filter(|_| self.rollout_error.is_none()).and_then(|r| r.abilities.get(&action).cloned());
        if let Some(Ability::Ready(_)) = ability {
            let actor = Actor { kind: ActorKind::Engine, user: "rollwatch".to_owned() };
            let reason = Some(self.verdict_sentence());
            self.order(action, actor, reason);
            return;
        }
        let why = match (ability, &self.rollout_error) {
            (Some(Ability::Off(why)), _) => why,
            (_, Some(error)) => error.clone(),
            _ => "no backend is configured".to_owned(),
        };
        // A backend that cannot be read or believed at this moment may be at the next poll.
        let waited = self.decided_for();
        let is_unknown = self.rollout_error.is_some()
            || self.rollout.as_ref().is_some_and(|rollout| matches!(rollout.condition, Condition::Behind(_)));
        if is_unknown && waited < Duration::from_secs_f64(self.setup.policy.verify_timeout_s) {
            return;
        }
        self.has_acted = true;
        let outcome = failed_outcome(action);
        let sentence = format!("{}, and could not {} by itself: {why}", self.verdict_sentence(), action.verb());
        self.row("action", format!("could not {}", action.verb()), why, Some(Tone::Bad));
        if self.setup.rule.stays {
            self.note("action", sentence);
        } else {
            self.end(outcome, Some(sentence));
        }
    }

    fn decided_for(&self) -> Duration {
        self.step
            .convicted_at
            .map_or_else(|| Duration::from_secs_f64((self.step_seconds() - self.window_s()).max(0.0)), |at| self.now.since(at))
    }

    /// A step is over (`how`: "promoted by ana"): the next one begins with a window and evidence of its own; what is known of the service
    /// stays.
    pub(super) fn next_step(&mut self, how: &str, is_promoted: bool) {
        self.leave_step(how, is_promoted);
        self.step = Step::new(&self.setup, self.step_index(), self.now, self.step.compare.ladder());
        self.clock =
            WindowClock { total_watched: self.clock.total_watched, total_blind: self.clock.total_blind, ..WindowClock::default() };
        self.pending = crate::engine::compare::counts::Pending::default();
        self.verdict = Verdict::Inconclusive;
        if let Until::Step(n) = self.setup.rule.until
            && self.step.index >= n
            && !self.setup.rule.stays
            && !self.is_replaying
        {
            let sentence = format!("Step {n} of {} was reached", self.step.of);
            self.end(Outcome::Promoted, Some(sentence));
        }
    }

    /// Which step of the ladder the present weight belongs to, from 1.
    pub(super) fn step_index(&self) -> u32 {
        let weight = self.weight.unwrap_or(0.0);
        let below = self.setup.steps.iter().filter(|w| **w <= weight + 1e-9).count();
        u32::try_from(below).unwrap_or(1).max(1)
    }

    pub(super) fn announce_step(&mut self) {
        self.step.index = self.step.index.max(self.step_index());
        self.step.weight = self.weight;
        let Some(weight) = self.weight else {
            return;
        };
        let (index, of) = (self.step.index, self.step.of);
        self.series.mark(self.now, MarkerKind::Step, humanize::share(weight));
        let head = if of > 1 {
            format!("{index} of {of}, weight {}", humanize::share(weight))
        } else {
            format!("weight {}", humanize::share(weight))
        };
        self.row("step", head, "", None);
        self.emit(Event::Step { index, of, weight });
    }

    pub(super) fn stop(&mut self, stop: Stop) {
        if self.is_acting() {
            if self.stop.is_none() {
                self.note("watch", "Asked to stop: waiting for the action that is under way".to_owned());
            }
            self.stop = Some(stop);
            return;
        }
        self.stop = Some(stop);
        if self.ended.is_none() {
            let (outcome, sentence) = match stop {
                Stop::Timeout => (Outcome::Timeout, "The time limit of this run was reached before the outcome was known"),
                Stop::Interrupt => (Outcome::Interrupted, "Interrupted before the outcome was known"),
                Stop::Terminate => (Outcome::Interrupted, "Terminated before the outcome was known"),
            };
            self.end(outcome, Some(sentence.to_owned()));
        }
        self.leave();
    }

    /// `q`: the outcome as it is, or "interrupted" when there is none yet.
    pub(super) fn quit(&mut self) {
        if self.is_acting() {
            self.note("watch", "Not leaving yet: an action is under way".to_owned());
            self.has_quit = true;
            return;
        }
        if self.ended.is_none() {
            if let Some((outcome, sentence)) = self.trouble() {
                self.end(outcome, Some(sentence));
            } else if self.verdict_is_settled() {
                self.end(Outcome::None, None);
            } else if let Some(why) = self.stuck() {
                let why = why.to_owned();
                self.end(Outcome::Stuck, Some(why));
            } else {
                self.end(Outcome::Interrupted, Some("Left before the outcome was known".to_owned()));
            }
        }
        self.leave();
    }

    /// The process may go.
    pub(super) fn leave(&mut self) {
        if let Some(ended) = self.ended.clone()
            && !self.out.iter().any(|e| matches!(e, Effect::End(_)))
        {
            self.out.push(Effect::End(ended));
        }
    }

    /// The outcome is known. In a session that stays, the process goes on until somebody leaves.
    pub(super) fn end(&mut self, outcome: Outcome, sentence: Option<String>) {
        if self.ended.is_some() {
            return;
        }
        let sentence = sentence.unwrap_or_else(|| match outcome {
            Outcome::Paused => format!("{}; waiting for a promotion", self.verdict_sentence()),
            _ => self.verdict_sentence(),
        });
        let ended = Ended {
            verdict: self.verdict,
            outcome,
            exit_code: self.exit_code(outcome),
            sentence,
            watched_s: self.clock.total_watched.as_secs_f64(),
            blind_s: self.clock.total_blind.as_secs_f64(),
        };
        self.finish(ended);
        if !self.setup.rule.stays {
            self.leave();
        }
    }

    /// The end as it is written down and shown.
    pub(super) fn finish(&mut self, ended: Ended) {
        if self.ended.is_none() {
            self.row("watch", "ended", ended.sentence.clone(), None);
            self.ended = Some(ended.clone());
            self.ended_at = Some(self.now);
            self.settle_phase();
            self.emit(Event::WatchEnded(ended));
        }
    }

    /// The contract's code: what was done wins over what was judged.
    fn exit_code(&self, outcome: Outcome) -> u8 {
        match outcome {
            Outcome::Promoted => 0,
            Outcome::RolledBack => 11,
            Outcome::RollbackFailed | Outcome::PromotionFailed => 12,
            Outcome::EndedElsewhere => 13,
            Outcome::Superseded => 50,
            Outcome::Stuck => 30,
            Outcome::Paused if self.setup.rule.success_on_pause => 0,
            Outcome::Paused => 40,
            Outcome::Timeout => 124,
            Outcome::Interrupted if self.stop == Some(Stop::Terminate) => 143,
            Outcome::Interrupted => 130,
            Outcome::None => match self.verdict {
                Verdict::Pass => 0,
                Verdict::Fail => 10,
                Verdict::Inconclusive => self.inconclusive_code(),
            },
        }
    }

    /// 22: a gating source gave no page at its last poll; 21: a gating check never had a usable sample; 20: not enough evidence.
    fn inconclusive_code(&self) -> u8 {
        let policy = &self.setup.policy;
        let gating = Metric::gating(policy);
        let never = |metric: &Metric| {
            self.against().compared().iter().any(|role| {
                let pages = self.sources.of(*role);
                !match metric {
                    Metric::Errors => pages.had_errors,
                    Metric::Latency => pages.had_latency,
                    Metric::Custom(_) => pages.had_custom(metric.check(policy)),
                }
            })
        };
        if !gating.is_empty() && self.sources.is_missing_now() {
            22
        } else if gating.iter().any(never) {
            21
        } else {
            20
        }
    }
}

/// How a watch ends whose action failed.
pub(super) const fn failed_outcome(action: Action) -> Outcome {
    if action.is_retreat() { Outcome::RollbackFailed } else { Outcome::PromotionFailed }
}
