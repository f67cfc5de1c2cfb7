//! What is true of a simulated window: the expected counts of every poll, and how much information they hold.

use rollwatch::engine::role::{Role, Sides};

use crate::simulator::{course::Rates, family::Truth, window::Window};

/// Expected log-likelihood ratio, in nats, under which a regression counts as too small to be found.
const CLEAR: f64 = 12.0;

/// What is expected of both versions in one poll, before any noise.
pub(crate) struct Expected {
    pub(crate) from: f64,
    pub(crate) to: f64,
    pub(crate) requests: Sides<f64>,
    pub(crate) errors: Sides<f64>,
    /// Share of requests over each bound.
    pub(crate) slower: Sides<Vec<f64>>,
    /// Requests of the candidate that went wrong because it is worse: failed, or slower than 1.5 times the usual p99.
    pub(crate) bad: f64,
}

/// The expectations of every poll up to a time.
pub(crate) fn expected(window: &Window, until: f64) -> Vec<Expected> {
    let poll = window.header.poll_s;
    let ends = (1..).map(|nth| poll * f64::from(nth)).take_while(|to| *to <= until + 1e-9);
    ends.map(|to| poll_of(window, to - poll, to)).collect()
}

fn poll_of(window: &Window, from: f64, to: f64) -> Expected {
    let rates = Sides::build(|role| window.rates(role, (from, to)));
    let slower = |rates: &Rates| window.header.le.iter().map(|le| window.latency.slower_than(le.ln(), rates)).collect();
    Expected {
        from,
        to,
        requests: rates.map(|r| r.requests),
        errors: rates.map(|r| r.errors),
        slower: rates.map(slower),
        bad: bad(window, &rates, from, to),
    }
}

fn bad(window: &Window, rates: &Sides<Rates>, from: f64, to: f64) -> f64 {
    let mid = f64::midpoint(from, to);
    if window.course.onset.is_none_or(|onset| mid < onset) {
        return 0.0;
    }
    let asked = window.rate * window.share * (to - from);
    let is_down = window.course.is_down(from, to);
    if is_down && window.course.is_taken_out {
        return asked;
    }
    let slow = rates.map(|r| window.latency.slower_than((window.p99_s * 1.5).ln(), r));
    let more = (rates.candidate.errors - rates.baseline.errors).max(0.0) + (slow.candidate - slow.baseline).max(0.0);
    rates.candidate.requests * more + if is_down { asked * 0.5 } else { 0.0 }
}

impl Expected {
    /// Expected log-likelihood ratio of this poll's split of events between the versions: the candidate's rate is `rate`, the null allows
    /// it at most `null`. Zero where the candidate is not worse than that.
    pub(crate) fn information(&self, rate: f64, null: f64) -> f64 {
        let (candidate, baseline) = (self.requests.candidate, self.requests.baseline);
        let events = candidate * rate + baseline * null;
        if rate <= null || events <= 0.0 || candidate <= 0.0 {
            return 0.0;
        }
        let (is, would_be) = (candidate * rate / events, candidate / (candidate + baseline));
        let part = |is: f64, would_be: f64| if is > 0.0 { is * (is / would_be).ln() } else { 0.0 };
        events * (part(is, would_be) + part(1.0 - is, 1.0 - would_be))
    }
}

/// What is known of a window when decisions are scored.
pub(crate) struct Known {
    pub(crate) family: &'static str,
    pub(crate) truth: Truth,
    pub(crate) onset_s: f64,
    pub(crate) window_s: f64,
    pub(crate) poll_s: f64,
    /// The most nats that one metric's counts hold.
    pub(crate) nats: f64,
    pub(crate) candidate_requests: f64,
    /// Bad requests of the candidate until the end of each poll of the window.
    pub(crate) bad_until: Vec<f64>,
}

impl Known {
    pub(crate) fn of(window: &Window) -> Self {
        let polls = expected(window, window.header.window_s);
        let mut sum = 0.0;
        let bad_until = polls.iter().map(|poll| {
            sum += poll.bad;
            sum
        });
        Self {
            family: window.family.name,
            truth: window.family.truth,
            onset_s: window.course.onset.unwrap_or(0.0),
            window_s: window.header.window_s,
            poll_s: window.header.poll_s,
            nats: nats(window, &polls),
            candidate_requests: polls.iter().map(|poll| *poll.requests.of(Role::Candidate)).sum(),
            bad_until: bad_until.collect(),
        }
    }

    /// A regression that can be found in the window.
    pub(crate) fn is_clear(&self) -> bool {
        self.truth == Truth::Regressed && self.nats >= CLEAR
    }

    /// A healthy candidate with enough requests to be promoted.
    pub(crate) fn is_promotable(&self) -> bool {
        self.truth == Truth::Healthy && self.candidate_requests >= 150.0
    }

    /// The part of the window's bad requests that was served until then.
    pub(crate) fn bad_share(&self, until: f64) -> f64 {
        let all = self.bad_until.last().copied().unwrap_or(0.0).max(1.0);
        let polls = self.bad_until.iter().zip(1..).take_while(|(_, nth)| self.poll_s * f64::from(*nth) <= until + 1e-9);
        polls.last().map_or(0.0, |(bad, _)| bad / all)
    }
}

/// Over errors (against the tolerance) and over each bound (against half as many slow requests again).
fn nats(window: &Window, polls: &[Expected]) -> f64 {
    if !window.course.down.is_empty() {
        return f64::INFINITY;
    }
    let after: Vec<&Expected> =
        polls.iter().filter(|p| window.course.onset.is_some_and(|onset| f64::midpoint(p.from, p.to) >= onset)).collect();
    let errors = after.iter().map(|p| p.information(p.errors.candidate, 1.1 * p.errors.baseline + 0.001)).sum::<f64>();
    let latency = (0..window.header.le.len())
        .map(|k| after.iter().map(|p| p.information(p.slower.candidate[k], 1.5 * p.slower.baseline[k] + 0.001)).sum::<f64>());
    latency.fold(errors, f64::max)
}
