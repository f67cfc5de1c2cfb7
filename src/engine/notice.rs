//! What people are told when something changed: one text for desktop, terminal and webhook.

use serde::{Deserialize, Serialize};

use super::{snapshot::Tone, time::Time};

/// One notice, made by the engine on a transition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// Deployment, candidate, subject and state: two notices with one key are the same news.
    pub key: String,
    /// When.
    pub at: Time,
    /// How urgent: `Bad` interrupts, the rest informs.
    pub tone: Tone,
    /// `v2.5.0 leaning bad · api-server · prod`.
    pub title: String,
    /// Value against threshold and baseline, n, and then what happens next.
    pub body: String,
    /// The end of the body: what happens next; empty when nothing does.
    pub next: String,
    /// The deployment's name.
    pub deployment: String,
    /// `prod`; empty when not said.
    pub environment: String,
    /// The trusted version's name.
    pub baseline: String,
    /// The judged version's name.
    pub candidate: String,
    /// What changed: `verdict`, `phase`, `action`, or a check's id.
    pub subject: String,
    /// The new state, in the contract's word.
    pub state: String,
    /// The state before; null the first time.
    pub was: Option<String>,
}

impl Notice {
    /// The body without what happens next.
    #[must_use]
    pub fn said(&self) -> &str {
        self.body.strip_suffix(&self.next).unwrap_or(&self.body).trim_end()
    }
}
