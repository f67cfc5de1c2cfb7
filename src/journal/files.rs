//! Files and directories that nobody else can write to: how they are made, opened and checked.

use std::{
    fs::{self, DirBuilder, File, Metadata, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::Path,
};

use rustix::fs::OFlags;

use super::FileError;

/// Write permission of group and others.
const OTHERS_WRITE: u32 = 0o022;

/// Opens `path` for what `options` say, never through a symbolic link, and refuses what is no regular file of ours or what others can
/// write to. A file that is created gets the mode 0600.
pub(super) fn open(path: &Path, options: &mut OpenOptions, done: &'static str) -> Result<File, FileError> {
    // Without O_NONBLOCK, opening a named pipe that somebody planted would wait for ever.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = options.mode(0o600).custom_flags(flags.bits().cast_signed()).open(path).map_err(|e| refused(path, done, &e))?;
    let meta = file.metadata().map_err(FileError::io(path, done))?;
    if !meta.is_file() {
        return Err(FileError::new(path, done, "it is not a regular file"));
    }
    ours(path, &meta, done)?;
    Ok(file)
}

/// Creates a directory with its parents, mode 0700, and refuses one that others own or can write to.
pub(super) fn private_dir(path: &Path) -> Result<(), FileError> {
    const DONE: &str = "used";
    let is_new = !path.exists();
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(FileError::io(path, DONE))?;
    ours(path, &fs::metadata(path).map_err(FileError::io(path, DONE))?, DONE)?;
    match path.parent() {
        Some(parent) if is_new => sync_dir(parent),
        _ => Ok(()),
    }
}

/// Brings the names in a directory to disk: without it a file that was just created may be gone after a power cut.
pub(super) fn sync_dir(path: &Path) -> Result<(), FileError> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    File::open(path).and_then(|dir| dir.sync_all()).map_err(FileError::io(path, "brought to disk"))
}

fn refused(path: &Path, done: &'static str, error: &io::Error) -> FileError {
    let is_link = fs::symlink_metadata(path).is_ok_and(|meta| meta.is_symlink());
    let why = if is_link { "it is a symbolic link, and those are not followed here".to_owned() } else { error.to_string() };
    FileError::new(path, done, why)
}

fn ours(path: &Path, meta: &Metadata, done: &'static str) -> Result<(), FileError> {
    let me = rustix::process::geteuid().as_raw();
    if meta.uid() != me {
        let why = format!("it belongs to the user with the number {}, and this is {me}", meta.uid());
        return Err(FileError::new(path, done, why));
    }
    if meta.mode() & OTHERS_WRITE != 0 {
        let mode = meta.mode() & 0o777;
        let why = format!("other users can write to it (mode {mode:o}); take that away with `chmod go-w`");
        return Err(FileError::new(path, done, why));
    }
    Ok(())
}
