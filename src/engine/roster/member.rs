//! One instance: what its two endpoints said last, what it counted lately, and how it is.

use std::{collections::VecDeque, time::Duration};

use super::Rules;
use crate::{
    engine::{
        health::Shown,
        role::Role,
        sample::{Buckets, Health, HealthState, Phase, Pod, Sample, SourceKind},
        snapshot::{Figures, InstanceRow, InstanceState, Reading},
        stats::{
            interval::{Z99, wilson},
            quantile::quantile,
        },
        time::Time,
        words,
    },
    humanize,
};

/// Polls without an answer after which an instance is silent rather than late.
const LATE_POLLS: u32 = 2;
/// Values of the history that make a minute.
const MINUTE: usize = 3;
/// What is taken for a minute.
const ABOUT: Duration = Duration::from_secs(50);
/// A restart is "not long ago", and two within it are "again and again".
const LATELY: Duration = Duration::from_secs(600);
/// Fewest requests of the last minute by which an instance is said to be erroring.
const ENOUGH: f64 = 20.0;
/// Requests that make a value of the history more than a hint.
const SOLID: f32 = 100.0;
/// In place of a figure that is not known now.
const UNKNOWN: &str = "?";
/// In place of one that makes no sense.
const NO_SENSE: &str = "–";

/// One instance.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) role: Role,
    pub(super) name: String,
    /// The newest poll that asked it.
    pub(super) listed: Time,
    is_listed: bool,
    page: Endpoint,
    probe: Endpoint,
    /// Ready or not, steadied as the version's count of instances is.
    shown: Option<Shown>,
    health: Option<Health>,
    /// What its node says of it; null where nobody does.
    pod: Option<Pod>,
    began: Option<Time>,
    restarts: u32,
    /// When the two newest of them were seen, the newest first.
    restarted: [Option<Time>; 2],
    /// A page of it had something to count.
    has_counted: bool,
    /// What it counted since the last value of the history.
    open: Work,
    /// Before that, the newest last, as much as makes a minute.
    closed: VecDeque<Work>,
    history: VecDeque<Value>,
}

/// What is known of one of its endpoints.
#[derive(Debug, Default)]
struct Endpoint {
    is_asked: bool,
    /// Polls in a row without an answer.
    misses: u32,
    answered: Option<Time>,
    /// Why it does not answer, or what is odd about its answer.
    remark: Option<String>,
}

/// What was counted over some time.
#[derive(Debug, Default)]
struct Work {
    has_answered: bool,
    requests: f64,
    errors: f64,
    buckets: Option<Buckets>,
    covers: Duration,
}

/// One value of the history.
#[derive(Clone, Copy, Debug)]
enum Value {
    /// No answer.
    Blind,
    /// Requests and errors.
    Counted(f32, f32),
    /// No poll was due: as before.
    Same,
}

impl Member {
    pub(super) fn new(role: Role, name: &str) -> Self {
        Self {
            role,
            name: name.to_owned(),
            listed: Time::default(),
            is_listed: true,
            page: Endpoint::default(),
            probe: Endpoint::default(),
            shown: None,
            health: None,
            pod: None,
            began: None,
            restarts: 0,
            restarted: [None; 2],
            has_counted: false,
            open: Work::default(),
            closed: VecDeque::with_capacity(MINUTE),
            history: VecDeque::new(),
        }
    }

    /// Takes one of its samples; tells whether that changes more than its figures.
    pub(super) fn take(&mut self, at: Time, sample: &Sample, rules: Rules) -> bool {
        self.listed = at;
        let is_back = !std::mem::replace(&mut self.is_listed, true);
        let is_news = match sample.source {
            SourceKind::Metrics => self.take_page(at, sample),
            SourceKind::Health => self.take_health(at, sample, rules),
        };
        is_news || is_back
    }

    fn take_page(&mut self, at: Time, sample: &Sample) -> bool {
        let before = self.page.answered;
        let mut is_news = self.page.take(at, sample.ok, sample.reason.as_deref());
        if !sample.ok {
            return is_news;
        }
        self.began = sample.started.or(self.began);
        self.open.has_answered = true;
        if let (Some(requests), Some(errors)) = (sample.requests, sample.errors) {
            is_news |= !self.has_counted;
            self.has_counted = true;
            self.open.requests += requests;
            self.open.errors += errors.clamp(0.0, requests.max(0.0));
            self.open.covers += before.map_or(Duration::ZERO, |before| at.since(before));
        }
        if let Some(more) = &sample.buckets {
            Buckets::accumulate(&mut self.open.buckets, more);
        }
        // Its node counts better than its counters do.
        if sample.reset && !self.is_pod() {
            self.restart(at);
        }
        is_news || sample.reset
    }

    fn restart(&mut self, at: Time) {
        self.restarts += 1;
        self.restarted = [Some(at), self.restarted[0]];
    }

    fn take_pod(&mut self, at: Time, sample: &Sample) -> bool {
        let is_news = sample.pod.is_some() && self.pod != sample.pod;
        if sample.pod.is_some() && sample.reset {
            self.restart(at);
        }
        self.pod = sample.pod.clone().or(self.pod.take());
        is_news
    }

    fn take_health(&mut self, at: Time, sample: &Sample, rules: Rules) -> bool {
        let is_pods_news = self.take_pod(at, sample);
        let Some(health) = &sample.health else {
            // A pod that was not asked in this poll has not failed to answer.
            if sample.pod.is_some() {
                return is_pods_news;
            }
            return self.probe.take(at, false, sample.reason.as_deref());
        };
        // An instance that serves no health endpoint has answered that it does not.
        let mut is_news =
            is_pods_news | self.probe.take(at, !health.served || health.state != HealthState::Unknown, sample.reason.as_deref());
        let up = match health.state {
            HealthState::Up => Some(true),
            HealthState::Down => Some(false),
            HealthState::Unknown => None,
        };
        if let Some(up) = up {
            let before = self.shown.map(Shown::is_up);
            let shown = self.shown.get_or_insert_with(|| Shown::new(up));
            shown.see(up, rules.rise, rules.fall);
            is_news |= before != Some(shown.is_up());
        }
        if (up.is_some() || !health.served) && self.health.as_ref() != Some(health) {
            self.health = Some(health.clone());
            is_news = true;
        }
        is_news
    }

    /// After a poll: tells whether it was not asked in it, though it was before.
    pub(super) fn miss(&mut self, at: Time) -> bool {
        if self.listed == at || !self.is_listed {
            return false;
        }
        self.is_listed = false;
        true
    }

    /// A new value of the history begins, and so many before it had no poll.
    pub(super) fn turn(&mut self, skipped: usize, is_missed: bool) {
        let work = std::mem::take(&mut self.open);
        #[expect(clippy::cast_possible_truncation, reason = "for drawing; counts of 20 s")]
        let value = if work.has_answered { Value::Counted(work.requests as f32, work.errors as f32) } else { Value::Blind };
        self.keep(value, work);
        for _ in 0..skipped {
            self.keep(if is_missed { Value::Blind } else { Value::Same }, Work::default());
        }
    }

    fn keep(&mut self, value: Value, work: Work) {
        if self.history.len() == InstanceRow::HISTORY {
            self.history.pop_front();
        }
        self.history.push_back(value);
        if self.closed.len() == MINUTE {
            self.closed.pop_front();
        }
        self.closed.push_back(work);
    }

    pub(super) fn row(&self, now: Time, rules: Rules) -> InstanceRow {
        let minute = self.minute();
        let is_known = self.is_listed && self.page.is_asked && self.page.misses < LATE_POLLS;
        let figures = Figures {
            errors: (is_known && minute.requests > 0.0).then(|| minute.errors / minute.requests),
            p99: minute.buckets.as_ref().and_then(|buckets| quantile(buckets, 0.99)).filter(|_| is_known),
            counted: self.counted(),
        };
        let rate = (!minute.covers.is_zero()).then(|| minute.requests / minute.covers.as_secs_f64());
        let none = if is_known { NO_SENSE } else { UNKNOWN }.to_owned();
        InstanceRow {
            name: self.name.clone(),
            role: self.role,
            state: self.state(now, &minute, rules),
            ready: self.is_ready(),
            restarts: self.pod.as_ref().map_or(self.restarts, |pod| pod.restarts),
            restarted: self.has_restarted(0, now),
            age: self.since().map(|began| humanize::duration(now.since(began))).unwrap_or_default(),
            rate: rate.filter(|_| is_known).map_or_else(|| UNKNOWN.to_owned(), humanize::per_second),
            errors: figures.errors.map_or_else(|| none.clone(), humanize::rate),
            p99: figures.p99.map_or(none, words::p99_short),
            figures,
            history: self.readings(),
            health: self.health.clone(),
            pod: self.pod.clone(),
            trouble: self.trouble(),
            seen: self.seen(),
        }
    }

    pub(super) const fn is_pod(&self) -> bool {
        self.pod.is_some()
    }

    /// What it says itself; where it does not, a node that holds it unready is believed.
    fn is_ready(&self) -> Option<bool> {
        let by_node = self.pod.as_ref().filter(|pod| !pod.ready).map(|_| false);
        by_node.or_else(|| self.shown.map(Shown::is_up)).filter(|_| self.is_listed)
    }

    /// Since when its process runs, as far as anybody says.
    fn since(&self) -> Option<Time> {
        match &self.pod {
            Some(pod) => pod.since,
            None => self.began,
        }
    }

    fn phase(&self) -> Phase {
        self.pod.as_ref().map(|pod| pod.phase).unwrap_or_default()
    }

    /// The last minute: what is counted now, and as many of the values before it as make about a minute.
    fn minute(&self) -> Work {
        let mut minute = Work::default();
        for work in [&self.open].into_iter().chain(self.closed.iter().rev()) {
            if minute.covers >= ABOUT {
                break;
            }
            minute.has_answered |= work.has_answered;
            minute.requests += work.requests;
            minute.errors += work.errors;
            minute.covers += work.covers;
            if let Some(more) = &work.buckets {
                Buckets::accumulate(&mut minute.buckets, more);
            }
        }
        minute
    }

    /// What is known now comes before what was counted.
    fn state(&self, now: Time, minute: &Work, rules: Rules) -> InstanceState {
        let is_not_ready = self.is_listed && self.probe.misses < LATE_POLLS && self.shown.is_some_and(|shown| !shown.is_up());
        let has_answered = self.page.answered.is_some() || self.probe.answered.is_some();
        if self.has_restarted(1, now) || self.phase() == Phase::Looping {
            InstanceState::Restarting
        } else if self.phase() == Phase::Starting {
            InstanceState::Starting
        } else if self.phase() == Phase::Leaving {
            InstanceState::Leaving
        } else if is_not_ready {
            InstanceState::NotReady
        } else if self.is_silent() {
            InstanceState::Silent
        } else if is_erroring(minute, rules.error_rate) {
            InstanceState::Erroring
        } else if !has_answered || (self.page.is_asked && !self.has_counted) {
            InstanceState::New
        } else if self.page.is_asked && minute.requests <= 0.0 {
            InstanceState::Idle
        } else {
            InstanceState::Serving
        }
    }

    /// Where its metrics page is asked, that is what has to answer.
    fn is_silent(&self) -> bool {
        let asked = if self.page.is_asked { &self.page } else { &self.probe };
        !self.is_listed || asked.misses >= LATE_POLLS
    }

    /// The restart so many before the newest was not long ago.
    fn has_restarted(&self, before: usize, now: Time) -> bool {
        self.restarted[before].is_some_and(|at| now.since(at) < LATELY)
    }

    fn trouble(&self) -> Option<String> {
        if !self.is_listed {
            return Some("is not asked any more: it is not listed".to_owned());
        }
        if let Some(why) = self.pod.as_ref().and_then(|pod| pod.reason.as_ref()) {
            return Some(why.clone());
        }
        let of_page = self.page.remark.as_ref().filter(|_| self.page.misses > 0);
        of_page.or(self.probe.remark.as_ref()).or(self.page.remark.as_ref()).cloned()
    }

    /// When it last answered, while it does not.
    fn seen(&self) -> Option<Time> {
        let does = |endpoint: &Endpoint| endpoint.is_asked && endpoint.misses == 0;
        let answers = self.is_listed && (does(&self.page) || (!self.page.is_asked && does(&self.probe)));
        self.page.answered.max(self.probe.answered).filter(|_| !answers)
    }

    fn readings(&self) -> Vec<Reading> {
        let mut last = Reading::Blind;
        let reading = |value: &Value| {
            last = match *value {
                Value::Same => last,
                Value::Blind => Reading::Blind,
                Value::Counted(n, _) if n <= 0.0 => Reading::Idle,
                Value::Counted(n, bad) if n >= SOLID => Reading::Solid(f64::from(bad) / f64::from(n)),
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 100")]
                Value::Counted(n, bad) => Reading::Thin(f64::from(bad) / f64::from(n), n.round() as u32),
            };
            last
        };
        self.history.iter().map(reading).collect()
    }

    /// Requests and errors over the time of the history.
    fn counted(&self) -> (f64, f64) {
        let open = (self.open.requests, self.open.errors);
        self.history.iter().fold(open, |(all, bad), value| match value {
            Value::Counted(n, errors) => (all + f64::from(*n), bad + f64::from(*errors)),
            Value::Blind | Value::Same => (all, bad),
        })
    }
}

/// Clearly over the limit: its last minute holds enough requests, and the whole 99 % interval of its error rate lies over the limit.
fn is_erroring(minute: &Work, limit: f64) -> bool {
    let is_over = || wilson(minute.errors, minute.requests, Z99).is_some_and(|(low, _)| low > limit);
    minute.requests >= ENOUGH && is_over()
}

impl Endpoint {
    /// Takes whether it answered; tells whether that is news.
    fn take(&mut self, at: Time, answered: bool, remark: Option<&str>) -> bool {
        let before = (self.is_asked, self.misses.min(LATE_POLLS));
        self.is_asked = true;
        if answered {
            self.answered = Some(at);
            self.misses = 0;
        } else {
            self.misses = self.misses.saturating_add(1);
        }
        let is_new_remark = self.remark.as_deref() != remark;
        if is_new_remark {
            self.remark = remark.map(str::to_owned);
        }
        is_new_remark || before != (true, self.misses.min(LATE_POLLS))
    }
}
