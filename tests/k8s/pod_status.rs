//! The status of a pod as a kubelet writes it, and the events beside it.

use std::net::Ipv4Addr;

use serde_json::{Value, json};

use super::{
    kubelet::NODE,
    object::{annotation, text},
    record::Told,
};

/// Where a pod is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// No node takes it.
    Unschedulable,
    /// Its image does not come.
    ImagePull {
        is_backing_off: bool,
    },
    /// It runs and is not ready (yet).
    Running {
        restarts: u32,
    },
    /// It has ended, and is to be started again.
    Crashed {
        restarts: u32,
    },
    Ready,
    /// It was ready, and its probe fails now.
    Unready,
}

/// The status at `now`; times of what stays as it was are kept.
pub(crate) fn status(pod: &Value, stage: Stage, address: Option<Ipv4Addr>, now: &str) -> Value {
    let mut status = json!({ "phase": phase(stage), "conditions": conditions(pod, stage, now) });
    if stage == Stage::Unschedulable {
        return status;
    }
    status["startTime"] = pod["status"]["startTime"].as_str().unwrap_or(now).into();
    let containers = pod["spec"]["containers"].as_array().into_iter().flatten().enumerate();
    if fails_before(pod) {
        let first = &pod["spec"]["initContainers"][0];
        let wait = |(_, container): (usize, &Value)| {
            let mut status = container_status(pod, container, Stage::ImagePull { is_backing_off: false }, now);
            status["state"] = waiting("PodInitializing", "");
            status
        };
        status["containerStatuses"] = containers.map(wait).collect();
        status["initContainerStatuses"] = json!([container_status(pod, first, stage, now)]);
    } else {
        // A second container is a sidecar that nothing ails.
        let of = |index: usize| if index == 0 { stage } else { Stage::Ready };
        status["containerStatuses"] =
            containers.map(|(index, container)| container_status(pod, container, of(index), now)).collect();
    }
    if let Some(address) = address {
        status["podIP"] = json!(address);
        status["podIPs"] = json!([{ "ip": address }]);
    }
    status
}

/// What comes before its containers is meant to fail.
pub(crate) fn fails_before(pod: &Value) -> bool {
    text(&pod["spec"]["initContainers"][0]["image"]).ends_with(":bad")
}

fn phase(stage: Stage) -> &'static str {
    match stage {
        Stage::Unschedulable | Stage::ImagePull { .. } => "Pending",
        _ => "Running",
    }
}

fn conditions(pod: &Value, stage: Stage, now: &str) -> Value {
    if stage == Stage::Unschedulable {
        return json!([condition(pod, "PodScheduled", Some(("Unschedulable", NO_ROOM)), now)]);
    }
    let unready = format!("containers with unready status: [{}]", text(&pod["spec"]["containers"][0]["name"]));
    let unready = (stage != Stage::Ready).then_some(("ContainersNotReady", unready.as_str()));
    json!([
        condition(pod, "Initialized", None, now),
        condition(pod, "Ready", unready, now),
        condition(pod, "ContainersReady", unready, now),
        condition(pod, "PodScheduled", None, now),
    ])
}

/// A condition that is true, or false for a reason.
fn condition(pod: &Value, kind: &str, reason: Option<(&str, &str)>, now: &str) -> Value {
    let status = if reason.is_some() { "False" } else { "True" };
    let before = pod["status"]["conditions"].as_array().into_iter().flatten().find(|c| c["type"] == kind && c["status"] == status);
    let since = before.map_or(now, |condition| text(&condition["lastTransitionTime"]));
    // A strategic merge keeps what is not named: a reason that is over is removed by null.
    let (reason, message) = reason.map_or((Value::Null, Value::Null), |(reason, message)| (reason.into(), message.into()));
    json!({ "type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": since, "lastProbeTime": null })
}

fn container_status(pod: &Value, container: &Value, stage: Stage, now: &str) -> Value {
    let (name, image) = (text(&container["name"]), text(&container["image"]));
    let statuses = ["containerStatuses", "initContainerStatuses"].map(|list| pod["status"][list].as_array());
    let before = statuses.into_iter().flatten().flatten().find(|status| status["name"] == name).unwrap_or(&Value::Null);
    let restarts = match stage {
        Stage::Running { restarts } | Stage::Crashed { restarts } => u64::from(restarts),
        _ => before["restartCount"].as_u64().unwrap_or(0),
    };
    let container_id = format!("containerd://{}-{name}-{restarts}", text(&pod["metadata"]["uid"]));
    let started = before["state"]["running"]["startedAt"].as_str();
    let ended = json!({
        "exitCode": exit_code(pod), "reason": if exit_code(pod) == 137 { "OOMKilled" } else { "Error" },
        "startedAt": started.unwrap_or(now), "finishedAt": now, "containerID": container_id,
    });
    let last =
        if before["state"]["terminated"].is_object() { &before["state"]["terminated"] } else { &before["lastState"]["terminated"] };
    let running = || json!({ "running": { "startedAt": now } });
    let (state, last) = match stage {
        Stage::ImagePull { is_backing_off: false } => (waiting("ErrImagePull", &pull_failed(image)), Value::Null),
        Stage::ImagePull { .. } => (waiting("ImagePullBackOff", &pull_backs_off(image)), Value::Null),
        Stage::Crashed { restarts: 0 } => (json!({ "terminated": ended }), Value::Null),
        Stage::Crashed { .. } => (waiting("CrashLoopBackOff", &restart_backs_off(pod, name)), ended),
        Stage::Running { .. } => (running(), last.clone()),
        _ if before["state"]["running"].is_object() => (before["state"].clone(), last.clone()),
        _ => (running(), last.clone()),
    };
    let is_running = state["running"].is_object();
    let last = if last.is_null() { json!({}) } else { json!({ "terminated": last }) };
    json!({
        "name": name, "image": image, "imageID": if matches!(stage, Stage::ImagePull { .. }) { String::new() } else { format!("docker.io/{image}") },
        "containerID": container_id, "ready": stage == Stage::Ready, "started": is_running, "restartCount": restarts,
        "state": state, "lastState": last,
    })
}

/// What is told of a stage when it begins.
pub(crate) fn told(pod: &Value, stage: Stage) -> Option<Told> {
    let (name, image) = (text(&pod["spec"]["containers"][0]["name"]), text(&pod["spec"]["containers"][0]["image"]));
    let (kind, reason, message) = match stage {
        Stage::Unschedulable => ("Warning", "FailedScheduling", NO_ROOM.to_owned()),
        Stage::ImagePull { is_backing_off: false } => {
            ("Warning", "Failed", format!("Failed to pull image \"{image}\": {}", pull_failed(image)))
        }
        Stage::ImagePull { .. } => ("Normal", "BackOff", pull_backs_off(image)),
        Stage::Running { .. } => ("Normal", "Started", format!("Started container {name}")),
        Stage::Crashed { restarts: 0 } | Stage::Ready => return None,
        Stage::Crashed { .. } => ("Warning", "BackOff", "Back-off restarting failed container".into()),
        Stage::Unready => ("Warning", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503".into()),
    };
    Some(Told { kind, reason, message })
}

/// Why no node takes a pod.
const NO_ROOM: &str = "0/1 nodes are available: 1 Insufficient cpu.";

fn waiting(reason: &str, message: &str) -> Value {
    json!({ "waiting": { "reason": reason, "message": message } })
}

fn pull_failed(image: &str) -> String {
    format!("rpc error: code = NotFound desc = failed to pull and unpack image \"docker.io/{image}\": not found")
}

fn pull_backs_off(image: &str) -> String {
    format!("Back-off pulling image \"{image}\"")
}

fn restart_backs_off(pod: &Value, container: &str) -> String {
    let metadata = &pod["metadata"];
    let (namespace, name, uid) = (text(&metadata["namespace"]), text(&metadata["name"]), text(&metadata["uid"]));
    format!("back-off 10s restarting failed container={container} pod={name}_{namespace}({uid}) on {NODE}")
}

fn exit_code(pod: &Value) -> i64 {
    annotation(pod, "exit").map_or(1, |code| code.parse().unwrap_or_else(|_| panic!("lab/exit is {code}")))
}
