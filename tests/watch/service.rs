//! Two versions of a service that count a fixed number of requests at every scrape, so that polls and not seconds make the traffic.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{Router, routing::get};
use tokio::{net::TcpListener, runtime::Runtime};

/// A running service; it stops when this is dropped.
pub(crate) struct Service {
    pub(crate) at: SocketAddr,
    _runtime: Runtime,
}

/// What a service's pages hold.
#[derive(Clone, Copy)]
pub(crate) struct Counts {
    pub(crate) ok: u64,
    pub(crate) failed: u64,
    /// The page declares the families.
    pub(crate) has_series: bool,
}

impl Service {
    /// A service that counts `counts` more at each scrape.
    pub(crate) fn start(counts: Counts) -> Self {
        Self::with(move |scrapes| page(counts, scrapes))
    }

    /// A service whose page is `page` of how often it was read, from 1.
    pub(crate) fn with(page: impl Fn(u64) -> String + Clone + Send + Sync + 'static) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let scrapes = Arc::new(AtomicU64::new(0));
        let metrics = move || {
            let text = page(scrapes.fetch_add(1, Ordering::Relaxed) + 1);
            async move { text }
        };
        let ready = || async { r#"{"status":"ready","checks":{"database":"ok"}}"# };
        let routes =
            Router::new().route("/metrics", get(metrics)).route("/health/ready", get(ready)).route("/health/live", get(ready));
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
        let at = listener.local_addr().expect("an address");
        runtime.spawn(async move { axum::serve(listener, routes).await });
        Self { at, _runtime: runtime }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.at)
    }
}

fn page(counts: Counts, scrapes: u64) -> String {
    if !counts.has_series {
        return "# TYPE up gauge\nup 1\n".to_owned();
    }
    let (ok, failed) = (counts.ok * scrapes, counts.failed * scrapes);
    let all = ok + failed;
    let under = |part: u64| all * part / 1000;
    format!(
        "# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds 1700000000\n\
         # TYPE http_requests_total counter\nhttp_requests_total{{status=\"200\"}} {ok}\nhttp_requests_total{{status=\"500\"}} {failed}\n\
         # TYPE http_request_duration_seconds histogram\n\
         http_request_duration_seconds_bucket{{le=\"0.1\"}} {}\nhttp_request_duration_seconds_bucket{{le=\"0.2\"}} {}\n\
         http_request_duration_seconds_bucket{{le=\"0.4\"}} {}\nhttp_request_duration_seconds_bucket{{le=\"+Inf\"}} {all}\n\
         http_request_duration_seconds_sum {}\nhttp_request_duration_seconds_count {all}\n",
        under(900),
        under(990),
        under(998),
        all / 20,
    )
}

/// A configuration for two services with quick polls, and `more` sections.
pub(crate) fn config(baseline: &Service, candidate: &Service, more: &str) -> String {
    format!(
        "[deployment]\nname = \"api\"\n[baseline]\nversion = \"v1\"\nmetrics = [\"{}\"]\n[candidate]\nversion = \"v2\"\nmetrics = [\"{}\"]\n\
         [policy]\npoll = \"100ms\"\nwindow = \"5s\"\nwarmup = \"500ms\"\nverify_timeout = \"2s\"\n[notify]\ndesktop = false\nterminal = false\n{more}",
        baseline.url(),
        candidate.url(),
    )
}

/// A pair of services: a healthy baseline, and a candidate that fails three requests of ten when `bad`.
pub(crate) fn pair(bad: bool) -> (Service, Service) {
    let baseline = Service::start(Counts { ok: 299, failed: 1, has_series: true });
    let candidate =
        if bad { Counts { ok: 70, failed: 30, has_series: true } } else { Counts { ok: 100, failed: 0, has_series: true } };
    (baseline, Service::start(candidate))
}
