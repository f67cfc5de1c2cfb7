//! The published accounts and the Job: each right is needed for what its comment says, and what is missing is said.

use std::{fs, path::Path};

use serde_json::{Value, json};

use crate::{
    bed::{Cluster, Namespace, User, yaml::documents},
    home::{Home, Ran},
};

/// Two pods with a page each.
pub(crate) const DEPLOYMENT: &str = r#"
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: app, image: "app:v1", ports: [{ name: metrics, containerPort: 9090 }] }] }
"#;

/// A published file, for this namespace.
pub(crate) fn published(name: &str, namespace: &Namespace) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/examples/kubernetes").join(name);
    let text = fs::read_to_string(path).expect("it is published");
    let own = namespace.name();
    text.replace("namespace: shop", &format!("namespace: {own}")).replace("k8s:shop/", &format!("k8s:{own}/"))
}

/// The rules of a published Role.
pub(crate) fn rules(text: &str, role: &str) -> Vec<Value> {
    let is_it = |it: &Value| it["kind"] == "Role" && it["metadata"]["name"] == role;
    let role = documents(text).into_iter().find(is_it).expect("a role");
    role["rules"].as_array().expect("rules").clone()
}

/// The same without a verb on a resource, which must be there.
pub(crate) fn without(rules: &[Value], resource: &str, verb: &str) -> Value {
    let mut rules = rules.to_vec();
    let is_of = |rule: &&mut Value| rule["resources"] == json!([resource]);
    let rule = rules.iter_mut().find(is_of).unwrap_or_else(|| panic!("no rule for {resource}"));
    let verbs = rule["verbs"].as_array_mut().expect("verbs");
    let before = verbs.len();
    verbs.retain(|known| known != verb);
    assert_eq!(verbs.len() + 1, before, "{resource} has {verb}");
    rules.retain(|rule| rule["verbs"] != json!([]));
    json!(rules)
}

/// A new version whose pods do not get ready: so both are there.
fn two_versions(cluster: &'static Cluster, name: &str) -> Namespace {
    let namespace = cluster.namespace(name);
    namespace.apply(DEPLOYMENT);
    namespace.until("deployment", "web", "complete", |it| it["status"]["availableReplicas"] == 2);
    namespace.kubectl(&["set", "image", "deployment/web", "app=app:bad"]);
    let has_ended = |pod: &Value| pod["status"]["containerStatuses"][0]["restartCount"].as_u64() >= Some(1);
    crate::bed::until("no pod of the new version has ended", || {
        namespace.list("pod", "app=web").iter().any(has_ended).then_some(())
    });
    namespace
}

/// Somebody with the published account of that name.
pub(crate) fn account(cluster: &Cluster, namespace: &Namespace, name: &str) -> Home {
    // What is there already is not made again.
    Home::new(cluster, &User::Account { namespace, name, rules: json!([]) })
}

fn rolled_back(home: &Home, namespace: &Namespace) -> Ran {
    home.run(&["rollback", &format!("k8s:{}/deployment/web", namespace.name()), "--yes"])
}

pub(crate) fn evidence(home: &Home) -> String {
    let state = home.path(".local/state/rollwatch");
    let mut said = String::new();
    let mut folders = vec![state];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.parent().and_then(Path::parent).is_some_and(|it| it.ends_with("evidence")) {
                said += &fs::read_to_string(path).expect("UTF-8");
            }
        }
    }
    said
}

#[test]
fn the_account_that_reads_watches_and_may_do_nothing_else() {
    let Some(cluster) = Cluster::shared() else { return };
    let namespace = two_versions(cluster, "reads");
    let text = published("rbac-read-only.yaml", &namespace);
    namespace.apply(&text);
    let home = account(cluster, &namespace, "rollwatch-reads");
    let ran = home.watch(&namespace, 3, "", &["--read-only"]);
    assert!([124, 10].contains(&ran.code), "{}{}", ran.err, ran.out);
    let pages = |ran: &Ran| ran.lines.iter().filter(|line| line["event"] == "sample" && line["source"] == "metrics").count();
    assert!(pages(&ran) > 0 && ran.lines.iter().any(|line| line["pod"].is_object()), "{}", ran.out);
    assert!(!ran.out.contains("you may not"), "{}", ran.out);
    let refused = rolled_back(&home, &namespace);
    let words = format!("you may not patch deployments in {}", namespace.name());
    assert!(refused.code != 0 && refused.err.contains(&words), "{refused:?}");
    assert_eq!(namespace.writes().iter().filter(|it| it["user"]["username"].to_string().contains("rollwatch")).count(), 0);

    let all = rules(&text, "rollwatch-reads");
    for (nth, (resource, verb, code, words)) in [
        ("deployments", "get", 3, "cannot get resource"),
        ("replicasets", "list", 3, "cannot list resource"),
        ("pods", "list", 3, "you may not list pods in"),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("less-{nth}");
        let user = User::Account { namespace: &namespace, name: &name, rules: without(&all, resource, verb) };
        let ran = Home::new(cluster, &user).watch(&namespace, 3, "", &["--read-only"]);
        let said = ran.err.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(ran.code == code && (said.contains(words) || said.contains("answered 403")), "{resource} {verb}: {ran:?}");
        assert!(said.contains(resource), "{resource} {verb}: {said}");
    }
    if cluster.has_network() {
        let user = User::Account { namespace: &namespace, name: "no-proxy", rules: without(&all, "pods/proxy", "get") };
        let ran = Home::new(cluster, &user).watch(&namespace, 3, "", &["--read-only"]);
        assert!(ran.out.contains("you may not get pods/proxy in"), "{}", ran.out);
    }
}

#[test]
fn the_account_that_acts_rolls_back_and_each_of_its_rights_is_for_something() {
    let Some(cluster) = Cluster::shared() else { return };
    let whole = two_versions(cluster, "acts");
    whole.apply(&published("rbac-acting.yaml", &whole));
    let home = account(cluster, &whole, "rollwatch-deployment");
    let ran = rolled_back(&home, &whole);
    assert_eq!(ran.code, 0, "{ran:?}");
    let kept = evidence(&home);
    assert!(kept.contains("pod/web-") && !kept.contains("not to be had"), "{kept}");
    if cluster.has_network() {
        assert!(kept.contains("cannot connect to the database"), "{kept}");
    }

    for (nth, (resource, verb, can, words)) in [
        ("deployments", "patch", false, "you may not patch deployments in"),
        ("deployments", "get", false, "deployments"),
        ("replicasets", "list", false, "replicasets"),
        ("pods/log", "get", true, "cannot get resource"),
        ("events", "list", true, "cannot list resource \"events\""),
    ]
    .into_iter()
    .enumerate()
    {
        let namespace = two_versions(cluster, "less");
        let all = rules(&published("rbac-acting.yaml", &namespace), "rollwatch-deployment");
        let name = format!("acts-{nth}");
        let user = User::Account { namespace: &namespace, name: &name, rules: without(&all, resource, verb) };
        let home = Home::new(cluster, &user);
        let ran = rolled_back(&home, &namespace);
        if can {
            assert_eq!(ran.code, 0, "{resource} {verb}: {ran:?}");
            if resource != "pods/log" || cluster.has_network() {
                assert!(evidence(&home).contains(words), "{resource} {verb}: {}", evidence(&home));
            }
        } else {
            assert!(ran.code != 0 && ran.err.contains(words), "{resource} {verb}: {ran:?}");
            assert_eq!(namespace.get("deployment", "web")["spec"]["template"]["spec"]["containers"][0]["image"], "app:bad");
        }
    }
}

#[test]
fn the_job_is_one_that_the_server_takes_and_its_words_are_understood() {
    let Some(cluster) = Cluster::shared() else { return };
    let namespace = two_versions(cluster, "job");
    namespace.apply(&published("rbac-acting.yaml", &namespace));
    let text = published("job.yaml", &namespace);
    let home = account(cluster, &namespace, "rollwatch-deployment");
    let file = home.path("job.yaml");
    fs::write(&file, &text).expect("written");
    let made = namespace.kubectl(&["create", "-f", file.to_str().expect("UTF-8")]);
    assert!(made.contains("job.batch/rollwatch-web-") && made.contains("created"), "{made}");
    let job = documents(&text).remove(0);
    let container = &job["spec"]["template"]["spec"]["containers"][0];
    let arguments: Vec<&str> = container["args"].as_array().expect("arguments").iter().filter_map(Value::as_str).collect();
    let arguments: Vec<&str> = arguments.iter().map(|it| if it.starts_with("--timeout=") { "--timeout=3s" } else { it }).collect();
    let state = home.path("state");
    let mut command = home.command(&arguments);
    let ran = Ran::from(command.env("XDG_STATE_HOME", &state).output().expect("the program starts"));
    assert!([124, 11].contains(&ran.code), "{ran:?}");
    assert_eq!(ran.last("watch.started")["backend"], "kubernetes");
    assert!(fs::read_dir(state.join("rollwatch")).expect("its journal").count() > 0);
}
