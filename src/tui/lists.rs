//! What the views of lists remember: which row is chosen, which are open, in what order, and what hides the others.
//!
//! Rows are remembered by what they are and never by their place, so that a new snapshot does not move anybody's choice. Until the
//! first key the choice is the first row; of the steps it is the present one.

use self::{acts::Acts, events::Events, instances::Instances};
use super::{field::Field, model::View};
use crate::engine::snapshot::{Snapshot, StepState};

pub mod acts;
pub mod events;
pub mod instances;

/// Every list's own memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lists {
    /// The instances.
    pub instances: Instances,
    /// The number of the chosen step; null until the first key.
    pub step: Option<u32>,
    /// The events.
    pub events: Events,
    /// The actions.
    pub acts: Acts,
    /// Letters go into the filter of the view that is shown.
    typing: bool,
}

impl Lists {
    /// Forgets what is gone.
    pub(super) fn observe(&mut self, snapshot: &Snapshot) {
        self.instances.forget(snapshot);
    }

    /// Moves the choice of that view; false where it is no list.
    pub(super) fn step(&mut self, view: View, snapshot: &Snapshot, to: impl Fn(usize, usize) -> usize) -> bool {
        match view {
            View::Instances => self.instances.step(snapshot, to),
            View::Steps => {
                let number = moved(snapshot.steps.len(), self.chosen_step(snapshot), to).and_then(|at| snapshot.steps.get(at));
                self.step = number.map(|step| step.number);
            }
            View::Events => self.events.step(snapshot, to),
            View::Journal => self.acts.step(snapshot, to),
            View::Overview | View::Difference => return false,
        }
        true
    }

    /// The chosen step's place: the present one until the first key, and of a watch that is over the last that began.
    pub(super) fn chosen_step(&self, snapshot: &Snapshot) -> usize {
        let chosen = self.step.and_then(|number| snapshot.steps.iter().position(|step| step.number == number));
        let present = || snapshot.steps.iter().position(|step| step.state == StepState::Current);
        let last = || snapshot.steps.iter().rposition(|step| step.began.is_some());
        chosen.or_else(present).or_else(last).unwrap_or(0)
    }

    /// Opens or closes the chosen row; false where rows do not open.
    pub(super) fn open(&mut self, view: View, snapshot: &Snapshot) -> bool {
        match view {
            View::Instances => self.instances.open(snapshot),
            View::Journal => self.acts.open(snapshot),
            View::Overview | View::Steps | View::Events | View::Difference => return false,
        }
        true
    }

    /// What was typed to filter that view; none where there is no filter.
    pub(super) const fn filter(&self, view: View) -> Option<&Field> {
        match view {
            View::Instances => Some(&self.instances.filter),
            View::Events => Some(&self.events.filter),
            View::Journal => Some(&self.acts.filter),
            View::Overview | View::Steps | View::Difference => None,
        }
    }

    const fn filter_mut(&mut self, view: View) -> Option<&mut Field> {
        match view {
            View::Instances => Some(&mut self.instances.filter),
            View::Events => Some(&mut self.events.filter),
            View::Journal => Some(&mut self.acts.filter),
            View::Overview | View::Steps | View::Difference => None,
        }
    }

    /// Whether letters go into that view's filter.
    pub(super) const fn is_typing(&self, view: View) -> bool {
        self.typing && self.filter(view).is_some()
    }

    /// Whether that view's filter is typed, or hides anything.
    pub(super) fn is_filtered(&self, view: View) -> bool {
        self.is_typing(view) || self.filter(view).is_some_and(|field| !field.text().trim().is_empty())
    }

    pub(super) const fn start_typing(&mut self, view: View) {
        self.typing = self.filter(view).is_some();
    }

    pub(super) const fn stop_typing(&mut self) {
        self.typing = false;
    }

    pub(super) fn type_letter(&mut self, view: View, letter: char) {
        if let Some(field) = self.filter_mut(view) {
            field.put(letter);
        }
    }

    pub(super) fn erase_letter(&mut self, view: View) {
        if let Some(field) = self.filter_mut(view) {
            field.erase();
        }
    }

    /// Shows every row again; false when nothing was hidden or typed.
    pub(super) fn clear_filter(&mut self, view: View) -> bool {
        let was = self.is_filtered(view);
        self.typing = false;
        if let Some(field) = self.filter_mut(view) {
            field.take();
        }
        was
    }
}

/// Where a move from `at` leads among `count` rows; none where there is none.
fn moved(count: usize, at: usize, to: impl Fn(usize, usize) -> usize) -> Option<usize> {
    let last = count.checked_sub(1)?;
    Some(to(at.min(last), last).min(last))
}
