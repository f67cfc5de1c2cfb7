//! The test bed itself, which the other tests rely on.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::json;

use crate::{
    bed::{Cluster, User, until},
    laptop::DEPLOYMENT,
};

#[test]
fn a_deployment_rolls_and_kubectl_agrees() {
    let Some(cluster) = Cluster::shared() else { return };
    let namespace = cluster.namespace("rolls");
    namespace.apply(DEPLOYMENT);
    let said = namespace.kubectl(&["rollout", "status", "deployment/web", "--timeout=20s"]);
    assert!(said.contains("successfully rolled out"), "{said}");
    let before = namespace.get("deployment", "web");
    assert_eq!(before["status"]["readyReplicas"], 4);
    namespace.kubectl(&["set", "image", "deployment/web", "app=app:v2"]);
    namespace.kubectl(&["rollout", "status", "deployment/web", "--timeout=20s"]);
    let sets = namespace.list("replicaset", "app=web");
    let replicas: Vec<_> = sets.iter().map(|set| set["spec"]["replicas"].as_u64().unwrap_or(0)).collect();
    assert_eq!(replicas.iter().sum::<u64>(), 4);
    assert!(replicas.contains(&0), "{replicas:?}");
    namespace.delete("deployment", "web");
    until("its pods are removed", || namespace.list("pod", "app=web").is_empty().then_some(()));
    let writes = namespace.writes();
    assert_eq!(writes.len(), 1, "one write by kubectl: {writes:?}");
    assert_eq!((&writes[0]["verb"], &writes[0]["objectRef"]["name"]), (&json!("patch"), &json!("web")));
}

#[tokio::test]
async fn a_client_of_the_callers_own_is_let_in() {
    let Some(cluster) = Cluster::shared() else { return };
    let client = kube::Client::try_from(cluster.config().await).expect("a client");
    assert_eq!(client.apiserver_version().await.expect("an answer").major, "1");
    assert_eq!(cluster.client().default_namespace(), "default");
}

#[test]
fn pods_fail_as_they_are_told() {
    let Some(cluster) = Cluster::shared() else { return };
    let namespace = cluster.namespace("fails");
    let pod = |name: &str, image: &str, annotations: &serde_json::Value| {
        let containers = json!([{ "name": "app", "image": image }]);
        let metadata = json!({ "name": name, "annotations": annotations });
        let pod = json!({ "apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": { "containers": containers } });
        namespace.apply(&pod.to_string());
    };
    pod("crashing", "app:bad", &json!({ "lab/exit": "137" }));
    pod("missing", "app:missing", &json!({}));
    pod("homeless", "app:v1", &json!({ "lab/fail": "unschedulable" }));
    pod("failing", "app:v1", &json!({}));
    let waits = |name: &str, reason: &str| {
        namespace.until("pod", name, reason, |pod| pod["status"]["containerStatuses"][0]["state"]["waiting"]["reason"] == reason)
    };
    let crashing = waits("crashing", "CrashLoopBackOff");
    let status = &crashing["status"]["containerStatuses"][0];
    assert_eq!(status["lastState"]["terminated"]["exitCode"], 137);
    assert_eq!(status["lastState"]["terminated"]["reason"], "OOMKilled");
    assert!(status["restartCount"].as_u64() >= Some(1), "{status}");
    waits("missing", "ImagePullBackOff");
    let homeless = namespace.get("pod", "homeless");
    assert_eq!((&homeless["status"]["phase"], &homeless["spec"]["nodeName"]), (&json!("Pending"), &json!(null)));
    assert_eq!(homeless["status"]["conditions"][0]["reason"], "Unschedulable");
    let is_ready = |pod: &serde_json::Value, status: &str| {
        let conditions = pod["status"]["conditions"].as_array();
        conditions.into_iter().flatten().any(|c| c["type"] == "Ready" && c["status"] == status)
    };
    namespace.until("pod", "failing", "ready", |pod| is_ready(pod, "True"));
    let tell = |what: serde_json::Value| {
        namespace.patch("pod", "failing", &json!({ "metadata": { "annotations": { "lab/fail": what } } }))
    };
    tell(json!("unready-after:1"));
    namespace.until("pod", "failing", "unready", |pod| is_ready(pod, "False"));
    tell(json!(null));
    namespace.until("pod", "failing", "ready", |pod| is_ready(pod, "True"));
    let events = namespace.list("event", "");
    for reason in ["BackOff", "Failed", "FailedScheduling", "Unhealthy"] {
        assert!(events.iter().any(|event| event["reason"] == reason), "no event {reason}");
    }
}

#[test]
fn pods_are_read_through_the_api_server() {
    let Some(cluster) = Cluster::shared() else { return };
    if !cluster.has_network() {
        return;
    }
    let namespace = cluster.namespace("proxied");
    let annotations = json!({ "lab/errors": "20%", "lab/latency-ms": "300", "lab/rps": "500" });
    let ports = json!([{ "name": "metrics", "containerPort": 9090 }]);
    let spec = json!({ "containers": [{ "name": "app", "image": "app:v2", "ports": ports }] });
    let metadata = json!({ "name": "web", "annotations": annotations });
    namespace.apply(&json!({ "apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec }).to_string());
    namespace.until("pod", "web", "ready", |pod| pod["status"]["containerStatuses"][0]["ready"] == true);
    let page = |port: &str, path: &str| {
        let name = namespace.name();
        namespace.kubectl_ran(&["get", "--raw", &format!("/api/v1/namespaces/{name}/pods/web:{port}/proxy/{path}")])
    };
    let metrics = until("some requests fail", || {
        let metrics = String::from_utf8(page("9090", "metrics").stdout).expect("UTF-8");
        (value(&metrics, "http_requests_total{status=\"500\"}") >= 20.0).then_some(metrics)
    });
    let of = |series: &str| value(&metrics, series);
    let (served, failed) = (of("http_requests_total{status=\"200\"}"), of("http_requests_total{status=\"500\"}"));
    assert!((0.15..0.25).contains(&(failed / (failed + served))), "{failed} of {served}");
    assert!(of("http_request_duration_seconds_bucket{le=\"0.2\"}") < of("http_request_duration_seconds_bucket{le=\"0.8\"}"));
    assert!(metrics.contains("app_info{version=\"v2\"} 1\n"), "{metrics}");
    assert!(page("9090", "health/ready").status.success());
    assert!(!page("8080", "metrics").status.success(), "nobody listens there");
    namespace.patch("pod", "web", &json!({ "metadata": { "annotations": { "lab/fail": "unready-after:0" } } }));
    until("its health page says so", || (!page("9090", "health/ready").status.success()).then_some(()));
    assert!(page("9090", "health/live").status.success());
}

/// The value of a series of a page.
fn value(page: &str, series: &str) -> f64 {
    let line = page.lines().find_map(|line| line.strip_prefix(series)).unwrap_or_else(|| panic!("no {series} in {page}"));
    line.trim().parse().expect("a number")
}

#[test]
fn logs_are_read_through_the_api_server() {
    let Some(cluster) = Cluster::shared() else { return };
    if !cluster.has_network() {
        return;
    }
    let namespace = cluster.namespace("logs");
    for (name, image) in [("good", "app:v1"), ("crashing", "app:bad"), ("missing", "app:missing")] {
        let spec = json!({ "containers": [{ "name": "app", "image": image }] });
        namespace.apply(&json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": name }, "spec": spec }).to_string());
    }
    namespace.until("pod", "good", "ready", |pod| pod["status"]["containerStatuses"][0]["ready"] == true);
    assert_eq!(namespace.kubectl(&["logs", "good", "--tail=1"]), "level=info msg=\"request served\" version=v1 n=20\n");
    namespace.until("pod", "crashing", "restarted", |pod| pod["status"]["containerStatuses"][0]["restartCount"].as_u64() > Some(0));
    let last = namespace.kubectl(&["logs", "crashing", "--previous", "--tail=1"]);
    assert_eq!(last, "panic: cannot connect to the database: connection refused\n");
    let none = namespace.kubectl_ran(&["logs", "missing"]);
    assert!(String::from_utf8_lossy(&none.stderr).contains("trying and failing to pull image"), "{none:?}");
}

#[test]
fn an_account_may_do_what_its_rules_say() {
    let Some(cluster) = Cluster::shared() else { return };
    let namespace = cluster.namespace("account");
    let dir = tempfile::tempdir().expect("a temporary directory");
    let rules = json!([{ "apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list"] }]);
    let kubeconfig = cluster.kubeconfig(dir.path(), &User::Account { namespace: &namespace, name: "viewer", rules });
    let may = |verb: &str| {
        let kubeconfig = kubeconfig.to_str().expect("UTF-8");
        let ran = namespace.kubectl_ran(&["--kubeconfig", kubeconfig, "auth", "can-i", verb, "configmaps"]);
        String::from_utf8(ran.stdout).expect("UTF-8").trim() == "yes"
    };
    until("the role is in force", || may("list").then_some(()));
    assert!(!may("patch"));
}

#[test]
fn a_second_api_server_dies_and_comes_back() {
    let Some(cluster) = Cluster::shared() else { return };
    let namespace = cluster.namespace("second");
    namespace.apply(r#"{ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "kept" } }"#);
    let mut second = cluster.second_api();
    let dir = tempfile::tempdir().expect("a temporary directory");
    let kubeconfig = cluster.kubeconfig_at(&second.url(), dir.path(), &User::Admin);
    let is_seen = || {
        let kubeconfig = kubeconfig.to_str().expect("UTF-8");
        namespace.kubectl_ran(&["--kubeconfig", kubeconfig, "get", "configmap", "kept"]).status.success()
    };
    assert!(is_seen());
    second.kill();
    assert!(!is_seen());
    second.start();
    cluster.wait_ready(&second.url());
    assert!(is_seen());
}

#[test]
fn a_status_is_written_through_its_subresource_alone() {
    let Some(cluster) = Cluster::shared() else { return };
    let namespace = cluster.namespace("status");
    namespace.apply(r#"{ apiVersion: flagger.app/v1beta1, kind: Canary, metadata: { name: web, annotations: { lab/hold: "true" } }, spec: { targetRef: { apiVersion: apps/v1, kind: Deployment, name: web }, service: { port: 80 }, analysis: { interval: 1m, threshold: 2, stepWeight: 10 } } }"#);
    namespace.patch("canary", "web", &json!({ "status": { "phase": "Failed" } }));
    assert_eq!(namespace.get("canary", "web")["status"]["phase"], json!(null));
    namespace.patch_status("canary", "web", &json!({ "phase": "Failed", "canaryWeight": 0, "failedChecks": 0, "iterations": 0 }));
    assert_eq!(namespace.get("canary", "web")["status"]["phase"], "Failed");
}

/// Names the file in which the next test leaves the folder of its cluster.
const NOTE: &str = "ROLLWATCH_BED_NOTE";

#[test]
#[ignore = "it is run, and killed, by the test below"]
fn a_cluster_until_killed() {
    let (Some(cluster), Some(note)) = (Cluster::shared(), std::env::var_os(NOTE)) else { return };
    fs::write(note, cluster.dir().as_os_str().as_encoded_bytes()).expect("written");
    loop {
        std::thread::park();
    }
}

#[test]
fn nothing_outlives_a_test_process_that_is_killed() {
    if Cluster::shared().is_none() {
        return;
    }
    let note = tempfile::NamedTempFile::new().expect("a temporary file");
    let mut other = Command::new(std::env::current_exe().expect("ours"));
    other.args(["--ignored", "--exact", "bed_tests::a_cluster_until_killed"]).env(NOTE, note.path());
    let mut other = other.stdout(Stdio::null()).spawn().expect("it starts");
    let dir = until("a cluster is up", || fs::read_to_string(note.path()).ok().filter(|text| !text.is_empty()).map(PathBuf::from));
    assert!(processes(&dir).len() >= 3, "{:?}", processes(&dir));
    let network = PathBuf::from(format!("/run/netns/rollwatch-{}", other.id()));
    assert_eq!(network.exists(), Cluster::shared().is_some_and(Cluster::has_network));
    other.kill().expect("it runs");
    other.wait().expect("it ends");
    until("all of it is gone", || (processes(&dir).is_empty() && !dir.exists() && !network.exists()).then_some(()));
}

/// The processes that name a folder.
fn processes(dir: &Path) -> Vec<PathBuf> {
    let dir = dir.to_str().expect("UTF-8");
    let names =
        |process: &PathBuf| fs::read(process.join("cmdline")).is_ok_and(|line| String::from_utf8_lossy(&line).contains(dir));
    fs::read_dir("/proc").expect("/proc").flatten().map(|entry| entry.path()).filter(names).collect()
}
