//! What a rollback takes away: the pods with their status, the last words of their containers, what was said about them, the workload
//! and its templates. Asked for all at once, and given out as it comes. Values of environment variables are left out, and secrets are
//! not asked for.

use std::{collections::HashSet, fmt::Write as _, time::Duration};

use futures_util::future::{join, join_all};
use serde::Deserialize;
use serde_json::Value;

use super::{api::Api, bound::Bound};
use crate::{
    backend::{Part, Take},
    engine::role::Role,
    text,
    wire::kube::{ApiError, Meta, Object, Pod},
};

/// Pods whose logs are kept.
const MOST_PODS: usize = 10;
/// Lines of each container's log.
const LINES: u32 = 200;
/// Bytes of them.
const LOG_BYTES: usize = 256 << 10;
/// How long one of them may take.
const LOG_LIMIT: Duration = Duration::from_secs(4);
/// Bytes of a list of objects.
const LIST_BYTES: usize = 1 << 20;
/// Events that are looked through.
const EVENTS: usize = 1000;
/// In place of what may be a secret.
const LEFT_OUT: &str = "(left out)";
/// The annotation that holds the whole object once more.
const APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Gathers all of it.
pub(super) async fn gather(api: &Api, bound: &Bound, take: Take<'_>) {
    let evidence = Evidence { api, bound, take };
    let pods = async {
        let pods = join_all(Role::BOTH.map(|role| evidence.pods(role))).await.concat();
        join(evidence.logs(&pods), evidence.events(&families(&pods))).await;
    };
    join(pods, join(evidence.workload(), evidence.sets())).await;
}

/// The names of pods, of their sets and of their Deployments: each is that of the next and a hash.
fn families(pods: &[(Role, Pod)]) -> HashSet<&str> {
    let names = pods.iter().map(|(_, pod)| pod.meta.name.as_str());
    let parents = |name| std::iter::successors(Some(name), |name: &&str| name.rsplit_once('-').map(|(parent, _)| parent)).take(3);
    names.flat_map(parents).collect()
}

struct Evidence<'a> {
    api: &'a Api,
    bound: &'a Bound,
    take: Take<'a>,
}

impl Evidence<'_> {
    fn give(&self, name: impl Into<String>, text: String) {
        (self.take)(Part { name: name.into(), text });
    }

    fn beside(&self, group: &str, plural: &str) -> String {
        self.bound.place.beside(group, plural)
    }

    async fn workload(&self) {
        let text = match self.api.cluster.read(&self.bound.place.path()).await {
            Ok(object) => shown(vec![object]),
            Err(error) => missing(&error),
        };
        self.give("workload.json", text);
    }

    /// The templates of both versions.
    async fn sets(&self) {
        let path = self.beside("/apis/apps/v1", "replicasets");
        let lists = join_all(Role::BOTH.map(|role| self.list(&path, role))).await;
        let text = match lists.into_iter().collect::<Result<Vec<_>, _>>() {
            Ok(lists) => shown(lists.concat()),
            Err(error) => missing(&error),
        };
        self.give("replicasets.json", text);
    }

    /// The pods of a version, as they are.
    async fn pods(&self, role: Role) -> Vec<(Role, Pod)> {
        let name = format!("pods-{}.json", role.word());
        match self.list(&self.beside("/api/v1", "pods"), role).await {
            Ok(items) => {
                let read = |item: &Value| Object::of(item.clone()).and_then(Pod::of).ok();
                let pods = items.iter().filter_map(read).map(|pod| (role, pod)).collect();
                self.give(name, shown(items));
                pods
            }
            Err(error) => {
                self.give(name, missing(&error));
                Vec::new()
            }
        }
    }

    async fn list(&self, path: &str, role: Role) -> Result<Vec<Value>, ApiError> {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("limit", "500")
            .append_pair("labelSelector", self.bound.pods.of(role))
            .finish();
        let mut list = self.api.cluster.read(&format!("{path}?{query}")).await?;
        Ok(list.get_mut("items").and_then(Value::as_array_mut).map(std::mem::take).unwrap_or_default())
    }

    /// What was said about the workload, its templates and its pods; the newest last.
    async fn events(&self, families: &HashSet<&str>) {
        let path = format!("{}?limit={EVENTS}", self.beside("/api/v1", "events"));
        let read = self.api.cluster.read(&path).await;
        let name = &self.bound.place.workload.name;
        // A template's name is that of its workload and a hash.
        let is_of_a_set = |it: &Event| it.about.kind == "ReplicaSet" && it.about.name.starts_with(&format!("{name}-"));
        let is_ours = |it: &Event| families.contains(it.about.name.as_str()) || it.about.name == *name || is_of_a_set(it);
        let text = read.map(|mut list| {
            let items = list.get_mut("items").and_then(Value::as_array_mut).map(std::mem::take).unwrap_or_default();
            let mut events: Vec<Event> = items.into_iter().filter_map(|item| serde_json::from_value(item).ok()).collect();
            events.retain(is_ours);
            events.sort_by(|a, b| a.at().cmp(b.at()));
            events.iter().map(Event::line).collect::<String>()
        });
        self.give("events.txt", text.unwrap_or_else(|error| missing(&error)));
    }

    /// The last words of the containers: of the candidate's pods first, and of those that fail before the others.
    async fn logs(&self, pods: &[(Role, Pod)]) {
        let mut pods: Vec<&(Role, Pod)> =
            pods.iter().filter(|(role, pod)| *role == Role::Candidate || pod.trouble().is_some()).collect();
        pods.sort_by_key(|(role, pod)| (pod.trouble().is_none() && pod.restarts() == 0, *role == Role::Baseline));
        let logs = pods.into_iter().take(MOST_PODS).flat_map(|(_, pod)| {
            // Those that have done what comes before the containers have nothing to say.
            let failing = pod.init.iter().filter(|it| !it.is_ready);
            let all = failing.chain(&pod.containers);
            let started = all.filter(|it| it.running.is_some() || it.restarts > 0 || it.ended.is_some());
            started.flat_map(|container| {
                let is_again = container.restarts > 0;
                let now = Some(self.log(&pod.meta, &container.name, false));
                [now, is_again.then(|| self.log(&pod.meta, &container.name, true))].into_iter().flatten()
            })
        });
        join_all(logs).await;
    }

    async fn log(&self, pod: &Meta, container: &str, is_previous: bool) {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("container", container)
            .append_pair("tailLines", &LINES.to_string())
            .append_pair("limitBytes", &LOG_BYTES.to_string())
            .append_pair("timestamps", "true")
            .append_pair("previous", if is_previous { "true" } else { "false" })
            .finish();
        let path = format!("{}/{}/log?{query}", self.beside("/api/v1", "pods"), pod.name);
        // The server's own limit may be cut in mid-line, and is looked at once more here.
        let page = self.api.cluster.page(&path, "text/plain, */*", LOG_BYTES * 2, LOG_LIMIT).await;
        let text = match page {
            Ok(page) => {
                let said = String::from_utf8_lossy(&page.body);
                if page.status < 400 {
                    said.lines().flat_map(|line| [text::clean(line), "\n".into()]).collect()
                } else {
                    let told: Value = serde_json::from_str(&said).unwrap_or_default();
                    let why = told.get("message").and_then(Value::as_str).unwrap_or(&said);
                    format!("(not to be had: the API server answered {}: {})\n", page.status, text::cleaned(why))
                }
            }
            Err(error) => missing(&error),
        };
        let which = if is_previous { "-previous" } else { "" };
        self.give(format!("log-{}-{container}{which}.txt", pod.name), text);
    }
}

/// One thing that was said about an object.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Event {
    #[serde(rename = "involvedObject")]
    about: About,
    #[serde(rename = "type")]
    kind: Option<String>,
    reason: Option<String>,
    message: Option<String>,
    count: Option<u32>,
    last_timestamp: Option<String>,
    #[serde(rename = "eventTime")]
    happened: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct About {
    kind: String,
    name: String,
}

impl Event {
    fn at(&self) -> &str {
        self.last_timestamp.as_deref().or(self.happened.as_deref()).unwrap_or("")
    }

    fn line(&self) -> String {
        let part = |part: &Option<String>| text::cleaned(part.as_deref().unwrap_or("-"));
        let About { kind, name } = &self.about;
        let times = self.count.filter(|count| *count > 1).map(|count| format!(" ({count} times)")).unwrap_or_default();
        let mut line = String::new();
        // Writing to a text does not fail.
        let (at, what) = (text::cleaned(self.at()), text::cleaned(&format!("{}/{name}", kind.to_lowercase())));
        writeln!(line, "{at} {} {} {what}: {}{times}", part(&self.kind), part(&self.reason), part(&self.message)).ok();
        line
    }
}

fn missing(error: &ApiError) -> String {
    format!("(not to be had: {error})\n")
}

/// Objects as text, without what may be secret, and without the list of who manages which field.
fn shown(mut objects: Vec<Value>) -> String {
    for object in &mut objects {
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.remove("managedFields");
        }
        leave_out(object);
    }
    let text = serde_json::to_string_pretty(&objects).unwrap_or_default();
    if text.len() <= LIST_BYTES {
        return text;
    }
    format!("{}\n… the rest is not kept\n", text.split_at(text.floor_char_boundary(LIST_BYTES)).0)
}

/// Takes out the values of environment variables and of headers, wherever they stand, and annotations that hold them once more.
fn leave_out(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(leave_out),
        Value::Object(fields) => {
            for (key, value) in fields.iter_mut() {
                match (key.as_str(), value) {
                    ("env" | "httpHeaders", Value::Array(variables)) => variables.iter_mut().for_each(|variable| {
                        if let Some(value) = variable.get_mut("value") {
                            *value = LEFT_OUT.into();
                        }
                    }),
                    ("annotations", Value::Object(annotations)) => {
                        let holds_more =
                            |key: &str, text: &Value| key == APPLIED || text.as_str().is_some_and(|it| it.contains("\"env\""));
                        annotations
                            .iter_mut()
                            .filter(|(key, text)| holds_more(key, text))
                            .for_each(|(_, text)| *text = LEFT_OUT.into());
                    }
                    (_, value) => leave_out(value),
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn no_value_of_a_variable_is_left_anywhere() {
        let container = json!({
            "name": "app", "image": "app:v2",
            "env": [{ "name": "PASSWORD", "value": "canary" }, { "name": "REF", "valueFrom": { "secretKeyRef": { "name": "db" } } }],
            "livenessProbe": { "httpGet": { "httpHeaders": [{ "name": "Authorization", "value": "canary" }] } },
        });
        let template = json!({ "spec": { "initContainers": [container], "containers": [container] } });
        let annotations = json!({
            "kubectl.kubernetes.io/last-applied-configuration": "{\"value\":\"canary\"}",
            "other.tool/original": "{\"env\":[{\"value\":\"canary\"}]}",
            "team": "shop",
        });
        let metadata = json!({ "name": "web", "annotations": annotations, "managedFields": ["canary"] });
        let text = shown(vec![json!({ "metadata": metadata, "spec": { "template": template } }), template.clone()]);
        assert!(!text.contains("canary"), "{text}");
        for kept in ["PASSWORD", "secretKeyRef", "app:v2", "\"team\": \"shop\"", "livenessProbe"] {
            assert!(text.contains(kept), "{kept}: {text}");
        }
    }

    #[test]
    fn what_pods_come_from_is_told_by_their_names() {
        let pod = json!({ "metadata": { "name": "web-primary-6b7f-x2x9q", "uid": "p-1" }, "spec": {}, "status": {} });
        let pods = [(Role::Baseline, Pod::of(Object::of(pod).expect("an object")).expect("a pod"))];
        assert_eq!(families(&pods), HashSet::from(["web-primary-6b7f-x2x9q", "web-primary-6b7f", "web-primary"]));
    }

    #[test]
    fn an_event_is_a_line() {
        let event: Event = serde_json::from_value(json!({
            "involvedObject": { "kind": "Pod", "name": "web-1" }, "type": "Warning", "reason": "BackOff", "count": 4,
            "message": "Back-off\u{1b}[31m restarting", "lastTimestamp": "2026-01-02T03:04:05Z", "eventTime": null,
        }))
        .expect("an event");
        let want = "2026-01-02T03:04:05Z Warning BackOff pod/web-1: Back-off␛[31m restarting (4 times)\n";
        assert_eq!(event.line(), want);
    }
}
