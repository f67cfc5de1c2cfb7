//! The engine's promises, counted over simulated deployments: how often it rolls back healthy ones, and that it finds the others.
//!
//! The bench of the same name counts more of them, and those of other tools' rules on the same windows.

#[expect(dead_code, reason = "the bench uses the rest")]
#[path = "simulator/simulator.rs"]
mod simulator;

use rollwatch::{
    engine::{role::Role, verdict::Verdict},
    trace::line::Poll,
};
use simulator::{
    family::{Family, HARDER, HEALTHY, NO_TRAFFIC, REGRESSED},
    play::{Decision, each, play, windows},
    window::{Terms, Window},
};

/// A window's name, when its candidate became worse, and what was decided.
type Decided = (String, Option<f64>, Decision);

fn decide(families: &[Family], count: usize, seed: u64, terms: Terms) -> Vec<Decided> {
    each(&windows(families, count, seed, terms), |window| (window.name(), window.course.onset, play(window)))
}

/// Those that were decided so, with the time and the reason.
fn with(verdict: Verdict, decided: &[Decided]) -> Vec<String> {
    let so = decided.iter().filter(|(.., decision)| decision.verdict == verdict);
    so.map(|(name, _, decision)| format!("{name} at {} s: {}", decision.at_s, decision.reason)).collect()
}

/// At alpha 0.01, ten of 1000 would be allowed.
#[test]
fn hardly_any_healthy_window_is_rolled_back_and_most_are_promoted() {
    let decided = decide(&HEALTHY, 1000, 1, Terms::FULL);
    let wrong = with(Verdict::Fail, &decided);
    assert!(wrong.len() <= 6, "{} of 1000 were rolled back: {wrong:#?}", wrong.len());
    let promoted = with(Verdict::Pass, &decided).len();
    assert!(promoted >= 800, "only {promoted} of 1000 were promoted");
}

#[test]
fn a_longer_window_brings_no_more_false_rollbacks() {
    for window_s in [600.0, 1800.0] {
        let terms = Terms { window_s: Some(window_s), ..Terms::FULL };
        let wrong = with(Verdict::Fail, &decide(&HEALTHY, 260, 10_000, terms));
        assert!(wrong.len() <= 3, "{} of 260 with a window of {window_s} s: {wrong:#?}", wrong.len());
    }
}

/// Some of them are too small for anybody to find.
#[test]
fn regressions_are_found_and_hardly_ever_promoted() {
    let decided = decide(&REGRESSED, 190, 20_000, Terms::FULL);
    let is_found =
        |(_, onset, decision): &&Decided| decision.verdict == Verdict::Fail && onset.is_some_and(|onset| decision.at_s >= onset);
    let found = decided.iter().filter(is_found).count();
    assert!(found >= 160, "only {found} of 190 were found");
    let wrong = with(Verdict::Pass, &decided);
    assert!(wrong.len() <= 4, "{} of 190 were promoted: {wrong:#?}", wrong.len());
}

#[test]
fn a_candidate_without_traffic_is_neither_promoted_nor_rolled_back() {
    let decided = decide(&[NO_TRAFFIC], 10, 30_000, Terms::FULL);
    assert_eq!(with(Verdict::Inconclusive, &decided).len(), 10);
}

/// History and extension add polls and change none of those between.
#[test]
fn a_window_is_made_from_its_family_and_seed_alone() {
    let short = Terms { history: false, extension: false, window_s: None };
    for family in [&HEALTHY[..], &HARDER, &REGRESSED].concat() {
        let short: Vec<Poll> = Window::new(family, 7, short).polls().collect();
        let long: Vec<Poll> = Window::new(family, 7, Terms::FULL).polls().collect();
        let start = long.iter().position(|poll| poll.t >= 0.0).expect("a start");
        assert_eq!(long[start..start + short.len()], short, "{}", family.name);
        assert_ne!(Window::new(family, 8, Terms::FULL).polls().collect::<Vec<_>>(), long, "{}", family.name);
    }
}

/// Clumps and wandering rates change the noise, not the mean.
#[test]
fn as_many_requests_fail_as_are_expected() {
    let short = Terms { history: false, extension: false, window_s: None };
    for family in [HEALTHY[0], HEALTHY[8]] {
        let counts = each(&windows(&[family], 100, 1, short), |window| {
            let last = window.polls().last().expect("a poll").canary;
            let rates = window.rates(Role::Candidate, (0.0, window.header.window_s));
            (last.errors, last.requests * rates.errors)
        });
        // Each service counts the same, whatever its traffic; too few errors say too little.
        let ratios: Vec<f64> = counts.iter().filter(|(_, expected)| *expected > 30.0).map(|(is, expected)| is / expected).collect();
        let mean = ratios.iter().sum::<f64>() / ratios.len() as f64;
        assert!(ratios.len() > 20 && (mean - 1.0).abs() < 0.15, "{}: {mean} over {} windows", family.name, ratios.len());
    }
}
