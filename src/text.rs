//! One sanitiser for every text that comes from outside: labels, versions, error bodies, file contents.
//!
//! Applied where the text enters, so that screen, log, journal, notification and title are all safe.

use std::borrow::Cow;

use unicode_width::UnicodeWidthChar as _;

/// Longest text kept from outside, in characters; the rest becomes `…`.
const LONGEST: usize = 400;
/// Most marks kept on one letter: every script does with fewer, and a pile of them runs into other lines.
const MOST_MARKS: usize = 4;

/// Makes a text from outside fit to be shown: control characters become visible pictures, direction overrides become `\u{fffd}`,
/// and it is cut at 400 characters.
#[must_use]
pub fn clean(text: &str) -> Cow<'_, str> {
    clean_to(text, LONGEST)
}

/// The same, cut at `longest` characters: for sentences of ours that hold several such texts.
#[must_use]
pub fn clean_to(text: &str, longest: usize) -> Cow<'_, str> {
    if text.len() <= longest && (text.is_ascii() || unpiled(text).eq(text.chars())) && !text.chars().any(is_hostile) {
        return Cow::Borrowed(text);
    }
    let mut out: String = unpiled(text).take(longest).map(visible).collect();
    if text.chars().nth(longest).is_some() {
        out.push('…');
    }
    Cow::Owned(out)
}

/// A text that can stand inside a sequence for the terminal: no control character, no `;` (it would end the field), one line, at most
/// `longest` characters.
#[must_use]
pub fn in_sequence(text: &str, longest: usize) -> String {
    let line = text.lines().collect::<Vec<_>>().join(" ");
    clean(&line).chars().take(longest).map(harmless).collect()
}

fn harmless(c: char) -> char {
    let mut utf8 = [0; 4];
    match c {
        ';' => ',',
        // A terminal that reads bytes before characters takes the byte 9C, which is a part of ✓ among others, for the sequence's end.
        c if c.encode_utf8(&mut utf8).bytes().any(|byte| byte == 0x9c) => '?',
        c => c,
    }
}

/// The characters, without the marks that are too many on one letter.
fn unpiled(text: &str) -> impl Iterator<Item = char> {
    let mut marks = 0;
    text.chars().filter(move |c| {
        marks = if c.width() == Some(0) { marks + 1 } else { 0 };
        marks <= MOST_MARKS
    })
}

/// [`clean`], owned.
#[must_use]
pub fn cleaned(text: &str) -> String {
    clean(text).into_owned()
}

const fn is_hostile(c: char) -> bool {
    matches!(c, '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}') || is_invisible(c)
}

/// Direction overrides and isolates, zero-width characters, fillers, line and paragraph separators: they change what is read without
/// being seen.
const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}'
    ) || changes_width(c)
}

/// Variation selectors and skin tones: they change how wide the character before them is, on some terminals and not on others.
const fn changes_width(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}')
}

fn visible(c: char) -> char {
    match c {
        '\0'..='\u{1f}' => char::from_u32(0x2400 + c as u32).unwrap_or('\u{fffd}'),
        '\u{7f}' => '\u{2421}',
        c if is_hostile(c) => '\u{fffd}',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_move_a_cursor_becomes_visible() {
        assert_eq!(clean("v2\u{1b}[31m\r\n"), "v2␛[31m␍␊");
        assert_eq!(clean("a\u{9b}b\u{202e}c\u{7f}"), "a\u{fffd}b\u{fffd}c␡");
        assert_eq!(clean("❤\u{fe0f}👍\u{1f3fd}"), "❤\u{fffd}👍\u{fffd}");
        assert_eq!(clean("e\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}x"), "e\u{301}\u{302}\u{303}\u{304}x");
        assert!(matches!(clean("पत्नी, nie\u{301}"), Cow::Borrowed(_)));
        assert!(matches!(clean("plain – text"), Cow::Borrowed(_)));
        assert_eq!(clean(&"x".repeat(500)).chars().count(), LONGEST + 1);
    }
}
