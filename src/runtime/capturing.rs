//! Records the baseline: its metrics pages, poll by poll, for as long as asked or until somebody stops it.

use std::time::Duration;

use super::{clock::Clock, signals::Signals};
use crate::{
    engine::{
        compare::counts::Tally,
        event::{Event, Line, Poll, SCHEMA, Started},
        intake::Intake,
        recent::Sum,
        role::Role,
        sample::SourceKind,
        time::Time,
    },
    exit::Failure,
    journal::{FileError, writer::Writer},
    source::poll::Poller,
};

/// Everything a capture needs.
#[derive(Debug)]
pub struct Capture {
    /// Asks the baseline.
    pub poller: Poller,
    /// Turns totals into increments.
    pub intake: Intake,
    /// The clock.
    pub clock: Clock,
    /// Time between two polls.
    pub every: Duration,
    /// How long a round of requests may take.
    pub limit: Duration,
    /// How long to go on.
    pub span: Duration,
    /// Where it is written.
    pub writer: Writer,
}

/// What was captured so far.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// Since the first poll.
    pub passed: Duration,
    /// Polls that brought counts.
    pub polls: u64,
    /// What they brought.
    pub sum: Sum,
    /// Why the newest poll brought no page.
    pub trouble: Option<String>,
}

/// How a capture ended.
#[derive(Debug)]
pub struct Captured {
    /// What was written.
    pub writer: Writer,
    /// What it holds.
    pub progress: Progress,
    /// Somebody stopped it.
    pub is_stopped: bool,
}

impl Capture {
    /// Captures; tells `show` after each poll.
    ///
    /// # Errors
    /// When the signals cannot be had, or the disk takes nothing.
    pub async fn run(mut self, started: Started, mut show: impl FnMut(&Progress)) -> Result<Captured, Failure> {
        let mut signals = Signals::listen().map_err(Failure::internal)?;
        let start = self.clock.now();
        let failed = |error: FileError| Failure::internal(error);
        self.write(start, Event::WatchStarted(Box::new(started))).map_err(failed)?;
        let (mut progress, mut due) = (Progress::default(), start);
        let is_stopped = loop {
            tokio::select! {
                _ = signals.next() => break true,
                polled = self.poll(due, start, &mut progress) => polled.map_err(failed)?,
            }
            show(&progress);
            due = due.plus(self.every);
            if due.since(start) > self.span {
                break false;
            }
        };
        Ok(Captured { writer: self.writer, progress, is_stopped })
    }

    /// One poll, at its time. Whole or, when it is dropped before its lines are written, not at all.
    async fn poll(&mut self, due: Time, start: Time, progress: &mut Progress) -> Result<(), FileError> {
        self.clock.sleep_until(due).await;
        let at = self.clock.now();
        let round = self.poller.round(at, self.limit).await;
        let mut samples = self.intake.take(at, round.observations);
        samples.retain(|sample| sample.role == Role::Baseline && sample.source == SourceKind::Metrics);
        let tally = Tally::of(Role::Baseline, &samples);
        progress.passed = at.since(start);
        progress.polls += u64::from(tally.counts.is_some());
        progress.sum.add(&tally);
        progress.trouble = samples.iter().find_map(|sample| sample.reason.clone().or_else(|| sample.missing.errors.clone()));
        for sample in samples {
            self.write(at, Event::Sample(Box::new(sample)))?;
        }
        self.write(at, Event::Poll(Poll { history: true, ..Poll::default() }))
    }

    fn write(&mut self, at: Time, event: Event) -> Result<(), FileError> {
        let seq = self.writer.last_seq() + 1;
        self.writer.append(&Line { v: SCHEMA, seq, at, event })
    }
}
