//! Confidence sequences: intervals that hold at every look at once, so that watching them does not spoil them. For people; verdicts use
//! the bets.
//!
//! The asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas (2021, "Time-uniform central limit theory and
//! asymptotic confidence sequences"), written in terms of information v = 1/variance: half width = sqrt((v + r) ln((v + r)/(r a^2)))/v.

use super::quantile::at_rank;
use crate::engine::sample::Buckets;

/// Chance that the sequence ever misses the truth.
const ALPHA: f64 = 0.05;
/// Where the sequence is tightest: at a half width of about half a percentage point (r = v/(2 ln(1/a) + ln(1 + 2 ln(1/a))) there).
const TIGHTEST: f64 = 5.2e4;
/// Requests under which a quantile's sequence would be wider than the histogram.
const MIN_REQUESTS: f64 = 100.0;

/// Events among requests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    /// Events.
    pub bad: f64,
    /// Requests.
    pub n: f64,
}

impl Share {
    /// The variance of the share; half an event is added, so that none seen is not none possible.
    fn variance(self) -> f64 {
        let p = ((self.bad + 0.5) / (self.n + 1.0)).clamp(0.0, 1.0);
        p * (1.0 - p) / self.n
    }
}

/// Half the width for an estimate of that variance.
fn half_width(variance: f64, alpha: f64) -> f64 {
    let v = 1.0 / variance;
    ((v + TIGHTEST) * ((v + TIGHTEST) / (TIGHTEST * alpha * alpha)).ln()).sqrt() / v
}

/// The 95 % confidence sequence of a difference of shares, `c - b`, whose counts scatter `noise` (at least 1) times as much as chance.
/// Null without requests.
#[must_use]
pub fn difference(c: Share, b: Share, noise: f64) -> Option<(f64, f64)> {
    if c.n <= 0.0 || b.n <= 0.0 {
        return None;
    }
    let half = half_width(noise * (c.variance() + b.variance()), ALPHA);
    let d = c.bad / c.n - b.bad / b.n;
    Some(((d - half).max(-1.0), (d + half).min(1.0)))
}

/// The 95 % confidence sequence of how the `q`-quantile of one histogram differs from the other's, `c / b - 1`: each quantile lies between
/// the latencies at the ranks that its share's own sequence reaches, with half the error for each side. Null where one of them is beyond
/// the last bucket or too little was counted.
#[must_use]
pub fn quantile_ratio(c: &Buckets, b: &Buckets, q: f64, noise: f64) -> Option<(f64, f64)> {
    let ((low_c, high_c), (low_b, high_b)) = (quantile(c, q, noise)?, quantile(b, q, noise)?);
    (low_b > 0.0 && high_c.is_finite() && high_b.is_finite()).then(|| (low_c / high_b - 1.0, high_c / low_b - 1.0))
}

fn quantile(buckets: &Buckets, q: f64, noise: f64) -> Option<(f64, f64)> {
    let n = buckets.total();
    if n < MIN_REQUESTS {
        return None;
    }
    let half = half_width(noise * q * (1.0 - q) / n, ALPHA / 2.0);
    Some((at_rank(buckets, (q - half).max(0.0) * n)?, at_rank(buckets, (q + half).min(1.0) * n)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_wider_than_a_single_look_and_closes_in() {
        let band = |n: f64| difference(Share { bad: 0.01 * n, n }, Share { bad: 0.03 * n, n: 3.0 * n }, 1.0).expect("requests");
        let mut before = f64::INFINITY;
        for n in [1e3, 1e4, 1e5, 1e6] {
            let (low, high) = band(n);
            let once = 1.96 * (0.01 * 0.99 * (1.0 / n + 1.0 / (3.0 * n))).sqrt();
            assert!(low < 0.0 && high > 0.0 && high > 1.2 * once && high < 2.6 * once && high < before, "{n}: {high} {once}");
            before = high;
        }
    }

    #[test]
    fn noise_widens_it_and_no_requests_are_no_interval() {
        let (c, b) = (Share { bad: 20.0, n: 1856.0 }, Share { bad: 16.0, n: 5567.0 });
        let plain = difference(c, b, 1.0).expect("requests");
        let noisy = difference(c, b, 4.0).expect("requests");
        assert!(noisy.0 < plain.0 && noisy.1 > plain.1);
        assert_eq!(difference(Share { bad: 0.0, n: 0.0 }, b, 1.0), None);
    }

    /// Seeded coins: over many runs, the truth leaves the sequence at some look in fewer than 5 of 100.
    #[test]
    fn the_truth_stays_inside_at_every_look() {
        let mut state = 1_u64;
        let mut coin = |p: f64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            f64::from(u8::from(((state >> 11) as f64 / (1_u64 << 53) as f64) < p))
        };
        let mut left = 0;
        for _ in 0..200 {
            let (mut c, mut b) = (Share { bad: 0.0, n: 0.0 }, Share { bad: 0.0, n: 0.0 });
            let mut outside = false;
            for _ in 0..60 {
                for _ in 0..50 {
                    c = Share { bad: c.bad + coin(0.02), n: c.n + 1.0 };
                    b = Share { bad: b.bad + coin(0.02), n: b.n + 1.0 };
                }
                let (low, high) = difference(c, b, 1.0).expect("requests");
                outside |= low > 0.0 || high < 0.0;
            }
            left += u32::from(outside);
        }
        assert!(left <= 10, "{left} of 200");
    }

    #[test]
    fn alike_quantiles_hold_no_difference_and_one_beyond_the_buckets_has_none() {
        let buckets = |slow: f64| Buckets {
            le_ms: vec![100.0, 200.0, 400.0, f64::INFINITY],
            count: vec![8000.0, 9800.0, 10_000.0 - slow, 10_000.0],
        };
        let (low, high) = quantile_ratio(&buckets(0.0), &buckets(0.0), 0.99, 1.0).expect("inside");
        assert!(low < 0.0 && high > 0.0);
        assert_eq!(quantile_ratio(&buckets(300.0), &buckets(0.0), 0.99, 1.0), None);
    }
}
