//! Checks that the configuration adds to the built-in ones: what each is called, what is worse for it, and what a page said of it.
//!
//! A check counts (events out of so many: failures of jobs, orders of visits) and is compared like errors, or it is a gauge (the depth of
//! a queue), which has no counts and therefore no statistical verdict.

use serde::{Deserialize, Serialize};

/// One configured check.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CustomCheck {
    /// Its name in the configuration, in events and in `policy.gating`.
    pub id: String,
    /// What people call it: "job failures".
    pub name: String,
    /// What is counted in, or what the gauge is a number of: "jobs"; empty when there is no word for it.
    pub unit: String,
    /// Which way is worse.
    pub worse: Worse,
    /// What is read.
    #[serde(flatten)]
    pub kind: Kind,
}

/// Which way is worse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Worse {
    /// More of it: failures, a longer queue.
    #[default]
    Higher,
    /// Less of it: conversions.
    Lower,
}

/// What a configured check reads.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Kind {
    /// Events, out of so many.
    Counts,
    /// A number that goes up and down.
    Gauge {
        /// What the instances' values make together.
        aggregate: Aggregate,
        /// Past it the check warns; null when there is none.
        limit: Option<f64>,
    },
}

/// What several values of a gauge make together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Aggregate {
    /// All of them added up.
    #[default]
    Sum,
    /// The largest.
    Max,
    /// Their mean.
    Mean,
}

/// What one page added to a configured check since the last usable one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Custom {
    /// Increments.
    Counts {
        /// What could have been an event.
        of: f64,
        /// What was one.
        events: f64,
    },
    /// The value now.
    Gauge {
        /// Of all series of the page.
        gauge: f64,
    },
}

impl CustomCheck {
    /// Whether it counts, and so can be compared and gate.
    #[must_use]
    pub const fn counts(&self) -> bool {
        matches!(self.kind, Kind::Counts)
    }

    /// What it counts in; "cases" where there is no word for it.
    #[must_use]
    pub fn counted_in(&self) -> &str {
        if self.unit.is_empty() { "cases" } else { &self.unit }
    }
}

impl Worse {
    /// Whether `value` is worse than `than`.
    #[must_use]
    pub fn is_past(self, value: f64, than: f64) -> bool {
        match self {
            Self::Higher => value > than,
            Self::Lower => value < than,
        }
    }
}

impl Aggregate {
    /// What the values make together; null without any.
    #[must_use]
    pub fn of(self, values: &[f64]) -> Option<f64> {
        let sum = || values.iter().sum::<f64>();
        match self {
            _ if values.is_empty() => None,
            Self::Sum => Some(sum()),
            Self::Max => values.iter().copied().reduce(f64::max),
            Self::Mean => Some(sum() / values.len() as f64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_page_said_is_written_and_read_again() {
        for (text, custom) in [
            (r#"{"of":120.0,"events":3.0}"#, Custom::Counts { of: 120.0, events: 3.0 }),
            (r#"{"gauge":-0.5}"#, Custom::Gauge { gauge: -0.5 }),
        ] {
            assert_eq!(serde_json::to_string(&custom).expect("finite"), text);
            assert_eq!(serde_json::from_str::<Custom>(text).expect("as written"), custom);
        }
    }

    #[test]
    fn a_check_is_written_and_read_again() {
        let gauge = Kind::Gauge { aggregate: Aggregate::Max, limit: Some(100.0) };
        for kind in [Kind::Counts, gauge] {
            let check = CustomCheck { id: "x".into(), name: "x".into(), unit: String::new(), worse: Worse::Lower, kind };
            let text = serde_json::to_string(&check).expect("finite");
            assert_eq!(serde_json::from_str::<CustomCheck>(&text).expect("as written"), check, "{text}");
        }
    }

    #[test]
    fn values_make_a_sum_a_maximum_or_a_mean() {
        let all = |values: &[f64]| [Aggregate::Sum, Aggregate::Max, Aggregate::Mean].map(|a| a.of(values));
        assert_eq!(all(&[1.0, 5.0, 3.0]), [Some(9.0), Some(5.0), Some(3.0)]);
        assert_eq!(all(&[]), [None; 3]);
    }
}
