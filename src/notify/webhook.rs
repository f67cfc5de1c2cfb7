//! A webhook: each notice posted as one flat JSON object, or in Slack's shape.
//!
//! The URL may be a secret in itself (many chat services put a token into the path), so nothing here ever shows more of it than its
//! origin. Redirects are not followed: they could take the notice, and that token, somewhere else.

mod slack;

use std::fmt;

use serde::Serialize;
use url::Url;

use super::{Channel, LIMIT, Sending};
use crate::{
    config::{
        file::{self, WebhookFormat},
        secret::{ExposeSecret, Secret},
    },
    engine::{event::rfc3339, notice::Notice, snapshot::Tone, time::Time},
    text::cleaned,
    wire::http::{Client, Method, Options, Purpose, Request},
};

/// Where notices are posted to.
pub struct Webhook {
    client: Client,
    url: Url,
    format: WebhookFormat,
}

impl Webhook {
    /// The configured webhook; `secret_url` is what its `url_from` leads to.
    ///
    /// # Errors
    /// When there is no URL, it is none that can be posted to, or no client can be made: one sentence, without the URL.
    pub fn build(webhook: &file::Webhook, secret_url: Option<&Secret>) -> Result<Self, String> {
        let secret_url = secret_url.map(ExposeSecret::expose_secret);
        let Some(url) = secret_url.or(webhook.url.as_deref()) else {
            return Err("notify.webhook has no URL: set `url`, or `url_from` where the URL is a secret".to_owned());
        };
        let url = Url::parse(url.trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let url =
            url.ok_or_else(|| "notify.webhook: the URL is none that can be posted to; write http://… or https://…".to_owned())?;
        let client = Client::build(&Options::new(Purpose::Notify));
        let client = client.map_err(|error| format!("notify.webhook: no HTTP client can be made: {error}"))?;
        Ok(Self { client, url, format: webhook.format })
    }

    /// All of the URL that may be shown.
    fn origin(&self) -> String {
        cleaned(&self.url.origin().ascii_serialization())
    }

    async fn post(&self, notice: &Notice) -> Result<(), String> {
        // [`super::deliver`] sets the limit that counts; this one only bounds the request by itself.
        let body = match self.format {
            WebhookFormat::Json => json(notice),
            WebhookFormat::Slack => slack::json(notice),
        };
        let request = Request::new(Method::POST, &self.url, LIMIT * 2).body("application/json", body.into_bytes());
        let answer = self.client.send(request).await.map_err(|error| error.to_string())?;
        if (200..300).contains(&answer.status()) { Ok(()) } else { Err(answer.refusal().to_string()) }
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook").field("origin", &self.origin()).finish_non_exhaustive()
    }
}

impl Channel for Webhook {
    fn name(&self) -> &'static str {
        "webhook"
    }

    fn send<'a>(&'a self, notice: &'a Notice) -> Sending<'a> {
        Box::pin(self.post(notice))
    }
}

/// The object that is posted. Keys are added, never renamed.
#[derive(Serialize)]
struct Post<'a> {
    deployment: &'a str,
    environment: &'a str,
    baseline: &'a str,
    candidate: &'a str,
    subject: &'a str,
    state: &'a str,
    was: Option<&'a str>,
    tone: Tone,
    title: &'a str,
    body: &'a str,
    next: &'a str,
    #[serde(with = "rfc3339")]
    at: Time,
}

fn json(notice: &Notice) -> String {
    let post = Post {
        deployment: &notice.deployment,
        environment: &notice.environment,
        baseline: &notice.baseline,
        candidate: &notice.candidate,
        subject: &notice.subject,
        state: &notice.state,
        was: notice.was.as_deref(),
        tone: notice.tone,
        title: &notice.title,
        body: &notice.body,
        next: &notice.next,
        at: notice.at,
    };
    serde_json::to_string(&post).expect("every key is text, so it can be written as JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(url: Option<&str>) -> Result<Webhook, String> {
        let webhook = file::Webhook { url: url.map(str::to_owned), url_from: None, format: file::WebhookFormat::Json };
        Webhook::build(&webhook, None)
    }

    #[test]
    fn a_url_that_cannot_be_posted_to_is_refused_without_being_shown() {
        for url in [None, Some(""), Some("hooks.example/s3cret"), Some("ftp://hooks.example/s3cret"), Some("mailto:s3cret@example")]
        {
            let why = build(url).expect_err("no URL to post to");
            assert!(why.starts_with("notify.webhook"), "{why}");
            assert!(!why.contains("s3cret"), "{why}");
        }
    }

    #[test]
    fn a_webhook_shows_its_origin_only() {
        let webhook = build(Some("https://user:s3cret@hooks.example:8443/s3cret?token=s3cret")).expect("valid");
        assert_eq!(format!("{webhook:?}"), "Webhook { origin: \"https://hooks.example:8443\", .. }");
    }

    #[test]
    fn the_secret_url_goes_first() {
        let webhook = file::Webhook { url: Some("http://a".to_owned()), url_from: None, format: file::WebhookFormat::Json };
        let built = Webhook::build(&webhook, Some(&"http://b/x\n".into())).expect("valid");
        assert_eq!(built.url.as_str(), "http://b/x");
    }
}
