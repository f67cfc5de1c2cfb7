//! Addresses as people may see them.

use url::Url;

use super::Purpose;
use crate::text;

/// An address without user, password, query values and fragment: each of them may be a secret.
#[must_use]
pub fn shown(url: &Url) -> String {
    let keys: Vec<_> = url.query().into_iter().flat_map(|query| query.split('&')).map(hidden).collect();
    let query = if keys.is_empty() { String::new() } else { format!("?{}", keys.join("&")) };
    text::cleaned(&format!("{}{}{query}", url.origin().ascii_serialization(), url.path()))
}

/// As [`shown`], or only the origin where the path may be a secret too.
pub(super) fn shown_for(url: &Url, purpose: Purpose) -> String {
    if purpose == Purpose::Notify { url.origin().ascii_serialization() } else { shown(url) }
}

fn hidden(pair: &str) -> String {
    pair.split_once('=').map_or_else(|| "…".to_owned(), |(key, _)| format!("{key}=…"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_secret_is_not_shown() {
        for (url, want) in [
            ("http://host:8081/metrics", "http://host:8081/metrics"),
            ("http://me:canary@host/metrics?token=canary&x=1#canary", "http://host/metrics?token=…&x=…"),
            ("https://canary@host/?canary", "https://host/?…"),
        ] {
            assert_eq!(shown(&Url::parse(url).expect(url)), want);
        }
        let hook = Url::parse("https://u:p@hooks.example:8443/services/canary?a=b").expect("valid");
        assert_eq!(shown_for(&hook, Purpose::Notify), "https://hooks.example:8443");
    }
}
