//! The tables: one row a check, one a version, and the facts under them.

use std::time::Duration;

use super::super::{
    Watch,
    checks::{Check, What},
    draw::{band_of, single},
};
use crate::engine::{
    compare::{MIN_REQUESTS, Metric},
    custom::Worse,
    event::{Evidence, Figures},
    role::{Role, Sides},
    share,
    snapshot::{CheckRow, Measured, Side, Unit, VersionRow},
    stats::interval::{Z99, wilson},
    verdict::CheckVerdict,
    words,
};
use crate::humanize;

const NO_SENSE: &str = "–";

impl Watch {
    pub(super) fn check_rows(&self) -> Vec<CheckRow> {
        let mut rows: Vec<CheckRow> =
            self.checks.iter().filter_map(|c| Some((c, c.verdict?))).map(|(c, v)| self.row_of(c, v)).collect();
        rows.sort_by_key(|row| std::cmp::Reverse((row.gating, loudness(row.verdict))));
        rows
    }

    fn row_of(&self, check: &Check, verdict: CheckVerdict) -> CheckRow {
        let (difference, band) = self.difference(check);
        let figures = |role| check.evidence.sides.of(role);
        let counts = matches!(check.what, What::Metric(_));
        CheckRow {
            id: check.id.clone(),
            name: check.name.clone(),
            verdict,
            values: Sides::build(|role| value(check.what, figures(role), self.p99(role))),
            difference,
            band,
            requests: figures(Role::Candidate).requests.filter(|_| counts).map(humanize::count).unwrap_or_default(),
            sentence: check.sentence.text(),
            gating: self.setup.policy.gates(&check.id),
            explanation: [self.explain(check), self.asked(check)].concat(),
            measured: self.measured(check),
            copy: check.copy.clone(),
        }
    }

    /// The difference in numbers, where it has a band.
    fn measured(&self, check: &Check) -> Option<Measured> {
        match check.what {
            What::Metric(metric) => {
                let unit = if metric == Metric::Latency { Unit::Relative } else { Unit::Points };
                let is_mirrored = metric.custom(&self.setup.policy).is_some_and(|custom| custom.worse == Worse::Lower);
                Some(Measured {
                    band: band_of(&check.evidence)?,
                    tolerated: single(self.tolerated(metric)?),
                    unit,
                    worse: if is_mirrored { Side::Below } else { Side::Above },
                })
            }
            What::Traffic => {
                let asked = self.weight?;
                let n = |role| check.evidence.sides.of(role).requests;
                let candidate = n(Role::Candidate)?;
                let (low, high) = wilson(candidate, candidate + n(Role::Baseline)?, Z99)?;
                let band = Some((low - asked, high - asked));
                Some(Measured {
                    band: band_of(&Evidence { band, ..check.evidence.clone() })?,
                    tolerated: single(share::tolerated(asked)),
                    unit: Unit::Points,
                    worse: Side::Both,
                })
            }
            What::Health | What::Restarts | What::Gauge(_) => None,
        }
    }

    /// A metric of one version since warm-up, worded.
    pub(in crate::engine::watch) fn figure(&self, role: Role, metric: Metric) -> String {
        value(What::Metric(metric), self.check_of(metric).evidence.sides.of(role), self.p99(role))
    }

    fn p99(&self, role: Role) -> Option<f64> {
        self.step.since.of(role).p99()
    }

    /// The difference and its band, or a remark in its place.
    fn difference(&self, check: &Check) -> (String, String) {
        let evidence = &check.evidence;
        match check.what {
            What::Metric(Metric::Errors | Metric::Custom(_)) => (
                evidence.difference.map(humanize::points).unwrap_or_default(),
                evidence.band.map(|(low, high)| humanize::points_band(low, high)).unwrap_or_default(),
            ),
            What::Metric(Metric::Latency) => {
                let n = evidence.sides.candidate.requests.unwrap_or(0.0);
                let difference = evidence.difference.map(humanize::relative).unwrap_or_default();
                let band = evidence.band.map(|(low, high)| humanize::relative_band(low, high));
                let thin = (n < MIN_REQUESTS && !difference.is_empty())
                    .then(|| format!("{} of {}", humanize::count(n), humanize::count(MIN_REQUESTS)));
                (difference, thin.or(band).unwrap_or_default())
            }
            What::Traffic => (
                evidence.difference.map(|d| format!("{:+.1} pp", d * 100.0).replace("-0.0", "+0.0")).unwrap_or_default(),
                self.weight.map(|w| format!("asked {}", humanize::share(w))).unwrap_or_default(),
            ),
            What::Gauge(_) => {
                (String::new(), evidence.limit.map(|limit| format!("limit {}", humanize::number(limit))).unwrap_or_default())
            }
            What::Health | What::Restarts => (String::new(), String::new()),
        }
    }

    /// "since warm-up, 6m30s".
    pub(super) fn checks_span(&self) -> String {
        let seconds = if self.step.is_warm { self.step_seconds() } else { self.step_seconds() - self.setup.policy.warmup_s };
        let span = humanize::duration(Duration::from_secs_f64(seconds.max(0.0)));
        if let Some(at) = self.ended.as_ref().and(self.step.convicted_at) {
            return format!("at the decision, {}", humanize::clock(at));
        }
        if let Some(at) = self.sources.blind().and_then(|(_, pages)| pages.last_page) {
            return format!("last known, {}", humanize::clock(at));
        }
        if self.step.is_warm { format!("while warming up, {span}") } else { format!("since warm-up, {span}") }
    }

    pub(super) fn version_rows(&self) -> Sides<VersionRow> {
        Sides::build(|role| VersionRow {
            name: self.shown_name(role),
            share: self
                .weight
                .map_or_else(|| NO_SENSE.to_owned(), |w| humanize::share(if role == Role::Candidate { w } else { 1.0 - w })),
            ready: self.step.health.ready(role),
            rate: self.recent.rate(role, self.last_poll()).map_or_else(|| "?/s".to_owned(), humanize::per_second),
            age: self.ages().of(role).map(humanize::duration).unwrap_or_default(),
            checks: self.step.health.checks(role),
        })
    }

    /// A version's name, as the head of its column.
    fn shown_name(&self, role: Role) -> String {
        if self.against().compared().contains(&role) { self.setup.names.of(role).clone() } else { "none".to_owned() }
    }

    pub(super) fn facts(&self) -> Vec<(String, String)> {
        let mut facts = Vec::new();
        let seen = self.checks[4].evidence.sides.candidate.value;
        if let Some(weight) = self.weight {
            let seen = seen.map(|s| format!("   seen {}", humanize::share_seen(s))).unwrap_or_default();
            facts.push(("asked".to_owned(), format!("{}{seen}", humanize::share(weight))));
        }
        facts.push(("baseline".to_owned(), self.baseline_words()));
        facts.extend(self.detects().map(|detects| ("detects".to_owned(), detects)));
        if let Some(error) = &self.rollout_error {
            facts.push(("backend".to_owned(), error.clone()));
        }
        facts
    }
}

/// Rows stand worst first; among the quiet ones the fixed order stays.
const fn loudness(verdict: CheckVerdict) -> u8 {
    match verdict {
        CheckVerdict::Pass | CheckVerdict::Muted => 0,
        other => other.rank(),
    }
}

/// One version's figure, worded.
fn value(what: What, figures: &Figures, p99: Option<f64>) -> String {
    let text = match what {
        What::Metric(Metric::Errors | Metric::Custom(_)) => figures.value.map(humanize::rate),
        What::Metric(Metric::Latency) => p99.map(words::p99_short),
        What::Traffic => figures.value.map(humanize::share_seen),
        What::Health => figures.value.zip(figures.of).map(|(up, all)| format!("{up}/{all}")),
        What::Restarts => figures.value.map(humanize::count),
        What::Gauge(_) => figures.value.map(humanize::number),
    };
    text.unwrap_or_else(|| NO_SENSE.to_owned())
}
