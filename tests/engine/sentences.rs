//! Row 2 in every state: what happens next with a time, or that the time is not known, or that there is nothing to do.

use std::time::Duration;

use rollwatch::engine::{
    action::{Action, Report, Rollout, Seen, Stage, Usual},
    effect::{Input, Polled, Stop},
    intent::Intent,
    policy::BaselineMode,
    role::Sides,
    sample::{HealthState, Missing},
    setup::{Rule, Setup, Until},
    snapshot::Snapshot,
    strategy::{Kind, Strategy},
    time::Time,
};

use crate::play::{Played, Side, person, rollout, says_when, setup};

fn stays() -> Rule {
    Rule { stays: true, ..Rule::default() }
}

fn usual() -> Rule {
    let took = |s| Usual { took: Duration::from_secs(s), times: 3 };
    Rule { usual: [(Action::Rollback, took(34)), (Action::Promote, took(4))].into(), ..stays() }
}

fn good(_: f64) -> (Side, Side) {
    (Side::good(375.0), Side::good(125.0))
}

fn with(candidate: Side) -> impl Fn(f64) -> (Side, Side) {
    move |_| (Side::good(375.0), candidate.clone())
}

fn failing(rate: f64) -> impl Fn(f64) -> (Side, Side) {
    with(Side { error_rate: rate, ..Side::good(125.0) })
}

fn after(rule: Rule, until: f64, at: impl Fn(f64) -> (Side, Side)) -> Played {
    let mut played = Played::new(setup(rule));
    played.run(130.0_f64.min(until), good);
    played.run(until, at);
    played
}

/// The badge's word and row 2.
fn next(snapshot: &Snapshot) -> (&'static str, String) {
    let text = snapshot.next.text();
    assert!(says_when(&text), "{}: {text}", snapshot.badge.word);
    (snapshot.badge.word, text)
}

fn said(played: &Played) -> (&'static str, String) {
    next(&played.watch.snapshot())
}

fn assert_says(played: &Played, word: &str, text: &str) {
    assert_eq!(said(played), (said(played).0, text.to_owned()));
    assert_eq!(said(played).0, word);
}

fn ask(played: &mut Played, action: Action) -> String {
    let reason = Some("for a test".to_owned());
    played.feed(played.t + 1.0, Input::Wish(Intent::Act { action, token: "t1".to_owned(), reason, actor: person() }));
    played.orders().last().expect("asked for").id.clone()
}

fn report(played: &mut Played, id: &str, stage: Stage) {
    let t = played.t + 1.0;
    played.feed(t, Input::Report(Report { id: id.to_owned(), at: Time::from_ms(130_000), stage }));
}

#[test]
fn before_and_while_it_warms_up() {
    let mut played = Played::new(setup(stays()));
    assert_says(&played, "ATTACHING", "Nothing is judged yet; polls come each 5 s.");
    played.run(25.0, good);
    assert_says(&played, "WARMING UP", "Judged in full in 35 s.");
}

#[test]
fn while_nothing_speaks_against_it() {
    assert_says(
        &after(stays(), 390.0, good),
        "LOOKS GOOD",
        "Can be promoted to 100 % in about 3m30s: the window ends, and the evidence will be enough.",
    );
    assert_says(&after(usual(), 620.0, good), "GOOD", "Press p to go to 100 %, about 4 s.");
    assert_says(&after(stays(), 620.0, good), "GOOD", "Press p to go to 100 %; called failed after 2m.");
    let mut unable = Played::new(setup(Rule { read_only: Some("looked at only".to_owned()), ..stays() }));
    unable.run(620.0, good);
    assert_says(&unable, "GOOD", "Nothing to do.");
}

#[test]
fn while_it_leans_towards_bad_and_once_it_is_bad() {
    let leaning = |rule: Rule| {
        let mut played = Played::new(setup(rule));
        played.run(150.0, good);
        while said(&played).0 != "LEANING BAD" {
            let until = played.t + 5.0;
            played.run(until, failing(0.02));
        }
        said(&played).1
    };
    let armed = leaning(Rule { auto_rollback: true, ..stays() });
    assert!(armed.starts_with("Rolls back by itself in about ") && armed.contains("unless the error rate falls"), "{armed}");
    let manual = leaning(stays());
    assert!(manual.starts_with("Would be called bad in about ") && manual.contains("Nothing happens by itself."), "{manual}");
    let bad = after(usual(), 300.0, failing(0.1));
    assert_says(&bad, "BAD", "Nothing happens by itself. Press R to roll back to v1, about 34 s.");
    let mut alone = after(usual(), 300.0, failing(0.1));
    alone.feed(305.0, Input::Polled(Polled { samples: vec![], rollout: Some(Err("it does not answer".to_owned())) }));
    assert_says(&alone, "BAD", "Nothing happens by itself. The backend cannot be read now: R may fail.");
}

#[test]
fn while_an_action_is_under_way_and_after() {
    let mut played = after(usual(), 200.0, good);
    let id = ask(&mut played, Action::Rollback);
    assert_says(&played, "ROLLING BACK", "Usually takes 34 s; called failed after 2m. Nothing to press.");
    report(&mut played, &id, Stage::Sent);
    let mut seen = after(stays(), 200.0, good);
    let first = ask(&mut seen, Action::Rollback);
    assert_says(&seen, "ROLLING BACK", "Called failed after 2m. Nothing to press.");
    report(&mut seen, &first, Stage::Sent);
    report(&mut seen, &first, Stage::Verified { took_s: 1.0, seen: Seen { done: true, facts: vec![] } });
    assert_says(&seen, "ROLLED BACK", "Looking how v1 does now, for 30 s at most.");
    seen.weight = 0.0;
    seen.polls(3, good);
    let (word, text) = said(&seen);
    assert!(word == "ROLLED BACK" && text.starts_with("By ana at 00:03:2") && text.ends_with("Nothing to do."), "{text}");
    report(&mut played, &id, Stage::Unverified { seen: "the weight is still 25 %".to_owned() });
    assert_says(&played, "NOT SEEN", "A human is needed. 5 shows what was sent and what came back; R sends it again.");
    let mut refused = after(stays(), 200.0, good);
    let id = ask(&mut refused, Action::Rollback);
    report(&mut refused, &id, Stage::Failed { error: "the backend may not be written to".to_owned() });
    assert_says(&refused, "NOT DONE", "A human is needed. 5 shows what was sent and what came back; R sends it again.");
}

#[test]
fn too_little_traffic_says_until_when_and_what_more_would_do() {
    let few = |n: f64| move |_| (Side::good(n * 19.0), Side { error_rate: 0.0, ..Side::good(n) });
    let mut setup = Setup { steps: vec![0.05, 0.25, 1.0], ..setup(stays()) };
    setup.policy.strategy.kind = Kind::Canary;
    let mut played = Played::new(setup);
    played.weight = 0.05;
    played.run(250.0, few(2.0));
    let (word, text) = said(&played);
    assert_eq!(word, "NOT SURE YET");
    assert!(
        text.starts_with("Waits, for 26m at most: at 24 requests a minute that will end undecided; at 25 % it would take about "),
        "{text}"
    );
    // A little more, and a longer window will do.
    let slow = after(stays(), 560.0, |_| (Side::good(60.0), Side::good(20.0)));
    let (_, text) = said(&slow);
    assert!(text.contains("the evidence will be enough"), "{text}");
}

#[test]
fn while_nothing_can_be_said() {
    let missing = Missing { errors: Some("the page has no requests".to_owned()), ..Missing::default() };
    let mut played = Played::new(setup(stays()));
    played.run(130.0, with(Side { page: Ok(missing), ..Side::good(125.0) }));
    assert_says(&played, "NO DATA", "Will not pass without it. Asked again each 5 s. e shows what was asked.");
    let blind = after(stays(), 160.0, with(Side { page: Err("refused".to_owned()), ..Side::good(0.0) }));
    assert_says(&blind, "BLIND", "The verdict is frozen, nothing happens by itself. Asked again each 5 s. R still works.");
    let shared = after(stays(), 200.0, |_| {
        let bad = |n| Side { error_rate: 0.06, ..Side::good(n) };
        (bad(375.0), bad(125.0))
    });
    assert_says(&shared, "BOTH WORSE", "Held: no roll back, no promotion until they differ; when is not known.");
    let mut off = Played::new(setup(stays()));
    off.run(200.0, |_| (Side::good(445.0), Side::good(55.0)));
    assert_says(&off, "HELD", "Held until the share is right for 1m. Look at the router.");
    let mut paused = after(stays(), 135.0, good);
    let rollout = Rollout { paused: true, ..rollout(0.25, "t1") };
    paused.feed(140.0, Input::Polled(Polled { samples: vec![], rollout: Some(Ok(rollout)) }));
    assert_says(&paused, "PAUSED", "Nobody goes on before it is resumed; when is not known. space resumes it.");
}

#[test]
fn where_it_ends_without_a_decision() {
    let mut undecided = Played::new(setup(stays()));
    undecided.run(1900.0, |_| (Side::good(12.0), Side::good(4.0)));
    let seen = undecided.watch.snapshot();
    assert_eq!(next(&seen), ("UNDECIDED", "Nothing happens by itself. p asks for a reason. R rolls back.".to_owned()));
    assert!(seen.sentence.text().starts_with("30m are over: "), "{}", seen.sentence.text());
    let mut left = after(Rule::default(), 140.0, good);
    left.feed(141.0, Input::Stop(Stop::Timeout));
    assert_says(&left, "TIMED OUT", "This watch is over; nothing is judged any more. Nothing to press.");
    let mut other = after(stays(), 140.0, good);
    let names = Sides { baseline: "v1".to_owned(), candidate: "v3".to_owned() };
    let rollout = Rollout { versions: Some(names), ..rollout(0.25, "t2") };
    other.feed(145.0, Input::Polled(Polled { samples: vec![], rollout: Some(Ok(rollout)) }));
    assert_says(&other, "SUPERSEDED", "This watch is over, and the new rollout is not watched. Nothing to press.");
    assert!(other.watch.snapshot().sentence.text().contains("replaced v2 with v3 at 00:02:25"));
}

#[test]
fn where_there_is_no_traffic_yet_or_nothing_beside_it() {
    let mut setup = Setup { steps: vec![1.0], ..setup(Rule { until: Until::Promoted, ..stays() }) };
    setup.policy.strategy = Strategy { kind: Kind::BlueGreen, smoke_s: 60.0, bake_s: 300.0 };
    let mut played = Played::new(setup);
    played.weight = 0.0;
    played.run(30.0, |_| (Side::good(500.0), Side::good(0.0)));
    assert_says(&played, "SMOKE CHECKS", "Can be given traffic in about 30 s.");
    played.run(60.0, |_| (Side::good(500.0), Side::good(0.0)));
    assert_says(&played, "GOOD", "Press p to go to 100 %; called failed after 2m.");
    let mut silent = Played::new(played.watch.setup().clone());
    silent.weight = 0.0;
    silent.run(100.0, |_| (Side { health: None, ..Side::good(500.0) }, Side { health: None, ..Side::good(0.0) }));
    assert_says(&silent, "SMOKE CHECKS", "No health endpoint of v2 has answered. Waits, for 29m at most.");
    let mut stuck = Setup { steps: vec![1.0], ..crate::play::setup(Rule::default()) };
    stuck.policy.strategy = Strategy { kind: Kind::BlueGreen, smoke_s: 60.0, bake_s: 300.0 };
    let mut stuck = Played::new(stuck);
    stuck.weight = 0.0;
    let unready = |_| (Side::good(500.0), Side { health: Some(HealthState::Unknown), ..Side::good(0.0) });
    stuck.run(100.0, unready);
    assert_says(&stuck, "BLIND", "The verdict is frozen, nothing happens by itself. Asked again each 5 s. R still works.");
    stuck.run(4000.0, unready);
    assert_says(&stuck, "STUCK", "2 shows its instances. Nothing happens by itself.");
    let mut alone = crate::play::setup(stays());
    alone.policy.baseline = BaselineMode::Static;
    let mut alone = Played::new(alone);
    alone.run_with(300.0, |t| (None, Some(good(t).1)));
    assert_eq!(said(&alone).1, "In about 5m the window ends; it cannot pass by itself.");
}
