//! Recorded deployments in the trace format 1: one header line, then one line a poll with both versions' cumulative counters.
//!
//! A trace becomes what a watch would have been told, and goes through the very same engine; only the header counts as policy.

pub mod line;
pub mod player;

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read as _},
    path::{Path, PathBuf},
};

use flate2::bufread::MultiGzDecoder;
use line::{Header, Poll};
use player::Player;

use crate::engine::{effect::Input, setup::Setup, time::Time};

/// Longest line that is read, in bytes.
const LONGEST: u64 = 1 << 20;

/// A recorded deployment.
#[derive(Clone, Debug)]
pub struct Trace {
    /// The file's name up to its first dot.
    pub name: String,
    header: Header,
    polls: Vec<Poll>,
}

/// Why a file is no trace.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// It cannot be read.
    #[error("{} cannot be read: {why}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        why: io::Error,
    },
    /// A line is not what it should be.
    #[error("{}:{line}: {why}", path.display())]
    Line {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
}

impl Trace {
    /// Reads a trace, gzipped or not.
    ///
    /// # Errors
    /// When the file cannot be read, or a line is not what it should be.
    pub fn read(path: &Path) -> Result<Self, TraceError> {
        let io = |why| TraceError::File { path: path.to_owned(), why };
        let file = BufReader::new(File::open(path).map_err(io)?);
        let is_gzipped = path.extension().is_some_and(|e| e == "gz");
        let reader: Box<dyn BufRead> =
            if is_gzipped { Box::new(BufReader::new(MultiGzDecoder::new(file))) } else { Box::new(file) };
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let name = name.split('.').next().unwrap_or_default().to_owned();
        let (header, polls) = lines(path, reader)?;
        Ok(Self { name, header, polls })
    }

    /// Whether this file begins like a trace rather than a journal.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn is_one(path: &Path) -> io::Result<bool> {
        if path.extension().is_some_and(|e| e == "gz") {
            return Ok(true);
        }
        let mut start = [0; 64];
        let n = File::open(path)?.read(&mut start)?;
        Ok(String::from_utf8_lossy(start.get(..n).unwrap_or_default()).contains("\"format\""))
    }

    /// The watch that this trace is played through.
    #[must_use]
    pub fn setup(&self) -> Setup {
        self.header.setup(&self.name)
    }

    /// Every poll in order, as the watch is told it.
    pub fn inputs(&self) -> impl Iterator<Item = (Time, Input)> + '_ {
        let mut player = Player::new(&self.header);
        self.polls.iter().map(move |poll| player.input(poll))
    }
}

fn lines(path: &Path, mut reader: Box<dyn BufRead>) -> Result<(Header, Vec<Poll>), TraceError> {
    let wrong = |line, why: String| TraceError::Line { path: path.to_owned(), line, why };
    let (mut header, mut polls, mut text) = (None, Vec::new(), String::new());
    for number in 1.. {
        text.clear();
        let read = reader.by_ref().take(LONGEST).read_line(&mut text);
        if read.map_err(|why| TraceError::File { path: path.to_owned(), why })? == 0 {
            break;
        }
        if text.trim().is_empty() {
            continue;
        }
        let Some(known) = &header else {
            header = Some(Header::parse(&text).map_err(|why| wrong(number, why))?);
            continue;
        };
        polls.push(Poll::parse(&text, known).map_err(|why| wrong(number, why))?);
    }
    let header = header.ok_or_else(|| wrong(1, "the file is empty".to_owned()))?;
    if polls.windows(2).any(|pair| matches!(pair, [a, b] if b.t <= a.t)) {
        return Err(wrong(0, "polls are not in the order of time".to_owned()));
    }
    Ok((header, polls))
}
