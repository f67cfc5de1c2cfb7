//! The two threads of the screen: one reads keys, one draws.
//!
//! Both may hang without anybody noticing: a terminal that does not read blocks the one that draws, and nothing else waits for it.
//! The keys' thread never enters a library that could spin on a terminal that is gone; it sees the hang-up itself and says so.

use std::{
    fmt,
    io::{PipeReader, PipeWriter},
    os::fd::AsFd,
    sync::{Arc, mpsc as threads},
    thread,
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec},
    io::Errno,
    process::Signal as Posix,
};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::{mpsc, oneshot, watch},
    time::{Interval, MissedTickBehavior},
};

use crate::{
    engine::{action::Actor, intent::Intent, snapshot::Snapshot, time::Time},
    tui::{
        input::{Decoder, Press},
        keymap::Keymap,
        model::UiState,
        surface::Surface,
        terminal::{self, Output, TerminalError},
        theme::{Capabilities, Theme},
        tour::Tour,
        update::{Wish, update},
        view,
    },
};

/// Keys that wait for a screen that is blocked; more are dropped.
const KEYS: usize = 16;
/// How long the thread that draws is waited for at the end.
const LAST_FRAME: Duration = Duration::from_millis(300);
/// A frame that takes longer to be taken has left the person in the dark meanwhile.
const PROMPT_MS: u64 = 200;
/// How long a stop signal may take to stop us.
const STOPPED_WITHIN: Duration = Duration::from_millis(200);

/// What a screen needs to know besides its data.
#[derive(Clone)]
pub struct ScreenSettings {
    /// What the terminal and the user said about colours and characters.
    pub terminal: Capabilities,
    /// Which keys do what.
    pub keymap: Arc<Keymap>,
    /// Who presses the keys.
    pub actor: Actor,
    /// Told when the watch shall go on without this screen, and whether it is armed; none where it cannot.
    pub hand_over: Option<mpsc::Sender<bool>>,
    /// Whether somebody is shown around.
    pub tour: bool,
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
        terminal::enter()?;
        Self::spawn(snapshots, intents, terminal_bytes, settings).inspect_err(|_| terminal::restore())
    }

    fn spawn(
        snapshots: watch::Receiver<Arc<Snapshot>>,
        intents: mpsc::Sender<Intent>,
        terminal_bytes: mpsc::Receiver<Vec<u8>>,
        settings: ScreenSettings,
    ) -> Result<Self, TerminalError> {
        let clock = Clock::start();
        let (stop, stopped) = oneshot::channel();
        let (finished, drawn) = threads::channel();
        let (keys, typed) = mpsc::channel(KEYS);
        let (reading, end) = std::io::pipe().map_err(TerminalError::Setup)?;
        let output = Output::open()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(TerminalError::Setup)?;
        spawn("keys", move || read_keys(&reading, &keys, clock))?;
        spawn("screen", move || {
            let _finished = finished;
            let doors = Doors { snapshots, intents, terminal_bytes, typed, stopped };
            runtime.block_on(async { Painter::new(doors, output, settings, clock).run().await });
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

/// Milliseconds since the screen began: bursts of keys are counted in real time, whatever time the watch lives in.
#[derive(Clone, Copy)]
struct Clock(Instant);

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "a hand's speed is measured in real time, and only here")]
    fn start() -> Self {
        Self(Instant::now())
    }

    fn ms(self) -> u64 {
        u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// What the keys' thread has to say.
enum Typed {
    Key(Press),
    /// The terminal is gone.
    HangUp,
}

/// Reads until the other end of `stop` is closed or the terminal is gone. Waits in `poll` only.
fn read_keys(stop: &PipeReader, keys: &mpsc::Sender<Typed>, clock: Clock) {
    let stdin = std::io::stdin();
    let mut decoder = Decoder::default();
    let mut buffer = [0; 1024];
    loop {
        let mut waits = [PollFd::new(&stdin, PollFlags::IN), PollFd::new(stop, PollFlags::IN)];
        let timeout = decoder.wait(clock.ms()).and_then(|wait| Timespec::try_from(wait).ok());
        let polled = rustix::event::poll(&mut waits, timeout.as_ref());
        let [terminal, stop] = waits.map(|wait| wait.revents());
        match polled {
            Err(Errno::INTR) => continue,
            Err(_) => return,
            Ok(_) if !stop.is_empty() => return,
            Ok(_) => {}
        }
        if !terminal.is_empty() {
            match rustix::io::read(stdin.as_fd(), &mut buffer) {
                Ok(0) => return hang_up(keys),
                Ok(read) => decoder.feed(&buffer[..read], clock.ms()),
                Err(Errno::INTR | Errno::AGAIN) => {}
                Err(_) => return hang_up(keys),
            }
        }
        for press in decoder.take(clock.ms()) {
            // A screen that is blocked must not do later what was typed into the dark.
            keys.try_send(Typed::Key(press)).ok();
        }
    }
}

fn hang_up(keys: &mpsc::Sender<Typed>) {
    keys.blocking_send(Typed::HangUp).ok();
}

/// Where things come from and go to.
struct Doors {
    snapshots: watch::Receiver<Arc<Snapshot>>,
    intents: mpsc::Sender<Intent>,
    terminal_bytes: mpsc::Receiver<Vec<u8>>,
    typed: mpsc::Receiver<Typed>,
    stopped: oneshot::Receiver<()>,
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
}

/// The thread that draws.
struct Painter {
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
}

impl Painter {
    fn new(mut doors: Doors, output: Output, settings: ScreenSettings, clock: Clock) -> Self {
        let mut second = tokio::time::interval(Duration::from_secs(1));
        second.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let snapshot = doors.snapshots.borrow_and_update().clone();
        let (columns, rows) = terminal::size();
        let mut ui = UiState::new(Arc::clone(&settings.keymap));
        ui.can_hand_over = settings.hand_over.is_some();
        ui.tour = settings.tour.then(Tour::default);
        ui.resize(columns, rows);
        ui.observe(&snapshot);
        let theme = Theme::choose(&settings.terminal);
        let surface = Surface::new(columns, rows);
        Self { doors, signals: Signals::listen(), second, output, settings, theme, clock, snapshot, ui, surface, dark_until_ms: 0 }
    }

    /// Draws until it is stopped or the terminal is gone.
    async fn run(&mut self) {
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
            _ = self.second.tick() => Happening::Second,
        }
    }

    fn paint(&mut self) -> std::io::Result<()> {
        let began = self.clock.ms();
        let bytes = self.surface.paint(|frame| view::draw(frame, &self.snapshot, &self.ui, self.theme));
        if !bytes.is_empty() {
            self.output.write(bytes)?;
        }
        let shown = self.clock.ms();
        if shown - began > PROMPT_MS {
            self.dark_until_ms = shown;
        }
        self.ui.shown(shown);
        Ok(())
    }

    /// Handles a key; true when every cell must be drawn again.
    async fn press(&mut self, press: Press) -> bool {
        match update(&mut self.ui, &self.snapshot, press, &self.settings.actor) {
            None => false,
            Some(Wish::Intent(intent)) => {
                if self.doors.intents.try_send(intent).is_err() {
                    self.ui.note = Some("The engine does not take keys at the moment: nothing was done.".to_owned());
                }
                false
            }
            Some(Wish::HandOver { armed }) => {
                if let Some(hand_over) = &self.settings.hand_over {
                    hand_over.try_send(armed).ok();
                }
                false
            }
            Some(Wish::Redraw) => self.resize(),
            Some(Wish::Suspend) => self.suspend().await,
        }
    }

    fn observe(&mut self) -> bool {
        self.snapshot = self.doors.snapshots.borrow_and_update().clone();
        self.ui.observe(&self.snapshot);
        true
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

    /// ctrl-z: the shell gets a clean terminal, and `fg` brings the screen back. Where nobody could continue us the signal does
    /// nothing, and the screen simply comes back.
    async fn suspend(&mut self) -> bool {
        terminal::restore();
        if rustix::process::kill_current_process_group(Posix::TSTP).is_ok() {
            tokio::time::timeout(STOPPED_WITHIN, Signals::wait(&mut self.signals.continued)).await.ok();
        }
        self.take_again()
    }

    /// Whoever had the terminal meanwhile may have changed its settings.
    fn take_again(&mut self) -> bool {
        terminal::restore();
        if terminal::enter().is_err() {
            self.quit();
        }
        self.resize()
    }

    /// Without a terminal there is nobody to ask.
    fn quit(&self) {
        self.doors.intents.try_send(Intent::Quit).ok();
    }
}

/// Signals about the terminal; where the system refuses one, it is never heard.
struct Signals {
    resized: Option<Signal>,
    continued: Option<Signal>,
}

impl Signals {
    fn listen() -> Self {
        let continued = SignalKind::from_raw(Posix::CONT.as_raw());
        Self { resized: signal(SignalKind::window_change()).ok(), continued: signal(continued).ok() }
    }

    async fn wait(one: &mut Option<Signal>) {
        let heard = match one {
            Some(signal) => signal.recv().await,
            None => None,
        };
        if heard.is_none() {
            std::future::pending::<()>().await;
        }
    }
}
