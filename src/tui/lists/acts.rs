//! The list of actions: which one is chosen, and which is open.

use super::moved;
use crate::{
    engine::snapshot::{ActRow, Snapshot},
    tui::{
        field::Field,
        filter::{Filter, Subject},
    },
};

/// What this list remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Acts {
    pub(super) filter: Field,
    chosen: Option<u32>,
    opened: Opened,
}

/// Which action is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Opened {
    /// The newest, until the first key that opens or closes.
    #[default]
    Newest,
    /// The one with that number.
    One(u32),
    /// None.
    Closed,
}

impl Acts {
    /// The actions that are shown, newest first.
    pub(in crate::tui) fn visible<'a>(&self, snapshot: &'a Snapshot) -> Vec<&'a ActRow> {
        let filter = Filter::parse(self.filter.text(), snapshot.at);
        let shown = |act: &&ActRow| {
            let (view, word) = (&act.view, act.view.action.word());
            let own = [act.view.action.verb(), &act.target, &view.by];
            let more = act.reason.iter().chain(&view.trouble).chain(view.facts.iter().map(|fact| &fact.text));
            let texts: Vec<&str> = own.into_iter().chain(more.map(String::as_str)).collect();
            filter.matches(Subject { kind: word, at: Some(view.requested), texts: &texts })
        };
        snapshot.acts.iter().filter(shown).collect()
    }

    /// The chosen one's place among them.
    pub(in crate::tui) fn chosen(&self, visible: &[&ActRow]) -> usize {
        self.chosen.and_then(|number| visible.iter().position(|act| act.number == number)).unwrap_or(0)
    }

    pub(in crate::tui) fn is_open(&self, act: &ActRow, snapshot: &Snapshot) -> bool {
        match self.opened {
            Opened::Newest => snapshot.acts.first().is_some_and(|newest| newest.number == act.number),
            Opened::One(number) => number == act.number,
            Opened::Closed => false,
        }
    }

    pub(super) fn step(&mut self, snapshot: &Snapshot, to: impl Fn(usize, usize) -> usize) {
        let acts = self.visible(snapshot);
        let at = moved(acts.len(), self.chosen(&acts), to);
        self.chosen = at.and_then(|at| acts.get(at)).map(|act| act.number);
    }

    pub(super) fn open(&mut self, snapshot: &Snapshot) {
        let acts = self.visible(snapshot);
        let Some(act) = acts.get(self.chosen(&acts)) else { return };
        self.chosen = Some(act.number);
        self.opened = if self.is_open(act, snapshot) { Opened::Closed } else { Opened::One(act.number) };
    }
}
