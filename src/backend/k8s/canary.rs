//! A Canary of Flagger: the Deployment that people change is the candidate, and a copy of it, the primary, is the baseline.
//!
//! Flagger gives the candidate traffic by weights while it judges it, then copies its template to the primary and takes its pods away.
//! What serves is told by both: the weights, and the templates of the pods behind each of them.

mod changes;
mod condition;
mod previews;
mod seen;
mod status;
mod template;

use std::time::Duration;

use serde_json::Value;

use super::{
    access::{Need, PATCH},
    api::Api,
    bound::{Bound, Wanted, named},
    deployment::Deployment,
    gates::Gate,
    mark,
    sets::{self, Set},
    workload::{Found, Next, Place, State},
};
use crate::{
    backend::BackendError,
    engine::{
        action::{Action, Condition, Order, Preview, Seen},
        driven::Driven,
        role::Sides,
        strategy::Kind as Strategy,
    },
    target::{Kind, Workload},
    text,
    wire::kube::{Object, time},
};

use self::{
    condition::{AFTER, BACK, BEFORE, MORE},
    status::{KUBERNETES, Sharing, Spec, Status},
    template::{is_copied, is_same},
};

/// What drives it, in sentences.
const CONTROLLER: &str = "Flagger";
/// How often it looks until a promotion that was let through is over: each phase takes one look.
const LOOKS: u32 = 4;
/// The Deployment that it rolls out is changed.
const PATCH_TARGET: Need = Need { verb: "patch", other: Some(("apps", "deployments")), part: "" };

/// A Canary with its two Deployments.
#[derive(Debug)]
pub(super) struct Canary {
    place: Place,
    object: Object,
    spec: Spec,
    status: Status,
    /// What people change.
    target: Deployment,
    /// What serves.
    primary: Deployment,
    gates: Asked,
    /// Why Flagger took it back, in the words of its events.
    why: Option<String>,
}

/// What is known about its gates.
#[derive(Debug, Default)]
struct Asked {
    way: Option<Result<bool, String>>,
    rollback: Option<Result<bool, String>>,
    /// The requests that open them; none where no load tester is named.
    requests: Option<[String; 2]>,
}

impl Asked {
    /// Whether a gate is open; none where there is none, or nobody to ask.
    fn of(&self, gate: Gate) -> Option<&Result<bool, String>> {
        match gate {
            Gate::Way => self.way.as_ref(),
            Gate::Rollback => self.rollback.as_ref(),
        }
    }

    /// The request that opens a gate.
    fn request(&self, gate: Gate) -> Option<String> {
        let [way, rollback] = self.requests.as_ref()?;
        Some(if gate == Gate::Way { way.clone() } else { rollback.clone() })
    }

    async fn read(api: &Api, place: &Place, spec: &Spec) -> Self {
        let Some(gates) = &api.gates else { return Self::default() };
        let has = |gate: Gate, kinds: &[&str]| kinds.iter().any(|kind| spec.gate(kind, gate).is_some());
        let (mut way, mut rollback) = (None, None);
        if has(Gate::Way, &[BEFORE, MORE, AFTER]) {
            way = Some(gates.is_open(place, Gate::Way).await);
        }
        if has(Gate::Rollback, &[BACK]) {
            rollback = Some(gates.is_open(place, Gate::Rollback).await);
        }
        let requests = [Gate::Way, Gate::Rollback].map(|gate| gates.request(gate, true));
        Self { way, rollback, requests: Some(requests) }
    }
}

impl Canary {
    pub(super) async fn read(api: &Api, place: &Place, object: Object) -> Result<Self, BackendError> {
        let unreadable = |error: crate::wire::kube::ApiError| BackendError::Unusable(error.to_string());
        let (spec, status): (Spec, Status) = (object.spec().map_err(unreadable)?, object.status().map_err(unreadable)?);
        if spec.target_ref.kind != "Deployment" {
            let of = text::cleaned(&spec.target_ref.kind);
            return Err(BackendError::Unusable(format!("{} rolls out a {of}: only Deployments are supported", place.words())));
        }
        let target = deployment(api, place, &spec.target_ref.name).await?;
        let target = target.ok_or_else(|| BackendError::Unusable(format!("the Deployment of {} is not there", place.words())))?;
        let primary = deployment(api, place, &primary_of(&spec.target_ref.name)).await?;
        let primary =
            primary.ok_or_else(|| BackendError::Unreachable(format!("Flagger has made no primary for {} yet", place.words())))?;
        let gates = Asked::read(api, place, &spec).await;
        let why = if status.phase == "Failed" { why(api, place).await } else { None };
        Ok(Self { place: place.clone(), object, spec, status, target, primary, gates, why })
    }

    /// Whether an analysis or a promotion is under way.
    pub(super) fn is_rolling(object: &Object) -> bool {
        let status: Result<Status, _> = object.status();
        status.is_ok_and(|status| status.is_analysing() || status.is_promoting() || status.phase == "Waiting")
    }

    /// The two Deployments that Flagger rolls for it.
    pub(super) fn drives(object: &Object) -> Vec<Workload> {
        let Ok(Spec { target_ref, .. }) = object.spec::<Spec>() else { return Vec::new() };
        let names = [primary_of(&target_ref.name), target_ref.name];
        names.map(|name| Workload { kind: Kind::Deployment, name }).to_vec()
    }

    pub(super) const fn needs(action: Action) -> &'static [Need] {
        match action {
            Action::Pause | Action::Resume | Action::Promote | Action::PromoteFull | Action::Abort => &[PATCH],
            Action::Rollback => &[PATCH, PATCH_TARGET],
            Action::Retry => &[],
        }
    }

    fn primary_name(&self) -> String {
        self.primary.object.metadata.name.clone()
    }

    fn phase_name(&self) -> String {
        if self.status.phase.is_empty() { "none yet".to_owned() } else { text::cleaned(&self.status.phase) }
    }

    fn is_open(&self, gate: Gate) -> bool {
        matches!(self.gates.of(gate), Some(Ok(true)))
    }

    /// The primary has the template of the target.
    fn is_promoted(&self) -> bool {
        self.target.current().zip(self.primary.current()).is_some_and(|(target, primary)| is_copied(target, primary))
    }

    /// The primary's set of the baseline.
    fn baseline_set(&self, bound: &Bound) -> Option<&Set> {
        self.primary.sets.iter().find(|set| set.hash == bound.pins.baseline)
    }

    /// The share of the traffic that Flagger has given to the target's pods. It forgets a weight while it waits with a promotion, and
    /// writes none down where it gives the canary everything at the end; traffic stays as it is until the primary has the template.
    fn told(&self) -> Option<f64> {
        let (spec, status) = (&self.spec, &self.status);
        let is_routed = status.is_analysing() || status.phase == "Promoting";
        let is_at_end = ["WaitingPromotion", "Promoting"].contains(&status.phase.as_str());
        match spec.sharing() {
            Sharing::Weights if is_at_end && status.canary_weight == 0 => spec.analysis()?.ladder().last().copied(),
            Sharing::Beside if is_routed && status.iterations > spec.analysis()?.iterations => match spec.provider.as_str() {
                "" => None,
                KUBERNETES => Some(0.0),
                _ => Some(1.0),
            },
            Sharing::Matches if is_routed => None,
            _ => Some(status.weight()),
        }
    }

    /// The baseline is what the primary has; once that is the candidate's, what it had before.
    fn chosen(&self, wanted: &Wanted, pins: Option<&Sides<String>>) -> Result<Sides<&Set>, BackendError> {
        let before = self.primary.current().filter(|_| !self.is_promoted());
        let before = before.or_else(|| {
            let current = self.primary.current()?;
            self.primary.sets.iter().find(|set| set.revision < current.revision && !is_same(set, current))
        });
        // A person may know the baseline by its set of the target, where it was rolled out first.
        let is_baseline = |name: &str, set: &Set| {
            set.is_called(name) || self.target.sets.iter().any(|other| other.is_called(name) && is_copied(other, set))
        };
        let baseline = self.pick(&self.primary.sets, pins.map(|pins| &pins.baseline), wanted.baseline.as_ref(), is_baseline)?;
        let is_candidate = |name: &str, set: &Set| set.is_called(name);
        let candidate = self.pick(&self.target.sets, pins.map(|pins| &pins.candidate), wanted.candidate.as_ref(), is_candidate)?;
        let alone = || {
            let why = format!("{} has one version only, so there is nothing to compare", self.place.words());
            BackendError::Unusable(why)
        };
        let baseline = baseline.or(before).ok_or_else(alone)?;
        let candidate =
            candidate.or_else(|| self.target.current()).filter(|candidate| !is_copied(candidate, baseline)).ok_or_else(alone)?;
        Ok(Sides { baseline, candidate })
    }

    /// The set that an earlier run was bound to, else the one that somebody wants; none where neither is said.
    fn pick<'s>(
        &self,
        sets: &'s [Set],
        pin: Option<&String>,
        wanted: Option<&String>,
        is_called: impl Fn(&str, &Set) -> bool,
    ) -> Result<Option<&'s Set>, BackendError> {
        let Some(name) = pin.or(wanted) else { return Ok(None) };
        let found = sets.iter().find(|set| if pin.is_some() { set.hash == *name } else { is_called(name, set) });
        found.map(Some).ok_or_else(|| {
            let known: Vec<String> = sets.iter().map(|set| format!("{} ({})", set.name, set.tag)).collect();
            let (name, known) = (text::cleaned(name), known.join(", "));
            BackendError::Unusable(format!("{} keeps no version {name:?}: it keeps {known}", self.place.words()))
        })
    }

    fn strategy(&self) -> (Strategy, Vec<f64>) {
        match self.spec.sharing() {
            Sharing::Weights => (Strategy::Canary, self.spec.analysis().map(status::Analysis::ladder).unwrap_or_default()),
            Sharing::Beside => (Strategy::BlueGreen, Vec::new()),
            Sharing::Matches => (Strategy::OneStep, Vec::new()),
        }
    }
}

impl State for Canary {
    fn object(&self) -> &Object {
        &self.object
    }

    fn holder(&self) -> &Object {
        &self.target.object
    }

    fn found(&self, wanted: &Wanted, pins: Option<&Sides<String>>) -> Result<Found, BackendError> {
        if let Some(why) = self.behind().filter(|_| pins.is_none()) {
            return Err(BackendError::Unreachable(why));
        }
        let is_begun = self.status.is_analysing() || self.status.phase == "Waiting";
        if is_begun && self.is_promoted() && pins.is_none() && *wanted == Wanted::default() {
            let what = "is analysed with the template that serves already: only its configuration can be new";
            return Err(BackendError::Unreachable(format!("{} {what}", self.place.words())));
        }
        let chosen = self.chosen(wanted, pins)?;
        let (strategy, steps) = self.strategy();
        Ok(Found {
            names: named(&chosen, wanted),
            driven: Driven { by: CONTROLLER.to_owned(), pins: chosen.map(|set| set.hash.clone()) },
            pods: Sides { baseline: self.primary.pods_of(chosen.baseline), candidate: self.target.pods_of(chosen.candidate) },
            strategy,
            steps,
            patience: Duration::from_secs(self.target.spec.progress_deadline_seconds) + LOOKS * self.spec.interval(),
        })
    }

    fn trusted(&self) -> Result<(&Set, String), BackendError> {
        self.primary.trusted()
    }

    // Changes with the templates, the phase and the suspension, and when somebody has begun an action; not with every check.
    fn token(&self) -> String {
        let uid: String = self.object.metadata.uid.chars().take(8).collect();
        let hash = |of: &Deployment| of.current().map_or_else(|| "unseen".to_owned(), |set| set.hash.clone());
        let templates = format!("{uid} {} primary {} {}", hash(&self.target), hash(&self.primary), self.phase_name());
        let said = [(self.spec.suspend, "suspended"), (self.spec.skip_analysis, "skipping")];
        let said = said.into_iter().filter(|(is_so, _)| *is_so).map(|(_, word)| word.to_owned());
        let mark = mark::in_token(&self.object);
        [templates].into_iter().chain(said).chain(mark).collect::<Vec<_>>().join(" ")
    }

    // The candidate's share of the traffic: that of its own pods, and once it is copied that of the primary's. Null while nobody
    // can say.
    fn weight(&self, bound: &Bound) -> Option<f64> {
        let candidate = self.target.sets.iter().find(|set| set.hash == bound.pins.candidate)?;
        let beside = sets::ready_share(&self.target.sets, |set| set.hash == candidate.hash).unwrap_or(1.0);
        let primary = sets::ready_share(&self.primary.sets, |set| is_copied(candidate, set)).unwrap_or(0.0);
        match self.told() {
            Some(own) => Some(own * beside + (1.0 - own) * primary),
            // However it is shared out, both sides have the same pods.
            None => ((beside - primary).abs() < f64::EPSILON).then_some(primary),
        }
    }

    fn versions(&self, bound: &Bound) -> Sides<String> {
        let other = self.target.current().filter(|set| set.hash != bound.pins.candidate);
        let other = other.filter(|set| !self.baseline_set(bound).is_some_and(|baseline| is_copied(set, baseline)));
        // Once the primary has the candidate's template, what replaces it comes after its promotion.
        let candidate = self.target.sets.iter().find(|set| set.hash == bound.pins.candidate);
        let was_promoted = self.primary.current().zip(candidate).is_some_and(|(primary, candidate)| is_copied(candidate, primary));
        let baseline = if other.is_some() && was_promoted { &bound.names.candidate } else { &bound.names.baseline };
        let candidate = other.map_or_else(|| bound.names.candidate.clone(), |set| bound.name_of(set));
        Sides { baseline: baseline.clone(), candidate }
    }

    fn is_paused(&self) -> bool {
        self.spec.suspend
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

/// What Flagger calls the Deployment that serves.
fn primary_of(target: &str) -> String {
    format!("{target}-primary")
}

/// One of the two Deployments, if it is there.
async fn deployment(api: &Api, place: &Place, name: &str) -> Result<Option<Deployment>, BackendError> {
    let workload = Workload { kind: Kind::Deployment, name: name.to_owned() };
    let place = Place { namespace: place.namespace.clone(), workload };
    match api.get(&place.path()).await? {
        Some(object) => Ok(Some(Deployment::read(api, &place, object).await?)),
        None => Ok(None),
    }
}

/// Why Flagger took it back last, by its events; none where they are gone or not to be read.
async fn why(api: &Api, place: &Place) -> Option<String> {
    const BACK: &str = "Rolling back ";
    const HALT: &str = "Halt ";
    let selector = format!("involvedObject.kind=Canary,involvedObject.name={},type=Warning", place.workload.name);
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("fieldSelector", &selector)
        .append_pair("limit", "200")
        .finish();
    let path = format!("{}?{query}", place.beside("/api/v1", "events"));
    let list = api.cluster.read(&path).await.ok()?;
    let events = list.get("items").and_then(Value::as_array)?;
    let said = |event: &'_ Value| {
        let message = event.get("message")?.as_str()?.to_owned();
        Some((time(event.get("lastTimestamp")?.as_str()?)?, message))
    };
    let last = |begin: &str| {
        let told = events.iter().filter_map(said).filter(|(_, message)| message.starts_with(begin));
        told.max_by_key(|(at, _)| *at).map(|(_, message)| message)
    };
    // Every message names the Canary, which is known.
    let own = format!("{}.{}", place.workload.name, place.namespace);
    let bare = |message: &str, begin: &str| {
        let words = message.trim_start_matches(begin).split_whitespace();
        words.filter(|word| *word != own && *word != "advancement").collect::<Vec<_>>().join(" ")
    };
    let back = bare(&last(BACK)?, BACK);
    let check = last(HALT).map(|check| format!(" ({})", bare(&check, HALT)));
    Some(text::cleaned(&format!("{back}{}", check.unwrap_or_default())))
}

#[cfg(test)]
mod tests;
