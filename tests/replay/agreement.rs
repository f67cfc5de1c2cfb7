//! The same rules were implemented twice, here and elsewhere: both decide the same about the same recordings, at the same poll.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde::Deserialize;

/// Where the two part: here the time in which nothing could be seen does not count towards the window, so it ends later (and is judged at
/// other moments after that); elsewhere it does.
const WINDOW_MOVED: [(&str, f64); 2] = [("l013", 870.0), ("l014", 1020.0)];

#[derive(Debug, Deserialize)]
struct Expected {
    trace: String,
    verdict: String,
    at_s: f64,
    #[serde(default)]
    truth: String,
    #[serde(default)]
    acceptable: Vec<String>,
    onset_s: Option<f64>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Decision {
    pub(crate) trace: String,
    pub(crate) verdict: String,
    pub(crate) at_s: f64,
    pub(crate) reason: String,
}

pub(crate) fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/traces").join(name)
}

fn lines<T: for<'de> Deserialize<'de>>(path: &Path) -> Vec<T> {
    let text = fs::read_to_string(path).expect("a file of the repository");
    text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

/// What the program decides about each trace of a folder, in the order of the expectations.
fn decide(name: &str) -> Vec<(Expected, Decision)> {
    let folder = folder(name);
    let expected: Vec<Expected> = lines(&folder.join("expected.ndjson"));
    let traces = expected.iter().map(|e| folder.join(format!("{}.ndjson.gz", e.trace)));
    let decided = decisions(traces);
    assert_eq!(decided.len(), expected.len(), "one line a file");
    expected.into_iter().zip(decided).collect()
}

/// What the program decides about each of these.
pub(crate) fn decisions(traces: impl Iterator<Item = PathBuf>) -> Vec<Decision> {
    let out = tempfile::tempdir().expect("a folder");
    let decisions = out.path().join("decisions.ndjson");
    let status = Command::new(env!("CARGO_BIN_EXE_rollwatch"))
        .args(["replay", "--headless", "--decisions"])
        .arg(&decisions)
        .args(traces)
        .status()
        .expect("the program starts");
    assert!(status.success());
    lines(&decisions)
}

#[test]
fn every_decision_is_the_same_at_the_same_poll() {
    for name in ["public", "long"] {
        let moved: BTreeMap<&str, f64> = WINDOW_MOVED.into_iter().collect();
        for (expected, decided) in decide(name) {
            assert_eq!(decided.trace, expected.trace, "in the order given");
            let at_s = moved.get(expected.trace.as_str()).copied().unwrap_or(expected.at_s);
            assert_eq!((&decided.verdict, decided.at_s), (&expected.verdict, at_s), "{}: {}", decided.trace, decided.reason);
        }
    }
}

#[test]
fn no_healthy_one_is_rolled_back_and_every_clear_regression_is() {
    let all = decide("public");
    assert_eq!(all.len(), 60);
    for (expected, decided) in &all {
        let is = |verdict: &str| decided.verdict == verdict;
        match expected.truth.as_str() {
            "healthy" => assert!(!is("rollback"), "{decided:?}"),
            "regressed" => assert!(!is("promote") && expected.acceptable.contains(&decided.verdict), "{decided:?}"),
            _ => assert!(is("inconclusive"), "{decided:?}"),
        }
        if is("rollback") {
            assert!(expected.onset_s.is_none_or(|onset| decided.at_s >= onset), "before it began: {decided:?}");
        }
    }
    let promoted = all.iter().filter(|(e, d)| e.truth == "healthy" && d.verdict == "promote").count();
    assert!(promoted >= 21, "{promoted} of 26 healthy ones are promoted");
}

#[test]
fn a_trace_is_decided_the_same_way_again_and_as_plain_text() {
    use std::io::Read as _;
    let out = tempfile::tempdir().expect("a folder");
    let zipped = folder("public").join("p001.ndjson.gz");
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(fs::File::open(&zipped).expect("a trace")).read_to_string(&mut text).expect("text");
    let plain = out.path().join("p001.ndjson");
    fs::write(&plain, text).expect("written");
    let lines = |file: &Path| {
        let run = Command::new(env!("CARGO_BIN_EXE_rollwatch"))
            .args(["replay", "--headless", "--format", "jsonl"])
            .arg(file)
            .output()
            .expect("the program starts");
        assert!(run.status.success());
        run.stdout
    };
    let first = lines(&zipped);
    assert!(first.len() > 10_000 && first == lines(&zipped) && first == lines(&plain));
}
