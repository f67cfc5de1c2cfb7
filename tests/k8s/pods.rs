//! The pods of both versions, watched by the program: their pages through the API server and directly, and how each is by its node.

use serde_json::{Value, json};

use crate::{
    bed::{Cluster, Namespace, User, until},
    home::{Home, Ran},
};

/// A template whose pods serve their pages on a port with a name.
pub(crate) fn template(image: &str, annotations: &Value) -> Value {
    let ports = json!([{ "name": "metrics", "containerPort": 9090 }]);
    let probe = json!({ "httpGet": { "path": "/health/ready", "port": 9090 } });
    let container = json!({ "name": "app", "image": image, "ports": ports, "readinessProbe": probe });
    json!({
        "metadata": { "labels": { "app": "web" }, "annotations": annotations },
        "spec": { "containers": [container] },
    })
}

/// Three pods of a version that stands.
pub(crate) fn old_version(namespace: &Namespace) {
    let deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "web" },
        "spec": {
            "replicas": 3, "selector": { "matchLabels": { "app": "web" } },
            "strategy": { "rollingUpdate": { "maxSurge": 2, "maxUnavailable": 0 } },
            "template": template("app:v1", &json!({ "lab/rps": "50" })),
        },
    });
    namespace.apply(&deployment.to_string());
    namespace.until("deployment", "web", "complete", |it| it["status"]["availableReplicas"] == 3);
}

/// Three old pods, and then two new ones beside them: that these are ready is not enough for another hour.
fn two_versions(namespace: &Namespace, new: &str, annotations: &Value) {
    old_version(namespace);
    new_version(namespace, new, annotations);
}

/// Two new pods beside the old ones.
pub(crate) fn new_version(namespace: &Namespace, new: &str, annotations: &Value) {
    let next =
        json!({ "spec": { "minReadySeconds": 3600, "progressDeadlineSeconds": 7200, "template": template(new, annotations) } });
    namespace.patch("deployment", "web", &next);
    until("there are no new pods", || (pods(namespace).len() == 5).then_some(()));
}

fn pods(namespace: &Namespace) -> Vec<Value> {
    namespace.list("pod", "app=web")
}

/// The names of the pods with this image.
fn named(namespace: &Namespace, image: &str) -> Vec<String> {
    let of = pods(namespace).into_iter().filter(|pod| pod["spec"]["containers"][0]["image"] == image);
    of.map(|pod| pod["metadata"]["name"].as_str().expect("a name").to_owned()).collect()
}

pub(crate) fn all_ready(namespace: &Namespace) {
    let is_ready = |pod: &Value| pod["status"]["containerStatuses"][0]["ready"] == true;
    until("not all are ready", || pods(namespace).iter().all(is_ready).then_some(()));
}

/// Requests of all samples of a pod.
fn requests(ran: &Ran, pod: &str) -> f64 {
    ran.samples("metrics", pod).filter_map(|sample| sample["requests"].as_f64()).sum()
}

#[test]
fn pages_come_through_the_api_server_and_directly() {
    let Some(cluster) = Cluster::shared().filter(|cluster| cluster.has_network()) else { return };
    let namespace = cluster.namespace("pages");
    two_versions(&namespace, "app:v2", &json!({ "lab/rps": "50" }));
    all_ready(&namespace);
    let (old, new) = (named(&namespace, "app:v1"), named(&namespace, "app:v2"));
    assert_eq!((old.len(), new.len()), (3, 2));
    for via in ["proxy", "direct"] {
        let home = Home::new(cluster, &User::Admin);
        let ran = home.watch(&namespace, 6, &format!("via = \"{via}\""), &["--read-only"]);
        assert_eq!(ran.code, 124, "{}{}", ran.err, ran.out);
        for (pods, role) in [(&old, "baseline"), (&new, "candidate")] {
            for pod in pods {
                assert!(requests(&ran, pod) > 100.0, "{via}: {pod} has {}", requests(&ran, pod));
                let health = ran.samples("health", pod).last().expect("asked for its health");
                assert_eq!((&health["role"], &health["health"]["state"]), (&json!(role), &json!("up")), "{health}");
                assert_eq!(health["pod"]["ready"], true, "{health}");
                assert!(health["pod"]["since"].is_string() && health["pod"]["reason"].is_null(), "{health}");
            }
        }
        let asked = &ran.last("watch.started")["asked"]["candidate"];
        let first = asked["pages"]["first"][0].as_str().expect("an address");
        if via == "proxy" {
            let path = first.strip_prefix("kubectl get --raw '").and_then(|rest| rest.strip_suffix('\''));
            let page = namespace.kubectl(&["get", "--raw", path.expect("a command")]);
            assert!(page.contains("app_info{version=\"v2\"} 1\n"), "{page}");
        } else {
            assert!(first.starts_with("http://10.") && first.ends_with(":9090/metrics"), "{first}");
        }
        assert!(asked["whose"].as_str().expect("whose").contains("kubectl get pods -n"), "{asked}");
    }
    assert_eq!(namespace.writes(), Vec::<Value>::new(), "watching writes nothing");
}

#[test]
fn pods_that_do_not_run_say_why_and_only_a_loop_is_down() {
    let Some(cluster) = Cluster::shared() else { return };
    for (image, annotations, state, phase, reason) in [
        ("app:bad", json!({ "lab/exit": "137" }), "down", "looping", "ends again and again"),
        ("app:missing", json!({}), "unknown", "starting", "cannot pull app:missing (ImagePullBackOff)"),
        ("app:v2", json!({ "lab/fail": "unschedulable" }), "unknown", "starting", "finds no node: 0/1 nodes"),
        ("app:v2", json!({ "lab/fail": "never" }), "unknown", "starting", "is not ready yet"),
    ] {
        let namespace = cluster.namespace("troubled");
        two_versions(&namespace, image, &annotations);
        let mut new = named(&namespace, image);
        let home = Home::new(cluster, &User::Admin);
        if image == "app:bad" {
            let restarts = |pod: &Value| pod["status"]["containerStatuses"][0]["restartCount"].as_u64();
            namespace.until("pod", &new[0], "restarted", |pod| restarts(pod) >= Some(2));
        }
        let ran = home.watch(&namespace, 4, "", &["--read-only"]);
        // Whatever else may be wrong with pods, only that they end again and again is held against their version.
        assert_eq!(ran.code, if image == "app:bad" { 10 } else { 124 }, "{image}: {}{}", ran.err, ran.out);
        let pod = new.swap_remove(0);
        let health = ran.samples("health", &pod).last().unwrap_or_else(|| panic!("{image}: nothing of {pod}: {}", ran.out));
        assert_eq!((&health["health"]["state"], &health["pod"]["phase"]), (&json!(state), &json!(phase)), "{image}: {health}");
        let said = health["pod"]["reason"].as_str().expect("a reason");
        assert!(said.starts_with(reason), "{image}: {said}");
        if image == "app:bad" {
            assert!(said.starts_with("ends again and again: OOMKilled, "), "{said}");
            assert!(health["pod"]["restarts"].as_u64() >= Some(2), "{health}");
            let why = ran.last("watch.ended")["sentence"].as_str().expect("a sentence");
            assert!(why.starts_with("bad keeps restarting: ") && why.ends_with(" against 0"), "{why}");
        }
    }
}

#[test]
fn where_there_are_many_pods_they_are_asked_in_turn_and_no_request_is_lost() {
    let Some(cluster) = Cluster::shared().filter(|cluster| cluster.has_network()) else { return };
    let namespace = cluster.namespace("many");
    two_versions(&namespace, "app:v2", &json!({ "lab/rps": "50" }));
    all_ready(&namespace);
    let home = Home::new(cluster, &User::Admin);
    let ran = home.watch(&namespace, 9, "most_pods = 1", &["--read-only"]);
    assert_eq!(ran.code, 124, "{}{}", ran.err, ran.out);
    for (image, of) in [("app:v1", 3), ("app:v2", 2)] {
        for pod in named(&namespace, image) {
            let pages: Vec<&Value> = ran.samples("metrics", &pod).collect();
            let polls = ran.samples("health", &pod).count();
            assert!(pages.len() <= polls / of + 1 && pages.len() >= 2, "{pod}: {} pages in {polls} polls", pages.len());
            let counted: Vec<f64> = pages.iter().filter_map(|page| page["requests"].as_f64()).collect();
            let each = 50.0 * of as f64;
            assert!(pages[0]["requests"].is_null(), "its first page is a reference, whenever it comes");
            assert!(counted.iter().all(|n| (each * 0.6..each * 1.6).contains(n)), "{pod}: {counted:?}");
        }
    }
    let said = ["baseline: 1 pod is asked in one poll; v1 has more, which have their turn"];
    assert_eq!(ran.notes().into_iter().filter(|note| note.contains("turn") && note.contains("v1")).collect::<Vec<_>>(), said);
}

#[test]
fn what_is_not_allowed_is_said_by_its_name() {
    let Some(cluster) = Cluster::shared() else { return };
    let namespace = cluster.namespace("rights");
    two_versions(&namespace, "app:v2", &json!({}));
    all_ready(&namespace);
    let reads = |resources: &[&str]| {
        json!([
            { "apiGroups": ["apps"], "resources": ["deployments", "replicasets"], "verbs": ["get", "list"] },
            { "apiGroups": [""], "resources": resources, "verbs": ["get", "list"] },
        ])
    };
    let run = |name: &str, resources: &[&str]| {
        let user = User::Account { namespace: &namespace, name, rules: reads(resources) };
        Home::new(cluster, &user).watch(&namespace, 3, "", &["--read-only"])
    };
    let ns = namespace.name();
    let blind = run("no-proxy", &["pods"]);
    assert_eq!(blind.code, 124, "{}{}", blind.err, blind.out);
    let new = named(&namespace, "app:v2");
    if cluster.has_network() {
        let page = blind.samples("metrics", &new[0]).last().expect("asked");
        let want = format!("you may not get pods/proxy in {ns}: no page of a pod is asked through the API server");
        assert_eq!((&page["ok"], &page["reason"]), (&json!(false), &json!(want)));
    }
    let health = blind.samples("health", &new[0]).last().expect("its node is asked");
    assert_eq!((&health["pod"]["ready"], &health["pod"]["restarts"]), (&json!(true), &json!(0)));
    let refused = run("no-pods", &["services"]);
    let words = format!("you may not list pods in {ns}");
    assert!(refused.code == 3 && refused.err.contains(&words), "{refused:?}");
}

#[test]
fn pages_that_the_configuration_names_are_asked_instead() {
    let Some(cluster) = Cluster::shared() else { return };
    let namespace = cluster.namespace("own");
    two_versions(&namespace, "app:v2", &json!({}));
    let home = Home::new(cluster, &User::Admin);
    let own = "[baseline]\nmetrics = [\"http://127.0.0.1:1/old\"]\n[candidate]\nmetrics = [\"http://127.0.0.1:1/new\"]";
    let ran = home.watch(&namespace, 3, own, &["--read-only"]);
    let asked: Vec<&str> = ran.lines.iter().filter_map(|line| line["instance"].as_str()).collect();
    assert!(!asked.is_empty() && asked.iter().all(|instance| instance.starts_with("127.0.0.1:1")), "{asked:?} {}", ran.err);
    assert_eq!(ran.last("watch.started")["asked"]["candidate"]["pages"]["first"], json!(["http://127.0.0.1:1/new"]));
}

#[test]
fn while_the_api_server_is_gone_pods_are_asked_directly_and_nobody_is_blamed() {
    let Some(cluster) = Cluster::shared().filter(|cluster| cluster.has_network()) else { return };
    let namespace = cluster.namespace("gone");
    two_versions(&namespace, "app:v2", &json!({ "lab/rps": "50" }));
    all_ready(&namespace);
    let mut second = cluster.second_api();
    let home = Home::at(cluster, &second.url(), &User::Admin);
    let out = home.path("out.jsonl");
    let mut command = home.watching(&namespace, 8, "via = \"direct\"", &["--read-only"]);
    let mut watching = command.stdout(std::fs::File::create(&out).expect("made")).spawn().expect("it starts");
    let text = || std::fs::read_to_string(&out).expect("readable");
    until("nothing was polled", || (text().matches("\"event\":\"poll\"").count() >= 2).then_some(()));
    second.kill();
    assert_eq!(watching.wait().expect("it ends").code(), Some(124), "{}", text());
    let lines: Vec<Value> = text().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let new = named(&namespace, "app:v2").swap_remove(0);
    let of = |source: &str| {
        lines.iter().filter(|it| it["event"] == "sample" && it["source"] == source && it["instance"] == *new).collect::<Vec<_>>()
    };
    let (pages, health) = (of("metrics"), of("health"));
    assert!(pages.iter().all(|page| page["ok"] == true) && pages.len() >= 6, "{pages:?}");
    let last = health.last().expect("asked");
    assert!(last["pod"].is_null(), "what its node says is not known: {last}");
    assert_eq!(last["health"]["state"], "up", "its own word is: {last}");
    let notes: Vec<&str> = lines.iter().filter(|it| it["event"] == "note").filter_map(|it| it["sentence"].as_str()).collect();
    assert!(notes.iter().any(|note| note.starts_with("candidate: the API server ")), "{notes:?}");
}
