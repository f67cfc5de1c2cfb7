//! Report files: tried before the watch starts, written whole or not at all when it is over.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

/// A report that cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("the report {} cannot be written: {why}", path.display())]
pub struct WriteError {
    /// Where to.
    pub path: PathBuf,
    /// Why not.
    pub why: String,
}

impl WriteError {
    fn io(path: &Path) -> impl Fn(io::Error) -> Self {
        move |error| Self { path: path.to_owned(), why: error.to_string() }
    }
}

/// Whether a report can be put there: a file beside it can be made. What is there already stays as it is.
///
/// # Errors
/// When it cannot, and why.
pub fn probe(path: &Path) -> Result<(), WriteError> {
    let (_, beside) = places(path)?;
    create(&beside).and_then(|_| fs::remove_file(&beside)).map_err(WriteError::io(path))
}

/// Puts a report there: under another name first, so that nobody ever reads half of it.
///
/// # Errors
/// When it could not; what was there before is still there.
pub fn replace(path: &Path, text: &str) -> Result<(), WriteError> {
    let (place, beside) = places(path)?;
    let written = create(&beside).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, &place)
    });
    written.map_err(|error| {
        // The first error is the one that counts.
        fs::remove_file(&beside).ok();
        WriteError::io(path)(error)
    })
}

/// Adds to the end of a file that others write to as well.
///
/// # Errors
/// When it could not.
pub fn append(path: &Path, text: &str) -> Result<(), WriteError> {
    let file = OpenOptions::new().append(true).create(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(WriteError::io(path))
}

/// How many bytes a file has; none when there is none.
#[must_use]
pub fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |meta| meta.len())
}

/// Where the report really goes (a symbolic link is followed), and the name it has until it is whole.
fn places(path: &Path) -> Result<(PathBuf, PathBuf), WriteError> {
    let refused = |why: &str| WriteError { path: path.to_owned(), why: why.to_owned() };
    let place = match fs::metadata(path) {
        Ok(meta) if !meta.is_file() => return Err(refused("it is there already, and no regular file")),
        Ok(_) => path.canonicalize().map_err(WriteError::io(path))?,
        Err(_) => path.to_owned(),
    };
    let name = place.file_name().ok_or_else(|| refused("it names no file"))?.to_string_lossy();
    let beside = place.with_file_name(format!(".{name}.{}.part", std::process::id()));
    Ok((place, beside))
}

/// A new file; one that an earlier process of the same number left behind is in nobody's way.
fn create(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    OpenOptions::new().write(true).create_new(true).open(path)
}
