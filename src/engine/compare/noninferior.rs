//! The test that promotes: the candidate must be shown to be better than a margin, over the whole window and not against its end.

use std::collections::VecDeque;

use crate::engine::stats::{
    log_mean_exp,
    ratio::{Null, Split, log_increment},
};

/// How much better than the margin the candidate might be.
const ALTERNATIVES: [f64; 3] = [0.02, 0.2, 0.6];
/// The part of the judged time, at its end, that must not speak against the candidate.
const TAIL: f64 = 1.0 / 3.0;

/// A running non-inferiority test.
#[derive(Clone, Debug)]
pub(super) struct NonInferior {
    null: Null,
    sums: [f64; ALTERNATIVES.len()],
    tail: VecDeque<(f64, [f64; ALTERNATIVES.len()])>,
}

impl NonInferior {
    pub(super) fn new(null: Null) -> Self {
        Self { null, sums: [0.0; ALTERNATIVES.len()], tail: VecDeque::new() }
    }

    /// Takes one poll, `t` seconds into a step whose warm-up took `warmup_s`.
    pub(super) fn add(&mut self, t: f64, warmup_s: f64, split: &Split, noise: f64) {
        let gains = ALTERNATIVES.map(|q| log_increment(split, self.null, q) / noise);
        for (sum, gain) in self.sums.iter_mut().zip(gains) {
            *sum += gain;
        }
        self.tail.push_back((t, gains));
        // The cut only moves forward, so what lies behind it is never asked for again.
        while self.tail.front().is_some_and(|(at, _)| *at <= cut(t, warmup_s)) {
            self.tail.pop_front();
        }
    }

    /// Logarithm of the e-value against "worse than the margin".
    pub(super) fn log_e(&self) -> f64 {
        log_mean_exp(&self.sums)
    }

    /// The same over the last third of the judged time; negative infinity when it holds no poll.
    pub(super) fn tail_log_e(&self, t: f64, warmup_s: f64) -> f64 {
        let mut sums = [0.0; ALTERNATIVES.len()];
        let mut polls = 0_u32;
        for (_, gains) in self.tail.iter().filter(|(at, _)| *at > cut(t, warmup_s)) {
            polls += 1;
            for (sum, gain) in sums.iter_mut().zip(gains) {
                *sum += gain;
            }
        }
        if polls == 0 { f64::NEG_INFINITY } else { log_mean_exp(&sums) }
    }
}

fn cut(t: f64, warmup_s: f64) -> f64 {
    t - (t - warmup_s) * TAIL
}
