//! What differs between the stages of a rollout: what the candidate is held against, for how long, and what ends it.

use std::time::Duration;

use super::Watch;
use crate::engine::{
    compare::MIN_REQUESTS,
    policy::{BaselineMode, Policy},
    role::Role,
    sample::CheckState,
    strategy::Stage,
};
use crate::humanize;

impl Watch {
    /// The stage at the weight that is in force.
    pub(super) fn stage_now(&self) -> Stage {
        self.setup.policy.strategy.stage(self.weight)
    }

    /// At the weight in force the candidate is watched although it has all traffic.
    pub(super) fn bakes_now(&self) -> bool {
        self.stage_now() == Stage::Bake
    }

    /// What the candidate is compared with at this stage: once it has all traffic there is nothing beside it.
    pub(super) fn against(&self) -> BaselineMode {
        if self.step.stage == Stage::Bake { BaselineMode::Static } else { self.setup.policy.baseline }
    }

    /// The policy of this stage's comparison.
    pub(super) fn stage_policy(&self) -> Policy {
        Policy { baseline: self.against(), ..self.setup.policy.clone() }
    }

    /// How long this stage is watched, in seconds.
    pub(super) fn window_s(&self) -> f64 {
        self.window_of(self.step.stage)
    }

    /// How long a stage is watched, in seconds.
    pub(super) const fn window_of(&self, stage: Stage) -> f64 {
        match stage {
            Stage::Smoke => self.setup.policy.strategy.smoke_s,
            Stage::Step => self.setup.window_s,
            Stage::Bake => self.setup.policy.strategy.bake_s,
        }
    }

    /// The longest it may become: only more time with both versions is more evidence, and a candidate may need time to come up.
    pub(super) fn longest(&self) -> f64 {
        match self.step.stage {
            Stage::Bake => self.window_s(),
            Stage::Smoke | Stage::Step => self.setup.policy.max_window_s.max(self.window_s()),
        }
    }

    /// Whether this stage can end with a pass.
    pub(super) fn may_pass(&self) -> bool {
        self.step.stage != Stage::Step || self.against().may_pass()
    }

    /// Without traffic: every instance that was asked is ready, and no check of it fails.
    pub(super) fn judge_smoke(&self) -> Result<(), String> {
        let (health, name) = (&self.step.health, &self.setup.names.candidate);
        let failing = health.checks(Role::Candidate).into_iter().find(|check| check.state == CheckState::Fails);
        match (health.ready(Role::Candidate), failing) {
            _ if health.is_down() => Err(format!("{name} is not ready")),
            (_, Some(check)) => Err(format!("{name} says {} is {}", check.name, check.said)),
            (Some((up, all)), None) if up == all && all > 0 => Ok(()),
            (Some((up, all)), None) => Err(format!("{name} is ready on {up} of {all} instances")),
            (None, None) => Err(format!("no health endpoint of {name} has answered")),
        }
    }

    /// What a bake that went well has shown.
    pub(super) fn baked(&self) -> String {
        let span = humanize::duration(Duration::from_secs_f64(self.step_seconds()));
        let requests = self.judged_by();
        format!("All traffic is on {}, and it kept its limits for {span}, over {requests}", self.setup.names.candidate)
    }

    /// With all traffic: it kept its limits, and somebody used it.
    pub(super) fn judge_bake(&self) -> Result<(), String> {
        let (n, what) = self.worked();
        if n < MIN_REQUESTS {
            return Err(format!("too few {what}"));
        }
        if self.step.health.is_down() {
            return Err("the candidate is not ready at the end of the bake".to_owned());
        }
        self.step.compare.is_calm(&self.setup.policy)
    }
}
