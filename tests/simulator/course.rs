//! What happens to both versions over a deployment, before any randomness of a single poll.

use rollwatch::engine::role::{Role, Sides};

use super::wave::Wave;

/// Everything a family lets happen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Course {
    /// When the candidate becomes worse; null for a healthy one.
    pub(crate) onset: Option<f64>,
    pub(crate) effects: Vec<Effect>,
    /// The candidate's share of the traffic changes at this time, to this.
    pub(crate) new_share: Option<(f64, f64)>,
    pub(crate) tide: Option<Tide>,
    /// When the candidate's health check fails.
    pub(crate) down: Vec<(f64, f64)>,
    /// The router sends nothing to a version that is down.
    pub(crate) is_taken_out: bool,
    /// When a version's process restarts.
    pub(crate) restarts: Sides<Vec<f64>>,
    /// When nothing comes of a version; some single polls are lost as well.
    pub(crate) gaps: Option<Sides<(f64, f64)>>,
    /// How much each version's errors and latencies wander alone; null for the ordinary amount.
    pub(crate) sway: Option<Sway>,
    /// How much slower than the slow mode the requests are that a fault slows down: a difference of logarithms.
    pub(crate) ln_beyond_slow: f64,
    /// The candidate gets no traffic.
    pub(crate) has_no_traffic: bool,
}

/// Something that changes a version's rates.
#[derive(Clone, Debug)]
pub(crate) struct Effect {
    /// Whom it hits.
    pub(crate) on: Hit,
    pub(crate) wave: Wave,
    /// Added to the share of requests that fail.
    pub(crate) errors: f64,
    /// Added to the factor of all latencies.
    pub(crate) slower: f64,
    /// Share of requests that become as slow as [`super::latency::Latency::ln_added`].
    pub(crate) slow_share: f64,
    /// Added to the factor of the whole service's load.
    pub(crate) load: f64,
}

/// Whom an effect hits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hit {
    Candidate,
    Baseline,
    Both,
}

/// Load that rises or falls with the time of day, and rates that drift with it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tide {
    /// Of the load; negative when it falls first.
    pub(crate) amplitude: f64,
    /// Seconds of a whole turn.
    pub(crate) period: f64,
    /// By what part error rates grow in each window, and latencies.
    pub(crate) drift: (f64, f64),
}

/// How far a version's rates wander alone: standard deviations on the logarithm.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sway {
    pub(crate) errors: f64,
    pub(crate) latency: f64,
    /// Mean size of a clump of errors.
    pub(crate) clump: Option<f64>,
}

/// What is expected of one version in one poll.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rates {
    pub(crate) requests: f64,
    /// Share that fails.
    pub(crate) errors: f64,
    /// Factor of all latencies.
    pub(crate) slower: f64,
    /// Share in the slow mode that a fault adds.
    pub(crate) slow_share: f64,
}

impl Effect {
    pub(crate) const fn new(on: Hit, wave: Wave) -> Self {
        Self { on, wave, errors: 0.0, slower: 0.0, slow_share: 0.0, load: 0.0 }
    }

    pub(crate) fn errors(self, errors: f64) -> Self {
        Self { errors, ..self }
    }

    pub(crate) fn slower(self, slower: f64) -> Self {
        Self { slower, ..self }
    }

    pub(crate) fn slow_share(self, slow_share: f64) -> Self {
        Self { slow_share, ..self }
    }

    pub(crate) fn load(self, load: f64) -> Self {
        Self { load, ..self }
    }

    fn hits(&self, role: Role) -> bool {
        match self.on {
            Hit::Both => true,
            Hit::Candidate => role == Role::Candidate,
            Hit::Baseline => role == Role::Baseline,
        }
    }
}

impl Course {
    pub(crate) fn add(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// The candidate is worse from `onset` on.
    pub(crate) fn regress(&mut self, onset: f64, effect: Effect) {
        self.onset = Some(onset);
        self.add(effect);
    }

    /// A version's rates between two times; `base` are those of a service that is well. Windows are `window_s` long.
    pub(crate) fn rates(&self, role: Role, base: Rates, (from, to): (f64, f64), window_s: f64) -> Rates {
        let mut rates = base;
        let mut load = 1.0;
        for effect in &self.effects {
            let level = effect.wave.level(from, to);
            load += effect.load * level;
            if effect.hits(role) {
                rates.errors += effect.errors * level;
                rates.slower += effect.slower * level;
                rates.slow_share = (rates.slow_share + effect.slow_share * level).min(0.5);
            }
        }
        if let Some(Tide { amplitude, period, drift }) = self.tide {
            let grown = to.max(0.0) / window_s;
            load *= 1.0 + amplitude * (std::f64::consts::TAU * to / period).sin();
            rates.errors *= 1.0 + drift.0 * grown;
            rates.slower *= 1.0 + drift.1 * grown;
        }
        rates.requests *= load;
        if role == Role::Candidate && (self.has_no_traffic || (self.is_taken_out && self.is_down(from, to))) {
            rates.requests = 0.0;
        }
        rates
    }

    /// The candidate's share of the traffic.
    pub(crate) fn share(&self, planned: f64, mid: f64) -> f64 {
        match self.new_share {
            _ if mid < 0.0 => 0.0,
            Some((at, share)) if mid >= at => share,
            _ => planned,
        }
    }

    /// Whether the candidate's health check fails in the poll between two times.
    pub(crate) fn is_down(&self, from: f64, to: f64) -> bool {
        let mid = f64::midpoint(from, to);
        self.down.iter().any(|(begin, end)| (*begin..*end).contains(&mid))
    }
}
