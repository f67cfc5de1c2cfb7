//! Commands by their names: the line opens, is edited, and does what it says. What acts opens its panel, like its key.

use super::{Wish, charts, look, obey};
use crate::{
    engine::{action::Actor, snapshot::Snapshot},
    tui::{
        input::Press,
        keymap::{BINDINGS, Command},
        modal::{
            Modal,
            line::{Line, Order},
        },
        model::{UiState, View},
    },
};

/// Opens the line, where there is room to see it.
pub(super) fn open(ui: &mut UiState) {
    if ui.fits_panels() {
        ui.modal = Some(Modal::Line(Line::default()));
    }
}

/// Completes, or takes a letter back; from an empty line that leads out.
pub(super) fn edit(ui: &mut UiState, command: Command) {
    let Some(Modal::Line(line)) = &mut ui.modal else { return };
    if command == Command::Complete {
        line.complete();
    } else if !line.erase() {
        ui.modal = None;
    }
}

/// Does what was typed, or says why not.
pub(super) fn submit(ui: &mut UiState, present: &Snapshot, press: Press, actor: &Actor) -> Option<Wish> {
    let Some(Modal::Line(line)) = ui.modal.take() else { return None };
    match line.order() {
        Err(why) => ui.note = Some(why),
        Ok(Order::Theme(theme)) => look::wear(ui, theme),
        Ok(Order::Metric(metric)) => {
            let held = ui.frozen.clone();
            charts::choose(ui, held.as_ref().map_or(present, |frozen| &frozen.picture), metric);
        }
        Ok(Order::Filter(text)) => filter(ui, &text),
        Ok(Order::Command(command)) if works_here(ui, command) => return obey(ui, present, command, press, actor),
        Ok(Order::Command(command)) => {
            ui.note = Some(format!("{} does nothing on the view {}.", command.action().unwrap_or_default(), ui.view.word()));
        }
    }
    None
}

/// A command does by its name what its key does, and where it does.
fn works_here(ui: &UiState, command: Command) -> bool {
    BINDINGS.iter().any(|binding| binding.command == command && binding.works_on(ui.view))
}

/// Filters the list that is shown; from a view without one, the events.
fn filter(ui: &mut UiState, text: &str) {
    if ui.lists.filter(ui.view).is_none() {
        ui.view = View::Events;
    }
    ui.lists.clear_filter(ui.view);
    for letter in text.chars() {
        ui.lists.type_letter(ui.view, letter);
    }
}
