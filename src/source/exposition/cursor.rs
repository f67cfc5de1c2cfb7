//! One line of a page, read from left to right: names, quoted texts, label sets. What both formats share.

use super::{Fault, Label, Text};

/// A position on a line. After an error it stands at the byte to blame.
pub(super) struct Cursor<'p> {
    line: &'p [u8],
    at: usize,
}

impl<'p> Cursor<'p> {
    pub(super) const fn new(line: &'p [u8]) -> Self {
        Self { line, at: 0 }
    }

    pub(super) const fn column(&self) -> usize {
        self.at + 1
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.line.get(self.at).copied()
    }

    /// Takes `byte` if it is next.
    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    pub(super) fn blanks(&mut self) {
        while let Some(b' ' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    /// Everything up to the next blank.
    pub(super) fn token(&mut self) -> &'p [u8] {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte != b' ' && byte != b'\t') {
            self.at += 1;
        }
        &self.line[start..self.at]
    }

    /// A metric name as it is written in a declaration: bare or quoted.
    pub(super) fn metric_name(&mut self) -> Result<Text<'p>, Fault> {
        let name = if self.eat(b'"') { self.text() } else { self.bare(METRIC).map(Text::plain) };
        name.filter(|name| !name.is("")).ok_or(Fault::MetricName)
    }

    /// A sample's bare name, if it has one. It is often the one `before`, which must have been a bare name too.
    pub(super) fn bare_name(&mut self, before: &'p [u8]) -> Result<Option<&'p [u8]>, Fault> {
        let name = self.again(before).or_else(|| self.bare(METRIC));
        if name.is_some() && !matches!(self.peek(), None | Some(b'{' | b' ' | b'\t')) {
            return Err(Fault::MetricName);
        }
        Ok(name)
    }

    /// The labels behind a sample's bare name; without one, the name is quoted among them.
    pub(super) fn series(&mut self, bare: Option<&'p [u8]>, labels: &mut Vec<Label<'p>>, most: u64) -> Result<Text<'p>, Fault> {
        let mut name = bare.map(Text::plain);
        labels.clear();
        if self.eat_next(b'{') {
            self.labels(labels, most, &mut name)?;
        }
        name.ok_or(Fault::MetricName)
    }

    /// An exemplar's labels, which have no name among them.
    pub(super) fn exemplar_labels(&mut self, labels: &mut Vec<Label<'p>>, most: u64) -> Result<(), Fault> {
        labels.clear();
        if !self.eat(b'{') {
            return Err(Fault::ExemplarLabels);
        }
        let mut no_name = Some(Text::plain(b""));
        self.labels(labels, most, &mut no_name)
    }

    /// Behind the opening brace, up to and with the closing one.
    fn labels(&mut self, labels: &mut Vec<Label<'p>>, most: u64, metric: &mut Option<Text<'p>>) -> Result<(), Fault> {
        loop {
            self.blanks();
            let start = self.at;
            let is_quoted = self.eat(b'"');
            let name =
                if is_quoted { self.text().ok_or(Fault::Unclosed)? } else { Text::plain(self.bare(LABEL).unwrap_or_default()) };
            if name.raw().is_empty() {
                return if is_quoted { Err(Fault::LabelName) } else { self.close(Fault::LabelName) };
            }
            if self.eat_next(b'=') {
                if !self.eat_next(b'"') {
                    return Err(Fault::LabelValue);
                }
                let value = self.text().ok_or(Fault::Unclosed)?;
                if labels.len() as u64 >= most {
                    return Err(Fault::TooManyLabels(most));
                }
                labels.push(Label::new(name, value, &self.line[start..self.at]));
            } else if !is_quoted || !matches!(self.peek(), Some(b',' | b'}')) {
                return Err(Fault::LabelEquals);
            } else if metric.replace(name).is_some() {
                return Err(Fault::SecondMetricName);
            }
            if !self.eat_next(b',') {
                return self.close(Fault::LabelEnd);
            }
        }
    }

    /// Takes the closing brace. What is wrong when something else stands here, the caller knows.
    fn close(&mut self, otherwise: Fault) -> Result<(), Fault> {
        match self.peek() {
            Some(b'}') => {
                self.at += 1;
                Ok(())
            }
            Some(_) => Err(otherwise),
            None => Err(Fault::Unbraced),
        }
    }

    /// Takes `byte` if nothing but blanks is before it; else takes the blanks.
    fn eat_next(&mut self, byte: u8) -> bool {
        self.eat(byte) || {
            self.blanks();
            self.eat(byte)
        }
    }

    /// Behind an opening quote, up to and with the closing one; none when there is none.
    #[inline]
    fn text(&mut self) -> Option<Text<'p>> {
        let start = self.at;
        let mut is_escaped = false;
        while let Some(found) = quote_or_backslash(self.line.get(self.at..).unwrap_or_default()) {
            let at = self.at + found;
            if self.line[at] == b'"' {
                self.at = at + 1;
                return Some(Text::quoted(&self.line[start..at], is_escaped));
            }
            is_escaped = true;
            self.at = at + 2;
        }
        self.at = self.line.len();
        None
    }

    /// The bare name `before`, if it stands here too.
    fn again(&mut self, before: &'p [u8]) -> Option<&'p [u8]> {
        let rest = &self.line[self.at..];
        let is_again = !before.is_empty() && rest.starts_with(before) && matches!(rest.get(before.len()), Some(b'{' | b' '));
        self.at += if is_again { before.len() } else { 0 };
        is_again.then_some(before)
    }

    #[inline]
    fn bare(&mut self, class: u8) -> Option<&'p [u8]> {
        let rest = &self.line[self.at..];
        let length = rest.iter().position(|byte| CLASSES[usize::from(*byte)] & class == 0).unwrap_or(rest.len());
        let name = &rest[..length];
        if name.first().is_none_or(u8::is_ascii_digit) {
            return None;
        }
        self.at += length;
        Some(name)
    }
}

/// The next `"` or `\`. Label values are short, and a call of `memchr2` costs more than looking at them eight bytes at a time.
#[inline]
fn quote_or_backslash(text: &[u8]) -> Option<usize> {
    let (words, tail) = text.as_chunks::<8>();
    for (n, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let found = zero_bytes(word ^ (EACH * 0x22)) | zero_bytes(word ^ (EACH * 0x5c));
        if found != 0 {
            return Some(8 * n + found.trailing_zeros() as usize / 8);
        }
    }
    let at = tail.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
    Some(8 * words.len() + at)
}

const EACH: u64 = u64::from_le_bytes([1; 8]);

/// Sets the highest bit of each byte that is zero; of those above the first one it may set too many.
const fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(EACH) & !word & (EACH << 7)
}

/// Bytes of a metric's bare name: letters, digits, `_` and `:`. Neither name begins with a digit.
const METRIC: u8 = 1;
/// Bytes of a label's bare name: letters, digits and `_`.
const LABEL: u8 = 2;

const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        if byte.is_ascii_alphanumeric() || byte == b'_' {
            classes[byte as usize] = METRIC | LABEL;
        }
        byte += 1;
    }
    classes[b':' as usize] = METRIC;
    classes
};
