//! rollwatch watches a running deployment from the terminal.

pub mod backend;
pub mod config;
pub mod engine;
pub mod humanize;
pub mod text;
