//! What we may do, asked once when the workload is attached to, so that a forbidden key is grey before it is pressed.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    api::Api,
    workload::{Place, group, needs},
};
use crate::{backend::BackendError, engine::action::Action};

/// One thing that an action needs to be allowed to do, to the workload or to something beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Need {
    pub(super) verb: &'static str,
    /// API group and resource; none is the workload itself.
    pub(super) other: Option<(&'static str, &'static str)>,
    /// `status`, or empty.
    pub(super) part: &'static str,
}

/// The workload is patched.
pub(super) const PATCH: Need = Need { verb: "patch", other: None, part: "" };
/// Its status is patched.
pub(super) const PATCH_STATUS: Need = Need { verb: "patch", other: None, part: "status" };

/// Why each action that we may not ask for is forbidden.
#[derive(Clone, Debug, Default)]
pub(super) struct Rights(BTreeMap<Action, String>);

impl Rights {
    /// Nothing is known to be forbidden: a session without hands asks for nothing.
    pub(super) const fn none() -> Self {
        Self(BTreeMap::new())
    }

    /// Asks the API server about everything that the workload's actions need.
    pub(super) async fn ask(api: &Api, place: &Place) -> Result<Self, BackendError> {
        let mut answers: BTreeMap<Need, Option<String>> = BTreeMap::new();
        let mut forbidden = BTreeMap::new();
        for action in Action::ALL {
            for need in needs(place.workload.kind, action) {
                if !answers.contains_key(need) {
                    answers.insert(*need, refusal(api, place, *need).await?);
                }
                if let Some(Some(why)) = answers.get(need) {
                    forbidden.insert(action, why.clone());
                }
            }
        }
        Ok(Self(forbidden))
    }

    /// Why `action` is forbidden; null when it is not.
    pub(super) fn why_not(&self, action: Action) -> Option<String> {
        self.0.get(&action).cloned()
    }
}

/// Why we may not do this; null when we may.
async fn refusal(api: &Api, place: &Place, need: Need) -> Result<Option<String>, BackendError> {
    let (group, resource) = need.other.unwrap_or_else(|| group(place.workload.kind));
    let group = group.split_once('/').map_or(group, |(group, _)| group);
    let mut attributes = json!({ "namespace": place.namespace, "verb": need.verb, "group": group, "resource": resource });
    if !need.part.is_empty() {
        attributes["subresource"] = need.part.into();
    }
    if need.other.is_none() {
        attributes["name"] = place.workload.name.as_str().into();
    }
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": { "resourceAttributes": attributes },
    });
    let answer = api.ask("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", &review).await?;
    if answer.pointer("/status/allowed").and_then(Value::as_bool) == Some(true) {
        return Ok(None);
    }
    let part = if need.part.is_empty() { String::new() } else { format!("/{}", need.part) };
    Ok(Some(format!("you may not {} {resource}{part} in {}", need.verb, place.namespace)))
}
