//! A credential reaches the instance it is for, and nothing else: no output, no journal, no message.

use std::{
    fs,
    sync::{Arc, Mutex},
};

use axum::{Router, http::HeaderMap, routing::get};
use tokio::net::TcpListener;

use crate::{
    program::Home,
    service::{Counts, Service},
};

const CANARY: &str = "c4n4ry-53cr3t";

#[test]
fn a_canary_is_shown_to_its_instances_and_to_nobody_else() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let seen = Arc::new(Mutex::new(Vec::new()));
    let asked = Arc::clone(&seen);
    let page = move |headers: HeaderMap| {
        let text = |name| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
        asked.lock().expect("no panic").push((text("authorization"), text("x-api-key")));
        async { "# TYPE http_requests_total counter\nhttp_requests_total{status=\"200\"} 1\n" }
    };
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
    let at = listener.local_addr().expect("bound");
    runtime.spawn(async move { axum::serve(listener, Router::new().route("/metrics", get(page))).await });
    let other = Service::start(Counts { ok: 1, failed: 0, has_series: true });
    let home = Home::new();
    home.write("key", &format!("{CANARY}-file\n"));
    home.write(
        "rollwatch.toml",
        &format!(
            "[baseline]\nversion = \"v1\"\nmetrics = [\"http://{at}/metrics\"]\n[candidate]\nversion = \"v2\"\nmetrics = [\"{}\"]\n\
             [auth]\nbearer = {{ env = \"TOKEN\" }}\nheaders = {{ X-Api-Key = {{ file = \"key\" }} }}\n\
             [policy]\npoll = \"100ms\"\nwindow = \"1s\"\nwarmup = \"300ms\"\n",
            other.url()
        ),
    );
    let said = |arguments: &[&str]| {
        let output = home.command(arguments).env("TOKEN", format!("{CANARY}-env")).output().expect("runs");
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
    };
    let reports = ["--junit", "junit.xml", "--markdown", "report.md"];
    let mut everything = said(&[&["watch", "-c", "rollwatch.toml", "-vv", "--format", "jsonl"][..], &reports].concat());
    everything += &said(&["config", "show", "-c", "rollwatch.toml"]);
    everything += &said(&["lint", "rollwatch.toml"]);
    everything += &fs::read_to_string(home.journal()).expect("a journal");
    for report in ["junit.xml", "report.md"] {
        everything += &fs::read_to_string(home.path(report)).expect("a report");
    }
    assert!(everything.contains("watch.ended") && everything.contains("TOKEN"), "{everything}");
    assert!(!everything.contains(CANARY), "the secret is out");
    let seen = seen.lock().expect("no panic").clone();
    assert!(!seen.is_empty());
    for (authorization, key) in seen {
        assert_eq!((authorization, key), (format!("Bearer {CANARY}-env"), format!("{CANARY}-file")));
    }
}
