//! The bets on latency: one for each bucket bound that is compared, from when the bounds are known.

use super::{Background, Bet, Buckets, Compare, Metric, bad_polls, is_warm, recent_polls};
use crate::engine::stats::log_mean_exp;

/// Noise assumed for latency polls before the reference was known: nearly worthless.
const NOISE_UNKNOWN: f64 = 9.0;
/// Polls this far apart, or farther, need no third one to be believed.
const SPARSE_POLLS_S: f64 = 15.0;
/// Polls kept while the baseline has too few requests for a latency reference; later ones are not needed to reach a decision.
const MAX_EARLY: usize = 4096;

impl Compare {
    /// Takes the latencies of one poll, `t` seconds into the step.
    pub(super) fn latency(&mut self, t: f64, candidate: &Buckets, baseline: &Buckets, background: &Background) {
        if candidate.total() <= 0.0 || baseline.total() <= 0.0 {
            return;
        }
        let is_warm = is_warm(t, self.warmup_s);
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
        let cap = Bet::cap(alpha, self.budget(Metric::Latency).max(f64::MIN_POSITIVE), polls);
        let bets = background.edges().unwrap_or_default().iter();
        self.latency = bets.map(|_| Bet::new(self.latency_polls, cap, recent_polls(self.poll_s))).collect();
        for (t, candidate, baseline) in std::mem::take(&mut self.early) {
            if let Some(split) = background.middle_edge().and_then(|edge| edge.split(&candidate, &baseline)) {
                self.latency_promote.add(t, self.warmup_s, &split, NOISE_UNKNOWN);
            }
        }
    }

    /// Latency's e-value, natural logarithm: the mean over the bounds; 0 before they are known.
    pub(super) fn latency_log_e(&self) -> f64 {
        let all: Vec<f64> = self.latency.iter().map(Bet::log_e).collect();
        if all.is_empty() { 0.0 } else { log_mean_exp(&all) }
    }

    /// Whether latency can be compared at all.
    #[must_use]
    pub fn has_latency(&self) -> bool {
        !self.latency.is_empty() || self.ceiling_ms().is_some()
    }
}
