//! Keys that act, and the actions of a watch as they went.

use serde::{Deserialize, Serialize};

use crate::engine::{
    action::{Action, Fact},
    time::Time,
};

/// A key that acts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActKey {
    /// What it asks for.
    pub what: ActWhat,
    /// Verb and target: "promote to 50 %".
    pub label: String,
    /// The verb alone, for narrow screens.
    pub short: String,
    /// Stands in brackets after the label: a reason, a time, a demand.
    pub note: Option<String>,
    /// Whether pressing it opens the panel.
    pub enabled: bool,
    /// The one key to press now.
    pub filled: bool,
}

/// What a key that acts asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActWhat {
    /// An action of the backend.
    Act(Action),
    /// Arm or disarm auto-rollback.
    Arm(bool),
}

/// An action under way, or the last one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActionView {
    /// What.
    pub action: Action,
    /// Who asked, in words: "by auto-rollback", "by ana".
    pub by: String,
    /// When it was asked for.
    pub requested: Time,
    /// When the backend took it.
    pub sent: Option<Time>,
    /// When its effect was seen.
    pub done: Option<Time>,
    /// When it is called failed.
    pub limit: Time,
    /// What the last read-back showed.
    pub facts: Vec<Fact>,
    /// Failed or not seen: the sentence.
    pub trouble: Option<String>,
}

/// One action of this watch, as it went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActRow {
    /// Which one, from 1.
    pub number: u32,
    /// How it went.
    pub view: ActionView,
    /// To what: "v2.4.0", "50 %".
    pub target: String,
    /// What was typed as a reason.
    pub reason: Option<String>,
}
