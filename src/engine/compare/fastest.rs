//! How soon a failure can be found at all: the comparison itself, played against a candidate of which everything fails.
//!
//! A bound from the policy and the poll interval alone, known before anything was seen. Where pages lag behind, that comes on top.

use super::{
    Background, Compare, Ladder, Metric,
    counts::{Joined, Tally},
};
use crate::engine::{
    policy::{BaselineMode, Policy},
    sample::Buckets,
    stats::ratio::Split,
};

/// Polls of a healthy candidate before it fails: at once, after a while, late; how much is at stake differs.
const HEALTHY: [u32; 3] = [0, 12, 48];
/// Polls of failure that are tried.
const FARTHEST: u32 = 500;
/// Requests of either version in one poll: enough for the counts to be no obstacle.
const REQUESTS: f64 = 10_000.0;
/// What either version fails of them while it is well.
const USUAL: f64 = 0.001;

/// Seconds from the beginning of a failure of everything to its conviction, by errors and by latency; null where it is never found.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Fastest {
    /// Every request fails.
    pub errors: Option<f64>,
    /// Every request is slower than any bound.
    pub latency: Option<f64>,
}

impl Fastest {
    /// Of one step with a window of `window_s` seconds, under the budget of a ladder.
    #[must_use]
    pub fn of(policy: &Policy, window_s: f64, ladder: &Ladder) -> Self {
        let after = |metric: Metric| {
            let compare = Compare::new(policy, window_s, ladder.clone());
            let found = HEALTHY.into_iter().filter_map(|healthy| polls(compare.clone(), policy, metric, healthy));
            found.min().map(|polls| f64::from(polls) * policy.poll_s)
        };
        Self { errors: after(Metric::Errors), latency: after(Metric::Latency) }
    }
}

/// Polls of failure until `metric` convicts, after some of a healthy candidate.
fn polls(mut compare: Compare, policy: &Policy, metric: Metric, healthy: u32) -> Option<u32> {
    let mut background = Background::of(policy).with_noise(policy.care.noise_floor);
    background.learn_history(None, Some(&latencies(0.0)));
    background.choose(&latencies(0.0));
    for poll in 1..=healthy + FARTHEST {
        let t = policy.warmup_s + f64::from(poll) * policy.poll_s;
        let is_bad = poll > healthy;
        let bad_of = |of: Metric| if is_bad && metric == of { 1.0 } else { 0.0 };
        let bad = REQUESTS * (USUAL + bad_of(Metric::Errors) * (1.0 - USUAL));
        let candidate = latencies(bad_of(Metric::Latency));
        if policy.baseline == BaselineMode::Static {
            let tally = Tally { answered: true, counts: Some((REQUESTS, bad)), buckets: Some(candidate), ..Tally::default() };
            compare.poll_alone(t, &tally, &mut background);
        } else {
            let errors = Split { n_c: REQUESTS, bad_c: bad, n_b: REQUESTS, bad_b: REQUESTS * USUAL };
            let latency = Some((candidate, latencies(0.0)));
            compare.poll(t, &Joined { errors: Some(errors), latency, ..Joined::default() }, &background);
        }
        if is_bad && compare.convicts() == Some(metric) {
            return Some(poll - healthy);
        }
    }
    None
}

/// The latencies of one poll, of which so many more than usual are beyond every bound; the bounds reach over any limit.
fn latencies(slow: f64) -> Buckets {
    let part = |share: f64| (REQUESTS * (1.0 - share) * (1.0 - slow)).round();
    Buckets {
        le_ms: vec![50.0, 100.0, 200.0, 400.0, 1e6, f64::INFINITY],
        count: vec![part(0.4), part(0.04), part(0.01), part(0.0025), part(0.0001), REQUESTS],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fastest(policy: &Policy) -> Fastest {
        Fastest::of(policy, policy.window_s, &Ladder::of(1))
    }

    #[test]
    fn with_the_default_policy_two_polls_find_errors_and_half_a_minute_latency() {
        let found = fastest(&Policy::default());
        assert_eq!(found.errors, Some(10.0));
        assert!(found.latency.is_some_and(|s| (20.0..=45.0).contains(&s)), "{found:?}");
    }

    #[test]
    fn what_must_be_bad_for_long_and_polls_that_are_rare_take_longer() {
        let rare = fastest(&Policy { poll_s: 60.0, ..Policy::default() });
        assert!(rare.errors.is_some_and(|s| s >= 120.0) && rare.latency.is_some_and(|s| s >= 120.0), "{rare:?}");
        let mut slow = Policy::default();
        slow.care.errors_s = 150.0;
        assert!(fastest(&slow).errors.is_some_and(|s| s >= 150.0), "{:?}", fastest(&slow));
    }

    #[test]
    fn limits_alone_find_it_too_and_what_does_not_gate_finds_nothing() {
        let alone = fastest(&Policy { baseline: BaselineMode::Static, ..Policy::default() });
        assert!(alone.errors.is_some_and(|s| s <= 30.0) && alone.latency.is_some_and(|s| s <= 60.0), "{alone:?}");
        let errors = fastest(&Policy { gating: vec!["errors".to_owned()], ..Policy::default() });
        assert!(errors.errors.is_some() && errors.latency.is_none(), "{errors:?}");
    }
}
