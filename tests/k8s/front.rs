//! A front before the real API server that counts changes, and breaks on demand what passes through.
//!
//! It speaks plain HTTP on loopback, so that a kubeconfig with `http://` leads through it; all that it lets pass is the server's own answer.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Method, Response, StatusCode, Uri, header},
};
use kube::client::Body as KubeBody;
use serde_json::Value;
use tokio::{net::TcpListener, sync::Notify};

use crate::bed::Cluster;

/// How the front breaks what passes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Break {
    /// Everything passes.
    #[default]
    Nothing,
    /// Every request is refused: 403.
    Refuses,
    /// The next request of each kind is asked to wait for a second, twice: 429, then 503 with a date.
    AsksForPatience,
    /// The next change is made and its answer never comes.
    LosesTheAnswer,
    /// A change is answered with the object as it is, and not made.
    DoesNothing,
    /// A change is taken and nothing follows.
    Hangs,
    /// Every connection is closed at once.
    IsGone,
    /// Every change of a workload's template is refused: what comes last in an action of several.
    RefusesTemplates,
}

/// A running front.
#[derive(Clone)]
pub(crate) struct Front {
    at: SocketAddr,
    inner: Arc<Inner>,
}

struct Inner {
    client: kube::Client,
    breaks: Mutex<Break>,
    patience: AtomicUsize,
    asked: Mutex<Vec<String>>,
    changed: Mutex<Vec<String>>,
    /// Told each time a change was made, before it is answered.
    made: Box<dyn Fn() + Send + Sync>,
    gone: Notify,
}

impl Front {
    /// A front before the cluster's first API server.
    pub(crate) fn before(cluster: &'static Cluster) -> Self {
        Self::with(cluster, cluster.client(), || ())
    }

    /// A front before the server of `client`; `made` is called when a change was made, before anybody is told.
    pub(crate) fn with(cluster: &'static Cluster, client: kube::Client, made: impl Fn() + Send + Sync + 'static) -> Self {
        let inner = Arc::new(Inner {
            client,
            breaks: Mutex::default(),
            patience: AtomicUsize::new(2),
            asked: Mutex::default(),
            changed: Mutex::default(),
            made: Box::new(made),
            gone: Notify::new(),
        });
        let routes = Router::new().fallback(pass).with_state(Arc::clone(&inner));
        let listener = cluster.wait(async { TcpListener::bind("127.0.0.1:0").await.expect("a free port") });
        let at = listener.local_addr().expect("bound");
        let ending = Arc::clone(&inner);
        cluster.spawn(async move {
            tokio::select! {
                served = axum::serve(listener, routes) => served.expect("it serves"),
                () = ending.gone.notified() => {}
            }
        });
        Self { at, inner }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.at)
    }

    pub(crate) fn port(&self) -> u16 {
        self.at.port()
    }

    pub(crate) fn inject(&self, breaks: Break) {
        *lock(&self.inner.breaks) = breaks;
        if breaks == Break::IsGone {
            self.inner.gone.notify_waiters();
        }
    }

    /// How often one and the same change was asked for, made or not.
    pub(crate) fn asked(&self) -> usize {
        most_alike(&lock(&self.inner.asked))
    }

    /// How often one and the same change was made.
    pub(crate) fn changed(&self) -> usize {
        most_alike(&lock(&self.inner.changed))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn most_alike(changes: &[String]) -> usize {
    changes.iter().map(|one| changes.iter().filter(|other| *other == one).count()).max().unwrap_or(0)
}

/// What a change is about, so that the same one is known again: without the version it depends on and without who asks. None for one
/// that only says who asks.
fn essence(path: &str, body: &[u8]) -> Option<String> {
    let mut change: Value = serde_json::from_slice(body).expect("a patch is JSON");
    let is_empty = match &mut change {
        Value::Object(fields) => {
            fields.remove("metadata");
            fields.is_empty()
        }
        Value::Array(operations) => {
            operations.retain(|operation| !operation["path"].as_str().is_some_and(|path| path.starts_with("/metadata")));
            operations.is_empty()
        }
        other => panic!("no patch: {other}"),
    };
    (!is_empty).then(|| format!("{path} {change}"))
}

fn contains(body: &[u8], part: &str) -> bool {
    String::from_utf8_lossy(body).contains(part)
}

async fn pass(State(front): State<Arc<Inner>>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let is_change = method == Method::PATCH;
    let change = if is_change { essence(uri.path(), &body) } else { None };
    lock(&front.asked).extend(change.clone());
    let breaks = *lock(&front.breaks);
    match breaks {
        Break::Refuses => return status(StatusCode::FORBIDDEN, "this account may do nothing here"),
        Break::RefusesTemplates if contains(&body, "/spec/template") => return status(StatusCode::FORBIDDEN, "no templates"),
        Break::AsksForPatience => match front.patience.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
        {
            Ok(2) => return patience(StatusCode::TOO_MANY_REQUESTS, "1"),
            Ok(_) => return patience(StatusCode::SERVICE_UNAVAILABLE, "Sun, 06 Nov 1994 08:49:38 GMT"),
            Err(_) => {}
        },
        Break::Hangs if is_change => std::future::pending().await,
        Break::IsGone => return status(StatusCode::BAD_GATEWAY, "nobody is here"),
        Break::DoesNothing if is_change => return front.forward(Method::GET, &uri, &headers, Bytes::new()).await,
        _ => {}
    }
    let answer = front.forward(method, &uri, &headers, body).await;
    if is_change && answer.status().is_success() {
        let is_loss = breaks == Break::LosesTheAnswer && change.is_some();
        lock(&front.changed).extend(change);
        (front.made)();
        if is_loss {
            *lock(&front.breaks) = Break::Nothing;
            tokio::time::sleep(Duration::from_secs(3600)).await;
        }
    }
    answer
}

impl Inner {
    async fn forward(&self, method: Method, uri: &Uri, headers: &HeaderMap, body: Bytes) -> Response<Body> {
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let mut request = axum::http::Request::builder().method(method).uri(path);
        for name in [header::ACCEPT, header::CONTENT_TYPE] {
            if let Some(value) = headers.get(&name) {
                request = request.header(name, value);
            }
        }
        let request = request.body(KubeBody::from(body.to_vec())).expect("a request");
        match self.client.send(request).await {
            Ok(answer) => answer.map(Body::new),
            Err(error) => status(StatusCode::BAD_GATEWAY, &error.to_string()),
        }
    }
}

fn status(code: StatusCode, message: &str) -> Response<Body> {
    let body =
        serde_json::json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "code": code.as_u16() });
    Response::builder()
        .status(code)
        .header(header::CONTENT_TYPE, "application/json")
        .body(body.to_string().into())
        .expect("an answer")
}

/// A date to wait for comes from a server whose clock is wrong.
fn patience(code: StatusCode, retry_after: &str) -> Response<Body> {
    let mut answer = status(code, "wait a little");
    answer.headers_mut().insert(header::RETRY_AFTER, retry_after.parse().expect("a header"));
    answer.headers_mut().insert(header::DATE, "Sun, 06 Nov 1994 08:49:37 GMT".parse().expect("a header"));
    answer
}
