//! What can act on a deployment. A backend observes the rollout, performs one order, and reads back what became of it.
//!
//! Looking and acting are two traits on two objects: a session that may only look never holds a value that can act. A backend decides
//! nothing and keeps no state between calls that an action would depend on: it is asked, it reads, it answers. Targets are absolute,
//! an order names the state it was decided on, and a backend that has moved since refuses it.

pub mod command;
pub mod demo;
mod guard;
#[cfg(feature = "kubernetes")]
pub mod k8s;
pub mod ladder;
pub mod nginx;
mod patience;
mod program;

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use crate::engine::action::{Order, Rollout, Seen};

/// A boxed future, so that backends of different kinds fit behind one trait.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Reads a rollout. Never changes anything.
pub trait Observe: Send + Sync {
    /// What it acts on, in one word: an address, a file. Two watches of the same locator watch the same thing.
    fn locator(&self) -> String;

    /// The rollout as it is now, with what could be done about it.
    ///
    /// # Errors
    /// When the backend does not answer, refuses us, or shows a state that nobody should act on.
    fn observe(&self) -> Answer<'_, Result<Rollout, BackendError>>;

    /// One look at how far `order` has got, judged by what is served, not by what was asked for.
    ///
    /// # Errors
    /// As [`Observe::observe`]; an error is no news about the order.
    fn read_back<'a>(&'a self, order: &'a Order) -> Answer<'a, Result<Seen, BackendError>>;
}

/// Performs orders.
pub trait Act: Send + Sync {
    /// Asks for it once. Returns when the backend has taken the request, not when its effect is there.
    ///
    /// # Errors
    /// See [`ActError`]: the kinds differ in whether anything may have changed.
    fn act<'a>(&'a self, order: &'a Order) -> Answer<'a, Result<(), ActError>>;

    /// Goes on with an order that was cut off: only where the state shows that it was begun, and only with what may be done twice.
    ///
    /// # Errors
    /// [`ActError::Refused`] where there is nothing of that kind, else as [`Act::act`].
    fn finish<'a>(&'a self, order: &'a Order) -> Answer<'a, Result<(), ActError>> {
        let why = format!("nothing of {} can be done twice", order.id);
        Box::pin(std::future::ready(Err(ActError::Refused(why))))
    }

    /// Shows what `order` will take away, part by part as it comes: `take` has each at once, and may have it as the last. What cannot
    /// be had is left out, or said in its place. Nothing here may change anything.
    fn evidence<'a>(&'a self, _order: &'a Order, _take: Take<'a>) -> Answer<'a, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// Takes parts of what is shown.
pub type Take<'a> = &'a (dyn Fn(Part) + Send + Sync);

/// A part of what a destructive act takes away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What to call it: a file's name.
    pub name: String,
    /// All of it.
    pub text: String,
}

/// A backend as a session holds it. `act` is absent in a read-only session.
#[derive(Clone)]
pub struct Backend {
    /// The backend's kind, as in the configuration.
    pub kind: &'static str,
    /// The eyes.
    pub eyes: Arc<dyn Observe>,
    /// The hands; none in a read-only session.
    pub hands: Option<Arc<dyn Act>>,
}

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backend").field("kind", &self.kind).field("locator", &self.eyes.locator()).finish_non_exhaustive()
    }
}

/// Why a backend cannot be built from its configuration: one sentence that names the key and says what to write.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BuildError(pub String);

/// Why a backend could not be read.
#[derive(Clone, Debug, thiserror::Error)]
pub enum BackendError {
    /// It did not answer.
    #[error("{0}")]
    Unreachable(String),
    /// It answered that we may not.
    #[error("{0}")]
    Unauthorised(String),
    /// It answered something nobody should act on.
    #[error("{0}")]
    Unusable(String),
}

/// Why an order was not carried out, or may not have been.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ActError {
    /// The state is not the one the decision was made on. Nothing was changed.
    #[error("{0}")]
    Moved(String),
    /// The backend refused, or failed before anything changed.
    #[error("{0}")]
    Refused(String),
    /// The request left but no answer came: it may have been carried out. Only a read-back can tell.
    #[error("{0}")]
    Unknown(String),
}
