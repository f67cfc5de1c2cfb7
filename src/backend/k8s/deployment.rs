//! A Deployment: its newest template is rolled out by replacing pods, and every earlier one is kept in a `ReplicaSet`.
//!
//! It has no weights of its own: a version's share is its share of the ready pods. Going back is putting an earlier template back, by
//! the name of its `ReplicaSet`; "the previous one" is never asked for, because after a rollback that is the bad one.

mod changes;
mod previews;
mod seen;
mod status;

use std::time::Duration;

use super::{
    access::{Need, PATCH},
    api::Api,
    bound::{Bound, Wanted, choose, named, not_a_return},
    mark::{self, RETREATS},
    pods,
    sets::{self, Set},
    workload::{Found, Next, Place, State, nothing_runs},
};
use crate::{
    backend::BackendError,
    engine::{
        action::{Action, Condition, Order, Preview, Seen},
        driven::Driven,
        role::{Role, Sides},
        strategy::Kind as Strategy,
    },
    wire::kube::{Object, Pod},
};

use self::status::{Spec, Status};
pub(super) use self::status::{one, ten_minutes};

/// The annotation that counts roll-outs.
const REVISION: &str = "deployment.kubernetes.io/revision";

/// A Deployment with its `ReplicaSets`, and the pods that are not ready.
#[derive(Debug)]
pub(super) struct Deployment {
    pub(super) place: Place,
    pub(super) object: Object,
    pub(super) spec: Spec,
    pub(super) status: Status,
    /// The newest first.
    pub(super) sets: Vec<Set>,
    /// Its pods, where some are not ready.
    pub(super) pods: Vec<Pod>,
}

impl Deployment {
    pub(super) async fn read(api: &Api, place: &Place, object: Object) -> Result<Self, BackendError> {
        let unreadable = |error: crate::wire::kube::ApiError| BackendError::Unusable(error.to_string());
        let (spec, status): (Spec, Status) = (object.spec().map_err(unreadable)?, object.status().map_err(unreadable)?);
        let selector = spec.selector.text();
        let objects = api.list(&place.beside("/apis/apps/v1", "replicasets"), &selector).await?;
        let sets = sets::owned(&objects, &object.metadata.uid, REVISION)?;
        let is_short = sets.iter().any(|set| set.ready < set.desired);
        let pods = if is_short { pods::list(api, place, &selector).await? } else { Vec::new() };
        Ok(Self { place: place.clone(), object, spec, status, sets, pods })
    }

    /// Whether the newest template is not on all pods yet.
    pub(super) fn is_rolling(object: &Object) -> bool {
        let read = || Some((object.spec::<Spec>().ok()?, object.status::<Status>().ok()?));
        read().is_some_and(|(spec, status)| !status.is_complete(&spec, object.metadata.generation))
    }

    pub(super) const fn needs(action: Action) -> &'static [Need] {
        match action {
            Action::Promote | Action::PromoteFull | Action::Pause | Action::Resume | Action::Rollback => &[PATCH],
            Action::Abort | Action::Retry => &[],
        }
    }

    /// The set of the template that is asked for now; none before its controller has made one.
    pub(super) fn current(&self) -> Option<&Set> {
        self.sets.iter().find(|set| self.is_asked_for(set))
    }

    /// The newest template is that of this set.
    pub(super) fn is_asked_for(&self, set: &Set) -> bool {
        sets::plain(self.spec.template.clone()) == set.template
    }

    pub(super) fn set_named(&self, name: &str) -> Option<&Set> {
        self.sets.iter().find(|set| set.name == name)
    }

    /// The set that runs as long as nothing newer is judged: what somebody went back to, else what the newest template replaces (most of
    /// all where several are replaced), else what there is.
    fn standing(&self) -> Option<&Set> {
        let current = self.current();
        let is_older = |set: &&Set| current.is_none_or(|current| set.revision < current.revision);
        let replaced = self.sets.iter().rev().filter(is_older).max_by_key(|set| set.there).filter(|set| set.there > 0);
        current.filter(|set| set.is_return).or(replaced).or(current)
    }

    fn has_caught_up(&self) -> bool {
        self.status.observed_generation >= self.object.metadata.generation
    }

    /// The label selector of a set's pods.
    pub(super) fn pods_of(&self, set: &Set) -> String {
        format!("{},{}={}", self.spec.selector.text(), sets::HASH_LABELS[0], set.hash)
    }

    /// The set of one of the versions that the watch is bound to.
    fn set_of(&self, bound: &Bound, role: Role) -> Option<&Set> {
        self.sets.iter().find(|set| set.hash == *bound.pins.of(role))
    }

    /// What its controller makes of it.
    fn controller_says(&self, bound: &Bound) -> Condition {
        if let Some(why) = self.behind() {
            return Condition::Behind(why);
        }
        match self.current() {
            Some(set) if set.hash == bound.pins.baseline => Condition::Ended(self.went_back(bound)),
            Some(set) if self.status.is_past_deadline() && set.hash == bound.pins.candidate => Condition::Stuck(self.stuck(bound)),
            _ => Condition::Steady,
        }
    }

    /// What its controller has not taken in yet; none when it has caught up.
    fn behind(&self) -> Option<String> {
        let name = &self.place.workload.name;
        let (seen, asked) = (self.status.observed_generation, self.object.metadata.generation);
        if !self.has_caught_up() {
            return Some(format!("the Deployment controller has seen generation {seen} of {name}, not {asked}"));
        }
        // A paused Deployment takes a new template and makes nothing of it.
        let is_made = self.current().is_some() || self.spec.paused;
        (!is_made).then(|| format!("the Deployment controller has made no ReplicaSet for the newest template of {name} yet"))
    }

    /// The name of a newest template that the watch is not bound to.
    fn other(&self, bound: &Bound) -> Option<String> {
        match self.current() {
            Some(set) => bound.role_of(&set.hash).is_none().then(|| bound.name_of(set)),
            None if self.has_caught_up() => Some(format!("{} (not rolled out yet)", sets::tag(&self.spec.template))),
            None => None,
        }
    }

    fn went_back(&self, bound: &Bound) -> String {
        let (name, baseline) = (&self.place.workload.name, &bound.names.baseline);
        format!("{name} was taken back to {baseline} by {}", mark::who(&self.object, &RETREATS))
    }

    fn stuck(&self, bound: &Bound) -> String {
        let made = self.pods.iter().filter(|pod| pod.hash(sets::HASH_LABELS[0]) == Some(&bound.pins.candidate));
        pods::no_progress(&bound.names.candidate, self.spec.progress_deadline_seconds, made)
    }
}

impl State for Deployment {
    fn object(&self) -> &Object {
        &self.object
    }

    fn found(&self, wanted: &Wanted, pins: Option<&Sides<String>>) -> Result<Found, BackendError> {
        // Before its controller has made a set for the newest template, the newest set is of the version before.
        if let Some(why) = self.behind().filter(|_| pins.is_none()) {
            return Err(BackendError::Unreachable(format!("{why}: which version is rolled out is not known yet")));
        }
        let current = self.current();
        let before = self.sets.iter().find(|set| current.is_some_and(|current| set.revision < current.revision));
        if let Some(current) = current.filter(|_| pins.is_none()) {
            not_a_return(current, wanted, &self.place)?;
        }
        let chosen = choose(&self.sets, Sides { baseline: before, candidate: current }, wanted, pins, &self.place)?;
        Ok(Found {
            names: named(&chosen, wanted),
            driven: Driven { by: "the Deployment controller".to_owned(), pins: chosen.map(|set| set.hash.clone()) },
            pods: chosen.map(|set| self.pods_of(set)),
            strategy: Strategy::Rolling,
            steps: Vec::new(),
            patience: Duration::from_secs(self.spec.progress_deadline_seconds),
        })
    }

    fn trusted(&self) -> Result<(&Set, String), BackendError> {
        if let Some(why) = self.behind() {
            return Err(BackendError::Unreachable(format!("{why}: which version runs is not known yet")));
        }
        let set = self.standing().ok_or_else(|| nothing_runs(&self.place))?;
        Ok((set, self.pods_of(set)))
    }

    // Changes when the template or the pause does, and not when pods come and go or their number is scaled.
    fn token(&self) -> String {
        let uid: String = self.object.metadata.uid.chars().take(8).collect();
        let template =
            self.current().map_or_else(|| format!("generation {}", self.object.metadata.generation), |set| set.hash.clone());
        let paused = self.spec.paused.then(|| "paused".to_owned());
        [uid, template].into_iter().chain(paused).chain(mark::in_token(&self.object)).collect::<Vec<_>>().join(" ")
    }

    // The candidate's share of the ready pods; null while none is ready.
    fn weight(&self, bound: &Bound) -> Option<f64> {
        sets::ready_share(&self.sets, |set| set.hash == bound.pins.candidate)
    }

    fn versions(&self, bound: &Bound) -> Sides<String> {
        // A template that the watch is not about has replaced the candidate; the baseline's own is a way back.
        let candidate = self.other(bound).unwrap_or_else(|| bound.names.candidate.clone());
        Sides { baseline: bound.names.baseline.clone(), candidate }
    }

    fn is_paused(&self) -> bool {
        self.spec.paused
    }

    fn condition(&self, bound: &Bound) -> Condition {
        self.controller_says(bound)
    }

    fn preview(&self, bound: &Bound, action: Action) -> Result<Preview, String> {
        self.offer(bound, action)
    }

    fn next(&self, bound: &Bound, order: &Order) -> Result<Next, String> {
        Ok(self.change(bound, order)?.map_or(Next::Done, Next::Ask))
    }

    fn seen(&self, bound: &Bound, order: &Order) -> Seen {
        self.facts(bound, order)
    }
}

#[cfg(test)]
mod tests;
