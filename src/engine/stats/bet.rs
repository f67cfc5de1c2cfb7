//! One bet against one null: a wealth per alternative that grows while the data speak for it.
//!
//! The stake of 1 is spread evenly over the polls of the window ("the regression may begin at any poll"), a weighted sum of e-processes
//! started at each time (the idea of e-detectors: Shin, Ramdas, Rinaldo 2022, with weights, so that the false-alarm probability over
//! the window stays bounded). The mean over the alternatives plus the cash not yet staked is an e-process again.

use std::collections::VecDeque;

use super::{
    log_mean_exp, log_sum_exp,
    ratio::{Null, Split, log_increment},
};

/// How many times worse than the null the candidate might be.
pub const ALTERNATIVES: [f64; 6] = [1.15, 1.5, 2.2, 4.0, 12.0, 100.0];

/// Stands for "nothing invested": exp(-700) is the smallest power that is still a normal number.
const NOTHING: f64 = -700.0;

/// A running bet.
#[derive(Clone, Debug)]
pub struct Bet {
    /// How many times the null's ratio the candidate's might be.
    alternatives: [f64; ALTERNATIVES.len()],
    wealth: [f64; ALTERNATIVES.len()],
    cash: f64,
    stake: f64,
    /// The stake of the poll to come.
    next: f64,
    cap: f64,
    recent: VecDeque<f64>,
    keep: usize,
}

impl Bet {
    /// A bet that spreads its stake over `polls` polls, gains at most `cap` a poll, and remembers its last `keep` increments.
    #[must_use]
    pub fn new(polls: u32, cap: f64, keep: usize) -> Self {
        Self {
            alternatives: ALTERNATIVES,
            wealth: [NOTHING; ALTERNATIVES.len()],
            cash: 1.0,
            stake: 1.0 / f64::from(polls.max(1)),
            next: 1.0 / f64::from(polls.max(1)),
            cap,
            recent: VecDeque::with_capacity(keep),
            keep,
        }
    }

    /// The same bet where less is worse: the candidate might have so many times less.
    #[must_use]
    pub fn mirrored(self) -> Self {
        Self { alternatives: self.alternatives.map(f64::recip), ..self }
    }

    /// The same bet with `first` of the stake on the first poll and the rest spread over the others.
    #[must_use]
    pub fn front_loaded(self, first: f64) -> Self {
        Self { next: first, stake: self.stake * (1.0 - first), ..self }
    }

    /// The largest gain of one poll such that fewer than `polls` polls cannot convict on their own from a fresh stake.
    #[must_use]
    pub fn cap(alpha: f64, weight: f64, polls: u32) -> f64 {
        ((1.0 / (alpha * weight)).ln() - 0.1) / f64::from(polls.max(2) - 1)
    }

    /// Takes one poll: invests this poll's stake, then lets every alternative gain or lose. `noise >= 1` divides the increment
    /// (validity by Jensen's inequality, as long as it was fixed before the poll).
    pub fn step(&mut self, split: &Split, null: Null, noise: f64) {
        self.take(self.alternatives.map(|q| log_increment(split, null, q) / noise));
    }

    /// Takes one poll whose log e-values are known, one for each alternative.
    pub fn take(&mut self, increments: [f64; ALTERNATIVES.len()]) {
        let stake = self.next.min(self.cash);
        self.next = self.stake;
        self.cash -= stake;
        let mut best = (f64::NEG_INFINITY, 0.0);
        for (wealth, increment) in self.wealth.iter_mut().zip(increments) {
            if stake > 1e-15 {
                *wealth = log_sum_exp(&[*wealth, stake.ln()]);
            }
            let gain = increment.min(self.cap);
            *wealth = (*wealth + gain).max(NOTHING);
            if *wealth > best.0 {
                best = (*wealth, gain);
            }
        }
        if self.recent.len() == self.keep {
            self.recent.pop_front();
        }
        self.recent.push_back(best.1);
    }

    /// The logarithm of the bet's e-value; 0 at the start.
    #[must_use]
    pub fn log_e(&self) -> f64 {
        let invested = log_mean_exp(&self.wealth);
        if self.cash > 1e-12 { log_sum_exp(&[invested, self.cash.ln()]) } else { invested }
    }

    /// The logarithm of the e-value after `polls` more polls that are all like `split`, in one formula instead of step by step: a wealth
    /// grows by the same factor at each poll, and the stakes that go in on the way form a geometric series.
    #[must_use]
    pub fn log_e_after(&self, polls: f64, split: &Split, null: Null, noise: f64) -> f64 {
        let stakes = (self.cash / self.stake).round().min(polls);
        let mut parts = [NOTHING; ALTERNATIVES.len()];
        for (part, (wealth, q)) in parts.iter_mut().zip(self.wealth.iter().zip(self.alternatives)) {
            let gain = (log_increment(split, null, q) / noise).min(self.cap);
            let staked = self.stake.ln() + (polls - stakes + 1.0) * gain + log_geometric(gain, stakes);
            *part = log_sum_exp(&[wealth + polls * gain, staked]);
        }
        let cash = self.cash - stakes * self.stake;
        if cash > 1e-12 { log_sum_exp(&[log_mean_exp(&parts), cash.ln()]) } else { log_mean_exp(&parts) }
    }

    /// The gain of the last `polls` polls together, of the alternative that was richest at each.
    #[must_use]
    pub fn gained(&self, polls: usize) -> f64 {
        self.recent.iter().rev().take(polls).sum()
    }

    /// How many of the last `polls` polls spoke for the bet.
    #[must_use]
    pub fn gains(&self, polls: usize) -> usize {
        self.recent.iter().rev().take(polls).filter(|gain| **gain > 0.0).count()
    }
}

/// ln(1 + e^x + ... + e^((n-1)x)); negative infinity for no term.
fn log_geometric(x: f64, n: f64) -> f64 {
    if n < 0.5 {
        f64::NEG_INFINITY
    } else if x.abs() < 1e-9 {
        n.ln()
    } else if x > 0.0 {
        (n - 1.0) * x + ((-n * x).exp_m1() / (-x).exp_m1()).ln()
    } else {
        ((n * x).exp_m1() / x.exp_m1()).ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NULL: Null = Null { factor: 1.1, margin: 0.001 };

    fn bet() -> Bet {
        Bet::new(120, Bet::cap(0.01, 0.55, 2), 12)
    }

    #[test]
    fn a_fresh_bet_knows_nothing() {
        assert!(bet().log_e().abs() < 1e-9);
    }

    #[test]
    fn one_poll_never_convicts_two_can() {
        let awful = Split { n_c: 500.0, bad_c: 500.0, n_b: 1500.0, bad_b: 3.0 };
        let need = (1.0_f64 / (0.01 * 0.55)).ln();
        let mut bet = bet();
        for _ in 0..60 {
            bet.step(&Split { n_c: 500.0, bad_c: 1.0, n_b: 1500.0, bad_b: 3.0 }, NULL, 1.3);
        }
        bet.step(&awful, NULL, 1.3);
        assert!(bet.log_e() < need);
        bet.step(&awful, NULL, 1.3);
        bet.step(&awful, NULL, 1.3);
        assert!(bet.log_e() >= need);
        assert_eq!(bet.gains(12), 3);
    }

    #[test]
    fn looking_ahead_is_the_same_as_going_there() {
        let start = Split { n_c: 125.0, bad_c: 0.4, n_b: 375.0, bad_b: 1.2 };
        for (bad_c, polls) in [(0.4, 50), (4.0, 7), (1.7, 200), (60.0, 3)] {
            let like = Split { bad_c, ..start };
            let mut bet = bet();
            (0..30).for_each(|_| bet.step(&start, NULL, 1.3));
            let ahead = bet.log_e_after(f64::from(polls), &like, NULL, 1.3);
            (0..polls).for_each(|_| bet.step(&like, NULL, 1.3));
            assert!((ahead - bet.log_e()).abs() < 1e-9 * bet.log_e().abs().max(1.0), "{ahead} {}", bet.log_e());
        }
    }

    #[test]
    fn a_healthy_candidate_loses_the_stakes() {
        let mut bet = bet();
        for _ in 0..120 {
            bet.step(&Split { n_c: 125.0, bad_c: 0.4, n_b: 375.0, bad_b: 1.2 }, NULL, 1.3);
        }
        assert!(bet.log_e() < 0.0);
    }
}
