//! The journal's thread: lines go in without waiting, and whoever needs one on disk asks for it.
//!
//! A line about an action is forced to disk as soon as it is written. A journal that fails once is closed for good: nothing is written
//! past a hole, and whoever asks is told why.

use std::{
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    thread::JoinHandle,
    time::Duration,
};

use tokio::sync::oneshot;

use crate::{
    engine::event::{Event, Line},
    journal::writer::Writer,
};

/// Lines that may wait for the disk.
const WAITING: usize = 4096;
/// How long anybody waits for the disk.
const LIMIT: Duration = Duration::from_secs(5);

enum Job {
    Write(Box<Line>),
    Sync(oneshot::Sender<Result<(), String>>),
}

/// Hands lines to the journal's thread. The thread ends when the last handle is dropped.
#[derive(Clone, Debug)]
pub struct Recorder {
    jobs: SyncSender<Job>,
    path: PathBuf,
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Write(_) => "Write",
            Self::Sync(_) => "Sync",
        })
    }
}

impl Recorder {
    /// Starts the thread. The handle to join is for the end of the session: what was handed in is written by then.
    #[must_use]
    pub fn start(writer: Writer) -> (Self, JoinHandle<()>) {
        let (jobs, todo) = sync_channel(WAITING);
        let path = writer.path().to_owned();
        let thread = std::thread::spawn(move || work(writer, &todo));
        (Self { jobs, path }, thread)
    }

    /// Where the journal is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Hands a line in. A disk that takes nothing for thousands of lines loses the journal, not the watch.
    ///
    /// # Errors
    /// When the line cannot be taken.
    pub fn write(&self, line: Line) -> Result<(), String> {
        self.jobs.try_send(Job::Write(Box::new(line))).map_err(|error| match error {
            TrySendError::Full(_) => format!("{} takes no more lines", self.path.display()),
            TrySendError::Disconnected(_) => format!("{} is closed", self.path.display()),
        })
    }

    /// Returns once everything handed in before is on disk.
    ///
    /// # Errors
    /// When it is not, and why.
    pub async fn sync(&self) -> Result<(), String> {
        let (done, answer) = oneshot::channel();
        let full = |_| format!("{} takes nothing any more", self.path.display());
        self.jobs.try_send(Job::Sync(done)).map_err(full)?;
        match tokio::time::timeout(LIMIT, answer).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(format!("{} was closed", self.path.display())),
            Err(_) => Err(format!("{} did not reach the disk within {} s", self.path.display(), LIMIT.as_secs())),
        }
    }
}

fn work(mut writer: Writer, todo: &Receiver<Job>) {
    let mut failed: Option<String> = None;
    while let Ok(job) = todo.recv() {
        match job {
            Job::Write(line) if failed.is_none() => failed = write(&mut writer, &line).err(),
            Job::Write(_) => {}
            Job::Sync(done) => {
                if failed.is_none() {
                    failed = writer.sync().err().map(|e| e.to_string());
                }
                if done.send(failed.clone().map_or(Ok(()), Err)).is_err() {
                    tracing::debug!("nobody waits for the journal any more");
                }
            }
        }
    }
}

fn write(writer: &mut Writer, line: &Line) -> Result<(), String> {
    let is_action = matches!(
        line.event,
        Event::ActionRequested { .. }
            | Event::ActionSent { .. }
            | Event::ActionVerified { .. }
            | Event::ActionFailed { .. }
            | Event::ActionUnverified { .. }
            | Event::WatchStarted(_)
            | Event::WatchEnded(_)
    );
    let written = writer.append(line).and_then(|()| if is_action { writer.sync() } else { Ok(()) });
    written.map_err(|error| {
        tracing::error!(%error, "the journal ends here");
        error.to_string()
    })
}
