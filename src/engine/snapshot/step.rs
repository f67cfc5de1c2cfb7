//! One step of the ladder, for the list of steps.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Span;
use crate::engine::{role::Sides, time::Time};

/// One step: what it was, is, or is going to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepRow {
    /// From 1; 0 for the smoke checks before the first step.
    pub number: u32,
    /// The candidate's share of traffic that is asked for, a fraction; null where nobody says.
    pub weight: Option<f64>,
    /// The share it got, worded; empty before it began.
    pub seen: String,
    /// Where it is.
    pub state: StepState,
    /// Its first poll.
    pub began: Option<Time>,
    /// When it was left.
    pub ended: Option<Time>,
    /// How long it was judged so far.
    pub watched: Duration,
    /// How long nothing was known.
    pub blind: Duration,
    /// How long its window is.
    pub length: Duration,
    /// What its time was made of, in order.
    pub parts: Vec<(Duration, Span)>,
    /// The candidate's requests, worded; empty before it began.
    pub requests: String,
    /// Share of the evidence needed, 0 to 1: to promote, to roll back. As it was when the step was left.
    pub evidence: (f64, f64),
    /// Error rates, worded.
    pub errors: Sides<String>,
    /// p99, worded.
    pub p99: Sides<String>,
    /// How it ended or what comes next, in one line: "promoted by its own steps", "17m left, evidence enough in about 6m".
    pub outcome: String,
}

/// Where a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// It was promoted.
    Passed,
    /// It is being judged.
    Current,
    /// It convicted the candidate, or was left by a rollback.
    Failed,
    /// It was left without a verdict, or left out.
    Left,
    /// It has not begun.
    Waiting,
    /// It was over before this watch began.
    Before,
}
