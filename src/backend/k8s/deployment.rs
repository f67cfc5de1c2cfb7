//! A Deployment: its newest template is rolled out by replacing pods, and every earlier one is kept in a `ReplicaSet`.
//!
//! It has no weights of its own: a version's share is its share of the ready pods. Going back is putting an earlier template back, by
//! the name of its `ReplicaSet`; "the previous one" is never asked for, because after a rollback that is the bad one.

mod changes;
mod previews;
mod seen;
mod status;

use serde_json::Value;

use super::{
    access::{Need, PATCH},
    api::Api,
    bound::{Bound, Wanted, choose, named},
    pods,
    sets::{self, Set},
    workload::{Found, Next, Place, State},
};
use crate::{
    backend::BackendError,
    engine::{
        action::{Action, Condition, Order, Rollout, Seen},
        driven::Driven,
        role::{Role, Sides},
        strategy::Kind as Strategy,
    },
    wire::kube::{Object, Pod},
};

use self::status::{Spec, Status};

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
        let wanted = sets::without_hash(self.spec.template.clone());
        self.sets.iter().find(|set| set.template == wanted)
    }

    fn has_caught_up(&self) -> bool {
        self.status.observed_generation >= self.object.metadata.generation
    }

    /// The set of one of the versions that the watch is bound to.
    fn set_of(&self, bound: &Bound, role: Role) -> Option<&Set> {
        self.sets.iter().find(|set| set.hash == *bound.pins.of(role))
    }

    /// What its controller makes of it.
    fn condition(&self, bound: &Bound) -> Condition {
        let name = &self.place.workload.name;
        let (seen, asked) = (self.status.observed_generation, self.object.metadata.generation);
        if !self.has_caught_up() {
            return Condition::Behind(format!("the Deployment controller has seen generation {seen} of {name}, not {asked}"));
        }
        match self.current() {
            // A paused Deployment takes a new template and makes nothing of it.
            None if self.spec.paused => Condition::Steady,
            None => {
                Condition::Behind(format!("the Deployment controller has made no ReplicaSet for the newest template of {name} yet"))
            }
            Some(set) if set.hash == bound.pins.baseline => Condition::Ended(self.went_back(bound)),
            Some(set) if self.status.is_past_deadline() && set.hash == bound.pins.candidate => Condition::Stuck(self.stuck(bound)),
            Some(_) => Condition::Steady,
        }
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
        let by = super::mark::Mark::of(&self.object).map_or_else(|| "somebody else".to_owned(), |mark| mark.by);
        format!("{} was taken back to {} by {}", self.place.workload.name, bound.names.baseline, crate::text::cleaned(&by))
    }

    fn stuck(&self, bound: &Bound) -> String {
        let limit = crate::humanize::duration(std::time::Duration::from_secs(self.spec.progress_deadline_seconds));
        let name = &bound.names.candidate;
        let made = self.pods.iter().filter(|pod| pod.meta.label(sets::HASH_LABELS[0]) == Some(&bound.pins.candidate));
        let why = pods::troubles(made).map(|why| format!(": {why}")).unwrap_or_default();
        format!("{name} has made no progress for {limit}{why}")
    }

    /// The candidate's share of the ready pods; null while none is ready.
    fn weight(&self, bound: &Bound) -> Option<f64> {
        let all: u32 = self.sets.iter().map(|set| set.ready).sum();
        let candidate = self.set_of(bound, Role::Candidate).map_or(0, |set| set.ready);
        (all > 0).then(|| f64::from(candidate) / f64::from(all))
    }

    /// Changes when the template or the pause does, and not when pods come and go or their number is scaled.
    fn token(&self) -> String {
        let uid: String = self.object.metadata.uid.chars().take(8).collect();
        let template =
            self.current().map_or_else(|| format!("generation {}", self.object.metadata.generation), |set| set.hash.clone());
        format!("{uid} {template}{}", if self.spec.paused { " paused" } else { "" })
    }
}

impl State for Deployment {
    fn object(&self) -> &Object {
        &self.object
    }

    fn found(&self, wanted: &Wanted, pins: Option<&Sides<String>>) -> Result<Found, BackendError> {
        let current = self.current().or_else(|| self.sets.first());
        let before = self.sets.iter().find(|set| current.is_some_and(|current| set.revision < current.revision));
        if let Some(set) = current.filter(|set| set.is_return && wanted.baseline.is_none() && pins.is_none()) {
            let what = format!("{} was taken back to {} ({})", self.place.words(), set.name, set.tag);
            let why = format!("{what}: which version is the good one? name it with --to, or as baseline.version");
            return Err(BackendError::Unusable(why));
        }
        let chosen = choose(&self.sets, Sides { baseline: before, candidate: current }, wanted, pins, &self.place)?;
        let selector = self.spec.selector.text();
        Ok(Found {
            names: named(&chosen, wanted),
            driven: Driven { by: "the Deployment controller".to_owned(), pins: chosen.map(|set| set.hash.clone()) },
            pods: chosen.map(|set| format!("{selector},{}={}", sets::HASH_LABELS[0], set.hash)),
            strategy: Strategy::Rolling,
            steps: Vec::new(),
        })
    }

    fn rollout(&self, bound: &Bound) -> Rollout {
        let condition = self.condition(bound);
        let weight = self.weight(bound);
        // A template that the watch is not about has replaced the candidate; the baseline's own is a way back.
        let candidate = self.other(bound).unwrap_or_else(|| bound.names.candidate.clone());
        Rollout {
            token: self.token(),
            weights: weight.map(|weight| Sides { baseline: 1.0 - weight, candidate: weight }),
            versions: Some(Sides { baseline: bound.names.baseline.clone(), candidate }),
            paused: self.spec.paused,
            abilities: Action::ALL.into_iter().map(|action| (action, self.ability(bound, action, &condition))).collect(),
            condition,
        }
    }

    fn next(&self, bound: &Bound, order: &Order) -> Result<Next, String> {
        Ok(self.change(bound, order)?.map_or(Next::Done, Next::Ask))
    }

    fn seen(&self, bound: &Bound, order: &Order) -> Seen {
        self.facts(bound, order)
    }
}

/// Two templates are the same when nothing but the hash tells them apart.
fn is_same(a: &Value, b: &Value) -> bool {
    sets::without_hash(a.clone()) == sets::without_hash(b.clone())
}
