//! A namespace of one test, and what a test does in it.

use std::process::Output;

use serde_json::{Value, json};

use super::{
    Cluster,
    rest::{Answer, Refusal},
    until,
    yaml::{collection, documents, version},
};

/// Everything in it is removed when it is dropped.
pub(crate) struct Namespace {
    cluster: &'static Cluster,
    name: String,
}

impl Namespace {
    pub(crate) fn create(cluster: &'static Cluster, name: String) -> Self {
        let rest = cluster.rest();
        let object = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } });
        cluster.wait(async move { rest.create("/api/v1/namespaces", &object).await }).expect("a namespace");
        Self { cluster, name }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Creates what a manifest (YAML or JSON, several documents) describes, or merges it into what is there; the last object.
    pub(crate) fn apply(&self, manifest: &str) -> Value {
        let applied: Vec<Value> = documents(manifest).into_iter().map(|document| self.apply_one(document)).collect();
        applied.into_iter().next_back().expect("a document")
    }

    fn apply_one(&self, object: Value) -> Value {
        let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("no name, kind or version: {object}")).to_owned();
        let path = collection(&text(&object["apiVersion"]), &text(&object["kind"]), &self.name);
        let one = format!("{path}/{}", text(&object["metadata"]["name"]));
        let rest = self.cluster.rest();
        let applied = self.cluster.wait(async move {
            match rest.create(&path, &object).await {
                Err(Refusal { code: 409, .. }) => rest.merge(&one, &object).await,
                other => other,
            }
        });
        applied.unwrap_or_else(|error| panic!("{}", error.message))
    }

    /// The object, which must be there.
    pub(crate) fn get(&self, kind: &str, name: &str) -> Value {
        self.find(kind, name).unwrap_or_else(|| panic!("there is no {kind}/{name}"))
    }

    /// The object, if it is there. A kind is its name in small letters.
    pub(crate) fn find(&self, kind: &str, name: &str) -> Option<Value> {
        let (rest, path) = (self.cluster.rest(), self.path(kind, name));
        match self.cluster.wait(async move { rest.get(&path).await }) {
            Ok(found) => Some(found),
            Err(Refusal { code: 404, .. }) => None,
            Err(error) => panic!("{kind}/{name}: {}", error.message),
        }
    }

    /// All of a kind that a label selector names; all of the kind for "".
    pub(crate) fn list(&self, kind: &str, selector: &str) -> Vec<Value> {
        let selector: String = url::form_urlencoded::byte_serialize(selector.as_bytes()).collect();
        let (rest, path) = (self.cluster.rest(), format!("{}?labelSelector={selector}", self.collection(kind)));
        self.cluster.wait(async move { rest.list(&path).await })
    }

    /// Merges (RFC 7396) into an object, as somebody else than rollwatch; the object after it.
    pub(crate) fn patch(&self, kind: &str, name: &str, patch: &Value) -> Value {
        self.try_patch(kind, name, patch).unwrap_or_else(|error| panic!("{kind}/{name}: {}", error.message))
    }

    /// The same, where the server may refuse. A kind may be a path: `pod` with `NAME/status`.
    pub(crate) fn try_patch(&self, kind: &str, name: &str, patch: &Value) -> Answer {
        let (rest, path, patch) = (self.cluster.rest(), self.path(kind, name), patch.clone());
        self.cluster.wait(async move { rest.merge(&path, &patch).await })
    }

    /// Merges into an object's status.
    pub(crate) fn patch_status(&self, kind: &str, name: &str, status: &Value) -> Value {
        self.patch(kind, &format!("{name}/status"), &json!({ "status": status }))
    }

    pub(crate) fn delete(&self, kind: &str, name: &str) {
        let (rest, path) = (self.cluster.rest(), self.path(kind, name));
        let options = json!({ "propagationPolicy": "Background" });
        self.cluster.wait(async move { rest.delete(&path, &options).await }).unwrap_or_else(|error| panic!("{}", error.message));
    }

    /// Waits until an object is as wanted; the object.
    pub(crate) fn until(&self, kind: &str, name: &str, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let what = format!("{kind}/{name} in {} is not {what}", self.name);
        until(&what, || self.find(kind, name).filter(|found| wanted(found)))
    }

    /// What kubectl prints about this namespace; it must succeed.
    pub(crate) fn kubectl(&self, arguments: &[&str]) -> String {
        let ran = self.kubectl_ran(arguments);
        assert!(ran.status.success(), "kubectl {arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8(ran.stdout).expect("UTF-8")
    }

    /// How kubectl ended.
    pub(crate) fn kubectl_ran(&self, arguments: &[&str]) -> Output {
        self.cluster.kubectl(&[&["--namespace", &self.name], arguments].concat())
    }

    /// The writes in it by others than the control plane and the stand-ins.
    pub(crate) fn writes(&self) -> Vec<Value> {
        self.cluster.writes(&self.name)
    }

    fn collection(&self, kind: &str) -> String {
        collection(version(kind), kind, &self.name)
    }

    fn path(&self, kind: &str, name: &str) -> String {
        format!("{}/{name}", self.collection(kind))
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let (rest, path) = (self.cluster.rest(), format!("/api/v1/namespaces/{}", self.name));
        // Nobody waits for the end of it.
        self.cluster.spawn(async move { drop(rest.delete(&path, &json!({})).await) });
    }
}
