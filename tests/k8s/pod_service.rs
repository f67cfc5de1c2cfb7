//! The demo service that runs in every pod: metrics that grow with time, and health pages.
//!
//! | annotation of the pod | what it says |
//! |---|---|
//! | `lab/rps: "50"` | requests in a second, instead of 100 |
//! | `lab/errors: "20%"` | the share of requests that end in 500, instead of none |
//! | `lab/latency-ms: "400"` | how long a usual request takes, instead of 40 ms; one in twenty takes twice that |
//!
//! They may be changed while it runs. It listens on every container port of the pod, on 8080 where there is none.

use std::{
    fmt::Write as _,
    net::Ipv4Addr,
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{Router, extract::State, http::StatusCode, response::IntoResponse, routing::get};
use serde_json::Value;
use tokio::{sync::watch, time::Instant};

use super::{
    net::Net,
    object::{annotation, number, text},
};

/// The upper bounds of the histogram's buckets, in milliseconds.
const BUCKETS: [f64; 8] = [25.0, 50.0, 100.0, 200.0, 400.0, 800.0, 1600.0, 3200.0];

/// A running service; dropped, it ends with its connections.
pub(crate) struct Service {
    state: Arc<Mutex<Counts>>,
    _end: watch::Sender<()>,
}

/// How it behaves, and what it has counted.
struct Counts {
    version: String,
    is_ready: bool,
    per_second: f64,
    error_share: f64,
    latency_ms: f64,
    /// Until when requests were counted.
    counted: Instant,
    started: i64,
    requests: f64,
    errors: f64,
    /// Requests and seconds they took, by bucket.
    buckets: [f64; BUCKETS.len()],
    seconds: f64,
}

impl Service {
    /// Serves at an address, as the pod says.
    pub(crate) fn start(net: &Net, address: Ipv4Addr, pod: &Value) -> std::io::Result<Self> {
        let (end, ended) = watch::channel(());
        let state = Arc::new(Mutex::new(Counts::new(pod)));
        let routes = Router::new()
            .route("/metrics", get(metrics))
            .route("/health/ready", get(ready))
            .route("/health/live", get(async || r#"{"status":"alive"}"#))
            .with_state(Arc::clone(&state));
        for port in ports(pod) {
            let (listener, routes, mut ended) = (net.bind(address, port)?, routes.clone(), ended.clone());
            // Its connections end with it: the address will be another pod's.
            let gone = async move { drop(ended.changed().await) };
            tokio::spawn(async move { axum::serve(listener, routes).with_graceful_shutdown(gone).await });
        }
        Ok(Self { state, _end: end })
    }

    /// Behaves as the pod says from now on.
    pub(crate) fn behave(&self, pod: &Value, is_ready: bool) {
        let mut counts = lock(&self.state);
        counts.advance();
        counts.is_ready = is_ready;
        counts.obey(pod);
    }
}

impl Counts {
    fn new(pod: &Value) -> Self {
        let image = text(&pod["spec"]["containers"][0]["image"]);
        let version = image.rsplit_once(':').map_or("latest", |(_, tag)| tag).to_owned();
        let started = jiff::Timestamp::now().as_second();
        let mut counts = Self {
            version,
            is_ready: false,
            per_second: 0.0,
            error_share: 0.0,
            latency_ms: 0.0,
            counted: Instant::now(),
            started,
            requests: 0.0,
            errors: 0.0,
            buckets: [0.0; BUCKETS.len()],
            seconds: 0.0,
        };
        counts.obey(pod);
        counts
    }

    fn obey(&mut self, pod: &Value) {
        let figure = |name: &str, default: f64| {
            let said = annotation(pod, name).map(|text| text.trim_end_matches('%'));
            said.map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("lab/{name} is {text}")))
        };
        self.per_second = figure("rps", 100.0);
        self.error_share = figure("errors", 0.0) / 100.0;
        self.latency_ms = figure("latency-ms", 40.0);
    }

    /// Counts what has been asked since the last time. A service that is not ready is not asked.
    fn advance(&mut self) {
        let now = Instant::now();
        let asked = (now - self.counted).as_secs_f64() * if self.is_ready { self.per_second } else { 0.0 };
        self.counted = now;
        self.requests += asked;
        self.errors += asked * self.error_share;
        for (share, times) in [(0.5, 0.6), (0.45, 1.0), (0.05, 2.0)] {
            let took = self.latency_ms * times;
            self.seconds += asked * share * took / 1000.0;
            for (bucket, bound) in self.buckets.iter_mut().zip(BUCKETS) {
                *bucket += if took <= bound { asked * share } else { 0.0 };
            }
        }
    }

    fn page(&self) -> String {
        let errors = self.errors.floor();
        let mut page = format!(
            "# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds {}\n\
             # TYPE app_info gauge\napp_info{{version=\"{}\"}} 1\n\
             # TYPE http_requests_total counter\nhttp_requests_total{{status=\"200\"}} {}\nhttp_requests_total{{status=\"500\"}} {errors}\n\
             # TYPE http_request_duration_seconds histogram\n",
            self.started,
            self.version,
            self.requests.floor() - errors,
        );
        for (bucket, bound) in self.buckets.iter().zip(BUCKETS) {
            let bound = bound / 1000.0;
            writeln!(page, "http_request_duration_seconds_bucket{{le=\"{bound}\"}} {}", bucket.floor()).expect("a string grows");
        }
        let all = self.requests.floor();
        page + &format!(
            "http_request_duration_seconds_bucket{{le=\"+Inf\"}} {all}\nhttp_request_duration_seconds_sum {}\nhttp_request_duration_seconds_count {all}\n",
            self.seconds,
        )
    }
}

async fn metrics(State(state): State<Arc<Mutex<Counts>>>) -> String {
    let mut counts = lock(&state);
    counts.advance();
    counts.page()
}

async fn ready(State(state): State<Arc<Mutex<Counts>>>) -> impl IntoResponse {
    if lock(&state).is_ready {
        (StatusCode::OK, r#"{"status":"ready","checks":{"database":"ok"}}"#)
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, r#"{"status":"unready","checks":{"database":"failed"}}"#)
    }
}

fn ports(pod: &Value) -> Vec<u16> {
    let containers = pod["spec"]["containers"].as_array().into_iter().flatten();
    let ports = containers.flat_map(|container| container["ports"].as_array().into_iter().flatten());
    let ports: Vec<u16> = ports.filter_map(|port| u16::try_from(number(&port["containerPort"])).ok()).collect();
    if ports.is_empty() { vec![8080] } else { ports }
}

fn lock(state: &Mutex<Counts>) -> MutexGuard<'_, Counts> {
    state.lock().expect("nobody panics with it")
}
