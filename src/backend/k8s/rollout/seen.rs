//! How far an action on a Rollout has got: by what its controller says and by the pods that are there.

use super::{ArgoRollout, changes::done_after};
use crate::{
    backend::k8s::{bound::Bound, sets::Set, workload::State},
    engine::{
        action::{Action, Fact, Order, Seen},
        role::Role,
    },
    humanize,
};

impl ArgoRollout {
    pub(super) fn facts(&self, bound: &Bound, order: &Order) -> Seen {
        let mut facts = vec![self.seen_by_controller()];
        facts.extend(match order.action {
            Action::Pause => vec![self.pause_is(true)],
            Action::Resume => vec![self.pause_is(false)],
            Action::Promote => self.stepped(bound, order),
            Action::PromoteFull => self.promoted(bound),
            Action::Abort => self.aborted_facts(bound),
            Action::Retry => vec![self.abort_is(false)],
            Action::Rollback => self.went_to(bound, &order.target.reference),
        });
        Seen { done: facts.iter().all(|fact| fact.holds), facts }
    }

    fn seen_by_controller(&self) -> Fact {
        match self.behind() {
            Some(text) => Fact { text, holds: false },
            None => Fact { text: format!("Argo Rollouts has seen generation {}", self.object.metadata.generation), holds: true },
        }
    }

    fn pause_is(&self, wanted: bool) -> Fact {
        let text = if self.spec.paused { "it is paused" } else { "it is not paused" };
        Fact { text: text.to_owned(), holds: self.spec.paused == wanted }
    }

    /// Its controller writes when it took an abort in, and forgets that when it goes on.
    fn abort_is(&self, wanted: bool) -> Fact {
        let (text, is_aborted) = match (self.status.abort, self.status.aborted_at.is_some() || self.status.phase == "Degraded") {
            (true, true) => ("it is aborted", Some(true)),
            (true, false) => ("Argo Rollouts has not taken the abort in yet", None),
            (false, true) => ("Argo Rollouts has not gone on yet", None),
            (false, false) => ("it is not aborted", Some(false)),
        };
        Fact { text: text.to_owned(), holds: is_aborted == Some(wanted) }
    }

    /// It stands at the next stop, with the weight in force that belongs there.
    fn stepped(&self, bound: &Bound, order: &Order) -> Vec<Fact> {
        let Some(canary) = &self.spec.strategy.canary else { return vec![self.traffic_is(bound, 1.0)] };
        let Some(goal) = done_after(&order.target.reference) else { return self.promoted(bound) };
        let stop = canary.stop_from(goal);
        if stop >= canary.steps.len() {
            return self.promoted(bound);
        }
        let status = &self.status;
        // Its controller comes to a pause and waits there in two steps: whoever acts in between finds that it has moved.
        let is_pause = canary.steps.get(stop).is_some_and(|step| step.pause.is_some());
        let waits = !status.pause_conditions.is_empty() || status.controller_pause || self.spec.paused;
        let is_arriving = self.index() == stop && is_pause && !waits;
        let is_there = status.is_promoted() || (self.index() >= stop && !is_arriving);
        let yet = if is_arriving && !is_there { ", and does not wait there yet" } else { "" };
        vec![Fact { text: format!("it is at {}{yet}", self.here()), holds: is_there }]
    }

    fn promoted(&self, bound: &Bound) -> Vec<Fact> {
        let set = self.set_of(bound, Role::Candidate);
        [self.stable_is(bound, &bound.pins.candidate), self.traffic_is(bound, 1.0)].into_iter().chain(self.ready(set)).collect()
    }

    fn aborted_facts(&self, bound: &Bound) -> Vec<Fact> {
        let stable = self.sets.iter().find(|set| set.hash == self.status.stable);
        let facts = [self.abort_is(true), self.traffic_is(bound, 0.0)].into_iter();
        facts.chain(self.ready(stable)).chain(self.none_left(bound)).collect()
    }

    fn went_to(&self, bound: &Bound, name: &str) -> Vec<Fact> {
        let set = self.set_named(name);
        let current = self.current().map_or("no ReplicaSet yet", |set| set.name.as_str());
        let newest = Fact { text: format!("the newest template is that of {current}"), holds: current == name };
        let stable = self.stable_is(bound, set.map_or("", |set| set.hash.as_str()));
        let facts = [newest, stable, self.traffic_is(bound, 0.0)].into_iter();
        facts.chain(self.ready(set)).chain(self.none_left(bound)).collect()
    }

    /// Where pods are the only way to traffic, one that is not ready yet may still get some. Otherwise they are kept for a while.
    fn none_left(&self, bound: &Bound) -> Option<Fact> {
        self.spec.strategy.canary.as_ref().filter(|canary| canary.traffic_routing.is_none())?;
        let left = self.set_of(bound, Role::Candidate).map_or(0, |set| set.there);
        let pods = humanize::plural(f64::from(left), "pod", "pods");
        let text = if left == 0 { "no pod".to_owned() } else { pods };
        let verb = if left == 1 || left == 0 { "is" } else { "are" };
        Some(Fact { text: format!("{text} of {} {verb} left", bound.names.candidate), holds: left == 0 })
    }

    fn stable_is(&self, bound: &Bound, hash: &str) -> Fact {
        let stable = self.sets.iter().find(|set| set.hash == self.status.stable);
        let stable = stable.map_or_else(|| "none yet".to_owned(), |set| bound.name_of(set));
        Fact { text: format!("the stable version is {stable}"), holds: self.status.stable == hash }
    }

    fn traffic_is(&self, bound: &Bound, wanted: f64) -> Fact {
        if self.spec.replicas == 0 && self.weight(bound).is_none() {
            return Fact { text: "no pods are asked for, so nothing has traffic".to_owned(), holds: true };
        }
        self.weight_is(bound, wanted)
    }

    fn ready(&self, set: Option<&Set>) -> Option<Fact> {
        let (set, asked) = (set?, self.spec.replicas);
        let text = format!("{} of {asked} pods of {} are ready", set.ready, set.tag);
        Some(Fact { text, holds: set.ready >= asked })
    }
}
