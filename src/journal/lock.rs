//! Two locks for each deployment and what its backend acts on: one for watches, one for the action under way.
//!
//! A lock is an advisory lock of the operating system on a file. It is free as soon as its holder is gone, however it went; the text in
//! the file only says who that is, and is never asked whether the lock is held.

use std::{
    fmt,
    fs::{File, OpenOptions, TryLockError},
    io::{Read as _, Seek as _, Write as _},
    path::Path,
};

use serde::{Deserialize, Serialize};

use super::{FileError, files, store::Store};
use crate::{
    engine::{event::rfc3339, time::Time},
    humanize,
    text::cleaned,
};

/// Longest text of a holder that is read, in bytes.
const LONGEST: u64 = 8 << 10;

/// Who holds a lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The process.
    pub pid: u32,
    /// The machine's name.
    pub host: String,
    /// The operating system's user name.
    pub user: String,
    /// Which boot of that machine; empty where the system has no such id.
    pub boot: String,
    /// Since when.
    #[serde(with = "rfc3339")]
    pub since: Time,
    /// The command it was started with, free of secrets.
    pub command: String,
}

impl Holder {
    /// "ana on ship-3".
    #[must_use]
    pub fn place(&self) -> String {
        format!("{} on {}", self.user, self.host)
    }

    /// This process.
    #[must_use]
    pub fn here(user: &str, command: &str, since: Time) -> Self {
        let uname = rustix::system::uname();
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        Self {
            pid: std::process::id(),
            host: cleaned(&uname.nodename().to_string_lossy()),
            user: cleaned(user),
            boot: boot.trim_end().to_owned(),
            since,
            command: cleaned(command),
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pid, host, user, command, .. } = self;
        write!(f, "{user} on {host}, process {pid}, since {}: `{command}`", humanize::rfc3339(self.since))
    }
}

/// Why a lock was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    /// Somebody else has it.
    #[error("{what} by {}", by.as_ref().map_or_else(|| "somebody who has not said who".to_owned(), ToString::to_string))]
    Held {
        /// What somebody else does: "the deployment is already watched".
        what: &'static str,
        /// Who; null in the moment between taking a lock and saying so.
        by: Option<Box<Holder>>,
    },
    /// The lock's file.
    #[error(transparent)]
    File(#[from] FileError),
}

/// The right to watch a deployment with the hands on it. Given back when dropped.
#[derive(Debug)]
pub struct WatchLock(#[expect(dead_code, reason = "held for what its drop does")] Lock);

/// The right to act on a deployment, now. Given back when dropped.
#[derive(Debug)]
pub struct ActionLock(#[expect(dead_code, reason = "held for what its drop does")] Lock);

impl WatchLock {
    /// Takes it, or says who has it. Does not wait.
    ///
    /// # Errors
    /// [`LockError::Held`] when another watch has it.
    pub fn take(store: &Store, deployment: &str, locator: &str, me: &Holder) -> Result<Self, LockError> {
        let path = store.lock_path("watch", deployment, locator)?;
        Lock::take(&path, "the deployment is already watched", me).map(Self)
    }
}

impl ActionLock {
    /// Takes it, or says who has it. Does not wait.
    ///
    /// # Errors
    /// [`LockError::Held`] when another action is under way.
    pub fn take(store: &Store, deployment: &str, locator: &str, me: &Holder) -> Result<Self, LockError> {
        let path = store.lock_path("action", deployment, locator)?;
        Lock::take(&path, "another action is under way", me).map(Self)
    }
}

#[derive(Debug)]
struct Lock {
    file: File,
}

impl Lock {
    fn take(path: &Path, what: &'static str, me: &Holder) -> Result<Self, LockError> {
        let mut file = files::open(path, OpenOptions::new().read(true).write(true).create(true).truncate(false), "locked")?;
        match file.try_lock() {
            Ok(()) => {
                sign(&mut file, me).map_err(FileError::io(path, "locked"))?;
                Ok(Self { file })
            }
            Err(TryLockError::WouldBlock) => Err(LockError::Held { what, by: signature(&file) }),
            Err(TryLockError::Error(error)) => Err(FileError::new(path, "locked", error.to_string()).into()),
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // The text goes before the lock does, so that the next holder is never mistaken for this one. The lock is given back by name:
        // closing alone is not enough while a child process between its fork and its exec still has the file open. Failing is harmless.
        self.file.set_len(0).ok();
        self.file.unlock().ok();
    }
}

fn sign(file: &mut File, me: &Holder) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(&serde_json::to_vec(me)?)
}

fn signature(file: &File) -> Option<Box<Holder>> {
    let mut text = Vec::new();
    file.take(LONGEST).read_to_end(&mut text).ok()?;
    let found: Holder = serde_json::from_slice(&text).ok()?;
    Some(Box::new(Holder {
        host: cleaned(&found.host),
        user: cleaned(&found.user),
        boot: cleaned(&found.boot),
        command: cleaned(&found.command),
        ..found
    }))
}
