//! Watches to report on: the recorded one, and lines that are put together.

use std::{path::PathBuf, time::Duration};

use rollwatch::{
    engine::{
        event::{CheckChange, Ended, Event, Evidence, Line, SCHEMA, Started},
        policy::Policy,
        time::Time,
        verdict::{CheckVerdict, Outcome, Verdict},
    },
    journal::reader,
    report::{Links, summary::Summary},
};

/// 2026-11-22T20:14:03.120Z.
const START: i64 = 1_795_378_443_120;

/// The recorded watch.
pub(crate) fn recorded() -> Vec<Line> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/journals/bad-errors.jsonl");
    reader::read(path.as_ref()).expect("a journal").lines
}

pub(crate) fn links() -> Links {
    let run = Some("https://github.com/acme/api/actions/runs/42".to_owned());
    Links { journal: Some(PathBuf::from("/var/lib/rollwatch/api.jsonl")), run }
}

pub(crate) fn summary(lines: &[Line]) -> Summary {
    Summary::of(lines).expect("a watch")
}

/// Events a second apart.
pub(crate) fn lines(events: impl IntoIterator<Item = Event>) -> Vec<Line> {
    let line = |(seq, event)| Line { v: SCHEMA, seq, at: Time::from_ms(START).plus(Duration::from_secs(seq)), event };
    (1..).zip(events).map(line).collect()
}

/// The beginning of a watch between these versions.
pub(crate) fn started(deployment: &str, baseline: &str, candidate: &str) -> Event {
    Event::WatchStarted(Box::new(Started {
        deployment: deployment.to_owned(),
        environment: "prod".to_owned(),
        backend: "nginx".to_owned(),
        locator: "/etc/nginx/api.conf".to_owned(),
        strategy: "canary".to_owned(),
        baseline: baseline.to_owned(),
        candidate: candidate.to_owned(),
        window_s: 600.0,
        policy: serde_json::to_value(Policy::default()).expect("JSON"),
        config_sha256: "00".repeat(32),
        driven: None,
        steps: Vec::new(),
        rollwatch: "0.1.0".to_owned(),
        resumed: false,
        asked: rollwatch::engine::role::Sides::default(),
    }))
}

pub(crate) fn check(check: &str, verdict: CheckVerdict, sentence: &str) -> CheckChange {
    let (check, sentence, evidence) = (check.to_owned(), sentence.to_owned(), Evidence::default());
    CheckChange { check, verdict, was: None, sentence, evidence, explanation: Vec::new() }
}

/// A watch whose checks ended with these verdicts, and that ended so.
pub(crate) fn judged(checks: &[(&str, CheckVerdict)], ended: Option<(Verdict, Outcome, u8)>) -> Vec<Line> {
    let step = Event::Step { index: 1, of: 1, weight: 0.25 };
    let checks = checks.iter().map(|(id, verdict)| Event::Check(Box::new(check(id, *verdict, &format!("{id} was looked at")))));
    let end = ended.map(|(verdict, outcome, exit_code)| {
        let sentence = "It is over".to_owned();
        Event::WatchEnded(Ended { verdict, outcome, exit_code, sentence, watched_s: 60.0, blind_s: 5.0 })
    });
    lines([started("api", "v1", "v2"), step].into_iter().chain(checks).chain(end))
}
