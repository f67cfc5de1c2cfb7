//! What the charts are drawn from: one point a poll, and the marks between them.

use std::{sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};

use crate::engine::{role::Sides, time::Time};

/// The two charts, on one time axis.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Charts {
    /// One point a poll, oldest first, bounded.
    pub points: Arc<Vec<Point>>,
    /// Steps and actions.
    pub markers: Arc<Vec<Marker>>,
    /// Warm-up stretches: from, to.
    pub warm_ups: Arc<Vec<(Time, Time)>>,
    /// Limit of the error rate, a fraction.
    pub error_limit: Option<f64>,
    /// Limit of the p99, in milliseconds.
    pub p99_limit: Option<f64>,
    /// What the baseline's error rate did in the last five minutes: lowest and highest of its 99 % interval, fractions.
    pub error_band: Option<(f64, f64)>,
    /// How much more of errors is tolerated of the candidate, given the baseline's rate since warm-up: a difference of rates, a fraction.
    pub error_tolerated: f64,
    /// How much slower it may be, relative: 0.1 is 10 %. Null without a baseline, where latency has its limit only. It is the policy's own
    /// figure; the test compares shares of requests beyond bucket bounds near the p99, and convicts from somewhat above it on.
    pub latency_tolerated: Option<f64>,
    /// Samples younger than this are still being counted by their source: drawn, not judged. Zero where pages are read directly.
    pub lag: Duration,
}

/// What was known at one poll.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// When.
    pub at: Time,
    /// Error rate over the last minute, a fraction.
    pub errors: Sides<Reading>,
    /// p99 over the last minute, in milliseconds (infinite: beyond the last bucket).
    pub p99: Sides<Reading>,
    /// p95, likewise.
    pub p95: Sides<Reading>,
    /// p50, likewise.
    pub p50: Sides<Reading>,
    /// Requests a second over the last minute.
    pub rate: Sides<Reading>,
    /// Candidate against baseline since warm-up, as it was at this poll: a gap while warming up, blind, without a baseline or over.
    pub difference: Differences,
    /// Share of the evidence needed as it stood at this poll, 0 to 1: to promote, to roll back.
    pub evidence: (f32, f32),
}

/// What differs between the versions, each with the band its test allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Differences {
    /// Of the error rates: a difference of fractions.
    pub errors: Option<Band>,
    /// Of the p99: relative, 0.03 is 3 % slower.
    pub p99: Option<Band>,
    /// Of the p95, likewise.
    pub p95: Option<Band>,
    /// Of the p50, likewise.
    pub p50: Option<Band>,
}

/// A measured difference, and between which values the true one lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Band {
    /// The lowest it can be.
    pub low: f32,
    /// As measured.
    pub mid: f32,
    /// The highest it can be.
    pub high: f32,
}

/// A value of one version at one poll.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Reading {
    /// No answer, or nothing to read: a gap.
    #[default]
    Blind,
    /// It answered, but there was nothing to divide by.
    Idle,
    /// Enough requests.
    Solid(f64),
    /// Fewer than 100 requests even in five minutes: shown hollow, with n.
    Thin(f64, u32),
}

impl Reading {
    /// The value, solid or thin.
    #[must_use]
    pub const fn value(self) -> Option<f64> {
        match self {
            Self::Solid(v) | Self::Thin(v, _) => Some(v),
            Self::Blind | Self::Idle => None,
        }
    }
}

/// A vertical mark in both charts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    /// When.
    pub at: Time,
    /// A word or two: "25 %", "roll back sent", "seen".
    pub text: String,
    /// Which kind.
    pub kind: MarkerKind,
}

/// What a marker marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkerKind {
    /// The ladder moved.
    Step,
    /// Something was sent.
    Action,
    /// Its effect was seen.
    Seen,
    /// A process restarted.
    Restart,
}
