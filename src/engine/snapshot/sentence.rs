//! Sentences as a front end draws them: clauses of coloured pieces. Worded elsewhere.

use serde::{Deserialize, Serialize};

/// A sentence for people: clauses of coloured pieces. A narrow place shows as many leading clauses as fit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sentence {
    /// Each clause with the punctuation that leads it in.
    pub clauses: Vec<Vec<Piece>>,
}

/// A run of text in one ink.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// How it is drawn.
    pub ink: Ink,
    /// What it says.
    pub text: String,
}

/// How a piece of a sentence is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ink {
    /// As the text around it.
    Plain,
    /// Stands out.
    Strong,
    /// The baseline's name.
    Baseline,
    /// The candidate's name.
    Candidate,
    /// A key to press.
    Key,
}

impl Sentence {
    /// One clause of plain text.
    #[must_use]
    pub fn plain(text: impl Into<String>) -> Self {
        Self::default().then(vec![Piece { ink: Ink::Plain, text: text.into() }])
    }

    /// With one more clause at the end.
    #[must_use]
    pub fn then(mut self, clause: Vec<Piece>) -> Self {
        self.clauses.push(clause);
        self
    }

    /// The whole sentence without its inks.
    #[must_use]
    pub fn text(&self) -> String {
        self.told(|key| key)
    }

    /// The same, with the names that keys have where it is told.
    pub fn told<'s>(&'s self, name: impl Fn(&'s str) -> &'s str) -> String {
        let pieces = self.clauses.iter().flatten();
        pieces.map(|piece| if piece.ink == Ink::Key { name(&piece.text) } else { piece.text.as_str() }).collect()
    }
}
