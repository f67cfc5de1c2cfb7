//! The event contract: names and keys on stdout with `--format jsonl`, and in the journal.

use serde_json::Value;

use crate::program::{Home, json_lines};

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

fn events<'a>(lines: &'a [Value], name: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["event"] == name).collect()
}

#[test]
fn every_line_keeps_the_contract() {
    let home = Home::new();
    let ran = home.run(&["demo", "--headless", "--speed", "600", "--auto-rollback", "--format", "jsonl"]);
    assert_eq!(ran.code, 11, "{ran:?}");
    let lines = json_lines(&ran.out);
    for (i, line) in lines.iter().enumerate() {
        assert_eq!((line["v"].as_u64(), line["seq"].as_u64()), (Some(1), Some(i as u64 + 1)), "{line}");
        let at = line["at"].as_str().expect("a time");
        assert!(at.len() == 24 && at.ends_with('Z') && at.as_bytes()[19] == b'.', "{at}");
    }
    for (name, wanted) in [
        (
            "watch.started",
            &["deployment", "backend", "strategy", "baseline", "candidate", "window_s", "policy", "config_sha256"][..],
        ),
        ("sample", &["source", "role", "version", "instance", "ok", "reason", "requests", "errors", "buckets", "health"]),
        ("check", &["check", "verdict", "was", "sentence", "evidence"]),
        ("verdict", &["verdict", "was", "sentence", "evidence_nats", "needed_nats"]),
        ("phase", &["phase", "was"]),
        ("step", &["index", "of", "weight"]),
        ("action.requested", &["id", "action", "target", "actor", "token"]),
        ("action.sent", &["id"]),
        ("action.verified", &["id", "took_s"]),
        ("watch.ended", &["verdict", "outcome", "exit_code", "sentence", "watched_s", "blind_s"]),
    ] {
        let found = events(&lines, name);
        assert!(!found.is_empty(), "no {name}");
        for event in found {
            for key in wanted {
                assert!(keys(event).contains(key), "{name} lacks {key}: {event}");
            }
        }
    }
    assert_eq!(lines.first().expect("lines")["event"], "watch.started");
    assert_eq!(lines.last().expect("lines")["event"], "watch.ended");
    let requested = events(&lines, "action.requested")[0];
    assert_eq!(
        (&requested["target"]["version"], &requested["actor"]["kind"], &requested["action"]),
        (&"v2.4.0".into(), &"engine".into(), &"rollback".into())
    );
    let sample =
        lines.iter().find(|l| l["event"] == "sample" && l["requests"].as_f64().is_some_and(|n| n > 0.0)).expect("a counted sample");
    assert!(sample["buckets"]["+Inf"].as_f64().is_some() && sample["buckets"]["100"].as_f64().is_some(), "{sample}");
    let first_check = events(&lines, "check")[0];
    assert_eq!(first_check["was"], Value::Null);
}

#[test]
fn the_journal_holds_the_same_events_with_a_checksum() {
    let home = Home::new();
    let ran = home.run(&["demo", "--headless", "--speed", "600", "--format", "jsonl"]);
    let printed = json_lines(&ran.out);
    let text = std::fs::read_to_string(home.journal()).expect("a journal");
    let mut kept = json_lines(&text);
    for line in &mut kept {
        let crc = line.as_object_mut().expect("an object").remove("crc").expect("a checksum");
        assert_eq!(crc.as_str().map(str::len), Some(8));
    }
    assert_eq!(printed, kept);
}
