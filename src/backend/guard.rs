//! The last check before anything is changed, the same for every backend: an order is carried out only in the state it was decided
//! on, and only if that state offers exactly what it asks for.

use super::{ActError, ladder::Plan};
use crate::{
    engine::{
        action::{Ability, Order, Preview, Rollout},
        role::Role,
    },
    humanize,
};

/// The preview that `order` was made from, looked up again in the present state.
///
/// # Errors
/// [`ActError::Moved`] naming both states, [`ActError::Refused`] when the state does not offer this.
pub(super) fn admit<'a>(order: &Order, now: &'a Rollout) -> Result<&'a Preview, ActError> {
    if order.token != now.token {
        return Err(moved(order, &now.token, now.weights.map(|w| w.candidate)));
    }
    match now.abilities.get(&order.action) {
        Some(Ability::Ready(preview)) if preview.target == order.target => Ok(preview),
        Some(Ability::Ready(preview)) => Err(ActError::Refused(format!(
            "the order leads to {} ({}), but in this state {} leads to {} ({})",
            order.target.version,
            order.target.reference,
            order.action.verb(),
            preview.target.version,
            preview.target.reference
        ))),
        Some(Ability::Off(reason)) => Err(ActError::Refused(format!("{} is not possible: {reason}", order.action.verb()))),
        None => Err(ActError::Refused(format!("{} is not possible here", order.action.verb()))),
    }
}

/// Why nothing is done to a deployment that is about other versions than those being watched; none when it is about these.
pub(super) fn other_versions(plan: &Plan, baseline: &str, candidate: &str) -> Option<String> {
    let pairs = [(Role::Baseline, baseline, &plan.baseline), (Role::Candidate, candidate, &plan.candidate)];
    let (role, told, watched) = pairs.into_iter().find(|(_, told, watched)| *told != watched.as_str())?;
    Some(format!("the {} is now {told}, not {watched}", role.word()))
}

/// The refusal of an order whose state is gone.
pub(super) fn moved(order: &Order, token: &str, weight: Option<f64>) -> ActError {
    let weight = weight.map(|w| format!(", with the candidate at {}", humanize::share(w))).unwrap_or_default();
    ActError::Moved(format!(
        "the state has moved: this was decided on {}, now it is {}{weight}; nothing was changed",
        short(&order.token),
        short(token)
    ))
}

/// As much of a token as tells it from another: its first 19 characters (`sha256:` and 12 digits).
pub(super) fn short(token: &str) -> String {
    const SHOWN: usize = 19;
    let mut text: String = token.chars().take(SHOWN).collect();
    if token.chars().nth(SHOWN).is_some() {
        text.push('…');
    }
    text
}
