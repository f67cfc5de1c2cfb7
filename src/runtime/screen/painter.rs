//! The thread that draws: keys, snapshots, signals and time into frames, and keys into intents.

use std::{pin::Pin, sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{Interval, MissedTickBehavior, Sleep},
};

use super::{
    BUSY, ScreenSettings,
    keys::{Clock, Typed},
    signals::Signals,
};
use crate::{
    engine::{intent::Intent, snapshot::Snapshot},
    tui::{
        copy::{self, Copy},
        input::{Press, Told},
        model::{UiState, becomes_alarming},
        surface::Surface,
        terminal::{self, Output},
        theme::Theme,
        title::Said,
        tour::Tour,
        update::{Look, Wish, point, update},
        view,
    },
};

/// A frame that takes longer to be taken has left the person in the dark meanwhile.
pub(super) const PROMPT_MS: u64 = 200;
/// How long the first frame waits for what the terminal answers.
const ANSWERS_WITHIN: Duration = Duration::from_millis(50);
/// How long row 1 is reversed when something becomes alarming.
const REVERSED: Duration = Duration::from_millis(400);
const BELL: u8 = 0x07;

/// Where things come from and go to.
pub(super) struct Doors {
    pub snapshots: watch::Receiver<Arc<Snapshot>>,
    pub intents: mpsc::Sender<Intent>,
    pub terminal_bytes: mpsc::Receiver<Vec<u8>>,
    pub typed: mpsc::Receiver<Typed>,
    pub stopped: oneshot::Receiver<()>,
}

/// One thing that happened.
enum Happening {
    Stop,
    Typed(Typed),
    Snapshot,
    Resize,
    /// The process was stopped and goes on.
    Continue,
    Bytes(Vec<u8>),
    Second,
    /// Row 1 was reversed for long enough.
    Calm,
}

/// The thread that draws.
pub(super) struct Painter {
    doors: Doors,
    signals: Signals,
    second: Interval,
    output: Output,
    settings: ScreenSettings,
    theme: Theme,
    clock: Clock,
    snapshot: Arc<Snapshot>,
    ui: UiState,
    surface: Surface,
    /// Until when nobody could see what a key would do, in milliseconds of the keys' clock.
    dark_until_ms: u64,
    /// It was asked where the cursor is.
    awaits_column: bool,
    /// What the title says, and the progress.
    said: Said,
    /// Sequences that are written after the next frame.
    outgoing: Vec<u8>,
    /// The end of the reversal of row 1.
    calming: Option<Pin<Box<Sleep>>>,
}

impl Painter {
    pub(super) fn new(mut doors: Doors, output: Output, settings: ScreenSettings, clock: Clock) -> Self {
        let mut second = tokio::time::interval(Duration::from_secs(1));
        second.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let snapshot = doors.snapshots.borrow_and_update().clone();
        let (columns, rows) = terminal::size();
        let mut ui = UiState::new(Arc::clone(&settings.keymap));
        ui.can_hand_over = settings.hand_over.is_some();
        ui.visit = settings.visit;
        ui.tour = settings.tour.then(Tour::default);
        let theme = Theme::choose(&settings.terminal);
        ui.look = Look { theme: settings.terminal.theme, shade: theme.shade, coloured: settings.terminal.is_coloured() };
        ui.resize(columns, rows);
        ui.observe(&snapshot);
        let surface = Surface::new(columns, rows);
        Self {
            doors,
            signals: Signals::listen(),
            second,
            output,
            settings,
            theme,
            clock,
            snapshot,
            ui,
            surface,
            dark_until_ms: 0,
            awaits_column: false,
            said: Said::default(),
            outgoing: Vec::new(),
            calming: None,
        }
    }

    /// Draws until it is stopped or the terminal is gone.
    pub(super) async fn run(&mut self) {
        if self.ask().await.is_err() {
            return self.quit();
        }
        let mut dirty = true;
        loop {
            if dirty && self.paint().is_err() {
                return self.quit();
            }
            let before = self.ui.clone();
            let happening = self.next().await;
            let redraw = match happening {
                Happening::Stop => return,
                Happening::Typed(Typed::HangUp) => return self.quit(),
                // What was typed while the terminal did not take a frame was typed blindly.
                Happening::Typed(Typed::Key(press)) if press.at_ms < self.dark_until_ms => false,
                Happening::Typed(Typed::Key(press)) => self.press(press).await,
                Happening::Typed(Typed::Told(told)) => self.hear(told),
                Happening::Snapshot => self.observe(),
                Happening::Resize => self.resize(),
                Happening::Continue => self.take_again(),
                Happening::Bytes(bytes) => {
                    if self.output.write(&bytes).is_err() {
                        return self.quit();
                    }
                    false
                }
                Happening::Second => self.tick(),
                Happening::Calm => {
                    self.calming = None;
                    self.ui.reversed = false;
                    false
                }
            };
            dirty = redraw || self.ui != before;
        }
    }

    async fn next(&mut self) -> Happening {
        tokio::select! {
            biased;
            _ = &mut self.doors.stopped => Happening::Stop,
            Some(typed) = self.doors.typed.recv() => Happening::Typed(typed),
            () = Signals::wait(&mut self.signals.resized) => Happening::Resize,
            () = Signals::wait(&mut self.signals.continued) => Happening::Continue,
            changed = self.doors.snapshots.changed() => if changed.is_ok() { Happening::Snapshot } else { Happening::Stop },
            Some(bytes) = self.doors.terminal_bytes.recv() => Happening::Bytes(bytes),
            () = over(&mut self.calming) => Happening::Calm,
            _ = self.second.tick() => Happening::Second,
        }
    }

    /// Asks the terminal what it is like, before anything is drawn. Who does not answer in time may do so later.
    async fn ask(&mut self) -> std::io::Result<()> {
        let terminal = &self.settings.terminal;
        let questions = [(terminal.asks_width(), terminal::ASK_WIDTH), (terminal.asks_background(), terminal::ASK_BACKGROUND)];
        self.awaits_column = terminal.asks_width();
        let mut open = questions.iter().filter(|(asks, _)| *asks).count();
        for (_, question) in questions.iter().filter(|(asks, _)| *asks) {
            self.output.write(question)?;
        }
        let until = tokio::time::Instant::from_std(self.clock.at(ANSWERS_WITHIN));
        while open > 0 {
            match tokio::time::timeout_at(until, self.doors.typed.recv()).await {
                Ok(Some(Typed::Told(told))) => {
                    self.hear(told);
                    open -= 1;
                }
                // Keys that were pressed before anything was there to be seen.
                Ok(Some(Typed::Key(_))) => {}
                Ok(Some(Typed::HangUp)) => return Err(std::io::ErrorKind::BrokenPipe.into()),
                Ok(None) | Err(_) => break,
            }
        }
        Ok(())
    }

    /// Takes in what the terminal told; true when every cell must be drawn again.
    fn hear(&mut self, told: Told) -> bool {
        let terminal = &mut self.settings.terminal;
        match told {
            Told::Background(shade) => terminal.background = Some(shade),
            // Once: some keys with a modifier look the same.
            Told::Column(column) if std::mem::take(&mut self.awaits_column) => terminal.wide = column > terminal::NARROW,
            Told::Column(_) => return false,
            Told::Mouse(mouse) => {
                point(&mut self.ui, &self.snapshot, mouse);
                return false;
            }
        }
        self.dress();
        true
    }

    /// The look may have changed.
    fn dress(&mut self) {
        self.settings.terminal.theme = self.ui.look.theme;
        self.theme = Theme::choose(&self.settings.terminal);
        self.ui.look.shade = self.theme.shade;
    }

    fn paint(&mut self) -> std::io::Result<()> {
        let began = self.clock.ms();
        let bytes = self.surface.paint(|frame| view::draw(frame, &self.snapshot, &self.ui, self.theme));
        if !bytes.is_empty() {
            self.output.write(bytes)?;
        }
        let shown = self.clock.ms();
        self.outgoing.extend(self.said.update(&self.snapshot, self.settings.outside, self.theme.glyphs));
        if !self.outgoing.is_empty() {
            self.output.write(&std::mem::take(&mut self.outgoing))?;
        }
        if shown - began > PROMPT_MS {
            self.dark_until_ms = shown;
        }
        self.ui.shown(shown);
        Ok(())
    }

    /// Handles a key; true when every cell must be drawn again.
    async fn press(&mut self, press: Press) -> bool {
        let wish = update(&mut self.ui, &self.snapshot, press, &self.settings.actor);
        if self.ui.look.theme != self.settings.terminal.theme {
            self.dress();
        }
        match wish {
            None => false,
            Some(Wish::Intent(intent)) => {
                if self.doors.intents.try_send(intent).is_err() {
                    self.ui.note = Some(BUSY.to_owned());
                }
                false
            }
            Some(Wish::HandOver { armed }) => {
                if let Some(hand_over) = &self.settings.hand_over {
                    hand_over.try_send(armed).ok();
                }
                false
            }
            Some(Wish::Copy(copy)) => {
                self.copy(&copy);
                false
            }
            Some(Wish::Redraw) => self.resize(),
            Some(Wish::Suspend) => {
                self.signals.put_aside().await;
                self.take_again()
            }
        }
    }

    fn observe(&mut self) -> bool {
        let was = self.snapshot.badge;
        self.snapshot = self.doors.snapshots.borrow_and_update().clone();
        self.ui.observe(&self.snapshot);
        if becomes_alarming(was, self.snapshot.badge) {
            self.alarm();
        } else if was.word != self.snapshot.badge.word {
            // What was alarming is not said any more.
            self.ui.reversed = false;
            self.calming = None;
        }
        true
    }

    /// One reversal of row 1, and the bell where it was asked for.
    fn alarm(&mut self) {
        if self.settings.bell {
            self.outgoing.push(BELL);
        }
        if !self.settings.calm {
            self.ui.reversed = true;
            self.calming = Some(Box::pin(tokio::time::sleep(REVERSED)));
        }
    }

    fn copy(&mut self, copy: &Copy) {
        let tmux = if self.settings.terminal.in_tmux { " tmux hands it on with set-clipboard on." } else { "" };
        self.ui.note = Some(if self.settings.outside.copy {
            self.outgoing.extend(copy::sequence(&copy.text));
            format!("Copied: {}.{tmux}", copy.what)
        } else {
            "This terminal takes no copies.".to_owned()
        });
    }

    fn resize(&mut self) -> bool {
        let (columns, rows) = terminal::size();
        self.ui.resize(columns, rows);
        self.surface = Surface::new(columns, rows);
        true
    }

    /// Only lateness and a running action have a clock that moves without news.
    fn tick(&mut self) -> bool {
        let now = (self.settings.now)();
        if view::has_a_running_clock(&self.snapshot, now) {
            self.ui.now = now;
        }
        false
    }

    /// Whoever had the terminal meanwhile may have changed its settings.
    fn take_again(&mut self) -> bool {
        terminal::restore();
        self.said = Said::default();
        if terminal::enter(self.settings.outside).is_err() {
            self.quit();
        }
        self.resize()
    }

    /// Without a terminal there is nobody to ask.
    fn quit(&self) {
        self.doors.intents.try_send(Intent::Quit).ok();
    }
}

/// Waits for the end of a pause; for ever where there is none.
async fn over(pause: &mut Option<Pin<Box<Sleep>>>) {
    match pause {
        Some(pause) => pause.await,
        None => std::future::pending().await,
    }
}
