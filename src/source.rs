//! Reads: scraped metrics pages and health endpoints of the watched instances, turned into what the engine takes in.
//!
//! A source never decides and never acts. Whatever goes wrong outside is an observation with its reason, never a zero.

pub mod exposition;
mod health;
pub mod metrics;
#[cfg(feature = "kubernetes")]
pub mod pods;
pub mod poll;

use crate::{engine::role::Role, wire::http::ClientError};

/// Why there is nothing that could be polled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// An address that is none.
    #[error("{key}: {address:?} is no address to poll: {why}; write \"http://10.0.0.1:8081/metrics\"")]
    Address {
        /// The key it stands under.
        key: String,
        /// The address, without what may be secret.
        address: String,
        /// What is wrong with it.
        why: String,
    },
    /// An address that one version has twice: its requests would count twice.
    #[error("{key}: {address} is listed twice")]
    Twice {
        /// The key it stands under.
        key: String,
        /// The address.
        address: String,
    },
    /// A version without any address.
    #[error("{}.metrics is empty: list the metrics page of each instance", .0.word())]
    Nothing(Role),
    /// A page with both versions on it and nothing to tell them apart by.
    #[error(
        "both versions are on the page {0}, and nothing tells them apart: give baseline and candidate a select, such as \
         select = {{ version = \"v2\" }}"
    )]
    Indistinct(String),
    /// A regular expression that is none.
    #[error("{0}")]
    Pattern(String),
    /// Credentials or certificates that cannot be used.
    #[error("auth: {0}")]
    Client(#[from] ClientError),
}
