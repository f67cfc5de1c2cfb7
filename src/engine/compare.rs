//! The comparison of one step: is the candidate worse than the baseline, or was it shown not to be?
//!
//! Two bets, one null each: errors per request, and requests slower than a bucket bound per request. Their weighted mean is one
//! e-value for the whole step, so the chance of convicting a healthy candidate is at most `alpha` however often one looks. Promotion
//! is the mirrored test (non-inferiority): absence of alarm is not enough.
//!
//! Knows counts and seconds since the step began; knows nothing of pages, health, limits or what follows from a conviction.

pub mod background;
mod ceiling;
pub mod counts;
pub mod forecast;
mod instances;
pub mod ladder;
mod noninferior;
pub mod reference;

use background::Background;
use ceiling::Ceiling;
use counts::{Joined, Tally};
use instances::{Instances, Suspect};
use ladder::Ladder;
use noninferior::NonInferior;

use super::{
    policy::{BaselineMode, Care, Policy, Tolerance},
    sample::{Buckets, Sample},
    stats::{
        bet::Bet,
        log_mean_exp, log_sum_exp,
        ratio::{Null, Split},
    },
};

/// Errors while warming up: what a cold start may cost on top of the tolerance, relative. The absolute part is [`Care::cold_start`].
const COLD_START: f64 = 0.4;
/// Errors: what the candidate must be shown to be better than before it is promoted.
pub const ERRORS_PROMOTE: Null = Null { factor: 1.5, margin: 0.005 };
/// The same for the share of slow requests.
pub const LATENCY_PROMOTE: Null = Null { factor: 2.0, margin: 0.01 };
/// Noise assumed for latency polls before the reference was known: nearly worthless.
const NOISE_UNKNOWN: f64 = 9.0;

/// The share of the false-alarm budget that goes to errors.
const WEIGHT_ERRORS: f64 = 0.55;
/// And to latency.
const WEIGHT_LATENCY: f64 = 0.45;
/// Polls this far apart, or farther, need no third one to be believed.
const SPARSE_POLLS_S: f64 = 15.0;
/// "Still bad": the winning bet gained over these last seconds.
const STILL_SECONDS: f64 = 30.0;
/// "Not one scrape": at least two gaining polls within these last seconds.
const RECENT_SECONDS: f64 = 60.0;
const BAD_POLLS: usize = 2;
/// Polls kept while the baseline has too few requests for a latency reference; later ones are not needed to reach a decision.
const MAX_EARLY: usize = 4096;
/// Requests of either version since warm-up below which nothing is promoted.
pub const MIN_REQUESTS: f64 = 100.0;
/// Evidence to roll back from which on nothing is promoted, as an e-value.
const SUSPICION: f64 = 8.0;
/// Level of the promotion test.
const ALPHA_PROMOTE: f64 = 0.05;

/// Which of the two bets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Errors per request.
    Errors,
    /// Slow requests per request.
    Latency,
}

impl Metric {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::Errors, Self::Latency];

    /// The id of the check that shows it.
    #[must_use]
    pub const fn check(self) -> &'static str {
        match self {
            Self::Errors => "errors",
            Self::Latency => "latency",
        }
    }
}

/// The running comparison of one step.
#[derive(Clone, Debug)]
pub struct Compare {
    alpha: f64,
    ladder: Ladder,
    poll_s: f64,
    warmup_s: f64,
    latency_polls: u32,
    weights: (f64, f64),
    tolerance: Tolerance,
    care: Care,
    errors: Bet,
    /// The candidate's instances one by one, where the policy asks for it.
    instances: Option<Instances>,
    latency: Vec<Bet>,
    errors_promote: NonInferior,
    latency_promote: NonInferior,
    early: Vec<(f64, Buckets, Buckets)>,
    requests: (f64, f64),
    /// What is judged in place of a comparison where there is no baseline.
    ceiling: Option<Ceiling>,
}

impl Compare {
    /// The comparison of one step of the ladder, over a window of `window_s` seconds, warm-up included. Metrics that do not gate get no
    /// share of the budget.
    #[must_use]
    pub fn new(policy: &Policy, window_s: f64, ladder: Ladder) -> Self {
        let polls = |seconds: f64| whole(seconds / policy.poll_s).max(1);
        let weights = match (policy.gates("errors"), policy.gates("latency")) {
            (true, false) => (1.0, 0.0),
            (false, true) => (0.0, 1.0),
            _ if policy.baseline == BaselineMode::Static => (0.5, 0.5),
            _ => (WEIGHT_ERRORS, WEIGHT_LATENCY),
        };
        let alpha = policy.alpha / ladder.steps() as f64;
        let part = if policy.per_instance { 0.5 } else { 1.0 };
        let cap = Bet::cap(alpha, (part * weights.0).max(f64::MIN_POSITIVE), bad_polls(policy.care.errors_s, policy.poll_s));
        let errors = Bet::new(polls(window_s), cap, recent_polls(policy.poll_s));
        Self {
            alpha: policy.alpha,
            ladder,
            poll_s: policy.poll_s,
            warmup_s: policy.warmup_s,
            latency_polls: polls(window_s - policy.warmup_s),
            weights,
            tolerance: policy.tolerated(),
            care: policy.care,
            instances: policy.per_instance.then(|| Instances::new(errors.clone())),
            errors,
            latency: Vec::new(),
            errors_promote: NonInferior::new(ERRORS_PROMOTE),
            latency_promote: NonInferior::new(LATENCY_PROMOTE),
            early: Vec::new(),
            requests: (0.0, 0.0),
            ceiling: (policy.baseline == BaselineMode::Static).then(|| Ceiling::new(policy, window_s, alpha, weights)),
        }
    }

    /// Takes what both versions counted over the same time, `t` seconds into the step. The background is as it was before that.
    pub fn poll(&mut self, t: f64, joined: &Joined, background: &Background) {
        if let Some(split) = &joined.errors {
            self.errors(t, split, background.errors_noise(split));
        }
        if let Some((candidate, baseline)) = &joined.latency {
            self.latency(t, candidate, baseline, background);
        }
    }

    /// Takes one poll's samples, where the candidate's instances are compared one by one; `baseline`: what the whole baseline counted.
    pub fn poll_instances(&mut self, t: f64, samples: &[Sample], baseline: Option<(f64, f64)>, background: &Background) {
        let null = self.errors_null(t <= self.warmup_s + 1e-9);
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
            self.requests.0 += ceiling.poll(t, candidate, background);
        }
    }

    fn errors(&mut self, t: f64, split: &Split, noise: f64) {
        if split.n_c <= 0.0 || split.n_b <= 0.0 {
            return;
        }
        let is_warm = t <= self.warmup_s + 1e-9;
        self.errors.step(split, self.errors_null(is_warm), noise);
        if !is_warm {
            self.errors_promote.add(t, self.warmup_s, split, noise);
            self.requests.0 += split.n_c;
            self.requests.1 += split.n_b;
        }
    }

    /// What is tolerated of errors.
    fn errors_null(&self, is_warm: bool) -> Null {
        let (relative, absolute) = if is_warm { (COLD_START, self.care.cold_start) } else { (0.0, 0.0) };
        Null { factor: 1.0 + self.tolerance.error_rel + relative, margin: self.tolerance.error_abs + absolute }
    }

    fn latency(&mut self, t: f64, candidate: &Buckets, baseline: &Buckets, background: &Background) {
        if candidate.total() <= 0.0 || baseline.total() <= 0.0 {
            return;
        }
        let is_warm = t <= self.warmup_s + 1e-9;
        let Some(edges) = background.edges() else {
            if !is_warm && self.early.len() < MAX_EARLY {
                self.early.push((t, candidate.clone(), baseline.clone()));
            }
            return;
        };
        self.open_latency(background);
        if is_warm {
            return;
        }
        let middle = background.middle();
        for (index, (bet, edge)) in self.latency.iter_mut().zip(edges).enumerate() {
            let Some(split) = edge.split(candidate, baseline) else { continue };
            let noise = background.latency_noise(index, &split);
            bet.step(&split, edge.null(self.tolerance.latency_abs), noise);
            if middle == Some(index) {
                self.latency_promote.add(t, self.warmup_s, &split, noise);
            }
        }
    }

    /// The first time the bounds are known: one bet for each, and what came before counts a little towards promotion.
    fn open_latency(&mut self, background: &Background) {
        if !self.latency.is_empty() {
            return;
        }
        let fewest = if self.poll_s <= SPARSE_POLLS_S { self.care.latency_polls } else { 2 };
        let polls = bad_polls(self.care.latency_s, self.poll_s).max(fewest);
        let alpha = self.alpha / self.ladder.steps() as f64;
        let cap = Bet::cap(alpha, self.weights.1.max(f64::MIN_POSITIVE), polls);
        let bets = background.edges().unwrap_or_default().iter();
        self.latency = bets.map(|_| Bet::new(self.latency_polls, cap, recent_polls(self.poll_s))).collect();
        for (t, candidate, baseline) in std::mem::take(&mut self.early) {
            if let Some(split) = background.middle_edge().and_then(|edge| edge.split(&candidate, &baseline)) {
                self.latency_promote.add(t, self.warmup_s, &split, NOISE_UNKNOWN);
            }
        }
    }

    /// The evidence to roll back: natural logarithm of the e-value, over all steps of the ladder.
    #[must_use]
    pub fn evidence(&self) -> f64 {
        log_sum_exp(&Metric::BOTH.map(|metric| self.weighted(metric)))
    }

    /// The metric that holds more of it.
    #[must_use]
    pub fn leading(&self) -> Metric {
        if self.weighted(Metric::Errors) >= self.weighted(Metric::Latency) { Metric::Errors } else { Metric::Latency }
    }

    /// One metric's part of the evidence to roll back.
    #[must_use]
    pub fn weighted(&self, metric: Metric) -> f64 {
        self.ladder.part(metric, self.own(metric), self.weight(metric))
    }

    /// A metric's share of the false-alarm budget, a fraction.
    #[must_use]
    pub const fn budget(&self, metric: Metric) -> f64 {
        match metric {
            Metric::Errors => self.weights.0,
            Metric::Latency => self.weights.1,
        }
    }

    /// The natural logarithm of a metric's share of the budget.
    fn weight(&self, metric: Metric) -> f64 {
        self.budget(metric).ln()
    }

    /// One metric's part of this step's own evidence.
    fn own(&self, metric: Metric) -> f64 {
        let log_e = match (&self.ceiling, metric) {
            (Some(ceiling), metric) => ceiling.bet_of(metric).log_e(),
            (None, Metric::Errors) => self.errors_log_e(self.errors.log_e()),
            (None, Metric::Latency) => self.latency_log_e(),
        };
        self.weight(metric) + log_e
    }

    /// The ladder with this step over.
    #[must_use]
    pub fn ladder(&self) -> Ladder {
        self.ladder.clone().and(Metric::BOTH.map(|metric| self.own(metric)))
    }

    /// The steps before this one.
    #[must_use]
    pub fn steps_before(&self) -> Ladder {
        self.ladder.clone()
    }

    fn latency_log_e(&self) -> f64 {
        let all: Vec<f64> = self.latency.iter().map(Bet::log_e).collect();
        if all.is_empty() { 0.0 } else { log_mean_exp(&all) }
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
        let bets: Vec<&Bet> = match (&self.ceiling, metric) {
            (Some(ceiling), metric) => vec![ceiling.bet_of(metric)],
            (None, Metric::Errors) => {
                std::iter::once(&self.errors).chain(self.instances.iter().flat_map(Instances::bets)).collect()
            }
            (None, Metric::Latency) => self.latency.iter().collect(),
        };
        bets.iter().any(|b| b.gained(still_polls(self.poll_s)) > 0.0)
            && bets.iter().any(|b| b.gains(window_polls(self.poll_s)) >= BAD_POLLS)
    }

    /// Whether latency can be compared at all.
    #[must_use]
    pub fn has_latency(&self) -> bool {
        !self.latency.is_empty() || self.ceiling_ms().is_some()
    }

    /// The bound that stands for the p99 limit, where there is no baseline.
    #[must_use]
    pub fn ceiling_ms(&self) -> Option<f64> {
        self.ceiling.as_ref()?.bound_ms()
    }

    /// Requests since warm-up: candidate, baseline.
    #[must_use]
    pub fn requests(&self) -> (f64, f64) {
        self.requests
    }

    /// How much of the evidence to promote this metric has: natural logarithm, and what is needed.
    #[must_use]
    pub fn promotes(&self, metric: Metric) -> (f64, f64) {
        let test = match metric {
            Metric::Errors => &self.errors_promote,
            Metric::Latency => &self.latency_promote,
        };
        (test.log_e(), (1.0 / ALPHA_PROMOTE).ln())
    }

    /// Whether the candidate was shown to be no worse, at the end of a window.
    ///
    /// # Errors
    /// What is missing, as the end of the sentence "undecided: ...".
    pub fn judge(&self, t: f64, policy: &Policy) -> Result<(), String> {
        if self.requests.0.min(self.requests.1) < MIN_REQUESTS {
            return Err("too few requests".to_owned());
        }
        if policy.gates("latency") && !self.has_latency() {
            return Err("no latency to compare".to_owned());
        }
        self.is_calm()?;
        let gating = Metric::BOTH.into_iter().filter(|m| policy.gates(m.check()));
        let missing: Vec<String> = gating.filter_map(|metric| self.unproven(metric, t)).collect();
        if missing.is_empty() { Ok(()) } else { Err(format!("not shown to be no worse: {}", missing.join(", "))) }
    }

    /// Whether nothing speaks against the candidate at the end of a step.
    ///
    /// # Errors
    /// What does, as the end of the sentence "undecided: ...".
    pub fn is_calm(&self) -> Result<(), String> {
        if log_sum_exp(&Metric::BOTH.map(|metric| self.own(metric))) >= SUSPICION.ln() {
            return Err(format!("a suspicion is left in {}", self.leading().check()));
        }
        Ok(())
    }

    fn unproven(&self, metric: Metric, t: f64) -> Option<String> {
        let test = match metric {
            Metric::Errors => &self.errors_promote,
            Metric::Latency => &self.latency_promote,
        };
        if test.log_e() < (1.0 / ALPHA_PROMOTE).ln() {
            Some(metric.check().to_owned())
        } else if test.tail_log_e(t, self.warmup_s) < 0.0 {
            Some(format!("{} (in the last third of the window)", metric.check()))
        } else {
            None
        }
    }
}

/// A whole number of polls, rounded down.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "validated windows hold at most a few million polls")]
fn whole(polls: f64) -> u32 {
    polls.clamp(0.0, f64::from(u32::MAX)).floor() as u32
}

/// Polls that so many bad seconds take, at least two.
fn bad_polls(seconds: f64, poll_s: f64) -> u32 {
    whole((seconds / poll_s).ceil()).max(2)
}

fn still_polls(poll_s: f64) -> usize {
    if poll_s < STILL_SECONDS { (whole((STILL_SECONDS / poll_s).round_ties_even()) as usize).max(2) } else { 1 }
}

fn window_polls(poll_s: f64) -> usize {
    (whole((RECENT_SECONDS / poll_s).round_ties_even()) as usize).max(4)
}

fn recent_polls(poll_s: f64) -> usize {
    still_polls(poll_s).max(window_polls(poll_s))
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let joined = Joined { errors: Some(split), latency: Some((candidate, baseline)) };
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
