//! What the views of lists share: the pane, the line of the filter, the mark of the chosen row, and which lines are in sight.

use std::ops::Range;

use ratatui::layout::Rect;

use crate::{
    engine::snapshot::Snapshot,
    tui::{
        filter::Filter,
        keymap::Command,
        model::UiState,
        pen::{Pen, Run, Target, cells, tail, width},
        theme::{Ground, Role},
    },
};

/// Rows inside a pane that the foot leaves to the list.
pub(super) const WITH_FOOT: u16 = 9;

/// The places inside a pane.
pub(super) struct Parts {
    /// For the rows.
    pub list: Rect,
    /// Under the rule; empty where rows are short.
    pub foot: Rect,
}

/// A box with a title, the filter's line while there is a filter, and room for `foot` lines under a rule.
pub(super) fn pane(pen: &mut Pen<'_>, area: Rect, snapshot: &Snapshot, ui: &UiState, title: &[Run<'_>], foot: u16) -> Parts {
    pen.target(area, || Target::List);
    pen.frame(area, Role::Focus, title, &[]);
    let inner = Rect { x: area.x + 1, y: area.y + 1, width: area.width.saturating_sub(2), height: area.height.saturating_sub(2) };
    let mut list = inner;
    if ui.lists.is_filtered(ui.view) && inner.height > 1 {
        filter_line(pen, Rect { height: 1, ..inner }, snapshot, ui);
        list = Rect { y: inner.y + 1, height: inner.height - 1, ..inner };
    }
    let foot = if foot > 0 && inner.height >= WITH_FOOT + foot { foot } else { 0 };
    let rule = u16::from(foot > 0);
    list.height = list.height.saturating_sub(foot + rule);
    for x in inner.left() + 1..inner.right().saturating_sub(1) {
        if rule > 0 {
            pen.dot(x, list.bottom(), "─", pen.theme.of(Role::Rule));
        }
    }
    Parts { list, foot: Rect { y: list.bottom() + rule, height: foot, ..inner } }
}

/// Says on the upper edge of the pane which rows are in sight, when not all lines are. `rows` says of each line whether a row begins
/// there.
pub(super) fn more(pen: &mut Pen<'_>, area: Rect, sight: &Range<usize>, rows: impl Iterator<Item = bool>) {
    let rows: Vec<bool> = rows.collect();
    let count = |lines: Range<usize>| rows.get(lines).unwrap_or_default().iter().filter(|row| **row).count();
    if sight.len() < rows.len() {
        let (above, within, all) = (count(0..sight.start), count(sight.clone()), count(0..rows.len()));
        let run = pen.say(Role::Dim, format!(" {} to {} of {all} ", above + 1, above + within));
        pen.write_right(area.x + area.width / 2, area.y, area.right().saturating_sub(2), &[run]);
    }
}

/// What is typed, what it can be, and which keys end it.
fn filter_line(pen: &mut Pen<'_>, row: Rect, snapshot: &Snapshot, ui: &UiState) {
    let Some(field) = ui.lists.filter(ui.view) else { return };
    let typing = ui.lists.is_typing(ui.view);
    let keys = if typing { String::new() } else { format!("{} clears", ui.keymap.name(Command::Close)) };
    let keys = [pen.say(Role::Dim, keys)];
    let end = row.right().saturating_sub(1);
    let stop = end.saturating_sub(cells(width(&keys)) + 2);
    let room = usize::from(stop.saturating_sub(row.x + 4));
    let typed = [
        pen.shout(Role::Strong, format!("{} ", ui.keymap.name(Command::Filter))),
        pen.shout(Role::Strong, tail(field.text(), room)),
        pen.say(Role::Text, if typing { "█" } else { "" }),
    ];
    let x = pen.write(row.x + 1, row.y, stop, &typed);
    let hint = Filter::parse(field.text(), snapshot.at).trouble.unwrap_or("text, kind:step, after:20:10, before:20:12");
    let hint = [pen.say(Role::Dim, hint)];
    if (typing || field.text().is_empty()) && x + 3 + cells(width(&hint)) <= stop {
        pen.write(x + 3, row.y, stop, &hint);
    }
    pen.write_right(stop, row.y, end, &keys);
    if typing {
        pen.lay(Rect { x: row.x, width: row.width, ..row }, Ground::Selected);
    }
}

/// The mouse chooses the row that begins at the line `at`; `begins` says of each line whether a row begins there.
pub(super) fn choosable<'l, L: 'l>(pen: &mut Pen<'_>, row: Rect, lines: &'l [L], at: usize, begins: impl Fn(&'l L) -> bool) {
    pen.target(row, || Target::Row(lines.iter().take(at).filter(|line| begins(line)).count()));
}

/// The chosen row: a mark and a ground.
pub(super) fn chosen(pen: &mut Pen<'_>, row: Rect) {
    pen.dot(row.x, row.y, "▸", pen.theme.bold(Role::Strong));
    pen.lay(row, Ground::Selected);
}

/// The lines in sight. The chosen ones stand in the middle of them, as long as there is something on both sides.
pub(super) fn sight(chosen: &Range<usize>, rows: usize, all: usize) -> Range<usize> {
    let middle = usize::midpoint(chosen.start, chosen.end);
    let first = middle.saturating_sub(rows / 2).min(chosen.start).min(all.saturating_sub(rows));
    first..(first + rows).min(all)
}

/// One sentence where the rows would be.
pub(super) fn empty(pen: &mut Pen<'_>, list: Rect, text: String) {
    let lines = crate::tui::pen::wrapped(&[pen.say(Role::Dim, text)], usize::from(list.width.saturating_sub(4)));
    for (y, line) in (list.y..list.bottom()).zip(&lines) {
        pen.write(list.x + 2, y, list.right(), line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chosen_lines_are_in_sight_and_in_the_middle() {
        for (chosen, rows, all, want) in [
            (0..1, 10, 5, 0..5),
            (0..1, 10, 100, 0..10),
            (50..51, 10, 100, 45..55),
            (99..100, 10, 100, 90..100),
            (40..60, 10, 100, 40..50),
            (95..110, 10, 110, 95..105),
            (3..4, 0, 9, 3..3),
            (0..0, 5, 0, 0..0),
        ] {
            assert_eq!(sight(&chosen, rows, all), want, "{chosen:?} in {rows} of {all}");
        }
    }
}
