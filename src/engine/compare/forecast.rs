//! What would come of it if every poll went on like the last minute: for "in about 40 s" and "at this traffic it will not be enough".
//!
//! Worked out in closed form, so that it costs the same however long the window is. An estimate for people; nothing is decided by it.

use super::{ALPHA_PROMOTE, Background, Compare, Joined, MIN_REQUESTS, Metric, SUSPICION, noninferior::Ahead};
use crate::engine::{
    policy::Policy,
    stats::{log_mean_exp, log_sum_exp, ratio::Split},
};

/// How far it looks, in polls.
const FARTHEST: u32 = 1 << 20;

/// What would come of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forecast {
    /// Polls until a conviction; null when none comes.
    pub convicts_in: Option<u32>,
    /// Whether the candidate could be promoted at the end of the window.
    pub promotable: bool,
    /// Polls until the evidence to promote is enough; null when it never is.
    pub proves_in: Option<u32>,
}

/// The polls that are to come: what each brings, and with how much noise.
struct Course<'a> {
    compare: &'a Compare,
    t: f64,
    errors: Option<(Split, f64)>,
    /// One for each bound.
    latency: Vec<(Split, f64)>,
    middle: Option<usize>,
    background: &'a Background,
}

impl Compare {
    /// Looks ahead from `t`, each poll bringing `like`; the window ends `left` polls from now.
    #[must_use]
    pub fn forecast(&self, t: f64, like: &Joined, background: &Background, policy: &Policy, left: u32) -> Forecast {
        let course = Course::new(self, t, like, background);
        let needed = self.needed();
        let convicts_in = first(|polls| course.evidence(polls) >= needed).filter(|_| course.is_bad());
        let gating: Vec<Metric> = Metric::BOTH.into_iter().filter(|m| policy.gates(m.check())).collect();
        let proves_in = first(|polls| gating.iter().all(|m| course.proves(*m, polls)));
        let promotable = proves_in.is_some_and(|polls| polls <= left) && course.promotable(&gating, left);
        Forecast { convicts_in, promotable, proves_in }
    }

    /// Polls until one metric alone has the evidence to promote; null when it never has.
    #[must_use]
    pub fn proves_in(&self, t: f64, like: &Joined, background: &Background, metric: Metric) -> Option<u32> {
        let course = Course::new(self, t, like, background);
        first(|polls| course.proves(metric, polls))
    }

    /// How many bad requests of the candidate within the next `polls` polls would convict it, all else going on like `like`. Null when
    /// even all of them would not.
    #[must_use]
    pub fn bad_needed(&self, t: f64, like: &Joined, background: &Background, metric: Metric, polls: u32) -> Option<u32> {
        let mut course = Course::new(self, t, like, background);
        let polls = f64::from(polls);
        let most = course.requests(metric)? * polls;
        let mut convicts = |bad: f64| {
            course.set_bad(metric, bad / polls);
            course.evidence(polls) >= self.needed()
        };
        if !convicts(most) {
            return None;
        }
        let (mut low, mut high) = (0, super::whole(most.ceil()));
        while low < high {
            let middle = low + (high - low) / 2;
            if convicts(f64::from(middle).min(most)) { high = middle } else { low = middle + 1 }
        }
        Some(low)
    }
}

impl<'a> Course<'a> {
    fn new(compare: &'a Compare, t: f64, like: &Joined, background: &'a Background) -> Self {
        let countable = |split: &Split| split.n_c > 0.0 && split.n_b > 0.0;
        let errors = like.errors.filter(countable).map(|split| (split, background.errors_noise(&split)));
        let mut latency = Vec::new();
        if let Some((candidate, baseline)) = &like.latency {
            for (index, edge) in background.edges().unwrap_or_default().iter().enumerate() {
                if let Some(split) = edge.split(candidate, baseline).filter(countable) {
                    latency.push((split, background.latency_noise(index, &split)));
                }
            }
        }
        Self { compare, t, errors, latency, middle: background.middle(), background }
    }

    /// Polls of the next `polls` that still belong to the warm-up.
    fn warm(&self, polls: f64) -> f64 {
        ((self.compare.warmup_s - self.t) / self.compare.poll_s).floor().clamp(0.0, polls)
    }

    /// The evidence to roll back, so many polls from now.
    fn evidence(&self, polls: f64) -> f64 {
        let warm = self.warm(polls);
        let compare = self.compare;
        let errors = match &self.errors {
            None => compare.errors.log_e(),
            // A warm-up under way is judged to its end by its own allowance; what would follow is not mixed in.
            Some((split, noise)) if warm > 0.0 => compare.errors.log_e_after(warm, split, compare.errors_null(true), *noise),
            Some((split, noise)) => compare.errors.log_e_after(polls, split, compare.errors_null(false), *noise),
        };
        let errors = compare.errors_log_e(errors);
        let edges = self.background.edges().unwrap_or_default();
        let bets = compare.latency.iter().zip(edges).zip(&self.latency);
        let ahead: Vec<f64> = bets
            .map(|((bet, edge), (split, noise))| {
                bet.log_e_after(polls - warm, split, edge.null(compare.tolerance.latency_abs), *noise)
            })
            .collect();
        let latency = if ahead.is_empty() { 0.0 } else { log_mean_exp(&ahead) };
        let part = |metric, log_e| {
            let weight = compare.weight(metric);
            compare.ladder.part(metric, weight + log_e, weight)
        };
        log_sum_exp(&[part(Metric::Errors, errors), part(Metric::Latency, latency)])
    }

    /// The candidate's requests in one poll.
    fn requests(&self, metric: Metric) -> Option<f64> {
        let (split, _) = match metric {
            Metric::Errors => self.errors.as_ref()?,
            Metric::Latency => self.latency.first()?,
        };
        Some(split.n_c)
    }

    /// So many of the candidate's requests in each poll are bad; slow ones are slower than every bound.
    fn set_bad(&mut self, metric: Metric, bad: f64) {
        let splits = match metric {
            Metric::Errors => self.errors.as_mut_slice(),
            Metric::Latency => self.latency.as_mut_slice(),
        };
        for (split, _) in splits {
            split.bad_c = bad;
        }
    }

    /// Whether the evidence grows at all, so that a conviction can come of it.
    fn is_bad(&self) -> bool {
        self.evidence(2.0) > self.evidence(0.0)
    }

    /// Evidence to promote so many polls from now: over all, over the last third.
    fn promotes(&self, metric: Metric, polls: f64) -> Option<(f64, f64)> {
        let compare = self.compare;
        let (test, (like, noise)) = match metric {
            Metric::Errors => (&compare.errors_promote, self.errors.as_ref()?),
            Metric::Latency => (&compare.latency_promote, self.latency.get(self.middle?)?),
        };
        let warm = self.warm(polls);
        let t = self.t + warm * compare.poll_s;
        let ahead = Ahead { like, polls: polls - warm, poll_s: compare.poll_s, warmup_s: compare.warmup_s };
        Some(test.ahead(t, &ahead, *noise))
    }

    fn proves(&self, metric: Metric, polls: f64) -> bool {
        self.promotes(metric, polls).is_some_and(|(log_e, _)| log_e >= (1.0 / ALPHA_PROMOTE).ln())
    }

    fn promotable(&self, gating: &[Metric], left: u32) -> bool {
        let polls = f64::from(left);
        let judged = polls - self.warm(polls);
        let enough = self.errors.is_some_and(|(split, _)| {
            let (c, b) = self.compare.requests;
            (c + judged * split.n_c).min(b + judged * split.n_b) >= MIN_REQUESTS
        });
        let calm = gating.iter().all(|m| self.promotes(*m, polls).is_some_and(|(_, tail)| tail >= 0.0));
        enough && calm && self.evidence(polls) < SUSPICION.ln()
    }
}

/// The first number of polls for which `holds`, which does not go back to false; null when it never does within sight.
fn first(holds: impl Fn(f64) -> bool) -> Option<u32> {
    if !holds(f64::from(FARTHEST)) {
        return None;
    }
    let (mut low, mut high) = (0, FARTHEST);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(f64::from(middle)) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Some(low)
}
