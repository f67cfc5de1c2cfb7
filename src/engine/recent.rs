//! The last five minutes and the time since warm-up: what is shown, and what limits are held against.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use super::{
    compare::counts::{self, Tally},
    role::{Role, Sides},
    sample::Buckets,
    snapshot::Reading,
    stats::quantile::quantile,
    time::Time,
};

/// How far back is kept.
const HORIZON: Duration = Duration::from_secs(300);
/// What "the last minute" is.
pub const MINUTE: Duration = Duration::from_secs(60);
/// A rate over fewer requests reaches further back, or is drawn hollow.
const ENOUGH: f64 = 100.0;

/// Requests, errors and latencies added up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sum {
    /// Requests.
    pub requests: f64,
    /// Errors among them.
    pub errors: f64,
    /// Latencies; null when none were seen.
    pub buckets: Option<Buckets>,
    /// What each configured check counted, by its id: in all, events.
    pub custom: BTreeMap<String, (f64, f64)>,
}

impl Sum {
    /// Adds one poll.
    pub fn add(&mut self, tally: &Tally) {
        let (requests, errors) = tally.counts.unwrap_or_default();
        self.requests += requests;
        self.errors += errors;
        if let Some(more) = &tally.buckets {
            Buckets::accumulate(&mut self.buckets, more);
        }
        for (id, counted) in &tally.custom {
            counts::add(&mut self.custom, id, *counted);
        }
    }

    /// Errors per request, a fraction; null without requests.
    #[must_use]
    pub fn error_rate(&self) -> Option<f64> {
        (self.requests > 0.0).then(|| self.errors / self.requests)
    }

    /// What the configured check `id` counted: in all, events.
    #[must_use]
    pub fn counted(&self, id: &str) -> (f64, f64) {
        self.custom.get(id).copied().unwrap_or_default()
    }

    /// The p99 in milliseconds; infinite beyond the last bucket, null without requests.
    #[must_use]
    pub fn p99(&self) -> Option<f64> {
        self.buckets.as_ref().and_then(|b| quantile(b, 0.99))
    }
}

/// The polls of the last five minutes.
#[derive(Clone, Debug, Default)]
pub struct Recent {
    polls: VecDeque<(Time, Sides<Tally>)>,
}

impl Recent {
    /// Takes one poll; each covers the time since the one before.
    pub fn push(&mut self, at: Time, poll: Sides<Tally>) {
        self.polls.push_back((at, poll));
        while self.polls.front().is_some_and(|(first, _)| at.since(*first) >= HORIZON) {
            self.polls.pop_front();
        }
    }

    /// What `role` did in the last `span` before `now`.
    #[must_use]
    pub fn over(&self, role: Role, now: Time, span: Duration) -> Sum {
        let mut sum = Sum::default();
        for (_, poll) in self.polls.iter().rev().take_while(|(at, _)| now.since(*at) < span) {
            sum.add(poll.of(role));
        }
        sum
    }

    /// The last minute, reaching further back until it holds 100 requests, at most five minutes.
    fn reach(&self, role: Role, now: Time) -> Sum {
        let mut sum = Sum::default();
        for (at, poll) in self.polls.iter().rev() {
            if now.since(*at) >= MINUTE && sum.requests >= ENOUGH {
                break;
            }
            sum.add(poll.of(role));
        }
        sum
    }

    /// Error rate and p99 of `role` as they are drawn at `now`.
    #[must_use]
    pub fn readings(&self, role: Role, now: Time) -> (Reading, Reading) {
        let Some((_, last)) = self.polls.back() else {
            return (Reading::Blind, Reading::Blind);
        };
        let (last, sum) = (last.of(role), self.reach(role, now));
        // A first page has nothing to count yet, but it is an answer.
        let none = if last.reference { Reading::Idle } else { Reading::Blind };
        let errors = if last.counts.is_some() { reading(sum.error_rate(), sum.requests) } else { none };
        let n = sum.buckets.as_ref().map_or(0.0, Buckets::total);
        let p99 = if last.buckets.is_some() { reading(sum.p99(), n) } else { none };
        (errors, p99)
    }

    /// Requests a second of `role` over the last minute; null when nothing is known.
    #[must_use]
    pub fn rate(&self, role: Role, now: Time, poll: Duration) -> Option<f64> {
        let seen =
            self.polls.iter().rev().take_while(|(at, _)| now.since(*at) < MINUTE).filter(|(_, p)| p.of(role).counts.is_some());
        let polls = seen.count();
        (polls > 0).then(|| self.over(role, now, MINUTE).requests / (poll.as_secs_f64() * polls as f64))
    }

    /// How many polls the last minute holds.
    #[must_use]
    pub fn minute_polls(&self, now: Time) -> usize {
        self.polls.iter().rev().take_while(|(at, _)| now.since(*at) < MINUTE).count()
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "under 100")]
fn reading(value: Option<f64>, n: f64) -> Reading {
    match value {
        None => Reading::Idle,
        Some(v) if n >= ENOUGH => Reading::Solid(v),
        Some(v) => Reading::Thin(v, n.round() as u32),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn poll(n: f64, bad: f64) -> Sides<Tally> {
        let tally = Tally { answered: true, counts: Some((n, bad)), ..Tally::default() };
        Sides { baseline: Tally::default(), candidate: tally }
    }

    #[test]
    fn a_thin_minute_reaches_back_until_it_holds_a_hundred() {
        let mut recent = Recent::default();
        for i in 1..=60 {
            recent.push(Time::from_ms(i * 5000), poll(if i <= 30 { 20.0 } else { 2.0 }, 0.2));
        }
        let now = Time::from_ms(300_000);
        assert_eq!(recent.readings(Role::Candidate, now).0.value().map(|v| (v * 1000.0).round()), Some(64.0));
        assert!((recent.over(Role::Candidate, now, MINUTE).requests - 24.0).abs() < 1e-9);
        assert_eq!(recent.readings(Role::Baseline, now).0, Reading::Blind);
    }

    #[test]
    fn even_five_minutes_may_be_thin_or_idle() {
        let mut recent = Recent::default();
        for i in 1..=100 {
            recent.push(Time::from_ms(i * 5000), poll(0.1, 0.0));
        }
        assert!(matches!(recent.readings(Role::Candidate, Time::from_ms(500_000)).0, Reading::Thin(_, 6)));
        recent.push(Time::from_ms(2_000_000), poll(0.0, 0.0));
        assert_eq!(recent.readings(Role::Candidate, Time::from_ms(2_000_000)).0, Reading::Idle);
    }
}
