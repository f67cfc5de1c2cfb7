//! What Flagger makes of a Canary: whether it has looked at the newest template, waits at a gate, or has taken it back.

use super::{Canary, status::Sharing, template::is_copied};
use crate::{
    backend::k8s::{
        bound::Bound,
        gates::Gate,
        mark::{self, RETREATS},
        pods,
        sets::HASH_LABELS,
    },
    engine::action::Condition,
    text,
    wire::kube::time,
};

/// Webhooks that are asked before a rollout begins, before its canary gets more traffic, and before it is promoted.
pub(super) const BEFORE: &str = "confirm-rollout";
pub(super) const MORE: &str = "confirm-traffic-increase";
pub(super) const AFTER: &str = "confirm-promotion";
/// The webhook by which a rollback is asked for.
pub(super) const BACK: &str = "rollback";

impl Canary {
    pub(super) fn controller_says(&self, bound: &Bound) -> Condition {
        if let Some(why) = self.behind() {
            return Condition::Behind(why);
        }
        let name = &self.place.workload.name;
        match self.target.current() {
            Some(set) if set.hash == bound.pins.candidate => self.of_candidate(bound),
            Some(set) if self.baseline_set(bound).is_some_and(|baseline| is_copied(set, baseline)) => {
                let by = mark::who(&self.object, &RETREATS);
                Condition::Ended(format!("the template of {name} was taken back to {} by {by}", bound.names.baseline))
            }
            _ => Condition::Steady,
        }
    }

    fn of_candidate(&self, bound: &Bound) -> Condition {
        let name = &self.place.workload.name;
        let gate = |kind: &str| {
            let hook = self.spec.asks(kind).map(|hook| format!(" {}", text::cleaned(&hook.name))).unwrap_or_default();
            format!("the gate{hook} ({kind})")
        };
        match self.status.phase.as_str() {
            "Waiting" => Condition::Waiting(format!("it waits at {} before it begins", gate(BEFORE))),
            "WaitingPromotion" => Condition::Waiting(format!("it waits at {} for its promotion", gate(AFTER))),
            "Progressing" if self.waits_with_more() => Condition::Waiting(format!("it waits at {} before it goes on", gate(MORE))),
            "Failed" if self.status.canary_weight > 0 => Condition::Stuck(self.half_promoted(bound)),
            "Failed" => {
                let why = self.why.clone().unwrap_or_else(|| text::cleaned(self.status.message()));
                Condition::Ended(format!("Flagger took {name} back to {}: {why}", bound.names.baseline))
            }
            "Terminating" | "Terminated" => Condition::Ended(format!("the Canary {name} is being deleted")),
            _ => Condition::Steady,
        }
    }

    /// Flagger has a closed gate before every change of the weights, and does not write down that it waits there.
    fn waits_with_more(&self) -> bool {
        self.asks_for_more() && matches!(self.gates.of(Gate::Way), Some(Ok(false)))
    }

    /// It is analysed by weights, with a gate of the load tester before each of them.
    pub(super) fn asks_for_more(&self) -> bool {
        self.spec.sharing() == Sharing::Weights && self.spec.gate(MORE, Gate::Way).is_some()
    }

    /// The primary has the new template and does not get ready: Flagger leaves the traffic with the canary.
    fn half_promoted(&self, bound: &Bound) -> String {
        let made = self.primary.pods.iter();
        let why = pods::troubles(made).map(|why| format!(": {why}")).unwrap_or_default();
        format!("The promotion of {} failed half way, all traffic is on its canary{why}", bound.names.candidate)
    }

    /// Why Flagger's word is not believed; none when it is. It does not count what it has seen.
    pub(super) fn behind(&self) -> Option<String> {
        let name = &self.place.workload.name;
        let Some(current) = self.target.current() else {
            return Some(format!("the Deployment controller has made no ReplicaSet for the newest template of {name} yet"));
        };
        match self.status.phase.as_str() {
            "" | "Initializing" => Some(format!("Flagger is still making the primary of {name}")),
            "Initialized" | "Succeeded" if !self.is_promoted() => {
                Some(format!("Flagger has not looked at the newest template of {name} yet"))
            }
            "Failed"
                if !self.is_promoted()
                    && current.created.zip(time(&self.status.last_transition_time)).is_some_and(|(made, failed)| made > failed) =>
            {
                Some(format!("Flagger has not looked at the newest template of {name} since an earlier one failed"))
            }
            _ => None,
        }
    }

    /// The pods of the candidate that are not ready, with why.
    pub(super) fn troubles(&self, bound: &Bound) -> Option<String> {
        let label = HASH_LABELS[0];
        pods::troubles(self.target.pods.iter().filter(|pod| pod.meta.label(label) == Some(&bound.pins.candidate)))
    }
}
