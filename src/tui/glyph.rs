//! Characters with a meaning, and an ASCII twin for each character this screen can draw.
//!
//! The twins are put in after a screen is drawn, so that no text, wherever it came from, gets past them.

use ratatui::buffer::Buffer;

use super::theme::{Glyphs, Role};
use crate::engine::{snapshot::Glyph, verdict::CheckVerdict};

/// The character of a glyph.
pub(super) const fn symbol(glyph: Glyph) -> &'static str {
    match glyph {
        Glyph::Pass => "✓",
        Glyph::Warn => "▲",
        Glyph::Fail => "✗",
        Glyph::Unsure => "…",
        Glyph::NoData => "○",
        Glyph::Unknown => "?",
        Glyph::Shared => "≈",
        Glyph::Muted => "–",
    }
}

/// The colour a check's verdict is said in.
pub(super) const fn role(verdict: CheckVerdict) -> Role {
    match verdict {
        CheckVerdict::Pass => Role::Good,
        CheckVerdict::Warn | CheckVerdict::Fail => Role::Bad,
        CheckVerdict::ProviderError | CheckVerdict::Shared => Role::Held,
        CheckVerdict::Insufficient | CheckVerdict::NoData => Role::Unsure,
        CheckVerdict::Muted => Role::Dim,
    }
}

/// Replaces every character that the set does not have by its twin.
pub(super) fn restrict(buffer: &mut Buffer, to: Glyphs) {
    let twin = match to {
        Glyphs::Braille | Glyphs::Blocks => return,
        Glyphs::Box => old_twin,
        Glyphs::Ascii => ascii_twin,
    };
    for cell in &mut buffer.content {
        if let Some(c) = cell.symbol().chars().next().filter(|_| !cell.symbol().is_ascii()) {
            cell.set_char(twin(c));
        }
    }
}

/// A glyph in a terminal's title, whose font is not that of its cells.
pub(super) fn in_title(symbol: &str, glyphs: Glyphs) -> String {
    let twin = if glyphs == Glyphs::Ascii { ascii_twin } else { old_twin };
    symbol.chars().map(|c| if c.is_ascii() { c } else { twin(c) }).collect()
}

/// The same character in code page 437, which the text console and old fonts have; what has no twin is left.
pub(super) const fn old_twin(c: char) -> char {
    match c {
        '╭' => '┌',
        '╮' => '┐',
        '╰' => '└',
        '╯' => '┘',
        '┄' | '–' => '-',
        '┊' => ':',
        '━' => '═',
        '┃' => '║',
        '▏' | '▕' => '│',
        '▎' | '▍' | '▋' => '▌',
        '▆' | '▇' | '▊' | '▉' => '█',
        '✓' => '√',
        '✗' => 'x',
        '…' => '~',
        '○' | '□' => 'o',
        '◆' | '●' => '■',
        '▁' | '▂' => '_',
        '▃' | '▅' => '▄',
        '▸' => '►',
        '▾' => '▼',
        c => c,
    }
}

const fn ascii_twin(c: char) -> char {
    match c {
        '╭' | '╮' | '╰' | '╯' | '├' | '┤' | '└' | '✓' => '+',
        '─' | '┄' | '–' | '▃' | '▄' => '-',
        '│' | '┃' | '▌' => '|',
        '┊' => ':',
        '▲' => '!',
        '✗' => 'X',
        '…' => '~',
        '○' | '□' => 'o',
        '≈' | '━' | '▅' | '▆' => '=',
        '·' => '.',
        '→' | '▸' => '>',
        '←' => '<',
        '●' => '*',
        '▁' | '▂' => '_',
        '▇' | '█' | '■' | '▐' | '◆' => '#',
        '▕' => '[',
        '▏' => ']',
        '▒' | '░' => '%',
        '↑' => '^',
        '↓' | '▾' => 'v',
        _ => '?',
    }
}
