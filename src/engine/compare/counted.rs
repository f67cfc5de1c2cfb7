//! One metric whose events are counted, in both directions: the bet that convicts, and the test that clears.

use super::noninferior::NonInferior;
use crate::engine::{
    custom::Worse,
    stats::{
        bet::Bet,
        ratio::{Null, Split},
    },
};

/// Errors per request, or what a configured check counts.
#[derive(Clone, Debug)]
pub(super) struct Counted {
    worse: Worse,
    pub(super) bet: Bet,
    pub(super) promote: NonInferior,
    /// What both versions had since warm-up that could have been an event: candidate, baseline.
    pub(super) exposure: (f64, f64),
}

impl Counted {
    /// `bet` and `promote` as they are where more is worse.
    pub(super) fn new(worse: Worse, bet: Bet, promote: NonInferior) -> Self {
        let (bet, promote) = match worse {
            Worse::Higher => (bet, promote),
            Worse::Lower => (bet.mirrored(), promote.mirrored()),
        };
        Self { worse, bet, promote, exposure: (0.0, 0.0) }
    }

    /// What is tolerated, from what would be tolerated of errors.
    pub(super) fn null(&self, of_errors: Null) -> Null {
        match self.worse {
            Worse::Higher => of_errors,
            Worse::Lower => of_errors.mirrored(),
        }
    }

    /// Whether a rise of the candidate's events speaks for it.
    pub(super) const fn is_mirrored(&self) -> bool {
        matches!(self.worse, Worse::Lower)
    }

    /// Takes one poll, `t` seconds into a step whose warm-up takes `warmup_s`. `of_errors`: what would be tolerated of errors.
    pub(super) fn poll(&mut self, t: f64, warmup_s: f64, split: &Split, of_errors: Null, noise: f64) {
        if split.n_c <= 0.0 || split.n_b <= 0.0 {
            return;
        }
        self.bet.step(split, self.null(of_errors), noise);
        if !super::is_warm(t, warmup_s) {
            self.promote.add(t, warmup_s, split, noise);
            self.exposure.0 += split.n_c;
            self.exposure.1 += split.n_b;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{
        compare::{Background, Compare, Joined, Ladder, Metric},
        custom::{CustomCheck, Kind},
        policy::Policy,
    };

    fn policy(worse: Worse) -> Policy {
        let check = CustomCheck { id: "x".into(), name: "x".into(), unit: String::new(), worse, kind: Kind::Counts };
        Policy { gating: vec!["x".into()], checks: vec![check], ..Policy::default() }
    }

    /// Seeded coins: how many of `n` fall.
    struct Coins(u64);

    impl Coins {
        fn of(&mut self, n: u32, p: f64) -> f64 {
            let mut coin = || {
                self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                ((self.0 >> 11) as f64 / (1_u64 << 53) as f64) < p
            };
            f64::from(u32::try_from((0..n).filter(|_| coin()).count()).unwrap_or(n))
        }
    }

    /// Windows of 10 minutes, 60 of the candidate's and 180 of the baseline's a poll: of so many, how many were convicted and passed.
    fn windows(count: u64, worse: Worse, candidate: f64, baseline: f64) -> (u32, u32) {
        let (policy, mut convicted, mut passed) = (policy(worse), 0, 0);
        for window in 0..count {
            let mut coins = Coins(window.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(7));
            let mut compare = Compare::new(&policy, 600.0, Ladder::of(1));
            let mut background = Background::of(&policy);
            let mut is_bad = false;
            for poll in 1..=120_u32 {
                let (bad_c, bad_b) = (coins.of(60, candidate), coins.of(180, baseline));
                let split = Split { n_c: 60.0, bad_c, n_b: 180.0, bad_b };
                let joined = Joined { custom: [("x".to_owned(), split)].into(), ..Joined::default() };
                compare.poll(f64::from(poll) * 5.0, &joined, &background);
                background.learn(&joined);
                is_bad |= compare.convicts() == Some(Metric::Custom(0));
            }
            convicted += u32::from(is_bad);
            passed += u32::from(compare.judge(600.0, &policy).is_ok());
        }
        (convicted, passed)
    }

    #[test]
    fn alike_versions_pass_and_what_is_just_tolerated_convicts_nobody_in_both_directions() {
        let baseline = 0.06;
        for (worse, edge) in [(Worse::Higher, baseline * 1.1 + 0.001), (Worse::Lower, baseline / 1.1 - 0.001)] {
            let (convicted, passed) = windows(100, worse, baseline, baseline);
            assert!(convicted == 0 && passed >= 85, "{worse:?}: {convicted} {passed}");
            let (convicted, _) = windows(100, worse, edge, baseline);
            assert!(convicted <= 1, "{worse:?}: {convicted}");
        }
    }

    #[test]
    fn half_as_many_or_twice_as_many_are_found_and_do_not_pass() {
        for (worse, candidate) in [(Worse::Higher, 0.12), (Worse::Lower, 0.03)] {
            let (convicted, passed) = windows(30, worse, candidate, 0.06);
            assert_eq!((convicted, passed), (30, 0), "{worse:?}");
        }
    }
}
