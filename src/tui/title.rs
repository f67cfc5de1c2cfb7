//! What the screen says outside of its cells: the terminal's title, and its progress where it has such a thing.
//!
//! Written only when it changes. A terminal that would show such a sequence as text, or take it for a notification, is not sent it.

use crate::{
    engine::snapshot::{Snapshot, Tone},
    humanize,
    text::in_sequence,
    tui::{glyph, theme::Glyphs},
};

/// Longest title, in characters.
const LONGEST: usize = 80;

/// What a terminal understands, and is asked for, outside of its cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is something of its own that a terminal has or not")]
pub struct Outside {
    /// Its title can be set.
    pub title: bool,
    /// The mouse reports here.
    pub mouse: bool,
    /// It takes copies (OSC 52).
    pub copy: bool,
    /// It shows a progress (OSC 9;4). Others take that for a notification with a strange text.
    pub progress: bool,
}

impl Outside {
    /// Without title and progress.
    #[must_use]
    pub const fn untitled(self) -> Self {
        Self { title: false, progress: false, ..self }
    }

    /// What can be told from variables of the environment; `variable` gives them by their names, empty when not set.
    #[must_use]
    pub fn detect(variable: impl Fn(&str) -> String) -> Self {
        let is_set = |name| !variable(name).is_empty();
        let (term, tmux) = (variable("TERM"), is_set("TMUX"));
        let in_screen = !tmux && (is_set("STY") || term.starts_with("screen"));
        let title = !in_screen && !matches!(term.as_str(), "" | "dumb" | "linux" | "cons25");
        let at_least = |name, least: u32| {
            let major: String = variable(name).chars().take_while(char::is_ascii_digit).collect();
            major.parse::<u32>().is_ok_and(|version| version >= least)
        };
        let shows = match variable("TERM_PROGRAM").as_str() {
            "WezTerm" | "ghostty" => true,
            "iTerm.app" => has_feature(&variable("TERM_FEATURES"), "P"),
            _ => {
                is_set("WT_SESSION")
                    || variable("ConEmuANSI") == "ON"
                    || at_least("PTYXIS_VERSION", 48)
                    || at_least("VTE_VERSION", 8000)
            }
        };
        // Neither tmux nor screen hands it on.
        Self { title, mouse: false, copy: title, progress: title && !tmux && shows }
    }
}

/// Whether a list of features, each a capital letter with what follows it, has that one.
fn has_feature(features: &str, wanted: &str) -> bool {
    let mut all: Vec<String> = Vec::new();
    for letter in features.chars() {
        match all.last_mut() {
            Some(last) if !letter.is_ascii_uppercase() => last.push(letter),
            _ => all.push(letter.to_string()),
        }
    }
    all.iter().any(|feature| feature.trim_end_matches(|c: char| c.is_ascii_digit()) == wanted)
}

/// What was said last.
#[derive(Debug, Default)]
pub struct Said {
    title: String,
    progress: String,
}

impl Said {
    /// The sequences that bring both up to date; empty when they are.
    pub fn update(&mut self, snapshot: &Snapshot, outside: Outside, glyphs: Glyphs) -> Vec<u8> {
        let mut out = String::new();
        let mut say = |wanted: bool, last: &mut String, now: String| {
            if wanted && *last != now {
                out.push_str(&now);
                *last = now;
            }
        };
        say(outside.title, &mut self.title, format!("\x1b]2;{}\x1b\\", title(snapshot, glyphs)));
        say(outside.progress, &mut self.progress, progress(snapshot));
        out.into_bytes()
    }
}

/// `▲ 63 % api-server v2.5.0`; once it is decided the word in place of the share.
fn title(snapshot: &Snapshot, glyphs: Glyphs) -> String {
    let badge = snapshot.badge;
    let what = match badge.tone {
        _ if badge.filled => badge.word.to_owned(),
        Tone::Bad => humanize::part(snapshot.meter.rollback).trim_start().to_owned(),
        Tone::Good if snapshot.action.is_none() => humanize::part(snapshot.meter.promote).trim_start().to_owned(),
        Tone::Good | Tone::Held | Tone::Unsure => badge.word.to_owned(),
    };
    let glyph = glyph::in_title(glyph::symbol(badge.glyph), glyphs);
    let candidate = &snapshot.versions.candidate.name;
    in_sequence(&format!("{glyph} {what} {} {candidate}", snapshot.deployment.name), LONGEST)
}

/// The watched share of the window: an error while the candidate is bad, held back while nothing can be judged, gone once it is over.
fn progress(snapshot: &Snapshot) -> String {
    let state = match snapshot.badge.tone {
        Tone::Bad => 2,
        _ if snapshot.ended.is_some() => return PROGRESS_OFF.to_owned(),
        Tone::Held => 4,
        Tone::Good | Tone::Unsure => 1,
    };
    let share = snapshot.window.watched.as_secs_f64() / snapshot.window.length.as_secs_f64().max(1.0);
    format!("\x1b]9;4;{state};{:.0}\x1b\\", (share * 100.0).clamp(0.0, 100.0))
}

/// Takes the progress away.
pub(super) const PROGRESS_OFF: &str = "\x1b]9;4;0;0\x1b\\";

#[cfg(test)]
mod tests {
    use super::*;

    fn detected(variables: &[(&str, &str)]) -> (bool, bool) {
        let value = |name: &str| variables.iter().find(|(n, _)| *n == name).map_or_else(String::new, |(_, v)| (*v).to_owned());
        let outside = Outside::detect(value);
        (outside.title, outside.progress)
    }

    #[test]
    fn only_terminals_that_show_it_get_it() {
        let xterm = ("TERM", "xterm-256color");
        for (variables, want) in [
            (&[][..], (false, false)),
            (&[xterm], (true, false)),
            (&[("TERM", "linux")], (false, false)),
            (&[("TERM", "screen-256color"), ("STY", "1.x")], (false, false)),
            (&[("TERM", "screen-256color"), ("TMUX", "/tmp/x")], (true, false)),
            (&[("TERM", "tmux-256color"), ("TMUX", "/tmp/x"), ("WT_SESSION", "1")], (true, false)),
            (&[xterm, ("WT_SESSION", "1")], (true, true)),
            (&[xterm, ("ConEmuANSI", "ON")], (true, true)),
            (&[xterm, ("TERM_PROGRAM", "ghostty")], (true, true)),
            (&[xterm, ("TERM_PROGRAM", "iTerm.app"), ("TERM_FEATURES", "T3CwLrMSc7UUw9Ts3BFGsSyHNoSxF")], (true, false)),
            (&[xterm, ("TERM_PROGRAM", "iTerm.app"), ("TERM_FEATURES", "T3CwLrMSc7UUw9Ts3BFGsSyHNoSxFP")], (true, true)),
            (&[xterm, ("PTYXIS_VERSION", "47.5")], (true, false)),
            (&[xterm, ("PTYXIS_VERSION", "48.1")], (true, true)),
            (&[xterm, ("VTE_VERSION", "7600")], (true, false)),
            (&[xterm, ("VTE_VERSION", "8000")], (true, true)),
        ] {
            assert_eq!(detected(variables), want, "{variables:?}");
        }
    }
}
