//! The one loop: every outside happening comes in here, one at a time, goes through the engine, and what the engine wants done goes out.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use super::recorder::Recorder;
use crate::engine::{
    action::Order,
    effect::{Effect, Input},
    event::{Ended, Event, Line, SCHEMA},
    notice::Notice,
    snapshot::Snapshot,
    time::Time,
    watch::Watch,
};

/// Happenings that may wait their turn.
pub const WAITING: usize = 1024;

/// One outside happening with its time.
#[derive(Debug)]
pub struct Happening {
    /// When, on the watch's clock.
    pub at: Time,
    /// What.
    pub input: Input,
}

/// Who is given what the engine wants done.
pub trait Hands: Send {
    /// Carry out this order; news of it comes back as happenings.
    fn act(&mut self, order: Order);
    /// Tell people.
    fn notify(&mut self, notice: Notice);
    /// Show this event to whoever follows them.
    fn show(&mut self, line: &Line);
}

/// The loop's state.
pub struct Dispatcher<H> {
    /// The engine.
    pub watch: Watch,
    /// The number of the last line.
    pub seq: u64,
    /// The journal; none when it could not be opened.
    pub recorder: Option<Recorder>,
    /// Pictures for front ends.
    pub snapshots: watch::Sender<Arc<Snapshot>>,
    /// Who does things.
    pub hands: H,
}

impl<H: Hands> Dispatcher<H> {
    /// Runs until the watch is over and nobody stays.
    pub async fn run(
        mut self,
        start: Time,
        first: Vec<Effect>,
        mut happenings: mpsc::Receiver<Happening>,
    ) -> (Self, Option<Ended>) {
        let mut ended = self.perform(start, first);
        while ended.is_none() {
            let Some(Happening { at, input }) = happenings.recv().await else { break };
            let effects = self.watch.handle(at, input);
            ended = self.perform(at, effects);
            self.snapshots.send_replace(Arc::new(self.watch.snapshot()));
        }
        (self, ended)
    }

    fn perform(&mut self, at: Time, effects: Vec<Effect>) -> Option<Ended> {
        let mut over = None;
        for effect in effects {
            match effect {
                Effect::Emit(event) => self.emit(at, event),
                Effect::Act(order) => self.hands.act(order),
                Effect::Notify(notice) => self.hands.notify(notice),
                Effect::End(ended) => over = Some(ended),
            }
        }
        over
    }

    fn emit(&mut self, at: Time, event: Event) {
        self.seq += 1;
        let line = Line { v: SCHEMA, seq: self.seq, at, event };
        self.hands.show(&line);
        if let Some(Err(error)) = self.recorder.as_ref().map(|r| r.write(line)) {
            tracing::error!(%error, "the journal ends here");
            self.recorder = None;
        }
    }
}

impl<H> std::fmt::Debug for Dispatcher<H> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dispatcher").field("seq", &self.seq).finish_non_exhaustive()
    }
}
