//! What may happen to a watch, and what the watch wants done: both as data.

use super::{
    action::{Order, Report, Rollout},
    event::{Ended, Event},
    intent::Intent,
    notice::Notice,
    sample::Sample,
};

/// One outside happening.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// A poll of every source and of the backend came back.
    Polled(Polled),
    /// What the baseline did in one poll before the watch began.
    History(Vec<Sample>),
    /// A person wants something.
    Wish(Intent),
    /// News of a running action.
    Report(Report),
    /// A notification was delivered, or not.
    Told {
        /// By which channel.
        channel: String,
        /// Why not.
        error: Option<String>,
    },
    /// Something that a person should read: what it is about, and one sentence.
    Noted(String, String),
    /// The process is asked to stop.
    Stop(Stop),
    /// A recorded action is played again, taken as it was, without guards; and after how many seconds it was to be called failed.
    Recorded(Order, Option<f64>),
    /// A recorded end is played again.
    RecordedEnd(Ended),
}

/// What one poll brought.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Polled {
    /// One sample for each request.
    pub samples: Vec<Sample>,
    /// The backend's state; null without a backend, an error when it could not be read.
    pub rollout: Option<Result<Rollout, String>>,
}

/// Why the process is asked to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// `--timeout`.
    Timeout,
    /// SIGINT, or ctrl-c.
    Interrupt,
    /// SIGTERM or SIGHUP.
    Terminate,
}

/// One thing the watch wants done.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Write this down, and show it to whoever follows the events.
    Emit(Event),
    /// Ask the backend.
    Act(Order),
    /// Tell people.
    Notify(Notice),
    /// The watch is over; the last event is out.
    End(Ended),
}
