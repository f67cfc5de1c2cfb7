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

/// One sum for each alternative.
type Sums = [f64; ALTERNATIVES.len()];

/// A running non-inferiority test.
#[derive(Clone, Debug)]
pub(super) struct NonInferior {
    null: Null,
    alternatives: [f64; ALTERNATIVES.len()],
    sums: Sums,
    /// The sums as they stood after each poll that the tail may still begin behind.
    tail: VecDeque<(f64, Sums)>,
}

impl NonInferior {
    pub(super) fn new(null: Null) -> Self {
        Self { null, alternatives: ALTERNATIVES, sums: [0.0; ALTERNATIVES.len()], tail: VecDeque::new() }
    }

    /// The same test where less is worse.
    pub(super) fn mirrored(self) -> Self {
        Self { null: self.null.mirrored(), alternatives: self.alternatives.map(f64::recip), ..self }
    }

    /// Takes one poll, `t` seconds into a step whose warm-up took `warmup_s`.
    pub(super) fn add(&mut self, t: f64, warmup_s: f64, split: &Split, noise: f64) {
        let gains = self.gains(split, noise);
        for (sum, gain) in self.sums.iter_mut().zip(gains) {
            *sum += gain;
        }
        self.tail.push_back((t, self.sums));
        // The cut only moves forward: of what lies behind it, only the newest is asked for again.
        while self.tail.get(1).is_some_and(|(at, _)| *at <= cut(t, warmup_s)) {
            self.tail.pop_front();
        }
    }

    fn gains(&self, split: &Split, noise: f64) -> Sums {
        self.alternatives.map(|q| log_increment(split, self.null, q) / noise)
    }

    /// Logarithm of the e-value against "worse than the margin".
    pub(super) fn log_e(&self) -> f64 {
        log_mean_exp(&self.sums)
    }

    /// The same over the last third of the judged time; negative infinity when it holds no poll.
    pub(super) fn tail_log_e(&self, t: f64, warmup_s: f64) -> f64 {
        if self.tail.back().is_none_or(|(at, _)| *at <= cut(t, warmup_s)) {
            return f64::NEG_INFINITY;
        }
        log_mean_exp(&difference(&self.sums, &self.before(cut(t, warmup_s))))
    }

    /// The sums as they stood at `cut`.
    fn before(&self, cut: f64) -> Sums {
        let behind = self.tail.partition_point(|(at, _)| *at <= cut);
        behind.checked_sub(1).and_then(|i| self.tail.get(i)).map_or([0.0; ALTERNATIVES.len()], |(_, sums)| *sums)
    }

    /// Both figures `polls` more polls from now, each like `split` and `poll_s` seconds apart: over all, over the last third.
    pub(super) fn ahead(&self, t: f64, ahead: &Ahead<'_>, noise: f64) -> (f64, f64) {
        let gains = self.gains(ahead.like, noise);
        let after = |polls: f64| -> Sums { std::array::from_fn(|i| self.sums[i] + polls * gains[i]) };
        let end = t + ahead.polls * ahead.poll_s;
        let cut = cut(end, ahead.warmup_s);
        let before = if cut >= t { after(((cut - t) / ahead.poll_s).floor()) } else { self.before(cut) };
        let all = after(ahead.polls);
        (log_mean_exp(&all), log_mean_exp(&difference(&all, &before)))
    }
}

/// Polls that are yet to come, all alike.
pub(super) struct Ahead<'a> {
    pub(super) like: &'a Split,
    pub(super) polls: f64,
    pub(super) poll_s: f64,
    pub(super) warmup_s: f64,
}

fn difference(a: &Sums, b: &Sums) -> Sums {
    std::array::from_fn(|i| a[i] - b[i])
}

fn cut(t: f64, warmup_s: f64) -> f64 {
    t - (t - warmup_s) * TAIL
}
