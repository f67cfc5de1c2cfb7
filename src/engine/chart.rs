//! What the charts are drawn from: one point a poll, and the marks between them. Bounded.

use std::sync::Arc;

use super::{
    recent::Recent,
    role::{Role, Sides},
    snapshot::{Charts, Differences, Marker, MarkerKind, Point},
    stats::interval::{Z99, wilson},
    time::Time,
};

/// Points kept: two hours of polls every five seconds, three times over.
const MAX_POINTS: usize = 4320;
/// Points that go at once when there are too many, so that making room is seldom work.
const TRIM: usize = 120;
/// Marks kept, and warm-ups.
const MAX_MARKERS: usize = 64;

/// The growing chart data of a watch.
#[derive(Clone, Debug, Default)]
pub struct Series {
    points: Arc<Vec<Point>>,
    markers: Arc<Vec<Marker>>,
    warm_ups: Arc<Vec<(Time, Time)>>,
}

impl Series {
    /// Adds the point of one poll: what each version did, how they differ since warm-up, and the evidence to promote and to roll back.
    pub fn point(&mut self, at: Time, recent: &Recent, difference: Differences, evidence: (f32, f32)) {
        let sides = Sides::build(|role| recent.readings(role, at));
        let points = Arc::make_mut(&mut self.points);
        if points.len() == MAX_POINTS {
            points.drain(..TRIM);
        }
        points.push(Point {
            at,
            errors: sides.map(|s| s.errors),
            p99: sides.map(|s| s.p99),
            p95: sides.map(|s| s.p95),
            p50: sides.map(|s| s.p50),
            rate: sides.map(|s| s.rate),
            difference,
            evidence,
        });
    }

    /// Marks a moment.
    pub fn mark(&mut self, at: Time, kind: MarkerKind, text: impl Into<String>) {
        let markers = Arc::make_mut(&mut self.markers);
        if markers.len() == MAX_MARKERS {
            markers.remove(0);
        }
        markers.push(Marker { at, text: text.into(), kind });
    }

    /// Shades a warm-up.
    pub fn warm_up(&mut self, from: Time, to: Time) {
        let warm_ups = Arc::make_mut(&mut self.warm_ups);
        if warm_ups.len() == MAX_MARKERS {
            warm_ups.remove(0);
        }
        warm_ups.push((from, to));
    }

    /// The charts as they are now.
    #[must_use]
    pub fn charts(&self, now: Time, recent: &Recent, error_limit: f64, p99_limit: f64) -> Charts {
        let baseline = recent.over(Role::Baseline, now, std::time::Duration::from_secs(300));
        Charts {
            points: Arc::clone(&self.points),
            markers: Arc::clone(&self.markers),
            warm_ups: Arc::clone(&self.warm_ups),
            error_limit: Some(error_limit),
            p99_limit: Some(p99_limit),
            error_band: wilson(baseline.errors, baseline.requests, Z99),
            ..Charts::default()
        }
    }
}
