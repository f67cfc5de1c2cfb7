//! The strategies of a rollout, as one ladder of stages: which stage a share of traffic belongs to, and what ends it.
//!
//! Canary, rolling and feature flag are the same ladder over weights (a batch of instances is a weight, a flag's percentage is one).
//! Blue-green is the ladder 0, 1: smoke checks while the candidate has no traffic, the switch, and a bake while the baseline stands by.

use serde::{Deserialize, Serialize};

/// How the traffic moves from the baseline to the candidate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Strategy {
    /// Its name.
    pub kind: Kind,
    /// Seconds for which the candidate must pass its health checks before it gets any traffic; 0 asks for none.
    pub smoke_s: f64,
    /// Seconds for which it is watched once it has all traffic; 0 ends the watch with the last promotion.
    pub bake_s: f64,
}

/// The playbook's strategies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// All traffic in one step.
    #[default]
    OneStep,
    /// Rising shares of traffic.
    Canary,
    /// Two whole environments and a switch.
    BlueGreen,
    /// Batches of instances.
    Rolling,
    /// Rising percentages of users.
    Flag,
}

impl Kind {
    /// The word of the contract.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::OneStep => "one-step",
            Self::Canary => "canary",
            Self::BlueGreen => "blue-green",
            Self::Rolling => "rolling",
            Self::Flag => "flag",
        }
    }
}

/// What a step of the ladder is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// No traffic yet: the candidate's own health decides.
    Smoke,
    /// Both versions serve and are compared.
    #[default]
    Step,
    /// The candidate has all traffic, and is held against the limits.
    Bake,
}

impl Strategy {
    /// The stage at the candidate's share `weight`, a fraction; null when nobody knows it.
    #[must_use]
    pub fn stage(&self, weight: Option<f64>) -> Stage {
        match weight {
            Some(weight) if weight <= 0.0 && self.smoke_s > 0.0 => Stage::Smoke,
            Some(weight) if weight >= 1.0 - 1e-9 && self.bake_s > 0.0 => Stage::Bake,
            _ => Stage::Step,
        }
    }

    /// The watch goes on once the candidate has all traffic.
    #[must_use]
    pub fn bakes(&self) -> bool {
        self.bake_s > 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_says_which_stage_it_is() {
        let blue_green = Strategy { kind: Kind::BlueGreen, smoke_s: 60.0, bake_s: 600.0 };
        let stages = [None, Some(0.0), Some(0.5), Some(1.0)].map(|weight| blue_green.stage(weight));
        assert_eq!(stages, [Stage::Step, Stage::Smoke, Stage::Step, Stage::Bake]);
        assert_eq!([Some(0.0), Some(1.0)].map(|weight| Strategy::default().stage(weight)), [Stage::Step; 2]);
    }
}
