//! The mark that each change leaves on the object: which decision it was, whose, and when, so that whoever comes second can say who
//! was first, and a restarted process can tell its own doing.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    engine::action::{Action, Order},
    text,
    wire::kube::Object,
};

/// Where it stands.
pub(super) const ANNOTATION: &str = "rollwatch/last-action";
/// The same as a part of a JSON pointer.
const POINTER: &str = "rollwatch~1last-action";

/// What takes traffic from the candidate.
pub(super) const RETREATS: [Action; 2] = [Action::Abort, Action::Rollback];

/// Whether the last change of an object was one of `order`'s.
pub(super) fn is_of(object: &Object, order: &Order) -> bool {
    Mark::of(object).is_some_and(|mark| mark.is_of(order))
}

/// Who has done one of these actions last: a mark of another one is of something older.
pub(super) fn who(object: &Object, actions: &[Action]) -> String {
    let mark = Mark::of(object).filter(|mark| actions.iter().any(|action| action.word() == mark.what));
    mark.map_or_else(|| "somebody else".to_owned(), |mark| text::cleaned(&mark.by))
}

/// The end of an object's token, where it has a mark: what somebody begins is another state.
pub(super) fn in_token(object: &Object) -> Option<String> {
    Mark::of(object).map(|mark| mark.token())
}

/// Who changed the object last by rollwatch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    /// The decision.
    pub(super) id: String,
    /// "rolled back", "paused".
    pub(super) what: String,
    /// To which version.
    pub(super) to: String,
    /// Who, and where.
    pub(super) by: String,
}

impl Mark {
    pub(super) fn new(order: &Order, holder: &str) -> Self {
        Self { id: order.id.clone(), what: order.action.word().to_owned(), to: order.target.version.clone(), by: holder.to_owned() }
    }

    /// Ids are made of the time: two decisions of the same moment are told apart by what they want.
    pub(super) fn is_of(&self, order: &Order) -> bool {
        self.id == order.id && self.what == order.action.word() && self.to == order.target.version
    }

    /// It was left after `order` was decided on: the token of that names the mark that was there.
    pub(super) fn is_newer_than(&self, order: &Order) -> bool {
        !order.token.ends_with(&format!(" {}", self.token()))
    }

    fn token(&self) -> String {
        format!("after {}", self.id)
    }

    pub(super) fn of(object: &Object) -> Option<Self> {
        serde_json::from_str(object.metadata.annotation(ANNOTATION)?).ok()
    }

    /// "ana on ship-3 was first: rollback to v2.4.0".
    pub(super) fn words(&self) -> String {
        text::cleaned(&format!("{} was first: {} to {}", self.by, self.what.replace('_', " "), self.to))
    }

    pub(super) fn annotation(&self) -> Value {
        json!({ ANNOTATION: self.text() })
    }

    /// The operations that write it; an object without annotations needs a place for them first.
    pub(super) fn operations(&self, is_first: bool) -> Vec<Value> {
        let place = is_first.then(|| json!({ "op": "add", "path": "/metadata/annotations", "value": {} }));
        let mark = json!({ "op": "add", "path": format!("/metadata/annotations/{POINTER}"), "value": self.text() });
        place.into_iter().chain([mark]).collect()
    }

    fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::action::{Actor, ActorKind, Target};

    #[test]
    fn who_left_the_mark_that_was_decided_on_was_not_first() {
        let mark = Mark { id: "o-1".into(), what: "promote".into(), to: "v2".into(), by: "ana on ship-3".into() };
        let order = |token: &str| Order {
            id: "o-2".into(),
            action: Action::Promote,
            target: Target { version: "v2".into(), reference: String::new(), weight: None },
            actor: Actor { kind: ActorKind::Key, user: "ana".into() },
            token: token.into(),
            reason: None,
        };
        assert!(mark.is_newer_than(&order("9d25 9c1d stable 6b7f step 1")));
        assert!(!mark.is_newer_than(&order("9d25 9c1d stable 6b7f step 1 after o-1")));
    }
}
