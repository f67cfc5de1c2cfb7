//! One poll: samples become counts, counts become evidence, evidence becomes verdicts.

use std::time::Duration;

use super::{Watch, WindowClock, checks};
use crate::engine::{
    compare::{
        Compare, Metric,
        counts::{Joined, Tally},
        fastest::Fastest,
        forecast::Forecast,
        ladder::Ladder,
    },
    effect::Polled,
    event::{Event, Poll},
    policy::BaselineMode,
    recent::MINUTE,
    role::{Role, Sides},
    sample::{Buckets, Sample},
    snapshot::{Span, Tone},
    sources::Turn,
    stats::ratio::Split,
    strategy::Stage,
    time::Time,
    verdict::CheckVerdict,
};
use crate::humanize;

/// Parts of a step's time that are told apart.
const MAX_PARTS: usize = 240;

impl Watch {
    pub(super) fn poll(&mut self, polled: Polled) {
        let since_last = self.now.since(self.last_poll());
        self.see_rollout(polled.rollout);
        let (weight, paused) = (self.weight, self.rollout.as_ref().is_some_and(|r| r.paused));
        let condition = self.rollout.as_ref().map(|rollout| rollout.condition.clone()).unwrap_or_default();
        let mut tallies = Sides::build(|role| Tally::of(role, &polled.samples));
        // Without a baseline its line is absent, not blind.
        tallies.baseline.reference |= self.against() == BaselineMode::Static;
        self.note_sources(&polled.samples);
        self.see_ages(&polled.samples);
        self.see_gauges(&polled.samples);
        for sample in &polled.samples {
            self.emit(Event::Sample(Box::new(sample.clone())));
        }
        self.emit(Event::Poll(Poll { index: self.polls, weight, paused, condition, history: false }));
        self.polls += 1;
        let first = self.step.started.is_none();
        if first {
            self.begin_step();
        }
        self.measure(&tallies, &polled.samples, first);
        self.roster.poll(self.now, &polled.samples);
        let answered = tallies.map(|tally| tally.answered);
        self.recent.push(self.now, tallies);
        self.polled = Some(self.now);
        self.look_after();
        let is_judged = self.ended.is_none();
        if is_judged {
            self.clock(since_last, answered, first);
            checks::evaluate(self);
            self.remember_meter();
        }
        self.draw(is_judged.then_some(answered));
        if is_judged {
            self.decide();
        }
    }

    /// The time of the newest poll, or the start of the watch.
    pub(super) fn last_poll(&self) -> Time {
        self.polled.unwrap_or(self.started)
    }

    /// The step's clock starts with its first poll.
    fn begin_step(&mut self) {
        self.step.started = Some(self.now);
        self.step.stage = self.stage_now();
        let ladder = if self.polls == 1 { self.whole_ladder() } else { self.step.compare.steps_before() };
        let (policy, window_s) = (self.stage_policy(), self.window_s());
        self.step.fastest = (self.step.stage != Stage::Smoke).then(|| Fastest::of(&policy, window_s, &ladder));
        self.step.compare = Compare::new(&policy, window_s, ladder);
        self.step.next_judgement = self.window_s();
        self.sources.need(self.against().compared());
        self.series.warm_up(self.now, self.now.plus(Duration::from_secs_f64(self.setup.policy.warmup_s)));
        self.announce_step();
    }

    /// Only at the first poll is it known at which of its weights the ladder was met; a bake is one more step.
    fn whole_ladder(&self) -> Ladder {
        let of = if self.setup.policy.baseline == BaselineMode::Concurrent { Ladder::judged } else { Ladder::ahead };
        let steps = of(&self.setup.steps, self.weight.unwrap_or(0.0));
        Ladder::of(steps + usize::from(self.setup.policy.strategy.bakes() && self.stage_now() != Stage::Bake))
    }

    fn measure(&mut self, tallies: &Sides<Tally>, samples: &[Sample], first: bool) {
        let resets = tallies.map(|t| t.resets);
        self.step.health.poll(samples, resets, self.setup.policy.poll_s);
        for role in Role::BOTH {
            if *resets.of(role) > 0 {
                self.tell_restarts(role, *resets.of(role));
            }
        }
        if first {
            // What the baseline counted until now is history; the candidate's traffic is watched from here on.
            self.learn_history(&tallies.baseline);
            return;
        }
        let joined = self.pending.join(tallies);
        self.count_since(tallies);
        let t = self.step_seconds();
        self.step.compare.poll_instances(t, samples, tallies.baseline.counts, &self.background);
        self.compare(&joined);
        self.step.compare.poll_alone(t, &tallies.candidate, &mut self.background);
    }

    /// One poll of the baseline from before the watch.
    pub(super) fn history(&mut self, samples: &[Sample]) {
        for sample in samples {
            self.emit(Event::Sample(Box::new(sample.clone())));
        }
        self.emit(Event::Poll(Poll { history: true, ..Poll::default() }));
        self.learn_history(&Tally::of(Role::Baseline, samples));
    }

    fn learn_history(&mut self, baseline: &Tally) {
        self.background.learn_history(baseline.counts, baseline.buckets.as_ref());
        for (id, counted) in &baseline.custom {
            self.background.learn_history_of(id, *counted);
        }
    }

    /// The figures of the checks table: from the step's start while it warms up, from then on anew.
    fn count_since(&mut self, tallies: &Sides<Tally>) {
        if self.step.is_warm && self.step_seconds() > self.setup.policy.warmup_s {
            self.step.is_warm = false;
            self.step.since = Sides::default();
            self.row("step", "warm-up over", "judged from here on", None);
        }
        for role in Role::BOTH {
            self.step.since.of_mut(role).add(tallies.of(role));
        }
    }

    fn compare(&mut self, joined: &Joined) {
        if let Some((candidate, _)) = joined.latency.as_ref().filter(|(c, b)| c.total() > 0.0 && b.total() > 0.0) {
            self.background.choose(candidate);
        }
        self.step.compare.poll(self.step_seconds(), joined, &self.background);
        self.background.learn(joined);
    }

    fn clock(&mut self, since_last: Duration, answered: Sides<bool>, first: bool) {
        if first {
            return;
        }
        let span = if !self.against().compared().iter().all(|role| *answered.of(*role)) {
            Span::Blind
        } else if self.is_shared() || self.share.is_off() {
            Span::Held
        } else if self.step_seconds() <= self.setup.policy.warmup_s {
            Span::WarmUp
        } else {
            Span::Judged
        };
        // What lies between two polls that are too far apart (a suspended laptop, a resumed watch) was not seen.
        let poll = self.setup.policy.poll();
        let seen = if since_last > poll.mul_f64(1.5) { poll } else { since_last };
        self.clock.pass(since_last.saturating_sub(seen), Span::Blind);
        self.clock.pass(seen, span);
        // What both versions share cancels, and such time is evidence as any other; a share that is off is no comparison to trust.
        if self.share.is_off() {
            self.clock.held += seen;
        }
    }

    fn note_sources(&mut self, samples: &[Sample]) {
        let before = Sides::build(|role| self.sources.of(role).last_page);
        let turns = self.sources.poll(self.now, samples);
        for role in Role::BOTH {
            let name = self.setup.names.of(role).clone();
            match turns.of(role) {
                Some(Turn::Lost(reason)) => {
                    self.row("source", format!("{name}: no metrics page"), reason.clone(), Some(Tone::Held));
                    let sentence = format!("No metrics page of {name}: {reason}");
                    self.emit(Event::Note { about: "source".to_owned(), sentence });
                }
                Some(Turn::Back) => {
                    let gap = before.of(role).map(|at| humanize::duration(self.now.since(at)));
                    let tail = gap.map(|gap| format!("{gap} without")).unwrap_or_default();
                    self.row("source", format!("{name}: the metrics page is back"), tail, None);
                    self.emit(Event::Note { about: "source".to_owned(), sentence: format!("The metrics page of {name} is back") });
                }
                None => {}
            }
        }
    }

    /// Both versions over one limit, traffic that goes elsewhere than asked, or nothing known: nobody may be blamed for the moment, and
    /// nothing happens by itself.
    pub(super) fn is_held(&self) -> bool {
        let blind = |v| matches!(v, CheckVerdict::Shared | CheckVerdict::ProviderError);
        let gating = |id: &str| self.setup.policy.gates(id);
        let paused = self.rollout.as_ref().is_some_and(|r| r.paused);
        paused || self.share.is_off() || self.checks.iter().any(|c| gating(&c.id) && c.verdict.is_some_and(blind))
    }

    pub(super) fn is_shared(&self) -> bool {
        self.checks.iter().any(|c| self.setup.policy.gates(&c.id) && c.verdict == Some(CheckVerdict::Shared))
    }

    /// How it would go on if every poll were like the last minute's.
    pub(super) fn forecast(&self) -> Forecast {
        let policy = &self.setup.policy;
        let can = !self.verdict_is_settled() && policy.baseline != BaselineMode::Static;
        let Some(like) = self.like().filter(|_| can) else {
            return Forecast::default();
        };
        let left = whole_polls((self.due() - self.step_seconds()) / policy.poll_s);
        let forecast = self.step.compare.forecast(self.step_seconds(), &like, &self.background, policy, left);
        let is_rare = Metric::gating(policy).into_iter().any(|metric| self.too_rare(metric).is_some());
        Forecast { promotable: forecast.promotable && !is_rare, ..forecast }
    }

    /// The last minute's mean poll; null before there is one.
    pub(super) fn like(&self) -> Option<Joined> {
        let polls = self.recent.minute_polls(self.now);
        if polls == 0 {
            return None;
        }
        let share = 1.0 / polls as f64;
        let minute = Sides::build(|role| self.recent.over(role, self.now, MINUTE));
        Some(Joined {
            errors: Some(mean(minute.map(|sum| (sum.requests, sum.errors)), share)),
            latency: minute
                .candidate
                .buckets
                .as_ref()
                .zip(minute.baseline.buckets.as_ref())
                .map(|(c, b)| (c.scaled(share), b.scaled(share))),
            custom: self.counting().map(|id| (id.to_owned(), mean(minute.map(|sum| sum.counted(id)), share))).collect(),
        })
    }

    /// The ids of the configured checks that count.
    fn counting(&self) -> impl Iterator<Item = &str> {
        self.setup.policy.checks.iter().filter(|check| check.counts()).map(|check| check.id.as_str())
    }

    /// How much more than chance a metric's counts scatter, at the last minute's traffic; null while nothing can be said.
    pub(super) fn noise(&self, metric: Metric) -> Option<f64> {
        let like = self.like()?;
        let countable = |split: &Split| split.n_c > 0.0 && split.n_b > 0.0;
        match metric {
            Metric::Errors => like.errors.filter(countable).map(|split| self.background.errors_noise(&split)),
            Metric::Latency => {
                let (candidate, baseline) = like.latency?;
                let split = self.background.middle_edge()?.split(&candidate, &baseline).filter(countable)?;
                Some(self.background.latency_noise(self.background.middle()?, &split))
            }
            Metric::Custom(_) => {
                let id = metric.check(&self.setup.policy);
                like.custom.get(id).filter(|split| countable(split)).map(|split| self.background.custom_noise(id, split))
            }
        }
    }

    fn remember_meter(&mut self) {
        let (promote, rollback) = self.meter_now();
        self.meter.push_back((self.now, promote, rollback));
        while self.meter.len() > 2 && self.meter.get(1).is_some_and(|(at, ..)| self.now.since(*at) >= MINUTE) {
            self.meter.pop_front();
        }
    }

    /// Requests slower than the bound nearest the p99, since warm-up: the bound, and each version's share.
    pub(super) fn slow_share(&self) -> Option<(f64, f64, f64)> {
        let edge = self.background.middle_edge()?;
        let share = |buckets: Option<&Buckets>| {
            let buckets = buckets.filter(|b| b.total() > 0.0)?;
            Some(buckets.slower_than(edge.le_ms)? / buckets.total())
        };
        let since = &self.step.since;
        Some((edge.le_ms, share(since.candidate.buckets.as_ref())?, share(since.baseline.buckets.as_ref())?))
    }
}

impl WindowClock {
    fn pass(&mut self, time: Duration, span: Span) {
        if time.is_zero() {
            return;
        }
        let (part, total) = if span == Span::Blind {
            (&mut self.blind, &mut self.total_blind)
        } else {
            (&mut self.watched, &mut self.total_watched)
        };
        *part += time;
        *total += time;
        match self.parts.last_mut() {
            Some((length, last)) if *last == span => *length += time,
            _ => self.parts.push((time, span)),
        }
        if self.parts.len() > MAX_PARTS {
            self.merge_shortest();
        }
    }

    /// The shortest part is added to the one before it: what is so short is hardly seen where so many are drawn.
    fn merge_shortest(&mut self) {
        let shortest = (1..self.parts.len().saturating_sub(1)).min_by_key(|part| self.parts[*part].0);
        if let Some(part) = shortest {
            let (length, _) = self.parts.remove(part);
            self.parts[part - 1].0 += length;
            if self.parts[part - 1].1 == self.parts[part].1 {
                let (length, _) = self.parts.remove(part);
                self.parts[part - 1].0 += length;
            }
        }
    }
}

/// A part of what both versions counted: in all, bad.
fn mean(counted: Sides<(f64, f64)>, share: f64) -> Split {
    let ((n_c, bad_c), (n_b, bad_b)) = (counted.candidate, counted.baseline);
    Split { n_c: n_c * share, bad_c: bad_c * share, n_b: n_b * share, bad_b: bad_b * share }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
fn whole_polls(polls: f64) -> u32 {
    polls.clamp(0.0, 1e6).ceil() as u32
}
