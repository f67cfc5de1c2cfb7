//! How high a chart's axis goes.
//!
//! Tops come from a short list, so that the axis is read at a glance. A top grows at once when the data does, and shrinks only after
//! everything has fitted well below it for a minute, and then one step: the picture does not breathe.

use serde::{Deserialize, Serialize};

use super::{metric::Metric, time};
use crate::engine::{role::Role, snapshot::Snapshot, time::Time};

const TOPS: [f64; 9] = [1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];
/// Data ends at least this far below the top.
const HEADROOM: f64 = 1.05;
/// Everything under this share of the top: the top is too high.
const ROOMY: f64 = 0.4;
const ROOMY_FOR_S: f64 = 60.0;
/// A single value so many times above all others does not set the scale; it is cut, with its value beside it.
const OUTLIER: f64 = 4.0;

/// The tops of both charts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scales {
    errors: Scale,
    p99: Scale,
}

/// One axis: from 0 to its top.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Scale {
    top: f64,
    roomy_since: Option<Time>,
}

impl Scales {
    /// Takes in what a snapshot shows.
    pub(in crate::tui) fn follow(&mut self, snapshot: &Snapshot) {
        for metric in [Metric::Errors, Metric::P99] {
            let calm = top_for(metric.calm_top(&snapshot.charts));
            let highest = highest(snapshot, metric);
            let scale = self.of_mut(metric);
            *scale = scale.follow(calm, highest, snapshot.at);
        }
    }

    /// The top of that chart's axis: a fraction, or milliseconds. Never zero.
    pub(super) fn top(&self, metric: Metric, snapshot: &Snapshot) -> f64 {
        let top = match metric {
            Metric::Errors => self.errors.top,
            Metric::P99 => self.p99.top,
        };
        if top > 0.0 { top } else { top_for(metric.calm_top(&snapshot.charts)) }
    }

    const fn of_mut(&mut self, metric: Metric) -> &mut Scale {
        match metric {
            Metric::Errors => &mut self.errors,
            Metric::P99 => &mut self.p99,
        }
    }
}

impl Scale {
    fn follow(self, calm: f64, highest: f64, at: Time) -> Self {
        let wanted = top_for(highest * HEADROOM).max(calm);
        if wanted > self.top {
            return Self { top: wanted, roomy_since: None };
        }
        if self.top <= calm || highest >= self.top * ROOMY {
            return Self { roomy_since: None, ..self };
        }
        let since = self.roomy_since.unwrap_or(at);
        if at.secs_since(since) < ROOMY_FOR_S {
            return Self { roomy_since: Some(since), ..self };
        }
        Self { top: top_below(self.top).max(calm), roomy_since: Some(at) }
    }
}

/// The highest value in sight, leaving out one that stands alone far above the rest.
fn highest(snapshot: &Snapshot, metric: Metric) -> f64 {
    let points = time::recent(&snapshot.charts.points, snapshot.at.minus(time::LONG));
    let values = points.iter().flat_map(|point| Role::BOTH.map(|role| metric.of(point).of(role).value()));
    let (mut first, mut second) = (0.0, 0.0);
    for value in values.flatten().filter(|v| v.is_finite()) {
        if value > first {
            (first, second) = (value, first);
        } else if value > second {
            second = value;
        }
    }
    if second > 0.0 && first > OUTLIER * second { second } else { first }
}

/// The first top that reaches `value`.
fn top_for(value: f64) -> f64 {
    if value <= 0.0 {
        return 0.0;
    }
    tops_around(value).find(|top| *top >= value * (1.0 - 1e-9)).unwrap_or(value)
}

/// The last top under `top`.
fn top_below(top: f64) -> f64 {
    tops_around(top).take_while(|lower| *lower < top * (1.0 - 1e-9)).last().unwrap_or(top)
}

fn tops_around(value: f64) -> impl Iterator<Item = f64> {
    let floor = value.log10().floor();
    [floor - 1.0, floor].into_iter().flat_map(|power| TOPS.map(|top| top * 10f64.powf(power)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9 * b
    }

    #[test]
    fn tops_come_from_the_list() {
        for (value, want) in
            [(0.04, 0.04), (0.041, 0.05), (600.0, 600.0), (601.0, 800.0), (1.2, 1.5), (990.0, 1000.0), (0.007, 0.008)]
        {
            assert!(close(top_for(value), want), "{value}: {}", top_for(value));
        }
        for (top, want) in [(0.05, 0.04), (1.0, 0.8), (1.5, 1.0), (600.0, 500.0)] {
            assert!(close(top_below(top), want), "{top}: {}", top_below(top));
        }
    }

    #[test]
    fn a_scale_grows_at_once_and_shrinks_one_step_a_minute() {
        let at = |s: i64| Time::from_ms(s * 1000);
        let mut scale = Scale::default().follow(0.04, 0.002, at(0));
        assert!(close(scale.top, 0.04));
        scale = scale.follow(0.04, 0.08, at(5));
        assert!(close(scale.top, 0.1), "grows at once");
        scale = scale.follow(0.04, 0.01, at(10));
        scale = scale.follow(0.04, 0.01, at(69));
        assert!(close(scale.top, 0.1), "waits a minute");
        scale = scale.follow(0.04, 0.01, at(70));
        assert!(close(scale.top, 0.08), "one step");
        scale = scale.follow(0.04, 0.07, at(75)).follow(0.04, 0.01, at(80)).follow(0.04, 0.01, at(135));
        assert!(close(scale.top, 0.08), "starts to wait again after it was needed");
        for minute in 3..20 {
            scale = scale.follow(0.04, 0.01, at(minute * 60));
        }
        assert!(close(scale.top, 0.04), "never under the calm top");
    }
}
