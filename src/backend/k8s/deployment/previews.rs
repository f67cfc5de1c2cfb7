//! What could be asked of a Deployment in its present state, and what each would do.

use super::Deployment;
use crate::{
    backend::k8s::bound::{Bound, NOTHING},
    engine::{
        action::{Action, Preview},
        role::Role,
    },
};

impl Deployment {
    pub(super) fn offer(&self, bound: &Bound, action: Action) -> Result<Preview, String> {
        if let Some(other) = self.other(bound) {
            return Err(format!("the newest template is now {other}, not {}", bound.names.candidate));
        }
        let is_back = self.current().is_some_and(|set| set.hash == bound.pins.baseline);
        match action {
            Action::Rollback => self.way_back(bound),
            _ if is_back => Err(format!("it was taken back to {}", bound.names.baseline)),
            Action::Promote | Action::PromoteFull | Action::Resume if self.is_paused_on_the_way() => {
                Ok(self.going_on(bound, action))
            }
            Action::Resume if self.spec.paused => Ok(self.unpaused(bound)),
            Action::Resume => Err("it is not paused".to_owned()),
            Action::Promote | Action::PromoteFull if self.is_complete() => {
                Err(format!("{} has all pods already", bound.names.candidate))
            }
            Action::Promote | Action::PromoteFull => Err("a Deployment goes on by itself; pause stops it".to_owned()),
            Action::Pause if self.spec.paused => Err("it is paused already".to_owned()),
            Action::Pause if self.is_complete() => Err("the rollout is complete: there is nothing to pause".to_owned()),
            Action::Pause => Ok(self.paused(bound)),
            Action::Abort => Err("a Deployment has no abort: roll back instead".to_owned()),
            Action::Retry => Err("a Deployment keeps no aborted rollout to start again".to_owned()),
        }
    }

    fn is_complete(&self) -> bool {
        self.status.is_complete(&self.spec, self.object.metadata.generation)
    }

    fn is_paused_on_the_way(&self) -> bool {
        self.spec.paused && !self.is_complete()
    }

    /// How its controller gets from one version to the next.
    fn replaces(&self) -> &'static str {
        if self.spec.is_recreated() {
            "the Deployment controller takes all pods away at once (Recreate), so that nothing serves, and starts others"
        } else {
            "the Deployment controller replaces pod by pod"
        }
    }

    fn bound_to(&self) -> String {
        format!("the newest template and the pause of {}; refused if either has changed", self.place.workload.name)
    }

    fn sends(&self, patch: &str) -> String {
        format!("PATCH {} {patch}", self.place.path())
    }

    fn going_on(&self, bound: &Bound, action: Action) -> Preview {
        let name = &bound.names.candidate;
        let set = self.set_of(bound, Role::Candidate).map(|set| set.name.clone()).unwrap_or_default();
        Preview {
            // A resume is over when the controller goes on; a promotion when it has arrived.
            target: bound.target(Role::Candidate, set, (action != Action::Resume).then_some(1.0)),
            happens: vec![
                "the pause is taken off".to_owned(),
                format!("{} until all {} are {name}", self.replaces(), self.spec.replicas),
            ],
            not_undone: Vec::new(),
            sends: self.sends("spec.paused = false"),
            bound_to: self.bound_to(),
            limit_s: bound.limit.as_secs_f64(),
        }
    }

    fn unpaused(&self, bound: &Bound) -> Preview {
        let preview = self.going_on(bound, Action::Resume);
        Preview { happens: vec!["the pause is taken off; all pods have the newest template already".to_owned()], ..preview }
    }

    fn paused(&self, bound: &Bound) -> Preview {
        let set = self.set_of(bound, Role::Candidate).map(|set| set.name.clone()).unwrap_or_default();
        Preview {
            target: bound.target(Role::Candidate, set, None),
            happens: vec!["the Deployment controller replaces no more pods; those that are there go on serving".to_owned()],
            not_undone: vec!["pods that were replaced already stay as they are".to_owned()],
            sends: self.sends("spec.paused = true"),
            bound_to: self.bound_to(),
            limit_s: bound.limit.as_secs_f64(),
        }
    }

    fn way_back(&self, bound: &Bound) -> Result<Preview, String> {
        let name = &bound.names.baseline;
        let set = self.set_of(bound, Role::Baseline);
        let set = set.ok_or_else(|| format!("the ReplicaSet of {name} is not kept any more (revisionHistoryLimit)"))?;
        let is_there = self.is_asked_for(set);
        let put_back = || format!("the template of {} ({name}, revision {}) is put back", set.name, set.revision);
        let mut happens = vec![if is_there { bound.is_there() } else { put_back() }];
        if self.spec.paused {
            happens.push("the pause is taken off".to_owned());
        }
        if self.spec.replicas == 0 {
            happens.push(format!("no pod is started: {} is scaled to 0", self.place.workload.name));
        } else {
            happens.push(format!("{} until all {} are {name} again", self.replaces(), self.spec.replicas));
            happens.push(set.ready_of(self.spec.replicas));
        }
        Ok(Preview {
            target: bound.target(Role::Baseline, set.name.clone(), Some(0.0)),
            happens,
            not_undone: bound.not_undone(),
            sends: match (is_there, self.spec.paused) {
                (true, true) => self.sends("spec.paused = false"),
                (true, false) => NOTHING.to_owned(),
                (false, false) => self.sends(&format!("spec.template = that of {}", set.name)),
                (false, true) => self.sends(&format!("spec.template = that of {}, spec.paused = false", set.name)),
            },
            bound_to: self.bound_to(),
            limit_s: bound.limit.as_secs_f64(),
        })
    }
}
