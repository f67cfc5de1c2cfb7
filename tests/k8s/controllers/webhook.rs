//! Asks a webhook, as Flagger does: a POST with the canary's name, and yes is a status of success.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use url::Url;

use crate::bed::object::text;

/// Whether every webhook of a kind says yes; none of the kind says so too. The names of those that refused otherwise.
pub(crate) async fn ask(canary: &Value, kind: &str, phase: &str) -> Result<(), String> {
    for hook in of_kind(canary, kind) {
        if !is_yes(canary, hook, phase).await {
            return Err(text(&hook["name"]).to_owned());
        }
    }
    Ok(())
}

/// Whether any webhook of a kind says yes.
pub(crate) async fn any(canary: &Value, kind: &str, phase: &str) -> bool {
    for hook in of_kind(canary, kind) {
        if is_yes(canary, hook, phase).await {
            return true;
        }
    }
    false
}

fn of_kind<'a>(canary: &'a Value, kind: &'a str) -> impl Iterator<Item = &'a Value> {
    let hooks = canary["spec"]["analysis"]["webhooks"].as_array();
    hooks.into_iter().flatten().filter(move |hook| text(&hook["type"]) == kind)
}

async fn is_yes(canary: &Value, hook: &Value, phase: &str) -> bool {
    let metadata = &canary["metadata"];
    let body =
        json!({ "name": metadata["name"], "namespace": metadata["namespace"], "phase": phase, "metadata": hook["metadata"] });
    let asked = timeout(Duration::from_secs(2), post(text(&hook["url"]), &body.to_string())).await;
    asked.ok().and_then(Result::ok).is_some_and(|status| (200..=202).contains(&status))
}

/// The status of the answer.
async fn post(url: &str, body: &str) -> std::io::Result<u16> {
    let url = Url::parse(url).map_err(std::io::Error::other)?;
    let host = url.host_str().unwrap_or_default();
    let mut stream = TcpStream::connect((host, url.port_or_known_default().unwrap_or(80))).await?;
    let request = format!(
        "POST {} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        url.path(),
        body.len(),
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let status = answer.split_whitespace().nth(1).and_then(|status| status.parse().ok());
    status.ok_or_else(|| std::io::Error::other("no HTTP"))
}
