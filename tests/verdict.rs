//! The engine's promises, counted over simulated deployments: how often it rolls back healthy ones, and that it finds the others.
//!
//! The bench of the same name counts more of them, and those of other tools' rules on the same windows.

#[expect(dead_code, reason = "the bench uses the rest")]
#[path = "simulator/simulator.rs"]
mod simulator;

use rollwatch::engine::verdict::Verdict;
use simulator::{
    family::{Family, HEALTHY},
    play::{Decision, each, play, windows},
    window::{Terms, Window},
};

fn decide(families: &[Family], count: usize, seed: u64, terms: Terms) -> Vec<(String, Option<f64>, Decision)> {
    each(&windows(families, count, seed, terms), |window: &Window| (window.name(), window.course.onset, play(window)))
}

/// The names of those that were rolled back, with the time and the reason.
fn rolled_back(decided: &[(String, Option<f64>, Decision)]) -> Vec<String> {
    let failed = decided.iter().filter(|(.., decision)| decision.verdict == Verdict::Fail);
    failed.map(|(name, _, decision)| format!("{name} at {} s: {}", decision.at_s, decision.reason)).collect()
}

#[test]
fn hardly_any_healthy_window_is_rolled_back() {
    let false_alarms = rolled_back(&decide(&HEALTHY, 1000, 1, Terms::FULL));
    assert!(false_alarms.len() <= 6, "{} of 1000: {false_alarms:#?}", false_alarms.len());
}
