//! The API server as this backend speaks to it: it waits where the server asks to, reads again, and never repeats a change whose
//! fate is not known.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use serde_json::Value;
use tokio::time::{Instant, sleep, sleep_until};

use super::gates::Gates;
use crate::{
    backend::{ActError, BackendError},
    humanize,
    wire::kube::{ApiError, Cluster, Kind, Object, Patch},
};

/// How long a read waits for a server that asks for patience.
const READ: Duration = Duration::from_secs(5);
/// How long an action waits in all for a server that asks for patience.
const ACTION: Duration = Duration::from_secs(60);

/// The end of the path of an object's status.
pub(super) const STATUS: &str = "/status";

/// A connection with patience.
#[derive(Debug)]
pub(super) struct Api {
    pub(super) cluster: Cluster,
    /// Flagger's load tester, where the configuration names it.
    pub(super) gates: Option<Gates>,
    until: Mutex<Option<Instant>>,
}

impl Api {
    pub(super) const fn new(cluster: Cluster, gates: Option<Gates>) -> Self {
        Self { cluster, gates, until: Mutex::new(None) }
    }

    /// One object; none where there is none.
    pub(super) async fn get(&self, path: &str) -> Result<Option<Object>, BackendError> {
        match self.patiently(|| self.cluster.get(path)).await {
            Ok(object) => Ok(Some(object)),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(unread(error)),
        }
    }

    /// A list; empty where the server does not know the kind.
    pub(super) async fn list(&self, path: &str, selector: &str) -> Result<Vec<Object>, BackendError> {
        match self.patiently(|| self.cluster.list(path, selector)).await {
            Err(error) if error.is_missing() => Ok(Vec::new()),
            objects => objects.map_err(unread),
        }
    }

    /// A question that is asked by a POST and changes nothing.
    pub(super) async fn ask(&self, path: &str, body: &Value) -> Result<Value, BackendError> {
        self.patiently(|| self.cluster.ask(path, body)).await.map_err(unread)
    }

    /// A change that is bound to a resource version: after a refusal it may be asked for again, because it was not made. None where
    /// somebody else has changed the object since.
    pub(super) async fn change(&self, path: &str, patch: Patch, body: &Value) -> Result<Option<Object>, ActError> {
        let mut waited = Duration::ZERO;
        loop {
            let error = match self.cluster.patch(path, patch, body).await {
                Ok(object) => return Ok(Some(object)),
                Err(error) => error,
            };
            match (error.kind, error.wait.filter(|asked| waited + *asked <= ACTION)) {
                (_, Some(asked)) => {
                    tracing::info!("the API server asks to wait {}", humanize::duration(asked));
                    sleep(asked).await;
                    waited += asked;
                }
                (Kind::Status(409), _) => return Ok(None),
                (Kind::Status(404), _) if path.ends_with(STATUS) => return Err(ActError::Refused(no_status(path))),
                (Kind::Status(500..) | Kind::NoAnswer | Kind::Unreadable, _) => return Err(ActError::Unknown(error.to_string())),
                (Kind::NotSent | Kind::Status(_), _) => return Err(ActError::Refused(error.to_string())),
            }
        }
    }

    /// Reads, after the time that the server asked for, when that is near enough.
    async fn patiently<T, F>(&self, read: impl Fn() -> F) -> Result<T, ApiError>
    where
        F: Future<Output = Result<T, ApiError>>,
    {
        let latest = Instant::now() + READ;
        loop {
            if let Some(until) = self.until().filter(|until| *until <= latest) {
                sleep_until(until).await;
            }
            let answer = read().await;
            let asked = answer.as_ref().err().and_then(|error| error.wait);
            let until = asked.map(|asked| Instant::now() + asked);
            *self.until.lock().unwrap_or_else(PoisonError::into_inner) = until;
            if until.is_none_or(|until| until > latest) {
                return answer;
            }
        }
    }

    fn until(&self) -> Option<Instant> {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
