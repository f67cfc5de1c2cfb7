//! The two things that are charted, and what differs between them.

use crate::{
    engine::{
        role::Sides,
        snapshot::{Charts, Point, Reading},
    },
    humanize,
};

/// What a chart shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tui) enum Metric {
    /// Share of requests that failed, a fraction.
    Errors,
    /// The latency that 99 % stay under, in milliseconds.
    P99,
}

impl Metric {
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Errors => "error rate",
            Self::P99 => "latency p99",
        }
    }

    pub(super) const fn of(self, point: &Point) -> &Sides<Reading> {
        match self {
            Self::Errors => &point.errors,
            Self::P99 => &point.p99,
        }
    }

    pub(super) const fn limit(self, charts: &Charts) -> Option<f64> {
        match self {
            Self::Errors => charts.error_limit,
            Self::P99 => charts.p99_limit,
        }
    }

    pub(super) const fn band(self, charts: &Charts) -> Option<(f64, f64)> {
        match self {
            Self::Errors => charts.error_band,
            Self::P99 => None,
        }
    }

    /// The top before any trouble: a healthy chart is calm, and a breach has room.
    pub(super) fn calm_top(self, charts: &Charts) -> f64 {
        match self {
            Self::Errors => 4.0 * charts.error_limit.unwrap_or(0.01),
            Self::P99 => 1.2 * charts.p99_limit.unwrap_or(100.0),
        }
    }

    /// A limit, as the title says it.
    pub(super) fn limit_text(self, limit: f64) -> String {
        match self {
            Self::Errors => humanize::share(limit),
            Self::P99 => humanize::latency(limit),
        }
    }

    /// A value at the end of a line.
    pub(super) fn value_text(self, value: f64) -> String {
        match self {
            Self::Errors => humanize::rate(value),
            Self::P99 => humanize::latency(value),
        }
    }

    /// A value on the axis.
    pub(super) fn axis_text(self, value: f64) -> String {
        match self {
            Self::Errors => humanize::axis_rate(value),
            Self::P99 => humanize::axis_latency(value),
        }
    }
}
