//! What lies behind the lines: warm-up, the baseline's normal range, and time in which nothing was known.

use std::time::Duration;

use ratatui::layout::Rect;

use super::{Plot, metric::Metric, time::Axis};
use crate::{
    engine::{
        role::Role as Side,
        snapshot::{Point, Reading, Snapshot},
    },
    tui::{
        pen::Pen,
        theme::{Ground, Role},
    },
};

/// The normal range is what the baseline did in so long.
const RANGE: Duration = Duration::from_secs(300);

/// Draws them, the more important over the less.
pub(super) fn draw(pen: &mut Pen<'_>, plot: &Plot<'_>) {
    for (from, to) in plot.snapshot.charts.warm_ups.iter() {
        warm_up(pen, plot, from.ms(), to.ms());
    }
    normal_range(pen, plot);
    blind_times(pen, plot);
}

/// Draws the time in which nothing was known.
pub(super) fn blind_times(pen: &mut Pen<'_>, plot: &Plot<'_>) {
    for (from, to) in &plot.blind {
        blind_time(pen, plot, *from, *to);
    }
}

fn warm_up(pen: &mut Pen<'_>, plot: &Plot<'_>, from: i64, to: i64) {
    if to <= plot.axis.start {
        return;
    }
    let cells = plot.axis.cells_within(from, to);
    if pen.theme.has_grounds() {
        pen.lay(stripe(plot, &cells), Ground::WarmUp);
    } else {
        let style = pen.theme.of(Role::Faint);
        for (cell, row) in cells.flat_map(|cell| (0..plot.area.height).map(move |row| (cell, row))) {
            if (plot.axis.nth(cell) + i64::from(row)).rem_euclid(4) == 0 {
                pen.dot(plot.x(cell), plot.y(row), "·", style);
            }
        }
    }
}

fn blind_time(pen: &mut Pen<'_>, plot: &Plot<'_>, from: i64, to: i64) {
    let cells = plot.axis.cells_within(from, to);
    if pen.theme.has_grounds() {
        pen.lay(stripe(plot, &cells), Ground::Blind);
    } else {
        let style = pen.theme.of(Role::Faint);
        for (cell, row) in cells.flat_map(|cell| (0..plot.area.height).map(move |row| (cell, row))) {
            pen.dot(plot.x(cell), plot.y(row), "░", style);
        }
    }
}

fn normal_range(pen: &mut Pen<'_>, plot: &Plot<'_>) {
    let Some((low, high)) = plot.metric.band(&plot.snapshot.charts) else { return };
    let span = i64::try_from(RANGE.as_millis()).unwrap_or(0);
    let Some(first) = plot.snapshot.charts.points.first() else { return };
    let now = plot.snapshot.at.ms();
    let until = if plot.axis.is_live { plot.axis.end() } else { now };
    let cells = plot.axis.cells_within((until - span).max(first.at.ms()), until);
    let (upper, lower) = (plot.row(high), plot.row(low));
    let columns = stripe(plot, &cells);
    pen.lay(Rect { y: plot.y(upper), height: (lower + 1).saturating_sub(upper), ..columns }, Ground::Band);
}

fn stripe(plot: &Plot<'_>, cells: &std::ops::Range<u16>) -> Rect {
    Rect { x: plot.x(cells.start), width: cells.end.saturating_sub(cells.start), ..plot.area }
}

/// Stretches in which not both versions answered: from the last poll that was whole to the next one, or to the end.
pub(super) fn blind(points: &[Point], metric: Metric, snapshot: &Snapshot, axis: &Axis) -> Vec<(i64, i64)> {
    let poll = i64::try_from(snapshot.deployment.poll.as_millis()).unwrap_or(i64::MAX).max(1);
    let Some(first) = points.first() else { return Vec::new() };
    let mut spans = Vec::new();
    let mut whole = first.at.ms() - poll;
    let too_long = |from: i64, to: i64| (to - from) * 2 > poll * 3;
    for at in points.iter().filter(|point| answered(point, metric)).map(|point| point.at.ms()) {
        if too_long(whole, at) {
            spans.push((whole, at));
        }
        whole = at;
    }
    if too_long(whole, axis.now) {
        spans.push((whole, axis.end()));
    }
    spans
}

fn answered(point: &Point, metric: Metric) -> bool {
    let reading = metric.of(point);
    Side::BOTH.iter().all(|side| *reading.of(*side) != Reading::Blind)
}
