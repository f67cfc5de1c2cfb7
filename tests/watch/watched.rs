//! A watch on the screen that has found a bad candidate, ready to be rolled back.

use std::fs;

use crate::{
    acting::Scripted,
    service::{Service, pair},
    terminal::Terminal,
};

/// A watch of a bad candidate, on a backend that keeps a ledger.
pub(crate) struct Watched {
    pub(crate) terminal: Terminal,
    _services: (Service, Service),
}

/// Starts it with these flags and `more` sections, and waits for the verdict.
pub(crate) fn watch_a_bad_candidate(flags: &[&str], more: &str) -> Watched {
    let services = pair(true);
    let scripted = Scripted::new();
    let config = scripted.config(&services.0, &services.1);
    let text = fs::read_to_string(&config).expect("a file") + more;
    fs::write(&config, text).expect("written");
    let terminal = Terminal::of(scripted.home, 120, 40, &[&["watch", "-c", "rollwatch.toml"], flags].concat());
    terminal.shows("✗ BAD");
    Watched { terminal, _services: services }
}

impl Watched {
    /// It runs, and nobody was asked to act.
    pub(crate) fn assert_nothing_was_done(&mut self) {
        let terminal = &mut self.terminal;
        assert!(terminal.is_alive(), "it has ended:\n{}", terminal.contents());
        assert_eq!(terminal.actions(), 0, "{}", terminal.contents());
        assert!(!terminal.home.path("ledger").exists(), "the backend was asked to act");
    }

    /// The program hears a key and draws.
    pub(crate) fn assert_it_answers(&mut self) {
        self.terminal.type_keys(b"?");
        self.terminal.shows("every key, as it is now");
        self.terminal.type_keys(b"?");
        self.terminal.comes("the overview", |screen| screen.contains("events") && !screen.contains("every key, as it is now"));
    }
}
