//! What a source asks for, in its own words: for people who want to ask the same by hand. Nothing is judged by it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Addresses of one kind that are kept.
const MOST: usize = 64;

/// What is asked about one version. Addresses hold no secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The metrics pages.
    #[serde(default)]
    pub pages: Addresses,
    /// The health endpoints.
    #[serde(default)]
    pub health: Addresses,
    /// Who is asked, where they come and go: completes "of ...". Null where it is always the same addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whose: Option<String>,
    /// What is read off the pages, by the check that wants it: `http_requests_total{status=~"5.."}`. Empty for what is found by convention.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub series: BTreeMap<String, Vec<String>>,
}

/// Some addresses, and how many more there are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addresses {
    /// The first of them.
    pub first: Vec<String>,
    /// How many others there are.
    pub others: usize,
}

impl FromIterator<String> for Addresses {
    fn from_iter<I: IntoIterator<Item = String>>(all: I) -> Self {
        let mut all = all.into_iter();
        let first = all.by_ref().take(MOST).collect();
        Self { first, others: all.count() }
    }
}

impl Addresses {
    /// The first of all, and how many there are besides; null without any.
    #[must_use]
    pub fn one_of(&self) -> Option<(&str, usize)> {
        let first = self.first.first()?;
        Some((first, self.first.len() - 1 + self.others))
    }

    /// One a line; a last line counts those that are not kept.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        let others = (self.others > 0).then(|| format!("# and {} more", self.others));
        self.first.iter().cloned().chain(others)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_many_addresses_there_are_few_are_kept_and_the_others_are_counted() {
        let all = |n: usize| (0..n).map(|i| format!("http://{i}/metrics")).collect::<Addresses>();
        assert_eq!((all(0).one_of(), all(64).lines().count()), (None, 64));
        let many = all(200);
        assert_eq!(many.one_of(), Some(("http://0/metrics", 199)));
        assert_eq!((many.lines().count(), many.lines().last()), (65, Some("# and 136 more".to_owned())));
    }
}
