//! The comparison of one step: is the candidate worse than the baseline, or was it shown not to be?
//!
//! One bet each with one null: errors per request, requests slower than a bucket bound per request, and what each configured check counts.
//! The weighted mean of those that gate is one e-value for the whole step, so the chance of convicting a healthy candidate is at most
//! `alpha` however often one looks. Promotion is the mirrored test (non-inferiority): absence of alarm is not enough.
//!
//! Knows counts and seconds since the step began; knows nothing of pages, health, limits or what follows from a conviction.

pub mod background;
mod budget;
mod ceiling;
mod counted;
pub mod counts;
pub mod fastest;
pub mod forecast;
mod instances;
pub mod ladder;
mod latency;
mod metric;
mod noninferior;
mod promote;
pub mod reference;
mod span;

use std::collections::BTreeMap;

use background::Background;
use budget::Budget;
use ceiling::Ceiling;
use counted::Counted;
use counts::{Joined, Tally};
use instances::{Instances, Suspect};
use ladder::Ladder;
pub use metric::Metric;
use noninferior::NonInferior;
use span::{bad_polls, recent_polls, still_polls, whole, window_polls};

use super::{
    custom::Worse,
    policy::{BaselineMode, Care, Policy, Tolerance},
    sample::{Buckets, Sample},
    stats::{bet::Bet, log_mean_exp, log_sum_exp, ratio::Null},
};

/// Errors while warming up: what a cold start may cost on top of the tolerance, relative. The absolute part is [`Care::cold_start`].
const COLD_START: f64 = 0.4;
/// Errors: what the candidate must be shown to be better than before it is promoted.
pub const ERRORS_PROMOTE: Null = Null { factor: 1.5, margin: 0.005 };
/// The same for the share of slow requests.
pub const LATENCY_PROMOTE: Null = Null { factor: 2.0, margin: 0.01 };

/// "Not one scrape": so many gaining polls at least.
const BAD_POLLS: usize = 2;
/// Requests of either version since warm-up below which nothing is promoted.
pub const MIN_REQUESTS: f64 = 100.0;
/// Evidence to roll back from which on nothing is promoted, as an e-value.
const SUSPICION: f64 = 8.0;
/// Level of the promotion test.
const ALPHA_PROMOTE: f64 = 0.05;

/// The running comparison of one step.
#[derive(Clone, Debug)]
pub struct Compare {
    alpha: f64,
    ladder: Ladder,
    poll_s: f64,
    warmup_s: f64,
    latency_polls: u32,
    budget: Budget,
    tolerance: Tolerance,
    care: Care,
    errors: Counted,
    /// The candidate's instances one by one, where the policy asks for it.
    instances: Option<Instances>,
    latency: Vec<Bet>,
    latency_promote: NonInferior,
    /// The configured checks that count; none where there is no baseline.
    custom: BTreeMap<Metric, Custom>,
    early: Vec<(f64, Buckets, Buckets)>,
    /// What is judged in place of a comparison where there is no baseline.
    ceiling: Option<Ceiling>,
}

/// A configured check that counts.
#[derive(Clone, Debug)]
struct Custom {
    id: String,
    counted: Counted,
}

impl Compare {
    /// The comparison of one step of the ladder, over a window of `window_s` seconds, warm-up included. Metrics that do not gate get no
    /// share of the budget.
    #[must_use]
    pub fn new(policy: &Policy, window_s: f64, ladder: Ladder) -> Self {
        let polls = |seconds: f64| whole(seconds / policy.poll_s).max(1);
        let budget = Budget::new(policy);
        let alpha = policy.alpha / ladder.steps() as f64;
        let bet = |weight: f64| {
            let cap = Bet::cap(alpha, weight.max(f64::MIN_POSITIVE), bad_polls(policy.care.errors_s, policy.poll_s));
            Bet::new(polls(window_s), cap, recent_polls(policy.poll_s))
        };
        let counted = |worse, weight| Counted::new(worse, bet(weight), NonInferior::new(ERRORS_PROMOTE));
        let part = if policy.per_instance { 0.5 } else { 1.0 };
        let errors = counted(Worse::Higher, part * budget.of(Metric::Errors));
        let is_alone = policy.baseline == BaselineMode::Static;
        let custom = |metric: Metric| {
            let check = metric.custom(policy).filter(|_| !is_alone)?;
            // What does not gate bets for itself, with a budget of its own.
            let weight = if metric.gates(policy) { budget.of(metric) } else { 1.0 };
            Some((metric, Custom { id: check.id.clone(), counted: counted(check.worse, weight) }))
        };
        let alone = (budget.of(Metric::Errors), budget.of(Metric::Latency));
        Self {
            alpha: policy.alpha,
            ladder,
            poll_s: policy.poll_s,
            warmup_s: policy.warmup_s,
            latency_polls: polls(window_s - policy.warmup_s),
            tolerance: policy.tolerated(),
            care: policy.care,
            instances: policy.per_instance.then(|| Instances::new(errors.bet.clone())),
            errors,
            latency: Vec::new(),
            latency_promote: NonInferior::new(LATENCY_PROMOTE),
            custom: Metric::all(policy).into_iter().filter_map(custom).collect(),
            early: Vec::new(),
            ceiling: is_alone.then(|| Ceiling::new(policy, window_s, alpha, alone)),
            budget,
        }
    }

    /// Takes what both versions counted over the same time, `t` seconds into the step. The background is as it was before that.
    pub fn poll(&mut self, t: f64, joined: &Joined, background: &Background) {
        let tolerated = self.errors_null(is_warm(t, self.warmup_s));
        if let Some(split) = &joined.errors {
            self.errors.poll(t, self.warmup_s, split, tolerated, background.errors_noise(split));
        }
        for custom in self.custom.values_mut() {
            if let Some(split) = joined.custom.get(&custom.id) {
                custom.counted.poll(t, self.warmup_s, split, tolerated, background.custom_noise(&custom.id, split));
            }
        }
        if let Some((candidate, baseline)) = &joined.latency {
            self.latency(t, candidate, baseline, background);
        }
    }

    /// Takes one poll's samples, where the candidate's instances are compared one by one; `baseline`: what the whole baseline counted.
    pub fn poll_instances(&mut self, t: f64, samples: &[Sample], baseline: Option<(f64, f64)>, background: &Background) {
        let null = self.errors_null(is_warm(t, self.warmup_s));
        if let Some(instances) = &mut self.instances {
            instances.poll(samples, baseline, null, background);
        }
    }

    /// The instance that speaks most against the candidate.
    #[must_use]
    pub fn suspect(&self) -> Option<Suspect<'_>> {
        self.instances.as_ref()?.suspect()
    }

    /// The errors' e-value: of the aggregate, or of it and of the instances in equal parts.
    fn errors_log_e(&self, aggregate: f64) -> f64 {
        self.instances.as_ref().map_or(aggregate, |instances| log_mean_exp(&[aggregate, instances.log_e()]))
    }

    /// Takes what the candidate counted, where there is no baseline; teaches the background afterwards.
    pub fn poll_alone(&mut self, t: f64, candidate: &Tally, background: &mut Background) {
        if let Some(ceiling) = &mut self.ceiling {
            self.errors.exposure.0 += ceiling.poll(t, candidate, background);
        }
    }

    /// What is tolerated of errors.
    fn errors_null(&self, is_warm: bool) -> Null {
        let (relative, absolute) = if is_warm { (COLD_START, self.care.cold_start) } else { (0.0, 0.0) };
        Null { factor: 1.0 + self.tolerance.error_rel + relative, margin: self.tolerance.error_abs + absolute }
    }

    /// The evidence to roll back: natural logarithm of the e-value, over all steps of the ladder.
    #[must_use]
    pub fn evidence(&self) -> f64 {
        let parts: Vec<f64> = self.metrics().map(|metric| self.weighted(metric)).collect();
        log_sum_exp(&parts)
    }

    /// Everything that is compared.
    fn metrics(&self) -> impl Iterator<Item = Metric> {
        Metric::BOTH.into_iter().chain(self.custom.keys().copied())
    }

    /// The metric that holds most of it.
    #[must_use]
    pub fn leading(&self) -> Metric {
        let more = |a: Metric, b: Metric| if self.weighted(a) >= self.weighted(b) { a } else { b };
        self.metrics().fold(Metric::Errors, more)
    }

    /// How much of what convicts speaks against the candidate in one metric, a fraction. What does not gate is held against a budget of
    /// its own.
    #[must_use]
    pub fn leans(&self, metric: Metric) -> f64 {
        let alone = self.custom.get(&metric).filter(|_| self.budget(metric) <= 0.0);
        alone.map_or_else(|| self.weighted(metric), |custom| custom.counted.bet.log_e()) / self.needed()
    }

    /// One metric's part of the evidence to roll back.
    #[must_use]
    pub fn weighted(&self, metric: Metric) -> f64 {
        self.ladder.part(metric, self.own(metric), self.weight(metric))
    }

    /// A metric's share of the false-alarm budget, a fraction.
    #[must_use]
    pub fn budget(&self, metric: Metric) -> f64 {
        self.budget.of(metric)
    }

    /// The natural logarithm of a metric's share of the budget.
    fn weight(&self, metric: Metric) -> f64 {
        self.budget(metric).ln()
    }

    /// One metric's part of this step's own evidence.
    fn own(&self, metric: Metric) -> f64 {
        let log_e = match (&self.ceiling, metric) {
            (Some(ceiling), metric) => ceiling.bet_of(metric).map_or(0.0, Bet::log_e),
            (None, Metric::Errors) => self.errors_log_e(self.errors.bet.log_e()),
            (None, Metric::Latency) => self.latency_log_e(),
            (None, Metric::Custom(_)) => self.custom.get(&metric).map_or(0.0, |custom| custom.counted.bet.log_e()),
        };
        self.weight(metric) + log_e
    }

    /// The ladder with this step over.
    #[must_use]
    pub fn ladder(&self) -> Ladder {
        self.ladder.clone().and(self.metrics().map(|metric| (metric, self.own(metric))).collect())
    }

    /// The steps before this one.
    #[must_use]
    pub fn steps_before(&self) -> Ladder {
        self.ladder.clone()
    }

    /// What convicts: ln(1/alpha).
    #[must_use]
    pub fn needed(&self) -> f64 {
        (1.0 / self.alpha).ln()
    }

    /// The metric that convicts the candidate now, if one does: enough evidence, still bad, and not because of one scrape.
    #[must_use]
    pub fn convicts(&self) -> Option<Metric> {
        let metric = self.leading();
        (self.evidence() >= self.needed() && self.is_still_bad(metric)).then_some(metric)
    }

    fn is_still_bad(&self, metric: Metric) -> bool {
        let still = |bet: &Bet| bet.gained(still_polls(self.poll_s)) > 0.0;
        let twice = |bet: &Bet| bet.gains(window_polls(self.poll_s)) >= BAD_POLLS;
        let is_one = |bet: &Bet| still(bet) && twice(bet);
        match (&self.ceiling, metric) {
            (Some(ceiling), metric) => ceiling.bet_of(metric).is_some_and(is_one),
            // The bounds of one histogram are one metric: what is slow shows at one or the other. An instance stands for itself.
            (None, Metric::Latency) => self.latency.iter().any(still) && self.latency.iter().any(twice),
            (None, Metric::Errors) => is_one(&self.errors.bet) || self.instances.iter().flat_map(Instances::bets).any(is_one),
            (None, Metric::Custom(_)) => self.custom.get(&metric).is_some_and(|custom| is_one(&custom.counted.bet)),
        }
    }

    /// The bound that stands for the p99 limit, where there is no baseline.
    #[must_use]
    pub fn ceiling_ms(&self) -> Option<f64> {
        self.ceiling.as_ref()?.bound_ms()
    }

    /// Requests since warm-up: candidate, baseline.
    #[must_use]
    pub const fn requests(&self) -> (f64, f64) {
        self.errors.exposure
    }

    /// What both versions had since warm-up that could have been bad: requests, or what a configured check counts in.
    #[must_use]
    pub fn exposure(&self, metric: Metric) -> (f64, f64) {
        match metric {
            Metric::Errors | Metric::Latency => self.requests(),
            Metric::Custom(_) => self.custom.get(&metric).map_or((0.0, 0.0), |custom| custom.counted.exposure),
        }
    }
}

/// Whether a poll `t` seconds into a step belongs to its warm-up.
fn is_warm(t: f64, warmup_s: f64) -> bool {
    t <= warmup_s + 1e-9
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::stats::ratio::Split;

    fn policy() -> Policy {
        Policy::default()
    }

    fn buckets(n: f64, slow: f64) -> Buckets {
        Buckets {
            le_ms: vec![50.0, 100.0, 200.0, 400.0, 800.0, f64::INFINITY],
            count: vec![n * 0.5, n * 0.9, n - n * 0.03 - slow, n - n * 0.005 - slow / 2.0, n, n],
        }
    }

    /// Plays `polls` polls of a service with 25 + 75 requests a second; `bad` and `slow` say the candidate's shares at each second.
    fn play(polls: u32, bad: impl Fn(f64) -> f64, slow: impl Fn(f64) -> f64) -> (Compare, Option<(f64, Metric)>) {
        let mut compare = Compare::new(&policy(), 600.0, Ladder::of(1));
        let mut background = Background::with_fixed_noise(1.3);
        background.learn_history(None, Some(&buckets(1000.0, 0.0)));
        let mut convicted = None;
        for i in 1..=polls {
            let t = f64::from(i) * 5.0;
            let split = Split { n_c: 125.0, bad_c: 125.0 * bad(t), n_b: 375.0, bad_b: 375.0 * 0.003 };
            let (candidate, baseline) = (buckets(125.0, 125.0 * slow(t)), buckets(375.0, 0.0));
            background.choose(&candidate);
            let joined = Joined { errors: Some(split), latency: Some((candidate, baseline)), ..Joined::default() };
            compare.poll(t, &joined, &background);
            background.learn(&joined);
            convicted = convicted.or_else(|| compare.convicts().map(|m| (t, m)));
        }
        (compare, convicted)
    }

    #[test]
    fn alike_versions_are_promoted_at_the_end_and_never_convicted() {
        let (compare, convicted) = play(120, |_| 0.003, |_| 0.0);
        assert_eq!(convicted, None);
        assert_eq!(compare.judge(600.0, &policy()), Ok(()));
    }

    #[test]
    fn ten_times_the_errors_convict_within_half_a_minute() {
        let (_, convicted) = play(120, |t| if t > 80.0 { 0.03 } else { 0.003 }, |_| 0.0);
        let (at, metric) = convicted.expect("convicted");
        assert!(at <= 115.0 && metric == Metric::Errors, "{at} {metric:?}");
    }

    #[test]
    fn slower_requests_convict_by_latency() {
        let (_, convicted) = play(120, |_| 0.003, |t| if t > 80.0 { 0.2 } else { 0.0 });
        assert_eq!(convicted.expect("convicted").1, Metric::Latency);
    }

    #[test]
    fn a_cold_start_within_the_allowance_is_forgiven() {
        let (compare, convicted) = play(120, |t| if t <= 60.0 { 0.012 } else { 0.003 }, |t| if t <= 60.0 { 0.3 } else { 0.0 });
        assert_eq!(convicted, None);
        assert_eq!(compare.judge(600.0, &policy()), Ok(()));
    }

    #[test]
    fn too_few_requests_are_not_promoted() {
        let (compare, _) = play(12, |_| 0.003, |_| 0.0);
        assert_eq!(compare.judge(60.0, &policy()), Err("too few requests".to_owned()));
    }

    #[test]
    fn a_bad_end_is_not_promoted() {
        let (compare, _) = play(120, |t| if t > 400.0 { 0.011 } else { 0.003 }, |_| 0.0);
        assert!(compare.judge(600.0, &policy()).is_err());
    }
}
