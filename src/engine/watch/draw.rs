//! What a poll adds to the charts, and what their lines are held against.

use super::Watch;
use crate::engine::{
    compare::Metric,
    event::Evidence,
    policy::BaselineMode,
    role::Sides,
    snapshot::{Band, Charts, Differences},
};

impl Watch {
    /// Adds the point of this poll. `answered`: which versions gave a page; null once nothing is judged any more.
    pub(super) fn draw(&mut self, answered: Option<Sides<bool>>) {
        let differences = answered.map(|answered| self.differences(answered)).unwrap_or_default();
        let (promote, rollback) = self.meter.back().map_or((0.0, 0.0), |(_, promote, rollback)| (*promote, *rollback));
        self.series.point(self.now, &self.recent, differences, (single(promote), single(rollback)));
    }

    /// What differs since warm-up. A gap where a version has not answered: what was known before is not what is known now.
    fn differences(&self, answered: Sides<bool>) -> Differences {
        let is_seen = answered.baseline && answered.candidate;
        if self.step.is_warm || !is_seen || self.against() == BaselineMode::Static {
            return Differences::default();
        }
        let noise = self.noise(Metric::Latency).unwrap_or(1.0);
        let quantile = |q: f64| self.slower_by(q).zip(self.slower_between(q, noise)).map(|(mid, range)| band(mid, range));
        Differences {
            errors: band_of(&self.check_of(Metric::Errors).evidence),
            p99: band_of(&self.check_of(Metric::Latency).evidence),
            p95: quantile(0.95),
            p50: quantile(0.5),
        }
    }

    pub(super) fn charts(&self) -> Charts {
        let policy = &self.setup.policy;
        Charts {
            error_tolerated: self.tolerated(Metric::Errors).unwrap_or_default(),
            latency_tolerated: self.tolerated(Metric::Latency),
            ..self.series.charts(self.last_poll(), &self.recent, policy.error_rate, policy.p99_ms)
        }
    }
}

/// A check's difference with its band; null where it has none.
pub(super) fn band_of(evidence: &Evidence) -> Option<Band> {
    Some(band(evidence.difference?, evidence.band?))
}

fn band(mid: f64, (low, high): (f64, f64)) -> Band {
    Band { low: single(low), mid: single(mid), high: single(high) }
}

/// For drawing, half the digits are enough.
#[expect(clippy::cast_possible_truncation, reason = "rounded on purpose; every value here is a share or a ratio")]
pub(super) const fn single(value: f64) -> f32 {
    value as f32
}
