//! The requests that a Deployment's actions are made of: one each.

use serde_json::{Value, json};

use super::Deployment;
use crate::{
    backend::k8s::{
        bound::Bound,
        workload::{Change, To},
    },
    engine::action::{Action, Order},
    wire::kube::Patch,
};

impl Deployment {
    pub(super) fn change(&self, bound: &Bound, order: &Order) -> Result<Option<Change>, String> {
        match order.action {
            Action::Rollback => self.back(&order.target.reference),
            Action::Pause => Ok(self.pause(true)),
            Action::Promote | Action::PromoteFull | Action::Resume => Ok(self.pause(false)),
            Action::Abort | Action::Retry => Err(format!("{} has no {}", bound.place.words(), order.action.verb())),
        }
    }

    fn pause(&self, paused: bool) -> Option<Change> {
        let body = json!({ "spec": { "paused": paused } });
        (self.spec.paused != paused).then(|| Change::fields(body))
    }

    /// The whole template is replaced: a merge would keep what only the newer one has.
    fn back(&self, name: &str) -> Result<Option<Change>, String> {
        let set = self.set_named(name).ok_or_else(|| format!("the ReplicaSet {name} is not kept any more"))?;
        let mut operations = Vec::new();
        if !self.is_asked_for(set) {
            operations.push(json!({ "op": "replace", "path": "/spec/template", "value": set.template }));
        }
        if self.spec.paused {
            operations.push(json!({ "op": "replace", "path": "/spec/paused", "value": false }));
        }
        let change = Change { to: To::Workload, patch: Patch::Json, body: Value::Array(operations.clone()) };
        Ok((!operations.is_empty()).then_some(change))
    }
}
