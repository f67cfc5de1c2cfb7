//! Requests to the API server as paths and JSON, which is all that a stand-in and a test need.

use axum::http::{Method, Request};
use kube::Client;
use serde_json::Value;

/// Why the API server did not do it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The HTTP status; 0 when there was no answer.
    pub(crate) code: u16,
    pub(crate) message: String,
}

/// A client that writes under a name, which the API server keeps in `managedFields`.
#[derive(Clone)]
pub(crate) struct Rest {
    client: Client,
    manager: &'static str,
}

pub(crate) type Answer = Result<Value, Refusal>;

impl Rest {
    pub(crate) fn new(client: Client, manager: &'static str) -> Self {
        Self { client, manager }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, "", None).await
    }

    /// The items of a list, as the API server's cache has them when `path` says so; none while it does not answer.
    pub(crate) async fn list(&self, path: &str) -> Vec<Value> {
        let Ok(mut list) = self.get(path).await else { return Vec::new() };
        list["items"].as_array_mut().map(std::mem::take).unwrap_or_default()
    }

    pub(crate) async fn create(&self, path: &str, object: &Value) -> Answer {
        self.send(Method::POST, path, "application/json", Some(object)).await
    }

    /// RFC 7396: a field is replaced, null removes it, a list is replaced as a whole.
    pub(crate) async fn merge(&self, path: &str, patch: &Value) -> Answer {
        self.send(Method::PATCH, path, "application/merge-patch+json", Some(patch)).await
    }

    /// As Kubernetes merges its own types: lists with keys are merged by them.
    pub(crate) async fn strategic(&self, path: &str, patch: &Value) -> Answer {
        self.send(Method::PATCH, path, "application/strategic-merge-patch+json", Some(patch)).await
    }

    pub(crate) async fn delete(&self, path: &str, options: &Value) -> Answer {
        self.send(Method::DELETE, path, "application/json", Some(options)).await
    }

    /// An answer that need not be JSON.
    pub(crate) async fn text(&self, path: &str) -> Result<String, Refusal> {
        let request = Request::get(path).body(Vec::new()).expect("a path");
        self.client.request_text(request).await.map_err(|error| Refusal::from(&error))
    }

    async fn send(&self, method: Method, path: &str, kind: &str, body: Option<&Value>) -> Answer {
        let writes = method != Method::GET && method != Method::DELETE;
        let joint = if path.contains('?') { '&' } else { '?' };
        let path = if writes { format!("{path}{joint}fieldManager={}", self.manager) } else { path.to_owned() };
        let body = body.map(ToString::to_string).unwrap_or_default().into_bytes();
        let request = Request::builder().method(method).uri(path).header("content-type", kind).header("accept", "application/json");
        let request = request.body(body).expect("a path and a body");
        self.client.request(request).await.map_err(|error| Refusal::from(&error))
    }
}

impl From<&kube::Error> for Refusal {
    fn from(error: &kube::Error) -> Self {
        match error {
            kube::Error::Api(status) => Self { code: status.code, message: status.message.clone() },
            other => Self { code: 0, message: other.to_string() },
        }
    }
}
