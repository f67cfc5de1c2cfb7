//! The screen: a pure view of the engine's snapshot, and keys turned into wishes.
//!
//! ```text
//!  bytes ──input──▶ keys ──keymap, update──▶ UiState ──view──▶ cells ──surface──▶ bytes
//!                              │                ▲
//!                              ▼                │
//!                           Intent           Snapshot
//! ```
//!
//! Nothing here waits, spawns or reads a clock: `runtime::screen` brings bytes, time and snapshots, and carries the results away.

pub mod copy;
pub mod field;
pub mod input;
pub mod keymap;
pub mod lists;
pub mod modal;
pub mod model;
pub mod plain;
pub mod surface;
pub mod terminal;
pub mod theme;
pub mod title;
pub mod tour;
pub mod update;
pub mod view;

mod filter;
mod glyph;
mod pen;
