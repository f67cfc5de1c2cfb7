//! Several steps under one false-alarm budget, and traffic that does not go where it was asked to.

use rollwatch::engine::{
    setup::{Rule, Setup},
    snapshot::Badge,
    verdict::{CheckVerdict, Phase, Verdict},
};

use crate::play::{Played, Side, setup};

const LADDER: [f64; 5] = [0.05, 0.25, 0.5, 0.75, 1.0];

fn climbing() -> Setup {
    Setup { steps: LADDER.to_vec(), ..setup(Rule { stays: true, ..Rule::default() }) }
}

/// 100 requests a second, of which the candidate gets `weight`.
fn split(weight: f64) -> (Side, Side) {
    (Side::good(500.0 * (1.0 - weight)), Side::good(500.0 * weight))
}

fn failing(weight: f64, rate: f64) -> (Side, Side) {
    let (baseline, candidate) = split(weight);
    (baseline, Side { error_rate: rate, ..candidate })
}

/// The evidence to roll back of the `errors` check, natural logarithm.
fn evidence(played: &Played) -> f64 {
    let checks = played.watch.checks();
    checks.iter().find(|c| c.check == "errors").and_then(|c| c.evidence.rollback_nats).expect("errors are judged")
}

fn badge(played: &Played) -> Badge {
    played.watch.snapshot().badge
}

/// Seconds from the start of failures at 5 % until a watch at 5 % of traffic fails.
fn seconds_to_fail(setup: Setup) -> f64 {
    let mut played = Played::new(setup);
    played.weight = 0.05;
    played.run(300.0, |_| split(0.05));
    let from = played.t;
    while played.watch.settled().is_none() && played.t < 900.0 {
        let next = played.t + 5.0;
        played.run(next, |_| failing(0.05, 0.05));
    }
    assert_eq!(played.watch.settled(), Some(Verdict::Fail));
    played.t - from
}

#[test]
fn a_ladder_costs_no_more_than_the_logarithm_of_its_steps() {
    let (alone, climbing) = (seconds_to_fail(setup(Rule { stays: true, ..Rule::default() })), seconds_to_fail(climbing()));
    assert!(alone <= climbing && climbing <= alone + 15.0, "{alone} {climbing}");
}

#[test]
fn a_finished_step_keeps_its_evidence_and_the_next_begins_anew() {
    let mut played = Played::new(climbing());
    played.weight = 0.05;
    played.run(400.0, |_| split(0.05));
    // Suspicious, but not enough to convict.
    played.run(445.0, |_| failing(0.05, 0.05));
    let before = evidence(&played);
    assert!(before > 0.5 && played.watch.settled().is_none(), "{before}");
    played.weight = 0.25;
    played.run(played.t + 5.0, |_| split(0.25));
    assert!((evidence(&played) - before).abs() < 0.2, "the mean does not forget: {before} {}", evidence(&played));
    assert_eq!(played.watch.snapshot().deployment.step, Some((2, 5)));
    played.run(played.t + 60.0, |_| split(0.25));
    assert!(!played.watch.checks().iter().any(|c| c.verdict == CheckVerdict::Fail));
}

#[test]
fn counts_are_never_pooled_over_weights() {
    // Each step's versions are alike while the whole service gets worse from step to step: added up over the steps, the candidate
    // (most of whose requests fall into the bad times) would look three times as bad.
    let mut played = Played::new(climbing());
    for (step, weight) in LADDER[..4].iter().enumerate() {
        played.weight = *weight;
        let rate = 0.002 * f64::from(1 << (2 * step));
        let until = played.t + 200.0;
        played.run(until, |_| {
            let (baseline, candidate) = failing(*weight, rate);
            (Side { error_rate: rate, ..baseline }, candidate)
        });
        assert!(evidence(&played) < 1.0, "step {step}: {}", evidence(&played));
        assert_eq!(played.watch.settled(), None);
    }
}

#[test]
fn a_step_back_down_goes_on_with_the_same_evidence() {
    let mut played = Played::new(climbing());
    played.weight = 0.25;
    played.run(300.0, |_| split(0.25));
    played.run(320.0, |_| failing(0.25, 0.03));
    let before = evidence(&played);
    assert!(before > 0.0, "{before}");
    played.weight = 0.05;
    played.run(played.t + 5.0, |_| split(0.05));
    assert!((evidence(&played) - before).abs() < 0.3, "{before} {}", evidence(&played));
    let window = played.watch.snapshot().window;
    assert!(window.watched.as_secs() > 300, "the window goes on: {window:?}");
}

#[test]
fn traffic_that_does_not_go_where_it_was_asked_holds_the_watch() {
    let mut played = Played::new(setup(Rule { stays: true, ..Rule::default() }));
    played.run(200.0, |_| split(0.11));
    assert_eq!((badge(&played).word, played.watch.snapshot().phase), ("HELD", Phase::Holding));
    played.run(700.0, |_| split(0.11));
    assert_eq!(played.watch.settled(), None, "no pass while the share is off");
    played.run(820.0, |_| split(0.25));
    assert_ne!(badge(&played).word, "HELD");
    // The time that was held is not counted: the window ends so much later.
    played.run(1250.0, |_| split(0.25));
    assert_eq!(played.watch.settled(), None);
    played.run(1400.0, |_| split(0.25));
    assert_eq!(played.watch.settled(), Some(Verdict::Pass));
}

#[test]
fn a_share_that_never_comes_right_ends_undecided() {
    let mut played = Played::new(setup(Rule::default()));
    played.run(2000.0, |_| split(0.11));
    let ended = played.ended().expect("every wait has an end");
    assert_eq!((ended.exit_code, ended.verdict), (20, Verdict::Inconclusive));
    assert!(ended.sentence.contains("share of traffic"), "{}", ended.sentence);
}

#[test]
fn a_bad_candidate_fails_however_the_traffic_goes() {
    let mut played = Played::new(setup(Rule { stays: true, ..Rule::default() }));
    played.run(200.0, |_| split(0.11));
    played.run(400.0, |_| failing(0.11, 0.05));
    assert_eq!(played.watch.settled(), Some(Verdict::Fail));
}
