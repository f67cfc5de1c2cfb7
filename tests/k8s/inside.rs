//! The program as it runs in a pod: its account's files in the place where a kubelet puts them, in a mount namespace of its own.

use std::{fs, io::Write as _, process::Command};

use serde_json::{Value, json};

use crate::{
    bed::{Cluster, Namespace, User},
    home::{Home, KUBECONFIG, Ran},
    in_cluster::DEPLOYMENT,
};

/// Where a kubelet puts an account's files.
const PLACE: &str = "/run/secrets/kubernetes.io/serviceaccount";
const SCRIPT: &str = "mount -t tmpfs tmpfs /run && mkdir -p \"$1\" && cp \"$2\"/* \"$1\" && shift 2 && exec \"$@\"";

/// The program inside, with the files of `account` and the address of the API server.
struct Inside<'a> {
    cluster: &'a Cluster,
    home: Home,
}

impl<'a> Inside<'a> {
    /// None, after one sentence, where no mount namespace can be made.
    fn new(cluster: &'a Cluster, namespace: &Namespace) -> Option<Self> {
        let can = Command::new("unshare").args(["--mount", "mount", "-t", "tmpfs", "tmpfs", "/run"]).output();
        if !can.is_ok_and(|ran| ran.status.success()) {
            writeln!(std::io::stderr(), "skipped: no mount namespace can be made here (needs root)").expect("stderr is open");
            return None;
        }
        let rules = json!([
            { "apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "patch"] },
            { "apiGroups": ["apps"], "resources": ["replicasets"], "verbs": ["list"] },
            { "apiGroups": [""], "resources": ["pods"], "verbs": ["list"] },
        ]);
        let home = Home::new(cluster, &User::Account { namespace, name: "inside", rules });
        let kubeconfig: Value = serde_json::from_slice(&fs::read(home.path(KUBECONFIG)).expect("there")).expect("JSON");
        fs::remove_file(home.path(KUBECONFIG)).expect("removed");
        let account = home.path("account");
        fs::create_dir(&account).expect("a folder");
        let token = kubeconfig["users"][0]["user"]["token"].as_str().expect("a token");
        fs::write(account.join("token"), token).expect("written");
        fs::write(account.join("namespace"), namespace.name()).expect("written");
        fs::copy(cluster.dir().join("pki/ca.crt"), account.join("ca.crt")).expect("copied");
        Some(Self { cluster, home })
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let usual = self.home.command(arguments);
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", SCRIPT, "sh", PLACE]).arg(self.home.path("account"));
        command.arg(usual.get_program()).args(usual.get_args()).current_dir(self.home.path(""));
        command.env_clear().envs(usual.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let url = self.cluster.url();
        let (host, port) = url.trim_start_matches("https://").rsplit_once(':').expect("a port");
        command.env("KUBERNETES_SERVICE_HOST", host).env("KUBERNETES_SERVICE_PORT", port);
        command.output().expect("it runs").into()
    }
}

#[test]
fn a_pods_own_account_watches_its_neighbours_directly_and_rolls_back() {
    let Some(cluster) = Cluster::shared() else { return };
    let namespace = cluster.namespace("inside");
    let Some(inside) = Inside::new(cluster, &namespace) else { return };
    namespace.apply(DEPLOYMENT);
    namespace.until("deployment", "web", "complete", |web| web["status"]["availableReplicas"] == 2);
    namespace.kubectl(&["set", "image", "deployment/web", "app=app:bad"]);
    let target = format!("k8s:{}/deployment/web", namespace.name());
    let arguments = ["watch", &target, "--headless", "--format=jsonl", "--auto-rollback", "--yes", "--timeout=60s"];
    let ran = crate::bed::until("the role is in force", || Some(inside.run(&arguments)).filter(|ran| ran.code != 3));
    assert_eq!(ran.code, 11, "{ran:?}");
    assert!(!ran.out.contains("you may not"), "{}", ran.out);
    let image = &namespace.get("deployment", "web")["spec"]["template"]["spec"]["containers"][0]["image"];
    assert_eq!(image, "app:v1");
    if cluster.has_network() {
        let first = &ran.last("watch.started")["asked"]["baseline"]["pages"]["first"][0];
        let first = first.as_str().expect("an address");
        assert!(first.starts_with("http://10.") && first.ends_with(":9090/metrics"), "{first}");
    }
}

#[test]
fn a_pod_without_an_account_is_told_what_is_missing() {
    let Some(cluster) = Cluster::shared() else { return };
    let namespace = cluster.namespace("bare");
    let Some(inside) = Inside::new(cluster, &namespace) else { return };
    fs::remove_file(inside.home.path("account/token")).expect("removed");
    let ran = inside.run(&["watch", &format!("k8s:{}/deployment/web", namespace.name()), "--headless"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    let said = ran.err.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ");
    assert!(said.contains("serviceaccount/token cannot be read: No such file") && said.contains("automount"), "{said}");
}
