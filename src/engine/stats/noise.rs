//! How much more than chance the counts of a service scatter: the factor that every bet's increment is divided by.
//!
//! Asked before a poll is used and taught that poll only afterwards, so the factor is predictable and the bets stay valid (Jensen's
//! inequality, for any factor of at least 1). It watches two things at two time scales (single polls, and blocks of four): how the
//! baseline alone moves from one block to the next, and how the split between the versions moves. A split that scatters more than
//! chance but no more than the baseline's own clumps is believed to be noise; real trouble moves the split and not the baseline, and
//! the smaller of the two estimates counts.

/// Smallest factor, unless another is asked for.
const FLOOR: f64 = 1.05;
/// "Errors come in small clumps until the data say otherwise": the dispersion believed at first, and how many blocks that is worth.
const PRIOR: f64 = 1.5;
const PRIOR_WEIGHT: f64 = 3.0;
/// The most that the baseline's dispersion may lend to the split's prior.
const PRIOR_MAX: f64 = 3.0;
/// Two processes never agree better than to about 17 % a poll (the square root of this).
const TAU_FLOOR: f64 = 0.03;
/// For latency, the baseline's own noise counts like so many blocks of the split.
const LATENCY_PSEUDO_BLOCKS: f64 = 3.0;
/// Polls in a block, and how many of its largest statistics are left out (one regression is no noise).
const SCALES: [(u32, usize); 2] = [(1, 2), (4, 1)];
/// Polls that "recently" covers.
const RECENT: usize = 3;

/// Events and requests of both versions in one poll.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// The candidate's events.
    pub bad_c: f64,
    /// The baseline's events.
    pub bad_b: f64,
    /// The candidate's requests.
    pub n_c: f64,
    /// The baseline's requests.
    pub n_b: f64,
}

impl Counts {
    fn plus(self, more: Self) -> Self {
        Self { bad_c: self.bad_c + more.bad_c, bad_b: self.bad_b + more.bad_b, n_c: self.n_c + more.n_c, n_b: self.n_b + more.n_b }
    }
}

/// The running noise estimate of one metric. Constant memory.
#[derive(Clone, Debug)]
pub struct Noise {
    events: f64,
    requests: f64,
    recent: [(f64, f64); RECENT],
    pushes: usize,
    scales: [Scale; SCALES.len()],
    /// The larger of the two estimates counts.
    is_cautious: bool,
    /// The smallest factor.
    floor: f64,
}

/// Blocks of one size.
#[derive(Clone, Debug)]
struct Scale {
    polls: u32,
    pseudo: f64,
    /// The dispersion that is believed at first.
    prior: f64,
    filled: u32,
    block: Counts,
    previous: Option<Counts>,
    baseline: Sums,
    split: Sums,
    /// Dispersion and overdispersion rate, of the baseline and of the split.
    baseline_fit: (f64, f64),
    split_fit: (f64, f64),
}

/// Sums of squared standardised moves and of their coefficients, the largest left out.
#[derive(Clone, Debug)]
struct Sums {
    trim: usize,
    largest: Vec<(f64, f64)>,
    squares: f64,
    coefficients: f64,
    count: f64,
}

impl Sums {
    fn new(trim: usize) -> Self {
        Self { trim, largest: Vec::with_capacity(trim + 1), squares: 0.0, coefficients: 0.0, count: 0.0 }
    }

    fn add(&mut self, square: f64, coefficient: f64) {
        let at = self.largest.partition_point(|(s, _)| *s < square);
        self.largest.insert(at, (square, coefficient));
        if self.largest.len() > self.trim {
            let (square, coefficient) = self.largest.remove(0);
            self.squares += square;
            self.coefficients += coefficient;
            self.count += 1.0;
        }
    }
}

impl Noise {
    /// An estimate that has seen nothing. Latency's bursts are known from the baseline before the candidate has shown any.
    #[must_use]
    pub fn new(is_latency: bool) -> Self {
        let pseudo = if is_latency { LATENCY_PSEUDO_BLOCKS } else { 0.0 };
        let scales = SCALES.map(|(polls, trim)| {
            let prior = if polls == 1 { PRIOR } else { 1.0 };
            Scale {
                polls,
                pseudo,
                prior,
                filled: 0,
                block: Counts::default(),
                previous: None,
                baseline: Sums::new(trim),
                split: Sums::new(trim),
                baseline_fit: (prior, 0.0),
                split_fit: (prior, 0.0),
            }
        });
        Self { events: 0.0, requests: 0.0, recent: [(0.0, 0.0); RECENT], pushes: 0, scales, is_cautious: false, floor: FLOOR }
    }

    /// The same estimate with another smallest factor, and another dispersion that is believed before anything was seen.
    #[must_use]
    pub fn believing(mut self, floor: f64, prior: f64) -> Self {
        self.floor = floor;
        for scale in self.scales.iter_mut().filter(|scale| scale.polls == 1) {
            scale.prior = prior;
            (scale.baseline_fit, scale.split_fit) = ((prior, 0.0), (prior, 0.0));
        }
        self
    }

    /// The same estimate for versions that do not serve at the same time: what both share is noise then, so the larger estimate counts.
    #[must_use]
    pub fn cautious(self) -> Self {
        Self { is_cautious: true, ..self }
    }

    /// The factor for a poll with so many requests of each version: from the past and the exposure only.
    #[must_use]
    pub fn factor(&self, n_c: f64, n_b: f64) -> f64 {
        let total = n_c + n_b;
        let share = n_c / total;
        let spread = self.rate() * total * share * (1.0 - share);
        let fits = self.scales.iter().map(|scale| scale.factor(spread, self.is_cautious));
        fits.fold(self.floor + 2.0 * TAU_FLOOR * spread, f64::max)
    }

    /// The factor for a poll with `n` requests of the one version there is, pushed as the baseline; at least `rate` of them are expected
    /// to be bad.
    #[must_use]
    pub fn factor_alone(&self, n: f64, rate: f64) -> f64 {
        let spread = n * self.rate().max(rate);
        self.scales.iter().map(|scale| scale.of(scale.baseline_fit, spread)).fold(self.floor, f64::max)
    }

    /// Bad events per request, of all polls or of the last three: the larger.
    fn rate(&self) -> f64 {
        let (events, requests) = self.recent.iter().fold((0.0, 0.0), |(e, n), (de, dn)| (e + de, n + dn));
        let rate = if self.requests > 0.0 { self.events / self.requests } else { 0.0 };
        if requests > 0.0 { rate.max(events / requests) } else { rate }
    }

    /// Learns a poll.
    pub fn push(&mut self, poll: Counts) {
        self.events += poll.bad_c + poll.bad_b;
        self.requests += poll.n_c + poll.n_b;
        self.recent[self.pushes % RECENT] = (poll.bad_c + poll.bad_b, poll.n_c + poll.n_b);
        self.pushes += 1;
        for scale in &mut self.scales {
            scale.push(poll);
        }
    }
}

impl Scale {
    fn factor(&self, spread: f64, is_cautious: bool) -> f64 {
        let (split, baseline) = (self.of(self.split_fit, spread), self.of(self.baseline_fit, spread));
        if is_cautious { split.max(baseline) } else { split.min(baseline) }
    }

    /// One estimate as a factor.
    fn of(&self, (dispersion, rate): (f64, f64), spread: f64) -> f64 {
        dispersion.max(1.0 + 2.0 * f64::from(self.polls) * rate * spread)
    }

    fn push(&mut self, poll: Counts) {
        self.block = self.block.plus(poll);
        self.filled += 1;
        if self.filled < self.polls {
            return;
        }
        let block = std::mem::take(&mut self.block);
        self.filled = 0;
        if let Some(previous) = self.previous.replace(block)
            && previous.n_b > 0.0
            && block.n_b > 0.0
        {
            self.compare(previous, block);
        }
    }

    /// One block against the one before.
    fn compare(&mut self, before: Counts, now: Counts) {
        let both_b = before.bad_b + now.bad_b;
        let share = before.n_b / (before.n_b + now.n_b);
        let variance = both_b * share * (1.0 - share);
        if both_b >= 4.0 && variance >= 0.5 {
            self.baseline.add((before.bad_b - both_b * share).powi(2) / variance, 2.0 * variance);
        }
        if let Some((square, coefficient)) = split_move(before, now) {
            self.split.add(square, coefficient);
        }
        self.fit();
    }

    fn fit(&mut self) {
        let (b, s) = (&self.baseline, &self.split);
        let (mut dispersion_b, mut dispersion_s) = (1.0, 1.0);
        if self.polls == 1 {
            dispersion_b = (PRIOR_WEIGHT * self.prior + b.squares) / (PRIOR_WEIGHT + b.count);
            dispersion_s = (PRIOR_WEIGHT * dispersion_b.min(PRIOR_MAX) + s.squares) / (PRIOR_WEIGHT + s.count);
        }
        let rate_b = if b.count >= 2.0 && b.coefficients > 0.0 { ((b.squares - b.count) / b.coefficients).max(0.0) } else { 0.0 };
        let rate_s = if self.pseudo > 0.0 && b.count >= 5.0 {
            let pseudo = self.pseudo * b.coefficients / b.count;
            ((pseudo * rate_b + s.squares - s.count) / (pseudo + s.coefficients)).max(0.0)
        } else if s.count >= 2.0 && s.coefficients > 0.0 {
            ((s.squares - s.count) / s.coefficients).max(0.0)
        } else {
            0.0
        };
        self.baseline_fit = (dispersion_b, rate_b);
        self.split_fit = (dispersion_s, rate_s);
    }
}

/// How far the candidate's part of the events moved from one block to the next, given the totals (a hypergeometric comparison with the
/// change of traffic shares taken out), squared and standardised, with its coefficient.
fn split_move(before: Counts, now: Counts) -> Option<(f64, f64)> {
    let (candidate, baseline) = (before.bad_c + now.bad_c, before.bad_b + now.bad_b);
    let all = candidate + baseline;
    if before.n_c <= 0.0 || now.n_c <= 0.0 || candidate < 2.0 || baseline < 2.0 || all < 6.0 {
        return None;
    }
    let first = (before.bad_c + before.bad_b) / all;
    if first <= 0.0 || first >= 1.0 {
        return None;
    }
    let shift = (before.n_c / before.n_b) / (now.n_c / now.n_b);
    let odds = first / (1.0 - first) * shift.powf(baseline / all);
    let expected = odds / (1.0 + odds);
    let variance = candidate * expected * (1.0 - expected) * baseline / (all - 1.0);
    (variance >= 0.3).then(|| ((before.bad_c - candidate * expected).powi(2) / variance, 4.0 * variance))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_seen_is_the_prior_and_the_floor_grows_with_the_counts() {
        let mut noise = Noise::new(false);
        assert!((noise.factor(100.0, 300.0) - PRIOR).abs() < 1e-12);
        noise.push(Counts { bad_c: 1000.0, bad_b: 3000.0, n_c: 10_000.0, n_b: 30_000.0 });
        assert!(noise.factor(10_000.0, 30_000.0) > 40.0);
    }

    #[test]
    fn the_factor_does_not_look_at_the_poll_it_is_for() {
        let mut a = Noise::new(true);
        for i in 0..20 {
            a.push(Counts { bad_c: f64::from(i % 3), bad_b: f64::from(i % 5), n_c: 100.0, n_b: 300.0 });
        }
        let before = a.factor(100.0, 300.0);
        let mut b = a.clone();
        b.push(Counts { bad_c: 90.0, bad_b: 0.0, n_c: 100.0, n_b: 300.0 });
        assert_eq!(before.to_bits(), a.factor(100.0, 300.0).to_bits());
        assert!(b.factor(100.0, 300.0) > before);
    }

    #[test]
    fn a_cautious_estimate_takes_the_larger_noise() {
        let mut noise = Noise::new(false);
        for i in 0..60_u32 {
            // The baseline jumps, and the candidate jumps with it.
            let level = if i % 2 == 0 { 1.0 } else { 6.0 };
            noise.push(Counts { bad_c: 4.0 * level, bad_b: 12.0 * level, n_c: 1000.0, n_b: 3000.0 });
        }
        let (plain, cautious) = (noise.factor(1000.0, 3000.0), noise.clone().cautious().factor(1000.0, 3000.0));
        assert!(cautious > 2.0 * plain, "{plain} {cautious}");
        assert!(noise.factor_alone(3000.0, 0.01) > noise.factor_alone(300.0, 0.01));
    }

    #[test]
    fn steady_counts_come_down_to_the_floor_clumpy_ones_do_not() {
        let play = |clump: f64| {
            let mut noise = Noise::new(false);
            for i in 0..200_u32 {
                let on = if clump > 1.0 && i % 4 != 0 { 0.0 } else { clump };
                noise.push(Counts { bad_c: 2.0 * on, bad_b: 6.0 * on, n_c: 1000.0, n_b: 3000.0 });
            }
            noise.factor(1000.0, 3000.0)
        };
        assert!(play(1.0) < 1.8, "{}", play(1.0));
        assert!(play(4.0) > play(1.0));
    }
}
