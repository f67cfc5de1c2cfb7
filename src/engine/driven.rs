//! A rollout that its platform's own controller drives: by what, and what stands for each version there.

use serde::{Deserialize, Serialize};

use super::role::Sides;

/// Where the traffic moves without anybody's action, because a controller goes on by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Driven {
    /// The controller, for sentences: "the Deployment controller".
    pub by: String,
    /// The platform's immutable name of each version, such as a pod template's hash: what the watch is bound to, also after a restart.
    pub pins: Sides<String>,
}
