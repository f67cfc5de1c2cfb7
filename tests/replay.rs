//! `replay`: recordings through the same engine, from outside.

#[path = "replay/agreement.rs"]
mod agreement;
#[path = "replay/halving.rs"]
mod halving;
