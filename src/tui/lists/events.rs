//! The list of events: which one is chosen, and what a filter hides.

use super::moved;
use crate::{
    engine::{
        snapshot::{EventRow, Snapshot},
        time::Time,
    },
    tui::{
        field::Field,
        filter::{Filter, Subject},
    },
};

/// What this list remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Events {
    pub(super) filter: Field,
    chosen: Option<Key>,
}

/// An event: when it was, and which of those at that time, from the oldest. New events come before it and change neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Key {
    at: Time,
    nth: usize,
}

/// One line of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tui) enum Line {
    /// The event at that place in the snapshot.
    Event(usize),
    /// So many that the filter hides.
    Hidden(usize),
}

impl Events {
    /// What was typed, understood.
    pub(in crate::tui) fn filter(&self, snapshot: &Snapshot) -> Filter {
        Filter::parse(self.filter.text(), snapshot.at)
    }

    /// Every line, newest first; each run of hidden events is one.
    pub(in crate::tui) fn lines(&self, snapshot: &Snapshot) -> Vec<Line> {
        let filter = self.filter(snapshot);
        let mut lines = Vec::new();
        for (nth, event) in snapshot.events.iter().enumerate() {
            let texts = [event.word.as_str(), event.head.as_str(), event.tail.as_str()];
            match lines.last_mut() {
                _ if filter.matches(Subject { kind: &event.word, at: Some(event.at), texts: &texts }) => {
                    lines.push(Line::Event(nth));
                }
                Some(Line::Hidden(count)) => *count += 1,
                _ => lines.push(Line::Hidden(1)),
            }
        }
        lines
    }

    /// The chosen event's place in the snapshot, of those that are shown; none when none is.
    pub(in crate::tui) fn chosen(&self, snapshot: &Snapshot, lines: &[Line]) -> Option<usize> {
        let shown = shown(lines);
        let wanted = self.chosen.map_or(0, |key| place(&snapshot.events, key));
        shown.iter().copied().find(|nth| *nth >= wanted).or_else(|| shown.last().copied())
    }

    pub(super) fn step(&mut self, snapshot: &Snapshot, to: impl Fn(usize, usize) -> usize) {
        let lines = self.lines(snapshot);
        let shown = shown(&lines);
        let at = self.chosen(snapshot, &lines).and_then(|chosen| shown.iter().position(|nth| *nth == chosen));
        let at = moved(shown.len(), at.unwrap_or(0), to).and_then(|at| shown.get(at));
        self.chosen = at.and_then(|nth| key(&snapshot.events, *nth));
    }
}

/// The places of the events among `lines`.
pub(in crate::tui) fn shown(lines: &[Line]) -> Vec<usize> {
    let event = |line: &Line| match line {
        Line::Event(nth) => Some(*nth),
        Line::Hidden(_) => None,
    };
    lines.iter().filter_map(event).collect()
}

fn key(events: &[EventRow], nth: usize) -> Option<Key> {
    let at = events.get(nth)?.at;
    Some(Key { at, nth: events.iter().skip(nth + 1).take_while(|event| event.at == at).count() })
}

/// Where that event is, or the one that took its place when it was dropped.
fn place(events: &[EventRow], wanted: Key) -> usize {
    let found = (0..events.len()).find(|nth| key(events, *nth) == Some(wanted));
    found.or_else(|| events.iter().position(|event| event.at <= wanted.at)).unwrap_or(events.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(at: &[i64]) -> Vec<EventRow> {
        let row =
            |ms: &i64| EventRow { at: Time::from_ms(*ms), word: "step".into(), head: "x".into(), tail: String::new(), tone: None };
        at.iter().map(row).collect()
    }

    #[test]
    fn new_events_do_not_move_the_choice_even_at_one_time() {
        let before = events(&[7, 5, 5, 5, 1]);
        for nth in 0..5 {
            let wanted = key(&before, nth).expect("an event");
            assert_eq!(place(&before, wanted), nth);
            assert_eq!(place(&events(&[9, 8, 7, 5, 5, 5, 1]), wanted), nth + 2);
        }
        let dropped = key(&before, 4).expect("an event");
        assert_eq!(place(&events(&[9, 7, 5]), dropped), 3, "past the last one");
    }
}
