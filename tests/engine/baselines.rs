//! What the candidate is compared with: a live baseline, one from another time, or its limits alone.

use rollwatch::engine::{
    effect::Effect,
    event::{Event, VerdictChange},
    policy::{BaselineMode, Earlier, Policy},
    role::Sides,
    sample::{HealthState, Missing},
    setup::{Rule, Setup},
    time::Time,
    verdict::Verdict,
};

use crate::play::{Played, Side, setup};

fn against(baseline: BaselineMode, may_convict: bool, rule: Rule) -> Setup {
    let earlier = baseline.is_earlier().then_some(Earlier { at: Time::from_ms(-7_200_000), for_s: 660.0 });
    let plain = setup(rule);
    Setup { policy: Policy { baseline, may_convict, earlier, ..plain.policy }, ..plain }
}

/// What a recording brings: counts, and nothing about health.
fn recorded(requests: f64) -> Side {
    Side { health: None, ..Side::good(requests) }
}

fn failing(rate: f64, t: f64) -> Side {
    Side { error_rate: if t > 80.0 { rate } else { 0.003 }, ..Side::good(125.0) }
}

fn verdicts(played: &Played) -> Vec<(f64, VerdictChange)> {
    let verdict = |(t, effect): &(f64, Effect)| match effect {
        Effect::Emit(Event::Verdict(change)) => Some((*t, change.clone())),
        _ => None,
    };
    played.effects.iter().filter_map(verdict).collect()
}

#[test]
fn only_a_live_baseline_lets_a_good_candidate_pass() {
    for mode in [BaselineMode::Before, BaselineMode::Previous] {
        let mut played = Played::new(against(mode, true, Rule { auto_promote: true, ..Rule::default() }));
        played.run_with(1900.0, |_| (Some(recorded(375.0)), Some(Side::good(125.0))));
        let ended = played.ended().expect("ended");
        assert_eq!((ended.exit_code, ended.verdict, played.t), (20, Verdict::Inconclusive, 600.0), "{mode:?}");
        assert!(ended.sentence.contains("another time"), "{}", ended.sentence);
        assert!(played.orders().is_empty());
        assert_eq!(played.watch.snapshot().meter.promote.to_bits(), 0.0_f64.to_bits());
    }
}

#[test]
fn a_comparison_with_another_time_tolerates_more_and_only_warns() {
    let rule = Rule { auto_rollback: true, ..Rule::default() };
    let mut mild = Played::new(against(BaselineMode::Before, false, rule.clone()));
    mild.run_with(1900.0, |t| (Some(recorded(375.0)), Some(failing(0.013, t))));
    assert_eq!(verdicts(&mild).len(), 1, "{:?}", mild.changes());
    let mut bad = Played::new(against(BaselineMode::Before, false, rule));
    bad.run_with(1900.0, |t| (Some(recorded(375.0)), Some(failing(0.08, t))));
    let said = verdicts(&bad);
    let (at, alarm) = &said[0];
    assert!(*at < 200.0 && alarm.verdict == Verdict::Inconclusive, "{at} {alarm:?}");
    assert!(alarm.sentence.contains("fails 14 times as often") && alarm.sentence.contains("convicts nobody"), "{}", alarm.sentence);
    assert!(bad.notices().iter().any(|title| title.contains("may be bad")), "{:?}", bad.notices());
    let ended = bad.ended().expect("ended");
    assert_eq!((ended.exit_code, bad.t, bad.orders().len()), (20, 600.0, 0));
    assert!(ended.sentence.contains("convicts nobody"), "{}", ended.sentence);
}

#[test]
fn with_automatic_rollback_a_comparison_with_another_time_convicts() {
    let mut played = Played::new(against(BaselineMode::Previous, true, Rule { auto_rollback: true, ..Rule::default() }));
    played.run_with(1900.0, |t| (Some(recorded(375.0)), Some(failing(0.08, t))));
    assert_eq!(played.orders().len(), 1);
    assert!(played.t < 200.0, "{}", played.t);
}

#[test]
fn health_convicts_in_every_mode() {
    for mode in [BaselineMode::Before, BaselineMode::Previous, BaselineMode::Static] {
        let mut played = Played::new(against(mode, false, Rule::default()));
        let down = |t| Side { health: Some(if t > 60.0 { HealthState::Down } else { HealthState::Up }), ..Side::good(125.0) };
        let baseline = |mode: BaselineMode| mode.is_earlier().then(|| recorded(375.0));
        played.run_with(1900.0, |t| (baseline(mode), Some(down(t))));
        let ended = played.ended().expect("ended");
        assert_eq!(ended.exit_code, 10, "{mode:?}");
        assert_eq!(ended.sentence, "v2 is not ready for 20 s", "{mode:?}");
        assert!(played.t <= 90.0, "{}", played.t);
    }
}

#[test]
fn where_the_recording_ends_there_is_nothing_to_compare_with() {
    let mut played = Played::new(against(BaselineMode::Before, true, Rule::default()));
    let over = Missing {
        errors: Some("its recording ends after 5m00s".into()),
        latency: Some("its recording ends".into()),
        ..Missing::default()
    };
    let page = |t| if t > 300.0 { Ok(over.clone()) } else { Ok(Missing::default()) };
    played.run_with(1900.0, |t| (Some(Side { page: page(t), ..recorded(375.0) }), Some(Side::good(125.0))));
    let ended = played.ended().expect("ended");
    assert_eq!(ended.exit_code, 20);
    assert_eq!(ended.sentence, "Undecided: v1: its recording ends after 5m00s");
}

#[test]
fn without_a_baseline_its_absence_is_no_blindness_and_no_pass() {
    let mut played = Played::new(against(BaselineMode::Static, true, Rule { stays: true, ..Rule::default() }));
    played.run_with(300.0, |_| (None, Some(Side::good(125.0))));
    let picture = played.watch.snapshot();
    assert_eq!(picture.sentence.text(), "v2 is within its limits: 0.30 % errors, p99 367 ms.");
    assert!(picture.next.text().ends_with("it cannot pass by itself."), "{}", picture.next.text());
    assert_eq!(picture.versions.baseline.name, "none");
    assert!(picture.facts.contains(&("baseline".to_owned(), "none: fixed limits".to_owned())), "{:?}", picture.facts);
    played.run_with(600.0, |_| (None, Some(Side::good(125.0))));
    assert_eq!(played.watch.settled(), Some(Verdict::Inconclusive));
    assert!(played.watch.reason().contains("judged by limits only"), "{}", played.watch.reason());
    let mut once = Played::new(against(BaselineMode::Static, true, Rule::default()));
    once.run_with(1900.0, |_| (None, Some(Side::good(125.0))));
    let ended = once.ended().expect("ended");
    assert_eq!((ended.exit_code, ended.watched_s.to_bits(), ended.blind_s.to_bits()), (20, 600.0_f64.to_bits(), 0.0_f64.to_bits()));
    assert!(!once.changes().iter().any(|c| c.contains("holding") || c.contains("provider_error")), "{:?}", once.changes());
}

#[test]
fn without_a_baseline_the_limits_convict_even_if_the_fault_is_shared() {
    let slow = |t| Some(Side { slow: if t > 80.0 { 0.3 } else { 0.005 }, ..Side::good(125.0) });
    let mut errors = Played::new(against(BaselineMode::Static, true, Rule::default()));
    errors.run_with(1900.0, |t| (None, Some(failing(0.06, t))));
    let mut latency = Played::new(against(BaselineMode::Static, true, Rule::default()));
    latency.run_with(1900.0, |t| (None, slow(t)));
    for (played, sentence) in [(&errors, "of requests, 1 % is the limit"), (&latency, ", 500 ms is the limit: ")] {
        let ended = played.ended().expect("ended");
        assert_eq!((ended.exit_code, ended.verdict), (10, Verdict::Fail), "{ended:?}");
        assert!(ended.sentence.contains(sentence), "{}", ended.sentence);
        assert!(played.t > 80.0 && played.t < 250.0, "{}", played.t);
    }
}

#[test]
fn without_a_baseline_a_silent_candidate_is_still_blind() {
    let mut played = Played::new(against(BaselineMode::Static, true, Rule::default()));
    let gone = |t| Side { page: if t > 90.0 { Err("503".into()) } else { Ok(Missing::default()) }, ..Side::good(125.0) };
    played.run_with(1900.0, |t| (None, Some(gone(t))));
    assert_eq!(played.ended().expect("ended").exit_code, 22);
}

#[test]
fn the_mode_and_both_ages_stand_beside_the_verdict() {
    let aged = |side: Side, began| Some(Side { began: Some(began), ..side });
    let mut played = Played::new(against(BaselineMode::Concurrent, true, Rule::default()));
    played.run_with(1900.0, |t| {
        let candidate = Side { error_rate: if t > 80.0 { 0.05 } else { 0.003 }, ..Side::good(125.0) };
        (aged(Side::good(375.0), -86_400), aged(candidate, -30))
    });
    let (at, verdict) = verdicts(&played).remove(0);
    assert_eq!(verdict.baseline_mode, BaselineMode::Concurrent);
    assert_eq!(verdict.baseline, "concurrent, both live");
    assert_eq!(verdict.ages_s, Sides { baseline: Some(at + 86_400.0), candidate: Some(at + 30.0) });
    let picture = played.watch.snapshot();
    assert_eq!(picture.versions.baseline.age, "1d00h");
    let mut before = Played::new(against(BaselineMode::Before, false, Rule::default()));
    before.run_with(1900.0, |_| (Some(recorded(375.0)), Some(Side::good(125.0))));
    let (_, verdict) = verdicts(&before).remove(0);
    assert_eq!((verdict.baseline_mode, verdict.baseline.as_str()), (BaselineMode::Before, "captured 2h00m ago"));
}
