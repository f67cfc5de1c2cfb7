//! What stays of a watch when it is over: a summary for people and for CI, in the forms that they read.
//!
//! `summary` gathers the events, `markdown`, `junit` and `github` word them, `files` writes them down. Everything but `files` is pure, and
//! every text that comes from outside goes through the escaping of its form.

use std::{
    borrow::Cow,
    path::{Path, PathBuf},
};

use clap::ValueEnum;

pub mod chart;
pub mod files;
pub mod github;
pub mod junit;
pub mod markdown;
pub mod summary;

use files::WriteError;
use summary::Summary;

use crate::engine::event::Line;

/// Longest text from an event, in characters.
const LONGEST: usize = 1000;

/// The forms of a report on stdout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// The post-mortem, for people.
    #[default]
    Markdown,
    /// JUnit XML, for CI.
    Junit,
}

/// Where more is to be found than a report holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Links {
    /// The journal.
    pub journal: Option<PathBuf>,
    /// The CI run that watched: an URL.
    pub run: Option<String>,
}

/// The reports that a run was asked for.
#[derive(Clone, Debug, Default)]
pub struct Reports {
    /// `--junit`.
    pub junit: Option<PathBuf>,
    /// `--markdown`.
    pub markdown: Option<PathBuf>,
    /// `--github`: the file that the step summary is appended to.
    pub github: Option<PathBuf>,
    /// What they point to.
    pub links: Links,
    summary: Option<Summary>,
}

impl Reports {
    /// Reports to these places.
    #[must_use]
    pub fn to(junit: Option<PathBuf>, markdown: Option<PathBuf>, github: Option<PathBuf>, links: Links) -> Self {
        Self { junit, markdown, github, links, summary: None }
    }

    /// Whether any report was asked for.
    #[must_use]
    pub const fn is_wanted(&self) -> bool {
        self.junit.is_some() || self.markdown.is_some() || self.github.is_some()
    }

    /// Makes sure that each can be written in the end. Nothing of an earlier run is touched.
    ///
    /// # Errors
    /// The first that cannot.
    pub fn probe(&self) -> Result<(), WriteError> {
        for path in [&self.junit, &self.markdown].into_iter().flatten() {
            files::probe(path)?;
        }
        self.github.as_deref().map_or(Ok(()), |path| files::append(path, ""))
    }

    /// Takes the next line of the watch.
    pub fn take(&mut self, line: &Line) {
        if self.is_wanted() {
            Summary::follow(&mut self.summary, line);
        }
    }

    /// Writes them all. What is to be said about it, line by line: annotations, and each report that could not be written.
    #[must_use]
    pub fn write(&self) -> Vec<String> {
        let Some(summary) = &self.summary else { return Vec::new() };
        let mut said = Vec::new();
        let mut try_to = |wrote: Result<(), WriteError>| said.extend(wrote.err().map(|error| format!("rollwatch: {error}")));
        if let Some(path) = &self.junit {
            try_to(files::replace(path, &junit::render(summary, &self.links)));
        }
        if self.markdown.is_some() || self.github.is_some() {
            let text = markdown::render(summary, &self.links);
            if let Some(path) = &self.markdown {
                try_to(files::replace(path, &text));
            }
            if let Some(path) = &self.github {
                try_to(append_summary(path, &text));
                said.extend(github::annotations(summary));
            }
        }
        said
    }
}

fn append_summary(path: &Path, text: &str) -> Result<(), WriteError> {
    let room = github::SUMMARY_BYTES.saturating_sub(files::length(path));
    files::append(path, &markdown::cut(text, usize::try_from(room).unwrap_or(usize::MAX)))
}

/// A path that still leads there from another directory; as it is where that cannot be told.
#[must_use]
pub fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// A text of an event, without anything that could move a cursor.
fn plain(text: &str) -> Cow<'_, str> {
    crate::text::clean_to(text, LONGEST)
}
