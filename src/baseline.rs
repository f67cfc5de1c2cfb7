//! The baseline from another time: what `rollwatch baseline capture` recorded, or what the baseline did in its own last good watch.
//!
//! A recording is read from lines as a journal has them. It becomes the baseline's samples of the live polls ([`feed::Feed`]) or the
//! history before the first of them. Whether it may be used is said here, in sentences; nothing is judged.

pub mod feed;

use std::time::Duration;

use serde::Deserialize;

use crate::{
    engine::{
        compare::{MIN_REQUESTS, counts::Tally},
        event::{Event, Line, Started},
        policy::Earlier,
        recent::Sum,
        role::Role,
        sample::{Sample, SourceKind},
        time::Time,
    },
    humanize,
    journal::playback,
};

/// The strategy that the head of a captured baseline names.
pub const STRATEGY: &str = "capture";
/// Polls with counts that a recording must hold to be of any use.
pub const FEWEST_POLLS: u32 = 10;
/// A capture that ended longer ago says nothing about the noise of the present hour.
const FRESH: Duration = Duration::from_secs(60 * 60);

/// What a version did in one poll of a recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// When.
    pub at: Time,
    /// Its metrics pages.
    pub samples: Vec<Sample>,
}

/// What one version did, poll by poll, at another time.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// The version's name.
    pub version: String,
    /// Seconds between two polls.
    pub poll_s: f64,
    /// In order; at least one.
    polls: Vec<Recorded>,
    /// When the first poll was.
    pub at: Time,
}

/// The one thing that is asked of a recorded policy here.
#[derive(Deserialize)]
struct Rhythm {
    poll_s: f64,
}

impl Recording {
    /// The baseline that was captured in these lines; null when they hold none.
    #[must_use]
    pub fn of_capture(lines: &[Line]) -> Option<Self> {
        let (_, started) = playback::started(lines).filter(|(_, started)| started.strategy == STRATEGY)?;
        Self::of(lines, started, &started.baseline, Role::Baseline)
    }

    /// What the candidate of a recorded watch did under watch; null when nothing of it was seen.
    #[must_use]
    pub fn of_candidate(lines: &[Line]) -> Option<Self> {
        let (_, started) = playback::started(lines)?;
        Self::of(lines, started, &started.candidate, Role::Candidate)
    }

    fn of(lines: &[Line], started: &Started, version: &str, role: Role) -> Option<Self> {
        let Rhythm { poll_s } = Rhythm::deserialize(&started.policy).ok()?;
        let (mut polls, mut samples) = (Vec::new(), Vec::new());
        for line in lines {
            match &line.event {
                Event::Sample(sample) if sample.role == role && sample.source == SourceKind::Metrics => {
                    samples.push(sample.as_ref().clone());
                }
                Event::Poll(poll) => {
                    let samples = std::mem::take(&mut samples);
                    // A watch has a history too: not this version's own time under watch.
                    if poll.history == (started.strategy == STRATEGY) {
                        polls.push(Recorded { at: line.at, samples });
                    }
                }
                _ => {}
            }
        }
        let at = polls.first()?.at;
        Some(Self { version: version.to_owned(), poll_s, polls, at })
    }

    /// How long it is.
    #[must_use]
    pub fn span(&self) -> Duration {
        self.ended().since(self.at)
    }

    /// When its last poll was.
    #[must_use]
    pub fn ended(&self) -> Time {
        self.polls.last().map_or(self.at, |poll| poll.at)
    }

    /// The polls, in order.
    #[must_use]
    pub fn polls(&self) -> &[Recorded] {
        &self.polls
    }

    /// Everything it counted.
    #[must_use]
    pub fn sum(&self) -> Sum {
        let mut sum = Sum::default();
        for tally in self.tallies() {
            sum.add(&tally);
        }
        sum
    }

    fn tallies(&self) -> impl Iterator<Item = Tally> {
        let tally = |poll: &Recorded| Role::BOTH.map(|role| Tally::of(role, &poll.samples)).into_iter().find(|t| t.answered);
        self.polls.iter().filter_map(tally)
    }

    /// How an engine's policy names it.
    #[must_use]
    pub fn earlier(&self) -> Earlier {
        Earlier { at: self.at, for_s: self.span().as_secs_f64() }
    }

    /// Whether it holds enough to be of any use.
    ///
    /// # Errors
    /// What it lacks.
    pub fn is_enough(&self) -> Result<(), String> {
        let polls = self.tallies().filter(|tally| tally.counts.is_some() || !tally.custom.is_empty()).count();
        let sum = self.sum();
        // Workers without requests are known by what their configured checks count.
        let requests = sum.custom.values().fold(sum.requests, |most, (of, _)| most.max(*of));
        if polls < FEWEST_POLLS as usize {
            let held = humanize::plural(polls as f64, "poll", "polls");
            Err(format!("it holds {held} with counts, and {FEWEST_POLLS} are the fewest"))
        } else if requests < MIN_REQUESTS {
            let held = humanize::plural(requests, "request", "requests");
            Err(format!("it holds {held}, and {} are the fewest", humanize::count(MIN_REQUESTS)))
        } else {
            Ok(())
        }
    }

    /// Whether it can stand in for a baseline called `version` in a watch that polls every `poll_s` seconds.
    ///
    /// # Errors
    /// Why not.
    pub fn stands_in(&self, version: &str, poll_s: f64) -> Result<(), String> {
        self.is_of(version)?;
        if self.poll_s > poll_s * 1.01 {
            let seconds = |s| humanize::duration(Duration::from_secs_f64(s));
            return Err(format!("it was polled every {}, and the watch polls every {}", seconds(self.poll_s), seconds(poll_s)));
        }
        self.is_enough()
    }

    /// Whether it tells, at `now`, what a baseline called `version` just did, in polls like those of the watch.
    ///
    /// # Errors
    /// Why not.
    pub fn is_history(&self, version: &str, poll_s: f64, now: Time) -> Result<(), String> {
        self.stands_in(version, poll_s)?;
        let age = now.since(self.ended());
        if age > FRESH {
            Err(format!("it ended {} ago, and {} is the most", humanize::duration(age), humanize::duration(FRESH)))
        } else if self.poll_s < poll_s * 0.99 {
            let seconds = |s| humanize::duration(Duration::from_secs_f64(s));
            Err(format!("it was polled every {}, and the watch polls every {}", seconds(self.poll_s), seconds(poll_s)))
        } else {
            Ok(())
        }
    }

    fn is_of(&self, version: &str) -> Result<(), String> {
        if self.version == version { Ok(()) } else { Err(format!("it is of {}, and the baseline is {version}", self.version)) }
    }

    /// A warning about its age at `now`; null when it is young enough.
    #[must_use]
    pub fn age_warning(&self, now: Time) -> Option<String> {
        let age = humanize::duration(now.since(self.at));
        self.earlier().is_old(now).then(|| format!("it is {age} old: a service hardly behaves the same from one day to the next"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::event::{Poll, SCHEMA};

    const HOUR: i64 = 3600;

    fn at(s: i64) -> Time {
        Time::from_ms(s * 1000)
    }

    /// The lines of a capture of v1 that began at 0 s: `polls` polls every 5 s, each with `requests`.
    fn lines(strategy: &str, polls: i64, requests: f64) -> Vec<Line> {
        let started = Started {
            deployment: "api".into(),
            environment: String::new(),
            backend: "none".into(),
            locator: String::new(),
            strategy: strategy.into(),
            baseline: "v1".into(),
            candidate: "v2".into(),
            window_s: 600.0,
            policy: serde_json::json!({ "poll_s": 5.0 }),
            config_sha256: String::new(),
            driven: None,
            steps: Vec::new(),
            rollwatch: String::new(),
            resumed: false,
            asked: crate::engine::role::Sides::default(),
        };
        let line = |s, event| Line { v: SCHEMA, seq: 1, at: at(s), event };
        let poll = |history| Event::Poll(Poll { history, ..Poll::default() });
        let mut all = vec![line(0, Event::WatchStarted(Box::new(started)))];
        for s in (0..polls).map(|i| i * 5) {
            for role in Role::BOTH {
                let mut sample = Sample::blank(role, "", format!("{}:80", role.word()));
                sample.ok = true;
                (sample.requests, sample.errors) = (Some(requests), Some(1.0));
                all.push(line(s, Event::Sample(Box::new(sample))));
            }
            all.push(line(s, poll(strategy == STRATEGY)));
        }
        all
    }

    fn capture(polls: i64, requests: f64) -> Recording {
        Recording::of_capture(&lines(STRATEGY, polls, requests)).expect("a capture")
    }

    #[test]
    fn a_capture_holds_the_baseline_and_a_watch_the_candidate() {
        let taken = capture(120, 50.0);
        assert_eq!((taken.version.as_str(), taken.span(), taken.polls().len()), ("v1", Duration::from_secs(595), 120));
        assert!(taken.polls().iter().all(|poll| poll.samples.len() == 1 && poll.samples[0].role == Role::Baseline));
        assert_eq!(taken.sum().error_rate(), Some(0.02));
        let watched = Recording::of_candidate(&lines("canary", 120, 50.0)).expect("a watch");
        assert_eq!((watched.version.as_str(), watched.polls()[0].samples[0].role), ("v2", Role::Candidate));
        assert_eq!(Recording::of_capture(&lines("canary", 120, 50.0)), None);
    }

    #[test]
    fn a_recording_stands_in_for_its_own_version_at_its_own_rhythm_or_a_slower_one() {
        let taken = capture(120, 50.0);
        assert_eq!((taken.stands_in("v1", 5.0), taken.stands_in("v1", 30.0)), (Ok(()), Ok(())));
        assert_eq!(taken.stands_in("v2", 5.0), Err("it is of v1, and the baseline is v2".into()));
        assert_eq!(taken.stands_in("v1", 1.0), Err("it was polled every 5 s, and the watch polls every 1 s".into()));
        assert_eq!(capture(9, 50.0).stands_in("v1", 5.0), Err("it holds 9 polls with counts, and 10 are the fewest".into()));
        assert_eq!(capture(20, 1.0).stands_in("v1", 5.0), Err("it holds 20 requests, and 100 are the fewest".into()));
    }

    #[test]
    fn it_is_history_for_an_hour_and_old_after_a_day() {
        let taken = capture(120, 50.0);
        assert_eq!(taken.is_history("v1", 5.0, at(595 + HOUR)), Ok(()));
        assert_eq!(taken.is_history("v1", 5.0, at(655 + HOUR)), Err("it ended 1h01m ago, and 1h00m is the most".into()));
        assert_eq!(taken.is_history("v1", 10.0, at(600)), Err("it was polled every 5 s, and the watch polls every 10 s".into()));
        assert_eq!(taken.age_warning(at(24 * HOUR)), None);
        assert!(taken.age_warning(at(24 * HOUR + 1)).is_some_and(|why| why.starts_with("it is 1d00h old")));
    }
}
