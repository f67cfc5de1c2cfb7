//! The thread that answers keys in lines: keys and snapshots into lines, and keys into intents. Events are printed elsewhere.

use std::sync::Arc;

use super::{
    BUSY, ScreenSettings,
    keys::{Clock, Typed},
    painter::{Doors, PROMPT_MS},
    signals::Signals,
};
use crate::{
    engine::{intent::Intent, snapshot::Snapshot},
    tui::{
        input::Press,
        plain::Plain,
        terminal::{self, Output},
        update::Wish,
    },
};

/// The thread that answers.
pub(super) struct Teller {
    doors: Doors,
    signals: Signals,
    output: Output,
    settings: ScreenSettings,
    clock: Clock,
    snapshot: Arc<Snapshot>,
    plain: Plain,
    /// Until when nobody could read what a key would do, in milliseconds of the keys' clock.
    dark_until_ms: u64,
}

impl Teller {
    pub(super) fn new(mut doors: Doors, output: Output, settings: ScreenSettings, clock: Clock) -> Self {
        let snapshot = doors.snapshots.borrow_and_update().clone();
        let plain = Plain::new(Arc::clone(&settings.keymap), settings.hand_over.is_some());
        Self { doors, signals: Signals::listen(), output, settings, clock, snapshot, plain, dark_until_ms: 0 }
    }

    /// Answers until it is stopped or the terminal is gone.
    pub(super) async fn run(&mut self) {
        let greeting = [vec![self.plain.greeting(&self.snapshot)], self.plain.observe(&self.snapshot)].concat();
        let mut goes_on = self.say(greeting);
        while goes_on {
            goes_on = tokio::select! {
                biased;
                _ = &mut self.doors.stopped => return,
                Some(typed) = self.doors.typed.recv() => match typed {
                    Typed::HangUp => false,
                    // What was typed while the terminal did not take a line was typed blindly.
                    Typed::Key(press) if press.at_ms < self.dark_until_ms => true,
                    Typed::Key(press) => self.press(press).await,
                    Typed::Told(_) => true,
                },
                () = Signals::wait(&mut self.signals.continued) => Self::take_again(),
                changed = self.doors.snapshots.changed() => match changed {
                    Ok(()) => self.observe(),
                    Err(_) => return,
                },
                // The bell, and nothing that moves a cursor.
                Some(bytes) = self.doors.terminal_bytes.recv() => self.output.write(&bytes).is_ok(),
            };
        }
        // Without a terminal there is nobody to ask.
        self.doors.intents.try_send(Intent::Quit).ok();
    }

    /// Handles a key; false once the terminal is gone.
    async fn press(&mut self, press: Press) -> bool {
        let answer = self.plain.press(&self.snapshot, press, &self.settings.actor);
        if !self.say(answer.lines) {
            return false;
        }
        match answer.wish {
            Some(Wish::Intent(intent)) => match self.doors.intents.try_send(intent) {
                Ok(()) => true,
                Err(_) => self.say(vec![BUSY.to_owned()]),
            },
            Some(Wish::HandOver { armed }) => {
                if let Some(hand_over) = &self.settings.hand_over {
                    hand_over.try_send(armed).ok();
                }
                true
            }
            Some(Wish::Suspend) => {
                self.signals.put_aside().await;
                Self::take_again()
            }
            Some(Wish::Copy(_) | Wish::Redraw) | None => true,
        }
    }

    fn observe(&mut self) -> bool {
        self.snapshot = self.doors.snapshots.borrow_and_update().clone();
        let lines = self.plain.observe(&self.snapshot);
        self.say(lines)
    }

    /// All lines in one write, so that no event's line comes between them; false once the terminal is gone.
    fn say(&mut self, mut lines: Vec<String>) -> bool {
        if lines.is_empty() {
            return true;
        }
        lines.push(String::new());
        let began = self.clock.ms();
        let written = self.output.write(lines.join("\n").as_bytes());
        let shown = self.clock.ms();
        if shown - began > PROMPT_MS {
            self.dark_until_ms = shown;
        }
        self.plain.shown(shown);
        written.is_ok()
    }

    /// Whoever had the terminal meanwhile may have changed its settings.
    fn take_again() -> bool {
        terminal::restore();
        terminal::enter_plain().is_ok()
    }
}
