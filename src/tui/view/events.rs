//! What happened, newest first: a box, or one line where rows are short.

use ratatui::layout::Rect;

use crate::{
    engine::snapshot::{EventRow, Snapshot, Tone},
    humanize,
    tui::{
        model::{Focus, UiState},
        pen::{Pen, Run, Target, cells},
        theme::Role,
    },
};

/// Columns of an event's word; the few longer ones have one of their own.
const WORD: usize = 7;

/// Draws the pane, if it has any rows.
pub(super) fn draw(pen: &mut Pen<'_>, area: Rect, snapshot: &Snapshot, ui: &UiState) {
    match area.height {
        0 => {}
        1 | 2 => one_line(pen, area, snapshot, ui),
        _ => pane(pen, area, snapshot, ui),
    }
}

fn one_line(pen: &mut Pen<'_>, area: Rect, snapshot: &Snapshot, ui: &UiState) {
    let line = match snapshot.events.get(ui.scrolled) {
        Some(event) => line(pen, event, false),
        None => vec![nothing(pen, snapshot)],
    };
    pen.write(area.x + 2, area.y, area.right() - 2, &line);
}

fn pane(pen: &mut Pen<'_>, area: Rect, snapshot: &Snapshot, ui: &UiState) {
    pen.target(area, || Target::Pane(Focus::Events));
    let focus = ui.focus == Focus::Events;
    let title = [pen.shout(if focus { Role::Strong } else { Role::Text }, "events")];
    let rows = usize::from(area.height - 2);
    let (all, first) = (snapshot.events.len(), ui.scrolled);
    let remark = format!("{} to {} of {all}", first + 1, (first + rows).min(all));
    let remark = if all > rows && focus { vec![pen.say(Role::Dim, remark)] } else { Vec::new() };
    pen.frame(area, if focus { Role::Focus } else { Role::Rule }, &title, &remark);
    if snapshot.events.is_empty() {
        let run = nothing(pen, snapshot);
        pen.write(area.x + 2, area.y + 1, area.right() - 1, &[run]);
    }
    for (row, event) in snapshot.events.iter().skip(first).take(rows).enumerate() {
        let line = line(pen, event, true);
        pen.write(area.x + 2, area.y + 1 + cells(row), area.right() - 1, &line);
    }
}

fn nothing<'a>(pen: &Pen<'_>, snapshot: &Snapshot) -> Run<'a> {
    pen.say(Role::Dim, format!("nothing has happened since {}", humanize::clock(snapshot.started)))
}

fn line<'a>(pen: &Pen<'_>, event: &'a EventRow, with_word: bool) -> Vec<Run<'a>> {
    let mut runs = vec![pen.say(Role::Dim, format!("{}  ", humanize::clock(event.at)))];
    if with_word {
        runs.push(pen.say(Role::Dim, format!("{:<WORD$} ", event.word)));
    }
    let (head, tail) = match event.tone {
        Some(tone @ (Tone::Good | Tone::Bad)) => (pen.shout(tone.into(), event.head.as_str()), Role::Text),
        Some(tone) => (pen.say(tone.into(), event.head.as_str()), Role::Dim),
        None => (pen.say(Role::Text, event.head.as_str()), Role::Dim),
    };
    runs.push(head);
    if !event.tail.is_empty() {
        runs.push(pen.say(tail, format!("   {}", event.tail)));
    }
    runs
}
