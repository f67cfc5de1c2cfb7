//! How long requests take: most of them log-normally, a few in a slow mode, and what a fault adds.

use statrs::function::erf::erfc;

use super::course::Rates;

/// The latencies of one service.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Latency {
    /// Logarithm of the median in seconds.
    pub(crate) ln_median: f64,
    /// Its standard deviation on the logarithm.
    pub(crate) spread: f64,
    /// Share of requests in the slow mode.
    pub(crate) slow_share: f64,
    /// Logarithm of the slow mode's median.
    pub(crate) ln_slow: f64,
    /// Logarithm of the median of what a fault adds.
    pub(crate) ln_added: f64,
}

impl Latency {
    /// The share of requests that take longer than exp(`ln_bound`) seconds.
    pub(crate) fn slower_than(&self, ln_bound: f64, rates: &Rates) -> f64 {
        let shift = rates.slower.ln();
        let main = beyond((ln_bound - self.ln_median - shift) / self.spread);
        let slow = beyond((ln_bound - self.ln_slow - shift) / 0.35);
        let own = (1.0 - self.slow_share) * main + self.slow_share * slow;
        if rates.slow_share <= 0.0 {
            return own;
        }
        let added = beyond((ln_bound - self.ln_added) / 0.3);
        (1.0 - rates.slow_share) * own + rates.slow_share * added
    }

    /// The 99th percentile in seconds of a service that is well, by bisection.
    pub(crate) fn p99(&self) -> f64 {
        let well = Rates { requests: 0.0, errors: 0.0, slower: 1.0, slow_share: 0.0 };
        let (mut low, mut high) = (1e-3_f64.ln(), 100_f64.ln());
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            if self.slower_than(middle, &well) > 0.01 { low = middle } else { high = middle }
        }
        high.exp()
    }
}

/// P(Z > x) of a standard normal variable.
fn beyond(x: f64) -> f64 {
    0.5 * erfc(x * std::f64::consts::FRAC_1_SQRT_2)
}
