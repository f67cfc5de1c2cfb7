//! The table of checks, worst first. On a wide screen each row ends in the sentence behind its verdict.

use ratatui::layout::Rect;

use crate::{
    engine::{
        role::Role as Side,
        snapshot::{CheckRow, Glyph, Snapshot},
        verdict::CheckVerdict,
    },
    tui::{
        glyph,
        model::{Focus, UiState},
        pen::{Pen, Run, Target, cells, tail},
        theme::{Ground, Role},
        update::selected,
    },
};

/// The longest verdict: "provider error".
const VERDICT: u16 = 14;
/// Under this width the band goes.
const WITH_BAND: u16 = 76;
/// From this width on there is room for sentences.
const WITH_SENTENCE: u16 = 120;

/// Where each column ends, from the left edge of the pane; a column that is not shown ends at 0.
struct Columns {
    name: u16,
    baseline: u16,
    candidate: u16,
    difference: u16,
    band: u16,
    requests: u16,
    sentence: bool,
}

impl Columns {
    const fn of(width: u16) -> Self {
        let name = if width >= 90 { 24 } else { 16 };
        let candidate = name + 18;
        let difference = candidate + 10;
        let band = if width >= WITH_BAND { difference + 16 } else { 0 };
        let requests = if band > 0 { band + 6 } else { 0 };
        Self { name, baseline: name + 9, candidate, difference, band, requests, sentence: width >= WITH_SENTENCE }
    }
}

/// Draws the pane.
pub(super) fn draw(pen: &mut Pen<'_>, area: Rect, snapshot: &Snapshot, ui: &UiState) {
    let rows = usize::from(area.height.saturating_sub(3));
    let chosen = selected(ui, snapshot);
    pen.target(area, || Target::Pane(Focus::Checks));
    let first = first_row(chosen.unwrap_or(0), rows, snapshot.checks.len());
    frame(pen, area, snapshot, ui, first, rows);
    let columns = Columns::of(area.width);
    head(pen, area, snapshot, &columns);
    if snapshot.checks.is_empty() {
        let run = pen.say(Role::Dim, "no check has an answer yet");
        pen.write(area.x + 4, area.y + 2, area.right() - 1, &[run]);
    }
    for (line, (nth, check)) in snapshot.checks.iter().enumerate().skip(first).take(rows).enumerate() {
        let row = Rect { x: area.x, y: area.y + 2 + cells(line), width: area.width, height: 1 };
        pen.target(row, || Target::Check(nth));
        draw_row(pen, row, check, &columns, chosen == Some(nth));
        if chosen == Some(nth) {
            pen.dot(row.x + 1, row.y, "▸", pen.theme.bold(Role::Strong));
            pen.lay(Rect { x: row.x + 1, width: row.width - 2, ..row }, Ground::Selected);
        }
    }
}

/// The selected row stays in sight.
const fn first_row(chosen: usize, rows: usize, all: usize) -> usize {
    let last_first = all.saturating_sub(rows);
    let needed = (chosen + 1).saturating_sub(rows);
    if needed > last_first { last_first } else { needed }
}

fn frame(pen: &mut Pen<'_>, area: Rect, snapshot: &Snapshot, ui: &UiState, first: usize, rows: usize) {
    let focus = ui.focus == Focus::Checks;
    let mut title = vec![pen.shout(if focus { Role::Strong } else { Role::Text }, "checks")];
    if !snapshot.checks_span.is_empty() {
        title.push(pen.say(Role::Dim, format!("  {}", snapshot.checks_span)));
    }
    let all = snapshot.checks.len();
    let remark = format!("{} to {} of {all}", first + 1, (first + rows).min(all));
    let remark = if all > rows { vec![pen.say(Role::Dim, remark)] } else { Vec::new() };
    pen.frame(area, if focus { Role::Focus } else { Role::Rule }, &title, &remark);
}

fn head(pen: &mut Pen<'_>, area: Rect, snapshot: &Snapshot, columns: &Columns) {
    let y = area.y + 1;
    let run = pen.say(Role::Dim, "check");
    pen.write(area.x + 4, y, area.x + columns.name, &[run]);
    for (side, end) in [(Side::Baseline, columns.baseline), (Side::Candidate, columns.candidate)] {
        let run = pen.say(side.into(), tail(snapshot.version(side), 8));
        pen.write_right(area.x + end - 9, y, area.x + end, &[run]);
    }
    let (text, end) = if columns.band > 0 { (" difference, 95 % band", columns.band) } else { ("diff.", columns.difference) };
    let run = pen.say(Role::Dim, text);
    if columns.band > 0 {
        pen.write(area.x + columns.candidate, y, area.x + end, &[run]);
    } else {
        pen.write_right(area.x + columns.candidate, y, area.x + end, &[run]);
    }
    if columns.requests > 0 {
        let run = pen.say(Role::Dim, "requests");
        let verdict = area.width.saturating_sub(10);
        pen.write_right(area.x + columns.band - 2, y, area.x + (columns.requests + 1).min(verdict), &[run]);
    }
    let run = pen.say(Role::Dim, "verdict");
    pen.write_right(area.x, y, area.right() - 2, &[run]);
}

fn draw_row(pen: &mut Pen<'_>, row: Rect, check: &CheckRow, columns: &Columns, chosen: bool) {
    let loud =
        matches!(check.verdict, CheckVerdict::Warn | CheckVerdict::Fail | CheckVerdict::Shared | CheckVerdict::ProviderError);
    let bad = matches!(check.verdict, CheckVerdict::Warn | CheckVerdict::Fail);
    let role = glyph::role(check.verdict);
    let spoken = |text: String| if loud { Run::styled(text, pen.theme.bold(role)) } else { Run::styled(text, pen.theme.of(role)) };
    let mark = spoken(glyph::symbol(Glyph::from(check.verdict)).to_owned());
    let word = spoken(check.verdict.word().replace('_', " "));
    let name = if bad || chosen { pen.shout(Role::Strong, check.name.as_str()) } else { pen.say(Role::Text, check.name.as_str()) };
    let word_at = pen.write_right(row.x, row.y, row.right() - 2, &[word]);
    pen.write(row.x + 2, row.y, row.right(), &[mark]);
    pen.write(row.x + 4, row.y, row.x + columns.name, &[name]);
    if has_no_figures(check) {
        let run = pen.say(Role::Dim, check.sentence.as_str());
        pen.write(row.x + columns.name + 1, row.y, word_at.saturating_sub(2), &[run]);
        return;
    }
    figures(pen, row, check, columns, bad, word_at);
}

fn figures(pen: &mut Pen<'_>, row: Rect, check: &CheckRow, columns: &Columns, bad: bool, word_at: u16) {
    let x = |end: u16| row.x + end;
    let values =
        [(&check.values.baseline, Role::Baseline, columns.baseline), (&check.values.candidate, Role::Candidate, columns.candidate)];
    for (text, role, end) in values {
        let run = pen.say(role, text.as_str());
        pen.write_right(x(end - 9), row.y, x(end), &[run]);
    }
    let difference = pen.say(if bad { Role::Strong } else { Role::Text }, check.difference.as_str());
    pen.write_right(x(columns.candidate), row.y, x(columns.difference), &[difference]);
    if columns.band > 0 {
        let run = pen.say(Role::Dim, check.band.as_str());
        pen.write(x(columns.difference + 1), row.y, x(columns.band).max(x(columns.difference + 1)), &[run]);
    }
    if columns.requests > 0 && x(columns.requests) < word_at {
        let run = pen.say(Role::Dim, check.requests.as_str());
        pen.write_right(x(columns.band), row.y, x(columns.requests), &[run]);
    }
    if columns.sentence {
        let run = pen.say(Role::Dim, check.sentence.as_str());
        pen.write(x(columns.requests + 4), row.y, word_at.min(row.right() - VERDICT).saturating_sub(2), &[run]);
    }
}

/// A check without numbers says its sentence in their place.
fn has_no_figures(check: &CheckRow) -> bool {
    let empty = |text: &String| matches!(text.as_str(), "" | "–" | "?");
    empty(&check.values.baseline) && empty(&check.values.candidate) && !check.sentence.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_selected_row_stays_in_sight() {
        assert_eq!(first_row(0, 4, 7), 0);
        assert_eq!(first_row(3, 4, 7), 0);
        assert_eq!(first_row(4, 4, 7), 1);
        assert_eq!(first_row(6, 4, 7), 3);
        assert_eq!(first_row(9, 4, 3), 0);
    }
}
