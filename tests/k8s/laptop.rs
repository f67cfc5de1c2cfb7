//! The program against a cluster: its home, a kubeconfig in it, two services whose pages are judged.

use std::path::Path;

use crate::{
    bed::{Cluster, Namespace, User},
    home::home_of,
    program::{Home, Ran},
    service::{Service, pair},
};

/// A Deployment of four that rolls one by one.
pub(crate) const DEPLOYMENT: &str = r#"
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 4
  revisionHistoryLimit: 5
  progressDeadlineSeconds: 600
  strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: app, image: "app:v1" }] }
"#;

/// A user's home with a kubeconfig, and services beside the cluster.
pub(crate) struct Laptop {
    pub(crate) home: Home,
    pub(crate) services: (Service, Service),
}

impl Laptop {
    /// Of somebody who may do everything, with a healthy candidate or a `bad` one.
    pub(crate) fn new(cluster: &Cluster, bad: bool) -> Self {
        Self::at(cluster, &cluster.url(), &User::Admin, bad)
    }

    /// Of `user`, whose kubeconfig leads to `url`.
    pub(crate) fn at(cluster: &Cluster, url: &str, user: &User<'_>, bad: bool) -> Self {
        Self { home: home_of(cluster, url, user), services: pair(bad) }
    }

    /// Writes a configuration that polls quickly and judges the services; `more` sections follow.
    pub(crate) fn configure(&self, more: &str) {
        let text = format!(
            "[baseline]\nmetrics = [\"{}\"]\n[candidate]\nmetrics = [\"{}\"]\n\
             [policy]\npoll = \"100ms\"\nwindow = \"5s\"\nwarmup = \"500ms\"\nverify_timeout = \"20s\"\n\
             [notify]\ndesktop = false\nterminal = false\n{more}",
            self.services.0.url(),
            self.services.1.url(),
        );
        self.home.write("rollwatch.toml", &text);
    }

    /// Runs the program with that configuration.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.home.run(&[arguments, &["-c", "rollwatch.toml"]].concat())
    }

    /// Every line of every journal of this home.
    pub(crate) fn journal(&self) -> String {
        let read = |path: &Path| std::fs::read_to_string(path).expect("a journal");
        self.home.journals().iter().map(|path| read(path)).collect()
    }
}

/// `k8s:NAMESPACE/KIND/NAME`.
pub(crate) fn target(namespace: &Namespace, what: &str) -> String {
    format!("k8s:{}/{what}", namespace.name())
}

/// Has the Deployment `web` rolled to `image`.
pub(crate) fn roll(namespace: &Namespace, image: &str) {
    namespace.kubectl(&["set", "image", "deployment/web", &format!("app={image}")]);
}

/// The Deployment with all four pods of `app:v1`.
pub(crate) fn deployed(cluster: &'static Cluster, prefix: &str) -> Namespace {
    let namespace = cluster.namespace(prefix);
    namespace.apply(DEPLOYMENT);
    namespace.kubectl(&["rollout", "status", "deployment/web", "--timeout=20s"]);
    namespace
}

/// Rolls to v2 and stops it when one pod of four is replaced.
pub(crate) fn paused_on_the_way(namespace: &Namespace) {
    roll(namespace, "app:v2");
    namespace.kubectl(&["rollout", "pause", "deployment/web"]);
    namespace.until("deployment", "web", "on its way", |web| {
        web["status"]["observedGeneration"] == web["metadata"]["generation"] && web["status"]["updatedReplicas"].as_u64() >= Some(1)
    });
}

/// The `ReplicaSet` of the template with this image.
pub(crate) fn set_of(namespace: &Namespace, image: &str) -> String {
    let sets = namespace.list("replicaset", "app=web");
    let of = |set: &&serde_json::Value| set["spec"]["template"]["spec"]["containers"][0]["image"] == image;
    let set = sets.iter().find(of).unwrap_or_else(|| panic!("no set of {image}"));
    set["metadata"]["name"].as_str().expect("a name").to_owned()
}

/// The image that the Deployment asks for.
pub(crate) fn image(namespace: &Namespace) -> String {
    let deployment = namespace.get("deployment", "web");
    deployment["spec"]["template"]["spec"]["containers"][0]["image"].as_str().expect("an image").to_owned()
}
