//! Requests to the API server: each sent once, answered within its limit and its size, or an error that says so.

use std::{pin::Pin, sync::Arc, time::Duration};

use futures_util::{StreamExt as _, stream};
use hyper::{
    Method, Request, StatusCode,
    body::Body as _,
    header::{ACCEPT, CONTENT_TYPE, HeaderMap},
};
use kube::client::Body;
use serde_json::Value;

use super::{ApiError, Kind, Object, object};
use crate::wire::http::asks_to_wait;

/// Largest answer that is taken: a list of some thousand pods.
const MOST_BYTES: usize = 64 << 20;
/// Objects asked for at a time.
const PER_PAGE: usize = 500;
/// Pages of a list that are taken.
const MOST_PAGES: usize = 40;

/// A connection to one API server.
#[derive(Clone)]
pub struct Cluster {
    client: kube::Client,
    server: Arc<str>,
    limit: Duration,
}

/// A plain answer: of a pod behind the server, or of its logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The status; of a pod that cannot be reached it is the server's own.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// All of it.
    pub body: Vec<u8>,
}

/// How a change is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patch {
    /// RFC 7386: what is named is set, null removes.
    Merge,
    /// RFC 6902: operations in order; all of them or none.
    Json,
}

impl Cluster {
    pub(super) fn new(client: kube::Client, server: &str, limit: Duration) -> Self {
        Self { client, server: server.into(), limit }
    }

    /// Host and port of the API server.
    #[must_use]
    pub fn server(&self) -> &str {
        &self.server
    }

    /// Reads one object; `path` as in `/apis/apps/v1/namespaces/shop/deployments/web`.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn get(&self, path: &str) -> Result<Object, ApiError> {
        Object::of(self.json(Method::GET, path, None).await?)
    }

    /// Reads a list as it is, page by page.
    ///
    /// # Errors
    /// See [`ApiError`]; a list that is longer than anybody would read is one.
    pub async fn list(&self, path: &str, selector: &str) -> Result<Vec<Object>, ApiError> {
        let mut objects = Vec::new();
        let mut after = String::new();
        for _ in 0..MOST_PAGES {
            let query = url::form_urlencoded::Serializer::new(String::new())
                .append_pair("limit", &PER_PAGE.to_string())
                .append_pair("labelSelector", selector)
                .append_pair("continue", &after)
                .finish();
            let page: List = object::read(self.json(Method::GET, &format!("{path}?{query}"), None).await?, "a list")?;
            objects.extend(page.items);
            match page.metadata.next {
                Some(next) if !next.is_empty() => after = next,
                _ => return Ok(objects),
            }
        }
        let most = PER_PAGE * MOST_PAGES;
        Err(ApiError::new(Kind::Unreadable, format!("the API server {} lists more than {most} objects at {path}", self.server)))
    }

    /// Reads any answer that is JSON.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn read(&self, path: &str) -> Result<Value, ApiError> {
        self.json(Method::GET, path, None).await
    }

    /// Changes an object, once; answers with the object as it is now.
    ///
    /// # Errors
    /// See [`ApiError`]: [`Kind::NotSent`] and a status changed nothing, of the others nothing is known.
    pub async fn patch(&self, path: &str, patch: Patch, body: &Value) -> Result<Object, ApiError> {
        let media = match patch {
            Patch::Merge => "application/merge-patch+json",
            Patch::Json => "application/json-patch+json",
        };
        Object::of(self.json(Method::PATCH, path, Some((media, body))).await?)
    }

    /// Asks the server something that it answers to a POST, such as what we may do.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn ask(&self, path: &str, body: &Value) -> Result<Value, ApiError> {
        self.json(Method::POST, path, Some(("application/json", body))).await
    }

    /// Reads what is no object: a pod's page through the server, a container's last lines. At most `most` bytes, within `limit`.
    ///
    /// # Errors
    /// See [`ApiError`]; a status is no error here.
    pub async fn page(&self, path: &str, accept: &str, most: usize, limit: Duration) -> Result<Page, ApiError> {
        let request = Request::get(path).header(ACCEPT, accept).body(Body::empty()).map_err(|error| self.unsendable(&error))?;
        self.exchange(request, most, limit).await
    }

    async fn json(&self, method: Method, path: &str, body: Option<(&str, &Value)>) -> Result<Value, ApiError> {
        let mut request = Request::builder().method(method).uri(path).header(ACCEPT, "application/json");
        let mut bytes = Vec::new();
        if let Some((media, body)) = body {
            request = request.header(CONTENT_TYPE, media);
            bytes = body.to_string().into_bytes();
        }
        let request = request.body(Body::from(bytes)).map_err(|error| self.unsendable(&error))?;
        let page = self.exchange(request, MOST_BYTES, self.limit).await?;
        if !StatusCode::from_u16(page.status).is_ok_and(|status| status.is_success()) {
            let wait = asks_to_wait(page.status, &page.headers);
            return Err(ApiError::status(&self.server, page.status, wait, &page.body));
        }
        serde_json::from_slice(&page.body).map_err(|error| {
            ApiError::new(Kind::Unreadable, format!("the API server {} sent something that is no JSON: {error}", self.server))
        })
    }

    async fn exchange(&self, request: Request<Body>, most: usize, limit: Duration) -> Result<Page, ApiError> {
        match tokio::time::timeout(limit, self.whole(request, most)).await {
            Ok(answer) => answer,
            Err(_) => Err(ApiError::timeout(&self.server, limit)),
        }
    }

    async fn whole(&self, request: Request<Body>, most: usize) -> Result<Page, ApiError> {
        let answer = self.client.send(request).await.map_err(|error| ApiError::broken(&self.server, &error))?;
        let (parts, mut body) = answer.into_parts();
        let mut bytes = Vec::new();
        let mut frames = stream::poll_fn(move |context| Pin::new(&mut body).poll_frame(context));
        while let Some(frame) = frames.next().await {
            let frame = frame.map_err(|error| ApiError::broken(&self.server, &error))?;
            let Ok(chunk) = frame.into_data() else { continue };
            if bytes.len() + chunk.len() > most {
                let message = format!("the API server {} sent more than {most} bytes", self.server);
                return Err(ApiError::new(Kind::Unreadable, message));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(Page { status: parts.status.as_u16(), headers: parts.headers, body: bytes })
    }

    fn unsendable(&self, error: &hyper::http::Error) -> ApiError {
        ApiError::new(Kind::NotSent, format!("nothing that could be asked of {}: {error}", self.server))
    }
}

#[derive(serde::Deserialize)]
struct List {
    #[serde(default)]
    metadata: ListMeta,
    #[serde(default)]
    items: Vec<Object>,
}

#[derive(Default, serde::Deserialize)]
struct ListMeta {
    #[serde(default, rename = "continue")]
    next: Option<String>,
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cluster").field("server", &self.server).finish_non_exhaustive()
    }
}
