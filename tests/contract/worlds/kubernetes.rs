//! Workloads on a real API server, behind a front that counts changes and breaks what passes.

mod canary;
mod deployment;
mod rollout;

use rollwatch::{
    backend::{
        Backend,
        k8s::{self, Wanted, Wish},
    },
    config::file,
    target::Target,
    wire::kube::{Access, Place},
};
use serde_json::{Value, json};

use super::super::world::{Fault, LIMIT, VERSIONS, World, wait};
use crate::{
    bed::{Cluster, Namespace, User},
    front::{Break, Front},
    home::{KUBECONFIG, home_of},
    program::Home,
};

pub(crate) use self::{canary::Canary, deployment::Deployment, rollout::Rollout};

/// What replaces the candidate.
const NEWER: &str = "v2.6.0";

/// A kind of workload, with one of it at the beginning of every promise.
pub(crate) trait Kind: Send + Sync + 'static {
    /// As in a target: `rollout`.
    const WORD: &'static str;

    /// Has it, where the baseline serves and the candidate has a quarter.
    fn begin(namespace: &Namespace) -> Self;

    /// More lines of the backend's section.
    fn more(&self) -> String {
        String::new()
    }

    /// The candidate's share of what serves.
    fn share(&self, namespace: &Namespace) -> f64;

    /// Somebody gives the candidate more.
    fn goes_on(&self, namespace: &Namespace);
}

pub(crate) struct Kubernetes<K> {
    home: Home,
    front: Front,
    namespace: Namespace,
    kind: K,
}

impl<K: Kind> Kubernetes<K> {
    /// None, after one sentence, where there is no control plane.
    pub(crate) fn start() -> Option<Box<dyn World>> {
        let cluster = Cluster::shared()?;
        let namespace = cluster.namespace(K::WORD);
        let kind = K::begin(&namespace);
        let front = Front::before(cluster);
        let home = home_of(cluster, &front.url(), &User::Admin);
        Some(Box::new(Self { home, front, namespace, kind }))
    }
}

impl<K: Kind> World for Kubernetes<K> {
    fn home(&self) -> &Home {
        &self.home
    }

    fn section(&self) -> String {
        let (namespace, more) = (self.namespace.name(), self.kind.more());
        format!("[backend]\nkind = \"kubernetes\"\ntarget = \"k8s:{namespace}/{}/web\"\n{more}", K::WORD)
    }

    fn ports(&self) -> Vec<u16> {
        vec![self.front.port()]
    }

    fn share(&self) -> f64 {
        self.kind.share(&self.namespace)
    }

    fn asked(&self) -> usize {
        self.front.asked()
    }

    fn changes(&self) -> usize {
        self.front.changed()
    }

    fn somebody_else_acts(&self) {
        self.kind.goes_on(&self.namespace);
    }

    fn inject(&self, fault: Fault) {
        self.front.inject(match fault {
            Fault::RefusesUs => Break::Refuses,
            Fault::AsksForPatience => Break::AsksForPatience,
            Fault::LosesTheAnswer => Break::LosesTheAnswer,
            Fault::DoesNothing => Break::DoesNothing,
            Fault::Hangs => Break::Hangs,
            Fault::FailsHalfWay => Break::RefusesTemplates,
            Fault::IsGone => Break::IsGone,
            Fault::HasANewerVersion => return roll(&self.namespace, NEWER),
        });
    }
}

/// The backend of this section, as a watch attaches to it.
pub(crate) fn attach(section: &file::Kubernetes, home: &Home, read_only: bool) -> Backend {
    let target: Target = section.target.parse().expect("a target");
    let access = Access { kubeconfig: Some(home.path(KUBECONFIG)), ..Access::default() };
    let wish = Wish {
        namespace: target.namespace.expect("it is named"),
        workload: target.workload.expect("it is named"),
        wanted: Wanted { baseline: Some(VERSIONS.0.to_owned()), candidate: Some(VERSIONS.1.to_owned()) },
        pins: None,
        limit: Some(LIMIT),
        holder: "ana on ship-3".to_owned(),
        gate: section.gate.clone(),
    };
    wait(async {
        let place = Place::find(&access).await.expect("a cluster");
        let connect = || place.connect().expect("a connection");
        let hands = if read_only { None } else { Some(connect()) };
        k8s::attach(connect(), hands, &wish).await.expect("it can be attached to").backend
    })
}

/// Somebody changes the image of the Deployment `web`, or of the Rollout where there is one.
fn roll(namespace: &Namespace, version: &str) {
    let kind = if namespace.find("rollout", "web").is_some() { "rollout" } else { "deployment" };
    let template = json!({ "spec": { "containers": [{ "name": "app", "image": image(version) }] } });
    namespace.patch(kind, "web", &json!({ "spec": { "template": template } }));
}

fn image(version: &str) -> String {
    format!("app:{version}")
}

/// The template of a workload of four, with the baseline.
fn spec() -> Value {
    json!({
        "replicas": 4, "progressDeadlineSeconds": 600, "selector": { "matchLabels": { "app": "web" } },
        "template": {
            "metadata": { "labels": { "app": "web" } }, "spec": { "containers": [{ "name": "app", "image": image(VERSIONS.0) }] },
        },
    })
}

/// The candidate's part of the ready pods that a selector names.
fn part(namespace: &Namespace, selector: &str) -> f64 {
    let is_ready = |pod: &&Value| {
        let conditions = pod["status"]["conditions"].as_array();
        let ready = conditions.into_iter().flatten().any(|it| it["type"] == "Ready" && it["status"] == "True");
        ready && pod["metadata"]["deletionTimestamp"].is_null()
    };
    let pods = namespace.list("pod", selector);
    let ready: Vec<&Value> = pods.iter().filter(is_ready).collect();
    let is_candidate = |pod: &&&Value| pod["spec"]["containers"][0]["image"] == image(VERSIONS.1);
    ready.iter().filter(is_candidate).count() as f64 / ready.len().max(1) as f64
}
