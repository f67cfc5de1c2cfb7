//! The API server as this backend speaks to it: it waits where the server asks to, reads again, and never repeats a change whose
//! fate is not known.

use std::time::Duration;

use serde_json::Value;

use super::gates::Gates;
use crate::{
    backend::{
        ActError, BackendError,
        patience::{ACTION, Quiet, insist},
    },
    wire::kube::{ApiError, Cluster, Kind, Object, Patch},
};

/// How long a look waits for a server that asks for patience.
const LOOK: Duration = Duration::from_secs(5);

/// The end of the path of an object's status.
pub(super) const STATUS: &str = "/status";

/// A connection with patience.
#[derive(Debug)]
pub(super) struct Api {
    pub(super) cluster: Cluster,
    /// Flagger's load tester, where the configuration names it.
    pub(super) gates: Option<Gates>,
    quiet: Quiet,
    /// How long a read waits for a server that asks for patience.
    within: Duration,
}

impl Api {
    /// For looking.
    pub(super) fn new(cluster: Cluster, gates: Option<Gates>) -> Self {
        Self { cluster, gates, quiet: Quiet::new(), within: LOOK }
    }

    /// For acting, which nobody waits for in turn.
    pub(super) fn acting(cluster: Cluster, gates: Option<Gates>) -> Self {
        Self { within: ACTION, ..Self::new(cluster, gates) }
    }

    /// One object; none where there is none.
    pub(super) async fn get(&self, path: &str) -> Result<Option<Object>, BackendError> {
        match self.patiently(|| self.cluster.get(path)).await? {
            Ok(object) => Ok(Some(object)),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(unread(error)),
        }
    }

    /// A list; empty where the server does not know the kind.
    pub(super) async fn list(&self, path: &str, selector: &str) -> Result<Vec<Object>, BackendError> {
        Ok(self.list_of(path, selector).await?.unwrap_or_default())
    }

    /// The same; none where the server does not know the kind.
    pub(super) async fn list_of(&self, path: &str, selector: &str) -> Result<Option<Vec<Object>>, BackendError> {
        match self.patiently(|| self.cluster.list(path, selector)).await? {
            Ok(objects) => Ok(Some(objects)),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(unread(error)),
        }
    }

    /// A question that is asked by a POST and changes nothing.
    pub(super) async fn ask(&self, path: &str, body: &Value) -> Result<Value, BackendError> {
        self.patiently(|| self.cluster.ask(path, body)).await?.map_err(unread)
    }

    /// A change that is bound to a resource version: after a refusal it may be asked for again, because it was not made. None where
    /// somebody else has changed the object since.
    pub(super) async fn change(&self, path: &str, patch: Patch, body: &Value) -> Result<Option<Object>, ActError> {
        let (answer, _) = insist(|| self.cluster.patch(path, patch, body), wants).await;
        let error = match answer {
            Ok(object) => return Ok(Some(object)),
            Err(error) => error,
        };
        match error.kind {
            Kind::Status(409) => Ok(None),
            Kind::Status(404) if path.ends_with(STATUS) => Err(ActError::Refused(no_status(path))),
            Kind::Status(500..) | Kind::NoAnswer | Kind::Unreadable => Err(ActError::Unknown(error.to_string())),
            Kind::NotSent | Kind::Status(_) => Err(ActError::Refused(error.to_string())),
        }
    }

    async fn patiently<T, F>(&self, read: impl Fn() -> F) -> Result<Result<T, ApiError>, BackendError>
    where
        F: Future<Output = Result<T, ApiError>>,
    {
        self.quiet.ask(self.within, read, wants).await.map_err(BackendError::Unreachable)
    }
}

fn wants<T>(answer: &Result<T, ApiError>) -> Option<Duration> {
    answer.as_ref().err()?.wait
}

/// A part of an object that was read a moment ago is not there.
fn no_status(path: &str) -> String {
    let object = path.trim_end_matches(STATUS);
    format!("{object} has no status of its own to be changed: the definition of its kind is too old, update it")
}

fn unread(error: ApiError) -> BackendError {
    match error.kind {
        _ if error.is_forbidden() => BackendError::Unauthorised(error.message),
        Kind::Unreadable => BackendError::Unusable(error.message),
        Kind::NotSent | Kind::NoAnswer | Kind::Status(_) => BackendError::Unreachable(error.message),
    }
}
