//! The part that judges. Pure: no clock, no input or output, no async; the same inputs give the same verdicts, bit for bit.

pub mod action;
pub mod event;
pub mod intake;
pub mod intent;
pub mod notice;
pub mod policy;
pub mod role;
pub mod sample;
pub mod snapshot;
pub mod time;
pub mod verdict;
