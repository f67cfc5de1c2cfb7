//! What these tests share: files to read, and reports as plain text.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use miette::{GraphicalReportHandler, GraphicalTheme};
use rollwatch::config::{self, ConfigError, Loaded, Override};
use tempfile::TempDir;

/// A directory with one configuration in it.
pub(crate) struct Place {
    dir: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { dir: TempDir::new().expect("a temporary directory") }
    }

    /// Writes `text` as `rollwatch.toml`.
    pub(crate) fn with(text: impl AsRef<[u8]>) -> Self {
        let place = Self::new();
        fs::write(place.file(), text).expect("the directory is writable");
        // Whatever the umask is: a file that others can change may not name programs.
        fs::set_permissions(place.file(), fs::Permissions::from_mode(0o600)).expect("it is ours");
        place
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.dir.path().join("rollwatch.toml")
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// `text` with the directory left out.
    pub(crate) fn redacted(&self, text: &str) -> String {
        text.replace(&format!("{}/", self.dir.path().display()), "")
    }
}

/// The environment of all tests that do not bring their own.
pub(crate) fn environment() -> Vec<(String, String)> {
    pairs(&[("DEPLOY_ENV", "prod"), ("EMPTY", ""), ("HOST", "10.0.0.7")])
}

pub(crate) fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Loads `text` as a file.
pub(crate) fn load(text: &str) -> Result<Loaded, ConfigError> {
    load_with(text, &environment(), &[])
}

pub(crate) fn load_with(text: &str, environment: &[(String, String)], flags: &[Override]) -> Result<Loaded, ConfigError> {
    config::load(Some(&Place::with(text).file()), environment.to_vec(), flags)
}

/// The messages of an invalid configuration, without places.
pub(crate) fn messages(error: &ConfigError) -> Vec<String> {
    match error {
        ConfigError::Invalid { findings, .. } => findings.iter().map(|finding| finding.message().to_owned()).collect(),
        ConfigError::Unreadable(why) => vec![why.to_string()],
    }
}

/// The report as a terminal without colours shows it, wide enough that no line breaks: the directory's name may be long.
pub(crate) fn rendered(error: &ConfigError) -> String {
    let mut out = String::new();
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()).with_width(1000).with_links(false);
    handler.render_report(&mut out, error).expect("a string takes all text");
    out.lines().flat_map(|line| [line.trim_end(), "\n"]).collect()
}
