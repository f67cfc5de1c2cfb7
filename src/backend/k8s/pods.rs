//! The pods of a workload, where they say why it does not go on.

use std::time::Duration;

use super::{api::Api, workload::Place};
use crate::{
    backend::BackendError,
    humanize,
    wire::kube::{Pod, Trouble},
};

/// Kinds of trouble that are told in one sentence.
const MOST: usize = 3;

/// The pods with these labels.
pub(super) async fn list(api: &Api, place: &Place, selector: &str) -> Result<Vec<Pod>, BackendError> {
    let objects = api.list(&place.beside("/api/v1", "pods"), selector).await?;
    let pods: Result<Vec<Pod>, _> = objects.into_iter().map(Pod::of).collect();
    pods.map_err(|error| BackendError::Unusable(error.to_string()))
}

/// Why the version `name` has not come up within `limit` seconds, by the pods that were made of it.
pub(super) fn no_progress<'p>(name: &str, limit: u64, made: impl Iterator<Item = &'p Pod>) -> String {
    let limit = humanize::duration(Duration::from_secs(limit));
    let why = troubles(made).map(|why| format!(": {why}")).unwrap_or_default();
    format!("{name} has made no progress for {limit}{why}")
}

/// What is wrong with these pods: "web-6b7f-x2x cannot pull app:v9, and 2 more; ...". None when all are ready.
pub(super) fn troubles<'p>(pods: impl Iterator<Item = &'p Pod>) -> Option<String> {
    let mut found: Vec<(Trouble, String, &str, usize)> = Vec::new();
    for pod in pods {
        let Some((kind, words)) = pod.trouble() else { continue };
        match found.iter_mut().find(|(known, ..)| *known == kind) {
            Some((.., more)) => *more += 1,
            None => found.push((kind, words, &pod.meta.name, 0)),
        }
    }
    found.sort_by_key(|(kind, ..)| *kind);
    let told = found.iter().take(MOST).map(|(_, words, name, more)| {
        let more = if *more > 0 { format!(", and {more} more") } else { String::new() };
        format!("{name} {words}{more}")
    });
    let told: Vec<String> = told.collect();
    (!told.is_empty()).then(|| told.join("; "))
}
