//! Locks between two real processes.

use std::path::Path;

use rollwatch::journal::{
    lock::{ActionLock, Holder, LockError, WatchLock},
    store::Store,
    writer::Writer,
};

use crate::{
    events::{START, directory},
    process::{Other, job, say, until_dropped},
};

fn me() -> Holder {
    Holder::here("ana", "rollwatch watch -c api.toml", START)
}

/// Who the refusal names.
fn held_by(result: Result<WatchLock, LockError>) -> Option<Holder> {
    match result {
        Err(LockError::Held { by, .. }) => by.map(|by| *by),
        _ => None,
    }
}

#[test]
#[ignore = "the other process of the tests below"]
fn holds_both_locks() {
    let store = Store::at(job());
    let bob = Holder::here("bob", "rollwatch rollback --yes", START);
    let locks = (WatchLock::take(&store, "api", "nginx", &bob), ActionLock::take(&store, "api", "nginx", &bob));
    assert!(matches!(locks, (Ok(_), Ok(_))), "{locks:?}");
    say("held");
    until_dropped();
}

#[test]
fn the_second_process_is_refused_and_told_who_the_first_is() {
    let dir = directory();
    let root = dir.path().to_str().expect("text");
    let store = Store::at(root);
    let mut other = Other::start("locks::holds_both_locks", &[root]);
    assert_eq!(other.answer().as_deref(), Some("held"));

    let by = held_by(WatchLock::take(&store, "api", "nginx", &me())).expect("held");
    assert_eq!((by.pid, by.user.as_str(), by.host.as_str()), (other.pid(), "bob", me().host.as_str()));
    assert_eq!((by.boot.as_str(), by.since), (me().boot.as_str(), START));
    let refused = ActionLock::take(&store, "api", "nginx", &me()).expect_err("held").to_string();
    let (host, pid) = (by.host, by.pid);
    let want = format!(
        "another action is under way by bob on {host}, process {pid}, since 2026-11-22T20:14:03.120Z: `rollwatch rollback --yes`"
    );
    assert_eq!(refused, want);

    drop(WatchLock::take(&store, "api", "another", &me()).expect("another locator is another lock"));
    drop(WatchLock::take(&store, "web", "nginx", &me()).expect("another deployment is another lock"));

    other.finish();
    drop(WatchLock::take(&store, "api", "nginx", &me()).expect("given back"));
    drop(ActionLock::take(&store, "api", "nginx", &me()).expect("given back"));
}

#[test]
fn a_killed_holder_leaves_nothing_in_the_way() {
    let dir = directory();
    let root = dir.path().to_str().expect("text");
    let store = Store::at(root);
    let mut other = Other::start("locks::holds_both_locks", &[root]);
    assert_eq!(other.answer().as_deref(), Some("held"));
    other.kill();

    let lock = WatchLock::take(&store, "api", "nginx", &me()).expect("free, whatever the text in the file says");
    assert_eq!(held_by(WatchLock::take(&store, "api", "nginx", &me())), Some(me()), "the text is the new holder's");
    drop(lock);
}

#[test]
fn a_holder_that_has_not_signed_yet_still_holds() {
    let dir = directory();
    let store = Store::at(dir.path());
    let _lock = ActionLock::take(&store, "api", "", &me()).expect("taken");
    let file = std::fs::read_dir(dir.path().join("locks")).expect("read").next().expect("one").expect("read").path();
    for text in ["", "{\"pid\":", "\u{1b}[2J"] {
        std::fs::write(&file, text).expect("written");
        let refused = ActionLock::take(&store, "api", "", &me()).expect_err("held").to_string();
        assert_eq!(refused, "another action is under way by somebody who has not said who");
    }
}

#[test]
fn a_holders_text_cannot_move_the_cursor() {
    let dir = directory();
    let store = Store::at(dir.path());
    let hostile = Holder { host: "\u{1b}]0;x\u{7}".to_owned(), command: "\u{9b}2J".to_owned(), ..me() };
    let _lock = WatchLock::take(&store, "api", "", &hostile).expect("taken");
    let refused = WatchLock::take(&store, "api", "", &me()).expect_err("held").to_string();
    assert!(!refused.contains(|c: char| c.is_control()), "{refused:?}");
}

#[test]
#[ignore = "the other process of the test below"]
fn keeps_a_journal_open() {
    let _writer = Writer::append_to(Path::new(&job())).expect("opened");
    say("open");
    until_dropped();
}

#[test]
fn two_processes_never_write_to_one_journal() {
    let dir = directory();
    let path = dir.path().join("watch.jsonl");
    drop(Writer::create(&path).expect("created"));
    let mut other = Other::start("locks::keeps_a_journal_open", &[path.to_str().expect("text")]);
    assert_eq!(other.answer().as_deref(), Some("open"));
    let refused = Writer::append_to(&path).expect_err("the other has it").to_string();
    assert!(refused.ends_with("watch.jsonl cannot be written: another rollwatch is writing to it"), "{refused}");
    other.finish();
    drop(Writer::append_to(&path).expect("free"));
}
