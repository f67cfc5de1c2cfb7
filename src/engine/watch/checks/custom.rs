//! Checks that the configuration adds: those that count are judged like errors, a gauge is shown and may warn.

use super::{Finding, What};
use crate::engine::{
    compare::{ERRORS_PROMOTE, Metric},
    custom::{Aggregate, Custom, CustomCheck, Kind, Worse},
    event::{Evidence, Figures},
    policy::BaselineMode,
    role::{Role, Sides},
    sample::{Sample, SourceKind},
    snapshot::Sentence,
    stats::sequence::{self, Share},
    verdict::CheckVerdict,
    watch::Watch,
    words::{self, Say},
};
use crate::humanize;

/// Polls in a row past its limit before a gauge warns.
const PAST_POLLS: u32 = 2;

/// What a gauge shows.
#[derive(Clone, Debug, Default)]
pub(in crate::engine::watch) struct Gauge {
    values: Sides<Option<f64>>,
    /// Polls in a row in which each version was past the limit.
    past: Sides<u32>,
}

impl Watch {
    /// Reads every gauge off the pages of one poll. What is not known now stays as it was.
    pub(in crate::engine::watch) fn see_gauges(&mut self, samples: &[Sample]) {
        for check in &self.setup.policy.checks {
            let Kind::Gauge { aggregate, limit } = check.kind else { continue };
            let gauge = self.gauges.entry(check.id.clone()).or_default();
            for role in Role::BOTH {
                let Some(value) = value(&check.id, aggregate, role, samples) else { continue };
                *gauge.values.of_mut(role) = Some(value);
                let past = gauge.past.of_mut(role);
                *past = if limit.is_some_and(|limit| check.worse.is_past(value, limit)) { past.saturating_add(1) } else { 0 };
            }
        }
    }

    /// What a configured check counted, compared like errors.
    pub(super) fn counted_evidence(&self, metric: Metric) -> Evidence {
        let id = metric.check(&self.setup.policy);
        let counted = self.step.since.map(|sum| sum.counted(id));
        let rate = |role: Role| Some(*counted.of(role)).filter(|(n, _)| *n > 0.0).map(|(n, bad)| bad / n);
        let share = |role: Role| Share { n: counted.of(role).0, bad: counted.of(role).1 };
        let compare = &self.step.compare;
        Evidence {
            sides: Sides::build(|role| Figures {
                requests: Some(counted.of(role).0),
                bad: Some(counted.of(role).1),
                value: rate(role),
                of: None,
            }),
            difference: rate(Role::Candidate).zip(rate(Role::Baseline)).map(|(c, b)| c - b),
            band: sequence::difference(share(Role::Candidate), share(Role::Baseline), self.noise(metric).unwrap_or(1.0)),
            limit: None,
            rollback_nats: Some(compare.weighted(metric)).filter(|nats| nats.is_finite()),
            promote_nats: Some(compare.promotes(metric).0),
        }
    }

    /// How the versions differ in what a configured check counts.
    pub(super) fn counted_sentence(&self, metric: Metric) -> Sentence {
        let evidence = &self.check_of(metric).evidence;
        metric.custom(&self.setup.policy).map_or_else(Sentence::default, |c| words::counts_differ(&self.setup.names, c, evidence))
    }

    /// A configured check has only the baseline to be compared with.
    pub(super) fn nothing_to_compare(&self, metric: Metric) -> Option<Sentence> {
        let check = metric.custom(&self.setup.policy).filter(|_| self.against() == BaselineMode::Static)?;
        Some(Sentence::plain(format!("Nothing to compare {} with: there is no baseline", check.name)))
    }

    /// Where less is worse and the baseline has hardly any, nothing could be too few: then it cannot pass either.
    pub(in crate::engine::watch) fn too_rare(&self, metric: Metric) -> Option<Sentence> {
        let check = metric.custom(&self.setup.policy).filter(|check| check.worse == Worse::Lower)?;
        let needed = ERRORS_PROMOTE.factor * ERRORS_PROMOTE.margin;
        let share = self.check_of(metric).evidence.sides.baseline.value.filter(|share| *share <= needed)?;
        let say = Say::new().strong(format!("Too few {} of ", check.name)).baseline(&self.setup.names);
        let say =
            say.strong(" to tell whether there are fewer").text(format!(": {} of {}", humanize::rate(share), check.counted_in()));
        Some(say.then().text(format!(", more than {} needed", humanize::share(needed))).done())
    }

    /// A gauge: both values, and a warning past its limit. It never passes and never fails.
    pub(super) fn gauge(&self, place: usize) -> Finding {
        let Some(check) = self.setup.policy.checks.get(place) else {
            return Finding { verdict: CheckVerdict::Muted, sentence: Sentence::default(), evidence: Evidence::default() };
        };
        let gauge = self.gauges.get(&check.id).cloned().unwrap_or_default();
        let sides = gauge.values.map(|value| Figures { value: *value, ..Figures::default() });
        let limit = if let Kind::Gauge { limit, .. } = check.kind { limit } else { None };
        let (verdict, sentence) = self.gauge_verdict(check, &gauge, limit);
        Finding { verdict, sentence, evidence: Evidence { sides, limit, ..Evidence::default() } }
    }

    fn gauge_verdict(&self, check: &CustomCheck, gauge: &Gauge, limit: Option<f64>) -> (CheckVerdict, Sentence) {
        let names = &self.setup.names;
        if let Some(blind) = self.blind_sentence() {
            return (CheckVerdict::ProviderError, blind);
        }
        let compared = self.against().compared().iter().rev();
        let missing = compared.clone().find_map(|r| Some((*r, self.sources.of(*r).missing.custom.get(&check.id)?)));
        if let Some((role, missing)) = missing {
            return (CheckVerdict::NoData, Say::new().version(role, names).text(format!(": {missing}")).done());
        }
        let is_past = |role: Role| *gauge.past.of(role) >= PAST_POLLS;
        let say = Say::new();
        let (verdict, say) = match limit.map(|limit| words::amount(limit, &check.unit)) {
            Some(limit) if is_past(Role::Candidate) && is_past(Role::Baseline) => {
                let text = format!("Both versions are past the limit of {limit} in {}", check.name);
                (CheckVerdict::Shared, say.strong(text).text(": "))
            }
            Some(limit) if is_past(Role::Candidate) => {
                let text = format!(" is past the limit of {limit} in {}", check.name);
                (CheckVerdict::Warn, say.candidate(names).strong(text).text(": "))
            }
            _ => (CheckVerdict::Muted, say.text(format!("No statistical verdict: {} is a gauge, ", check.name))),
        };
        let worded = |role: Role| gauge.values.of(role).map_or_else(|| "nothing yet".to_owned(), |v| words::amount(v, &check.unit));
        let say = say.text(worded(Role::Candidate));
        if self.against() == BaselineMode::Static {
            return (verdict, say.done());
        }
        (verdict, say.then().text(format!(" against {}", worded(Role::Baseline))).done())
    }
}

impl What {
    /// What the configured check at this place of the policy is.
    pub(super) const fn of(check: &CustomCheck, place: usize) -> Self {
        if check.counts() { Self::Metric(Metric::Custom(place)) } else { Self::Gauge(place) }
    }
}

/// A version's value in one poll. A sum needs every instance's page.
fn value(id: &str, aggregate: Aggregate, role: Role, samples: &[Sample]) -> Option<f64> {
    let mine = || samples.iter().filter(|s| s.role == role && s.source == SourceKind::Metrics);
    if aggregate == Aggregate::Sum && mine().any(|s| !s.ok) {
        return None;
    }
    let gauge = |sample: &Sample| match sample.custom.get(id)? {
        Custom::Gauge { gauge } => Some(*gauge),
        Custom::Counts { .. } => None,
    };
    let values: Vec<f64> = mine().filter_map(gauge).collect();
    aggregate.of(&values)
}
