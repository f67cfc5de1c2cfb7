//! The two threads of the screen: one reads keys, one draws. With `--plain` that one answers keys in lines instead.
//!
//! Both may hang without anybody noticing: a terminal that does not read blocks the one that draws, and nothing else waits for it.
//! The keys' thread never enters a library that could spin on a terminal that is gone; it sees the hang-up itself and says so.

mod keys;
mod painter;
mod signals;
mod teller;

use std::{
    fmt,
    io::PipeWriter,
    sync::{Arc, mpsc as threads},
    thread,
    time::Duration,
};

use tokio::sync::{mpsc, oneshot, watch};

use self::{
    keys::Clock,
    painter::{Doors, Painter},
    teller::Teller,
};
use crate::{
    engine::{action::Actor, intent::Intent, snapshot::Snapshot, time::Time},
    tui::{
        keymap::Keymap,
        model::Visit,
        terminal::{self, Output, TerminalError},
        theme::Capabilities,
        title::Outside,
    },
};

/// Keys that wait for a screen that is blocked; more are dropped.
const KEYS: usize = 16;
/// How long the thread that draws is waited for at the end.
const LAST_FRAME: Duration = Duration::from_millis(300);

/// Said when a wish finds no room.
const BUSY: &str = "The engine does not take keys at the moment: nothing was done.";

/// What a screen needs to know besides its data.
#[derive(Clone)]
pub struct ScreenSettings {
    /// What the terminal and the user said about colours and characters.
    pub terminal: Capabilities,
    /// Which keys do what.
    pub keymap: Arc<Keymap>,
    /// What may be said outside of the terminal's cells.
    pub outside: Outside,
    /// Ring when something becomes alarming.
    pub bell: bool,
    /// Do not reverse row 1 for a moment then.
    pub calm: bool,
    /// Who presses the keys.
    pub actor: Actor,
    /// Told when the watch shall go on without this screen, and whether it is armed; none where it cannot.
    pub hand_over: Option<mpsc::Sender<bool>>,
    /// Whether somebody is shown around.
    pub tour: bool,
    /// Whether somebody has been here before.
    pub visit: Visit,
    /// The watch's time, for lateness and for the clock of a running action.
    pub now: Arc<dyn Fn() -> Time + Send + Sync>,
}

impl fmt::Debug for ScreenSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScreenSettings").field("terminal", &self.terminal).field("actor", &self.actor).finish_non_exhaustive()
    }
}

/// A screen that is shown. Dropping it gives the terminal back.
#[derive(Debug)]
pub struct Screen {
    stop: Option<oneshot::Sender<()>>,
    drawn: threads::Receiver<()>,
    /// The keys' thread ends when this end of the pipe is closed.
    _reading: PipeWriter,
}

impl Screen {
    /// Takes the terminal and shows the newest snapshot until [`Screen::stop`]. Keys become intents; `terminal_bytes` (notifications) are
    /// written between frames. The intents' sender is dropped when the thread that draws ends, whatever ended it.
    ///
    /// # Errors
    /// When there is no terminal, or it refuses; it is as before then.
    pub fn start(
        snapshots: watch::Receiver<Arc<Snapshot>>,
        intents: mpsc::Sender<Intent>,
        terminal_bytes: mpsc::Receiver<Vec<u8>>,
        settings: ScreenSettings,
    ) -> Result<Self, TerminalError> {
        terminal::enter(settings.outside)?;
        let draws = |doors, output, clock| async move { Painter::new(doors, output, settings, clock).run().await };
        Self::spawn(snapshots, intents, terminal_bytes, draws).inspect_err(|_| terminal::restore())
    }

    /// As [`Screen::start`], with answers in lines and nothing drawn. What happens is printed by somebody else, to an [`Output`] of its own.
    ///
    /// # Errors
    /// As [`Screen::start`].
    pub fn plain(
        snapshots: watch::Receiver<Arc<Snapshot>>,
        intents: mpsc::Sender<Intent>,
        terminal_bytes: mpsc::Receiver<Vec<u8>>,
        settings: ScreenSettings,
    ) -> Result<Self, TerminalError> {
        terminal::enter_plain()?;
        let tells = |doors, output, clock| async move { Teller::new(doors, output, settings, clock).run().await };
        Self::spawn(snapshots, intents, terminal_bytes, tells).inspect_err(|_| terminal::restore())
    }

    /// Both threads; `shows` is the one that is not about keys.
    fn spawn<Shows: Future<Output = ()>>(
        snapshots: watch::Receiver<Arc<Snapshot>>,
        intents: mpsc::Sender<Intent>,
        terminal_bytes: mpsc::Receiver<Vec<u8>>,
        shows: impl FnOnce(Doors, Output, Clock) -> Shows + Send + 'static,
    ) -> Result<Self, TerminalError> {
        let clock = Clock::start();
        let (stop, stopped) = oneshot::channel();
        let (finished, drawn) = threads::channel();
        let (heard, typed) = mpsc::channel(KEYS);
        let (reading, end) = std::io::pipe().map_err(TerminalError::Setup)?;
        let output = Output::open()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(TerminalError::Setup)?;
        spawn("keys", move || keys::read(&reading, &heard, clock))?;
        spawn("screen", move || {
            let _finished = finished;
            let doors = Doors { snapshots, intents, terminal_bytes, typed, stopped };
            runtime.block_on(shows(doors, output, clock));
        })?;
        Ok(Self { stop: Some(stop), drawn, _reading: end })
    }

    /// Gives the terminal back and ends both threads. Waits at most half a second, however stuck the terminal is.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        drop(self.stop.take());
        // Nothing is ever sent: the channel closes when the thread ends, or the time is over.
        self.drawn.recv_timeout(LAST_FRAME).ok();
        terminal::restore();
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), TerminalError> {
    thread::Builder::new().name(name.to_owned()).spawn(work).map(drop).map_err(TerminalError::Setup)
}
