//! What is read from a journal that was cut, changed or put together wrongly. Exhaustive where a small journal allows it.

use std::{fs::File, path::Path};

use rollwatch::{
    engine::event::{Event, Line},
    journal::{
        line::{LONGEST, encode},
        reader::{Read, ReadError, RecordError, read, read_from},
        writer::Writer,
    },
};

use crate::events::{directory, line, poll, small};

fn text(lines: &[Line]) -> String {
    lines.iter().map(encode).collect()
}

fn read_bytes(bytes: &[u8]) -> Result<Read, RecordError> {
    read_from(bytes)
}

/// The line number of the refusal.
fn refused_at(bytes: &[u8]) -> (u64, String) {
    match read_bytes(bytes).expect_err("refused") {
        RecordError::Bad { line, why } => (line, why),
        RecordError::Io(error) => (0, error.to_string()),
    }
}

#[test]
fn cut_off_at_any_byte_the_whole_lines_are_read_and_the_rest_is_said() {
    let (lines, text) = (small(), text(&small()));
    for at in 0..=text.len() {
        let kept = text.as_bytes()[..at].split(|&byte| byte == b'\n').count() - 1;
        let is_torn = at > 0 && text.as_bytes()[at - 1] != b'\n';
        let read = read_bytes(&text.as_bytes()[..at]).expect("a torn end is no reason to refuse");
        assert_eq!(read.lines, lines[..kept], "cut at {at}");
        assert_eq!(read.last_seq, kept as u64, "cut at {at}");
        assert_eq!(read.torn.is_some(), is_torn, "cut at {at}: {:?}", read.torn);
    }
}

#[test]
fn cut_off_at_any_byte_it_can_be_gone_on_with() {
    let (lines, text) = (small(), text(&small()));
    let dir = directory();
    let path = dir.path().join("watch.jsonl");
    for at in 0..=text.len() {
        std::fs::remove_file(&path).ok();
        drop(Writer::create(&path).expect("created"));
        std::fs::write(&path, &text.as_bytes()[..at]).expect("written");
        let (mut writer, found) = Writer::append_to(&path).expect("opened");
        for line in &lines[found.lines.len()..] {
            writer.append(line).expect("appended");
        }
        assert_eq!(std::fs::read_to_string(&path).expect("read"), text, "cut at {at}");
    }
}

#[test]
fn every_flipped_bit_is_noticed() {
    let (lines, text) = (small(), text(&small()));
    for bit in 0..text.len() * 8 {
        let mut bytes = text.clone().into_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        match read_bytes(&bytes) {
            Err(RecordError::Bad { line, .. }) => assert!((1..=lines.len() as u64).contains(&line), "bit {bit}"),
            Err(RecordError::Io(error)) => panic!("bit {bit}: {error}"),
            Ok(read) => {
                assert!(read.torn.is_some(), "bit {bit} went unnoticed");
                // Two lines when it was the newline between the last two.
                assert!(read.lines.len() >= lines.len() - 2 && lines.starts_with(&read.lines), "bit {bit}");
            }
        }
    }
}

#[test]
fn damage_before_the_end_is_refused_with_its_line_and_the_file_is_left_alone() {
    let dir = directory();
    let path = dir.path().join("watch.jsonl");
    let damaged = text(&small()).replacen("0.25", "0.75", 1);
    drop(Writer::create(&path).expect("created"));
    std::fs::write(&path, &damaged).expect("written");

    let want = ReadError::Bad { path: path.clone(), line: 2, why: "its checksum does not fit its text".to_owned() };
    assert_eq!(read(&path), Err(want.clone()));
    assert_eq!(Writer::append_to(&path).map(drop), Err(want.clone()));
    assert_eq!(std::fs::read_to_string(&path).expect("read"), damaged);
    assert_eq!(
        want.to_string(),
        format!(
            "line 2 of {} cannot be trusted: its checksum does not fit its text; nothing after it is read and the file is left as it is",
            path.display()
        )
    );
}

#[test]
fn a_damaged_last_line_is_a_torn_end() {
    let damaged = text(&small()).replacen("watched_s", "watched_z", 1);
    let read = read_bytes(damaged.as_bytes()).expect("read");
    assert_eq!(read.lines.len(), 4);
    let torn = read.torn.expect("torn");
    assert!(
        torn.starts_with("the last line (number 5, ") && torn.ends_with(" bytes) is left out: its checksum does not fit its text"),
        "{torn}"
    );
}

#[test]
fn a_line_that_is_missing_twice_or_out_of_order_is_refused() {
    let [first, second, third] = [poll(1), poll(2), poll(3)];
    let missing = [first.clone(), third.clone()];
    assert_eq!(refused_at(text(&missing).as_bytes()), (2, "its seq is 3 where 2 should follow".to_owned()));
    let twice = [first.clone(), second.clone(), second];
    assert_eq!(refused_at(text(&twice).as_bytes()).0, 3);
    assert_eq!(refused_at(text(&[third]).as_bytes()).0, 1);
}

#[test]
fn a_newer_schema_is_read_and_never_written_to() {
    let dir = directory();
    let path = dir.path().join("watch.jsonl");
    drop(Writer::create(&path).expect("created"));
    let newer = text(&[poll(1), Line { v: 2, ..poll(2) }]);
    std::fs::write(&path, &newer).expect("written");

    let found = read(&path).expect("read");
    assert_eq!(found.lines.len(), 2);
    assert_eq!(
        found.newer.as_deref(),
        Some("written by a newer rollwatch (schema 2, this one knows 1): it can be looked at, not gone on with")
    );
    let refused = Writer::append_to(&path).expect_err("newer").to_string();
    assert!(refused.contains("cannot be written: written by a newer rollwatch"), "{refused}");
    assert_eq!(std::fs::read_to_string(&path).expect("read"), newer);
}

#[test]
fn an_event_that_is_not_known_is_kept() {
    let lines = [poll(1), line(2, Event::Unknown), poll(3)];
    assert_eq!(read_bytes(text(&lines).as_bytes()).expect("read").lines, lines);
}

#[test]
fn lines_are_read_in_bounded_memory() {
    let mut endless = text(&[poll(1)]).into_bytes();
    endless.resize(endless.len() + LONGEST + 1, b'x');
    assert_eq!(refused_at(&endless), (2, "it is longer than 1 MiB".to_owned()));
}

#[test]
fn what_is_no_journal_is_refused_at_once() {
    let dir = directory();
    let refusal = |path: &Path| read(path).expect_err("no journal").to_string();

    let huge = dir.path().join("huge");
    File::create(&huge).and_then(|file| file.set_len((1 << 30) + 1)).expect("a sparse file");
    assert!(refusal(&huge).ends_with("huge cannot be read: it is larger than 1 GiB, which no journal is"));

    let pipe = dir.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs").success());
    assert!(refusal(&pipe).ends_with("pipe cannot be read: it is not a regular file"));
    assert!(refusal(dir.path()).ends_with("cannot be read: it is not a regular file"));
    assert!(refusal(&dir.path().join("none")).ends_with("none cannot be read: No such file or directory (os error 2)"));
    assert_eq!(
        read_bytes(b"<html>\n<body>\n").map(drop).expect_err("no journal").to_string().split(':').next(),
        Some("line 1 cannot be trusted")
    );
}
