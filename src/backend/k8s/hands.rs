//! Acting: read, compare with what was decided on, patch what was read, and go on until nothing is left to be asked for.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::{
    api::{Api, STATUS},
    bound::Bound,
    evidence,
    gates::Gate,
    mark::{self, Mark},
    workload::{self, Change, Next, State, To},
};
use crate::{
    backend::{Act, ActError, Answer, Take, guard},
    engine::action::Order,
    humanize,
    wire::kube::{Object, Patch},
};

/// How often somebody else's change in between is looked at before the action is given up; controllers write all the time.
const TRIES: usize = 20;
/// The most requests that an action is made of.
const STEPS: usize = 6;
/// How long a controller is waited for between two requests, and how often is looked meanwhile.
const PATIENCE: Duration = Duration::from_secs(100);
const PAUSE: Duration = Duration::from_millis(200);

/// How much of an action has left this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum SoFar {
    Nothing,
    /// The mark of who asks.
    Marked,
    /// A change.
    Begun,
}

/// The part that writes, over a connection of its own; a read-only session has none.
#[derive(Debug)]
pub(super) struct Hands {
    api: Api,
    bound: Arc<Bound>,
}

impl Hands {
    pub(super) const fn new(api: Api, bound: Arc<Bound>) -> Self {
        Self { api, bound }
    }

    /// The first request is bound to the state that was decided on; those after it to what they made of it.
    async fn perform(&self, order: &Order, mut so_far: SoFar) -> Result<(), ActError> {
        for _ in 0..STEPS {
            match self.step(order, so_far).await? {
                None => return Ok(()),
                Some(is_mark) => so_far = if is_mark { so_far.max(SoFar::Marked) } else { SoFar::Begun },
            }
        }
        Err(ActError::Unknown(format!("{} asks for more requests than it should take", order.action.verb())))
    }

    /// Makes the next request: whether it was the mark alone; none when there was none left to make.
    async fn step(&self, order: &Order, so_far: SoFar) -> Result<Option<bool>, ActError> {
        let has_begun = so_far == SoFar::Begun;
        let latest = Instant::now() + PATIENCE;
        let mut tries = 0;
        while tries < TRIES {
            let state = self.read(has_begun).await?;
            self.admit(order, so_far, &*state)?;
            match state.next(&self.bound, order).map_err(|why| stopped(why, has_begun))? {
                Next::Done => return Ok(None),
                Next::Gate { gate, open } => {
                    self.turn(gate, open).await.map_err(|error| begun(error, has_begun))?;
                    return Ok(Some(false));
                }
                Next::Wait { what, open } if Instant::now() >= latest => {
                    let why = format!("{what} was waited for for {}", humanize::duration(PATIENCE));
                    return Err(stopped(format!("{why}{}", self.leave(open).await), has_begun));
                }
                Next::Wait { .. } => sleep(PAUSE).await,
                Next::Ask(change) => {
                    if self.send(&change, state.object(), order).await.map_err(|error| begun(error, has_begun))? {
                        return Ok(Some(change.is_mark()));
                    }
                    tries += 1;
                }
            }
        }
        let why = format!("{} was changed again and again while it should be changed", self.bound.place.words());
        Err(stopped(why, has_begun))
    }

    async fn read(&self, has_begun: bool) -> Result<Box<dyn State>, ActError> {
        let read = workload::read(&self.api, &self.bound.place).await;
        read.map_err(|error| stopped(error.to_string(), has_begun))
    }

    /// Lets through what the present state offers, and what our own mark is on; a state that somebody else has made is told with who it
    /// was.
    fn admit(&self, order: &Order, so_far: SoFar, state: &dyn State) -> Result<(), ActError> {
        let mark = Mark::of(state.object());
        let is_ours = so_far == SoFar::Marked && mark.as_ref().is_some_and(|mark| mark.is_of(order));
        if is_ours || so_far == SoFar::Begun {
            return Ok(());
        }
        match guard::admit(order, &state.rollout(&self.bound)) {
            Ok(_) => Ok(()),
            Err(ActError::Moved(how)) => {
                let mark = mark.filter(|mark| mark.is_newer_than(order));
                Err(ActError::Moved(mark.map_or(how.clone(), |mark| format!("{}; {how}", mark.words()))))
            }
            Err(error) => Err(error),
        }
    }

    /// False when the object is not the one that was read any more.
    async fn send(&self, change: &Change, object: &Object, order: &Order) -> Result<bool, ActError> {
        let path = match &change.to {
            To::Workload => self.bound.place.path(),
            To::Status => format!("{}{STATUS}", self.bound.place.path()),
            To::Beside { path, .. } => path.clone(),
        };
        let body = bound_to(change, object, &self.bound.mark(order));
        Ok(self.api.change(&path, change.patch, &body).await?.is_some())
    }

    /// Closes the gate that nobody has come through, or others would; what became of that.
    async fn leave(&self, open: Option<Gate>) -> String {
        let Some(gate) = open else { return String::new() };
        match self.turn(gate, false).await {
            Ok(()) => "; its gate is closed again".to_owned(),
            Err(error) => format!("; its gate is open, and could not be closed again: {error}"),
        }
    }

    async fn turn(&self, gate: Gate, open: bool) -> Result<(), ActError> {
        let gates = self.api.gates.as_ref().ok_or_else(|| ActError::Refused("no load tester is named".to_owned()))?;
        gates.turn(&self.bound.place, gate, open).await
    }
}

/// The body with the resource version that it depends on. The API server ignores metadata but for that in a patch of the status.
fn bound_to(change: &Change, object: &Object, mark: &Mark) -> Value {
    let version = match &change.to {
        To::Workload | To::Status => &object.metadata.resource_version,
        To::Beside { version, .. } => version,
    };
    let mut body = change.body.clone();
    match (change.patch, &mut body) {
        (Patch::Merge, Value::Object(fields)) => {
            let mut metadata = json!({ "resourceVersion": version });
            if change.to == To::Workload {
                metadata["annotations"] = mark.annotation();
            }
            fields.insert("metadata".to_owned(), metadata);
        }
        (Patch::Json, Value::Array(operations)) => {
            operations.insert(0, json!({ "op": "replace", "path": "/metadata/resourceVersion", "value": version }));
            if change.to == To::Workload {
                operations.extend(mark.operations(object.metadata.annotations.is_empty()));
            }
        }
        _ => {}
    }
    body
}

/// Why an action does not go on: before its first request nothing was changed.
fn stopped(why: String, has_begun: bool) -> ActError {
    if has_begun { ActError::Unknown(format!("done in part: {why}")) } else { ActError::Refused(why) }
}

fn begun(error: ActError, has_begun: bool) -> ActError {
    match error {
        ActError::Refused(why) => stopped(why, has_begun),
        other => other,
    }
}

impl Act for Hands {
    fn act<'a>(&'a self, order: &'a Order) -> Answer<'a, Result<(), ActError>> {
        Box::pin(self.perform(order, SoFar::Nothing))
    }

    /// Goes on where our own mark shows that the first request was made.
    fn finish<'a>(&'a self, order: &'a Order) -> Answer<'a, Result<(), ActError>> {
        Box::pin(async {
            let state = self.read(false).await?;
            if mark::is_of(state.object(), order) {
                self.perform(order, SoFar::Marked).await
            } else {
                Err(ActError::Refused(format!("nothing of {} was begun", order.id)))
            }
        })
    }

    fn evidence<'a>(&'a self, _: &'a Order, take: Take<'a>) -> Answer<'a, ()> {
        Box::pin(evidence::gather(&self.api, &self.bound, take))
    }
}
