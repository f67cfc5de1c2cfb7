//! Candidate minus baseline over time: as measured, and between which values the true difference lies.
//!
//! All of the band in the shaded part: as good. All of it above: worse. Some of both: not known yet.

use ratatui::layout::Rect;

use super::{
    Common, Plot, axis, canvas, grounds, markers,
    metric::Metric,
    time::{self, Axis},
};
use crate::{
    engine::{snapshot::Band, time::Time},
    tui::{
        pen::{Pen, Run},
        theme::{Ground, Role},
    },
};

/// Columns for the labels of the vertical axis.
const LEFT: u16 = 9;
/// Columns for the newest values.
const RIGHT: u16 = 10;
/// From this width on a chart says what is subtracted from what.
const ROOMY: u16 = 60;

/// Columns of time in a chart of that width.
pub(in super::super) const fn plot_cells(width: u16) -> u16 {
    width.saturating_sub(2 + LEFT + RIGHT)
}

/// Draws the difference of one metric.
pub(in super::super) fn draw(pen: &mut Pen<'_>, common: Common<'_>, metric: Metric, area: Rect, edge: Role) {
    let Common { snapshot, view, cells } = common;
    frame(pen, common, metric, area, edge);
    let inner = Rect { x: area.x + 1 + LEFT, y: area.y + 1, width: cells, height: area.height.saturating_sub(3) };
    if inner.is_empty() {
        return;
    }
    let axis = Axis::new(snapshot, view.time, inner.width);
    let points = time::within(&snapshot.charts.points, Time::from_ms(axis.start), Time::from_ms(axis.now));
    let blind = grounds::blind(points, metric, snapshot, &axis);
    let plot = Plot { snapshot, metric, area: inner, axis, range: view.scales.difference(metric, snapshot), points, blind };
    let bands = bands(&plot);
    tolerated(pen, &plot);
    for (cell, band) in (0..).zip(&bands).filter_map(|(cell, band)| Some((cell, (*band)?))) {
        draw_band(pen, &plot, cell, band);
    }
    grounds::blind_times(pen, &plot);
    markers::lines(pen, &plot);
    lines(pen, &plot);
    canvas::draw_one(pen, &plot, |point| metric.difference(point).map(|band| f64::from(band.mid)));
    axis::draw(pen, &plot.axis, inner, &plot.blind);
    let newest = bands.iter().rev().find_map(|band| *band);
    labels(pen, &plot, newest, area.right() - 1);
    markers::labels(pen, &plot);
    if newest.is_none() {
        let run = pen.say(Role::Dim, "nothing to compare yet: both versions need requests since the warm-up");
        pen.write(inner.x + 1, inner.y + inner.height / 3, inner.right(), &[run]);
    }
}

fn frame(pen: &mut Pen<'_>, common: Common<'_>, metric: Metric, area: Rect, edge: Role) {
    let snapshot = common.snapshot;
    let mut title = vec![pen.shout(Role::Strong, format!("difference in {}", metric.title()))];
    if area.width >= ROOMY {
        let names = &snapshot.versions;
        title.push(pen.say(Role::Dim, format!("  {} minus {}", names.candidate.name, names.baseline.name)));
    }
    title.extend(super::scrolled(pen, snapshot, common.view));
    let tolerated = metric.tolerated(&snapshot.charts).map_or_else(Vec::new, |tolerated| {
        vec![pen.say(Role::Good, "tolerated up to "), pen.shout(Role::Good, metric.difference_text(tolerated))]
    });
    pen.frame(area, edge, &title, &tolerated);
}

/// For each column of cells the band as it was at its last poll, or at the one before where none fell into it.
fn bands(plot: &Plot<'_>) -> Vec<Option<Band>> {
    let mut bands = vec![None; usize::from(plot.area.width)];
    for (nth, point) in plot.points.iter().enumerate() {
        let Some(cell) = plot.axis.on(point.at).map(usize::from) else { continue };
        let until = plot.points.get(nth + 1).filter(|next| plot.joins(point, next)).and_then(|next| plot.axis.on(next.at));
        let last = until.map_or(cell + 1, usize::from).max(cell + 1);
        for slot in bands.iter_mut().take(last).skip(cell) {
            *slot = plot.metric.difference(point).or(*slot);
        }
    }
    bands
}

/// Better, the same, or tolerated: from the margin down.
fn tolerated(pen: &mut Pen<'_>, plot: &Plot<'_>) {
    let top = plot.row(plot.metric.tolerated(&plot.snapshot.charts).unwrap_or(0.0));
    let part = Rect { y: plot.y(top), height: plot.area.height - top, ..plot.area };
    pen.lay(part, Ground::Tolerated);
}

/// One column of the band; where backgrounds cannot be told apart, with characters.
fn draw_band(pen: &mut Pen<'_>, plot: &Plot<'_>, cell: u16, band: Band) {
    let (high, low) = (plot.row(f64::from(band.high)), plot.row(f64::from(band.low)));
    let column = Rect { x: plot.x(cell), y: plot.y(high), width: 1, height: low + 1 - high };
    if pen.theme.has_grounds() {
        return pen.lay(column, Ground::CandidateBand);
    }
    let style = pen.theme.of(Role::Candidate);
    for y in column.top()..column.bottom() {
        pen.dot(column.x, y, ":", style);
    }
}

/// Where both are the same, and how much more is tolerated.
fn lines(pen: &mut Pen<'_>, plot: &Plot<'_>) {
    let (same, good) = (pen.theme.of(Role::Dim), pen.theme.of(Role::Good));
    let margin = plot.metric.tolerated(&plot.snapshot.charts).filter(|margin| *margin < plot.range.high);
    for x in plot.area.left()..plot.area.right() {
        if let Some(margin) = margin {
            pen.dot(x, plot.y(plot.row(margin)), "┄", good);
        }
        pen.dot(x, plot.y(plot.row(0.0)), "─", same);
    }
}

/// Both ends of the axis, `same`, which way is worse, and the newest values in the order of their size.
fn labels(pen: &mut Pen<'_>, plot: &Plot<'_>, newest: Option<Band>, right: u16) {
    let edge = pen.theme.of(Role::Rule);
    let x = plot.area.x - 1;
    for row in 0..plot.area.height {
        pen.dot(x, plot.y(row), "│", edge);
    }
    pen.dot(x, plot.y(plot.area.height), "└", edge);
    let bottom = plot.area.height - 1;
    let text = |value| plot.metric.axis_difference(value);
    let ends = [(0, text(plot.range.high), Role::Faint), (bottom, text(plot.range.low), Role::Faint)];
    let same = plot.row(0.0);
    let ends = ends.into_iter().filter(|(row, ..)| *row != same);
    for (row, text, role) in ends.chain([(same, "same".to_owned(), Role::Text)]) {
        let run = pen.say(role, text);
        pen.write_right(plot.area.x - LEFT, plot.y(row), x, &[run]);
        pen.dot(x, plot.y(row), "┤", edge);
    }
    for (row, text, role) in [(0, "↑ worse", Role::Bad), (bottom, "↓ better", Role::Good)] {
        let run = pen.say(role, text);
        pen.write(plot.area.right() + 1, plot.y(row), right, &[run]);
    }
    if let Some(band) = newest {
        values(pen, plot, band, right);
    }
}

fn values(pen: &mut Pen<'_>, plot: &Plot<'_>, band: Band, right: u16) {
    let said = |value: f32| plot.metric.difference_text(f64::from(value));
    let mut free = 1;
    let bottom = plot.area.height.saturating_sub(2);
    let ends: [(f32, Run<'_>); 3] = [
        (band.high, pen.say(Role::Dim, said(band.high))),
        (band.mid, pen.shout(Role::Candidate, said(band.mid))),
        (band.low, pen.say(Role::Dim, said(band.low))),
    ];
    for (left, (value, run)) in (0..3).rev().zip(ends) {
        let row = plot.row(f64::from(value)).max(free).min(bottom.saturating_sub(left));
        pen.write(plot.area.right() + 1, plot.y(row), right, &[run]);
        free = row + 1;
    }
}
