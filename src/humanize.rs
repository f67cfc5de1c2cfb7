//! The only place that words numbers: rates, latencies, counts, durations, clock times.
//!
//! Forms and widths follow one table (a space before the sign, thin groups of three, two units at most), in every locale.

use std::time::Duration;

use crate::engine::time::Time;

/// A fraction as a rate: `0.29 %`, `12.34 %`, `<0.01 %`, `100 %`.
#[must_use]
pub fn rate(fraction: f64) -> String {
    let percent = fraction * 100.0;
    if !percent.is_finite() {
        "?".to_owned()
    } else if percent > 999.0 {
        ">999 %".to_owned()
    } else if percent > 0.0 && percent < 0.01 {
        "<0.01 %".to_owned()
    } else if (percent - 100.0).abs() < 0.005 {
        "100 %".to_owned()
    } else {
        format!("{percent:.2} %")
    }
}

/// A share or a limit with as few digits as it needs, three at most: `25 %`, `2.5 %`, `0.05 %`, `18.2 %` of eleven pods. Only
/// a full 1.0 says `100 %`.
#[must_use]
pub fn share(fraction: f64) -> String {
    let digits = if fraction.abs() < 0.1 { 100.0 } else { 10.0 };
    let percent = (fraction * 100.0 * digits).round() / digits;
    let percent = if percent >= 100.0 && fraction < 1.0 { 99.9 } else { percent };
    format!("{percent} %")
}

/// A margin in percentage points with as few digits as it needs: `0.1 pp`.
#[must_use]
pub fn margin(fraction: f64) -> String {
    share(fraction).replace('%', "pp")
}

/// A measured share with one digit: `24.9 %`.
#[must_use]
pub fn share_seen(fraction: f64) -> String {
    format!("{:.1} %", fraction * 100.0)
}

/// Part of what is needed, as a whole percentage: `63 %`. Only a full 1.0 says `100 %`.
#[must_use]
pub fn part(fraction: f64) -> String {
    let percent = (fraction.clamp(0.0, 1.0) * 100.0).round();
    if percent >= 100.0 && fraction < 1.0 { "99 %".to_owned() } else { format!("{percent:.0} %") }
}

/// A difference of rates: `+0.90 pp`.
#[must_use]
pub fn points(fraction: f64) -> String {
    format!("{} pp", signed(fraction * 100.0, 2))
}

/// A difference of rates at the end of an axis: `+2.5 pp`.
#[must_use]
pub fn axis_points(fraction: f64) -> String {
    format!("{} pp", signed(fraction * 100.0, if fraction.abs() < 0.001 { 2 } else { 1 }))
}

/// The band of a difference of rates, in the same unit: `[+0.46, +1.51]`.
#[must_use]
pub fn points_band(low: f64, high: f64) -> String {
    format!("[{}, {}]", signed(low * 100.0, 2), signed(high * 100.0, 2))
}

/// A relative difference: `+3 %`.
#[must_use]
pub fn relative(fraction: f64) -> String {
    if fraction > 9.99 { ">+999 %".to_owned() } else { format!("{} %", signed(fraction * 100.0, 0)) }
}

/// The band of a relative difference: `[-2, +8]`.
#[must_use]
pub fn relative_band(low: f64, high: f64) -> String {
    let clip = |x: f64| if x > 9.99 { ">+999".to_owned() } else { signed(x * 100.0, 0) };
    format!("[{}, {}]", clip(low), clip(high))
}

/// With a sign, never `-0`.
fn signed(value: f64, digits: usize) -> String {
    let text = format!("{value:+.digits$}");
    if text.trim_start_matches('-').chars().all(|c| c == '0' || c == '.') { text.replace('-', "+") } else { text }
}

/// A latency in milliseconds: `214 ms`, `12.3 s`, `0.8 ms`.
#[must_use]
pub fn latency(ms: f64) -> String {
    if !ms.is_finite() {
        "?".to_owned()
    } else if ms >= 10_000.0 {
        format!("{:.1} s", ms / 1000.0)
    } else if ms < 10.0 {
        format!("{ms:.1} ms")
    } else {
        format!("{ms:.0} ms")
    }
}

/// A rate beside an axis, five characters at most: `4.0%`, `10%`, `0.15%`.
#[must_use]
pub fn axis_rate(fraction: f64) -> String {
    let percent = fraction * 100.0;
    let digits = if percent >= 10.0 {
        0
    } else if percent == 0.0 || (percent * 10.0 - (percent * 10.0).round()).abs() < 1e-6 {
        1
    } else {
        2
    };
    format!("{percent:.digits$}%")
}

/// A latency beside an axis, five characters at most: `600ms`, `12s`, `2.5s`.
#[must_use]
pub fn axis_latency(ms: f64) -> String {
    if ms < 1000.0 {
        return format!("{}ms", if ms < 10.0 { (ms * 10.0).round() / 10.0 } else { ms.round() });
    }
    let seconds = (ms / 100.0).round() / 10.0;
    format!("{seconds}s")
}

/// A count: `1 856`, `40 560`, `1.24 M`.
#[must_use]
pub fn count(n: f64) -> String {
    if n >= 1_000_000.0 {
        return format!("{:.2} M", n / 1_000_000.0);
    }
    let digits = format!("{:.0}", n.max(0.0));
    let mut out = String::with_capacity(digits.len() + 2);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

/// A number that counts nothing: `12`, `12.5`, `-0.25`, `1 240`, `1.24 M`. Three digits are enough.
#[must_use]
pub fn number(x: f64) -> String {
    let size = x.abs();
    let sign = if x < 0.0 { "-" } else { "" };
    if !x.is_finite() {
        "?".to_owned()
    } else if size >= 1e12 {
        format!("{x:.2e}")
    } else if size >= 100.0 {
        format!("{sign}{}", count(size))
    } else {
        let unit = if size < 1.0 { 1000.0 } else { 10.0 };
        let rounded = (size * unit).round() / unit;
        if rounded > 0.0 { format!("{sign}{rounded}") } else { "0".to_owned() }
    }
}

/// Requests a second: `4.8/s`, `312/s`.
#[must_use]
pub fn per_second(rate: f64) -> String {
    if rate >= 99.95 { format!("{}/s", count(rate)) } else { format!("{rate:.1}/s") }
}

/// A duration with two units at most: `34 s`, `6m30s`, `2h42m`, `3d04h`.
#[must_use]
pub fn duration(span: Duration) -> String {
    let s = (span.as_millis() + 500) / 1000;
    match s {
        0 if span.as_millis() > 0 => format!("{} ms", span.as_millis()),
        0..60 => format!("{s} s"),
        60..3600 if s.is_multiple_of(60) => format!("{}m", s / 60),
        60..3600 => format!("{}m{:02}s", s / 60, s % 60),
        3600..86_400 => format!("{}h{:02}m", s / 3600, s / 60 % 60),
        _ => format!("{}d{:02}h", s / 86_400, s / 3600 % 24),
    }
}

/// A span of time that is still to come, rounded so that it does not count up and down: to 10 s, then 30 s, then minutes.
#[must_use]
pub fn about(span: Duration) -> String {
    let s = span.as_secs_f64();
    let step = if s <= 60.0 {
        10.0
    } else if s <= 300.0 {
        30.0
    } else {
        60.0
    };
    duration(Duration::from_secs_f64(((s / step).ceil() * step).max(step)))
}

/// `6 h ago`-like plurals: `1 request`, `12 requests`.
#[must_use]
pub fn plural(n: f64, one: &str, many: &str) -> String {
    if (n - 1.0).abs() < f64::EPSILON { format!("1 {one}") } else { format!("{} {many}", count(n)) }
}

/// `20:14:03` in UTC.
#[must_use]
pub fn clock(at: Time) -> String {
    strftime(at, "%H:%M:%S")
}

/// `20:14` in UTC.
#[must_use]
pub fn clock_minutes(at: Time) -> String {
    strftime(at, "%H:%M")
}

/// `2026-11-22 20:14:03` in UTC.
#[must_use]
pub fn date_time(at: Time) -> String {
    strftime(at, "%Y-%m-%d %H:%M:%S")
}

/// `2026-11-22T20:14:03.120Z`.
#[must_use]
pub fn rfc3339(at: Time) -> String {
    strftime(at, "%Y-%m-%dT%H:%M:%S%.3fZ")
}

fn strftime(at: Time, format: &str) -> String {
    jiff::Timestamp::from_millisecond(at.ms()).map_or_else(|_| "?".to_owned(), |t| t.strftime(format).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_worded_as_the_table_says() {
        for (got, want) in [
            (rate(0.0029), "0.29 %"),
            (rate(0.000_05), "<0.01 %"),
            (rate(0.0), "0.00 %"),
            (rate(1.0), "100 %"),
            (rate(11.0), ">999 %"),
            (share(0.25), "25 %"),
            (share(0.025), "2.5 %"),
            (share(2.0 / 11.0), "18.2 %"),
            (share(9.0 / 11.0), "81.8 %"),
            (share(1.0), "100 %"),
            (share(0.9996), "99.9 %"),
            (part(0.999), "99 %"),
            (part(1.0), "100 %"),
            (points(0.009), "+0.90 pp"),
            (points(-0.000_001), "+0.00 pp"),
            (points_band(-0.0012, 0.0151), "[-0.12, +1.51]"),
            (relative(0.03), "+3 %"),
            (relative_band(-0.02, 0.08), "[-2, +8]"),
            (latency(214.4), "214 ms"),
            (latency(12_300.0), "12.3 s"),
            (axis_rate(0.0), "0.0%"),
            (axis_rate(0.04), "4.0%"),
            (axis_rate(0.1), "10%"),
            (axis_rate(0.0015), "0.15%"),
            (axis_latency(600.0), "600ms"),
            (axis_latency(2500.0), "2.5s"),
            (axis_latency(12_000.0), "12s"),
            (axis_latency(0.0), "0ms"),
            (count(1856.0), "1 856"),
            (count(40_560.0), "40 560"),
            (count(1_240_000.0), "1.24 M"),
            (number(0.0), "0"),
            (number(12.0), "12"),
            (number(-0.2504), "-0.25"),
            (number(12.34), "12.3"),
            (number(1240.4), "1 240"),
            (number(f64::NAN), "?"),
            (per_second(4.83), "4.8/s"),
            (per_second(312.2), "312/s"),
            (duration(Duration::from_secs(34)), "34 s"),
            (duration(Duration::from_secs(390)), "6m30s"),
            (duration(Duration::from_secs(600)), "10m"),
            (duration(Duration::from_secs(9720)), "2h42m"),
            (duration(Duration::from_secs(273_600)), "3d04h"),
            (about(Duration::from_secs(23)), "30 s"),
            (about(Duration::from_secs(200)), "3m30s"),
            (about(Duration::from_secs(1000)), "17m"),
            (plural(1.0, "request", "requests"), "1 request"),
            (clock(Time::from_ms(1_764_188_043_120)), "20:14:03"),
            (rfc3339(Time::from_ms(1_764_188_043_120)), "2025-11-26T20:14:03.120Z"),
        ] {
            assert_eq!(got, want);
        }
    }
}
