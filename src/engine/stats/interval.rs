//! Intervals of proportions, differences and ratios, for the eye; verdicts do not use them.

/// The normal quantile of a two-sided 95 % interval.
pub const Z95: f64 = 1.959_963_984_540_054;
/// The normal quantile of a two-sided 99 % interval.
pub const Z99: f64 = 2.575_829_303_548_901;

/// Wilson's interval of a proportion (Wilson 1927): `bad` of `n` events, with normal quantile `z`. Null without events.
#[must_use]
pub fn wilson(bad: f64, n: f64, z: f64) -> Option<(f64, f64)> {
    if n <= 0.0 {
        return None;
    }
    let p = (bad / n).clamp(0.0, 1.0);
    let z2 = z * z / n;
    let middle = (p + z2 / 2.0) / (1.0 + z2);
    let half = z / (1.0 + z2) * (p * (1.0 - p) / n + z2 / (4.0 * n)).sqrt();
    Some(((middle - half).max(0.0), (middle + half).min(1.0)))
}

/// Newcombe's interval of the difference of two proportions, `c - b` (Newcombe 1998, method 10: Wilson limits combined). 95 %.
#[must_use]
pub fn difference(bad_c: f64, n_c: f64, bad_b: f64, n_b: f64) -> Option<(f64, f64)> {
    let (low_c, high_c) = wilson(bad_c, n_c, Z95)?;
    let (low_b, high_b) = wilson(bad_b, n_b, Z95)?;
    let (p_c, p_b) = (bad_c / n_c, bad_b / n_b);
    let d = p_c - p_b;
    Some((d - (p_c - low_c).hypot(high_b - p_b), d + (high_c - p_c).hypot(p_b - low_b)))
}

/// The interval of a ratio of two positive estimates from their own intervals, minus one: the same combination on the logarithms
/// (MOVER; Zou and Donner 2008). Null where a limit is not positive or not finite.
#[must_use]
pub fn ratio(c: (f64, f64, f64), b: (f64, f64, f64)) -> Option<(f64, f64)> {
    let logs = |(low, mid, high): (f64, f64, f64)| {
        let ok = low > 0.0 && high.is_finite() && mid > 0.0;
        ok.then(|| (low.ln(), mid.ln(), high.ln()))
    };
    let ((low_c, mid_c, high_c), (low_b, mid_b, high_b)) = (logs(c)?, logs(b)?);
    let d = mid_c - mid_b;
    let low = d - (mid_c - low_c).hypot(high_b - mid_b);
    let high = d + (high_c - mid_c).hypot(mid_b - low_b);
    Some((low.exp_m1(), high.exp_m1()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Newcombe's own example: 56/70 against 48/80, method 10: 0.0524 to 0.3339.
    #[test]
    fn agrees_with_the_published_example() {
        let (low, high) = difference(56.0, 70.0, 48.0, 80.0).expect("events");
        assert!((low - 0.0524).abs() < 1e-4 && (high - 0.3339).abs() < 1e-4, "{low} {high}");
    }

    #[test]
    fn no_events_no_interval() {
        assert_eq!(wilson(0.0, 0.0, Z95), None);
        assert_eq!(difference(0.0, 0.0, 1.0, 10.0), None);
        assert_eq!(ratio((0.0, 1.0, 2.0), (1.0, 1.0, 1.0)), None);
    }

    #[test]
    fn equal_sides_hold_no_difference() {
        let (low, high) = ratio((190.0, 200.0, 215.0), (190.0, 200.0, 215.0)).expect("positive");
        assert!(low < 0.0 && high > 0.0);
    }
}
