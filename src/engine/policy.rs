//! How a candidate is judged: the configured policy after validation, plus the constants of the method.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The whole policy of a watch. It is written into the journal, and a replay judges by that.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// How a verdict comes about.
    pub kind: Kind,
    /// Seconds between two polls.
    pub poll_s: f64,
    /// The window of one step in seconds, warm-up included.
    pub window_s: f64,
    /// The longest the window may become, in seconds.
    pub max_window_s: f64,
    /// Seconds of warm-up.
    pub warmup_s: f64,
    /// Chance of a false rollback over the whole window.
    pub alpha: f64,
    /// Limit of the error rate, a fraction.
    pub error_rate: f64,
    /// Limit of the p99 in milliseconds.
    pub p99_ms: f64,
    /// Ids of the checks that can fail the watch.
    pub gating: Vec<String>,
    /// Seconds until an action that was not seen to work is called failed.
    pub verify_timeout_s: f64,
    /// `playbook`: looks over the limit.
    pub playbook_k: u32,
    /// `playbook`: out of so many.
    pub playbook_n: u32,
    /// Answers in a row before an instance is shown up again.
    pub rise: u32,
    /// Answers in a row before an instance is shown down.
    pub fall: u32,
    /// What the candidate is compared with.
    #[serde(default)]
    pub baseline: BaselineMode,
    /// What the candidate may be worse by without being convicted.
    #[serde(default)]
    pub tolerance: Tolerance,
    /// Health pages were given by address: their silence is a fault, not the absence of an endpoint.
    #[serde(default)]
    pub health_configured: bool,
}

/// What the candidate may be worse by without being convicted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tolerance {
    /// Errors: an absolute rise, a fraction.
    pub error_abs: f64,
    /// Errors: a relative rise, a fraction.
    pub error_rel: f64,
    /// Latency: a relative rise, a fraction.
    pub latency_rel: f64,
}

impl Default for Tolerance {
    fn default() -> Self {
        Self { error_abs: 0.001, error_rel: 0.1, latency_rel: 0.1 }
    }
}

/// What the candidate is compared with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BaselineMode {
    /// The old version, serving at the same time: the only mode in which what is shared cancels.
    #[default]
    Concurrent,
    /// The old version as it was captured before the deployment.
    Before,
    /// The last good watch's candidate, at the same time after its deployment.
    Previous,
    /// Nothing: the limits alone.
    Static,
}

/// How a verdict comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Limits warn; only health and the sequential test fail.
    Statistical,
    /// The plain rule over five minutes fails as well.
    Playbook,
}

impl Policy {
    /// Time between two polls.
    #[must_use]
    pub fn poll(&self) -> Duration {
        Duration::from_secs_f64(self.poll_s)
    }

    /// The window of one step.
    #[must_use]
    pub fn window(&self) -> Duration {
        Duration::from_secs_f64(self.window_s)
    }

    /// Whether the check with this id can fail the watch.
    #[must_use]
    pub fn gates(&self, check: &str) -> bool {
        self.gating.iter().any(|g| g == check)
    }
}

impl Default for Policy {
    /// The values of `config/default.toml`.
    fn default() -> Self {
        Self {
            kind: Kind::Statistical,
            poll_s: 5.0,
            window_s: 600.0,
            max_window_s: 1800.0,
            warmup_s: 60.0,
            alpha: 0.01,
            error_rate: 0.01,
            p99_ms: 500.0,
            gating: ["errors", "latency", "health", "restarts"].map(str::to_owned).to_vec(),
            verify_timeout_s: 120.0,
            playbook_k: 1,
            playbook_n: 1,
            rise: 2,
            fall: 3,
            baseline: BaselineMode::Concurrent,
            tolerance: Tolerance::default(),
            health_configured: false,
        }
    }
}
