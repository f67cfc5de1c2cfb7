//! One bad instance of many: found one by one where it drowns in the sum.

use rollwatch::engine::{
    effect::{Input, Polled},
    role::Role,
    sample::{Missing, Sample, SourceKind},
    setup::{Rule, Setup},
    verdict::Verdict,
};

use crate::play::{Played, setup, version};

/// What one of the candidate's instances does from the 200th second on: its errors per request; it is gone when that is no number.
type Fate = fn(usize) -> f64;

fn sample(role: Role, instance: usize, work: Option<(f64, f64)>, first: bool) -> Sample {
    Sample {
        source: SourceKind::Metrics,
        role,
        version: version(role),
        instance: format!("{}-{instance}", role.word()),
        ok: work.is_some(),
        reason: work.is_none().then(|| "gone".to_owned()),
        requests: work.filter(|_| !first).map(|(n, _)| n),
        errors: work.filter(|_| !first).map(|(_, bad)| bad),
        buckets: None,
        custom: std::collections::BTreeMap::new(),
        health: None,
        reset: false,
        reference: first,
        missing: Missing::default(),
        started: None,
        pod: None,
    }
}

/// Ten instances of each version, 30 requests a second each; answers with the second of the conviction and the explanation of the end.
fn play(per_instance: bool, instances: usize, fate: Fate) -> (Option<f64>, Vec<String>) {
    let mut setup: Setup = setup(Rule { stays: true, ..Rule::default() });
    setup.policy.per_instance = per_instance;
    setup.policy.gating = vec!["errors".to_owned()];
    let mut played = Played::new(setup);
    let mut convicted = None;
    for poll in 0..110_u32 {
        let t = f64::from(poll) * 5.0;
        let work = |rate: f64| (150.0, 150.0 * rate);
        let of = |role: Role, instance| match role {
            Role::Candidate if t > 200.0 => Some(fate(instance)).filter(|rate| !rate.is_nan()).map(work),
            _ => Some(work(0.002)),
        };
        let samples = (0..instances).flat_map(|i| Role::BOTH.map(|role| sample(role, i, of(role, i), poll == 0)));
        played.feed(t, Input::Polled(Polled { samples: samples.collect(), rollout: None }));
        if played.watch.settled() == Some(Verdict::Fail) {
            convicted = convicted.or(Some(t));
        }
    }
    let errors = played.watch.checks().into_iter().find(|c| c.check == "errors").expect("a check");
    (convicted, errors.explanation.into_iter().map(|reason| format!("{}: {}", reason.about, reason.text)).collect())
}

fn one_is_bad(instance: usize) -> f64 {
    if instance == 3 { 0.05 } else { 0.002 }
}

fn all_are_well(_: usize) -> f64 {
    0.002
}

fn all_are_bad(_: usize) -> f64 {
    0.03
}

#[test]
fn one_bad_instance_of_ten_is_found_sooner_one_by_one() {
    let (sum, _) = play(false, 10, one_is_bad);
    let (each, explanation) = play(true, 10, one_is_bad);
    let each = each.expect("convicted");
    assert!(each <= 260.0 && sum.is_none_or(|sum| sum >= each + 20.0), "{each} {sum:?}");
    let named = explanation.iter().find(|line| line.starts_with("instances: ")).expect("named");
    assert!(named.contains("candidate-3 speaks most against it"), "{named}");
}

#[test]
fn healthy_instances_convict_nobody_and_a_bad_version_is_found_about_as_soon() {
    assert_eq!(play(true, 10, all_are_well).0, None);
    let (sum, each) = (play(false, 10, all_are_bad).0, play(true, 10, all_are_bad).0);
    assert!(each.expect("convicted") <= sum.expect("convicted") + 10.0, "{each:?} {sum:?}");
}

#[test]
fn three_instances_are_too_few_and_only_the_sum_is_judged() {
    let (convicted, explanation) = play(true, 3, one_is_bad);
    assert!(convicted.is_none() && !explanation.iter().any(|line| line.starts_with("instances")), "{convicted:?}");
    assert!(play(true, 3, all_are_bad).0.is_some());
}

#[test]
fn an_instance_that_disappears_convicts_nobody() {
    let gone: Fate = |instance| if instance == 3 { f64::NAN } else { 0.002 };
    assert_eq!(play(true, 10, gone).0, None);
}
