//! Linear output, for pipes and CI: the events as lines, nothing else on stdout.

mod text;

use std::{
    io::{self, Write},
    sync::Arc,
};

use clap::ValueEnum;
use serde::Serialize;

use crate::engine::{
    event::{CheckChange, Ended, Event, Line, SCHEMA, Started, VerdictChange},
    policy::BaselineMode,
    role::Sides,
    snapshot::Snapshot,
    time::Time,
};
use crate::tui::keymap::Keymap;

/// What stdout carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A line on each change and at least every 30 s: `HH:MM:SS  WORD  sentence`.
    #[default]
    Text,
    /// One JSON object an event, as in the journal.
    Jsonl,
    /// One JSON document at the end.
    Json,
}

/// Prints a watch.
#[derive(Debug)]
pub struct Printer<W> {
    format: Format,
    out: W,
    /// Names of the keys, where some can be pressed.
    keymap: Arc<Keymap>,
    started: Option<Box<Started>>,
    verdict: Option<VerdictChange>,
    ended: Option<(Time, Ended)>,
}

/// The document of [`Format::Json`]: the fields of `watch.ended`, what was watched, and each check's last word.
#[derive(Serialize)]
struct Document<'a> {
    v: u32,
    deployment: &'a str,
    baseline: &'a str,
    candidate: &'a str,
    #[serde(flatten)]
    ended: &'a Ended,
    /// What it was compared with at the last verdict, and how old both versions were then.
    baseline_mode: Option<BaselineMode>,
    ages_s: Option<Sides<Option<f64>>>,
    checks: &'a [CheckChange],
}

impl<W: Write> Printer<W> {
    /// A printer to `out`.
    pub fn new(format: Format, out: W) -> Self {
        Self { format, out, keymap: Arc::default(), started: None, verdict: None, ended: None }
    }

    /// The same with keys by the names that they have here.
    #[must_use]
    pub fn with_keys(self, keymap: Arc<Keymap>) -> Self {
        Self { keymap, ..self }
    }

    /// Prints one event, if this format shows it.
    ///
    /// # Errors
    /// Those of the output.
    pub fn line(&mut self, line: &Line) -> io::Result<()> {
        match &line.event {
            Event::WatchStarted(started) => self.started = Some(started.clone()),
            Event::Verdict(verdict) => self.verdict = Some(verdict.clone()),
            Event::WatchEnded(ended) => self.ended = Some((line.at, ended.clone())),
            _ => {}
        }
        match self.format {
            Format::Text => match text::line(line) {
                Some(text) => writeln!(self.out, "{text}")?,
                None => return Ok(()),
            },
            Format::Jsonl => writeln!(self.out, "{}", serde_json::to_string(line)?)?,
            Format::Json => return Ok(()),
        }
        self.out.flush()
    }

    /// Shows that it is still alive, where silence would be taken for death.
    ///
    /// # Errors
    /// Those of the output.
    pub fn idle(&mut self, now: &Snapshot) -> io::Result<()> {
        if self.format == Format::Text && self.ended.is_none() {
            writeln!(self.out, "{}", text::progress(now, &self.keymap))?;
            self.out.flush()?;
        }
        Ok(())
    }

    /// Prints what comes at the end.
    ///
    /// # Errors
    /// Those of the output.
    pub fn finish(&mut self, checks: &[CheckChange]) -> io::Result<()> {
        let Some((at, ended)) = &self.ended else {
            return Ok(());
        };
        match self.format {
            Format::Text => {
                for line in text::why(*at, ended, checks) {
                    writeln!(self.out, "{line}")?;
                }
                writeln!(self.out, "{}", text::last(ended))?;
            }
            Format::Jsonl => {}
            Format::Json => {
                let started = self.started.as_deref();
                let name = |of: fn(&Started) -> &str| started.map_or("", of);
                let document = Document {
                    v: SCHEMA,
                    deployment: name(|s| &s.deployment),
                    baseline: name(|s| &s.baseline),
                    candidate: name(|s| &s.candidate),
                    ended,
                    baseline_mode: self.verdict.as_ref().map(|verdict| verdict.baseline_mode),
                    ages_s: self.verdict.as_ref().map(|verdict| verdict.ages_s),
                    checks,
                };
                serde_json::to_writer_pretty(&mut self.out, &document)?;
                writeln!(self.out)?;
            }
        }
        self.out.flush()
    }
}
