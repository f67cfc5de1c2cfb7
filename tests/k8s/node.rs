//! The node as the API server sees it: an address, and behind it the kubelet's HTTPS with the logs of containers.
//!
//! A container logs a line for each start and twenty after it; one that has crashed ends with `lab/log` of its pod, or a panic.

use std::{
    collections::HashMap,
    fmt::Write as _,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{
    Router,
    extract::{Path, Query, State},
    http::StatusCode,
    routing::get,
    serve::Listener,
};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::{
    net::Net,
    object::{annotation, text},
    pki::Issued,
    pod_status::Stage,
};

/// Where kubelets listen.
pub(crate) const PORT: u16 = 10250;

/// What the kubelet knows of the containers of its pods, by namespace and name.
pub(crate) type Containers = Arc<Mutex<HashMap<(String, String), Logs>>>;

/// What a pod's log is made of.
pub(crate) struct Logs {
    version: String,
    last_words: String,
    stage: Stage,
}

impl Logs {
    pub(crate) fn new(pod: &Value, stage: Stage) -> Self {
        let image = text(&pod["spec"]["containers"][0]["image"]);
        let version = image.rsplit_once(':').map_or("latest", |(_, tag)| tag).to_owned();
        let last_words = annotation(pod, "log").unwrap_or("panic: cannot connect to the database: connection refused");
        Self { version, last_words: last_words.to_owned(), stage }
    }

    /// The log of the container that runs, or of the one before it; or why there is none.
    fn lines(&self, pod: &str, container: &str, is_previous: bool) -> Result<Vec<String>, String> {
        let (run, has_ended) = match (self.stage, is_previous) {
            (Stage::ImagePull { .. } | Stage::Unschedulable, _) => {
                return Err(format!(
                    "container \"{container}\" in pod \"{pod}\" is waiting to start: trying and failing to pull image"
                ));
            }
            (Stage::Running { restarts }, false) => (restarts, false),
            (Stage::Crashed { restarts }, _) => (restarts, true),
            (Stage::Running { restarts }, true) if restarts > 0 => (restarts - 1, true),
            (Stage::Ready | Stage::Unready, false) => (0, false),
            _ => return Err(format!("previous terminated container \"{container}\" in pod \"{pod}\" not found")),
        };
        let mut lines = vec![format!("starting {container} version={} run={run}", self.version)];
        lines.extend((1..=20).map(|n| format!("level=info msg=\"request served\" version={} n={n}", self.version)));
        lines.extend(has_ended.then(|| self.last_words.clone()));
        Ok(lines)
    }
}

/// Serves the logs at the node's address.
pub(crate) fn serve(net: &Net, issued: &Issued, containers: Containers) -> std::io::Result<()> {
    let routes = Router::new().route("/containerLogs/{namespace}/{pod}/{container}", get(logs)).with_state(containers);
    let certificate = CertificateDer::from_pem_file(&issued.certificate).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(&issued.key).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("protocol versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("a certificate and its key");
    let listener = Tls { listener: net.bind(net.node(), PORT)?, acceptor: TlsAcceptor::from(Arc::new(config)) };
    tokio::spawn(async move { axum::serve(listener, routes).await });
    Ok(())
}

async fn logs(
    State(containers): State<Containers>,
    Path((namespace, pod, container)): Path<(String, String, String)>,
    Query(wanted): Query<HashMap<String, String>>,
) -> (StatusCode, Vec<u8>) {
    let known = lock(&containers);
    let Some(logs) = known.get(&(namespace.clone(), pod.clone())) else {
        return (StatusCode::NOT_FOUND, format!("pod \"{pod}_{namespace}\" not found").into_bytes());
    };
    let is_previous = wanted.get("previous").is_some_and(|said| said == "true");
    match logs.lines(&pod, &container, is_previous) {
        Ok(lines) => (StatusCode::OK, text_of(&lines, &wanted)),
        Err(why) => (StatusCode::BAD_REQUEST, why.into_bytes()),
    }
}

/// The last lines, as many as are wanted, and of the text as many bytes.
fn text_of(lines: &[String], wanted: &HashMap<String, String>) -> Vec<u8> {
    let figure = |name: &str| wanted.get(name).and_then(|said| said.parse::<usize>().ok());
    let skipped = figure("tailLines").map_or(0, |tail| lines.len().saturating_sub(tail));
    let has_times = wanted.get("timestamps").is_some_and(|said| said == "true");
    let mut text = String::new();
    for line in &lines[skipped..] {
        let time = if has_times { format!("{} ", jiff::Timestamp::now()) } else { String::new() };
        writeln!(text, "{time}{line}").expect("a string grows");
    }
    let mut bytes = text.into_bytes();
    bytes.truncate(figure("limitBytes").unwrap_or(usize::MAX));
    bytes
}

pub(crate) fn lock(containers: &Containers) -> MutexGuard<'_, HashMap<(String, String), Logs>> {
    containers.lock().expect("nobody panics with it")
}

/// A listener that speaks TLS.
struct Tls {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for Tls {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let Ok((stream, from)) = self.listener.accept().await else { continue };
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, from);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}
