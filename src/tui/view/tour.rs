//! The box of the guided tour, under everything else.

use ratatui::layout::Rect;

use super::layout;
use crate::tui::{
    pen::{Pen, Run, wrapped},
    theme::Role,
    tour::Tour,
};

/// Rows of the box: two of words, one of what to do, and its frame.
const ROWS: u16 = 5;

/// The area without the box, and the box, where both have room.
pub(super) fn split(area: Rect) -> (Rect, Option<Rect>) {
    let height = area.height.saturating_sub(ROWS);
    if area.width < layout::SMALLEST.0 || height < layout::SMALLEST.1 {
        return (area, None);
    }
    (Rect { height, ..area }, Some(Rect { y: area.y + height, height: ROWS, ..area }))
}

/// Draws the box.
pub(super) fn draw(pen: &mut Pen<'_>, area: Rect, tour: Tour) {
    let title = [pen.shout(Role::Strong, "tour")];
    let count = tour.count().map(|(at, of)| pen.say(Role::Dim, format!("{at} of {of}")));
    pen.frame(area, Role::Focus, &title, count.as_slice());
    let (see, press) = tour.words();
    let see = wrapped(&[pen.say(Role::Text, see)], usize::from(area.width.saturating_sub(4)));
    let lines = see.into_iter().take(2).chain([keyed(pen, press)]);
    for (y, line) in (area.y + 1..area.bottom() - 1).zip(lines) {
        pen.write(area.x + 2, y, area.right() - 1, &line);
    }
}

/// Text in which `[x]` is a key.
fn keyed<'a>(pen: &Pen<'_>, text: &str) -> Vec<Run<'a>> {
    text.split(['[', ']'])
        .enumerate()
        .map(
            |(nth, part)| {
                if nth % 2 == 1 { pen.theme.key(pen.keymap.instead_of(part)) } else { pen.shout(Role::Text, part.to_owned()) }
            },
        )
        .filter(|run| !run.content.is_empty())
        .collect()
}
