//! What is wrong, or doubtful, in a configuration: one finding a mistake, with its place, and the error that carries them all.

use std::{fmt, iter};

use miette::{Diagnostic, LabeledSpan, SourceCode};

use super::{
    disk::ReadError,
    origin::{Origin, Spot},
    path::KeyPath,
};
use crate::humanize;

/// Most findings that are kept of one configuration; the rest is counted.
const MOST: usize = 50;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The configuration is refused.
    Error,
    /// It is used; somebody should look at it.
    Warning,
}

impl Severity {
    /// In one word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// One thing that is wrong or doubtful. Its text is one sentence: the place, the key, the value and what is allowed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}{message}", place(.origin))]
pub struct Finding {
    severity: Severity,
    origin: Origin,
    marks_key: bool,
    message: String,
    help: Option<String>,
}

fn place(origin: &Origin) -> String {
    if origin.is_built_in() { String::new() } else { format!("{origin}: ") }
}

impl Finding {
    pub(super) fn error(origin: &Origin, message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, origin: origin.clone(), marks_key: false, message: message.into(), help: None }
    }

    pub(super) fn warning(origin: &Origin, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(origin, message) }
    }

    /// Says what to do; nothing when `help` is empty.
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into()).filter(|help| !help.is_empty());
        self
    }

    /// Points at the key in the file, not at its value.
    pub(super) const fn on_key(mut self) -> Self {
        self.marks_key = true;
        self
    }

    /// How bad it is.
    pub const fn severity(&self) -> Severity {
        self.severity
    }

    /// The sentence without the place.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do, where the sentence does not say it.
    pub fn advice(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// The line of the file, counted from 1; none when the value comes from elsewhere.
    pub fn line(&self) -> Option<usize> {
        self.spot().map(Spot::line)
    }

    const fn spot(&self) -> Option<&Spot> {
        if let Origin::File(spot) = &self.origin { Some(spot) } else { None }
    }
}

impl Diagnostic for Finding {
    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.spot().map(|spot| &spot.source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let spot = self.spot()?;
        let span = if self.marks_key { &spot.key } else { &spot.value };
        Some(Box::new(iter::once(LabeledSpan::underline(span.clone()))))
    }
}

/// Why there is no configuration to go on with.
#[derive(Clone, Debug, thiserror::Error, Diagnostic)]
pub enum ConfigError {
    /// The file cannot be opened or is no text.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Unreadable(#[from] ReadError),
    /// It can be read, but what it says is not allowed.
    #[error("{subject} has {}", humanize::plural(findings.len() as f64 + *more as f64, "mistake", "mistakes"))]
    Invalid {
        /// The file's name, or "the configuration".
        subject: String,
        /// Each mistake, at most 50.
        #[related]
        findings: Vec<Finding>,
        /// How many mistakes are left out of `findings`.
        more: usize,
    },
}

/// The findings of one configuration while they are collected.
#[derive(Debug, Default)]
pub(super) struct Findings {
    list: Vec<Finding>,
    more: usize,
    wrong: Vec<KeyPath>,
}

impl Findings {
    pub(super) fn push(&mut self, finding: Finding) {
        if self.has_room() {
            self.list.push(finding);
        } else if finding.severity == Severity::Error {
            self.more += 1;
        }
    }

    /// Notes an error at `key`; what depends on that key need not be looked at any more.
    pub(super) fn push_at(&mut self, key: KeyPath, finding: Finding) {
        if self.has_room() {
            self.wrong.push(key);
        }
        self.push(finding);
    }

    pub(super) const fn has_room(&self) -> bool {
        self.list.len() < MOST
    }

    /// Whether nothing is known against the value at `key`.
    pub(super) fn is_sound(&self, key: &KeyPath) -> bool {
        !self.wrong.iter().any(|wrong| wrong.touches(key))
    }

    pub(super) fn has_errors(&self) -> bool {
        self.more > 0 || self.list.iter().any(|f| f.severity == Severity::Error)
    }

    /// The findings in the order of the file's lines, and the number of those that were not kept.
    pub(super) fn into_parts(mut self) -> (Vec<Finding>, usize) {
        self.list.sort_by_cached_key(|f| f.line().unwrap_or(usize::MAX));
        (self.list, self.more)
    }

    /// The errors among them as one error about `subject`.
    pub(super) fn into_error(self, subject: String) -> ConfigError {
        let (mut findings, more) = self.into_parts();
        findings.retain(|f| f.severity == Severity::Error);
        ConfigError::Invalid { subject, findings, more }
    }
}
