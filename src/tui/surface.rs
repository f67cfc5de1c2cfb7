//! Cells into bytes: what changed since the last frame, and nothing else.
//!
//! A frame is one run of bytes between two marks (synchronised output), so that a terminal shows it whole. A frame in which nothing
//! changed is no bytes at all.

use crossterm::{
    queue,
    style::ResetColor,
    terminal::{BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate},
};
use ratatui::{
    buffer::{Buffer, Cell},
    layout::Rect,
    prelude::{Backend as _, CrosstermBackend},
};

/// What the terminal shows, and what it should show next.
#[derive(Debug)]
pub struct Surface {
    shown: Buffer,
    next: Buffer,
    bytes: Vec<u8>,
    /// Nobody knows what the terminal shows.
    unknown: bool,
}

impl Surface {
    /// A screen of that size about which nothing is known.
    #[must_use]
    pub fn new(columns: u16, rows: u16) -> Self {
        let area = Rect::new(0, 0, columns, rows);
        Self { shown: Buffer::empty(area), next: Buffer::empty(area), bytes: Vec::new(), unknown: true }
    }

    /// Columns and rows.
    #[must_use]
    pub const fn size(&self) -> (u16, u16) {
        (self.next.area.width, self.next.area.height)
    }

    /// The next frame repaints every cell.
    pub const fn forget(&mut self) {
        self.unknown = true;
    }

    /// Draws the next frame and returns the bytes that lead to it; none if it is the frame that is shown already.
    pub fn paint(&mut self, draw: impl FnOnce(&mut Buffer)) -> &[u8] {
        self.next.reset();
        draw(&mut self.next);
        self.bytes.clear();
        let is_unknown = std::mem::take(&mut self.unknown);
        if is_unknown {
            self.shown.reset();
        }
        // Comparing cells is far cheaper than asking for the changes, which looks up how wide each of them is.
        if is_unknown || self.shown.content != self.next.content {
            let written = write(&mut self.bytes, is_unknown, self.shown.diff_iter(&self.next));
            debug_assert!(written.is_ok(), "memory takes every byte");
        }
        std::mem::swap(&mut self.shown, &mut self.next);
        &self.bytes
    }
}

/// One frame, between the marks of a synchronised update.
fn write<'c>(bytes: &mut Vec<u8>, clear: bool, changes: impl Iterator<Item = (u16, u16, &'c Cell)>) -> std::io::Result<()> {
    queue!(bytes, BeginSynchronizedUpdate)?;
    if clear {
        queue!(bytes, ResetColor, Clear(ClearType::All))?;
    }
    CrosstermBackend::new(&mut *bytes).draw(changes)?;
    queue!(bytes, EndSynchronizedUpdate)
}

#[cfg(test)]
mod tests {
    use ratatui::style::{Color, Modifier, Style};

    use super::*;

    fn painted(surface: &mut Surface, text: &str, style: Style) -> String {
        String::from_utf8(
            surface
                .paint(|frame| {
                    frame.set_string(0, 0, text, style);
                })
                .to_vec(),
        )
        .expect("frames are text")
    }

    #[test]
    fn an_unchanged_frame_is_no_bytes() {
        let mut surface = Surface::new(10, 2);
        let red = Style::new().fg(Color::Rgb(255, 0, 1)).add_modifier(Modifier::BOLD);
        let first = painted(&mut surface, "ab", red);
        assert!(first.starts_with("\x1b[?2026h") && first.contains("\x1b[2J") && first.ends_with("\x1b[?2026l"), "{first:?}");
        assert_eq!(painted(&mut surface, "ab", red), "");
        let changed = painted(&mut surface, "ac", red);
        assert!(changed.contains('c') && !changed.contains('a') && !changed.contains("\x1b[2J"), "{changed:?}");
        surface.forget();
        assert!(painted(&mut surface, "ac", red).contains("\x1b[2J"));
    }

    #[test]
    fn a_terminal_shows_what_was_drawn() {
        let mut surface = Surface::new(20, 4);
        let [rows, columns] = [4, 20].map(|n| std::num::NonZeroU16::new(n).expect("not zero"));
        let mut terminal = vt100::Parser::new(rows, columns, 0);
        let styles = [
            Style::new(),
            Style::new().fg(Color::LightRed).bg(Color::Indexed(52)).add_modifier(Modifier::BOLD),
            Style::new().add_modifier(Modifier::DIM | Modifier::REVERSED),
            Style::new().fg(Color::DarkGray).add_modifier(Modifier::UNDERLINED),
        ];
        for round in 0..40_u16 {
            let bytes = surface.paint(|frame| {
                for y in 0..4 {
                    let text = if (round + y) % 3 == 0 { "⣀⡠ 日本 x" } else { "plain · text" };
                    frame.set_string((round * 7 + y) % 9, y, text, styles[usize::from((round + y) % 4)]);
                }
            });
            terminal.process(bytes);
            let screen = terminal.screen();
            for y in 0..4 {
                for x in 0..20 {
                    let (want, got) = (&surface.shown[(x, y)], screen.cell(y, x).expect("inside"));
                    let symbol = if got.has_contents() { got.contents() } else { " " };
                    if !got.is_wide_continuation() {
                        assert_eq!(symbol, want.symbol(), "round {round} at {x},{y}");
                        assert_eq!((got.bold(), got.inverse(), got.underline()), flags(want.modifier), "round {round} at {x},{y}");
                    }
                }
            }
        }
    }

    fn flags(modifier: Modifier) -> (bool, bool, bool) {
        (modifier.contains(Modifier::BOLD), modifier.contains(Modifier::REVERSED), modifier.contains(Modifier::UNDERLINED))
    }
}
