//! Signals about the terminal.

use std::time::Duration;

use rustix::process::Signal as Posix;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::tui::terminal;

/// How long a stop signal may take to stop us.
const STOPPED_WITHIN: Duration = Duration::from_millis(200);

/// The signals; where the system refuses one, it is never heard.
pub(super) struct Signals {
    pub(super) resized: Option<Signal>,
    pub(super) continued: Option<Signal>,
}

impl Signals {
    pub(super) fn listen() -> Self {
        let continued = SignalKind::from_raw(Posix::CONT.as_raw());
        Self { resized: signal(SignalKind::window_change()).ok(), continued: signal(continued).ok() }
    }

    /// ctrl-z: the shell gets a clean terminal. Returns once we are continued; where nobody could do that the signal does nothing.
    pub(super) async fn put_aside(&mut self) {
        terminal::restore();
        if rustix::process::kill_current_process_group(Posix::TSTP).is_ok() {
            tokio::time::timeout(STOPPED_WITHIN, Self::wait(&mut self.continued)).await.ok();
        }
    }

    pub(super) async fn wait(one: &mut Option<Signal>) {
        let heard = match one {
            Some(signal) => signal.recv().await,
            None => None,
        };
        if heard.is_none() {
            std::future::pending::<()>().await;
        }
    }
}
