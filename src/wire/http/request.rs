//! A request and its limits.

use std::{fmt, time::Duration};

use reqwest::{
    Method,
    header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue},
};
use url::Url;

use super::{Bound, FetchError, Purpose, Response, place::shown_for};

/// A request to one address. Its answer has to be whole within the limits.
pub struct Request<'a> {
    pub(super) url: &'a Url,
    method: Method,
    limit: Duration,
    most: usize,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Option<Vec<u8>>,
    credentials: Option<&'a Bound>,
}

impl<'a> Request<'a> {
    /// A request that has `limit` in all, from the name's look-up to the last byte, and may be answered with a mebibyte.
    #[must_use]
    pub const fn new(method: Method, url: &'a Url, limit: Duration) -> Self {
        Self { url, method, limit, most: 1 << 20, headers: Vec::new(), body: None, credentials: None }
    }

    /// A request that only reads.
    #[must_use]
    pub const fn get(url: &'a Url, limit: Duration) -> Self {
        Self::new(Method::GET, url, limit)
    }

    /// At most so many bytes of answer, after decompression.
    #[must_use]
    pub const fn at_most(mut self, bytes: usize) -> Self {
        self.most = bytes;
        self
    }

    /// The media types that are understood.
    #[must_use]
    pub fn accept(self, types: &'static str) -> Self {
        self.header(ACCEPT, HeaderValue::from_static(types))
    }

    /// A header. Credentials belong into [`Self::with`].
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Something to send.
    #[must_use]
    pub fn body(mut self, content_type: &'static str, body: Vec<u8>) -> Self {
        self.body = Some(body);
        self.header(CONTENT_TYPE, HeaderValue::from_static(content_type))
    }

    /// Credentials, shown if they are bound to the address's origin.
    #[must_use]
    pub const fn with(mut self, credentials: &'a Bound) -> Self {
        self.credentials = Some(credentials);
        self
    }

    pub(super) async fn send(self, client: &reqwest::Client, purpose: Purpose) -> Result<Response, FetchError> {
        let place = shown_for(self.url, purpose);
        let limit = self.limit;
        match tokio::time::timeout(limit, self.exchange(client, &place)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(FetchError::timeout(&place, limit)),
        }
    }

    async fn exchange(self, client: &reqwest::Client, place: &str) -> Result<Response, FetchError> {
        let mut request = client.request(self.method, self.url.clone());
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        if let Some(body) = self.body {
            request = request.body(body);
        }
        if let Some(credentials) = self.credentials {
            request = credentials.add(self.url, request);
        }
        let mut answer = request.send().await.map_err(|error| FetchError::of(place, None, &error))?;
        let status = answer.status();
        if let Some(encoding) = answer.headers().get(CONTENT_ENCODING).filter(|encoding| *encoding != "identity") {
            return Err(FetchError::encoding(place, status, encoding));
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| FetchError::of(place, Some(status), &error))? {
            if body.len() + chunk.len() > self.most {
                return Err(FetchError::too_large(place, status, self.most));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Response::new(place.to_owned(), self.url, status, answer.headers().clone(), body))
    }
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("origin", &self.url.origin().ascii_serialization())
            .finish_non_exhaustive()
    }
}
