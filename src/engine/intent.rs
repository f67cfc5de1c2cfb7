//! What a person wants, whichever way it was said: a key, a flag, a one-shot command.

use serde::{Deserialize, Serialize};

use super::action::{Action, Actor};

/// A wish. The engine checks its guards; nothing happens by a wish alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    /// Do this, given that the rollout is still as it was shown.
    Act {
        /// What.
        action: Action,
        /// The state the person saw ([`super::snapshot::Snapshot::token`]).
        token: String,
        /// Why, where a reason was asked for.
        reason: Option<String>,
        /// Who.
        actor: Actor,
    },
    /// Let a conviction roll back by itself, or stop letting it.
    Arm {
        /// Armed or not.
        on: bool,
    },
    /// Leave.
    Quit,
}
