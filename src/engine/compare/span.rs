//! Spans of time as numbers of polls.

/// "Still bad": the winning bet gained over these last seconds.
const STILL_SECONDS: f64 = 30.0;
/// "Not one scrape": at least two gaining polls within these last seconds.
const RECENT_SECONDS: f64 = 60.0;

/// A whole number of polls, rounded down.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "validated windows hold at most a few million polls")]
pub(super) fn whole(polls: f64) -> u32 {
    polls.clamp(0.0, f64::from(u32::MAX)).floor() as u32
}

/// Polls that so many bad seconds take, at least two.
pub(super) fn bad_polls(seconds: f64, poll_s: f64) -> u32 {
    whole((seconds / poll_s).ceil()).max(2)
}

/// Polls in which it must be bad still.
pub(super) fn still_polls(poll_s: f64) -> usize {
    if poll_s < STILL_SECONDS { (whole((STILL_SECONDS / poll_s).round_ties_even()) as usize).max(2) } else { 1 }
}

/// Polls of which at least two must have been bad.
pub(super) fn window_polls(poll_s: f64) -> usize {
    (whole((RECENT_SECONDS / poll_s).round_ties_even()) as usize).max(4)
}

/// Polls that a bet remembers.
pub(super) fn recent_polls(poll_s: f64) -> usize {
    still_polls(poll_s).max(window_polls(poll_s))
}
