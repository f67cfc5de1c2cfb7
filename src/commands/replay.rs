//! `replay`: a recorded watch or a trace through the same engine, on the screen or as lines.

pub(super) mod backtest;
mod record;

use std::{io::Write as _, path::Path};

use record::Record;
use serde::Serialize;
use tokio::sync::mpsc;

use super::{Edge, Form, attach, watch};
use crate::{
    cli::Replay as Args,
    engine::{verdict::Verdict, watch::Watch},
    exit::{Failure, code},
    runtime::{
        clock::Clock,
        logging::{self, Destination},
        replaying::{self, Recorded},
        shown::Front,
    },
};

pub(super) async fn run(edge: &Edge, args: Args) -> Result<u8, Failure> {
    let form = Form::choose(edge, args.shape)?;
    if form.stays() {
        let [file] = args.files.as_slice() else {
            return Err(Failure::usage("the screen plays one file at a time", "name one file, or say --headless"));
        };
        logging::start(edge.common.verbose, Destination::Nowhere);
        let record = Record::read(file)?;
        let clock = Clock::scaled(record.began, args.speed);
        let settings = watch::screen(edge, &attach::load(edge, &attach::looks(&args.look))?.file, &clock);
        let (watch, first) = Watch::new(record.setup, record.began, false);
        let recorded = Recorded { watch, began: record.began, first, inputs: record.inputs };
        // Nobody is notified of what is long past.
        let (_notices, bytes) = mpsc::channel(1);
        let front =
            if form == Form::Plain { Front::Plain(Box::new(settings), bytes) } else { Front::Screen(Box::new(settings), bytes) };
        replaying::play(recorded, clock, front).await.map_err(Failure::internal)?;
        return Ok(code::OK);
    }
    logging::start(edge.common.verbose, Destination::Stderr);
    let mut decisions = args.decisions.as_deref().map(create).transpose()?;
    let mut all_read = true;
    for file in &args.files {
        let record = match Record::read(file) {
            Ok(record) => record,
            Err(error) => {
                all_read = false;
                super::complain(&error, edge.common.color);
                continue;
            }
        };
        match &mut decisions {
            Some(out) => write(out, &decide(record))?,
            None => record.print(args.format)?,
        }
    }
    Ok(if all_read { code::OK } else { code::USAGE })
}

/// What would have been done, as a scorer reads it.
#[derive(Debug, Serialize)]
struct Decision {
    trace: String,
    verdict: &'static str,
    at_s: f64,
    reason: String,
}

/// Plays until the verdict is decided.
fn decide(record: Record) -> Decision {
    let Record { name, setup, began, inputs, .. } = record;
    let (mut watch, _) = Watch::new(setup, began, false);
    let mut at_s = 0.0;
    for (at, input) in inputs {
        at_s = at.secs_since(began);
        watch.handle(at, input);
        if watch.settled().is_some() {
            break;
        }
    }
    let verdict = match watch.settled() {
        Some(Verdict::Fail) => "rollback",
        Some(Verdict::Pass) => "promote",
        Some(Verdict::Inconclusive) | None => "inconclusive",
    };
    Decision { trace: name, verdict, at_s, reason: watch.reason() }
}

fn create(path: &Path) -> Result<std::fs::File, Failure> {
    std::fs::File::create(path)
        .map_err(|error| Failure::usage(format!("{} cannot be written: {error}", path.display()), "name another file"))
}

fn write(out: &mut std::fs::File, decision: &Decision) -> Result<(), Failure> {
    let line = serde_json::to_string(decision).map_err(Failure::internal)?;
    writeln!(out, "{line}").map_err(Failure::internal)
}
