//! What is compared as counts, each under the name of the check that shows it.

use crate::engine::{custom::CustomCheck, policy::Policy};

/// One of the things that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// Errors per request.
    Errors,
    /// Slow requests per request.
    Latency,
    /// What the configured check at this place of [`Policy::checks`] counts.
    Custom(usize),
}

impl Metric {
    /// The two that are always compared.
    pub const BOTH: [Self; 2] = [Self::Errors, Self::Latency];

    /// These and the configured checks that count.
    #[must_use]
    pub fn all(policy: &Policy) -> Vec<Self> {
        let custom = policy.checks.iter().enumerate().filter(|(_, check)| check.counts()).map(|(place, _)| Self::Custom(place));
        Self::BOTH.into_iter().chain(custom).collect()
    }

    /// Those of them that can fail the watch.
    #[must_use]
    pub fn gating(policy: &Policy) -> Vec<Self> {
        Self::all(policy).into_iter().filter(|metric| metric.gates(policy)).collect()
    }

    /// The id of the check that shows it.
    #[must_use]
    pub fn check(self, policy: &Policy) -> &str {
        match self {
            Self::Errors => "errors",
            Self::Latency => "latency",
            Self::Custom(_) => self.custom(policy).map_or("", |check| &check.id),
        }
    }

    /// Whether its check can fail the watch.
    #[must_use]
    pub fn gates(self, policy: &Policy) -> bool {
        policy.gates(self.check(policy))
    }

    /// The configured check; null for the built-in ones.
    #[must_use]
    pub fn custom(self, policy: &Policy) -> Option<&CustomCheck> {
        match self {
            Self::Errors | Self::Latency => None,
            Self::Custom(place) => policy.checks.get(place),
        }
    }
}
