//! One event line as text: compact JSON whose last key, `crc`, guards the rest.
//!
//! The checksum is the CRC-32 of the JSON text as it would stand without that key, byte for byte, so it can be checked without
//! understanding the line, and a line of a newer rollwatch keeps its checksum.

use serde::Deserialize;

use crate::engine::{
    event::{Event, Line, SCHEMA, rfc3339},
    time::Time,
};

/// The longest line in bytes, its newline included. No event comes near it; what does is not an event.
pub const LONGEST: usize = 1 << 20;

/// The bytes of `,"crc":"01234567"}`.
const SEAL: usize = 18;

/// Why a line of text is no line of a journal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// It has no checksum, or another one than its text.
    #[error("its checksum does not fit its text")]
    Checksum,
    /// The checksum is right, yet it is no event that could be understood.
    #[error("it is whole, but no event: {0}")]
    Event(String),
}

/// The line as it stands in a journal, with its newline.
///
/// A number that JSON cannot express (infinite, not a number) becomes `null`; [`super::writer::Writer`] refuses a line that would
/// not be read back because of it.
///
/// # Panics
/// Never: every key of a line is text.
#[must_use]
pub fn encode(line: &Line) -> String {
    let mut text = serde_json::to_string(line).expect("every key of a line is text, so it can be written as JSON");
    text.pop();
    let seal = seal(text.as_bytes());
    text.push_str(&seal);
    text.push('\n');
    text
}

/// Reads a line back, with or without its newline.
///
/// An event whose name is not known, or a line of a newer schema that is not understood, becomes [`Event::Unknown`].
///
/// # Errors
/// When it is damaged, or no event.
pub fn decode(line: &[u8]) -> Result<Line, LineError> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let body = line.len().checked_sub(SEAL).map(|at| line.split_at(at));
    let Some((text, found)) = body else { return Err(LineError::Checksum) };
    if found != seal(text).as_bytes() {
        return Err(LineError::Checksum);
    }
    serde_json::from_slice(line).or_else(|error| newer(line).ok_or_else(|| LineError::Event(error.to_string())))
}

/// What closes a line whose JSON text, without its closing brace, is `text`.
fn seal(text: &[u8]) -> String {
    let mut crc = crc32fast::Hasher::new();
    crc.update(text);
    crc.update(b"}");
    format!(",\"crc\":\"{:08x}\"}}", crc.finalize())
}

/// What every version of the schema has.
#[derive(Deserialize)]
struct Envelope {
    v: u32,
    seq: u64,
    #[serde(with = "rfc3339")]
    at: Time,
}

fn newer(line: &[u8]) -> Option<Line> {
    let Envelope { v, seq, at } = serde_json::from_slice(line).ok()?;
    (v > SCHEMA).then_some(Line { v, seq, at, event: Event::Unknown })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::event::Poll;

    fn poll() -> Line {
        let event = Event::Poll(Poll { index: 3, weight: Some(0.25), ..Poll::default() });
        Line { v: SCHEMA, seq: 7, at: Time::from_ms(1_764_188_043_120), event }
    }

    /// The line with this JSON text (without its closing brace), sealed.
    fn sealed(text: &str) -> String {
        format!("{text}{}", seal(text.as_bytes()))
    }

    #[test]
    fn a_line_is_the_events_json_with_the_checksum_last() {
        let text = encode(&poll());
        let json = r#"{"v":1,"seq":7,"at":"2025-11-26T20:14:03.120Z","event":"poll","index":3,"weight":0.25,"paused":false}"#;
        assert_eq!(crc32fast::hash(json.as_bytes()), 0x0539_e247, "the checksum is an ordinary CRC-32 of that text");
        assert_eq!(text, format!("{},\"crc\":\"0539e247\"}}\n", &json.strip_suffix('}').expect("an object")));
        assert_eq!(decode(text.as_bytes()), Ok(poll()));
        assert_eq!(decode(text.trim_end().as_bytes()), Ok(poll()));
    }

    #[test]
    fn a_seal_has_the_length_it_is_cut_off_by() {
        assert_eq!(seal(b"").len(), SEAL);
    }

    #[test]
    fn what_is_no_line_says_why() {
        assert_eq!(decode(b""), Err(LineError::Checksum));
        assert_eq!(decode(br#"{"v":1,"seq":7}"#), Err(LineError::Checksum));
        assert_eq!(decode(encode(&poll()).to_uppercase().as_bytes()), Err(LineError::Checksum));
        let error = decode(sealed(r#"{"v":1,"seq":7"#).as_bytes()).expect_err("no event");
        assert!(error.to_string().starts_with("it is whole, but no event: missing field"), "{error}");
    }

    #[test]
    fn the_future_is_kept_without_being_understood() {
        let unknown = sealed(r#"{"v":1,"seq":7,"at":"2025-11-26T20:14:03.120Z","event":"tea","pots":2"#);
        assert_eq!(decode(unknown.as_bytes()), Ok(Line { event: Event::Unknown, ..poll() }));
        let changed = sealed(r#"{"v":2,"seq":7,"at":"2025-11-26T20:14:03.120Z","event":"poll","index":"three""#);
        assert_eq!(decode(changed.as_bytes()), Ok(Line { v: 2, event: Event::Unknown, ..poll() }));
    }
}
