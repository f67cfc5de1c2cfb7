//! How a pod is, in few words: from what its node and the scheduler wrote into its status.

use crate::{
    engine::sample::{self, Phase},
    wire::kube::{Pod, Trouble},
};

/// How it is. `was_ready`: it was seen ready before.
pub(super) fn of(pod: &Pod, was_ready: bool) -> sample::Pod {
    let (phase, reason) = phase(pod, was_ready);
    let since = pod.running_since().or_else(|| pod.meta.created());
    sample::Pod { ready: pod.is_ready, restarts: pod.restarts(), phase, reason, since }
}

/// It has an address, and something of it runs.
pub(super) fn can_answer(pod: &Pod) -> bool {
    pod.ip.is_some() && pod.containers.iter().any(|container| container.running.is_some())
}

fn phase(pod: &Pod, was_ready: bool) -> (Phase, Option<String>) {
    if pod.is_leaving {
        return (Phase::Leaving, Some("is on its way out".to_owned()));
    }
    let Some((trouble, words)) = pod.trouble() else { return (Phase::Running, None) };
    match trouble {
        Trouble::CrashLoop => (Phase::Looping, Some(words)),
        Trouble::NotReady if was_ready || pod.has_been_ready() => (Phase::Running, Some(words)),
        Trouble::NotReady => (Phase::Starting, Some(format!("{words} yet"))),
        Trouble::ImagePull | Trouble::NotStarted | Trouble::Unschedulable => (Phase::Starting, Some(words)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::wire::kube::Object;

    fn pod(container: &Value, ready: &Value) -> Pod {
        let object = json!({
            "metadata": { "name": "web-1", "creationTimestamp": "2026-01-02T03:04:05Z" },
            "spec": { "containers": [{ "name": "app", "image": "app:v9" }] },
            "status": { "conditions": [ready], "containerStatuses": [container] },
        });
        Pod::of(Object::of(object).expect("an object")).expect("a pod")
    }

    fn running(restarts: u32, ended: &Value) -> Value {
        let state = json!({ "running": { "startedAt": "2026-01-02T03:05:00Z" } });
        json!({ "name": "app", "restartCount": restarts, "state": state, "lastState": ended })
    }

    fn unready(since: &str) -> Value {
        json!({ "type": "Ready", "status": "False", "lastTransitionTime": since })
    }

    const BEFORE: &str = "2026-01-02T03:04:05Z";
    const AFTER: &str = "2026-01-02T03:30:00Z";

    #[test]
    fn starting_is_told_from_failing_by_whether_it_was_ready() {
        let of = |since: &str, was_ready: bool| super::of(&pod(&running(0, &json!({})), &unready(since)), was_ready);
        let starting = of(BEFORE, false);
        assert_eq!((starting.phase, starting.reason.as_deref()), (Phase::Starting, Some("is not ready yet")));
        assert_eq!(of(BEFORE, true).phase, Phase::Running, "it was seen ready");
        let failing = of(AFTER, false);
        assert_eq!((failing.phase, failing.reason.as_deref()), (Phase::Running, Some("is not ready")));
    }

    #[test]
    fn a_loop_is_one_between_two_ends_too() {
        let ended = json!({ "terminated": { "reason": "Error", "exitCode": 3 } });
        let said = of(&pod(&running(2, &ended), &unready(BEFORE)), true);
        let words = "ends again and again: exit code 3, 2 restarts";
        assert_eq!((said.phase, said.reason.as_deref(), said.restarts), (Phase::Looping, Some(words), 2));
        assert_eq!(of(&pod(&running(1, &ended), &unready(BEFORE)), false).phase, Phase::Starting);
        assert_eq!(
            of(&pod(&running(7, &ended), &unready(AFTER)), false).phase,
            Phase::Running,
            "it was ready since its last start"
        );
        let waiting = json!({ "name": "app", "restartCount": 1, "state": { "waiting": { "reason": "CrashLoopBackOff" } } });
        assert_eq!(of(&pod(&waiting, &unready(BEFORE)), false).phase, Phase::Looping);
    }

    #[test]
    fn what_has_not_started_is_no_failure() {
        for reason in ["ErrImagePull", "CreateContainerConfigError", "ContainerCreating"] {
            let waiting = json!({ "name": "app", "state": { "waiting": { "reason": reason } } });
            let pod = pod(&waiting, &unready(BEFORE));
            assert_eq!(
                (of(&pod, true).phase == Phase::Running, of(&pod, false).phase),
                (reason == "ContainerCreating", Phase::Starting)
            );
            assert!(!can_answer(&pod));
        }
    }
}
