//! The screen in a real pseudo-terminal: keys in, screen out.

use crate::{
    program::Home,
    terminal::{Terminal, gave_back},
    wait::wait_for,
    watched::watch_a_bad_candidate,
};

#[test]
fn a_bad_canary_is_caught_on_the_screen_and_rolled_back_with_a_key() {
    let mut terminal = Terminal::start(120, 40, &["demo", "--speed", "25"]);
    terminal.shows("WARMING UP");
    terminal.shows("error rate");
    terminal.shows("✗ BAD");
    let screen = terminal.contents();
    assert!(screen.chars().filter(|c| ('\u{2801}'..='\u{28ff}').contains(c)).count() > 20, "the charts are empty:\n{screen}");
    terminal.shows("fails");
    terminal.type_keys(b"R");
    terminal.shows("Roll back demo?");
    assert_eq!(terminal.actions(), 0);
    terminal.type_keys(b"y");
    terminal.shows("✓ ROLLED BACK");
    terminal.shows("All traffic is on v2.4.0 again");
    assert_eq!(terminal.actions(), 1);
    terminal.type_keys(b"q");
    let (status, bytes) = terminal.ended();
    assert_eq!(status.exit_code(), 11);
    assert!(gave_back(&bytes));
}

#[test]
fn a_promotion_against_the_verdict_wants_a_reason() {
    let mut terminal = Terminal::start(80, 24, &["demo", "--speed", "20", "--scenario", "good"]);
    terminal.shows("LOOKS GOOD");
    terminal.type_keys(b"p");
    terminal.shows("Why, against the verdict?");
    terminal.type_keys(b"y");
    terminal.type_keys(b"\r");
    assert_eq!(terminal.actions(), 0);
    terminal.type_text(" known flake");
    terminal.type_keys(b"\r");
    terminal.shows("PROMOTED");
    terminal.type_keys(b"q");
    assert_eq!(terminal.ended().0.exit_code(), 0);
}

#[test]
fn leaving_before_the_outcome_is_130_and_a_signal_is_143() {
    let mut terminal = Terminal::start(80, 24, &["demo"]);
    terminal.shows("WARMING UP");
    terminal.type_keys(b"q");
    let (status, bytes) = terminal.ended();
    assert_eq!(status.exit_code(), 130);
    assert!(gave_back(&bytes));
    let mut terminal = Terminal::start(80, 24, &["demo"]);
    terminal.shows("WARMING UP");
    let pid = i32::try_from(terminal.child.process_id().expect("runs"))
        .ok()
        .and_then(rustix::process::Pid::from_raw)
        .expect("a process id");
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("ours");
    let (status, bytes) = terminal.ended();
    assert_eq!(status.exit_code(), 143);
    assert!(gave_back(&bytes));
}

#[test]
fn a_screen_that_is_left_leaves_its_report() {
    let home = Home::new();
    let report = home.path("report.md");
    let arguments = ["demo", "--markdown", report.to_str().expect("UTF-8")];
    let mut terminal = Terminal::of(home, 80, 24, &arguments);
    terminal.shows("WARMING UP");
    assert!(!report.exists(), "it is written at the end");
    terminal.type_keys(b"q");
    let journal = terminal.home.journal();
    let home = &terminal.home;
    let told = || std::fs::read_to_string(&report).ok();
    let text = wait_for(told);
    assert!(text.contains("**Verdict inconclusive: interrupted, exit code 130.** Left before the outcome was known."), "{text}");
    assert_eq!(text, home.run(&["report", journal.to_str().expect("UTF-8")]).out);
    let (status, _) = terminal.ended();
    assert_eq!(status.exit_code(), 130);
}

#[test]
fn keys_come_from_the_configuration() {
    let mut watched = watch_a_bad_candidate(&[], "[keys]\nrollback = \"Z\"\n");
    let terminal = &mut watched.terminal;
    terminal.shows("Press  Z  to roll back to v1");
    terminal.type_keys(b"R");
    terminal.type_keys(b"Z");
    terminal.shows("Roll back api?");
    terminal.type_keys(b"y");
    terminal.shows("ROLLED BACK");
    assert_eq!(terminal.actions(), 1);
}

#[test]
fn a_command_by_its_name_asks_like_its_key() {
    let mut watched = watch_a_bad_candidate(&[], "");
    let terminal = &mut watched.terminal;
    terminal.type_keys(b":");
    terminal.type_text("roll");
    terminal.shows(":roll");
    terminal.type_keys(b"\t");
    terminal.shows(":rollback");
    terminal.type_keys(b"\r");
    terminal.shows("Roll back api?");
    assert_eq!(terminal.actions(), 0);
    terminal.type_keys(b"y");
    terminal.shows("ROLLED BACK");
    assert_eq!(terminal.actions(), 1);
}

#[test]
fn the_picture_follows_the_size() {
    let terminal = Terminal::start(120, 40, &["demo", "--speed", "25"]);
    terminal.shows("versions");
    terminal.resize(46, 9);
    terminal.shows("too small");
    terminal.resize(80, 24);
    terminal.shows("latency p99");
}
