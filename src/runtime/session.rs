//! One session: a watch from attaching to the exit code.
//!
//! ```text
//!  polling ──┐                         ┌─▶ journal thread
//!  signals ──┼─ happenings ─▶ dispatcher ─▶ printing thread │ screen threads
//!  keys ─────┤        ▲       (engine)  ├─▶ notifying task
//!  time limit┘        └── performing ◀──┘
//! ```

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};

use super::{
    clock::Clock,
    dispatcher::{Dispatcher, Hands, Happening, WAITING},
    keeping::Keeper,
    notifying,
    perform::{Lock, Performance},
    polling::{Past, Polling},
    recorder::Recorder,
    reporting::Reporting,
    shown::{Front, Shown},
    signals::Signals,
};
use crate::{
    backend::Backend,
    engine::{
        action::{Order, Stage},
        effect::{Effect, Input, Stop},
        event::Line,
        intake::Intake,
        intent::Intent,
        notice::Notice,
        watch::Watch,
    },
    exit::Failure,
    journal::{
        lock::{ActionLock, Holder, LockError},
        store::Store,
        writer::Writer,
    },
    notify::Channels,
    report::Reports,
    source::poll::Poller,
};

/// How long the last notices may take at the end.
const LAST_NOTICES: Duration = Duration::from_secs(5);
/// How long the journal may take to reach the disk at the end.
const LAST_WRITES: Duration = Duration::from_secs(5);

/// The right to act on a deployment: where it is taken, and by whom.
#[derive(Clone, Debug)]
pub struct Right {
    /// Where the locks are.
    pub store: Store,
    /// What is acted on.
    pub deployment: String,
    /// By what backend.
    pub locator: String,
    /// Who we are.
    pub holder: Holder,
}

impl Right {
    /// Where what an action takes away is kept.
    #[must_use]
    pub fn keeper(&self) -> Keeper {
        Keeper { store: self.store.clone(), deployment: self.deployment.clone() }
    }

    /// Takes it, at once or not at all.
    ///
    /// # Errors
    /// What that makes of the action: somebody else has it, or nobody can have it.
    pub fn take(&self) -> Result<Lock, Stage> {
        match ActionLock::take(&self.store, &self.deployment, &self.locator, &self.holder) {
            Ok(lock) => Ok(Box::new(lock)),
            Err(error @ LockError::Held { .. }) => Err(Stage::Elsewhere { by: error.to_string() }),
            Err(error @ LockError::File(_)) => Err(no_right(&error.to_string())),
        }
    }
}

/// Nothing is sent without the right to.
fn no_right(why: &str) -> Stage {
    Stage::Failed { error: format!("the right to act could not be taken, so nothing was sent: {why}") }
}

/// How a session was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// The watch is over, with this exit code.
    Ended(u8),
    /// The watch is not over: somebody else shall go on with it.
    HandedOver {
        /// A conviction would have rolled back by itself.
        armed: bool,
    },
}

/// A watch with its journal: new, or gone on with.
#[derive(Debug)]
pub struct Begun {
    /// The engine, new or played up to where an earlier run was cut off.
    pub watch: Watch,
    /// What the engine wanted done so far.
    pub first: Vec<Effect>,
    /// The number of the last line that is in the journal already.
    pub seq: u64,
    /// The journal; none when there is no place for it.
    pub journal: Option<Writer>,
}

/// Everything a session is made of.
#[derive(Debug)]
pub struct Session {
    /// What is watched.
    pub begun: Begun,
    /// The watch's clock.
    pub clock: Clock,
    /// Asks the sources.
    pub poller: Poller,
    /// How long one round of requests may take, in real time.
    pub limit: Duration,
    /// What can act, if anything.
    pub backend: Option<Backend>,
    /// The right to act; none where there is no place for locks.
    pub right: Option<Right>,
    /// Who is told.
    pub channels: Channels,
    /// Where it shows itself.
    pub front: Front,
    /// Whether the watch can go on without its screen.
    pub can_hand_over: bool,
    /// `--timeout`.
    pub timeout: Option<Duration>,
    /// Something to say at the start: a journal that was repaired, a directory that cannot be written.
    pub notes: Vec<String>,
    /// The baseline from another time.
    pub past: Past,
    /// What is written at the end.
    pub reports: Reports,
}

impl Session {
    /// Runs the session; answers how it was left.
    ///
    /// # Errors
    /// When the terminal or the signals cannot be had.
    pub async fn run(self) -> Result<Left, Failure> {
        let (happenings, inbox) = mpsc::channel(WAITING);
        let start = self.clock.now();
        let Begun { watch, first, seq, journal } = self.begun;
        let (snapshots, pictures) = watch::channel(Arc::new(watch.snapshot()));
        let signals = Signals::listen().map_err(Failure::internal)?;
        let reporting = Reporting::start(self.reports, journal.as_ref().map(Writer::path));
        let (recorder, writing) = match journal.map(Recorder::start) {
            Some((recorder, thread)) => (Some(recorder), Some(thread)),
            None => (None, None),
        };
        let mut tasks = JoinSet::new();
        let (hand_over, handed) = mpsc::channel(1);
        let (intents, wishes) = mpsc::channel(16);
        tasks.spawn(wish(wishes, self.clock.clone(), happenings.clone()));
        let front = self.front.with_hand_over(self.can_hand_over.then_some(hand_over));
        let shown = Shown::start(front, pictures, intents, &mut tasks).map_err(Failure::internal)?;
        let (notices, to_tell) = mpsc::channel(64);
        let telling = tokio::spawn(notifying::run(self.channels, to_tell, self.clock.clone(), happenings.clone()));
        for note in self.notes {
            say(&happenings, &self.clock, "journal", note);
        }
        for note in &self.past.notes {
            say(&happenings, &self.clock, "baseline", note.clone());
        }
        let unfinished = watch.unfinished().cloned();
        let backend = self.backend;
        let performing = Performing {
            backend: backend.clone(),
            right: self.right,
            recorder: recorder.clone(),
            clock: self.clock.clone(),
            happenings: happenings.clone(),
            watch_limit: Duration::from_secs_f64(watch.setup().policy.verify_timeout_s),
            notices,
            shown,
            reporting: reporting.clone(),
        };
        if let Some(order) = unfinished {
            performing.reconcile(order);
        }
        let policy = &watch.setup().policy;
        let polling = Polling {
            poller: self.poller,
            intake: Intake::new(watch.setup().names.clone()),
            past: self.past,
            eyes: backend.map(|b| b.eyes),
            clock: self.clock.clone(),
            every: policy.poll(),
            limit: self.limit.min(policy.poll()),
        };
        tasks.spawn(polling.run(happenings.clone()));
        if let Some(limit) = self.timeout {
            tasks.spawn(time_limit(limit, self.clock.clone(), happenings.clone()));
        }
        let dispatcher = Dispatcher { watch, seq, recorder, snapshots, hands: performing };
        let over = tokio::select! {
            over = dispatcher.run(start, first, inbox) => over,
            stop = signals.watch(self.clock.clone(), happenings) => {
                tracing::warn!("asked to stop twice: leaving at once");
                reporting.write().await;
                return Ok(Left::Ended(if stop == Stop::Interrupt { 130 } else { 143 }));
            }
            armed = asked(handed) => {
                tasks.shutdown().await;
                if let Some(thread) = writing {
                    join(thread).await;
                }
                return Ok(Left::HandedOver { armed });
            }
        };
        let (Dispatcher { watch, hands, recorder, .. }, ended) = over;
        tasks.shutdown().await;
        let Performing { shown, recorder: another, notices, .. } = hands;
        drop(notices);
        if tokio::time::timeout(LAST_NOTICES, telling).await.is_err() {
            tracing::warn!("the last notices may not have been delivered");
        }
        shown.finish(watch.checks());
        // The journal's thread ends with the last of its handles.
        drop((recorder, another));
        if let Some(thread) = writing {
            join(thread).await;
        }
        reporting.write().await;
        Ok(Left::Ended(ended.map_or(crate::exit::code::INTERNAL, |e| e.exit_code)))
    }
}

/// Waits until the watch is handed over; for ever where that cannot be asked for.
async fn asked(mut handed: mpsc::Receiver<bool>) -> bool {
    match handed.recv().await {
        Some(armed) => armed,
        None => std::future::pending().await,
    }
}

/// Waits for a thread to end, for a limited time.
async fn join(thread: std::thread::JoinHandle<()>) {
    let joined = tokio::time::timeout(LAST_WRITES, tokio::task::spawn_blocking(move || thread.join())).await;
    if !matches!(joined, Ok(Ok(Ok(())))) {
        tracing::error!("the journal's last lines may not have reached the disk");
    }
}

/// Does what the engine wants done.
struct Performing {
    backend: Option<Backend>,
    right: Option<Right>,
    recorder: Option<Recorder>,
    clock: Clock,
    happenings: mpsc::Sender<Happening>,
    watch_limit: Duration,
    notices: mpsc::Sender<Notice>,
    shown: Shown,
    reporting: Reporting,
}

impl Performing {
    fn performance(&self, order: Order) -> Option<Performance> {
        Some(Performance {
            backend: self.backend.clone()?,
            order,
            limit: self.watch_limit,
            clock: self.clock.clone(),
            recorder: self.recorder.clone(),
            keeper: self.right.as_ref().map(Right::keeper),
            news: self.happenings.clone(),
        })
    }

    /// An action that an earlier run began: the backend is looked at until it is known what became of it.
    fn reconcile(&self, order: Order) {
        if let Some(performance) = self.performance(order) {
            tokio::spawn(performance.reconcile(self.lock()));
        }
    }

    /// Takes the right to act, or says who has it.
    fn lock(&self) -> impl FnOnce() -> Result<Lock, Stage> + Send + 'static {
        let right = self.right.clone();
        move || right.map_or_else(|| Err(no_right("there is no place for a lock")), |right| right.take())
    }
}

impl Hands for Performing {
    fn act(&mut self, order: Order) {
        let Some(performance) = self.performance(order) else { return };
        tokio::spawn(performance.run(self.lock()));
    }

    fn notify(&mut self, notice: Notice) {
        if self.notices.try_send(notice).is_err() {
            tracing::warn!("a notice was dropped: too many are waiting");
        }
    }

    fn show(&mut self, line: &Line) {
        self.reporting.line(line);
        self.shown.line(line);
    }
}

/// What people press becomes happenings.
async fn wish(mut wishes: mpsc::Receiver<Intent>, clock: Clock, happenings: mpsc::Sender<Happening>) {
    while let Some(intent) = wishes.recv().await {
        if happenings.send(Happening { at: clock.now(), input: Input::Wish(intent) }).await.is_err() {
            return;
        }
    }
}

async fn time_limit(limit: Duration, clock: Clock, happenings: mpsc::Sender<Happening>) {
    tokio::time::sleep(limit).await;
    if happenings.send(Happening { at: clock.now(), input: Input::Stop(Stop::Timeout) }).await.is_err() {
        tracing::debug!("the watch was over before its time limit");
    }
}

fn say(happenings: &mpsc::Sender<Happening>, clock: &Clock, about: &str, sentence: String) {
    let happening = Happening { at: clock.now(), input: Input::Noted(about.to_owned(), sentence) };
    if happenings.try_send(happening).is_err() {
        tracing::warn!("a note was dropped: the watch has not begun to listen");
    }
}
