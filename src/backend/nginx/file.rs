//! The upstream file on disk: read whole, replaced whole. A reader, nginx among them, sees the old text or the new one, never a part.

use std::{
    ffi::OsString,
    fs::Metadata,
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use tokio::{fs, io::AsyncReadExt, io::AsyncWriteExt};

/// Largest upstream file, in bytes; ours are a few hundred.
const LARGEST: u64 = 1 << 20;

/// Why a file was not replaced. It is as it was, or as somebody else made it, unless [`ReplaceError::Late`].
#[derive(Debug, thiserror::Error)]
pub(super) enum ReplaceError {
    /// It holds something else than expected.
    #[error("it has been changed meanwhile")]
    Moved,
    /// It could not be written.
    #[error("{0}")]
    Early(io::Error),
    /// It was replaced, but may not survive a power cut.
    #[error("it was replaced, but its folder could not be synced: {0}")]
    Late(io::Error),
}

/// The whole text.
pub(super) async fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let read = fs::File::open(path).await?.take(LARGEST + 1).read_to_string(&mut text).await?;
    if read as u64 > LARGEST {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it is larger than 1 MiB"));
    }
    Ok(text)
}

/// Puts `text` in the place of `expected`: written beside it, synced, compared for the last time, renamed, the folder synced.
///
/// A link is followed, so that the file it leads to is replaced and not the link. Mode and owner stay where that is allowed.
pub(super) async fn replace(path: &Path, expected: &str, text: &str) -> Result<(), ReplaceError> {
    let path = fs::canonicalize(path).await.map_err(ReplaceError::Early)?;
    let staged = stage(&path, text).await.map_err(ReplaceError::Early)?;
    let put = swap(&path, &staged, expected).await;
    if put.is_err()
        && let Err(error) = fs::remove_file(&staged).await
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(file = %staged.display(), %error, "a staged upstream file could not be removed");
    }
    put?;
    sync_folder(&path).await.map_err(ReplaceError::Late)
}

async fn swap(path: &Path, staged: &Path, expected: &str) -> Result<(), ReplaceError> {
    if read(path).await.map_err(ReplaceError::Early)? != expected {
        return Err(ReplaceError::Moved);
    }
    fs::rename(staged, path).await.map_err(|error| match error.kind() {
        // Somebody else staged a file of theirs in its place: they were first.
        io::ErrorKind::NotFound => ReplaceError::Moved,
        _ => ReplaceError::Early(error),
    })
}

/// Writes the text to a hidden file in the same folder, which no `include *.conf` matches.
async fn stage(path: &Path, text: &str) -> io::Result<PathBuf> {
    let like = fs::metadata(path).await?;
    let staged = staged_path(path);
    match fs::remove_file(&staged).await {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    // `create_new` follows no link that somebody may have planted there.
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&staged).await?;
    file.write_all(text.as_bytes()).await?;
    keep_owner(&staged, &file.metadata().await?, &like);
    file.set_permissions(like.permissions()).await?;
    file.sync_all().await?;
    Ok(staged)
}

fn staged_path(path: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".rollwatch-new");
    path.with_file_name(name)
}

fn keep_owner(staged: &Path, is: &Metadata, like: &Metadata) {
    if (is.uid(), is.gid()) != (like.uid(), like.gid())
        && let Err(error) = std::os::unix::fs::chown(staged, Some(like.uid()), Some(like.gid()))
    {
        tracing::debug!(file = %staged.display(), %error, "the upstream file changes its owner");
    }
}

async fn sync_folder(path: &Path) -> io::Result<()> {
    fs::File::open(folder(path)).await?.sync_all().await
}

/// The folder that a file is in.
fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Why the file could not be replaced by this user, if it could not: asked beforehand, nothing is changed.
pub(super) fn why_fixed(path: &Path) -> Option<String> {
    use rustix::fs::{Access, AtFlags, CWD, accessat};
    let real = path.canonicalize().ok()?;
    let folder = folder(&real);
    accessat(CWD, folder, Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS)
        .err()
        .map(|error| format!("this user cannot write to {}: {}", folder.display(), io::Error::from(error)))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[tokio::test]
    async fn a_file_is_replaced_whole_with_its_mode_and_through_its_link() {
        let dir = tempfile::tempdir().expect("a folder");
        let (real, link) = (dir.path().join("real.conf"), dir.path().join("link.conf"));
        std::fs::write(&real, "old").expect("written");
        std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o640)).expect("set");
        symlink(&real, &link).expect("linked");
        std::fs::write(staged_path(&real), "left over by a crash").expect("written");

        replace(&link, "old", "new").await.expect("replaced");

        assert_eq!(std::fs::read_to_string(&real).expect("there"), "new");
        assert!(link.is_symlink());
        assert_eq!(real.metadata().expect("there").permissions().mode() & 0o777, 0o640);
        assert_eq!(std::fs::read_dir(dir.path()).expect("listed").count(), 2, "nothing is left beside it");
    }

    #[tokio::test]
    async fn a_file_that_is_not_as_expected_stays() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("app.conf");
        std::fs::write(&path, "theirs").expect("written");
        assert!(matches!(replace(&path, "old", "new").await, Err(ReplaceError::Moved)));
        assert_eq!(std::fs::read_to_string(&path).expect("there"), "theirs");
        assert_eq!(std::fs::read_dir(dir.path()).expect("listed").count(), 1, "nothing is left beside it");
    }

    #[tokio::test]
    async fn a_file_that_is_too_large_is_an_error() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("app.conf");
        std::fs::write(&path, "x".repeat(1 << 20)).expect("written");
        assert!(read(&path).await.is_ok());
        std::fs::write(&path, "x".repeat((1 << 20) + 1)).expect("written");
        assert_eq!(read(&path).await.expect_err("too large").to_string(), "it is larger than 1 MiB");
    }
}
