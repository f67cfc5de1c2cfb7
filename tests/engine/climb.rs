//! The table of steps and the record of actions, over ladders that are climbed, left half way and met half way up.

use rollwatch::engine::{
    action::{Action, Fact, Order, Report, Seen, Stage, Target},
    effect::{Effect, Input},
    intent::Intent,
    role::Role,
    setup::{Rule, Setup, Until},
    snapshot::{ActRow, Snapshot, StepRow, StepState},
    strategy::{Kind, Strategy},
    time::Time,
};

use crate::play::{Played, Side, person, setup};

const LADDER: [f64; 4] = [0.05, 0.25, 0.5, 1.0];

fn climbing(rule: Rule) -> Setup {
    let mut setup = Setup { steps: LADDER.to_vec(), ..setup(rule) };
    setup.policy.strategy.kind = Kind::Canary;
    setup
}

fn stays() -> Rule {
    Rule { stays: true, until: Until::Promoted, ..Rule::default() }
}

/// 100 requests a second, of which the candidate gets `weight`.
fn split(weight: f64) -> (Side, Side) {
    (Side::good(500.0 * (1.0 - weight)), Side::good(500.0 * weight))
}

fn failing(weight: f64) -> (Side, Side) {
    let (baseline, candidate) = split(weight);
    (baseline, Side { error_rate: 0.08, ..candidate })
}

fn picture(played: &Played) -> Snapshot {
    played.watch.snapshot()
}

fn steps(played: &Played) -> Vec<StepRow> {
    picture(played).steps
}

fn states(played: &Played) -> Vec<StepState> {
    steps(played).iter().map(|row| row.state).collect()
}

fn fact(text: &str, holds: bool) -> Fact {
    Fact { text: text.to_owned(), holds }
}

#[expect(clippy::cast_possible_truncation, reason = "small test times")]
fn report(played: &mut Played, id: &str, stage: Stage) {
    let t = played.t + 1.0;
    let at = Time::from_ms((t * 1000.0) as i64);
    played.feed(t, Input::Report(Report { id: id.to_owned(), at, stage }));
}

/// A person asks for it; answers with the order.
fn ask(played: &mut Played, action: Action) -> Order {
    let reason = Some("the dashboards look fine".to_owned());
    let token = "t1".to_owned();
    played.feed(played.t + 1.0, Input::Wish(Intent::Act { action, token, reason, actor: person() }));
    let orders = played.effects.iter().rev().find_map(|(_, e)| if let Effect::Act(order) = e { Some(order.clone()) } else { None });
    orders.expect("the guards let it through")
}

/// What was asked for is done and seen, with these facts.
fn carry_out(played: &mut Played, order: &Order) {
    report(played, &order.id, Stage::Sent);
    let half = Seen { done: false, facts: vec![fact("weight", false)] };
    report(played, &order.id, Stage::Looked(half));
    let seen = Seen { done: true, facts: vec![fact("weight", true), fact("requests", true)] };
    report(played, &order.id, Stage::Verified { took_s: 2.0, seen });
}

/// Somebody with the rights to moves the ladder on to `weight`: the backend of these tests knows only all traffic as a target.
fn promote(played: &mut Played, weight: f64) {
    let order = ask(played, Action::Promote);
    played.effects.retain(|(_, e)| !matches!(e, Effect::Act(_)));
    carry_out(played, &order);
    played.weight = weight;
}

/// A recorded promotion to `weight`, seen to work.
fn recorded(played: &mut Played, weight: f64) {
    let target = Target { version: "v2".to_owned(), reference: String::new(), weight: Some(weight) };
    let order = Order {
        id: format!("to-{weight}"),
        action: Action::Promote,
        target,
        actor: person(),
        token: "t1".to_owned(),
        reason: None,
    };
    played.feed(played.t + 1.0, Input::Recorded(order.clone(), Some(60.0)));
    carry_out(played, &order);
    played.weight = weight;
}

#[test]
fn one_window_has_no_steps() {
    for steps in [vec![], vec![1.0]] {
        let mut played = Played::new(Setup { steps, ..setup(stays()) });
        played.run(100.0, |_| split(0.25));
        assert_eq!((picture(&played).steps, picture(&played).steps_facts), (vec![], vec![]));
    }
}

#[test]
fn a_ladder_that_is_climbed_keeps_what_was_seen_at_each_step() {
    let mut played = Played::new(climbing(stays()));
    assert_eq!(states(&played), [StepState::Current, StepState::Waiting, StepState::Waiting, StepState::Waiting]);
    played.weight = 0.05;
    played.run(300.0, |_| split(0.05));
    let rows = steps(&played);
    assert_eq!(rows.iter().map(|row| row.number).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!(rows.iter().map(|row| row.weight).collect::<Vec<_>>(), LADDER.map(Some));
    assert_eq!((rows[0].seen.as_str(), rows[0].requests.as_str()), ("5.0 %", "1 200"));
    assert_eq!((rows[0].errors.candidate.as_str(), rows[0].began), ("0.30 %", Some(Time::from_ms(0))));
    assert!(rows[0].outcome.starts_with("5m left, "), "{}", rows[0].outcome);
    assert_eq!(rows[1].outcome, "from about 00:10 at the earliest, if step 1 passes");
    assert_eq!(rows[2].outcome, "from about 00:20 at the earliest");
    assert_eq!(rows[3].outcome, "from about 00:30 at the earliest; then all traffic is moved");
    recorded(&mut played, 0.25);
    let rows = steps(&played);
    assert_eq!((rows[0].state, rows[0].outcome.as_str()), (StepState::Passed, "promoted by ana at 00:05:04"));
    assert_eq!((rows[0].ended, rows[0].watched.as_secs()), (Some(Time::from_ms(304_000)), 300));
    assert_eq!((rows[1].state, rows[1].weight, rows[1].began), (StepState::Current, Some(0.25), None));
    assert_eq!((rows[1].requests.as_str(), rows[1].errors.candidate.as_str()), ("", ""), "nothing was seen in it");
    assert!(rows[1].outcome.starts_with("begins with the next poll, within 5 s"), "{}", rows[1].outcome);
    played.polls(30, |_| split(0.25));
    let (before, rows) = (rows[0].clone(), steps(&played));
    assert_eq!(rows[0], before, "what was left stays as it was");
    assert_eq!((rows[1].seen.as_str(), rows[1].state), ("25.0 %", StepState::Current));
    let picture = picture(&played);
    let fact = |word: &str| picture.steps_facts.iter().find(|(w, _)| w == word).map(|(_, value)| value.clone()).expect("a fact");
    assert!(fact("all together").starts_with("18m left if nothing changes, done about 00:2"), "{}", fact("all together"));
    assert_eq!(fact("judged"), "3 325 requests");
    assert!(fact("rolling back").contains("called failed after 2m"), "{}", fact("rolling back"));
}

#[test]
fn a_rollback_half_way_up_leaves_the_rest_unreached() {
    let mut played = Played::new(climbing(stays()));
    played.weight = 0.05;
    played.run(200.0, |_| split(0.05));
    recorded(&mut played, 0.25);
    played.polls(30, |_| split(0.25));
    played.polls(20, |_| failing(0.25));
    let rows = steps(&played);
    assert_eq!(rows[1].state, StepState::Failed);
    assert!(rows[1].outcome.starts_with("called bad at 00:0"), "{}", rows[1].outcome);
    assert_eq!(rows[2].outcome, "after step 2; when is not known");
    let order = ask(&mut played, Action::Rollback);
    assert!(steps(&played)[1].outcome.starts_with("roll back asked for by ana at "), "{}", steps(&played)[1].outcome);
    carry_out(&mut played, &order);
    played.weight = 0.0;
    played.polls(4, |_| split(0.0));
    assert!(played.ended().is_some());
    assert_eq!(states(&played), [StepState::Passed, StepState::Failed, StepState::Waiting, StepState::Waiting]);
    let rows = steps(&played);
    assert!(rows[1].outcome.contains("rolled back by ana at 00:0"), "{}", rows[1].outcome);
    assert_eq!(rows[1].ended, picture(&played).acts[0].view.done);
    assert_eq!((rows[2].outcome.as_str(), rows[3].outcome.as_str()), ("not reached", "not reached"));
}

#[test]
fn a_ladder_that_is_met_half_way_up_was_below_before_the_watch() {
    let mut played = Played::new(climbing(stays()));
    played.weight = 0.5;
    played.run(100.0, |_| split(0.5));
    assert_eq!(states(&played), [StepState::Before, StepState::Before, StepState::Current, StepState::Waiting]);
    assert_eq!(steps(&played)[0].outcome, "before this watch began");
}

#[test]
fn a_step_that_is_jumped_over_was_left_out_and_all_traffic_is_the_end() {
    let mut played = Played::new(climbing(stays()));
    played.weight = 0.05;
    played.run(100.0, |_| split(0.05));
    played.weight = 0.5;
    played.polls(30, |_| split(0.5));
    assert_eq!(states(&played), [StepState::Left, StepState::Left, StepState::Current, StepState::Waiting]);
    let rows = steps(&played);
    assert!(rows[0].outcome.starts_with("moved on by somebody else at 00:01:4"), "{}", rows[0].outcome);
    assert_eq!(rows[1].outcome, "left out: never judged at this weight");
    promote(&mut played, 1.0);
    assert_eq!(states(&played), [StepState::Left, StepState::Left, StepState::Passed, StepState::Passed]);
    let rows = steps(&played);
    assert!(rows[2].outcome.starts_with("promoted by ana at 00:04:1"), "{}", rows[2].outcome);
    assert!(rows[3].outcome.starts_with("has all traffic since 00:04:1"), "{}", rows[3].outcome);
}

#[test]
fn blue_green_has_its_smoke_checks_and_its_bake() {
    let mut setup = Setup { steps: vec![1.0], ..setup(stays()) };
    setup.policy.strategy = Strategy { kind: Kind::BlueGreen, smoke_s: 60.0, bake_s: 300.0 };
    let mut played = Played::new(setup);
    played.weight = 0.0;
    played.run(30.0, |_| split(0.0));
    let rows = steps(&played);
    assert_eq!(rows.iter().map(|row| (row.number, row.weight)).collect::<Vec<_>>(), [(0, Some(0.0)), (1, Some(1.0))]);
    assert_eq!((rows[0].state, rows[0].outcome.as_str()), (StepState::Current, "30 s left of the smoke checks"));
    assert_eq!(rows[1].outcome, "from about 00:01 at the earliest, if the smoke checks pass; then 5m of bake");
    played.run(70.0, |_| split(0.0));
    promote(&mut played, 1.0);
    played.polls(20, |_| split(1.0));
    let rows = steps(&played);
    assert_eq!((rows[0].state, rows[1].state), (StepState::Passed, StepState::Current));
    assert_eq!(rows[1].outcome, "3m30s left, if it keeps its limits");
}

#[test]
fn while_nothing_is_known_no_time_is_promised() {
    let mut played = Played::new(climbing(stays()));
    played.weight = 0.05;
    played.run(100.0, |_| split(0.05));
    played.run(130.0, |_| {
        let (baseline, candidate) = split(0.05);
        (baseline, Side { page: Err("connection refused".to_owned()), ..candidate })
    });
    let rows = steps(&played);
    assert!(
        rows[0].outcome.starts_with("held, how long is not known: no metrics page of v2 since 00:01:40"),
        "{}",
        rows[0].outcome
    );
    assert!(rows[1].outcome.contains("when is not known"), "{}", rows[1].outcome);
    let facts = picture(&played).steps_facts;
    assert_eq!(facts[0], ("all together".to_owned(), "how long it takes is not known".to_owned()));
}

fn acts(played: &Played) -> Vec<ActRow> {
    picture(played).acts
}

#[test]
fn every_action_is_kept_with_what_became_of_it() {
    let mut played = Played::new(climbing(stays()));
    played.weight = 0.05;
    played.run(100.0, |_| split(0.05));
    assert!(acts(&played).is_empty());
    // The first one is beaten by somebody else, the second works, the third is not seen to.
    let first = ask(&mut played, Action::Promote);
    report(&mut played, &first.id, Stage::Elsewhere { by: "bo acts on it".to_owned() });
    recorded(&mut played, 0.25);
    played.polls(2, |_| split(0.25));
    let third = ask(&mut played, Action::Rollback);
    report(&mut played, &third.id, Stage::Sent);
    report(&mut played, &third.id, Stage::Looked(Seen { done: false, facts: vec![fact("weight 0 %", false)] }));
    let open = acts(&played)[0].clone();
    assert_eq!((open.number, open.target.as_str(), open.view.done), (3, "v1", None));
    report(&mut played, &third.id, Stage::Unverified { seen: "the weight is still 25 %".to_owned() });
    let rows = acts(&played);
    assert_eq!(rows.iter().map(|row| row.number).collect::<Vec<_>>(), [3, 2, 1]);
    assert_eq!(rows[0].view.facts, [fact("weight 0 %", false)]);
    assert!(rows[0].view.trouble.as_ref().is_some_and(|t| t.contains("still 25 %")), "{:?}", rows[0].view.trouble);
    assert_eq!((rows[1].target.as_str(), rows[1].view.facts.len(), rows[1].view.trouble.clone()), ("25 %", 2, None));
    assert_eq!(rows[2].view.trouble.as_deref(), Some("not begun: bo acts on it"));
    assert_eq!((rows[2].target.as_str(), rows[2].reason.as_deref()), ("100 %", Some("the dashboards look fine")));
    assert_eq!(rows[0].view.limit, rows[0].view.sent.expect("sent").plus(std::time::Duration::from_secs(120)));
    assert_eq!(picture(&played).action, Some(rows[0].view.clone()));
}

#[test]
fn at_most_fifty_actions_are_kept() {
    let mut played = Played::new(climbing(stays()));
    played.run(20.0, |_| split(0.25));
    for _ in 0..60 {
        let order = ask(&mut played, Action::Promote);
        report(&mut played, &order.id, Stage::Elsewhere { by: "bo".to_owned() });
    }
    let rows = acts(&played);
    assert_eq!((rows.len(), rows[0].number, rows[49].number), (50, 60, 11));
}

#[test]
fn an_instance_of_either_version_is_a_row_however_often_the_step_changes() {
    let mut played = Played::new(climbing(stays()));
    played.weight = 0.05;
    played.run(100.0, |_| split(0.05));
    recorded(&mut played, 0.25);
    played.polls(5, |_| split(0.25));
    let roles: Vec<Role> = picture(&played).instances.iter().map(|row| row.role).collect();
    assert_eq!(roles, [Role::Candidate, Role::Baseline]);
}
