//! A snapshot with something on every view: twelve instances of two versions, a ladder of five steps, 214 events, four actions.

use std::{sync::Arc, time::Duration};

use rollwatch::engine::{
    action::{Action, Fact},
    role::{Role as Side, Sides},
    sample::{CheckState, Health, HealthCheck, HealthState, Phase, Pod},
    snapshot::{
        ActRow, ActionView, EventRow, Figures, InstanceRow, InstanceState, Point, Reading, Snapshot, Span, StepRow, StepState, Tone,
    },
};

use super::fixture::{self, at};

/// What each view is drawn from: the third step of five, leaning bad.
pub(crate) fn full() -> Snapshot {
    let mut s = fixture::leaning_bad();
    (s.deployment.step, s.deployment.weight) = (Some((3, 5)), Some(0.5));
    s.instances = Arc::new(instances());
    s.steps = steps();
    s.steps_facts = steps_facts();
    s.events = events();
    s.acts = acts();
    let points = Arc::make_mut(&mut s.charts.points);
    let count = points.len();
    for (nth, point) in points.iter_mut().enumerate() {
        let late = (nth as f32 - count as f32 * 0.8).max(0.0) / (count as f32 * 0.2);
        *point = Point { evidence: (0.2 * (1.0 - late), 0.63 * late * late), ..*point };
    }
    s
}

fn check(name: &str, said: &str, state: CheckState) -> HealthCheck {
    HealthCheck { name: name.to_owned(), said: said.to_owned(), state }
}

fn health(state: HealthState, database: (&str, CheckState)) -> Health {
    let checks = vec![
        check("database", database.0, database.1),
        check("cache", "up", CheckState::Passes),
        check("migrations", "current", CheckState::Passes),
    ];
    Health { state, served: true, checks }
}

fn instance(name: &str, role: Side, errors: f64, p99: f64, counted: (f64, f64)) -> InstanceRow {
    let wave = |slot: usize| Reading::Solid(errors * (0.6 + 0.4 * ((slot * 7 + name.len() * 3) % 5) as f64 / 4.0));
    InstanceRow {
        name: name.to_owned(),
        role,
        state: InstanceState::Serving,
        ready: Some(true),
        restarts: 0,
        restarted: false,
        age: if role == Side::Candidate { "7m50s" } else { "3d04h" }.to_owned(),
        rate: if role == Side::Candidate { "2.4/s" } else { "1.6/s" }.to_owned(),
        errors: format!("{:.2} %", errors * 100.0),
        p99: format!("{p99:.0} ms"),
        figures: Figures { errors: Some(errors), p99: Some(p99), counted },
        history: (0..InstanceRow::HISTORY).map(wave).collect(),
        health: Some(health(HealthState::Up, ("ok", CheckState::Passes))),
        pod: None,
        trouble: None,
        seen: None,
    }
}

/// Nine of the old version and three of the new one, the worst first.
pub(crate) fn instances() -> Vec<InstanceRow> {
    let mut looping = instance("5c9f77d4c5-p4n7t", Side::Candidate, 0.018, 0.0, (280.0, 2.0));
    (looping.state, looping.ready) = (InstanceState::Restarting, Some(false));
    (looping.restarts, looping.restarted) = (4, true);
    looping.age = "48 s".to_owned();
    (looping.rate, looping.errors, looping.p99) = ("0.0/s".to_owned(), "–".to_owned(), "–".to_owned());
    (looping.figures.errors, looping.figures.p99) = (None, None);
    for slot in [10, 11, 12, 13, 18, 19, 20, 24, 25, 26, 27, 28, 29] {
        looping.history[slot] = Reading::Blind;
    }
    looping.health = Some(health(HealthState::Down, ("pool exhausted: 20 of 20 in use", CheckState::Fails)));
    looping.trouble = Some("http://10.0.0.9:8080/metrics: connection refused".to_owned());
    looping.seen = Some(at(-52));

    let mut erroring = instance("5c9f77d4c5-2xk8w", Side::Candidate, 0.0241, 231.0, (800.0, 18.0));
    erroring.state = InstanceState::Erroring;
    for (slot, reading) in erroring.history.iter_mut().enumerate() {
        let grown = (slot as f64 - 18.0).max(0.0) / 12.0;
        *reading = Reading::Solid(0.002 + 0.0221 * grown);
    }
    let mut young = instance("5c9f77d4c5-hd6vz", Side::Candidate, 0.0062, 224.0, (776.0, 2.0));
    young.history.drain(..7);
    for reading in &mut young.history[..6] {
        *reading = Reading::Thin(0.0, 8);
    }
    young.history[3] = Reading::Thin(0.125, 8);
    let mut rows = vec![looping, erroring, young];
    let old = ["8vjqn", "c6m2z", "kw9rd", "lt5hb", "qz3gx", "s8fnp", "t2wpc", "vx7mk", "zr4db"];
    rows.extend(old.into_iter().enumerate().map(|(nth, tail)| {
        let less = nth as f64;
        instance(&format!("7d44f9c8b6-{tail}"), Side::Baseline, 0.0031 - 0.0002 * less, 203.0 + less * 3.0, (960.0, 3.0))
    }));
    rows
}

/// Eight pods of the old version and four of the new one: one ends again and again, one cannot start, one has failed since.
pub(crate) fn pods() -> Snapshot {
    let mut snapshot = full();
    let node = |row: InstanceRow, restarts: u32, phase: Phase, reason: Option<&str>| {
        let pod = Pod { ready: reason.is_none(), restarts, phase, reason: reason.map(str::to_owned), since: None };
        let ready = row.ready.filter(|_| reason.is_none()).or(Some(false));
        InstanceRow { restarts, ready, trouble: pod.reason.clone(), pod: Some(pod), ..row }
    };
    let without_figures = |row: InstanceRow, state: InstanceState| InstanceRow {
        state,
        rate: "?".to_owned(),
        errors: "?".to_owned(),
        p99: "?".to_owned(),
        figures: Figures::default(),
        history: vec![Reading::Blind; 12],
        health: None,
        ..row
    };
    let new = |tail: &str| instance(&format!("web-5c9f77d4c5-{tail}"), Side::Candidate, 0.0062, 224.0, (776.0, 2.0));
    let ends = "ends again and again: OOMKilled, 4 restarts";
    let pulls = "cannot pull registry.example/shop/web:v2.5.0 (ImagePullBackOff)";
    let looping =
        without_figures(InstanceRow { restarted: true, age: "48 s".to_owned(), ..new("p4n7t") }, InstanceState::Restarting);
    let starting = without_figures(InstanceRow { age: "2m".to_owned(), ..new("hd6vz") }, InstanceState::Starting);
    let failing = InstanceRow { state: InstanceState::NotReady, ..new("2xk8w") };
    let mut rows = vec![
        node(looping, 4, Phase::Looping, Some(ends)),
        node(failing, 0, Phase::Running, Some("is not ready")),
        node(starting, 0, Phase::Starting, Some(pulls)),
        node(new("9rjm4"), 0, Phase::Running, None),
    ];
    let old = ["8vjqn", "c6m2z", "kw9rd", "lt5hb", "qz3gx", "s8fnp", "t2wpc", "vx7mk"];
    rows.extend(old.into_iter().enumerate().map(|(nth, tail)| {
        let row = instance(&format!("web-7d44f9c8b6-{tail}"), Side::Baseline, 0.0031, 203.0, (960.0, 3.0));
        node(row, u32::from(nth == 3), Phase::Running, None)
    }));
    snapshot.instances = Arc::new(rows);
    snapshot
}

fn sides(baseline: &str, candidate: &str) -> Sides<String> {
    Sides { baseline: baseline.to_owned(), candidate: candidate.to_owned() }
}

fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}

/// 5, 25, 50, 75, 100 %: two are passed, one is being judged.
fn steps_facts() -> Vec<(String, String)> {
    let facts = [
        ("all together", "1h27m left if nothing changes, done about 21:41 at the earliest"),
        ("judged", "44 274 requests, 1m blind"),
        ("evidence", "begins anew at each step; the mean of all steps is held against one alarm budget, counts are never pooled"),
        ("rolling back", "to v2.4.0: usually 34 s (5 times before)"),
    ];
    facts.map(|(word, text)| (word.to_owned(), text.to_owned())).to_vec()
}

pub(crate) fn steps() -> Vec<StepRow> {
    let waiting = |number: u32, weight: f64| StepRow {
        number,
        weight: Some(weight),
        seen: String::new(),
        state: StepState::Waiting,
        began: None,
        ended: None,
        watched: Duration::ZERO,
        blind: Duration::ZERO,
        length: minutes(30),
        parts: Vec::new(),
        requests: String::new(),
        evidence: (0.0, 0.0),
        errors: Sides::default(),
        p99: Sides::default(),
        outcome: String::new(),
    };
    let judged =
        |before: u64, after: u64| vec![(minutes(before), Span::Judged), (minutes(1), Span::Blind), (minutes(after), Span::Judged)];
    vec![
        StepRow {
            seen: "4.9 %".to_owned(),
            state: StepState::Passed,
            began: Some(at(-4310)),
            ended: Some(at(-2470)),
            watched: minutes(30),
            blind: Duration::from_secs(40),
            parts: judged(11, 19),
            requests: "4 312".to_owned(),
            evidence: (1.0, 0.0),
            errors: sides("0.21 %", "0.23 %"),
            p99: sides("208 ms", "209 ms"),
            outcome: "promoted by its own steps".to_owned(),
            ..waiting(1, 0.05)
        },
        StepRow {
            seen: "24.9 %".to_owned(),
            state: StepState::Passed,
            began: Some(at(-2470)),
            ended: Some(at(-780)),
            watched: minutes(30),
            parts: vec![(minutes(30), Span::Judged)],
            requests: "21 740".to_owned(),
            evidence: (1.0, 0.02),
            errors: sides("0.21 %", "0.22 %"),
            p99: sides("208 ms", "211 ms"),
            outcome: "promoted by ana".to_owned(),
            ..waiting(2, 0.25)
        },
        StepRow {
            seen: "49.8 %".to_owned(),
            state: StepState::Current,
            began: Some(at(-780)),
            watched: minutes(13),
            parts: vec![(minutes(1), Span::WarmUp), (minutes(12), Span::Judged)],
            requests: "18 220".to_owned(),
            evidence: (0.0, 0.63),
            errors: sides("0.29 %", "1.19 %"),
            p99: sides("208 ms", "214 ms"),
            outcome: "17m left, would be called bad in about 30 s".to_owned(),
            ..waiting(3, 0.5)
        },
        StepRow { outcome: "from about 20:31, if step 3 passes".to_owned(), ..waiting(4, 0.75) },
        waiting(5, 1.0),
    ]
}

fn event(seconds: i64, word: &str, head: &str, tail: &str, tone: Option<Tone>) -> EventRow {
    EventRow { at: at(seconds), word: word.to_owned(), head: head.to_owned(), tail: tail.to_owned(), tone }
}

/// 214, of which nine are about errors.
pub(crate) fn events() -> Vec<EventRow> {
    let quiet = |seconds: i64, nth: i64| match nth % 3 {
        0 => event(seconds, "source", "v2.4.0 7d44f9c8b6-kw9rd answers again", "one poll was missed", None),
        1 => event(seconds, "notify", "slack: delivered", "", None),
        _ => event(seconds, "step", "weight read back", "as it was asked for", None),
    };
    let mut rows = vec![
        event(-9, "verdict", "looks good → leaning bad", "errors: 21 of 1 815 against 16 of 5 457 requests", Some(Tone::Bad)),
        event(-31, "check", "error rate: pass → warn", "+0.77 pp over v2.4.0, last minute above the limit of 1 %", Some(Tone::Bad)),
        event(-52, "source", "5c9f77d4c5-p4n7t: panic", "error: acquire connection: context deadline exceeded", None),
        event(-97, "check", "error rate: last minute above the limit", "1.06 %, 3 of 283 requests: too few to say", None),
    ];
    rows.extend((0..23).map(|nth| quiet(-100 - nth, nth)));
    rows.extend([
        event(-242, "source", "metrics answer again", "error rate: 20 s blind, not counted as watched", None),
        event(-262, "source", "metrics: error, no answer within 5 s", "verdict frozen, trying again in 2 s", Some(Tone::Held)),
        event(-410, "check", "error rate: insufficient → pass", "0 of 312 requests, warm-up over", Some(Tone::Good)),
        event(-1229, "check", "error rate: no data → insufficient", "first sample, 0 of 6 requests", None),
    ]);
    rows.extend((0..182).map(|nth| quiet(-1229, nth)));
    rows.push(event(-1230, "watch", "policy web: error rate, latency, traffic", "error budget 1 %, split 45/40/10/5", None));
    rows
}

fn act(number: u32, action: Action, target: &str, by: &str, at_s: i64, facts: &[(&str, bool)]) -> ActRow {
    let facts = facts.iter().map(|(text, holds)| Fact { text: (*text).to_owned(), holds: *holds }).collect();
    ActRow {
        number,
        view: ActionView {
            action,
            by: by.to_owned(),
            requested: at(at_s),
            sent: Some(at(at_s + 1)),
            done: Some(at(at_s + 5)),
            limit: at(at_s + 121),
            facts,
            trouble: None,
        },
        target: target.to_owned(),
        reason: None,
    }
}

/// Four, newest first; the last roll back was not seen to work.
pub(crate) fn acts() -> Vec<ActRow> {
    let mut unseen = act(
        4,
        Action::Rollback,
        "v2.4.0",
        "by ana",
        -180,
        &[("weight 0 %", true), ("nginx reloaded", true), ("no requests to v2.5.0", false)],
    );
    unseen.view.done = None;
    unseen.view.trouble = Some("weight 0 % was read back, but 49 of 200 connections still reach v2.5.0 after 2m".to_owned());
    unseen.reason = Some("orders fail for customers in Austria".to_owned());
    let mut refused = act(3, Action::Pause, "50 %", "by ana", -400, &[]);
    (refused.view.sent, refused.view.done) = (None, None);
    refused.view.trouble = Some("the file was edited by hand: nothing was written".to_owned());
    vec![
        unseen,
        refused,
        act(2, Action::Promote, "50 %", "by ana", -780, &[("weight 50 %", true), ("200 of 200 connections as asked", true)]),
        act(1, Action::Promote, "25 %", "by the policy", -2470, &[("weight 25 %", true)]),
    ]
}
