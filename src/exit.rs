//! How the process ends: the contract's exit codes for what is not a watch's own outcome, and errors as people see them.

use miette::Diagnostic;

/// The codes that do not come from a watch's outcome (those are in [`crate::engine::event::Ended`]).
pub mod code {
    /// All is well.
    pub const OK: u8 = 0;
    /// An error of rollwatch itself.
    pub const INTERNAL: u8 = 1;
    /// Wrong usage or configuration.
    pub const USAGE: u8 = 2;
    /// The backend is out of reach, or does not let us in.
    pub const BACKEND: u8 = 3;
    /// A linter found something.
    pub const FINDINGS: u8 = 10;
    /// An action failed or was not seen to work.
    pub const ACTION_FAILED: u8 = 12;
    /// Not enough was seen.
    pub const UNDECIDED: u8 = 20;
    /// Stopped by Ctrl-C.
    pub const INTERRUPTED: u8 = 130;
    /// Somebody else was first.
    pub const ELSEWHERE: u8 = 13;
}

/// Why the process ends without having done what it was asked for.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum Failure {
    /// Wrong usage.
    #[error("{what}")]
    Usage {
        /// What is wrong.
        what: String,
        /// What to do.
        #[help]
        help: Option<String>,
    },
    /// A wrong configuration, with its places.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Config(#[from] crate::config::ConfigError),
    /// The backend cannot be read.
    #[error("{what}")]
    Backend {
        /// Why.
        what: String,
    },
    /// Something inside broke.
    #[error("{what}")]
    Internal {
        /// What.
        what: String,
    },
}

impl Failure {
    /// Wrong usage, with what to do about it.
    pub fn usage(what: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Usage { what: what.into(), help: Some(help.into()) }
    }

    /// Something inside broke.
    pub fn internal(what: impl std::fmt::Display) -> Self {
        Self::Internal { what: what.to_string() }
    }

    /// The exit code.
    #[must_use]
    pub const fn code(&self) -> u8 {
        match self {
            Self::Usage { .. } | Self::Config(_) => code::USAGE,
            Self::Backend { .. } => code::BACKEND,
            Self::Internal { .. } => code::INTERNAL,
        }
    }
}
