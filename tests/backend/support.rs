//! What the suites share: orders made as a person would make them, and waiting with a deadline.

#![expect(clippy::panic, reason = "a test fails by it")]

use std::{future::Future, time::Duration};

use rollwatch::{
    backend::{ActError, Backend},
    engine::action::{Ability, Action, Actor, ActorKind, Order, Preview, Rollout, Seen},
};
use tokio::time::{interval, timeout};

/// After how long something that was to happen is called a failure.
const DEADLINE: Duration = Duration::from_secs(30);

/// What a state offers for `action`.
pub(crate) fn offered(rollout: &Rollout, action: Action) -> Preview {
    match rollout.abilities.get(&action) {
        Some(Ability::Ready(preview)) => preview.clone(),
        other => panic!("{} should be possible, it is {other:?}", action.word()),
    }
}

/// Why a state does not offer `action`.
pub(crate) fn withheld(rollout: &Rollout, action: Action) -> String {
    match rollout.abilities.get(&action) {
        Some(Ability::Off(reason)) => reason.clone(),
        other => panic!("{} should not be possible, it is {other:?}", action.word()),
    }
}

/// The order of somebody who saw `rollout` and wants `action`.
pub(crate) fn order(rollout: &Rollout, action: Action) -> Order {
    Order {
        id: format!("order-{}", action.word()),
        action,
        target: offered(rollout, action).target,
        actor: Actor { kind: ActorKind::Key, user: "somebody".into() },
        token: rollout.token.clone(),
        reason: None,
    }
}

pub(crate) async fn observe(backend: &Backend) -> Rollout {
    backend.eyes.observe().await.expect("a state")
}

pub(crate) async fn act(backend: &Backend, order: &Order) -> Result<(), ActError> {
    backend.hands.as_ref().expect("not read-only").act(order).await
}

/// Looks again and again until the order is seen to be done.
pub(crate) async fn until_done(backend: &Backend, order: &Order) -> Seen {
    until("the order is done", || async {
        let seen = backend.eyes.read_back(order).await.expect("a look");
        if seen.done { Ok(seen) } else { Err(seen.open()) }
    })
    .await
}

/// Asks until the answer is `Ok`; panics with the last `Err` when the deadline is over.
pub(crate) async fn until<T, E: std::fmt::Debug, F: Future<Output = Result<T, E>>>(what: &str, mut ask: impl FnMut() -> F) -> T {
    let mut last = None;
    let asking = async {
        let mut pause = interval(Duration::from_millis(20));
        loop {
            pause.tick().await;
            match ask().await {
                Ok(found) => return found,
                Err(not_yet) => last = Some(not_yet),
            }
        }
    };
    let found = timeout(DEADLINE, asking).await.ok();
    found.unwrap_or_else(|| panic!("not within {DEADLINE:?}: {what}; the last answer was {last:?}"))
}
