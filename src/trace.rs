//! Recorded deployments in the trace format 1: one header line, then one line a poll with both versions' cumulative counters.
//!
//! A trace becomes what a watch would have been told, and goes through the very same engine; only the header counts as policy.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read as _},
    path::{Path, PathBuf},
};

use flate2::bufread::MultiGzDecoder;
use serde::Deserialize;

use crate::engine::{
    intake::{Answer, Counter, Histogram, Observation, Totals},
    policy::{Policy, Tolerance},
    role::{Role, Sides},
    sample::{Health, HealthState},
    setup::{Rule, Setup},
    time::Time,
};

/// Longest line that is read, in bytes.
const LONGEST: u64 = 1 << 20;

/// A recorded deployment.
#[derive(Clone, Debug)]
pub struct Trace {
    /// The file's name up to its first dot.
    pub name: String,
    header: Header,
    polls: Vec<Poll>,
}

/// Why a file is no trace.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// It cannot be read.
    #[error("{} cannot be read: {why}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        why: io::Error,
    },
    /// A line is not what it should be.
    #[error("{}:{line}: {why}", path.display())]
    Line {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
}

#[derive(Clone, Debug, Deserialize)]
struct Header {
    format: u32,
    window_s: f64,
    poll_s: f64,
    warmup_s: f64,
    alpha: f64,
    le: Vec<f64>,
    slo_error_rate: f64,
    slo_p99_s: f64,
    tol_error_abs: f64,
    tol_error_rel: f64,
    tol_p99_rel: f64,
    #[serde(default)]
    max_extend: Option<f64>,
}

#[derive(Clone, Debug, Deserialize)]
struct Poll {
    t: f64,
    canary: Side,
    baseline: Side,
}

#[derive(Clone, Debug, Deserialize)]
struct Side {
    up: Option<bool>,
    #[serde(default)]
    requests: f64,
    #[serde(default)]
    errors: f64,
    #[serde(default)]
    buckets: Vec<f64>,
}

/// One poll as a watch is told it.
#[derive(Clone, Debug)]
pub struct Told {
    /// When; negative times are history.
    pub at: Time,
    /// What each version answered.
    pub observations: Vec<Observation>,
}

impl Trace {
    /// Reads a trace, gzipped or not.
    ///
    /// # Errors
    /// When the file cannot be read, or a line is not what it should be.
    pub fn read(path: &Path) -> Result<Self, TraceError> {
        let io = |why| TraceError::File { path: path.to_owned(), why };
        let file = BufReader::new(File::open(path).map_err(io)?);
        let is_gzipped = path.extension().is_some_and(|e| e == "gz");
        let reader: Box<dyn BufRead> =
            if is_gzipped { Box::new(BufReader::new(MultiGzDecoder::new(file))) } else { Box::new(file) };
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let name = name.split('.').next().unwrap_or_default().to_owned();
        let (header, polls) = lines(path, reader)?;
        Ok(Self { name, header, polls })
    }

    /// Whether this file begins like a trace rather than a journal.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn is_one(path: &Path) -> io::Result<bool> {
        if path.extension().is_some_and(|e| e == "gz") {
            return Ok(true);
        }
        let mut start = [0; 64];
        let n = File::open(path)?.read(&mut start)?;
        Ok(String::from_utf8_lossy(start.get(..n).unwrap_or_default()).contains("\"format\""))
    }

    /// The watch that this trace is played through.
    #[must_use]
    pub fn setup(&self) -> Setup {
        let header = &self.header;
        let policy = Policy {
            poll_s: header.poll_s,
            window_s: header.window_s,
            max_window_s: header.window_s * header.max_extend.unwrap_or(1.0).max(1.0),
            warmup_s: header.warmup_s,
            alpha: header.alpha,
            error_rate: header.slo_error_rate,
            p99_ms: header.slo_p99_s * 1000.0,
            tolerance: Tolerance {
                error_abs: header.tol_error_abs,
                error_rel: header.tol_error_rel,
                latency_rel: header.tol_p99_rel,
                ..Tolerance::default()
            },
            ..Policy::default()
        };
        Setup {
            deployment: self.name.clone(),
            environment: String::new(),
            backend: "none".to_owned(),
            locator: String::new(),
            protected: false,
            names: Sides { baseline: "baseline".to_owned(), candidate: "candidate".to_owned() },
            window_s: policy.window_s,
            policy,
            steps: Vec::new(),
            config_sha256: String::new(),
            rule: Rule { stays: true, replay: true, ..Rule::default() },
        }
    }

    /// Every poll in order.
    pub fn polls(&self) -> impl Iterator<Item = Told> + '_ {
        self.polls.iter().map(|poll| Told {
            at: time(poll.t),
            observations: [(Role::Baseline, &poll.baseline), (Role::Candidate, &poll.canary)]
                .into_iter()
                .flat_map(|(role, side)| self.observe(role, side))
                .collect(),
        })
    }

    fn observe(&self, role: Role, side: &Side) -> [Observation; 2] {
        let observation = |answer| Observation { role, instance: role.word().to_owned(), answer };
        let (page, state) = match side.up {
            Some(true) => (Answer::Page(self.totals(side)), HealthState::Up),
            Some(false) => (Answer::NoPage("down".to_owned()), HealthState::Down),
            None => (Answer::NoPage("the scrape is missing".to_owned()), HealthState::Unknown),
        };
        let health = Health { state, served: true, checks: Vec::new() };
        [observation(page), observation(Answer::Health(health, None))]
    }

    fn totals(&self, side: &Side) -> Totals {
        let counter = |key: &str, total, is_error| Counter { key: key.to_owned(), total, is_error };
        let le_ms = self.header.le.iter().map(|le| le * 1000.0).chain([f64::INFINITY]).collect();
        Totals {
            requests: Some(vec![counter("ok", side.requests - side.errors, false), counter("failed", side.errors, true)]),
            latency: Some(vec![Histogram { key: String::new(), le_ms, count: side.buckets.clone() }]),
            ..Totals::default()
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "seconds of a deployment")]
fn time(seconds: f64) -> Time {
    Time::from_ms((seconds * 1000.0).round() as i64)
}

fn lines(path: &Path, mut reader: Box<dyn BufRead>) -> Result<(Header, Vec<Poll>), TraceError> {
    let wrong = |line, why: String| TraceError::Line { path: path.to_owned(), line, why };
    let (mut header, mut polls, mut text) = (None, Vec::new(), String::new());
    for number in 1.. {
        text.clear();
        let read = reader.by_ref().take(LONGEST).read_line(&mut text);
        if read.map_err(|why| TraceError::File { path: path.to_owned(), why })? == 0 {
            break;
        }
        if text.trim().is_empty() {
            continue;
        }
        let Some(known) = &header else {
            header = Some(parse_header(&text).map_err(|why| wrong(number, why))?);
            continue;
        };
        polls.push(parse_poll(&text, known).map_err(|why| wrong(number, why))?);
    }
    let header = header.ok_or_else(|| wrong(1, "the file is empty".to_owned()))?;
    if polls.windows(2).any(|pair| matches!(pair, [a, b] if b.t <= a.t)) {
        return Err(wrong(0, "polls are not in the order of time".to_owned()));
    }
    Ok((header, polls))
}

fn parse_header(text: &str) -> Result<Header, String> {
    let header: Header = serde_json::from_str(text).map_err(|error| format!("this is no header of a trace: {error}"))?;
    if header.format != 1 {
        return Err(format!("format {} is not known: 1 is", header.format));
    }
    let positive = [header.window_s, header.poll_s, header.alpha, header.slo_p99_s];
    let rising = header.le.windows(2).all(|pair| matches!(pair, [a, b] if a < b));
    if positive.iter().any(|x| !x.is_finite() || *x <= 0.0) || header.alpha >= 1.0 || !rising || header.le.is_empty() {
        return Err("window_s, poll_s, alpha and slo_p99_s must be positive (alpha under 1), and le must rise".to_owned());
    }
    Ok(header)
}

fn parse_poll(text: &str, header: &Header) -> Result<Poll, String> {
    let poll: Poll = serde_json::from_str(text).map_err(|error| format!("this is no poll: {error}"))?;
    for side in [&poll.canary, &poll.baseline] {
        if side.up == Some(true) && side.buckets.len() != header.le.len() + 1 {
            return Err(format!("{} buckets, {} expected", side.buckets.len(), header.le.len() + 1));
        }
    }
    Ok(poll)
}
