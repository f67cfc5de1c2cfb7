//! Looking: the workload is read whole, each time.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use super::{
    api::Api,
    bound::Bound,
    workload::{self, Place},
};
use crate::{
    backend::{Answer, BackendError, Observe},
    engine::action::{Ability, Action, Condition, Order, Rollout, Seen},
};

/// After how many looks in a row a workload that is not there is called deleted.
const GONE: u32 = 3;

/// The part that only reads.
#[derive(Debug)]
pub(super) struct Eyes {
    api: Api,
    bound: Arc<Bound>,
    /// How often in a row the workload was not there.
    missed: AtomicU32,
}

impl Eyes {
    pub(super) const fn new(api: Api, bound: Arc<Bound>) -> Self {
        Self { api, bound, missed: AtomicU32::new(0) }
    }

    /// What is replaced as a whole is gone for a moment, and a server that has just begun does not know all of its kinds yet.
    async fn look(&self) -> Result<Rollout, BackendError> {
        let found = workload::find(&self.api, &self.bound.place).await?;
        let missed = if found.is_some() { 0 } else { self.missed.load(Ordering::Relaxed) + 1 };
        self.missed.store(missed, Ordering::Relaxed);
        match found {
            Some(state) => Ok(state.rollout(&self.bound)),
            None if missed >= GONE => Ok(deleted(&self.bound.place)),
            None => Err(BackendError::Unusable(self.bound.place.missing())),
        }
    }
}

/// The end of a rollout whose workload is not there any more.
fn deleted(place: &Place) -> Rollout {
    let ability = |action| (action, Ability::Off(place.missing()));
    Rollout {
        token: "deleted".to_owned(),
        weights: None,
        versions: None,
        paused: false,
        abilities: Action::ALL.into_iter().map(ability).collect(),
        condition: Condition::Ended(format!("{} was deleted by somebody else", place.workload.name)),
    }
}

impl Observe for Eyes {
    fn locator(&self) -> String {
        super::locator(self.api.cluster.server(), &self.bound.place.namespace, &self.bound.place.workload)
    }

    fn observe(&self) -> Answer<'_, Result<Rollout, BackendError>> {
        Box::pin(self.look())
    }

    fn read_back<'a>(&'a self, order: &'a Order) -> Answer<'a, Result<Seen, BackendError>> {
        Box::pin(async { Ok(workload::read(&self.api, &self.bound.place).await?.seen(&self.bound, order)) })
    }
}
