//! Reads a configuration file from the disk: bounded, UTF-8, a regular file. What it says is not known here.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

use rustix::fs::OFlags;

use crate::text::cleaned;

/// Largest configuration file, in bytes.
const LARGEST: u64 = 1024 * 1024;

/// A configuration file as it stands on the disk.
#[derive(Debug)]
pub(super) struct Content {
    /// The file's name, fit to be shown.
    pub(super) name: String,
    pub(super) text: String,
    /// Whether others than the owner can change the file.
    pub(super) is_open_to_others: bool,
}

/// Why a file cannot be read as a configuration.
#[derive(Clone, Debug, thiserror::Error, miette::Diagnostic)]
#[error("{name}: {why}")]
#[diagnostic(help("{help}"))]
pub struct ReadError {
    name: String,
    why: String,
    help: &'static str,
}

/// Reads the file at `path`.
pub(super) fn read(path: &Path) -> Result<Content, ReadError> {
    let name = cleaned(&path.to_string_lossy());
    let fail = |why: String, help| ReadError { name: name.clone(), why, help };
    let mut file = open(path).map_err(|e| match e.kind() {
        io::ErrorKind::NotFound => {
            fail("there is no such file".into(), "`rollwatch config init` prints a commented file to begin with")
        }
        _ => fail(format!("cannot be opened: {e}"), "check who may read the file"),
    })?;
    let about = file.metadata().map_err(|e| fail(format!("cannot be looked at: {e}"), "check the file system"))?;
    if about.is_dir() {
        return Err(fail("is a directory".into(), "name a file in it"));
    }
    if !about.is_file() {
        return Err(fail("is no regular file".into(), "copy the configuration into a file"));
    }
    let bytes = bounded(&mut file).map_err(|e| fail(format!("cannot be read: {e}"), "check the file system"))?;
    let Some(bytes) = bytes else {
        return Err(fail("is larger than 1 MiB, the most a configuration may have".into(), "check that it is the right file"));
    };
    let text = String::from_utf8(bytes).map_err(|e| {
        let at = e.utf8_error().valid_up_to();
        fail(format!("is not UTF-8 text: byte {at} begins no character"), "save the file as UTF-8")
    })?;
    Ok(Content { name, text, is_open_to_others: about.permissions().mode() & 0o022 != 0 })
}

/// Opens without waiting: a pipe would else block until somebody writes into it.
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(path)
}

/// All bytes; none when there are too many.
fn bounded(file: &mut File) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let read = file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    Ok((read as u64 <= LARGEST).then_some(bytes))
}
