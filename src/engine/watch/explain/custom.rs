//! What is behind a configured check: the words in which its counts differ from requests and errors, and the rule of a gauge.

use crate::{
    engine::{
        compare::{ERRORS_PROMOTE, Metric},
        custom::{Aggregate, CustomCheck, Kind, Worse},
        event::Reason,
        role::Role,
        watch::{Watch, checks::Check},
        words,
    },
    humanize,
};

impl Watch {
    /// The configured check behind a metric that counts.
    pub(super) fn custom(&self, metric: Metric) -> Option<&CustomCheck> {
        metric.custom(&self.setup.policy)
    }

    /// "job failures", as it stands in sentences; empty for the built-in metrics.
    pub(super) fn name_of(&self, metric: Metric) -> &str {
        self.custom(metric).map_or("", |check| &check.name)
    }

    /// What a metric counts in: "requests", "jobs".
    pub(super) fn counted_in(&self, metric: Metric) -> &str {
        self.custom(metric).map_or("requests", CustomCheck::counted_in)
    }

    /// What is tolerated of a configured check.
    pub(super) fn tolerated_of(&self, metric: Metric) -> String {
        let tolerance = self.setup.policy.tolerated();
        let margin = humanize::margin(tolerance.error_abs);
        match self.custom(metric).map(|check| check.worse) {
            Some(Worse::Lower) => format!("{} times less and {margin}", 1.0 + tolerance.error_rel),
            _ => format!("{} more and {margin}", humanize::share(tolerance.error_rel)),
        }
    }

    /// "the share of job failures is shown to stay under 1.5 times the baseline's and 0.5 pp".
    pub(super) fn promoted_when(&self, metric: Metric) -> String {
        let (name, margin) = (self.name_of(metric), humanize::margin(ERRORS_PROMOTE.margin));
        match self.custom(metric).map(|check| check.worse) {
            Some(Worse::Lower) => {
                format!(
                    "the share of {name} is shown to stay over the baseline's divided by {}, less {margin}",
                    ERRORS_PROMOTE.factor
                )
            }
            _ => format!("the share of {name} is shown to stay under {} times the baseline's and {margin}", ERRORS_PROMOTE.factor),
        }
    }

    /// Everything there is to say about a gauge.
    pub(super) fn explain_gauge(&self, check: &Check, place: usize) -> Vec<Reason> {
        let Some(custom) = self.setup.policy.checks.get(place) else { return Vec::new() };
        let Kind::Gauge { aggregate, limit } = custom.kind else { return Vec::new() };
        let names = &self.setup.names;
        let value = |role: Role| {
            let value = check.evidence.sides.of(role).value;
            let worded = value.map_or_else(|| "not known yet".to_owned(), |value| words::amount(value, &custom.unit));
            format!("{} {worded}", names.of(role))
        };
        let together = match aggregate {
            Aggregate::Sum => "the sum",
            Aggregate::Max => "the largest",
            Aggregate::Mean => "the mean",
        };
        let read = self.against().compared().iter().rev().map(|role| value(*role)).collect::<Vec<_>>().join(", ");
        let warns = match limit {
            Some(limit) => {
                let side = if custom.worse == Worse::Higher { "over" } else { "under" };
                format!("; warns when {} alone is {side} {} for two polls", names.candidate, words::amount(limit, &custom.unit))
            }
            None => String::new(),
        };
        vec![
            Reason::new("read", format!("{read}: {together} of all instances, at the newest poll")),
            Reason::new("test", "no statistical verdict: a gauge counts nothing, so chance cannot be told from a difference"),
            Reason::new("rule", format!("never passes and never fails{warns}")),
        ]
    }
}
