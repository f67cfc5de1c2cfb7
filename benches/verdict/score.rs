//! Decisions against what was true: the columns of the tables.

use rollwatch::engine::{stats::interval::wilson, verdict::Verdict};

use super::{peers::Said, truth::Known};
use crate::simulator::family::Truth;

/// The normal quantile of a two-sided 95 % interval.
const Z95: f64 = 1.959_963_984_540_054;

/// How one rule did over many windows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Score {
    pub(crate) healthy: usize,
    /// Healthy ones that were rolled back.
    pub(crate) false_alarms: usize,
    /// Healthy ones with enough requests, and those of them that were promoted: in the window, and at all.
    pub(crate) promotable: usize,
    pub(crate) promoted_in_window: usize,
    pub(crate) promoted: usize,
    pub(crate) regressed: usize,
    /// Regressed ones that were rolled back before they were.
    pub(crate) early: usize,
    pub(crate) wrongly_promoted: usize,
    /// Regressed ones that can be found, and those that were: in the window, and at all.
    pub(crate) clear: usize,
    pub(crate) found_in_window: usize,
    pub(crate) found: usize,
    /// Seconds from the onset of the clear ones; infinite for a miss.
    pub(crate) delays: Vec<f64>,
    /// Shares of the window's bad requests that the clear ones served.
    pub(crate) bad: Vec<f64>,
}

impl Score {
    pub(crate) fn of<'a>(decided: impl IntoIterator<Item = (&'a Known, Said)>) -> Self {
        let mut score = Self::default();
        for (known, said) in decided {
            match known.truth {
                Truth::Healthy => score.healthy(known, said),
                Truth::Regressed => score.regressed(known, said),
                Truth::NoData => {}
            }
        }
        score
    }

    fn healthy(&mut self, known: &Known, (verdict, at): Said) {
        self.healthy += 1;
        self.false_alarms += usize::from(verdict == Verdict::Fail);
        if known.is_promotable() {
            self.promotable += 1;
            self.promoted += usize::from(verdict == Verdict::Pass);
            self.promoted_in_window += usize::from(verdict == Verdict::Pass && at <= known.window_s + 1e-9);
        }
    }

    fn regressed(&mut self, known: &Known, (verdict, at): Said) {
        self.regressed += 1;
        let is_found = verdict == Verdict::Fail && at >= known.onset_s - 1e-9;
        self.early += usize::from(verdict == Verdict::Fail && !is_found);
        self.wrongly_promoted += usize::from(verdict == Verdict::Pass);
        if known.is_clear() {
            self.clear += 1;
            self.found += usize::from(is_found);
            self.found_in_window += usize::from(is_found && at <= known.window_s + 1e-9);
            self.delays.push(if is_found { at - known.onset_s } else { f64::INFINITY });
            self.bad.push(known.bad_share(if verdict == Verdict::Fail { at } else { f64::INFINITY }));
        }
    }
}

/// A quantile of unsorted values, between the two nearest; `NaN` for none.
pub(crate) fn quantile(values: &[f64], q: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = q * (sorted.len().max(1) - 1) as f64;
    let at = |place: f64| sorted.get(index(place)).copied().unwrap_or(f64::NAN);
    let (low, high, part) = (at(place.floor()), at(place.ceil()), place.fract());
    if part > 0.0 && high > low { low + (high - low) * part } else { low }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index")]
fn index(place: f64) -> usize {
    place as usize
}

pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// "12.3 %".
pub(crate) fn percent(part: usize, of: usize) -> String {
    if of == 0 { "-".to_owned() } else { format!("{:.1} %", 100.0 * part as f64 / of as f64) }
}

/// "3 of 1300", with the 95 % interval (Wilson 1927) in percent.
pub(crate) fn counted(part: usize, of: usize) -> String {
    let (low, high) = wilson(part as f64, of as f64, Z95).unwrap_or((0.0, 1.0));
    format!("{part:>4} of {of:<6} ({:.2} - {:.2} %)", 100.0 * low, 100.0 * high)
}

/// "73 s", or "never".
pub(crate) fn seconds(s: f64) -> String {
    if s.is_finite() { format!("{s:.0} s") } else { "never".to_owned() }
}
