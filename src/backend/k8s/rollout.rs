//! A Rollout of Argo Rollouts: its controller climbs the steps by itself, waits where they say so, and keeps every template in a
//! `ReplicaSet` as a Deployment does.
//!
//! What is rolled out and what is stable is its controller's word (`currentPodHash`, `stableRS`), believed once it has seen the newest
//! generation. An abort moves traffic and leaves the template; going back for good is putting an earlier template back.

mod changes;
mod condition;
mod previews;
mod seen;
mod status;
mod steps;
mod template;

use std::time::Duration;

use super::{
    access::{Need, PATCH, PATCH_STATUS},
    api::Api,
    bound::{Bound, Wanted, choose, named, not_a_return},
    mark, pods,
    sets::{self, Set},
    workload::{Found, Next, Place, State, nothing_runs},
};
use crate::{
    backend::BackendError,
    engine::{
        action::{Action, Condition, Order, Preview, Seen},
        driven::Driven,
        role::Sides,
        strategy::Kind as Strategy,
    },
    wire::kube::{ApiError, Object, Pod},
};

use self::{
    status::{Spec, Status},
    template::owned,
};

/// The annotation that counts roll-outs.
const REVISION: &str = "rollout.argoproj.io/revision";
/// The label of a template's hash.
const HASH: &str = sets::HASH_LABELS[1];
/// What drives it, in sentences.
const CONTROLLER: &str = "Argo Rollouts";

/// A Rollout with its `ReplicaSets`, and the pods that are not ready.
#[derive(Debug)]
pub(super) struct ArgoRollout {
    place: Place,
    object: Object,
    spec: Spec,
    status: Status,
    /// The newest first.
    sets: Vec<Set>,
    /// Its pods, where some are not ready.
    pods: Vec<Pod>,
}

impl ArgoRollout {
    pub(super) async fn read(api: &Api, place: &Place, object: Object) -> Result<Self, BackendError> {
        let unreadable = |error: ApiError| BackendError::Unusable(error.to_string());
        let (spec, status): (Spec, Status) = (object.spec().map_err(unreadable)?, object.status().map_err(unreadable)?);
        if let Some(from) = &spec.workload_ref {
            let from = crate::text::cleaned(&format!("{} {}", from.kind, from.name));
            let why = format!("{} takes its template from the {from} (workloadRef): that is not supported", place.words());
            return Err(BackendError::Unusable(why));
        }
        let selector = spec.selector.text();
        let objects = api.list(&place.beside("/apis/apps/v1", "replicasets"), &selector).await?;
        let sets = owned(&objects, &object.metadata.uid)?;
        let is_short = sets.iter().any(|set| set.ready < set.desired);
        let pods = if is_short { pods::list(api, place, &selector).await? } else { Vec::new() };
        Ok(Self { place: place.clone(), object, spec, status, sets, pods })
    }

    /// Whether an update is under way.
    pub(super) fn is_rolling(object: &Object) -> bool {
        let status: Result<Status, _> = object.status();
        status.is_ok_and(|status| !status.abort && (!status.is_promoted() || !status.has_seen(object.metadata.generation)))
    }

    pub(super) const fn needs(action: Action) -> &'static [Need] {
        match action {
            Action::Pause | Action::Resume => &[PATCH],
            Action::Promote | Action::PromoteFull | Action::Abort | Action::Rollback | Action::Retry => &[PATCH, PATCH_STATUS],
        }
    }

    /// The set that is rolled out now, as its controller says.
    fn current(&self) -> Option<&Set> {
        self.sets.iter().find(|set| set.hash == self.status.current_pod_hash)
    }

    /// The label selector of a set's pods.
    fn pods_of(&self, set: &Set) -> String {
        format!("{},{HASH}={}", self.spec.selector.text(), set.hash)
    }

    /// The step that is being done, from 0; behind the last where all are done.
    fn index(&self) -> usize {
        self.status.current_step_index.unwrap_or(0)
    }

    fn strategy(&self) -> (Strategy, Vec<f64>) {
        match &self.spec.strategy.canary {
            Some(canary) if canary.steps.is_empty() => (Strategy::Rolling, Vec::new()),
            Some(canary) => (Strategy::Canary, canary.ladder()),
            None => (Strategy::BlueGreen, Vec::new()),
        }
    }

    /// The set that the newest one is held against: the stable one, or once they are the same the one before.
    fn before(&self) -> Option<&Set> {
        let current = self.current()?;
        let stable = self.sets.iter().find(|set| set.hash == self.status.stable && set.hash != current.hash);
        stable.or_else(|| self.sets.iter().find(|set| set.revision < current.revision))
    }
}

impl State for ArgoRollout {
    fn object(&self) -> &Object {
        &self.object
    }

    fn found(&self, wanted: &Wanted, pins: Option<&Sides<String>>) -> Result<Found, BackendError> {
        if let Some(why) = self.behind().filter(|_| pins.is_none()) {
            return Err(BackendError::Unreachable(format!("{why}: which version is rolled out is not known yet")));
        }
        if let Some(current) = self.current().filter(|_| self.status.is_promoted() && pins.is_none()) {
            not_a_return(current, wanted, &self.place)?;
        }
        let newest = Sides { baseline: self.before(), candidate: self.current() };
        let chosen = choose(&self.sets, newest, wanted, pins, &self.place)?;
        let (strategy, steps) = self.strategy();
        Ok(Found {
            names: named(&chosen, wanted),
            driven: Driven { by: CONTROLLER.to_owned(), pins: chosen.map(|set| set.hash.clone()) },
            pods: chosen.map(|set| self.pods_of(set)),
            strategy,
            steps,
            patience: Duration::from_secs(self.spec.progress_deadline_seconds),
        })
    }

    fn trusted(&self) -> Result<(&Set, String), BackendError> {
        let stable = self.sets.iter().find(|set| set.hash == self.status.stable);
        let stable = stable.ok_or_else(|| nothing_runs(&self.place))?;
        Ok((stable, self.pods_of(stable)))
    }

    // Changes with the templates, the step and the pauses, and when somebody has begun an action; not with every status.
    fn token(&self) -> String {
        let status = &self.status;
        let uid: String = self.object.metadata.uid.chars().take(8).collect();
        if self.behind().is_some() {
            return format!("{uid} generation {}", self.object.metadata.generation);
        }
        let templates = format!("{uid} {} stable {} step {}", status.current_pod_hash, status.stable, self.index());
        let said = [(self.spec.paused, "paused"), (status.abort, "aborted"), (status.promote_full, "full")];
        let said = said.into_iter().filter(|(is_so, _)| *is_so).map(|(_, word)| word.to_owned());
        let pauses = status.pause_conditions.iter().map(|pause| pause.reason.clone());
        let mark = mark::in_token(&self.object);
        [templates].into_iter().chain(said).chain(pauses).chain(mark).collect::<Vec<_>>().join(" ")
    }

    // The candidate's share of the traffic; null while nobody can say.
    fn weight(&self, bound: &Bound) -> Option<f64> {
        let candidate = &bound.pins.candidate;
        let strategy = &self.spec.strategy;
        if strategy.blue_green.is_some() {
            let active = &self.status.blue_green.active_selector;
            return (!active.is_empty()).then(|| if active == candidate { 1.0 } else { 0.0 });
        }
        if let (Some(canary), Some(told)) = (&strategy.canary, &self.status.canary.weights) {
            let mine = [&told.canary, &told.stable].into_iter().filter(|side| side.pod_template_hash == *candidate);
            return Some(canary.fraction(mine.map(|side| side.weight).sum()));
        }
        sets::ready_share(&self.sets, |set| set.hash == *candidate)
    }

    // What is stable, and what is rolled out, for people.
    fn versions(&self, bound: &Bound) -> Sides<String> {
        let status = &self.status;
        let other = self.current().filter(|set| bound.role_of(&set.hash).is_none());
        // Once the candidate is stable, what replaces it comes after its promotion.
        let was_promoted = other.is_some() && status.stable == bound.pins.candidate;
        let baseline = if was_promoted { &bound.names.candidate } else { &bound.names.baseline };
        let candidate = other.map_or_else(|| bound.names.candidate.clone(), |set| bound.name_of(set));
        Sides { baseline: baseline.clone(), candidate: self.refused().unwrap_or(candidate) }
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
        self.request(bound, order)
    }

    fn seen(&self, bound: &Bound, order: &Order) -> Seen {
        self.facts(bound, order)
    }
}

#[cfg(test)]
mod tests;
