//! Which latency bounds are compared: chosen once, from what the baseline did before, so that the choice cannot follow the candidate.

use crate::engine::{
    sample::Buckets,
    stats::ratio::{Null, Split},
};

/// Shares of slow baseline requests that the compared bounds should be near: one for the bulk of the tail, one near the p99, one beyond.
const TARGETS: [f64; 3] = [0.04, 0.01, 0.0025];
/// The share whose bound decides on promotion.
const MIDDLE: f64 = 0.01;
/// Baseline requests needed before the choice.
const MIN_REQUESTS: f64 = 400.0;
/// A bound that more of the baseline's requests exceed says nothing about a tail.
const MAX_SHARE: f64 = 0.3;
/// The baseline's past latencies, and the bounds chosen from them.
#[derive(Clone, Debug)]
pub struct Reference {
    /// The tolerated rise of a latency, a fraction.
    tolerance: f64,
    past: Option<Buckets>,
    edges: Option<Vec<Edge>>,
}

/// One compared bound.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// The bound in milliseconds.
    pub le_ms: f64,
    /// Share of the baseline's past requests that were slower.
    pub share: f64,
    /// How many times that share is tolerated: what a service slower by the tolerated rise would show at this bound, given how steeply the tail falls
    /// there (a local Pareto exponent between 1 and 6).
    pub factor: f64,
}

impl Edge {
    /// The null at this bound.
    #[must_use]
    pub fn null(&self, margin: f64) -> Null {
        Null { factor: self.factor, margin }
    }

    /// Requests and slow requests of both versions at this bound; null when a histogram does not have it.
    #[must_use]
    pub fn split(&self, candidate: &Buckets, baseline: &Buckets) -> Option<Split> {
        Some(Split {
            n_c: candidate.total(),
            bad_c: candidate.slower_than(self.le_ms)?,
            n_b: baseline.total(),
            bad_b: baseline.slower_than(self.le_ms)?,
        })
    }
}

impl Reference {
    /// Nothing known yet. `tolerance`: the tolerated rise of a latency, a fraction.
    #[must_use]
    pub const fn new(tolerance: f64) -> Self {
        Self { tolerance, past: None, edges: None }
    }

    /// Remembers what the baseline did.
    pub fn learn(&mut self, baseline: &Buckets) {
        Buckets::accumulate(&mut self.past, baseline);
    }

    /// Whether the choice was made, even if no bound was fit.
    #[must_use]
    pub const fn is_chosen(&self) -> bool {
        self.edges.is_some()
    }

    /// The chosen bounds; null before the choice and when no bound was fit.
    #[must_use]
    pub fn edges(&self) -> Option<&[Edge]> {
        self.edges.as_deref().filter(|edges| !edges.is_empty())
    }

    /// The bound nearest to the p99.
    #[must_use]
    pub fn middle(&self) -> Option<&Edge> {
        self.edges()?.iter().min_by(|a, b| distance(a.share, MIDDLE).total_cmp(&distance(b.share, MIDDLE)))
    }

    /// Chooses, once enough was seen, among the bounds that the candidate's histogram has as well.
    pub fn choose(&mut self, candidate: &Buckets) {
        let Some(past) = self.past.as_ref().filter(|p| self.edges.is_none() && p.total() >= MIN_REQUESTS) else {
            return;
        };
        let shared: Vec<(f64, f64)> = past
            .le_ms
            .iter()
            .filter(|le| le.is_finite() && candidate.slower_than(**le).is_some())
            .filter_map(|le| Some((*le, (past.slower_than(*le)? + 0.5) / (past.total() + 1.0))))
            .collect();
        let mut chosen: Vec<usize> = Vec::new();
        for target in TARGETS {
            let nearest =
                (0..shared.len()).min_by(|a, b| distance(shared[*a].1, target).total_cmp(&distance(shared[*b].1, target)));
            chosen.extend(nearest.filter(|k| !chosen.contains(k) && shared[*k].1 < MAX_SHARE));
        }
        self.edges = Some(chosen.into_iter().map(|k| edge(&shared, k, self.tolerance)).collect());
    }
}

fn distance(share: f64, target: f64) -> f64 {
    (share / target).ln().abs()
}

fn edge(bounds: &[(f64, f64)], k: usize, tolerance: f64) -> Edge {
    let (low, high) = (bounds[k.saturating_sub(1)], bounds[(k + 1).min(bounds.len() - 1)]);
    let exponent = if low.1 > high.1 { (low.1 / high.1).ln() / (high.0 / low.0).ln() } else { 1.0 };
    Edge { le_ms: bounds[k].0, share: bounds[k].1, factor: (1.0 + tolerance).powf(exponent.clamp(1.0, 6.0)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn past() -> Buckets {
        Buckets { le_ms: vec![100.0, 200.0, 400.0, 800.0, f64::INFINITY], count: vec![5000.0, 9600.0, 9900.0, 9975.0, 10_000.0] }
    }

    #[test]
    fn picks_the_bounds_near_the_targets_once() {
        let mut reference = Reference::new(0.1);
        reference.learn(&past());
        reference.choose(&past());
        let chosen: Vec<f64> = reference.edges().expect("chosen").iter().map(|e| e.le_ms).collect();
        assert_eq!(chosen, [200.0, 400.0, 800.0]);
        assert_eq!(reference.middle().expect("chosen").le_ms.to_bits(), 400.0_f64.to_bits());
        let before = reference.edges().expect("chosen").to_vec();
        reference.learn(&Buckets { count: vec![0.0, 0.0, 0.0, 0.0, 1e6], ..past() });
        reference.choose(&past());
        assert_eq!(reference.edges().expect("chosen"), before);
    }

    #[test]
    fn only_bounds_that_both_versions_have() {
        let mut reference = Reference::new(0.1);
        reference.learn(&past());
        reference.choose(&Buckets { le_ms: vec![100.0, 400.0, f64::INFINITY], count: vec![1.0, 2.0, 2.0] });
        let chosen: Vec<f64> = reference.edges().expect("chosen").iter().map(|e| e.le_ms).collect();
        assert_eq!(chosen, [400.0]);
    }

    #[test]
    fn too_little_past_or_no_tail_is_no_reference() {
        let mut reference = Reference::new(0.1);
        reference.learn(&Buckets { le_ms: vec![100.0, f64::INFINITY], count: vec![100.0, 200.0] });
        reference.choose(&past());
        assert_eq!(reference.edges(), None);
        let mut flat = Reference::new(0.1);
        flat.learn(&Buckets { le_ms: vec![100.0, f64::INFINITY], count: vec![500.0, 1000.0] });
        flat.choose(&Buckets { le_ms: vec![100.0, f64::INFINITY], count: vec![1.0, 2.0] });
        assert_eq!(flat.edges(), None);
    }
}
