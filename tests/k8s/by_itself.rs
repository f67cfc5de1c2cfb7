//! Pipelines: a watch that promotes a good version by itself, up to the end, whatever drives it.

use serde_json::{Value, json};

use crate::{
    bed::{Cluster, Namespace},
    laptop::{Laptop, deployed, roll, target},
    program::{Ran, json_lines},
    rollout::{Rollout, STEPS},
};

/// Watches it until it has everything; the actions that were asked for, and how they ended.
fn promoted(cluster: &Cluster, namespace: &Namespace, workload: &str) -> (Ran, Vec<Value>) {
    let laptop = Laptop::new(cluster, false);
    laptop.configure("");
    let at = target(namespace, workload);
    let arguments = ["watch", &at, "--headless", "--format", "jsonl", "--auto-promote", "--until", "promoted", "--timeout", "100s"];
    let ran = laptop.run(&arguments);
    let all = json_lines(&ran.out);
    let acts = all.iter().filter(|line| line["event"].as_str().is_some_and(|event| event.starts_with("action.")));
    let acts = acts.map(|line| line["event"].clone()).collect();
    (ran, acts)
}

#[test]
fn a_good_rollout_climbs_its_steps_and_ends_with_zero() {
    let Some(cluster) = Cluster::shared() else { return };
    let rollout = Rollout::paused(cluster, "by-itself", STEPS);
    let (ran, acts) = promoted(cluster, &rollout.namespace, "rollout/web");
    assert_eq!(ran.code, 0, "{ran:?}");
    let one = [json!("action.requested"), json!("action.sent"), json!("action.verified")];
    assert_eq!(acts, [one.clone(), one].concat(), "{ran:?}");
    assert_eq!(rollout.images(), vec!["app:v2".to_owned(); 4]);
}

#[test]
fn a_good_deployment_goes_on_by_itself_and_ends_with_zero() {
    let Some(cluster) = Cluster::shared() else { return };
    let namespace = deployed(cluster, "goes-on");
    let slow = json!({ "spec": { "template": { "metadata": { "annotations": { "lab/ready-after": "3" } } } } });
    namespace.patch("deployment", "web", &slow);
    roll(&namespace, "app:v2");
    let (ran, acts) = promoted(cluster, &namespace, "deployment/web");
    assert_eq!((ran.code, acts), (0, Vec::new()), "{ran:?}");
}
