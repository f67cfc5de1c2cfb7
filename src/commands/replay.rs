//! `replay`: a recorded watch through the same engine, on the screen or as lines.

use std::path::Path;

use super::{Edge, watch};
use crate::{
    cli::Replay as Args,
    engine::{
        effect::Effect,
        event::{Event, Line, SCHEMA},
        setup::Setup,
        watch::Watch,
    },
    exit::{Failure, code},
    headless::Printer,
    journal::{playback, reader},
    runtime::{
        clock::Clock,
        logging::{self, Destination},
        replaying,
    },
};

pub(super) async fn run(edge: &Edge, args: Args) -> Result<u8, Failure> {
    let on_screen = args.tui || (edge.around.is_interactive && !args.headless);
    if on_screen {
        let [file] = args.files.as_slice() else {
            return Err(Failure::usage("the screen plays one file at a time", "name one file, or say --headless"));
        };
        logging::start(edge.common.verbose, Destination::Nowhere);
        let record = Record::read(file)?;
        let clock = Clock::scaled(record.watch.snapshot().started, args.speed);
        let settings = watch::screen(edge, &clock);
        replaying::on_screen(record.watch, playback::inputs(&record.lines), clock, settings).await.map_err(Failure::internal)?;
        return Ok(code::OK);
    }
    logging::start(edge.common.verbose, Destination::Stderr);
    let mut all_read = true;
    for file in &args.files {
        match Record::read(file) {
            Ok(record) => record.print(args.format)?,
            Err(error) => {
                all_read = false;
                super::complain(&error, edge.common.color);
            }
        }
    }
    Ok(if all_read { code::OK } else { code::USAGE })
}

/// A recorded watch, ready to be played.
struct Record {
    lines: Vec<Line>,
    watch: Watch,
    first: Vec<Effect>,
}

impl Record {
    fn read(path: &Path) -> Result<Self, Failure> {
        let read = reader::read(path)
            .map_err(|error| Failure::usage(error.to_string(), "name a journal; `rollwatch journals` lists them"))?;
        for remark in read.torn.iter().chain(&read.newer) {
            tracing::warn!("{}: {remark}", path.display());
        }
        let Some((at, started)) = playback::started(&read.lines) else {
            return Err(Failure::usage(format!("{} holds no watch", path.display()), "`rollwatch journals` lists those that do"));
        };
        let setup = Setup::recorded(started).map_err(|why| Failure::usage(why, "use the version of rollwatch that recorded it"))?;
        let (watch, first) = Watch::new(setup, at, false);
        Ok(Self { lines: read.lines, watch, first })
    }

    /// Plays it at once, prints what the engine says now, and tells whether it said so then.
    fn print(self, format: crate::headless::Format) -> Result<(), Failure> {
        let Self { lines, mut watch, first } = self;
        let mut said = Vec::new();
        let (mut seq, start) = (0, watch.snapshot().started);
        let mut printer = Printer::new(format, std::io::stdout());
        let happened =
            std::iter::once((start, None)).chain(playback::inputs(&lines).into_iter().map(|(at, input)| (at, Some(input))));
        let mut first = Some(first);
        for (at, input) in happened {
            let effects = match input {
                Some(input) => watch.handle(at, input),
                None => first.take().unwrap_or_default(),
            };
            for effect in effects {
                if let Effect::Emit(event) = effect {
                    seq += 1;
                    let line = Line { v: SCHEMA, seq, at, event };
                    printer.line(&line).map_err(Failure::internal)?;
                    said.push(line.event);
                }
            }
        }
        printer.finish(&watch.checks()).map_err(Failure::internal)?;
        let recorded: Vec<&Event> = lines.iter().map(|line| &line.event).filter(|e| is_judgement(e)).collect();
        let again: Vec<&Event> = said.iter().filter(|e| is_judgement(e)).collect();
        if recorded != again {
            tracing::warn!(
                "this version of rollwatch judges this record differently: {} judgements then, {} now",
                recorded.len(),
                again.len()
            );
        }
        Ok(())
    }
}

fn is_judgement(event: &Event) -> bool {
    matches!(event, Event::Check(_) | Event::Verdict(_))
}
