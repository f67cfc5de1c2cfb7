//! What holds a workload in its place is shown before anything is done to it.

use std::time::Duration;

use rollwatch::{
    backend::k8s::{self, Wanted, Wish},
    engine::action::{Ability, Action},
    target::{Kind, Workload},
    wire::kube::{Access, Place},
};
use serde_json::json;

use crate::{
    bed::{Cluster, Namespace, User},
    home::{Home, KUBECONFIG},
};

const DEPLOYMENT: &str = r#"
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: { app.kubernetes.io/instance: web }
  annotations: { argocd.argoproj.io/tracking-id: "shop:apps/Deployment:prod/web" }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: app, image: "app:v1" }] }
"#;

const GUARDS: &str = r"
apiVersion: autoscaling/v1
kind: HorizontalPodAutoscaler
metadata: { name: web }
spec: { scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web }, minReplicas: 2, maxReplicas: 20 }
---
apiVersion: autoscaling/v1
kind: HorizontalPodAutoscaler
metadata: { name: other }
spec: { scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: api }, maxReplicas: 7 }
---
apiVersion: policy/v1beta1
kind: PodDisruptionBudget
metadata: { name: web }
spec: { maxUnavailable: 1, selector: { matchLabels: { app: web } } }
";

/// What a rollback would do, and what it would not undo, as the panel shows both.
fn preview(home: &Home, namespace: &Namespace) -> String {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let access = Access { kubeconfig: Some(home.path(KUBECONFIG)), ..Access::default() };
    let wish = Wish {
        gate: None,
        namespace: namespace.name().to_owned(),
        workload: Workload { kind: Kind::Deployment, name: "web".to_owned() },
        wanted: Wanted::default(),
        pins: None,
        limit: Some(Duration::from_secs(60)),
        holder: "ana".to_owned(),
    };
    let rollout = runtime.block_on(async {
        let place = Place::find(&access).await.expect("a cluster");
        let connect = || place.connect().expect("a connection");
        let attached = k8s::attach(connect(), Some(connect()), &wish).await.expect("two versions");
        attached.backend.eyes.observe().await.expect("readable")
    });
    let Some(Ability::Ready(preview)) = rollout.abilities.get(&Action::Rollback) else { panic!("{rollout:?}") };
    [preview.happens.as_slice(), &preview.not_undone].concat().join("\n")
}

fn two_versions(namespace: &Namespace) {
    namespace.apply(DEPLOYMENT);
    namespace.apply(GUARDS);
    namespace.until("deployment", "web", "complete", |it| it["status"]["availableReplicas"] == 2);
    namespace.kubectl(&["set", "image", "deployment/web", "app=app:v2"]);
    namespace.kubectl(&["rollout", "status", "deployment/web", "--timeout=20s"]);
}

#[test]
fn an_owner_an_autoscaler_and_a_budget_are_shown_before_a_rollback() {
    let Some(cluster) = Cluster::shared() else { return };
    let namespace = cluster.namespace("guards");
    two_versions(&namespace);
    let home = Home::new(cluster, &User::Admin);
    let said = preview(&home, &namespace);
    for wanted in [
        "Argo CD's application shop owns web: its next sync puts v2 back; revert the commit, or suspend the sync first",
        "an HPA (web) keeps web between 2 and 20 pods",
        "a PodDisruptionBudget (web) lets 1 pod go when nodes are drained",
    ] {
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
    assert!(!said.contains("(other)"), "{said}");
}

#[test]
fn what_may_not_be_read_is_said_and_stops_nothing() {
    let Some(cluster) = Cluster::shared() else { return };
    let namespace = cluster.namespace("unread");
    two_versions(&namespace);
    let rules = json!([
        { "apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "patch"] },
        { "apiGroups": ["apps"], "resources": ["replicasets"], "verbs": ["get", "list"] },
        { "apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"] },
    ]);
    let home = Home::new(cluster, &User::Account { namespace: &namespace, name: "acts", rules });
    let said = preview(&home, &namespace);
    let ns = namespace.name();
    for wanted in [
        format!("you may not list horizontalpodautoscalers in {ns}: whether one scales it is not known"),
        format!("you may not list poddisruptionbudgets in {ns}: whether one holds its pods is not known"),
    ] {
        assert!(said.contains(&wanted), "{wanted}: {said}");
    }
}

#[test]
fn a_way_back_that_starts_no_pod_says_so() {
    let Some(cluster) = Cluster::shared() else { return };
    let namespace = cluster.namespace("scaled");
    let home = Home::new(cluster, &User::Admin);
    two_versions(&namespace);
    namespace.patch("deployment", "web", &json!({ "spec": { "replicas": 0 } }));
    let shown = preview(&home, &namespace);
    assert!(shown.contains("no pod is started: web is scaled to 0") && !shown.contains("all 0"), "{shown}");
}
