//! Screens too small for panes: words only. Keys that act are inert there, because the panel that must be read first does not fit.

use ratatui::layout::Rect;

use super::{header, keys, layout, sentence, verdict};
use crate::{
    engine::snapshot::{Ink, Piece, Sentence, Snapshot, Tone},
    humanize,
    tui::{
        glyph,
        keymap::Command,
        model::UiState,
        pen::{Pen, Run, cells, wrapped},
        theme::{Ground, Role},
    },
};

/// Glyph, word and percentage, on one line.
pub(super) fn line(pen: &mut Pen<'_>, area: Rect, snapshot: &Snapshot) {
    let row = Rect { height: 1, ..area };
    pen.lay(row, Ground::Tint(snapshot.badge.tone));
    let role = Role::from(snapshot.badge.tone);
    let mut runs = vec![pen.shout(role, format!("{} {}", glyph::symbol(snapshot.badge.glyph), snapshot.badge.word))];
    runs.extend(part(snapshot).map(|(part, _)| pen.shout(role, format!(" {part}"))));
    pen.write(area.x, area.y, area.right(), &runs);
}

/// Rows that the hint takes, with a blank one above it.
const HINT: u16 = 3;
/// Most rows a sentence takes.
const SENTENCE: u16 = 3;

/// Header, verdict, both sentences, and what would be needed for more.
pub(super) fn draw(pen: &mut Pen<'_>, area: Rect, snapshot: &Snapshot, ui: &UiState) {
    header::draw(pen, Rect { height: 1, ..area }, snapshot);
    let keys_row = area.bottom() - 1;
    let spare = keys_row.saturating_sub(area.y + 2 + HINT);
    let first = lines(pen, &snapshot.sentence, snapshot, area.width, spare.saturating_sub(1).clamp(1, SENTENCE));
    let second = lines(pen, &snapshot.next, snapshot, area.width, spare.saturating_sub(cells(first.len())).clamp(1, SENTENCE));
    let rows = (1 + cells(first.len() + second.len())).min(keys_row - area.y - 1);
    let tinted = Rect { y: area.y + 1, height: rows, ..area };
    verdict::tint(pen, tinted, snapshot);
    if rows > 0 {
        let x = verdict::badge(pen, tinted, snapshot);
        let runs: Vec<Run<'_>> =
            part(snapshot).map(|(part, to)| pen.say(Role::Text, format!("{part} to {to}"))).into_iter().collect();
        pen.write(x, tinted.y, area.right(), &runs);
    }
    for (y, line) in (tinted.y + 1..tinted.bottom()).zip(first.iter().chain(&second)) {
        pen.write(area.x + 3, y, area.right(), line);
    }
    hint(pen, area, tinted.bottom() + 1, keys_row, ui);
    bottom(pen, Rect { y: keys_row, height: 1, ..area }, snapshot, ui);
}

/// A sentence without the clauses that name a key: keys that act do nothing here.
fn lines<'a>(pen: &Pen<'_>, sentence: &Sentence, snapshot: &Snapshot, width: u16, rows: u16) -> Vec<Vec<Run<'a>>> {
    let inner = width.saturating_sub(4);
    let without_keys = |clause: &&Vec<Piece>| clause.iter().all(|piece| piece.ink != Ink::Key);
    let said = Sentence { clauses: sentence.clauses.iter().filter(without_keys).cloned().collect() };
    let runs = sentence::fitted(pen, &said, snapshot, usize::from(inner * rows));
    let mut lines = wrapped(&runs, usize::from(inner));
    lines.truncate(usize::from(rows));
    lines
}

/// How far the evidence is, towards which decision.
fn part(snapshot: &Snapshot) -> Option<(String, &'static str)> {
    let meter = &snapshot.meter;
    match snapshot.badge.tone {
        Tone::Bad => Some((humanize::part(meter.rollback), "roll back")),
        Tone::Good if snapshot.action.is_none() => Some((humanize::part(meter.promote), "promote")),
        _ => None,
    }
}

fn hint(pen: &mut Pen<'_>, area: Rect, from: u16, to: u16, ui: &UiState) {
    let (columns, rows) = layout::SMALLEST;
    let text = ui.note.clone().unwrap_or_else(|| {
        format!("{}x{} is too small for the charts: make it 80x24. Keys that act need {columns}x{rows}.", area.width, area.height)
    });
    let run = pen.say(Role::Dim, text);
    let lines = wrapped(&[run], usize::from(area.width.saturating_sub(2)));
    for (y, line) in (from..to).zip(lines) {
        pen.write(area.x + 1, y, area.right(), &line);
    }
}

fn bottom(pen: &mut Pen<'_>, area: Rect, snapshot: &Snapshot, ui: &UiState) {
    let entries =
        [(Command::Quit, "quit"), (Command::Help, "help")].map(|(command, does)| keys::key(pen, pen.keymap.name(command), does));
    let fresh = keys::freshness(pen, snapshot, ui.now);
    keys::row(pen, area, &entries, &keys::Remark::Spare(vec![fresh]));
}
