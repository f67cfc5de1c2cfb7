//! How far the evidence is from either decision, and what the window was made of.
//!
//! One bar with its zero in the middle and a wall at each end: left grows towards promoting, right towards rolling back. A bar that
//! touches its wall decides.

use std::time::Duration;

use ratatui::layout::Rect;

use crate::{
    engine::snapshot::{Meter, Snapshot, Span, Tone, Window},
    humanize,
    tui::{
        pen::{Pen, Run, cells, width},
        theme::Role,
    },
};

/// From this width on the rows have names, and the window has one of its own.
const WIDE: u16 = 100;
/// Where the bars begin on a wide screen.
const BAR: u16 = 31;
/// How far beyond the bar the row goes.
const NOTE: u16 = 36;
/// The width of the bar that stands in a row with a sentence.
const SHORT_BAR: u16 = 25;
/// Eighths of a block that grows to the right.
const EIGHTHS: [&str; 8] = [" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// Draws one row or two.
pub(super) fn draw(pen: &mut Pen<'_>, area: Rect, snapshot: &Snapshot) {
    if area.height == 0 {
        return;
    }
    if area.width < WIDE {
        return brief(pen, area, snapshot);
    }
    evidence(pen, area, &snapshot.meter);
    if area.height > 1 {
        window(pen, Rect { y: area.y + 1, ..area }, &snapshot.window);
    }
}

/// The width of the bars: what is left beside the words, an odd number, so that there is a middle.
fn bar_width(area: Rect) -> u16 {
    let room = area.width.saturating_sub(69).clamp(21, 71);
    room - 1 + room % 2
}

fn evidence(pen: &mut Pen<'_>, area: Rect, meter: &Meter) {
    let label = pen.say(Role::Dim, "evidence");
    pen.write(area.x + 3, area.y, area.right(), &[label]);
    let promote = promote(pen, meter);
    pen.write_right(area.x + 12, area.y, area.x + BAR - 1, &promote);
    let x = bar(pen, (area.x + BAR, area.y), bar_width(area), meter);
    let rollback = rollback(pen, meter);
    let x = pen.write(x + 1, area.y, area.right(), &rollback);
    let note = note(meter);
    let end = (area.x + BAR + bar_width(area) + NOTE).min(area.right().saturating_sub(2));
    if x + 2 + cells(note.chars().count()) <= end {
        let note = pen.say(Role::Dim, note);
        pen.write_right(x, area.y, end, &[note]);
    }
}

/// Everything in one row: no names, and the window at the end.
fn brief(pen: &mut Pen<'_>, area: Rect, snapshot: &Snapshot) {
    let window = &snapshot.window;
    let span = format!("/{}", humanize::duration(window.length));
    let right = [pen.shout(Role::Text, humanize::duration(window.watched)), pen.say(Role::Dim, span)];
    let end = area.right().saturating_sub(1);
    let start = pen.write_right(area.x, area.y, end, &right);
    let x = pen.write(area.x + 3, area.y, start, &promote(pen, &snapshot.meter));
    let room = start.saturating_sub(x + 22).min(33);
    let x = bar(pen, (x + 1, area.y), room.saturating_sub(1) | 1, &snapshot.meter);
    let rollback = rollback(pen, &snapshot.meter);
    pen.write(x + 1, area.y, start, &rollback);
}

/// The larger percentage at the end of a row, and with it the bar and a word where there is room for them. Returns where they begin.
pub(super) fn at_the_end(pen: &mut Pen<'_>, area: Rect, snapshot: &Snapshot) -> u16 {
    let end = area.right().saturating_sub(1);
    let meter = &snapshot.meter;
    let words = if meter.rollback >= meter.promote { rollback(pen, meter) } else { promote(pen, meter) };
    if area.width < WIDE {
        let part = if meter.rollback >= meter.promote { &words[..1] } else { &words[1..] };
        return pen.write_right(area.x, area.y, end, part).saturating_sub(1);
    }
    let x = pen.write_right(area.x, area.y, end, &words);
    let start = x.saturating_sub(SHORT_BAR + 1);
    bar(pen, (start, area.y), SHORT_BAR, meter);
    start.saturating_sub(1)
}

fn promote<'a>(pen: &Pen<'_>, meter: &Meter) -> Vec<Run<'a>> {
    vec![pen.say(Role::Good, "promote "), percentage(pen, meter.promote, Role::Good)]
}

fn rollback<'a>(pen: &Pen<'_>, meter: &Meter) -> Vec<Run<'a>> {
    vec![percentage(pen, meter.rollback, Role::Bad), pen.say(Role::Bad, " roll back")]
}

fn percentage<'a>(pen: &Pen<'_>, part: f64, role: Role) -> Run<'a> {
    let text = format!("{:>5}", humanize::part(part));
    if part >= 0.01 { pen.shout(role, text) } else { pen.say(Role::Dim, text) }
}

/// Which way it goes: the value a minute ago, or since when the bar stands still.
fn note(meter: &Meter) -> String {
    if let Some(since) = meter.frozen {
        return format!("frozen {}", humanize::clock(since));
    }
    let Some((tone, part)) = meter.minute_ago else { return String::new() };
    let turned = (tone == Tone::Good) != (meter.promote >= meter.rollback) && part >= 0.01;
    let side = match (turned, tone) {
        (false, _) => "",
        (true, Tone::Good) => "promote ",
        (true, _) => "roll back ",
    };
    format!("{side}{} a minute ago", humanize::part(part))
}

/// Draws the bar and returns the column after it.
pub(super) fn bar(pen: &mut Pen<'_>, (x, y): (u16, u16), width: u16, meter: &Meter) -> u16 {
    let half = width.saturating_sub(3) / 2;
    let middle = x + 1 + half;
    let end = middle + 1 + half;
    let dots = pen.theme.of(Role::Faint);
    for i in 0..half {
        pen.dot(x + 1 + i, y, "·", dots);
        pen.dot(middle + 1 + i, y, "·", dots);
    }
    pen.dot(x, y, "┃", pen.theme.of(Role::Good));
    pen.dot(middle, y, "│", pen.theme.of(Role::Dim));
    pen.dot(end, y, "┃", pen.theme.of(Role::Bad));
    let (full, eighths) = filled(meter.rollback, half);
    let style = pen.theme.of(Role::Bad);
    for i in 0..full {
        pen.dot(middle + 1 + i, y, "█", style);
    }
    if full < half && eighths > 0 {
        let part = if pen.theme.is_ascii() { ascii_part(eighths) } else { EIGHTHS[eighths] };
        pen.dot(middle + 1 + full, y, part, style);
    }
    let (full, eighths) = filled(meter.promote, half);
    let style = pen.theme.of(Role::Good);
    for i in 0..full {
        pen.dot(middle - 1 - i, y, "█", style);
    }
    if full < half && eighths >= 4 {
        pen.dot(middle - 1 - full, y, "▐", style);
    }
    end + 1
}

const fn ascii_part(eighths: usize) -> &'static str {
    if eighths >= 4 { "#" } else { "." }
}

/// Whole cells and eighths of one. Only a decision fills the last cell: a bar that touches its wall decides.
fn filled(part: f64, half: u16) -> (u16, usize) {
    let eighths = part.clamp(0.0, 1.0) * f64::from(half) * 8.0;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 8 x half")]
    let eighths = eighths as u16;
    let eighths = if part < 1.0 { eighths.min((half * 8).saturating_sub(1)) } else { eighths };
    (eighths / 8, usize::from(eighths % 8))
}

fn window(pen: &mut Pen<'_>, area: Rect, window: &Window) {
    let label = pen.say(Role::Dim, "window");
    pen.write(area.x + 3, area.y, area.right(), &[label]);
    let watched = [pen.say(Role::Dim, "watched "), pen.shout(Role::Text, humanize::duration(window.watched))];
    pen.write_right(area.x + 10, area.y, area.x + BAR - 1, &watched);
    let (x, inner) = (area.x + BAR, bar_width(area) - 2);
    let edge = pen.theme.of(Role::Faint);
    pen.dot(x, area.y, "▕", edge);
    pen.dot(x + 1 + inner, area.y, "▏", edge);
    time(pen, (x + 1, area.y), inner, window.length, &window.parts);
    let mut text = window_text(pen, window);
    while text.len() > 1 && x + inner + 4 + cells(width(&text)) >= area.right() {
        text.pop();
    }
    pen.write(x + inner + 4, area.y, area.right(), &text);
}

/// What a window's time was made of, and what is to come of it, in so many cells.
pub(super) fn time(pen: &mut Pen<'_>, (x, y): (u16, u16), cells: u16, length: Duration, parts: &[(Duration, Span)]) {
    for (cell, span) in (0..).zip(spans(length, parts, cells)) {
        let (symbol, role) = match span {
            None => ("·", Role::Faint),
            Some(Span::WarmUp) => ("━", Role::Faint),
            Some(Span::Judged) => ("━", Role::Text),
            Some(Span::Blind | Span::Held) => ("▒", Role::Held),
        };
        pen.dot(x + cell, y, symbol, pen.theme.of(role));
    }
}

fn window_text<'a>(pen: &Pen<'_>, window: &Window) -> Vec<Run<'a>> {
    let mut runs = vec![pen.say(Role::Text, format!("of {}", humanize::duration(window.length)))];
    let not_judged = |kind| window.parts.iter().filter(|(_, span)| *span == kind).map(|(length, _)| *length).sum::<Duration>();
    let held = not_judged(Span::Held);
    if !window.blind.is_zero() {
        runs.push(pen.say(Role::Held, format!(" · {} blind", humanize::duration(window.blind))));
    }
    if !held.is_zero() {
        runs.push(pen.say(Role::Held, format!(" · {} held", humanize::duration(held))));
    }
    if let Some(ends) = window.ends {
        runs.push(pen.say(Role::Dim, format!(" · ends {}", humanize::clock(ends))));
    }
    runs
}

/// What each cell of a window's bar was. Time that is not counted lengthens the bar, and keeps one cell however short it was.
fn spans(length: Duration, parts: &[(Duration, Span)], cells: u16) -> Vec<Option<Span>> {
    let lost: Duration = parts.iter().filter(|(_, span)| !is_counted(*span)).map(|(length, _)| *length).sum();
    let whole = length.saturating_add(lost).as_secs_f64().max(f64::EPSILON);
    let cell = |at: Duration| {
        let share = (at.as_secs_f64() / whole).min(1.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of the cells")]
        let cell = (share * f64::from(cells)).round() as usize;
        cell
    };
    let mut out = vec![None; usize::from(cells)];
    for counted in [true, false] {
        let mut at = Duration::ZERO;
        for (length, span) in parts {
            let (from, to) = (cell(at), cell(at + *length));
            at += *length;
            if is_counted(*span) == counted {
                let to = if counted { to } else { to.max(from + 1) };
                out.iter_mut().take(to).skip(from).for_each(|cell| *cell = Some(*span));
            }
        }
    }
    out
}

const fn is_counted(span: Span) -> bool {
    matches!(span, Span::WarmUp | Span::Judged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_decision_touches_its_wall() {
        assert_eq!(filled(0.0, 24), (0, 0));
        assert_eq!(filled(0.5, 24), (12, 0));
        assert_eq!(filled(0.63, 24), (15, 0));
        assert_eq!(filled(0.9999, 24), (23, 7));
        assert_eq!(filled(1.0, 24), (24, 0));
        assert_eq!(filled(1.0, 0), (0, 0));
    }

    #[test]
    fn a_short_blind_stretch_is_seen_and_the_rest_is_to_come() {
        let s = Duration::from_secs;
        let parts = [(s(200), Span::Judged), (s(1), Span::Blind), (s(190), Span::Judged)];
        let spans = spans(s(600), &parts, 20);
        assert_eq!(spans.iter().filter(|s| **s == Some(Span::Blind)).count(), 1);
        assert_eq!(spans.iter().filter(|s| s.is_none()).count(), 7);
    }

    #[test]
    fn the_note_says_which_way_when_it_has_turned() {
        let meter = Meter { promote: 0.0, rollback: 0.63, minute_ago: Some((Tone::Bad, 0.17)), frozen: None };
        assert_eq!(note(&meter), "17 % a minute ago");
        assert_eq!(note(&Meter { minute_ago: Some((Tone::Good, 0.2)), ..meter }), "promote 20 % a minute ago");
        assert_eq!(note(&Meter { minute_ago: None, ..meter }), "");
    }
}
