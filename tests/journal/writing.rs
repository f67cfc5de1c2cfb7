//! Appending: what is refused, what a kill leaves behind, what a full disk does.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use rollwatch::{
    engine::{
        event::{Event, Line},
        verdict::{Outcome, Verdict},
    },
    journal::{reader::read, writer::Writer},
};

use crate::{
    events::{directory, ended, line, poll},
    process::{Other, job, myself, say, skip},
};

fn note(seq: u64, bytes: usize) -> Line {
    line(seq, Event::Note { about: "watch".to_owned(), sentence: "x".repeat(bytes) })
}

#[test]
fn a_line_that_would_spoil_the_journal_is_refused_and_leaves_no_trace() {
    let dir = directory();
    let path = dir.path().join("watch.jsonl");
    let mut writer = Writer::create(&path).expect("created");
    writer.append(&poll(1)).expect("appended");

    let Event::WatchEnded(mut end) = ended() else { panic!("an end") };
    assert_eq!((end.verdict, end.outcome), (Verdict::Pass, Outcome::Promoted));
    end.watched_s = f64::INFINITY;
    for (bad, why) in [
        (poll(1), "a line with seq 1 does not follow one with 1"),
        (poll(3), "a line with seq 3 does not follow one with 1"),
        (note(2, 1 << 20), "bytes is longer than 1 MiB"),
        (line(2, Event::WatchEnded(end)), "the line could not be read back: it is whole, but no event: invalid type: null"),
    ] {
        let refused = writer.append(&bad).expect_err("refused").to_string();
        assert!(refused.contains("watch.jsonl cannot be written: ") && refused.contains(why), "{refused}");
    }
    writer.append(&poll(2)).expect("the next good line goes in");
    writer.sync().expect("on disk");
    assert_eq!(writer.last_seq(), 2);
    assert_eq!(read(&path).expect("read").lines, [poll(1), poll(2)]);
}

#[test]
fn the_longest_line_that_is_written_is_read() {
    let dir = directory();
    let path = dir.path().join("watch.jsonl");
    let mut writer = Writer::create(&path).expect("created");
    let longest = (0..200).map(|less| note(1, (1 << 20) - less)).find(|line| writer.append(line).is_ok());
    assert_eq!(fs::metadata(&path).expect("it is there").len(), 1 << 20);
    assert_eq!(read(&path).expect("read").lines, Vec::from_iter(longest));
}

#[test]
#[ignore = "the other process of the test below"]
fn appends_for_ever() {
    let (mut writer, _) = Writer::append_to(Path::new(&job())).expect("opened");
    loop {
        let seq = writer.last_seq() + 1;
        writer.append(&note(seq, 3000)).expect("appended");
        say(&seq.to_string());
    }
}

#[test]
fn a_kill_loses_nothing_that_was_appended_and_changes_nothing_that_was_there() {
    let dir = directory();
    let path = dir.path().join("watch.jsonl");
    drop(Writer::create(&path).expect("created"));
    let mut before = Vec::new();
    for round in 1..=10 {
        let mut other = Other::start("writing::appends_for_ever", &[path.to_str().expect("text")]);
        let mut appended = 0;
        for _ in 0..round * 7 {
            appended = other.answer().expect("it goes on until it is killed").parse().expect("a number");
        }
        other.kill();

        let after = fs::read(&path).expect("read");
        assert!(after.starts_with(&before), "round {round}: what was there has changed");
        let read = read(&path).expect("a killed writer leaves a journal");
        assert!(read.last_seq >= appended, "round {round}: {} of {appended} lines", read.last_seq);
        let (_, repaired) = Writer::append_to(&path).expect("it can be gone on with");
        assert_eq!(repaired.lines, read.lines, "round {round}");
        before = fs::read(&path).expect("read");
    }
}

/// Told a directory and the operating system's words, it fills the disk and looks at what is left.
#[test]
#[ignore = "the other process of the tests below"]
fn fills_the_disk() {
    let (dir, words) = (job(), job());
    let (ballast, path) = (Path::new(&dir).join("ballast"), Path::new(&dir).join("watch.jsonl"));
    fs::write(&ballast, [0; 8 << 10]).expect("there is still space");
    let mut writer = Writer::create(&path).expect("created");
    let failed = loop {
        let seq = writer.last_seq() + 1;
        assert!(seq < 1000, "the disk does not get full");
        if let Err(error) = writer.append(&note(seq, 3000)) {
            break error;
        }
    };
    assert_eq!(failed.to_string(), format!("{} cannot be written: {words}", path.display()));
    let whole = read(&path).expect("read");
    assert_eq!((whole.torn, whole.last_seq), (None, writer.last_seq()), "half a line is taken back");

    fs::remove_file(&ballast).expect("removed");
    let again = writer.append(&poll(whole.last_seq + 1));
    // Space on a disk comes back; a limit on the file's size does not, but a shorter line may fit under it.
    assert!(again.is_ok() || words.starts_with("File too large"), "{again:?}");
    assert_eq!(read(&path).expect("read").last_seq, writer.last_seq());
}

#[test]
fn a_file_that_may_not_grow_is_a_clear_error_and_no_torn_line() {
    let dir = directory();
    let mut command = Command::new("sh");
    // The signal that comes with this limit would end the process; ignored, the write says so. 24 blocks are 12 or 24 KiB.
    command.args(["-c", "trap '' XFSZ; ulimit -f 24; exec \"$0\" \"$@\""]).arg(myself());
    let job = [dir.path().to_str().expect("text"), "File too large (os error 27)"];
    Other::start_under(command, "writing::fills_the_disk", &job).finish();
    assert!(dir.path().join("watch.jsonl").exists(), "the other process came as far as that");
}

#[test]
fn a_full_disk_is_a_clear_error_and_no_torn_line() {
    // A disk of our own, in a name space of its own, so that nothing stays behind.
    const SMALL_DISK: &str = "mount -t tmpfs -o size=64k tmpfs /mnt && exec \"$0\" \"$@\"";
    let unshared = |program: &std::ffi::OsStr| {
        let mut command = Command::new("unshare");
        command.args(["-rm", "sh", "-c", SMALL_DISK]).arg(program);
        command
    };
    let possible = unshared("true".as_ref()).stderr(Stdio::null()).status();
    if !possible.is_ok_and(|status| status.success()) {
        return skip("no disk of a limited size can be mounted here (needs unshare and mount)");
    }
    let job = ["/mnt", "No space left on device (os error 28)"];
    Other::start_under(unshared(myself().as_os_str()), "writing::fills_the_disk", &job).finish();
}
