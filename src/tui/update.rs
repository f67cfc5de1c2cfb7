//! Keys into wishes. Pure: the state of the screen, the snapshot and the time come in, at most one wish goes out.

use std::sync::Arc;

mod charts;
mod line;
mod look;
mod mouse;

pub use self::{look::Look, mouse::point};

use super::{
    copy::{self, Copy},
    input::{Key, Mouse, Press},
    keymap::{self, Command, Place, Slot},
    modal::{
        Modal,
        confirm::{Confirm, Outcome, Question},
        explain, help,
    },
    model::{Focus, Frozen, UiState, View, Visit},
    tour::Tour,
    view::chart::TimeView,
};
use crate::engine::{
    action::{Ability, Actor},
    intent::Intent,
    snapshot::{ActKey, ActWhat, Mode, Snapshot},
    verdict::{CheckVerdict, Phase},
};

/// Two presses of ctrl-c within so long leave.
const TWICE_MS: u64 = 2000;

/// What a key asks of the world outside the screen.
#[derive(Clone, Debug, PartialEq)]
pub enum Wish {
    /// Of the engine.
    Intent(Intent),
    /// Leave, and let the watch go on without a screen.
    HandOver {
        /// A conviction may roll back by itself.
        armed: bool,
    },
    /// Of the terminal: put this on the clipboard.
    Copy(Copy),
    /// Draw every cell again.
    Redraw,
    /// Put the program aside.
    Suspend,
}

/// Handles one key. What moves around does so on the picture that is looked at; what acts is bound to the present one.
pub fn update(ui: &mut UiState, present: &Snapshot, press: Press, actor: &Actor) -> Option<Wish> {
    let wish = handle(ui, present, press, actor);
    Tour::follow(ui, present);
    wish
}

fn handle(ui: &mut UiState, present: &Snapshot, press: Press, actor: &Actor) -> Option<Wish> {
    ui.note = None;
    ui.visit = Visit::Again;
    let snapshot = ui.picture(present);
    ui.selected = selected(ui, snapshot).and_then(|at| snapshot.checks.get(at)).map(|row| row.id.clone());
    let place = ui.place();
    if let Key::Char(letter) = press.key
        && typed(ui, place, press, letter)
    {
        return None;
    }
    let command = ui.keymap.command(press.key, place)?;
    if !matches!(command, Command::Interrupt | Command::Quit) {
        ui.interrupted_ms = None;
    }
    match command {
        Command::Submit if place == Place::Line => line::submit(ui, present, press, actor),
        command => obey(ui, present, command, press, actor),
    }
}

/// A letter that belongs to what is being typed, if anything is: it reaches no key.
fn typed(ui: &mut UiState, place: Place, press: Press, letter: char) -> bool {
    match &mut ui.modal {
        Some(Modal::Line(line)) => line.put(letter),
        Some(Modal::Confirm(panel)) if panel.takes_text() => {
            if panel.counts(press.at_ms) {
                panel.type_letter(press.key);
            }
        }
        _ if place == Place::Typing => ui.lists.type_letter(ui.view, letter),
        _ => return false,
    }
    true
}

/// Does what a key means, or a command by its name.
fn obey(ui: &mut UiState, present: &Snapshot, command: Command, press: Press, actor: &Actor) -> Option<Wish> {
    let held = ui.frozen.clone();
    let snapshot = held.as_ref().map_or(present, |frozen| &frozen.picture);
    let place = ui.place();
    match command {
        Command::Act(slot) => open_panel(ui, present, slot),
        Command::Help => ui.modal = if place == Place::Help { None } else { Some(Modal::Help(0)) },
        Command::View(view) => ui.view = view,
        Command::Difference => ui.view = if ui.view == View::Difference { View::Overview } else { View::Difference },
        Command::Metric(by) => charts::turn(ui, snapshot, by),
        Command::Zoom(by) => ui.charts.look(snapshot, |time| time.change_zoom(by, snapshot)),
        Command::Scroll(by) => ui.charts.look(snapshot, |time| time.scroll(by, snapshot)),
        Command::Newest => ui.charts.look(snapshot, |time| *time = TimeView::default()),
        Command::Enlarge => {
            ui.is_enlarged = !ui.is_enlarged;
            ui.view = View::Overview;
        }
        Command::Freeze => freeze(ui, present),
        Command::Theme => look::turn(ui),
        Command::Open if matches!(place, Place::View(_)) && ui.lists.open(ui.view, snapshot) => {}
        Command::Explain | Command::Open => ui.modal = if place == Place::Explain { None } else { Some(Modal::Explain(0)) },
        Command::Sort => ui.lists.instances.sort_next(),
        Command::CandidateOnly => ui.lists.instances.candidate_only ^= true,
        Command::Filter => ui.lists.start_typing(ui.view),
        Command::Line => line::open(ui),
        Command::Complete | Command::Erase if place == Place::Line => line::edit(ui, command),
        Command::Complete => {}
        Command::Copy | Command::CopyAll => return copied(ui, snapshot, command),
        Command::NextPane if place == Place::Explain => turn(ui, snapshot, 1),
        Command::PreviousPane if place == Place::Explain => turn(ui, snapshot, snapshot.checks.len().saturating_sub(1)),
        Command::NextPane => ui.focus = ui.focus.next(),
        Command::PreviousPane => ui.focus = ui.focus.next().next(),
        Command::Down => step(ui, snapshot, |at, last| (at + 1).min(last)),
        Command::Up => step(ui, snapshot, |at, _| at.saturating_sub(1)),
        Command::First => step(ui, snapshot, |_, _| 0),
        Command::Last => step(ui, snapshot, |_, last| last),
        Command::PageDown => {
            let page = page(ui);
            step(ui, snapshot, |at, last| (at + page).min(last));
        }
        Command::PageUp => {
            let page = page(ui);
            step(ui, snapshot, |at, _| at.saturating_sub(page));
        }
        Command::Submit if place == Place::Typing => ui.lists.stop_typing(),
        Command::Erase if place == Place::Typing => ui.lists.erase_letter(ui.view),
        Command::Close => close(ui),
        Command::HandOver => return hand_over(ui, present, press.at_ms),
        Command::Yes | Command::Submit => return answer(ui, present, press, command, actor),
        Command::Erase => erase(ui),
        Command::Quit => return quit(ui, present, press.at_ms),
        Command::Interrupt => return twice(ui, press.at_ms),
        Command::Redraw => return Some(Wish::Redraw),
        Command::Suspend => return Some(Wish::Suspend),
    }
    None
}

/// The selected check's place in the list. Until the first key it is the worst one, when that is bad.
pub(super) fn selected(ui: &UiState, snapshot: &Snapshot) -> Option<usize> {
    if let Some(id) = &ui.selected {
        return snapshot.checks.iter().position(|row| row.id == *id);
    }
    let worst = snapshot.checks.first()?;
    (snapshot.action.is_none() && matches!(worst.verdict, CheckVerdict::Warn | CheckVerdict::Fail)).then_some(0)
}

fn open_panel(ui: &mut UiState, snapshot: &Snapshot, slot: Slot) {
    let Some(key) = snapshot.keys.iter().find(|key| keymap::slot(key.what) == Some(slot)) else { return };
    if !ui.fits_panels() {
        return;
    }
    if let Some(why) = refusal(key, snapshot) {
        ui.note = Some(why);
        return;
    }
    ui.modal = Some(Modal::Confirm(Confirm::open(Question::Act(key.what), snapshot)));
}

/// Why a key cannot work now; none when it can.
fn refusal(key: &ActKey, snapshot: &Snapshot) -> Option<String> {
    if !key.enabled {
        return Some(key.note.as_ref().map_or_else(|| format!("{}: not now", key.label), |note| format!("{}: {note}", key.label)));
    }
    let ActWhat::Act(action) = key.what else { return None };
    match snapshot.abilities.get(&action) {
        Some(Ability::Ready(_)) => None,
        Some(Ability::Off(why)) => Some(format!("{} is not possible: {why}", action.verb())),
        None => Some(format!("{} is not possible here", action.verb())),
    }
}

/// What is copied of the selected check.
fn copied(ui: &mut UiState, snapshot: &Snapshot, command: Command) -> Option<Wish> {
    let row = explain::explained(snapshot, ui)?;
    let copy = if command == Command::Copy { copy::asked(row) } else { Some(copy::explanation(row)) };
    if copy.is_none() {
        ui.note = Some(format!("Nothing was asked about {} that could be copied.", row.name));
    }
    copy.map(Wish::Copy)
}

/// Holds the picture, or goes back to the present one.
fn freeze(ui: &mut UiState, present: &Snapshot) {
    ui.frozen = match ui.frozen.take() {
        Some(_) => None,
        None => Some(Frozen { picture: Arc::new(present.clone()), present: present.badge }),
    };
    ui.observe(present);
}

fn step(ui: &mut UiState, snapshot: &Snapshot, to: impl Fn(usize, usize) -> usize) {
    if let Some(Modal::Help(scrolled)) = ui.modal {
        ui.modal = Some(Modal::Help(to(scrolled, help::last_scroll(snapshot, ui))));
    } else if let Some(Modal::Explain(scrolled)) = ui.modal {
        ui.modal = Some(Modal::Explain(to(scrolled, explain::last_scroll(snapshot, ui))));
    } else if ui.lists.step(ui.view, snapshot, &to) {
        // The view's own selection has moved.
    } else if ui.focus == Focus::Events {
        ui.scrolled = to(ui.scrolled, snapshot.events.len().saturating_sub(1));
    } else if let Some(last) = snapshot.checks.len().checked_sub(1) {
        let at = selected(ui, snapshot).map_or(0, |at| to(at, last));
        ui.focus = Focus::Checks;
        ui.selected = snapshot.checks.get(at).map(|row| row.id.clone());
    }
}

/// Another check is explained, so many further down.
fn turn(ui: &mut UiState, snapshot: &Snapshot, by: usize) {
    let at = selected(ui, snapshot).unwrap_or(0) + by;
    let row = at.checked_rem(snapshot.checks.len()).and_then(|at| snapshot.checks.get(at));
    ui.selected = row.map(|row| row.id.clone());
    ui.modal = Some(Modal::Explain(0));
}

/// One step back: out of what is open, out of a filter, then to the overview, then to its first pane.
fn close(ui: &mut UiState) {
    if ui.modal.take().is_some() || ui.lists.clear_filter(ui.view) {
        return;
    }
    if ui.view != View::Overview {
        ui.view = View::Overview;
    } else if !std::mem::take(&mut ui.is_enlarged) {
        ui.focus = Focus::default();
        ui.scrolled = 0;
    }
}

/// Rows of half a screen.
fn page(ui: &UiState) -> usize {
    usize::from(ui.size.1 / 2).max(1)
}

fn erase(ui: &mut UiState) {
    if let Some(Modal::Confirm(panel)) = &mut ui.modal {
        panel.typed.erase();
    }
}

fn answer(ui: &mut UiState, snapshot: &Snapshot, press: Press, command: Command, actor: &Actor) -> Option<Wish> {
    let Some(Modal::Confirm(panel)) = &mut ui.modal else { return None };
    if !panel.counts(press.at_ms) || !panel.still_holds(snapshot) {
        return None;
    }
    let outcome = if command == Command::Yes { panel.yes() } else { panel.submit(snapshot) };
    if matches!(outcome, Outcome::Open) {
        return None;
    }
    let intent = intent(panel, actor);
    ui.modal = None;
    Some(Wish::Intent(intent))
}

/// Leaves the watch to a process without a screen, where the panel that asks about leaving offers it.
fn hand_over(ui: &UiState, snapshot: &Snapshot, at_ms: u64) -> Option<Wish> {
    let Some(Modal::Confirm(panel)) = &ui.modal else { return None };
    let offered = panel.can_hand_over && panel.counts(at_ms) && !is_acting(snapshot);
    offered.then_some(Wish::HandOver { armed: snapshot.deployment.mode == Mode::Armed })
}

fn intent(panel: &Confirm, actor: &Actor) -> Intent {
    match panel.question {
        Question::Act(ActWhat::Act(action)) => {
            Intent::Act { action, token: panel.token.clone(), reason: panel.reason.clone(), actor: actor.clone() }
        }
        Question::Act(ActWhat::Arm(on)) => Intent::Arm { on },
        Question::Quit => Intent::Quit,
    }
}

/// An action that is on its way is seen to its end by who sent it.
const fn is_acting(snapshot: &Snapshot) -> bool {
    matches!(snapshot.phase, Phase::Acting | Phase::Verifying)
}

/// Leaving is asked about only where something stops with it.
fn quit(ui: &mut UiState, snapshot: &Snapshot, at_ms: u64) -> Option<Wish> {
    let matters = snapshot.ended.is_none() && (snapshot.deployment.mode == Mode::Armed || is_acting(snapshot));
    if !matters {
        return Some(Wish::Intent(Intent::Quit));
    }
    if !ui.fits_panels() {
        return twice(ui, at_ms);
    }
    let panel = Confirm { can_hand_over: ui.can_hand_over && !is_acting(snapshot), ..Confirm::open(Question::Quit, snapshot) };
    ui.modal = Some(Modal::Confirm(panel));
    None
}

fn twice(ui: &mut UiState, at_ms: u64) -> Option<Wish> {
    if ui.interrupted_ms.is_some_and(|first| at_ms.saturating_sub(first) <= TWICE_MS) {
        return Some(Wish::Intent(Intent::Quit));
    }
    ui.interrupted_ms = Some(at_ms);
    ui.note = Some("Once more quits.".to_owned());
    None
}

impl Focus {
    const fn next(self) -> Self {
        match self {
            Self::Charts => Self::Checks,
            Self::Checks => Self::Events,
            Self::Events => Self::Charts,
        }
    }
}
