//! A chart of both versions over time: baseline thin, candidate thick and on top, gaps as gaps.
//!
//! ```text
//! ╭─ error rate  last minute ──────────── limit 1 % ─╮
//! │ 4.0%┤        ┊                      ▲            │   scale      how high
//! │     │        ┊25 %                 ⢸⡇    2.55 %  │   markers    steps and actions       ends   the last values
//! │ 1.0%┤┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄⡇┄           │   canvas     lines, braid, limit
//! │ 0.0%┤⣀⣀⣀⣤⣤⣀⣀⣀⣠⣤⣤⣄⣀⣀⣀       ⣀⣠⣤⣤⠤⠤⠤⠤  0.37 %  │   grounds    warm-up, blind, normal range
//! │     └──────20:04──────20:08──▒▒▒──────now        │   time, axis columns aligned to the clock
//! ╰──────────────────────────────────────────────────╯
//! ```

use ratatui::layout::Rect;

use self::{scale::Range, time::Axis};
use crate::{
    engine::{
        snapshot::{Point, Snapshot},
        time::Time,
    },
    humanize,
    tui::{
        model::ChartView,
        pen::{Pen, Run},
        theme::Role,
    },
};

mod axis;
mod canvas;
mod columns;
pub(super) mod difference;
mod ends;
mod grounds;
mod markers;
mod metric;
mod scale;
mod small;
mod time;

pub(super) use self::small::{evidence, evidence_cells};
pub(in crate::tui) use self::{metric::Metric, scale::Scales, time::TimeView};

/// Columns for the labels of the vertical axis.
const LEFT: u16 = 6;
/// Points further apart than so many polls are not joined.
const JOIN_POLLS: f64 = 1.5;
/// From this width on a chart says what its values cover.
const ROOMY: u16 = 50;

/// What all charts of a screen have in common.
#[derive(Clone, Copy)]
pub(super) struct Common<'a> {
    pub snapshot: &'a Snapshot,
    pub view: &'a ChartView,
    /// Columns of time: those of the narrowest chart, so that all have the same axis.
    pub cells: u16,
}

/// What one chart needs to know.
struct Plot<'a> {
    snapshot: &'a Snapshot,
    metric: Metric,
    /// The cells that data is drawn in.
    area: Rect,
    axis: Axis,
    /// What the vertical axis spans.
    range: Range,
    /// The points in sight, and one before them.
    points: &'a [Point],
    /// Stretches in which not both versions answered, in milliseconds.
    blind: Vec<(i64, i64)>,
}

/// How many cells of time a chart of that width has.
pub(super) const fn plot_cells(width: u16) -> u16 {
    width.saturating_sub(2 + LEFT + if width >= ROOMY { 8 } else { 7 })
}

/// Draws a chart of both versions.
pub(super) fn draw(pen: &mut Pen<'_>, common: Common<'_>, metric: Metric, area: Rect, edge: Role) {
    let Common { snapshot, view, cells } = common;
    frame(pen, common, metric, area, edge);
    let inner = Rect { x: area.x + 1 + LEFT, y: area.y + 1, width: cells, height: area.height.saturating_sub(3) };
    if inner.is_empty() {
        return;
    }
    let axis = Axis::new(snapshot, view.time, cells);
    let points = time::within(&snapshot.charts.points, Time::from_ms(axis.start), Time::from_ms(axis.now));
    let blind = grounds::blind(points, metric, snapshot, &axis);
    let plot = Plot { snapshot, metric, area: inner, axis, range: view.scales.range(metric, snapshot), points, blind };
    grounds::draw(pen, &plot);
    markers::lines(pen, &plot);
    limit(pen, &plot);
    canvas::draw(pen, &plot);
    vertical_axis(pen, &plot);
    axis::draw(pen, &plot.axis, inner, &plot.blind);
    ends::draw(pen, &plot, area.right() - 1);
    markers::labels(pen, &plot);
    waiting(pen, &plot);
}

impl Plot<'_> {
    /// The row of a value, counted from the top of the plot.
    fn row(&self, value: f64) -> u16 {
        self.range.row(value, self.area.height)
    }

    /// Whether nothing is missing between two points that follow each other.
    fn joins(&self, point: &Point, next: &Point) -> bool {
        next.at.since(point.at) <= self.snapshot.deployment.poll.mul_f64(JOIN_POLLS)
    }

    /// Samples up to here are settled; younger ones are still being counted by their source.
    fn settled(&self) -> Time {
        self.snapshot.at.minus(self.snapshot.charts.lag)
    }

    const fn x(&self, cell: u16) -> u16 {
        self.area.x + cell
    }

    const fn y(&self, row: u16) -> u16 {
        self.area.y + row
    }
}

fn frame(pen: &mut Pen<'_>, Common { snapshot, view, .. }: Common<'_>, metric: Metric, area: Rect, edge: Role) {
    let mut title = vec![pen.shout(if edge == Role::Focus { Role::Strong } else { Role::Text }, metric.title())];
    if area.width >= ROOMY {
        title.push(pen.say(Role::Dim, if metric == Metric::Requests { "  a second, last minute" } else { "  last minute" }));
    }
    title.extend(scrolled(pen, snapshot, view));
    let limit = metric.limit(&snapshot.charts);
    let remark =
        limit.map_or_else(Vec::new, |l| vec![pen.say(Role::Limit, "limit "), pen.shout(Role::Limit, metric.limit_text(l))]);
    pen.frame(area, edge, &title, &remark);
}

/// Says that the right edge is not now.
fn scrolled<'a>(pen: &Pen<'_>, snapshot: &Snapshot, view: &ChartView) -> Option<Run<'a>> {
    let until = view.time.until()?;
    let ago = humanize::duration(snapshot.at.since(until));
    Some(pen.shout(Role::Held, format!("  until {}, {ago} ago", humanize::clock_minutes(until))))
}

fn limit(pen: &mut Pen<'_>, plot: &Plot<'_>) {
    let Some(limit) = plot.metric.limit(&plot.snapshot.charts).filter(|limit| *limit <= plot.range.high) else { return };
    let y = plot.y(plot.row(limit));
    let style = pen.theme.of(Role::Limit);
    for x in plot.area.left()..plot.area.right() {
        pen.dot(x, y, "┄", style);
    }
}

/// Top, limit, middle and zero; the middle only where it does not touch the limit.
fn vertical_axis(pen: &mut Pen<'_>, plot: &Plot<'_>) {
    let x = plot.area.x - 1;
    let edge = pen.theme.of(Role::Rule);
    for row in 0..plot.area.height {
        pen.dot(x, plot.y(row), "│", edge);
    }
    pen.dot(x, plot.y(plot.area.height), "└", edge);
    let limit = plot.metric.limit(&plot.snapshot.charts).filter(|limit| *limit <= plot.range.high);
    let limit_row = limit.map(|limit| plot.row(limit));
    let bottom = plot.area.height - 1;
    for (row, value) in [(0, plot.range.high), (plot.row(plot.range.high / 2.0), plot.range.high / 2.0), (bottom, 0.0)] {
        let near = if row == 0 || row == bottom { 1 } else { 2 };
        if limit_row.is_none_or(|limit| limit.abs_diff(row) >= near) {
            axis_label(pen, plot, row, value, Role::Faint);
        }
    }
    if let (Some(row), Some(limit)) = (limit_row, limit) {
        axis_label(pen, plot, row, limit, Role::Limit);
    }
}

fn axis_label(pen: &mut Pen<'_>, plot: &Plot<'_>, row: u16, value: f64, role: Role) {
    let text = plot.metric.axis_text(value);
    let run = if role == Role::Limit { pen.shout(role, text) } else { pen.say(role, text) };
    let end = plot.area.x - 1;
    pen.write_right(end.saturating_sub(LEFT - 1), plot.y(row), end, &[run]);
    pen.dot(end, plot.y(row), "┤", pen.theme.of(Role::Rule));
}

/// Says when data will come, where it will be.
fn waiting(pen: &mut Pen<'_>, plot: &Plot<'_>) {
    if plot.points.is_empty() {
        let text = format!("first point in {}", humanize::duration(plot.snapshot.deployment.poll));
        let run = pen.say(Role::Dim, text);
        pen.write(plot.area.x + 1, plot.y(plot.area.height / 2), plot.area.right(), &[run]);
    }
}
