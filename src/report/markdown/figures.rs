//! The numbers of a report, worded.

use super::md;
use crate::{
    engine::{
        event::{CheckChange, Figures},
        recent::Sum,
    },
    humanize,
};

/// A p99 in milliseconds; infinite beyond the last bucket.
pub(super) fn p99(ms: f64) -> String {
    if ms.is_infinite() { "beyond the last bucket".to_owned() } else { humanize::latency(ms) }
}

/// "27 (2.15 %)".
pub(super) fn errors(sum: &Sum) -> String {
    let rate = sum.error_rate().map(|rate| format!(" ({})", humanize::rate(rate))).unwrap_or_default();
    format!("{}{rate}", humanize::count(sum.errors))
}

/// "1 254 requests, 2.15 % errors, p99 212 ms".
pub(super) fn seen(sum: &Sum) -> String {
    let requests = humanize::plural(sum.requests, "request", "requests");
    let errors = sum.error_rate().map(|rate| format!(", {} errors", humanize::rate(rate))).unwrap_or_default();
    let p99 = sum.p99().map(|ms| format!(", p99 {}", p99(ms))).unwrap_or_default();
    format!("{requests}{errors}{p99}")
}

/// The evidence of one check: both figures, the difference with its band, the limit, and how far it was to a rollback.
pub(super) fn values(change: &CheckChange, needed_nats: Option<f64>) -> Vec<String> {
    let evidence = &change.evidence;
    let side = |figures: &Figures| figure(&change.check, figures);
    let mut values = Vec::new();
    if let (Some(candidate), Some(baseline)) = (side(&evidence.sides.candidate), side(&evidence.sides.baseline)) {
        values.push(format!("candidate {candidate}, baseline {baseline}{}", difference(change)));
    }
    if let Some((nats, needed)) = evidence.rollback_nats.zip(needed_nats).filter(|(nats, _)| *nats > 0.0) {
        values.push(format!("{} of the evidence that rolls back", humanize::part(nats / needed)));
    }
    values.iter().map(|text| md(text)).collect()
}

fn figure(check: &str, figures: &Figures) -> Option<String> {
    let value = figures.value;
    match (check, figures.of) {
        ("latency", _) => value.map(|ms| format!("p99 {}", p99(ms))),
        ("traffic", _) => value.map(humanize::share_seen),
        ("restarts", _) => value.map(|n| humanize::plural(n, "restart", "restarts")),
        (_, Some(of)) => value.map(|n| format!("{} of {}", humanize::count(n), humanize::count(of))),
        _ => {
            let (n, bad) = (figures.requests.filter(|n| *n > 0.0)?, figures.bad?);
            Some(format!("{} of {} ({})", humanize::count(bad), humanize::count(n), humanize::rate(bad / n)))
        }
    }
}

fn difference(change: &CheckChange) -> String {
    let evidence = &change.evidence;
    let Some(difference) = evidence.difference else { return String::new() };
    let (value, band) = match change.check.as_str() {
        "latency" => (humanize::relative(difference), evidence.band.map(|(low, high)| humanize::relative_band(low, high))),
        _ if evidence.sides.candidate.bad.is_none() => return String::new(),
        _ => (humanize::points(difference), evidence.band.map(|(low, high)| humanize::points_band(low, high))),
    };
    band.map_or_else(|| format!(": {value}"), |band| format!(": {value} {band}"))
}
