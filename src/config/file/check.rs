//! `[checks.NAME]`: checks of your own, on whatever the metrics pages hold.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::custom;

/// `[checks.NAME]`: either `events` and `of`, or `gauge`. NAME is the check's id.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// The counter of what is good or bad: failed jobs, orders. Compared like errors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<String>,
    /// Labels that a series of `events` must have to count. Values are whole-text regular expressions.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub events_where: BTreeMap<String, String>,
    /// The counter of what could have been such an event: all jobs, all visits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// Labels that a series of `of` must have to count.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub of_where: BTreeMap<String, String>,
    /// A number that goes up and down, or a ratio: the depth of a queue. It is shown and may warn; there is no statistical verdict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gauge: Option<String>,
    /// Labels that a series of `gauge` must have to count.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub gauge_where: BTreeMap<String, String>,
    /// What the values of a gauge make together, over its series and over instances; default `sum`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aggregate: Option<Aggregate>,
    /// A gauge warns when the candidate alone is past it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<f64>,
    /// Which way is worse.
    #[serde(default)]
    pub worse: Worse,
    /// What people call it; default NAME.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What is counted in, or what a gauge is a number of: `jobs`. Default: the name of `of` without `_total`; none for a gauge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

/// `[checks.NAME] worse`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Worse {
    /// More of it is worse: failures, a longer queue.
    #[default]
    Higher,
    /// Less of it is worse: orders of visits. Shares up to 0.75 % are too small to pass.
    Lower,
}

/// `[checks.NAME] aggregate`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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

impl Check {
    /// The check as the engine judges it.
    pub(in crate::config) fn judged(&self, id: &str) -> custom::CustomCheck {
        let spaced = |text: &str| text.replace(['_', '-'], " ");
        let counted_in = || self.of.as_deref().map(|of| spaced(of.strip_suffix("_total").unwrap_or(of)));
        let kind = match self.gauge {
            Some(_) => custom::Kind::Gauge { aggregate: self.aggregate.unwrap_or_default().into(), limit: self.limit },
            None => custom::Kind::Counts,
        };
        custom::CustomCheck {
            id: id.to_owned(),
            name: self.name.clone().unwrap_or_else(|| spaced(id)),
            unit: self.unit.clone().or_else(counted_in).unwrap_or_default(),
            worse: match self.worse {
                Worse::Higher => custom::Worse::Higher,
                Worse::Lower => custom::Worse::Lower,
            },
            kind,
        }
    }
}

impl From<Aggregate> for custom::Aggregate {
    fn from(aggregate: Aggregate) -> Self {
        match aggregate {
            Aggregate::Sum => Self::Sum,
            Aggregate::Max => Self::Max,
            Aggregate::Mean => Self::Mean,
        }
    }
}
