//! What the version that runs does is captured from its pods before the deploy, and the watch of the next one begins with it.

use rollwatch::{
    backend::k8s,
    target::{Kind, Workload},
    wire::kube::{Access, Place},
};
use serde_json::{Value, json};

use crate::{
    bed::{Cluster, Namespace, User},
    canary::{Canary, SLOW},
    home::{Home, KUBECONFIG},
    laptop::{deployed, paused_on_the_way, roll, target},
    pods::{all_ready, new_version, old_version},
    rollout::{Rollout, STEPS},
};

const CONFIG: &str = "[policy]\npoll = \"1s\"\nwindow = \"10s\"\nwarmup = \"2s\"\n[notify]\ndesktop = false\nterminal = false\n";

/// Which version of the workload called `web` is trusted, and how many pods of it are there; or why none is.
fn trusted(cluster: &Cluster, namespace: &Namespace, kind: Kind, wanted: Option<&str>) -> Result<(String, usize), String> {
    let home = Home::new(cluster, &User::Admin);
    let access = Access { kubeconfig: Some(home.path(KUBECONFIG)), ..Access::default() };
    let web = Workload { kind, name: "web".to_owned() };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let found = runtime.block_on(async {
        let connected = Place::find(&access).await.expect("a cluster").connect().expect("a connection");
        k8s::trusted(connected, namespace.name(), &web, wanted).await
    });
    let found = found.map_err(|error| error.to_string())?;
    let pods = namespace.list("pod", &found.pods);
    let image = format!("app:{}", found.name);
    assert!(pods.iter().all(|pod| pod["spec"]["containers"][0]["image"] == image), "{pods:?}");
    Ok((found.name, pods.len()))
}

#[test]
fn the_version_that_runs_is_captured_and_the_next_watch_knows_it() {
    let Some(cluster) = Cluster::shared().filter(|cluster| cluster.has_network()) else { return };
    let namespace = cluster.namespace("captured");
    old_version(&namespace);
    let home = Home::new(cluster, &User::Admin);
    std::fs::write(home.path("rollwatch.toml"), CONFIG).expect("written");
    let (at, config) = (target(&namespace, "deployment/web"), ["-c", "rollwatch.toml"]);
    let run = |arguments: &[&str]| home.run(&[arguments, &[&at], &config[..]].concat());

    let none = run(&["baseline", "show"]);
    assert_eq!(
        (none.code, none.err.contains(&format!("no baseline of {}.web was captured", namespace.name()))),
        (2, true),
        "{none:?}"
    );
    let ran = run(&["baseline", "capture", "--for", "12s"]);
    assert!(ran.code == 0 && ran.out.contains(" of v1.\n"), "{ran:?}");
    let shown = run(&["baseline", "show"]);
    let row = |word: &str| shown.out.lines().find_map(|line| line.strip_prefix(word)).map(str::trim).unwrap_or_default();
    assert_eq!((shown.code, row("version"), row("error rate")), (0, "v1", "0.00 %"), "{shown:?}");
    assert!(row("used now").starts_with("yes, as what the baseline did before the watch"), "{shown:?}");
    assert_eq!(namespace.writes(), [json!(null); 0], "capturing writes nothing");

    new_version(&namespace, "app:v2", &json!({ "lab/rps": "50" }));
    all_ready(&namespace);
    let ran = run(&["watch", "--headless", "--read-only", "--format", "jsonl", "--timeout", "2s"]);
    let known = ran.notes().into_iter().filter(|note| note.starts_with("v1 is known from before this watch: ")).count();
    assert_eq!(known, 1, "{ran:?}");
}

#[test]
fn what_was_captured_is_shown_while_nobody_can_say_what_runs() {
    let Some(cluster) = Cluster::shared().filter(|cluster| cluster.has_network()) else { return };
    let namespace = cluster.namespace("captured-gone");
    old_version(&namespace);
    let home = Home::new(cluster, &User::Admin);
    std::fs::write(home.path("rollwatch.toml"), CONFIG).expect("written");
    let at = target(&namespace, "deployment/web");
    let run = |arguments: &[&str]| home.run(&[arguments, &[&at, "-c", "rollwatch.toml"]].concat());
    let ran = run(&["baseline", "capture", "--for", "11s"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    namespace.delete("deployment", "web");
    let shown = run(&["baseline", "show"]);
    let why = format!("used now       not known: there is no Deployment web in {}\n", namespace.name());
    assert!(shown.code == 0 && shown.out.contains("version        v1\n") && shown.out.ends_with(&why), "{shown:?}");
    let again = run(&["baseline", "capture", "--for", "11s"]);
    assert_eq!((again.code, again.err.contains("there is no Deployment web in")), (2, true), "{again:?}");
}

#[test]
fn the_trusted_version_of_a_deployment_is_the_one_that_runs_and_in_a_rollout_the_one_that_is_replaced() {
    let Some(cluster) = Cluster::shared() else { return };
    let namespace = deployed(cluster, "trusted");
    let kind = Kind::Deployment;
    let now = || trusted(cluster, &namespace, kind, None).expect("there is one");
    assert_eq!(now(), ("v1".to_owned(), 4));
    paused_on_the_way(&namespace);
    let on_the_way = now();
    assert!(on_the_way.0 == "v1" && on_the_way.1 >= 3, "{on_the_way:?}");
    // A paused Deployment makes nothing of another template.
    roll(&namespace, "app:v3");
    assert_eq!(now().0, "v1");
    roll(&namespace, "app:v2");
    namespace.kubectl(&["rollout", "resume", "deployment/web"]);
    namespace.kubectl(&["rollout", "status", "deployment/web", "--timeout=20s"]);
    assert_eq!(now(), ("v2".to_owned(), 4));
    namespace.patch("deployment", "web", &json!({ "spec": { "replicas": 0 } }));
    namespace.until("deployment", "web", "empty", |web| web["status"]["replicas"] == Value::Null);
    let none = trusted(cluster, &namespace, kind, None).expect_err("it has no pods");
    assert_eq!(none, format!("the Deployment web in {} has no pods of v2 now", namespace.name()));
    namespace.patch("deployment", "web", &json!({ "spec": { "replicas": 4 } }));
    namespace.kubectl(&["rollout", "status", "deployment/web", "--timeout=20s"]);
    namespace.kubectl(&["rollout", "undo", "deployment/web"]);
    assert_eq!(now().0, "v1", "whoever goes back trusts what is gone back to");
    let other = trusted(cluster, &namespace, kind, Some("v2")).expect_err("another one runs");
    assert!(other.starts_with(&format!("the Deployment web in {} runs v1 (web-", namespace.name())), "{other}");
    assert!(other.ends_with("), not \"v2\""), "{other}");
}

#[test]
fn the_trusted_version_of_a_rollout_is_the_stable_one_and_of_a_canary_its_primarys() {
    let Some(cluster) = Cluster::shared() else { return };
    let rollout = Rollout::paused(cluster, "ro-trusted", STEPS);
    // Those that are on their way out are still there.
    let (stable, pods) = trusted(cluster, &rollout.namespace, Kind::Rollout, None).expect("there is one");
    assert!(stable == "v1" && pods >= 3, "{pods} of {stable}");
    let canary = Canary::progressing(cluster, "canary-trusted", SLOW, false);
    assert_eq!(trusted(cluster, &canary.namespace, Kind::Canary, None), Ok(("v1".to_owned(), 2)));
}
