//! How the false-alarm budget is shared out: fixed from the policy alone, before anything was seen.

use super::Metric;
use crate::engine::policy::{BaselineMode, Policy};

/// What errors weigh.
const ERRORS: f64 = 0.55;
/// And latency.
const LATENCY: f64 = 0.45;
/// Each configured check that gates.
const CUSTOM: f64 = 0.3;
/// Errors and latency, each against its limit.
const ALONE: f64 = 0.5;

/// The shares of the gating metrics, which make 1 together.
#[derive(Clone, Debug)]
pub(super) struct Budget(Vec<(Metric, f64)>);

impl Budget {
    pub(super) fn new(policy: &Policy) -> Self {
        let is_alone = policy.baseline == BaselineMode::Static;
        let weight = |metric: Metric| match metric {
            Metric::Errors | Metric::Latency if is_alone => ALONE,
            Metric::Errors => ERRORS,
            Metric::Latency => LATENCY,
            // Without a baseline there is nothing to compare a configured check with.
            Metric::Custom(_) if is_alone => 0.0,
            Metric::Custom(_) => CUSTOM,
        };
        let mut gating = Metric::gating(policy);
        gating.retain(|metric| weight(*metric) > 0.0);
        if gating.is_empty() {
            gating.extend(Metric::BOTH);
        }
        let all: f64 = gating.iter().map(|metric| weight(*metric)).sum();
        Self(gating.into_iter().map(|metric| (metric, weight(metric) / all)).collect())
    }

    /// A metric's share, a fraction; 0 when it does not gate.
    pub(super) fn of(&self, metric: Metric) -> f64 {
        self.0.iter().find(|(one, _)| *one == metric).map_or(0.0, |(_, share)| *share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::custom::{CustomCheck, Kind, Worse};

    fn shares(gating: &[&str], baseline: BaselineMode) -> [f64; 4] {
        let check = |id: &str| CustomCheck {
            id: id.to_owned(),
            name: id.to_owned(),
            unit: String::new(),
            worse: Worse::Higher,
            kind: Kind::Counts,
        };
        let gating = gating.iter().map(|id| (*id).to_owned()).collect();
        let policy = Policy { gating, baseline, checks: vec![check("jobs"), check("orders")], ..Policy::default() };
        let budget = Budget::new(&policy);
        [Metric::Errors, Metric::Latency, Metric::Custom(0), Metric::Custom(1)].map(|metric| budget.of(metric))
    }

    #[test]
    fn what_gates_shares_the_whole_budget() {
        let (live, none) = (BaselineMode::Concurrent, BaselineMode::Static);
        for (gating, baseline, want) in [
            (&["errors", "latency", "health"][..], live, [0.55, 0.45, 0.0, 0.0]),
            (&["latency"], live, [0.0, 1.0, 0.0, 0.0]),
            (&["health"], live, [0.55, 0.45, 0.0, 0.0]),
            (&["jobs"], live, [0.0, 0.0, 1.0, 0.0]),
            (&["jobs", "orders"], live, [0.0, 0.0, 0.5, 0.5]),
            (&["errors", "latency", "jobs"], none, [0.5, 0.5, 0.0, 0.0]),
        ] {
            assert_eq!(shares(gating, baseline).map(f64::to_bits), want.map(f64::to_bits), "{gating:?}");
        }
        let all = shares(&["errors", "latency", "jobs", "orders"], live);
        assert!((all.iter().sum::<f64>() - 1.0).abs() < 1e-12 && (all[0] - 0.55 / 1.6).abs() < 1e-12, "{all:?}");
    }
}
