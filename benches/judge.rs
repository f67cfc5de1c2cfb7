//! What judging costs: a full window of a large deployment judged anew from its record, and one poll of it early and late.
//!
//! `cargo bench --bench judge` prints the best of 5 runs: the window (30 minutes at a poll each 5 s, 200 instances, each with a metrics page
//! of eleven buckets and a health answer), and the time of one poll with its picture after one minute, half an hour and six hours. The last
//! figures are a ratio that holds on any machine: a poll costs the same however long the watch has been.
#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a benchmark measures time and prints it")]

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use rollwatch::engine::{
    effect::{Input, Polled},
    policy::Policy,
    role::{Role, Sides},
    sample::{Buckets, Health, HealthState, Missing, Sample, SourceKind},
    setup::{Rule, Setup},
    time::Time,
    watch::Watch,
};

const INSTANCES: usize = 200;
const POLL_S: i64 = 5;
const HALF_AN_HOUR: i64 = 1800 / POLL_S;
const SIX_HOURS: i64 = 6 * 3600 / POLL_S;
const RUNS: usize = 5;

fn main() {
    let window: Vec<(Time, Input)> = (0..=HALF_AN_HOUR).map(input).collect();
    let inputs: Vec<Vec<(Time, Input)>> = (0..RUNS).map(|_| window.clone()).collect();
    let whole = inputs.into_iter().map(|inputs| timed(|| replay(inputs)).0).min().unwrap_or_default();
    println!("a window of 30 minutes, {INSTANCES} instances, {} polls, judged anew: {} ms", window.len(), whole.as_millis());

    let mut watch = Watch::new(setup(), Time::from_ms(0), false).0;
    let mut ticks = Vec::new();
    let mut next = 0;
    for after in [60 / POLL_S, HALF_AN_HOUR, SIX_HOURS] {
        let upto: Vec<(Time, Input)> = (next..after).map(input).collect();
        feed(&mut watch, upto);
        // The picture that a screen still holds is there while the next one is made.
        let mut picture = watch.snapshot();
        let times = (after..after + 50).map(|n| {
            let (at, input) = input(n);
            let (time, now) = timed(|| {
                black_box(watch.handle(at, input));
                watch.snapshot()
            });
            picture = now;
            time
        });
        ticks.push(times.min().unwrap_or_default());
        black_box(&picture);
        next = after + 50;
    }
    let micros: Vec<String> = ticks.iter().map(|tick| format!("{} us", tick.as_micros())).collect();
    println!("one poll with its picture after 1 minute, 30 minutes, 6 hours: {}", micros.join(", "));
    let ratio = |tick: usize| ticks[tick].as_secs_f64() / ticks[0].as_secs_f64();
    println!("as a multiple of the first: {:.2}, {:.2}", ratio(1), ratio(2));
}

fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let done = work();
    (start.elapsed(), done)
}

fn replay(inputs: Vec<(Time, Input)>) -> Watch {
    let mut watch = Watch::new(setup(), Time::from_ms(0), false).0;
    feed(&mut watch, inputs);
    watch
}

fn feed(watch: &mut Watch, inputs: Vec<(Time, Input)>) {
    for (at, input) in inputs {
        black_box(watch.handle(at, input));
    }
}

/// A watch whose window does not end on the way.
fn setup() -> Setup {
    let policy = Policy { window_s: 86_400.0, max_window_s: 86_400.0, ..Policy::default() };
    Setup {
        deployment: "api".to_owned(),
        environment: String::new(),
        backend: "none".to_owned(),
        locator: String::new(),
        protected: false,
        names: Sides { baseline: "v1".to_owned(), candidate: "v2".to_owned() },
        window_s: policy.window_s,
        policy,
        steps: Vec::new(),
        config_sha256: String::new(),
        driven: None,
        asked: Sides::default(),
        rule: Rule { stays: true, replay: true, ..Rule::default() },
    }
}

/// The poll with that number: a quarter of the instances are the candidate's.
fn input(n: i64) -> (Time, Input) {
    let samples = (0..INSTANCES).flat_map(|instance| {
        let role = if instance % 4 == 0 { Role::Candidate } else { Role::Baseline };
        [page(n, instance, role), health(instance, role)]
    });
    (Time::from_ms(n * POLL_S * 1000), Input::Polled(Polled { samples: samples.collect(), rollout: None }))
}

fn page(n: i64, instance: usize, role: Role) -> Sample {
    let step = n as f64 + instance as f64;
    let requests = 200.0 + (step * 7.0) % 31.0;
    let le_ms = vec![5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 2500.0, 5000.0, f64::INFINITY];
    let shares = [0.02, 0.1, 0.3, 0.6, 0.85, 0.975, 0.992, 0.998, 0.9995, 1.0, 1.0];
    let buckets = Buckets { le_ms, count: shares.iter().map(|share| (requests * share).round()).collect() };
    Sample {
        requests: Some(requests),
        errors: Some((step * 3.0) % 2.0),
        buckets: Some(buckets),
        reference: n == 0,
        ..sample(SourceKind::Metrics, instance, role)
    }
}

fn health(instance: usize, role: Role) -> Sample {
    let health = Health { state: HealthState::Up, served: true, checks: Vec::new() };
    Sample { health: Some(health), ..sample(SourceKind::Health, instance, role) }
}

fn sample(source: SourceKind, instance: usize, role: Role) -> Sample {
    Sample {
        source,
        role,
        version: if role == Role::Candidate { "v2" } else { "v1" }.to_owned(),
        instance: format!("10.0.{}.{}:8080", instance / 100, instance % 100),
        ok: true,
        reason: None,
        requests: None,
        errors: None,
        buckets: None,
        custom: std::collections::BTreeMap::new(),
        health: None,
        reset: false,
        reference: false,
        missing: Missing::default(),
        started: None,
        pod: None,
    }
}
