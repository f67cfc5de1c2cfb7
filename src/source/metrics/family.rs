//! The series of the wanted families, picked from a page as it is read.

use std::collections::HashMap;

use super::pattern::Selector;
use crate::source::exposition::{Format, Kind, Label, Sample, Text, Visitor, key};

/// Says when a process started, in seconds since the epoch.
const PROCESS_START: &str = "process_start_time_seconds";
/// Counts how often the metrics page itself was read.
pub(super) const PAGE_READS: &str = "promhttp_metric_handler_requests_total";

/// Picks families by name.
pub(super) struct Picker<'p, 'a> {
    format: Format,
    select: &'a Selector,
    /// What the name before belonged to: most samples follow one of the same name.
    before: Option<(Text<'p>, Meaning)>,
    /// The wanted families.
    pub(super) families: Vec<Family<'p>>,
    process_starts: usize,
    process_start_s: f64,
    /// The page counts how often it is read.
    pub(super) counts_page_reads: bool,
}

/// A wanted family, as far as it is on the page.
#[derive(Debug)]
pub(super) struct Family<'p> {
    /// Its name, without a histogram's suffixes.
    pub(super) name: String,
    /// What its TYPE line says.
    pub(super) kind: Option<Kind>,
    /// The page declares it, or has a sample of it, selected or not.
    pub(super) is_present: bool,
    /// Samples with the family's own name.
    pub(super) plain: Vec<Series<'p>>,
    /// The `_count` samples of a histogram or summary.
    pub(super) counts: Vec<Series<'p>>,
    /// The `_bucket` samples of a histogram, by series.
    pub(super) histograms: Vec<HistogramSeries<'p>>,
    by_key: HashMap<String, usize>,
}

/// One sample of a family.
#[derive(Debug)]
pub(super) struct Series<'p> {
    pub(super) labels: Vec<Label<'p>>,
    pub(super) value: f64,
    pub(super) timestamp_ms: Option<i64>,
}

/// The buckets of one histogram series, in the page's order.
#[derive(Debug)]
pub(super) struct HistogramSeries<'p> {
    /// Its labels without `le`.
    pub(super) labels: Vec<Label<'p>>,
    /// The same as text.
    pub(super) key: String,
    /// Upper bound and count of each; no bound where `le` is missing or no number.
    pub(super) buckets: Vec<(Option<f64>, f64)>,
    /// The oldest timestamp among them.
    pub(super) timestamp_ms: Option<i64>,
}

/// What a sample's name says it is.
#[derive(Clone, Copy)]
enum Meaning {
    Family(usize, Part),
    ProcessStart,
    PageReads,
    Nothing,
}

#[derive(Clone, Copy)]
enum Part {
    Plain,
    Count,
    Bucket,
    /// `_sum` and `_created`: the family is there, nothing else.
    Other,
}

impl<'a> Picker<'_, 'a> {
    pub(super) fn new(names: impl IntoIterator<Item = String>, select: &'a Selector, format: Format) -> Self {
        let families = names.into_iter().map(Family::new).collect();
        Self { format, select, before: None, families, process_starts: 0, process_start_s: 0.0, counts_page_reads: false }
    }
}

impl<'p> Picker<'p, '_> {
    pub(super) fn family(&self, name: &str) -> Option<&Family<'p>> {
        self.families.iter().find(|family| family.name == name)
    }

    fn meaning(&self, name: Text<'_>) -> Meaning {
        let bytes = name.bytes();
        // A family of that very name comes before one of which it could be a part.
        let by_name = self.families.iter().position(|family| bytes == family.name.as_bytes());
        let of_family = by_name.map(|n| Meaning::Family(n, Part::Plain));
        let part_of = || {
            self.families.iter().enumerate().find_map(|(n, family)| {
                let part = match bytes.strip_prefix(family.name.as_bytes())? {
                    b"_count" => Part::Count,
                    b"_bucket" => Part::Bucket,
                    b"_sum" | b"_created" => Part::Other,
                    _ => return None,
                };
                Some(Meaning::Family(n, part))
            })
        };
        match of_family.or_else(part_of) {
            Some(meaning) => meaning,
            None if name.is(PROCESS_START) => Meaning::ProcessStart,
            None if name.is(PAGE_READS) => Meaning::PageReads,
            None => Meaning::Nothing,
        }
    }

    /// When the process started, in seconds since the epoch; not known on a page of several processes.
    pub(super) fn process_start_s(&self) -> Option<f64> {
        (self.process_starts == 1 && self.process_start_s.is_finite() && self.process_start_s > 0.0).then_some(self.process_start_s)
    }

    fn take_process_start(&mut self, sample: Sample<'_, 'p>) {
        if sample.labels.is_empty() || self.select.matches(sample.labels) {
            self.process_starts += 1;
            self.process_start_s = sample.value;
        }
    }
}

impl<'p> Visitor<'p> for Picker<'p, '_> {
    fn declared(&mut self, declared: Text<'p>, kind: Option<Kind>) {
        let declared = declared.text();
        for family in &mut self.families {
            match family.name.strip_prefix(&*declared) {
                Some("") => family.kind = kind.or(family.kind),
                // OpenMetrics declares a counter without its suffix.
                Some("_total") if self.format == Format::OpenMetrics => family.kind = kind.or(family.kind),
                // A `_count` that was asked for by its own name is a counter.
                Some("_count") if matches!(kind, Some(Kind::Histogram | Kind::Summary)) => {}
                _ => continue,
            }
            family.is_present = true;
        }
    }

    fn sample(&mut self, sample: Sample<'_, 'p>) {
        let meaning = match self.before {
            Some((name, meaning)) if name == sample.name => meaning,
            _ => {
                let meaning = self.meaning(sample.name);
                self.before = Some((sample.name, meaning));
                meaning
            }
        };
        match meaning {
            Meaning::Family(n, part) => {
                let is_selected = self.select.is_empty() || self.select.matches(sample.labels);
                self.families[n].take(part, sample, is_selected);
            }
            Meaning::ProcessStart => self.take_process_start(sample),
            Meaning::PageReads => self.counts_page_reads = true,
            Meaning::Nothing => {}
        }
    }
}

impl<'p> Family<'p> {
    fn new(name: String) -> Self {
        Self { name, kind: None, is_present: false, plain: vec![], counts: vec![], histograms: vec![], by_key: HashMap::new() }
    }

    fn take(&mut self, part: Part, sample: Sample<'_, 'p>, is_selected: bool) {
        self.is_present = true;
        if !is_selected {
            return;
        }
        match part {
            Part::Plain => self.plain.push(Series::from(sample)),
            Part::Count => self.counts.push(Series::from(sample)),
            Part::Bucket => self.take_bucket(sample),
            Part::Other => {}
        }
    }

    fn take_bucket(&mut self, sample: Sample<'_, 'p>) {
        let n = self.histogram_of(sample);
        let le = sample.labels.iter().find(|label| label.name.is("le"));
        let bound = le.and_then(|le| le.value.text().parse().ok()).filter(|bound: &f64| !bound.is_nan());
        let histogram = &mut self.histograms[n];
        histogram.buckets.push((bound, sample.value));
        histogram.timestamp_ms = oldest(histogram.timestamp_ms, sample.timestamp_ms);
    }

    /// The histogram a bucket belongs to: nearly always that of the bucket before.
    fn histogram_of(&mut self, sample: Sample<'_, 'p>) -> usize {
        let labels = || sample.labels.iter().filter(|label| !label.name.is("le"));
        if self.histograms.last().is_some_and(|last| last.labels.iter().eq(labels())) {
            return self.histograms.len() - 1;
        }
        let key = key(labels());
        if let Some(n) = self.by_key.get(&key) {
            return *n;
        }
        self.by_key.insert(key.clone(), self.histograms.len());
        self.histograms.push(HistogramSeries { labels: labels().copied().collect(), key, buckets: vec![], timestamp_ms: None });
        self.histograms.len() - 1
    }
}

impl<'p> From<Sample<'_, 'p>> for Series<'p> {
    fn from(sample: Sample<'_, 'p>) -> Self {
        Self { labels: sample.labels.to_vec(), value: sample.value, timestamp_ms: sample.timestamp_ms }
    }
}

fn oldest(a: Option<i64>, b: Option<i64>) -> Option<i64> {
    a.into_iter().chain(b).min()
}
