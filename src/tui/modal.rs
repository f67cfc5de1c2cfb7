//! What opens over the screen: the panel that asks, and the help.

use serde::{Deserialize, Serialize};

use self::confirm::Confirm;
use super::keymap::Place;

pub mod confirm;
pub(super) mod confirm_text;
pub(super) mod help;

/// What is open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Modal {
    /// Every key, and how far it is scrolled.
    Help(usize),
    /// A question with a second key.
    Confirm(Confirm),
}

impl Modal {
    /// Where its keys are looked up.
    pub(super) const fn place(&self) -> Place {
        match self {
            Self::Help(_) => Place::Help,
            Self::Confirm(_) => Place::Panel,
        }
    }

    /// When it was first seen by a person, if it counts that time.
    pub(super) const fn shown_ms(&mut self) -> Option<&mut Option<u64>> {
        match self {
            Self::Help(_) => None,
            Self::Confirm(panel) => Some(&mut panel.shown_ms),
        }
    }
}
