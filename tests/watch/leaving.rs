//! Leaving a screen while its watch goes on, and being shown around: both in a real terminal.

use std::fs;

use crate::{
    acting::Scripted,
    program::json_lines,
    service::{Counts, Service},
    terminal::{Terminal, gave_back},
    wait::wait_for,
};

/// Healthy for so many scrapes, then failing three requests of ten.
fn turns_bad_after(scrapes: u64) -> Service {
    Service::with(move |nth| {
        let failed = nth.saturating_sub(scrapes) * 30;
        let ok = nth * 100 - failed;
        format!(
            "# TYPE http_requests_total counter\nhttp_requests_total{{status=\"200\"}} {ok}\nhttp_requests_total{{status=\"500\"}} {failed}\n"
        )
    })
}

#[test]
fn an_armed_watch_goes_on_without_its_screen_and_still_rolls_back_once() {
    let baseline = Service::start(Counts { ok: 299, failed: 1, has_series: true });
    let candidate = turns_bad_after(60);
    let scripted = Scripted::new();
    let path = scripted.config(&baseline, &candidate);
    let text = fs::read_to_string(&path).expect("a file").replace("window = \"5s\"", "window = \"60s\"");
    fs::write(&path, text).expect("written");
    let ledger = scripted.home.path("ledger");
    let mut terminal = Terminal::of(scripted.home, 120, 40, &["watch", "-c", "rollwatch.toml", "--auto-rollback"]);
    terminal.shows("AUTO-ROLLBACK ARMED");
    terminal.type_keys(b"q");
    terminal.shows("Stop watching api?");
    terminal.type_keys(b"h");
    let (status, bytes) = terminal.ended();
    let said = String::from_utf8_lossy(&bytes).into_owned();
    assert_eq!(status.exit_code(), 0, "{said}");
    assert!(gave_back(&bytes), "{said}");
    let end = said.rsplit("\x1b[?1049l").next().unwrap_or_default();
    assert!(end.contains("The watch of api goes on as process") && end.contains("auto-rollback armed"), "{end}");
    assert!(!ledger.exists(), "nothing was bad yet");

    let journal = wait_for(|| Some(terminal.journal()).filter(|journal| journal.contains("\"watch.ended\"")));
    let events = json_lines(&journal);
    let ended = events.iter().find(|event| event["event"] == "watch.ended").expect("an end");
    assert_eq!(ended["exit_code"], 11, "{ended}");
    assert_eq!(fs::read_to_string(&ledger).expect("a ledger").lines().collect::<Vec<_>>(), ["0"], "rolled back once");
    let started = events.iter().filter(|event| event["event"] == "watch.started").count();
    assert_eq!(started, 2, "it was gone on with, not begun anew");
    let lines = fs::read_dir(terminal.home.journals()[0].parent().expect("a folder")).expect("a folder");
    let log = lines.filter_map(Result::ok).find(|entry| entry.file_name() == "handed-over.log").expect("its lines");
    assert!(fs::read_to_string(log.path()).expect("text").contains("exit code 11"));
}

#[test]
fn the_tour_leads_through_a_real_rollback() {
    let mut terminal = Terminal::start(100, 34, &["demo", "--tour", "--speed", "20"]);
    terminal.shows("Press  d  to see the difference");
    terminal.type_keys(b"d");
    terminal.shows("again to come back");
    terminal.type_keys(b"d");
    terminal.shows("Press  e  to see what speaks against it");
    terminal.type_keys(b"e");
    terminal.shows("Press  esc  to come back");
    terminal.type_keys(b"\x1b");
    terminal.shows("Press  R  to roll back");
    terminal.type_keys(b"R");
    terminal.shows("Read it, then press  y");
    terminal.type_keys(b"y");
    terminal.shows("Caught and rolled back.");
    assert_eq!(terminal.actions(), 1);
}

#[test]
fn the_tour_needs_a_terminal() {
    let ran = crate::program::Home::new().run(&["demo", "--tour"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.err.contains("needs a terminal at both ends"), "{ran:?}");
}
