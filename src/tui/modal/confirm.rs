//! The panel between a key and an action: what it asks, and when an answer counts.
//!
//! An answer counts only after the panel was on the terminal for 300 ms, and only while the rollout is in the state that the panel
//! was opened with; as soon as it moves, the panel closes. How it looks is in `confirm_text`.

use serde::{Deserialize, Serialize};

use crate::{
    engine::{
        action::{Ability, Preview},
        snapshot::{ActWhat, Mode, Snapshot},
        verdict::Verdict,
    },
    tui::{field::Field, input::Key},
};

/// A person needs at least so long to have read anything.
const UNREAD_MS: u64 = 300;
/// Letters a reason needs.
pub(super) const REASON_LETTERS: usize = 5;

/// Said when a panel closes because the rollout is no longer as it was shown.
pub(in crate::tui) const MOVED: &str = "The state has moved: the panel is closed, nothing was done.";
/// Said when a panel closes because the screen became too small to show it.
pub(in crate::tui) const TOO_SMALL: &str = "The screen is too small for the panel: it is closed, nothing was done.";

/// What the panel asks about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// Do this?
    Act(ActWhat),
    /// Leave, although something is under way or armed?
    Quit,
}

/// What must be answered, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gate {
    /// `y`.
    Yes,
    /// A reason of at least five letters.
    Reason,
    /// The deployment's name.
    Name,
}

/// An open panel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Confirm {
    /// What it asks.
    pub question: Question,
    /// The state it is bound to.
    pub token: String,
    /// When it reached the terminal, in milliseconds of the input's clock.
    pub shown_ms: Option<u64>,
    /// What is asked for now.
    pub gate: Gate,
    /// Leaving is asked about, and the watch can go on without this screen.
    pub can_hand_over: bool,
    /// What was typed so far.
    pub typed: Field,
    /// The reason, once it was given.
    pub reason: Option<String>,
}

/// What an answer leads to.
pub(in crate::tui) enum Outcome {
    /// Nothing yet.
    Open,
    /// Do it.
    Do,
}

impl Confirm {
    /// Opens a panel on the state that is shown now.
    pub(in crate::tui) fn open(question: Question, snapshot: &Snapshot) -> Self {
        let gate = first_gate(question, snapshot);
        Self {
            question,
            token: snapshot.token.clone(),
            shown_ms: None,
            gate,
            can_hand_over: false,
            typed: Field::default(),
            reason: None,
        }
    }

    /// Whether the rollout is still as the panel shows it, and what it asks can still be done.
    pub(in crate::tui) fn still_holds(&self, snapshot: &Snapshot) -> bool {
        let possible = match self.question {
            Question::Act(ActWhat::Act(_)) => self.preview(snapshot).is_some(),
            Question::Act(ActWhat::Arm(on)) => (snapshot.deployment.mode == Mode::Armed) != on,
            Question::Quit => return true,
        };
        possible && snapshot.token == self.token
    }

    /// What the action would do; none where no backend acts.
    pub(in crate::tui) fn preview<'a>(&self, snapshot: &'a Snapshot) -> Option<&'a Preview> {
        let Question::Act(ActWhat::Act(action)) = self.question else { return None };
        match snapshot.abilities.get(&action) {
            Some(Ability::Ready(preview)) => Some(preview),
            Some(Ability::Off(_)) | None => None,
        }
    }

    /// Whether a key pressed then counts.
    pub(in crate::tui) fn counts(&self, at_ms: u64) -> bool {
        self.shown_ms.is_some_and(|shown| at_ms.saturating_sub(shown) >= UNREAD_MS)
    }

    /// Whether letters go into a field.
    pub(in crate::tui) fn takes_text(&self) -> bool {
        self.gate != Gate::Yes
    }

    /// One letter into the field.
    pub(in crate::tui) fn type_letter(&mut self, key: Key) {
        if let Key::Char(letter) = key {
            self.typed.put(letter);
        }
    }

    /// `y`.
    pub(in crate::tui) fn yes(&self) -> Outcome {
        if self.gate == Gate::Yes { Outcome::Do } else { Outcome::Open }
    }

    /// Enter: the field is complete, if it is.
    pub(in crate::tui) fn submit(&mut self, snapshot: &Snapshot) -> Outcome {
        if !self.is_complete(snapshot) {
            return Outcome::Open;
        }
        if self.gate == Gate::Reason {
            self.reason = Some(self.typed.take().trim().to_owned());
            if snapshot.deployment.protected {
                self.gate = Gate::Name;
                return Outcome::Open;
            }
        }
        Outcome::Do
    }

    /// Whether what was typed is enough.
    pub(super) fn is_complete(&self, snapshot: &Snapshot) -> bool {
        match self.gate {
            Gate::Yes => false,
            Gate::Reason => self.typed.text().chars().filter(|c| c.is_alphabetic()).count() >= REASON_LETTERS,
            Gate::Name => self.typed.text() == snapshot.deployment.name,
        }
    }
}

/// A promotion that the verdict does not back wants a reason; a protected deployment wants its name.
fn first_gate(question: Question, snapshot: &Snapshot) -> Gate {
    match question {
        Question::Act(ActWhat::Act(action)) if action.is_promotion() && snapshot.verdict != Verdict::Pass => Gate::Reason,
        Question::Act(_) if snapshot.deployment.protected => Gate::Name,
        Question::Act(_) | Question::Quit => Gate::Yes,
    }
}
