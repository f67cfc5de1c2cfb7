//! `replay`: recordings through the same engine, from outside.

#[path = "replay/agreement.rs"]
mod agreement;
#[path = "replay/backtest.rs"]
mod backtest;
#[path = "replay/halving.rs"]
mod halving;
