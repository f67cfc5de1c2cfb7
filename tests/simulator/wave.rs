//! How strong an effect is over time, from 0 to 1.

/// The course of one effect; times are seconds since the deployment.
#[derive(Clone, Debug)]
pub(crate) enum Wave {
    /// From the start on.
    Always,
    /// All of it from the first time to the second.
    Between(f64, f64),
    /// Grows evenly for so many seconds, then stays.
    Ramp { from: f64, seconds: f64 },
    /// Grows ever faster until it is full.
    Leak { from: f64, until: f64 },
    /// On for a part of each period.
    Pulses { from: f64, period: f64, part: f64 },
    /// Grows like a leak, and begins again with each period.
    Saw { from: f64, period: f64 },
    /// Follows the upper half of a sine that began at 0.
    Peaks { from: f64, period: f64 },
    /// Full until `end`, though slowly less, then gone within seconds: caches and pools that warm up.
    Cold { end: f64, tau: f64 },
    /// Pauses: when, and how long. A poll is hit by the part of it that a pause and its queue take.
    Pauses(Vec<(f64, f64)>),
}

impl Wave {
    /// From a time on.
    pub(crate) const fn from(at: f64) -> Self {
        Self::Between(at, f64::INFINITY)
    }

    /// The mean strength between two times.
    pub(crate) fn level(&self, from: f64, to: f64) -> f64 {
        let mid = f64::midpoint(from, to);
        match self {
            Self::Pulses { .. } => {
                let part = |i: u32| from + (to - from) * (0.05 + 0.1 * f64::from(i));
                (0..10).map(|i| self.at(part(i))).sum::<f64>() / 10.0
            }
            Self::Pauses(pauses) => {
                let here = pauses.iter().filter(|(at, _)| (from..to).contains(at));
                here.map(|(_, seconds)| (seconds / (to - from) * 0.35).min(0.6)).sum::<f64>().min(0.5)
            }
            _ => self.at(mid),
        }
    }

    fn at(&self, t: f64) -> f64 {
        match *self {
            Self::Always => 1.0,
            Self::Between(from, until) => f64::from(u8::from((from..until).contains(&t))),
            Self::Ramp { from, seconds } => ((t - from) / seconds).clamp(0.0, 1.0),
            Self::Leak { from, until } => ((t - from) / (until - from)).clamp(0.0, 1.0).powf(1.5),
            Self::Pulses { from, period, part } => f64::from(u8::from(t >= from && (t - from).rem_euclid(period) < part * period)),
            Self::Saw { from, period } if t >= from => ((t - from).rem_euclid(period) / period).powf(1.5),
            Self::Peaks { from, period } if t >= from => (std::f64::consts::TAU * t / period).sin().max(0.0),
            Self::Cold { end, tau } if t >= 0.0 => {
                let now = if t < end { 1.0 } else { (-(t - end) / 5.0).exp() };
                now * (-t / tau / 3.0).exp()
            }
            Self::Saw { .. } | Self::Peaks { .. } | Self::Cold { .. } | Self::Pauses(_) => 0.0,
        }
    }
}
