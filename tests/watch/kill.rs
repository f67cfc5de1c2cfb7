//! kill -9 at four points of an action; after the restart the backend has seen at most one, and the journal says which.

use std::fs;

use crate::{acting::Scripted, program::json_lines, service::pair, wait::wait_for};

/// Waits in the script until the test lets it go (or forgets about it).
const HANG: &str = "touch reached; i=0; while [ ! -e go ] && [ $i -lt 300 ]; do sleep 0.1; i=$((i+1)); done";

/// Runs a watch that is killed once the script `hook` has reached its point, then goes on with it. Answers with the ledger and the journal.
fn kill_and_resume(hook: &str, when: &str) -> (Vec<String>, String) {
    let (baseline, candidate) = pair(true);
    let scripted = Scripted::new();
    scripted.config(&baseline, &candidate);
    scripted.script(hook, &format!("#!/bin/sh\n[ -e go ] && exit 0\n{when}{HANG}\n"));
    let mut first = scripted.home.command(&["watch", "-c", "rollwatch.toml", "--auto-rollback"]).spawn().expect("starts");
    wait_for(|| scripted.home.path("reached").exists().then_some(()));
    first.kill().expect("killed");
    first.wait().expect("gone");
    fs::write(scripted.home.path("go"), "").expect("written");
    let second = scripted.home.run(&["watch", "-c", "rollwatch.toml", "--auto-rollback", "--resume"]);
    assert_eq!(second.code, 11, "{second:?}");
    (scripted.ledger(), fs::read_to_string(scripted.home.journal()).expect("a journal"))
}

fn count(journal: &str, event: &str) -> usize {
    json_lines(journal).iter().filter(|line| line["event"] == event).count()
}

fn in_journal(event: &str) -> String {
    format!("grep -qs '\"{event}\"' .local/state/rollwatch/*/*.jsonl || exit 0\n")
}

#[test]
fn intent_written_nothing_sent() {
    let (ledger, journal) = kill_and_resume("on-status", &in_journal("action.requested"));
    assert_eq!(ledger, ["0"]);
    assert_eq!(
        (count(&journal, "action.requested"), count(&journal, "action.failed"), count(&journal, "action.verified")),
        (2, 1, 1)
    );
}

#[test]
fn request_sent_not_carried_out_yet() {
    let (ledger, journal) = kill_and_resume("before-set", "");
    assert_eq!(ledger, ["0"]);
    assert_eq!((count(&journal, "action.requested"), count(&journal, "action.verified")), (1, 1));
}

#[test]
fn answer_lost() {
    let (ledger, journal) = kill_and_resume("after-set", "");
    assert_eq!(ledger, ["0"]);
    assert_eq!(
        (count(&journal, "action.requested"), count(&journal, "action.sent"), count(&journal, "action.verified")),
        (1, 0, 1)
    );
}

#[test]
fn sent_and_not_verified() {
    let (ledger, journal) = kill_and_resume("on-status", &in_journal("action.sent"));
    assert_eq!(ledger, ["0"]);
    assert_eq!(
        (count(&journal, "action.requested"), count(&journal, "action.sent"), count(&journal, "action.verified")),
        (1, 1, 1)
    );
}

#[test]
fn what_cannot_be_resumed_is_refused_with_the_reason() {
    let (baseline, candidate) = pair(true);
    let scripted = Scripted::new();
    let path = scripted.config(&baseline, &candidate);
    let resume = || scripted.home.run(&["watch", "-c", "rollwatch.toml", "--resume"]);
    let none = resume();
    assert_eq!(none.code, 2);
    assert!(none.err.contains("no unfinished watch"), "{}", none.err);
    let mut first = scripted.home.command(&["watch", "-c", "rollwatch.toml"]).spawn().expect("starts");
    wait_for(|| scripted.home.journals().first().and_then(|j| fs::read_to_string(j).ok()).filter(|t| t.contains("\"sample\"")));
    first.kill().expect("killed");
    first.wait().expect("gone");
    let text = fs::read_to_string(&path).expect("a file").replace("version = \"v2\"", "version = \"v3\"");
    fs::write(&path, text).expect("written");
    let changed = resume();
    assert_eq!(changed.code, 2, "{changed:?}");
    assert!(changed.err.contains("v2") && changed.err.contains("v3"), "{}", changed.err);
}
