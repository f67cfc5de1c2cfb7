//! rollwatch watches a running deployment from the terminal: it compares the new version with the old one while real traffic flows,
//! says how sure it is and why, and promotes or rolls back on one key, or by itself.
//!
//! ```text
//!  source ──Sample──▶ engine  series → window → check → verdict → decision ──Snapshot──▶ tui       (pure view)
//!  pollers, async             pure: no clock, no I/O, no async │                       ├▶ headless  (text, jsonl, json)
//!                                                              │ Effect (data)         ├▶ journal   (the same events on disk)
//!  keys, flags ──Intent──▶ runtime::dispatcher ◀───────────────┘                       └▶ notify    (the same events, once each)
//!                              │ performs effects
//!                              ▼
//!                          backend   acts, then reads back
//! ```
//!
//! The walls between these folders are held by a test that reads the source (`tests/tidy.rs`):
//!
//! - [`engine`] has no clock, no input or output and no async. Time is an argument; the same journal gives the same verdicts.
//! - [`tui`] and [`headless`] see only snapshots and events.
//! - [`report`] is made of events alone, so a report at the end of a run and one of its journal are the same text.
//! - [`source`] reads and [`backend`] acts; they do not know each other. What both need to speak to one system is in [`wire`].
//! - Only [`runtime`] spawns the watch's tasks and threads, and only `main.rs` ends the process.
//! - A read-only session holds no value that can act ([`backend::Backend::hands`]).

pub mod backend;
pub mod baseline;
pub mod cli;
pub mod commands;
pub mod config;
pub mod demo;
pub mod engine;
pub mod exit;
pub mod headless;
pub mod humanize;
pub mod journal;
pub mod lint;
pub(crate) mod nearest;
pub mod notify;
pub mod report;
pub mod runtime;
pub mod source;
pub mod surroundings;
pub mod target;
pub mod text;
pub mod trace;
pub mod tui;
pub mod wire;
