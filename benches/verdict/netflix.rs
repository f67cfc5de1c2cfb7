//! A sequential test as Netflix describes theirs (Lindon, Sanden, Shirikian 2022): errors by a multinomial e-process, latency by bands
//! around both distributions that hold at every time.

use std::sync::LazyLock;

use rollwatch::engine::verdict::Verdict;
use statrs::function::gamma::ln_gamma;

use super::{peers::Said, series::Series};

const ALPHA: f64 = 0.01;
/// Weight of the prior of the multinomial test (Lindon and Malek 2022).
const PRIOR: f64 = 100.0;
/// Requests from which the bands hold.
const FIRST: f64 = 100.0;
/// The slope of the empirical-process bound (Howard and Ramdas 2022).
const SLOPE: f64 = 0.85;

/// The constant of that bound for a quarter of the budget: half for latency, of that half for each version.
static LEVEL: LazyLock<f64> = LazyLock::new(|| level(ALPHA / 4.0));

/// Rolls back when either test has shown that the candidate is worse.
pub(crate) fn sequential(series: &Series) -> Said {
    let (mut evidence, mut prior) = (0.0, None);
    let (mut n, mut errors) = ([0.0; 2], [0.0; 2]);
    let mut buckets = [vec![0.0; series.le.len()], vec![0.0; series.le.len()]];
    for (t, (c, b)) in series.times.iter().zip(series.steps.candidate.iter().zip(&series.steps.baseline)) {
        if !c.came || !b.came {
            continue;
        }
        for (side, step) in [c, b].into_iter().enumerate() {
            n[side] += step.requests;
            buckets[side].iter_mut().zip(&step.buckets).for_each(|(sum, more)| *sum += more);
        }
        if c.requests > 0.0 && b.requests > 0.0 && c.errors + b.errors > 0.0 {
            let share = c.requests / (c.requests + b.requests);
            let a: &mut [f64; 2] = prior.get_or_insert([PRIOR * share, PRIOR * (1.0 - share)]);
            evidence += gain(*a, [c.errors, b.errors], share);
            *a = [a[0] + c.errors, a[1] + b.errors];
            errors = [errors[0] + c.errors, errors[1] + b.errors];
        }
        let has_more_errors = errors[0] / n[0].max(1.0) > errors[1] / n[1].max(1.0);
        if (evidence >= (2.0 / ALPHA).ln() && has_more_errors) || is_slower(&buckets, n) {
            return (Verdict::Fail, *t);
        }
    }
    (Verdict::Pass, series.end())
}

/// The growth of the evidence that errors are not split as requests are.
fn gain(prior: [f64; 2], errors: [f64; 2], share: f64) -> f64 {
    let [c, b] = [0, 1].map(|side| ln_gamma(prior[side] + errors[side]) - ln_gamma(prior[side]));
    let all = prior[0] + prior[1];
    ln_gamma(all) - ln_gamma(all + errors[0] + errors[1]) + c + b - errors[0] * share.ln() - errors[1] * (1.0 - share).ln()
}

fn is_slower(buckets: &[Vec<f64>; 2], n: [f64; 2]) -> bool {
    if n.iter().any(|n| *n < FIRST) {
        return false;
    }
    let band = |n: f64| SLOPE * (((n / FIRST).ln().ln_1p() + *LEVEL) / n).sqrt();
    let [candidate, baseline] = buckets;
    candidate.iter().zip(baseline).any(|(c, b)| b / n[1] - c / n[0] > band(n[0]) + band(n[1]))
}

/// The smallest constant whose bound fails with at most that probability, found by bisection over the theorem's free parameter.
fn level(alpha: f64) -> f64 {
    let chance = |c: f64| {
        let etas = (0..4000).map(|i| 1.0005 + (2.0 * SLOPE * SLOPE - 1.0005) * f64::from(i) / 3999.0);
        let terms = etas.filter_map(|eta| {
            let gamma = SLOPE - (2.0 * (eta - 1.0) / c).sqrt();
            let square = 2.0 / eta * gamma * gamma;
            (gamma > 0.0 && square > 1.0).then(|| 4.0 * (-square * c).exp() * (1.0 + 1.0 / ((square - 1.0) * eta.ln())))
        });
        terms.fold(f64::INFINITY, f64::min)
    };
    let (mut low, mut high) = (2.0, 60.0);
    for _ in 0..40 {
        let middle = f64::midpoint(low, high);
        if chance(middle) > alpha { low = middle } else { high = middle }
    }
    high
}
