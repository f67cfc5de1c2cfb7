//! `--plain`: lines instead of a screen, on a real terminal whose keys work.

use std::{thread, time::Duration};

use rustix::process::{Pid, Signal, kill_process};

use crate::{
    acting::Scripted,
    program::Home,
    service::{Service, pair},
    terminal::Terminal,
    wait::wait_for,
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_rollwatch");
const SIZE: (u16, u16) = (120, 40);
const MOMENT: Duration = Duration::from_millis(500);

fn plain(arguments: &[&str]) -> Terminal {
    Terminal::start(SIZE.0, SIZE.1, arguments)
}

/// Everything that was printed. The bell rings where it likes.
fn said(terminal: &Terminal) -> String {
    String::from_utf8(terminal.bytes()).expect("text").replace('\x07', "")
}

/// Waits until `text` was printed `times` times.
fn says_times(terminal: &Terminal, text: &str, times: usize) {
    wait_for(|| (said(terminal).matches(text).count() >= times).then_some(()));
}

fn says(terminal: &Terminal, text: &str) {
    says_times(terminal, text, 1);
}

/// A line of an event: a clock, or the very last one.
fn is_event(line: &&str) -> bool {
    let clock: Vec<&str> = line.get(..8).unwrap_or_default().split(':').collect();
    line.starts_with("END  ") || (clock.len() == 3 && clock.iter().all(|part| part.parse::<u8>().is_ok()))
}

fn assert_is_linear(said: &str) {
    let controls: String = said.chars().filter(|c| c.is_control() && !matches!(c, '\r' | '\n')).collect();
    assert_eq!(controls, "", "{said}");
    assert_eq!(said.matches('\n').count(), said.matches("\r\n").count());
    assert_eq!(said.matches('\r').count(), said.matches("\r\n").count());
}

/// A watch of a bad candidate, on a backend that keeps a ledger.
fn watch_a_bad_candidate() -> (Terminal, (Service, Service)) {
    let services = pair(true);
    let scripted = Scripted::new();
    scripted.config(&services.0, &services.1);
    (Terminal::of(scripted.home, SIZE.0, SIZE.1, &["watch", "-c", "rollwatch.toml", "--plain"]), services)
}

#[test]
fn a_bad_canary_is_rolled_back_by_ear() {
    let mut terminal = plain(&["demo", "--plain", "--speed", "25"]);
    says(&terminal, "Keys: p promote, P promote all, R roll back,");
    says(&terminal, "VERDICT  fail: v2.5.0 fails");
    says(&terminal, "BAD: Nothing happens by itself. Press R to roll back to v2.4.0");
    assert!(terminal.is_alive(), "somebody listens");
    terminal.type_keys(b"1");
    says(&terminal, "v2.5.0, candidate, 25 % of the traffic: error rate ");
    terminal.type_keys(b"e");
    says(&terminal, "Explain error rate: fail. v2.5.0 fails");
    terminal.type_keys(b"R");
    says(&terminal, "Roll back demo?");
    says(&terminal, "  traffic: v2.5.0 from 25 % to 0 %, v2.4.0 from 75 % to 100 %");
    says(&terminal, "Press y to roll back, or esc to leave");
    assert_eq!(terminal.actions(), 0);
    terminal.type_keys(b"y");
    says(&terminal, "ACTION  Roll back to v2.4.0 asked for by ana.");
    says(&terminal, "ACTION  Seen to work after");
    says(&terminal, "The watch is over: q quits.");
    assert_eq!(terminal.actions(), 1);
    terminal.type_keys(b"q");
    let (status, _) = terminal.ended();
    assert_eq!(status.exit_code(), 11);
    let said = said(&terminal);
    assert!(said.ends_with("END  exit code 11: rolled back\r\n"), "{said}");
    assert_is_linear(&said);
}

/// What is said without a key is what is said into a pipe.
#[test]
fn the_lines_are_those_of_the_text_format() {
    let judged = |text: &str| -> Vec<String> {
        let sentences = text.lines().filter(is_event).filter_map(|line| line.split_once("  ")).map(|(_, sentence)| sentence);
        sentences.filter(|line| line.starts_with("CHECK") || line.starts_with("VERDICT")).map(str::to_owned).collect()
    };
    let headless = Home::new().run(&["demo", "--headless", "--speed", "600"]);
    let terminal = plain(&["demo", "--plain", "--speed", "25"]);
    says(&terminal, "VERDICT  fail");
    says(&terminal, "BAD: Nothing happens by itself.");
    let (want, got) = (judged(&headless.out), judged(&said(&terminal)));
    assert!(want.len() > 8 && want.last().is_some_and(|line| line.starts_with("VERDICT  fail")), "{want:#?}");
    assert_eq!(got, want);
}

#[test]
fn what_comes_at_once_or_by_a_paste_does_nothing() {
    let (mut terminal, _services) = watch_a_bad_candidate();
    says(&terminal, "BAD: Nothing happens by itself.");
    for noise in [&b"Ry"[..], b"\x1b[200~R\x1b[201~", b"\x1b[200~Ry\x1b[201~", b"R\ry\r", b"\x1b[82;1u"] {
        terminal.type_keys(noise);
    }
    thread::park_timeout(MOMENT);
    assert!(!said(&terminal).contains("Roll back api?"), "{}", said(&terminal));
    terminal.type_keys(b"R");
    says(&terminal, "Roll back api?");
    terminal.write(b"y");
    says(&terminal, "Too soon, nothing was done.");
    terminal.type_keys(b"yy");
    terminal.type_keys(b"\x1b[200~y\x1b[201~");
    thread::park_timeout(MOMENT);
    assert!(terminal.is_alive() && !terminal.home.path("ledger").exists());
    terminal.type_keys(b"y");
    says(&terminal, "ACTION  Seen to work");
    assert_eq!(std::fs::read_to_string(terminal.home.path("ledger")).expect("a ledger"), "0\n");
}

#[test]
fn leaving_while_armed_asks_and_can_hand_over() {
    let (baseline, candidate) = pair(false);
    let scripted = Scripted::new();
    let path = scripted.config(&baseline, &candidate);
    let text = std::fs::read_to_string(&path).expect("a file").replace("window = \"5s\"", "window = \"60s\"");
    std::fs::write(&path, text).expect("written");
    let arguments = ["watch", "-c", "rollwatch.toml", "--plain", "--auto-rollback", "--timeout", "4s"];
    let mut terminal = Terminal::of(scripted.home, SIZE.0, SIZE.1, &arguments);
    says(&terminal, "Phase: warming up.");
    terminal.type_keys(b"q");
    says(&terminal, "Stop watching api?");
    terminal.type_keys(b"x");
    says(&terminal, "Other keys do nothing here. Press y to quit, h to hand over, or esc to leave");
    terminal.type_keys(b"\x1b");
    says(&terminal, "Left: nothing was done.");
    terminal.type_keys(b"q");
    says_times(&terminal, "Stop watching api?", 2);
    terminal.type_keys(b"h");
    assert_eq!(terminal.ended().0.exit_code(), 0);
    says(&terminal, "The watch of api goes on as process");
    assert_is_linear(&said(&terminal));
    // It ends by its time limit.
    wait_for(|| Some(terminal.journal()).filter(|journal| journal.contains("\"watch.ended\"")));
}

/// Runs `rollwatch ARGUMENTS` under a shell that says afterwards how its terminal is set up.
fn under_a_shell(arguments: &str) -> Terminal {
    let inner = format!("echo pid $$; exec \"$0\" {arguments}");
    let script = format!("/bin/sh -c '{inner}' \"$0\"; echo ended with $?; stty -a");
    Terminal::running(Home::new(), SIZE, &["/bin/sh", "-c", &script, PROGRAM], &[])
}

fn assert_is_given_back(terminal: &mut Terminal, code: u8) {
    says(terminal, &format!("ended with {code}"));
    terminal.ended();
    let said = said(terminal);
    let settings = said.rsplit("ended with").next().unwrap_or_default();
    for word in ["echo", "icanon", "isig", "opost"] {
        assert!(settings.split_whitespace().any(|setting| setting == word), "{word} is off: {settings}");
    }
    assert_is_linear(&said);
}

#[test]
fn the_terminal_is_given_back_however_it_ends() {
    let mut terminal = under_a_shell("demo --plain");
    says(&terminal, "Phase: warming up.");
    terminal.type_keys(b"?");
    says(&terminal, "  q: quit");
    assert!(!said(&terminal).contains("?\r\n  p:"), "keys are not echoed");
    terminal.type_keys(b"q");
    assert_is_given_back(&mut terminal, 130);

    let mut terminal = under_a_shell("demo --plain");
    says(&terminal, "Phase: warming up.");
    let text = said(&terminal);
    let pid = text.lines().find_map(|line| line.strip_prefix("pid ")?.parse().ok()).and_then(Pid::from_raw).expect("a process");
    kill_process(pid, Signal::TERM).expect("ours");
    assert_is_given_back(&mut terminal, 143);
    assert!(said(&terminal).contains("END  exit code 143: interrupted"), "{}", said(&terminal));
}

#[test]
fn ctrl_z_puts_it_aside_and_fg_brings_its_keys_back() {
    let script = "set -m; \"$0\" demo --plain; echo put aside; stty -a; read line; fg; echo ended with $?";
    let mut terminal = Terminal::running(Home::new(), SIZE, &["/bin/sh", "-c", script, PROGRAM], &[]);
    says(&terminal, "Phase: warming up.");
    terminal.type_keys(b"\x1a");
    says(&terminal, "put aside");
    says(&terminal, " icanon");
    terminal.type_keys(b"\r");
    thread::park_timeout(MOMENT);
    terminal.type_keys(b"1");
    says(&terminal, "WARMING UP. v2.5.0 has been watched for");
    terminal.type_keys(b"q");
    says(&terminal, "ended with 130");
}

#[test]
fn a_recording_is_played_in_lines_and_no_key_acts() {
    let recorded = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/journals/bad-errors.jsonl");
    let mut terminal = plain(&["replay", recorded, "--plain", "--speed", "1000"]);
    says(&terminal, "A recorded watch is played: no key acts. Keys: e explain");
    says(&terminal, "VERDICT  fail");
    says(&terminal, "The watch is over: q quits.");
    terminal.type_keys(b"R");
    says_times(&terminal, "A recorded watch is played: no key acts.", 2);
    terminal.type_keys(b"q");
    assert_eq!(terminal.ended().0.exit_code(), 0);
    assert_is_linear(&said(&terminal));
}

#[test]
fn it_needs_a_terminal_and_is_no_screen() {
    let recorded = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/journals/bad-errors.jsonl");
    for arguments in [
        &["demo", "--plain"][..],
        &["replay", recorded, "--plain"],
        &["watch", "--plain", "--baseline", "http://b", "--candidate", "http://c"],
    ] {
        let home = Home::new();
        let ran = home.run(arguments);
        assert_eq!(ran.code, 2, "{arguments:?}: {ran:?}");
        let said = ran.err.replace("\n  │ ", " ");
        assert!(said.contains("standard input is not a terminal: the screen and --plain need one at both ends"), "{said}");
        assert_eq!(home.journals(), Vec::<std::path::PathBuf>::new());
    }
    for other in ["--tui", "--headless", "--tour"] {
        let ran = Home::new().run(&["demo", "--plain", other]);
        assert!(ran.code == 2 && ran.err.contains(other), "{ran:?}");
    }
}
