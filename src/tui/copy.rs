//! Copies for the clipboard: what of a check, and the sequence that hands it to the terminal (OSC 52).

use crate::{engine::snapshot::CheckRow, text::clean_to};

/// Longest text that is copied, in bytes: terminals take no more than some kilobytes in one sequence.
const LONGEST: usize = 8 * 1024;
/// Longest line of it, in characters.
const LONGEST_LINE: usize = 2000;

/// A text to copy, and what it is, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copy {
    /// Lines without any other control characters.
    pub text: String,
    /// "what was asked about error rate".
    pub what: String,
}

/// What was asked about a check; none where nobody knows.
pub(super) fn asked(row: &CheckRow) -> Option<Copy> {
    let text = joined(std::iter::once(row.copy.clone()));
    (!text.is_empty()).then(|| Copy { text, what: format!("what was asked about {}", row.name) })
}

/// The whole explanation as plain text.
pub(super) fn explanation(row: &CheckRow) -> Copy {
    let head = [format!("{}: {}. {}", row.name, row.verdict.word().replace('_', " "), row.sentence)];
    let reasons = row.explanation.iter().map(|reason| format!("{}: {}", reason.about, reason.text));
    Copy { text: joined(head.into_iter().chain(reasons)), what: format!("the explanation of {}", row.name) }
}

/// As many whole lines as fit, each clean.
fn joined(lines: impl Iterator<Item = String>) -> String {
    let mut text = String::new();
    for line in lines.flat_map(|lines| lines.lines().map(|line| clean_to(line, LONGEST_LINE).into_owned()).collect::<Vec<_>>()) {
        if text.len() + line.len() >= LONGEST {
            break;
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&line);
    }
    text
}

/// The sequence that puts a text on the clipboard.
#[must_use]
pub fn sequence(text: &str) -> Vec<u8> {
    format!("\x1b]52;c;{}\x07", base64(text.as_bytes())).into_bytes()
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for nth in 0..4 {
            let digit = (bits >> (18 - 6 * nth)) & 63;
            out.push(if nth <= group.len() { char::from(DIGITS[digit as usize]) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_rfc() {
        for (text, want) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
            ("ü→", "w7zihpI="),
        ] {
            assert_eq!(base64(text.as_bytes()), want);
        }
        assert_eq!(sequence("foo"), b"\x1b]52;c;Zm9v\x07");
    }

    #[test]
    fn what_is_copied_is_clean_and_bounded() {
        let text = joined(["a\x1b[31mb\r\n\tc".to_owned(), "d".to_owned()].into_iter());
        assert_eq!(text, "a␛[31mb\n␉c\nd");
        let long = joined(std::iter::repeat_n("x".repeat(5000), 100));
        assert!(long.len() < LONGEST && long.lines().all(|line| line.chars().count() <= LONGEST_LINE + 1));
    }
}
