//! A deterministic two-version service for the engine's tests: exact shares, no randomness.

use std::collections::BTreeMap;

use rollwatch::engine::{
    action::{Ability, Action, Actor, ActorKind, Condition, Order, Preview, Rollout, Target},
    custom::Custom,
    effect::{Effect, Input, Polled},
    event::{Ended, Event},
    policy::Policy,
    role::{Role, Sides},
    sample::{Buckets, Health, HealthState, Missing, Sample, SourceKind},
    setup::{Rule, Setup},
    time::Time,
    watch::Watch,
};

/// What one version does in one poll.
#[derive(Clone, Debug)]
pub(crate) struct Side {
    pub(crate) requests: f64,
    pub(crate) error_rate: f64,
    /// Share of requests over 400 ms.
    pub(crate) slow: f64,
    /// The page, or why there is none.
    pub(crate) page: Result<Missing, String>,
    pub(crate) health: Option<HealthState>,
    pub(crate) reset: bool,
    /// What the page says of configured checks.
    pub(crate) custom: Vec<(&'static str, Custom)>,
    /// When its process began, in seconds.
    pub(crate) began: Option<i64>,
}

impl Side {
    pub(crate) fn good(requests: f64) -> Self {
        let (page, health) = (Ok(Missing::default()), Some(HealthState::Up));
        Self { requests, error_rate: 0.003, slow: 0.005, page, health, reset: false, custom: Vec::new(), began: None }
    }

    pub(crate) fn samples(&self, role: Role, first: bool) -> Vec<Sample> {
        let n = self.requests;
        let sample = |source| Sample {
            source,
            role,
            version: version(role),
            instance: format!("{}:80", role.word()),
            ok: true,
            reason: None,
            requests: None,
            errors: None,
            buckets: None,
            custom: BTreeMap::new(),
            health: None,
            reset: self.reset,
            reference: false,
            missing: Missing::default(),
            started: self.began.map(|s| Time::from_ms(s * 1000)),
            pod: None,
        };
        let mut page = sample(SourceKind::Metrics);
        match &self.page {
            Err(reason) => {
                page.ok = false;
                page.reason = Some(reason.clone());
            }
            Ok(missing) => {
                page.reference = first;
                page.missing = missing.clone();
                let is_known = |custom: &Custom| !first || matches!(custom, Custom::Gauge { .. });
                let custom = self.custom.iter().filter(|(id, custom)| is_known(custom) && !missing.custom.contains_key(*id));
                page.custom = custom.map(|(id, custom)| ((*id).to_owned(), *custom)).collect();
                if !first && missing.errors.is_none() {
                    page.requests = Some(n);
                    page.errors = Some(n * self.error_rate);
                }
                if !first && missing.latency.is_none() {
                    let over = n * self.slow;
                    let le_ms = vec![50.0, 100.0, 200.0, 400.0, 800.0, f64::INFINITY];
                    page.buckets =
                        Some(Buckets { le_ms, count: vec![n * 0.6, n * 0.9, n * 0.97 - over, n - over, n - over / 5.0, n] });
                }
            }
        }
        let mut samples = vec![page];
        if let Some(state) = self.health {
            let mut health = sample(SourceKind::Health);
            health.health = Some(Health { state, served: true, checks: vec![] });
            samples.push(health);
        }
        samples
    }
}

pub(crate) fn version(role: Role) -> String {
    match role {
        Role::Baseline => "v1".to_owned(),
        Role::Candidate => "v2".to_owned(),
    }
}

pub(crate) fn setup(rule: Rule) -> Setup {
    Setup {
        deployment: "api".to_owned(),
        environment: "test".to_owned(),
        backend: "demo".to_owned(),
        locator: "router".to_owned(),
        protected: false,
        names: Sides { baseline: "v1".to_owned(), candidate: "v2".to_owned() },
        policy: Policy::default(),
        steps: Vec::new(),
        window_s: 600.0,
        config_sha256: String::new(),
        driven: None,
        asked: Sides::default(),
        rule,
    }
}

/// A backend that can promote, pause and roll back from a weight of 25 %.
pub(crate) fn rollout(weight: f64, token: &str) -> Rollout {
    let ready = |version: &str, weight: f64| {
        Ability::Ready(Preview {
            target: Target { version: version.to_owned(), reference: format!("weight {weight}"), weight: Some(weight) },
            happens: vec!["the router changes the weights".to_owned()],
            not_undone: vec![],
            sends: "PUT /weights".to_owned(),
            bound_to: token.to_owned(),
            limit_s: 120.0,
        })
    };
    let abilities = [
        (Action::Promote, ready("v2", 1.0)),
        (Action::PromoteFull, ready("v2", 1.0)),
        (Action::Rollback, ready("v1", 0.0)),
        (Action::Pause, Ability::Off("this router cannot pause".to_owned())),
    ];
    Rollout {
        token: token.to_owned(),
        weights: Some(Sides { baseline: 1.0 - weight, candidate: weight }),
        versions: None,
        paused: false,
        condition: Condition::Steady,
        abilities: abilities.into_iter().collect(),
    }
}

pub(crate) fn person() -> Actor {
    Actor { kind: ActorKind::Key, user: "ana".to_owned() }
}

/// A played watch and everything it wanted done.
pub(crate) struct Played {
    pub(crate) watch: Watch,
    pub(crate) effects: Vec<(f64, Effect)>,
    pub(crate) t: f64,
    /// The share that the backend says the candidate gets.
    pub(crate) weight: f64,
    /// The share that a promotion leads to.
    pub(crate) next: f64,
}

impl Played {
    pub(crate) fn new(setup: Setup) -> Self {
        let (watch, effects) = Watch::new(setup, Time::from_ms(0), false);
        Self { watch, effects: effects.into_iter().map(|e| (0.0, e)).collect(), t: 0.0, weight: 0.25, next: 1.0 }
    }

    #[expect(clippy::cast_possible_truncation, reason = "small test times")]
    pub(crate) fn feed(&mut self, t: f64, input: Input) {
        self.t = t;
        let effects = self.watch.handle(Time::from_ms((t * 1000.0) as i64), input);
        self.effects.extend(effects.into_iter().map(|e| (t, e)));
    }

    /// Polls every five seconds from where it stands to `until`, or to the end of the watch.
    pub(crate) fn run(&mut self, until: f64, mut at: impl FnMut(f64) -> (Side, Side)) -> &mut Self {
        self.run_with(until, |t| {
            let (baseline, candidate) = at(t);
            (Some(baseline), Some(candidate))
        })
    }

    /// The same where a version may bring nothing at all.
    pub(crate) fn run_with(&mut self, until: f64, mut at: impl FnMut(f64) -> (Option<Side>, Option<Side>)) -> &mut Self {
        let mut first = !self.effects.iter().any(|(_, e)| matches!(e, Effect::Emit(Event::Poll(_))));
        let mut t = if first { 0.0 } else { self.t + 5.0 };
        while t <= until + 1e-9 && self.ended().is_none() && self.orders().is_empty() {
            let (baseline, candidate) = at(t);
            let of = |side: Option<Side>, role| side.map(|side| side.samples(role, first)).unwrap_or_default();
            let samples = [of(baseline, Role::Baseline), of(candidate, Role::Candidate)].concat();
            self.feed(t, Input::Polled(Polled { samples, rollout: Some(Ok(self.rollout())) }));
            first = false;
            t += 5.0;
        }
        self
    }

    /// Some more polls at the weight that is in force, as a watch gets them after an action.
    pub(crate) fn polls(&mut self, count: usize, mut at: impl FnMut(f64) -> (Side, Side)) {
        for _ in 0..count {
            let t = self.t + 5.0;
            let (baseline, candidate) = at(t);
            let samples = [baseline.samples(Role::Baseline, false), candidate.samples(Role::Candidate, false)].concat();
            self.feed(t, Input::Polled(Polled { samples, rollout: Some(Ok(self.rollout())) }));
        }
    }

    /// The backend as it is seen.
    fn rollout(&self) -> Rollout {
        let mut rollout = rollout(self.weight, "t1");
        if let Some(Ability::Ready(preview)) = rollout.abilities.get_mut(&Action::Promote) {
            preview.target.weight = Some(self.next);
        }
        rollout
    }

    pub(crate) fn ended(&self) -> Option<Ended> {
        self.watch.ended().cloned()
    }

    pub(crate) fn orders(&self) -> Vec<Order> {
        self.effects.iter().filter_map(|(_, e)| if let Effect::Act(order) = e { Some(order.clone()) } else { None }).collect()
    }

    pub(crate) fn notices(&self) -> Vec<String> {
        self.effects.iter().filter_map(|(_, e)| if let Effect::Notify(n) = e { Some(n.title.clone()) } else { None }).collect()
    }

    /// Check changes as "errors: pass → warn".
    pub(crate) fn changes(&self) -> Vec<String> {
        let word = |e: &Event| match e {
            Event::Check(c) => Some(format!("{}: {} → {}", c.check, c.was.map_or("-", |w| w.word()), c.verdict.word())),
            Event::Verdict(v) => Some(format!("watch: {} → {}", v.was.map_or("-", |w| w.word()), v.verdict.word())),
            Event::Phase { phase, .. } => Some(format!("phase: {}", phase.word())),
            _ => None,
        };
        self.effects.iter().filter_map(|(_, e)| if let Effect::Emit(event) = e { word(event) } else { None }).collect()
    }
}

/// Whether row 2 says when: a time, or that it is not known, or that nothing is going to happen.
pub(crate) fn says_when(next: &str) -> bool {
    let letters: Vec<char> = next.chars().collect();
    // "34 s", "2m", "2m30s", "20:14:03".
    let is_time = |pair: &[char]| pair[0].is_ascii_digit() && matches!(pair[1], ':' | 'm' | 'h' | 'd');
    let is_seconds = |three: &[char]| three[0].is_ascii_digit() && three[1] == ' ' && three[2] == 's';
    let words = ["now", "not known", "Nothing to do.", "Nothing to press.", "Nothing happens by itself.", "A human is needed."];
    letters.windows(2).any(is_time) || letters.windows(3).any(is_seconds) || words.iter().any(|word| next.contains(word))
}
