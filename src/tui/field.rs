//! One line that a person types.

use serde::{Deserialize, Serialize};

/// Letters that fit.
const LONGEST: usize = 120;

/// What was typed so far, bounded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    text: String,
}

impl Field {
    /// One more letter, if there is room for it.
    pub(super) fn put(&mut self, letter: char) {
        if self.text.chars().count() < LONGEST {
            self.text.push(letter);
        }
    }

    /// The last letter is taken back.
    pub(super) fn erase(&mut self) {
        self.text.pop();
    }

    /// What stands there.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What stands there, which is then gone.
    pub(super) fn take(&mut self) -> String {
        std::mem::take(&mut self.text)
    }
}
