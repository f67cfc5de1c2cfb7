//! What is recorded can be listed and played again, with the same verdicts.

use std::fs;

use crate::program::{Home, json_lines};

fn judgements(text: &str) -> Vec<serde_json::Value> {
    let mut lines = json_lines(text);
    lines.retain(|line| ["check", "verdict"].contains(&line["event"].as_str().unwrap_or_default()));
    for line in &mut lines {
        let line = line.as_object_mut().expect("an object");
        line.remove("crc");
        line.remove("seq");
    }
    lines
}

#[test]
fn a_replay_reproduces_every_judgement_bit_for_bit() {
    for (scenario, flag) in [("bad-errors", "--auto-rollback"), ("shared-incident", "--auto-rollback"), ("good", "--auto-promote")]
    {
        let home = Home::new();
        home.run(&["demo", "--headless", "--speed", "600", "--scenario", scenario, flag]);
        let journal = home.journal();
        let replay = home.run(&["replay", "--headless", "--format", "jsonl", journal.to_str().expect("UTF-8")]);
        assert_eq!((replay.code, replay.err.as_str()), (0, ""), "{scenario}");
        let recorded = fs::read_to_string(&journal).expect("a journal");
        assert!(!judgements(&recorded).is_empty());
        assert_eq!(judgements(&recorded), judgements(&replay.out), "{scenario}");
        let last = json_lines(&replay.out).pop().expect("lines");
        assert_eq!(last["event"], "watch.ended", "{scenario}");
    }
}

#[test]
fn a_torn_journal_is_played_as_far_as_it_goes() {
    let home = Home::new();
    home.run(&["demo", "--headless", "--speed", "600"]);
    let journal = home.journal();
    let text = fs::read(&journal).expect("a journal");
    fs::write(&journal, &text[..text.len() - 40]).expect("cut");
    let replay = home.run(&["replay", "--headless", journal.to_str().expect("UTF-8")]);
    assert_eq!(replay.code, 0, "{replay:?}");
    assert!(replay.err.contains("is left out"), "{}", replay.err);
}

#[test]
fn journals_lists_what_was_recorded_newest_first() {
    let home = Home::new();
    assert!(home.run(&["journals"]).out.contains("No watch has been recorded"));
    home.run(&["demo", "--headless", "--speed", "600", "--scenario", "bad-errors"]);
    home.run(&["demo", "--headless", "--speed", "600", "--scenario", "bad-errors", "--auto-rollback"]);
    let listed = home.run(&["journals"]);
    let lines: Vec<&str> = listed.out.lines().collect();
    assert_eq!((listed.code, lines.len()), (0, 3), "{listed:?}");
    assert!(lines[1].contains("rolled_back (11)") && lines[2].contains("fail (10)"), "{}", listed.out);
}

#[test]
fn what_cannot_be_played_is_said_and_is_code_2() {
    let home = Home::new();
    let other = home.write("other.jsonl", "{}\n{}\n");
    for path in ["missing.jsonl", other.to_str().expect("UTF-8")] {
        let replay = home.run(&["replay", "--headless", path]);
        assert_eq!(replay.code, 2);
        assert!(replay.err.contains("jsonl"), "{}", replay.err);
    }
}
