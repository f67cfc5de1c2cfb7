//! One instance of a version, for the list of instances.

use serde::{Deserialize, Serialize};

use super::Reading;
use crate::engine::{
    role::Role,
    sample::{Health, Pod},
    time::Time,
};

/// One instance.
///
/// What is of the last minute is of the last 50 to 70 seconds: it is made of the history's values and what came after them. Where there are
/// more than 32 instances it is as of the newest value of the history; a change of state shows at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InstanceRow {
    /// `host:port`, or a pod's name.
    pub name: String,
    /// Which version it runs.
    pub role: Role,
    /// How it is.
    pub state: InstanceState,
    /// Whether it says that it can serve; null when it does not say.
    pub ready: Option<bool>,
    /// Restarts that were seen during this watch; of a pod, all that its node has counted.
    pub restarts: u32,
    /// The newest of them was not long ago.
    pub restarted: bool,
    /// How long its process has been running, worded; empty when not known.
    pub age: String,
    /// Requests a second over the last minute, worded; `?` when not known.
    pub rate: String,
    /// Error rate over the last minute, worded; `–` without requests.
    pub errors: String,
    /// p99 over the last minute, worded; `–` without requests.
    pub p99: String,
    /// What rows are ordered and compared by.
    pub figures: Figures,
    /// Its error rate, counted in values that end at full [`InstanceRow::HISTORY_S`] of the clock: one value every [`InstanceRow::HISTORY_S`] seconds, oldest first, at most [`InstanceRow::HISTORY`].
    pub history: Vec<Reading>,
    /// What its health endpoints said last; null when they were never asked or never answered.
    pub health: Option<Health>,
    /// What its node says of it; null where nobody does.
    pub pod: Option<Pod>,
    /// Why it does not answer, or what is odd about its answer; null where nothing is.
    pub trouble: Option<String>,
    /// When it last answered; null while it does, and where it never did.
    pub seen: Option<Time>,
}

impl InstanceRow {
    /// Values of the history.
    pub const HISTORY: usize = 30;
    /// Seconds between two of them.
    pub const HISTORY_S: u32 = 20;
}

/// An instance in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Error rate over the last minute, a fraction; null without requests.
    pub errors: Option<f64>,
    /// p99 over the last minute, in milliseconds (infinite: beyond the last bucket); null without requests.
    pub p99: Option<f64>,
    /// Finished requests over the time of the history, and those of them that failed.
    pub counted: (f64, f64),
}

/// How an instance is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InstanceState {
    /// It answers and does its work.
    Serving,
    /// It answers, without requests.
    Idle,
    /// It was not asked before, or brought only a reference so far.
    New,
    /// A pod on its way out.
    Leaving,
    /// A pod that was never ready so far.
    Starting,
    /// Nothing is known: it does not answer us.
    Silent,
    /// It fails clearly more requests than the limit allows: 20 requests at least in the last minute, and the whole 99 % interval of its
    /// error rate over the limit.
    Erroring,
    /// It says that it cannot serve.
    NotReady,
    /// It restarted again and again: twice within ten minutes, or as its node says.
    Restarting,
}

impl InstanceState {
    /// For people: "not ready".
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Serving => "serving",
            Self::Idle => "idle",
            Self::New => "new",
            Self::Leaving => "leaving",
            Self::Starting => "starting",
            Self::Silent => "no answer",
            Self::Erroring => "erroring",
            Self::NotReady => "not ready",
            Self::Restarting => "restarting",
        }
    }
}
