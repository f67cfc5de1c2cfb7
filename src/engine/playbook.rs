//! The plain rule: the candidate's error rate over the last five minutes, looked at every 30 seconds, above the limit.
//!
//! Offered because people ask for it. It is not a test: with little traffic it rolls back 14 to 22 % of healthy deployments.

use std::{collections::VecDeque, time::Duration};

use super::{policy::Policy, time::Time};

/// Time between two looks.
pub const LOOK_EVERY: Duration = Duration::from_secs(30);
/// What a look looks at.
pub const LOOK_BACK: Duration = Duration::from_secs(300);
/// A look over the limit is over until the rate falls under this part of it.
pub const CLEARS: f64 = 0.8;

/// The looks of one step.
#[derive(Clone, Debug)]
pub struct Playbook {
    k: usize,
    n: usize,
    limit: f64,
    last_look: Time,
    is_over: bool,
    looks: VecDeque<bool>,
}

impl Playbook {
    /// A rule that begins to look 30 seconds after `started`.
    #[must_use]
    pub fn new(policy: &Policy, started: Time) -> Self {
        Self {
            k: policy.playbook_k as usize,
            n: policy.playbook_n.max(1) as usize,
            limit: policy.error_rate,
            last_look: started,
            is_over: false,
            looks: VecDeque::new(),
        }
    }

    /// Takes the candidate's rate over the last five minutes (null: no requests); a rate that both versions share never counts.
    pub fn poll(&mut self, at: Time, rate: Option<f64>, shared: bool) {
        if at.since(self.last_look) < LOOK_EVERY {
            return;
        }
        self.last_look = at;
        let over = if self.is_over { self.limit * CLEARS } else { self.limit };
        self.is_over = !shared && rate.is_some_and(|r| r > over);
        if self.looks.len() == self.n {
            self.looks.pop_front();
        }
        self.looks.push_back(self.is_over);
    }

    /// Enough of the last looks were over the limit.
    #[must_use]
    pub fn convicts(&self) -> bool {
        self.looks.iter().filter(|over| **over).count() >= self.k.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looks(k: u32, n: u32, rates: &[f64]) -> Vec<bool> {
        let policy = Policy { playbook_k: k, playbook_n: n, ..Policy::default() };
        let mut rule = Playbook::new(&policy, Time::from_ms(0));
        let at = |i: usize| Time::from_ms(30_000 * (i64::try_from(i).expect("small") + 1));
        rates
            .iter()
            .enumerate()
            .map(|(i, r)| {
                rule.poll(at(i), Some(*r), false);
                rule.convicts()
            })
            .collect()
    }

    #[test]
    fn one_look_over_the_limit_or_k_of_n() {
        assert_eq!(looks(1, 1, &[0.01, 0.011]), [false, true]);
        assert_eq!(looks(2, 3, &[0.02, 0.0, 0.02]), [false, false, true]);
    }

    #[test]
    fn it_clears_under_four_fifths_of_the_limit() {
        assert_eq!(looks(1, 1, &[0.011, 0.009, 0.0079]), [true, true, false]);
    }

    #[test]
    fn what_both_share_and_looks_too_early_do_not_count() {
        let mut rule = Playbook::new(&Policy::default(), Time::from_ms(0));
        rule.poll(Time::from_ms(10_000), Some(0.5), false);
        assert!(!rule.convicts());
        rule.poll(Time::from_ms(30_000), Some(0.5), true);
        assert!(!rule.convicts());
    }
}
