//! Checks files before they are used. Rollwatch's own configurations are known; what a finding is, `config` says.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use crate::{
    config::{self, Finding, ReadError},
    humanize::plural,
    text::cleaned,
};

/// What was found in each file.
#[derive(Debug)]
pub struct Report {
    files: Vec<Checked>,
}

#[derive(Debug)]
struct Checked {
    path: PathBuf,
    outcome: Result<Vec<Finding>, Unreadable>,
}

/// Why nothing can be said about a file.
#[derive(Debug, thiserror::Error)]
enum Unreadable {
    #[error(transparent)]
    File(#[from] ReadError),
    #[error("{0}: only rollwatch configurations (FILE.toml) can be checked")]
    Kind(String),
}

/// Checks each of `paths`; `environment` is for the variables that stand in them.
pub fn run(paths: &[PathBuf], environment: &[(String, String)]) -> Report {
    let files = paths.iter().map(|path| Checked { path: path.clone(), outcome: check(path, environment) });
    Report { files: files.collect() }
}

fn check(path: &Path, environment: &[(String, String)]) -> Result<Vec<Finding>, Unreadable> {
    if path.extension().is_none_or(|extension| extension != "toml") {
        return Err(Unreadable::Kind(cleaned(&path.to_string_lossy())));
    }
    Ok(config::findings(path, environment)?)
}

impl Report {
    /// 0 when nothing was found, 10 when something was, 2 when a file could not be checked.
    pub fn exit_code(&self) -> u8 {
        if self.files.iter().any(|file| file.outcome.is_err()) {
            2
        } else if self.findings().next().is_some() {
            10
        } else {
            0
        }
    }

    /// Each finding with the file it is about.
    pub fn findings(&self) -> impl Iterator<Item = (&Path, &Finding)> {
        self.files.iter().flat_map(|file| file.outcome.iter().flatten().map(|finding| (file.path.as_path(), finding)))
    }

    /// Writes one line a finding, `FILE:LINE: error: …`, and one that counts them.
    ///
    /// # Errors
    /// As `out` does.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        for file in &self.files {
            match &file.outcome {
                Ok(findings) => findings.iter().try_for_each(|finding| write_finding(out, &file.path, finding))?,
                Err(why) => writeln!(out, "{why}")?,
            }
        }
        let found = self.findings().count();
        let files = plural(self.files.len() as f64, "file", "files");
        match found {
            0 if self.exit_code() == 0 => writeln!(out, "{files}, nothing found"),
            _ => writeln!(out, "{files}, {}", plural(found as f64, "finding", "findings")),
        }
    }
}

fn write_finding(out: &mut impl Write, path: &Path, finding: &Finding) -> io::Result<()> {
    let path = cleaned(&path.to_string_lossy());
    let word = finding.severity().word();
    let advice = finding.advice().map(|advice| format!(" ({advice})")).unwrap_or_default();
    match finding.line() {
        Some(line) => writeln!(out, "{path}:{line}: {word}: {}{advice}", finding.message()),
        None => writeln!(out, "{path}: {word}: {}{advice}", finding.message()),
    }
}
