//! A real nginx under a folder of its own, in front of two services in this process.

use std::{
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use rollwatch::{
    backend::{
        Backend,
        nginx::{build, upstream_text},
    },
    config::file,
};
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::watch};

use rollwatch::backend::ladder::Plan;

use super::{
    config, load, plan,
    server::{free_address, installed, write_nginx_conf},
};
use crate::backend::support::until;

/// One version of the service.
pub(crate) struct Service {
    version: &'static str,
    address: SocketAddr,
    hits: AtomicU64,
    failures: AtomicU64,
    fails: AtomicBool,
    waiting: AtomicU64,
    gate: watch::Sender<bool>,
}

impl Service {
    async fn start(version: &'static str) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let gate = watch::Sender::new(false);
        let zero = || AtomicU64::new(0);
        let fails = AtomicBool::new(false);
        let service = Arc::new(Self { version, address, hits: zero(), failures: zero(), fails, waiting: zero(), gate });
        let app = Router::new()
            .route("/", get(async |State(service): State<Arc<Self>>| service.answer()))
            .route("/json", get(async |State(service): State<Arc<Self>>| Json(serde_json::json!({ "version": service.version }))))
            .route("/slow", get(Self::slow))
            .route("/metrics", get(async |State(service): State<Arc<Self>>| service.metrics()))
            .route("/health/ready", get(async || r#"{"status":"ready"}"#))
            .with_state(Arc::clone(&service));
        tokio::spawn(async move { axum::serve(listener, app).await });
        service
    }

    fn answer(&self) -> Response {
        let count = self.hits.fetch_add(1, Ordering::Relaxed);
        if self.fails.load(Ordering::Relaxed) && count.is_multiple_of(3) {
            self.failures.fetch_add(1, Ordering::Relaxed);
            return (StatusCode::INTERNAL_SERVER_ERROR, [("x-version", self.version)], "broken").into_response();
        }
        ([("x-version", self.version)], "hello").into_response()
    }

    /// What was really answered so far, as a client library would show it.
    fn metrics(&self) -> String {
        let (all, failed) = (self.hits.load(Ordering::Relaxed), self.failures.load(Ordering::Relaxed));
        let ok = all - failed;
        format!(
            "# TYPE http_requests_total counter\nhttp_requests_total{{status=\"200\"}} {ok}\nhttp_requests_total{{status=\"500\"}} {failed}\n\
             # TYPE http_request_duration_seconds histogram\nhttp_request_duration_seconds_bucket{{le=\"0.1\"}} {all}\n\
             http_request_duration_seconds_bucket{{le=\"+Inf\"}} {all}\nhttp_request_duration_seconds_sum 1\nhttp_request_duration_seconds_count {all}\n"
        )
    }

    /// Every third request fails from now on.
    pub(crate) fn break_it(&self) {
        self.fails.store(true, Ordering::Relaxed);
    }

    async fn slow(State(service): State<Arc<Self>>) -> impl IntoResponse {
        service.waiting.fetch_add(1, Ordering::Relaxed);
        service.gate.subscribe().wait_for(|open| *open).await.expect("the gate is kept");
        service.answer()
    }

    /// Requests that were answered.
    pub(crate) fn hits(&self) -> u64 {
        self.hits.load(Ordering::Relaxed)
    }

    /// Slow requests that have arrived.
    pub(crate) fn waiting(&self) -> u64 {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Answers the slow requests.
    pub(crate) fn release(&self) {
        self.gate.send_replace(true);
    }
}

/// The whole test bed.
pub(crate) struct Bed {
    dir: TempDir,
    nginx: Child,
    config: file::Nginx,
    /// The version that is trusted.
    pub(crate) baseline: Arc<Service>,
    /// The version that is judged.
    pub(crate) candidate: Arc<Service>,
    /// Where nginx listens.
    pub(crate) address: SocketAddr,
    /// The backend, with hands.
    pub(crate) backend: Backend,
}

impl Bed {
    /// Starts everything with the candidate at `weight`; none, after one sentence, where nginx is not installed.
    pub(crate) async fn start(weight: f64) -> Option<Self> {
        Self::start_with(weight, 1, &plan()).await
    }

    /// The same with so many servers of each version, of which the first is watched, and under that plan.
    pub(crate) async fn start_with(weight: f64, servers: usize, plan: &Plan) -> Option<Self> {
        let program = installed()?;
        let (baseline, candidate) = (Service::start("v2.4.0").await, Service::start("v2.5.0").await);
        let dir = tempfile::tempdir().expect("a folder");
        let address = free_address();
        let argv = write_nginx_conf(program, dir.path(), address);
        let argv: Vec<&str> = argv.iter().map(String::as_str).collect();
        let file = dir.path().join("upstream.conf");
        let (old, new) = (baseline.address.to_string(), candidate.address.to_string());
        let mut config = config(&file, &old, &new, &format!("http://{address}/"), &argv);
        config.pid_file = Some(dir.path().join("nginx.pid"));
        config.version_header = Some("X-Version".into());
        for _ in 1..servers {
            config.baseline.push(Service::start("v2.4.0").await.address.to_string());
            config.candidate.push(Service::start("v2.5.0").await.address.to_string());
        }
        std::fs::write(&file, upstream_text(&config, plan, weight).expect("valid")).expect("written");
        let nginx = Command::new(argv[0]).args(&argv[1..]).stderr(Stdio::null()).spawn().expect("nginx starts");
        let backend = build(&config, plan, false).expect("valid");
        let bed = Self { dir, nginx, config, baseline, candidate, address, backend };
        until("nginx answers", || async { load::get(address, "/").await }).await;
        Some(bed)
    }

    /// Writes a configuration file for the program, and says where it is.
    pub(crate) fn program_config(&self) -> PathBuf {
        self.program_config_of("window = \"30s\"", "weights = [\"5%\", \"25%\", \"50%\", \"75%\", \"100%\"]")
    }

    /// The same with that window, and those steps.
    pub(crate) fn program_config_of(&self, window: &str, steps: &str) -> PathBuf {
        let config = &self.config;
        let text = format!(
            "[deployment]\nname = \"app\"\n[notify]\ndesktop = false\nterminal = false\n\
             [baseline]\nversion = \"v2.4.0\"\nmetrics = [\"http://{}\"]\n[candidate]\nversion = \"v2.5.0\"\nmetrics = [\"http://{}\"]\n\
             [policy]\npoll = \"250ms\"\n{window}\nwarmup = \"500ms\"\nverify_timeout = \"20s\"\ngating = [\"errors\", \"health\"]\n\
             [steps]\n{steps}\n\
             [backend]\nkind = \"nginx\"\nupstream_file = \"{}\"\nupstream = {:?}\nbaseline = {:?}\ncandidate = {:?}\nurl = {:?}\n\
             version_header = \"X-Version\"\nnginx = {:?}\npid_file = \"{}\"\n",
            self.baseline.address,
            self.candidate.address,
            config.upstream_file.display(),
            config.upstream,
            config.baseline,
            config.candidate,
            config.url,
            config.nginx,
            config.pid_file.as_ref().expect("set").display(),
        );
        let path = self.dir.path().join("rollwatch.toml");
        std::fs::write(&path, text).expect("written");
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("private");
        path
    }

    /// The backend's configuration.
    pub(crate) fn config(&self) -> file::Nginx {
        self.config.clone()
    }

    /// The upstream file's text.
    pub(crate) fn upstream_file(&self) -> String {
        std::fs::read_to_string(&self.config.upstream_file).expect("there")
    }

    /// Writes the upstream file without nginx being told.
    pub(crate) fn write_upstream_file(&self, text: &str) {
        std::fs::write(&self.config.upstream_file, text).expect("written");
    }

    /// Makes nginx refuse its configuration, by another file than ours.
    pub(crate) fn break_configuration(&self) {
        std::fs::write(self.dir.path().join("more.conf"), "nonsense on;\n").expect("written");
    }

    /// Ends nginx with its workers, and waits for it. Killing the master alone would leave them behind.
    pub(crate) fn stop(&mut self) {
        let pid = i32::try_from(self.nginx.id()).ok().and_then(rustix::process::Pid::from_raw).expect("a process id");
        if self.nginx.try_wait().is_ok_and(|ended| ended.is_none()) {
            rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it is ours");
            self.nginx.wait().expect("it ends");
        }
    }
}

impl Drop for Bed {
    fn drop(&mut self) {
        self.stop();
    }
}
