//! Conditions on labels, as a configuration states them: each label's whole value matches its regular expression.

use std::collections::BTreeMap;

use regex_lite::Regex;

use crate::source::exposition::Label;

/// Some labels and what their values have to match, all of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Selector(Vec<(String, Regex)>);

impl Selector {
    /// Reads a `{ label = "expression" }` table.
    ///
    /// # Errors
    /// The label and what is wrong with its expression.
    pub(super) fn build(patterns: &BTreeMap<String, String>) -> Result<Self, String> {
        let compiled = patterns.iter().map(|(label, pattern)| match Regex::new(&format!("^(?:{pattern})$")) {
            Ok(regex) => Ok((label.clone(), regex)),
            Err(error) => Err(format!("{label} = {pattern:?} is no regular expression: {error}")),
        });
        compiled.collect::<Result<_, _>>().map(Self)
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether every condition holds. A label that a series does not have counts as empty.
    pub(super) fn matches(&self, labels: &[Label<'_>]) -> bool {
        self.0.iter().all(|(name, regex)| {
            let value = labels.iter().find(|label| label.name.is(name)).map(|label| label.value.text());
            regex.is_match(value.as_deref().unwrap_or_default())
        })
    }

    /// The labels it looks at.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }
}
