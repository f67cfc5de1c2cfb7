//! A recording as the baseline's part of live polls: at each, what was counted up to the same time since the first poll.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use super::{Recorded, Recording};
use crate::{
    engine::{
        custom::Custom,
        role::Role,
        sample::{Buckets, Missing, Sample},
        time::Time,
    },
    humanize,
};

/// A recording that is used up poll by poll, each of its polls once.
#[derive(Clone, Debug)]
pub struct Feed {
    version: String,
    recorded_at: Time,
    span: Duration,
    waiting: VecDeque<Recorded>,
    /// When the first live poll was.
    first: Option<Time>,
    /// The rhythms of two runs never agree to the millisecond.
    slack: Duration,
    /// An instance of the recording, to speak for it once it is over.
    instance: String,
    /// The configured checks it knows, by their ids.
    checks: Vec<String>,
}

impl Feed {
    /// A feed for live polls `every` so often.
    #[must_use]
    pub fn new(recording: Recording, every: Duration) -> Self {
        let span = recording.span();
        let mut names = recording.polls.iter().flat_map(|poll| &poll.samples).map(|sample| sample.instance.clone());
        let instance = names.next_back().unwrap_or_default();
        let checks: BTreeSet<&String> = recording.polls.iter().flat_map(|p| &p.samples).flat_map(|s| s.custom.keys()).collect();
        let checks = checks.into_iter().cloned().collect();
        let Recording { version, polls, at, .. } = recording;
        Self { version, recorded_at: at, span, waiting: polls.into(), first: None, slack: every / 2, instance, checks }
    }

    /// Goes on with a watch whose first poll was at `first` and whose last one at `last`.
    #[must_use]
    pub fn resumed(mut self, first: Time, last: Time) -> Self {
        self.first = Some(first);
        self.due(last);
        self
    }

    /// The baseline's samples for the live poll at `at`.
    pub fn take(&mut self, at: Time) -> Vec<Sample> {
        let due = self.due(at);
        if due.is_empty() && self.waiting.is_empty() {
            return vec![self.over()];
        }
        let first = self.first.unwrap_or(at);
        let mut samples: Vec<Sample> = Vec::new();
        for sample in due.into_iter().flat_map(|poll| poll.samples) {
            let sample = self.as_of_now(sample, first);
            match samples.iter_mut().find(|known| known.instance == sample.instance) {
                Some(known) => add(known, sample),
                None => samples.push(sample),
            }
        }
        samples
    }

    /// The recorded polls that lie as long after their first as `at` lies after the first live one.
    fn due(&mut self, at: Time) -> Vec<Recorded> {
        let elapsed = at.since(*self.first.get_or_insert(at)) + self.slack;
        let due = self.waiting.partition_point(|poll| poll.at.since(self.recorded_at) <= elapsed);
        self.waiting.drain(..due).collect()
    }

    /// A recorded sample as one of the baseline's: a restart of then is none of now, and its process is as old as it was.
    fn as_of_now(&self, sample: Sample, first: Time) -> Sample {
        let started = sample.started.map(|began| first.minus(self.recorded_at.since(began)));
        Sample { role: Role::Baseline, version: self.version.clone(), reset: false, started, ..sample }
    }

    fn over(&self) -> Sample {
        let why = format!("its recording ends after {}", humanize::duration(self.span));
        let custom = self.checks.iter().map(|id| (id.clone(), why.clone())).collect();
        let missing = Missing { errors: Some(why.clone()), latency: Some(why), custom };
        let mut sample = Sample::blank(Role::Baseline, &self.version, self.instance.clone());
        sample.ok = true;
        sample.missing = missing;
        sample
    }
}

/// Adds a later sample of the same instance.
fn add(known: &mut Sample, later: Sample) {
    if !later.ok {
        return;
    }
    if !known.ok {
        *known = later;
        return;
    }
    let sum = |a: Option<f64>, b: Option<f64>| a.zip(b).map(|(a, b)| a + b).or(a).or(b);
    let custom = added(std::mem::take(&mut known.custom), &later.custom);
    let mut buckets = known.buckets.take();
    if let Some(more) = &later.buckets {
        Buckets::accumulate(&mut buckets, more);
    }
    *known = Sample {
        requests: sum(known.requests, later.requests),
        errors: sum(known.errors, later.errors),
        buckets,
        custom,
        reference: known.reference && later.reference,
        ..later
    };
}

/// Counts are added up; of a gauge the later value stays.
fn added(mut known: BTreeMap<String, Custom>, later: &BTreeMap<String, Custom>) -> BTreeMap<String, Custom> {
    for (id, more) in later {
        let sum = match (known.get(id), *more) {
            (Some(Custom::Counts { of, events }), Custom::Counts { of: n, events: bad }) => {
                Custom::Counts { of: of + n, events: events + bad }
            }
            (_, more) => more,
        };
        known.insert(id.clone(), sum);
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: Duration = Duration::from_secs(5);

    fn at(s: i64) -> Time {
        Time::from_ms(s * 1000)
    }

    /// A recording that began at 1000 s, one poll at each of `seconds`, each counting its own number.
    fn recording(seconds: &[i64]) -> Recording {
        let poll = |s: &i64| {
            let mut sample = Sample::blank(Role::Candidate, "v1", "a:80".to_owned());
            sample.ok = true;
            sample.reset = true;
            sample.requests = Some(*s as f64);
            sample.errors = Some(1.0);
            sample.buckets = Some(Buckets { le_ms: vec![100.0, f64::INFINITY], count: vec![0.0, *s as f64] });
            let counts = Custom::Counts { of: *s as f64, events: 1.0 };
            sample.custom = [("jobs".to_owned(), counts), ("queue".to_owned(), Custom::Gauge { gauge: *s as f64 })].into();
            sample.started = Some(at(400));
            Recorded { at: at(1000 + s), samples: vec![sample] }
        };
        Recording { version: "v1".to_owned(), poll_s: 5.0, polls: seconds.iter().map(poll).collect(), at: at(1000) }
    }

    fn requests(feed: &mut Feed, s: i64) -> Option<f64> {
        feed.take(at(5000 + s)).first().and_then(|sample| sample.requests)
    }

    #[test]
    fn each_recorded_poll_is_used_once_at_its_own_time() {
        let mut feed = Feed::new(recording(&[0, 5, 10, 15, 20]), EVERY);
        assert_eq!([0, 5, 20].map(|s| requests(&mut feed, s)), [Some(0.0), Some(5.0), Some(45.0)]);
        let over = feed.take(at(5025)).remove(0);
        assert!(over.ok && over.requests.is_none());
        assert_eq!(over.missing.errors.as_deref(), Some("its recording ends after 20 s"));
    }

    #[test]
    fn configured_checks_are_fed_too_and_a_gauge_is_as_it_was_last() {
        let mut feed = Feed::new(recording(&[0, 5, 10]), EVERY);
        let [_, later] = [0, 10].map(|s| feed.take(at(5000 + s)).remove(0));
        assert_eq!(later.custom["jobs"], Custom::Counts { of: 15.0, events: 2.0 });
        assert_eq!(later.custom["queue"], Custom::Gauge { gauge: 10.0 });
        let over = feed.take(at(5030)).remove(0);
        assert_eq!(over.missing.custom["jobs"], "its recording ends after 10 s");
    }

    #[test]
    fn a_shaky_rhythm_changes_nothing_and_a_gap_is_a_missed_poll() {
        let mut feed = Feed::new(recording(&[0, 5, 30]), EVERY);
        assert_eq!(requests(&mut feed, 0), Some(0.0));
        assert_eq!(feed.take(Time::from_ms(5_004_990)).len(), 1);
        assert_eq!(feed.take(at(5010)), []);
        assert_eq!(requests(&mut feed, 28), Some(30.0));
    }

    #[test]
    fn what_is_fed_is_the_baselines_now_and_as_old_as_it_was_then() {
        let mut feed = Feed::new(recording(&[0, 5]), EVERY);
        let sample = feed.take(at(5000)).remove(0);
        assert_eq!((sample.role, sample.version.as_str(), sample.reset), (Role::Baseline, "v1", false));
        assert_eq!(sample.started, Some(at(5000 - 600)));
    }

    #[test]
    fn a_resumed_watch_goes_on_behind_what_it_has_used() {
        let mut feed = Feed::new(recording(&[0, 5, 10, 15]), EVERY).resumed(at(5000), at(5006));
        assert_eq!(requests(&mut feed, 15), Some(25.0));
    }

    #[test]
    fn an_instance_that_was_away_adds_what_it_made_up_for() {
        let mut gone = Sample::blank(Role::Baseline, "v1", "a:80".to_owned());
        gone.reason = Some("timeout".to_owned());
        let mut known = recording(&[5]).polls.remove(0).samples.remove(0);
        add(&mut known, gone.clone());
        assert_eq!(known.requests, Some(5.0));
        add(&mut gone, known);
        assert_eq!((gone.ok, gone.requests), (true, Some(5.0)));
    }
}
