//! `backtest`: what another policy would have made of a recorded watch, and when.

use std::{fs, path::PathBuf, process::Command};

use serde_json::Value;

use crate::agreement::folder;

fn journal() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/journals/bad-errors.jsonl"))
}

/// Code, stdout and stderr of `backtest` with that policy.
fn backtest(policy: &str, arguments: &[&str]) -> (i32, String, String) {
    let home = tempfile::tempdir().expect("a folder");
    let file = home.path().join("policy.toml");
    fs::write(&file, policy).expect("written");
    let run = Command::new(env!("CARGO_BIN_EXE_rollwatch"))
        .args(["backtest", "--policy"])
        .arg(&file)
        .args(arguments)
        .env_clear()
        .env("HOME", home.path())
        .output()
        .expect("the program starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (run.status.code().expect("no signal"), text(run.stdout), text(run.stderr))
}

fn decisions(policy: &str) -> (Value, Value) {
    let (code, out, error) = backtest(policy, &["--format", "jsonl", journal().to_str().expect("UTF-8")]);
    assert_eq!(code, 0, "{error}");
    let tested: Value = serde_json::from_str(&out).expect("one line of JSON");
    (tested["recorded"].clone(), tested["policy"].clone())
}

#[test]
fn the_policy_of_the_record_decides_as_it_did() {
    let (recorded, policy) = decisions("[policy]\nmax_window = \"10m\"\n");
    assert_eq!(recorded, policy);
    assert_eq!(recorded[0]["verdict"], "fail");
}

#[test]
fn a_laxer_one_decides_sooner_a_stricter_one_not_before_the_record_ends() {
    let at = |decided: &Value| decided[0]["at_s"].as_f64();
    let (recorded, short) = decisions("[policy]\nwindow = \"2m\"\nwarmup = \"10s\"\nalpha = 0.1\n");
    assert!(at(&short).expect("decided") < at(&recorded).expect("decided"), "{recorded} {short}");
    let (_, strict) = decisions("[policy]\nalpha = 0.0001\n");
    assert_eq!(at(&strict), None, "the record ends with the rollback: {strict}");
    let (_, blunt) = decisions("[policy]\ngating = [\"latency\", \"health\"]\n");
    assert_eq!(at(&blunt), None, "errors do not gate: {blunt}");
}

#[test]
fn people_get_a_line_a_decision_and_a_sum() {
    let trace = folder("public").join("p001.ndjson.gz");
    let (code, out, _) = backtest("", &[journal().to_str().expect("UTF-8"), trace.to_str().expect("UTF-8")]);
    assert_eq!(code, 0);
    for needle in ["recorded     fail after 1m50s", "this policy  fail after", "2 records: 1 decided the same"] {
        assert!(out.contains(needle), "{needle} is not in\n{out}");
    }
}

#[test]
fn what_cannot_be_played_or_read_is_said_and_is_code_2() {
    let (code, out, error) = backtest("", &["nowhere.jsonl", journal().to_str().expect("UTF-8")]);
    assert!(code == 2 && error.contains("nowhere.jsonl cannot be read") && out.contains("1 record:"), "{error}{out}");
    let (code, _, error) = backtest("[policy]\nalpha = 7\n", &[journal().to_str().expect("UTF-8")]);
    assert!(code == 2 && error.contains("policy.alpha"), "{code} {error}");
}
