//! Acting: the file is replaced, tested and loaded, or it is put back as it was.

use std::sync::{Arc, PoisonError};

use super::{
    control::Failure,
    file::{self, ReplaceError},
    state::{Nginx, Reload},
    upstream::{Share, token},
    workers,
};
use crate::{
    backend::{Act, ActError, Answer, BackendError, guard},
    engine::action::Order,
};

/// The part that writes; a read-only session has none.
#[derive(Debug)]
pub(super) struct Hands(Arc<Nginx>);

/// The file's text before and after an order.
struct Change {
    before: String,
    after: String,
}

impl Hands {
    pub(super) const fn new(nginx: Arc<Nginx>) -> Self {
        Self(nginx)
    }

    /// To be awaited to its end: every step has a limit, and whoever drops it may leave a file that nginx has not loaded.
    async fn perform(&self, order: &Order) -> Result<(), ActError> {
        let change = self.decide(order).await?;
        self.write(order, &change).await?;
        self.load(order, &change).await
    }

    /// Reads the file again and lets nothing through but what its state offers.
    async fn decide(&self, order: &Order) -> Result<Change, ActError> {
        let nginx = &self.0;
        let read = match nginx.read().await {
            Ok(read) => read,
            Err(BackendError::Unreachable(why) | BackendError::Unauthorised(why) | BackendError::Unusable(why)) => {
                return Err(ActError::Refused(why));
            }
        };
        let rollout = nginx.rollout(&read);
        let weight = guard::admit(order, &rollout)?.target.weight;
        let share = weight.and_then(Share::of).ok_or_else(|| ActError::Refused("the order names no weight".to_owned()))?;
        Ok(Change { after: nginx.upstream.text(share), before: read.text })
    }

    async fn write(&self, order: &Order, change: &Change) -> Result<(), ActError> {
        let path = self.0.path.display();
        match file::replace(&self.0.path, &change.before, &change.after).await {
            Ok(()) => Ok(()),
            Err(ReplaceError::Moved) => Err(self.moved(order).await),
            Err(ReplaceError::Early(error)) => {
                Err(ActError::Refused(format!("{path} could not be written, nothing was changed: {error}")))
            }
            Err(error @ ReplaceError::Late(_)) => Err(self.undone(change, &format!("{path}: {error}")).await),
        }
    }

    async fn moved(&self, order: &Order) -> ActError {
        match self.0.read().await {
            Ok(read) => guard::moved(order, &token(&read.text), Some(read.share)),
            Err(error) => ActError::Moved(format!("the state has moved, nothing was changed: {error}")),
        }
    }

    async fn load(&self, order: &Order, change: &Change) -> Result<(), ActError> {
        let control = &self.0.control;
        if let Err(failure) = control.test().await {
            return Err(self.undone(change, &failure.to_string()).await);
        }
        self.remember_workers(&order.id).await;
        match control.reload().await {
            Ok(()) => Ok(()),
            Err(failure) => Err(self.unloaded(change, &failure).await),
        }
    }

    /// What is left after a reload that failed: the previous file, and an nginx that was told to take it again.
    async fn unloaded(&self, change: &Change, failure: &Failure) -> ActError {
        let why = match self.undone(change, &failure.to_string()).await {
            ActError::Refused(why) => why,
            unclear => return unclear,
        };
        match self.0.control.reload().await {
            Err(again) if !failure.clean || !again.clean => {
                ActError::Unknown(format!("{why}; whether nginx serves it again is not known: {again}"))
            }
            // A reload that said no both times changed nothing: nginx still serves what it had.
            Ok(()) | Err(_) => ActError::Refused(why),
        }
    }

    /// Loads a file that an order has put there before it was cut off.
    async fn finish(&self, order: &Order) -> Result<(), ActError> {
        let ours = order.target.weight.and_then(Share::of).map(|share| self.0.upstream.text(share));
        let read = self.0.read().await.map_err(|error| ActError::Refused(error.to_string()))?;
        if ours != Some(read.text) {
            return Err(ActError::Refused("the upstream file is not the one of this order".to_owned()));
        }
        self.0.control.test().await.map_err(|failure| ActError::Refused(failure.to_string()))?;
        self.remember_workers(&order.id).await;
        self.0.control.reload().await.map_err(|failure| ActError::Unknown(failure.to_string()))
    }

    /// Puts the previous text back and says so, or says that it could not be.
    async fn undone(&self, change: &Change, why: &str) -> ActError {
        match file::replace(&self.0.path, &change.after, &change.before).await {
            Ok(()) => ActError::Refused(format!("{why}; the previous upstream file is back")),
            Err(error) => {
                let path = self.0.path.display();
                ActError::Unknown(format!("{why}; and the previous text of {path} could not be put back: {error}"))
            }
        }
    }

    /// Notes which workers are old from now on. Without a usable pid file the read-back says that it cannot tell.
    async fn remember_workers(&self, id: &str) {
        let Some(pid_file) = &self.0.pid_file else { return };
        let before = workers::under(pid_file).await.map(|workers| workers.pids()).unwrap_or_default();
        let mut reload = self.0.reload.lock().unwrap_or_else(PoisonError::into_inner);
        *reload = Some(Reload { id: id.to_owned(), before });
    }
}

impl Act for Hands {
    fn act<'a>(&'a self, order: &'a Order) -> Answer<'a, Result<(), ActError>> {
        Box::pin(self.perform(order))
    }

    fn finish<'a>(&'a self, order: &'a Order) -> Answer<'a, Result<(), ActError>> {
        Box::pin(self.finish(order))
    }
}
