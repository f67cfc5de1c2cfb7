//! From a metrics page to the totals the engine takes in: which families count requests, errors and latencies.
//!
//! Either the configuration names them, or they are found by the names that client libraries write. What a page does not give is said
//! in a sentence and stays missing; nothing is ever put in its place. Counters stay totals here: the engine makes increments of them.

mod convention;
mod counts;
mod custom;
mod family;
mod pattern;

use std::{collections::BTreeMap, time::Duration};

use self::{
    custom::{Both, Checks, CustomRead},
    family::{Family, Picker},
    pattern::Selector,
};
use super::exposition::{self, Limits, Refusal};
use crate::{
    config::file,
    engine::{
        intake::{Counter, Histogram, Totals},
        sample::Missing,
        time::Time,
    },
};

/// Numbers that are older are of no use: their source has not been heard of since.
pub(super) const STALE: Duration = Duration::from_mins(5);

/// Reads the pages of one version.
#[derive(Clone, Debug)]
pub struct Reader {
    named: Option<Named>,
    select: Selector,
    checks: Checks,
    limits: Limits,
}

/// The families that a configuration names.
#[derive(Clone, Debug)]
struct Named {
    requests: String,
    errors: Selector,
    latency: Option<String>,
}

/// A page as it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// What the engine takes in.
    pub totals: Totals,
    /// The convention that the page was read by; none when the configuration names the metrics, or when there is none.
    pub found: Option<Found>,
    /// What is worth knowing besides.
    pub remarks: Vec<String>,
}

/// A convention that was found on a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    known: usize,
    /// Which one, and what on the page says so.
    pub sentence: String,
}

impl Found {
    /// Whether both are the same library's names, whatever of them was on the page.
    pub(super) const fn is_like(&self, other: &Self) -> bool {
        self.known == other.known
    }
}

impl Reader {
    /// A reader of the families that a configuration names, or of those that client libraries write.
    ///
    /// # Errors
    /// The key whose regular expression is none.
    pub fn build(metrics: Option<&file::Metrics>, limits: Limits) -> Result<Self, String> {
        let named = metrics.map(Named::build).transpose()?;
        Ok(Self { named, select: Selector::default(), checks: Checks::default(), limits })
    }

    /// The same reader, of those series only whose labels match the patterns.
    ///
    /// # Errors
    /// The key whose regular expression is none.
    pub fn selecting(self, patterns: &BTreeMap<String, String>) -> Result<Self, String> {
        let select = Selector::build(patterns).map_err(|why| format!("select: {why}"))?;
        Ok(Self { select, ..self })
    }

    /// The same reader, which reads what a configuration's own checks want as well.
    ///
    /// # Errors
    /// The key whose regular expression is none.
    pub fn checking(self, checks: &BTreeMap<String, file::Check>) -> Result<Self, String> {
        Ok(Self { checks: Checks::build(checks)?, ..self })
    }

    /// Reads one page that was received at `now`. The convention found `before` on this endpoint is kept as long as it fits.
    ///
    /// # Errors
    /// When the page is no metrics page or breaks its format: nothing on it is used then.
    pub fn read(&self, page: &[u8], content_type: Option<&str>, before: Option<&Found>, now: Time) -> Result<Reading, Refusal> {
        let format = exposition::format_of(content_type, page)?;
        let mut picker = Picker::new(self.wanted(), &self.select, format);
        let families = self.checks.families();
        let custom = if families.is_empty() {
            exposition::parse(page, format, self.limits, &mut picker)?;
            CustomRead::default()
        } else {
            let mut more = Picker::new(families, &self.select, format);
            exposition::parse(page, format, self.limits, &mut Both(&mut picker, &mut more))?;
            self.checks.read(&more, now)
        };
        let mut reading = match &self.named {
            Some(named) => named.read(&picker, now),
            None => by_convention(&picker, before, now),
        };
        reading.totals.custom = custom.totals;
        reading.totals.missing.custom = custom.missing;
        reading.remarks.extend(custom.remarks);
        Ok(reading)
    }

    fn wanted(&self) -> Vec<String> {
        match &self.named {
            Some(named) => {
                let latency = named.latency.iter().filter(|latency| **latency != named.requests);
                [&named.requests].into_iter().chain(latency).cloned().collect()
            }
            None => convention::families().map(str::to_owned).collect(),
        }
    }
}

impl Named {
    fn build(metrics: &file::Metrics) -> Result<Self, String> {
        let errors = Selector::build(&metrics.errors).map_err(|why| format!("metrics.errors: {why}"))?;
        // A histogram is often named by one of its parts.
        let latency = metrics.latency.as_ref().map(|name| name.strip_suffix("_bucket").unwrap_or(name).to_owned());
        Ok(Self { requests: metrics.requests.clone(), errors, latency })
    }

    fn read(&self, picker: &Picker<'_, '_>, now: Time) -> Reading {
        let mut remarks = Vec::new();
        let requests = match picker.family(&self.requests) {
            Some(family) => {
                remarks.extend(self.remark(family));
                counts::counters(family, |labels| self.errors.matches(labels), now)
            }
            None => Err(counts::absent(&self.requests)),
        };
        let latency = match &self.latency {
            Some(name) => {
                let (to_ms, remark) = unit(name);
                remarks.extend(remark);
                let family = picker.family(name).ok_or_else(|| counts::absent(name));
                family.and_then(|family| counts::histograms(family, to_ms, now))
            }
            None => Err("[metrics] names no latency histogram".to_owned()),
        };
        Reading { totals: totals(requests, latency, picker.process_start_s()), found: None, remarks }
    }

    /// No error is no error; but a label that no series has may as well be misspelt.
    fn remark(&self, family: &Family<'_>) -> Option<String> {
        let has = |name: &str| family.plain.iter().any(|series| series.labels.iter().any(|label| label.name.is(name)));
        let missing = self.errors.names().find(|name| !family.plain.is_empty() && !has(name))?;
        Some(format!("no series of {} has the label {missing} of metrics.errors so far, so none counts as an error", self.requests))
    }
}

/// Milliseconds in a histogram's unit, by its name; Prometheus counts time in seconds where a name is silent.
fn unit(name: &str) -> (f64, Option<String>) {
    match name {
        _ if name.ends_with("_seconds") => (1000.0, None),
        _ if name.ends_with("_milliseconds") || name.ends_with("_ms") => (1.0, None),
        _ if name.ends_with("_microseconds") || name.ends_with("_us") => (0.001, None),
        _ => (1000.0, Some(format!("the name {name} has no unit: its bounds are read as seconds"))),
    }
}

fn by_convention(picker: &Picker<'_, '_>, before: Option<&Found>, now: Time) -> Reading {
    match convention::choose(picker, before.map(|found| found.known), now) {
        Some((known, read)) => {
            Reading { totals: read.totals, found: Some(Found { known, sentence: read.sentence }), remarks: Vec::new() }
        }
        None => Reading { totals: convention::nothing(picker), found: None, remarks: Vec::new() },
    }
}

/// What there is, and the sentences about what there is not.
fn totals(requests: Result<Vec<Counter>, String>, latency: Result<Vec<Histogram>, String>, process_start_s: Option<f64>) -> Totals {
    let (errors, slow) = (requests.as_ref().err().cloned(), latency.as_ref().err().cloned());
    let missing = Missing { errors, latency: slow, ..Missing::default() };
    Totals { requests: requests.ok(), latency: latency.ok(), process_start_s, missing, ..Totals::default() }
}
