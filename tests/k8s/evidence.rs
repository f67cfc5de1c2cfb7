//! What is kept before a rollback takes it away.

use std::{fs, os::unix::fs::MetadataExt as _, path::PathBuf};

use serde_json::{Value, json};

use crate::{
    bed::{Cluster, Namespace, User},
    home::{Home, Ran},
};

/// An old version that is complete, and a new one that ends again and again; its variables hold what nobody may see.
fn a_bad_version(namespace: &Namespace) {
    let template = |image: &str| {
        let env = json!([{ "name": "PASSWORD", "value": "canary" }]);
        let container = json!({ "name": "app", "image": image, "ports": [{ "containerPort": 8080 }], "env": env });
        json!({ "metadata": { "labels": { "app": "web" } }, "spec": { "containers": [container] } })
    };
    let object = |image: &str| {
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "web" },
            "spec": { "replicas": 2, "selector": { "matchLabels": { "app": "web" } }, "template": template(image) },
        })
    };
    namespace.apply(&object("app:v1").to_string());
    namespace.until("deployment", "web", "complete", |it| it["status"]["availableReplicas"] == 2);
    // As `kubectl apply` leaves it: the whole object once more, in an annotation.
    let applied = json!({ "kubectl.kubernetes.io/last-applied-configuration": object("app:v1").to_string() });
    namespace.patch("deployment", "web", &json!({ "metadata": { "annotations": applied } }));
    namespace.patch("deployment", "web", &json!({ "spec": { "template": template("app:bad") } }));
    let restarts = |pod: &Value| pod["status"]["containerStatuses"][0]["restartCount"].as_u64();
    let looping = || namespace.list("pod", "app=web").into_iter().find(|pod| restarts(pod) >= Some(2));
    crate::bed::until("no new pod ends again and again", looping);
}

fn rolled_back(home: &Home, namespace: &Namespace) -> Ran {
    let target = format!("k8s:{}/deployment/web", namespace.name());
    home.run(&["rollback", &target, "--yes"])
}

/// The folder that was said, and its files by name.
fn kept(ran: &Ran) -> (PathBuf, Vec<(String, String)>) {
    let said = [ran.out.as_str(), ran.err.as_str()].concat();
    let said = said.split_once("What is there now is kept in ").unwrap_or_else(|| panic!("nothing was kept: {ran:?}")).1;
    let folder = PathBuf::from(said.split(" (").next().expect("a path"));
    let mut files: Vec<(String, String)> = fs::read_dir(&folder)
        .expect("a folder")
        .map(|entry| entry.expect("a file").path())
        .map(|path| (path.file_name().expect("a name").to_string_lossy().into_owned(), fs::read_to_string(&path).expect("UTF-8")))
        .collect();
    files.sort();
    (folder, files)
}

#[test]
fn pods_logs_events_and_templates_are_kept_before_a_rollback() {
    let Some(cluster) = Cluster::shared() else { return };
    let namespace = cluster.namespace("evidence");
    a_bad_version(&namespace);
    let home = Home::new(cluster, &User::Admin);
    let ran = rolled_back(&home, &namespace);
    assert_eq!(ran.code, 0, "{ran:?}");
    let (folder, files) = kept(&ran);
    assert!(folder.starts_with(home.path(".local/state/rollwatch")), "{}", folder.display());
    let text = |name: &str| {
        let found = files.iter().find(|(known, _)| known == name);
        found.unwrap_or_else(|| panic!("no {name} in {:?}", files.iter().map(|(name, _)| name).collect::<Vec<_>>())).1.as_str()
    };
    for (name, wanted) in [
        ("workload.json", "app:bad"),
        ("replicasets.json", "app:v1"),
        ("pods-candidate.json", "restartCount"),
        ("pods-baseline.json", "app:v1"),
        ("events.txt", " Warning BackOff pod/web-"),
    ] {
        assert!(text(name).contains(wanted), "{name}: {}", text(name));
    }
    if cluster.has_network() {
        let previous = files.iter().find(|(name, _)| name.starts_with("log-web-") && name.ends_with("-app-previous.txt"));
        let (_, log) = previous.expect("the last words of the run before");
        assert!(log.ends_with("panic: cannot connect to the database: connection refused\n"), "{log}");
    }
    assert!(files.iter().all(|(_, text)| !text.contains("canary")), "{files:?}");
    let mode = |path: &std::path::Path| fs::symlink_metadata(path).expect("there").mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    assert!(files.iter().all(|(name, _)| mode(&folder.join(name)) == 0o600));
}

#[test]
fn the_last_words_of_what_fails_before_the_containers_are_kept_too() {
    let Some(cluster) = Cluster::shared() else { return };
    let namespace = cluster.namespace("before");
    let template = |image: &str| {
        let init = json!([{ "name": "migrate", "image": image }]);
        let containers = json!([{ "name": "app", "image": image.replace(":bad", ":v2"), "ports": [{ "containerPort": 8080 }] }]);
        json!({ "metadata": { "labels": { "app": "web" } }, "spec": { "initContainers": init, "containers": containers } })
    };
    let selector = json!({ "matchLabels": { "app": "web" } });
    let spec = json!({ "replicas": 1, "progressDeadlineSeconds": 3, "selector": selector, "template": template("db:v1") });
    let object = json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "web" }, "spec": spec });
    namespace.apply(&object.to_string());
    namespace.until("deployment", "web", "complete", |it| it["status"]["availableReplicas"] == 1);
    namespace.patch("deployment", "web", &json!({ "spec": { "template": template("db:bad") } }));
    let home = Home::new(cluster, &User::Admin);
    let ran = home.watch(&namespace, 12, "", &["--read-only"]);
    assert_eq!(ran.code, 30, "{ran:?}");
    let why = ran.last("watch.ended")["sentence"].as_str().expect("a sentence");
    assert!(why.contains("ends again and again") && why.contains(" in its init container migrate"), "{why}");
    let ran = rolled_back(&home, &namespace);
    assert_eq!(ran.code, 0, "{ran:?}");
    let (_, files) = kept(&ran);
    let of = |end: &str| files.iter().find(|(name, _)| name.starts_with("log-web-") && name.ends_with(end));
    let (_, log) = of("-migrate-previous.txt").expect("what it said before it ended");
    if cluster.has_network() {
        assert!(log.ends_with("panic: cannot connect to the database: connection refused\n"), "{log}");
    }
    assert!(of("-app.txt").is_none(), "it has not started: {files:?}");
}

#[test]
fn who_may_not_see_it_rolls_back_all_the_same() {
    let Some(cluster) = Cluster::shared() else { return };
    let namespace = cluster.namespace("unseen");
    a_bad_version(&namespace);
    let rules = json!([
        { "apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "patch"] },
        { "apiGroups": ["apps"], "resources": ["replicasets"], "verbs": ["get", "list"] },
        { "apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"] },
    ]);
    let home = Home::new(cluster, &User::Account { namespace: &namespace, name: "acts", rules });
    let ran = rolled_back(&home, &namespace);
    assert_eq!(ran.code, 0, "{ran:?}");
    let (_, files) = kept(&ran);
    let events = &files.iter().find(|(name, _)| name == "events.txt").expect("it is said what is missing").1;
    assert!(events.starts_with("(not to be had: ") && events.contains("403"), "{events}");
}
