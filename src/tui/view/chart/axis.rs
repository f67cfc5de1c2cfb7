//! The line under a chart: clock times, blind time, and `now` where the right edge is that.

use ratatui::layout::Rect;

use super::time::Axis;
use crate::{
    engine::time::Time,
    humanize,
    tui::{pen::Pen, theme::Role},
};

/// Draws it in the row under `plot`.
pub(super) fn draw(pen: &mut Pen<'_>, axis: &Axis, plot: Rect, blind: &[(i64, i64)]) {
    let y = plot.bottom();
    let (edge, held) = (pen.theme.of(Role::Rule), pen.theme.of(Role::Held));
    for x in plot.left()..plot.right() {
        pen.dot(x, y, "─", edge);
    }
    for (from, to) in blind {
        for cell in axis.cells_within(*from, *to) {
            pen.dot(plot.x + cell, y, "▒", held);
        }
    }
    for (cell, text) in axis.labels() {
        let run = pen.say(Role::Dim, text);
        pen.write(plot.x + cell, y, plot.right(), &[run]);
    }
    let end = if axis.is_live { "now".to_owned() } else { humanize::clock_minutes(Time::from_ms(axis.now)) };
    let end = pen.say(Role::Dim, end);
    pen.write_right(plot.left(), y, plot.right(), &[end]);
}
