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
        let polls = self.tallies().filter(|tally| tally.counts.is_some()).count();
        let requests = self.sum().requests;
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
