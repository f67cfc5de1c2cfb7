//! The one comparison everything rests on: do bad events make up a larger share of one version's requests than of the other's?
//!
//! For one poll with `n` requests and `bad` of them on each side, and the null hypothesis `p_c <= r0 * p_b + delta` (whatever `p_b`
//! is, so that a shared outage cancels), [`log_increment`] is the logarithm of an e-value: its exponential has an expectation of at
//! most 1 under the null, for Poisson and for binomial counts. Sums over polls are therefore logarithms of a non-negative
//! supermartingale, and by Ville's inequality P(ever >= 1/alpha) <= alpha, however often one looks. With `delta = 0` it is the
//! likelihood ratio of the binomial split of events between the two versions (as in Lindon and Malek, "Anytime-valid inference for
//! multinomial count data", 2022).

/// Requests and bad events of both versions in one poll (or one joined stretch of polls).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Split {
    /// The candidate's requests.
    pub n_c: f64,
    /// The candidate's bad events.
    pub bad_c: f64,
    /// The baseline's requests.
    pub n_b: f64,
    /// The baseline's bad events.
    pub bad_b: f64,
}

/// What is tolerated: `p_c <= factor * p_b + margin`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Null {
    /// The tolerated ratio, `r0`.
    pub factor: f64,
    /// The tolerated difference on top, `delta`, a fraction.
    pub margin: f64,
}

impl Null {
    /// The same tolerance where less is worse: `p_c >= p_b / factor - margin`, to be tested with alternatives under 1. (As the null of
    /// non-inferiority it is `p_c <= p_b / factor - margin`, with alternatives over 1.)
    ///
    /// Valid for any sign of `delta`: with `r = q r0` and `d = (1 + kappa r)/(1 + kappa r0)`, an increment's exponential is
    /// `(q/d)^bad_c * d^-bad_b * exp(-n_c delta x)` where `x = q/d - 1 = (r - r0)/(r0 (1 + kappa r))` and `1/d - 1 = -kappa r0 x`. For
    /// Poisson counts its expectation is `exp(n_c x (p_c - r0 p_b - delta))` (less for binomial ones), at most 1 where `x` and the
    /// bracket differ in sign: over the edge for `q < 1`, under it for `q > 1`.
    #[must_use]
    pub fn mirrored(self) -> Self {
        Self { factor: self.factor.recip(), margin: -self.margin }
    }
}

/// The log e-value of one poll for the alternative `q * null.factor`: `q > 1` bets that the candidate is worse than the null allows,
/// `q < 1` that it is better than the null's edge (then the null is `p_c >= r0 * p_b + delta`).
///
/// Needs `n_c > 0` and `n_b > 0`; otherwise there is nothing to compare and the answer is 0.
#[must_use]
pub fn log_increment(split: &Split, null: Null, q: f64) -> f64 {
    let Split { n_c, bad_c, n_b, bad_b } = *split;
    if n_c <= 0.0 || n_b <= 0.0 {
        return 0.0;
    }
    let kappa = n_c / n_b;
    let (r0, r) = (null.factor, null.factor * q);
    let ld = ((1.0 + kappa * r) / (1.0 + kappa * r0)).ln();
    bad_c * (q.ln() - ld) - bad_b * ld - n_c * null.margin * (r - r0) / (r0 * (1.0 + kappa * r))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NULL: Null = Null { factor: 1.1, margin: 0.001 };

    #[test]
    fn an_alternative_equal_to_the_null_says_nothing() {
        let split = Split { n_c: 250.0, bad_c: 9.0, n_b: 750.0, bad_b: 4.0 };
        assert!(log_increment(&split, NULL, 1.0).abs() < 1e-12);
    }

    #[test]
    fn nothing_to_compare_with_says_nothing() {
        assert!(log_increment(&Split { n_c: 10.0, bad_c: 10.0, ..Split::default() }, NULL, 4.0).abs() < f64::EPSILON);
    }

    /// The expectation of exp(increment) for Poisson counts with these means, added up over every split that is at all likely.
    fn expectation(null: Null, q: f64, (n_c, p_c): (f64, f64), (n_b, p_b): (f64, f64)) -> f64 {
        let poisson = |mean: f64| -> Vec<f64> {
            let next = |p: &f64, k: u32| p * mean / f64::from(k);
            (1..=200).scan((-mean).exp(), |p, k| Some(std::mem::replace(p, next(p, k)))).collect()
        };
        let (candidate, baseline) = (poisson(n_c * p_c), poisson(n_b * p_b));
        let mut mean = 0.0;
        for (bad_c, likely_c) in (0_u32..).map(f64::from).zip(&candidate) {
            for (bad_b, likely_b) in (0_u32..).map(f64::from).zip(&baseline) {
                mean += likely_c * likely_b * log_increment(&Split { n_c, bad_c, n_b, bad_b }, null, q).exp();
            }
        }
        mean
    }

    #[test]
    fn where_less_is_worse_the_mirrored_null_holds_at_its_edge_and_loses_beyond() {
        let null = NULL.mirrored();
        assert!((null.factor - 1.0 / 1.1).abs() < 1e-12 && (null.margin + 0.001).abs() < 1e-12);
        let p_b = 0.04;
        let edge = p_b / 1.1 - 0.001;
        for q in [1.15, 1.5, 2.2, 4.0, 12.0, 100.0_f64].map(f64::recip) {
            let at = |p_c| expectation(null, q, (250.0, p_c), (750.0, p_b));
            assert!((at(edge) - 1.0).abs() < 1e-9, "q {q}: {}", at(edge));
            assert!(at(1.1 * edge) < 1.0 && at(p_b) < 1.0 && at(2.0 * p_b) < 1.0, "q {q}");
            assert!(at(0.8 * edge) > 1.0, "q {q}: there is something to win");
        }
        // Where the baseline hardly has any, nothing can be too few.
        assert!(expectation(null, 0.25, (250.0, 0.0), (750.0, 0.001)) <= 1.0);
    }

    #[test]
    fn not_worse_where_less_is_worse_is_shown_by_alternatives_over_one() {
        let null = Null { factor: 1.5, margin: 0.005 }.mirrored();
        let p_b = 0.04;
        let edge = p_b / 1.5 - 0.005;
        for q in [1.0 / 0.6, 5.0, 50.0] {
            let at = |p_c| expectation(null, q, (250.0, p_c), (750.0, p_b));
            assert!((at(edge) - 1.0).abs() < 1e-6, "q {q}: {}", at(edge));
            assert!(at(0.5 * edge) < 1.0 && at(0.0) < 1.0, "q {q}");
        }
        assert!(expectation(null, 1.0 / 0.6, (250.0, p_b), (750.0, p_b)) > 1.0);
    }

    /// At the null's edge with delta = 0, exp(increment) of the split of E events has expectation exactly 1.
    #[test]
    fn the_expectation_at_the_edge_is_one() {
        let (kappa, null, events) = (1.0 / 3.0, Null { factor: 1.1, margin: 0.0 }, 7_u32);
        let share = kappa * null.factor / (1.0 + kappa * null.factor);
        for q in [0.2, 1.5, 12.0] {
            let mean: f64 = (0..=events)
                .map(|c| {
                    let choose = (0..c).fold(1.0, |p, i| p * f64::from(events - i) / f64::from(i + 1));
                    let split = Split { n_c: 100.0, bad_c: f64::from(c), n_b: 300.0, bad_b: f64::from(events - c) };
                    choose
                        * share.powi(i32::try_from(c).expect("small"))
                        * (1.0 - share).powi(i32::try_from(events - c).expect("small"))
                        * log_increment(&split, null, q).exp()
                })
                .sum();
            assert!((mean - 1.0).abs() < 1e-9, "q {q}: {mean}");
        }
    }
}
