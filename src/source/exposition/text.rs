//! A name or a label value as it stands on the page, escapes and all.

use std::borrow::Cow;

/// A slice of the page. Cheap to copy; what is escaped is taken apart only when somebody asks.
#[derive(Clone, Copy, Debug)]
pub struct Text<'p> {
    raw: &'p [u8],
    escaped: bool,
}

impl<'p> Text<'p> {
    pub(super) const fn plain(raw: &'p [u8]) -> Self {
        Self { raw, escaped: false }
    }

    pub(super) const fn quoted(raw: &'p [u8], escaped: bool) -> Self {
        Self { raw, escaped }
    }

    pub(super) const fn raw(&self) -> &'p [u8] {
        self.raw
    }

    pub(super) const fn is_escaped(&self) -> bool {
        self.escaped
    }

    /// The bytes that are meant: `\\`, `\"` and `\n` resolved, any other backslash left alone.
    #[must_use]
    pub fn bytes(&self) -> Cow<'p, [u8]> {
        if self.escaped { Cow::Owned(unescaped(self.raw)) } else { Cow::Borrowed(self.raw) }
    }

    /// The text that is meant.
    #[must_use]
    pub fn text(&self) -> Cow<'p, str> {
        if self.escaped {
            Cow::Owned(String::from_utf8_lossy(&unescaped(self.raw)).into_owned())
        } else {
            String::from_utf8_lossy(self.raw)
        }
    }

    /// Whether this is `word`.
    #[must_use]
    pub fn is(&self, word: &str) -> bool {
        if self.escaped { *self.bytes() == *word.as_bytes() } else { self.raw == word.as_bytes() }
    }
}

impl PartialEq for Text<'_> {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        // A name is often the very one of the sample before.
        std::ptr::eq(self.raw, other.raw)
            || if self.escaped || other.escaped { self.bytes() == other.bytes() } else { self.raw == other.raw }
    }
}

impl Eq for Text<'_> {}

fn unescaped(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        out.extend_from_slice(&rest[..at]);
        let (meant, taken) = match rest.get(at + 1) {
            Some(b'n') => (b'\n', 2),
            Some(&byte @ (b'\\' | b'"')) => (byte, 2),
            _ => (b'\\', 1),
        };
        out.push(meant);
        rest = &rest[at + taken..];
    }
    out.extend_from_slice(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_resolved_once() {
        for (raw, meant) in
            [(r"a\nb", "a\nb"), (r#"\"q\\"#, "\"q\\"), (r"\\n", r"\n"), (r"C:\dir", r"C:\dir"), ("plain", "plain"), ("", "")]
        {
            let text = Text::quoted(raw.as_bytes(), raw.contains('\\'));
            assert_eq!(text.text(), meant);
            assert!(text.is(meant));
            assert_eq!(text, Text::plain(meant.as_bytes()));
        }
    }
}
