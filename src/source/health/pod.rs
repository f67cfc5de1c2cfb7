//! How a pod is, from what it says itself and what its node says of it.
//!
//! Its own endpoints count where they are served; else its node's readiness, where something tests it. A pod that was never ready says
//! nothing about its version yet, and one on its way out nothing any more.

use crate::engine::sample::{Health, HealthState, Phase, Pod};

/// A pod's health by its node, and by its own endpoints.
#[derive(Clone, Debug, Default)]
pub(in crate::source) struct Standing {
    /// What its node says; null where that is not known this time.
    pub(in crate::source) pod: Option<Pod>,
    /// Something outside it tests whether it is ready: only then is that it is ready more than that it runs.
    pub(in crate::source) is_tested: bool,
}

/// What is known of a health, and a remark on it.
pub(in crate::source) type Judged = (Health, Option<String>);

impl Standing {
    /// How it is. `own` is what its endpoints said; none where they were not asked in this poll.
    pub(in crate::source) fn judge(&self, own: Option<Judged>) -> (Option<Health>, Option<String>) {
        let Some(pod) = &self.pod else { return own.map_or((None, None), |(health, remark)| (Some(health), remark)) };
        let by_node = |state| Health { state, served: true, checks: Vec::new() };
        match (pod.phase, own) {
            (Phase::Leaving, _) | (Phase::Running, None) => (None, pod.reason.clone()),
            (Phase::Looping, _) => (Some(by_node(HealthState::Down)), pod.reason.clone()),
            (Phase::Starting, Some((health, remark))) if health.state == HealthState::Up => (Some(health), remark),
            (Phase::Starting, own) => {
                let checks = own.map(|(health, _)| health.checks).unwrap_or_default();
                (Some(Health { checks, ..by_node(HealthState::Unknown) }), pod.reason.clone())
            }
            (Phase::Running, Some((health, remark))) if health.state != HealthState::Unknown => (Some(health), remark),
            (Phase::Running, Some((health, remark))) => (Some(self.of_node(pod, health)), remark.or_else(|| pod.reason.clone())),
        }
    }

    /// Its node's word, where its own endpoints say nothing.
    fn of_node(&self, pod: &Pod, own: Health) -> Health {
        let by_node = |state| Health { state, served: true, checks: Vec::new() };
        match (pod.ready, self.is_tested) {
            (false, _) => by_node(HealthState::Down),
            (true, true) => by_node(HealthState::Up),
            (true, false) => own,
        }
    }
}

#[cfg(test)]
mod tests {
    use HealthState::{Down, Unknown, Up};

    use super::*;

    const UNSERVED: Option<(HealthState, bool)> = Some((Unknown, false));

    /// State and whether it is served, of a pod in `phase`.
    fn judged(phase: Phase, ready: bool, is_tested: bool, own: Option<(HealthState, bool)>) -> Option<(HealthState, bool)> {
        let reason = (!ready).then(|| "is not ready".to_owned());
        let standing = Standing { pod: Some(Pod { ready, phase, reason, ..Pod::default() }), is_tested };
        let own = own.map(|(state, served)| (Health { state, served, checks: Vec::new() }, None));
        standing.judge(own).0.map(|health| (health.state, health.served))
    }

    #[test]
    fn its_own_word_comes_before_its_nodes() {
        for own in [Up, Down] {
            assert_eq!(judged(Phase::Running, own == Down, true, Some((own, true))), Some((own, true)));
        }
        assert_eq!(judged(Phase::Running, true, true, UNSERVED), Some((Up, true)));
        assert_eq!(judged(Phase::Running, false, true, UNSERVED), Some((Down, true)));
        assert_eq!(judged(Phase::Running, true, true, Some((Unknown, true))), Some((Up, true)), "it could not be asked");
    }

    #[test]
    fn nothing_is_up_without_evidence() {
        assert_eq!(judged(Phase::Running, true, false, UNSERVED), UNSERVED, "that it runs is all that is known");
        assert_eq!(judged(Phase::Running, true, true, None), None, "it is asked in another poll");
        assert_eq!(judged(Phase::Starting, false, true, UNSERVED), Some((Unknown, true)));
    }

    #[test]
    fn a_pod_that_was_never_ready_is_no_failure_and_one_that_ends_again_and_again_is() {
        assert_eq!(judged(Phase::Starting, false, true, Some((Down, true))), Some((Unknown, true)));
        assert_eq!(judged(Phase::Starting, false, true, Some((Up, true))), Some((Up, true)));
        for own in [None, UNSERVED, Some((Up, true))] {
            assert_eq!(judged(Phase::Looping, false, true, own), Some((Down, true)));
        }
        assert_eq!(judged(Phase::Leaving, false, true, Some((Down, true))), None);
    }
}
