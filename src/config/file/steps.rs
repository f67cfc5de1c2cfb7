//! `[steps]`: how the traffic moves, in which steps, and what each strategy has for defaults.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    config::value::{Dur, Percent},
    engine::strategy::{Kind, Strategy},
};

/// `[steps]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Steps {
    /// How the traffic moves.
    #[serde(default)]
    pub strategy: StrategyKind,
    /// `canary` and `flag`: the candidate's share of traffic at each step, rising, the last one 100%; default 5/25/50/75/100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weights: Option<Vec<Percent>>,
    /// `rolling`: in how many batches the instances are replaced; default 4.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batches: Option<u32>,
    /// How long the candidate must pass its health checks before it gets any traffic; default 0s, with `blue-green` 60s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smoke: Option<Dur>,
    /// How long it is watched once it has all traffic; default 0s, with `blue-green` 10m.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bake: Option<Dur>,
    /// The monitoring window of each step; default `policy.window`, of the default ladder 30m.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<Dur>,
}

/// `[steps] strategy`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StrategyKind {
    /// Rising shares of traffic.
    #[default]
    Canary,
    /// Two whole environments: smoke checks, a switch, a bake.
    BlueGreen,
    /// Batches of instances.
    Rolling,
    /// Rising percentages of users behind a feature flag.
    Flag,
}

impl Steps {
    /// The playbook's ladder.
    const LADDER: [f64; 5] = [0.05, 0.25, 0.5, 0.75, 1.0];
    /// The window of each of its steps.
    const WINDOW: Dur = Dur(Duration::from_secs(30 * 60));
    /// Smoke checks and bake of a blue-green deployment.
    const BLUE_GREEN: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(10 * 60));
    /// Batches of a rolling deployment.
    const BATCHES: u32 = 4;

    /// The candidate's share of traffic at each step, as rising fractions.
    pub fn ladder(&self) -> Vec<f64> {
        match self.strategy {
            StrategyKind::BlueGreen => vec![1.0],
            StrategyKind::Rolling => {
                let batches = self.batches.unwrap_or(Self::BATCHES).max(1);
                (1..=batches).map(|batch| f64::from(batch) / f64::from(batches)).collect()
            }
            StrategyKind::Canary | StrategyKind::Flag => match &self.weights {
                None => Self::LADDER.to_vec(),
                Some(weights) => weights.iter().map(|weight| weight.0).collect(),
            },
        }
    }

    /// Nothing is said about the ladder: it is the playbook's.
    fn is_playbook(&self) -> bool {
        self.weights.is_none() && matches!(self.strategy, StrategyKind::Canary | StrategyKind::Flag)
    }

    /// The window of each step, where this section says it or its ladder has one.
    pub fn window(&self) -> Option<Dur> {
        self.window.or(self.is_playbook().then_some(Self::WINDOW))
    }

    /// The strategy as the engine drives it.
    pub fn driven(&self) -> Strategy {
        let is_switch = self.strategy == StrategyKind::BlueGreen;
        let (smoke, bake) = if is_switch { Self::BLUE_GREEN } else { (Duration::ZERO, Duration::ZERO) };
        let seconds = |span: Option<Dur>, default: Duration| span.map_or(default, |span| span.0).as_secs_f64();
        Strategy { kind: self.strategy.into(), smoke_s: seconds(self.smoke, smoke), bake_s: seconds(self.bake, bake) }
    }
}

impl From<StrategyKind> for Kind {
    fn from(strategy: StrategyKind) -> Self {
        match strategy {
            StrategyKind::Canary => Self::Canary,
            StrategyKind::BlueGreen => Self::BlueGreen,
            StrategyKind::Rolling => Self::Rolling,
            StrategyKind::Flag => Self::Flag,
        }
    }
}
