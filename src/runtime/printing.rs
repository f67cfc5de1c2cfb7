//! The thread that prints events as lines: an output that takes nothing delays no decision.

use std::{
    io::{self, Write},
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread::JoinHandle,
    time::Duration,
};

use tokio::sync::watch;

use crate::{
    engine::{
        event::{CheckChange, Line},
        snapshot::Snapshot,
    },
    headless::Printer,
};

/// Lines that may wait for stdout.
const WAITING: usize = 4096;
/// Silence after which a line shows that the watch is alive, in real time.
const SILENCE: Duration = Duration::from_secs(30);

#[derive(Debug)]
enum Job {
    Line(Box<Line>),
    Finish(Vec<CheckChange>),
}

/// Hands lines to the printing thread.
#[derive(Debug)]
pub struct Printing {
    jobs: SyncSender<Job>,
    thread: JoinHandle<()>,
    lost: u64,
}

impl Printing {
    /// Starts the thread.
    #[must_use]
    pub fn start(printer: Printer<impl Write + Send + 'static>, snapshots: watch::Receiver<Arc<Snapshot>>) -> Self {
        let (jobs, todo) = sync_channel(WAITING);
        let thread = std::thread::spawn(move || {
            if let Err(error) = work(printer, &todo, &snapshots) {
                tracing::warn!(%error, "stdout takes nothing any more");
            }
        });
        Self { jobs, thread, lost: 0 }
    }

    /// Prints a line, without waiting. When thousands wait already, it is lost; `seq` shows the gap.
    pub fn line(&mut self, line: &Line) {
        if self.jobs.try_send(Job::Line(Box::new(line.clone()))).is_err() {
            self.lost += 1;
            if self.lost == 1 {
                tracing::warn!("stdout is not read: lines are being lost");
            }
        }
    }

    /// Prints what comes at the end, and waits until everything is out, at most five seconds.
    pub fn finish(self, checks: Vec<CheckChange>) {
        let Self { jobs, thread, .. } = self;
        let (done, over) = sync_channel::<()>(1);
        std::thread::spawn(move || {
            let sent = jobs.send(Job::Finish(checks));
            drop(jobs);
            if sent.is_ok() && thread.join().is_err() {
                tracing::error!("printing broke");
            }
            drop(done);
        });
        if over.recv_timeout(Duration::from_secs(5)) == Err(RecvTimeoutError::Timeout) {
            tracing::warn!("stdout did not take everything");
        }
    }
}

fn work<W: Write>(mut printer: Printer<W>, todo: &Receiver<Job>, snapshots: &watch::Receiver<Arc<Snapshot>>) -> io::Result<()> {
    loop {
        match todo.recv_timeout(SILENCE) {
            Ok(Job::Line(line)) => printer.line(&line)?,
            Ok(Job::Finish(checks)) => return printer.finish(&checks),
            Err(RecvTimeoutError::Timeout) => {
                let now = Arc::clone(&snapshots.borrow());
                printer.idle(&now)?;
            }
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
    }
}
