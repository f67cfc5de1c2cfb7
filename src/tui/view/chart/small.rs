//! How the evidence grew: one line between nothing and a decision, on the time axis of the charts.

use ratatui::layout::Rect;

use super::{
    Common, axis, canvas,
    scale::Range,
    time::{Axis, within},
};
use crate::{
    engine::{snapshot::Point, time::Time},
    tui::{pen::Pen, theme::Role},
};

/// Columns of the percentages at the left.
const LEFT: u16 = 7;
/// From nothing to a decision.
const WHOLE: Range = Range { low: 0.0, high: 1.0 };

/// Columns of time in a plot of that width.
pub(in crate::tui::view) const fn evidence_cells(width: u16) -> u16 {
    width.saturating_sub(LEFT)
}

/// Draws the way to the nearer decision: a title, the plot, and the time.
pub(in crate::tui::view) fn evidence(pen: &mut Pen<'_>, area: Rect, common: Common<'_>) {
    let Common { snapshot, view, cells } = common;
    let plot = Rect { x: area.x + LEFT, y: area.y + 1, width: cells, height: area.height.saturating_sub(2) };
    if plot.height < 3 || plot.width < LEFT {
        return;
    }
    let back = snapshot.meter.rollback >= snapshot.meter.promote;
    let (title, role) = if back { ("evidence to roll back", Role::Bad) } else { ("evidence to promote", Role::Good) };
    let title = [pen.shout(Role::Text, title)];
    pen.write(area.x, area.y, area.right(), &title);
    percentages(pen, area, plot, role);
    let time = Axis::new(snapshot, view.time, cells);
    let points = within(&snapshot.charts.points, Time::from_ms(time.start), Time::from_ms(time.now));
    let part = |point: &Point| f64::from(if back { point.evidence.1 } else { point.evidence.0 }).clamp(0.0, 1.0);
    canvas::draw_other(pen, plot, (&time, WHOLE, role), snapshot, points.iter().map(|point| (point.at, part(point))));
    axis::draw(pen, &time, plot, &[]);
}

/// A decision is the top, and leaning begins half way.
fn percentages(pen: &mut Pen<'_>, area: Rect, plot: Rect, role: Role) {
    for x in plot.left()..plot.right() {
        pen.dot(x, plot.y, "┄", pen.theme.of(role));
    }
    for (row, text, role) in
        [(0, "100 %", role), (WHOLE.row(0.5, plot.height), "50 %", Role::Dim), (plot.height - 1, "0 %", Role::Dim)]
    {
        let run = pen.say(role, text);
        pen.write_right(area.x, plot.y + row, plot.x - 1, &[run]);
    }
}
