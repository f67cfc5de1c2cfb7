//! Reading a journal: every line is checked, a torn end is dropped and said, and anything else that is wrong stops the reading.
//!
//! A line cut off at the end is what a crash leaves behind, and nothing that was promised to be on disk is lost with it. Damage anywhere
//! else is not explained by a crash: what follows is not guessed at, and the file is left as it is.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Read as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use super::{
    FileError,
    line::{self, LONGEST, LineError},
};
use crate::{
    engine::event::{Line, SCHEMA},
    humanize,
};

/// The largest journal that is read, in bytes.
const LARGEST: u64 = 1 << 30;

/// A whole journal.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    /// Its lines, in order; `seq` rises by one from 1.
    pub lines: Vec<Line>,
    /// The end was cut off and left out: one sentence.
    pub torn: Option<String>,
    /// A newer rollwatch wrote it, so it may be looked at but not gone on with: one sentence.
    pub newer: Option<String>,
    /// The `seq` of the last line; 0 without any.
    pub last_seq: u64,
    /// Bytes of whole lines: where the next one goes.
    pub(super) whole: u64,
}

/// Why a journal could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The file itself.
    #[error(transparent)]
    File(#[from] FileError),
    /// A line in it that is not its torn end.
    #[error("line {line} of {} cannot be trusted: {why}; nothing after it is read and the file is left as it is", path.display())]
    Bad {
        /// The journal.
        path: PathBuf,
        /// Which line, from 1.
        line: u64,
        /// What is wrong with it.
        why: String,
    },
}

/// Why [`read_from`] stopped.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The input failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A line that is not the torn end is wrong.
    #[error("line {line} cannot be trusted: {why}")]
    Bad {
        /// Which line, from 1.
        line: u64,
        /// What is wrong with it.
        why: String,
    },
}

/// Reads the journal at `path`.
///
/// # Errors
/// When the file cannot be read, or a line other than a torn last one is damaged, too long, out of order or no event.
pub fn read(path: &Path) -> Result<Read, ReadError> {
    // Opening a named pipe would wait for a writer; it is no journal anyway.
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let opened = OpenOptions::new().read(true).custom_flags(flags).open(path);
    read_file(&opened.map_err(FileError::io(path, "read"))?, path)
}

/// Reads the whole of an open file; `path` is for the errors.
pub(super) fn read_file(file: &File, path: &Path) -> Result<Read, ReadError> {
    let meta = file.metadata().map_err(FileError::io(path, "read"))?;
    if !meta.is_file() {
        return Err(FileError::new(path, "read", "it is not a regular file").into());
    }
    if meta.len() > LARGEST {
        return Err(FileError::new(path, "read", "it is larger than 1 GiB, which no journal is").into());
    }
    read_from(BufReader::new(file.take(LARGEST))).map_err(|error| match error {
        RecordError::Io(error) => FileError::new(path, "read", error.to_string()).into(),
        RecordError::Bad { line, why } => ReadError::Bad { path: path.to_owned(), line, why },
    })
}

/// Reads a journal from anything that brings its bytes.
///
/// # Errors
/// As [`read`].
pub fn read_from(input: impl BufRead) -> Result<Read, RecordError> {
    let mut records = Records { input, buffer: Vec::new(), line: 0, seq: 0, whole: 0, torn: None, newer: None };
    let mut lines = Vec::new();
    while let Some(line) = records.next()? {
        lines.push(line);
    }
    Ok(Read { lines, torn: records.torn, newer: records.newer, last_seq: records.seq, whole: records.whole })
}

/// The lines of a journal one by one.
struct Records<R> {
    input: R,
    buffer: Vec<u8>,
    line: u64,
    seq: u64,
    whole: u64,
    torn: Option<String>,
    newer: Option<String>,
}

impl<R: BufRead> Records<R> {
    /// The next line; none after the last whole one.
    fn next(&mut self) -> Result<Option<Line>, RecordError> {
        self.buffer.clear();
        let length = self.input.by_ref().take(LONGEST as u64 + 1).read_until(b'\n', &mut self.buffer)?;
        if length == 0 {
            return Ok(None);
        }
        self.line += 1;
        if length > LONGEST {
            return Err(self.bad("it is longer than 1 MiB"));
        }
        if !self.buffer.ends_with(b"\n") {
            return Ok(self.tear("it was not written to its end"));
        }
        match line::decode(&self.buffer) {
            Ok(line) if line.seq == self.seq + 1 => Ok(Some(self.keep(line))),
            Ok(line) => Err(self.bad(format!("its seq is {} where {} should follow", line.seq, self.seq + 1))),
            Err(error @ LineError::Checksum) if self.input.fill_buf()?.is_empty() => Ok(self.tear(error.to_string())),
            Err(error) => Err(self.bad(error.to_string())),
        }
    }

    fn keep(&mut self, line: Line) -> Line {
        if line.v > SCHEMA && self.newer.is_none() {
            self.newer = Some(format!(
                "written by a newer rollwatch (schema {}, this one knows {SCHEMA}): it can be looked at, not gone on with",
                line.v
            ));
        }
        self.seq = line.seq;
        self.whole += self.buffer.len() as u64;
        line
    }

    fn tear(&mut self, why: impl Into<String>) -> Option<Line> {
        let bytes = humanize::plural(self.buffer.len() as f64, "byte", "bytes");
        let why = why.into();
        self.torn = Some(format!("the last line (number {}, {bytes}) is left out: {why}", self.line));
        None
    }

    fn bad(&self, why: impl Into<String>) -> RecordError {
        RecordError::Bad { line: self.line, why: why.into() }
    }
}
