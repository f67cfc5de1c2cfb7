//! The last values, at the ends of their lines: no legend is needed.

use super::Plot;
use crate::{
    engine::{role::Role as Side, snapshot::Reading, time::Time},
    humanize,
    tui::{
        pen::{Pen, Run, cells},
        theme::Role,
    },
};

/// A line whose newest value is older than so many polls has ended.
const STALE_POLLS: u32 = 2;

/// A label of one or two rows.
struct End<'a> {
    row: u16,
    value: f64,
    lines: Vec<Run<'a>>,
}

/// Draws the labels between the plot and `right`.
pub(super) fn draw(pen: &mut Pen<'_>, plot: &Plot<'_>, right: u16) {
    let mut ends = if let Some(end) = both_blind(pen, plot) {
        vec![end]
    } else {
        Side::BOTH.into_iter().filter_map(|side| end(pen, plot, side)).collect()
    };
    settle(&mut ends, plot.area.height);
    let x = plot.area.right() + 1;
    for end in ends {
        for (line, run) in end.lines.into_iter().enumerate() {
            pen.write(x, plot.y(end.row + cells(line)), right, &[run]);
        }
    }
}

fn end<'a>(pen: &Pen<'_>, plot: &Plot<'_>, side: Side) -> Option<End<'a>> {
    if let Some(since) = blind_since(plot, side) {
        let value = last_value(plot, side)?;
        let lines = vec![pen.shout(side.into(), "blind"), pen.say(side.into(), age(plot, since))];
        return Some(End { row: plot.row(value), value, lines });
    }
    let reading = plot.points.iter().rev().map(|point| *plot.metric.of(point).of(side)).find(|r| *r != Reading::Blind)?;
    let value = reading.value()?;
    let text = match reading {
        Reading::Thin(_, n) => format!("○ n={n}"),
        _ => plot.metric.value_text(value),
    };
    let run = if side == Side::Candidate && matches!(reading, Reading::Solid(_)) {
        pen.shout(side.into(), text)
    } else {
        pen.say(side.into(), text)
    };
    Some(End { row: plot.row(value), value, lines: vec![run] })
}

fn both_blind<'a>(pen: &Pen<'_>, plot: &Plot<'_>) -> Option<End<'a>> {
    let since = Side::BOTH.map(|side| blind_since(plot, side));
    let since = since[0]?.max(since[1]?);
    let lines = vec![pen.shout(Role::Held, "blind"), pen.say(Role::Held, age(plot, since))];
    Some(End { row: plot.area.height / 2, value: 0.0, lines })
}

fn age(plot: &Plot<'_>, since: Time) -> String {
    humanize::duration(Time::from_ms(plot.axis.now).since(since))
}

/// Since when nothing is known of that side, if that is too long ago.
fn blind_since(plot: &Plot<'_>, side: Side) -> Option<Time> {
    let known = plot.points.iter().rev().find(|point| *plot.metric.of(point).of(side) != Reading::Blind);
    let since = known.map_or(plot.snapshot.started, |point| point.at);
    (!plot.points.is_empty() && Time::from_ms(plot.axis.now).since(since) > plot.snapshot.deployment.poll * STALE_POLLS)
        .then_some(since)
}

fn last_value(plot: &Plot<'_>, side: Side) -> Option<f64> {
    plot.points.iter().rev().find_map(|point| plot.metric.of(point).of(side).value())
}

/// The higher value stands above, and no label covers another or leaves the plot.
fn settle(ends: &mut [End<'_>], height: u16) {
    ends.sort_by(|a, b| b.value.total_cmp(&a.value));
    let mut free = 0;
    for end in ends.iter_mut() {
        end.row = end.row.max(free);
        free = end.row + cells(end.lines.len());
    }
    let mut below = height;
    for end in ends.iter_mut().rev() {
        below = below.saturating_sub(cells(end.lines.len()));
        end.row = end.row.min(below);
        below = end.row;
    }
}
