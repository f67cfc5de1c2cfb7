//! What happens to candidates that are worse than their baseline.

use super::{
    course::{Course, Effect, Hit, Tide},
    dice::Dice,
    harmless::shared_outage,
    wave::Wave,
    window::{LONGEST, Scene},
};

/// The course of a regressed family, or of one without traffic.
pub(crate) fn course(name: &str, dice: &mut Dice, scene: &Scene) -> Course {
    let mut course = Course::default();
    match name {
        "no_canary_traffic" => course.has_no_traffic = true,
        "health_fail" | "crash_loop" => failing_health(name, &mut course, dice, scene),
        "p99_tail" | "latency_shift" | "bimodal" | "peak_latency" => slow(name, &mut course, dice, scene),
        "ramp_error" | "slow_leak" | "periodic_error" | "leak_restart" => changing(name, &mut course, dice, scene),
        "one_bad_instance" => {
            let onset = scene.part(dice, 0.0, 0.3);
            let instances = dice.pick(&[(4.0, 1.0), (5.0, 1.0), (8.0, 1.0), (10.0, 1.0)]);
            let effect = on_candidate(Wave::from(onset)).errors(dice.uniform(0.08, 0.4) / instances);
            course.regress(onset, effect.slow_share(0.3 / instances));
            course.ln_beyond_slow = 1.5_f64.ln();
        }
        "retry_storm" => {
            // Clients try again what the candidate fails: the load of both rises, and with it the errors of both.
            let onset = scene.part(dice, 0.1, 0.5);
            course.regress(onset, on_candidate(Wave::from(onset)).errors(dice.uniform(0.01, 0.04)));
            let storm = Wave::Ramp { from: onset, seconds: 60.0 };
            let storm = Effect::new(Hit::Both, storm).errors(dice.uniform(0.003, 0.01)).slower(0.2);
            course.add(storm.load(dice.uniform(0.2, 0.8)));
        }
        _ => failing_requests(name, &mut course, dice, scene),
    }
    course
}

fn on_candidate(wave: Wave) -> Effect {
    Effect::new(Hit::Candidate, wave)
}

/// From one moment on, some of the requests fail.
fn failing_requests(name: &str, course: &mut Course, dice: &mut Dice, scene: &Scene) {
    let onset = match name {
        "step_error" | "catastrophe" if dice.coin(0.5) => 0.0,
        "low_traffic_bad" => 0.0,
        "late_onset" => scene.part(dice, 0.6, 0.8),
        _ => scene.part(dice, 0.1, 0.5),
    };
    let errors = match name {
        "catastrophe" => dice.uniform(0.15, 0.7),
        "small_step_error" => dice.uniform(0.004, 0.009) + scene.base_errors * 0.5,
        "low_traffic_bad" => dice.uniform(0.05, 0.3),
        "step_error" | "late_onset" | "error_during_outage" | "fast_fail" => dice.log_uniform(0.01, 0.05),
        _ => unreachable!("{name} is no family"),
    };
    // A request that fails at once makes the latencies look better.
    let slower = if name == "fast_fail" { -0.25 } else { 0.0 };
    course.regress(onset, on_candidate(Wave::from(onset)).errors(errors).slower(slower));
    if name == "error_during_outage" {
        shared_outage(course, dice, scene, (0.02, 0.08));
    }
}

/// A fault that grows, or comes and goes.
fn changing(name: &str, course: &mut Course, dice: &mut Dice, scene: &Scene) {
    let onset = match name {
        "ramp_error" => scene.part(dice, 0.1, 0.4),
        "slow_leak" => scene.part(dice, 0.05, 0.2),
        _ => scene.part(dice, 0.05, 0.3),
    };
    let effect = match name {
        "ramp_error" => {
            let wave = Wave::Ramp { from: onset, seconds: dice.uniform(60.0, 240.0) };
            on_candidate(wave).errors(dice.uniform(0.01, 0.05))
        }
        "slow_leak" => {
            let wave = Wave::Leak { from: onset, until: scene.window_s };
            on_candidate(wave).errors(dice.uniform(0.015, 0.05)).slower(0.8)
        }
        "periodic_error" => {
            let wave = Wave::Pulses { from: onset, period: dice.uniform(60.0, 150.0), part: dice.uniform(0.2, 0.4) };
            on_candidate(wave).errors(dice.uniform(0.03, 0.1))
        }
        // A leak that ends in a restart, again and again.
        _ => {
            let period = dice.uniform(120.0, 300.0);
            let restarts = (1..).map(|nth| onset + period * f64::from(nth));
            course.restarts.candidate = restarts.take_while(|at| *at < LONGEST * scene.window_s).collect();
            on_candidate(Wave::Saw { from: onset, period }).errors(dice.uniform(0.02, 0.06)).slower(0.8)
        }
    };
    course.regress(onset, effect);
}

/// Requests that take longer.
fn slow(name: &str, course: &mut Course, dice: &mut Dice, scene: &Scene) {
    if name == "peak_latency" {
        // Too few workers: slower whenever the load is over its mean.
        let period = dice.uniform(180.0, 400.0);
        course.tide = Some(Tide { amplitude: dice.uniform(0.3, 0.6), period, drift: (0.0, 0.0) });
        course.regress(0.0, on_candidate(Wave::Peaks { from: 0.0, period }).slower(dice.uniform(0.5, 1.2)));
        return;
    }
    let onset = if dice.coin(0.4) { 0.0 } else { scene.part(dice, 0.1, 0.5) };
    let effect = on_candidate(Wave::from(onset));
    let (effect, beyond) = match name {
        "p99_tail" => (effect.slow_share(dice.uniform(0.012, 0.03)), dice.uniform(1.3, 2.5)),
        "bimodal" => (effect.slow_share(dice.uniform(0.04, 0.12)), dice.uniform(0.8, 1.6)),
        _ => (effect.slower(dice.uniform(0.35, 1.2)), 1.0_f64),
    };
    course.ln_beyond_slow = beyond.ln();
    course.regress(onset, effect);
}

/// Health checks that fail: for good, or with each crash.
fn failing_health(name: &str, course: &mut Course, dice: &mut Dice, scene: &Scene) {
    if name == "health_fail" {
        let onset = scene.part(dice, 0.05, 0.6);
        course.onset = Some(onset);
        course.down = vec![(onset, f64::INFINITY)];
        course.is_taken_out = true;
        return;
    }
    let onset = scene.part(dice, 0.05, 0.4);
    let period = dice.uniform(50.0, 90.0);
    course.onset = Some(onset);
    let mut crash = onset;
    while crash < LONGEST * scene.window_s {
        course.restarts.candidate.push(crash);
        let begin = (crash / scene.poll_s).floor() * scene.poll_s;
        let polls = (dice.uniform(10.0, 25.0) / scene.poll_s).round().max(1.0);
        course.down.push((begin, begin + polls * scene.poll_s));
        course.add(on_candidate(Wave::Between(begin, begin + scene.poll_s)).errors(0.02));
        crash += period;
    }
}
