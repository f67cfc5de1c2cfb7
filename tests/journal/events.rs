//! Lines to write, and where to.

use std::{fs::Permissions, os::unix::fs::PermissionsExt as _};

use rollwatch::engine::{
    event::{Ended, Event, Line, Poll, SCHEMA, Started},
    time::Time,
    verdict::{Outcome, Verdict},
};
use serde_json::json;

/// 2026-11-22T20:14:03.120Z.
pub(crate) const START: Time = Time::from_ms(1_795_378_443_120);

/// A directory that nobody else can write to, whatever the umask.
pub(crate) fn directory() -> tempfile::TempDir {
    tempfile::Builder::new().permissions(Permissions::from_mode(0o700)).tempdir().expect("a directory")
}

pub(crate) fn line(seq: u64, event: Event) -> Line {
    Line { v: SCHEMA, seq, at: START, event }
}

pub(crate) fn poll(seq: u64) -> Line {
    line(seq, Event::Poll(Poll { index: seq, weight: Some(0.25), ..Poll::default() }))
}

pub(crate) fn started(deployment: &str, candidate: &str) -> Event {
    Event::WatchStarted(Box::new(Started {
        deployment: deployment.to_owned(),
        environment: "prod".to_owned(),
        backend: "none".to_owned(),
        locator: String::new(),
        strategy: "one-step".to_owned(),
        baseline: "v2.4.0".to_owned(),
        candidate: candidate.to_owned(),
        window_s: 600.0,
        policy: json!({ "alpha": 0.01 }),
        config_sha256: "00".repeat(32),
        driven: None,
        steps: vec![1.0],
        rollwatch: "0.1.0".to_owned(),
        resumed: false,
        asked: rollwatch::engine::role::Sides::default(),
    }))
}

pub(crate) fn ended() -> Event {
    Event::WatchEnded(Ended {
        verdict: Verdict::Pass,
        outcome: Outcome::Promoted,
        exit_code: 0,
        sentence: "v2.5.0 is no worse than v2.4.0".to_owned(),
        watched_s: 600.0,
        blind_s: 0.0,
    })
}

/// A journal from its start to its end.
pub(crate) fn small() -> Vec<Line> {
    let note = Event::Note { about: "source".to_owned(), sentence: "10.0.0.1:8081 – gone; \"back\" at 20:15".to_owned() };
    vec![line(1, started("api", "v2.5.0")), poll(2), line(3, note), poll(4), line(5, ended())]
}
