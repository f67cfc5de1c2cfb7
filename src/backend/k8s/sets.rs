//! `ReplicaSets`: a pod template that was rolled out once, with its pods. What a Deployment or a Rollout keeps of its versions.

use serde::Deserialize;
use serde_json::Value;

use crate::{
    backend::BackendError,
    engine::{role::Sides, time::Time},
    text,
    wire::kube::{ApiError, Object},
};

/// The label that a template's hash stands in: a Deployment's, a Rollout's.
pub(super) const HASH_LABELS: [&str; 2] = ["pod-template-hash", "rollouts-pod-template-hash"];

/// One template with its pods.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Set {
    /// The `ReplicaSet`'s name.
    pub(super) name: String,
    /// The template's hash.
    pub(super) hash: String,
    /// Which roll-out it was, rising; 0 when it does not say.
    pub(super) revision: i64,
    /// It was rolled out before as well: somebody went back to it.
    pub(super) is_return: bool,
    /// When it was made: when its template was rolled out first.
    pub(super) created: Option<Time>,
    /// The tag of its first container's image, or what else tells images apart.
    pub(super) tag: String,
    /// Pods asked for, there, and ready.
    pub(super) desired: u32,
    pub(super) there: u32,
    pub(super) ready: u32,
    /// How many pods its workload was asked for when this set was scaled last; none where nobody says it.
    pub(super) share_of: Option<u32>,
    /// The template as it can be put back: without the hash.
    pub(super) template: Value,
}

#[derive(Deserialize)]
struct Spec {
    #[serde(default)]
    replicas: u32,
    #[serde(default)]
    template: Value,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status {
    replicas: u32,
    ready_replicas: u32,
}

impl Set {
    /// The set in an object of the server; `revision` is the annotation that counts.
    pub(super) fn of(object: &Object, revision: &str) -> Result<Self, ApiError> {
        let (spec, status): (Spec, Status) = (object.spec()?, object.status()?);
        let meta = &object.metadata;
        let hash = HASH_LABELS.into_iter().rev().find_map(|label| meta.label(label)).unwrap_or_default();
        Ok(Self {
            name: meta.name.clone(),
            hash: hash.to_owned(),
            revision: meta.annotation(revision).and_then(|text| text.parse().ok()).unwrap_or(0),
            is_return: meta.annotation(&format!("{revision}-history")).is_some_and(|past| !past.is_empty()),
            created: meta.created(),
            tag: tag(&spec.template),
            desired: spec.replicas,
            there: status.replicas,
            ready: status.ready_replicas,
            share_of: revision
                .split_once('/')
                .and_then(|(whose, _)| meta.annotation(&format!("{whose}/desired-replicas"))?.parse().ok()),
            template: plain(spec.template),
        })
    }

    /// How much of it serves at this moment, of the pods that are asked for.
    pub(super) fn ready_of(&self, asked: u32) -> String {
        let pods = format!("{} of {asked} pods of {} are ready now", self.ready, self.tag);
        if self.ready >= asked { pods } else { format!("{pods}; the others have to start first") }
    }

    /// Whether a person may mean it by `name`: the set's name, its hash, its image's tag, its revision.
    pub(super) fn is_called(&self, name: &str) -> bool {
        self.name == name || self.hash == name || self.tag == name || self.revision.to_string() == name
    }
}

/// All sets that the workload with the identity `uid` manages, the newest first.
pub(super) fn owned(objects: &[Object], uid: &str, revision: &str) -> Result<Vec<Set>, BackendError> {
    let mine = objects.iter().filter(|object| object.metadata.is_owned_by(uid));
    let sets: Result<Vec<Set>, ApiError> = mine.map(|object| Set::of(object, revision)).collect();
    let mut sets = sets.map_err(|error| BackendError::Unusable(error.to_string()))?;
    sets.sort_by(|a, b| b.revision.cmp(&a.revision).then_with(|| a.name.cmp(&b.name)));
    Ok(sets)
}

/// The part of the ready pods that are of some of the sets, a fraction; none while no pod is ready.
pub(super) fn ready_share(sets: &[Set], is_it: impl Fn(&Set) -> bool) -> Option<f64> {
    let all: u32 = sets.iter().map(|set| set.ready).sum();
    let mine: u32 = sets.iter().filter(|set| is_it(set)).map(|set| set.ready).sum();
    (all > 0).then(|| f64::from(mine) / f64::from(all))
}

/// The names that two sets are told apart by: their images' tags, else their hashes.
pub(super) fn names(sets: &Sides<&Set>) -> Sides<String> {
    if sets.baseline.tag == sets.candidate.tag {
        return sets.map(|set| if set.tag.is_empty() { set.hash.clone() } else { format!("{} ({})", set.tag, set.hash) });
    }
    sets.map(|set| set.tag.clone())
}

/// A template as it can be put back and compared: without its hash, and without the nulls that one kind of object keeps and another does
/// not.
pub(super) fn plain(mut template: Value) -> Value {
    drop_nulls(&mut template);
    if let Some(labels) = template.pointer_mut("/metadata/labels").and_then(Value::as_object_mut) {
        for label in HASH_LABELS {
            labels.remove(label);
        }
    }
    template
}

/// The images of a template's containers: what every object that holds a template writes alike.
pub(super) fn images(template: &Value) -> impl Iterator<Item = &str> {
    let lists = ["/spec/initContainers", "/spec/containers"].map(|list| template.pointer(list).and_then(Value::as_array));
    lists.into_iter().flatten().flatten().filter_map(|container| container.get("image")?.as_str())
}

fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, field| !field.is_null());
            fields.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

/// What a template's first image is called beside its place: its tag, else the begin of its digest.
pub(super) fn tag(template: &Value) -> String {
    const DIGITS: usize = 12;
    let image = template.pointer("/spec/containers/0/image").and_then(Value::as_str).unwrap_or_default();
    let (image, digest) = image.split_once('@').unwrap_or((image, ""));
    let last = image.rsplit('/').next().unwrap_or_default();
    match (last.split_once(':'), digest.split_once(':')) {
        (Some((_, tag)), _) => text::cleaned(tag),
        (None, Some((_, digits))) => digits.chars().take(DIGITS).collect(),
        (None, None) => "latest".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_image_is_called_by_its_tag_or_its_digest() {
        for (image, want) in [
            ("app:v2.5.0", "v2.5.0"),
            ("registry.example:5000/shop/app:v2", "v2"),
            ("registry.example:5000/shop/app", "latest"),
            ("app@sha256:0123456789abcdef0123", "0123456789ab"),
            ("app:v3@sha256:0123456789abcdef", "v3"),
        ] {
            assert_eq!(tag(&json!({ "spec": { "containers": [{ "image": image }] } })), want, "{image}");
        }
    }

    #[test]
    fn a_template_is_put_back_without_its_hash_and_without_nulls() {
        let labels = json!({ "app": "web", "pod-template-hash": "6b7f" });
        let template =
            json!({ "metadata": { "creationTimestamp": null, "labels": labels }, "spec": { "volumes": [{ "x": null }] } });
        assert_eq!(plain(template), json!({ "metadata": { "labels": { "app": "web" } }, "spec": { "volumes": [{}] } }));
    }
}
