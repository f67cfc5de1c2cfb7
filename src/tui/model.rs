//! What the screen itself remembers: selection, scroll, the open panel, the charts' scales. Everything else is in the snapshot.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    keymap::{Keymap, Place},
    lists::Lists,
    modal::{Modal, confirm},
    tour::Tour,
    update::Look,
    view::{
        chart::{Metric, Scales, TimeView},
        layout,
    },
};
use crate::engine::{
    snapshot::{Badge, Snapshot},
    time::Time,
};

/// The state of the screen. Changed by [`super::update`] and by the methods here, never while drawing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UiState {
    /// Which keys do what.
    pub keymap: Arc<Keymap>,
    /// The watch's time, as far as the screen shows it: lateness, and the clock of a running action.
    pub now: Time,
    /// Columns and rows.
    pub size: (u16, u16),
    /// What is shown.
    pub view: View,
    /// Which pane of the overview has the keys.
    pub focus: Focus,
    /// That pane takes the room of all others.
    pub is_enlarged: bool,
    /// The selected check; null until the first key, while the selection follows the worst one.
    pub selected: Option<String>,
    /// How many of the newest events are above the pane.
    pub scrolled: usize,
    /// Whether somebody has been here before.
    pub visit: Visit,
    /// The guided tour, where there is one.
    pub tour: Option<Tour>,
    /// What the lists behind the overview remember.
    pub lists: Lists,
    /// What is open over the screen.
    pub modal: Option<Modal>,
    /// Row 1 is reversed for a moment: something has become alarming.
    pub reversed: bool,
    /// How it looks.
    pub look: Look,
    /// One line about what a key did not do.
    pub note: Option<String>,
    /// The watch can go on without this screen.
    pub can_hand_over: bool,
    /// What the charts show.
    pub charts: ChartView,
    /// The picture that is held while the watch goes on.
    pub frozen: Option<Frozen>,
    /// When ctrl-c was pressed once, in milliseconds of the input's own clock.
    pub(super) interrupted_ms: Option<u64>,
}

/// Whether somebody has been here before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Visit {
    /// They know where to begin; with the first key everybody does.
    #[default]
    Again,
    /// They are told.
    First,
}

/// What the charts show: which metric, which part of the time, on which scale.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ChartView {
    /// The metric that was chosen; none: error rate and p99, or the worst one where there is room for one.
    pub metric: Option<Metric>,
    /// The part of the time.
    pub time: TimeView,
    /// The tops of the axes.
    pub scales: Scales,
}

impl ChartView {
    /// Looks at another part of the time; the scales begin anew with it.
    pub(super) fn look(&mut self, snapshot: &Snapshot, change: impl FnOnce(&mut TimeView)) {
        change(&mut self.time);
        self.scales = Scales::default();
        self.scales.follow(snapshot, self.time, self.metric);
    }
}

/// A picture that is held.
#[derive(Clone, Debug)]
pub struct Frozen {
    /// The picture. Two are the same only if they are one.
    pub picture: Arc<Snapshot>,
    /// What the present one says meanwhile: one is never away from the answer.
    pub present: Badge,
}

impl PartialEq for Frozen {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.picture, &other.picture) && self.present == other.present
    }
}

/// Whether the verdict became one that a person should look up for.
#[must_use]
pub fn becomes_alarming(was: Badge, now: Badge) -> bool {
    was.word != now.word && matches!(now.word, "BAD" | "NOT SEEN" | "NOT DONE" | "BLIND")
}

/// What the screen shows. Every view but the overview keeps the verdict in one row: one is never away from the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// Verdict, charts, checks, versions, events.
    #[default]
    Overview,
    /// Every instance of both versions.
    Instances,
    /// The ladder.
    Steps,
    /// Everything that happened.
    Events,
    /// Every action of this watch.
    Journal,
    /// Candidate minus baseline over time.
    Difference,
}

impl View {
    /// Every one.
    pub(super) const ALL: &'static [Self] =
        &[Self::Overview, Self::Instances, Self::Steps, Self::Events, Self::Journal, Self::Difference];
    /// Those with a number, in its order.
    pub(super) const TABS: [Self; 5] = [Self::Overview, Self::Instances, Self::Steps, Self::Events, Self::Journal];

    /// For people, and for the command line of the screen.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Instances => "instances",
            Self::Steps => "steps",
            Self::Events => "events",
            Self::Journal => "journal",
            Self::Difference => "difference",
        }
    }
}

/// The pane that has the keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Focus {
    /// The charts.
    #[default]
    Charts,
    /// The checks: one is selected.
    Checks,
    /// The events: they scroll.
    Events,
}

impl UiState {
    /// The state at the start, with these keys.
    #[must_use]
    pub fn new(keymap: Arc<Keymap>) -> Self {
        Self { keymap, ..Self::default() }
    }

    /// Takes a new snapshot in: scales follow the data, and a panel whose state has moved closes.
    pub fn observe(&mut self, snapshot: &Snapshot) {
        self.now = self.now.max(snapshot.at);
        if let Some(frozen) = &mut self.frozen {
            frozen.present = snapshot.badge;
        } else {
            self.charts.scales.follow(snapshot, self.charts.time, self.charts.metric);
            self.scrolled = self.scrolled.min(snapshot.events.len().saturating_sub(1));
            self.lists.observe(snapshot);
        }
        if let Some(Modal::Confirm(panel)) = &self.modal
            && !panel.still_holds(snapshot)
        {
            self.close(confirm::MOVED);
        }
        Tour::follow(self, snapshot);
    }

    /// The terminal has another size. A panel that can no longer be read closes.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        self.size = (columns, rows);
        match self.modal {
            Some(Modal::Confirm(_)) if !self.fits_panels() => self.close(confirm::TOO_SMALL),
            Some(Modal::Line(_)) if !self.fits_panels() => self.modal = None,
            _ => {}
        }
    }

    /// What is looked at: the held picture, or the present one.
    #[must_use]
    pub fn picture<'a>(&'a self, present: &'a Snapshot) -> &'a Snapshot {
        self.frozen.as_ref().map_or(present, |frozen| &frozen.picture)
    }

    /// What was drawn has reached the terminal: an open panel counts its time from here.
    pub fn shown(&mut self, at_ms: u64) {
        if let Some(shown) = self.modal.as_mut().and_then(Modal::shown_ms) {
            shown.get_or_insert(at_ms);
        }
    }

    /// Whether the screen is large enough for what must be read before acting.
    #[must_use]
    pub const fn fits_panels(&self) -> bool {
        self.size.0 >= layout::SMALLEST.0 && self.size.1 >= layout::SMALLEST.1
    }

    /// Where keys go.
    pub(super) fn place(&self) -> Place {
        match &self.modal {
            Some(modal) => modal.place(),
            None if self.fits_panels() && self.lists.is_typing(self.view) => Place::Typing,
            None => Place::View(self.view),
        }
    }

    fn close(&mut self, note: &str) {
        self.modal = None;
        self.note = Some(note.to_owned());
    }
}
