//! The names that client libraries give to requests and latencies, and the choice among them.

use super::{
    counts,
    family::{Family, PAGE_READS, Picker, Series},
};
use crate::{
    engine::{intake::Totals, sample::Missing, time::Time},
    source::exposition::Label,
    text,
};

/// What one library writes.
#[derive(Debug)]
pub(super) struct Convention {
    library: &'static str,
    /// The counter of requests; without one the histogram's observations are the requests.
    counter: Option<&'static str>,
    /// The histogram of latencies.
    histogram: &'static str,
    /// How many milliseconds one of its units is.
    to_ms: f64,
    /// The labels that may hold the status code, the likeliest first.
    status: &'static [&'static str],
}

/// A label that Go's middleware writes beside `code`.
const GO_METHOD: &str = "method";
const GO: &str = "Go's promhttp middleware";

/// In the order of preference among those that give as much.
pub(super) const KNOWN: [Convention; 4] = [
    Convention {
        library: "the Prometheus client libraries",
        counter: Some("http_requests_total"),
        histogram: "http_request_duration_seconds",
        to_ms: 1000.0,
        status: &["status", "status_code", "code"],
    },
    Convention {
        library: "OpenTelemetry",
        counter: None,
        histogram: "http_server_request_duration_seconds",
        to_ms: 1000.0,
        status: &["http_response_status_code"],
    },
    Convention {
        library: "OpenTelemetry before version 1.23 of its conventions",
        counter: None,
        histogram: "http_server_duration_milliseconds",
        to_ms: 1.0,
        status: &["http_status_code"],
    },
    Convention {
        library: GO,
        counter: Some("api_requests_total"),
        histogram: "request_duration_seconds",
        to_ms: 1000.0,
        status: &["code"],
    },
];

/// What a page gives when read by one convention.
pub(super) struct Read {
    pub(super) totals: Totals,
    pub(super) sentence: String,
}

/// Every family that some convention knows.
pub(super) fn families() -> impl Iterator<Item = &'static str> {
    KNOWN.iter().flat_map(|known| known.counter.into_iter().chain([known.histogram]))
}

/// The convention that gives most, or the one found `before` as long as the page has anything of it.
pub(super) fn choose(picked: &Picker<'_, '_>, before: Option<usize>, now: Time) -> Option<(usize, Read)> {
    let present = |n: usize| KNOWN[n].is_present(picked).then(|| (n, KNOWN[n].read(picked, now)));
    if let Some(again) = before.and_then(present) {
        return Some(again);
    }
    let gives = |read: &Read| (read.totals.requests.is_some(), read.totals.latency.is_some());
    // The first of those that give as much: `max_by_key` takes the last.
    (0..KNOWN.len()).rev().filter_map(present).max_by_key(|(_, read)| gives(read))
}

/// The totals of a page that none of the conventions fits.
pub(super) fn nothing(picked: &Picker<'_, '_>) -> Totals {
    let known = families().collect::<Vec<_>>().join(", ");
    let errors = if picked.counts_page_reads {
        format!("the page counts only how often it is read itself ({PAGE_READS}): name the service's own counter in [metrics]")
    } else {
        format!("the page has none of the request metrics that client libraries write ({known}): name yours in [metrics]")
    };
    let latency = "the page has no latency histogram that client libraries write: name yours in [metrics]".to_owned();
    let missing = Missing { errors: Some(errors), latency: Some(latency), ..Missing::default() };
    Totals { missing, ..Totals::default() }
}

impl Convention {
    fn is_present(&self, picked: &Picker<'_, '_>) -> bool {
        let is_present = |name| picked.family(name).is_some_and(|family| family.is_present);
        self.counter.is_some_and(is_present) || is_present(self.histogram)
    }

    fn read(&self, picked: &Picker<'_, '_>, now: Time) -> Read {
        let counter = self.counter.and_then(|name| picked.family(name)).filter(|family| family.is_present);
        let histogram = picked.family(self.histogram).filter(|family| family.is_present);
        let latency = histogram.ok_or_else(|| counts::absent(self.histogram)).and_then(|h| counts::histograms(h, self.to_ms, now));
        let series = counter.map_or_else(|| histogram.map_or(&[][..], |family| &family.counts), |family| &family.plain);
        let status = self.status_label(counter.or(histogram), series);
        let is_error = |labels: &[Label<'_>]| status.as_ref().is_ok_and(|name| name.is_some_and(|name| is_5xx(labels, name)));
        let counted = match (counter, histogram) {
            (Some(family), _) => counts::counters(family, is_error, now),
            (None, Some(family)) => counts::observations(family, is_error, now),
            (None, None) => Err(counts::absent(self.histogram)),
        };
        let requests = counted.and_then(|counted| status.clone().map(|_| counted));
        let sentence = self.sentence(counter, histogram, status.ok().flatten(), series);
        Read { totals: super::totals(requests, latency, picked.process_start_s()), sentence }
    }

    /// The label that holds the status code. Without a series none is needed yet.
    fn status_label(&self, family: Option<&Family<'_>>, series: &[Series<'_>]) -> Result<Option<&'static str>, String> {
        if series.is_empty() {
            return Ok(None);
        }
        let values = |name: &'static str| series.iter().filter_map(move |series| value(&series.labels, name));
        if let Some(name) = self.status.iter().find(|name| values(name).any(|value| is_status(&value))) {
            return Ok(Some(name));
        }
        let family = family.map(|family| family.name.as_str()).unwrap_or_default();
        match self.status.iter().find_map(|name| values(name).next().map(|value| (name, value))) {
            Some((name, value)) => Err(format!(
                "{family} has no status codes in its label {name}, but words such as \"{}\": say in [metrics] which are errors",
                text::clean(&value)
            )),
            None => Err(format!("{family} has no label {}, so errors cannot be told", self.status.join(" or "))),
        }
    }

    /// Which convention it is, and what on the page says so.
    fn sentence(
        &self,
        counter: Option<&Family<'_>>,
        histogram: Option<&Family<'_>>,
        status: Option<&str>,
        series: &[Series<'_>],
    ) -> String {
        let is_go = status == Some("code") && series.iter().any(|series| value(&series.labels, GO_METHOD).is_some());
        let library = if is_go { GO } else { self.library };
        let names: Vec<&str> = counter.into_iter().chain(histogram).map(|family| family.name.as_str()).collect();
        let labels = match (is_go, status) {
            (true, _) => " with the labels code and method".to_owned(),
            (false, Some(status)) => format!(" with the label {status}"),
            (false, None) => String::new(),
        };
        format!("metrics named as by {library}: the page has {}{labels}", names.join(" and "))
    }
}

fn value<'p>(labels: &[Label<'p>], name: &str) -> Option<std::borrow::Cow<'p, str>> {
    labels.iter().find(|label| label.name.is(name)).map(|label| label.value.text())
}

fn is_5xx(labels: &[Label<'_>], name: &str) -> bool {
    value(labels, name).is_some_and(|value| is_status(&value) && value.starts_with('5'))
}

/// `200`, or a class of status codes as some libraries write it: `2xx`.
fn is_status(value: &str) -> bool {
    matches!(value.as_bytes(), [b'1'..=b'5', rest @ ..] if rest.len() == 2 && rest.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'x' | b'X')))
}
