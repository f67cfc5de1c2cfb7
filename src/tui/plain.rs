//! The keys of the screen without a screen: what they change is said in lines, for people who hear a terminal.
//!
//! A key goes the same way as on the screen (decoder, keymap, `update`, the panel with all its guards); only the view is another one.
//! No line moves the cursor, stands in a table, or has a glyph without its word. What happens is printed as `--format text` prints it;
//! lines that answer a key have no clock in front.

mod help;
mod panel;
mod state;

use std::sync::Arc;

use super::{
    input::{Key, Press},
    keymap::{Command, Keymap, Place},
    modal::{Modal, confirm::Confirm},
    model::{UiState, View},
    update::{Wish, update},
};
use crate::engine::{action::Actor, snapshot::Snapshot};

/// A front end that speaks.
#[derive(Debug)]
pub struct Plain {
    ui: UiState,
    /// The check that was explained last, as long as no other key was pressed.
    explained: Option<String>,
    /// What was said last of the whole: its badge, and whether the watch is over.
    said: Option<(&'static str, bool)>,
}

/// What a key led to.
#[derive(Debug, Default, PartialEq)]
pub struct Answer {
    /// To be printed.
    pub lines: Vec<String>,
    /// What it asks of the world.
    pub wish: Option<Wish>,
}

impl Answer {
    const fn lines(lines: Vec<String>) -> Self {
        Self { lines, wish: None }
    }
}

impl Plain {
    /// The state at the start.
    #[must_use]
    pub fn new(keymap: Arc<Keymap>, can_hand_over: bool) -> Self {
        let mut ui = UiState::new(keymap);
        ui.can_hand_over = can_hand_over;
        // A panel that is printed fits everywhere.
        ui.resize(u16::MAX, u16::MAX);
        Self { ui, explained: None, said: None }
    }

    /// The first line: which keys there are.
    #[must_use]
    pub fn greeting(&self, snapshot: &Snapshot) -> String {
        help::greeting(&self.ui.keymap, snapshot)
    }

    /// Takes a new snapshot in. What is next is said when the whole changes, and a panel whose state has moved says that it closes.
    pub fn observe(&mut self, snapshot: &Snapshot) -> Vec<String> {
        let was_open = self.panel().is_some();
        self.ui.observe(snapshot);
        let closed = was_open && self.panel().is_none();
        let note = self.ui.note.clone().filter(|_| closed);
        let whole = (snapshot.badge.word, snapshot.ended.is_some());
        let is_news = self.said.replace(whole) != Some(whole);
        spoken(note.into_iter().chain(is_news.then(|| state::next(snapshot, &self.ui.keymap))).collect())
    }

    /// The lines have reached the terminal: an open panel counts its time from here.
    pub fn shown(&mut self, at_ms: u64) {
        self.ui.shown(at_ms);
    }

    /// Handles one key.
    pub fn press(&mut self, snapshot: &Snapshot, press: Press, actor: &Actor) -> Answer {
        let Answer { lines, wish } = match self.panel().cloned() {
            Some(open) => self.reply(&open, snapshot, press, actor),
            None => self.ask(snapshot, press, actor),
        };
        Answer { lines: spoken(lines), wish }
    }

    /// A key while a panel is open.
    fn reply(&mut self, before: &Confirm, snapshot: &Snapshot, press: Press, actor: &Actor) -> Answer {
        let command = self.ui.keymap.command(press.key, Place::Panel);
        if command == Some(Command::Redraw) {
            return Answer::lines(panel::lines(before, snapshot, &self.ui.keymap));
        }
        let typed = before.takes_text() && matches!(press.key, Key::Char(_));
        let wish = update(&mut self.ui, snapshot, press, actor);
        let note = self.ui.note.clone();
        let keymap = Arc::clone(&self.ui.keymap);
        let lines = match (self.panel_mut(), command) {
            _ if wish.is_some() => Vec::new(),
            (None, _) => vec![panel::LEFT.to_owned()],
            _ if typed || command == Some(Command::Erase) => Vec::new(),
            (Some(_), Some(Command::Interrupt)) => note.into_iter().collect(),
            (Some(open), Some(Command::Submit)) if open.takes_text() => panel::submitted(before, open, snapshot, &keymap),
            (Some(open), _) => vec![panel::refused(open, command, snapshot, &keymap)],
        };
        Answer { lines, wish }
    }

    /// A key while nothing is asked.
    fn ask(&mut self, snapshot: &Snapshot, press: Press, actor: &Actor) -> Answer {
        let Some(command) = self.ui.keymap.command(press.key, Place::View(View::Overview)) else { return Answer::default() };
        let before = self.explained.take();
        match command {
            Command::Explain | Command::Open => Answer::lines(self.explain(before.as_deref(), snapshot)),
            Command::Help => Answer::lines(help::lines(&self.ui.keymap, snapshot)),
            Command::View(View::Overview) | Command::Redraw => Answer::lines(state::lines(snapshot, &self.ui.keymap)),
            Command::Act(_) | Command::Quit | Command::Interrupt | Command::Suspend => {
                let wish = update(&mut self.ui, snapshot, press, actor);
                let opened = self.panel().map(|open| panel::lines(open, snapshot, &self.ui.keymap));
                let unsaid = || self.ui.note.clone().or_else(|| help::not_here(command, snapshot)).into_iter().collect();
                Answer { lines: opened.unwrap_or_else(unsaid), wish }
            }
            Command::Close => Answer::default(),
            other => Answer::lines(help::needs_the_screen(&self.ui.keymap, other).into_iter().collect()),
        }
    }

    /// The worst check, or the one after the one that was just explained.
    fn explain(&mut self, before: Option<&str>, snapshot: &Snapshot) -> Vec<String> {
        let last = before.and_then(|id| snapshot.checks.iter().position(|row| row.id == id));
        let next = last.map_or(0, |at| at + 1);
        let Some(row) = snapshot.checks.get(next).or_else(|| snapshot.checks.first()) else {
            return vec!["No check has an answer yet.".to_owned()];
        };
        self.explained = Some(row.id.clone());
        state::explanation(row)
    }

    const fn panel(&self) -> Option<&Confirm> {
        match &self.ui.modal {
            Some(Modal::Confirm(panel)) => Some(panel),
            _ => None,
        }
    }

    const fn panel_mut(&mut self) -> Option<&mut Confirm> {
        match &mut self.ui.modal {
            Some(Modal::Confirm(panel)) => Some(panel),
            _ => None,
        }
    }
}

/// Lines with words in the place of glyphs that stand alone on the screen.
fn spoken(lines: Vec<String>) -> Vec<String> {
    let words = [(" → ", " to "), (" ✓", ": seen"), (" …", ": not yet")];
    lines.into_iter().map(|line| words.iter().fold(line, |line, (glyph, word)| line.replace(glyph, word))).collect()
}
