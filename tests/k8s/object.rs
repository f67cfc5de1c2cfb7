//! Reading objects of the API.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

/// An annotation `lab/NAME`.
pub(crate) fn annotation<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object["metadata"]["annotations"][format!("lab/{name}")].as_str()
}

/// A text that the API server always gives; "" where it does not.
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Now, as Kubernetes writes it.
pub(crate) fn now() -> String {
    Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A whole number; 0 where there is none.
pub(crate) fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or(0)
}

/// A duration as `10s`, `2m`, or a number of seconds.
pub(crate) fn duration(value: &Value) -> Option<Duration> {
    if let Some(seconds) = value.as_u64() {
        return Some(Duration::from_secs(seconds));
    }
    let text = value.as_str()?;
    let (count, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let unit = match unit {
        "" | "s" => Duration::from_secs(1),
        "ms" => Duration::from_millis(1),
        "m" => Duration::from_secs(60),
        "h" => Duration::from_secs(3600),
        _ => panic!("{text} is no duration"),
    };
    Some(unit * count.parse::<u32>().unwrap_or_else(|_| panic!("{text} is no duration")))
}

/// How long ago a time was; nothing for a time to come.
pub(crate) fn age(time: &Value) -> Duration {
    let then: Timestamp = text(time).parse().unwrap_or_else(|error| panic!("{time}: {error}"));
    Duration::try_from(Timestamp::now().duration_since(then)).unwrap_or_default()
}

/// Ten letters and digits that stand for a text.
pub(crate) fn hash(text: &str) -> String {
    use sha2::Digest as _;
    // Without vowels, as the names that Kubernetes makes.
    const LETTERS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
    let digest = sha2::Sha256::digest(text.as_bytes());
    digest.iter().take(10).map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()])).collect()
}
