//! Durations and percentages as people write them in a configuration: text with a unit, never a bare number.

use std::{fmt, time::Duration};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A duration: `"250ms"`, `"5s"`, `"10m"`, `"1h 30m"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dur(pub Duration);

/// A percentage as a fraction: `"1%"` is 0.01.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Percent(pub f64);

impl Dur {
    /// Reads `5s`, `10m`, `1h 30m`.
    ///
    /// # Errors
    /// A sentence that says what is wrong and what to write.
    pub fn parse(text: &str) -> Result<Self, String> {
        let bare = text.trim();
        if bare.parse::<f64>().is_ok_and(f64::is_finite) {
            return Err(format!("a duration needs a unit: write \"{bare}s\" for seconds"));
        }
        let span: jiff::SignedDuration =
            bare.parse().map_err(|_| format!("{text:?} is no duration: write \"5s\", \"10m\" or \"1h 30m\""))?;
        let span = Duration::try_from(span).map_err(|_| format!("{text:?} is negative: a duration is zero or more"))?;
        if !span.subsec_nanos().is_multiple_of(1_000_000) {
            return Err(format!("{text:?} is finer than a millisecond: write whole milliseconds"));
        }
        Ok(Self(span))
    }
}

impl fmt::Display for Dur {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.0.as_millis();
        match ms {
            0 => f.write_str("0s"),
            _ if ms.is_multiple_of(3_600_000) => write!(f, "{}h", ms / 3_600_000),
            _ if ms.is_multiple_of(60_000) => write!(f, "{}m", ms / 60_000),
            _ if ms.is_multiple_of(1000) => write!(f, "{}s", ms / 1000),
            _ => write!(f, "{ms}ms"),
        }
    }
}

impl Percent {
    /// Reads `1%`, `0.5 %`.
    ///
    /// # Errors
    /// A sentence that says what is wrong and what to write.
    pub fn parse(text: &str) -> Result<Self, String> {
        let Some(number) = text.trim().strip_suffix('%') else {
            return Err(match text.trim().parse::<f64>() {
                Ok(n) => bare_percent(n),
                Err(_) => format!("{text:?} is no percentage: write \"1%\""),
            });
        };
        match number.trim().parse::<f64>() {
            Ok(n) if n.is_finite() && n >= 0.0 => Ok(Self(n / 100.0)),
            _ => Err(format!("{text:?} is no percentage: write \"1%\"")),
        }
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Ten digits: enough for any weight, few enough to hide that 0.07 * 100 is 7.000000000000001.
        let percent = (self.0 * 1e10).round() / 1e8;
        write!(f, "{percent}%")
    }
}

fn bare_percent(n: f64) -> String {
    if n > 1.0 {
        return format!("a percentage needs its sign: write \"{n}%\"");
    }
    format!("a percentage needs its sign: write \"{n}%\", or \"{}\" if {n} was meant as a fraction", Percent(n))
}

macro_rules! as_text {
    ($type:ty, $expecting:literal, $number:expr, $name:literal, $schema:expr) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
                out.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
                struct V;
                impl de::Visitor<'_> for V {
                    type Value = $type;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expecting)
                    }
                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$type, E> {
                        <$type>::parse(text).map_err(E::custom)
                    }
                    fn visit_i64<E: de::Error>(self, n: i64) -> Result<$type, E> {
                        self.visit_f64(n as f64)
                    }
                    fn visit_u64<E: de::Error>(self, n: u64) -> Result<$type, E> {
                        self.visit_f64(n as f64)
                    }
                    fn visit_f64<E: de::Error>(self, n: f64) -> Result<$type, E> {
                        let say: fn(f64) -> String = $number;
                        Err(E::custom(say(n)))
                    }
                }
                input.deserialize_any(V)
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }
            fn inline_schema() -> bool {
                true
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    };
}

as_text!(
    Dur,
    "a duration as text, such as \"5s\"",
    |n| format!("a duration needs a unit: write \"{n}s\" for seconds"),
    "Duration",
    json_schema!({"type": "string", "pattern": "^[0-9].*[a-z]$", "examples": ["5s", "10m", "1h 30m"]})
);
as_text!(
    Percent,
    "a percentage as text, such as \"1%\"",
    bare_percent,
    "Percentage",
    json_schema!({"type": "string", "pattern": "^[0-9.]+ ?%$", "examples": ["1%", "0.5%"]})
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_written_again() {
        for text in ["250ms", "5s", "10m", "2h", "0s"] {
            assert_eq!(Dur::parse(text).expect("valid").to_string(), text);
        }
        assert_eq!(Dur::parse("1h 30m").expect("valid").to_string(), "90m");
        for text in ["1%", "0.5%", "25%", "7%", "100%", "0%"] {
            assert_eq!(Percent::parse(text).expect("valid").to_string(), text);
        }
    }

    #[test]
    fn a_bare_number_says_the_fix() {
        assert_eq!(Dur::parse("5"), Err("a duration needs a unit: write \"5s\" for seconds".into()));
        let err = Percent::parse("0.01").expect_err("bare");
        assert_eq!(err, "a percentage needs its sign: write \"0.01%\", or \"1%\" if 0.01 was meant as a fraction");
        let err = serde_json::from_str::<Dur>("5").expect_err("bare");
        assert!(err.to_string().contains("write \"5s\""), "{err}");
        assert!(Dur::parse("-5s").is_err());
        assert!(Percent::parse("-1%").is_err());
    }
}
