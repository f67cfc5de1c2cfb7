//! Intervals of proportions, for the eye; verdicts do not use them.

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

#[cfg(test)]
mod tests {
    use super::*;

    /// Wilson's limits of 48/80, as Newcombe (1998) gives them.
    #[test]
    fn agrees_with_the_published_example() {
        let (low, high) = wilson(48.0, 80.0, 1.959_964).expect("events");
        assert!((low - 0.4904).abs() < 1e-3 && (high - 0.7004).abs() < 1e-3, "{low} {high}");
    }

    #[test]
    fn no_events_no_interval() {
        assert_eq!(wilson(0.0, 0.0, Z99), None);
    }
}
