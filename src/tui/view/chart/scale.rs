//! How high a chart's axis goes.
//!
//! Tops come from a short list, so that the axis is read at a glance. A top grows at once when the data does, and shrinks only after
//! everything has fitted well below it for a minute, and then one step: the picture does not breathe.

use super::{
    metric::Metric,
    time::{self, TimeView},
};
use crate::engine::{
    snapshot::{Point, Reading, Snapshot},
    time::Time,
};

const TOPS: [f64; 9] = [1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];
/// Data ends at least this far below the top.
const HEADROOM: f64 = 1.05;
/// Everything under this share of the top: the top is too high.
const ROOMY: f64 = 0.4;
const ROOMY_FOR_S: f64 = 60.0;
/// A band that ends more than so many times further out than anything measured does not set the scale; it is cut.
const WIDE_BAND: f64 = 5.0;
/// A single value so many times above all others does not set the scale; it is cut, with its value beside it.
const OUTLIER: f64 = 4.0;

/// What an axis spans.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Range {
    /// The value at the lower edge.
    pub low: f64,
    /// The value at the upper edge.
    pub high: f64,
}

impl Range {
    /// Which of so many rows a value is in, from the top; what lies outside is at the edge.
    pub(super) fn row(self, value: f64, rows: u16) -> u16 {
        let row = (self.high - value) / (self.high - self.low) * f64::from(rows);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float saturates when it is cast")]
        let row = row as u16;
        row.min(rows.saturating_sub(1))
    }
}

/// The tops of the charts, in the order of [`Metric::ALL`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Scales {
    tops: [Scale; Metric::ALL.len()],
    /// How far the axes of the differences go above zero.
    worse: [Scale; Metric::ALL.len()],
    /// And below it.
    better: [Scale; Metric::ALL.len()],
}

/// One axis: from 0 to its top.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Scale {
    top: f64,
    roomy_since: Option<Time>,
}

impl Scales {
    /// Takes in what a snapshot shows of that part of the time, for the metrics that are on the screen: the usual ones and the chosen one.
    pub(in crate::tui) fn follow(&mut self, snapshot: &Snapshot, view: TimeView, chosen: Option<Metric>) {
        let (since, until) = view.range(snapshot);
        let points = time::within(&snapshot.charts.points, since, until);
        let usual = [Metric::Errors, Metric::P99, Metric::Requests];
        for metric in usual.into_iter().chain(chosen.filter(|metric| !usual.contains(metric))) {
            let at = metric as usize;
            let calm = top_for(metric.calm_top(&snapshot.charts));
            self.tops[at] = self.tops[at].follow(calm, highest(points, metric), snapshot.at);
            let calm = metric.calm_difference(&snapshot.charts);
            let (worse, better) = farthest(points, metric, calm);
            self.worse[at] = self.worse[at].follow(top_for(calm), worse, snapshot.at);
            self.better[at] = self.better[at].follow(top_for(calm / 2.0), better, snapshot.at);
        }
    }

    /// The axis of a metric, in its own unit. Never empty.
    pub(super) fn range(&self, metric: Metric, snapshot: &Snapshot) -> Range {
        let top = self.tops[metric as usize].top;
        Range { low: 0.0, high: if top > 0.0 { top } else { top_for(metric.calm_top(&snapshot.charts)) } }
    }

    /// The axis of a difference, in its own unit. Never empty.
    pub(super) fn difference(&self, metric: Metric, snapshot: &Snapshot) -> Range {
        let calm = metric.calm_difference(&snapshot.charts);
        let or = |scale: Scale, calm: f64| if scale.top > 0.0 { scale.top } else { top_for(calm) };
        Range { low: -or(self.better[metric as usize], calm / 2.0), high: or(self.worse[metric as usize], calm) }
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

/// The highest value of those points, leaving out one that stands alone far above the rest.
fn highest(points: &[Point], metric: Metric) -> f64 {
    let (mut first, mut second) = (0.0, 0.0);
    let mut take = |reading: Reading| match reading.value() {
        Some(value) if value > first && value.is_finite() => (first, second) = (value, first),
        Some(value) if value > second && value.is_finite() => second = value,
        _ => {}
    };
    for readings in points.iter().map(|point| metric.of(point)) {
        take(readings.baseline);
        take(readings.candidate);
    }
    if second > 0.0 && first > OUTLIER * second { second } else { first }
}

/// How far a difference goes to either side: as measured, and the band of the newest point. The wide bands of a young watch are cut.
fn farthest(points: &[Point], metric: Metric, calm: f64) -> (f64, f64) {
    let (mut low, mut high, mut newest) = (0.0_f32, 0.0_f32, None);
    for band in points.iter().filter_map(|point| metric.difference(point)).filter(|band| band.mid.is_finite()) {
        (low, high) = (low.min(band.mid), high.max(band.mid));
        newest = Some(band);
    }
    let (low, high) = (f64::from(low), f64::from(high));
    let room = WIDE_BAND * high.max(-low).max(calm / 2.0);
    let ends = newest.map_or([0.0; 2], |band| [band.low, band.high].map(f64::from));
    let [bottom, top] = ends.map(|end| if end.abs() <= room { end } else { 0.0 });
    (high.max(top), (-low).max(-bottom))
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
