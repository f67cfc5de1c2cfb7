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

    /// The `q`-quantile of the latencies in milliseconds; infinite beyond the last bucket, null without requests.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<f64> {
        self.buckets.as_ref().and_then(|b| quantile(b, q))
    }

    /// The p99, likewise.
    #[must_use]
    pub fn p99(&self) -> Option<f64> {
        self.quantile(0.99)
    }
}

/// What a version did, as it is drawn at one poll.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Readings {
    /// Errors per request, a fraction.
    pub errors: Reading,
    /// The p99 in milliseconds.
    pub p99: Reading,
    /// The p95, likewise.
    pub p95: Reading,
    /// The p50, likewise.
    pub p50: Reading,
    /// Requests a second.
    pub rate: Reading,
}

/// The polls of the last five minutes.
#[derive(Clone, Debug, Default)]
pub struct Recent {
    polls: VecDeque<Polled>,
    /// When each version last gave a page.
    pages: Sides<Option<Time>>,
}

/// One poll of both versions.
#[derive(Clone, Debug)]
struct Polled {
    at: Time,
    sides: Sides<Tally>,
    /// The time that each version's counts are of: since its page before this one, zero without one.
    covers: Sides<Duration>,
}

impl Recent {
    /// Takes one poll; each covers the time since the one before.
    pub fn push(&mut self, at: Time, sides: Sides<Tally>) {
        let pages = self.pages;
        let covers = Sides::build(|role| pages.of(role).map_or(Duration::ZERO, |before| at.since(before)));
        self.pages = Sides::build(|role| if sides.of(role).answered { Some(at) } else { *pages.of(role) });
        self.polls.push_back(Polled { at, sides, covers });
        while self.polls.front().is_some_and(|first| at.since(first.at) >= HORIZON) {
            self.polls.pop_front();
        }
    }

    /// The polls of the last `span` before `now`, the newest first.
    fn within(&self, now: Time, span: Duration) -> impl Iterator<Item = &Polled> {
        self.polls.iter().rev().take_while(move |poll| now.since(poll.at) < span)
    }

    /// What `role` did in the last `span` before `now`.
    #[must_use]
    pub fn over(&self, role: Role, now: Time, span: Duration) -> Sum {
        let mut sum = Sum::default();
        for poll in self.within(now, span) {
            sum.add(poll.sides.of(role));
        }
        sum
    }

    /// The last minute, reaching further back until it holds 100 requests, at most five minutes.
    fn reach(&self, role: Role, now: Time) -> Sum {
        let mut sum = Sum::default();
        for poll in self.polls.iter().rev() {
            if now.since(poll.at) >= MINUTE && sum.requests >= ENOUGH {
                break;
            }
            sum.add(poll.sides.of(role));
        }
        sum
    }

    /// What `role` did as it is drawn at `now`. All of it is blind while no page of it comes; of requests, none are a figure as well.
    #[must_use]
    pub fn readings(&self, role: Role, now: Time) -> Readings {
        let tally = self.polls.back().map(|poll| poll.sides.of(role));
        let (has_counts, has_buckets) = tally.map_or((false, false), |last| (last.counts.is_some(), last.buckets.is_some()));
        // A first page has nothing to count yet, but it is an answer.
        let none = if tally.is_some_and(|last| last.reference) { Reading::Idle } else { Reading::Blind };
        let sum = self.reach(role, now);
        let counted = |value: Option<f64>| if has_counts { reading(value, sum.requests) } else { none };
        let n = sum.buckets.as_ref().map_or(0.0, Buckets::total);
        let latency = |q: f64| if has_buckets { reading(sum.quantile(q), n) } else { none };
        Readings {
            errors: counted(sum.error_rate()),
            p99: latency(0.99),
            p95: latency(0.95),
            p50: latency(0.5),
            rate: counted(self.rate(role, now)),
        }
    }

    /// Requests a second of `role` over the last minute; null when nothing is known.
    #[must_use]
    pub fn rate(&self, role: Role, now: Time) -> Option<f64> {
        let counted = self.within(now, MINUTE).filter(|poll| !poll.covers.of(role).is_zero());
        let counted = counted.filter_map(|poll| Some((poll.sides.of(role).counts?.0, *poll.covers.of(role))));
        let (requests, span) = counted.fold((0.0, Duration::ZERO), |(all, span), (n, time)| (all + n, span + time));
        (!span.is_zero()).then(|| requests / span.as_secs_f64())
    }

    /// Some instance was seen for the first time in the last minute: a part of what was served then has not been counted.
    #[must_use]
    pub fn is_partial(&self, now: Time) -> bool {
        let first = |poll: &Polled| Role::BOTH.into_iter().any(|role| poll.sides.of(role).reference);
        self.within(now, MINUTE).any(first)
    }

    /// How many polls the last minute holds.
    #[must_use]
    pub fn minute_polls(&self, now: Time) -> usize {
        self.within(now, MINUTE).count()
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
        assert_eq!(recent.readings(Role::Candidate, now).errors.value().map(|v| (v * 1000.0).round()), Some(64.0));
        assert!((recent.over(Role::Candidate, now, MINUTE).requests - 24.0).abs() < 1e-9);
        assert_eq!(recent.readings(Role::Baseline, now).errors, Reading::Blind);
    }

    #[test]
    fn a_minute_in_which_an_instance_was_first_seen_is_not_counted_whole() {
        let mut recent = Recent::default();
        let first = Tally { reference: true, ..poll(10.0, 0.0).candidate };
        recent.push(Time::from_ms(5000), Sides { baseline: first, candidate: Tally::default() });
        recent.push(Time::from_ms(10_000), poll(20.0, 0.0));
        assert!(recent.is_partial(Time::from_ms(60_000)));
        assert!(!recent.is_partial(Time::from_ms(65_000)));
    }

    #[test]
    fn even_five_minutes_may_be_thin_or_idle() {
        let mut recent = Recent::default();
        for i in 1..=100 {
            recent.push(Time::from_ms(i * 5000), poll(0.1, 0.0));
        }
        assert!(matches!(recent.readings(Role::Candidate, Time::from_ms(500_000)).errors, Reading::Thin(_, 6)));
        recent.push(Time::from_ms(2_000_000), poll(0.0, 0.0));
        let idle = recent.readings(Role::Candidate, Time::from_ms(2_000_000));
        assert_eq!((idle.errors, idle.rate), (Reading::Idle, Reading::Thin(0.0, 0)), "no requests have no rate of errors");
    }

    #[test]
    fn requests_a_second_are_of_the_time_that_they_were_counted_in() {
        let mut recent = Recent::default();
        let rate = |recent: &Recent, s: i64| recent.readings(Role::Candidate, Time::from_ms(s * 1000)).rate;
        assert_eq!(rate(&recent, 0), Reading::Blind);
        for i in 0..=12 {
            recent.push(Time::from_ms(i * 5000), poll(100.0, 0.0));
        }
        assert_eq!(rate(&recent, 60), Reading::Solid(20.0));
        // Three polls are missed; the next page brings what was counted meanwhile.
        recent.push(Time::from_ms(65_000), Sides::default());
        assert_eq!(rate(&recent, 65), Reading::Blind);
        recent.push(Time::from_ms(80_000), poll(400.0, 0.0));
        assert_eq!(rate(&recent, 80), Reading::Solid(20.0));
    }
}
