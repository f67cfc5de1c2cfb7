//! What becomes of good, bad, slow, silent, shared and starved candidates; and the exit code of each.

use rollwatch::engine::{
    action::{Action, Report, Seen, Stage},
    effect::{Input, Stop},
    intent::Intent,
    policy::Care,
    sample::{HealthState, Missing},
    setup::{Rule, Until},
    time::Time,
    verdict::{Outcome, Verdict},
};

use crate::play::{Played, Side, person, setup};

fn good(_: f64) -> (Side, Side) {
    (Side::good(375.0), Side::good(125.0))
}

fn bad_after(t: f64) -> (Side, Side) {
    let candidate = Side { error_rate: if t > 80.0 { 0.03 } else { 0.003 }, ..Side::good(125.0) };
    (Side::good(375.0), candidate)
}

fn code(rule: Rule, at: impl FnMut(f64) -> (Side, Side)) -> (u8, Verdict, f64) {
    let mut played = Played::new(setup(rule));
    played.run(1900.0, at);
    let ended = played.ended().expect("ended");
    (ended.exit_code, ended.verdict, played.t)
}

#[test]
fn nothing_is_found_sooner_than_is_said_to_be_possible() {
    for (word, slow, from) in
        [("errors", false, 150.0), ("errors", false, 400.0), ("latency", true, 150.0), ("latency", true, 400.0)]
    {
        let mut played = Played::new(setup(Rule { stays: true, ..Rule::default() }));
        played.run(from, |_| (Side::good(5000.0), Side::good(5000.0)));
        let facts = played.watch.snapshot().facts;
        let detects = facts.into_iter().find(|(word, _)| word == "detects").expect("said").1;
        assert_eq!(detects, "errors 10 s ✓  latency 30 s ✓");
        let bad = Side { error_rate: if slow { 0.003 } else { 1.0 }, slow: if slow { 1.0 } else { 0.005 }, ..Side::good(5000.0) };
        while played.watch.settled().is_none() {
            let until = played.t + 5.0;
            played.run(until, |_| (Side::good(5000.0), bad.clone()));
        }
        let (took, possible) = (played.t - from, if slow { 30.0 } else { 10.0 });
        assert!(took >= possible && took <= possible + 10.0, "{word} from {from}: {took}");
    }
}

#[test]
fn a_good_candidate_passes_at_the_end_of_its_window() {
    assert_eq!(code(Rule::default(), good), (0, Verdict::Pass, 600.0));
}

#[test]
fn a_bad_candidate_fails_within_seconds_and_ends_the_run_at_once() {
    let (code, verdict, at) = code(Rule::default(), bad_after);
    assert_eq!((code, verdict), (10, Verdict::Fail));
    assert!(at <= 120.0, "{at}");
}

#[test]
fn a_slow_candidate_fails_by_latency() {
    let mut played = Played::new(setup(Rule::default()));
    played.run(1900.0, |t| (Side::good(375.0), Side { slow: if t > 80.0 { 0.1 } else { 0.005 }, ..Side::good(125.0) }));
    assert_eq!(played.ended().expect("ended").exit_code, 10);
    assert!(played.changes().iter().any(|c| c.starts_with("latency:") && c.ends_with("fail")), "{:?}", played.changes());
}

#[test]
fn no_traffic_is_undecided() {
    assert_eq!(code(Rule::default(), |_| (Side::good(500.0), Side::good(0.0))), (20, Verdict::Inconclusive, 1800.0));
}

#[test]
fn a_page_without_the_series_is_no_data() {
    let lacking = Missing { errors: Some("the page has no http_requests_total".into()), latency: None, ..Missing::default() };
    let side = move |_| (Side::good(375.0), Side { page: Ok(lacking.clone()), ..Side::good(125.0) });
    assert_eq!(code(Rule::default(), side), (21, Verdict::Inconclusive, 1800.0));
}

#[test]
fn a_source_that_is_down_at_the_end_is_a_provider_error_and_blind_time() {
    let gone = |t: f64, n| Side { page: if t > 90.0 { Err("503".into()) } else { Ok(Missing::default()) }, ..Side::good(n) };
    let mut played = Played::new(setup(Rule { auto_rollback: true, auto_promote: true, ..Rule::default() }));
    played.run(1900.0, |t| (gone(t, 375.0), gone(t, 125.0)));
    let ended = played.ended().expect("ended");
    assert_eq!((ended.exit_code, ended.verdict), (22, Verdict::Inconclusive));
    assert!((ended.watched_s - 90.0).abs() < 1e-6 && (ended.blind_s - 1710.0).abs() < 1e-6, "{ended:?}");
    assert!(played.orders().is_empty());
}

#[test]
fn both_worse_is_shared_and_never_the_candidates_fault() {
    let worse = |t: f64, n| Side { error_rate: if t > 80.0 { 0.06 } else { 0.003 }, ..Side::good(n) };
    let mut played = Played::new(setup(Rule { auto_rollback: true, ..Rule::default() }));
    played.run(1900.0, |t| (worse(t, 375.0), worse(t, 125.0)));
    assert_eq!(played.ended().expect("ended").exit_code, 20);
    assert!(played.changes().contains(&"phase: holding".to_owned()), "{:?}", played.changes());
    assert!(played.orders().is_empty());
}

#[test]
fn a_candidate_that_is_not_ready_fails_by_health() {
    let down = |t: f64| Side { health: Some(if t > 60.0 { HealthState::Down } else { HealthState::Up }), ..Side::good(125.0) };
    let mut played = Played::new(setup(Rule::default()));
    played.run(1900.0, |t| (Side::good(375.0), down(t)));
    assert_eq!(played.ended().expect("ended").exit_code, 10);
    assert!(played.t <= 90.0, "{}", played.t);
}

fn report(played: &mut Played, stage: Stage) {
    let id = played.orders()[0].id.clone();
    let t = played.t + 1.0;
    #[expect(clippy::cast_possible_truncation, reason = "small test times")]
    let at = Time::from_ms((t * 1000.0) as i64);
    played.feed(t, Input::Report(Report { id, at, stage }));
}

fn seen() -> Seen {
    Seen { done: true, facts: vec![] }
}

#[test]
fn auto_rollback_acts_once_and_says_so_only_when_it_was_seen() {
    let mut played = Played::new(setup(Rule { auto_rollback: true, ..Rule::default() }));
    played.run(1900.0, bad_after);
    assert_eq!(played.orders().len(), 1);
    let order = played.orders()[0].clone();
    assert_eq!((order.action, order.target.weight, order.token.as_str()), (Action::Rollback, Some(0.0), "t1"));
    report(&mut played, Stage::Sent);
    assert!(played.ended().is_none());
    report(&mut played, Stage::Verified { took_s: 4.0, seen: seen() });
    assert!(played.ended().is_none(), "the old version is looked after");
    played.weight = 0.0;
    played.polls(2, good);
    let ended = played.ended().expect("ended");
    assert_eq!((ended.exit_code, ended.outcome), (11, Outcome::RolledBack));
    assert_eq!(played.notices().len(), 3, "{:?}", played.notices());
}

#[test]
fn a_rollback_that_is_not_seen_needs_a_human() {
    let mut played = Played::new(setup(Rule { auto_rollback: true, ..Rule::default() }));
    played.run(1900.0, bad_after);
    report(&mut played, Stage::Sent);
    report(&mut played, Stage::Unverified { seen: "the weight is still 25 %".into() });
    assert_eq!(played.ended().expect("ended").exit_code, 12);
}

#[test]
fn a_pass_is_promoted_where_asked_and_waits_where_not() {
    let mut played = Played::new(setup(Rule { auto_promote: true, until: Until::Promoted, ..Rule::default() }));
    played.run(1900.0, good);
    report(&mut played, Stage::Sent);
    report(&mut played, Stage::Verified { took_s: 1.0, seen: seen() });
    assert_eq!((played.ended().expect("ended").exit_code, played.ended().expect("ended").outcome), (0, Outcome::Promoted));
    let waiting = Rule { until: Until::Promoted, ..Rule::default() };
    assert_eq!(code(waiting.clone(), good).0, 40);
    assert_eq!(code(Rule { success_on_pause: true, ..waiting }, good).0, 0);
}

#[test]
fn a_stop_during_an_action_waits_for_its_end() {
    let mut played = Played::new(setup(Rule { auto_rollback: true, ..Rule::default() }));
    played.run(1900.0, bad_after);
    played.feed(played.t + 1.0, Input::Stop(Stop::Terminate));
    assert!(played.ended().is_none());
    report(&mut played, Stage::Verified { took_s: 1.0, seen: seen() });
    assert_eq!(played.ended().expect("ended").exit_code, 11);
    for (stop, code) in [(Stop::Timeout, 124), (Stop::Interrupt, 130), (Stop::Terminate, 143)] {
        let mut played = Played::new(setup(Rule::default()));
        played.run(100.0, good).feed(101.0, Input::Stop(stop));
        assert_eq!(played.ended().expect("ended").exit_code, code);
    }
}

#[test]
fn wishes_pass_guards() {
    let wish = |token: &str, action, reason: Option<&str>| {
        Input::Wish(Intent::Act { action, token: token.into(), reason: reason.map(str::to_owned), actor: person() })
    };
    let stays = || Rule { stays: true, ..Rule::default() };
    for (input, acts) in [
        (wish("t0", Action::Rollback, None), false),
        (wish("t1", Action::Rollback, None), true),
        (wish("t1", Action::Pause, None), false),
        (wish("t1", Action::Promote, None), false),
        (wish("t1", Action::Promote, Some("hey")), false),
        (wish("t1", Action::Promote, Some("known flake")), true),
    ] {
        let mut played = Played::new(setup(stays()));
        played.run(100.0, good).feed(101.0, input.clone());
        assert_eq!(!played.orders().is_empty(), acts, "{input:?}");
    }
    let mut read_only = Played::new(setup(Rule { read_only: Some("asked for".into()), ..stays() }));
    read_only.run(100.0, good).feed(101.0, wish("t1", Action::Rollback, None));
    assert!(read_only.orders().is_empty() && read_only.watch.snapshot().keys.is_empty());
    let mut twice = Played::new(setup(stays()));
    twice.run(100.0, good).feed(101.0, wish("t1", Action::Rollback, None));
    twice.feed(102.0, wish("t1", Action::Rollback, None));
    assert_eq!(twice.orders().len(), 1);
}

#[test]
fn somebody_elses_rollback_ends_the_watch_with_13() {
    let mut played = Played::new(setup(Rule::default()));
    played.run(100.0, good);
    let polled = rollwatch::engine::effect::Polled { samples: vec![], rollout: Some(Ok(crate::play::rollout(0.0, "t2"))) };
    played.feed(105.0, Input::Polled(polled));
    let ended = played.ended().expect("ended");
    assert_eq!((ended.exit_code, ended.outcome), (13, Outcome::EndedElsewhere));
}

#[test]
fn the_same_inputs_give_the_same_effects() {
    let play = || {
        let mut played = Played::new(setup(Rule { auto_rollback: true, ..Rule::default() }));
        played.run(1900.0, bad_after);
        (played.effects, played.watch.snapshot())
    };
    assert_eq!(play(), play());
}

#[test]
fn a_safe_policy_and_a_longer_bad_time_convict_later() {
    let failed_after = |care: Care| {
        let mut setup = setup(Rule { stays: true, ..Rule::default() });
        setup.policy.care = care;
        let mut played = Played::new(setup);
        while played.watch.settled().is_none() && played.t < 600.0 {
            let next = played.t + 5.0;
            played.run(next, bad_after);
        }
        assert_eq!(played.watch.settled(), Some(Verdict::Fail));
        played.t
    };
    let plain = failed_after(Care::default());
    let safe = failed_after(Care::SAFE);
    let patient = failed_after(Care { errors_s: 45.0, ..Care::default() });
    assert!(plain < safe && safe < patient, "{plain} {safe} {patient}");
}

#[test]
fn after_a_rollback_the_old_versions_error_rate_is_looked_at() {
    let after = |rate: f64, requests: f64| {
        let mut played = Played::new(setup(Rule { auto_rollback: true, ..Rule::default() }));
        played.run(1900.0, bad_after);
        report(&mut played, Stage::Sent);
        report(&mut played, Stage::Verified { took_s: 4.0, seen: seen() });
        played.weight = 0.0;
        let mut polls = 0;
        while played.ended().is_none() {
            played.polls(1, |_| (Side { error_rate: rate, ..Side::good(requests) }, Side::good(0.0)));
            polls += 1;
        }
        let ended = played.ended().expect("ended");
        assert_eq!((ended.exit_code, ended.outcome), (11, Outcome::RolledBack), "whatever it says, it was rolled back");
        (polls, ended.sentence)
    };
    let (polls, sentence) = after(0.004, 500.0);
    assert!(polls == 2 && sentence.contains("; v1 fails 0.40 % of its requests. v2 fails"), "{polls} {sentence}");
    let (_, sentence) = after(0.2, 500.0);
    assert!(sentence.contains("but v1 fails 20.00 % of its requests as well"), "{sentence}");
    let (polls, sentence) = after(0.0, 0.0);
    assert!(polls == 6 && !sentence.contains("requests;"), "every wait has an end: {polls} {sentence}");
}
