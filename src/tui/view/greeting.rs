//! The one line for somebody who is here for the first time. It goes with the first key.

use ratatui::layout::Rect;

use super::layout::{self, Shape};
use crate::tui::{
    input::Key,
    keymap::{Command, Keymap, Place},
    model::{UiState, View, Visit},
    pen::Pen,
    theme::Role,
};

/// Rows that the events keep.
const EVENTS: u16 = 3;

/// Whether there is room for it on a screen of so many columns and rows.
#[must_use]
pub fn has_room((columns, rows): (u16, u16)) -> bool {
    match layout::plan(Rect::new(0, 0, columns, rows), 0) {
        Shape::Panes(plan) => plan.events.height > EVENTS,
        Shape::Nothing | Shape::Line | Shape::Words => false,
    }
}

/// The events without their last row, and that row, where there is room and somebody to greet.
pub(super) fn split(events: Rect, ui: &UiState) -> (Rect, Option<Rect>) {
    if ui.visit == Visit::Again || events.height <= EVENTS || key(&ui.keymap).is_empty() {
        return (events, None);
    }
    let left = Rect { height: events.height - 1, ..events };
    (left, Some(Rect { y: left.bottom(), height: 1, ..events }))
}

/// The key that explains; empty where none does.
fn key(keymap: &Keymap) -> &str {
    let enter = keymap.command(Key::Enter, Place::View(View::Overview)) == Some(Command::Open);
    if enter { "enter" } else { keymap.name(Command::Explain) }
}

/// Draws it.
pub(super) fn draw(pen: &mut Pen<'_>, row: Rect) {
    let runs = [
        pen.shout(Role::Strong, "New here? "),
        pen.theme.key(key(pen.keymap)),
        pen.say(Role::Text, " explains the selected check. "),
        pen.say(Role::Dim, "This line goes away."),
    ];
    pen.write(row.x + 1, row.y, row.right(), &runs);
}
