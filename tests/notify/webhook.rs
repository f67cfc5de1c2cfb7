//! A webhook against a real HTTP server.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    response::Redirect,
    routing::post,
};
use rollwatch::{
    config::file,
    notify::{LIMIT, deliver, webhook::Webhook},
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, time::Instant};

use crate::notices::notice;

/// What a server was sent: content type and body.
type Received = Arc<Mutex<Vec<(String, Value)>>>;

async fn take(State(received): State<Received>, headers: HeaderMap, body: String) -> StatusCode {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("none").to_owned();
    received.lock().expect("no panic").push((kind, serde_json::from_str(&body).unwrap_or(Value::Null)));
    StatusCode::NO_CONTENT
}

/// Serves `router` on loopback for as long as the test runs, and returns its origin.
async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let origin = format!("http://{}", listener.local_addr().expect("bound"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    origin
}

/// A webhook whose whole URL but the origin is a secret.
fn webhook(origin: &str) -> Webhook {
    let config = file::Webhook { url: None, url_from: None, format: file::WebhookFormat::Json };
    Webhook::build(&config, Some(&format!("{origin}/hooks/s3cret?token=s3cret").into())).expect("built")
}

/// The error of a delivery, which must not tell the secret.
async fn refusal(origin: &str) -> String {
    let error = deliver(&webhook(origin), &notice()).await.expect_err("not taken");
    assert!(!error.contains("s3cret"), "{error}");
    error
}

#[tokio::test]
async fn a_notice_arrives_once_as_one_flat_object() {
    let received = Received::default();
    let origin = serve(Router::new().route("/hooks/s3cret", post(take)).with_state(Arc::clone(&received))).await;
    assert_eq!(deliver(&webhook(&origin), &notice()).await, Ok(()));
    let want = json!({
        "deployment": "api-server",
        "environment": "prod",
        "candidate": "v2.5.0",
        "subject": "errors",
        "state": "warn",
        "was": "pass",
        "tone": "bad",
        "title": "v2.5.0 leaning bad · api-server · prod",
        "body": "error rate 1.31 % > 1 %, baseline 0.29 %, 1 856 requests",
        "at": "2026-11-22T20:14:03.120Z",
    });
    assert_eq!(*received.lock().expect("no panic"), [("application/json".to_owned(), want)]);
}

#[tokio::test]
async fn an_answer_that_is_no_success_is_an_error_with_its_status() {
    let fails = || async { (StatusCode::INTERNAL_SERVER_ERROR, "s3cret") };
    let origin = serve(Router::new().route("/hooks/s3cret", post(fails))).await;
    assert_eq!(refusal(&origin).await, format!("{origin} answered 500 Internal Server Error"));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let hits = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&hits);
    let elsewhere = serve(Router::new().fallback(move || async move { count.fetch_add(1, Ordering::Relaxed).to_string() })).await;
    let to = format!("{elsewhere}/s3cret");
    let origin = serve(Router::new().fallback(move || async move { Redirect::temporary(&to) })).await;
    let want = format!("{origin} redirects to {elsewhere} (307 Temporary Redirect), which is not followed");
    assert_eq!(refusal(&origin).await, want);
    assert_eq!(hits.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_server_that_hangs_costs_two_seconds() {
    let origin = serve(Router::new().fallback(std::future::pending::<StatusCode>)).await;
    let start = Instant::now();
    let error = refusal(&origin).await;
    assert!((LIMIT..LIMIT * 2).contains(&start.elapsed()), "{:?}", start.elapsed());
    assert_eq!(error, "no answer within 2 s");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_an_error_at_once() {
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("bound");
    let error = refusal(&format!("http://{free}")).await;
    assert_eq!(error, format!("http://{free} refused the connection: nothing listens there"));
}
