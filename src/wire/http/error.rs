//! What can go wrong with a request, sorted by what it says about the other side, and put into words.

use std::{error::Error, io, time::Duration};

use reqwest::{StatusCode, header::HeaderValue};
use rustls::{AlertDescription, CertificateError};

use crate::{engine::time::Time, humanize, text};

/// A client that could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// The certificate authorities are not readable.
    #[error("the certificate authorities are no PEM file: {0}")]
    Authorities(String),
    /// There are no certificate authorities in the file.
    #[error("the file of certificate authorities has no certificate in it")]
    NoAuthority,
    /// The client certificate is not readable.
    #[error("the client certificate or its key is no PEM file: {0}")]
    Identity(String),
    /// A credential that cannot be sent.
    #[error("the header {0} cannot be sent: its name or value has characters that no header may have")]
    Header(String),
    /// Anything else, such as a key that does not fit its certificate.
    #[error("no HTTP client can be made of these settings: {0}")]
    Other(String),
}

impl ClientError {
    pub(super) fn authorities(error: reqwest::Error) -> Self {
        Self::Authorities(causes(&error.without_url()))
    }

    pub(super) fn identity(error: reqwest::Error) -> Self {
        Self::Identity(causes(&error.without_url()))
    }

    pub(super) fn other(error: reqwest::Error) -> Self {
        Self::Other(causes(&error.without_url()))
    }
}

/// What became of a request that has no usable answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FetchError {
    /// What went wrong.
    pub kind: Kind,
    /// The status, if the answer had got so far.
    pub status: Option<u16>,
    message: String,
}

/// What went wrong, by what it says about the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing listens there.
    Refused,
    /// No whole answer in time.
    Timeout,
    /// The name does not resolve.
    Dns,
    /// No trusted connection.
    Tls,
    /// The connection broke.
    Reset,
    /// There is no way there.
    Unreachable,
    /// An answer that leads elsewhere.
    Redirect,
    /// An answer of another status than hoped for.
    Status,
    /// More bytes than allowed.
    TooLarge,
    /// An answer that cannot be read.
    Unreadable,
}

impl FetchError {
    fn new(kind: Kind, status: Option<StatusCode>, message: &str) -> Self {
        Self { kind, status: status.map(|status| status.as_u16()), message: text::cleaned(message) }
    }

    /// No whole answer within `limit`.
    pub(crate) fn timeout(place: &str, limit: Duration) -> Self {
        Self::new(Kind::Timeout, None, &format!("{place} gave no whole answer within {}", humanize::duration(limit)))
    }

    /// What somebody in between says of the other side.
    #[must_use]
    pub fn told(kind: Kind, message: &str) -> Self {
        Self::new(kind, None, message)
    }

    pub(super) fn encoding(place: &str, status: StatusCode, encoding: &HeaderValue) -> Self {
        let encoding = String::from_utf8_lossy(encoding.as_bytes());
        Self::new(Kind::Unreadable, Some(status), &format!("{place} answered in the encoding {encoding}, which was not asked for"))
    }

    pub(super) fn too_large(place: &str, status: StatusCode, most: usize) -> Self {
        let most = humanize::plural(most as f64, "byte", "bytes");
        Self::new(Kind::TooLarge, Some(status), &format!("{place} answered with more than {most}"))
    }

    pub(super) fn redirect(place: &str, status: StatusCode, to: &str) -> Self {
        Self::new(Kind::Redirect, Some(status), &format!("{place} redirects to {to} ({}), which is not followed", words(status)))
    }

    pub(super) fn status(place: &str, status: StatusCode) -> Self {
        Self::new(Kind::Status, Some(status), &format!("{place} answered {}", words(status)))
    }

    /// Sorts a failure of the connection.
    pub(super) fn of(place: &str, status: Option<StatusCode>, error: &reqwest::Error) -> Self {
        let (kind, what) = classify(error);
        Self::new(kind, status, &format!("{place} {what}"))
    }
}

fn words(status: StatusCode) -> String {
    status.canonical_reason().map_or_else(|| status.as_str().to_owned(), |reason| format!("{} {reason}", status.as_str()))
}

fn classify(error: &reqwest::Error) -> (Kind, String) {
    if let Some(error) = find::<rustls::Error>(error) {
        return (Kind::Tls, tls(error));
    }
    if error.is_dns() {
        return (Kind::Dns, "has a name that does not resolve".to_owned());
    }
    if error.is_timeout() {
        return (Kind::Timeout, "accepted no connection in time".to_owned());
    }
    let broken = || (Kind::Reset, "broke off the connection before its answer was whole".to_owned());
    match find::<io::Error>(error).and_then(|error| connection(error.kind())) {
        Some(Kind::Refused) => return (Kind::Refused, "refused the connection: nothing listens there".to_owned()),
        Some(Kind::Unreachable) => return (Kind::Unreachable, "cannot be reached: there is no route to it".to_owned()),
        Some(_) => return broken(),
        None => {}
    }
    match find::<hyper::Error>(error) {
        Some(error) if error.is_parse() => (Kind::Unreadable, format!("did not answer in HTTP: {}", causes(error))),
        Some(error) if !error.is_user() => broken(),
        _ => (Kind::Unreadable, format!("gave an answer that cannot be read: {}", causes(error))),
    }
}

/// What an I/O error says about the other side, if anything.
fn connection(kind: io::ErrorKind) -> Option<Kind> {
    match kind {
        io::ErrorKind::ConnectionRefused => Some(Kind::Refused),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable | io::ErrorKind::NetworkDown => Some(Kind::Unreachable),
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::NotConnected
        | io::ErrorKind::UnexpectedEof => Some(Kind::Reset),
        _ => None,
    }
}

/// What is wrong with the trust between the two sides.
fn tls(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(certificate) => format!("has a certificate that {}", untrusted(certificate)),
        rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => "wants a client certificate".to_owned(),
        rustls::Error::AlertReceived(
            alert @ (AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied),
        ) => format!("does not accept our client certificate ({alert:?})"),
        rustls::Error::InvalidMessage(_) => "does not speak TLS".to_owned(),
        other => format!("gave no TLS connection: {other}"),
    }
}

fn untrusted(certificate: &CertificateError) -> String {
    let date = |seconds: u64| {
        let at = humanize::rfc3339(Time::from_ms(i64::try_from(seconds.saturating_mul(1000)).unwrap_or(i64::MAX)));
        at.split('T').next().unwrap_or_default().to_owned()
    };
    match certificate {
        CertificateError::ExpiredContext { not_after, .. } => format!("expired on {}", date(not_after.as_secs())),
        CertificateError::Expired => "has expired".to_owned(),
        CertificateError::NotValidYetContext { not_before, .. } => format!("is not valid before {}", date(not_before.as_secs())),
        CertificateError::NotValidYet => "is not valid yet".to_owned(),
        CertificateError::UnknownIssuer => "was issued by an authority that is not trusted here".to_owned(),
        CertificateError::NotValidForNameContext { presented, .. } => format!("is for another host ({})", presented.join(", ")),
        CertificateError::NotValidForName => "is for another host".to_owned(),
        CertificateError::Revoked => "was revoked".to_owned(),
        other => format!("is not valid: {other}"),
    }
}

/// The first error of a type among an error and its causes. An I/O error hides the error it wraps from its own list of causes.
fn find<'e, E: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if let Some(found) = wrapped.and_then(|wrapped| find::<E>(wrapped)) {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// The causes of an error without the error itself, which says nothing in reqwest's case: "builder error".
fn causes(error: &(dyn Error + 'static)) -> String {
    let mut words = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        words.push(cause.to_string());
        next = cause.source();
    }
    words.dedup();
    if words.is_empty() { error.to_string() } else { words.join(": ") }
}
