//! Carries out one order: lock, intent on disk, one request, then looking until it was seen or its time is over.
//!
//! Its own path from beginning to end: it waits for no poll and no front end. It asks the backend once; after a lost answer it looks
//! instead of asking again, and goes on only with what may be done twice.

use std::time::Duration;

use tokio::sync::mpsc;

use super::{clock::Clock, dispatcher::Happening, keeping::Keeper, recorder::Recorder};
use crate::{
    backend::{Act, ActError, Backend, BackendError},
    engine::{
        action::{Order, Report, Seen, Stage},
        effect::Input,
    },
};

/// How long the backend may take to accept or refuse, in real time; nginx tests and reloads its configuration within it.
const ACT_LIMIT: Duration = Duration::from_secs(120);
/// How long one look may take, in real time.
const LOOK_LIMIT: Duration = Duration::from_secs(60);
/// How long an interrupted action, one whose answer was lost, or one on what is not there any more, is looked for; whatever it had set
/// going shows by then, in the watch's time.
const RECONCILE: Duration = Duration::from_secs(30);
/// Between two looks: at first, and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(2));

/// Everything an order needs on its way.
#[derive(Debug)]
pub struct Performance {
    /// The backend; without hands nothing is done.
    pub backend: Backend,
    /// What to do.
    pub order: Order,
    /// How long its effect is looked for, in the watch's time.
    pub limit: Duration,
    /// The watch's clock; held while the backend is asked.
    pub clock: Clock,
    /// Where the intent must be before anything is sent; without it nothing is.
    pub recorder: Option<Recorder>,
    /// Where what it takes away is kept; nowhere without a place.
    pub keeper: Option<Keeper>,
    /// Where news of it go.
    pub news: mpsc::Sender<Happening>,
}

/// Held while an order is on its way, so that only one is.
pub type Lock = Box<dyn Send>;

impl Performance {
    /// Does it. `lock` takes the right to act, or says what becomes of the action without it.
    pub async fn run(self, lock: impl FnOnce() -> Result<Lock, Stage>) {
        match self.ask(lock).await {
            Ok((lock, lost)) => {
                match &lost {
                    None => self.tell(Stage::Sent).await,
                    Some(why) => self.note("answer", format!("It is not known whether it was done: {why}. Looking.")).await,
                }
                let end = self.look_until_seen(lost).await;
                self.tell(end).await;
                drop(lock);
            }
            Err(stage) => self.tell(stage).await,
        }
    }

    /// Finds out what became of an order that an earlier run began: looks, and goes on only with what may be done twice.
    pub async fn reconcile(mut self, lock: impl FnOnce() -> Result<Lock, Stage>) {
        self.limit = self.limit.min(RECONCILE);
        let _lock = self.finish(lock).await;
        let end = match self.look_until_seen(None).await {
            Stage::Unverified { .. } if self.is_unmoved().await => {
                Stage::Elsewhere { by: "an earlier run was cut off before this had any effect".to_owned() }
            }
            Stage::Unverified { seen } => Stage::Unverified { seen: format!("begun by an earlier run that was cut off; {seen}") },
            end => end,
        };
        self.tell(end).await;
    }

    /// Somebody else who is acting is left to it: without the lock there is only looking.
    async fn finish(&self, lock: impl FnOnce() -> Result<Lock, Stage>) -> Option<Lock> {
        let hands = self.backend.hands.as_ref()?;
        let lock = lock().inspect_err(|why| tracing::info!(?why, "an interrupted action is only looked at")).ok()?;
        if !self.look().await.is_ok_and(|seen| seen.done) {
            self.go_on(hands.as_ref()).await;
        }
        Some(lock)
    }

    /// Goes on with what was begun: whether all of it is taken now.
    async fn go_on(&self, hands: &dyn Act) -> bool {
        let _still = self.clock.hold();
        let finished = tokio::time::timeout(ACT_LIMIT, hands.finish(&self.order)).await;
        tracing::info!(id = %self.order.id, ?finished, "an interrupted action was gone on with");
        matches!(finished, Ok(Ok(())))
    }

    /// The backend is still in the very state that the order was decided on.
    async fn is_unmoved(&self) -> bool {
        let state = tokio::time::timeout(LOOK_LIMIT, self.backend.eyes.observe()).await;
        matches!(state, Ok(Ok(rollout)) if rollout.token == self.order.token)
    }

    async fn tell(&self, stage: Stage) {
        let at = self.clock.now();
        let report = Report { id: self.order.id.clone(), at, stage };
        if self.news.send(Happening { at, input: Input::Report(report) }).await.is_err() {
            tracing::warn!(id = %self.order.id, "nobody listens for news of this action any more");
        }
    }

    async fn note(&self, about: &str, sentence: String) {
        let happening = Happening { at: self.clock.now(), input: Input::Noted(about.to_owned(), sentence) };
        if self.news.send(happening).await.is_err() {
            tracing::warn!(about, "nobody listens for this note");
        }
    }

    /// The lock, and why nobody said that the request was taken; none where the backend did.
    async fn ask(&self, lock: impl FnOnce() -> Result<Lock, Stage>) -> Result<(Lock, Option<String>), Stage> {
        let Some(hands) = &self.backend.hands else {
            return Err(Stage::Failed { error: "this session is read-only".to_owned() });
        };
        let lock = lock()?;
        if let Err(error) = self.write_down().await {
            return Err(Stage::Failed { error: format!("the intent could not be written down, so nothing was sent: {error}") });
        }
        let _still = self.clock.hold();
        self.keep(hands.as_ref()).await;
        match tokio::time::timeout(ACT_LIMIT, hands.act(&self.order)).await {
            Ok(Ok(())) => Ok((lock, None)),
            Ok(Err(ActError::Moved(by))) => Err(Stage::Elsewhere { by }),
            Ok(Err(ActError::Refused(error))) => Err(Stage::Failed { error }),
            Ok(Err(ActError::Unknown(error))) => Ok((lock, Some(error))),
            Err(_) => Ok((lock, Some(slow(ACT_LIMIT)))),
        }
    }

    /// Puts on disk what a retreat takes away; it waits for that a few seconds at most, whatever becomes of it.
    async fn keep(&self, hands: &dyn Act) {
        let Some(keeper) = self.keeper.as_ref().filter(|_| self.order.action.is_retreat()) else { return };
        if let Some(sentence) = keeper.keep(hands, &self.order).await {
            self.note("evidence", sentence).await;
        }
    }

    async fn write_down(&self) -> Result<(), String> {
        let recorder = self.recorder.as_ref().ok_or_else(|| "there is no journal".to_owned())?;
        recorder.sync().await
    }

    /// Looks again and again, until the target was seen or the limit has passed. Where the answer was `lost`, and why, it goes on with
    /// what was begun, and stops looking when nothing was. It stops as well where for long there is nothing left to look at.
    async fn look_until_seen(&self, mut lost: Option<String>) -> Stage {
        let sent = self.clock.now();
        let mut pause = PAUSE.0;
        let mut gone = None;
        loop {
            let looked = self.look().await;
            gone = if matches!(looked, Err(BackendError::Unusable(_))) { gone.or(Some(self.clock.now())) } else { None };
            let open = match looked {
                Ok(seen) if seen.done => return Stage::Verified { took_s: self.clock.now().secs_since(sent), seen },
                Ok(seen) => {
                    let open = seen.open();
                    self.tell(Stage::Looked(seen)).await;
                    if let (Some(_), Some(hands)) = (&lost, &self.backend.hands)
                        && self.go_on(hands.as_ref()).await
                    {
                        lost = None;
                    }
                    open
                }
                Err(error) => error.to_string(),
            };
            let now = self.clock.now();
            let passed = now.since(sent);
            let is_vain = gone.is_some_and(|since| now.since(since) >= RECONCILE)
                || (lost.is_some() && passed >= RECONCILE && self.is_unmoved().await);
            if passed >= self.limit || is_vain {
                let seen = lost.map_or_else(|| open.clone(), |why| format!("{open}; {why}"));
                return Stage::Unverified { seen };
            }
            self.clock.sleep(pause).await;
            pause = (pause * 2).min(PAUSE.1);
        }
    }

    async fn look(&self) -> Result<Seen, BackendError> {
        let _still = self.clock.hold();
        let looked = tokio::time::timeout(LOOK_LIMIT, self.backend.eyes.read_back(&self.order)).await;
        looked.unwrap_or_else(|_| Err(BackendError::Unreachable(slow(LOOK_LIMIT))))
    }
}

fn slow(limit: Duration) -> String {
    format!("the backend did not answer within {} s", limit.as_secs())
}

#[cfg(test)]
mod tests;
