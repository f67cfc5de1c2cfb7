//! Row 38: which keys act now, what each would do, and which one is the one to press.

use super::super::Watch;
use crate::engine::{
    action::{Ability, Action},
    snapshot::{ActKey, ActWhat},
    verdict::{CheckVerdict, Outcome, Verdict},
};
use crate::humanize;

impl Watch {
    /// The keys that act, in the order they are shown; none in a session that cannot act.
    pub(super) fn act_keys(&self) -> Vec<ActKey> {
        if self.setup.rule.read_only.is_some() || self.setup.rule.replay {
            return Vec::new();
        }
        let pause = if self.rollout.as_ref().is_some_and(|r| r.paused) { Action::Resume } else { Action::Pause };
        let mut keys: Vec<ActKey> = [Action::Promote, Action::PromoteFull, Action::Rollback, pause, Action::Abort]
            .map(|action| self.act_key(action))
            .to_vec();
        keys.push(self.arm_key());
        keys
    }

    fn act_key(&self, action: Action) -> ActKey {
        let (label, short) = match action {
            Action::Promote => match self.ability(action) {
                Some(Ability::Ready(preview)) => (
                    preview.target.weight.map_or_else(|| "promote".to_owned(), |w| format!("promote to {}", humanize::share(w))),
                    "promote",
                ),
                _ => ("promote".to_owned(), "promote"),
            },
            Action::PromoteFull => ("promote all".to_owned(), "all"),
            other => (other.verb().to_owned(), other.verb()),
        };
        let off = self.off_note(action);
        let note = off.clone().or_else(|| {
            let wants_reason = action.is_promotion() && self.verdict != Verdict::Pass;
            wants_reason.then(|| "asks for a reason".to_owned())
        });
        ActKey {
            what: ActWhat::Act(action),
            label,
            short: short.to_owned(),
            note,
            enabled: off.is_none(),
            filled: off.is_none() && self.key_to_press() == Some(action),
        }
    }

    /// Why the key is grey, in a word or two; null when it works.
    fn off_note(&self, action: Action) -> Option<String> {
        if let Some(running) = self.action().filter(|a| !a.is_over) {
            return Some(format!("{} is under way", running.order.action.verb()));
        }
        match self.ended.as_ref().map(|e| e.outcome) {
            Some(Outcome::RolledBack) if action == Action::Rollback => return Some("done".to_owned()),
            Some(Outcome::RolledBack) => return Some("rolled back".to_owned()),
            Some(Outcome::Promoted) => return Some("promoted".to_owned()),
            Some(Outcome::None | Outcome::RollbackFailed | Outcome::PromotionFailed) | None => {}
            Some(_) => return Some("this watch is over".to_owned()),
        }
        (!self.can(action)).then(|| self.why_not(action))
    }

    /// The one key that the state asks for.
    fn key_to_press(&self) -> Option<Action> {
        if self.is_acting() || self.ended.as_ref().is_some_and(|e| e.outcome != Outcome::None) {
            return None;
        }
        if self.trouble().is_some() || self.stuck().is_some() {
            return Some(Action::Rollback);
        }
        match self.verdict {
            Verdict::Fail => Some(Action::Rollback),
            Verdict::Pass => Some(Action::Promote),
            Verdict::Inconclusive if self.is_shared() => Some(Action::Pause),
            Verdict::Inconclusive => {
                let worst = self.checks[self.worst_gating()].verdict;
                (worst == Some(CheckVerdict::Warn) && !self.is_decided()).then_some(Action::Rollback)
            }
        }
    }

    fn arm_key(&self) -> ActKey {
        let (label, short) = if self.armed { ("disarm", "disarm") } else { ("arm auto-rollback", "arm") };
        let off = if self.has_acted {
            Some("used".to_owned())
        } else if self.ended.is_some() {
            Some("this watch is over".to_owned())
        } else if self.can(Action::Rollback) || self.is_acting() {
            None
        } else {
            Some(self.why_not(Action::Rollback))
        };
        ActKey {
            what: ActWhat::Arm(!self.armed),
            label: label.to_owned(),
            short: short.to_owned(),
            enabled: off.is_none(),
            note: off,
            filled: false,
        }
    }
}
