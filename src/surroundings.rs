//! What the process finds around itself: environment, terminal, user. Read once, in one place, and handed on as values.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    io::{IsTerminal as _, stderr, stdin, stdout},
    path::PathBuf,
};

/// The surroundings at the start.
#[derive(Clone, Debug)]
pub struct Surroundings {
    env: BTreeMap<OsString, OsString>,
    /// The command line, without the program.
    pub arguments: Vec<OsString>,
    /// stdin and stdout are terminals.
    pub is_interactive: bool,
    /// stdin and stderr are terminals, so that a question can be asked.
    pub can_ask: bool,
}

impl Surroundings {
    /// Looks around.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn read() -> Self {
        Self {
            env: std::env::vars_os().collect(),
            arguments: std::env::args_os().skip(1).collect(),
            is_interactive: stdin().is_terminal() && stdout().is_terminal(),
            can_ask: stdin().is_terminal() && stderr().is_terminal(),
        }
    }

    /// A variable as it is; null when it is not set.
    #[must_use]
    pub fn os(&self, name: &str) -> Option<&OsString> {
        self.env.get(&OsString::from(name))
    }

    /// A variable as text; empty when it is not set or not text.
    #[must_use]
    pub fn text(&self, name: &str) -> String {
        self.os(name).and_then(|value| value.to_str()).unwrap_or_default().to_owned()
    }

    /// A variable as a path; null when it is not set.
    #[must_use]
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.os(name).map(PathBuf::from)
    }

    /// Every variable that is text.
    pub fn texts(&self) -> impl Iterator<Item = (String, String)> + '_ {
        self.env.iter().filter_map(|(name, value)| Some((name.to_str()?.to_owned(), value.to_str()?.to_owned())))
    }

    /// The user's name, as actions are recorded under.
    #[must_use]
    pub fn user(&self) -> String {
        let name = ["USER", "LOGNAME"].into_iter().map(|name| self.text(name)).find(|name| !name.is_empty());
        name.map_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()), |name| crate::text::cleaned(&name))
    }
}
