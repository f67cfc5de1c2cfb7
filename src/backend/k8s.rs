//! Kubernetes as a backend: Deployments, Argo Rollouts, Flagger canaries.
//!
//! A watch is bound to pod templates by their hashes, never to names that can be moved. What a controller says is believed once it has
//! seen the newest change. Every change is a patch that holds the resource version it was decided on, leads to an absolute target and
//! leaves its author in an annotation, so that whoever comes second can say who was first. One file a kind: `workload` is what they
//! have in common.

mod absent;
mod access;
mod api;
mod bound;
mod canary;
mod deployment;
mod evidence;
mod eyes;
mod gates;
mod guards;
mod hands;
mod mark;
mod owner;
mod pods;
mod rollout;
mod selector;
mod sets;
mod workload;

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};

pub use bound::Wanted;
pub use workload::{Found, Trusted};

use self::{
    access::Rights,
    api::Api,
    bound::Bound,
    eyes::Eyes,
    gates::Gates,
    guards::Guards,
    hands::Hands,
    workload::{Place, State},
};
use super::{Backend, BackendError};
use crate::{
    engine::role::Sides,
    target::{Kind, Workload},
    text,
    wire::{http::Purpose, kube::Cluster},
};

/// The kind, as in the configuration.
pub const KIND: &str = "kubernetes";

/// How long a controller that has not seen the newest change is waited for at attach, and how often is looked meanwhile.
const CATCH_UP: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(200);

/// Which workload to attach to, and as what.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Where it is.
    pub namespace: String,
    /// Which one.
    pub workload: Workload,
    /// The versions that somebody named.
    pub wanted: Wanted,
    /// The hashes that an earlier run was bound to.
    pub pins: Option<Sides<String>>,
    /// After how long an action that was not seen to work is called failed, where somebody says it.
    pub limit: Option<Duration>,
    /// Who acts here, for the mark that each change leaves.
    pub holder: String,
    /// Where Flagger's load tester answers.
    pub gate: Option<String>,
}

/// A workload that is attached to.
#[derive(Debug)]
pub struct Attached {
    /// Its eyes, and hands where there are any.
    pub backend: Backend,
    /// What was found there.
    pub found: Found,
}

/// What a watch of this workload is about, in one word.
#[must_use]
pub fn locator(server: &str, namespace: &str, workload: &Workload) -> String {
    format!("k8s:{namespace}/{}/{}@{server}", workload.kind.word(), workload.name)
}

/// Reads the workload and binds to the two versions it is about. `hands` is a connection of its own; none in a read-only session.
///
/// # Errors
/// When it is not there, cannot be read, we may not read it, or there is no second version.
pub async fn attach(eyes: Cluster, hands: Option<Cluster>, wish: &Wish) -> Result<Attached, BackendError> {
    let gates = |purpose| wish.gate.as_deref().map(|at| Gates::at(at, purpose)).transpose();
    let api = Api::new(eyes, gates(Purpose::Watch)?);
    let place = Place { namespace: wish.namespace.clone(), workload: wish.workload.clone() };
    let (state, found) = found(&api, &place, wish).await?;
    let (rights, guards) = match &hands {
        Some(_) => (Rights::ask(&api, &place).await?, Guards::read(&api, &place, &*state, &found).await),
        None => (Rights::none(), Guards::default()),
    };
    let bound = Arc::new(Bound::new(place, &found, (rights, guards), wish));
    let hands = match hands {
        Some(cluster) => Some(Arc::new(Hands::new(Api::acting(cluster, gates(Purpose::Act)?), Arc::clone(&bound))) as _),
        None => None,
    };
    let backend = Backend { kind: KIND, eyes: Arc::new(Eyes::new(api, bound)), hands };
    Ok(Attached { backend, found })
}

/// The version of the workload that is trusted now; its pods are there.
///
/// # Errors
/// When it cannot be read, has no pods, or is not the one that somebody `wanted`.
pub async fn trusted(
    cluster: Cluster,
    namespace: &str,
    workload: &Workload,
    wanted: Option<&str>,
) -> Result<Trusted, BackendError> {
    let place = Place { namespace: namespace.to_owned(), workload: workload.clone() };
    let (_, trusted) = caught_up(&Api::new(cluster, None), &place, |state| {
        let (set, pods) = state.trusted()?;
        let (words, runs) = (place.words(), &set.tag);
        match wanted.filter(|name| !set.is_called(name)) {
            Some(name) => Err(BackendError::Unusable(format!("{words} runs {runs} ({}), not {:?}", set.name, text::clean(name)))),
            None if set.there == 0 => Err(BackendError::Unusable(format!("{words} has no pods of {runs} now"))),
            None => Ok(Trusted { name: runs.clone(), pods }),
        }
    })
    .await?;
    Ok(trusted)
}

/// What the workload is about.
async fn found(api: &Api, place: &Place, wish: &Wish) -> Result<(Box<dyn State>, Found), BackendError> {
    caught_up(api, place, |state| state.found(&wish.wanted, wish.pins.as_ref())).await
}

/// What a workload says, once its controller has seen the newest change: whoever comes right after that is a moment ahead of it.
async fn caught_up<T>(
    api: &Api,
    place: &Place,
    say: impl Fn(&dyn State) -> Result<T, BackendError>,
) -> Result<(Box<dyn State>, T), BackendError> {
    let latest = Instant::now() + CATCH_UP;
    loop {
        let Some(state) = workload::find(api, place).await? else { return Err(absent::why(api, place).await) };
        match say(&*state) {
            Err(BackendError::Unreachable(_)) if Instant::now() < latest => sleep(PAUSE).await,
            said => return said.map(|said| (state, said)),
        }
    }
}

/// The workloads of a namespace that are rolling now, of the kinds that we may list. What another one drives is not counted twice.
///
/// # Errors
/// When the namespace is not there or cannot be read, or none is found and there may be some of a kind that we may not list.
pub async fn rolling(cluster: Cluster, namespace: &str) -> Result<Vec<Workload>, BackendError> {
    let api = Api::new(cluster, None);
    let (mut rolling, mut driven, mut unseen) = (Vec::new(), Vec::new(), None);
    for kind in Kind::ALL {
        match workload::rolling(&api, namespace, kind).await {
            Ok((some, others)) => {
                rolling.extend(some);
                driven.extend(others);
            }
            Err(error @ BackendError::Unauthorised(_)) => unseen = unseen.or(Some(error)),
            Err(error) => return Err(error),
        }
    }
    rolling.retain(|workload| !driven.contains(workload));
    if rolling.is_empty() {
        absent::has_namespace(&api, namespace).await?;
    }
    unseen.filter(|_| rolling.is_empty()).map_or(Ok(rolling), Err)
}
