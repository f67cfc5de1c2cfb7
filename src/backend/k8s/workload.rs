//! What the three kinds of workload have in common: each is read whole, and then says what it is about, what could be done, what that
//! takes, and how far it has got. Nothing but [`read`] asks the server.

use std::time::Duration;

use serde_json::Value;

use super::{
    api::Api,
    bound::{Bound, Wanted},
    canary::Canary,
    deployment::Deployment,
    gates::Gate,
    rollout::ArgoRollout,
    sets::Set,
};
use crate::{
    backend::BackendError,
    engine::{
        action::{Ability, Action, Condition, Fact, Order, Preview, Rollout, Seen},
        driven::Driven,
        role::Sides,
        strategy::Kind as Strategy,
    },
    humanize,
    target::{Kind, Workload},
    wire::kube::{Object, Patch},
};

/// A workload's place on its server.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) namespace: String,
    pub(super) workload: Workload,
}

/// What a workload is about, as found when it is attached to.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The versions by the names that people know: image tags where these differ.
    pub names: Sides<String>,
    /// By what it is driven, and the template hashes of the two versions.
    pub driven: Driven,
    /// The label selector of each version's pods.
    pub pods: Sides<String>,
    /// How the traffic moves.
    pub strategy: Strategy,
    /// The candidate's share at each step, as rising fractions; empty where there is one step.
    pub steps: Vec<f64>,
    /// How long its controller lets it be without progress.
    pub patience: Duration,
}

impl Found {
    /// How long an action may take when nobody says it: pods are replaced one by one, and what is long for a router is not for them.
    const LIMITS: (Duration, Duration) = (Duration::from_secs(120), Duration::from_secs(1800));

    /// After how long an action is called failed: what somebody `said`, else as long as the controller is patient.
    #[must_use]
    pub fn limit(&self, said: Option<Duration>) -> Duration {
        said.unwrap_or_else(|| self.patience.clamp(Self::LIMITS.0, Self::LIMITS.1))
    }
}

/// The version that is trusted, as found without another one to hold against it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trusted {
    /// Its name for people: its image's tag.
    pub name: String,
    /// The label selector of its pods.
    pub pods: String,
}

/// What an action takes next.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Next {
    /// Nothing: all of it was asked for.
    Done,
    /// This change of an object.
    Ask(Change),
    /// This gate, opened or closed at Flagger's load tester.
    Gate {
        /// Which one.
        gate: Gate,
        /// Opened, or closed.
        open: bool,
    },
    /// The controller has to take in the last change first.
    Wait {
        /// What it is waited for, in words.
        what: String,
        /// The gate that is open meanwhile, and must not stay so when nobody comes.
        open: Option<Gate>,
    },
}

/// One request of an action.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Change {
    /// What is changed.
    pub(super) to: To,
    /// How it is written down.
    pub(super) patch: Patch,
    /// Without the resource version, which is added when it is sent.
    pub(super) body: Value,
}

/// What a request changes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum To {
    /// The workload itself.
    Workload,
    /// Its status, which is a resource of its own: metadata is ignored there.
    Status,
    /// Another object, which the workload is about. The mark has to be on the workload before.
    Beside {
        /// Its path.
        path: String,
        /// Its resource version as it was read.
        version: String,
    },
}

impl Next {
    /// What the controller is waited for, in words.
    pub(super) fn wait(what: impl Into<String>) -> Self {
        Self::Wait { what: what.into(), open: None }
    }
}

impl Change {
    /// Some fields of the workload, and the mark of who asked.
    pub(super) const fn fields(body: Value) -> Self {
        Self { to: To::Workload, patch: Patch::Merge, body }
    }

    /// Some fields of its status. The mark has to be there before.
    pub(super) const fn status(body: Value) -> Self {
        Self { to: To::Status, patch: Patch::Merge, body }
    }

    /// Nothing but the mark of who asked, for an action that changes the status alone.
    pub(super) fn mark() -> Self {
        Self::fields(Value::Object(serde_json::Map::new()))
    }

    /// Whether it leaves everything as it was but for the mark.
    pub(super) fn is_mark(&self) -> bool {
        self.body.as_object().is_some_and(serde_json::Map::is_empty)
    }
}

/// One workload as it was read.
pub(super) trait State: Send + Sync {
    /// The object that changes are made to.
    fn object(&self) -> &Object;

    /// The object with the template of its pods.
    fn holder(&self) -> &Object {
        self.object()
    }

    /// What it is about now: the versions that somebody wanted, else those that earlier runs were bound to, else the newest two.
    ///
    /// # Errors
    /// When a version is not there, or there is only one; [`BackendError::Unreachable`] when its controller has not said so yet.
    fn found(&self, wanted: &Wanted, pins: Option<&Sides<String>>) -> Result<Found, BackendError>;

    /// The version that is trusted now, with the label selector of its pods: the one that runs, and during a rollout the one that is
    /// replaced.
    ///
    /// # Errors
    /// When there is none; [`BackendError::Unreachable`] when its controller has not said so yet.
    fn trusted(&self) -> Result<(&Set, String), BackendError>;

    /// Stands for this very state: changes whenever anything that a decision depends on does.
    fn token(&self) -> String;

    /// The candidate's share of the traffic, a fraction; null while nobody can say.
    fn weight(&self, bound: &Bound) -> Option<f64>;

    /// Whether the candidate has the share that was `wanted`, and which it has.
    fn weight_is(&self, bound: &Bound, wanted: f64) -> Fact {
        let name = &bound.names.candidate;
        match self.weight(bound) {
            Some(weight) => {
                let text = format!("{name} has {} of the traffic", humanize::share(weight));
                Fact { text, holds: (weight - wanted).abs() < 1e-6 }
            }
            None => Fact { text: format!("nobody says how much traffic {name} has"), holds: false },
        }
    }

    /// The versions as they are now: another one where the watch is not about what is there any more.
    fn versions(&self, bound: &Bound) -> Sides<String>;

    /// Somebody keeps its controller from going on.
    fn is_paused(&self) -> bool;

    /// What its controller makes of it.
    fn condition(&self, bound: &Bound) -> Condition;

    /// What `action` would do in this state.
    ///
    /// # Errors
    /// Why it cannot be asked for.
    fn preview(&self, bound: &Bound, action: Action) -> Result<Preview, String>;

    /// The rollout as it stands, for the versions that the watch is bound to.
    fn rollout(&self, bound: &Bound) -> Rollout {
        let condition = self.condition(bound);
        let ability = |action| match (&condition, self.preview(bound, action)) {
            (Condition::Behind(why), _) => Ability::Off(why.clone()),
            (_, Err(why)) => Ability::Off(why),
            (_, Ok(preview)) => bound.ready(action, preview),
        };
        Rollout {
            token: self.token(),
            weights: self.weight(bound).map(|weight| Sides { baseline: 1.0 - weight, candidate: weight }),
            versions: Some(self.versions(bound)),
            paused: self.is_paused(),
            abilities: Action::ALL.into_iter().map(|action| (action, ability(action))).collect(),
            condition,
        }
    }

    /// What `order` takes next in this state. A request that was made is not asked for again, so an action of several requests is
    /// finished by asking once more.
    ///
    /// # Errors
    /// Why it cannot be done any more.
    fn next(&self, bound: &Bound, order: &Order) -> Result<Next, String>;

    /// How far `order` has got.
    fn seen(&self, bound: &Bound, order: &Order) -> Seen;
}

impl Place {
    /// The path of the workload itself.
    pub(super) fn path(&self) -> String {
        format!("{}/{}", all(&self.namespace, self.workload.kind), self.workload.name)
    }

    /// The path of a list beside it: `/apis/apps/v1` and `replicasets`.
    pub(super) fn beside(&self, group: &str, plural: &str) -> String {
        format!("{group}/namespaces/{}/{plural}", self.namespace)
    }

    /// "there is no Deployment web in shop".
    pub(super) fn missing(&self) -> String {
        format!("there is no {} {} in {}", title(self.workload.kind), self.workload.name, self.namespace)
    }

    /// "the Deployment web in shop".
    pub(super) fn words(&self) -> String {
        format!("the {} {} in {}", title(self.workload.kind), self.workload.name, self.namespace)
    }
}

/// What the kind calls itself.
pub(super) const fn title(kind: Kind) -> &'static str {
    match kind {
        Kind::Deployment => "Deployment",
        Kind::Rollout => "Rollout",
        Kind::Canary => "Canary",
    }
}

/// The API group with its version, and the resource.
pub(super) const fn group(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Deployment => ("apps/v1", "deployments"),
        Kind::Rollout => ("argoproj.io/v1alpha1", "rollouts"),
        Kind::Canary => ("flagger.app/v1beta1", "canaries"),
    }
}

/// Reads the workload and whatever else its state depends on.
pub(super) async fn read(api: &Api, place: &Place) -> Result<Box<dyn State>, BackendError> {
    find(api, place).await?.ok_or_else(|| BackendError::Unusable(place.missing()))
}

/// The same; none where the workload is not there.
pub(super) async fn find(api: &Api, place: &Place) -> Result<Option<Box<dyn State>>, BackendError> {
    let Some(object) = api.get(&place.path()).await? else { return Ok(None) };
    Ok(Some(match place.workload.kind {
        Kind::Deployment => Box::new(Deployment::read(api, place, object).await?),
        Kind::Rollout => Box::new(ArgoRollout::read(api, place, object).await?),
        Kind::Canary => Box::new(Canary::read(api, place, object).await?),
    }))
}

/// Why there is no version that could be trusted.
pub(super) fn nothing_runs(place: &Place) -> BackendError {
    BackendError::Unusable(format!("{} has rolled out no version yet", place.words()))
}

/// The names of all workloads of one kind in a namespace; none where the server does not know the kind.
pub(super) async fn names(api: &Api, namespace: &str, kind: Kind) -> Result<Option<Vec<String>>, BackendError> {
    let objects = api.list_of(&all(namespace, kind), "").await?;
    Ok(objects.map(|objects| objects.into_iter().map(|object| object.metadata.name).collect()))
}

/// The path of all workloads of one kind in a namespace.
fn all(namespace: &str, kind: Kind) -> String {
    let (group, plural) = group(kind);
    format!("/apis/{group}/namespaces/{namespace}/{plural}")
}

/// The workloads of one kind in a namespace that are rolling now, and those that any of this kind drives; of a kind that the server does
/// not know, none.
pub(super) async fn rolling(api: &Api, namespace: &str, kind: Kind) -> Result<(Vec<Workload>, Vec<Workload>), BackendError> {
    let objects = api.list(&all(namespace, kind), "").await?;
    let is_rolling = |object: &Object| match kind {
        Kind::Deployment => Deployment::is_rolling(object),
        Kind::Rollout => ArgoRollout::is_rolling(object),
        Kind::Canary => Canary::is_rolling(object),
    };
    let driven = match kind {
        Kind::Deployment | Kind::Rollout => Vec::new(),
        Kind::Canary => objects.iter().flat_map(Canary::drives).collect(),
    };
    let workload = |object: Object| Workload { kind, name: object.metadata.name };
    Ok((objects.into_iter().filter(is_rolling).map(workload).collect(), driven))
}

/// The actions a kind can be asked for, and what each needs to be allowed to do.
pub(super) fn needs(kind: Kind, action: Action) -> &'static [super::access::Need] {
    match kind {
        Kind::Deployment => Deployment::needs(action),
        Kind::Rollout => ArgoRollout::needs(action),
        Kind::Canary => Canary::needs(action),
    }
}
