//! Totals in, increments out: what every instance's counters did since its last usable page.
//!
//! The one place that knows counters, resets and first pages. Stateful but
//! pure: the same pages in the same order give the same samples. It does not judge.

mod custom;

use std::collections::{BTreeMap, HashMap};

pub use custom::CustomTotals;
use custom::Known;

use super::{
    role::{Role, Sides},
    sample::{Buckets, Health, Missing, Pod, Sample, SourceKind},
    time::Time,
};

/// One answer of one instance, before counters became increments.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// Which side.
    pub role: Role,
    /// The instance: `host:port`.
    pub instance: String,
    /// What came.
    pub answer: Answer,
}

/// What one request to an instance brought.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// A metrics page that could be read.
    Page(Totals),
    /// No usable metrics page, and why.
    NoPage(String),
    /// What the health endpoints said, and a remark where there is one.
    Health(Health, Option<String>),
    /// What a pod's node says of it, and what it says of itself where it was asked in this poll; a remark where there is one.
    Pod(Pod, Option<Health>, Option<String>),
}

/// The counters of one instance as its page has them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Totals {
    /// The series of the requests family; null when the page lacks it or its errors cannot be told.
    pub requests: Option<Vec<Counter>>,
    /// The series of the latency histogram; null when the page lacks a usable one.
    pub latency: Option<Vec<Histogram>>,
    /// `process_start_time_seconds`, when the page has it.
    pub process_start_s: Option<f64>,
    /// What the page has of each configured check, by its id.
    pub custom: BTreeMap<String, CustomTotals>,
    /// What is missing, in sentences.
    pub missing: Missing,
}

/// One counter series.
#[derive(Clone, Debug, PartialEq)]
pub struct Counter {
    /// Its labels, in a fixed order: the same series has the same key on every page.
    pub key: String,
    /// Its total.
    pub total: f64,
    /// Its labels match the errors selector.
    pub is_error: bool,
}

/// One histogram series.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    /// Its labels without `le`, in a fixed order.
    pub key: String,
    /// Upper bounds in milliseconds, rising, the last one infinite.
    pub le_ms: Vec<f64>,
    /// Requests at or under each bound.
    pub count: Vec<f64>,
}

/// Turns observations into samples. One for a watch.
#[derive(Debug)]
pub struct Intake {
    names: Sides<String>,
    started: Option<Time>,
    /// The candidate's process was begun for this watch: everything it ever counted is under watch.
    candidate_is_fresh: bool,
    processes: HashMap<(Role, String), Process>,
}

/// What is remembered of one instance.
#[derive(Debug, Default)]
struct Process {
    /// Seen (answering or not) only after the first poll: it was not there when the watch began.
    is_new: bool,
    start_s: Option<f64>,
    counters: HashMap<String, f64>,
    histograms: HashMap<String, Histogram>,
    custom: Known,
    has_counters: bool,
    has_histograms: bool,
    /// Restarts that its node counted; null where nobody does.
    restarts: Option<u32>,
}

impl Intake {
    /// An intake that knows no instance yet.
    #[must_use]
    pub fn new(names: Sides<String>) -> Self {
        Self { names, started: None, candidate_is_fresh: false, processes: HashMap::new() }
    }

    /// An intake for a candidate that was begun for this watch, as in a trace: even its first page counts.
    #[must_use]
    pub fn of_fresh_candidate(names: Sides<String>) -> Self {
        Self { candidate_is_fresh: true, ..Self::new(names) }
    }

    /// The samples of one poll, in the observations' order. The first call fixes which instances were there from the start.
    pub fn take(&mut self, at: Time, observations: Vec<Observation>) -> Vec<Sample> {
        let is_first = self.started.is_none();
        let started = *self.started.get_or_insert(at);
        let mut samples = Vec::with_capacity(observations.len());
        for Observation { role, instance, answer } in observations {
            let is_new = !is_first || (self.candidate_is_fresh && role == Role::Candidate);
            let process =
                self.processes.entry((role, instance.clone())).or_insert_with(|| Process { is_new, ..Process::default() });
            let mut sample = Sample::blank(role, self.names.of(role), instance);
            match answer {
                Answer::NoPage(reason) => sample.reason = Some(reason),
                Answer::Health(health, remark) => {
                    sample.source = SourceKind::Health;
                    sample.ok = true;
                    sample.reason = remark;
                    sample.health = Some(health);
                }
                Answer::Pod(pod, health, remark) => {
                    sample.source = SourceKind::Health;
                    sample.ok = true;
                    sample.reason = remark;
                    sample.health = health;
                    sample.reset = process.was_restarted(&pod);
                    sample.pod = Some(pod);
                }
                Answer::Page(totals) => process.take(role, started, totals, &mut sample),
            }
            samples.push(sample);
        }
        samples
    }
}

impl Totals {
    /// The first series whose total is no count at all: infinite or no number.
    fn no_count(&self) -> Option<&str> {
        let is_none = |total: &f64| !total.is_finite();
        let counters = self.requests.iter().flatten().find(|series| is_none(&series.total)).map(|series| series.key.as_str());
        counters.or_else(|| {
            self.latency.iter().flatten().find(|series| series.count.iter().any(is_none)).map(|series| series.key.as_str())
        })
    }
}

impl Process {
    /// Fills in what `totals` add to what is known, and remembers them.
    fn take(&mut self, role: Role, started: Time, totals: Totals, sample: &mut Sample) {
        if let Some(key) = totals.no_count() {
            sample.reason = Some(format!("the counter {{{key}}} holds no count"));
            return;
        }
        if let Some(reason) = self.broken(&totals) {
            let (is_new, restarts) = (self.is_new, self.restarts);
            *self = Self { is_new, restarts, start_s: totals.process_start_s, ..Self::default() };
            self.remember(totals);
            sample.reason = Some(reason);
            return;
        }
        sample.ok = true;
        sample.started = totals.process_start_s.and_then(began_at);
        sample.reset = self.went_down(&totals);
        if sample.reset {
            self.counters.clear();
            self.histograms.clear();
            self.custom.restart();
        }
        let counts_from_zero = role == Role::Candidate && self.began_after(started, totals.process_start_s);
        let is_known = self.has_counters || self.has_histograms || !self.custom.is_empty();
        sample.reference = !(is_known || counts_from_zero);
        sample.missing = totals.missing.clone();
        if let Some(series) = totals.requests.as_deref().filter(|_| self.has_counters || counts_from_zero) {
            let (requests, errors) = self.count(series);
            sample.requests = Some(requests);
            sample.errors = Some(errors);
        }
        if let Some(series) = totals.latency.as_deref().filter(|_| self.has_histograms || counts_from_zero) {
            match self.spread(series) {
                Ok(buckets) => sample.buckets = Some(buckets),
                Err(reason) => sample.missing.latency = Some(reason),
            }
        }
        self.custom.count(&totals.custom, counts_from_zero, sample);
        self.remember(totals);
    }

    /// Whether its node has counted a restart since it was last asked. What it counted before the watch is not of it.
    fn was_restarted(&mut self, pod: &Pod) -> bool {
        let before = self.restarts.replace(pod.restarts);
        before.map_or(self.is_new && pod.restarts > 0, |before| pod.restarts > before)
    }

    /// Whether the process began after the watch, so that its totals are all its own traffic under watch.
    fn began_after(&self, started: Time, start_s: Option<f64>) -> bool {
        self.is_new || start_s.is_some_and(|s| s * 1000.0 > started.ms() as f64)
    }

    /// A counter that falls although the process says that it never restarted is no counter.
    fn broken(&self, totals: &Totals) -> Option<String> {
        let same_process = self.start_s.is_some() && self.start_s == totals.process_start_s;
        let (key, was, is) = self.fallen(totals).filter(|_| same_process)?;
        Some(format!("the counter {{{key}}} fell from {was} to {is} although the process did not restart"))
    }

    /// One decision for the whole process: its requests went down, so it began again from 0. What configured checks count decides only
    /// where the process says so too, or there is nothing else.
    fn went_down(&self, totals: &Totals) -> bool {
        let is_another = match (self.start_s, totals.process_start_s) {
            (Some(was), Some(is)) => was.total_cmp(&is).is_ne(),
            _ => !(self.has_counters || self.has_histograms),
        };
        self.fallen(totals).is_some() || (is_another && self.custom.went_down(&totals.custom))
    }

    fn fallen(&self, totals: &Totals) -> Option<(String, f64, f64)> {
        let counters = totals.requests.iter().flatten().find_map(|series| {
            let was = *self.counters.get(&series.key)?;
            (series.total < was).then(|| (series.key.clone(), was, series.total))
        });
        counters.or_else(|| {
            totals.latency.iter().flatten().find_map(|series| {
                let was = self.histograms.get(&series.key)?.count.last().copied()?;
                let is = series.count.last().copied()?;
                (is < was).then(|| (series.key.clone(), was, is))
            })
        })
    }

    /// Requests and errors since the last page: increments per series, then added.
    fn count(&self, series: &[Counter]) -> (f64, f64) {
        let (mut requests, mut errors) = (0.0, 0.0);
        for one in series {
            let grown = (one.total - self.counters.get(&one.key).copied().unwrap_or(0.0)).max(0.0);
            requests += grown;
            errors += if one.is_error { grown } else { 0.0 };
        }
        (requests, errors)
    }

    /// Requests by latency since the last page, on the bounds that all series share.
    fn spread(&self, series: &[Histogram]) -> Result<Buckets, String> {
        let mut sum: Option<Buckets> = None;
        for one in series {
            let grown = Buckets { le_ms: one.le_ms.clone(), count: self.grown(one)? };
            Buckets::accumulate(&mut sum, &grown);
        }
        Ok(sum.unwrap_or_else(|| Buckets { le_ms: vec![f64::INFINITY], count: vec![0.0] }))
    }

    fn grown(&self, now: &Histogram) -> Result<Vec<f64>, String> {
        let Some(before) = self.histograms.get(&now.key) else {
            return Ok(now.count.clone());
        };
        if before.le_ms != now.le_ms {
            return Err("the histogram's buckets changed since the last page; counting starts again".to_owned());
        }
        let total = now.count.last().copied().unwrap_or(0.0) - before.count.last().copied().unwrap_or(0.0);
        Ok(now.count.iter().zip(&before.count).map(|(now, before)| (now - before).clamp(0.0, total.max(0.0))).collect())
    }

    fn remember(&mut self, totals: Totals) {
        self.start_s = totals.process_start_s.or(self.start_s);
        if let Some(series) = totals.requests {
            self.has_counters = true;
            self.counters.extend(series.into_iter().map(|s| (s.key, s.total)));
        }
        if let Some(series) = totals.latency {
            self.has_histograms = true;
            self.histograms.extend(series.into_iter().map(|s| (s.key.clone(), s)));
        }
        self.custom.remember(totals.custom);
    }
}

/// Seconds since the epoch as a time; null when they make no sense.
#[expect(clippy::cast_possible_truncation, reason = "bounded")]
fn began_at(seconds: f64) -> Option<Time> {
    /// The year 9999: what a calendar can show.
    const LATEST: f64 = 253_402_300_799.0;
    (seconds > 0.0 && seconds <= LATEST).then(|| Time::from_ms((seconds * 1000.0).round() as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn totals(ok: f64, bad: f64) -> Totals {
        let counter = |key: &str, total, is_error| Counter { key: key.to_owned(), total, is_error };
        Totals {
            requests: Some(vec![counter("status=200", ok, false), counter("status=500", bad, true)]),
            latency: Some(vec![Histogram { key: String::new(), le_ms: vec![100.0, f64::INFINITY], count: vec![ok, ok + bad] }]),
            ..Totals::default()
        }
    }

    fn page(role: Role, instance: &str, totals: Totals) -> Observation {
        Observation { role, instance: instance.to_owned(), answer: Answer::Page(totals) }
    }

    fn intake() -> Intake {
        Intake::new(Sides { baseline: "v1".into(), candidate: "v2".into() })
    }

    fn one(intake: &mut Intake, at_s: i64, observation: Observation) -> Sample {
        intake.take(Time::from_ms(at_s * 1000), vec![observation]).remove(0)
    }

    #[test]
    fn the_first_page_is_a_reference_the_next_an_increment() {
        let mut intake = intake();
        let first = one(&mut intake, 0, page(Role::Candidate, "a", totals(100.0, 1.0)));
        assert!(first.reference && first.ok && first.requests.is_none());
        let second = one(&mut intake, 5, page(Role::Candidate, "a", totals(160.0, 3.0)));
        assert_eq!((second.requests, second.errors), (Some(62.0), Some(2.0)));
        assert_eq!(second.buckets, Some(Buckets { le_ms: vec![100.0, f64::INFINITY], count: vec![60.0, 62.0] }));
    }

    #[test]
    fn a_missed_poll_is_made_up_by_the_next_page() {
        let mut intake = intake();
        one(&mut intake, 0, page(Role::Baseline, "a", totals(100.0, 0.0)));
        let gone = Observation { role: Role::Baseline, instance: "a".into(), answer: Answer::NoPage("timeout".into()) };
        assert_eq!(one(&mut intake, 5, gone).reason.as_deref(), Some("timeout"));
        assert_eq!(one(&mut intake, 10, page(Role::Baseline, "a", totals(150.0, 0.0))).requests, Some(50.0));
    }

    #[test]
    fn a_reset_counts_from_zero_once_for_the_whole_process() {
        let mut intake = intake();
        one(&mut intake, 0, page(Role::Baseline, "a", totals(1000.0, 10.0)));
        let after = one(&mut intake, 5, page(Role::Baseline, "a", totals(30.0, 20.0)));
        assert!(after.reset);
        assert_eq!((after.requests, after.errors), (Some(50.0), Some(20.0)));
    }

    #[test]
    fn a_falling_counter_of_a_process_that_never_restarted_is_broken() {
        let mut intake = intake();
        let with_start = |ok| Totals { process_start_s: Some(1.0), ..totals(ok, 0.0) };
        one(&mut intake, 10, page(Role::Baseline, "a", with_start(1000.0)));
        let after = one(&mut intake, 15, page(Role::Baseline, "a", with_start(999.0)));
        assert!(!after.ok && after.requests.is_none());
        assert!(after.reason.expect("a reason").contains("fell from 1000 to 999"));
        let last = one(&mut intake, 20, page(Role::Baseline, "a", with_start(1010.0)));
        assert_eq!((last.requests, last.started), (Some(11.0), Some(Time::from_ms(1000))));
    }

    #[test]
    fn a_candidate_instance_that_came_later_counts_from_zero_a_baseline_one_does_not() {
        let mut intake = intake();
        one(&mut intake, 0, page(Role::Baseline, "a", totals(1.0, 0.0)));
        assert_eq!(one(&mut intake, 5, page(Role::Candidate, "b", totals(7.0, 0.0))).requests, Some(7.0));
        assert!(one(&mut intake, 5, page(Role::Baseline, "c", totals(7.0, 0.0))).reference);
        let young = Totals { process_start_s: Some(100.0), ..totals(9.0, 0.0) };
        let mut intake = self::intake();
        assert_eq!(one(&mut intake, 5, page(Role::Candidate, "b", young)).requests, Some(9.0));
    }

    #[test]
    fn a_nodes_restarts_count_from_the_watchs_first_look_or_from_a_new_pods_first() {
        let mut intake = intake();
        let pod = |name: &str, restarts| {
            let answer = Answer::Pod(Pod { restarts, ..Pod::default() }, None, None);
            Observation { role: Role::Candidate, instance: name.into(), answer }
        };
        assert!(!one(&mut intake, 0, pod("a", 4)).reset, "before the watch");
        assert!(!one(&mut intake, 5, pod("a", 4)).reset);
        assert!(one(&mut intake, 10, pod("a", 5)).reset);
        assert!(one(&mut intake, 10, pod("b", 1)).reset, "it came later");
        assert!(
            one(&mut intake, 15, page(Role::Candidate, "b", totals(7.0, 0.0))).requests.is_some(),
            "it was there first by its node"
        );
    }

    #[test]
    fn a_declared_family_without_series_is_zero_requests() {
        let mut intake = intake();
        let empty = Totals { requests: Some(vec![]), latency: Some(vec![]), ..Totals::default() };
        one(&mut intake, 0, page(Role::Candidate, "a", empty.clone()));
        let next = one(&mut intake, 5, page(Role::Candidate, "a", empty));
        assert_eq!((next.ok, next.requests, next.errors), (true, Some(0.0), Some(0.0)));
    }

    #[test]
    fn other_bounds_than_before_start_latency_again_and_say_so() {
        let mut intake = intake();
        one(&mut intake, 0, page(Role::Baseline, "a", totals(10.0, 0.0)));
        let mut other = totals(20.0, 0.0);
        other.latency = Some(vec![Histogram { key: String::new(), le_ms: vec![250.0, f64::INFINITY], count: vec![20.0, 20.0] }]);
        let sample = one(&mut intake, 5, page(Role::Baseline, "a", other));
        assert!(sample.buckets.is_none() && sample.missing.latency.is_some());
        assert_eq!(sample.requests, Some(10.0));
    }
}
