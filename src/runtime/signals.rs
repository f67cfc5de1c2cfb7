//! Signals: the first asks the watch to stop, the second ends the process at once.

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::mpsc,
};

use super::{clock::Clock, dispatcher::Happening};
use crate::engine::effect::{Input, Stop};

/// The signals that are listened to.
#[derive(Debug)]
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Signals {
    /// Listens from now on.
    ///
    /// # Errors
    /// When the process may not.
    pub fn listen() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// The next signal.
    pub async fn next(&mut self) -> Stop {
        tokio::select! {
            _ = self.interrupt.recv() => Stop::Interrupt,
            _ = self.terminate.recv() => Stop::Terminate,
            _ = self.hangup.recv() => Stop::Terminate,
        }
    }

    /// Tells the watch of the first signal; returns with the second.
    pub async fn watch(mut self, clock: Clock, happenings: mpsc::Sender<Happening>) -> Stop {
        let stop = self.next().await;
        if happenings.send(Happening { at: clock.now(), input: Input::Stop(stop) }).await.is_err() {
            return stop;
        }
        self.next().await
    }
}
