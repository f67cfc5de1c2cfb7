//! Signals about the terminal.

use rustix::process::Signal as Posix;
use tokio::signal::unix::{Signal, SignalKind, signal};

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
