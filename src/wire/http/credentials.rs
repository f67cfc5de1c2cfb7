//! Credentials and the origins they may be shown to.

use std::{collections::HashSet, fmt};

use reqwest::{
    RequestBuilder,
    header::{HeaderName, HeaderValue},
};
use secrecy::ExposeSecret;
use url::{Origin, Url};

use super::ClientError;
use crate::config::secret::{Credential, Credentials};

/// Credentials that are shown to some origins (scheme, host and port) and to no other.
#[derive(Clone, Default)]
pub struct Bound {
    shown: Vec<Credential>,
    origins: HashSet<Origin>,
}

impl Bound {
    /// Binds credentials to the origins of some addresses.
    ///
    /// # Errors
    /// When one of them cannot stand in a request's head.
    pub fn to<'u>(credentials: &Credentials, urls: impl IntoIterator<Item = &'u Url>) -> Result<Self, ClientError> {
        credentials.shown.iter().try_for_each(check)?;
        Ok(Self { shown: credentials.shown.clone(), origins: urls.into_iter().map(Url::origin).collect() })
    }

    /// Adds the credentials to a request to `url`, if they are for its origin.
    pub(super) fn add(&self, url: &Url, request: RequestBuilder) -> RequestBuilder {
        if !self.origins.contains(&url.origin()) {
            return request;
        }
        self.shown.iter().fold(request, |request, credential| match credential {
            Credential::Bearer(token) => request.bearer_auth(token.expose_secret()),
            Credential::Basic { user, password } => request.basic_auth(user, Some(password.expose_secret())),
            Credential::Header { name, value } => match HeaderValue::from_str(value.expose_secret()) {
                Ok(mut value) => {
                    value.set_sensitive(true);
                    request.header(name, value)
                }
                Err(_) => request,
            },
        })
    }
}

impl fmt::Debug for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bound").finish_non_exhaustive()
    }
}

fn check(credential: &Credential) -> Result<(), ClientError> {
    let (name, value) = match credential {
        Credential::Bearer(token) => ("Authorization", token),
        Credential::Basic { password, .. } => ("Authorization", password),
        Credential::Header { name, value } => (name.as_str(), value),
    };
    let is_basic = matches!(credential, Credential::Basic { .. });
    let fits = HeaderName::try_from(name).is_ok() && (is_basic || HeaderValue::from_str(value.expose_secret()).is_ok());
    if fits { Ok(()) } else { Err(ClientError::Header(crate::text::cleaned(name))) }
}
