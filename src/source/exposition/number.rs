//! Values and timestamps: plain decimal numbers, infinities and NaN; no hexadecimal, no digit separators.

/// A sample's value. What is too large for a double is infinite.
pub(super) fn value(token: &[u8]) -> Option<f64> {
    integer(token).or_else(|| str::from_utf8(token).ok()?.parse().ok())
}

/// A timestamp of the text format: whole milliseconds.
pub(super) fn milliseconds(token: &[u8]) -> Option<i64> {
    str::from_utf8(token).ok()?.parse().ok()
}

/// A timestamp of OpenMetrics, which is in seconds, in milliseconds.
pub(super) fn seconds(token: &[u8]) -> Option<i64> {
    let ms = value(token)? * 1000.0;
    #[expect(clippy::cast_possible_truncation, reason = "a float becomes the nearest integer there is; far too large is still far")]
    ms.is_finite().then_some(ms.round() as i64)
}

/// Most values of a page are counts. Up to 15 digits they are exact in a double and need no general parser.
fn integer(token: &[u8]) -> Option<f64> {
    if token.is_empty() || token.len() > 15 {
        return None;
    }
    let mut n = 0_u64;
    for byte in token {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        n = n * 10 + u64::from(digit);
    }
    Some(n as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_decimals_are_numbers() {
        for (token, want) in [
            ("0", 0.0),
            ("999999999999999", 999_999_999_999_999.0),
            ("1234567890123456789", 1_234_567_890_123_456_789.0),
            ("-5", -5.0),
            ("+1.5e3", 1500.0),
            (".5", 0.5),
            ("1.", 1.0),
            ("+Inf", f64::INFINITY),
            ("-inf", f64::NEG_INFINITY),
            ("1e400", f64::INFINITY),
            ("1e-400", 0.0),
            ("5e-324", 5e-324),
        ] {
            assert_eq!(value(token.as_bytes()), Some(want), "{token}");
        }
        assert!(value(b"NaN").is_some_and(f64::is_nan));
        for token in ["", "0x1F", "1_000", "1,5", "--1", "1e", "e5", "one", "1\u{660}", "Infinit"] {
            assert_eq!(value(token.as_bytes()), None, "{token}");
        }
    }

    #[test]
    fn timestamps_are_milliseconds_or_seconds() {
        assert_eq!(milliseconds(b"1700000000000"), Some(1_700_000_000_000));
        assert_eq!(milliseconds(b"1700000000000.5"), None);
        assert_eq!(seconds(b"1700000000.25"), Some(1_700_000_000_250));
        assert_eq!(seconds(b"NaN"), None);
        assert_eq!(seconds(b"+Inf"), None);
    }
}
