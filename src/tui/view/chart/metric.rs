//! What can be charted, and what differs between the metrics.

use crate::{
    engine::{
        role::Sides,
        snapshot::{Band, Charts, Point, Reading},
    },
    humanize,
};

/// What a chart shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Share of requests that failed, a fraction.
    Errors,
    /// The latency that 99 % stay under, in milliseconds.
    P99,
    /// The latency that 95 % stay under.
    P95,
    /// The latency that half stay under.
    P50,
    /// Requests a second.
    Requests,
}

impl Metric {
    /// Every one, in the order in which a key goes through them.
    pub(in crate::tui) const ALL: [Self; 5] = [Self::Errors, Self::P99, Self::P95, Self::P50, Self::Requests];

    /// For people.
    pub(in crate::tui) const fn title(self) -> &'static str {
        match self {
            Self::Errors => "error rate",
            Self::P99 => "latency p99",
            Self::P95 => "latency p95",
            Self::P50 => "latency p50",
            Self::Requests => "requests",
        }
    }

    /// For the command line of the screen.
    pub(in crate::tui) const fn word(self) -> &'static str {
        match self {
            Self::Errors => "errors",
            Self::P99 => "p99",
            Self::P95 => "p95",
            Self::P50 => "p50",
            Self::Requests => "requests",
        }
    }

    pub(super) const fn of(self, point: &Point) -> &Sides<Reading> {
        match self {
            Self::Errors => &point.errors,
            Self::P99 => &point.p99,
            Self::P95 => &point.p95,
            Self::P50 => &point.p50,
            Self::Requests => &point.rate,
        }
    }

    /// The difference between the versions; requests have none.
    pub(in crate::tui) const fn difference(self, point: &Point) -> Option<Band> {
        match self {
            Self::Errors => point.difference.errors,
            Self::P99 => point.difference.p99,
            Self::P95 => point.difference.p95,
            Self::P50 => point.difference.p50,
            Self::Requests => None,
        }
    }

    /// How much of a difference is tolerated.
    pub(in crate::tui) const fn tolerated(self, charts: &Charts) -> Option<f64> {
        match self {
            Self::Errors => Some(charts.error_tolerated),
            Self::P99 | Self::P95 | Self::P50 => charts.latency_tolerated,
            Self::Requests => None,
        }
    }

    pub(super) const fn limit(self, charts: &Charts) -> Option<f64> {
        match self {
            Self::Errors => charts.error_limit,
            Self::P99 => charts.p99_limit,
            Self::P95 | Self::P50 | Self::Requests => None,
        }
    }

    pub(super) const fn band(self, charts: &Charts) -> Option<(f64, f64)> {
        match self {
            Self::Errors => charts.error_band,
            Self::P99 | Self::P95 | Self::P50 | Self::Requests => None,
        }
    }

    /// The top before any trouble: a healthy chart is calm, and a breach has room.
    pub(super) fn calm_top(self, charts: &Charts) -> f64 {
        match self {
            Self::Errors => 4.0 * charts.error_limit.unwrap_or(0.01),
            Self::P99 => 1.2 * charts.p99_limit.unwrap_or(100.0),
            Self::P95 | Self::P50 => 20.0,
            Self::Requests => 1.0,
        }
    }

    /// How far the axis of a difference goes before any trouble: what is tolerated is seen on it.
    pub(super) fn calm_difference(self, charts: &Charts) -> f64 {
        let least = if self == Self::Errors { 0.01 } else { 0.2 };
        self.tolerated(charts).map_or(least, |tolerated| least.max(2.0 * tolerated))
    }

    /// A limit, as the title says it.
    pub(super) fn limit_text(self, limit: f64) -> String {
        match self {
            Self::Errors => humanize::share(limit),
            Self::P99 | Self::P95 | Self::P50 => humanize::latency(limit),
            Self::Requests => humanize::per_second(limit),
        }
    }

    /// A value at the end of a line.
    pub(super) fn value_text(self, value: f64) -> String {
        match self {
            Self::Errors => humanize::rate(value),
            Self::P99 | Self::P95 | Self::P50 => humanize::latency(value),
            Self::Requests => humanize::per_second(value),
        }
    }

    /// A value on the axis.
    pub(super) fn axis_text(self, value: f64) -> String {
        match self {
            Self::Errors => humanize::axis_rate(value),
            Self::P99 | Self::P95 | Self::P50 => humanize::axis_latency(value),
            Self::Requests => humanize::number(value),
        }
    }

    /// A difference, or an edge of its band.
    pub(in crate::tui) fn difference_text(self, value: f64) -> String {
        if self == Self::Errors { humanize::points(value) } else { humanize::relative(value) }
    }

    /// A difference at the end of an axis.
    pub(super) fn axis_difference(self, value: f64) -> String {
        if self == Self::Errors { humanize::axis_points(value) } else { humanize::relative(value) }
    }
}
