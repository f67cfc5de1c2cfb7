//! What is promised about a Deployment.

use serde_json::{Value, json};

use super::*;
use crate::{
    backend::k8s::{Wish, access::Rights, guards::Guards},
    target::{Kind, Workload},
};

fn template(tag: &str) -> Value {
    json!({ "metadata": { "labels": { "app": "web" } }, "spec": { "containers": [{ "image": format!("app:{tag}") }] } })
}

fn set(hash: &str, revision: i64, tag: &str) -> Object {
    let set = json!({
        "metadata": {
            "name": format!("web-{hash}"), "labels": { "pod-template-hash": hash },
            "annotations": { REVISION: revision.to_string() }, "ownerReferences": [{ "uid": "u-1" }],
        },
        "spec": { "replicas": 2, "template": template(tag) }, "status": { "replicas": 2, "readyReplicas": 2 },
    });
    Object::of(set).expect("a set")
}

/// A Deployment of four that is half way from v1 to v2, with what a test changes.
fn deployment(change: impl FnOnce(&mut Value)) -> Deployment {
    let mut object = json!({
        "metadata": { "name": "web", "uid": "u-1", "generation": 2, "resourceVersion": "70" },
        "spec": { "replicas": 4, "selector": { "matchLabels": { "app": "web" } }, "template": template("v2") },
        "status": { "observedGeneration": 2, "replicas": 4, "updatedReplicas": 2, "availableReplicas": 4 },
    });
    change(&mut object["spec"]);
    let object = Object::of(object).expect("an object");
    let (spec, status) = (object.spec().expect("a spec"), object.status().expect("a status"));
    let sets = sets::owned(&[set("6b7f", 1, "v1"), set("9c1d", 2, "v2")], "u-1", REVISION).expect("sets");
    let place = Place { namespace: "shop".to_owned(), workload: Workload { kind: Kind::Deployment, name: "web".to_owned() } };
    Deployment { place, object, spec, status, sets, pods: Vec::new() }
}

fn rollback(of: &Deployment) -> Preview {
    let found = of.found(&Wanted::default(), None).expect("two versions");
    let wish = Wish {
        namespace: "shop".to_owned(),
        workload: of.place.workload.clone(),
        wanted: Wanted::default(),
        pins: None,
        limit: None,
        holder: "ana on ship-3".to_owned(),
        gate: None,
    };
    let bound = Bound::new(of.place.clone(), &found, (Rights::none(), Guards::default()), &wish);
    of.preview(&bound, Action::Rollback).expect("it can be asked for")
}

#[test]
fn a_preview_says_how_the_strategy_replaces_pods() {
    let rolling = rollback(&deployment(|_| {}));
    assert_eq!(rolling.happens[1], "the Deployment controller replaces pod by pod until all 4 are v1 again");
    let recreated = rollback(&deployment(|spec| spec["strategy"] = json!({ "type": "Recreate" })));
    let gap = "takes all pods away at once (Recreate), so that nothing serves, and starts others until all 4 are v1 again";
    assert_eq!(recreated.happens[1], format!("the Deployment controller {gap}"));
}

#[test]
fn a_preview_names_all_that_is_sent() {
    let paused = rollback(&deployment(|spec| spec["paused"] = json!(true)));
    let path = "/apis/apps/v1/namespaces/shop/deployments/web";
    assert_eq!(paused.sends, format!("PATCH {path} spec.template = that of web-6b7f, spec.paused = false"));
}

#[test]
fn a_mark_that_was_there_is_part_of_the_state_that_is_decided_on() {
    let mut marked = deployment(|_| {});
    let before = marked.token();
    let text = json!({ "id": "o-1", "what": "rollback", "to": "v1", "by": "ana on ship-3" }).to_string();
    marked.object.metadata.annotations.insert(mark::ANNOTATION.to_owned(), text);
    assert_eq!(marked.token(), format!("{before} after o-1"));
}
