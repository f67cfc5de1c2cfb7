//! The requests that a Rollout's actions are made of.
//!
//! The spec and the status are two resources: what `paused` and the template are about goes to the one, an abort and a promotion to the
//! other. Metadata is ignored in a change of the status, so the mark of who asked is written before it.

use serde_json::{Value, json};

use super::ArgoRollout;
use crate::{
    backend::k8s::{
        bound::Bound,
        mark,
        sets::{self, Set},
        workload::{Change, Next, To},
    },
    engine::{
        action::{Action, Order},
        role::Role,
    },
    wire::kube::Patch,
};

/// What comes between a set's name and the number of steps that are done, in the reference of a promotion.
const AFTER: &str = " after step ";

/// The reference of a promotion: the set, and the steps that are done then.
pub(super) fn after(set: &str, steps: usize) -> String {
    format!("{set}{AFTER}{steps}")
}

/// The steps that are done after a promotion with this reference; none where there are no steps.
pub(super) fn done_after(reference: &str) -> Option<usize> {
    reference.rsplit_once(AFTER)?.1.parse().ok()
}

impl ArgoRollout {
    pub(super) fn request(&self, bound: &Bound, order: &Order) -> Result<Next, String> {
        if let Some(other) = self.refused() {
            return Err(format!("the newest template is now {other}, not {}", bound.names.candidate));
        }
        let is_goal = |set: &Set| order.action == Action::Rollback && set.name == order.target.reference;
        let other = self.current().filter(|set| set.hash != bound.pins.candidate && !is_goal(set));
        match (order.action, other) {
            (_, Some(other)) => Err(format!("the newest template is now {}, not {}", bound.name_of(other), bound.names.candidate)),
            (Action::Rollback, None) => self.back(bound, order),
            (Action::Pause, None) => Ok(self.pause(true)),
            (Action::Resume, None) => Ok(self.pause(false)),
            (Action::Promote, None) => self.step_on(order),
            (Action::PromoteFull, None) => Ok(self.all(order)),
            (Action::Abort, None) => self.abort(order),
            (Action::Retry, None) => Ok(self.retry(order)),
        }
    }

    fn pause(&self, paused: bool) -> Next {
        if self.spec.paused == paused { Next::Done } else { Next::Ask(Change::fields(json!({ "spec": { "paused": paused } }))) }
    }

    /// The mark, then this change of the status.
    fn status(&self, order: &Order, status: &Value) -> Next {
        Next::Ask(if mark::is_of(&self.object, order) { Change::status(json!({ "status": status })) } else { Change::mark() })
    }

    /// The pause is taken off, or where there is none the present step is left: never both, because its controller counts a step when a
    /// pause is over.
    fn step_on(&self, order: &Order) -> Result<Next, String> {
        if self.spec.paused {
            return Ok(self.pause(false));
        }
        let is_paused = !self.status.pause_conditions.is_empty();
        let Some(goal) = done_after(&order.target.reference) else {
            return Ok(if is_paused { self.status(order, &json!({ "pauseConditions": null })) } else { Next::Done });
        };
        let here = self.index();
        if here >= goal || self.status.is_unpausing() {
            return Ok(Next::Done);
        }
        if here + 1 != goal {
            return Err(format!("it is at {} now", self.here()));
        }
        // A step whose analysis could not tell is not over when its pause is: its controller would run the analysis again.
        let status = match (is_paused, self.status.is_step_inconclusive()) {
            (true, true) => json!({ "pauseConditions": null, "controllerPause": false, "currentStepIndex": goal }),
            (true, false) => json!({ "pauseConditions": null }),
            (false, _) => json!({ "currentStepIndex": goal }),
        };
        Ok(self.status(order, &status))
    }

    fn all(&self, order: &Order) -> Next {
        if self.status.is_promoted() {
            Next::Done
        } else if self.spec.paused {
            self.pause(false)
        } else if self.status.promote_full {
            Next::Done
        } else {
            self.status(order, &json!({ "promoteFull": true }))
        }
    }

    /// A paused Rollout moves no pods, not even back: the pause is taken off once it leads back.
    fn abort(&self, order: &Order) -> Result<Next, String> {
        if self.status.abort {
            return Ok(self.pause(false));
        }
        self.may_abort()?;
        Ok(self.status(order, &json!({ "abort": true })))
    }

    fn retry(&self, order: &Order) -> Next {
        if self.status.abort { self.status(order, &json!({ "abort": false })) } else { Next::Done }
    }

    /// Traffic first, where it can be had at once; then the template; and where that would climb the steps again, all of them at once.
    fn back(&self, bound: &Bound, order: &Order) -> Result<Next, String> {
        let name = &order.target.reference;
        let set = self.set_named(name).ok_or_else(|| format!("the ReplicaSet {name} is not kept any more"))?;
        // What the definition of its kind leaves out of a template is not missing from it: its controller says whether it is the one.
        let was_asked = mark::is_of(&self.object, order) && self.behind().is_some();
        if !self.is_asked_for(set) && !was_asked {
            let is_candidate = self.status.current_pod_hash == bound.pins.candidate;
            if is_candidate && self.behind().is_none() && !self.status.abort && self.may_abort().is_ok() {
                return Ok(self.status(order, &json!({ "abort": true })));
            }
            return Ok(Next::Ask(self.template_of(set)));
        }
        // While its controller lags, what is paused may be what somebody else rolls out.
        if self.spec.paused && self.is_asked_for(set) {
            return Ok(self.pause(false));
        }
        if self.behind().is_some() || self.status.current_pod_hash != set.hash {
            return Ok(Next::wait(format!("that Argo Rollouts takes in the template of {name}")));
        }
        if self.status.is_promoted() || self.status.promote_full {
            return Ok(Next::Done);
        }
        Ok(self.status(order, &json!({ "promoteFull": true })))
    }

    /// The whole template is replaced: a merge would keep what only the newer one has.
    fn template_of(&self, set: &Set) -> Change {
        let mut operations = vec![json!({ "op": "replace", "path": "/spec/template", "value": set.template })];
        if self.spec.paused {
            operations.push(json!({ "op": "replace", "path": "/spec/paused", "value": false }));
        }
        Change { to: To::Workload, patch: Patch::Json, body: Value::Array(operations) }
    }

    /// The template in the spec is that of `set`. The API server fills in what a set's template leaves out, but not a Rollout's: so
    /// its controller's word counts too.
    pub(super) fn is_asked_for(&self, set: &Set) -> bool {
        let is_seen = self.behind().is_none() && self.status.current_pod_hash == set.hash;
        is_seen || sets::plain(self.spec.template.clone()) == set.template
    }

    /// # Errors
    /// Why its controller would not take an abort.
    pub(super) fn may_abort(&self) -> Result<(), String> {
        if self.status.is_promoted() {
            return Err("its update is complete: roll back instead".to_owned());
        }
        if self.status.promote_full {
            return Err("Argo Rollouts ignores an abort once a full promotion was asked for: roll back instead".to_owned());
        }
        if self.is_within_window() {
            return Err("Argo Rollouts ignores an abort within the rollbackWindow: roll back instead".to_owned());
        }
        Ok(())
    }

    /// An older version is rolled out again, and is near enough to the stable one for its controller to leave out all steps.
    fn is_within_window(&self) -> bool {
        let stable = self.sets.iter().find(|set| set.hash == self.status.stable);
        let made = |set: Option<&Set>| set.and_then(|set| set.created);
        let (Some(window), Some(stable), Some(current)) = (&self.spec.rollback_window, made(stable), made(self.current())) else {
            return false;
        };
        let between = self.sets.iter().filter_map(|set| set.created).filter(|it| (current < *it) && (*it < stable));
        current < stable && between.count() < window.revisions
    }

    pub(super) fn set_named(&self, name: &str) -> Option<&Set> {
        self.sets.iter().find(|set| set.name == name)
    }

    /// The set of one of the versions that the watch is bound to.
    pub(super) fn set_of(&self, bound: &Bound, role: Role) -> Option<&Set> {
        self.sets.iter().find(|set| set.hash == *bound.pins.of(role))
    }
}
