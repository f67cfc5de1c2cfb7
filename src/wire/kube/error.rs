//! What can go wrong between us and the API server, told apart by what it means for a request that may have changed something.

use std::{error::Error, io, time::Duration};

use serde_json::Value;

use crate::{humanize, text};

/// A request without the answer it was meant to get.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    /// What kind of failure it is.
    pub kind: Kind,
    /// One sentence: who, what, why.
    pub message: String,
    /// How long the server asks to be left alone.
    pub wait: Option<Duration>,
}

/// What became of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It was never taken: nobody listens there, or we could not show who we are.
    NotSent,
    /// It left, and no whole answer came.
    NoAnswer,
    /// The server answered with this status.
    Status(u16),
    /// An answer came that nobody understands.
    Unreadable,
}

impl ApiError {
    pub(super) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), wait: None }
    }

    /// The API server's own refusal: a `Status` object, or whatever a proxy on the way said.
    pub(super) fn status(server: &str, status: u16, wait: Option<Duration>, body: &[u8]) -> Self {
        let told: Option<Value> = serde_json::from_slice(body).ok();
        let said = told.as_ref().and_then(|told| told.get("message")?.as_str()).map(text::cleaned);
        let said = said.filter(|said| !said.is_empty()).map(|said| format!(": {said}")).unwrap_or_default();
        let asks = wait.map(|wait| format!("; it asks to be left alone for {}", humanize::duration(wait))).unwrap_or_default();
        Self { wait, ..Self::new(Kind::Status(status), format!("the API server {server} answered {status}{said}{asks}")) }
    }

    /// No whole answer within `limit`.
    pub(crate) fn timeout(server: &str, limit: Duration) -> Self {
        let limit = humanize::duration(limit);
        Self::new(Kind::NoAnswer, format!("the API server {server} did not answer within {limit}"))
    }

    /// A request that came to nothing below HTTP.
    pub(super) fn broken(server: &str, error: &(dyn Error + 'static)) -> Self {
        let causes: Vec<&(dyn Error + 'static)> = std::iter::successors(Some(error), |&error| error.source()).collect();
        let refused = |cause: &&&(dyn Error + 'static)| {
            cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
        };
        let is_auth = error.downcast_ref::<kube::Error>().is_some_and(|error| matches!(error, kube::Error::Auth(_)));
        let kind = if is_auth || causes.iter().any(|cause| refused(&cause)) { Kind::NotSent } else { Kind::NoAnswer };
        // The outer errors only say which layer the inner one came through.
        let why = causes.last().map(|cause| text::cleaned(&cause.to_string())).unwrap_or_default();
        Self::new(kind, format!("the API server {server} cannot be asked: {why}"))
    }

    /// The object is not there, or the server does not know its kind.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        self.kind == Kind::Status(404)
    }

    /// We are not known, or may not do this.
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        matches!(self.kind, Kind::Status(401 | 403))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_connection_took_nothing_and_a_broken_one_may_have() {
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        assert_eq!(ApiError::broken("10.0.0.1:6443", &refused).kind, Kind::NotSent);
        let reset = io::Error::from(io::ErrorKind::ConnectionReset);
        let error = ApiError::broken("10.0.0.1:6443", &reset);
        assert_eq!(
            (error.kind, error.message.as_str()),
            (Kind::NoAnswer, "the API server 10.0.0.1:6443 cannot be asked: connection reset")
        );
    }

    #[test]
    fn a_refusal_says_what_the_server_said() {
        let body = br#"{"kind":"Status","message":"deployments.apps \"web\" is forbidden: no"}"#;
        let error = ApiError::status("k", 403, None, body);
        assert_eq!(error.message, "the API server k answered 403: deployments.apps \"web\" is forbidden: no");
        assert!(error.is_forbidden());
        let busy = ApiError::status("k", 429, Some(Duration::from_secs(3)), b"<html>");
        assert_eq!(busy.message, "the API server k answered 429; it asks to be left alone for 3 s");
    }
}
