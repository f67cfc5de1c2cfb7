//! A trace as a watch is told it: the header becomes the policy, each poll an input.

use super::line::{Header, Poll, Side};
use crate::engine::{
    effect::{Input, Polled},
    intake::{Answer, Counter, Histogram, Intake, Observation, Totals},
    policy::{Policy, Tolerance},
    role::{Role, Sides},
    sample::{Health, HealthState},
    setup::{Rule, Setup},
    time::Time,
};

impl Header {
    /// The watch that a trace of this name and header is played through; nothing else counts as policy.
    #[must_use]
    pub fn setup(&self, name: &str) -> Setup {
        let policy = Policy {
            poll_s: self.poll_s,
            window_s: self.window_s,
            max_window_s: self.window_s * self.max_extend.unwrap_or(1.0).max(1.0),
            warmup_s: self.warmup_s,
            alpha: self.alpha,
            error_rate: self.slo_error_rate,
            p99_ms: self.slo_p99_s * 1000.0,
            tolerance: Tolerance {
                error_abs: self.tol_error_abs,
                error_rel: self.tol_error_rel,
                latency_rel: self.tol_p99_rel,
                ..Tolerance::default()
            },
            ..Policy::default()
        };
        Setup {
            deployment: name.to_owned(),
            environment: String::new(),
            backend: "none".to_owned(),
            locator: String::new(),
            protected: false,
            names: names(),
            window_s: policy.window_s,
            policy,
            steps: Vec::new(),
            config_sha256: String::new(),
            driven: None,
            asked: Sides::default(),
            rule: Rule { stays: true, replay: true, ..Rule::default() },
        }
    }
}

/// Turns polls, given in the order of time, into a watch's inputs.
#[derive(Debug)]
pub struct Player {
    le_ms: Vec<f64>,
    intake: Intake,
}

impl Player {
    /// A player for a trace with this header, before its first poll.
    #[must_use]
    pub fn new(header: &Header) -> Self {
        let le_ms = header.le.iter().map(|le| le * 1000.0).chain([f64::INFINITY]).collect();
        Self { le_ms, intake: Intake::of_fresh_candidate(names()) }
    }

    /// What the watch is told of the next poll, and when.
    pub fn input(&mut self, poll: &Poll) -> (Time, Input) {
        let sides = [(Role::Baseline, &poll.baseline), (Role::Candidate, &poll.canary)];
        let observations = sides.into_iter().flat_map(|(role, side)| self.observe(role, side)).collect();
        let at = time(poll.t);
        let samples = self.intake.take(at, observations);
        let is_history = at < Time::from_ms(0);
        (at, if is_history { Input::History(samples) } else { Input::Polled(Polled { samples, rollout: None }) })
    }

    fn observe(&self, role: Role, side: &Side) -> [Observation; 2] {
        let observation = |answer| Observation { role, instance: role.word().to_owned(), answer };
        let (page, state) = match side.up {
            Some(true) => (Answer::Page(self.totals(side)), HealthState::Up),
            Some(false) => (Answer::NoPage("down".to_owned()), HealthState::Down),
            None => (Answer::NoPage("the scrape is missing".to_owned()), HealthState::Unknown),
        };
        let health = Health { state, served: true, checks: Vec::new() };
        [observation(page), observation(Answer::Health(health, None))]
    }

    fn totals(&self, side: &Side) -> Totals {
        let counter = |key: &str, total, is_error| Counter { key: key.to_owned(), total, is_error };
        Totals {
            requests: Some(vec![counter("ok", side.requests - side.errors, false), counter("failed", side.errors, true)]),
            latency: Some(vec![Histogram { key: String::new(), le_ms: self.le_ms.clone(), count: side.buckets.clone() }]),
            ..Totals::default()
        }
    }
}

fn names() -> Sides<String> {
    Sides { baseline: "baseline".to_owned(), candidate: "candidate".to_owned() }
}

#[expect(clippy::cast_possible_truncation, reason = "seconds of a deployment")]
fn time(seconds: f64) -> Time {
    Time::from_ms((seconds * 1000.0).round() as i64)
}
