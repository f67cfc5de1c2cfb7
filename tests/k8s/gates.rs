//! The gates of Flagger's load tester: what its webhooks are asked at, and what an operator opens and closes.
//!
//! A gate is one canary's, and closed until it is opened. `/gate/check` and `/rollback/check` answer 200 when open and 403 when closed;
//! `/gate/open`, `/gate/close`, `/rollback/open` and `/rollback/close` answer 202; `/gate/approve` always agrees, `/gate/halt` never.

use std::{
    collections::HashSet,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{Json, Router, extract::State, http::StatusCode, routing::post};
use serde_json::Value;
use tokio::{net::TcpListener, runtime::Runtime};

use super::object::text;

/// A running load tester; it stops when this is dropped.
pub(crate) struct Gates {
    at: SocketAddr,
    open: Open,
    _runtime: Runtime,
}

/// The gates that are open: `gate NAME.NAMESPACE`, `rollback NAME.NAMESPACE`.
type Open = Arc<Mutex<HashSet<String>>>;

impl Gates {
    pub(crate) fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let open = Open::default();
        let mut routes = Router::new()
            .route("/gate/approve", post(|| async { StatusCode::OK }))
            .route("/gate/halt", post(|| async { StatusCode::FORBIDDEN }));
        for gate in ["gate", "rollback"] {
            let check = move |State(open): State<Open>, Json(asked): Json<Value>| async move {
                if lock(&open).contains(&name(gate, &asked)) { StatusCode::OK } else { StatusCode::FORBIDDEN }
            };
            let set = move |is_open: bool| {
                move |State(open): State<Open>, Json(asked): Json<Value>| async move {
                    let name = name(gate, &asked);
                    if is_open {
                        lock(&open).insert(name)
                    } else {
                        lock(&open).remove(&name)
                    };
                    StatusCode::ACCEPTED
                }
            };
            routes = routes
                .route(&format!("/{gate}/check"), post(check))
                .route(&format!("/{gate}/open"), post(set(true)))
                .route(&format!("/{gate}/close"), post(set(false)));
        }
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
        let at = listener.local_addr().expect("an address");
        let routes = routes.with_state(Arc::clone(&open));
        runtime.spawn(async move { axum::serve(listener, routes).await });
        Self { at, open, _runtime: runtime }
    }

    /// `http://127.0.0.1:PORT`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.at)
    }

    /// Opens or closes a gate (`gate`, `rollback`) of a canary.
    pub(crate) fn set(&self, gate: &str, canary: &str, namespace: &str, is_open: bool) {
        let name = format!("{gate} {canary}.{namespace}");
        if is_open {
            lock(&self.open).insert(name)
        } else {
            lock(&self.open).remove(&name)
        };
    }

    pub(crate) fn is_open(&self, gate: &str, canary: &str, namespace: &str) -> bool {
        lock(&self.open).contains(&format!("{gate} {canary}.{namespace}"))
    }
}

fn name(gate: &str, asked: &Value) -> String {
    format!("{gate} {}.{}", text(&asked["name"]), text(&asked["namespace"]))
}

fn lock(open: &Open) -> std::sync::MutexGuard<'_, HashSet<String>> {
    open.lock().expect("nobody panics with it")
}
