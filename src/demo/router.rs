//! The demo's router: it splits requests by weight, can be paused, and numbers its states for compare-and-set.

use std::collections::VecDeque;

use fastrand::Rng;
use serde::{Deserialize, Serialize};

use crate::engine::{role::Role, time::Time};

/// How far back "recent" requests reach, in milliseconds.
const RECENT_MS: i64 = 1000;

/// The router's state.
#[derive(Debug)]
pub struct Router {
    /// The candidate's share of requests.
    pub weight: f64,
    /// Promotions are refused until a resume.
    pub paused: bool,
    /// Counts changes.
    pub revision: u64,
    obeys: bool,
    recent: VecDeque<(Time, Role)>,
}

/// What a client may ask the router for. Absent keys stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The candidate's share of requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<f64>,
    /// Paused or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<bool>,
}

/// What the router tells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Name of the trusted version.
    pub baseline: String,
    /// Name of the judged version.
    pub candidate: String,
    /// The candidate's share of requests.
    pub weight: f64,
    /// Promotions are refused until a resume.
    pub paused: bool,
    /// Counts changes.
    pub revision: u64,
    /// Requests that reached each version in the last second: baseline, candidate.
    pub recent: (usize, usize),
}

/// Why a change was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The revision in `If-Match` is not the present one.
    Moved,
    /// A weight is not between 0 and 1.
    Weight,
    /// Paused: the candidate gets no more traffic before a resume.
    Paused,
}

impl Router {
    /// A router that gives the candidate `weight` of the requests.
    #[must_use]
    pub fn new(weight: f64, obeys: bool) -> Self {
        Self { weight, paused: false, revision: 1, obeys, recent: VecDeque::new() }
    }

    /// Sends one request to a version.
    pub fn choose(&mut self, rng: &mut Rng, at: Time) -> Role {
        let role = if rng.f64() < self.weight { Role::Candidate } else { Role::Baseline };
        self.recent.push_back((at, role));
        role
    }

    /// Takes a change that was decided on `revision`.
    ///
    /// # Errors
    /// See [`Refusal`]; nothing has changed then.
    pub fn change(&mut self, revision: u64, change: &Change) -> Result<(), Refusal> {
        if revision != self.revision {
            return Err(Refusal::Moved);
        }
        if change.weight.is_some_and(|w| !(0.0..=1.0).contains(&w)) {
            return Err(Refusal::Weight);
        }
        if self.paused && change.weight.is_some_and(|w| w > self.weight) {
            return Err(Refusal::Paused);
        }
        if self.obeys {
            self.weight = change.weight.unwrap_or(self.weight);
            self.paused = change.paused.unwrap_or(self.paused);
            self.revision += 1;
        }
        Ok(())
    }

    /// Requests that reached each version in the last second: baseline, candidate.
    pub fn recent(&mut self, now: Time) -> (usize, usize) {
        while self.recent.front().is_some_and(|(at, _)| now.ms() - at.ms() > RECENT_MS) {
            self.recent.pop_front();
        }
        let candidate = self.recent.iter().filter(|(_, role)| *role == Role::Candidate).count();
        (self.recent.len() - candidate, candidate)
    }
}
