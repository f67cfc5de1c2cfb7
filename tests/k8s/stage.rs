//! A rollout to look at: for pictures, and for whoever wants to try the program on pods that serve.
//!
//! `ROLLWATCH_STAGE=bash cargo test --test k8s stage -- --ignored --nocapture` gives a shell in which `rollwatch watch $TARGET` works.

use std::{path::PathBuf, process::Command};

use serde_json::{Value, json};

use crate::{
    bed::{Cluster, Namespace, User, until},
    home::{Home, KUBECONFIG},
    laptop::target,
    pods::template,
};

const OLD: &str = "app:v2.4.0";
const NEW: &str = "app:v2.5.0";

fn pods_of(namespace: &Namespace, image: &str) -> Vec<Value> {
    let of = |pod: &Value| pod["spec"]["containers"][0]["image"] == image;
    namespace.list("pod", "app=web").into_iter().filter(of).collect()
}

/// Nine old pods and three new ones, which fail more often; one of these ends again and again.
fn a_bad_rollout(namespace: &Namespace) {
    let serving = |image: &str, errors: &str| template(image, &json!({ "lab/rps": "40", "lab/errors": errors }));
    let spec = json!({
        "replicas": 9, "selector": { "matchLabels": { "app": "web" } }, "template": serving(OLD, "0.3%"),
        "strategy": { "rollingUpdate": { "maxSurge": 3, "maxUnavailable": 0 } },
    });
    let web = json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "web" }, "spec": spec });
    namespace.apply(&web.to_string());
    namespace.until("deployment", "web", "deployed", |web| web["status"]["availableReplicas"] == 9);
    let next = json!({ "minReadySeconds": 3600, "progressDeadlineSeconds": 7200, "template": serving(NEW, "2.5%") });
    namespace.patch("deployment", "web", &json!({ "spec": next }));
    let new = until("there are no new pods", || Some(pods_of(namespace, NEW)).filter(|pods| pods.len() == 3));
    let name = new[0]["metadata"]["name"].as_str().expect("a name");
    let fails = json!({ "lab/fail": "crashloop", "lab/exit": "137" });
    namespace.patch("pod", name, &json!({ "metadata": { "annotations": fails } }));
}

#[test]
#[ignore = "runs the command in ROLLWATCH_STAGE beside a rollout"]
fn stage() {
    let command = std::env::var_os("ROLLWATCH_STAGE").expect("ROLLWATCH_STAGE is a command");
    let cluster = Cluster::shared().filter(|cluster| cluster.has_network()).expect("a control plane, and root");
    let namespace = cluster.namespace("shop");
    a_bad_rollout(&namespace);
    let home = Home::new(cluster, &User::Admin);
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_rollwatch"));
    let path = std::env::var_os("PATH").expect("a path");
    let ours = program.parent().map(PathBuf::from).into_iter();
    let path = std::env::join_paths(ours.chain(std::env::split_paths(&path))).expect("no colons");
    let ran = Command::new("sh")
        .arg("-c")
        .arg(&command)
        .env("PATH", path)
        .env("KUBECONFIG", home.path(KUBECONFIG))
        .env("TARGET", target(&namespace, "deployment/web"))
        .status();
    assert!(ran.is_ok_and(|status| status.success()), "{}", command.display());
}
