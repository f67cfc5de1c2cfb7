//! Acting on a deployment, as data: what can be asked for, what it would do, and what became of it.
//!
//! Backends fill these in, the engine hands them on, front ends draw them. Nothing here acts.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use super::{role::Sides, time::Time};
use crate::humanize;

/// What a backend can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// One step up the ladder.
    Promote,
    /// All traffic to the candidate at once.
    PromoteFull,
    /// Stay where it is, whoever else may want to go on.
    Pause,
    /// Go on after a pause.
    Resume,
    /// Take the candidate out of traffic, keep it running.
    Abort,
    /// Back to the baseline.
    Rollback,
    /// Start an aborted rollout again.
    Retry,
}

impl Action {
    /// Every action, in the order of the contract.
    pub const ALL: [Self; 7] =
        [Self::Promote, Self::PromoteFull, Self::Pause, Self::Resume, Self::Abort, Self::Rollback, Self::Retry];

    /// The word of the contract.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Promote => "promote",
            Self::PromoteFull => "promote_full",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Abort => "abort",
            Self::Rollback => "rollback",
            Self::Retry => "retry",
        }
    }

    /// The same in a sentence: "roll back".
    #[must_use]
    pub const fn verb(self) -> &'static str {
        match self {
            Self::Promote => "promote",
            Self::PromoteFull => "promote all",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Abort => "abort",
            Self::Rollback => "roll back",
            Self::Retry => "retry",
        }
    }

    /// Whether it gives the candidate more traffic.
    #[must_use]
    pub const fn is_promotion(self) -> bool {
        matches!(self, Self::Promote | Self::PromoteFull)
    }

    /// Whether it takes all traffic from the candidate.
    #[must_use]
    pub const fn is_retreat(self) -> bool {
        matches!(self, Self::Rollback | Self::Abort)
    }
}

/// Where an action leads: always absolute, never "the previous one".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// The version that gets the traffic this action is about.
    pub version: String,
    /// The backend's own name of that state: a revision, a file's content, a weight.
    #[serde(rename = "ref")]
    pub reference: String,
    /// The candidate's share of traffic once it is done, as a fraction; null where the action does not move traffic.
    #[serde(default)]
    pub weight: Option<f64>,
}

/// Who asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// By what way.
    pub kind: ActorKind,
    /// The operating system's user name.
    pub user: String,
}

/// By what way an action was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ActorKind {
    /// The engine, with auto-rollback or auto-promote.
    Engine,
    /// A key in the terminal.
    Key,
    /// A one-shot command.
    Cli,
}

/// One thing to do, once: everything a backend needs to know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// Names this decision; a backend is asked at most once for each id.
    pub id: String,
    /// What.
    pub action: Action,
    /// Where to.
    pub target: Target,
    /// Who asked.
    pub actor: Actor,
    /// The state the decision was made on; a backend that has moved since refuses.
    pub token: String,
    /// Why, in the words of who asked.
    #[serde(default)]
    pub reason: Option<String>,
}

/// The rollout as its backend last showed it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rollout {
    /// Stands for this very state: it changes whenever anything that matters changes.
    pub token: String,
    /// Share of traffic asked for each version, as fractions; null where the backend has no weights.
    pub weights: Option<Sides<f64>>,
    /// The versions as the backend names them; null where it does not know them.
    pub versions: Option<Sides<String>>,
    /// Nobody goes on before a resume.
    pub paused: bool,
    /// What its own controller makes of it.
    #[serde(default)]
    pub condition: Condition,
    /// What can be asked for now, and what cannot, with the reason.
    pub abilities: BTreeMap<Action, Ability>,
}

/// What a rollout's own controller makes of it. Backends without one are always steady.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Under way, waiting or done, as the other fields say.
    #[default]
    Steady,
    /// It waits for a promotion that somebody has to ask for, in a sentence.
    Waiting(String),
    /// The controller has not seen the newest change yet, in a sentence: nothing else that the backend shows can be believed.
    Behind(String),
    /// It makes no progress any more, in a whole sentence (it may begin with a version's name) with the reasons of its instances.
    Stuck(String),
    /// It was taken back, by its controller or by somebody else, in a sentence.
    Ended(String),
}

impl Condition {
    /// What the controller says; null while it is steady.
    #[must_use]
    pub fn sentence(&self) -> Option<&str> {
        match self {
            Self::Steady => None,
            Self::Waiting(why) | Self::Behind(why) | Self::Stuck(why) | Self::Ended(why) => Some(why),
        }
    }

    /// Nothing is to be said about it.
    #[must_use]
    pub fn is_steady(&self) -> bool {
        *self == Self::Steady
    }
}

/// Whether an action can be asked for in the present state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ability {
    /// Yes, and this is what it would do.
    Ready(Preview),
    /// No, and why: completes the sentence "not possible: …".
    Off(String),
}

/// What an action would do: everything a person should read before the second key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Preview {
    /// Where it leads.
    pub target: Target,
    /// Each thing that happens, in order.
    pub happens: Vec<String>,
    /// What stays as it is although one might think otherwise.
    pub not_undone: Vec<String>,
    /// The command or request that is sent.
    pub sends: String,
    /// What the action is bound to, in words: "file hash 3f2a…, read 2 s ago".
    pub bound_to: String,
    /// After how long it is called failed, in seconds.
    pub limit_s: f64,
}

/// One look at what an action has done so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    /// All of it, and it is stable: the target was reached.
    pub done: bool,
    /// What was looked at and what it showed, in order: "weight 0 %" true, "no requests" false.
    pub facts: Vec<Fact>,
}

/// One thing that a read-back looks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// In words.
    pub text: String,
    /// Whether it is so.
    pub holds: bool,
}

impl Seen {
    /// The facts that do not hold yet, in one phrase; empty when all do.
    #[must_use]
    pub fn open(&self) -> String {
        let open: Vec<&str> = self.facts.iter().filter(|f| !f.holds).map(|f| f.text.as_str()).collect();
        open.join(", ")
    }
}

/// News of a running action.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The order it is about.
    pub id: String,
    /// When.
    pub at: Time,
    /// What happened.
    pub stage: Stage,
}

/// What became of an action so far.
#[derive(Clone, Debug, PartialEq)]
pub enum Stage {
    /// The intent is on disk and the backend has taken the request.
    Sent,
    /// A read-back brought this.
    Looked(Seen),
    /// The target was reached and seen, so many seconds after it was sent.
    Verified {
        /// Seconds from sent to seen.
        took_s: f64,
        /// What was seen.
        seen: Seen,
    },
    /// Not done: refused, or an error before anything changed.
    Failed {
        /// One sentence.
        error: String,
    },
    /// Sent, but its effect was not seen within the limit.
    Unverified {
        /// What was seen instead.
        seen: String,
    },
    /// Not begun: somebody else was first.
    Elsewhere {
        /// Who, or what was found.
        by: String,
    },
}

/// How long an action took before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usual {
    /// From being sent to being seen: the median.
    pub took: Duration,
    /// How often it was seen.
    pub times: u32,
}

impl Usual {
    /// "usually 4 s (3 times before)".
    #[must_use]
    pub fn text(&self) -> String {
        let times = humanize::plural(f64::from(self.times), "time", "times");
        format!("usually {} ({times} before)", humanize::duration(self.took))
    }
}
