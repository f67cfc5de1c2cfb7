//! What is behind the selected check: the engine's explanation, line by line, under one row of the verdict.

use ratatui::layout::Rect;

use super::Modal;
use crate::{
    engine::snapshot::{CheckRow, Glyph, Snapshot},
    tui::{
        glyph,
        keymap::Command,
        model::UiState,
        pen::{Pen, Run, cells, wrapped},
        theme::{Role, Theme},
        update::selected,
        view::{
            keys::{self, Remark},
            verdict_row,
        },
    },
};

/// Columns of the word that a line is about.
pub(in crate::tui) const ABOUT: u16 = 12;
/// Rows that hold no line of the explanation: verdict, frame, keys.
const AROUND: u16 = 4;

/// A word, which may be empty, and what is said about it.
pub(in crate::tui) type Line<'a> = (&'a str, Vec<Run<'a>>);

/// Draws the explanation over the overview.
pub(in crate::tui) fn draw(pen: &mut Pen<'_>, area: Rect, snapshot: &Snapshot, ui: &UiState) {
    verdict_row(pen, Rect { height: 1, ..area }, snapshot, ui);
    let frame = Rect { y: area.y + 1, height: area.height.saturating_sub(2), ..area };
    let inner =
        Rect { x: frame.x + 2, y: frame.y + 1, width: frame.width.saturating_sub(3), height: frame.height.saturating_sub(2) };
    let Some(row) = explained(snapshot, ui) else {
        return;
    };
    let lines = lines(pen.theme, row, inner.width);
    let scrolled = match &ui.modal {
        Some(Modal::Explain(scrolled)) => (*scrolled).min(lines.len().saturating_sub(usize::from(inner.height))),
        _ => 0,
    };
    let last = (scrolled + usize::from(inner.height)).min(lines.len());
    let more = [pen.say(Role::Dim, format!("{} to {last} of {}", scrolled + 1, lines.len()))];
    let title = title(pen, row);
    pen.frame(frame, Role::Focus, &title, if lines.len() > usize::from(inner.height) { &more } else { &[] });
    for (y, (about, text)) in (inner.y..inner.bottom()).zip(lines.iter().skip(scrolled)) {
        let about = [pen.say(Role::Dim, *about)];
        pen.write(inner.x, y, inner.right(), &about);
        pen.write(inner.x + ABOUT, y, inner.right(), text);
    }
    let bottom = [
        keys::key(pen, pen.keymap.name(Command::Close), "close"),
        keys::key(pen, pen.keymap.name(Command::NextPane), "next check"),
        keys::key(pen, &format!("{} {}", pen.keymap.name(Command::Down), pen.keymap.name(Command::Up)), "scroll"),
    ];
    let fresh = Remark::Spare(vec![pen.say(Role::Dim, "watching goes on · "), keys::freshness(pen, snapshot, ui.now)]);
    keys::row(pen, Rect { y: area.bottom().saturating_sub(1), height: 1, ..area }, &bottom, &fresh);
}

/// How far it can be scrolled on a screen of that size.
pub(in crate::tui) fn last_scroll(snapshot: &Snapshot, ui: &UiState) -> usize {
    let height = usize::from(ui.size.1.saturating_sub(AROUND));
    explained(snapshot, ui).map_or(0, |row| lines(Theme::PLAIN, row, ui.size.0.saturating_sub(3)).len()).saturating_sub(height)
}

/// The selected check; without a selection the first, which is the worst.
pub(in crate::tui) fn explained<'a>(snapshot: &'a Snapshot, ui: &UiState) -> Option<&'a CheckRow> {
    snapshot.checks.get(selected(ui, snapshot).unwrap_or(0))
}

fn title<'a>(pen: &Pen<'_>, row: &'a CheckRow) -> Vec<Run<'a>> {
    let role = glyph::role(row.verdict);
    vec![
        pen.say(Role::Dim, "explain "),
        pen.shout(Role::Strong, row.name.as_str()),
        pen.say(role, format!("  {} {}", glyph::symbol(Glyph::from(row.verdict)), row.verdict.word().replace('_', " "))),
    ]
}

/// The sentence, an empty line, and each reason, broken to fit.
pub(in crate::tui) fn lines(theme: Theme, row: &CheckRow, width: u16) -> Vec<Line<'_>> {
    let room = usize::from(width.saturating_sub(ABOUT + 1));
    let mut lines: Vec<Line<'_>> = wrap(theme, "", &row.sentence, Role::Strong, room);
    lines.push(("", Vec::new()));
    let mut before = "";
    for reason in &row.explanation {
        let about = if reason.about == before { "" } else { reason.about.as_str() };
        before = &reason.about;
        lines.extend(wrap(theme, about, &reason.text, Role::Text, room));
    }
    lines
}

fn wrap<'a>(theme: Theme, about: &'a str, text: &'a str, role: Role, room: usize) -> Vec<Line<'a>> {
    let wrapped = wrapped(&[theme.say(role, text)], room);
    debug_assert!(cells(about.len()) < ABOUT, "{about} is too long a word");
    wrapped.into_iter().enumerate().map(|(nth, line)| (if nth == 0 { about } else { "" }, line)).collect()
}
