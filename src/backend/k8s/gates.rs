//! The gates of Flagger's load tester: Flagger asks there before it goes on, and people open and close them.
//!
//! A gate is one canary's. There is no compare-and-set: to set one again to what it is changes nothing.

use std::time::Duration;

use serde_json::json;
use url::Url;

use super::workload::Place;
use crate::{
    backend::{ActError, BackendError},
    wire::http::{Client, FetchError, Kind, Method, Options, Purpose, Request, Response, shown},
};

/// How long one request may take.
const LIMIT: Duration = Duration::from_secs(5);

/// Which gate of a canary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gate {
    /// Asked before a rollout begins, and before it is promoted.
    Way,
    /// Asked while it is analysed: open means that it is rolled back.
    Rollback,
}

/// The load tester.
#[derive(Debug)]
pub(super) struct Gates {
    client: Client,
    base: Url,
}

impl Gate {
    /// Its part of an address.
    const fn word(self) -> &'static str {
        match self {
            Self::Way => "gate",
            Self::Rollback => "rollback",
        }
    }

    /// Whether a webhook with this address asks at this gate; the load tester may have another address there.
    pub(super) fn is_asked_by(self, url: &str) -> bool {
        url.ends_with(&format!("/{}/check", self.word()))
    }
}

impl Gates {
    /// The load tester at an address.
    ///
    /// # Errors
    /// When no connection can be made from here at all.
    pub(super) fn at(base: &str, purpose: Purpose) -> Result<Self, BackendError> {
        let client = Client::build(&Options::new(purpose)).map_err(|error| BackendError::Unusable(error.to_string()))?;
        let base = Url::parse(base).map_err(|error| BackendError::Unusable(format!("[backend] gate: {error}")))?;
        Ok(Self { client, base })
    }

    /// The request that opens or closes a gate, for people.
    pub(super) fn request(&self, gate: Gate, open: bool) -> String {
        format!("POST {}", shown(&self.url(gate, verb(open))))
    }

    /// Whether a gate is open.
    ///
    /// # Errors
    /// Why that is not known.
    pub(super) async fn is_open(&self, place: &Place, gate: Gate) -> Result<bool, String> {
        let answer = self.post(place, gate, "check").await.map_err(|error| error.to_string())?;
        match answer.status() {
            200..=202 => Ok(true),
            403 => Ok(false),
            _ => Err(answer.refusal().to_string()),
        }
    }

    /// Opens or closes a gate.
    ///
    /// # Errors
    /// [`ActError::Refused`] when it was not asked or said no, else [`ActError::Unknown`].
    pub(super) async fn turn(&self, place: &Place, gate: Gate, open: bool) -> Result<(), ActError> {
        match self.post(place, gate, verb(open)).await {
            Ok(answer) if (200..300).contains(&answer.status()) => Ok(()),
            Ok(answer) => Err(ActError::Refused(answer.refusal().to_string())),
            Err(error) => Err(match error.kind {
                Kind::Refused | Kind::Dns | Kind::Tls | Kind::Unreachable => ActError::Refused(error.to_string()),
                _ => ActError::Unknown(error.to_string()),
            }),
        }
    }

    fn url(&self, gate: Gate, verb: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}/{}/{verb}", self.base.path().trim_end_matches('/'), gate.word()));
        url
    }

    async fn post(&self, place: &Place, gate: Gate, verb: &str) -> Result<Response, FetchError> {
        let body = json!({ "name": place.workload.name, "namespace": place.namespace }).to_string().into_bytes();
        let url = self.url(gate, verb);
        let request = Request::new(Method::POST, &url, LIMIT).body("application/json", body);
        self.client.send(request).await
    }
}

const fn verb(open: bool) -> &'static str {
    if open { "open" } else { "close" }
}
