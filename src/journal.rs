//! The record of a watch on disk: append-only lines from which a watch is resumed, replayed and audited, and the locks beside it.
//!
//! Everything here is plain, blocking file work: whoever calls decides on which thread, and when a line must be on disk. What a line
//! means is not known here; what it looks like is (`line`). Files are readable by their owner only, and what would let another user
//! write to them is refused.

use std::{io, path::PathBuf};

pub mod durations;
pub mod evidence;
pub mod line;
pub mod lock;
pub mod playback;
pub mod reader;
pub mod store;
pub mod writer;

mod files;

/// What could not be done with a file or a directory, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} cannot be {done}: {why}", path.display())]
pub struct FileError {
    /// Which.
    pub path: PathBuf,
    /// What was to be done, as a participle: `written`, `read`, `locked`.
    pub done: &'static str,
    /// Why it was not, and what to do where that is known.
    pub why: String,
}

impl FileError {
    fn new(path: impl Into<PathBuf>, done: &'static str, why: impl Into<String>) -> Self {
        Self { path: path.into(), done, why: why.into() }
    }

    /// An operating system's error as one of ours, for `map_err`.
    fn io(path: &std::path::Path, done: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::new(path, done, error.to_string())
    }
}
