//! From a family's samples to the counters and histograms the engine takes in, or to the sentence that says why not.
//!
//! One bad series makes its whole family unusable: leaving it out would change what the others add up to.

use std::collections::HashMap;

use super::{
    STALE,
    family::{Family, HistogramSeries, Series},
};
use crate::{
    engine::{
        intake::{Counter, Histogram},
        time::Time,
    },
    humanize,
    source::exposition::{Kind, Label, key},
    text,
};

/// The family's own samples as counters.
pub(super) fn counters(family: &Family<'_>, is_error: impl Fn(&[Label<'_>]) -> bool, now: Time) -> Result<Vec<Counter>, String> {
    let name = &family.name;
    match family.kind {
        _ if !family.is_present => return Err(absent(name)),
        Some(Kind::Gauge) => return Err(format!("{name} is a gauge: requests are counted by a counter")),
        Some(Kind::Histogram | Kind::Summary) => {
            return Err(format!("{name} is no counter: its requests are counted by {name}_count"));
        }
        _ => {}
    }
    family.plain.iter().map(|series| counter(name, series, &is_error, now)).collect()
}

/// How many observations a histogram or summary has, as counters.
pub(super) fn observations(
    family: &Family<'_>,
    is_error: impl Fn(&[Label<'_>]) -> bool,
    now: Time,
) -> Result<Vec<Counter>, String> {
    let name = &family.name;
    if !family.is_present {
        return Err(absent(name));
    }
    if family.counts.is_empty() && !(family.histograms.is_empty() && family.plain.is_empty()) {
        return Err(format!("{name} has no {name}_count, so its requests cannot be counted"));
    }
    let name = format!("{name}_count");
    family.counts.iter().map(|series| counter(&name, series, &is_error, now)).collect()
}

/// One series as a counter.
pub(super) fn counter(
    name: &str,
    series: &Series<'_>,
    is_error: impl Fn(&[Label<'_>]) -> bool,
    now: Time,
) -> Result<Counter, String> {
    fresh(name, &series.labels, series.timestamp_ms, now)?;
    if !is_count(series.value) {
        return Err(format!("{} is {}, which no counter can be", shown(name, &series.labels), series.value));
    }
    Ok(Counter { key: key(&series.labels), total: series.value, is_error: is_error(&series.labels) })
}

/// One series as a gauge.
pub(super) fn value(name: &str, series: &Series<'_>, now: Time) -> Result<f64, String> {
    fresh(name, &series.labels, series.timestamp_ms, now)?;
    if series.value.is_finite() { Ok(series.value) } else { Err(format!("{} is {}", shown(name, &series.labels), series.value)) }
}

/// The family as latency histograms; `to_ms` turns its unit into milliseconds.
pub(super) fn histograms(family: &Family<'_>, to_ms: f64, now: Time) -> Result<Vec<Histogram>, String> {
    let name = &family.name;
    let has_quantiles = family.plain.iter().any(|series| series.labels.iter().any(|label| label.name.is("quantile")));
    match family.kind {
        _ if !family.is_present => return Err(absent(name)),
        Some(Kind::Summary) => return Err(summary(name)),
        _ if has_quantiles => return Err(summary(name)),
        Some(Kind::Counter | Kind::Gauge) => return Err(format!("{name} is no histogram")),
        _ => {}
    }
    if family.histograms.is_empty() && !(family.counts.is_empty() && family.plain.is_empty()) {
        return Err(format!("{name} has no buckets"));
    }
    let counts: HashMap<String, f64> = family.counts.iter().map(|count| (key(&count.labels), count.value)).collect();
    let histogram = |found: &HistogramSeries<'_>| {
        fresh(name, &found.labels, found.timestamp_ms, now)?;
        let buckets = sound(&found.buckets, counts.get(&found.key).copied())
            .map_err(|why| format!("{} is unusable: {why}", shown(name, &found.labels)))?;
        let (le_ms, count) = buckets.into_iter().map(|(le, n)| (milliseconds(le, to_ms), n)).unzip();
        Ok(Histogram { key: found.key.clone(), le_ms, count })
    };
    family.histograms.iter().map(histogram).collect()
}

/// The buckets by rising bound, if they are those of a histogram.
fn sound(buckets: &[(Option<f64>, f64)], count: Option<f64>) -> Result<Vec<(f64, f64)>, String> {
    let bounded: Option<Vec<_>> = buckets.iter().map(|(le, n)| le.map(|le| (le, *n))).collect();
    let mut buckets = bounded.ok_or("a bucket has no bound le, or one that is no number")?;
    buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
    let Some(&(f64::INFINITY, all)) = buckets.last() else {
        return Err("it has no bucket le=\"+Inf\"".to_owned());
    };
    if let Some((le, n)) = buckets.iter().find(|(_, n)| !is_count(*n)) {
        return Err(format!("its bucket le=\"{}\" is {n}", bound(*le)));
    }
    for pair in buckets.windows(2) {
        let ((low, fewer), (le, n)) = (pair[0], pair[1]);
        if low.total_cmp(&le).is_eq() {
            return Err(format!("it has two buckets le=\"{}\"", bound(le)));
        }
        if n < fewer {
            return Err(format!("its buckets fall from {fewer} to {n} at le=\"{}\"", bound(le)));
        }
    }
    match count {
        Some(count) if count.total_cmp(&all).is_ne() => Err(format!("its count is {count}, but its bucket le=\"+Inf\" is {all}")),
        _ => Ok(buckets),
    }
}

/// A bound in milliseconds, rounded to a millionth of one, so that 1.001 s is 1001 ms and not a little less.
fn milliseconds(le: f64, to_ms: f64) -> f64 {
    if le.abs() < 1e9 { (le * to_ms * 1e6).round() / 1e6 } else { le * to_ms }
}

/// Whether a number can be a counter's total.
fn is_count(value: f64) -> bool {
    value.is_finite() && value >= 0.0
}

fn fresh(name: &str, labels: &[Label<'_>], timestamp_ms: Option<i64>, now: Time) -> Result<(), String> {
    let age = timestamp_ms.map(|ms| now.since(Time::from_ms(ms))).unwrap_or_default();
    if age <= STALE {
        return Ok(());
    }
    Err(format!("{} is stale: by its timestamp it is {} old", shown(name, labels), humanize::duration(age)))
}

pub(super) fn absent(name: &str) -> String {
    format!("the page has no {}", text::clean(name))
}

fn summary(name: &str) -> String {
    format!("{name} is a summary: quantiles cannot be added up or compared as counts")
}

/// A series as people see it.
fn shown(name: &str, labels: &[Label<'_>]) -> String {
    let labels = key(labels);
    if labels.is_empty() { name.to_owned() } else { format!("{name}{{{}}}", text::clean(&labels)) }
}

fn bound(le: f64) -> String {
    if le.is_infinite() { "+Inf".to_owned() } else { le.to_string() }
}
