//! Evidence over the steps of a ladder: one false-alarm budget for the whole climb, however many steps it has.
//!
//! Each step bets anew. What a finished step ended with stays as it is, a step that has not begun holds what it was given, and the mean
//! of them all is an e-value again, held against the one `alpha`. That costs at most ln(steps); pooling counts over different weights
//! would cost the truth (Simpson's paradox).

use std::collections::BTreeMap;

use super::Metric;
use crate::engine::stats::log_sum_exp;

/// The steps of a watch: how many there are, and what the finished ones ended with.
#[derive(Clone, Debug, PartialEq)]
pub struct Ladder {
    steps: usize,
    /// Of each finished step: each metric's part of its e-value, natural logarithm.
    finished: Vec<BTreeMap<Metric, f64>>,
}

impl Ladder {
    /// A ladder of so many steps, at least one; it is fixed before the first of them is judged.
    #[must_use]
    pub fn of(steps: usize) -> Self {
        Self { steps: steps.max(1), finished: Vec::new() }
    }

    /// How many of a ladder's weights are judged, the present one first: those at which the baseline still serves.
    #[must_use]
    pub fn judged(weights: &[f64], present: f64) -> usize {
        weights.iter().filter(|w| **w >= present - 1e-9 && **w < 1.0 - 1e-9).count().max(1)
    }

    /// How many of a ladder's weights are ahead, the present one first: without a live baseline every step is judged.
    #[must_use]
    pub fn ahead(weights: &[f64], present: f64) -> usize {
        weights.iter().filter(|w| **w >= present - 1e-9).count().max(1)
    }

    /// How many steps there are.
    #[must_use]
    pub const fn steps(&self) -> usize {
        self.steps
    }

    /// With one more step over: each metric's part of its e-value, natural logarithm.
    #[must_use]
    pub fn and(mut self, parts: BTreeMap<Metric, f64>) -> Self {
        if self.finished.len() < self.steps {
            self.finished.push(parts);
        }
        self
    }

    /// One metric's part of the mean over all steps, natural logarithm: `now` is the present step's part, `unbegun` what a step that
    /// has not begun holds.
    #[must_use]
    pub fn part(&self, metric: Metric, now: f64, unbegun: f64) -> f64 {
        let mut parts: Vec<f64> = self.finished.iter().filter_map(|step| step.get(&metric).copied()).collect();
        if parts.len() < self.steps {
            parts.push(now);
        }
        parts.resize(self.steps, unbegun);
        log_sum_exp(&parts) - (self.steps as f64).ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ERRORS: Metric = Metric::Errors;

    fn errors(log_e: f64) -> BTreeMap<Metric, f64> {
        BTreeMap::from([(ERRORS, log_e)])
    }

    #[test]
    fn one_step_is_its_own_evidence() {
        let ladder = Ladder::of(1);
        assert!((ladder.part(ERRORS, 3.0, 0.0) - 3.0).abs() < 1e-12);
    }

    #[test]
    fn the_mean_counts_steps_that_have_not_begun_and_keeps_those_that_are_over() {
        let ladder = Ladder::of(4);
        let fresh = (8.0_f64.exp() + 3.0).ln() - 4.0_f64.ln();
        assert!((ladder.part(ERRORS, 8.0, 0.0) - fresh).abs() < 1e-12);
        let later = ladder.and(errors(2.0));
        let mean = (2.0_f64.exp() + 8.0_f64.exp() + 2.0).ln() - 4.0_f64.ln();
        assert!((later.part(ERRORS, 8.0, 0.0) - mean).abs() < 1e-12);
    }

    #[test]
    fn a_step_too_many_has_no_say() {
        let ladder = Ladder::of(1).and(errors(1.0)).and(errors(50.0));
        assert!((ladder.part(ERRORS, 50.0, 0.0) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn judged_are_the_weights_ahead_at_which_the_baseline_serves() {
        let weights = [0.05, 0.25, 0.5, 0.75, 1.0];
        assert_eq!(Ladder::judged(&weights, 0.05), 4);
        assert_eq!(Ladder::judged(&weights, 0.3), 2);
        assert_eq!(Ladder::judged(&weights, 1.0), 1);
        assert_eq!(Ladder::judged(&[], 0.25), 1);
        assert_eq!((Ladder::ahead(&weights, 0.05), Ladder::ahead(&weights, 1.0), Ladder::ahead(&[], 0.25)), (5, 1, 1));
    }
}
