//! One page behind nginx, asked over a fresh connection each time: which version answers?

use std::time::Duration;

use url::Url;

use crate::{
    backend::BuildError,
    config::file,
    humanize,
    text::cleaned,
    wire::http::{Client, FetchError, Kind, Options, Purpose, Request, header::HeaderName},
};

/// How long one answer may take.
const LIMIT: Duration = Duration::from_secs(5);
/// The header that is looked for when the configuration names nothing.
const USUAL_HEADER: &str = "x-version";

/// Where the version stands in an answer.
#[derive(Clone, Debug)]
enum Place {
    Header(HeaderName),
    Field(String),
}

/// The page and how to read it.
#[derive(Clone, Debug)]
pub(super) struct Page {
    client: Client,
    url: Url,
    place: Place,
}

/// Why a request brought no version: a phrase after a count, "refused the connection".
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unanswered(pub(super) String);

impl Page {
    /// Checks the address and the place of the version.
    pub(super) fn new(config: &file::Nginx) -> Result<Self, BuildError> {
        let shown = cleaned(&config.url);
        let url = Url::parse(&config.url).map_err(|error| BuildError(format!("backend.url has {shown:?}: {error}")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(BuildError(format!("backend.url has {shown:?}: write an address that begins with http:// or https://")));
        }
        // A proxy would keep connections of its own to the old workers.
        let options = Options { is_direct: true, ..Options::new(Purpose::Act) };
        let client =
            Client::build(&options).map_err(|error| BuildError(format!("no HTTP client for backend.url can be made: {error}")))?;
        Ok(Self { client, url, place: Place::of(config)? })
    }

    /// Asks once; the connection is used for nothing else. A status of any kind is an answer, if it names a version.
    pub(super) async fn version(&self) -> Result<String, Unanswered> {
        let answer = self.client.send(Request::get(&self.url, LIMIT)).await.map_err(|error| why(&error))?;
        let named = match &self.place {
            Place::Header(name) => answer.header(name.as_str()).map(str::to_owned),
            Place::Field(name) => field(&answer.body, name),
        };
        let status = answer.status();
        named.map(|version| cleaned(&version)).ok_or_else(|| Unanswered(format!("named no version (status {status})")))
    }
}

impl Place {
    fn of(config: &file::Nginx) -> Result<Self, BuildError> {
        match (&config.version_header, &config.version_field) {
            (Some(_), Some(_)) => {
                Err(BuildError("backend.version_header and backend.version_field are both there: leave one out".to_owned()))
            }
            (None, Some(field)) => Ok(Self::Field(field.clone())),
            (header, None) => {
                let name = header.as_deref().unwrap_or(USUAL_HEADER);
                let wrong = |_| BuildError(format!("backend.version_header has {:?}: this is no header name", cleaned(name)));
                HeaderName::try_from(name).map(Self::Header).map_err(wrong)
            }
        }
    }
}

fn field(body: &[u8], name: &str) -> Option<String> {
    match serde_json::from_slice::<serde_json::Value>(body).ok()?.get(name)? {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A phrase without the address, which is the same for every connection.
fn why(error: &FetchError) -> Unanswered {
    Unanswered(match error.kind {
        Kind::Timeout => format!("did not answer within {}", humanize::duration(LIMIT)),
        Kind::Refused => "refused the connection".to_owned(),
        Kind::Reset => "broke off".to_owned(),
        Kind::Unreachable => "could not be reached".to_owned(),
        Kind::Dns => "found no address for the name".to_owned(),
        Kind::Tls => "failed in TLS".to_owned(),
        Kind::TooLarge | Kind::Unreadable | Kind::Redirect | Kind::Status => "gave no usable answer".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_text_or_a_number() {
        assert_eq!(field(br#"{"version":"v2","n":1}"#, "version").as_deref(), Some("v2"));
        assert_eq!(field(br#"{"version":7}"#, "version").as_deref(), Some("7"));
        assert_eq!(field(br#"{"version":null}"#, "version"), None);
        assert_eq!(field(b"<html>", "version"), None);
    }
}
