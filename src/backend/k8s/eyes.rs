//! Looking: the workload is read whole, each time.

use std::sync::Arc;

use super::{api::Api, bound::Bound, workload};
use crate::{
    backend::{Answer, BackendError, Observe},
    engine::action::{Order, Rollout, Seen},
};

/// The part that only reads.
#[derive(Debug)]
pub(super) struct Eyes {
    api: Api,
    bound: Arc<Bound>,
}

impl Eyes {
    pub(super) const fn new(api: Api, bound: Arc<Bound>) -> Self {
        Self { api, bound }
    }
}

impl Observe for Eyes {
    fn locator(&self) -> String {
        super::locator(self.api.cluster.server(), &self.bound.place.namespace, &self.bound.place.workload)
    }

    fn observe(&self) -> Answer<'_, Result<Rollout, BackendError>> {
        Box::pin(async { Ok(workload::read(&self.api, &self.bound.place).await?.rollout(&self.bound)) })
    }

    fn read_back<'a>(&'a self, order: &'a Order) -> Answer<'a, Result<Seen, BackendError>> {
        Box::pin(async { Ok(workload::read(&self.api, &self.bound.place).await?.seen(&self.bound, order)) })
    }
}
