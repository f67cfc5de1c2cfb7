//! Plays a recorded watch on the screen, at a speed.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use super::{
    clock::Clock,
    screen::{Screen, ScreenSettings},
};
use crate::{
    engine::{effect::Input, intent::Intent, time::Time, watch::Watch},
    tui::terminal::TerminalError,
};

/// Shows the recording until somebody leaves. At its end the last picture stays.
///
/// # Errors
/// When there is no terminal.
pub async fn on_screen(
    mut watch: Watch,
    inputs: Vec<(Time, Input)>,
    clock: Clock,
    settings: ScreenSettings,
) -> Result<(), TerminalError> {
    let (snapshots, pictures) = watch::channel(Arc::new(watch.snapshot()));
    let (intents, mut wishes) = mpsc::channel(16);
    let (_notices, bytes) = mpsc::channel(1);
    let screen = Screen::start(pictures, intents, bytes, settings)?;
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
                    watch.handle(at, input);
                    snapshots.send_replace(Arc::new(watch.snapshot()));
                }
            }
        }
    }
    screen.stop();
    Ok(())
}
