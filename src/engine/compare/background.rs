//! What is known of a service beyond one step: how noisy it is, and how slow its baseline is. Learnt from every poll, used by the next.
//!
//! Everything here is predictable: it is asked before a poll is used and taught that poll afterwards.

use std::collections::BTreeMap;

use super::{
    counts::Joined,
    reference::{Edge, Reference},
};
use crate::engine::{
    policy::{Care, Policy, Tolerance},
    sample::Buckets,
    stats::{
        noise::{Counts, Noise},
        ratio::Split,
    },
};

/// Polls kept until the latency bounds are chosen; more are not needed to know the noise.
const MAX_EARLY: usize = 4096;

/// The background of a watch.
#[derive(Clone, Debug)]
pub struct Background {
    reference: Reference,
    errors: Noise,
    /// One for each chosen bound.
    latency: Vec<Noise>,
    /// One for each configured check that counts, by its id.
    custom: BTreeMap<String, Noise>,
    /// The candidate's own noise, where there is nothing else: errors, slow requests.
    alone: [Noise; 2],
    /// What each bound's estimate begins with.
    latency_noise: Noise,
    /// Latencies from before the bounds were chosen: candidate (none for history), baseline.
    early: Vec<(Option<Buckets>, Buckets)>,
    /// A factor in place of the estimates, where there is nothing to estimate it from.
    fixed: Option<f64>,
}

impl Background {
    /// Nothing known yet.
    #[must_use]
    pub fn new(tolerance: Tolerance, care: Care) -> Self {
        let noise = |is_latency| Noise::new(is_latency).believing(care.noise_floor, care.noise_prior);
        Self {
            reference: Reference::new(tolerance.latency_rel),
            errors: noise(false),
            latency: Vec::new(),
            custom: BTreeMap::new(),
            alone: [noise(false), noise(true)],
            latency_noise: noise(true),
            early: Vec::new(),
            fixed: None,
        }
    }

    /// A background as `policy` wants it.
    #[must_use]
    pub fn of(policy: &Policy) -> Self {
        let mut new = Self::new(policy.tolerated(), policy.care);
        if policy.baseline.is_earlier() {
            new = Self { errors: new.errors.cautious(), latency_noise: new.latency_noise.cautious(), ..new };
        }
        let counting = policy.checks.iter().filter(|check| check.counts());
        new.custom = counting.map(|check| (check.id.clone(), new.errors.clone())).collect();
        new
    }

    /// A background whose noise factor is always `factor`, to test what does not depend on the estimate.
    #[must_use]
    pub fn with_fixed_noise(factor: f64) -> Self {
        Self::new(Tolerance::default(), Care::default()).with_noise(factor)
    }

    /// The same background with a noise factor that is always `factor`.
    #[must_use]
    pub fn with_noise(self, factor: f64) -> Self {
        Self { fixed: Some(factor), ..self }
    }

    /// The bounds that latency is compared at; null before they are chosen, and when none was fit.
    #[must_use]
    pub fn edges(&self) -> Option<&[Edge]> {
        self.reference.edges()
    }

    /// Which of them is nearest the p99.
    #[must_use]
    pub fn middle(&self) -> Option<usize> {
        let middle = self.reference.middle()?;
        self.edges()?.iter().position(|edge| edge == middle)
    }

    /// The bound nearest the p99.
    #[must_use]
    pub fn middle_edge(&self) -> Option<&Edge> {
        self.reference.middle()
    }

    /// The noise factor for the errors of a poll with so many requests.
    #[must_use]
    pub fn errors_noise(&self, split: &Split) -> f64 {
        self.fixed.unwrap_or_else(|| self.errors.factor(split.n_c, split.n_b))
    }

    /// The noise factor for what the configured check `id` counts.
    #[must_use]
    pub fn custom_noise(&self, id: &str, split: &Split) -> f64 {
        let estimate = || self.custom.get(id).map_or(1.0, |noise| noise.factor(split.n_c, split.n_b));
        self.fixed.unwrap_or_else(estimate)
    }

    /// The noise factor for the bound with this index.
    #[must_use]
    pub fn latency_noise(&self, index: usize, split: &Split) -> f64 {
        let estimate = || self.latency.get(index).map_or(1.0, |noise| noise.factor(split.n_c, split.n_b));
        self.fixed.unwrap_or_else(estimate)
    }

    /// Chooses the bounds, once enough of the baseline was seen, among those that the candidate has as well.
    pub fn choose(&mut self, candidate: &Buckets) {
        if self.reference.is_chosen() {
            return;
        }
        self.reference.choose(candidate);
        let edges = self.reference.edges().unwrap_or_default();
        self.latency = edges.iter().map(|_| self.latency_noise.clone()).collect();
        if self.reference.is_chosen() {
            for (candidate, baseline) in std::mem::take(&mut self.early) {
                self.push_latency(candidate.as_ref(), &baseline);
            }
        }
    }

    /// Learns a poll in which both versions were seen over the same time.
    pub fn learn(&mut self, joined: &Joined) {
        if let Some(split) = &joined.errors {
            self.errors.push(counts(split));
        }
        for (id, split) in &joined.custom {
            if let Some(noise) = self.custom.get_mut(id) {
                noise.push(counts(split));
            }
        }
        if let Some((candidate, baseline)) = &joined.latency {
            self.learn_latency(Some(candidate), baseline);
        }
    }

    /// Learns a poll of the baseline alone, from before the candidate was there.
    pub fn learn_history(&mut self, errors: Option<(f64, f64)>, latency: Option<&Buckets>) {
        if let Some(counted) = errors {
            learn_alone(&mut self.errors, counted);
        }
        if let Some(baseline) = latency.filter(|b| b.total() > 0.0) {
            self.learn_latency(None, baseline);
        }
    }

    /// The same of a configured check.
    pub fn learn_history_of(&mut self, id: &str, counted: (f64, f64)) {
        if let Some(noise) = self.custom.get_mut(id) {
            learn_alone(noise, counted);
        }
    }

    /// The noise factor for `n` requests of the candidate alone, of which `rate` may be bad; `which`: 0 for errors, 1 for latency.
    #[must_use]
    pub fn alone_noise(&self, which: usize, n: f64, rate: f64) -> f64 {
        self.fixed.unwrap_or_else(|| self.alone[which].factor_alone(n, rate))
    }

    /// Learns a poll of the candidate alone: its requests, and those of them that are bad.
    pub fn learn_alone(&mut self, which: usize, (n_b, bad_b): (f64, f64)) {
        self.alone[which].push(Counts { bad_b, n_b, ..Counts::default() });
    }

    fn learn_latency(&mut self, candidate: Option<&Buckets>, baseline: &Buckets) {
        if self.reference.is_chosen() {
            self.push_latency(candidate, baseline);
        } else if self.early.len() < MAX_EARLY {
            self.early.push((candidate.cloned(), baseline.clone()));
        }
        self.reference.learn(baseline);
    }

    fn push_latency(&mut self, candidate: Option<&Buckets>, baseline: &Buckets) {
        let none = Buckets { le_ms: baseline.le_ms.clone(), count: vec![0.0; baseline.le_ms.len()] };
        let candidate = candidate.unwrap_or(&none);
        for (noise, edge) in self.latency.iter_mut().zip(self.reference.edges().unwrap_or_default()) {
            if let Some(split) = edge.split(candidate, baseline) {
                noise.push(counts(&split));
            }
        }
    }
}

/// Learns what the baseline counted before the candidate was there: in all, bad.
fn learn_alone(noise: &mut Noise, (n_b, bad_b): (f64, f64)) {
    if n_b > 0.0 {
        noise.push(Counts { bad_b, n_b, ..Counts::default() });
    }
}

const fn counts(split: &Split) -> Counts {
    Counts { bad_c: split.bad_c, bad_b: split.bad_b, n_c: split.n_c, n_b: split.n_b }
}
