//! Not built yet.

use super::{
    access::Need,
    api::Api,
    bound::{Bound, Wanted},
    workload::{Found, Next, Place, State},
};
use crate::{
    backend::BackendError,
    engine::{
        action::{Action, Order, Rollout, Seen},
        role::Sides,
    },
    wire::kube::Object,
};

#[derive(Debug)]
pub(super) struct Canary {
    object: Object,
}

impl Canary {
    #[expect(clippy::unused_async, reason = "not built yet")]
    pub(super) async fn read(_: &Api, place: &Place, _: Object) -> Result<Self, BackendError> {
        Err(BackendError::Unusable(format!("{} is of a kind that is not known yet", place.words())))
    }

    pub(super) const fn is_rolling(_: &Object) -> bool {
        false
    }

    pub(super) const fn needs(_: Action) -> &'static [Need] {
        &[]
    }
}

impl State for Canary {
    fn object(&self) -> &Object {
        &self.object
    }

    fn found(&self, _: &Wanted, _: Option<&Sides<String>>) -> Result<Found, BackendError> {
        Err(BackendError::Unusable("not known yet".to_owned()))
    }

    fn rollout(&self, _: &Bound) -> Rollout {
        Rollout {
            token: String::new(),
            weights: None,
            versions: None,
            paused: false,
            condition: crate::engine::action::Condition::Steady,
            abilities: std::collections::BTreeMap::new(),
        }
    }

    fn next(&self, _: &Bound, _: &Order) -> Result<Next, String> {
        Ok(Next::Done)
    }

    fn seen(&self, _: &Bound, _: &Order) -> Seen {
        Seen { done: false, facts: Vec::new() }
    }
}
