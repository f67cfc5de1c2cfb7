//! What is kept of what a destructive act takes away: a folder of an order's own, beside the journals, for its owner only.
//!
//! ```text
//! ~/.local/state/rollwatch/api-server-3f2a91c07b5e/evidence/19ab3c5d7e0-1-9c41/
//!   pods-candidate.json
//!   log-web-5c9f77d4c5-p4n7t-app-previous.txt
//! ```

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::Write as _,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

use super::{
    FileError, files,
    store::{self, Store},
};

/// How much is kept of one order, in bytes.
pub const MOST: usize = 5 << 20;
/// How many orders of a deployment it is kept of.
pub const KEPT: usize = 20;
/// What stands where a text was cut.
const CUT: &str = "\n… the rest is not kept\n";

/// A folder that is being filled.
#[derive(Debug)]
pub struct Evidence {
    folder: PathBuf,
    left: usize,
    files: usize,
    is_cut: bool,
}

impl Store {
    /// Makes the folder of an order; those of the oldest orders are removed for it.
    ///
    /// # Errors
    /// When the directory is not ours alone, or the folder cannot be made.
    pub fn evidence(&self, deployment: &str, order: &str) -> Result<Evidence, FileError> {
        let all = self.own_folder(deployment)?.join("evidence");
        files::private_dir(&all)?;
        prune(&all)?;
        let folder = all.join(format!("{}-{:04x}", store::slug(order), fastrand::u16(..)));
        // It has to be a new one: what somebody else has put there is not followed.
        DirBuilder::new().mode(0o700).create(&folder).map_err(FileError::io(&folder, "made"))?;
        Ok(Evidence { folder, left: MOST, files: 0, is_cut: false })
    }
}

impl Evidence {
    /// Keeps a text under a name, as much of it as there is room for.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep(&mut self, name: &str, text: &str) -> Result<(), FileError> {
        if self.left <= CUT.len() {
            self.is_cut = true;
            return Ok(());
        }
        let room = text.floor_char_boundary(self.left - CUT.len());
        let (kept, cut) = if room < text.len() { (text.split_at(room).0, CUT) } else { (text, "") };
        let path = self.folder.join(file_name(name));
        let mut file = files::open(&path, OpenOptions::new().write(true).create_new(true), "written")?;
        file.write_all(&[kept.as_bytes(), cut.as_bytes()].concat()).map_err(FileError::io(&path, "written"))?;
        self.left = self.left.saturating_sub(kept.len() + cut.len());
        self.files += 1;
        self.is_cut |= !cut.is_empty();
        Ok(())
    }

    /// Where it is.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// How many files are in it.
    #[must_use]
    pub fn files(&self) -> usize {
        self.files
    }

    /// Not all of it had room.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }
}

/// A name without anything that leads elsewhere.
fn file_name(name: &str) -> String {
    const LONGEST: usize = 160;
    let safe = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '-' };
    let name: String = name.chars().take(LONGEST).map(safe).collect();
    let name = name.trim_start_matches('.');
    if name.is_empty() { "unnamed".to_owned() } else { name.to_owned() }
}

/// Leaves room for one more. An order's name begins with its time, so the oldest are the first.
fn prune(all: &Path) -> Result<(), FileError> {
    let folders = store::names(all)?;
    for old in folders.iter().take((folders.len() + 1).saturating_sub(KEPT)) {
        fs::remove_dir_all(old).map_err(FileError::io(old, "removed"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use super::*;

    #[test]
    fn it_is_private_bounded_and_inside_its_folder() {
        let dir = tempfile::tempdir().expect("a folder");
        let store = Store::at(dir.path().join("state"));
        let mut evidence = store.evidence("api", "19ab-1").expect("made");
        evidence.keep("../../pods.json", "{}").expect("written");
        evidence.keep("big.txt", &"é".repeat(MOST)).expect("written");
        evidence.keep("late.txt", "x").expect("left out");
        let mode = |path: &Path| fs::symlink_metadata(path).expect("there").mode() & 0o777;
        assert_eq!(mode(evidence.folder()), 0o700);
        let files = store::names(evidence.folder()).expect("readable");
        let names: Vec<_> = files.iter().filter_map(|path| path.file_name()?.to_str()).collect();
        assert_eq!(names, ["-..-pods.json", "big.txt"]);
        assert!(files.iter().all(|path| mode(path) == 0o600));
        let all: u64 = files.iter().map(|path| fs::metadata(path).expect("there").len()).sum();
        assert!(all <= MOST as u64 && evidence.is_cut() && evidence.files() == 2);
        let big = fs::read_to_string(&files[1]).expect("UTF-8");
        assert!(big.ends_with(CUT));
    }

    #[test]
    fn only_the_newest_are_kept_and_nothing_is_followed_out_of_it() {
        let dir = tempfile::tempdir().expect("a folder");
        let store = Store::at(dir.path().join("state"));
        let first = store.evidence("api", "00000-1").expect("made").folder().to_owned();
        let outside = dir.path().join("outside");
        fs::write(&outside, "mine").expect("written");
        std::os::unix::fs::symlink(&outside, first.join("link.txt")).expect("linked");
        let mut linked = Evidence { folder: first.clone(), left: MOST, files: 0, is_cut: false };
        assert!(linked.keep("link.txt", "theirs").is_err());
        for nth in 1..=KEPT {
            store.evidence("api", &format!("{nth:05}-1")).expect("made");
        }
        assert!(!first.exists());
        assert_eq!(fs::read_to_string(&outside).expect("still there"), "mine");
        assert_eq!(store::names(first.parent().expect("a folder")).expect("readable").len(), KEPT);
    }
}
