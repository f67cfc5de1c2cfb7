//! What can go wrong between us and the API server, told apart by what it means for a request that may have changed something.

use std::{error::Error, io, time::Duration};

use kube::client::AuthError;
use serde_json::Value;

use crate::{humanize, text};

/// How many lines of a program's complaint are passed on.
const COMPLAINTS: usize = 3;

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
        let unknown = if status == 401 { "; the credentials are not accepted, or have expired" } else { "" };
        let asks = wait.map(|wait| format!("; it asks to be left alone for {}", humanize::duration(wait))).unwrap_or_default();
        Self { wait, ..Self::new(Kind::Status(status), format!("the API server {server} answered {status}{said}{unknown}{asks}")) }
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
        Self::new(kind, format!("the API server {server} cannot be asked: {}", innermost(error)))
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

/// What an error comes down to: the outer ones only say which layer it came through. Of a program that authenticates, what it complained
/// of; what it printed may be a secret.
pub(super) fn innermost(error: &(dyn Error + 'static)) -> String {
    let causes = || std::iter::successors(Some(error), |&error| error.source());
    let program = causes().find_map(|cause| match cause.downcast_ref::<AuthError>()? {
        AuthError::AuthExecRun { out, .. } => {
            let said = String::from_utf8_lossy(&out.stderr);
            let said = said.lines().map(str::trim).filter(|line| !line.is_empty()).take(COMPLAINTS).collect::<Vec<_>>().join(" ");
            Some(format!("the program that authenticates failed ({}): {said}", out.status))
        }
        AuthError::AuthExecStart(why) => Some(format!("the program that authenticates cannot be run: {why}")),
        _ => None,
    });
    text::cleaned(&program.or_else(|| causes().last().map(ToString::to_string)).unwrap_or_default())
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
    fn a_program_that_does_not_authenticate_is_told_by_its_complaint_and_not_by_what_it_printed() {
        let out = std::process::Command::new("sh").args(["-c", "echo s3cret; echo 'session expired' >&2; exit 4"]).output();
        let error = AuthError::AuthExecRun { cmd: "aws".to_owned(), out: Box::new(out.expect("it runs")) };
        let error = ApiError::broken("k", &kube::Error::Auth(error));
        let want = "the API server k cannot be asked: the program that authenticates failed (exit status: 4): session expired";
        assert_eq!((error.kind, error.message.as_str()), (Kind::NotSent, want));
        let absent = kube::Error::Auth(AuthError::AuthExecStart(io::Error::from(io::ErrorKind::NotFound)));
        assert_eq!(innermost(&absent), "the program that authenticates cannot be run: entity not found");
    }

    #[test]
    fn a_refusal_says_what_the_server_said() {
        let body = br#"{"kind":"Status","message":"deployments.apps \"web\" is forbidden: no"}"#;
        let error = ApiError::status("k", 403, None, body);
        assert_eq!(error.message, "the API server k answered 403: deployments.apps \"web\" is forbidden: no");
        assert!(error.is_forbidden());
        let expired = ApiError::status("k", 401, None, br#"{"message":"Unauthorized"}"#);
        assert_eq!(
            expired.message,
            "the API server k answered 401: Unauthorized; the credentials are not accepted, or have expired"
        );
        let busy = ApiError::status("k", 429, Some(Duration::from_secs(3)), b"<html>");
        assert_eq!(busy.message, "the API server k answered 429; it asks to be left alone for 3 s");
    }
}
