//! Quantiles of a histogram, by linear interpolation inside the bucket. For display only: verdicts compare counts.

use crate::engine::sample::Buckets;

/// The `q`-quantile in milliseconds; infinite when it lies beyond the last finite bound, null for an empty histogram.
#[must_use]
pub fn quantile(buckets: &Buckets, q: f64) -> Option<f64> {
    let total = buckets.total();
    if total <= 0.0 {
        return None;
    }
    at_rank(buckets, q * total)
}

/// The latency at that rank (a number of requests, counted from the fastest).
pub(super) fn at_rank(buckets: &Buckets, rank: f64) -> Option<f64> {
    let mut below = (0.0, 0.0);
    for (&le, &count) in buckets.le_ms.iter().zip(&buckets.count) {
        if count >= rank {
            if le.is_infinite() {
                return Some(f64::INFINITY);
            }
            let inside = count - below.1;
            let part = if inside > 0.0 { (rank - below.1) / inside } else { 1.0 };
            return Some(below.0 + (le - below.0) * part.clamp(0.0, 1.0));
        }
        below = (le, count);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buckets(pairs: &[(f64, f64)]) -> Buckets {
        let (le_ms, count) = pairs.iter().copied().unzip();
        Buckets { le_ms, count }
    }

    #[test]
    fn interpolates_inside_the_bucket_and_says_when_it_cannot() {
        let b = buckets(&[(100.0, 50.0), (200.0, 90.0), (400.0, 100.0), (f64::INFINITY, 100.0)]);
        assert_eq!(quantile(&b, 0.5), Some(100.0));
        assert_eq!(quantile(&b, 0.7), Some(150.0));
        assert_eq!(quantile(&b, 0.99), Some(380.0));
        let beyond = buckets(&[(100.0, 50.0), (f64::INFINITY, 100.0)]);
        assert_eq!(quantile(&beyond, 0.99), Some(f64::INFINITY));
        assert_eq!(quantile(&buckets(&[(100.0, 0.0), (f64::INFINITY, 0.0)]), 0.99), None);
    }
}
