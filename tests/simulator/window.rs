//! One simulated deployment: its service, what it is asked for, and what happens to it.

use rollwatch::{engine::role::Role, trace::line::Header};

use super::{
    course::{Course, Rates},
    dice::Dice,
    family::{Family, Truth},
    faults, harmless,
    latency::Latency,
    traffic::Traffic,
};

/// Seconds of the baseline's history.
pub(crate) const HISTORY_S: f64 = 600.0;
/// The longest a window may become, in windows.
pub(crate) const LONGEST: f64 = 3.0;
/// Seconds of warm-up.
pub(crate) const WARM_UP_S: f64 = 60.0;

const PROMETHEUS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
const CUSTOM: [f64; 20] =
    [0.01, 0.02, 0.03, 0.04, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0];
/// Bounds of exponential buckets, four for each doubling.
const EXPONENTIAL: u32 = 42;

/// What is asked of a window; the same polls come out as far as both have them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    /// The baseline's polls of the time before are given.
    pub(crate) history: bool,
    /// It may go on after its end.
    pub(crate) extension: bool,
    /// Its length in seconds; null for what the family draws.
    pub(crate) window_s: Option<f64>,
}

impl Terms {
    /// With history and extension.
    pub(crate) const FULL: Self = Self { history: true, extension: true, window_s: None };
}

/// What the courses need to know of a window.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scene {
    pub(crate) window_s: f64,
    pub(crate) poll_s: f64,
    pub(crate) base_errors: f64,
}

impl Scene {
    /// A moment between two parts of the window.
    pub(crate) fn part(&self, dice: &mut Dice, low: f64, high: f64) -> f64 {
        dice.uniform(low * self.window_s, high * self.window_s)
    }
}

/// One simulated deployment.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    pub(crate) family: Family,
    pub(crate) seed: u64,
    pub(crate) header: Header,
    pub(crate) has_history: bool,
    /// Requests a second of the whole service.
    pub(crate) rate: f64,
    /// The candidate's planned share of them.
    pub(crate) share: f64,
    pub(crate) base_errors: f64,
    /// Mean size of a clump of errors.
    pub(crate) clump: f64,
    pub(crate) latency: Latency,
    pub(crate) p99_s: f64,
    pub(crate) course: Course,
}

impl Window {
    pub(crate) fn new(family: Family, seed: u64, terms: Terms) -> Self {
        let dice = &mut Dice::new(family.name, seed);
        let poll_s = dice.pick(&[(5.0, 0.3), (10.0, 0.35), (15.0, 0.2), (30.0, 0.15)]);
        let drawn = dice.pick(&[(600.0, 0.55), (900.0, 0.2), (1200.0, 0.15), (1800.0, 0.1)]);
        let is_quiet = family.name.starts_with("low_traffic");
        let window_s = terms.window_s.unwrap_or(if is_quiet { 600.0 } else { drawn });
        let (rate, share) = traffic(family.name, dice);
        let base_errors = match family.name {
            "healthy_high_base" => dice.uniform(0.011, 0.02),
            _ => dice.log_uniform(1e-4, 5e-3),
        };
        let le = buckets(dice);
        let mut latency = latency(dice);
        let clump = dice.pick(&[(1.0, 2.0), (1.5, 1.0), (2.0, 1.0)]);
        let scene = Scene { window_s, poll_s, base_errors };
        let course = match family.truth {
            Truth::Healthy => harmless::course(family.name, dice, &scene),
            Truth::Regressed | Truth::NoData => faults::course(family.name, dice, &scene),
        };
        latency.ln_added = latency.ln_slow + course.ln_beyond_slow;
        let p99_s = latency.p99();
        let header = Header {
            format: 1,
            window_s,
            poll_s,
            warmup_s: WARM_UP_S,
            alpha: 0.01,
            le,
            slo_error_rate: ceiling(base_errors),
            slo_p99_s: (p99_s * 2e4).round() / 1e4,
            tol_error_abs: 0.001,
            tol_error_rel: 0.1,
            tol_p99_rel: 0.1,
            max_extend: terms.extension.then_some(LONGEST),
        };
        let clump = course.sway.and_then(|sway| sway.clump).unwrap_or(clump);
        let has_history = terms.history;
        Self { family, seed, header, has_history, rate, share, base_errors, clump, latency, p99_s, course }
    }

    /// Its polls in the order of time, made one by one.
    pub(crate) fn polls(&self) -> Traffic<'_> {
        Traffic::new(self)
    }

    /// The name under which it is exported and played.
    pub(crate) fn name(&self) -> String {
        format!("{}-{}", self.family.name, self.seed)
    }

    /// What is expected of a version in the poll between two times, before any noise.
    pub(crate) fn rates(&self, role: Role, (from, to): (f64, f64)) -> Rates {
        let share = self.course.share(self.share, f64::midpoint(from, to));
        let share = if role == Role::Candidate { share } else { 1.0 - share };
        let requests = self.rate * share * (to - from);
        let base = Rates { requests, errors: self.base_errors, slower: 1.0, slow_share: 0.0 };
        self.course.rates(role, base, (from, to), self.header.window_s)
    }
}

/// Requests a second, and the candidate's share: most rollouts are sized so that the candidate gets some.
fn traffic(name: &str, dice: &mut Dice) -> (f64, f64) {
    if name.starts_with("low_traffic") {
        return (dice.log_uniform(0.2, 2.0), dice.pick(&[(0.05, 1.0), (0.25, 1.0), (0.5, 1.0)]));
    }
    let share = dice.pick(&[(0.01, 0.2), (0.05, 0.3), (0.25, 0.25), (0.5, 0.25)]);
    let rate = dice.log_uniform(20.0, 5000.0);
    match name {
        "split_shift" => (rate, 0.05),
        _ if rate * share < 0.5 => (rate, 0.25),
        _ => (rate, share),
    }
}

fn buckets(dice: &mut Dice) -> Vec<f64> {
    let exponential = || (0..EXPONENTIAL).map(|i| (0.008 * 2_f64.powf(f64::from(i) / 4.0) * 1e6).round() / 1e6).collect();
    match dice.pick(&[(0, 0.45), (1, 0.4), (2, 0.15)]) {
        0 => PROMETHEUS.to_vec(),
        1 => CUSTOM.to_vec(),
        _ => exponential(),
    }
}

fn latency(dice: &mut Dice) -> Latency {
    let ln_median = dice.uniform(0.02_f64.ln(), 0.12_f64.ln());
    let spread = dice.uniform(0.35, 0.7);
    let slow_share = dice.uniform(0.004, 0.012);
    let ln_slow = ln_median + dice.uniform(4.0, 8.0).ln();
    Latency { ln_median, spread, slow_share, ln_slow, ln_added: ln_slow }
}

/// The operator's limit of the error rate, tuned to the service.
fn ceiling(base_errors: f64) -> f64 {
    match base_errors {
        ..0.004 => 0.01,
        ..0.008 => 0.02,
        _ => 0.05,
    }
}
