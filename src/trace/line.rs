//! The lines of a trace: what they hold, and when they are no such lines.

use serde::Deserialize;

/// The first line: everything an operator would configure.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Header {
    /// The format's number: 1.
    pub format: u32,
    /// The window in seconds.
    pub window_s: f64,
    /// Seconds between two polls.
    pub poll_s: f64,
    /// Seconds of warm-up.
    pub warmup_s: f64,
    /// Chance of a false rollback over the whole window.
    pub alpha: f64,
    /// Finite upper bounds of the latency buckets in seconds, rising; one more bucket holds the rest.
    pub le: Vec<f64>,
    /// Limit of the error rate, a fraction.
    pub slo_error_rate: f64,
    /// Limit of the p99 in seconds.
    pub slo_p99_s: f64,
    /// Tolerated absolute rise of the error rate, a fraction.
    pub tol_error_abs: f64,
    /// Tolerated relative rise of the error rate, a fraction.
    pub tol_error_rel: f64,
    /// Tolerated relative rise of the p99, a fraction.
    pub tol_p99_rel: f64,
    /// How many windows the recording may go on for; null for one.
    #[serde(default)]
    pub max_extend: Option<f64>,
}

/// Any other line: one poll of both versions at the same instant.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Poll {
    /// Seconds since the deployment; negative in the history.
    pub t: f64,
    /// The new version.
    pub canary: Side,
    /// The old version.
    pub baseline: Side,
}

/// One version in one poll.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Side {
    /// Whether its health check passes; null when nothing came. Only a version that is up has figures.
    pub up: Option<bool>,
    /// Requests since its process began.
    #[serde(default)]
    pub requests: f64,
    /// Those of them that failed.
    #[serde(default)]
    pub errors: f64,
    /// Those of them at or under each bound, all of them last.
    #[serde(default)]
    pub buckets: Vec<f64>,
}

impl Header {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let header: Self = serde_json::from_str(text).map_err(|error| format!("this is no header of a trace: {error}"))?;
        if header.format != 1 {
            return Err(format!("format {} is not known: 1 is", header.format));
        }
        let positive = [header.window_s, header.poll_s, header.alpha, header.slo_p99_s];
        let rising = header.le.windows(2).all(|pair| matches!(pair, [a, b] if a < b));
        if positive.iter().any(|x| !x.is_finite() || *x <= 0.0) || header.alpha >= 1.0 || !rising || header.le.is_empty() {
            return Err("window_s, poll_s, alpha and slo_p99_s must be positive (alpha under 1), and le must rise".to_owned());
        }
        Ok(header)
    }
}

impl Poll {
    pub(super) fn parse(text: &str, header: &Header) -> Result<Self, String> {
        let poll: Self = serde_json::from_str(text).map_err(|error| format!("this is no poll: {error}"))?;
        for side in [&poll.canary, &poll.baseline] {
            if side.up == Some(true) && side.buckets.len() != header.le.len() + 1 {
                return Err(format!("{} buckets, {} expected", side.buckets.len(), header.le.len() + 1));
            }
        }
        Ok(poll)
    }
}
