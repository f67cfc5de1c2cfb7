//! The list of instances: its order, what is open, and what is shown.

use std::cmp::Ordering;

use super::moved;
use crate::{
    engine::{
        role::Role,
        snapshot::{InstanceRow, Snapshot},
    },
    tui::{
        field::Field,
        filter::{Filter, Subject},
    },
};

/// What this list remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Instances {
    /// In what order rows are shown.
    pub sort: Sort,
    /// The baseline's rows are hidden.
    pub candidate_only: bool,
    pub(super) filter: Field,
    chosen: Option<Key>,
    opened: Vec<Key>,
}

/// One instance of one version: both may be asked at one address.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    role: Role,
    name: String,
}

impl Key {
    fn is(&self, row: &InstanceRow) -> bool {
        self.role == row.role && self.name == row.name
    }
}

impl From<&InstanceRow> for Key {
    fn from(row: &InstanceRow) -> Self {
        Self { role: row.role, name: row.name.clone() }
    }
}

/// In what order instances are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// The candidate's first, the worst first.
    #[default]
    Worst,
    /// By name.
    Name,
    /// The highest error rate first.
    Errors,
    /// The slowest first.
    P99,
    /// Those that restarted most first.
    Restarts,
}

impl Sort {
    /// For people.
    pub(in crate::tui) const fn word(self) -> &'static str {
        match self {
            Self::Worst => "worst first",
            Self::Name => "by name",
            Self::Errors => "by error rate",
            Self::P99 => "by p99",
            Self::Restarts => "by restarts",
        }
    }

    const fn next(self) -> Self {
        match self {
            Self::Worst => Self::Name,
            Self::Name => Self::Errors,
            Self::Errors => Self::P99,
            Self::P99 => Self::Restarts,
            Self::Restarts => Self::Worst,
        }
    }

    /// Rows that are equal stay as they come: the worst first. What is not known is last.
    fn compare(self, a: &InstanceRow, b: &InstanceRow) -> Ordering {
        let highest = |a: Option<f64>, b: Option<f64>| b.unwrap_or(-1.0).total_cmp(&a.unwrap_or(-1.0));
        match self {
            Self::Worst => Ordering::Equal,
            Self::Name => a.name.cmp(&b.name),
            Self::Errors => highest(a.figures.errors, b.figures.errors),
            Self::P99 => highest(a.figures.p99, b.figures.p99),
            Self::Restarts => b.restarts.cmp(&a.restarts),
        }
    }
}

impl Instances {
    /// The rows that are shown, in their order.
    pub(in crate::tui) fn visible<'a>(&self, snapshot: &'a Snapshot) -> Vec<&'a InstanceRow> {
        let filter = Filter::parse(self.filter.text(), snapshot.at);
        let shown = |row: &&InstanceRow| {
            let texts = [row.name.as_str(), snapshot.version(row.role), row.state.word()];
            (!self.candidate_only || row.role == Role::Candidate)
                && filter.matches(Subject { kind: row.state.word(), at: row.seen, texts: &texts })
        };
        let mut rows: Vec<&InstanceRow> = snapshot.instances.iter().filter(shown).collect();
        rows.sort_by(|a, b| self.sort.compare(a, b));
        rows
    }

    /// The chosen one's place among them.
    pub(in crate::tui) fn chosen(&self, visible: &[&InstanceRow]) -> usize {
        self.chosen.as_ref().and_then(|key| visible.iter().position(|row| key.is(row))).unwrap_or(0)
    }

    pub(in crate::tui) fn is_open(&self, row: &InstanceRow) -> bool {
        self.opened.iter().any(|key| key.is(row))
    }

    pub(in crate::tui) const fn sort_next(&mut self) {
        self.sort = self.sort.next();
    }

    pub(super) fn step(&mut self, snapshot: &Snapshot, to: impl Fn(usize, usize) -> usize) {
        let rows = self.visible(snapshot);
        let at = moved(rows.len(), self.chosen(&rows), to);
        self.chosen = at.and_then(|at| rows.get(at)).map(|row| Key::from(*row));
    }

    pub(super) fn open(&mut self, snapshot: &Snapshot) {
        let rows = self.visible(snapshot);
        let Some(row) = rows.get(self.chosen(&rows)) else { return };
        self.chosen = Some(Key::from(*row));
        if self.is_open(row) {
            self.opened.retain(|key| !key.is(row));
        } else {
            self.opened.push(Key::from(*row));
        }
    }

    /// An instance that is gone is no longer open.
    pub(super) fn forget(&mut self, snapshot: &Snapshot) {
        self.opened.retain(|key| snapshot.instances.iter().any(|row| key.is(row)));
    }
}
