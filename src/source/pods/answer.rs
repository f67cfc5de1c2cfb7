//! A page through the API server's pod proxy, and who the answer is from: the pod, or the server in between.

use std::time::Duration;

use serde_json::Value;

use crate::{
    source::{health::Probe, poll::Behind},
    text,
    wire::{
        http::{FetchError, Kind, Response},
        kube::{self, ApiError, Cluster, Page},
    },
};

/// What the server says when it did not reach the pod.
const UNREACHED: &str = "error trying to reach service: ";

/// Asks for it.
pub(super) async fn fetch(
    cluster: &Cluster,
    namespace: &str,
    page: &Behind,
    accept: &'static str,
    most: usize,
    limit: Duration,
) -> Probe {
    // The limit is said of the pod: the server only waits for it.
    match tokio::time::timeout(limit, cluster.page(&page.path, accept, most, limit * 2)).await {
        Ok(answer) => {
            answer.map_err(|error| unanswered(page, &error)).and_then(|answer| told(cluster.server(), namespace, page, answer))
        }
        Err(_) => Err(FetchError::timeout(&page.name, limit)),
    }
}

fn unanswered(page: &Behind, error: &ApiError) -> FetchError {
    match error.kind {
        kube::Kind::Unreadable => FetchError::told(Kind::TooLarge, &format!("{}: {error}", page.name)),
        _ => FetchError::told(Kind::Unreachable, &error.message),
    }
}

/// The pod's answer; or what the server says in its stead.
fn told(server: &str, namespace: &str, page: &Behind, answer: Page) -> Probe {
    let name = &page.name;
    if let Some(why) = refused(&answer) {
        return Err(match why {
            Refusal::Forbidden => {
                let why = format!("you may not get pods/proxy in {namespace}: no page of a pod is asked through the API server");
                FetchError::told(Kind::Unreachable, &why)
            }
            Refusal::Unreached(why) => FetchError::told(kind(&why), &format!("{name} does not answer: {why}")),
            Refusal::Other(code, why) => {
                FetchError::told(Kind::Unreachable, &format!("{name}: the API server {server} answered {code}: {why}"))
            }
        });
    }
    let Page { status, headers, body } = answer;
    let unreadable = || FetchError::told(Kind::Unreadable, &format!("{name} answered with the status {status}, which is none"));
    Response::fetched(name, status, headers, body).ok_or_else(unreadable)
}

/// What the server itself says.
enum Refusal {
    Forbidden,
    /// The pod was not reached.
    Unreached(String),
    Other(u16, String),
}

/// The server's own refusal; none where the answer is the pod's. The server speaks of pods in objects of the kind `Status`.
fn refused(answer: &Page) -> Option<Refusal> {
    if answer.status < 400 {
        return None;
    }
    let body = String::from_utf8_lossy(&answer.body);
    let status: Option<Value> =
        serde_json::from_str(&body).ok().filter(|said: &Value| said["kind"] == "Status" && said["apiVersion"] == "v1");
    let message = status.as_ref().map_or(&*body, |status| status["message"].as_str().unwrap_or_default());
    if let Some((_, why)) = message.split_once(UNREACHED).filter(|_| answer.status >= 500) {
        return Some(Refusal::Unreached(text::cleaned(why.trim())));
    }
    status.as_ref()?;
    match answer.status {
        401 | 403 => Some(Refusal::Forbidden),
        code => Some(Refusal::Other(code, text::cleaned(message))),
    }
}

/// What the server's words say about the pod.
fn kind(why: &str) -> Kind {
    if why.contains("connection refused") {
        Kind::Refused
    } else if why.contains("timeout") || why.contains("deadline") {
        Kind::Timeout
    } else if why.contains("EOF") || why.contains("reset") {
        Kind::Reset
    } else {
        Kind::Unreachable
    }
}

#[cfg(test)]
mod tests {
    use hyper::HeaderMap;
    use serde_json::json;

    use super::*;

    fn answered(status: u16, body: &str) -> Result<u16, (Kind, String)> {
        let page = Behind { path: "/api".into(), name: "web-1:80/metrics".into() };
        let answer = Page { status, headers: HeaderMap::new(), body: body.as_bytes().to_vec() };
        let told = told("api:6443", "shop", &page, answer);
        told.map(|answer| answer.status()).map_err(|error| (error.kind, error.to_string()))
    }

    fn status(code: u16, message: &str) -> String {
        json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "code": code }).to_string()
    }

    #[test]
    fn the_pods_answers_are_its_own() {
        for (code, body) in
            [(200, "up 1\n"), (404, "not found"), (503, "{\"status\":\"down\"}"), (500, ""), (403, "<html>"), (429, "slow down")]
        {
            assert_eq!(answered(code, body), Ok(code));
        }
    }

    #[test]
    fn the_servers_own_words_are_told_from_them() {
        let forbidden = status(403, "pods \"web-1:80\" is forbidden: User \"x\" cannot get resource \"pods/proxy\"");
        let why = "you may not get pods/proxy in shop: no page of a pod is asked through the API server";
        assert_eq!(answered(403, &forbidden), Err((Kind::Unreachable, why.to_owned())));
        for (rest, kind) in [
            ("dial tcp 10.0.0.1:80: connect: connection refused", Kind::Refused),
            ("dial tcp 10.0.0.1:80: i/o timeout", Kind::Timeout),
            ("EOF", Kind::Reset),
            ("dial tcp 10.0.0.1:80: connect: no route to host", Kind::Unreachable),
        ] {
            let want = Err((kind, format!("web-1:80/metrics does not answer: {rest}")));
            assert_eq!(answered(503, &status(503, &format!("{UNREACHED}{rest}"))), want);
            assert_eq!(answered(502, &format!("{UNREACHED}{rest}")), want, "as plain text");
        }
        let gone = answered(404, &status(404, "pods \"web-1\" not found"));
        assert_eq!(
            gone,
            Err((Kind::Unreachable, "web-1:80/metrics: the API server api:6443 answered 404: pods \"web-1\" not found".to_owned()))
        );
    }
}
