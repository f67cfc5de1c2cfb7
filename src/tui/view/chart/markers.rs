//! Steps and actions: a vertical line each, with a word where it is free.

use ratatui::layout::Rect;

use super::Plot;
use crate::{
    engine::snapshot::{MarkerKind, Reading},
    tui::{
        pen::{Pen, cells},
        theme::Role,
    },
};

/// Draws the lines; data drawn later wins its cells.
pub(super) fn lines(pen: &mut Pen<'_>, plot: &Plot<'_>) {
    for marker in plot.snapshot.charts.markers.iter() {
        let Some(cell) = plot.axis.on(marker.at) else { continue };
        let style = pen.theme.of(match marker.kind {
            MarkerKind::Action | MarkerKind::Seen => Role::from(plot.snapshot.badge.tone),
            MarkerKind::Step | MarkerKind::Restart => Role::Faint,
        });
        for row in 0..plot.area.height {
            pen.dot(plot.x(cell), plot.y(row), "┊", style);
        }
    }
}

/// Writes the words, actions first, each in the first row where nothing is in its way.
pub(super) fn labels(pen: &mut Pen<'_>, plot: &Plot<'_>) {
    for kind in [MarkerKind::Action, MarkerKind::Step, MarkerKind::Restart, MarkerKind::Seen] {
        for marker in plot.snapshot.charts.markers.iter().rev().filter(|marker| marker.kind == kind) {
            let Some(cell) = plot.axis.on(marker.at) else { continue };
            let role = match kind {
                MarkerKind::Action | MarkerKind::Seen => Role::from(plot.snapshot.badge.tone),
                MarkerKind::Step | MarkerKind::Restart => Role::Dim,
            };
            label(pen, plot, cell, &marker.text, role);
        }
    }
    warm_up(pen, plot);
    few(pen, plot);
}

fn label(pen: &mut Pen<'_>, plot: &Plot<'_>, cell: u16, text: &str, role: Role) {
    let run = pen.say(role, text);
    let width = cells(run.width());
    let x = plot.x(cell + 1).min(plot.area.right().saturating_sub(width)).max(plot.area.x);
    let foot = plot.area.height.saturating_sub(2);
    if let Some(row) = [1, 0, 2, 3, foot].into_iter().find(|row| is_free(pen, plot, x, *row, width)) {
        pen.write(x, plot.y(row), plot.area.right(), &[run]);
    }
}

/// Data, limits and other words are in the way; a marker's own line is not.
fn is_free(pen: &Pen<'_>, plot: &Plot<'_>, x: u16, row: u16, width: u16) -> bool {
    let place = Rect { x, y: plot.y(row), width, height: 1 };
    row < plot.area.height
        && place.right() <= plot.area.right()
        && place.positions().all(|at| matches!(pen.buffer[at].symbol(), " " | "┊" | "·"))
}

fn warm_up(pen: &mut Pen<'_>, plot: &Plot<'_>) {
    for (from, to) in plot.snapshot.charts.warm_ups.iter().filter(|(_, to)| to.ms() > plot.axis.start) {
        let stripe = plot.axis.cells_within(from.ms(), to.ms());
        let room = stripe.end.saturating_sub(stripe.start);
        let Some(word) = ["warm-up", "warm"].into_iter().find(|word| cells(word.len()) <= room) else { continue };
        let x = plot.x(stripe.start);
        if is_free(pen, plot, x, 0, cells(word.len())) {
            let run = pen.say(Role::Faint, word);
            pen.write(x, plot.area.y, plot.area.right(), &[run]);
        }
    }
}

/// What a hollow point means, said once, as long as the candidate's newest is one.
fn few(pen: &mut Pen<'_>, plot: &Plot<'_>) {
    let newest = plot.points.last().map(|point| plot.metric.of(point).candidate);
    if plot.metric != super::Metric::Errors || !matches!(newest, Some(Reading::Thin(..))) {
        return;
    }
    let lines = ["○ of fewer than 100 requests:", "  shown, not judged"];
    let width = cells(lines[0].chars().count());
    let Some(x) = plot.area.right().checked_sub(width).filter(|x| *x > plot.area.x) else { return };
    if (2..4).all(|row| is_free(pen, plot, x, row, width)) {
        for (row, line) in (2..).zip(lines) {
            let run = pen.say(Role::Candidate, line);
            pen.write(x, plot.y(row), plot.area.right(), &[run]);
        }
    }
}
