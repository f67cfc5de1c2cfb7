//! The demo's world: users, router and services, moved on to a given time and never beyond.

use fastrand::Rng;

use super::{router::Router, scenario::Scenario, service::Service};
use crate::engine::{
    role::{Role, Sides},
    time::Time,
};

/// Names of the two versions.
pub const VERSIONS: (&str, &str) = ("v2.4.0", "v2.5.0");
/// How much there is to see in the world.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scene {
    /// What goes wrong.
    pub scenario: Scenario,
    /// The candidate's share of requests at the start, a fraction.
    pub weight: f64,
    /// Milliseconds between two requests.
    pub every_ms: i64,
}

impl Scene {
    /// A quarter of 100 requests a second.
    #[must_use]
    pub const fn quarter(scenario: Scenario) -> Self {
        Self { scenario, weight: 0.25, every_ms: 10 }
    }

    /// The foot of a ladder: 5 % of 500 requests a second, so that a short window is enough.
    #[must_use]
    pub const fn foot(scenario: Scenario) -> Self {
        Self { scenario, weight: 0.05, every_ms: 2 }
    }
}

/// Everything the demo's servers tell about.
#[derive(Debug)]
pub struct World {
    /// What goes wrong.
    pub scenario: Scenario,
    /// The router.
    pub router: Router,
    /// Both versions.
    pub services: Sides<Service>,
    /// When the world began.
    pub started: Time,
    every_ms: i64,
    now: Time,
    rng: Rng,
}

impl World {
    /// A world that begins at `started`.
    #[must_use]
    pub fn new(scene: Scene, seed: u64, started: Time) -> Self {
        let Scene { scenario, weight, every_ms } = scene;
        Self {
            scenario,
            router: Router::new(weight, scenario.obeys()),
            every_ms,
            services: Sides::default(),
            started,
            now: started,
            rng: Rng::with_seed(seed),
        }
    }

    /// Lets the users send what they send until `to`.
    pub fn advance(&mut self, to: Time) {
        while self.now.ms() + self.every_ms <= to.ms() {
            self.now = Time::from_ms(self.now.ms() + self.every_ms);
            let since = self.now.since(self.started);
            if self.scenario.has_traffic(since) {
                let role = self.router.choose(&mut self.rng, self.now);
                let behaviour = self.scenario.behaviour(role, since);
                self.services.of_mut(role).handle(&mut self.rng, behaviour);
            }
        }
    }

    /// Time since the world began, as far as it was moved on.
    #[must_use]
    pub fn age(&self) -> std::time::Duration {
        self.now.since(self.started)
    }

    /// The name of the version in that role.
    #[must_use]
    pub const fn version(role: Role) -> &'static str {
        match role {
            Role::Baseline => VERSIONS.0,
            Role::Candidate => VERSIONS.1,
        }
    }

    /// The present state of the router, as it tells it.
    pub fn router_state(&mut self) -> super::router::State {
        let recent = self.router.recent(self.now);
        super::router::State {
            baseline: VERSIONS.0.to_owned(),
            candidate: VERSIONS.1.to_owned(),
            weight: self.router.weight,
            paused: self.router.paused,
            revision: self.router.revision,
            recent,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: i64) -> Time {
        Time::from_ms(s * 1000)
    }

    #[test]
    fn the_same_seed_gives_the_same_counts_however_time_is_cut() {
        let mut whole = World::new(Scene::quarter(Scenario::BadErrors), 7, at(0));
        whole.advance(at(300));
        let mut cut = World::new(Scene::quarter(Scenario::BadErrors), 7, at(0));
        for s in 0..=300 {
            cut.advance(at(s));
        }
        let counts = |w: &World| (w.services.baseline.ok, w.services.candidate.failed, w.services.candidate.buckets);
        assert_eq!(counts(&whole), counts(&cut));
        assert_eq!(
            whole.services.baseline.ok
                + whole.services.baseline.failed
                + whole.services.candidate.ok
                + whole.services.candidate.failed,
            30_000
        );
    }

    #[test]
    fn the_router_splits_by_weight_and_refuses_stale_changes() {
        let mut world = World::new(Scene::quarter(Scenario::Good), 1, at(0));
        world.advance(at(100));
        let candidate = world.services.candidate.ok + world.services.candidate.failed;
        assert!((2300..2700).contains(&candidate), "{candidate}");
        let to_zero = super::super::router::Change { weight: Some(0.0), paused: None };
        assert_eq!(world.router.change(9, &to_zero), Err(super::super::router::Refusal::Moved));
        assert_eq!(world.router.change(1, &to_zero), Ok(()));
        world.advance(at(110));
        assert_eq!(world.router_state().recent.1, 0);
    }
}
