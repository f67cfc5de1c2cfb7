//! What the mouse does: it focuses, selects and scrolls. Nothing acts by mouse, and while something is asked it does nothing at all.

use super::{Mouse, step};
use crate::{
    engine::snapshot::Snapshot,
    tui::{
        input::Gesture,
        modal::Modal,
        model::{Focus, UiState},
        tour::Tour,
        view::{self, Target},
    },
};

/// Rows that one turn of the wheel scrolls.
const TURN: usize = 3;

/// Handles one gesture. Where it was made is looked up on the picture that is shown.
pub fn point(ui: &mut UiState, present: &Snapshot, mouse: Mouse) {
    match ui.modal {
        None => {}
        Some(Modal::Help(_) | Modal::Explain(_)) => return turn(ui, present, mouse.what),
        Some(_) => return,
    }
    let Some(target) = view::target_at(present, ui, (mouse.column, mouse.row)) else { return };
    ui.note = None;
    match (mouse.what, target) {
        (Gesture::Click, target) => click(ui, present, target),
        (_, Target::Pane(Focus::Charts) | Target::Tab(_)) => {}
        (what, target) => {
            if let Some(focus) = pane(target) {
                ui.focus = focus;
            }
            turn(ui, present, what);
        }
    }
    Tour::follow(ui, present);
}

/// The pane of the overview that a target is in.
const fn pane(target: Target) -> Option<Focus> {
    match target {
        Target::Pane(focus) => Some(focus),
        Target::Check(_) => Some(Focus::Checks),
        Target::Tab(_) | Target::Row(_) | Target::List => None,
    }
}

fn click(ui: &mut UiState, present: &Snapshot, target: Target) {
    if let Some(focus) = pane(target) {
        ui.focus = focus;
    }
    match target {
        Target::Check(nth) => {
            let snapshot = ui.picture(present);
            ui.selected = snapshot.checks.get(nth).map(|row| row.id.clone());
        }
        Target::Row(nth) => {
            let picture = ui.frozen.clone();
            let snapshot = picture.as_ref().map_or(present, |frozen| &frozen.picture);
            ui.lists.step(ui.view, snapshot, |_, last| nth.min(last));
        }
        Target::Tab(view) => {
            ui.lists.stop_typing();
            ui.view = view;
        }
        Target::Pane(_) | Target::List => {}
    }
}

fn turn(ui: &mut UiState, present: &Snapshot, what: Gesture) {
    let picture = ui.frozen.clone();
    let snapshot = picture.as_ref().map_or(present, |frozen| &frozen.picture);
    match what {
        Gesture::Click => {}
        Gesture::WheelUp => step(ui, snapshot, |at, _| at.saturating_sub(TURN)),
        Gesture::WheelDown => step(ui, snapshot, |at, last| (at + TURN).min(last)),
    }
}
