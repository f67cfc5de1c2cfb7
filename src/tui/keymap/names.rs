//! Names: of keys as people write them, and of commands as the configuration and the screen's own command line call them.

use std::{fmt, str::FromStr};

use super::{Command, Slot};
use crate::tui::input::Key;

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Char(' ') => "space",
            Self::Char(letter) => return write!(f, "{letter}"),
            Self::Ctrl(letter) => return write!(f, "ctrl-{letter}"),
            Self::Enter => "enter",
            Self::Esc => "esc",
            Self::Backspace => "backspace",
            Self::Tab => "tab",
            Self::BackTab => "shift-tab",
            Self::Up => "up",
            Self::Down => "down",
            Self::Left => "left",
            Self::Right => "right",
            Self::Home => "home",
            Self::End => "end",
            Self::PageUp => "pgup",
            Self::PageDown => "pgdn",
        })
    }
}

/// Keys that have a word instead of a letter.
const WORDS: [Key; 14] = [
    Key::Char(' '),
    Key::Enter,
    Key::Esc,
    Key::Backspace,
    Key::Tab,
    Key::BackTab,
    Key::Up,
    Key::Down,
    Key::Left,
    Key::Right,
    Key::Home,
    Key::End,
    Key::PageUp,
    Key::PageDown,
];

impl FromStr for Key {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let letter = |text: &str| {
            let mut letters = text.chars();
            letters.next().filter(|_| letters.next().is_none())
        };
        if let Some(key) = WORDS.into_iter().find(|key| key.to_string() == text) {
            return Ok(key);
        }
        if let Some(held) = text.strip_prefix("ctrl-") {
            // A terminal sends these two as tab and enter, and the text console sends the third as backspace.
            return letter(held).filter(|c| c.is_ascii_lowercase() && !matches!(c, 'i' | 'm' | 'h')).map(Self::Ctrl).ok_or(());
        }
        letter(text).filter(|c| !c.is_control() && !c.is_whitespace()).map(Self::Char).ok_or(())
    }
}

impl Command {
    /// Its name in `[keys]`; none where the key always stays what it is.
    #[must_use]
    pub const fn action(self) -> Option<&'static str> {
        Some(match self {
            Self::Act(Slot::Promote) => "promote",
            Self::Act(Slot::PromoteFull) => "promote_full",
            Self::Act(Slot::Rollback) => "rollback",
            Self::Act(Slot::Hold) => "pause",
            Self::Act(Slot::Abort) => "abort",
            Self::Act(Slot::Arm) => "arm",
            Self::Help => "help",
            Self::Explain => "explain",
            Self::View(view) => view.word(),
            Self::Difference => "difference",
            Self::Metric(1..) => "next_metric",
            Self::Metric(_) => "previous_metric",
            Self::Zoom(1..) => "zoom_in",
            Self::Zoom(_) => "zoom_out",
            Self::Scroll(1..) => "later",
            Self::Scroll(_) => "earlier",
            Self::Newest => "now",
            Self::Enlarge => "enlarge",
            Self::Freeze => "freeze",
            Self::Line => "command",
            Self::Copy => "copy",
            Self::CopyAll => "copy_all",
            Self::Theme => "theme",
            Self::NextPane => "next_pane",
            Self::PreviousPane => "previous_pane",
            Self::Down => "down",
            Self::Up => "up",
            Self::First => "first",
            Self::Last => "last",
            Self::PageDown => "page_down",
            Self::PageUp => "page_up",
            Self::Open => "open",
            Self::Sort => "sort",
            Self::CandidateOnly => "candidate_only",
            Self::Filter => "filter",
            Self::Quit => "quit",
            Self::Redraw => "redraw",
            Self::Suspend => "suspend",
            Self::Complete | Self::Close | Self::Yes | Self::HandOver | Self::Submit | Self::Erase | Self::Interrupt => {
                return None;
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_is_written() {
        for text in ["p", "P", "?", "-", "ü", "space", "enter", "shift-tab", "up", "left", "home", "end", "pgup", "ctrl-l"] {
            assert_eq!(text.parse::<Key>().map(|key| key.to_string()).as_deref(), Ok(text));
        }
        for text in ["", " ", "pp", "Space", "ctrl-", "ctrl-L", "ctrl-i", "ctrl-m", "ctrl-[", "f1", "\u{7}", "alt-x"] {
            assert_eq!(text.parse::<Key>(), Err(()), "{text:?}");
        }
    }
}
