//! What is behind the selected check, beside the panes: its explanation, how the evidence grew, then the instances and the steps.
//!
//! What does not fit is dropped from the end.

use ratatui::layout::Rect;

use super::{chart, instances, spark, steps};
use crate::{
    engine::snapshot::{Glyph, InstanceRow, Snapshot, StepRow},
    tui::{
        glyph,
        keymap::Command,
        modal::explain,
        model::UiState,
        pen::{Pen, cells, tail},
        theme::Role,
    },
};

/// Rows of the chart with its title and its time.
const CHART: u16 = 9;
/// Columns of an instance's name.
const NAME: u16 = 18;
/// Columns of an instance's error rate with a blank before it.
const ERRORS: u16 = 10;

/// Draws the pane.
pub(super) fn draw(pen: &mut Pen<'_>, area: Rect, snapshot: &Snapshot, ui: &UiState) {
    let check = explain::explained(snapshot, ui);
    let mut title = Vec::new();
    if let Some(row) = check {
        let role = glyph::role(row.verdict);
        let mark = format!("  {} {}", glyph::symbol(Glyph::from(row.verdict)), row.verdict.word().replace('_', " "));
        title.extend([pen.shout(Role::Text, tail(&row.name, 20)), pen.say(role, mark)]);
    }
    let remark = [pen.say(Role::Dim, "selected check")];
    pen.frame(area, Role::Rule, &title, if check.is_some() { &remark } else { &[] });
    let mut room = Rect { x: area.x + 2, y: area.y + 1, width: area.width - 4, height: area.height - 2 };
    if check.is_none() {
        let run = [pen.say(Role::Dim, "no check has an answer yet")];
        pen.write(room.x, room.y, room.right(), &run);
        room = below(room, 2);
    }
    let lines = check.map_or_else(Vec::new, |row| explain::lines(pen.theme, row, room.width));
    let sentence = lines.iter().position(|(_, text)| text.is_empty()).map_or(0, |at| at + 1);
    let (sentence, reasons) = lines.split_at(sentence);
    room = said(pen, room, sentence, 0);
    if check.is_some() && room.height >= CHART && !snapshot.charts.points.is_empty() {
        let common = chart::Common { snapshot, view: &ui.charts, cells: chart::evidence_cells(room.width) };
        chart::evidence(pen, Rect { height: CHART, ..room }, common);
        room = below(room, CHART + 1);
    }
    room = said(pen, room, reasons, explain::ABOUT);
    room = below(room, u16::from(!reasons.is_empty()));
    let top = spark::top(snapshot);
    room = rows(pen, room, "instances   errors, last 10 minutes", &snapshot.instances, |pen, row, instance| {
        draw_instance(pen, row, instance, top);
    });
    rows(pen, room, "steps", &snapshot.steps, draw_step);
}

/// What is left under so many rows.
fn below(room: Rect, rows: u16) -> Rect {
    let rows = rows.min(room.height);
    Rect { y: room.y + rows, height: room.height - rows, ..room }
}

/// Lines of an explanation; when not all fit, the last one says which key shows them.
fn said(pen: &mut Pen<'_>, room: Rect, lines: &[explain::Line<'_>], indent: u16) -> Rect {
    let fitting = lines.len().min(usize::from(room.height));
    for (y, (about, text)) in (room.y..).zip(lines.iter().take(fitting)) {
        let about = [pen.say(Role::Dim, *about)];
        pen.write(room.x, y, room.right(), &about);
        pen.write(room.x + indent, y, room.right(), text);
    }
    if fitting < lines.len() && room.height > 0 {
        let last = Rect { y: room.bottom() - 1, height: 1, ..room };
        pen.clear(last);
        let more = format!("… {} explains it in full", pen.keymap.name(Command::Explain));
        let more = [pen.say(Role::Dim, more)];
        pen.write(last.x, last.y, last.right(), &more);
    }
    below(room, cells(fitting))
}

/// A heading and as many rows as fit, at least two.
fn rows<T>(pen: &mut Pen<'_>, room: Rect, heading: &'static str, rows: &[T], draw: impl Fn(&mut Pen<'_>, Rect, &T)) -> Rect {
    if rows.is_empty() || room.height < 3 {
        return room;
    }
    let heading = [pen.shout(Role::Text, heading)];
    pen.write(room.x, room.y, room.right(), &heading);
    let shown = rows.len().min(usize::from(room.height - 1));
    for (y, row) in (room.y + 1..).zip(rows.iter().take(shown)) {
        draw(pen, Rect { y, height: 1, ..room }, row);
    }
    below(room, cells(shown) + 2)
}

fn draw_instance(pen: &mut Pen<'_>, row: Rect, instance: &InstanceRow, top: f64) {
    let (mark, role) = instances::look(instance.state);
    let left = [
        pen.shout(role, format!("{} ", glyph::symbol(mark))),
        pen.say(instance.role.into(), tail(&instance.name, usize::from(NAME - 2))),
    ];
    pen.write(row.x, row.y, row.x + NAME, &left);
    let room = row.width.saturating_sub(NAME + 1 + ERRORS);
    let width = [30, 20, 15, 10].into_iter().find(|width| *width <= room).unwrap_or(0);
    spark::draw(pen, (row.x + NAME + 1, row.y), width, instance, top);
    let errors = [pen.say(Role::Text, instance.errors.as_str())];
    pen.write_right(row.x + NAME + 1 + width, row.y, row.x + NAME + 1 + width + ERRORS, &errors);
}

fn draw_step(pen: &mut Pen<'_>, row: Rect, step: &StepRow) {
    let (mark, role, word) = steps::look(step.state);
    let left = [pen.shout(role, format!("{mark} ")), pen.say(Role::Text, step.number.to_string())];
    pen.write(row.x, row.y, row.right(), &left);
    let weight = [pen.say(Role::Text, steps::weight(step))];
    pen.write_right(row.x + 6, row.y, row.x + 13, &weight);
    let seen = [pen.say(Role::Dim, step.seen.as_str())];
    pen.write_right(row.x + 13, row.y, row.x + 21, &seen);
    let outcome = if step.outcome.is_empty() { word } else { &step.outcome };
    let outcome = [pen.say(Role::Dim, outcome)];
    pen.write(row.x + 23, row.y, row.right(), &outcome);
}
