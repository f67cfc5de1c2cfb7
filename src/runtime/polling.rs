//! The poll loop: every source and the backend at once, on the watch's clock, never two polls at a time.

use std::{fmt, sync::Arc, time::Duration};

use tokio::sync::mpsc;

use super::{clock::Clock, dispatcher::Happening};
use crate::{
    backend::Observe,
    baseline::{Recorded, feed::Feed},
    engine::{
        action::Rollout,
        effect::{Input, Polled},
        intake::Intake,
        time::Time,
    },
    source::poll::Poller,
};

/// How long the backend may take to be read, in real time.
const BACKEND_LIMIT: Duration = Duration::from_secs(10);

/// What is known of the baseline from another time.
#[derive(Clone, Debug, Default)]
pub struct Past {
    /// What it did before the watch, poll by poll.
    pub history: Vec<Recorded>,
    /// Its part of the polls to come, where it is not asked.
    pub feed: Option<Feed>,
    /// What is said about that at the start.
    pub notes: Vec<String>,
}

/// Everything a poll needs.
pub struct Polling {
    /// Asks the sources.
    pub poller: Poller,
    /// Turns totals into increments.
    pub intake: Intake,
    /// The baseline from another time.
    pub past: Past,
    /// The backend's eyes, where there is a backend.
    pub eyes: Option<Arc<dyn Observe>>,
    /// The watch's clock.
    pub clock: Clock,
    /// Time between two polls.
    pub every: Duration,
    /// How long a round of requests may take, in real time.
    pub limit: Duration,
}

impl Polling {
    /// Polls for ever, beginning now.
    pub async fn run(mut self, happenings: mpsc::Sender<Happening>) {
        let mut due = self.clock.now();
        for Recorded { at, samples } in std::mem::take(&mut self.past.history) {
            if happenings.send(Happening { at, input: Input::History(samples) }).await.is_err() {
                return;
            }
        }
        loop {
            self.clock.sleep_until(due).await;
            let next = due.plus(self.every);
            let still = self.clock.tick(due, next);
            let at = self.clock.now();
            for input in self.poll(at).await {
                if happenings.send(Happening { at, input }).await.is_err() {
                    return;
                }
            }
            drop(still);
            due = self.after(next);
        }
    }

    async fn poll(&mut self, at: Time) -> Vec<Input> {
        let (round, rollout) = tokio::join!(self.poller.round(at, self.limit), look(self.eyes.as_deref()));
        let mut samples = self.past.feed.as_mut().map(|feed| feed.take(at)).unwrap_or_default();
        samples.extend(self.intake.take(at, round.observations));
        let notes = round.notes.into_iter().map(|note| Input::Noted("metrics".to_owned(), note));
        notes.chain([Input::Polled(Polled { samples, rollout })]).collect()
    }

    /// The next poll that is not over yet: what was missed is skipped, the rhythm stays.
    fn after(&self, next: Time) -> Time {
        let late = self.clock.now().since(next);
        let skipped = late.as_millis() / self.every.as_millis().max(1);
        next.plus(self.every * u32::try_from(skipped).unwrap_or(u32::MAX))
    }
}

/// The backend's state, within its limit.
async fn look(eyes: Option<&dyn Observe>) -> Option<Result<Rollout, String>> {
    match tokio::time::timeout(BACKEND_LIMIT, eyes?.observe()).await {
        Ok(state) => Some(state.map_err(|error| error.to_string())),
        Err(_) => Some(Err(format!("no answer within {} s", BACKEND_LIMIT.as_secs()))),
    }
}

impl fmt::Debug for Polling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Polling").field("every", &self.every).field("limit", &self.limit).finish_non_exhaustive()
    }
}
