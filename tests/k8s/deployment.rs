//! A Deployment of four through the program, with kubectl beside it.

use std::process::Child;

use serde_json::{Value, json};

use crate::{
    bed::{Cluster, Namespace, User, until},
    front::{Break, Front},
    laptop::{Laptop, deployed, image, paused_on_the_way, roll, set_of, target},
    program::{Ran, json_lines},
};

const WEB: &str = "deployment/web";

fn status(namespace: &Namespace) -> String {
    let ran = namespace.kubectl_ran(&["rollout", "status", WEB, "--watch=false"]);
    String::from_utf8_lossy(&ran.stdout).into_owned()
}

/// A watch without a screen that has begun to poll.
fn watching(laptop: &Laptop, at: &str, more: &[&str]) -> Child {
    let arguments = ["watch", at, "--headless", "--format", "jsonl", "-c", "rollwatch.toml"];
    let watching = laptop.home.command(&[&arguments[..], more].concat()).spawn().expect("it starts");
    until("it polls", || laptop.journal().contains("\"poll\"").then_some(()));
    watching
}

fn events(out: &str, event: &str) -> Vec<Value> {
    json_lines(out).into_iter().filter(|line| line["event"] == event).collect()
}

fn ended(ran: &Ran) -> Value {
    events(&ran.out, "watch.ended").pop().unwrap_or_else(|| panic!("it has no end: {ran:?}"))
}

#[test]
fn rolled_paused_resumed_and_rolled_back_as_kubectl_sees_it() {
    let Some(cluster) = Cluster::shared() else { return };
    let namespace = deployed(cluster, "rolled");
    let laptop = Laptop::new(cluster, false);
    laptop.configure("");
    let at = target(&namespace, WEB);
    let good = set_of(&namespace, "app:v1");
    namespace.patch(
        "deployment",
        "web",
        &json!({ "spec": { "template": { "metadata": { "annotations": { "lab/ready-after": "2" } } } } }),
    );
    roll(&namespace, "app:v2");
    namespace.until("deployment", "web", "seen by its controller", |web| {
        web["status"]["observedGeneration"] == web["metadata"]["generation"]
    });
    let ran = laptop.run(&["pause", &at, "--yes"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(namespace.get("deployment", "web")["spec"]["paused"], true);
    assert!(status(&namespace).contains("Waiting for deployment"), "kubectl waits too");
    let again = laptop.run(&["pause", &at, "--yes"]);
    assert_eq!((again.code, again.err.contains("cannot pause: it is paused already")), (2, true), "{again:?}");
    let ran = laptop.run(&["resume", &at, "--yes"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(namespace.get("deployment", "web")["spec"]["paused"], json!(null));
    let ran = laptop.run(&["rollback", &at, "--to", &good, "--yes"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    // Seen means seen: kubectl finds nothing left to do at the moment the program ends.
    assert!(status(&namespace).contains("successfully rolled out"), "{}", status(&namespace));
    let sets = namespace.kubectl(&["get", "rs", "-o", "jsonpath={range .items[*]}{.metadata.name}={.status.readyReplicas} {end}"]);
    assert!(sets.contains(&format!("{good}=4 ")), "{sets}");
    assert_eq!(image(&namespace), "app:v1");
    let before = namespace.writes().len();
    let ran = laptop.run(&["rollback", &at, "--to", &good, "--yes"]);
    assert_eq!(ran.code, 0, "going where one is already is no failure: {ran:?}");
    assert_eq!(namespace.writes().len(), before, "and nothing is asked for");
}

#[test]
fn a_whole_rollout_is_watched_to_its_end() {
    let Some(cluster) = Cluster::shared() else { return };
    let namespace = deployed(cluster, "whole");
    let laptop = Laptop::new(cluster, false);
    laptop.configure("");
    roll(&namespace, "app:v2");
    let ran = laptop.run(&["watch", &target(&namespace, WEB), "--until", "promoted", "--format", "jsonl", "--timeout", "60s"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let started = events(&ran.out, "watch.started").remove(0);
    let hash = |image: &str| set_of(&namespace, image).trim_start_matches("web-").to_owned();
    assert_eq!(started["driven"]["pins"], json!({ "baseline": hash("app:v1"), "candidate": hash("app:v2") }));
    assert_eq!((&started["baseline"], &started["candidate"]), (&json!("v1"), &json!("v2")));
    assert_eq!(started["deployment"], format!("{}.web", namespace.name()));
    assert!(started["locator"].as_str().is_some_and(|locator| locator.starts_with(&target(&namespace, WEB))), "{started}");
    let weights: Vec<f64> = events(&ran.out, "poll").iter().filter_map(|poll| poll["weight"].as_f64()).collect();
    assert!(weights.windows(2).all(|pair| pair[0] <= pair[1] + 0.3), "{weights:?}");
    assert_eq!(weights.last(), Some(&1.0));
    assert_eq!(ended(&ran)["outcome"], "promoted");
    assert!(events(&ran.out, "action.requested").is_empty() && namespace.writes().len() == 1, "watching writes nothing");
}

#[test]
fn another_rollout_in_between_ends_the_watch_and_nothing_is_done() {
    let Some(cluster) = Cluster::shared() else { return };
    let namespace = deployed(cluster, "superseded");
    let laptop = Laptop::new(cluster, false);
    laptop.configure("");
    paused_on_the_way(&namespace);
    let at = target(&namespace, WEB);
    let watching = watching(&laptop, &at, &["--auto-rollback"]);
    let before = namespace.writes().len();
    roll(&namespace, "app:v3");
    let ran = Ran::from(watching.wait_with_output().expect("it ends"));
    assert_eq!(ran.code, 50, "{ran:?}");
    let sentence = ended(&ran)["sentence"].to_string();
    assert!(sentence.contains("Another rollout replaced v2 with v3 (not rolled out yet)"), "{sentence}");
    assert!(events(&ran.out, "action.requested").is_empty());
    assert_eq!((namespace.writes().len(), image(&namespace)), (before + 1, "app:v3".to_owned()));
}

#[test]
fn a_bad_one_is_rolled_back_by_itself() {
    let Some(cluster) = Cluster::shared() else { return };
    let namespace = deployed(cluster, "bad");
    let laptop = Laptop::new(cluster, true);
    laptop.configure("");
    paused_on_the_way(&namespace);
    let at = target(&namespace, WEB);
    let ran = laptop.run(&["watch", &at, "--headless", "--format", "jsonl", "--auto-rollback", "--timeout", "60s"]);
    assert_eq!(ran.code, 11, "{ran:?}");
    let verified = events(&ran.out, "action.verified").remove(0);
    let facts: Vec<&str> = verified["facts"].as_array().expect("facts").iter().filter_map(|fact| fact["text"].as_str()).collect();
    assert!(facts.contains(&"no pod of another version is left"), "{facts:?}");
    assert_eq!(image(&namespace), "app:v1");
    let web = namespace.get("deployment", "web");
    assert_eq!(web["spec"]["paused"], json!(null), "the pause was in the way and is off");
    let mark: Value =
        serde_json::from_str(web["metadata"]["annotations"]["rollwatch/last-action"].as_str().expect("a mark")).expect("JSON");
    assert_eq!((&mark["what"], &mark["to"]), (&json!("rollback"), &json!("v1")));
}

#[test]
fn one_that_cannot_start_is_stuck_with_its_pods_reasons() {
    let Some(cluster) = Cluster::shared() else { return };
    // A pull that failed just now is an error; a moment later its node waits with the next one.
    for (tag, why) in [("missing", "cannot pull app:missing ("), ("bad", "ends again and again")] {
        let namespace = deployed(cluster, "stuck");
        namespace.patch("deployment", "web", &json!({ "spec": { "progressDeadlineSeconds": 4 } }));
        let laptop = Laptop::new(cluster, false);
        laptop.configure("");
        roll(&namespace, &format!("app:{tag}"));
        let at = target(&namespace, WEB);
        let ran = laptop.run(&["watch", &at, "--headless", "--format", "jsonl", "--auto-rollback", "--timeout", "60s"]);
        assert_eq!(ran.code, 30, "{ran:?}");
        let ended = ended(&ran);
        let sentence = ended["sentence"].as_str().expect("a sentence");
        assert!(sentence.starts_with(&format!("{tag} has made no progress for 4 s: web-")) && sentence.contains(why), "{sentence}");
        assert_eq!(ended["outcome"], "stuck");
        let said = namespace.kubectl_ran(&["rollout", "status", WEB, "--timeout=5s"]);
        assert!(String::from_utf8_lossy(&said.stderr).contains("exceeded its progress deadline"), "kubectl says the same");
        assert!(events(&ran.out, "action.requested").is_empty(), "hanging is no conviction");
    }
}

#[test]
fn one_that_somebody_else_took_back_is_over() {
    let Some(cluster) = Cluster::shared() else { return };
    let namespace = deployed(cluster, "elsewhere");
    let laptop = Laptop::new(cluster, false);
    laptop.configure("");
    paused_on_the_way(&namespace);
    let at = target(&namespace, WEB);
    let watching = watching(&laptop, &at, &[]);
    namespace.kubectl(&["rollout", "resume", WEB]);
    namespace.kubectl(&["rollout", "undo", WEB]);
    let ran = Ran::from(watching.wait_with_output().expect("it ends"));
    assert_eq!(ran.code, 13, "{ran:?}");
    assert_eq!(ended(&ran)["sentence"], "web was taken back to v1 by somebody else");
}

#[test]
fn one_that_is_deleted_is_over_and_says_so() {
    let Some(cluster) = Cluster::shared() else { return };
    let namespace = deployed(cluster, "deleted");
    let laptop = Laptop::new(cluster, false);
    laptop.configure("");
    paused_on_the_way(&namespace);
    let at = target(&namespace, WEB);
    let watching = watching(&laptop, &at, &[]);
    namespace.kubectl(&["delete", WEB]);
    let ran = Ran::from(watching.wait_with_output().expect("it ends"));
    assert_eq!((ran.code, &ended(&ran)["sentence"]), (13, &json!("web was deleted by somebody else")), "{ran:?}");
}

#[test]
fn what_is_not_there_is_told_with_what_may_have_been_meant() {
    let Some(cluster) = Cluster::shared() else { return };
    let namespace = deployed(cluster, "named");
    let laptop = Laptop::new(cluster, false);
    laptop.configure("");
    let said = |at: &str| {
        let ran = laptop.run(&["watch", at, "--headless"]);
        assert_eq!((ran.code, ran.err.contains("the context bed, 127.0.0.1:")), (2, true), "{ran:?}");
        ran.err.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let ns = namespace.name();
    for (at, want) in [
        (format!("k8s:{ns}/deployment/wbe"), format!("there is no Deployment wbe in {ns}; did you mean web?")),
        (
            format!("k8s:{ns}/rollout/web"),
            format!("there is no Rollout web in {ns}, but a Deployment of that name: k8s:{ns}/deployment/web"),
        ),
        ("k8s:nowhere/deployment/web".to_owned(), "there is no namespace nowhere".to_owned()),
        ("k8s:nowhere".to_owned(), "there is no namespace nowhere".to_owned()),
        (format!("k8s:{ns}"), format!("nothing is rolling in {ns} now")),
        (target(&namespace, WEB), "it keeps one version only, so there is nothing to compare yet".to_owned()),
    ] {
        let said = said(&at);
        assert!(said.contains(&want), "{at}: {said}");
    }
}

/// Between the change and its controller's next look, the newest set is of the version before: to bind to that would be to watch the
/// wrong two.
#[test]
fn who_attaches_right_after_a_change_waits_until_it_is_known_what_it_is() {
    let Some(cluster) = Cluster::shared() else { return };
    let namespace = deployed(cluster, "fresh");
    let laptop = Laptop::new(cluster, false);
    laptop.configure("");
    let at = target(&namespace, WEB);
    for (before, image) in [("v1", "app:v2"), ("v2", "app:v3"), ("v3", "app:v4")] {
        let arguments = ["watch", &at, "--read-only", "--format", "jsonl", "--timeout", "1s", "-c", "rollwatch.toml"];
        let change = json!({ "spec": { "template": { "spec": { "containers": [{ "name": "app", "image": image }] } } } });
        namespace.patch("deployment", "web", &change);
        let ran = laptop.home.run(&arguments);
        let started = events(&ran.out, "watch.started").remove(0);
        let named = (started["baseline"].as_str(), started["candidate"].as_str());
        assert_eq!(named, (Some(before), image.strip_prefix("app:")), "{ran:?}");
    }
}

#[test]
fn two_laptops_roll_back_at_once_and_the_second_is_told_who_was_first() {
    let Some(cluster) = Cluster::shared() else { return };
    let namespace = deployed(cluster, "two");
    let laptops = [Laptop::new(cluster, false), Laptop::new(cluster, false)];
    paused_on_the_way(&namespace);
    let at = target(&namespace, WEB);
    let before = namespace.writes().len();
    let generation = namespace.get("deployment", "web")["metadata"]["generation"].as_i64().expect("a number");
    let running = laptops.each_ref().map(|laptop| {
        laptop.configure("");
        laptop.home.command(&["rollback", &at, "--yes", "-c", "rollwatch.toml"]).spawn().expect("it starts")
    });
    let ran = running.map(|child| Ran::from(child.wait_with_output().expect("it ends")));
    let mut codes = ran.each_ref().map(|ran| ran.code);
    codes.sort_unstable();
    // One that begins after the other has ended finds itself where it wants to be.
    assert!(codes == [0, 13] || codes == [0, 2], "{ran:?}");
    let accepted: Vec<Value> =
        namespace.writes().into_iter().skip(before).filter(|write| write["responseStatus"]["code"] == 200).collect();
    assert_eq!(accepted.len(), 1, "{accepted:?}");
    assert_eq!(namespace.get("deployment", "web")["metadata"]["generation"], generation + 1);
    if codes == [0, 13] {
        let second = ran.iter().find(|ran| ran.code == 13).expect("one");
        assert!(second.out.contains("was first: rollback to v1"), "{second:?}");
        assert!(second.out.contains("ana on "), "{second:?}");
    }
}

#[test]
fn an_api_server_that_dies_between_the_change_and_its_answer_is_looked_at_again_not_asked_again() {
    let Some(cluster) = Cluster::shared() else { return };
    let namespace = deployed(cluster, "dies");
    paused_on_the_way(&namespace);
    let second = std::sync::Arc::new(std::sync::Mutex::new(cluster.second_api()));
    let url = second.lock().expect("ours").url();
    let kubeconfig: kube::config::Kubeconfig = {
        let dir = tempfile::tempdir().expect("a folder");
        kube::config::Kubeconfig::read_from(cluster.kubeconfig_at(&url, dir.path(), &User::Admin)).expect("a kubeconfig")
    };
    let client = cluster.wait(async move {
        let config = kube::Config::from_custom_kubeconfig(kubeconfig, &kube::config::KubeConfigOptions::default()).await;
        kube::Client::try_from(config.expect("a configuration")).expect("a client")
    });
    let dying = std::sync::Arc::clone(&second);
    let front = Front::with(cluster, client, move || dying.lock().expect("ours").kill());
    front.inject(Break::LosesTheAnswer);
    let laptop = Laptop::at(cluster, &front.url(), &User::Admin, false);
    laptop.configure("");
    let before = namespace.writes().len();
    let at = target(&namespace, WEB);
    let acting = laptop.home.command(&["rollback", &at, "--yes", "-c", "rollwatch.toml"]).spawn().expect("it starts");
    until("the change is made", || (front.changed() == 1).then_some(()));
    {
        let mut second = second.lock().expect("ours");
        second.start();
    }
    cluster.wait_ready(&url);
    front.inject(Break::Nothing);
    let ran = Ran::from(acting.wait_with_output().expect("it ends"));
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!((front.asked(), namespace.writes().len()), (1, before + 1), "it is asked for once");
    assert_eq!(image(&namespace), "app:v1");
}

#[test]
fn who_may_not_patch_has_no_key_for_it() {
    let Some(cluster) = Cluster::shared() else { return };
    let namespace = deployed(cluster, "forbidden");
    paused_on_the_way(&namespace);
    let rules = json!([
        { "apiGroups": ["apps"], "resources": ["deployments", "replicasets"], "verbs": ["get", "list"] },
        { "apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"] },
    ]);
    let laptop = Laptop::at(cluster, &cluster.url(), &User::Account { namespace: &namespace, name: "looks", rules }, false);
    laptop.configure("");
    let at = target(&namespace, WEB);
    let before = namespace.writes().len();
    let refused = until("the role is in force", || {
        let ran = laptop.run(&["rollback", &at, "--yes"]);
        (ran.code != 3).then_some(ran)
    });
    assert_eq!(refused.code, 2, "{refused:?}");
    let why = format!("cannot roll back: you may not patch deployments in {}", namespace.name());
    assert!(refused.err.contains(&why), "{refused:?}");
    let watched = laptop.run(&["watch", &at, "--headless", "--format", "jsonl"]);
    assert_eq!(ended(&watched)["outcome"], "none", "looking is allowed: {watched:?}");
    assert_eq!(namespace.writes().len(), before);
    let nobody = json!([]);
    let stranger =
        Laptop::at(cluster, &cluster.url(), &User::Account { namespace: &namespace, name: "nobody", rules: nobody }, false);
    stranger.configure("");
    let ran = stranger.run(&["watch", &at, "--headless"]);
    assert_eq!((ran.code, ran.err.contains("403")), (3, true), "{ran:?}");
}

#[test]
fn a_rollback_that_is_not_seen_is_not_called_done() {
    let Some(cluster) = Cluster::shared() else { return };
    let namespace = deployed(cluster, "unseen");
    let laptop = Laptop::new(cluster, false);
    laptop.configure("");
    let text = std::fs::read_to_string(laptop.home.path("rollwatch.toml")).expect("there").replace("\"20s\"", "\"2s\"");
    laptop.home.write("rollwatch.toml", &text);
    let good = set_of(&namespace, "app:v1");
    roll(&namespace, "app:v2");
    namespace.kubectl(&["rollout", "status", WEB, "--timeout=20s"]);
    // The old version's pods do not come up any more.
    let spec = json!({ "spec": { "template": { "metadata": { "annotations": { "lab/fail": "never" } } } } });
    namespace.patch("replicaset", &good, &spec);
    let ran = laptop.run(&["rollback", &target(&namespace, WEB), "--to", &good, "--yes"]);
    assert_eq!(ran.code, 12, "{ran:?}");
    assert!(ran.out.contains("0 are ready") || ran.out.contains("are left"), "{ran:?}");
}
