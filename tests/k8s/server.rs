//! The control plane: etcd, kube-apiserver and kube-controller-manager on loopback, once for each test binary.

use std::{
    fs::{self, File},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::Duration,
};

use kube::{
    Client, Config,
    config::{KubeConfigOptions, Kubeconfig},
};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::{
    Namespace, controllers, crds,
    kubelet::Kubelet,
    net::{self, Net},
    pki::{Authority, Issued},
    process,
    rest::Rest,
    until,
    yaml::collection,
};

/// Set it to anything and a missing control plane is a failure.
const REQUIRED: &str = "ROLLWATCH_REQUIRE_SERVERS";
/// The folder with the control plane's programs, as envtest names it.
const ASSETS: &str = "KUBEBUILDER_ASSETS";
/// How long we wait for one thing of the control plane.
const PATIENCE: Duration = Duration::from_secs(60);
/// The address of everything here.
const LOOPBACK: Ipv4Addr = Ipv4Addr::LOCALHOST;

/// A running cluster.
pub(crate) struct Cluster {
    dir: PathBuf,
    assets: PathBuf,
    authority: Authority,
    admin: Issued,
    etcd: u16,
    api: OnceLock<Api>,
    runtime: Runtime,
    rest: OnceLock<Rest>,
    namespaces: AtomicUsize,
    net: Option<Arc<Net>>,
    _tidy: ChildStdin,
}

/// Who a kubeconfig is for.
pub(crate) enum User<'a> {
    /// May do everything.
    Admin,
    /// A service account of a namespace that may do there what `rules` (of a Role) say, and nothing else.
    Account { namespace: &'a Namespace, name: &'a str, rules: Value },
}

/// A kube-apiserver. Dropped, it is killed.
pub(crate) struct Api {
    child: Option<Child>,
    port: u16,
    arguments: Vec<String>,
    program: PathBuf,
    log: PathBuf,
}

impl Cluster {
    /// The cluster of this test binary; none, after one sentence, where the control plane's programs are not.
    pub(crate) fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<Cluster>> = OnceLock::new();
        SHARED.get_or_init(|| assets().map(Self::start)).as_ref()
    }

    fn start(assets: PathBuf) -> Self {
        let dir = tempfile::Builder::new().prefix("rollwatch-k8s-").tempdir().expect("a temporary directory").keep();
        let tidy = process::tidy_up_after_us(&dir, &net::removal());
        let authority = Authority::new(dir.join("pki"));
        let admin = authority.user("admin", "system:masters");
        for user in ["bed", "controllers"] {
            authority.user(user, "system:masters");
        }
        authority.server("apiserver", &[LOOPBACK.into()]);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        let etcd = free_port();
        let cluster = Self {
            dir,
            assets,
            authority,
            admin,
            etcd,
            api: OnceLock::new(),
            runtime,
            rest: OnceLock::new(),
            namespaces: AtomicUsize::new(0),
            net: Net::start().map(Arc::new),
            _tidy: tidy,
        };
        cluster.start_all();
        cluster
    }

    fn start_all(&self) {
        fs::write(self.dir.join("audit.yaml"), AUDIT).expect("written");
        self.start_etcd();
        assert!(self.api.set(self.new_api("apiserver")).is_ok(), "one API server is the first");
        self.wait_ready(&self.url());
        self.rest.get_or_init(|| Rest::new(self.client_at(&self.url(), "bed"), "bed"));
        crds::load(self);
        // Started when the custom resources are there: its garbage collector learns the kinds at its start.
        self.start_controller_manager();
        let node = self.net.iter().map(|net| net.node().into()).collect::<Vec<_>>();
        let issued = self.authority.server("node", &node);
        let kubelet = Kubelet::new(Rest::new(self.client_at(&self.url(), "bed"), "kubelet"), self.net.clone());
        self.runtime.spawn(kubelet.run(issued));
        self.runtime.spawn(controllers::run_argo(Rest::new(self.client_at(&self.url(), "bed"), "rollouts-controller")));
        self.runtime.spawn(controllers::run_flagger(Rest::new(self.client_at(&self.url(), "bed"), "flagger")));
        until("the controller manager does nothing", || {
            let rest = self.rest();
            self.wait(async move { rest.get("/api/v1/namespaces/default/serviceaccounts/default").await.ok() })
        });
    }

    fn start_etcd(&self) {
        let peers = format!("http://{LOOPBACK}:{}", free_port());
        let clients = format!("http://{LOOPBACK}:{}", self.etcd);
        let mut etcd = process::mortal(&self.assets.join("etcd"));
        etcd.args(["--name=bed", "--unsafe-no-fsync", "--logger=zap", "--log-level=warn", "--snapshot-count=5000"]);
        etcd.arg(format!("--data-dir={}", self.dir.join("etcd").display()));
        etcd.args([format!("--listen-client-urls={clients}"), format!("--advertise-client-urls={clients}")]);
        etcd.args([format!("--listen-peer-urls={peers}"), format!("--initial-advertise-peer-urls={peers}")]);
        etcd.arg(format!("--initial-cluster=bed={peers}"));
        drop(run(etcd, &self.dir.join("etcd.log")));
        until("etcd does not listen", || TcpStream::connect((LOOPBACK, self.etcd)).ok());
    }

    fn start_controller_manager(&self) {
        let kubeconfig = self.dir.join("controllers.kubeconfig");
        fs::write(&kubeconfig, self.kubeconfig_of_us(&self.url(), "controllers").to_string()).expect("written");
        let mut manager = process::mortal(&self.assets.join("kube-controller-manager"));
        manager.args(["--secure-port=0", "--port=0", "--leader-elect=false", "--kube-api-qps=200", "--kube-api-burst=400"]);
        manager.arg("--controllers=deployment,replicaset,endpoint,namespace,garbagecollector,serviceaccount,horizontalpodautoscaling,disruption");
        manager.arg(format!("--kubeconfig={}", kubeconfig.display()));
        manager.arg(format!("--cert-dir={}", self.dir.join("certs").display()));
        drop(run(manager, &self.dir.join("controller-manager.log")));
    }

    /// Where the API server listens.
    pub(crate) fn url(&self) -> String {
        self.api.get().expect("it was started first").url()
    }

    /// Who may do everything, on the cluster's own runtime.
    pub(crate) fn client(&self) -> Client {
        self.client_at(&self.url(), "admin")
    }

    /// How to become somebody who may do everything, for a client on a runtime of the caller's.
    pub(crate) async fn config(&self) -> Config {
        config(self.kubeconfig_of_us(&self.url(), "admin")).await
    }

    fn client_at(&self, url: &str, user: &str) -> Client {
        let kubeconfig = self.kubeconfig_of_us(url, user);
        let _inside = self.runtime.enter();
        let config = self.wait(config(kubeconfig));
        Client::try_from(config).expect("a client")
    }

    /// Whether pods have addresses, which needs root; where they have none, a sentence has said so at the start.
    pub(crate) fn has_network(&self) -> bool {
        self.net.is_some()
    }

    /// A new namespace whose name begins with `prefix`.
    pub(crate) fn namespace(&'static self, prefix: &str) -> Namespace {
        let number = self.namespaces.fetch_add(1, Ordering::Relaxed);
        Namespace::create(self, format!("{prefix}-{number}"))
    }

    /// Writes a kubeconfig for a user into a folder.
    pub(crate) fn kubeconfig(&self, dir: &Path, user: &User<'_>) -> PathBuf {
        self.kubeconfig_at(&self.url(), dir, user)
    }

    /// The same for another server, such as a second API server, or a front before one: `https://` with the certificate
    /// in [`Cluster::dir`], or `http://`.
    pub(crate) fn kubeconfig_at(&self, url: &str, dir: &Path, user: &User<'_>) -> PathBuf {
        let (name, namespace, secret) = match user {
            User::Admin => {
                ("admin", "default", json!({ "client-certificate": self.admin.certificate, "client-key": self.admin.key }))
            }
            User::Account { namespace, name, rules } => {
                (*name, namespace.name(), json!({ "token": self.token(namespace.name(), name, rules) }))
            }
        };
        let path = dir.join(format!("{name}.kubeconfig"));
        fs::write(&path, self.kubeconfig_text(url, name, namespace, &secret).to_string()).expect("written");
        path
    }

    fn kubeconfig_of_us(&self, url: &str, user: &str) -> Value {
        let file = |ending: &str| self.authority.file(&format!("{user}.{ending}"));
        self.kubeconfig_text(url, user, "default", &json!({ "client-certificate": file("crt"), "client-key": file("key") }))
    }

    fn kubeconfig_text(&self, url: &str, user: &str, namespace: &str, secret: &Value) -> Value {
        let mut cluster = json!({ "server": url });
        if url.starts_with("https:") {
            cluster["certificate-authority"] = json!(self.authority.file("ca.crt"));
        }
        json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "bed",
            "clusters": [{ "name": "bed", "cluster": cluster }],
            "users": [{ "name": user, "user": secret }],
            "contexts": [{ "name": "bed", "context": { "cluster": "bed", "user": user, "namespace": namespace } }],
        })
    }

    /// Makes a service account with a role and asks for its token.
    fn token(&self, namespace: &str, name: &str, rules: &Value) -> String {
        let rbac = "rbac.authorization.k8s.io";
        let named = json!({ "name": name });
        let objects = [
            json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": named }),
            json!({ "apiVersion": format!("{rbac}/v1"), "kind": "Role", "metadata": named, "rules": rules }),
            json!({
                "apiVersion": format!("{rbac}/v1"), "kind": "RoleBinding", "metadata": named,
                "roleRef": { "apiGroup": rbac, "kind": "Role", "name": name },
                "subjects": [{ "kind": "ServiceAccount", "name": name, "namespace": namespace }],
            }),
        ];
        let (rest, namespace, name) = (self.rest(), namespace.to_owned(), name.to_owned());
        self.wait(async move {
            for object in objects {
                let text = |field: &str| object[field].as_str().expect("a text").to_owned();
                let path = collection(&text("apiVersion"), &text("kind"), &namespace);
                let created = rest.create(&path, &object).await;
                assert!(created.as_ref().is_ok_and(|_| true) || created.as_ref().is_err_and(|e| e.code == 409), "{created:?}");
            }
            let request =
                json!({ "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": { "audiences": [AUDIENCE] } });
            let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token");
            let answer = rest.create(&path, &request).await.expect("a token");
            answer["status"]["token"].as_str().expect("a token").to_owned()
        })
    }

    /// Another API server of the same cluster, which a test may kill and start again.
    pub(crate) fn second_api(&self) -> Api {
        let number = self.namespaces.fetch_add(1, Ordering::Relaxed);
        let api = self.new_api(&format!("apiserver-{number}"));
        self.wait_ready(&api.url());
        api
    }

    /// Waits until an API server (again) answers that it is ready.
    pub(crate) fn wait_ready(&self, url: &str) {
        let rest = Rest::new(self.client_at(url, "bed"), "bed");
        until("the API server is not ready", || {
            let rest = rest.clone();
            self.wait(async move { rest.text("/readyz").await.ok().filter(|text| text == "ok") })
        });
    }

    /// The cluster's own folder, with its logs and, in `pki`, the certificates and keys: `apiserver.crt` also serves a front on loopback.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The writes in a namespace by others than the control plane and the stand-ins, as events of the audit log: with `verb`,
    /// `user.username`, `userAgent`, `objectRef` and `responseStatus.code`.
    pub(crate) fn writes(&self, namespace: &str) -> Vec<Value> {
        let logs = fs::read_dir(&self.dir).expect("our folder").map(|file| file.expect("a file").path());
        let logs = logs.filter(|path| path.extension().is_some_and(|ending| ending == "audit"));
        let text: String = logs.map(|path| fs::read_to_string(path).expect("a log")).collect();
        let events = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        events.filter(|event| event["objectRef"]["namespace"] == namespace).collect()
    }

    /// Runs kubectl as somebody who may do everything.
    pub(crate) fn kubectl(&self, arguments: &[&str]) -> std::process::Output {
        let kubeconfig = self.dir.join("admin.kubeconfig");
        if !kubeconfig.exists() {
            self.kubeconfig(&self.dir, &User::Admin);
        }
        let beside = self.assets.join("kubectl");
        let mut kubectl = Command::new(if beside.exists() { beside } else { PathBuf::from("kubectl") });
        kubectl.env("HOME", &self.dir).env("KUBECONFIG", kubeconfig).args(arguments);
        kubectl.output().expect("kubectl is installed")
    }

    /// Requests as somebody who may do everything, which the audit log leaves out.
    pub(crate) fn rest(&self) -> Rest {
        self.rest.get().expect("the cluster is up").clone()
    }

    /// Waits for an answer from the cluster's runtime; also called from within another runtime.
    pub(crate) fn wait<T: Send + 'static>(&self, answer: impl Future<Output = T> + Send + 'static) -> T {
        let (sender, receiver) = mpsc::sync_channel(1);
        self.runtime.spawn(async move { sender.send(answer.await).unwrap_or_default() });
        receiver.recv_timeout(PATIENCE).unwrap_or_else(|error| panic!("{error}; the logs: {}", self.last_words()))
    }

    /// Runs something for as long as the cluster runs.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.runtime.spawn(task);
    }

    fn last_words(&self) -> String {
        let logs = ["etcd.log", "apiserver.log", "controller-manager.log"].map(|name| {
            let text = fs::read_to_string(self.dir.join(name)).unwrap_or_default();
            let lines: Vec<&str> = text.lines().collect();
            format!("\n== {name}\n{}", lines[lines.len().saturating_sub(15)..].join("\n"))
        });
        logs.concat()
    }

    fn new_api(&self, name: &str) -> Api {
        let port = free_port();
        let pki = |file: &str| self.authority.file(file).display().to_string();
        let dir = self.dir.display();
        let arguments = vec![
            format!("--etcd-servers=http://{LOOPBACK}:{}", self.etcd),
            format!("--bind-address={LOOPBACK}"),
            format!("--advertise-address={LOOPBACK}"),
            format!("--secure-port={port}"),
            "--insecure-port=0".into(),
            format!("--cert-dir={dir}/certs"),
            format!("--tls-cert-file={}", pki("apiserver.crt")),
            format!("--tls-private-key-file={}", pki("apiserver.key")),
            format!("--client-ca-file={}", pki("ca.crt")),
            format!("--service-account-key-file={}", pki("sa.pub")),
            format!("--service-account-signing-key-file={}", pki("sa.key")),
            format!("--service-account-issuer={AUDIENCE}"),
            format!("--api-audiences={AUDIENCE}"),
            // Without the plugin, pods need no token of an account.
            "--disable-admission-plugins=ServiceAccount".into(),
            "--authorization-mode=RBAC".into(),
            "--service-cluster-ip-range=10.0.0.0/24".into(),
            "--allow-privileged=true".into(),
            "--enable-priority-and-fairness=false".into(),
            "--profiling=false".into(),
            format!("--kubelet-client-certificate={}", pki("bed.crt")),
            format!("--kubelet-client-key={}", pki("bed.key")),
            format!("--kubelet-certificate-authority={}", pki("ca.crt")),
            "--kubelet-preferred-address-types=InternalIP".into(),
            format!("--audit-policy-file={dir}/audit.yaml"),
            format!("--audit-log-path={dir}/{name}.audit"),
            "--audit-log-mode=blocking".into(),
        ];
        let mut api = Api {
            child: None,
            port,
            arguments,
            program: self.assets.join("kube-apiserver"),
            log: self.dir.join(format!("{name}.log")),
        };
        api.start();
        api
    }
}

impl Api {
    pub(crate) fn url(&self) -> String {
        format!("https://{LOOPBACK}:{}", self.port)
    }

    /// Starts it where it was before; [`Cluster::wait_ready`] waits for it.
    pub(crate) fn start(&mut self) {
        let mut command = process::mortal(&self.program);
        command.args(&self.arguments);
        self.child = Some(run(command, &self.log));
    }

    /// Kills it at once: what it is doing is not finished.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("it runs");
            child.wait().expect("it ends");
        }
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Who tokens are for.
const AUDIENCE: &str = "https://kubernetes.default.svc";

/// Writes by users, without those of the control plane and of the stand-ins.
const AUDIT: &str = r#"{
  "apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": ["RequestReceived"],
  "rules": [
    { "level": "None", "users": ["bed", "controllers", "system:apiserver", "system:anonymous"] },
    { "level": "None", "verbs": ["get", "list", "watch"] },
    { "level": "Request" }
  ]
}"#;

async fn config(kubeconfig: Value) -> Config {
    let kubeconfig: Kubeconfig = serde_json::from_value(kubeconfig).expect("a kubeconfig");
    Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.expect("a configuration")
}

fn run(mut command: Command, log: &Path) -> Child {
    let file = File::options().create(true).append(true).open(log).expect("a log");
    // A small heap rather than a quick garbage collector.
    command.env("GOGC", "50").stdout(file.try_clone().expect("a log")).stderr(file);
    process::start(command)
}

fn free_port() -> u16 {
    TcpListener::bind((LOOPBACK, 0)).and_then(|listener| listener.local_addr()).expect("a free port").port()
}

/// The folder with the control plane's programs.
fn assets() -> Option<PathBuf> {
    let folder = std::env::var_os(ASSETS).map(PathBuf::from);
    let lacks = |folder: &Path| {
        let has = |program: &str| folder.join(program).exists();
        let is_installed =
            || std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join("kubectl").exists()));
        let missing = ["etcd", "kube-apiserver", "kube-controller-manager"].into_iter().find(|program| !has(program));
        missing.or_else(|| (!has("kubectl") && !is_installed()).then_some("kubectl"))
    };
    let sentence = match &folder {
        None => format!("{ASSETS} is not set: it names a folder with kube-apiserver, kube-controller-manager, etcd and kubectl"),
        Some(folder) => match lacks(folder) {
            Some(program) => format!("{ASSETS} is {}, where {program} is not", folder.display()),
            None => return Some(folder.clone()),
        },
    };
    assert!(std::env::var_os(REQUIRED).is_none(), "{sentence}");
    #[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
    {
        eprintln!("skipped: {sentence}");
    }
    None
}
