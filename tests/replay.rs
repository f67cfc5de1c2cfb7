//! `replay`: recordings through the same engine, from outside.

#[path = "replay/agreement.rs"]
mod agreement;
