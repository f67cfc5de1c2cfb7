//! Polls of a simulated deployment: random counts, added up as the counters of a process are.

use rollwatch::{
    engine::role::{Role, Sides},
    trace::line::{Poll, Side},
};

use super::{
    course::{Rates, Sway},
    dice::{Dice, Wander},
    window::{HISTORY_S, LONGEST, Window},
};

/// The chance that a single scrape is lost where scrapes are lost at all.
const LOST: f64 = 0.12;

/// The polls of one window, from the history's first scrape on.
pub(crate) struct Traffic<'a> {
    window: &'a Window,
    dice: Dice,
    bounds: Vec<f64>,
    next: f64,
    load: Wander,
    errors: Wander,
    slower: Wander,
    alone: Sides<Alone>,
    counters: Sides<Counters>,
}

/// What wanders for one version alone.
struct Alone {
    errors: Wander,
    slower: Wander,
}

/// The counters of one version's process.
#[derive(Clone, Debug, Default)]
struct Counters {
    requests: u64,
    errors: u64,
    /// Requests in each bucket alone, those over the last bound last.
    buckets: Vec<u64>,
}

/// What both versions have in common in one poll: factors of load, error rate and latency.
struct Shared {
    load: f64,
    errors: f64,
    slower: f64,
}

impl<'a> Traffic<'a> {
    pub(super) fn new(window: &'a Window) -> Self {
        let mut dice = Dice::new(&format!("traffic of {}", window.family.name), window.seed);
        let poll = window.header.poll_s;
        let sway = window.course.sway.unwrap_or(Sway { errors: 0.1, latency: 0.015, clump: None });
        let alone = Sides::build(|_| Alone {
            errors: Wander::new(20.0 / poll, sway.errors),
            slower: Wander::new(20.0 / poll, sway.latency),
        });
        let bounds: Vec<f64> = window.header.le.iter().map(|le| le.ln()).collect();
        let mut counters = Sides::build(|_| Counters { buckets: vec![0; bounds.len() + 1], ..Counters::default() });
        let before = u64::from(dice.whole(0, 50_000));
        let rates = window.rates(Role::Baseline, (-HISTORY_S - poll, -HISTORY_S));
        counters.baseline.count(window, &bounds, &rates, before, &mut dice);
        Self {
            window,
            dice,
            bounds,
            next: -HISTORY_S,
            load: Wander::new(40.0 / poll + 1.0, 0.08),
            errors: Wander::new(30.0 / poll + 1.0, 0.25),
            slower: Wander::new(60.0 / poll + 1.0, 0.05),
            alone,
            counters,
        }
    }

    /// Lets the time between two scrapes pass.
    fn pass(&mut self, from: f64, to: f64) {
        let dice = &mut self.dice;
        let shared = Shared {
            load: self.load.next(dice).exp(),
            errors: (self.errors.next(dice) - 0.03).exp(),
            slower: self.slower.next(dice).exp(),
        };
        for role in Role::BOTH {
            let alone = self.alone.of_mut(role);
            // A log-normal factor whose mean is 1 where it varies much, as clumps should not raise the rate.
            let centre = if self.window.course.sway.is_some() { alone.errors.variance() / 2.0 } else { 0.0 };
            let (errors, slower) = ((alone.errors.next(dice) - centre).exp(), alone.slower.next(dice).exp());
            let expected = self.window.rates(role, (from, to));
            let rates = Rates {
                requests: expected.requests * shared.load,
                errors: (expected.errors * shared.errors * errors).clamp(0.0, 0.95),
                slower: expected.slower * shared.slower * slower,
                ..expected
            };
            let counters = self.counters.of_mut(role);
            if self.window.course.restarts.of(role).iter().any(|at| (from..to).contains(at)) {
                counters.restart();
            }
            let requests = dice.poisson(rates.requests);
            counters.count(self.window, &self.bounds, &rates, requests, dice);
        }
    }

    fn side(&mut self, role: Role, from: f64, to: f64) -> Side {
        let nothing = |up| Side { up, requests: 0.0, errors: 0.0, buckets: Vec::new() };
        let is_lost = self.is_lost(role, to);
        if role == Role::Candidate && to < 0.0 || is_lost {
            return nothing(None);
        }
        if role == Role::Candidate && self.window.course.is_down(from, to) {
            return nothing(Some(false));
        }
        self.counters.of(role).scrape()
    }

    /// The scrapes at the start and at the end of the window always come.
    fn is_lost(&mut self, role: Role, at: f64) -> bool {
        let Some(gaps) = &self.window.course.gaps else {
            return false;
        };
        let (from, until) = *gaps.of(role);
        let is_lost = self.dice.coin(LOST) || (from..until).contains(&at);
        is_lost && at.abs() > 1e-9 && (at - self.window.header.window_s).abs() > 1e-9
    }
}

impl Iterator for Traffic<'_> {
    type Item = Poll;

    fn next(&mut self) -> Option<Poll> {
        let header = &self.window.header;
        loop {
            let (from, to) = (self.next - header.poll_s, self.next);
            if to > header.window_s * header.max_extend.unwrap_or(1.0).min(LONGEST) + 1e-9 {
                return None;
            }
            if to > -HISTORY_S {
                self.pass(from, to);
            }
            self.next += header.poll_s;
            let [baseline, canary] = Role::BOTH.map(|role| self.side(role, from, to));
            if to >= 0.0 || self.window.has_history {
                return Some(Poll { t: to, canary, baseline });
            }
        }
    }
}

impl Counters {
    fn restart(&mut self) {
        *self = Self { buckets: vec![0; self.buckets.len()], ..Self::default() };
    }

    /// Adds so many requests with these rates.
    fn count(&mut self, window: &Window, bounds: &[f64], rates: &Rates, requests: u64, dice: &mut Dice) {
        self.requests += requests;
        self.errors += dice.clumped(requests, rates.errors, window.clump);
        let slower = bounds.iter().map(|bound| window.latency.slower_than(*bound, rates)).chain([0.0]);
        let mut before = 1.0;
        let shares = slower.map(|slower| std::mem::replace(&mut before, slower) - slower);
        for (bucket, more) in self.buckets.iter_mut().zip(dice.multinomial(requests, shares)) {
            *bucket += more;
        }
    }

    fn scrape(&self) -> Side {
        let mut sum = 0;
        let cumulative = self.buckets.iter().map(|n| {
            sum += n;
            sum as f64
        });
        Side { up: Some(true), buckets: cumulative.collect(), requests: self.requests as f64, errors: self.errors as f64 }
    }
}
