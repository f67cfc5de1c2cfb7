//! A label as it stands on the page, and the one way to write a set of them.

use std::borrow::Cow;

use super::Text;

/// A label of a sample.
#[derive(Clone, Copy, Debug)]
pub struct Label<'p> {
    /// Its name.
    pub name: Text<'p>,
    /// Its value.
    pub value: Text<'p>,
    /// `name="value"` as the page has it, if that is the usual way: a bare name, no blanks, no escapes.
    plain: Option<&'p [u8]>,
}

impl<'p> Label<'p> {
    /// A label that the page has as `written`.
    #[inline]
    pub(super) fn new(name: Text<'p>, value: Text<'p>, written: &'p [u8]) -> Self {
        let lengths = name.raw().len() + value.raw().len();
        let is_plain = !value.is_escaped() && written.len() == lengths + "=\"\"".len();
        Self { name, value, plain: is_plain.then_some(written) }
    }

    pub(super) const fn plain(&self) -> Option<&'p [u8]> {
        self.plain
    }

    /// The label in the usual way, however the page has it.
    pub(super) fn usual(&self) -> Cow<'p, [u8]> {
        if let Some(plain) = self.plain {
            return Cow::Borrowed(plain);
        }
        let mut text = Vec::new();
        escape(&self.name.bytes(), &mut text);
        text.extend_from_slice(b"=\"");
        escape(&self.value.bytes(), &mut text);
        text.push(b'"');
        Cow::Owned(text)
    }
}

impl PartialEq for Label<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self.plain, other.plain) {
            (Some(a), Some(b)) => a == b,
            _ => self.name == other.name && self.value == other.value,
        }
    }
}

impl Eq for Label<'_> {}

/// A set of labels as text, the same for the same labels in any order and notation. It identifies a series; it is not for showing.
#[must_use]
pub fn key<'l, 'p: 'l>(labels: impl IntoIterator<Item = &'l Label<'p>>) -> String {
    let mut labels: Vec<_> = labels.into_iter().map(Label::usual).collect();
    labels.sort_unstable();
    let text = labels.join(&b',');
    String::from_utf8(text).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

fn escape(text: &[u8], out: &mut Vec<u8>) {
    for byte in text {
        match byte {
            b'\n' => out.extend_from_slice(b"\\n"),
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', *byte]),
            _ => out.push(*byte),
        }
    }
}
