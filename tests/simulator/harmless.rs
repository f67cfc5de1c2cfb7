//! What happens to candidates that are as good as their baseline.

use rollwatch::engine::role::Sides;

use super::{
    course::{Course, Effect, Hit, Sway, Tide},
    dice::Dice,
    wave::Wave,
    window::{HISTORY_S, LONGEST, Scene},
};

/// The course of a healthy family.
pub(crate) fn course(name: &str, dice: &mut Dice, scene: &Scene) -> Course {
    let mut course = Course::default();
    match name {
        "healthy" | "healthy_high_base" | "low_traffic_healthy" => {}
        "tiny_within_margin" => course.add(Effect::new(Hit::Candidate, Wave::Always).errors(0.0005).slower(0.03)),
        "shared_outage" => shared_outage(&mut course, dice, scene, (0.04, 0.3)),
        "baseline_degrading" => {
            let wave = Wave::Ramp { from: scene.part(dice, 0.1, 0.4), seconds: 200.0 };
            course.add(Effect::new(Hit::Baseline, wave).errors(dice.uniform(0.005, 0.03)).slower(0.6));
        }
        "diurnal" => {
            let amplitude = dice.uniform(0.4, 0.7) * if dice.coin(0.5) { 1.0 } else { -1.0 };
            course.tide = Some(Tide { amplitude, period: 2.4 * scene.window_s, drift: (1.5, 0.35) });
        }
        "counter_reset" => {
            let mut once = || scene.part(dice, 3.0 * scene.poll_s / scene.window_s, 1.0);
            course.restarts = Sides { baseline: vec![once()], candidate: vec![once(), once()] };
            if dice.coin(0.5) {
                course.restarts.candidate.pop();
            }
        }
        "missing_scrapes" => {
            course.gaps = Some(Sides::build(|_| {
                let from = scene.part(dice, 0.05, 0.9);
                (from, from + dice.uniform(2.0 * scene.poll_s, 60.0_f64.max(3.0 * scene.poll_s)))
            }));
        }
        "overdispersed" => course.sway = Some(Sway { errors: 0.45, latency: 0.05, clump: Some(dice.uniform(3.0, 6.0)) }),
        "cold_start" => {
            let wave = Wave::Cold { end: dice.uniform(30.0, 55.0), tau: dice.uniform(12.0, 25.0) };
            let errors = if dice.coin(0.5) { 0.01 } else { 0.0 };
            let effect = Effect::new(Hit::Candidate, wave).errors(errors).slower(dice.uniform(1.0, 3.0)).slow_share(0.05);
            course.add(effect);
        }
        "gc_bursts" => {
            course.ln_beyond_slow = 1.3_f64.ln();
            for hit in [Hit::Candidate, Hit::Baseline] {
                course.add(Effect::new(hit, Wave::Pauses(pauses(dice, scene))).slow_share(1.0));
            }
        }
        "split_shift" => {
            let at = scene.part(dice, 0.3, 0.6);
            course.new_share = Some((at, 0.4));
            course.add(Effect::new(Hit::Both, Wave::from(at)).errors(3.0 * scene.base_errors).slower(0.3));
        }
        _ => harder(name, &mut course, dice, scene),
    }
    course
}

/// Shocks that do not hit both versions alike.
fn harder(name: &str, course: &mut Course, dice: &mut Dice, scene: &Scene) {
    let begin = scene.part(dice, 0.2, 0.5);
    let end = begin + dice.uniform(60.0, 240.0);
    match name {
        // A third of both versions' instances stand in a zone that slows down; how much of the traffic they get varies for each.
        "slow_zone" => {
            course.sway = Some(Sway { errors: 0.2, latency: 0.03, clump: None });
            let effect = Effect::new(Hit::Both, Wave::Between(begin, end));
            course.add(effect.errors(dice.uniform(0.0, 0.005)).slow_share(dice.uniform(0.03, 0.1)));
        }
        // A dependency of both is deployed; one version's connections break a poll earlier than the other's.
        "lagged_outage" => {
            let (errors, slower) = (dice.uniform(0.02, 0.1), dice.uniform(0.3, 1.0));
            let lag = scene.poll_s * if dice.coin(0.5) { 1.0 } else { -1.0 };
            for (hit, lag) in [(Hit::Candidate, 0.0), (Hit::Baseline, lag)] {
                course.add(Effect::new(hit, Wave::Between(begin + lag, end + lag)).errors(errors).slower(slower));
            }
        }
        // Half a minute in which the load balancer fails requests of the candidate alone.
        "lb_burst" => {
            for _ in 0..dice.whole(1, 2) {
                let from = scene.part(dice, 0.1, 0.9);
                let wave = Wave::Between(from, from + dice.uniform(20.0, 40.0));
                course.add(Effect::new(Hit::Candidate, wave).errors(dice.uniform(0.03, 0.15)));
            }
        }
        _ => unreachable!("{name} is no family"),
    }
}

/// Something that both depend on fails for a while.
pub(crate) fn shared_outage(course: &mut Course, dice: &mut Dice, scene: &Scene, (low, high): (f64, f64)) {
    let from = scene.part(dice, 0.2, 0.5);
    let wave = Wave::Between(from, from + dice.uniform(60.0, 240.0));
    course.add(Effect::new(Hit::Both, wave).errors(dice.uniform(low, high)).slower(dice.uniform(0.5, 3.0)));
}

/// Garbage collection: a pause every 45 seconds or so, from the history to the longest window's end.
fn pauses(dice: &mut Dice, scene: &Scene) -> Vec<(f64, f64)> {
    let mut at = -HISTORY_S;
    let mut pauses = Vec::new();
    while at < LONGEST * scene.window_s {
        at += dice.exponential(45.0);
        pauses.push((at, dice.uniform(0.5, 1.5)));
    }
    pauses
}
