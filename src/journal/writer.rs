//! Appending to a journal. A line is written whole or not at all, and nothing that was written is ever written again.
//!
//! Blocking, no threads, no buffer: [`Writer::append`] hands the line to the operating system, [`Writer::sync`] brings what was appended
//! to disk. The file stays locked while it is open, so that two processes never write to one journal.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::Write as _,
    path::{Path, PathBuf},
};

use super::{
    FileError, files,
    line::{self, LONGEST},
    reader::{self, Read, ReadError},
};
use crate::{engine::event::Line, humanize};

/// A journal that is open for writing.
#[derive(Debug)]
pub struct Writer {
    file: File,
    path: PathBuf,
    /// The `seq` of the last line.
    seq: u64,
    /// Bytes of whole lines.
    whole: u64,
    /// After a failure that leaves the file in a state nobody knows, nothing is written any more.
    broken: bool,
}

impl Writer {
    /// Creates a journal that does not exist yet, mode 0600, its name brought to disk.
    ///
    /// # Errors
    /// When something is there already (a symbolic link counts), or it cannot be created.
    pub fn create(path: &Path) -> Result<Self, FileError> {
        const DONE: &str = "created";
        let file = files::open(path, OpenOptions::new().append(true).create_new(true), DONE)?;
        let new = Self::locked(file, path)?;
        files::sync_dir(path.parent().unwrap_or(Path::new("/")))?;
        Ok(new)
    }

    /// Opens a journal to go on with it: reads it, cuts off a torn end (said in [`Read::torn`]) and appends from there.
    ///
    /// # Errors
    /// When it cannot be read as [`reader::read`] says, another process writes to it, a newer rollwatch wrote it, or it is not ours alone.
    pub fn append_to(path: &Path) -> Result<(Self, Read), ReadError> {
        let file = files::open(path, OpenOptions::new().read(true).append(true), "written")?;
        let mut writer = Self::locked(file, path)?;
        let read = reader::read_file(&writer.file, path)?;
        if let Some(newer) = &read.newer {
            return Err(FileError::new(path, "written", newer).into());
        }
        writer.seq = read.last_seq;
        writer.whole = read.whole;
        if read.torn.is_some() {
            let cut = writer.file.set_len(read.whole).and_then(|()| writer.file.sync_all());
            cut.map_err(FileError::io(path, "repaired"))?;
        }
        Ok((writer, read))
    }

    fn locked(file: File, path: &Path) -> Result<Self, FileError> {
        match file.try_lock() {
            Ok(()) => Ok(Self { file, path: path.to_owned(), seq: 0, whole: 0, broken: false }),
            Err(TryLockError::WouldBlock) => Err(FileError::new(path, "written", "another rollwatch is writing to it")),
            Err(TryLockError::Error(error)) => Err(FileError::new(path, "locked", error.to_string())),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The `seq` of the last line; 0 without any.
    #[must_use]
    pub const fn last_seq(&self) -> u64 {
        self.seq
    }

    /// Appends a line. When it fails the journal is as it was before, and the same line may be tried again.
    ///
    /// # Errors
    /// When it does not fit on the disk, is longer than 1 MiB, does not carry the next `seq`, or would not be read back (a number that
    /// is not finite): one line that cannot be read would cost every line after it.
    pub fn append(&mut self, line: &Line) -> Result<(), FileError> {
        let text = line::encode(line);
        self.check(line, &text).map_err(|why| FileError::new(&self.path, "written", why))?;
        if let Err(error) = self.file.write_all(text.as_bytes()) {
            self.broken = self.file.set_len(self.whole).is_err();
            return Err(FileError::new(&self.path, "written", error.to_string()));
        }
        self.seq = line.seq;
        self.whole += text.len() as u64;
        Ok(())
    }

    /// Returns once everything that was appended is on disk.
    ///
    /// # Errors
    /// When the disk says that it is not. Nothing can be written after that: a later success would say nothing about the lines before it.
    pub fn sync(&mut self) -> Result<(), FileError> {
        self.check_intact().map_err(|why| FileError::new(&self.path, "brought to disk", why))?;
        self.file.sync_data().map_err(|error| {
            self.broken = true;
            FileError::new(&self.path, "brought to disk", error.to_string())
        })
    }

    fn check(&self, line: &Line, text: &str) -> Result<(), String> {
        self.check_intact()?;
        if line.seq != self.seq + 1 {
            return Err(format!("a line with seq {} does not follow one with {}", line.seq, self.seq));
        }
        if text.len() > LONGEST {
            return Err(format!("a line of {} bytes is longer than 1 MiB", humanize::count(text.len() as f64)));
        }
        line::decode(text.as_bytes()).map(drop).map_err(|error| format!("the line could not be read back: {error}"))
    }

    fn check_intact(&self) -> Result<(), String> {
        if self.broken { Err("an earlier line did not reach the disk, so nothing is added after it".to_owned()) } else { Ok(()) }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Closing alone is not enough: a child process between its fork and its exec still has the file open. Failing to is harmless.
        self.file.unlock().ok();
    }
}
