//! Everything that happened, newest first, and what a filter leaves of it.
//!
//! ```text
//! ╭─ events  9 of 214 shown ─────────────────────────────────────────────────────────────────╮
//! │ / error█   text, kind:step, after:20:10, before:20:12                                   │
//! │▸ 20:13:54  verdict  looks good → leaning bad       errors: 21 of 1 815 against ...       │
//! │  ········  23 more without "error"                                                       │
//! │ ──────────────────────────────────────────────────────────────────────────────────────── │
//! │  2026-11-22 20:13:54  verdict                                                            │
//! │  looks good → leaning bad   errors: 21 of ...       the chosen event in full             │
//! ╰──────────────────────────────────────────────────────────────────────────────────────────╯
//! ```

use ratatui::{layout::Rect, style::Modifier};

use super::list;
use crate::{
    engine::snapshot::{EventRow, Snapshot, Tone},
    humanize,
    tui::{
        filter::Filter,
        keymap::Command,
        lists::events::{Line, shown},
        model::UiState,
        pen::{Pen, Run, cells, width, wrapped},
        theme::Role,
    },
};

/// Where the kind stands, and the text after it.
const WORD: u16 = 12;
const HEAD: u16 = 21;
/// From this width on what follows a head has a column of its own, so many columns after it.
const WIDE: u16 = 100;
const TAIL: usize = 40;
/// At most so many lines say the chosen event in full.
const FULL: u16 = 6;

/// Draws the view.
pub(super) fn draw(pen: &mut Pen<'_>, area: Rect, snapshot: &Snapshot, ui: &UiState) {
    let memory = &ui.lists.events;
    let (lines, filter) = (memory.lines(snapshot), memory.filter(snapshot));
    let (left, all) = (shown(&lines).len(), snapshot.events.len());
    let count = if left < all { format!("  {left} of {all} shown") } else { format!("  {all}") };
    let title = [pen.shout(Role::Strong, "events"), pen.say(Role::Dim, count)];
    let foot = if left > 0 { FULL.min(area.height.saturating_sub(2) / 4) } else { 0 };
    let parts = list::pane(pen, area, snapshot, ui, &title, foot);
    let Some(chosen) = memory.chosen(snapshot, &lines) else {
        return list::empty(pen, parts.list, nothing(snapshot, ui));
    };
    let at = lines.iter().position(|line| *line == Line::Event(chosen)).unwrap_or(0);
    let sight = list::sight(&(at..at + 1), usize::from(parts.list.height), lines.len());
    list::more(pen, area, &sight, lines.iter().map(|_| true));
    for (y, (at, line)) in (parts.list.y..parts.list.bottom()).zip(lines.iter().enumerate().skip(sight.start)) {
        let row = Rect { y, height: 1, ..parts.list };
        match line {
            Line::Hidden(count) => hidden(pen, row, *count, &filter),
            Line::Event(nth) => {
                list::choosable(pen, row, &lines, at, |line| matches!(line, Line::Event(_)));
                if let Some(event) = snapshot.events.get(*nth) {
                    draw_row(pen, row, event, &filter);
                }
                if *nth == chosen {
                    list::chosen(pen, row);
                }
            }
        }
    }
    if let Some(event) = snapshot.events.get(chosen) {
        in_full(pen, parts.foot, event, &filter);
    }
}

/// What the row of the views says.
pub(super) fn remarks() -> Vec<String> {
    vec!["newest first".to_owned()]
}

fn nothing(snapshot: &Snapshot, ui: &UiState) -> String {
    match snapshot.events.len() {
        0 => format!("nothing has happened since {}", humanize::clock(snapshot.started)),
        all => format!("no event matches; {} shows all {all}", ui.keymap.name(Command::Close)),
    }
}

fn hidden(pen: &mut Pen<'_>, row: Rect, count: usize, filter: &Filter) {
    let count = humanize::count(count as f64);
    let text = filter.only_word().map_or_else(|| format!("{count} more"), |word| format!("{count} more without \"{word}\""));
    let (dots, text) = ([pen.say(Role::Faint, "········")], [pen.say(Role::Dim, text)]);
    pen.write(row.x + 2, row.y, row.right(), &dots);
    pen.write(row.x + WORD, row.y, row.right(), &text);
}

fn draw_row(pen: &mut Pen<'_>, row: Rect, event: &EventRow, filter: &Filter) {
    let end = row.right().saturating_sub(1);
    let clock = [pen.say(Role::Dim, humanize::clock(event.at))];
    pen.write(row.x + 2, row.y, end, &clock);
    let word = found(&pen.say(Role::Dim, event.word.as_str()), filter);
    pen.write(row.x + WORD, row.y, row.x + HEAD - 1, &word);
    let mut text = found(&head(pen, event), filter);
    if !event.tail.is_empty() {
        let column = if row.width >= WIDE { TAIL } else { 0 };
        text.push(Run::raw(" ".repeat(column.saturating_sub(width(&text)).max(3))));
        text.extend(found(&pen.say(Role::Dim, event.tail.as_str()), filter));
    }
    pen.write(row.x + HEAD, row.y, end, &text);
}

fn head<'a>(pen: &Pen<'_>, event: &'a EventRow) -> Run<'a> {
    match event.tone {
        Some(tone @ (Tone::Good | Tone::Bad)) => pen.shout(tone.into(), event.head.as_str()),
        Some(tone) => pen.say(tone.into(), event.head.as_str()),
        None => pen.say(Role::Text, event.head.as_str()),
    }
}

/// A run with what the filter's words have found in it underlined.
fn found<'a>(run: &Run<'a>, filter: &Filter) -> Vec<Run<'a>> {
    let style = |found: bool| if found { run.style.add_modifier(Modifier::BOLD | Modifier::UNDERLINED) } else { run.style };
    filter.pieces(&run.content).into_iter().map(|(found, piece)| Run::styled(piece.to_owned(), style(found))).collect()
}

/// When, what kind, and every word of it.
fn in_full(pen: &mut Pen<'_>, area: Rect, event: &EventRow, filter: &Filter) {
    if area.height == 0 {
        return;
    }
    let end = area.right().saturating_sub(1);
    let first = [pen.say(Role::Dim, humanize::date_time(event.at)), pen.say(Role::Dim, format!("  {}", event.word))];
    pen.write(area.x + 2, area.y, end, &first);
    let mut text = found(&head(pen, event), filter);
    if !event.tail.is_empty() {
        text.push(Run::raw("   "));
        text.extend(found(&pen.say(Role::Text, event.tail.as_str()), filter));
    }
    let lines = wrapped(&text, usize::from(end.saturating_sub(area.x + 3)));
    let room = usize::from(area.height - 1);
    for (row, line) in lines.iter().take(room).enumerate() {
        pen.write(area.x + 2, area.y + 1 + cells(row), end, line);
    }
    if lines.len() > room {
        pen.dot(end, area.bottom() - 1, "…", pen.theme.of(Role::Dim));
    }
}
