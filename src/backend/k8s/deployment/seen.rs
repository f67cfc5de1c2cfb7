//! How far an action on a Deployment has got: by the pods that are there, as `kubectl rollout status` looks at it.

use super::Deployment;
use crate::{
    backend::k8s::bound::Bound,
    engine::action::{Action, Fact, Order, Seen},
};

impl Deployment {
    pub(super) fn facts(&self, bound: &Bound, order: &Order) -> Seen {
        let facts = match order.action {
            Action::Pause => vec![self.seen_by_controller(), self.pause_is(true)],
            Action::Resume => vec![self.seen_by_controller(), self.pause_is(false)],
            _ => self.arrived(bound, &order.target.reference),
        };
        Seen { done: facts.iter().all(|fact| fact.holds), facts }
    }

    fn seen_by_controller(&self) -> Fact {
        let (seen, asked) = (self.status.observed_generation, self.object.metadata.generation);
        let text = if seen >= asked {
            format!("the controller has seen generation {asked}")
        } else {
            format!("the controller has seen generation {seen}, not {asked}")
        };
        Fact { text, holds: seen >= asked }
    }

    fn pause_is(&self, wanted: bool) -> Fact {
        let text = if self.spec.paused { "it is paused" } else { "it is not paused" };
        Fact { text: text.to_owned(), holds: self.spec.paused == wanted }
    }

    /// All pods have the template of the set `name`, and are available.
    fn arrived(&self, bound: &Bound, name: &str) -> Vec<Fact> {
        let (asked, status) = (self.spec.replicas, &self.status);
        let current = self.current().map(|set| set.name.as_str());
        let newest = format!("the newest template is that of {}", current.unwrap_or("no ReplicaSet yet"));
        // The set's own counts are of this very template; the Deployment's may be of the one before.
        let set = self.set_named(name);
        let (there, ready) = set.map_or((0, 0), |set| (set.there, set.ready));
        let others: u32 = self.sets.iter().filter(|set| set.name != name).map(|set| set.there).sum();
        let left = match self.sets.iter().find(|set| set.name != name && set.there > 0) {
            None => "no pod of another version is left".to_owned(),
            Some(set) if others == 1 => format!("1 pod of {} is left", bound.name_of(set)),
            Some(set) => format!("{others} pods of {} are left", bound.name_of(set)),
        };
        vec![
            self.seen_by_controller(),
            Fact { text: newest, holds: current == Some(name) },
            Fact { text: format!("{there} of {asked} pods are there, {ready} are ready"), holds: there >= asked && ready >= asked },
            Fact { text: format!("{} are available", status.available_replicas), holds: status.available_replicas >= asked },
            Fact { text: left, holds: others == 0 },
        ]
    }
}
