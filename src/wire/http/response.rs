//! A whole answer.

use std::{fmt, time::Duration};

use reqwest::{
    StatusCode,
    header::{HeaderMap, LOCATION},
};
use url::Url;

use super::{FetchError, retry_after};

/// An answer, of any status.
pub struct Response {
    /// The address it came from, fit to be shown.
    place: String,
    status: StatusCode,
    headers: HeaderMap,
    /// The origin of the address it redirects to.
    elsewhere: Option<String>,
    /// Its body, decompressed.
    pub body: Vec<u8>,
}

impl Response {
    pub(super) fn new(place: String, url: &Url, status: StatusCode, headers: HeaderMap, body: Vec<u8>) -> Self {
        // The rest of the address may hold a secret.
        let elsewhere =
            headers.get(LOCATION).and_then(|to| url.join(to.to_str().ok()?).ok()).map(|to| to.origin().ascii_serialization());
        Self { place, status, headers, elsewhere, body }
    }

    /// An answer that somebody else has fetched; none with a status that is none.
    #[must_use]
    pub fn fetched(place: &str, status: u16, headers: HeaderMap, body: Vec<u8>) -> Option<Self> {
        let status = StatusCode::from_u16(status).ok()?;
        Some(Self { place: place.to_owned(), status, headers, elsewhere: None, body })
    }

    /// The status code.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// A header's value, if it is there and plain text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// For how long the server asks to be left alone.
    #[must_use]
    pub fn asks_to_wait(&self) -> Option<Duration> {
        retry_after::asks_to_wait(self.status(), &self.headers)
    }

    /// The answer, if its status is 200.
    ///
    /// # Errors
    /// The status in words, and where a redirect leads.
    pub fn page(self) -> Result<Self, FetchError> {
        if self.status == StatusCode::OK { Ok(self) } else { Err(self.refusal()) }
    }

    /// What is wrong with an answer whose status is not the one that was hoped for.
    #[must_use]
    pub fn refusal(&self) -> FetchError {
        match &self.elsewhere {
            Some(to) if self.status.is_redirection() => FetchError::redirect(&self.place, self.status, to),
            _ => FetchError::status(&self.place, self.status),
        }
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response").field("place", &self.place).field("status", &self.status).finish_non_exhaustive()
    }
}
