//! The nginx program itself: testing a configuration and reloading it.

use std::time::Duration;

use crate::{
    backend::program::{Program, RunError, Said, shown},
    config::file,
};

/// How long a test or a reload may take.
const LIMIT: Duration = Duration::from_secs(30);

/// The program with the arguments it always needs.
#[derive(Clone, Debug)]
pub(super) struct Control {
    argv: Vec<String>,
}

/// A test or a reload that did not end well.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
pub(super) struct Failure {
    /// One sentence.
    why: String,
    /// It said no by itself, so it did nothing; else it was ended in the middle.
    pub(super) clean: bool,
}

impl Control {
    pub(super) fn new(config: &file::Nginx) -> Self {
        Self { argv: if config.nginx.is_empty() { vec!["nginx".to_owned()] } else { config.nginx.clone() } }
    }

    /// Asks whether nginx would take the files as they are now.
    pub(super) async fn test(&self) -> Result<(), Failure> {
        self.run(&["-t"]).await
    }

    /// Tells the master process to take them. It does so a moment later.
    pub(super) async fn reload(&self) -> Result<(), Failure> {
        self.run(&["-s", "reload"]).await
    }

    /// Both commands as a person would type them.
    pub(super) fn shown(&self) -> String {
        format!("{}, then {}", shown(&self.with(&["-t"])), shown(&self.with(&["-s", "reload"])))
    }

    fn with(&self, arguments: &[&str]) -> Vec<String> {
        self.argv.iter().cloned().chain(arguments.iter().map(|&a| a.to_owned())).collect()
    }

    async fn run(&self, arguments: &[&str]) -> Result<(), Failure> {
        let argv = self.with(arguments);
        match (Program { argv: &argv, dir: None, limit: LIMIT }).read().await {
            Ok(ended) if ended.code == 0 => Ok(()),
            Ok(ended) => {
                let why = first_error(&ended.stderr).unwrap_or_else(|| format!("it ended with code {}", ended.code));
                Err(Failure { why: format!("`{}`: {why}", shown(&argv)), clean: true })
            }
            Err(RunError::NotStarted(why)) => Err(Failure { why, clean: true }),
            Err(RunError::Cut(why)) => Err(Failure { why, clean: false }),
        }
    }
}

/// What nginx itself names as the reason: the line of the highest level, since warnings and alerts about log files may stand before it.
fn first_error(said: &Said) -> Option<String> {
    let lines = said.lines();
    let of_level = |level: &str| lines.iter().find(|line| line.contains(level));
    ["[emerg]", "[error]", "[crit]", "[alert]"].iter().find_map(|level| of_level(level)).or(lines.first()).cloned()
}
