//! The stand-in for the scheduler and the kubelets: binds pods to one node, says how they are, finishes deletions. It writes only what they
//! may write: bindings, the status of nodes and pods, the end of a deletion, events.
//!
//! How a pod fares is said by annotations of the pod (so of its template, or patched into a running pod), or by the tag of its first image:
//!
//! | annotation | what happens |
//! |---|---|
//! | `lab/ready-after: "2"` | ready that many seconds after it is bound, instead of 0.3 |
//! | `lab/stop-after: "2"` | gone that many seconds after it is deleted, instead of at once |
//! | `lab/fail: never` | runs and never gets ready |
//! | `lab/fail: crashloop` (or image `*:bad`) | ends soon after each start; `lab/exit: "137"` is its exit code instead of 1 |
//! | image `*:bad` of the first init container | that one ends soon after each start, and the containers never start |
//! | `lab/fail: imagepull` (or image `*:missing`) | its image cannot be pulled |
//! | `lab/fail: unready-after:2` | ready, and after so many seconds no more |
//! | `lab/fail: unschedulable` | no node takes it |
//! | image `*:slow` | ready after 5 s |
//!
//! Where there is a network (see `net`), a pod has an address with a service (see `pod_service`), and logs (see `node`).

use std::{
    collections::{HashMap, HashSet},
    net::Ipv4Addr,
    sync::Arc,
    time::Duration,
};

use serde_json::{Value, json};
use tokio::time::{Instant, MissedTickBehavior};

use super::{
    net::{Lease, Net},
    node::{self, Containers, Logs},
    object::{annotation, now, text},
    pki::Issued,
    pod_service::Service,
    pod_status::{self, Stage},
    record::{Told, complain, event},
    rest::Rest,
};

/// The only node.
pub(crate) const NODE: &str = "node-1";
/// How often the pods are looked at.
const TICK: Duration = Duration::from_millis(100);

/// What the stand-in knows of a pod, by its uid.
struct Known {
    bound: Instant,
    /// Since when it fails as it does.
    failing: (Option<Fail>, Instant),
    deleted: Option<Instant>,
    /// What was written last.
    stage: Option<Stage>,
    home: Option<Home>,
}

/// How a pod is meant to fail.
#[derive(Clone, Debug, PartialEq)]
enum Fail {
    Never,
    CrashLoop,
    ImagePull,
    UnreadyAfter(Duration),
    Unschedulable,
}

/// The address of a pod, and what runs there.
struct Home {
    lease: Lease,
    /// While its container runs, with the number of its run.
    service: Option<(u32, Service)>,
}

/// The stand-in, with what it knows.
pub(crate) struct Kubelet {
    rest: Rest,
    net: Option<Arc<Net>>,
    containers: Containers,
    pods: HashMap<String, Known>,
}

impl Kubelet {
    /// With a network, pods have addresses.
    pub(crate) fn new(rest: Rest, net: Option<Arc<Net>>) -> Self {
        Self { rest, net, containers: Containers::default(), pods: HashMap::new() }
    }

    /// Stands in until the runtime ends; `issued` is what the node shows to the API server.
    pub(crate) async fn run(mut self, issued: Issued) {
        if let Some(net) = &self.net {
            node::serve(net, &issued, Arc::clone(&self.containers)).expect("a port of our own");
        }
        self.make_node().await;
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let pods = self.rest.list("/api/v1/pods?resourceVersion=0").await;
            for pod in &pods {
                self.tend(pod).await;
            }
            let there: HashSet<&str> = pods.iter().map(|pod| text(&pod["metadata"]["uid"])).collect();
            self.pods.retain(|uid, _| there.contains(uid.as_str()));
        }
    }

    async fn make_node(&self) {
        let node = json!({ "apiVersion": "v1", "kind": "Node", "metadata": { "name": NODE } });
        self.rest.create("/api/v1/nodes", &node).await.expect("a node");
        let room = json!({ "pods": "500", "cpu": "64", "memory": "256Gi" });
        let ready = json!({ "type": "Ready", "status": "True", "reason": "KubeletReady", "lastHeartbeatTime": now(), "lastTransitionTime": now() });
        let mut status = json!({ "conditions": [ready], "capacity": room, "allocatable": room });
        if let Some(net) = &self.net {
            status["addresses"] = json!([{ "type": "InternalIP", "address": net.node() }, { "type": "Hostname", "address": NODE }]);
            status["daemonEndpoints"] = json!({ "kubeletEndpoint": { "Port": node::PORT } });
        }
        self.rest.strategic(&format!("/api/v1/nodes/{NODE}/status"), &json!({ "status": status })).await.expect("a node");
    }

    async fn tend(&mut self, pod: &Value) {
        let metadata = &pod["metadata"];
        let path = format!("/api/v1/namespaces/{}/pods/{}", text(&metadata["namespace"]), text(&metadata["name"]));
        let fail = fail(pod);
        let at = Instant::now();
        let known = self.pods.entry(text(&metadata["uid"]).to_owned());
        let known =
            known.or_insert_with(|| Known { bound: at, failing: (fail.clone(), at), deleted: None, stage: None, home: None });
        if known.failing.0 != fail {
            known.failing = (fail.clone(), at);
        }
        if metadata["deletionTimestamp"].is_string() {
            let since = *known.deleted.get_or_insert(at);
            if at - since >= seconds(pod, "stop-after").unwrap_or_default() {
                known.home = None;
                node::lock(&self.containers).remove(&key(pod));
                finish(&self.rest, &path, metadata).await;
            }
            return;
        }
        let is_bound = pod["spec"]["nodeName"].is_string();
        if !is_bound && fail != Some(Fail::Unschedulable) {
            if bind(&self.rest, &path, metadata).await {
                known.bound = at;
                let told = Told { kind: "Normal", reason: "Scheduled", message: format!("Successfully assigned to {NODE}") };
                event(&self.rest, "default-scheduler", pod, &told).await;
            }
            return;
        }
        let stage = match stage(pod, fail.as_ref(), at - known.bound, at - known.failing.1) {
            _ if !is_bound => Stage::Unschedulable,
            // It fails once before it backs off, also when we are late.
            Stage::ImagePull { .. } if !matches!(known.stage, Some(Stage::ImagePull { .. })) => {
                Stage::ImagePull { is_backing_off: false }
            }
            stage => stage,
        };
        if let Some(net) = self.net.as_ref().filter(|_| is_bound) {
            // Without an address it waits for one.
            if !known.house(net, pod, stage) {
                return;
            }
            node::lock(&self.containers).insert(key(pod), Logs::new(pod, stage));
        }
        let address = known.home.as_ref().map(|home| home.lease.address);
        if known.stage != Some(stage) && show(&self.rest, &path, pod, stage, address.zip(self.net.as_deref())).await {
            known.stage = Some(stage);
        }
    }
}

impl Known {
    /// Gives it an address, and has its service run there while its container does; whether it has one.
    fn house(&mut self, net: &Net, pod: &Value, stage: Stage) -> bool {
        if self.home.is_none() {
            self.home = net.lease().map(|lease| Home { lease, service: None });
        }
        let Some(home) = &mut self.home else { return false };
        let run = match stage {
            Stage::Running { restarts } if !pod_status::fails_before(pod) => restarts,
            Stage::Ready | Stage::Unready => home.service.as_ref().map_or(0, |(run, _)| *run),
            _ => {
                home.service = None;
                return true;
            }
        };
        if home.service.as_ref().is_none_or(|(before, _)| *before != run) {
            home.service = None;
            // A port that is not free yet is tried again at the next tick.
            home.service = Service::start(net, home.lease.address, pod).ok().map(|service| (run, service));
        }
        if let Some((_, service)) = &home.service {
            service.behave(pod, stage == Stage::Ready);
        }
        true
    }
}

/// Namespace and name.
fn key(pod: &Value) -> (String, String) {
    (text(&pod["metadata"]["namespace"]).to_owned(), text(&pod["metadata"]["name"]).to_owned())
}

async fn finish(rest: &Rest, path: &str, metadata: &Value) {
    let options = json!({ "gracePeriodSeconds": 0, "preconditions": { "uid": metadata["uid"] } });
    complain("kubelet: deleting", path, &rest.delete(path, &options).await);
}

async fn bind(rest: &Rest, path: &str, metadata: &Value) -> bool {
    let target = json!({ "apiVersion": "v1", "kind": "Node", "name": NODE });
    let binding = json!({ "apiVersion": "v1", "kind": "Binding", "metadata": { "name": metadata["name"] }, "target": target });
    complain("kubelet: binding", path, &rest.create(&format!("{path}/binding"), &binding).await)
}

/// Writes the status of a stage, and the events that come with it.
async fn show(rest: &Rest, path: &str, pod: &Value, stage: Stage, at: Option<(Ipv4Addr, &Net)>) -> bool {
    let mut status = pod_status::status(pod, stage, at.map(|(address, _)| address), &now());
    if let Some((_, net)) = at {
        status["hostIP"] = json!(net.node());
    }
    let done = complain("kubelet: patching", path, &rest.strategic(&format!("{path}/status"), &json!({ "status": status })).await);
    if let Some(told) = pod_status::told(pod, stage) {
        event(rest, if stage == Stage::Unschedulable { "default-scheduler" } else { "kubelet" }, pod, &told).await;
    }
    done
}

/// The stage of a bound pod: `age` since it was bound, `failing` since it is meant to fail.
fn stage(pod: &Value, fail: Option<&Fail>, age: Duration, failing: Duration) -> Stage {
    let image = text(&pod["spec"]["containers"][0]["image"]);
    let quick = if image.ends_with(":slow") { Duration::from_secs(5) } else { Duration::from_millis(300) };
    let is_ready = age >= seconds(pod, "ready-after").unwrap_or(quick);
    match fail {
        Some(Fail::ImagePull) => Stage::ImagePull { is_backing_off: failing > Duration::from_millis(300) },
        Some(Fail::CrashLoop) => {
            let second = u32::try_from(failing.as_secs()).unwrap_or(u32::MAX);
            if failing.subsec_millis() < 300 { Stage::Running { restarts: second } } else { Stage::Crashed { restarts: second } }
        }
        Some(Fail::UnreadyAfter(after)) if age >= *after => Stage::Unready,
        Some(Fail::Never) => Stage::Running { restarts: 0 },
        _ if is_ready => Stage::Ready,
        _ => Stage::Running { restarts: 0 },
    }
}

fn fail(pod: &Value) -> Option<Fail> {
    let image = text(&pod["spec"]["containers"][0]["image"]);
    match annotation(pod, "fail") {
        Some("never") => Some(Fail::Never),
        Some("crashloop") => Some(Fail::CrashLoop),
        Some("imagepull") => Some(Fail::ImagePull),
        Some("unschedulable") => Some(Fail::Unschedulable),
        Some(after) => {
            let after = after.strip_prefix("unready-after:").and_then(|after| after.parse().ok());
            Some(Fail::UnreadyAfter(Duration::from_secs_f64(after.unwrap_or_else(|| panic!("lab/fail of {pod}")))))
        }
        None if image.ends_with(":bad") || pod_status::fails_before(pod) => Some(Fail::CrashLoop),
        None if image.ends_with(":missing") => Some(Fail::ImagePull),
        None => None,
    }
}

fn seconds(pod: &Value, name: &str) -> Option<Duration> {
    annotation(pod, name).map(|text| Duration::from_secs_f64(text.parse().unwrap_or_else(|_| panic!("lab/{name} is {text}"))))
}
