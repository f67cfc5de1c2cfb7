//! The part that judges. Pure: no clock, no input or output, no async; the same inputs give the same verdicts, bit for bit.

pub mod action;
pub mod asked;
pub mod chart;
pub mod compare;
pub mod custom;
pub mod effect;
pub mod event;
pub mod health;
pub mod intake;
pub mod intent;
pub mod notice;
pub mod playbook;
pub mod policy;
pub mod recent;
pub mod role;
pub mod roster;
pub mod sample;
pub mod setup;
pub mod share;
pub mod snapshot;
pub mod sources;
pub mod stats;
pub mod strategy;
pub mod time;
pub mod verdict;
pub mod watch;
mod words;
