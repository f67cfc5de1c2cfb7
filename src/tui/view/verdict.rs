//! Rows 1 to 4: what is the matter, what happens next, how far the evidence is, and the window.

use ratatui::{layout::Rect, style::Modifier};

use super::{acting, meter, sentence};
use crate::{
    engine::snapshot::{Badge, Sentence, Snapshot},
    humanize,
    tui::{
        glyph,
        keymap::Command,
        model::{Frozen, UiState},
        pen::{Pen, Run},
        theme::{Ground, Role},
    },
};

/// From this width on both sentences begin in the same column.
const WIDE: u16 = 100;
/// That column.
const INDENT: u16 = 19;

/// Draws as many of the rows as the area has.
pub(super) fn draw(pen: &mut Pen<'_>, area: Rect, snapshot: &Snapshot, ui: &UiState) {
    tint(pen, area, snapshot);
    let wide = area.width >= WIDE;
    let after_badge = badge(pen, area, snapshot);
    let x = if wide { after_badge.max(area.x + INDENT) } else { after_badge };
    let end = ui.frozen.as_ref().map_or(area.right().saturating_sub(1), |frozen| held(pen, area, frozen));
    say(pen, Rect { width: end - area.x, ..area }, (x, 0), &snapshot.sentence, snapshot);
    let x = if wide { x } else { area.x + 3 };
    match &ui.frozen {
        Some(frozen) => goes_on(pen, area, x, frozen),
        None => say(pen, Rect { width: area.width - 1, ..area }, (x, 1), &snapshot.next, snapshot),
    }
    if is_alarm(snapshot) != reverses(ui) {
        reverse(pen, area, snapshot);
    }
    let rest = Rect { y: area.y + 2, height: area.height.saturating_sub(2), ..area };
    match snapshot.action.as_ref().filter(|action| acting::takes_rows(action, snapshot)) {
        Some(action) => acting::draw(pen, rest, action, ui.now),
        None => meter::draw(pen, rest, snapshot),
    }
}

/// The verdict in one row, for whatever covers the overview: one is never away from the answer.
pub(in crate::tui) fn one_row(pen: &mut Pen<'_>, area: Rect, snapshot: &Snapshot, ui: &UiState) {
    tint(pen, area, snapshot);
    let x = badge(pen, area, snapshot);
    let end = match &ui.frozen {
        Some(frozen) => held(pen, area, frozen),
        None => meter::at_the_end(pen, area, snapshot),
    };
    say(pen, Rect { width: end - area.x, ..area }, (x, 0), &snapshot.sentence, snapshot);
    if reverses(ui) {
        reverse(pen, area, snapshot);
    }
}

/// Says at the end of row 1 that the picture is held, and what the present one says. Returns where that begins.
fn held(pen: &mut Pen<'_>, area: Rect, frozen: &Frozen) -> u16 {
    let at = humanize::clock(frozen.picture.at);
    let mut runs = vec![pen.shout(Role::Held, format!("FROZEN {at}"))];
    if frozen.present == frozen.picture.badge {
        runs.push(pen.say(Role::Dim, ", still recording"));
    } else {
        let Badge { glyph, word, tone, .. } = frozen.present;
        runs.push(Run::raw(" "));
        runs.push(Run::styled(format!(" now {} {word} ", glyph::symbol(glyph)), pen.theme.fill(tone.into())));
    }
    let end = area.right().saturating_sub(1);
    pen.write_right(area.x, area.y, end, &runs).saturating_sub(1)
}

/// Row 2 of a held picture.
fn goes_on(pen: &mut Pen<'_>, area: Rect, x: u16, frozen: &Frozen) {
    let key = pen.keymap.name(Command::Freeze);
    let rest = if frozen.present == frozen.picture.badge { "" } else { " The verdict has changed since." };
    let runs =
        [pen.theme.key(key), pen.say(Role::Text, format!(" goes on.{rest} Keys act on the present state, not on this picture."))];
    pen.write(x, area.y + 1, area.right().saturating_sub(1), &runs);
}

pub(super) fn tint(pen: &mut Pen<'_>, area: Rect, snapshot: &Snapshot) {
    pen.lay(area, Ground::Tint(snapshot.badge.tone));
    let bar = pen.theme.of(snapshot.badge.tone.into());
    for y in area.top()..area.bottom() {
        pen.dot(area.x, y, "▌", bar);
    }
}

/// Glyph and word: ink on a fill once it is decided. Returns where the sentence may begin.
pub(super) fn badge(pen: &mut Pen<'_>, area: Rect, snapshot: &Snapshot) -> u16 {
    let badge = &snapshot.badge;
    let role = Role::from(badge.tone);
    let style = if badge.filled { pen.theme.fill(role) } else { pen.theme.bold(role) };
    let text = format!(" {} {} ", glyph::symbol(badge.glyph), badge.word);
    pen.write(area.x + 2, area.y, area.right(), &[Run::styled(text, style)]) + 1
}

fn say(pen: &mut Pen<'_>, area: Rect, (x, row): (u16, u16), sentence: &Sentence, snapshot: &Snapshot) {
    let end = area.right();
    let runs = sentence::fitted(pen, sentence, snapshot, usize::from(end.saturating_sub(x)));
    pen.write(x, area.y + row, end, &runs);
}

/// Sent, and not seen to work: the one state that wants a human at once.
fn is_alarm(snapshot: &Snapshot) -> bool {
    let unseen = snapshot.action.as_ref().is_some_and(|action| action.sent.is_some() && action.trouble.is_some());
    unseen && snapshot.badge.filled && Role::from(snapshot.badge.tone) == Role::Bad
}

/// For a moment, and only on the picture that it is about.
fn reverses(ui: &UiState) -> bool {
    ui.reversed && ui.frozen.is_none()
}

/// Row 1 as ink on a fill.
fn reverse(pen: &mut Pen<'_>, area: Rect, snapshot: &Snapshot) {
    let area = Rect { x: area.x + 1, width: area.width - 1, height: 1, ..area };
    let fill = pen.theme.fill(snapshot.badge.tone.into());
    for position in area.positions() {
        pen.buffer[position].modifier = Modifier::empty();
    }
    pen.buffer.set_style(area, fill);
}
