//! Bytes from the terminal, with the time they came, into keys that a person pressed one at a time.
//!
//! A terminal also sends bytes by itself (answers to questions about colours, cursor or version), and a paste looks like typing. So
//! control sequences are read to their end, whatever they are, and a key counts only when nothing else came within 20 ms of it:
//! what comes faster is not a hand. Only keys that move around may come in a row, as a held arrow does over a slow line.
//!
//! ```text
//!            ESC           [  params  final              200~
//!  Ground ─────────▶ Esc ──────────────▶ Csi ──▶ Ground ───────▶ Paste ──201~──▶ Ground
//!                     │ ] P X ^ _
//!                     └──────────────▶ Text (ends with BEL or ESC \)
//! ```

mod told;

use std::time::Duration;

pub use self::told::{Gesture, Mouse, Told};

/// Keys nearer to each other than this are a burst.
const QUIET_MS: u64 = 20;
/// An ESC with nothing after it for so long was the key.
const ESC_MS: u64 = 50;
/// A sequence that stops in the middle for so long is given up.
const PATIENCE_MS: u64 = 1000;
/// Longest parameter text kept; longer sequences are read to their end and mean nothing.
const LONGEST: usize = 16;
/// Longest text of a command kept, likewise.
const LONGEST_TEXT: usize = 40;
/// Bytes of a mouse report in the old form, after its beginning.
const OLD_MOUSE: u8 = 3;
/// Most things told that wait to be taken; a wheel may turn faster than anybody looks.
const MOST_TOLD: usize = 64;

/// A key, as far as this screen knows keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// A letter, a digit, a blank, a sign.
    Char(char),
    /// A letter with ctrl.
    Ctrl(char),
    /// Enter.
    Enter,
    /// Esc.
    Esc,
    /// Backspace.
    Backspace,
    /// Tab.
    Tab,
    /// Shift and tab.
    BackTab,
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// Arrow left.
    Left,
    /// Arrow right.
    Right,
    /// Home.
    Home,
    /// End.
    End,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
}

impl Key {
    const fn only_moves(self) -> bool {
        matches!(
            self,
            Self::Up
                | Self::Down
                | Self::Left
                | Self::Right
                | Self::Home
                | Self::End
                | Self::PageUp
                | Self::PageDown
                | Self::Tab
                | Self::BackTab
        )
    }
}

/// A key and when it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Press {
    /// Which key.
    pub key: Key,
    /// When, in milliseconds of a monotonic clock.
    pub at_ms: u64,
}

/// Turns bytes into keys. Pure: every call brings the time.
#[derive(Debug, Default)]
pub struct Decoder {
    state: State,
    /// When the last byte came.
    last_ms: u64,
    /// Keys (or sequences that mean nothing) that came close together, not yet known to be alone.
    burst: Vec<Option<Key>>,
    burst_ms: u64,
    ready: Vec<Press>,
    told: Vec<Told>,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Ground,
    Esc,
    Csi(Vec<u8>),
    Ss3,
    /// Bytes of a mouse report that are still to come.
    OldMouse(u8),
    /// What began it, and what was read of it.
    Text {
        kind: u8,
        bytes: Vec<u8>,
        esc: bool,
    },
    Paste {
        matched: usize,
    },
    Utf8 {
        bytes: Vec<u8>,
        length: usize,
    },
}

const PASTE_END: &[u8] = b"\x1b[201~";

impl Decoder {
    /// Takes in what one read brought.
    pub fn feed(&mut self, bytes: &[u8], at_ms: u64) {
        self.give_up(at_ms);
        self.last_ms = at_ms;
        for byte in bytes {
            self.step(*byte, at_ms);
        }
    }

    /// The keys that are known by now to have been pressed alone.
    pub fn take(&mut self, now_ms: u64) -> Vec<Press> {
        self.give_up(now_ms);
        if now_ms.saturating_sub(self.burst_ms) >= QUIET_MS {
            self.settle();
        }
        std::mem::take(&mut self.ready)
    }

    /// What the terminal told since the last call.
    pub fn told(&mut self) -> Vec<Told> {
        std::mem::take(&mut self.told)
    }

    /// After how long [`Decoder::take`] may know more without another byte; none when it will not.
    #[must_use]
    pub fn wait(&self, now_ms: u64) -> Option<Duration> {
        let burst = (!self.burst.is_empty()).then_some(self.burst_ms + QUIET_MS);
        let sequence = match self.state {
            State::Ground => None,
            State::Esc => Some(self.last_ms + ESC_MS),
            _ => Some(self.last_ms + PATIENCE_MS),
        };
        let due = if self.ready.is_empty() { [burst, sequence].into_iter().flatten().min()? } else { now_ms };
        Some(Duration::from_millis(due.saturating_sub(now_ms)))
    }

    /// Ends a sequence that nothing more came of.
    fn give_up(&mut self, now_ms: u64) {
        let silent = now_ms.saturating_sub(self.last_ms);
        match self.state {
            State::Esc if silent >= ESC_MS => {
                self.state = State::Ground;
                self.push(Some(Key::Esc), self.last_ms);
            }
            State::Ground | State::Esc => {}
            _ if silent >= PATIENCE_MS => self.state = State::Ground,
            _ => {}
        }
    }

    fn step(&mut self, byte: u8, at_ms: u64) {
        self.state = match std::mem::take(&mut self.state) {
            State::Ground => self.ground(byte, at_ms),
            State::Esc => self.escape(byte, at_ms),
            State::Csi(params) => self.csi(params, byte, at_ms),
            State::Ss3 => {
                self.push(arrow(byte), at_ms);
                State::Ground
            }
            State::OldMouse(left) if left > 1 => State::OldMouse(left - 1),
            State::OldMouse(_) => {
                self.push(None, at_ms);
                State::Ground
            }
            State::Text { kind, bytes, esc } => self.text(kind, bytes, esc, byte, at_ms),
            State::Paste { matched } => self.paste(matched, byte, at_ms),
            State::Utf8 { bytes, length } => self.utf8(bytes, length, byte, at_ms),
        };
    }

    fn ground(&mut self, byte: u8, at_ms: u64) -> State {
        let key = match byte {
            0x1b => return State::Esc,
            b'\r' => Some(Key::Enter),
            b'\t' => Some(Key::Tab),
            0x08 | 0x7f => Some(Key::Backspace),
            0x01..=0x1a => Some(Key::Ctrl(char::from(byte - 1 + b'a'))),
            b' '..=b'~' => Some(Key::Char(char::from(byte))),
            0xc2..=0xf4 => {
                let length = 2 + usize::from(byte >= 0xe0) + usize::from(byte >= 0xf0);
                return State::Utf8 { bytes: vec![byte], length };
            }
            _ => None,
        };
        self.push(key, at_ms);
        State::Ground
    }

    fn escape(&mut self, byte: u8, at_ms: u64) -> State {
        match byte {
            b'[' => return State::Csi(Vec::new()),
            b'O' => return State::Ss3,
            b']' | b'P' | b'X' | b'^' | b'_' => return State::Text { kind: byte, bytes: Vec::new(), esc: false },
            0x1b => {
                self.push(Some(Key::Esc), at_ms);
                return State::Esc;
            }
            _ => self.push(None, at_ms),
        }
        State::Ground
    }

    fn csi(&mut self, mut params: Vec<u8>, byte: u8, at_ms: u64) -> State {
        match byte {
            0x1b => return State::Esc,
            // The text console's function keys are ESC [ [ A and so on: there the second bracket does not end the sequence.
            b'[' if params.is_empty() => params.push(byte),
            0x40..=0x7e => {
                if params == b"200" && byte == b'~' {
                    return State::Paste { matched: 0 };
                }
                if params.is_empty() && byte == b'M' {
                    return State::OldMouse(OLD_MOUSE);
                }
                self.hear(told::sequence(&params, byte));
                self.push(csi_key(&params, byte), at_ms);
                return State::Ground;
            }
            _ if params.len() < LONGEST => params.push(byte),
            _ => {}
        }
        State::Csi(params)
    }

    fn text(&mut self, kind: u8, mut bytes: Vec<u8>, esc: bool, byte: u8, at_ms: u64) -> State {
        if byte == 0x07 || (esc && byte == b'\\') {
            self.hear(if kind == b']' { told::command(&bytes) } else { None });
            self.push(None, at_ms);
            return State::Ground;
        }
        if byte != 0x1b && bytes.len() <= LONGEST_TEXT {
            bytes.push(byte);
        }
        State::Text { kind, bytes, esc: byte == 0x1b }
    }

    fn hear(&mut self, told: Option<Told>) {
        if self.told.len() < MOST_TOLD {
            self.told.extend(told);
        }
    }

    fn paste(&mut self, matched: usize, byte: u8, at_ms: u64) -> State {
        let matched = match PASTE_END.get(matched) {
            Some(next) if *next == byte => matched + 1,
            _ => usize::from(byte == 0x1b),
        };
        if matched == PASTE_END.len() {
            self.push(None, at_ms);
            return State::Ground;
        }
        State::Paste { matched }
    }

    fn utf8(&mut self, mut bytes: Vec<u8>, length: usize, byte: u8, at_ms: u64) -> State {
        bytes.push(byte);
        if bytes.len() < length {
            return State::Utf8 { bytes, length };
        }
        let text = std::str::from_utf8(&bytes).ok();
        let letter = text.and_then(|t| t.chars().next()).filter(|c| !c.is_control());
        self.push(letter.map(Key::Char), at_ms);
        State::Ground
    }

    fn push(&mut self, key: Option<Key>, at_ms: u64) {
        if at_ms.saturating_sub(self.burst_ms) >= QUIET_MS {
            self.settle();
        }
        self.burst.push(key);
        self.burst_ms = at_ms;
    }

    /// What came together is over: a single key counts, and so do keys that only move around; of anything else nothing does.
    fn settle(&mut self) {
        let keys: Vec<Key> = self.burst.iter().copied().flatten().collect();
        let counts = self.burst.len() == 1 || (keys.len() == self.burst.len() && keys.iter().all(|key| key.only_moves()));
        self.burst.clear();
        if counts {
            self.ready.extend(keys.into_iter().map(|key| Press { key, at_ms: self.burst_ms }));
        }
    }
}

fn arrow(byte: u8) -> Option<Key> {
    match byte {
        b'A' => Some(Key::Up),
        b'B' => Some(Key::Down),
        b'C' => Some(Key::Right),
        b'D' => Some(Key::Left),
        b'H' => Some(Key::Home),
        b'F' => Some(Key::End),
        _ => None,
    }
}

fn csi_key(params: &[u8], last: u8) -> Option<Key> {
    match (params, last) {
        (b"", b'Z') => Some(Key::BackTab),
        (b"", _) => arrow(last),
        (b"1" | b"7", b'~') => Some(Key::Home),
        (b"4" | b"8", b'~') => Some(Key::End),
        (b"5", b'~') => Some(Key::PageUp),
        (b"6", b'~') => Some(Key::PageDown),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::theme::Shade;

    /// Each read with the time it came, then all keys once everything is quiet.
    fn keys(reads: &[(&[u8], u64)]) -> Vec<Key> {
        let mut decoder = Decoder::default();
        let mut out = Vec::new();
        for (bytes, at_ms) in reads {
            out.extend(decoder.take(*at_ms));
            decoder.feed(bytes, *at_ms);
        }
        out.extend(decoder.take(1_000_000));
        out.into_iter().map(|press| press.key).collect()
    }

    #[test]
    fn single_keys_come_through() {
        for (bytes, want) in [
            (&b"R"[..], Key::Char('R')),
            (b" ", Key::Char(' ')),
            (b"\r", Key::Enter),
            (b"\x1b", Key::Esc),
            (b"\x7f", Key::Backspace),
            (b"\x03", Key::Ctrl('c')),
            (b"\x1b[A", Key::Up),
            (b"\x1bOB", Key::Down),
            (b"\x1b[Z", Key::BackTab),
            (b"\x1b[4~", Key::End),
            (b"\x1b[5~", Key::PageUp),
            (b"\x1b[6~", Key::PageDown),
            ("ü".as_bytes(), Key::Char('ü')),
        ] {
            assert_eq!(keys(&[(bytes, 100)]), [want], "{bytes:?}");
        }
    }

    #[test]
    fn a_burst_does_nothing_and_a_hand_does() {
        assert_eq!(keys(&[(b"Ry", 100)]), []);
        assert_eq!(keys(&[(b"R", 100), (b"y", 119)]), []);
        assert_eq!(keys(&[(b"R", 100), (b"y", 120)]), [Key::Char('R'), Key::Char('y')]);
        assert_eq!(keys(&[(b"\x03\x03", 100)]), []);
        assert_eq!(keys(&[(b"\x1b[A\x1b[A", 100)]), [Key::Up, Key::Up]);
        assert_eq!(keys(&[(b"\x1b[AR", 100)]), []);
    }

    #[test]
    fn what_a_terminal_sends_by_itself_is_no_key() {
        for reply in [
            &b"\x1b]10;rgb:ffff/ffff/ffff\x07"[..],
            b"\x1b]11;rgb:0c0c/0e0e/1313\x1b\\",
            b"\x1b[1;1R",
            b"\x1b[?62;22c",
            b"\x1bP>|xterm(390)\x1b\\",
            b"\x1b[<0;10;10M",
            b"\x1b[M Ry",
            b"\x1b[I",
            b"\x1b[[A",
            b"rgb:ffff/ffff/ffff",
        ] {
            assert_eq!(keys(&[(reply, 100)]), [], "{reply:?}");
            for cut in 1..reply.len() {
                let (first, rest) = reply.split_at(cut);
                if first != b"\x1b" && reply.first() == Some(&0x1b) {
                    assert_eq!(keys(&[(first, 100), (rest, 400)]), [], "{reply:?} cut at {cut}");
                }
            }
        }
    }

    #[test]
    fn what_a_terminal_tells_is_heard_and_what_is_pasted_is_not() {
        let told = |reads: &[(&[u8], u64)]| {
            let mut decoder = Decoder::default();
            for (bytes, at_ms) in reads {
                decoder.feed(bytes, *at_ms);
            }
            decoder.told()
        };
        let dark = [Told::Background(Shade::Dark)];
        assert_eq!(told(&[(b"\x1b]11;rgb:0c0c/0e0e/1313\x1b\\", 100)]), dark);
        assert_eq!(told(&[(b"\x1b]11;rgb:0c0c/0e", 100), (b"0e/1313\x07", 400)]), dark);
        assert_eq!(told(&[(b"\x1b[200~\x1b]11;rgb:0c0c/0e0e/1313\x07\x1b[201~", 100)]), []);
        assert_eq!(told(&[(b"\x1bP11;rgb:0c0c/0e0e/1313\x1b\\", 100)]), []);
        assert_eq!(told(&[(b"\x1b[<65;5;6M\x1b[<65;5;6M", 100)]).len(), 2);
        assert_eq!(told(&[(&b"\x1b[<65;5;6M".repeat(1000), 100)]).len(), MOST_TOLD);
    }

    #[test]
    fn a_paste_is_no_key_even_when_it_is_cut() {
        assert_eq!(keys(&[(b"\x1b[200~Ry\x1b[201~", 100)]), []);
        assert_eq!(keys(&[(b"\x1b[200~", 100), (b"R", 400), (b"y", 800), (b"\x1b[201~", 900)]), []);
        assert_eq!(keys(&[(b"\x1b[200~R", 100), (b"?", 5000)]), [Key::Char('?')], "a paste without an end does not deafen");
    }

    #[test]
    fn the_wait_ends_when_a_key_is_known() {
        let mut decoder = Decoder::default();
        assert_eq!(decoder.wait(100), None);
        decoder.feed(b"R", 100);
        assert_eq!(decoder.wait(105), Some(Duration::from_millis(15)));
        assert_eq!(decoder.take(119), []);
        assert_eq!(decoder.take(120), [Press { key: Key::Char('R'), at_ms: 100 }]);
        decoder.feed(b"\x1b", 200);
        assert_eq!(decoder.wait(200), Some(Duration::from_millis(50)));
        assert_eq!(decoder.take(250), [Press { key: Key::Esc, at_ms: 200 }]);
        assert_eq!(decoder.wait(250), None);
    }
}
