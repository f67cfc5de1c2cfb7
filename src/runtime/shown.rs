//! What a session shows itself by: lines, a screen, or lines that answer keys.

use std::{io::BufWriter, sync::Arc};

use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};

use super::{
    notifying,
    printing::Printing,
    screen::{Screen, ScreenSettings},
};
use crate::{
    engine::{
        event::{CheckChange, Line},
        intent::Intent,
        snapshot::Snapshot,
    },
    headless::{Format, Printer},
    tui::terminal::{Output, TerminalError},
};

/// Where a session shows itself.
#[derive(Debug)]
pub enum Front {
    /// Lines on stdout; the bytes that notifications want written go to the terminal behind stderr.
    Lines(Format, mpsc::Receiver<Vec<u8>>),
    /// A screen, and the bytes that notifications want written to it.
    Screen(Box<ScreenSettings>, mpsc::Receiver<Vec<u8>>),
    /// Lines on a terminal whose keys work, and likewise.
    Plain(Box<ScreenSettings>, mpsc::Receiver<Vec<u8>>),
}

impl Front {
    /// A front end with keys can leave the watch to a process without them, by telling `hand_over`.
    #[must_use]
    pub fn with_hand_over(self, hand_over: Option<mpsc::Sender<bool>>) -> Self {
        let able = |settings: Box<ScreenSettings>| Box::new(ScreenSettings { hand_over, ..*settings });
        match self {
            Self::Lines(..) => self,
            Self::Screen(settings, bytes) => Self::Screen(able(settings), bytes),
            Self::Plain(settings, bytes) => Self::Plain(able(settings), bytes),
        }
    }
}

/// The same, running.
#[derive(Debug)]
pub(super) enum Shown {
    Lines(Printing),
    Screen(Screen),
    Plain(Printing, Screen),
}

impl Shown {
    /// Starts it. Keys become intents.
    ///
    /// # Errors
    /// When there is no terminal for a front end that needs one.
    pub(super) fn start(
        front: Front,
        pictures: watch::Receiver<Arc<Snapshot>>,
        intents: mpsc::Sender<Intent>,
        tasks: &mut JoinSet<()>,
    ) -> Result<Self, TerminalError> {
        Ok(match front {
            Front::Lines(format, bytes) => {
                tasks.spawn(notifying::pass_on(bytes));
                Self::Lines(Printing::start(Printer::new(format, std::io::stdout()), pictures))
            }
            Front::Screen(settings, bytes) => Self::Screen(Screen::start(pictures, intents, bytes, *settings)?),
            Front::Plain(settings, bytes) => {
                let keymap = Arc::clone(&settings.keymap);
                let keys = Screen::plain(pictures.clone(), intents, bytes, *settings)?;
                // A line is one write, so that nothing else comes into it.
                let printer = Printer::new(Format::Text, BufWriter::new(Output::open()?)).with_keys(keymap);
                Self::Plain(Printing::start(printer, pictures), keys)
            }
        })
    }

    /// Shows what happened, where that is done line by line.
    pub(super) fn line(&mut self, line: &Line) {
        match self {
            Self::Lines(printing) | Self::Plain(printing, _) => printing.line(line),
            Self::Screen(_) => {}
        }
    }

    /// The last lines, and the terminal is given back.
    pub(super) fn finish(self, checks: Vec<CheckChange>) {
        match self {
            Self::Lines(printing) => printing.finish(checks),
            Self::Screen(screen) => screen.stop(),
            Self::Plain(printing, keys) => {
                printing.finish(checks);
                keys.stop();
            }
        }
    }
}
