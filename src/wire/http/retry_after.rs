//! `Retry-After` (RFC 9110, 10.2.3): for how long a server asks to be left alone.

use std::time::Duration;

use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

use crate::engine::time::Time;

/// How long from `now` the header asks to wait: seconds, or a date. None when it asks for nothing, or cannot be read.
#[must_use]
pub fn retry_after(text: &str, now: Time) -> Option<Duration> {
    let text = text.trim();
    let asked = text.parse().map(Duration::from_secs).ok().or_else(|| Some(date(text)?.since(now)))?;
    (!asked.is_zero()).then_some(asked)
}

/// For how long an answer asks to leave its server alone: it did nothing (429, or 503 with `Retry-After`). A date counts from the
/// answer's own, so that neither clock has to be right.
#[must_use]
pub fn asks_to_wait(status: u16, headers: &HeaderMap) -> Option<Duration> {
    const UNSAID: Duration = Duration::from_secs(1);
    let header = |name| headers.get(name)?.to_str().ok();
    let date = || header(DATE).and_then(date).unwrap_or(Time::from_ms(0));
    let asked = header(RETRY_AFTER).and_then(|text| retry_after(text, date()));
    match status {
        429 => Some(asked.unwrap_or(UNSAID)),
        503 => asked,
        _ => None,
    }
}

/// The time that an HTTP date names.
fn date(text: &str) -> Option<Time> {
    Some(Time::from_ms(jiff::fmt::rfc2822::parse(text).ok()?.timestamp().as_millisecond()))
}
