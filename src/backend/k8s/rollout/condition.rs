//! What Argo Rollouts makes of a Rollout: whether it is believed, waits, hangs, or has ended.

use super::{ArgoRollout, HASH, status::Said};
use crate::{
    backend::k8s::{
        bound::Bound,
        mark::{self, RETREATS},
        pods,
        sets::{self, Set},
    },
    engine::action::Condition,
    text,
};

/// Pauses that only a person ends.
pub(super) const INCONCLUSIVE: [&str; 2] = ["InconclusiveAnalysisRun", "InconclusiveExperiment"];
/// A pause that is a step of a canary, and the one before the switch of a blue-green rollout.
const STEP: &str = "CanaryPauseStep";
const SWITCH: &str = "BlueGreenPause";

impl ArgoRollout {
    pub(super) fn controller_says(&self, bound: &Bound) -> Condition {
        if let Some(why) = self.behind() {
            return Condition::Behind(why);
        }
        let (status, name) = (&self.status, &self.place.workload.name);
        if status.current_pod_hash == bound.pins.baseline {
            return Condition::Ended(format!(
                "{name} was taken back to {} by {}",
                bound.names.baseline,
                mark::who(&self.object, &RETREATS)
            ));
        }
        if status.current_pod_hash != bound.pins.candidate || self.refused().is_some() {
            return Condition::Steady;
        }
        if status.abort {
            return Condition::Ended(self.aborted(bound));
        }
        if let Some(invalid) = self.invalid() {
            let said = text::cleaned(&invalid.message);
            return Condition::Stuck(format!("Argo Rollouts does nothing about {name}: its spec is not valid: {said}"));
        }
        if self.progressing().is_some_and(|it| it.reason == "ProgressDeadlineExceeded") {
            return Condition::Stuck(self.stuck(bound));
        }
        self.waits(bound).map_or(Condition::Steady, Condition::Waiting)
    }

    /// Why nothing of its status is believed; none when it is.
    pub(super) fn behind(&self) -> Option<String> {
        let (status, name) = (&self.status, &self.place.workload.name);
        let asked = self.object.metadata.generation;
        if status.current_pod_hash.is_empty() {
            return Some(format!("Argo Rollouts has not looked at {name} yet"));
        }
        if !status.has_seen(asked) {
            let seen = text::cleaned(&status.observed_generation);
            return Some(format!("Argo Rollouts has seen generation {seen} of {name}, not {asked}"));
        }
        let Some(current) = self.current() else {
            return Some(format!("Argo Rollouts has made no ReplicaSet for the newest template of {name} yet"));
        };
        // Where the number of pods was changed too, it looks at that alone first, and calls the generation seen.
        (self.is_other_than(current) && self.is_scaled() && self.invalid().is_none())
            .then(|| format!("Argo Rollouts has not looked at the newest template of {name} yet"))
    }

    /// The template that is asked for has other images than a set's: it is surely another version.
    fn is_other_than(&self, set: &Set) -> bool {
        !sets::images(&self.spec.template).eq(sets::images(&set.template))
    }

    /// The name of a template that Argo Rollouts does not take, because the spec is not valid: what it says is of the version before.
    pub(super) fn refused(&self) -> Option<String> {
        self.invalid()?;
        let is_new = self.sets.iter().all(|set| self.is_other_than(set));
        is_new.then(|| format!("{} (not rolled out: the spec is not valid)", sets::tag(&self.spec.template)))
    }

    /// The number of pods is not the one that its sets were scaled for.
    fn is_scaled(&self) -> bool {
        let hashes = [&self.status.current_pod_hash, &self.status.stable];
        let mut active = self.sets.iter().filter(|set| set.desired > 0 && hashes.contains(&&set.hash));
        active.any(|set| set.share_of.is_some_and(|asked| asked != self.spec.replicas))
    }

    fn invalid(&self) -> Option<&Said> {
        self.status.condition("InvalidSpec").filter(|it| it.status == "True")
    }

    fn progressing(&self) -> Option<&Said> {
        self.status.condition("Progressing")
    }

    fn aborted(&self, bound: &Bound) -> String {
        let name = &self.place.workload.name;
        let by = match self.why_aborted() {
            Some(why) => format!("Argo Rollouts: {why}"),
            None => mark::who(&self.object, &RETREATS),
        };
        format!("the update of {name} to {} was aborted by {by}", bound.names.candidate)
    }

    /// Why its controller aborted it by itself; none when somebody asked for that.
    fn why_aborted(&self) -> Option<String> {
        let failed = self.status.runs().find(|run| ["Failed", "Error"].contains(&run.status.as_str()));
        if let Some(run) = failed {
            let message = if run.message.is_empty() { String::new() } else { format!(": {}", run.message) };
            return Some(text::cleaned(&format!("its analysis {} failed{message}", run.name)));
        }
        // "Rollout aborted update to revision 2: REASON"; without a reason somebody asked for it.
        let said = self.progressing().filter(|it| it.reason == "RolloutAborted")?;
        let (_, why) = said.message.split_once(": ")?;
        Some(text::cleaned(why))
    }

    fn stuck(&self, bound: &Bound) -> String {
        let made = self.pods.iter().filter(|pod| pod.hash(HASH) == Some(&bound.pins.candidate));
        pods::no_progress(&bound.names.candidate, self.spec.progress_deadline_seconds, made)
    }

    /// What it waits for that somebody has to ask for; none when it goes on by itself.
    fn waits(&self, bound: &Bound) -> Option<String> {
        let status = &self.status;
        if status.has_pause(&INCONCLUSIVE) {
            let run = status.runs().find(|run| run.status == "Inconclusive");
            let run = run.map_or_else(|| "an analysis or experiment".to_owned(), |run| format!("the analysis {}", run.name));
            let run = text::cleaned(&run);
            return Some(format!("it waits for a decision at {}: {run} could not tell", self.here()));
        }
        let is_held = match (&self.spec.strategy.canary, &self.spec.strategy.blue_green) {
            (Some(_), _) => status.has_pause(&[STEP]) && self.pause_length().is_none(),
            (_, Some(blue_green)) => {
                let is_timed = blue_green.auto_promotion_enabled != Some(false) && blue_green.auto_promotion_seconds > 0;
                status.has_pause(&[SWITCH]) && !is_timed
            }
            (None, None) => false,
        };
        is_held.then(|| match &self.spec.strategy.canary {
            Some(_) => format!("it waits for a promotion at {}", self.here()),
            None => format!("it waits for a promotion: all pods of {} are ready and have no traffic", bound.names.candidate),
        })
    }

    /// How long the present pause lasts; none where it has no end, or there is none.
    pub(super) fn pause_length(&self) -> Option<String> {
        let canary = self.spec.strategy.canary.as_ref()?;
        canary.steps.get(self.index())?.pause.as_ref()?.length()
    }

    /// "step 2 of 5", or "the switch".
    pub(super) fn here(&self) -> String {
        self.spec.strategy.canary.as_ref().map_or_else(|| "the switch".to_owned(), |canary| canary.place(self.index()))
    }
}
