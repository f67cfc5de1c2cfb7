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
    engine::notice::Notice,
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
    webhook_of(origin, file::WebhookFormat::Json)
}

fn webhook_of(origin: &str, format: file::WebhookFormat) -> Webhook {
    let config = file::Webhook { url: None, url_from: None, format };
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
        "baseline": "v2.4.0",
        "candidate": "v2.5.0",
        "subject": "errors",
        "state": "warn",
        "was": "pass",
        "tone": "bad",
        "title": "v2.5.0 leaning bad · api-server · prod",
        "body": "error rate 1.31 % > 1 %, baseline 0.29 %, 1 856 requests. Rolls back in about 30 s.",
        "next": "Rolls back in about 30 s.",
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

/// A text object within Slack's limits: its kind, at most so many characters, and none of the three that are control characters.
fn assert_text(object: &Value, kind: &str, longest: usize) {
    let text = object["text"].as_str().expect("text");
    assert_eq!(object["type"], kind);
    assert!((1..=longest).contains(&text.chars().count()), "{} characters: {text}", text.chars().count());
    let bare = ["&amp;", "&lt;", "&gt;"].iter().fold(text.to_owned(), |text, entity| text.replace(entity, ""));
    assert!(!bare.contains(['&', '<', '>']), "{text}");
}

/// A message as Slack's reference of incoming webhooks and Block Kit documents it.
fn assert_slack(message: &Value) {
    let keys: Vec<&String> = message.as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["text", "blocks"]);
    assert_text(&json!({"type": "fallback", "text": message["text"]}), "fallback", 3000);
    let blocks = message["blocks"].as_array().expect("blocks");
    assert!((1..=50).contains(&blocks.len()));
    for block in blocks {
        match block["type"].as_str().expect("a type") {
            "header" => assert_text(&block["text"], "plain_text", 150),
            "section" => {
                let fields = block["fields"].as_array();
                assert!(block["text"].is_object() || fields.is_some(), "a section has text or fields");
                if block["text"].is_object() {
                    assert_text(&block["text"], "mrkdwn", 3000);
                }
                if let Some(fields) = fields {
                    assert!((1..=10).contains(&fields.len()));
                    for field in fields {
                        assert_text(field, "mrkdwn", 2000);
                    }
                }
            }
            other => unreachable!("{other} is no block of ours"),
        }
    }
}

async fn posted_to_slack(notice: &Notice) -> Value {
    let received = Received::default();
    let origin = serve(Router::new().route("/hooks/s3cret", post(take)).with_state(Arc::clone(&received))).await;
    assert_eq!(deliver(&webhook_of(&origin, file::WebhookFormat::Slack), notice).await, Ok(()));
    let (kind, message) = received.lock().expect("no panic").pop().expect("one");
    assert_eq!(kind, "application/json");
    assert_slack(&message);
    message
}

#[tokio::test]
async fn slack_is_told_in_blocks() {
    let field = |label: &str, value: &str| json!({"type": "mrkdwn", "text": format!("*{label}*\n{value}"), "verbatim": true});
    let said = "error rate 1.31 % &gt; 1 %, baseline 0.29 %, 1 856 requests.";
    let title = "✗ v2.5.0 leaning bad · api-server · prod";
    let want = json!({
        "text": format!("{title}: {said} Rolls back in about 30 s."),
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": title, "emoji": false}},
            {"type": "section", "text": {"type": "mrkdwn", "text": said, "verbatim": true}},
            {"type": "section", "fields": [
                field("Deployment", "api-server · prod"),
                field("Versions", "v2.4.0 → v2.5.0"),
                field("Verdict", "errors: warn (was pass)"),
                field("Next", "Rolls back in about 30 s."),
            ]},
        ],
    });
    assert_eq!(posted_to_slack(&notice()).await, want);
}

#[tokio::test]
async fn whatever_a_notice_holds_slack_takes_it() {
    let long = "<!here> & <@U1> ".repeat(1000);
    let all = |text: &str| Notice {
        title: text.to_owned(),
        body: text.to_owned(),
        next: text.to_owned(),
        deployment: text.to_owned(),
        environment: text.to_owned(),
        baseline: text.to_owned(),
        candidate: text.to_owned(),
        subject: text.to_owned(),
        state: text.to_owned(),
        was: Some(text.to_owned()),
        ..notice()
    };
    posted_to_slack(&all(&long)).await;
    let message = posted_to_slack(&all("")).await;
    assert!(!message.to_string().contains("*Next*"), "{message}");
}
