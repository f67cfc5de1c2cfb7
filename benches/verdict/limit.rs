//! How soon anybody could know: what a clairvoyant would need who knows both versions' true rates and when they changed.
//!
//! Two limits. The one that counts lets the clairvoyant play the engine's own game: the same tolerance, the same chance of a false
//! alarm and the same share of it, errors from the start against what a cold start may cost, latency after the warm-up. It is reached
//! when the expected log-likelihood ratio since then is ln(1/(alpha * share)). The plain one knows of none of this: Wald's sequential
//! test of the candidate's rates against the baseline's, both known, with an error of 1 % either way (Wald 1945): ln 99 nats.

use super::truth::{Expected, expected};
use crate::simulator::window::{LONGEST, WARM_UP_S, Window};

/// Shares of the chance of a false alarm: errors, latency.
const SHARES: (f64, f64) = (0.55, 0.45);
/// Bad seconds that a conviction by latency takes at least; any conviction takes two polls.
const LATENCY_SECONDS: f64 = 20.0;

/// The limits of one window.
pub(crate) struct Limits {
    /// When the engine's delay begins to count: at the onset, or at the end of the warm-up where it could not be seen during it.
    pub(crate) start: f64,
    /// Seconds from there: the statistics limit, or the least that a conviction takes.
    pub(crate) bound: f64,
    /// Seconds from the onset by the plain limit.
    pub(crate) plain: f64,
}

/// Null where the counts alone never show the regression.
pub(crate) fn limits(window: &Window) -> Option<Limits> {
    let onset = window.course.onset.filter(|_| window.course.down.is_empty())?;
    let polls = expected(window, window.header.window_s * LONGEST);
    let engine = [errors(window, onset, &polls), latency(window, onset, &polls)];
    let (start, bound) = engine.into_iter().flatten().min_by(|a, b| (a.0 + a.1).total_cmp(&(b.0 + b.1)))?;
    Some(Limits { start, bound, plain: plain(window, onset, &polls)? - onset })
}

/// Start and bound of errors.
fn errors(window: &Window, onset: f64, polls: &[Expected]) -> Option<(f64, f64)> {
    let gain = |p: &Expected| {
        let (factor, margin) = if p.to <= WARM_UP_S + 1e-9 { (1.5, 0.013) } else { (1.1, 0.001) };
        p.information(p.errors.candidate, factor * p.errors.baseline + margin)
    };
    let is_seen_while_warm = polls.iter().any(|p| p.to <= WARM_UP_S + 1e-9 && gain(p) > 0.0);
    let start = if is_seen_while_warm { onset } else { onset.max(WARM_UP_S) };
    let at = reached(polls, start, (1.0 / (window.header.alpha * SHARES.0)).ln(), gain)?;
    Some((start, (at - start).max(2.0 * window.header.poll_s)))
}

/// Start and bound of latency, at the best of all bounds.
fn latency(window: &Window, onset: f64, polls: &[Expected]) -> Option<(f64, f64)> {
    let start = onset.max(WARM_UP_S);
    let before = polls.first()?;
    let needed = (1.0 / (window.header.alpha * SHARES.1)).ln();
    let at = (0..window.header.le.len()).filter_map(|k| {
        let factor = factor(&window.header.le, &before.slower.baseline, k);
        reached(polls, start, needed, |p| p.information(p.slower.candidate[k], factor * p.slower.baseline[k] + 0.001))
    });
    let poll = window.header.poll_s;
    let least = (LATENCY_SECONDS / poll).ceil().max(2.0) * poll;
    Some((start, (at.min_by(f64::total_cmp)? - start).max(least)))
}

/// What a service slower by a tenth would show at a bound, given how steeply its tail falls there.
fn factor(le: &[f64], slower: &[f64], k: usize) -> f64 {
    let (low, high) = (k.saturating_sub(1), (k + 1).min(le.len() - 1));
    let falls = slower[low] > slower[high] && slower[high] > 0.0;
    let exponent = if falls { (slower[low] / slower[high]).ln() / (le[high] / le[low]).ln() } else { 1.0 };
    1.1_f64.powf(exponent.clamp(1.0, 6.0))
}

/// When the plain limit is reached.
fn plain(window: &Window, onset: f64, polls: &[Expected]) -> Option<f64> {
    let needed = 99_f64.ln();
    let errors = reached(polls, onset, needed, |p| known(p.requests.candidate, p.errors.candidate, p.errors.baseline));
    let at_bound =
        |k: usize| reached(polls, onset, needed, |p| known(p.requests.candidate, p.slower.candidate[k], p.slower.baseline[k]));
    (0..window.header.le.len()).filter_map(at_bound).chain(errors).min_by(f64::total_cmp)
}

/// n requests' expected log-likelihood ratio of a rate against another, both known.
fn known(n: f64, rate: f64, other: f64) -> f64 {
    let part = |is: f64, would_be: f64| if is > 0.0 { is * (is / would_be.max(1e-12)).ln() } else { 0.0 };
    if rate <= other { 0.0 } else { n * (part(rate, other) + part(1.0 - rate, 1.0 - other)) }
}

/// When the gains since `start` add up to what is needed; within a poll they come evenly.
fn reached(polls: &[Expected], start: f64, needed: f64, gain: impl Fn(&Expected) -> f64) -> Option<f64> {
    let mut sum = 0.0;
    for poll in polls.iter().filter(|p| p.to > start) {
        let begin = poll.from.max(start);
        let more = gain(poll) * (poll.to - begin) / (poll.to - poll.from);
        if more > 0.0 && sum + more >= needed {
            return Some(begin + (poll.to - begin) * (needed - sum) / more);
        }
        sum += more;
    }
    None
}
