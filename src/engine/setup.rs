//! What a watch is told at its start, and never again.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    action::{Action, Usual},
    asked::Asked,
    driven::Driven,
    event::Started,
    policy::Policy,
    role::Sides,
};

/// Everything a watch is set up with.
#[derive(Clone, Debug, PartialEq)]
pub struct Setup {
    /// The deployment's name.
    pub deployment: String,
    /// `prod`; empty when not said.
    pub environment: String,
    /// The backend's kind; `none` without one.
    pub backend: String,
    /// What the backend acts on; empty without one.
    pub locator: String,
    /// The name must be typed before anything is done.
    pub protected: bool,
    /// The versions' names.
    pub names: Sides<String>,
    /// How the candidate is judged.
    pub policy: Policy,
    /// The ladder's weights as fractions; empty without a ladder.
    pub steps: Vec<f64>,
    /// The window of one step in seconds.
    pub window_s: f64,
    /// SHA-256 of the effective configuration, in hex.
    pub config_sha256: String,
    /// The controller that moves the traffic by itself, where there is one.
    pub driven: Option<Driven>,
    /// What is asked about each version, in the source's words.
    pub asked: Sides<Asked>,
    /// What ends the watch, and what it may do.
    pub rule: Rule,
}

/// What ends a watch, and what it may do by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line, and they are independent")]
pub struct Rule {
    /// When the watch has done its work.
    pub until: Until,
    /// Waiting for a promotion counts as success.
    pub success_on_pause: bool,
    /// A passed step is promoted.
    pub auto_promote: bool,
    /// A conviction rolls back.
    pub auto_rollback: bool,
    /// Somebody watches: stay after the outcome.
    pub stays: bool,
    /// Why this session cannot act; null when it can.
    pub read_only: Option<String>,
    /// A recorded watch is played: nothing is done, nothing ends by itself.
    pub replay: bool,
    /// How long each action took before, for people.
    pub usual: BTreeMap<Action, Usual>,
}

/// `--until`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Until {
    /// The window of the present step has ended.
    #[default]
    WindowEnd,
    /// All traffic is on the candidate.
    Promoted,
    /// A promotion is waited for.
    Paused,
    /// That step was reached.
    Step(u32),
}

impl Setup {
    /// The first event of the watch.
    #[must_use]
    pub fn started(&self, resumed: bool) -> Started {
        Started {
            deployment: self.deployment.clone(),
            environment: self.environment.clone(),
            backend: self.backend.clone(),
            locator: self.locator.clone(),
            strategy: self.policy.strategy.kind.word().to_owned(),
            baseline: self.names.baseline.clone(),
            candidate: self.names.candidate.clone(),
            window_s: self.window_s,
            policy: serde_json::to_value(&self.policy).unwrap_or(Value::Null),
            config_sha256: self.config_sha256.clone(),
            steps: self.steps.clone(),
            rollwatch: env!("CARGO_PKG_VERSION").to_owned(),
            resumed,
            driven: self.driven.clone(),
            asked: self.asked.clone(),
        }
    }

    /// The setup of a recorded watch, to be played again.
    ///
    /// # Errors
    /// When the recorded policy is not one this version can read.
    pub fn recorded(started: &Started) -> Result<Self, String> {
        let policy: Policy =
            serde_json::from_value(started.policy.clone()).map_err(|e| format!("the recorded policy cannot be read: {e}"))?;
        Ok(Self {
            deployment: started.deployment.clone(),
            environment: started.environment.clone(),
            backend: started.backend.clone(),
            locator: started.locator.clone(),
            protected: false,
            names: Sides { baseline: started.baseline.clone(), candidate: started.candidate.clone() },
            policy,
            steps: started.steps.clone(),
            window_s: started.window_s,
            config_sha256: started.config_sha256.clone(),
            driven: started.driven.clone(),
            asked: started.asked.clone(),
            rule: Rule { stays: true, replay: true, ..Rule::default() },
        })
    }
}
