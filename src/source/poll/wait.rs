//! `Retry-After`: until when a server asks to be left alone.

use std::time::Duration;

use crate::{engine::time::Time, wire::http::retry_after};

/// A server that asks for more is asked again after this all the same.
const LONGEST: Duration = Duration::from_mins(1);

/// The time until which a server asks to wait.
pub(super) fn until(text: &str, now: Time) -> Option<Time> {
    retry_after(text, now).map(|asked| now.plus(asked.min(LONGEST)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_understood_and_capped() {
        let now = Time::from_ms(784_111_777_000);
        for (text, seconds) in [
            ("7", Some(7)),
            (" 3600 ", Some(60)),
            ("0", None),
            ("Sun, 06 Nov 1994 08:49:47 GMT", Some(10)),
            ("Sun, 06 Nov 1994 09:49:37 GMT", Some(60)),
            ("Sun, 06 Nov 1994 08:49:00 GMT", None),
            ("soon", None),
            ("-5", None),
            ("18446744073709551615", Some(60)),
        ] {
            assert_eq!(until(text, now), seconds.map(|seconds| now.plus(Duration::from_secs(seconds))), "{text}");
        }
    }
}
