//! Seeded randomness. The generator is portable and the versions are locked, so a seed means the same window on every machine.

use rand::{RngExt as _, SeedableRng as _};
use rand_distr::{Binomial, Distribution as _, Exp, Gamma, Normal, Poisson};
use rand_pcg::Pcg64;

/// A stream of random draws.
#[derive(Clone, Debug)]
pub(crate) struct Dice(Pcg64);

impl Dice {
    /// The stream of this name and seed: other names, other draws.
    pub(crate) fn new(name: &str, seed: u64) -> Self {
        // FNV-1a, so that the streams do not depend on the order in which families are listed.
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325, |h: u64, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
        Self(Pcg64::seed_from_u64(hash.wrapping_add(seed)))
    }

    pub(crate) fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.0.random::<f64>()
    }

    /// Uniform on the logarithm.
    pub(crate) fn log_uniform(&mut self, low: f64, high: f64) -> f64 {
        self.uniform(low.ln(), high.ln()).exp()
    }

    pub(crate) fn coin(&mut self, probability: f64) -> bool {
        self.0.random::<f64>() < probability
    }

    /// A whole number from `low` to `high`, both included.
    pub(crate) fn whole(&mut self, low: u32, high: u32) -> u32 {
        self.0.random_range(low..=high)
    }

    /// One of the values, each with its weight.
    pub(crate) fn pick<T: Copy>(&mut self, of: &[(T, f64)]) -> T {
        let mut left = self.uniform(0.0, of.iter().map(|(_, weight)| weight).sum());
        for (value, weight) in of {
            left -= weight;
            if left < 0.0 {
                return *value;
            }
        }
        of[of.len() - 1].0
    }

    pub(crate) fn normal(&mut self, deviation: f64) -> f64 {
        Normal::new(0.0, deviation).expect("a finite deviation").sample(&mut self.0)
    }

    pub(crate) fn exponential(&mut self, mean: f64) -> f64 {
        Exp::new(1.0 / mean).expect("a positive mean").sample(&mut self.0)
    }

    pub(crate) fn poisson(&mut self, mean: f64) -> u64 {
        if mean <= 0.0 { 0 } else { whole(Poisson::new(mean).expect("a positive mean").sample(&mut self.0)) }
    }

    pub(crate) fn binomial(&mut self, n: u64, p: f64) -> u64 {
        if n == 0 || p <= 0.0 { 0 } else { Binomial::new(n, p.min(1.0)).expect("a probability").sample(&mut self.0) }
    }

    /// Events among `n` that come in clumps of geometric size with the mean `clump`; at 1 they come alone.
    pub(crate) fn clumped(&mut self, n: u64, p: f64, clump: f64) -> u64 {
        if clump <= 1.0 {
            return self.binomial(n, p);
        }
        let clumps = self.poisson(n as f64 * p / clump);
        if clumps == 0 {
            return 0;
        }
        // What k geometric sizes have beyond one each is negative binomial: a Poisson count whose mean is gamma.
        let beyond = Gamma::new(clumps as f64, clump - 1.0).expect("positive parameters").sample(&mut self.0);
        (clumps + self.poisson(beyond)).min(n)
    }

    /// Spreads `n` requests over the classes with these shares, which add up to 1.
    pub(crate) fn multinomial(&mut self, n: u64, shares: impl Iterator<Item = f64>) -> Vec<u64> {
        let (mut left, mut rest) = (n, 1.0_f64);
        shares
            .map(|share| {
                let here = if rest <= share { left } else { self.binomial(left, share / rest) };
                left -= here;
                rest -= share;
                here
            })
            .collect()
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
fn whole(count: f64) -> u64 {
    count as u64
}

/// A quantity that wanders around 0: an autoregressive process of the first order, stationary from the start.
#[derive(Clone, Debug)]
pub(crate) struct Wander {
    keep: f64,
    deviation: f64,
    value: Option<f64>,
}

impl Wander {
    /// Forgets by a factor e in `polls` polls; its values have this standard deviation.
    pub(crate) fn new(polls: f64, deviation: f64) -> Self {
        Self { keep: (-1.0 / polls).exp(), deviation, value: None }
    }

    /// Its variance.
    pub(crate) fn variance(&self) -> f64 {
        self.deviation * self.deviation
    }

    pub(crate) fn next(&mut self, dice: &mut Dice) -> f64 {
        let next = match self.value {
            None => dice.normal(self.deviation),
            Some(value) => value * self.keep + dice.normal(self.deviation * (1.0 - self.keep * self.keep).sqrt()),
        };
        self.value = Some(next);
        next
    }
}
