//! Where journals are kept: one folder for each deployment in the state directory, one file for each watch.
//!
//! ```text
//! ~/.local/state/rollwatch/
//!   api-server-3f2a91c07b5e/                    the name as far as a file name allows, and a hash of the exact one
//!     20261122-201403-v2.5.0-9c41d07e.jsonl     start, candidate, chance
//!   baselines/
//!     api-server-3f2a91c07b5e.capture           what `rollwatch baseline capture` recorded last
//!   locks/
//!   greeted                                     somebody has seen the screen before
//! ```
//!
//! Lists are made from the first line and the end of each file, so they cost the same for a long watch as for a short one.

use std::{
    ffi::OsStr,
    fmt::Write as _,
    fs::{self, File},
    io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};

use super::{
    FileError, files,
    line::{self, LONGEST},
    writer::Writer,
};
use crate::engine::{
    event::{Ended, Event, Line, ONE_SHOT, Started},
    time::Time,
};

/// How many watches of a deployment are kept.
pub const KEPT: usize = 50;

/// How much of a file's end is looked at for its last words, in bytes.
const TAIL: u64 = 64 << 10;

/// There is no home to keep journals in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no place for journals: neither XDG_STATE_HOME nor HOME names a directory; set one of them to an absolute path")]
pub struct NoHome;

/// The directory that holds journals and locks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    root: PathBuf,
}

/// One recorded watch.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The journal.
    pub path: PathBuf,
    /// When it began.
    pub at: Time,
    /// Its first line: deployment, candidate, backend.
    pub started: Started,
    /// Its last words; null while it runs, and for ever when it was cut off.
    pub ended: Option<Ended>,
}

/// The recorded watches.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listing {
    /// Newest first.
    pub watches: Vec<Entry>,
    /// Files that could not be made sense of.
    pub unreadable: Vec<FileError>,
}

impl Store {
    /// The store at `$XDG_STATE_HOME/rollwatch`, else `$HOME/.local/state/rollwatch`; a relative path counts as not set. Both values come
    /// from the caller, who may read the environment.
    ///
    /// # Errors
    /// When neither is there.
    pub fn locate(xdg_state_home: Option<&OsStr>, home: Option<&OsStr>) -> Result<Self, NoHome> {
        let absolute = |path: &&Path| path.is_absolute();
        let state = xdg_state_home.map(Path::new).filter(absolute).map(Path::to_owned);
        let state = state.or_else(|| home.map(Path::new).filter(absolute).map(|home| home.join(".local/state")));
        state.map(|state| Self { root: state.join("rollwatch") }).ok_or(NoHome)
    }

    /// The store in a directory of the caller's choice.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Where the log goes while a screen owns the terminal.
    pub fn log(&self) -> PathBuf {
        self.root.join("rollwatch.log")
    }

    /// Where a watch writes its lines once its screen was left: a file for its owner only, written at its end.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn handed_over(&self, deployment: &str) -> Result<(PathBuf, File), FileError> {
        let path = self.own_folder(deployment)?.join("handed-over.log");
        let file = files::open(&path, fs::OpenOptions::new().create(true).append(true), "written")?;
        Ok((path, file))
    }

    /// Remembers that somebody has seen the screen; answers whether it was the first time. Where nothing can be remembered, every
    /// time is the first.
    pub fn remember_visit(&self) -> bool {
        let remembered = files::private_dir(&self.root).is_ok().then(|| File::create_new(self.root.join("greeted")));
        !matches!(remembered, Some(Err(error)) if error.kind() == io::ErrorKind::AlreadyExists)
    }

    /// Begins the journal of a watch.
    ///
    /// # Errors
    /// When the directory is not ours alone, or the file cannot be created.
    pub fn create(&self, deployment: &str, candidate: &str, at: Time) -> Result<Writer, FileError> {
        let folder = self.own_folder(deployment)?;
        // A time that no calendar has is a name like any other: what counts is the time in the file.
        let stamp = jiff::Timestamp::from_millisecond(at.ms()).unwrap_or_default().strftime("%Y%m%d-%H%M%S");
        Writer::create(&folder.join(format!("{stamp}-{}-{:08x}.jsonl", slug(candidate), fastrand::u32(..))))
    }

    /// Every recorded watch.
    ///
    /// # Errors
    /// When a directory cannot be read; one that is not there is empty.
    pub fn list(&self) -> Result<Listing, FileError> {
        let mut all = Listing::default();
        for folder in names(&self.root)?.iter().filter(|path| path.is_dir()) {
            all.add_folder(folder)?;
        }
        Ok(all.sorted())
    }

    /// The newest recorded watch of a deployment.
    ///
    /// # Errors
    /// As [`Store::list`].
    pub fn newest(&self, deployment: &str) -> Result<Option<Entry>, FileError> {
        Ok(self.list_of(deployment)?.watches.into_iter().next())
    }

    /// The newest watch of a deployment that has no end: it still runs, or was cut off. A one-shot action is no watch.
    ///
    /// # Errors
    /// As [`Store::list`].
    pub fn newest_unfinished(&self, deployment: &str) -> Result<Option<Entry>, FileError> {
        Ok(self.list_of(deployment)?.watches.into_iter().find(|watch| watch.ended.is_none() && watch.started.strategy != ONE_SHOT))
    }

    /// Every recorded watch of one deployment.
    ///
    /// # Errors
    /// As [`Store::list`].
    pub fn list_of(&self, deployment: &str) -> Result<Listing, FileError> {
        let mut all = Listing::default();
        all.add_folder(&self.folder(deployment))?;
        all.watches.retain(|watch| watch.started.deployment == deployment);
        Ok(all.sorted())
    }

    /// Removes all but the newest [`KEPT`] watches of a deployment, and says how many. One without an end, one that is being written
    /// and a file that could not be read are never removed.
    ///
    /// # Errors
    /// As [`Store::list`], or when a file cannot be removed.
    pub fn prune(&self, deployment: &str) -> Result<usize, FileError> {
        let mut removed = 0;
        for old in self.list_of(deployment)?.watches.iter().skip(KEPT).filter(|watch| watch.ended.is_some()) {
            let file = File::open(&old.path).map_err(FileError::io(&old.path, "removed"))?;
            if file.try_lock().is_ok() {
                fs::remove_file(&old.path).map_err(FileError::io(&old.path, "removed"))?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    /// The recorded baseline of a deployment; there may be none.
    #[must_use]
    pub fn capture(&self, deployment: &str) -> PathBuf {
        self.captures().join(format!("{}-{}.capture", slug(deployment), short_hash(deployment)))
    }

    /// Begins to record a baseline beside the one there is. It counts once [`Store::keep_capture`] has put it in its place.
    ///
    /// # Errors
    /// As [`Store::create`].
    pub fn begin_capture(&self, deployment: &str) -> Result<Writer, FileError> {
        files::private_dir(&self.root)?;
        files::private_dir(&self.captures())?;
        self.sweep_captures()?;
        Writer::create(&self.capture(deployment).with_extension(format!("{:08x}.part", fastrand::u32(..))))
    }

    /// Puts a recorded baseline in the place of the one before, whole and on disk.
    ///
    /// # Errors
    /// When it does not reach the disk, or cannot be renamed.
    pub fn keep_capture(&self, mut writer: Writer, deployment: &str) -> Result<PathBuf, FileError> {
        writer.sync()?;
        let place = self.capture(deployment);
        fs::rename(writer.path(), &place).map_err(FileError::io(&place, "replaced"))?;
        files::sync_dir(&self.captures())?;
        Ok(place)
    }

    /// Throws away what was recorded; the one before stays.
    pub fn drop_capture(&self, writer: &Writer) {
        // What is left behind is in nobody's way.
        fs::remove_file(writer.path()).ok();
    }

    /// Removes what captures left behind that were killed; one that runs holds its lock.
    fn sweep_captures(&self) -> Result<(), FileError> {
        for path in names(&self.captures())?.iter().filter(|path| path.extension() == Some(OsStr::new("part"))) {
            if File::open(path).is_ok_and(|file| file.try_lock().is_ok()) {
                fs::remove_file(path).map_err(FileError::io(path, "removed"))?;
            }
        }
        Ok(())
    }

    fn captures(&self) -> PathBuf {
        self.root.join("baselines")
    }

    /// The file of a lock, its directory made.
    pub(super) fn lock_path(&self, kind: &str, deployment: &str, locator: &str) -> Result<PathBuf, FileError> {
        let folder = self.root.join("locks");
        files::private_dir(&self.root)?;
        files::private_dir(&folder)?;
        let both = format!("{deployment}\0{locator}");
        Ok(folder.join(format!("{kind}-{}-{}.lock", slug(deployment), short_hash(&both))))
    }

    /// The folder of a deployment, made where it is not there.
    pub(super) fn own_folder(&self, deployment: &str) -> Result<PathBuf, FileError> {
        let folder = self.folder(deployment);
        files::private_dir(&self.root)?;
        files::private_dir(&folder)?;
        Ok(folder)
    }

    fn folder(&self, deployment: &str) -> PathBuf {
        self.root.join(format!("{}-{}", slug(deployment), short_hash(deployment)))
    }
}

impl Listing {
    fn add_folder(&mut self, folder: &Path) -> Result<(), FileError> {
        for path in names(folder)? {
            if path.extension() != Some(OsStr::new("jsonl")) {
                continue;
            }
            match entry(&path) {
                Ok(entry) => self.watches.push(entry),
                Err(why) => self.unreadable.push(FileError::new(path, "listed", why)),
            }
        }
        Ok(())
    }

    fn sorted(mut self) -> Self {
        self.watches.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| b.path.cmp(&a.path)));
        self
    }
}

/// The paths in a directory, in order.
pub(super) fn names(folder: &Path) -> Result<Vec<PathBuf>, FileError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(FileError::new(folder, "read", error.to_string())),
    };
    let paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>();
    let mut paths = paths.map_err(FileError::io(folder, "read"))?;
    paths.sort();
    Ok(paths)
}

/// What a journal's first line and its end say.
fn entry(path: &Path) -> Result<Entry, String> {
    let is_file = fs::symlink_metadata(path).is_ok_and(|meta| meta.is_file());
    if !is_file {
        return Err("it is not a regular file".to_owned());
    }
    let mut file = File::open(path).map_err(|error| error.to_string())?;
    let mut head = Vec::new();
    BufReader::new((&file).take(LONGEST as u64)).read_until(b'\n', &mut head).map_err(|error| error.to_string())?;
    let first = line::decode(&head).map_err(|error| format!("its first line is wrong: {error}"))?;
    let Line { at, event: Event::WatchStarted(started), .. } = first else {
        return Err("it does not begin with the start of a watch".to_owned());
    };
    let ended = last_words(&mut file).map_err(|error| error.to_string())?;
    Ok(Entry { path: path.to_owned(), at, started: *started, ended })
}

/// How the watch ended, unless it went on after that or never did.
fn last_words(file: &mut File) -> io::Result<Option<Ended>> {
    let start = file.metadata()?.len().saturating_sub(TAIL);
    file.seek(SeekFrom::Start(start))?;
    let mut tail = Vec::new();
    file.take(TAIL).read_to_end(&mut tail)?;
    let lines = tail.rsplit(|&byte| byte == b'\n').filter_map(|line| line::decode(line).ok());
    Ok(lines
        .map(|line| line.event)
        .find_map(|event| match event {
            Event::WatchEnded(ended) => Some(Some(ended)),
            Event::WatchStarted(_) => Some(None),
            _ => None,
        })
        .flatten())
}

/// A text as a part of a file name: letters, digits, dots and underscores stay, the rest is a dash; at most 40 characters.
pub(super) fn slug(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars().take(40) {
        let safe = c.is_ascii_alphanumeric() || c == '_' || (c == '.' && !out.is_empty());
        if safe {
            out.push(c);
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    let out = out.trim_end_matches('-');
    if out.is_empty() { "unnamed".to_owned() } else { out.to_owned() }
}

/// Twelve hex digits of a text's SHA-256: two names that look alike as a slug still differ here.
fn short_hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().take(6).fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02x}").ok();
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_directory_is_the_one_of_the_specification() {
        let locate = |state: Option<&str>, home: Option<&str>| {
            Store::locate(state.map(OsStr::new), home.map(OsStr::new)).map(|store| store.root)
        };
        assert_eq!(locate(Some("/state"), Some("/home/ana")), Ok("/state/rollwatch".into()));
        assert_eq!(locate(None, Some("/home/ana")), Ok("/home/ana/.local/state/rollwatch".into()));
        assert_eq!(locate(Some("state"), Some("/home/ana")), Ok("/home/ana/.local/state/rollwatch".into()));
        assert_eq!(locate(Some(""), None), Err(NoHome));
        assert_eq!(locate(None, Some("")), Err(NoHome));
    }

    #[test]
    fn a_name_becomes_a_safe_part_of_a_file_name() {
        for (name, want) in [
            ("v2.5.0", "v2.5.0"),
            ("../../etc/passwd", "etc-passwd"),
            ("a b\0c\n", "a-b-c"),
            ("-rf", "rf"),
            ("…", "unnamed"),
            ("", "unnamed"),
            ("..", "unnamed"),
        ] {
            assert_eq!(slug(name), want, "{name:?}");
        }
        assert_eq!(slug(&"x".repeat(300)).len(), 40);
    }

    #[test]
    fn names_that_look_alike_have_folders_of_their_own() {
        let store = Store::at("/s");
        assert_ne!(store.folder("api server"), store.folder("api-server"));
        assert_eq!(store.folder("api"), Path::new("/s/api-14c2529eb449"));
    }
}
