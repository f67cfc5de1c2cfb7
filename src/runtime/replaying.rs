//! Plays a recorded watch at a speed, on the screen or in lines that answer keys.

use std::sync::Arc;

use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};

use super::{
    clock::Clock,
    shown::{Front, Shown},
};
use crate::{
    engine::{
        effect::{Effect, Input},
        event::{Line, SCHEMA},
        intent::Intent,
        time::Time,
        watch::Watch,
    },
    tui::terminal::TerminalError,
};

/// A recorded watch, and what was wanted at its beginning.
#[derive(Debug)]
pub struct Recorded {
    /// The engine before its first input.
    pub watch: Watch,
    /// When it began.
    pub began: Time,
    /// What the engine wanted done then.
    pub first: Vec<Effect>,
    /// What happened, in order.
    pub inputs: Vec<(Time, Input)>,
}

/// Shows the recording until somebody leaves. At its end the last picture stays.
///
/// # Errors
/// When there is no terminal.
pub async fn play(recorded: Recorded, clock: Clock, front: Front) -> Result<(), TerminalError> {
    let Recorded { mut watch, began, first, inputs } = recorded;
    let (snapshots, pictures) = watch::channel(Arc::new(watch.snapshot()));
    let (intents, mut wishes) = mpsc::channel(16);
    let mut shown = Shown::start(front, pictures, intents, &mut JoinSet::new())?;
    let mut seq = 0;
    show(&mut shown, &mut seq, began, first);
    let mut inputs = inputs.into_iter().peekable();
    loop {
        let due = inputs.peek().map(|(at, _)| *at);
        tokio::select! {
            wish = wishes.recv() => match wish {
                Some(Intent::Quit) | None => break,
                Some(_) => {}
            },
            () = clock.sleep_until(due.unwrap_or_default()), if due.is_some() => {
                if let Some((at, input)) = inputs.next() {
                    let effects = watch.handle(at, input);
                    show(&mut shown, &mut seq, at, effects);
                    snapshots.send_replace(Arc::new(watch.snapshot()));
                }
            }
        }
    }
    shown.finish(watch.checks());
    Ok(())
}

fn show(shown: &mut Shown, seq: &mut u64, at: Time, effects: Vec<Effect>) {
    for effect in effects {
        if let Effect::Emit(event) = effect {
            *seq += 1;
            shown.line(&Line { v: SCHEMA, seq: *seq, at, event });
        }
    }
}
