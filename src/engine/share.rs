//! Whether the candidate gets the share of traffic that was asked for. When it does not, the comparison would mislead: the watch holds.
//!
//! The bets themselves need no such thing (they take each poll's own counts); a router that sends its traffic elsewhere than it was
//! told says that something is not as the operator believes, and no pass is given on that.

use std::time::Duration;

use statrs::distribution::{Binomial, DiscreteCDF};

use super::{compare::MIN_REQUESTS, recent::MINUTE, time::Time};

/// The share seen is off when it misses the share asked by more than this, or by a quarter of it ...
const OFF: f64 = 0.05;
/// ... and chance alone would do so this seldom.
const CHANCE: f64 = 0.001;

/// How far from the share asked for is near enough.
#[must_use]
pub fn tolerated(asked: f64) -> f64 {
    OFF.max(asked / 4.0)
}

/// What was asked for, and whether it is so.
#[derive(Clone, Debug, Default)]
pub struct ShareWatch {
    asked: Option<(f64, Time)>,
    is_off: bool,
    inside_since: Option<Time>,
}

/// Requests of the candidate, and of both.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seen {
    /// The candidate's.
    pub candidate: f64,
    /// Of both versions.
    pub total: f64,
}

impl ShareWatch {
    /// Takes one poll: the share asked for (null when nobody asks for one), and the requests of the last minute (null while blind).
    pub fn poll(&mut self, now: Time, asked: Option<f64>, seen: Option<Seen>) {
        let Some(asked) = asked else {
            *self = Self::default();
            return;
        };
        if self.asked.is_none_or(|(before, _)| (before - asked).abs() > 1e-6) {
            *self = Self { asked: Some((asked, now)), ..Self::default() };
        }
        if !self.is_settled(now) {
            return;
        }
        match seen.filter(|seen| seen.total >= MIN_REQUESTS) {
            None => self.inside_since = None,
            Some(seen) if seen.misses(asked) => {
                self.is_off = true;
                self.inside_since = None;
            }
            Some(_) => {
                let since = *self.inside_since.get_or_insert(now);
                self.is_off &= now.since(since) < MINUTE;
            }
        }
    }

    /// The last minute lies wholly under the present weight, so that its share can be held against it.
    fn is_settled(&self, now: Time) -> bool {
        self.asked.is_some_and(|(_, since)| now.since(since) >= MINUTE)
    }

    /// The share has been off, and has not been right for a minute since.
    #[must_use]
    pub const fn is_off(&self) -> bool {
        self.is_off
    }

    /// How long it has been right again, while it still holds.
    #[must_use]
    pub fn right_for(&self, now: Time) -> Option<Duration> {
        self.inside_since.filter(|_| self.is_off).map(|since| now.since(since))
    }
}

impl Seen {
    /// The candidate's part; null without requests.
    #[must_use]
    pub fn share(self) -> Option<f64> {
        (self.total > 0.0).then(|| self.candidate / self.total)
    }

    /// Too far off the share asked for, and not by chance.
    fn misses(self, asked: f64) -> bool {
        let far = self.share().is_some_and(|seen| (seen - asked).abs() > tolerated(asked));
        far && self.chance(asked) < CHANCE
    }

    /// Two-sided binomial probability of a count at least as far out (twice the smaller tail).
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "request counts of one minute")]
    fn chance(self, asked: f64) -> f64 {
        let (n, total) = (self.candidate.round() as u64, self.total.round() as u64);
        let Ok(law) = Binomial::new(asked.clamp(0.0, 1.0), total) else {
            return 1.0;
        };
        let upper = if n == 0 { 1.0 } else { law.sf(n - 1) };
        (2.0 * law.cdf(n).min(upper)).min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Time {
        Time::from_ms(seconds * 1000)
    }

    fn seen(candidate: f64) -> Seen {
        Seen { candidate, total: 1000.0 }
    }

    /// Polls each 10 s from the second given.
    fn polls(share: &mut ShareWatch, from: i64, to: i64, asked: f64, candidate: f64) {
        (from..to).step_by(10).for_each(|s| share.poll(at(s), Some(asked), Some(seen(candidate))));
    }

    #[test]
    fn a_share_that_is_off_holds_until_it_was_right_for_a_minute() {
        let mut share = ShareWatch::default();
        polls(&mut share, 0, 60, 0.25, 110.0);
        assert!(!share.is_off(), "the weight is not a minute old");
        polls(&mut share, 60, 100, 0.25, 110.0);
        assert!(share.is_off());
        polls(&mut share, 100, 160, 0.25, 250.0);
        assert!(share.is_off() && share.right_for(at(150)) == Some(Duration::from_secs(50)));
        polls(&mut share, 160, 170, 0.25, 250.0);
        assert!(!share.is_off());
    }

    #[test]
    fn a_new_weight_begins_anew_and_little_traffic_says_nothing() {
        let mut share = ShareWatch::default();
        polls(&mut share, 0, 100, 0.25, 110.0);
        share.poll(at(100), Some(0.5), Some(seen(110.0)));
        assert!(!share.is_off());
        for s in (110..300).step_by(10) {
            share.poll(at(s), Some(0.5), Some(Seen { candidate: 5.0, total: 50.0 }));
        }
        assert!(!share.is_off());
    }

    #[test]
    fn within_five_points_a_quarter_or_chance_nothing_is_off() {
        for (asked, candidate) in [(0.25, 199.0), (0.05, 95.0), (0.5, 400.0)] {
            let mut share = ShareWatch::default();
            polls(&mut share, 0, 200, asked, candidate);
            assert!(!share.is_off(), "{asked} {candidate}");
        }
        let mut share = ShareWatch::default();
        for s in (0..200).step_by(10) {
            share.poll(at(s), Some(0.25), Some(Seen { candidate: 17.0, total: 100.0 }));
        }
        assert!(!share.is_off(), "8 points off, of 100 requests");
    }

    #[test]
    fn while_blind_it_stays_as_it_is() {
        let mut share = ShareWatch::default();
        polls(&mut share, 0, 100, 0.25, 110.0);
        share.poll(at(100), Some(0.25), None);
        assert!(share.is_off());
        share.poll(at(110), None, None);
        assert!(!share.is_off(), "nobody asks for a share any more");
    }
}
