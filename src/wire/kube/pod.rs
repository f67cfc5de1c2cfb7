//! Pods: what their status says, and what is wrong with one in the words that its node wrote.

use serde::{Deserialize, de::IgnoredAny};

use super::{ApiError, Meta, Object, object::time};
use crate::{engine::time::Time, humanize, text};

/// So many restarts of a container that does not get ready are a loop, even while it happens to run.
const AGAIN: u32 = 2;

/// A pod as it was read.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is an answer of its own, and they are independent")]
pub struct Pod {
    /// Its metadata.
    pub meta: Meta,
    /// Its address; none before it has one.
    pub ip: Option<String>,
    /// It is ready to serve, and not on its way out.
    pub is_ready: bool,
    /// It is on its way out.
    pub is_leaving: bool,
    /// It has ended for good: nothing of it runs any more.
    pub is_over: bool,
    /// Something tests whether it is ready; else it is called ready as soon as it runs.
    pub is_tested: bool,
    /// Since when it is not ready; none while it is.
    pub unready_since: Option<Time>,
    /// Why it has no node, as the scheduler says.
    pub unschedulable: Option<String>,
    /// Its containers, in the spec's order.
    pub containers: Vec<Container>,
    /// Those that are run before them, one after the other; each has to end well, or to get ready.
    pub init: Vec<Container>,
}

/// A container of a pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Container {
    /// Its name.
    pub name: String,
    /// Its image, as asked for.
    pub image: String,
    /// Its ports.
    pub ports: Vec<Port>,
    /// How often it was restarted.
    pub restarts: u32,
    /// It says that it is ready.
    pub is_ready: bool,
    /// Why it is not running, in the node's own word: `CrashLoopBackOff`; empty while it runs.
    pub waiting: String,
    /// What is said beside it.
    pub message: String,
    /// How it ended last: `OOMKilled`, or its exit code.
    pub ended: Option<String>,
    /// Since when it runs.
    pub running: Option<Time>,
}

/// A port that a container names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Port {
    /// Its name; empty when it has none.
    pub name: String,
    /// Its number.
    pub container_port: u16,
}

/// What is wrong with a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// It is ended again and again.
    CrashLoop,
    /// Its image cannot be had.
    ImagePull,
    /// It cannot be started otherwise: a missing volume, secret or config.
    NotStarted,
    /// No node takes it.
    Unschedulable,
    /// It does not say that it is ready, or does not run yet.
    NotReady,
}

impl Pod {
    /// The pod in an object of the server.
    ///
    /// # Errors
    /// When it is none.
    pub fn of(object: Object) -> Result<Self, ApiError> {
        let (spec, status): (Spec, Status) = (object.spec()?, object.status()?);
        let is_leaving = object.metadata.deletion_timestamp.is_some();
        let condition = |kind: &str| status.conditions.iter().find(|condition| condition.kind == kind);
        let unschedulable = condition("PodScheduled").filter(|it| it.status == "False" && it.reason == "Unschedulable");
        Ok(Self {
            ip: Some(status.pod_ip.clone()).filter(|ip| !ip.is_empty()),
            is_ready: !is_leaving && condition("Ready").is_some_and(|it| it.status == "True"),
            is_leaving,
            is_over: matches!(status.phase.as_str(), "Succeeded" | "Failed"),
            is_tested: !spec.readiness_gates.is_empty() || spec.containers.iter().any(|asked| asked.readiness_probe.is_some()),
            unready_since: condition("Ready")
                .filter(|it| it.status != "True")
                .and_then(|it| time(it.last_transition_time.as_deref()?)),
            unschedulable: unschedulable.map(|it| text::cleaned(&it.message)),
            containers: spec.containers.into_iter().map(|asked| asked.with(&status.container_statuses)).collect(),
            init: spec.init_containers.into_iter().map(|asked| asked.with(&status.init_container_statuses)).collect(),
            meta: object.metadata,
        })
    }

    /// The value of the label that says of which template it was made.
    #[must_use]
    pub fn hash(&self, label: &str) -> Option<&str> {
        self.meta.label(label)
    }

    /// Restarts of all its containers.
    #[must_use]
    pub fn restarts(&self) -> u32 {
        self.containers.iter().map(|container| container.restarts).fold(0, u32::saturating_add)
    }

    /// Since when all its containers run; none when one does not.
    #[must_use]
    pub fn running_since(&self) -> Option<Time> {
        self.containers.iter().map(|container| container.running).collect::<Option<Vec<_>>>()?.into_iter().max()
    }

    /// Why it is not ready, and the rest of a sentence about it: "cannot pull app:v9". A pod that is just being made is
    /// not ready either.
    #[must_use]
    pub fn trouble(&self) -> Option<(Trouble, String)> {
        if self.is_leaving || self.is_ready {
            return None;
        }
        if let Some(why) = &self.unschedulable {
            return Some((Trouble::Unschedulable, format!("finds no node: {why}")));
        }
        // The containers wait for those before them.
        let init = self.init.iter().find_map(|it| Some((it, it.trouble().or_else(|| it.looping())?)));
        if let Some((container, (trouble, words))) = init {
            return Some((trouble, format!("{words} in its init container {}", container.name)));
        }
        let waiting = self.containers.iter().filter_map(Container::trouble).min();
        let looping = || self.containers.iter().find_map(Container::looping).filter(|_| !self.has_been_ready());
        waiting.or_else(looping).or_else(|| Some((Trouble::NotReady, "is not ready".to_owned())))
    }

    /// It became unready while it ran: so it was ready since its last start.
    #[must_use]
    pub fn has_been_ready(&self) -> bool {
        self.unready_since.zip(self.running_since()).is_some_and(|(unready, running)| unready > running)
    }
}

impl Container {
    /// It was started again and again, and has not got ready: between two ends it runs for a moment.
    fn looping(&self) -> Option<(Trouble, String)> {
        let is_looping = !self.is_ready && self.restarts >= AGAIN && self.ended.is_some();
        is_looping.then(|| (Trouble::CrashLoop, self.again_and_again()))
    }

    fn again_and_again(&self) -> String {
        let ended = self.ended.as_ref().map(|ended| format!(": {ended}")).unwrap_or_default();
        let restarts = humanize::plural(f64::from(self.restarts), "restart", "restarts");
        format!("ends again and again{ended}, {restarts}")
    }

    fn trouble(&self) -> Option<(Trouble, String)> {
        let said = &self.waiting;
        let trouble = match said.as_str() {
            "" | "ContainerCreating" | "PodInitializing" => return None,
            "CrashLoopBackOff" => Trouble::CrashLoop,
            "ImagePullBackOff" | "ErrImagePull" | "InvalidImageName" | "ErrImageNeverPull" => Trouble::ImagePull,
            _ => Trouble::NotStarted,
        };
        Some((
            trouble,
            match trouble {
                Trouble::CrashLoop => self.again_and_again(),
                Trouble::ImagePull => format!("cannot pull {} ({said})", self.image),
                _ if self.message.is_empty() => format!("cannot start ({said})"),
                _ => format!("cannot start ({said}: {})", self.message),
            },
        ))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    #[serde(default)]
    containers: Vec<SpecContainer>,
    #[serde(default)]
    init_containers: Vec<SpecContainer>,
    #[serde(default)]
    readiness_gates: Vec<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SpecContainer {
    #[serde(default)]
    name: String,
    #[serde(default)]
    image: String,
    #[serde(default)]
    ports: Vec<Port>,
    #[serde(default)]
    readiness_probe: Option<IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status {
    #[serde(rename = "podIP")]
    pod_ip: String,
    phase: String,
    conditions: Vec<Condition>,
    container_statuses: Vec<ContainerStatus>,
    init_container_statuses: Vec<ContainerStatus>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Condition {
    #[serde(rename = "type")]
    kind: String,
    status: String,
    reason: String,
    message: String,
    /// Null while nobody has set it.
    last_transition_time: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ContainerStatus {
    name: String,
    ready: bool,
    restart_count: u32,
    state: State,
    last_state: State,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct State {
    waiting: Option<Said>,
    running: Option<Running>,
    terminated: Option<Said>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Said {
    reason: String,
    message: String,
    exit_code: i32,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Running {
    started_at: String,
}

impl SpecContainer {
    fn with(self, statuses: &[ContainerStatus]) -> Container {
        let asked = Container {
            name: text::cleaned(&self.name),
            image: text::cleaned(&self.image),
            ports: self.ports,
            ..Container::default()
        };
        let Some(status) = statuses.iter().find(|status| status.name == self.name) else { return asked };
        let ended = status.state.terminated.as_ref().or(status.last_state.terminated.as_ref());
        let waiting = status.state.waiting.as_ref();
        Container {
            restarts: status.restart_count,
            is_ready: status.ready,
            waiting: waiting.map(|said| text::cleaned(&said.reason)).unwrap_or_default(),
            message: waiting.map(|said| text::cleaned(&said.message)).unwrap_or_default(),
            ended: ended.map(Said::how),
            running: status.state.running.as_ref().and_then(|running| time(&running.started_at)),
            ..asked
        }
    }
}

impl Said {
    fn how(&self) -> String {
        if self.reason.is_empty() || self.reason == "Error" {
            format!("exit code {}", self.exit_code)
        } else {
            text::cleaned(&self.reason)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod(status: &serde_json::Value) -> Pod {
        let object = json!({
            "metadata": { "name": "web-1", "creationTimestamp": "2026-01-02T03:04:05Z" },
            "spec": { "containers": [{ "name": "app", "image": "app:v9", "ports": [{ "name": "metrics", "containerPort": 9090 }] }] },
            "status": status,
        });
        Pod::of(Object::of(object).expect("an object")).expect("a pod")
    }

    fn trouble(status: &serde_json::Value) -> Option<(Trouble, String)> {
        pod(status).trouble()
    }

    #[test]
    fn what_is_wrong_is_said_in_the_nodes_words() {
        let waiting = |reason: &str| {
            json!({ "containerStatuses": [{ "name": "app", "restartCount": 4,
            "state": { "waiting": { "reason": reason, "message": "no such secret" } },
            "lastState": { "terminated": { "reason": "Error", "exitCode": 3 } } }] })
        };
        let said = [
            (waiting("CrashLoopBackOff"), Trouble::CrashLoop, "ends again and again: exit code 3, 4 restarts"),
            (waiting("ErrImagePull"), Trouble::ImagePull, "cannot pull app:v9 (ErrImagePull)"),
            (
                waiting("CreateContainerConfigError"),
                Trouble::NotStarted,
                "cannot start (CreateContainerConfigError: no such secret)",
            ),
            (
                json!({ "conditions": [{ "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes" }] }),
                Trouble::Unschedulable,
                "finds no node: 0/3 nodes",
            ),
            (json!({ "conditions": [{ "type": "Ready", "status": "False" }] }), Trouble::NotReady, "is not ready"),
        ];
        for (status, kind, words) in said {
            assert_eq!(trouble(&status), Some((kind, words.to_owned())), "{status}");
        }
        assert_eq!(trouble(&json!({ "conditions": [{ "type": "Ready", "status": "True" }] })), None);
    }

    #[test]
    fn what_is_wrong_may_be_wrong_before_its_containers_start() {
        let of = |init: serde_json::Value| {
            let waits = json!({ "name": "app", "state": { "waiting": { "reason": "PodInitializing" } } });
            let mut object = json!({
                "metadata": { "name": "web-1" },
                "spec": { "initContainers": [{ "name": "copy", "image": "copy:v1" }, { "name": "migrate", "image": "db:v9" }], "containers": [{ "name": "app", "image": "app:v9" }] },
                "status": { "containerStatuses": [waits], "initContainerStatuses": [
                    { "name": "copy", "ready": true, "restartCount": 3, "state": { "terminated": { "reason": "Completed" } } },
                ] },
            });
            object["status"]["initContainerStatuses"].as_array_mut().expect("a list").push(init);
            Pod::of(Object::of(object).expect("an object")).expect("a pod").trouble().expect("it is not ready").1
        };
        let ended = json!({ "terminated": { "reason": "Error", "exitCode": 3 } });
        let again = "ends again and again: exit code 3, 2 restarts in its init container migrate";
        let waiting = |reason: &str| json!({ "waiting": { "reason": reason } });
        let status = |state: serde_json::Value| json!({ "name": "migrate", "restartCount": 2, "state": state, "lastState": ended });
        assert_eq!(of(status(waiting("CrashLoopBackOff"))), again);
        assert_eq!(of(status(json!({ "running": {} }))), again);
        assert_eq!(of(status(waiting("ErrImagePull"))), "cannot pull db:v9 (ErrImagePull) in its init container migrate");
        assert_eq!(of(json!({ "name": "migrate", "state": { "running": {} } })), "is not ready", "it just takes its time");
    }

    #[test]
    fn a_pod_that_is_being_made_is_not_ready_and_nothing_else() {
        let creating =
            json!({ "containerStatuses": [{ "name": "app", "state": { "waiting": { "reason": "ContainerCreating" } } }] });
        assert_eq!(pod(&creating).trouble(), Some((Trouble::NotReady, "is not ready".to_owned())));
        assert_eq!(pod(&creating).containers[0].ports[0], Port { name: "metrics".into(), container_port: 9090 });
    }
}
