//! How far an action on a Canary has got: by Flagger's phase, by the templates, and by the pods that are there.

use super::{
    Canary,
    changes::{SKIPPING, goal},
    condition::{BEFORE, MORE},
    template::is_copied,
};
use crate::{
    backend::k8s::{bound::Bound, gates::Gate, workload::State},
    engine::action::{Action, Fact, Order, Seen},
    humanize,
};

impl Canary {
    pub(super) fn facts(&self, bound: &Bound, order: &Order) -> Seen {
        let facts = match order.action {
            Action::Pause => vec![self.suspended(true)],
            Action::Resume => vec![self.suspended(false)],
            Action::Promote if order.target.reference.ends_with(BEFORE) => {
                vec![self.phase(self.status.phase != "Waiting"), self.closed(Gate::Way)]
            }
            Action::Promote if order.target.reference.ends_with(MORE) => vec![self.went_on(bound, order), self.closed(Gate::Way)],
            Action::Promote => [self.promoted(bound), vec![self.closed(Gate::Way)]].concat(),
            Action::PromoteFull => [self.promoted(bound), self.analysed_again(order)].concat(),
            Action::Abort => vec![
                self.phase(self.status.phase == "Failed"),
                self.weight_is(bound, 0.0),
                self.primary_ready(),
                self.closed(Gate::Rollback),
            ],
            Action::Rollback => self.went_back(bound, order),
            Action::Retry => Vec::new(),
        };
        Seen { done: !facts.is_empty() && facts.iter().all(|fact| fact.holds), facts }
    }

    /// It has more traffic, or what comes after the analysis has begun.
    fn went_on(&self, bound: &Bound, order: &Order) -> Fact {
        if self.status.phase != "Progressing" {
            return self.phase(["WaitingPromotion", "Promoting", "Finalising", "Succeeded"].contains(&self.status.phase.as_str()));
        }
        let text = format!("{} has {} of the traffic", bound.names.candidate, humanize::share(self.status.weight()));
        Fact { text, holds: self.has_more(order) }
    }

    fn phase(&self, holds: bool) -> Fact {
        Fact { text: format!("its phase is {}", self.phase_name()), holds }
    }

    fn suspended(&self, wanted: bool) -> Fact {
        let text = if self.spec.suspend { "it is suspended" } else { "it is not suspended" };
        Fact { text: text.to_owned(), holds: self.spec.suspend == wanted }
    }

    fn closed(&self, gate: Gate) -> Fact {
        match self.gates.of(gate) {
            Some(Ok(true)) => Fact { text: "its gate is still open".to_owned(), holds: false },
            Some(Ok(false)) => Fact { text: "its gate is closed again".to_owned(), holds: true },
            Some(Err(why)) => Fact { text: format!("its gate is not known: {why}"), holds: false },
            None => Fact { text: "it has no gate".to_owned(), holds: true },
        }
    }

    fn promoted(&self, bound: &Bound) -> Vec<Fact> {
        let is_done = self.status.phase == "Succeeded" && self.is_promoted();
        vec![self.phase(is_done), self.weight_is(bound, 1.0), self.primary_ready()]
    }

    fn analysed_again(&self, order: &Order) -> Vec<Fact> {
        let skips = self.spec.skip_analysis;
        let text = if skips { "the analysis of later versions is still skipped" } else { "later versions are analysed again" };
        let is_asked = order.target.reference.ends_with(SKIPPING);
        is_asked.then(|| Fact { text: text.to_owned(), holds: !skips }).into_iter().collect()
    }

    fn went_back(&self, bound: &Bound, order: &Order) -> Vec<Fact> {
        let (name, _) = goal(order);
        let current = self.target.current();
        let newest = current.map_or("no ReplicaSet yet", |set| set.name.as_str());
        let newest =
            Fact { text: format!("the newest template is that of {newest}"), holds: current.is_some_and(|set| set.name == name) };
        let wanted = self.target.set_named(name);
        let is_primary = self.primary.current().zip(wanted).is_some_and(|(primary, set)| is_copied(set, primary));
        let primary = self.primary.current().map_or("nothing yet", |set| set.tag.as_str());
        let primary = Fact { text: format!("the primary is {primary}"), holds: is_primary };
        let facts = [newest, primary, self.weight_is(bound, 0.0), self.primary_ready()].into_iter();
        facts.chain(self.analysed_again(order)).collect()
    }

    /// All pods of the primary have its newest template and are available.
    fn primary_ready(&self) -> Fact {
        let (spec, status) = (&self.primary.spec, &self.primary.status);
        let holds = status.is_complete(spec, self.primary.object.metadata.generation);
        let text = format!("{} of {} pods of the primary are available", status.available_replicas, spec.replicas);
        Fact { text, holds }
    }
}
