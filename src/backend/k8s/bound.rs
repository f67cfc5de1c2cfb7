//! What a watch is bound to: the workload, the two templates by their hashes, what we may do there.

use std::time::Duration;

use super::{
    Wish,
    access::Rights,
    guards::Guards,
    mark::Mark,
    sets::{Set, names},
    workload::{Found, Place},
};
use crate::{
    backend::BackendError,
    engine::{
        action::{Ability, Action, Order, Preview, Target},
        role::{Role, Sides},
    },
};

/// The versions that somebody named, by whatever a person knows them by; null where nobody did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The version that is gone back to.
    pub baseline: Option<String>,
    /// The version that is judged.
    pub candidate: Option<String>,
}

/// What is sent by an action that finds everything as it should be.
pub(super) const NOTHING: &str = "nothing";

/// Everything about the watch that does not change while it runs.
#[derive(Debug)]
pub(super) struct Bound {
    pub(super) place: Place,
    /// The template hashes.
    pub(super) pins: Sides<String>,
    /// The names of these, for people.
    pub(super) names: Sides<String>,
    /// The label selectors of their pods.
    pub(super) pods: Sides<String>,
    /// After how long an action is called failed.
    pub(super) limit: Duration,
    rights: Rights,
    guards: Guards,
    holder: String,
}

impl Bound {
    pub(super) fn new(place: Place, found: &Found, (rights, guards): (Rights, Guards), wish: &Wish) -> Self {
        let (pins, names) = (found.driven.pins.clone(), found.names.clone());
        Self {
            place,
            pins,
            names,
            pods: found.pods.clone(),
            limit: found.limit(wish.limit),
            rights,
            guards,
            holder: wish.holder.clone(),
        }
    }

    /// The mark that `order` leaves.
    pub(super) fn mark(&self, order: &Order) -> Mark {
        Mark::new(order, &self.holder)
    }

    /// Which of the two versions a template hash stands for.
    pub(super) fn role_of(&self, hash: &str) -> Option<Role> {
        Role::BOTH.into_iter().find(|role| self.pins.of(*role) == hash)
    }

    /// The name of a version by its template hash. A template that the watch is not bound to never has the name of one that it is,
    /// whatever its image is called.
    pub(super) fn name_of(&self, set: &Set) -> String {
        match self.role_of(&set.hash) {
            Some(role) => self.names.of(role).clone(),
            None => format!("{} ({})", set.tag, set.hash),
        }
    }

    /// An action that can be asked for, unless we may not: then why.
    pub(super) fn ready(&self, action: Action, preview: Preview) -> Ability {
        match self.rights.why_not(action) {
            None => Ability::Ready(self.guarded(action, preview)),
            Some(why) => Ability::Off(why),
        }
    }

    /// With what holds the pods that it moves.
    fn guarded(&self, action: Action, mut preview: Preview) -> Preview {
        if action.is_retreat() || action.is_promotion() {
            preview.happens.extend(self.guards.pods.iter().cloned());
        }
        preview
    }

    /// What a rollback leaves as it is, first of all somebody else who undoes it.
    pub(super) fn not_undone(&self) -> Vec<String> {
        let (name, candidate) = (&self.place.workload.name, &self.names.candidate);
        let owner = self.guards.owner.iter().map(|owner| owner.warning(name, candidate));
        owner.chain([format!("what {candidate} has written stays: data, messages, migrations")]).collect()
    }

    /// What a rollback does where its template is there already.
    pub(super) fn is_there(&self) -> String {
        format!("the template is that of {} already: nothing is changed, its pods are waited for", self.names.baseline)
    }

    /// Where an action leads that is about `role`'s version.
    pub(super) fn target(&self, role: Role, reference: impl Into<String>, weight: Option<f64>) -> Target {
        Target { version: self.names.of(role).clone(), reference: reference.into(), weight }
    }
}

/// The two sets that a watch is about: those somebody wanted, else those an earlier run was bound to, else `newest`, the present one and
/// the one before it.
///
/// # Errors
/// When one is not there, or both are the same.
pub(super) fn choose<'s>(
    sets: &'s [Set],
    newest: Sides<Option<&'s Set>>,
    wanted: &Wanted,
    pins: Option<&Sides<String>>,
    place: &Place,
) -> Result<Sides<&'s Set>, BackendError> {
    // Whoever wants to go back to the version that is there already means it against the newest other one.
    let is_there = |set: &&Set| wanted.baseline.as_ref().is_some_and(|name| set.is_called(name));
    let candidate = match newest.candidate.filter(is_there) {
        Some(there) => sets.iter().find(|set| set.hash != there.hash),
        None => newest.candidate,
    };
    let newest = Sides { candidate, ..newest };
    let side = |role: Role, wanted: &Option<String>| -> Result<&'s Set, BackendError> {
        if let Some(pin) = pins.map(|pins| pins.of(role)) {
            return sets.iter().find(|set| set.hash == *pin).ok_or_else(|| gone(role, pin, place));
        }
        match wanted {
            Some(wanted) => sets.iter().find(|set| set.is_called(wanted)).ok_or_else(|| unknown(wanted, sets, place)),
            None => newest.of(role).ok_or_else(|| alone(role, place)),
        }
    };
    let sides = Sides { baseline: side(Role::Baseline, &wanted.baseline)?, candidate: side(Role::Candidate, &wanted.candidate)? };
    if sides.baseline.hash == sides.candidate.hash {
        let name = &sides.baseline.name;
        let why = format!("{} is on {name} already: there is nothing to compare it with; name the other version", place.words());
        return Err(BackendError::Unusable(why));
    }
    Ok(sides)
}

/// After somebody went back, the set before the present one is the bad one: only a person knows which version is good.
///
/// # Errors
/// When `current` was gone back to, and nobody says what it is held against.
pub(super) fn not_a_return(current: &Set, wanted: &Wanted, place: &Place) -> Result<(), BackendError> {
    if !current.is_return || wanted.baseline.is_some() {
        return Ok(());
    }
    let what = format!("{} was taken back to {} ({})", place.words(), current.name, current.tag);
    let why = format!("{what}: which version is the good one? name it with --to, or as baseline.version");
    Err(BackendError::Unusable(why))
}

/// The names of the chosen two: those somebody gave them, else what tells them apart.
pub(super) fn named(chosen: &Sides<&Set>, wanted: &Wanted) -> Sides<String> {
    let found = names(chosen);
    let given = |wanted: &Option<String>, set: &Set, found: String| wanted.clone().filter(|name| *name == set.tag).unwrap_or(found);
    Sides {
        baseline: given(&wanted.baseline, chosen.baseline, found.baseline),
        candidate: given(&wanted.candidate, chosen.candidate, found.candidate),
    }
}

fn gone(role: Role, pin: &str, place: &Place) -> BackendError {
    BackendError::Unusable(format!("the {} of this watch, template {pin}, is not kept by {} any more", role.word(), place.words()))
}

fn unknown(wanted: &str, sets: &[Set], place: &Place) -> BackendError {
    let known: Vec<String> = sets.iter().map(|set| format!("{} ({})", set.name, set.tag)).collect();
    let known = if known.is_empty() { "it keeps none".to_owned() } else { format!("it keeps {}", known.join(", ")) };
    BackendError::Unusable(format!("{} keeps no version {:?}: {known}", place.words(), crate::text::clean(wanted)))
}

fn alone(role: Role, place: &Place) -> BackendError {
    BackendError::Unusable(format!(
        "{} has no {}: it keeps one version only, so there is nothing to compare yet; `rollwatch baseline capture` records that one",
        place.words(),
        role.word()
    ))
}
