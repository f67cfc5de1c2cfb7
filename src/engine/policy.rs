//! How a candidate is judged: the configured policy after validation, plus the constants of the method.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{custom::CustomCheck, event::rfc3339, role::Role, strategy::Strategy, time::Time};

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
    /// What it takes to convict, besides the evidence.
    #[serde(default)]
    pub care: Care,
    /// How the traffic moves.
    #[serde(default)]
    pub strategy: Strategy,
    /// Half of the errors' budget goes to the candidate's instances one by one.
    #[serde(default)]
    pub per_instance: bool,
    /// Health pages were given by address: their silence is a fault, not the absence of an endpoint.
    #[serde(default)]
    pub health_configured: bool,
    /// The comparison may convict although its baseline is from another time: the operator asked for automatic rollback.
    #[serde(default = "yes")]
    pub may_convict: bool,
    /// The recording that the baseline's figures come from; null when they do not come from one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier: Option<Earlier>,
    /// The checks that the configuration adds, in the order in which they are shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<CustomCheck>,
}

/// A baseline that was recorded at another time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Earlier {
    /// When its first poll was.
    #[serde(with = "rfc3339")]
    pub at: Time,
    /// How long it is, in seconds.
    pub for_s: f64,
}

impl Earlier {
    /// From this age on a recording is used with a warning.
    const OLD: Duration = Duration::from_secs(24 * 60 * 60);

    /// Whether it is so old at `now` that a service hardly behaves the same.
    #[must_use]
    pub fn is_old(&self, now: Time) -> bool {
        now.since(self.at) > Self::OLD
    }
}

const fn yes() -> bool {
    true
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
    /// Latency: an absolute rise of the share of slow requests, a fraction.
    #[serde(default = "latency_abs")]
    pub latency_abs: f64,
}

const fn latency_abs() -> f64 {
    0.001
}

impl Tolerance {
    /// What is tolerated against a baseline from another time: drift over the day and a step of the load do not cancel.
    const EARLIER: Self = Self { error_abs: 0.01, error_rel: 1.0, latency_rel: 0.5, latency_abs: 0.01 };
}

impl Default for Tolerance {
    fn default() -> Self {
        Self { error_abs: 0.001, error_rel: 0.1, latency_rel: 0.1, latency_abs: latency_abs() }
    }
}

/// What it takes to convict, besides the evidence: how long it must be bad, how much noise is believed, what a cold start may cost.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Care {
    /// Seconds that errors must be bad for; two polls at least.
    pub errors_s: f64,
    /// The same for latency.
    pub latency_s: f64,
    /// Polls that latency must be bad for, where they are no more than 15 s apart.
    pub latency_polls: u32,
    /// The smallest noise factor.
    pub noise_floor: f64,
    /// The noise factor that is believed before anything was seen.
    pub noise_prior: f64,
    /// What a cold start may add to the error rate while warming up, a fraction.
    pub cold_start: f64,
}

impl Care {
    /// For services whose short bursts must not roll anything back, at the price of some speed.
    pub const SAFE: Self =
        Self { errors_s: 15.0, latency_s: 30.0, latency_polls: 3, noise_floor: 1.3, noise_prior: 1.3, cold_start: 0.012 };
}

impl Default for Care {
    fn default() -> Self {
        Self { errors_s: 0.0, latency_s: 20.0, latency_polls: 2, noise_floor: 1.05, noise_prior: 1.5, cold_start: 0.012 }
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

impl BaselineMode {
    /// The word of the contract.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Concurrent => "concurrent",
            Self::Before => "before",
            Self::Previous => "previous",
            Self::Static => "static",
        }
    }

    /// The baseline's figures are from another time: what is shared by both versions does not cancel.
    #[must_use]
    pub const fn is_earlier(self) -> bool {
        matches!(self, Self::Before | Self::Previous)
    }

    /// Only beside a version that serves at the same time can the candidate be shown to be no worse.
    #[must_use]
    pub const fn may_pass(self) -> bool {
        matches!(self, Self::Concurrent)
    }

    /// The versions that are asked at each poll.
    #[must_use]
    pub const fn asked(self) -> &'static [Role] {
        match self {
            Self::Concurrent => &Role::BOTH,
            Self::Before | Self::Previous | Self::Static => &[Role::Candidate],
        }
    }

    /// The versions whose figures a verdict needs.
    #[must_use]
    pub const fn compared(self) -> &'static [Role] {
        match self {
            Self::Concurrent | Self::Before | Self::Previous => &Role::BOTH,
            Self::Static => &[Role::Candidate],
        }
    }
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

    /// What the candidate may be worse by, in comparison with this baseline.
    #[must_use]
    pub fn tolerated(&self) -> Tolerance {
        if self.baseline.is_earlier() { Tolerance::EARLIER } else { self.tolerance }
    }

    /// A comparison that would convict only warns: its baseline is from another time, and nobody asked for more.
    #[must_use]
    pub const fn only_warns(&self) -> bool {
        self.baseline.is_earlier() && !self.may_convict
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
            care: Care::default(),
            strategy: Strategy::default(),
            per_instance: false,
            health_configured: false,
            may_convict: true,
            earlier: None,
            checks: Vec::new(),
        }
    }
}
