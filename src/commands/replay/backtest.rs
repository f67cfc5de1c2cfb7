//! `backtest`: recorded watches judged by another policy. What was done then happened; what would have been decided, and when, is new.

use std::time::Duration;

use serde::Serialize;

use super::record::Record;
use crate::{
    cli::Backtest as Args,
    commands::{Edge, complain, print},
    config,
    engine::{action::Order, effect::Input, event::Event, policy::Policy, time::Time, verdict::Verdict, watch::Watch},
    exit::{Failure, code},
    headless::Format,
    humanize,
    runtime::logging::{self, Destination},
};

pub(in crate::commands) fn run(edge: &Edge, args: &Args) -> Result<u8, Failure> {
    logging::start(edge.common.verbose, Destination::Stderr);
    let policy = config::load(Some(&args.policy), edge.around.texts(), &[])?.policy;
    let mut tested = Vec::new();
    for file in &args.files {
        match Record::read(file) {
            Ok(record) => tested.push(Tested::of(record, &policy)),
            Err(error) => complain(&error, edge.common.color),
        }
    }
    let lines = |tested: &[Tested]| -> Result<String, Failure> {
        let lines = tested.iter().map(|t| serde_json::to_string(t).map(|line| line + "\n"));
        lines.collect::<Result<String, _>>().map_err(Failure::internal)
    };
    print(&match args.format {
        Format::Text => tested.iter().map(Tested::text).chain([summary(&tested)]).collect(),
        Format::Jsonl => lines(&tested)?,
        Format::Json => serde_json::to_string_pretty(&tested).map_err(Failure::internal)? + "\n",
    })?;
    Ok(if tested.len() == args.files.len() { code::OK } else { code::USAGE })
}

/// One record, judged then and now.
#[derive(Debug, Serialize)]
struct Tested {
    record: String,
    deployment: String,
    baseline: String,
    candidate: String,
    /// Seconds between two polls, as they were recorded.
    poll_s: f64,
    /// Seconds that the record covers.
    record_s: f64,
    /// What was decided then; empty for a trace.
    recorded: Vec<Judged>,
    /// What the other policy decides.
    policy: Vec<Judged>,
}

/// A decision of one step.
#[derive(Debug, PartialEq, Serialize)]
struct Judged {
    verdict: Verdict,
    /// Seconds since the first poll.
    at_s: f64,
    sentence: String,
}

impl Tested {
    fn of(record: Record, policy: &Policy) -> Self {
        let Record { name, mut setup, began, inputs, recorded } = record;
        let then = recorded.iter().filter_map(|line| match &line.event {
            Event::Verdict(v) => Some(Judged { verdict: v.verdict, at_s: line.at.secs_since(began), sentence: v.sentence.clone() }),
            _ => None,
        });
        let then = then.collect();
        let was = &setup.policy;
        setup.policy = Policy {
            poll_s: was.poll_s,
            baseline: was.baseline,
            health_configured: was.health_configured,
            earlier: was.earlier,
            may_convict: was.may_convict,
            ..policy.clone()
        };
        setup.window_s = policy.window_s;
        let (deployment, names, poll_s) = (setup.deployment.clone(), setup.names.clone(), setup.policy.poll_s);
        let (watch, _) = Watch::new(setup, began, false);
        let (policy, end) = judge(watch, began, inputs);
        Self {
            record: name,
            deployment,
            baseline: names.baseline,
            candidate: names.candidate,
            poll_s,
            record_s: end.secs_since(began),
            recorded: then,
            policy,
        }
    }

    fn text(&self) -> String {
        let head = format!("{}  {}: {} against {}\n", self.record, self.deployment, self.candidate, self.baseline);
        let rows = |who: &str, judged: &[Judged], none: String| -> String {
            let rows: Vec<String> = judged.iter().map(Judged::text).collect();
            let rows = if rows.is_empty() { vec![none] } else { rows };
            rows.iter().fold(String::new(), |text, row| text + &format!("  {who:<12} {row}\n"))
        };
        let over = span(self.record_s);
        let then = if self.recorded.is_empty() { String::new() } else { rows("recorded", &self.recorded, String::new()) };
        let now = rows("this policy", &self.policy, format!("not decided when the record ends, after {over}"));
        format!("{head}{then}{now}")
    }

    /// Whether the last decision is the same; null where one of them is missing.
    fn agrees(&self) -> Option<bool> {
        Some(self.recorded.last()?.verdict == self.policy.last()?.verdict)
    }
}

impl Judged {
    fn text(&self) -> String {
        format!("{} after {}: {}", self.verdict.word(), span(self.at_s), self.sentence)
    }
}

/// Plays what was seen, and what moved the traffic onwards, up to the moment at which it was taken back.
fn judge(mut watch: Watch, began: Time, inputs: Vec<(Time, Input)>) -> (Vec<Judged>, Time) {
    let (mut judged, mut end, mut was) = (Vec::new(), began, None);
    for (at, input) in inputs {
        if matches!(input, Input::RecordedEnd(_)) || takes_back(&input) {
            break;
        }
        end = at;
        watch.handle(at, input);
        let settled = watch.settled();
        if let Some(verdict) = settled.filter(|_| settled != was) {
            judged.push(Judged { verdict, at_s: at.secs_since(began), sentence: watch.reason() });
        }
        was = settled;
    }
    (judged, end)
}

fn takes_back(input: &Input) -> bool {
    matches!(input, Input::Recorded(Order { action, .. }, _) if action.is_retreat())
}

fn span(seconds: f64) -> String {
    humanize::duration(Duration::from_secs_f64(seconds.max(0.0)))
}

fn summary(tested: &[Tested]) -> String {
    let count = |agrees| humanize::count(tested.iter().filter(|t| t.agrees() == agrees).count() as f64);
    let records = humanize::plural(tested.len() as f64, "record", "records");
    format!("{records}: {} decided the same, {} otherwise, {} not comparable\n", count(Some(true)), count(Some(false)), count(None))
}
