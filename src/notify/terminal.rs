//! Notifications through the terminal itself: escape sequences that it turns into a desktop notification, and the bell.
//!
//! What is sent is a pure function of the notice and of the terminal. It is never written here: the bytes go to whoever owns the
//! terminal, so that they cannot land in the middle of a frame.

use tokio::sync::mpsc::{self, error::TrySendError};

use super::{Channel, Sending};
use crate::{
    engine::{notice::Notice, snapshot::Tone},
    text::in_sequence,
};

/// Longest text in one sequence, in characters.
const LONGEST: usize = 200;

/// What a terminal understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TerminalKind {
    dialect: Dialect,
    /// tmux is in between and passes a sequence on only inside one of its own (and with `allow-passthrough on`).
    in_tmux: bool,
}

/// Which sequence shows a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dialect {
    /// None.
    Bell,
    /// `OSC 9 ; text`.
    Osc9,
    /// `OSC 777 ; notify ; title ; body`.
    Osc777,
    /// Not known: both. A terminal leaves out what it does not know.
    Both,
}

impl TerminalKind {
    /// One that is sent nothing but the bell.
    pub const BELL: Self = Self { dialect: Dialect::Bell, in_tmux: false };

    /// What can be told from the values of `TERM`, `TERM_PROGRAM` and `TMUX`; absent and empty mean the same.
    ///
    /// A terminal that understands both sequences gets one, or it would show everything twice.
    #[must_use]
    pub fn detect(term: &str, term_program: &str, tmux: &str) -> Self {
        let in_tmux = !tmux.is_empty();
        let dialect = match (term_program, term) {
            // Inside tmux both values are its own and say nothing of the terminal around it.
            _ if in_tmux => Dialect::Both,
            ("iTerm.app", _) | (_, "xterm-kitty") => Dialect::Osc9,
            ("WezTerm" | "ghostty", _) | (_, "xterm-ghostty" | "wezterm") => Dialect::Osc777,
            (_, "" | "dumb" | "linux") => Dialect::Bell,
            (_, term) if term.starts_with("foot") || term.starts_with("rxvt") => Dialect::Osc777,
            // GNU screen shows foreign sequences as text, or drops them.
            (_, term) if term.starts_with("screen") => Dialect::Bell,
            _ => Dialect::Both,
        };
        Self { dialect, in_tmux }
    }
}

/// The terminal rollwatch runs in.
#[derive(Clone, Debug)]
pub struct Terminal {
    kind: TerminalKind,
    out: mpsc::Sender<Vec<u8>>,
}

impl Terminal {
    /// Sends to whoever owns the terminal and writes what comes out of the other end of `out`.
    pub const fn new(kind: TerminalKind, out: mpsc::Sender<Vec<u8>>) -> Self {
        Self { kind, out }
    }
}

impl Channel for Terminal {
    fn name(&self) -> &'static str {
        "terminal"
    }

    fn send<'a>(&'a self, notice: &'a Notice) -> Sending<'a> {
        let sent = self.out.try_send(bytes(notice, self.kind)).map_err(|error| match error {
            TrySendError::Full(_) => "the terminal does not take it".to_owned(),
            TrySendError::Closed(_) => "the terminal is gone".to_owned(),
        });
        Box::pin(std::future::ready(sent))
    }
}

/// What the terminal is sent for a notice.
#[must_use]
pub fn bytes(notice: &Notice, kind: TerminalKind) -> Vec<u8> {
    let osc9 = || format!("\x1b]9;{}\x1b\\", in_sequence(&format!("{}: {}", notice.title, notice.body), LONGEST));
    let osc777 = || format!("\x1b]777;notify;{};{}\x1b\\", in_sequence(&notice.title, LONGEST), in_sequence(&notice.body, LONGEST));
    let sequences = match kind.dialect {
        Dialect::Bell => vec![],
        Dialect::Osc9 => vec![osc9()],
        Dialect::Osc777 => vec![osc777()],
        Dialect::Both => vec![osc9(), osc777()],
    };
    let mut out: String = sequences.iter().map(|one| if kind.in_tmux { through_tmux(one) } else { one.clone() }).collect();
    if notice.tone == Tone::Bad || kind.dialect == Dialect::Bell {
        out.push('\x07');
    }
    out.into_bytes()
}

/// Wrapped so that tmux hands it on: each escape character inside is doubled.
fn through_tmux(sequence: &str) -> String {
    format!("\x1bPtmux;{}\x1b\\", sequence.replace('\x1b', "\x1b\x1b"))
}
