//! The published accounts for Rollouts and Canaries: each right is needed for what its comment says, and none is missing.

use serde_json::{Value, json};

use crate::{
    bed::{Cluster, Namespace, User},
    home::{Home, Ran},
    in_cluster::{account, evidence, published, rules, without},
};

const POD: &str = r#"
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: app, image: "app:v1", ports: [{ name: metrics, containerPort: 9090 }] }] }
"#;
const ROLLOUT: &str = r"
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: { name: web }
spec:
  strategy: { canary: { steps: [{ setWeight: 50 }, { pause: {} }] } }";
const CANARY: &str = r"
apiVersion: flagger.app/v1beta1
kind: Canary
metadata: { name: web }
spec:
  targetRef: { apiVersion: apps/v1, kind: Deployment, name: web }
  service: { port: 80 }
  analysis: { interval: 10s, threshold: 1, maxWeight: 50, stepWeight: 25 }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:";

/// One kind of workload, and what changes its template.
#[derive(Clone, Copy)]
struct Kind {
    name: &'static str,
    plural: &'static str,
    text: &'static str,
    holder: &'static str,
    /// What to take away for it to be refused, and by which words; beside what all kinds need.
    needs: &'static [(&'static str, &'static str, &'static str)],
}

const KINDS: [Kind; 2] = [
    Kind {
        name: "rollout",
        plural: "rollouts",
        text: ROLLOUT,
        holder: "rollout",
        needs: &[
            ("rollouts", "patch", "you may not patch rollouts in"),
            ("rollouts/status", "patch", "you may not patch rollouts/status in"),
        ],
    },
    Kind {
        name: "canary",
        plural: "canaries",
        text: CANARY,
        holder: "deployment",
        needs: &[
            ("canaries", "patch", "you may not patch canaries in"),
            ("deployments", "patch", "you may not patch deployments in"),
            ("deployments", "get", "cannot get resource \"deployments\""),
        ],
    },
];

impl Kind {
    /// A new version whose pods do not get ready: so both are there.
    fn two_versions(self, cluster: &'static Cluster, prefix: &str) -> Namespace {
        let namespace = cluster.namespace(&format!("{prefix}-{}", self.name));
        namespace.apply(&format!("{}{POD}", self.text));
        let is_there = |it: &Value| ["Healthy", "Initialized"].iter().any(|phase| it["status"]["phase"] == *phase);
        namespace.until(self.name, "web", "there", is_there);
        let container = json!({ "name": "app", "image": "app:bad", "ports": [{ "name": "metrics", "containerPort": 9090 }] });
        namespace.patch(self.holder, "web", &json!({ "spec": { "template": { "spec": { "containers": [container] } } } }));
        let has_ended = |pod: &Value| pod["status"]["containerStatuses"][0]["restartCount"].as_u64() >= Some(1);
        crate::bed::until("no pod of the new version has ended", || {
            namespace.list("pod", "app=web").iter().any(has_ended).then_some(())
        });
        namespace
    }

    fn target(self, namespace: &Namespace) -> String {
        format!("k8s:{}/{}/web", namespace.name(), self.name)
    }

    fn rolled_back(self, home: &Home, namespace: &Namespace) -> Ran {
        home.run(&["rollback", &self.target(namespace), "--yes"])
    }

    fn watched(self, home: &Home, namespace: &Namespace) -> Ran {
        home.watch(namespace, 3, "", &[&self.target(namespace), "--read-only"])
    }

    fn image(self, namespace: &Namespace) -> Value {
        namespace.get(self.holder, "web")["spec"]["template"]["spec"]["containers"][0]["image"].take()
    }
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_account_that_reads_watches_rollouts_and_canaries_and_does_nothing_else() {
    let Some(cluster) = Cluster::shared() else { return };
    for kind in KINDS {
        let namespace = kind.two_versions(cluster, "reads");
        let text = published("rbac-read-only.yaml", &namespace);
        namespace.apply(&text);
        let home = account(cluster, &namespace, "rollwatch-reads");
        let ran = kind.watched(&home, &namespace);
        assert!([124, 10].contains(&ran.code), "{}: {}{}", kind.name, ran.err, ran.out);
        assert!(ran.lines.iter().any(|line| line["pod"].is_object()) && !ran.out.contains("you may not"), "{}", ran.out);
        let found = home.run(&["watch", &format!("k8s:{}", namespace.name()), "--read-only", "--headless", "--timeout", "2s"]);
        assert!([124, 10].contains(&found.code), "{}: {found:?}", kind.name);
        let refused = kind.rolled_back(&home, &namespace);
        assert!(refused.code != 0 && refused.err.contains("you may not patch"), "{refused:?}");
        assert_eq!(namespace.writes().iter().filter(|it| it["user"]["username"].to_string().contains("rollwatch")).count(), 0);

        let all = rules(&text, "rollwatch-reads");
        let own = [(kind.plural, "get"), ("replicasets", "list"), ("pods", "list")];
        let target = [("deployments", "get")].into_iter().filter(|_| kind.name == "canary");
        for (nth, (resource, verb)) in own.into_iter().chain(target).enumerate() {
            let user = User::Account { namespace: &namespace, name: &format!("less-{nth}"), rules: without(&all, resource, verb) };
            let ran = kind.watched(&Home::new(cluster, &user), &namespace);
            let said = words(&ran.err);
            assert!(ran.code == 3 && said.contains(resource), "{} without {verb} {resource}: {ran:?}", kind.name);
        }
    }
}

#[test]
fn the_accounts_that_act_roll_rollouts_and_canaries_back_and_need_each_of_their_rights() {
    let Some(cluster) = Cluster::shared() else { return };
    for kind in KINDS {
        let role = format!("rollwatch-{}", kind.name);
        let namespace = kind.two_versions(cluster, "less");
        let text = published("rbac-acting.yaml", &namespace);
        let all = rules(&text, &role);
        let own = format!("cannot get resource \"{}\"", kind.plural);
        let shared = [
            (kind.plural, "get", own.as_str()),
            ("replicasets", "list", "cannot list resource \"replicasets\""),
            ("pods", "list", "cannot list resource \"pods\""),
        ];
        for (nth, (resource, verb, why)) in kind.needs.iter().copied().chain(shared).enumerate() {
            let user = User::Account { namespace: &namespace, name: &format!("acts-{nth}"), rules: without(&all, resource, verb) };
            let ran = kind.rolled_back(&Home::new(cluster, &user), &namespace);
            assert!(ran.code != 0 && words(&ran.err).contains(why), "{role} without {verb} {resource}: {ran:?}");
            assert_eq!(kind.image(&namespace), "app:bad");
        }

        namespace.apply(&text);
        let home = account(cluster, &namespace, &role);
        let ran = kind.rolled_back(&home, &namespace);
        assert_eq!((ran.code, kind.image(&namespace)), (0, json!("app:v1")), "{ran:?}");
        let (kept, said) = (evidence(&home), words(&format!("{}{}", ran.out, ran.err)));
        assert!(kept.contains("pod/web-") && !kept.contains("not to be had") && !said.contains("you may not"), "{said}{kept}");

        let extras =
            [("pods/log", "get"), ("events", "list"), ("horizontalpodautoscalers", "list"), ("poddisruptionbudgets", "list")];
        let least =
            extras.iter().fold(all, |rules, (resource, verb)| without(&rules, resource, verb).as_array().expect("rules").clone());
        let namespace = kind.two_versions(cluster, "least");
        let home = Home::new(cluster, &User::Account { namespace: &namespace, name: "least", rules: json!(least) });
        let ran = kind.rolled_back(&home, &namespace);
        assert_eq!((ran.code, kind.image(&namespace)), (0, json!("app:v1")), "{ran:?}");
        let kept = evidence(&home);
        assert!(kept.contains("cannot list resource \"events\""), "{kept}");
        if cluster.has_network() {
            assert!(kept.contains("cannot get resource \"pods\"") || kept.contains("pods/log"), "{kept}");
        }
    }
}

#[test]
fn why_flagger_took_a_version_back_is_known_to_who_may_read_its_events() {
    let Some(cluster) = Cluster::shared() else { return };
    let kind = KINDS[1];
    let namespace = kind.two_versions(cluster, "why");
    let text = published("rbac-read-only.yaml", &namespace);
    namespace.apply(&text);
    namespace.patch("canary", "web", &json!({ "spec": { "progressDeadlineSeconds": 1 } }));
    namespace.until("canary", "web", "failed", |canary| canary["status"]["phase"] == "Failed");
    let ended = |home: &Home| {
        let ran = kind.watched(home, &namespace);
        assert_eq!(ran.code, 13, "{ran:?}");
        ran.last("watch.ended")["sentence"].as_str().expect("a sentence").to_owned()
    };
    let said = ended(&account(cluster, &namespace, "rollwatch-reads"));
    assert!(said.contains("progress deadline exceeded"), "{said}");
    let rules = without(&rules(&text, "rollwatch-reads"), "events", "list");
    let said = ended(&Home::new(cluster, &User::Account { namespace: &namespace, name: "deaf", rules }));
    assert!(said.contains("Canary analysis failed, Deployment scaled to zero"), "{said}");
}

#[test]
fn what_is_rolling_is_found_among_what_may_be_listed() {
    let Some(cluster) = Cluster::shared() else { return };
    let kind = KINDS[0];
    let namespace = kind.two_versions(cluster, "some");
    let all = rules(&published("rbac-read-only.yaml", &namespace), "rollwatch-reads");
    let watch = |name: &str, left_out: &[&str]| {
        let kept: Vec<&Value> =
            all.iter().filter(|rule| left_out.iter().all(|resource| rule["resources"] != json!([resource]))).collect();
        let home = Home::new(cluster, &User::Account { namespace: &namespace, name, rules: json!(kept) });
        home.run(&["watch", &format!("k8s:{}", namespace.name()), "--read-only", "--headless", "--timeout", "2s"])
    };
    let some = watch("some", &["deployments", "canaries"]);
    assert!([124, 10].contains(&some.code), "{some:?}");
    let none = watch("none", &["rollouts", "canaries"]);
    assert!(none.code == 3 && words(&none.err).contains("rollouts"), "nobody can say that nothing is rolling: {none:?}");
}
