//! A whole page: what is asked of it before it is read, then line by line.

use memchr::{memchr, memchr_iter, memmem, memrchr};

use super::{
    Fault, Format, Kind, Label, Limits, Place, Refusal, Sample, Text, Visitor,
    cursor::Cursor,
    label, number,
    series::{self, Seen},
};
use crate::text;

/// The last line of an OpenMetrics page.
const EOF: &[u8] = b"# EOF";

/// Reads a page.
///
/// # Errors
/// When the page was cut off, breaks a rule of its format, has a series or a label twice, or is over a limit.
pub fn parse<'p>(page: &'p [u8], format: Format, limits: Limits, visitor: &mut impl Visitor<'p>) -> Result<(), Refusal> {
    let body = complete(page, format)?;
    if let Err(error) = str::from_utf8(page) {
        return Err(at_offset(page, error.valid_up_to(), Fault::NotUtf8));
    }
    if let Some(offset) = memchr(0, page) {
        return Err(at_offset(page, offset, Fault::Nul));
    }
    // A sample takes about a hundred bytes; more of them only cost a growing table.
    let expected = u64::try_from(page.len() / 100).unwrap_or(u64::MAX).min(limits.samples);
    let seen = Seen::with_capacity(usize::try_from(expected).unwrap_or(0));
    Parser { page, format, limits, samples: 0, seen, name: b"", labels: Vec::new() }.run(body, visitor)
}

/// The page without what only marks its end; refused when that is missing.
fn complete(page: &[u8], format: Format) -> Result<&[u8], Refusal> {
    match format {
        Format::Text if page.last().is_none_or(|byte| *byte == b'\n') => Ok(page),
        Format::Text => Err(at_offset(page, page.len(), Fault::Cut)),
        Format::OpenMetrics => {
            let trimmed = page.strip_suffix(b"\n").unwrap_or(page);
            let start = memrchr(b'\n', trimmed).map_or(0, |newline| newline + 1);
            if without_return(&trimmed[start..]) == EOF {
                return Ok(&page[..start]);
            }
            let has_eof = page.starts_with(EOF) || memmem::find(page, b"\n# EOF").is_some();
            let fault = if has_eof { Fault::AfterEof } else { Fault::NoEof };
            Err(at_offset(page, page.len(), fault))
        }
    }
}

struct Parser<'p> {
    page: &'p [u8],
    format: Format,
    limits: Limits,
    samples: u64,
    seen: Seen,
    /// The bare name of the sample before.
    name: &'p [u8],
    /// The labels of the sample at hand, kept so that its memory is used again.
    labels: Vec<Label<'p>>,
}

impl<'p> Parser<'p> {
    fn run(mut self, body: &'p [u8], visitor: &mut impl Visitor<'p>) -> Result<(), Refusal> {
        let mut start = 0;
        let mut line = 0;
        while start < body.len() {
            let end = memchr(b'\n', &body[start..]).map_or(body.len(), |length| start + length);
            line += 1;
            let mut cursor = Cursor::new(without_return(&body[start..end]));
            self.line(&mut cursor, start, visitor)
                .map_err(|fault| Refusal { place: Some(Place { line, column: cursor.column() }), fault })?;
            start = end + 1;
        }
        Ok(())
    }

    fn line(&mut self, cursor: &mut Cursor<'p>, start: usize, visitor: &mut impl Visitor<'p>) -> Result<(), Fault> {
        cursor.blanks();
        match cursor.peek() {
            Some(b'#') => self.comment(cursor, visitor),
            Some(_) => self.sample(cursor, start, visitor),
            None if self.format == Format::OpenMetrics => Err(Fault::EmptyLine),
            None => Ok(()),
        }
    }

    fn comment(&self, cursor: &mut Cursor<'p>, visitor: &mut impl Visitor<'p>) -> Result<(), Fault> {
        cursor.eat(b'#');
        cursor.blanks();
        match (cursor.token(), self.format) {
            (b"HELP", _) => visitor.declared(declared_name(cursor)?, None),
            (b"TYPE", format) => {
                let family = declared_name(cursor)?;
                cursor.blanks();
                let kind = kind(cursor.token(), format).ok_or(Fault::Type)?;
                end_of_line(cursor)?;
                visitor.declared(family, Some(kind));
            }
            (b"UNIT", Format::OpenMetrics) => {
                declared_name(cursor)?;
            }
            (b"EOF", Format::OpenMetrics) => return Err(Fault::AfterEof),
            (_, Format::OpenMetrics) => return Err(Fault::Comment),
            (_, Format::Text) => {}
        }
        Ok(())
    }

    fn sample(&mut self, cursor: &mut Cursor<'p>, start: usize, visitor: &mut impl Visitor<'p>) -> Result<(), Fault> {
        if self.samples >= self.limits.samples {
            return Err(Fault::TooManySamples(self.limits.samples));
        }
        self.samples += 1;
        let bare = cursor.bare_name(self.name)?;
        self.name = bare.unwrap_or(self.name);
        let name = cursor.series(bare, &mut self.labels, self.limits.labels)?;
        self.no_label_twice()?;
        if let Some(earlier) = self.seen.insert(name, &self.labels, start) {
            self.not_again(earlier, name)?;
        }
        cursor.blanks();
        let value = number::value(cursor.token()).ok_or(Fault::Value)?;
        let timestamp_ms = self.timestamp(cursor)?;
        visitor.sample(Sample { name, labels: &self.labels, value, timestamp_ms });
        self.exemplar(cursor)?;
        end_of_line(cursor)
    }

    fn no_label_twice(&self) -> Result<(), Fault> {
        series::repeated(&self.labels).map_or(Ok(()), |label| Err(Fault::LabelTwice(text::cleaned(&label.text()))))
    }

    /// Two hashes are equal: by far the likeliest reason is the same series twice, and only that is an error.
    fn not_again(&self, earlier: usize, name: Text<'p>) -> Result<(), Fault> {
        let mut labels = Vec::new();
        let rest = &self.page[earlier..];
        let mut cursor = Cursor::new(&rest[..memchr(b'\n', rest).unwrap_or(rest.len())]);
        cursor.blanks();
        let bare = cursor.bare_name(b"")?;
        let earlier_name = cursor.series(bare, &mut labels, self.limits.labels)?;
        if earlier_name == name && label::key(&labels) == label::key(&self.labels) {
            return Err(Fault::SeriesTwice { first: line_of(self.page, earlier) });
        }
        Ok(())
    }

    fn timestamp(&self, cursor: &mut Cursor<'p>) -> Result<Option<i64>, Fault> {
        cursor.blanks();
        if matches!(cursor.peek(), None | Some(b'#')) {
            return Ok(None);
        }
        let token = cursor.token();
        let ms = if self.format == Format::Text { number::milliseconds(token) } else { number::seconds(token) };
        ms.map(Some).ok_or(Fault::Timestamp)
    }

    /// An exemplar is checked and passed over. The sample's own labels are not needed any more by then.
    fn exemplar(&mut self, cursor: &mut Cursor<'p>) -> Result<(), Fault> {
        cursor.blanks();
        if cursor.peek() != Some(b'#') {
            return Ok(());
        }
        if self.format == Format::Text {
            return Err(Fault::Exemplar);
        }
        cursor.eat(b'#');
        cursor.blanks();
        cursor.exemplar_labels(&mut self.labels, self.limits.labels)?;
        self.no_label_twice()?;
        cursor.blanks();
        number::value(cursor.token()).ok_or(Fault::Value)?;
        self.timestamp(cursor).map(drop)
    }
}

fn declared_name<'p>(cursor: &mut Cursor<'p>) -> Result<Text<'p>, Fault> {
    cursor.blanks();
    cursor.metric_name()
}

fn end_of_line(cursor: &mut Cursor<'_>) -> Result<(), Fault> {
    cursor.blanks();
    if cursor.peek().is_none() { Ok(()) } else { Err(Fault::Trailing) }
}

fn kind(word: &[u8], format: Format) -> Option<Kind> {
    Some(match (word, format) {
        (b"counter", _) => Kind::Counter,
        (b"gauge", _) => Kind::Gauge,
        (b"histogram", _) => Kind::Histogram,
        (b"summary", _) => Kind::Summary,
        (b"untyped", Format::Text) | (b"unknown" | b"gaugehistogram" | b"info" | b"stateset", Format::OpenMetrics) => Kind::Other,
        _ => return None,
    })
}

fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

fn at_offset(page: &[u8], offset: usize, fault: Fault) -> Refusal {
    let start = memrchr(b'\n', &page[..offset]).map_or(0, |newline| newline + 1);
    Refusal { place: Some(Place { line: line_of(page, offset), column: offset - start + 1 }), fault }
}

fn line_of(page: &[u8], offset: usize) -> usize {
    memchr_iter(b'\n', &page[..offset]).count() + 1
}
