//! `Retry-After` (RFC 9110, 10.2.3): for how long a server asks to be left alone.

use std::time::Duration;

use crate::engine::time::Time;

/// How long from `now` the header asks to wait: seconds, or a date. None when it asks for nothing, or cannot be read.
#[must_use]
pub fn retry_after(text: &str, now: Time) -> Option<Duration> {
    let text = text.trim();
    let asked = text.parse().map(Duration::from_secs).ok().or_else(|| Some(date(text)?.since(now)))?;
    (!asked.is_zero()).then_some(asked)
}

/// The time that an HTTP date names.
pub(super) fn date(text: &str) -> Option<Time> {
    Some(Time::from_ms(jiff::fmt::rfc2822::parse(text).ok()?.timestamp().as_millisecond()))
}
