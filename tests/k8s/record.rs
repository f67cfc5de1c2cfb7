//! Events about objects, and what the stand-ins were refused.

use serde_json::{Value, json};

use super::{
    object::{now, text},
    rest::{Answer, Rest},
};

/// What an event says.
#[derive(Debug)]
pub(crate) struct Told {
    /// `Normal` or `Warning`.
    pub(crate) kind: &'static str,
    pub(crate) reason: &'static str,
    pub(crate) message: String,
}

/// Writes an event, or counts one more of it.
pub(crate) async fn event(rest: &Rest, source: &str, about: &Value, told: &Told) {
    let metadata = &about["metadata"];
    let (namespace, name, at) = (text(&metadata["namespace"]), text(&metadata["name"]), now());
    let path = format!("/api/v1/namespaces/{namespace}/events");
    let kind = about["kind"].as_str().unwrap_or("Pod");
    let version = about["apiVersion"].as_str().unwrap_or("v1");
    // The same words are the same event.
    let own = format!("{name}.{}", super::object::hash(&format!("{kind} {} {}", told.reason, told.message)));
    let created = json!({
        "apiVersion": "v1", "kind": "Event", "metadata": { "name": own },
        "involvedObject": { "apiVersion": version, "kind": kind, "namespace": namespace, "name": name, "uid": metadata["uid"] },
        "type": told.kind, "reason": told.reason, "message": told.message, "count": 1, "firstTimestamp": at, "lastTimestamp": at,
        "source": { "component": source },
    });
    if rest.create(&path, &created).await.is_err_and(|error| error.code == 409) {
        let path = format!("{path}/{own}");
        let count = rest.get(&path).await.ok().and_then(|event| event["count"].as_u64()).unwrap_or(1) + 1;
        complain("counting", &path, &rest.merge(&path, &json!({ "count": count, "lastTimestamp": at })).await);
    }
}

/// Whether it was done. What has gone in the meantime, or was done before, is no complaint.
pub(crate) fn complain(what: &str, path: &str, done: &Answer) -> bool {
    if let Err(error) = done
        && ![0, 404, 409].contains(&error.code)
        && !error.message.contains("being terminated")
    {
        #[expect(clippy::print_stderr, reason = "a stand-in that is refused explains a failing test")]
        {
            eprintln!("{what} {path}: {error:?}");
        }
    }
    done.is_ok()
}
