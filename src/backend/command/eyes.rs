//! Looking: the status program tells the state, and whether it is the one that an order led to.

use std::sync::Arc;

use super::{state::Programs, status::Status};
use crate::{
    backend::{Answer, BackendError, Observe, guard, ladder::SLACK},
    engine::{
        action::{Action, Fact, Order, Rollout, Seen},
        role::Role,
    },
    humanize,
};

/// The part that only reads.
#[derive(Debug)]
pub(super) struct Eyes(Arc<Programs>);

impl Eyes {
    pub(super) const fn new(programs: Arc<Programs>) -> Self {
        Self(programs)
    }
}

impl Observe for Eyes {
    fn locator(&self) -> String {
        format!("command:{}", self.0.name())
    }

    fn observe(&self) -> Answer<'_, Result<Rollout, BackendError>> {
        Box::pin(async { Ok(self.0.rollout(&self.0.status().await?)) })
    }

    fn read_back<'a>(&'a self, order: &'a Order) -> Answer<'a, Result<Seen, BackendError>> {
        Box::pin(async { Ok(seen(&self.0.status().await?, order)) })
    }
}

/// What a status says about an order. The version must be the ordered one; of the rest everything that is told must agree, and if
/// nothing is told that could, at least the state must be another one.
fn seen(status: &Status, order: &Order) -> Seen {
    let told = [weight(status, order), pause(status, order.action), done(status, &order.id)];
    let mut facts = vec![version(status, order)];
    facts.extend(told.into_iter().flatten());
    if facts.len() == 1 {
        facts.push(Fact { text: format!("state is {}", guard::short(&status.token)), holds: status.token != order.token });
    }
    Seen { done: facts.iter().all(|fact| fact.holds), facts }
}

fn version(status: &Status, order: &Order) -> Fact {
    let role = if order.action.is_retreat() { Role::Baseline } else { Role::Candidate };
    let told = status.versions.of(role);
    Fact { text: format!("{} is {told}", role.word()), holds: *told == order.target.version }
}

fn weight(status: &Status, order: &Order) -> Option<Fact> {
    let (wanted, told) = (order.target.weight?, status.weights?.candidate);
    Some(Fact { text: format!("candidate has {}", humanize::share(told)), holds: (told - wanted).abs() <= SLACK })
}

fn pause(status: &Status, action: Action) -> Option<Fact> {
    let wanted = match action {
        Action::Pause => true,
        Action::Resume => false,
        _ => return None,
    };
    let text = if status.paused { "paused" } else { "not paused" };
    Some(Fact { text: text.to_owned(), holds: status.paused == wanted })
}

fn done(status: &Status, id: &str) -> Option<Fact> {
    let done = status.done.as_ref()?;
    Some(Fact { text: format!("last carried out was {done}"), holds: done == id })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::action::{Actor, ActorKind, Target};

    fn status(rest: &str) -> Status {
        let text = format!(r#"{{"token":"2","baseline":{{"version":"v1"}},"candidate":{{"version":"v2"{rest}}}"#);
        Status::parse(format!("{text}}}").as_bytes()).or_else(|_| Status::parse(text.as_bytes())).expect("valid")
    }

    fn order(action: Action, version: &str, weight: Option<f64>) -> Order {
        Order {
            id: "a-1".into(),
            action,
            target: Target { version: version.into(), reference: "r".into(), weight },
            actor: Actor { kind: ActorKind::Key, user: "me".into() },
            token: "1".into(),
            reason: None,
        }
    }

    #[test]
    fn a_weight_may_be_half_a_point_off() {
        for (told, holds) in [("25%", true), ("25.4%", true), ("24.4%", false), ("5%", false)] {
            let seen = seen(&status(&format!(r#","weight":"{told}""#)), &order(Action::Promote, "v2", Some(0.25)));
            assert_eq!(seen.done, holds, "{told}: {seen:?}");
        }
    }

    #[test]
    fn another_version_is_never_the_target() {
        let seen = seen(&status(r#","weight":"0%""#), &order(Action::Rollback, "v0", Some(0.0)));
        assert!(!seen.done);
        assert_eq!(seen.open(), "baseline is v1");
    }

    #[test]
    fn without_anything_told_the_state_must_have_changed() {
        let mut order = order(Action::Rollback, "v1", Some(0.0));
        assert!(seen(&status(""), &order).done);
        order.token = "2".into();
        assert_eq!(seen(&status(""), &order).open(), "state is 2");
    }

    #[test]
    fn a_pause_is_read_from_the_status_and_a_decision_by_its_id() {
        let paused = status(r#"},"paused":true"#);
        assert!(seen(&paused, &order(Action::Pause, "v2", None)).done);
        assert_eq!(seen(&paused, &order(Action::Resume, "v2", None)).open(), "paused");
        let done = status(r#"},"done":{"id":"a-0"}"#);
        assert_eq!(seen(&done, &order(Action::Promote, "v2", None)).open(), "last carried out was a-0");
    }
}
