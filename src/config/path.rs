//! Names of places in a configuration: `policy.window`, `baseline.metrics`.

use std::fmt;

/// The way from the top of a configuration to one of its values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct KeyPath(Vec<Step>);

/// One step of the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Into a table.
    Key(String),
    /// Into a list, counted from 0.
    Index(usize),
    /// To an entry that was taken out of its list; the ones behind it have moved up.
    Gone,
}

impl KeyPath {
    /// The place `name` inside the table at this place.
    pub(super) fn key(&self, name: &str) -> Self {
        self.then(Step::Key(name.to_owned()))
    }

    /// The entry `index` of the list at this place.
    pub(super) fn index(&self, index: usize) -> Self {
        self.then(Step::Index(index))
    }

    /// This place once its value was taken out of the tree.
    pub(super) fn gone(&self) -> Self {
        match self.0.split_last() {
            Some((Step::Index(_), list)) => Self(list.to_vec()).then(Step::Gone),
            _ => self.clone(),
        }
    }

    /// The place that `rest` names, seen from this place.
    pub(super) fn join(&self, rest: &Self) -> Self {
        Self(self.0.iter().chain(&rest.0).cloned().collect())
    }

    pub(super) fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Whether one of the two lies inside the other, or they are the same.
    pub(super) fn touches(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(a, b)| a == b)
    }

    fn then(&self, step: Step) -> Self {
        Self(self.0.iter().cloned().chain([step]).collect())
    }
}

impl FromIterator<Step> for KeyPath {
    fn from_iter<I: IntoIterator<Item = Step>>(steps: I) -> Self {
        Self(steps.into_iter().collect())
    }
}

impl From<&str> for KeyPath {
    /// Reads a name of ours, whose keys have no dots in them.
    fn from(dotted: &str) -> Self {
        dotted.split('.').map(|key| Step::Key(key.to_owned())).collect()
    }
}

impl fmt::Display for KeyPath {
    /// As it is written in TOML. The place in a list is left out: the value is shown beside it, and its line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.0.iter().filter_map(|step| match step {
            Step::Key(key) => Some(key),
            Step::Index(_) | Step::Gone => None,
        });
        for (nth, key) in keys.enumerate() {
            if nth > 0 {
                f.write_str(".")?;
            }
            write_key(f, key)?;
        }
        Ok(())
    }
}

/// Writes a key bare where TOML allows that, else in quotes.
fn write_key(f: &mut fmt::Formatter<'_>, key: &str) -> fmt::Result {
    let bare = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if bare { f.write_str(key) } else { write!(f, "{}", toml::Value::from(crate::text::clean(key).as_ref())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_shown_as_toml_writes_it() {
        assert_eq!(KeyPath::from("policy.window").to_string(), "policy.window");
        assert_eq!(KeyPath::from("baseline.metrics").index(3).to_string(), "baseline.metrics");
        assert_eq!(KeyPath::from("auth.headers").key("a b.c").to_string(), "auth.headers.\"a b.c\"");
    }

    #[test]
    fn places_touch_when_one_holds_the_other() {
        let policy = KeyPath::from("policy");
        assert!(policy.touches(&"policy.window".into()));
        assert!(KeyPath::from("policy.window").touches(&policy));
        assert!(!KeyPath::from("policy.window").touches(&"policy.poll".into()));
    }
}
