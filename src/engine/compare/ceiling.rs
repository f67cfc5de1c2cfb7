//! The comparison without a baseline: does the candidate exceed its limits by more than chance explains?
//!
//! One bet for each metric against "at most so many of the requests are bad", for Poisson counts: with `n` requests, `bad` of them, the
//! limit `theta` and the alternative "`q` times as many", the increment is `bad ln q - n theta (q - 1)`, whose exponential has an
//! expectation of at most 1 as long as the limit is kept. It cannot tell the candidate's fault from a shared incident: that is what an
//! absolute ceiling says. Nothing is ever promoted by it.

use super::{
    Metric,
    background::Background,
    counts::Tally,
    span::{bad_polls, recent_polls, whole},
};
use crate::engine::{policy::Policy, stats::bet::Bet};

/// How many times over the limit the candidate might be.
const ALTERNATIVES: [f64; 6] = [1.25, 1.6, 2.2, 3.5, 7.0, 20.0];
/// The share of requests that may be slower than the p99 limit.
const SLOW: f64 = 0.01;
/// The part of the stake that goes on the first poll.
const FIRST_STAKE: f64 = 0.3;
/// Bad seconds that a conviction needs about.
const BAD_SECONDS: f64 = 15.0;

/// The running bets of one step.
#[derive(Clone, Debug)]
pub(super) struct Ceiling {
    p99_ms: f64,
    warmup_s: f64,
    /// The share of bad requests that is the limit, for errors and for latency.
    limits: [f64; 2],
    bets: [Bet; 2],
    /// The bound that stands for the p99 limit: the first one at or over it.
    bound_ms: Option<f64>,
}

impl Ceiling {
    /// Bets over a window of `window_s` seconds, each with its weight of the budget `alpha`.
    pub(super) fn new(policy: &Policy, window_s: f64, alpha: f64, weights: (f64, f64)) -> Self {
        let polls = whole((window_s - policy.warmup_s) / policy.poll_s).max(1);
        let needed = f64::from(bad_polls(BAD_SECONDS, policy.poll_s));
        let bet = |weight: f64| {
            let alternatives = ALTERNATIVES.len() as f64;
            let cap = ((alternatives / (alpha * weight.max(f64::MIN_POSITIVE) * FIRST_STAKE)).ln() + 0.2) / needed;
            Bet::new(polls, cap, recent_polls(policy.poll_s)).front_loaded(FIRST_STAKE)
        };
        Self {
            p99_ms: policy.p99_ms,
            warmup_s: policy.warmup_s,
            limits: [policy.error_rate, SLOW],
            bets: [bet(weights.0), bet(weights.1)],
            bound_ms: None,
        }
    }

    /// Takes what the candidate counted in one poll, `t` seconds into the step; answers with the requests that were judged.
    pub(super) fn poll(&mut self, t: f64, candidate: &Tally, background: &mut Background) -> f64 {
        let is_warm = t <= self.warmup_s + 1e-9;
        let mut requests = 0.0;
        for (which, metric) in Metric::BOTH.into_iter().enumerate() {
            let Some((n, bad)) = self.counts(metric, candidate).filter(|(n, _)| *n > 0.0) else { continue };
            if !is_warm {
                self.bet(which, n, bad, background);
                requests += if metric == Metric::Errors { n } else { 0.0 };
            }
            background.learn_alone(which, (n, bad));
        }
        requests
    }

    /// `which`: 0 for errors, 1 for latency.
    fn bet(&mut self, which: usize, n: f64, bad: f64, background: &Background) {
        let limit = self.limits[which];
        let noise = background.alone_noise(which, n, limit);
        self.bets[which].take(ALTERNATIVES.map(|q| (bad * q.ln() - n * limit * (q - 1.0)) / noise));
    }

    /// Requests, and those over the limit.
    fn counts(&mut self, metric: Metric, candidate: &Tally) -> Option<(f64, f64)> {
        match metric {
            Metric::Errors => candidate.counts,
            Metric::Custom(_) => None,
            Metric::Latency => {
                let buckets = candidate.buckets.as_ref()?;
                self.bound_ms = buckets.le_ms.iter().copied().find(|le| le.is_finite() && *le >= self.p99_ms);
                Some((buckets.total(), buckets.slower_than(self.bound_ms?)?))
            }
        }
    }

    /// The bet against a metric's limit; null for a configured check, whose counts have none.
    pub(super) const fn bet_of(&self, metric: Metric) -> Option<&Bet> {
        let [errors, latency] = &self.bets;
        match metric {
            Metric::Errors => Some(errors),
            Metric::Latency => Some(latency),
            Metric::Custom(_) => None,
        }
    }

    pub(super) const fn bound_ms(&self) -> Option<f64> {
        self.bound_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{policy::BaselineMode, sample::Buckets};

    /// Plays polls of 500 requests; answers when the evidence convicts.
    fn play(polls: u32, at: impl Fn(f64) -> (f64, f64)) -> (Ceiling, Option<f64>) {
        let policy = Policy { baseline: BaselineMode::Static, ..Policy::default() };
        let mut ceiling = Ceiling::new(&policy, 600.0, 0.01, (0.5, 0.5));
        let mut background = Background::of(&policy);
        let mut convicted = None;
        for i in 1..=polls {
            let t = f64::from(i) * 5.0;
            let (bad, slow) = at(t);
            let le_ms = vec![100.0, 400.0, 800.0, f64::INFINITY];
            let buckets = Buckets { le_ms, count: vec![400.0, 490.0 - 500.0 * slow, 500.0 - 500.0 * slow, 500.0] };
            let tally = Tally { counts: Some((500.0, 500.0 * bad)), buckets: Some(buckets), ..Tally::default() };
            ceiling.poll(t, &tally, &mut background);
            let evidence = ceiling.bets.iter().map(|bet| bet.log_e() + 0.5_f64.ln()).fold(f64::NEG_INFINITY, f64::max);
            convicted = convicted.or((evidence >= 100_f64.ln()).then_some(t));
        }
        (ceiling, convicted)
    }

    #[test]
    fn below_the_limit_nothing_is_held_against_it() {
        let (ceiling, convicted) = play(120, |_| (0.009, 0.002));
        assert_eq!((convicted, ceiling.bound_ms()), (None, Some(800.0)));
    }

    #[test]
    fn well_over_the_limit_convicts_and_only_after_the_warm_up() {
        let (_, errors) = play(120, |_| (0.05, 0.0));
        let (_, latency) = play(120, |_| (0.0, 0.08));
        for at in [errors, latency] {
            let at = at.expect("convicted");
            assert!(at > 65.0 && at <= 120.0, "{at}");
        }
    }

    #[test]
    fn without_a_bound_over_the_limit_there_is_no_latency_to_judge() {
        let policy = Policy { baseline: BaselineMode::Static, p99_ms: 5000.0, ..Policy::default() };
        let mut ceiling = Ceiling::new(&policy, 600.0, 0.01, (0.5, 0.5));
        let buckets = Buckets { le_ms: vec![100.0, f64::INFINITY], count: vec![0.0, 500.0] };
        let tally = Tally { buckets: Some(buckets), ..Tally::default() };
        ceiling.poll(100.0, &tally, &mut Background::of(&policy));
        assert_eq!(ceiling.bound_ms(), None);
        assert!(ceiling.bets[1].log_e().abs() < 1e-9);
    }
}
