//! The two sides of every comparison.

use serde::{Deserialize, Serialize};

/// Which side a version stands on: the one we trust or the one we judge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The version we trust.
    Baseline,
    /// The version we judge.
    Candidate,
}

impl Role {
    /// Both roles, baseline first.
    pub const BOTH: [Self; 2] = [Self::Baseline, Self::Candidate];

    /// The word of the contract: `baseline` or `candidate`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Candidate => "candidate",
        }
    }
}

/// One value for each side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sides<T> {
    /// Of the version we trust.
    pub baseline: T,
    /// Of the version we judge.
    pub candidate: T,
}

impl<T> Sides<T> {
    /// Builds both sides from one function.
    pub fn build(mut of: impl FnMut(Role) -> T) -> Self {
        Self { baseline: of(Role::Baseline), candidate: of(Role::Candidate) }
    }

    /// The side of `role`.
    pub const fn of(&self, role: Role) -> &T {
        match role {
            Role::Baseline => &self.baseline,
            Role::Candidate => &self.candidate,
        }
    }

    /// The side of `role`, to change it.
    pub const fn of_mut(&mut self, role: Role) -> &mut T {
        match role {
            Role::Baseline => &mut self.baseline,
            Role::Candidate => &mut self.candidate,
        }
    }

    /// The same shape with each side turned into something else.
    pub fn map<U>(&self, mut with: impl FnMut(&T) -> U) -> Sides<U> {
        Sides { baseline: with(&self.baseline), candidate: with(&self.candidate) }
    }
}
