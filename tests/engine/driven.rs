//! Rollouts that a controller of their own drives: what it says is believed when it has seen the newest change, and what it does is
//! nobody's interference.

use rollwatch::engine::{
    action::{Ability, Action, Condition, Report, Rollout, Seen, Stage},
    driven::Driven,
    effect::{Effect, Input, Polled},
    event::Event,
    intent::Intent,
    role::{Role, Sides},
    setup::{Rule, Setup, Until},
    strategy::{Kind, Strategy},
    time::Time,
    verdict::{Outcome, Verdict},
};

use crate::play::{Played, Side, person, rollout, setup};

fn driven(rule: Rule) -> Setup {
    let pins = Sides { baseline: "6b7f".to_owned(), candidate: "9c1d".to_owned() };
    let mut setup = Setup { driven: Some(Driven { by: "the Deployment controller".to_owned(), pins }), ..setup(rule) };
    setup.policy.strategy = Strategy { kind: Kind::Rolling, smoke_s: 0.0, bake_s: 300.0 };
    setup
}

fn stays() -> Rule {
    Rule { stays: true, ..Rule::default() }
}

/// A watch after a minute, at 25 %.
fn after_a_minute(rule: Rule) -> Played {
    let mut played = Played::new(driven(rule));
    played.run(60.0, |_| (Side::good(375.0), Side::good(125.0)));
    played
}

fn show(played: &mut Played, rollout: Rollout) {
    let t = played.t + 5.0;
    let of = |n, role| Side::good(n).samples(role, false);
    let samples = [of(375.0, Role::Baseline), of(125.0, Role::Candidate)].concat();
    played.feed(t, Input::Polled(Polled { samples, rollout: Some(Ok(rollout)) }));
}

fn notes(played: &Played) -> Vec<String> {
    let note = |effect: &Effect| match effect {
        Effect::Emit(Event::Note { about, sentence }) if about == "backend" => Some(sentence.clone()),
        _ => None,
    };
    played.effects.iter().filter_map(|(_, effect)| note(effect)).collect()
}

fn steps(played: &Played) -> Vec<String> {
    let rows = played.watch.snapshot().events;
    rows.iter().filter(|row| row.word == "step").map(|row| row.head.clone()).collect()
}

#[test]
fn a_weight_that_moves_or_falls_to_nothing_is_the_controllers_doing() {
    let mut played = after_a_minute(stays());
    show(&mut played, rollout(0.5, "t2"));
    assert!(steps(&played).iter().any(|row| row.starts_with("The Deployment controller changed the weight: 25 % → 50 %")));
    show(&mut played, rollout(0.0, "t3"));
    assert_eq!(played.ended(), None, "its instances were not ready for a moment");
    let mut other = Played::new(setup(stays()));
    other.run(60.0, |_| (Side::good(375.0), Side::good(125.0)));
    show(&mut other, rollout(0.0, "t3"));
    assert_eq!(other.ended().expect("a router's weight is somebody's doing").outcome, Outcome::EndedElsewhere);
}

#[test]
fn with_all_instances_replaced_it_bakes_and_ends_promoted() {
    let mut played = after_a_minute(Rule { until: Until::Promoted, ..Rule::default() });
    played.weight = 1.0;
    played.run(500.0, |_| (Side::good(0.0), Side::good(500.0)));
    let ended = played.ended().expect("the bake is over");
    assert_eq!((ended.outcome, ended.exit_code), (Outcome::Promoted, 0), "{}", ended.sentence);
}

#[test]
fn nothing_is_believed_before_the_controller_has_caught_up() {
    let mut played = after_a_minute(stays());
    let names = Sides { baseline: "v1".to_owned(), candidate: "v3".to_owned() };
    let why = "the controller has seen generation 4, not 5".to_owned();
    let behind = Rollout { versions: Some(names), condition: Condition::Behind(why), ..rollout(0.75, "t2") };
    show(&mut played, behind.clone());
    show(&mut played, behind);
    assert_eq!(played.ended(), None);
    assert!(steps(&played).iter().all(|row| !row.contains("75 %")), "{:?}", steps(&played));
    assert_eq!(played.watch.snapshot().badge.word, "CATCHING UP");
    show(&mut played, rollout(0.25, "t2"));
    assert_eq!(notes(&played), ["The controller has seen generation 4, not 5", "The controller has caught up"]);
}

#[test]
fn what_convicts_while_the_controller_lags_is_acted_on_when_it_has_caught_up() {
    let mut played = after_a_minute(Rule { auto_rollback: true, ..Rule::default() });
    let behind = Condition::Behind("the controller has seen generation 4, not 5".to_owned());
    let mut poll = |condition: Condition| {
        let mut seen = rollout(0.25, "t2");
        if condition != Condition::Steady {
            seen.abilities.insert(Action::Rollback, Ability::Off("the controller has not caught up".to_owned()));
        }
        let t = played.t + 5.0;
        let bad = Side { error_rate: 0.5, ..Side::good(125.0) };
        let samples = [Side::good(375.0).samples(Role::Baseline, false), bad.samples(Role::Candidate, false)].concat();
        played.feed(t, Input::Polled(Polled { samples, rollout: Some(Ok(Rollout { condition, ..seen })) }));
        (played.ended(), played.orders().len())
    };
    for _ in 0..6 {
        assert_eq!(poll(behind.clone()), (None, 0));
    }
    assert_eq!(poll(Condition::Steady), (None, 1));
}

#[test]
fn a_rollout_that_hangs_ends_a_run_with_30_and_leaves_a_person_the_choice() {
    let why = "no progress for 10m: v2 has 1 pod that cannot pull its image".to_owned();
    let stuck = || Rollout { condition: Condition::Stuck(why.clone()), ..rollout(0.25, "t2") };
    let mut headless = after_a_minute(Rule { auto_rollback: true, ..Rule::default() });
    show(&mut headless, stuck());
    let ended = headless.ended().expect("a run ends");
    assert_eq!((ended.outcome, ended.exit_code, ended.sentence.as_str()), (Outcome::Stuck, 30, why.as_str()));
    assert!(headless.orders().is_empty(), "hanging is no conviction");
    let mut screen = after_a_minute(stays());
    show(&mut screen, stuck());
    let seen = screen.watch.snapshot();
    assert_eq!((seen.badge.word, screen.ended()), ("STUCK", None));
    assert!(seen.next.text().ends_with("R rolls back."), "{}", seen.next.text());
    assert!(seen.keys.iter().any(|key| key.filled && key.label == "roll back"), "{:?}", seen.keys);
    assert_eq!(screen.notices().last().map(String::as_str), Some("v2 is stuck · api · test"));
    screen.feed(70.0, Input::Wish(Intent::Quit));
    assert_eq!(screen.ended().map(|ended| ended.exit_code), Some(30));
}

#[test]
fn what_the_controller_or_somebody_else_took_back_is_over() {
    let mut played = after_a_minute(Rule::default());
    let how = "aborted by somebody else: all traffic is on v1".to_owned();
    show(&mut played, Rollout { condition: Condition::Ended(how.clone()), ..rollout(0.25, "t2") });
    let ended = played.ended().expect("it is over");
    assert_eq!((ended.outcome, ended.exit_code, ended.sentence), (Outcome::EndedElsewhere, 13, how));
}

#[test]
fn a_pause_by_somebody_else_is_told_and_our_own_is_not() {
    let mut played = after_a_minute(stays());
    let paused = |paused| Rollout { paused, ..rollout(0.25, "t2") };
    show(&mut played, paused(true));
    show(&mut played, paused(true));
    show(&mut played, paused(false));
    assert_eq!(notes(&played), ["Somebody else paused the rollout", "Somebody else resumed the rollout"]);
    let mut abilities = paused(false).abilities;
    let Some(ready @ Ability::Ready(_)) = abilities.get(&Action::Promote).cloned() else { panic!("{abilities:?}") };
    abilities.insert(Action::Pause, ready);
    show(&mut played, Rollout { abilities, ..paused(false) });
    let wish = Intent::Act { action: Action::Pause, token: "t2".to_owned(), reason: None, actor: person() };
    played.feed(played.t + 1.0, Input::Wish(wish));
    let id = played.orders().last().expect("it is asked for").id.clone();
    let at = Time::from_ms(0);
    played.feed(
        played.t + 1.0,
        Input::Report(Report { id, at, stage: Stage::Verified { took_s: 1.0, seen: Seen { done: true, facts: vec![] } } }),
    );
    show(&mut played, paused(true));
    assert_eq!(notes(&played).len(), 2, "{:?}", notes(&played));
    show(&mut played, paused(false));
    assert_eq!(notes(&played).len(), 3, "and what comes after it is somebody's again");
}

#[test]
fn a_pause_of_the_rollout_itself_is_waiting_not_holding() {
    let waiting = |played: &mut Played| {
        let why = "it waits for a promotion after step 1 of 3".to_owned();
        show(played, Rollout { condition: Condition::Waiting(why), ..rollout(0.25, "t2") });
    };
    let mut played = after_a_minute(stays());
    waiting(&mut played);
    assert_eq!(notes(&played), ["It waits for a promotion after step 1 of 3"]);
    assert_eq!(played.watch.snapshot().badge.word, "LOOKS GOOD");
    let mut until = after_a_minute(Rule { until: Until::Paused, ..Rule::default() });
    waiting(&mut until);
    assert_eq!(until.ended().map(|ended| ended.exit_code), Some(40));
}

#[test]
fn a_pass_while_the_controller_is_on_its_way_asks_for_nothing_and_waits_for_it() {
    let waiting = || Condition::Waiting("it waits for a promotion after step 1 of 3".to_owned());
    for rule in [Rule { until: Until::Promoted, ..Rule::default() }, Rule { auto_promote: true, ..Rule::default() }] {
        let mut played = Played::new(driven(rule.clone()));
        played.run(1200.0, |_| (Side::good(375.0), Side::good(125.0)));
        assert_eq!(played.watch.snapshot().verdict, Verdict::Pass);
        assert_eq!((played.ended(), played.orders().len()), (None, 0), "a controller that goes on is asked for nothing");
        show(&mut played, Rollout { condition: waiting(), ..rollout(0.25, "t2") });
        if rule.auto_promote {
            assert_eq!((played.ended(), played.orders().len()), (None, 1));
        } else {
            assert_eq!(played.ended().map(|ended| ended.exit_code), Some(40));
        }
    }
}
