//! The table of the README: which promise is held by which backend, and against what it was tested. It is made of the tests there are.

use std::{fmt::Write as _, fs, path::PathBuf};

use super::promises;

/// The promises that a backend's tests hold, by what stood behind it.
pub(crate) struct Covered {
    pub(crate) name: &'static str,
    /// The very thing that the backend is made for.
    pub(crate) real: &'static [&'static str],
    /// Something that behaves as the real thing would.
    pub(crate) emulated: &'static [&'static str],
}

/// Every promise by the name of its test, in the order of docs/contract.md, and in words.
const PROMISES: [(&str, &str); 13] = [
    ("absolute_targets", "absolute targets: an undo run twice is no way forward"),
    ("compare_and_set", "only on the state that was seen"),
    ("once_per_decision", "once per decision"),
    ("read_back_until_seen", "\"done\" is said only after it was seen"),
    ("abilities_with_reasons", "what is possible now, and why not"),
    ("read_only_holds_nothing_that_acts", "read-only holds nothing that could act"),
    ("credentials_are_checked_at_attach", "credentials are checked at attach"),
    ("patience_is_honoured", "429 and `Retry-After` are honoured"),
    ("a_lost_answer_is_reconciled", "a lost answer is looked up, never repeated"),
    ("a_newer_deployment_is_refused", "a newer deployment is left alone (50)"),
    ("partial_success_is_kept", "partial success is undone or kept in the record"),
    ("every_wait_has_a_limit", "every wait has a limit"),
    ("the_rollback_path_is_free", "a rollback waits for no poll, lock or hook"),
];

/// Why a promise means nothing to a backend.
const NOT_APPLICABLE: [(&str, &str, &str); 6] = [
    ("demo", "partial_success_is_kept", "its router takes a change whole or not at all"),
    ("nginx", "patience_is_honoured", "a file and a local program ask for no patience"),
    ("command", "patience_is_honoured", "your program speaks to the server, and waits itself"),
    ("command", "partial_success_is_kept", "your program's exit code says that all was done or nothing"),
    ("deployment", "partial_success_is_kept", "each of its actions is one change"),
    ("canary", "partial_success_is_kept", "before its promotion a rollback is one change beside the mark of who asked"),
];

const BACKENDS: [&Covered; 6] = [
    &promises::demo::COVERED,
    &promises::nginx::COVERED,
    &promises::command::COVERED,
    &promises::deployment::COVERED,
    &promises::rollout::COVERED,
    &promises::canary::COVERED,
];

/// Where the table is in the README.
const MARKS: (&str, &str) = ("<!-- contract: written by tests/contract -->\n", "<!-- /contract -->");

fn table() -> String {
    let mut text = String::from("| promise |");
    let names = BACKENDS.map(|backend| format!(" `{}` |", backend.name)).concat();
    let _infallible = writeln!(text, "{names}\n|---|{}", "---|".repeat(BACKENDS.len()));
    let mut reasons = Vec::new();
    for (promise, words) in PROMISES {
        let cells = BACKENDS.map(|backend| format!(" {} |", cell(backend, promise, &mut reasons))).concat();
        let _infallible = writeln!(text, "| {words} |{cells}");
    }
    let notes: Vec<String> = reasons.iter().enumerate().map(|(at, why)| format!("({}) {why}", at + 1)).collect();
    text + "\nNot applicable: " + &notes.join("; ") + ".\n"
}

fn cell(backend: &Covered, promise: &str, reasons: &mut Vec<&'static str>) -> String {
    let reason = NOT_APPLICABLE.iter().find(|(name, of, _)| *name == backend.name && *of == promise);
    match (backend.real.contains(&promise), backend.emulated.contains(&promise), reason) {
        (true, false, None) => "real".to_owned(),
        (false, true, None) => "emulator".to_owned(),
        (false, false, Some((_, _, why))) => {
            reasons.push(why);
            format!("n/a ({})", reasons.len())
        }
        (real, emulated, reason) => {
            panic!("{promise} of {}: real {real}, emulated {emulated}, not applicable {reason:?}", backend.name)
        }
    }
}

fn in_repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// After a change of the suite: `UPDATE_README=1 cargo test --test contract table`.
#[test]
fn the_readme_shows_what_the_suite_covers() {
    let path = in_repository("README.md");
    let readme = fs::read_to_string(&path).expect("a README");
    let (before, rest) = readme.split_once(MARKS.0).expect("the README has a place for the table");
    let (shown, after) = rest.split_once(MARKS.1).expect("the table has an end");
    if std::env::var_os("UPDATE_README").is_some() {
        fs::write(&path, [before, MARKS.0, &table(), MARKS.1, after].concat()).expect("writable");
        return;
    }
    assert_eq!(shown, table(), "README.md shows another table: UPDATE_README=1 cargo test --test contract table");
}

#[test]
fn every_promise_is_written_down_with_its_test() {
    let contract = fs::read_to_string(in_repository("docs/contract.md")).expect("the contract");
    for (promise, _) in PROMISES {
        assert!(contract.contains(&format!("`{promise}`")), "docs/contract.md does not name {promise}");
    }
    for backend in BACKENDS {
        for promise in [backend.real, backend.emulated].concat() {
            assert!(PROMISES.iter().any(|(known, _)| *known == promise), "{promise} is not in the table");
        }
    }
}
