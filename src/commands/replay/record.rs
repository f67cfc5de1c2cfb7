//! What is played: a journal or a trace, as inputs for the engine.

use std::path::Path;

use crate::{
    engine::{
        effect::{Effect, Input},
        event::{Event, Line, SCHEMA},
        setup::Setup,
        time::Time,
        watch::Watch,
    },
    exit::Failure,
    headless::{Format, Printer},
    journal::{playback, reader},
    trace::Trace,
};

/// A recording, ready to be played.
pub(super) struct Record {
    pub(super) name: String,
    pub(super) setup: Setup,
    pub(super) began: Time,
    pub(super) inputs: Vec<(Time, Input)>,
    /// What was said then; nothing for a trace.
    pub(super) recorded: Vec<Line>,
}

impl Record {
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let is_trace = Trace::is_one(path)
            .map_err(|error| Failure::usage(format!("{} cannot be read: {error}", path.display()), "name a journal or a trace"))?;
        if is_trace { Self::trace(path) } else { Self::journal(path) }
    }

    fn journal(path: &Path) -> Result<Self, Failure> {
        let read = reader::read(path)
            .map_err(|error| Failure::usage(error.to_string(), "name a journal; `rollwatch journals` lists them"))?;
        for remark in read.torn.iter().chain(&read.newer) {
            tracing::warn!("{}: {remark}", path.display());
        }
        let Some((at, started)) = playback::started(&read.lines) else {
            return Err(Failure::usage(format!("{} holds no watch", path.display()), "`rollwatch journals` lists those that do"));
        };
        let setup = Setup::recorded(started).map_err(|why| Failure::usage(why, "use the version of rollwatch that recorded it"))?;
        let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Self { name, setup, began: at, inputs: playback::inputs(&read.lines), recorded: read.lines })
    }

    fn trace(path: &Path) -> Result<Self, Failure> {
        let trace = Trace::read(path).map_err(|error| Failure::usage(error.to_string(), "see the format of traces"))?;
        let inputs = trace.inputs().collect();
        Ok(Self { setup: trace.setup(), name: trace.name, began: Time::from_ms(0), inputs, recorded: Vec::new() })
    }

    /// Plays it at once, prints what the engine says now, and tells whether it said so then.
    pub(super) fn print(self, format: Format) -> Result<(), Failure> {
        let Self { setup, began, inputs, recorded, .. } = self;
        let (mut watch, first) = Watch::new(setup, began, false);
        let mut said = Vec::new();
        let mut printer = Printer::new(format, std::io::stdout());
        let mut show = |at: Time, effects: Vec<Effect>| -> Result<(), Failure> {
            for effect in effects {
                if let Effect::Emit(event) = effect {
                    let line = Line { v: SCHEMA, seq: said.len() as u64 + 1, at, event };
                    printer.line(&line).map_err(Failure::internal)?;
                    said.push(line.event);
                }
            }
            Ok(())
        };
        show(began, first)?;
        for (at, input) in inputs {
            let effects = watch.handle(at, input);
            show(at, effects)?;
        }
        printer.finish(&watch.checks()).map_err(Failure::internal)?;
        if !recorded.is_empty() {
            compare(&recorded, &said);
        }
        Ok(())
    }
}

/// The same engine says the same; another version may not.
fn compare(recorded: &[Line], said: &[Event]) {
    let then = judgements(recorded.iter().map(|line| &line.event));
    let now = judgements(said.iter());
    if then != now {
        tracing::warn!(
            "this version of rollwatch judges this record differently: {} judgements then, {} now",
            then.len(),
            now.len()
        );
    }
}

/// What was judged, without the wording of its explanation.
fn judgements<'a>(events: impl Iterator<Item = &'a Event>) -> Vec<Event> {
    let judged = events.filter(|event| matches!(event, Event::Check(_) | Event::Verdict(_)));
    let plain = judged.cloned().map(|mut event| {
        if let Event::Check(check) = &mut event {
            check.explanation.clear();
        }
        event
    });
    plain.collect()
}
