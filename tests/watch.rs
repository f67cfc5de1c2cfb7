//! The whole program as its users run it: real processes, real HTTP, real files.

#[path = "watch/acting.rs"]
mod acting;
#[path = "watch/baseline.rs"]
mod baseline;
#[path = "watch/checks.rs"]
mod checks;
#[path = "watch/demo.rs"]
mod demo;
#[path = "watch/events.rs"]
mod events;
#[path = "watch/journals.rs"]
mod journals;
#[path = "watch/kill.rs"]
mod kill;
#[path = "watch/leaving.rs"]
mod leaving;
#[path = "watch/looks.rs"]
mod looks;
#[path = "watch/plain.rs"]
mod plain;
#[path = "watch/program.rs"]
mod program;
#[path = "watch/pty.rs"]
mod pty;
#[path = "watch/reports.rs"]
mod reports;
#[path = "watch/secrets.rs"]
mod secrets;
#[path = "watch/service.rs"]
mod service;
#[path = "watch/sturdy.rs"]
mod sturdy;
#[path = "watch/terminal.rs"]
mod terminal;
#[path = "watch/usage.rs"]
mod usage;
#[path = "watch/wait.rs"]
mod wait;
#[path = "watch/watched.rs"]
mod watched;
