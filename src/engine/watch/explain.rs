//! What is behind a check's verdict, worded once for the screen, the journal and a report: what was counted, how far the evidence is from
//! either decision, how long that takes at this traffic, by which test, and what would change it.

mod alone;
mod asked;
mod custom;
mod outlook;
mod plain;

pub(super) use asked::bare;

use super::{
    Watch,
    checks::{Check, What},
};
use crate::{
    engine::{
        compare::{ERRORS_PROMOTE, LATENCY_PROMOTE, Metric},
        event::{Evidence, Reason},
        policy::BaselineMode,
        role::Role,
        stats::ratio::Null,
        words,
    },
    humanize,
};

impl Watch {
    /// Everything there is to say about the check with this index.
    pub(super) fn explain(&self, check: &Check) -> Vec<Reason> {
        match check.what {
            What::Metric(metric) => self.explain_metric(metric, &check.evidence),
            What::Health => self.explain_health(),
            What::Restarts => self.explain_restarts(),
            What::Traffic => self.explain_traffic(),
            What::Gauge(place) => self.explain_gauge(check, place),
        }
    }

    fn explain_metric(&self, metric: Metric, evidence: &Evidence) -> Vec<Reason> {
        if self.against() == BaselineMode::Static {
            return self.explain_alone(metric, evidence);
        }
        let mut reasons = vec![self.counted(metric, evidence)];
        reasons.extend(self.difference_of(metric, evidence));
        reasons.extend(self.noise(metric).map(|noise| {
            Reason::new("noise", format!("counts scatter {noise:.2} times as much as plain chance, measured on the polls before"))
        }));
        if !metric.gates(&self.setup.policy) {
            let rule = match metric {
                Metric::Errors | Metric::Latency => "does not gate: nothing follows from it",
                Metric::Custom(_) => "does not gate: warns at half the evidence that would convict, and nothing follows from it",
            };
            reasons.push(Reason::new("rule", rule));
            return reasons;
        }
        reasons.extend(self.suspect_of(metric));
        reasons.push(self.rollback_outlook(metric));
        if self.against().may_pass() {
            reasons.push(self.promote_outlook(metric));
            reasons.push(self.test(metric));
            reasons.push(self.rule(metric));
        } else {
            reasons.extend([self.never_promotes(), self.test(metric), self.rule_alone(metric)]);
        }
        reasons.extend(self.detects_reason(metric));
        if self.against().may_pass() {
            reasons.extend(self.changes(metric));
        }
        reasons
    }

    fn counted(&self, metric: Metric, evidence: &Evidence) -> Reason {
        let bound = self.background.middle_edge().map(|edge| humanize::latency(edge.le_ms));
        let what = match (metric, &bound) {
            (Metric::Errors, _) => "failed".to_owned(),
            (Metric::Latency, Some(bound)) => format!("took longer than {bound}"),
            (Metric::Latency, None) => "were slow (no bucket bound is near the p99 yet)".to_owned(),
            (Metric::Custom(_), _) => format!("in {}", self.name_of(metric)),
        };
        let side = |role: Role| {
            let figures = evidence.sides.of(role);
            let (n, bad) = (figures.requests.unwrap_or(0.0), figures.bad.unwrap_or(0.0));
            let share = if n > 0.0 { humanize::rate(bad / n) } else { "no rate".to_owned() };
            let p99 = match (metric, figures.value) {
                (Metric::Latency, Some(p99)) => format!(", p99 {}", words::p99_text(p99)),
                _ => String::new(),
            };
            format!("{} {} of {} ({share}{p99})", self.setup.names.of(role), humanize::count(bad), humanize::count(n))
        };
        let since = if self.step.is_warm { "while warming up" } else { "since warm-up" };
        let counted_in = self.counted_in(metric);
        Reason::new("counted", format!("{} and {} {counted_in} {what}, {since}", side(Role::Candidate), side(Role::Baseline)))
    }

    /// The instance that fails most, where they are compared one by one.
    fn suspect_of(&self, metric: Metric) -> Option<Reason> {
        let suspect = self.step.compare.suspect().filter(|s| metric == Metric::Errors && s.requests > 0.0)?;
        let share = humanize::rate(suspect.errors / suspect.requests);
        let (errors, requests) = (humanize::count(suspect.errors), humanize::count(suspect.requests));
        Some(Reason::new("instances", format!("{} speaks most against it: {errors} of {requests} failed ({share})", suspect.name)))
    }

    fn difference_of(&self, metric: Metric, evidence: &Evidence) -> Option<Reason> {
        let difference = evidence.difference?;
        let tolerance = self.setup.policy.tolerated();
        let (shown, tolerated) = match metric {
            Metric::Errors => (
                humanize::points(difference),
                format!("{} more and {}", humanize::share(tolerance.error_rel), humanize::margin(tolerance.error_abs)),
            ),
            Metric::Latency => (humanize::relative(difference), format!("{} longer", humanize::share(tolerance.latency_rel))),
            Metric::Custom(_) => (humanize::points(difference), self.tolerated_of(metric)),
        };
        let band = evidence.band.map(|(low, high)| {
            let (low, high) = match metric {
                Metric::Errors | Metric::Custom(_) => (humanize::points(low), humanize::points(high)),
                Metric::Latency => (humanize::relative(low), humanize::relative(high)),
            };
            format!(", between {low} and {high} (95 % confidence sequence: holds at every look at once)")
        });
        let text = format!("{shown}{}; tolerated: {tolerated}", band.unwrap_or_default());
        Some(Reason::new("difference", text))
    }

    fn test(&self, metric: Metric) -> Reason {
        let what = match metric {
            Metric::Errors => "how errors split between the versions".to_owned(),
            Metric::Custom(_) => format!("how {} split between the versions", self.name_of(metric)),
            Metric::Latency if !self.step.compare.has_latency() => "how slow requests split between the versions".to_owned(),
            Metric::Latency => {
                let bounds = self.background.edges().unwrap_or_default().iter().map(|edge| humanize::latency(edge.le_ms));
                let bounds: Vec<String> = bounds.collect();
                format!("how slow requests split between the versions, at the bucket bounds {}", bounds.join(", "))
            }
        };
        let promise = self.promise();
        Reason::new(
            "test",
            format!(
                "sequential likelihood ratio on {what}, over six sizes and every moment it may have begun; {promise}; assumes independent \
                 requests, widened by the noise"
            ),
        )
    }

    fn rule(&self, metric: Metric) -> Reason {
        let stay = |subject: &str, null: Null| {
            format!("{subject} are shown to stay under {} times the baseline's and {}", null.factor, humanize::margin(null.margin))
        };
        let when = match metric {
            Metric::Errors => stay("errors", ERRORS_PROMOTE),
            Metric::Latency => stay("requests beyond the bound nearest the p99", LATENCY_PROMOTE),
            Metric::Custom(_) => self.promoted_when(metric),
        };
        let steps = self.step.compare.ladder().steps();
        let ladder = if steps > 1 { format!(", shared by {steps} steps") } else { String::new() };
        Reason::new(
            "rule",
            format!(
                "rolls back at 100 % when the last 30 s were bad too and two polls of the last minute were; {} of the alarm budget{ladder}; \
                 promotes when {when}",
                humanize::share(self.step.compare.budget(metric)),
            ),
        )
    }
}
