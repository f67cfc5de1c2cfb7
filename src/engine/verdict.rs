//! The words a check and a watch can be judged with (the contract's own, in JSON and on screen).

use serde::{Deserialize, Serialize};

/// What one check says at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckVerdict {
    /// Enough was seen, and nothing speaks against the candidate.
    Pass,
    /// Suspicious: over a limit, or half way to a conviction. Never acts by itself.
    Warn,
    /// Convicted.
    Fail,
    /// Too little was seen to say anything.
    Insufficient,
    /// The page answers but has nothing that this check could read.
    NoData,
    /// The source does not answer.
    ProviderError,
    /// Both versions are over the same limit: not the candidate's fault.
    Shared,
    /// Switched off, with a reason.
    Muted,
}

impl CheckVerdict {
    /// The word of the contract.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Insufficient => "insufficient",
            Self::NoData => "no_data",
            Self::ProviderError => "provider_error",
            Self::Shared => "shared",
            Self::Muted => "muted",
        }
    }

    /// How much this verdict wants to be seen: larger is worse, and stands higher in a list.
    #[must_use]
    pub const fn rank(self) -> u8 {
        match self {
            Self::Fail => 7,
            Self::Warn => 6,
            Self::Shared => 5,
            Self::ProviderError => 4,
            Self::NoData => 3,
            Self::Insufficient => 2,
            Self::Pass => 1,
            Self::Muted => 0,
        }
    }
}

/// What the whole watch says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The window has ended and the candidate was shown to be no worse.
    Pass,
    /// A gating check has convicted the candidate.
    Fail,
    /// Everything else: not known yet, or never told.
    Inconclusive,
}

impl Verdict {
    /// The word of the contract.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Inconclusive => "inconclusive",
        }
    }
}

/// Where the watch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// No poll of every source has come back yet.
    Attaching,
    /// The candidate's first minute: drawn, judged leniently.
    WarmingUp,
    /// Judging.
    Watching,
    /// Nothing may be promoted or rolled back by itself for the moment: blind, shared or paused.
    Holding,
    /// An action was asked for and is on its way.
    Acting,
    /// An action was sent; its effect is being looked for.
    Verifying,
    /// Over.
    Ended,
}

impl Phase {
    /// The word of the contract.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Attaching => "attaching",
            Self::WarmingUp => "warming_up",
            Self::Watching => "watching",
            Self::Holding => "holding",
            Self::Acting => "acting",
            Self::Verifying => "verifying",
            Self::Ended => "ended",
        }
    }
}

/// How a watch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Judged only; nothing was done.
    None,
    /// Promoted, and it was seen.
    Promoted,
    /// Rolled back, and it was seen.
    RolledBack,
    /// A rollback was asked for and failed, or was not seen to work.
    RollbackFailed,
    /// A promotion was asked for and failed, or was not seen to work.
    PromotionFailed,
    /// Somebody else rolled back or aborted.
    EndedElsewhere,
    /// Another rollout replaced the watched one.
    Superseded,
    /// No progress before the deadline.
    Stuck,
    /// Waiting for a promotion that this run may not give.
    Paused,
    /// rollwatch's own time limit.
    Timeout,
    /// Stopped by a signal or by `q` before the outcome was known.
    Interrupted,
}

impl Outcome {
    /// The word of the contract.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Promoted => "promoted",
            Self::RolledBack => "rolled_back",
            Self::RollbackFailed => "rollback_failed",
            Self::PromotionFailed => "promotion_failed",
            Self::EndedElsewhere => "ended_elsewhere",
            Self::Superseded => "superseded",
            Self::Stuck => "stuck",
            Self::Paused => "paused",
            Self::Timeout => "timeout",
            Self::Interrupted => "interrupted",
        }
    }

    /// The same for people, as what became of the watch.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::None => "nothing was done",
            Self::Promoted => "promoted",
            Self::RolledBack => "rolled back",
            Self::RollbackFailed => "the rollback failed or was not seen to work",
            Self::PromotionFailed => "the promotion failed or was not seen to work",
            Self::EndedElsewhere => "ended by somebody else",
            Self::Superseded => "superseded by another rollout",
            Self::Stuck => "no progress before the deadline",
            Self::Paused => "waiting for a promotion",
            Self::Timeout => "time limit reached",
            Self::Interrupted => "interrupted",
        }
    }
}
