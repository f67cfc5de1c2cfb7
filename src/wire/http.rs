//! The one HTTP client constructor, and one way to send a request.
//!
//! Every request has a total time limit and a limit on the decoded bytes of its answer. Redirects are not followed, nothing is sent a
//! second time, credentials leave only for the origins they are bound to, and no error shows a secret.

mod credentials;
mod error;
mod place;
mod request;
mod response;
mod retry_after;

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
    sync::Once,
    time::Duration,
};

use reqwest::{Certificate, Identity, redirect, retry};
use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

pub use self::{
    credentials::Bound,
    error::{ClientError, FetchError, Kind},
    place::shown,
    request::Request,
    response::Response,
    retry_after::{asks_to_wait, retry_after},
};
pub use reqwest::{Method, header};

const USER_AGENT: &str = concat!("rollwatch/", env!("CARGO_PKG_VERSION"));

/// How a client is made.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// What it is for.
    pub purpose: Purpose,
    /// How long a connection may take to come about.
    pub connect_timeout: Duration,
    /// Certificate authorities to trust instead of the system's, in PEM.
    pub ca_pem: Option<&'a [u8]>,
    /// The client's certificate chain and private key, in PEM.
    pub identity_pem: Option<&'a SecretString>,
    /// Never through a proxy: who answers is the question.
    pub is_direct: bool,
}

/// What a client is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Reading the same pages again and again: connections are kept.
    Watch,
    /// Acting, and seeing who answers: each request has a connection of its own.
    Act,
    /// Telling somebody: as `Act`, and of an address only its origin is shown, because the rest may be a secret.
    Notify,
}

impl Options<'_> {
    /// The system's certificate authorities, no client certificate, three seconds to connect.
    #[must_use]
    pub const fn new(purpose: Purpose) -> Self {
        Self { purpose, connect_timeout: Duration::from_secs(3), ca_pem: None, identity_pem: None, is_direct: false }
    }
}

impl fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("purpose", &self.purpose).finish_non_exhaustive()
    }
}

/// Sends requests.
#[derive(Clone, Debug)]
pub struct Client {
    purpose: Purpose,
    /// For loopback and link-local addresses, which no proxy can reach.
    direct: reqwest::Client,
    /// For all others: through the system's proxy, if there is one.
    outside: reqwest::Client,
}

impl Client {
    /// Makes a client.
    ///
    /// # Errors
    /// When the certificate authorities or the client certificate cannot be used.
    pub fn build(options: &Options<'_>) -> Result<Self, ClientError> {
        install_crypto();
        let direct = connected(options, reqwest::ClientBuilder::no_proxy)?;
        let outside = if options.is_direct { direct.clone() } else { connected(options, |builder| builder)? };
        Ok(Self { purpose: options.purpose, direct, outside })
    }

    /// Sends a request, once, and takes its whole answer, whatever its status.
    ///
    /// # Errors
    /// When no whole answer came within the request's limits.
    pub async fn send(&self, request: Request<'_>) -> Result<Response, FetchError> {
        let client = if is_near(request.url) { &self.direct } else { &self.outside };
        request.send(client, self.purpose).await
    }
}

/// A client of the system's certificate authorities; of a compiled-in list of them where the system has none.
fn connected(
    options: &Options<'_>,
    proxied: impl Fn(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
) -> Result<reqwest::Client, ClientError> {
    let build = |roots: Option<Vec<Certificate>>| {
        let mut builder = proxied(builder(options));
        if let Some(roots) = roots {
            builder = builder.tls_certs_only(roots);
        }
        if let Some(pem) = options.identity_pem {
            builder = builder.identity(Identity::from_pem(pem.expose_secret().as_bytes()).map_err(ClientError::identity)?);
        }
        builder.build().map_err(ClientError::other)
    };
    match options.ca_pem {
        Some(pem) => build(Some(authorities(pem)?)),
        None => build(None).or_else(|_| build(Some(compiled_in()))),
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that makes a client")]
fn builder(options: &Options<'_>) -> reqwest::ClientBuilder {
    let kept = if options.purpose == Purpose::Watch { 2 } else { 0 };
    reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .connect_timeout(options.connect_timeout)
        .pool_max_idle_per_host(kept)
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .referer(false)
        .http1_only()
}

fn authorities(pem: &[u8]) -> Result<Vec<Certificate>, ClientError> {
    let certificates = Certificate::from_pem_bundle(pem).map_err(ClientError::authorities)?;
    if certificates.is_empty() { Err(ClientError::NoAuthority) } else { Ok(certificates) }
}

fn compiled_in() -> Vec<Certificate> {
    webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().filter_map(|der| Certificate::from_der(der).ok()).collect()
}

/// reqwest is built without a crypto provider of its own and asks for the process's.
pub(super) fn install_crypto() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if rustls::crypto::ring::default_provider().install_default().is_err() {
            tracing::debug!("a crypto provider was installed already");
        }
    });
}

/// Whether a host is this machine or on its own link.
fn is_near(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => is_near_address(address.into()),
        Some(Host::Ipv6(address)) => is_near_address(address.into()),
        None => false,
    }
}

fn is_near_address(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => address.is_loopback() || address.is_link_local(),
        IpAddr::V6(address) => address == Ipv6Addr::LOCALHOST || address.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_and_link_local_addresses_are_near() {
        for (url, want) in [
            ("http://127.0.0.9:1/", true),
            ("http://localhost/", true),
            ("http://api.localhost/", true),
            ("http://[::1]/", true),
            ("http://[::ffff:127.0.0.1]/", true),
            ("http://169.254.1.2/", true),
            ("http://[fe80::1]/", true),
            ("http://10.0.0.1/", false),
            ("http://localhost.example/", false),
            ("http://[2001:db8::1]/", false),
        ] {
            assert_eq!(is_near(&Url::parse(url).expect(url)), want, "{url}");
        }
    }
}
