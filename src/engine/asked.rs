//! What a source asks for, in its own words: for people who want to ask the same by hand. Nothing is judged by it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Addresses of one kind that are kept.
const MOST: usize = 64;

/// What is asked about one version. Addresses hold no secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The metrics pages, one address each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pages: Vec<String>,
    /// The health endpoints.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub health: Vec<String>,
    /// What is read off the pages, by the check that wants it: `http_requests_total{status=~"5.."}`. Empty for what is found by convention.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub series: BTreeMap<String, Vec<String>>,
}

impl Asked {
    /// Addresses, as many as are kept; the last line counts the others.
    #[must_use]
    pub fn addresses(all: impl IntoIterator<Item = String>) -> Vec<String> {
        let mut all = all.into_iter();
        let mut kept: Vec<String> = all.by_ref().take(MOST).collect();
        let others = all.count();
        if others > 0 {
            kept.push(format!("# and {others} more"));
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_many_addresses_there_are_few_are_kept_and_the_others_are_counted() {
        let all = |n: usize| (0..n).map(|i| format!("http://{i}/metrics"));
        assert_eq!(Asked::addresses(all(64)).len(), 64);
        let kept = Asked::addresses(all(200));
        assert_eq!((kept.len(), kept[64].as_str()), (65, "# and 136 more"));
    }
}
