//! One version of the demo's service: it answers a request and counts what it did, as any instrumented service does.

use fastrand::Rng;

use super::scenario::Behaviour;

/// Upper bounds of the latency histogram, in milliseconds.
pub const BOUNDS_MS: [f64; 14] = [5.0, 10.0, 25.0, 50.0, 75.0, 100.0, 150.0, 200.0, 250.0, 300.0, 400.0, 500.0, 1000.0, 2500.0];
/// Median latency of a healthy service, in milliseconds.
const MEDIAN_MS: f64 = 58.0;
/// Spread of the logarithm of the latency: the p99 is 3.6 times the median.
const SIGMA: f64 = 0.55;
/// What a stalled request takes on top, in milliseconds.
const STALL_MS: f64 = 400.0;

/// The counters of one version.
#[derive(Clone, Debug, Default)]
pub struct Service {
    /// Requests answered with 200.
    pub ok: u64,
    /// Requests answered with 500.
    pub failed: u64,
    /// Requests by latency: not cumulative, the last one beyond every bound.
    pub buckets: [u64; BOUNDS_MS.len() + 1],
    /// Sum of the latencies, in milliseconds.
    pub sum_ms: f64,
}

impl Service {
    /// Answers one request.
    pub fn handle(&mut self, rng: &mut Rng, behaviour: Behaviour) {
        if rng.f64() < behaviour.error_rate {
            self.failed += 1;
        } else {
            self.ok += 1;
        }
        let stall = if rng.f64() < behaviour.stalls { STALL_MS } else { 0.0 };
        let ms = MEDIAN_MS * (SIGMA * normal(rng)).exp() * behaviour.slowness + stall;
        self.buckets[BOUNDS_MS.partition_point(|le| *le < ms)] += 1;
        self.sum_ms += ms;
    }
}

/// A standard normal number (Box and Muller 1958).
fn normal(rng: &mut Rng) -> f64 {
    let (u, v) = (1.0 - rng.f64(), rng.f64());
    (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
}
