//! What opens over the screen: the panel that asks, the explanation of a check, and the help.

use serde::{Deserialize, Serialize};

use self::{confirm::Confirm, line::Line};
use super::keymap::Place;

pub mod confirm;
pub(super) mod confirm_text;
pub(super) mod confirm_words;
pub(super) mod explain;
pub(super) mod help;
pub mod line;

/// What is open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Modal {
    /// Every key, and how far it is scrolled.
    Help(usize),
    /// What is behind the selected check, and how far it is scrolled.
    Explain(usize),
    /// A command that is typed by its name.
    Line(Line),
    /// A question with a second key.
    Confirm(Confirm),
}

impl Modal {
    /// Where its keys are looked up.
    pub(super) const fn place(&self) -> Place {
        match self {
            Self::Help(_) => Place::Help,
            Self::Explain(_) => Place::Explain,
            Self::Line(_) => Place::Line,
            Self::Confirm(_) => Place::Panel,
        }
    }

    /// When it was first seen by a person, if it counts that time.
    pub(super) const fn shown_ms(&mut self) -> Option<&mut Option<u64>> {
        match self {
            Self::Help(_) | Self::Explain(_) | Self::Line(_) => None,
            Self::Confirm(panel) => Some(&mut panel.shown_ms),
        }
    }
}
