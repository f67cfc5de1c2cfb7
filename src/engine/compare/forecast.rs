//! What would come of it if every poll went on like the last minute: for "in about 40 s" and "at this traffic it will not be enough".
//!
//! Worked out in closed form, so that it costs the same however long the window is. An estimate for people; nothing is decided by it.

use std::collections::BTreeMap;

use super::{
    ALPHA_PROMOTE, Background, Compare, Joined, MIN_REQUESTS, Metric, SUSPICION, counted::Counted, noninferior::Ahead,
    promote::needing, span::whole,
};
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
    /// One for each configured check that counts.
    custom: BTreeMap<Metric, (Split, f64)>,
    background: &'a Background,
}

impl Compare {
    /// Looks ahead from `t`, each poll bringing `like`; the window ends `left` polls from now.
    #[must_use]
    pub fn forecast(&self, t: f64, like: &Joined, background: &Background, policy: &Policy, left: u32) -> Forecast {
        let course = Course::new(self, t, like, background);
        let needed = self.needed();
        let convicts_in = first(|polls| course.evidence(polls) >= needed).filter(|_| course.is_bad());
        let gating = Metric::gating(policy);
        let proves_in = first(|polls| gating.iter().all(|m| course.proves(*m, polls)));
        let promotable = proves_in.is_some_and(|polls| polls <= left) && course.promotable(&gating, &needing(policy), left);
        Forecast { convicts_in, promotable, proves_in }
    }

    /// Polls until one metric alone has the evidence to promote; null when it never has.
    #[must_use]
    pub fn proves_in(&self, t: f64, like: &Joined, background: &Background, metric: Metric) -> Option<u32> {
        let course = Course::new(self, t, like, background);
        first(|polls| course.proves(metric, polls))
    }

    /// How many bad requests of the candidate within the next `polls` polls would convict it, all else going on like `like`; where less
    /// is worse, how few events would. Null when even all of them, or none, would not.
    #[must_use]
    pub fn bad_needed(&self, t: f64, like: &Joined, background: &Background, metric: Metric, polls: u32) -> Option<u32> {
        let mut course = Course::new(self, t, like, background);
        let polls = f64::from(polls);
        let most = course.requests(metric)? * polls;
        let is_mirrored = self.custom.get(&metric).is_some_and(|custom| custom.counted.is_mirrored());
        let events = |worse: f64| if is_mirrored { most - worse } else { worse };
        let mut convicts = |worse: f64| {
            course.set_events(metric, events(worse) / polls);
            course.evidence(polls) >= self.needed()
        };
        if !convicts(most) {
            return None;
        }
        let (mut low, mut high) = (0, whole(most.ceil()));
        while low < high {
            let middle = low + (high - low) / 2;
            if convicts(f64::from(middle).min(most)) { high = middle } else { low = middle + 1 }
        }
        Some(if is_mirrored { whole(events(f64::from(low).min(most))) } else { low })
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
        let custom = compare.custom.iter().filter_map(|(metric, custom)| {
            let split = *like.custom.get(&custom.id).filter(|split| countable(split))?;
            Some((*metric, (split, background.custom_noise(&custom.id, &split))))
        });
        Self { compare, t, errors, latency, middle: background.middle(), custom: custom.collect(), background }
    }

    /// Polls of the next `polls` that still belong to the warm-up.
    fn warm(&self, polls: f64) -> f64 {
        ((self.compare.warmup_s - self.t) / self.compare.poll_s).floor().clamp(0.0, polls)
    }

    /// The evidence to roll back, so many polls from now.
    fn evidence(&self, polls: f64) -> f64 {
        let warm = self.warm(polls);
        let compare = self.compare;
        let counted = |counted: &Counted, like: Option<&(Split, f64)>| {
            // A warm-up under way is judged to its end by its own allowance; what would follow is not mixed in.
            let (polls, is_warm) = if warm > 0.0 { (warm, true) } else { (polls, false) };
            let null = counted.null(compare.errors_null(is_warm));
            like.map_or_else(|| counted.bet.log_e(), |(split, noise)| counted.bet.log_e_after(polls, split, null, *noise))
        };
        let errors = compare.errors_log_e(counted(&compare.errors, self.errors.as_ref()));
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
        let custom = compare.custom.iter().map(|(metric, custom)| (*metric, counted(&custom.counted, self.custom.get(metric))));
        let all: Vec<f64> = [(Metric::Errors, errors), (Metric::Latency, latency)]
            .into_iter()
            .chain(custom)
            .map(|(metric, log_e)| part(metric, log_e))
            .collect();
        log_sum_exp(&all)
    }

    /// What the candidate has in one poll that could be bad.
    fn requests(&self, metric: Metric) -> Option<f64> {
        let (split, _) = match metric {
            Metric::Errors => self.errors.as_ref()?,
            Metric::Latency => self.latency.first()?,
            Metric::Custom(_) => self.custom.get(&metric)?,
        };
        Some(split.n_c)
    }

    /// So many of the candidate's requests in each poll are bad; slow ones are slower than every bound.
    fn set_events(&mut self, metric: Metric, events: f64) {
        let set = |(split, _): &mut (Split, f64)| split.bad_c = events;
        match metric {
            Metric::Errors => self.errors.iter_mut().for_each(set),
            Metric::Latency => self.latency.iter_mut().for_each(set),
            Metric::Custom(_) => self.custom.get_mut(&metric).into_iter().for_each(set),
        }
    }

    /// Whether the evidence grows at all, so that a conviction can come of it.
    fn is_bad(&self) -> bool {
        self.evidence(2.0) > self.evidence(0.0)
    }

    /// Evidence to promote so many polls from now: over all, over the last third.
    fn promotes(&self, metric: Metric, polls: f64) -> Option<(f64, f64)> {
        let compare = self.compare;
        let test = compare.test(metric)?;
        let (like, noise) = self.like(metric)?;
        let warm = self.warm(polls);
        let t = self.t + warm * compare.poll_s;
        let ahead = Ahead { like, polls: polls - warm, poll_s: compare.poll_s, warmup_s: compare.warmup_s };
        Some(test.ahead(t, &ahead, *noise))
    }

    /// What each poll brings of a metric, and with how much noise.
    fn like(&self, metric: Metric) -> Option<&(Split, f64)> {
        match metric {
            Metric::Errors => self.errors.as_ref(),
            Metric::Latency => self.latency.get(self.middle?),
            Metric::Custom(_) => self.custom.get(&metric),
        }
    }

    fn proves(&self, metric: Metric, polls: f64) -> bool {
        self.promotes(metric, polls).is_some_and(|(log_e, _)| log_e >= (1.0 / ALPHA_PROMOTE).ln())
    }

    fn promotable(&self, gating: &[Metric], needing: &[Metric], left: u32) -> bool {
        let polls = f64::from(left);
        let judged = polls - self.warm(polls);
        let enough = needing.iter().all(|metric| {
            let (c, b) = self.compare.exposure(*metric);
            self.like(*metric).is_some_and(|(split, _)| (c + judged * split.n_c).min(b + judged * split.n_b) >= MIN_REQUESTS)
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
