//! Writes text, fills and frames into a screen's cells, and never outside of them.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Modifier, Style},
    text::Span,
};

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::{
    keymap::Keymap,
    model::{Focus, View},
    theme::{Ground, Role, Theme},
};

/// A run of text in one style, borrowed from a snapshot or made for the moment.
pub(super) type Run<'a> = Span<'a>;

/// The screen being drawn, with the look of its roles and the names of its keys.
pub(super) struct Pen<'a> {
    pub buffer: &'a mut Buffer,
    pub theme: Theme,
    pub keymap: &'a Keymap,
    /// What the mouse can hit, as far as anybody asked.
    pub targets: Option<Vec<(Rect, Target)>>,
}

/// Something that the mouse can hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// The name of a view.
    Tab(View),
    /// A pane of the overview.
    Pane(Focus),
    /// A row of the checks, by its place.
    Check(usize),
    /// A list.
    List,
    /// A row of a list, by its place among those that can be chosen.
    Row(usize),
}

impl Pen<'_> {
    /// The mouse hits this there. Of targets over each other the last one counts.
    pub(super) fn target(&mut self, area: Rect, what: impl FnOnce() -> Target) {
        if let Some(targets) = &mut self.targets {
            targets.push((area, what()));
        }
    }

    /// A run in that role.
    pub(super) fn say<'t>(&self, role: Role, text: impl Into<std::borrow::Cow<'t, str>>) -> Run<'t> {
        self.theme.say(role, text)
    }

    /// A run in that role, bold.
    pub(super) fn shout<'t>(&self, role: Role, text: impl Into<std::borrow::Cow<'t, str>>) -> Run<'t> {
        self.theme.shout(role, text)
    }

    /// Writes runs from `x` up to `end`, which they do not reach; what does not fit ends in `…`. Returns where the text stops.
    pub(super) fn write(&mut self, x: u16, y: u16, end: u16, runs: &[Run<'_>]) -> u16 {
        let area = self.buffer.area;
        let end = end.min(area.right());
        if y >= area.bottom() || x >= end {
            return x;
        }
        let mut at = x;
        for run in runs {
            at = self.put(at, y, end, run);
        }
        if width(runs) > usize::from(end - x) {
            self.buffer[(end - 1, y)].set_symbol("…");
            return end;
        }
        at
    }

    /// Writes runs so that they stop before `end`, starting no earlier than `start`. Returns where the text starts.
    pub(super) fn write_right(&mut self, start: u16, y: u16, end: u16, runs: &[Run<'_>]) -> u16 {
        let x = end.saturating_sub(cells(width(runs))).max(start);
        self.write(x, y, end, runs);
        x
    }

    fn put(&mut self, x: u16, y: u16, end: u16, run: &Run<'_>) -> u16 {
        if x >= end {
            return x;
        }
        let stop = x.saturating_add(cells(wide(run))).min(end);
        let first = self.buffer.index_of(x, y);
        let cells = &mut self.buffer.content[first..first + usize::from(stop - x)];
        for cell in cells.iter_mut() {
            cell.modifier = Modifier::empty();
        }
        if !is_plain(&run.content) {
            return self.buffer.set_stringn(x, y, &run.content, usize::from(end - x), run.style).0;
        }
        for (cell, letter) in cells.iter_mut().zip(run.content.chars()) {
            cell.set_char(letter).set_style(run.style);
        }
        stop
    }

    /// One character, if that cell exists.
    pub(super) fn dot(&mut self, x: u16, y: u16, symbol: &str, style: Style) {
        if let Some(cell) = self.buffer.cell_mut((x, y)) {
            cell.modifier = Modifier::empty();
            cell.set_symbol(symbol).set_style(style);
        }
    }

    /// Changes the background of an area and leaves what stands on it.
    pub(super) fn lay(&mut self, area: Rect, ground: Ground) {
        let style = self.theme.ground(ground);
        self.buffer.set_style(area.intersection(self.buffer.area), style);
    }

    /// Empties an area.
    pub(super) fn clear(&mut self, area: Rect) {
        let area = area.intersection(self.buffer.area);
        for position in area.positions() {
            self.buffer[position].reset();
        }
    }

    /// A box with a title at the left and a remark at the right of its upper edge.
    pub(super) fn frame(&mut self, area: Rect, edge: Role, title: &[Run<'_>], remark: &[Run<'_>]) {
        let (left, right, top, bottom) = (area.x, area.right().saturating_sub(1), area.y, area.bottom().saturating_sub(1));
        let style = self.theme.of(edge);
        for x in left..=right {
            self.dot(x, top, "─", style);
            self.dot(x, bottom, "─", style);
        }
        for y in top..=bottom {
            self.dot(left, y, "│", style);
            self.dot(right, y, "│", style);
        }
        for (x, y, corner) in [(left, top, "╭"), (right, top, "╮"), (left, bottom, "╰"), (right, bottom, "╯")] {
            self.dot(x, y, corner, style);
        }
        let room = usize::from(area.width.saturating_sub(6));
        if !title.is_empty() {
            self.write(left + 2, top, right.saturating_sub(1), &padded(title, style));
        }
        if !remark.is_empty() && width(title) + width(remark) + 3 <= room {
            self.write_right(left, top, right.saturating_sub(1), &padded(remark, style));
        }
    }

    /// Takes the colours out of what is behind a panel.
    pub(super) fn fade(&mut self, area: Rect) {
        let (faint, rule) = (self.theme.of(Role::Faint), self.theme.of(Role::Rule));
        for position in area.intersection(self.buffer.area).positions() {
            let cell = &mut self.buffer[position];
            let style = if cell.fg == rule.fg.unwrap_or_default() { rule } else { faint };
            let symbol = std::mem::take(cell);
            cell.set_symbol(symbol.symbol()).set_style(style);
        }
    }
}

/// Runs with a blank at each end, so that an edge does not touch them.
fn padded<'a>(runs: &[Run<'a>], style: Style) -> Vec<Run<'a>> {
    let blank = Span::styled(" ", style);
    std::iter::once(blank.clone()).chain(runs.iter().cloned()).chain(std::iter::once(blank)).collect()
}

/// Columns that runs take.
pub(super) fn width(runs: &[Run<'_>]) -> usize {
    runs.iter().map(wide).sum()
}

/// Columns that one run takes: most are plain, and looking up the width of each letter costs more than drawing it.
fn wide(run: &Run<'_>) -> usize {
    if is_plain(&run.content) { run.content.len() } else { run.width() }
}

/// Only letters of one byte and one column.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// A width as a coordinate; nothing on a terminal is wider.
pub(super) fn cells(width: usize) -> u16 {
    u16::try_from(width).unwrap_or(u16::MAX)
}

/// Breaks runs into lines at blanks, which stay at the lines' ends: a line may be a blank wider than `room`. A word that is longer than
/// a line is broken where the line ends.
pub(super) fn wrapped<'a>(runs: &[Run<'_>], room: usize) -> Vec<Vec<Run<'a>>> {
    let room = room.max(2);
    let mut lines: Vec<Vec<Run<'a>>> = vec![Vec::new()];
    let mut used = 0;
    for run in runs {
        for word in run.content.split_inclusive(' ') {
            let width = word.trim_end().width();
            if used > 0 && used + width > room {
                lines.push(Vec::new());
                used = 0;
            }
            if width <= room {
                used += word.width();
                append(&mut lines, word, run.style);
                continue;
            }
            for (nth, piece) in broken(word, room).iter().enumerate() {
                if nth > 0 {
                    lines.push(Vec::new());
                    used = 0;
                }
                used += piece.width();
                append(&mut lines, piece, run.style);
            }
        }
    }
    lines
}

/// Puts a text at the end of the last line; texts of one style are one run.
fn append(lines: &mut [Vec<Run<'_>>], text: &str, style: Style) {
    let Some(line) = lines.last_mut() else { return };
    match line.last_mut().filter(|last| last.style == style) {
        Some(last) => last.content.to_mut().push_str(text),
        None => line.push(Run::styled(text.to_owned(), style)),
    }
}

/// A word in pieces of at most `room` columns.
fn broken(word: &str, room: usize) -> Vec<String> {
    if word.trim_end().width() <= room {
        return vec![word.to_owned()];
    }
    let (mut pieces, mut used) = (vec![String::new()], 0);
    for letter in word.chars() {
        let width = letter.width().unwrap_or(0);
        if used + width > room {
            pieces.push(String::new());
            used = 0;
        }
        used += width;
        if let Some(piece) = pieces.last_mut() {
            piece.push(letter);
        }
    }
    pieces
}

/// The end of a text that is too long: versions differ at their ends.
pub(super) fn tail(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut room = width.saturating_sub(1);
    let fits = |letter: &char| match room.checked_sub(letter.width().unwrap_or(0)) {
        Some(left) => {
            room = left;
            true
        }
        None => false,
    };
    let kept: Vec<char> = text.chars().rev().take_while(fits).collect();
    std::iter::once('…').chain(kept.into_iter().rev()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_versions_keep_their_ends() {
        assert_eq!(tail("v2.4.0", 8), "v2.4.0");
        assert_eq!(tail("2026-11-22-abcdef1", 8), "…abcdef1");
        assert_eq!(tail("版本日本-v2", 8), "…日本-v2");
    }

    #[test]
    fn lines_break_at_blanks_and_long_words_where_the_line_ends() {
        let lines = |text: &'static str, room| {
            let line = |line: Vec<Run<'_>>| line.iter().map(|run| run.content.as_ref()).collect::<String>().trim_end().to_owned();
            wrapped(&[Run::raw(text)], room).into_iter().map(line).collect::<Vec<_>>()
        };
        assert_eq!(lines("one two three", 7), ["one two", "three"]);
        assert_eq!(lines("a 0123456789 b", 4), ["a", "0123", "4567", "89 b"]);
        assert_eq!(lines("日本日本日", 4), ["日本", "日本", "日"]);
        assert_eq!(lines("", 4), [""]);
        assert_eq!(lines("日本", 0), ["日", "本"]);
    }
}
