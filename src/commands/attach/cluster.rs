//! Attaching to a workload of Kubernetes: which cluster, which workload, which two versions; and what follows from that for the
//! configuration.

use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::{
    backend::{
        BackendError,
        k8s::{self, Attached, Found, Trusted, Wanted, Wish},
    },
    commands::{
        Edge,
        attach::{self, Attachment},
    },
    config::{
        Loaded, Override, file,
        value::{Dur, Percent},
    },
    engine::{
        role::{Role, Sides},
        strategy::Kind as Strategy,
    },
    exit::Failure,
    humanize,
    runtime::{apart::apart, clock::wall_clock},
    source::{
        pods::{self, Plan, Pods},
        poll::Fleet,
    },
    target::{Target, Workload},
    wire::kube::{Access, Cluster, Place},
};

/// How long connecting may take; a program that authenticates is run meanwhile.
const CONNECT: Duration = Duration::from_secs(30);
/// How long the first look may take.
const LOOK: Duration = Duration::from_secs(20);
/// What is said to come from the target, in messages.
const TARGET: &str = "the target";

/// A workload in a cluster that can be reached, before it was read.
pub(in crate::commands) struct Spot {
    place: Place,
    cluster: Cluster,
    namespace: String,
    workload: Workload,
    config: file::Kubernetes,
}

impl Spot {
    /// The workload that the configuration names, or the one that is rolling now; none where its backend is another one.
    pub(in crate::commands) async fn find(edge: &Edge, file: &file::File) -> Result<Option<Self>, Failure> {
        let Some(file::Backend::Kubernetes(config)) = &file.backend else { return Ok(None) };
        let target: Target = config.target.parse().map_err(|why| Failure::usage(format!("{:?} {why}", config.target), ""))?;
        let place = Place::find(&access(edge, config)).await.map_err(|error| Failure::Backend { what: error.to_string() })?;
        let namespace = target.namespace.clone().unwrap_or_else(|| place.namespace.clone());
        let cluster = connect(&place).await?;
        let workload = match target.workload {
            Some(workload) => workload,
            None => the_one_that_rolls(&place, &cluster, &namespace).await?,
        };
        Ok(Some(Self { place, cluster, namespace, workload, config: config.clone() }))
    }

    /// What a watch of it is about, in one word.
    pub(in crate::commands) fn locator(&self) -> String {
        k8s::locator(&self.place.server, &self.namespace, &self.workload)
    }

    /// What its place says where the configuration says nothing: the deployment's name, and where it runs.
    pub(in crate::commands) fn names(&self, loaded: &Loaded) -> Vec<Override> {
        let name = format!("{}.{}", self.namespace, self.workload.name);
        let environment = self.place.context.clone().unwrap_or_default();
        let said = [("deployment.name", name), ("deployment.environment", environment)];
        said.into_iter()
            .filter(|(key, value)| loaded.origin(key).is_built_in() && !value.is_empty())
            .map(|(key, value)| Override::new(key, value, TARGET))
            .collect()
    }

    /// Reads the workload and binds to its two versions.
    pub(in crate::commands) async fn attach(
        &self,
        loaded: &Loaded,
        pins: Option<Sides<String>>,
        read_only: bool,
        holder: String,
    ) -> Result<(Attachment, Vec<Override>), Failure> {
        let wish = Wish {
            namespace: self.namespace.clone(),
            workload: self.workload.clone(),
            wanted: wanted(loaded),
            pins,
            limit: said_limit(loaded),
            holder,
            gate: self.config.gate.clone(),
        };
        // What acts has a connection of its own, so that it never waits behind polls.
        let hands = if read_only { None } else { Some(connect(&self.place).await?) };
        let Attached { backend, found } = self.in_time(Box::pin(k8s::attach(self.cluster.clone(), hands, &wish))).await?;
        let said = overrides(&found, loaded);
        Ok((Attachment { backend: Some(backend), driven: Some(found.driven), pods: Some(found.pods) }, said))
    }

    /// The version that is trusted now, as configuration, and the label selector of its pods. Nothing is bound to, nobody can act.
    pub(in crate::commands) async fn trusted(&self, loaded: &Loaded) -> Result<(Override, String), Failure> {
        let wanted = wanted(loaded).baseline;
        let found = k8s::trusted(self.cluster.clone(), &self.namespace, &self.workload, wanted.as_deref());
        let Trusted { name, pods } = self.in_time(Box::pin(found)).await?;
        Ok((Override::new("baseline.version", name, TARGET), pods))
    }

    /// What the first look brings.
    async fn in_time<T>(&self, look: BoxFuture<'_, Result<T, BackendError>>) -> Result<T, Failure> {
        let looked = tokio::time::timeout(LOOK, look).await;
        let late = format!("{} did not answer within {}", self.place.server, humanize::duration(LOOK));
        looked.map_err(|_| Failure::Backend { what: late })?.map_err(|error| failure(&self.place, &error))
    }

    /// The pods of the versions in `roles`, by these label selectors.
    pub(in crate::commands) async fn fleet(
        &self,
        file: &file::File,
        selectors: Sides<String>,
        roles: &[Role],
    ) -> Result<Box<dyn Fleet>, Failure> {
        let config = &self.config;
        let plan = Plan {
            namespace: self.namespace.clone(),
            names: attach::names(file),
            selectors,
            port: config.port.clone(),
            path: config.path.clone(),
            is_direct: match config.via {
                file::Via::Auto => self.place.is_inside,
                file::Via::Direct => true,
                file::Via::Proxy => false,
            },
            most: config.most_pods.map_or(pods::MOST, |most| most.try_into().unwrap_or(usize::MAX)),
        };
        match Pods::find(self.cluster.clone(), plan, roles, wall_clock(), LOOK).await {
            Ok(pods) => Ok(Box::new(pods)),
            Err(what) => Err(Failure::Backend { what }),
        }
    }
}

/// What was found, as configuration: the versions' names, and how the traffic moves unless `[steps]` says it.
fn overrides(found: &Found, loaded: &Loaded) -> Vec<Override> {
    let mut said = vec![
        Override::new("baseline.version", found.names.baseline.clone(), TARGET),
        Override::new("candidate.version", found.names.candidate.clone(), TARGET),
    ];
    if said_limit(loaded).is_none() {
        said.push(Override::new("policy.verify_timeout", Dur(found.limit(None)).to_string(), TARGET));
    }
    if loaded.file.steps.is_some() {
        return said;
    }
    let window = loaded.file.policy.window.to_string();
    said.push(Override::new("steps.window", window.clone(), TARGET));
    said.push(Override::new("steps.bake", window, TARGET));
    let (strategy, more) = match found.strategy {
        // One window for all of it: its controller goes from pod to pod by itself.
        Strategy::Rolling => ("rolling", Some(Override::new("steps.batches", 1, TARGET))),
        Strategy::BlueGreen => ("blue-green", None),
        Strategy::OneStep | Strategy::Canary | Strategy::Flag => {
            ("canary", Some(Override::new("steps.weights", weights(&found.steps), TARGET)))
        }
    };
    said.push(Override::new("steps.strategy", strategy, TARGET));
    said.extend(more);
    said
}

/// After how long an action is called failed, where somebody says it.
fn said_limit(loaded: &Loaded) -> Option<Duration> {
    (!loaded.origin("policy.verify_timeout").is_built_in()).then_some(loaded.file.policy.verify_timeout.0)
}

/// Percentages that rise to 100.
fn weights(steps: &[f64]) -> Vec<String> {
    steps.iter().copied().filter(|step| *step < 1.0).chain([1.0]).map(|step| Percent(step).to_string()).collect()
}

/// The versions that the configuration names, where it does.
fn wanted(loaded: &Loaded) -> Wanted {
    let named = |key: &str, name: &str| (!loaded.origin(key).is_built_in()).then(|| name.to_owned());
    Wanted {
        baseline: named("baseline.version", &loaded.file.baseline.version),
        candidate: named("candidate.version", &loaded.file.candidate.version),
    }
}

fn access(edge: &Edge, config: &file::Kubernetes) -> Access {
    let around = &edge.around;
    let no_proxy = ["NO_PROXY", "no_proxy"].map(|name| around.text(name)).into_iter().find(|text| !text.is_empty());
    Access {
        kubeconfig: config.kubeconfig.clone(),
        context: config.context.clone(),
        allow_exec: config.allow_exec.clone(),
        env: around.os("KUBECONFIG").cloned(),
        home: around.path("HOME"),
        is_inside: around.os("KUBERNETES_SERVICE_HOST").is_some(),
        no_proxy: no_proxy.unwrap_or_default(),
    }
}

/// What is not there was named wrongly, or is in another cluster; all else is the cluster's doing.
fn failure(place: &Place, error: &BackendError) -> Failure {
    match error {
        BackendError::Unusable(why) => Failure::usage(why.clone(), looked_at(place)),
        BackendError::Unreachable(_) | BackendError::Unauthorised(_) => Failure::Backend { what: error.to_string() },
    }
}

fn looked_at(place: &Place) -> String {
    match &place.context {
        Some(context) => format!("the cluster is that of the context {context}, {}; --context names another one", place.server),
        None => format!("the cluster is the one that this pod runs in, {}", place.server),
    }
}

async fn connect(place: &Place) -> Result<Cluster, Failure> {
    let there = place.clone();
    match apart(CONNECT, move || there.connect()).await {
        Some(connected) => connected.map_err(|error| Failure::Backend { what: error.to_string() }),
        None => {
            Err(Failure::Backend { what: format!("connecting to {} took more than {}", place.server, humanize::duration(CONNECT)) })
        }
    }
}

async fn the_one_that_rolls(place: &Place, cluster: &Cluster, namespace: &str) -> Result<Workload, Failure> {
    let rolling = k8s::rolling(cluster.clone(), namespace).await.map_err(|error| failure(place, &error))?;
    let named =
        |workload: &Workload| Target { namespace: Some(namespace.to_owned()), workload: Some(workload.clone()) }.to_string();
    match rolling.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(Failure::usage(
            format!("nothing is rolling in {namespace} now"),
            format!("name a workload: k8s:{namespace}/deployment/NAME; {}", looked_at(place)),
        )),
        several => Err(Failure::usage(
            format!("{} are rolling in {namespace} now", humanize::plural(several.len() as f64, "workload", "workloads")),
            format!("name one: {}", several.iter().map(named).collect::<Vec<_>>().join(", ")),
        )),
    }
}
