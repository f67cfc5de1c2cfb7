//! The statistics: small pure functions and machines, each with its source. They count; they know nothing of versions or checks.

pub mod bet;
pub mod interval;
pub mod noise;
pub mod quantile;
pub mod ratio;
pub mod sequence;

/// ln(sum(exp(x))) of a few numbers, without overflow. Negative infinity for none.
#[must_use]
pub fn log_sum_exp(values: &[f64]) -> f64 {
    let top = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if top == f64::NEG_INFINITY {
        return top;
    }
    top + values.iter().map(|v| (v - top).exp()).sum::<f64>().ln()
}

/// ln of the mean of exp(x).
#[must_use]
pub fn log_mean_exp(values: &[f64]) -> f64 {
    log_sum_exp(values) - (values.len() as f64).ln()
}
