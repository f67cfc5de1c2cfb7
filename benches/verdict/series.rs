//! A window as the peers see it: what each version counted between two scrapes, and rates over a look back.

use rollwatch::{
    engine::role::{Role, Sides},
    trace::line::{Poll, Side},
};

use crate::simulator::window::Window;

/// The increments of both versions from t = 0 to the window's end.
pub(crate) struct Series {
    pub(crate) times: Vec<f64>,
    pub(crate) le: Vec<f64>,
    pub(crate) poll_s: f64,
    pub(crate) error_rate: f64,
    pub(crate) p99_s: f64,
    /// The candidate's health check fails.
    pub(crate) is_down: Vec<bool>,
    pub(crate) steps: Sides<Vec<Step>>,
}

/// What one version counted since its last scrape.
#[derive(Clone, Debug, Default)]
pub(crate) struct Step {
    pub(crate) came: bool,
    pub(crate) requests: f64,
    pub(crate) errors: f64,
    /// At or under each bound.
    pub(crate) buckets: Vec<f64>,
}

impl Series {
    pub(crate) fn of(window: &Window) -> Self {
        let header = &window.header;
        let polls: Vec<Poll> = window.polls().filter(|p| p.t >= 0.0).take_while(|p| p.t <= header.window_s + 1e-9).collect();
        Self {
            times: polls.iter().map(|p| p.t).collect(),
            le: header.le.clone(),
            poll_s: header.poll_s,
            error_rate: header.slo_error_rate,
            p99_s: header.slo_p99_s,
            is_down: polls.iter().map(|p| p.canary.up == Some(false)).collect(),
            steps: Sides {
                baseline: steps(polls.iter().map(|p| &p.baseline), None),
                candidate: steps(polls.iter().map(|p| &p.canary), Some(zero(header.le.len() + 1))),
            },
        }
    }

    /// Error rate and p99 in seconds over the last `seconds` before a poll; null without requests.
    pub(crate) fn rate(&self, role: Role, index: usize, seconds: f64) -> Option<(f64, f64)> {
        let (end, mut sum) = (self.times[index], Step { buckets: vec![0.0; self.le.len() + 1], ..Step::default() });
        let steps = self.times.iter().zip(self.steps.of(role));
        for (_, step) in steps.take(index + 1).filter(|(t, step)| step.came && **t > end - seconds - 1e-9) {
            sum.requests += step.requests;
            sum.errors += step.errors;
            sum.buckets.iter_mut().zip(&step.buckets).for_each(|(sum, more)| *sum += more);
        }
        (sum.requests > 0.0).then(|| (sum.errors / sum.requests, self.quantile(&sum.buckets, 0.99)))
    }

    fn quantile(&self, buckets: &[f64], q: f64) -> f64 {
        let rank = q * buckets[self.le.len()];
        let k = buckets.partition_point(|n| *n < rank);
        if k >= self.le.len() {
            return self.le[self.le.len() - 1];
        }
        let (low, below) = k.checked_sub(1).map_or((0.0, 0.0), |before| (self.le[before], buckets[before]));
        low + (self.le[k] - low) * (rank - below) / (buckets[k] - below).max(1e-9)
    }

    /// The polls at which something looks that looks every so many seconds.
    pub(crate) fn looks(&self, every: f64) -> Vec<usize> {
        let mut next = every;
        let mut looks = Vec::new();
        for (index, t) in self.times.iter().enumerate() {
            if *t >= next - 1e-9 {
                looks.push(index);
                next = t + every;
            }
        }
        looks
    }

    pub(crate) fn end(&self) -> f64 {
        self.times.last().copied().unwrap_or(0.0)
    }
}

fn zero(buckets: usize) -> Side {
    Side { up: Some(true), requests: 0.0, errors: 0.0, buckets: vec![0.0; buckets] }
}

/// As Prometheus counts: a counter that went down began again from 0.
fn steps<'a>(sides: impl Iterator<Item = &'a Side>, before: Option<Side>) -> Vec<Step> {
    let mut last = before;
    let step = |side: &'a Side| {
        if side.up != Some(true) {
            return Step::default();
        }
        let nothing = zero(side.buckets.len());
        let since = match last.replace(side.clone()) {
            None => side.clone(),
            Some(before) if side.requests < before.requests => nothing,
            Some(before) => before,
        };
        Step {
            came: true,
            requests: side.requests - since.requests,
            errors: (side.errors - since.errors).max(0.0),
            buckets: side.buckets.iter().zip(&since.buckets).map(|(now, before)| now - before).collect(),
        }
    };
    sides.map(step).collect()
}
