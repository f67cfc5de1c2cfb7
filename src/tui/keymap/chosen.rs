//! The keys as they are in this session: the table, with what the configuration says instead of its lines.

use std::{collections::BTreeMap, fmt};

use super::{BINDINGS, Binding, Command, Group, Place, slot};
use crate::{
    engine::snapshot::{ActKey, Snapshot},
    tui::input::Key,
};

/// Which keys do what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keymap {
    /// For each line of the table its keys, each with its name.
    lines: Vec<Vec<(Key, String)>>,
}

/// Keys that were chosen: for each action's name those that do it.
pub type Chosen = BTreeMap<String, Vec<String>>;

impl Default for Keymap {
    fn default() -> Self {
        let named = |binding: &Binding| binding.keys.iter().map(|(key, name)| (*key, (*name).to_owned())).collect();
        Self { lines: BINDINGS.iter().map(named).collect() }
    }
}

impl Keymap {
    /// The table with the keys that were chosen. Those that [`objections`] speak against are left as they are in the table.
    #[must_use]
    pub fn new(chosen: &Chosen) -> Self {
        let refused = objections(chosen);
        let mut keymap = Self::default();
        for (nth, keys) in chosen_lines(chosen).filter(|(nth, _)| !refused.iter().any(|o| Some(o.action.as_str()) == action(*nth)))
        {
            keymap.lines[nth] = keys.iter().filter_map(|name| Some((name.parse().ok()?, name.clone()))).collect();
        }
        keymap
    }

    /// What `key` means at that place.
    #[must_use]
    pub fn command(&self, key: Key, place: Place) -> Option<Command> {
        let bound =
            |(binding, keys): &(&Binding, &[(Key, String)])| binding.scope.holds(place) && keys.iter().any(|(k, _)| *k == key);
        self.lines().find(bound).map(|(binding, _)| binding.command)
    }

    /// Every line of the table with its keys.
    pub(in crate::tui) fn lines(&self) -> impl Iterator<Item = (&'static Binding, &[(Key, String)])> {
        BINDINGS.iter().zip(self.lines.iter().map(Vec::as_slice))
    }

    /// The name of the first key that does `wanted`; empty where none does.
    pub(in crate::tui) fn name(&self, wanted: Command) -> &str {
        let bound = self.lines().find(|(binding, keys)| binding.command == wanted && !keys.is_empty());
        bound.and_then(|(_, keys)| keys.first()).map_or("", |(_, name)| name)
    }

    /// The snapshot's keys that can be pressed here, each with its key's name.
    pub(in crate::tui) fn act_keys<'s>(&'s self, snapshot: &'s Snapshot) -> impl Iterator<Item = (&'s str, &'s ActKey)> {
        let named = snapshot.keys.iter().filter_map(|key| Some((self.name(Command::Act(slot(key.what)?)), key)));
        named.filter(|(name, _)| !name.is_empty())
    }

    /// The key that does here what `name` does in the table: sentences of the engine name keys of the table.
    #[must_use]
    pub fn instead_of<'s>(&'s self, name: &'s str) -> &'s str {
        let line = self.lines().find(|(binding, _)| binding.keys.iter().any(|(_, usual)| *usual == name));
        line.and_then(|(_, keys)| keys.first()).map_or(name, |(_, name)| name)
    }
}

/// Why a chosen key is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objection {
    /// The action it was chosen for.
    pub action: String,
    /// Which of its keys, from 0.
    pub nth: usize,
    /// What speaks against it.
    pub problem: Problem,
}

/// What speaks against a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// It is no key.
    Unknown,
    /// It must not act: it is pressed to move around.
    OnlyMoves,
    /// It must not act: it is the panel's answer.
    Answers,
    /// It always does something else.
    Fixed(&'static str),
    /// It does something else at the same place, by the configuration or by the table.
    Taken(&'static str),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("is no key that rollwatch knows"),
            Self::OnlyMoves => f.write_str(
                "cannot ask for an action: enter, esc, tab, arrows and digits are pressed to look around, often without looking",
            ),
            Self::Answers => {
                f.write_str("cannot ask for an action: it is the answer to the question, and one key must not do both")
            }
            Self::Fixed(does) => write!(f, "always means \"{does}\" and cannot be given to anything else"),
            Self::Taken(other) => write!(f, "is the key of {other} as well"),
        }
    }
}

impl Problem {
    /// What to do about it.
    #[must_use]
    pub fn advice(&self) -> String {
        match self {
            Self::Unknown => {
                "write a letter or a sign, space, enter, tab, shift-tab, up, down, left, right, home, end, pgup, pgdn or ctrl-LETTER".to_owned()
            }
            Self::OnlyMoves | Self::Answers | Self::Fixed(_) => "choose a letter or a sign".to_owned(),
            Self::Taken(other) => format!("choose another key for one of the two; {other} = [] leaves it without a key"),
        }
    }
}

/// What speaks against the keys that were chosen, in the order of the table. Actions that do not exist are none of its business.
#[must_use]
pub fn objections(chosen: &Chosen) -> Vec<Objection> {
    let mut found = Vec::new();
    for (line, keys) in chosen_lines(chosen) {
        for (nth, name) in keys.iter().enumerate() {
            let problem = match name.parse() {
                Err(()) => Some(Problem::Unknown),
                Ok(key) => refused(line, key).or_else(|| taken(line, key, chosen)),
            };
            let action = action(line).unwrap_or_default().to_owned();
            found.extend(problem.map(|problem| Objection { action, nth, problem }));
        }
    }
    found
}

fn action(line: usize) -> Option<&'static str> {
    BINDINGS.get(line)?.command.action()
}

/// The lines of the table that the configuration speaks of.
fn chosen_lines(chosen: &Chosen) -> impl Iterator<Item = (usize, &Vec<String>)> {
    (0..BINDINGS.len()).filter_map(|line| Some((line, chosen.get(action(line)?)?)))
}

/// A key that this line must not have, whatever the other lines are.
fn refused(line: usize, key: Key) -> Option<Problem> {
    let fixed =
        BINDINGS.iter().find(|b| b.group != Group::Panel && b.command.action().is_none() && b.keys.iter().any(|(k, _)| *k == key));
    if let Some(fixed) = fixed {
        return Some(Problem::Fixed(fixed.help));
    }
    let acts = BINDINGS.get(line).is_some_and(|b| b.group == Group::Act);
    match key {
        _ if !acts => None,
        Key::Char('y' | 'Y') => Some(Problem::Answers),
        Key::Char(letter) if !letter.is_ascii_digit() => None,
        _ => Some(Problem::OnlyMoves),
    }
}

/// Another line that has the same key at a place where this one holds. Of two that were chosen the later one is told.
fn taken(line: usize, key: Key, chosen: &Chosen) -> Option<Problem> {
    let mine = BINDINGS.get(line)?;
    let other = BINDINGS.iter().enumerate().find(|(nth, other)| {
        let was_chosen = other.command.action().and_then(|name| chosen.get(name));
        let has_it = match was_chosen {
            Some(keys) => *nth < line && keys.iter().any(|name| name.parse() == Ok(key)),
            None => other.keys.iter().any(|(k, _)| *k == key),
        };
        *nth != line && has_it && Place::ALL.iter().any(|place| mine.scope.holds(*place) && other.scope.holds(*place))
    });
    other.map(|(_, other)| Problem::Taken(other.command.action().unwrap_or(other.help)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::{keymap::Slot, model::View};

    fn chosen(lines: &[(&str, &[&str])]) -> Chosen {
        lines.iter().map(|(action, keys)| ((*action).to_owned(), keys.iter().map(|key| (*key).to_owned()).collect())).collect()
    }

    #[test]
    fn without_a_choice_the_table_holds_and_names_are_what_keys_are_called() {
        assert_eq!(Keymap::new(&Chosen::default()), Keymap::default());
        for binding in BINDINGS {
            for (key, name) in binding.keys {
                assert_eq!(key.to_string(), *name);
            }
        }
    }

    #[test]
    fn every_action_has_a_name_of_its_own() {
        let mut names: Vec<&str> = BINDINGS.iter().filter_map(|binding| binding.command.action()).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn a_chosen_key_takes_the_place_of_all_the_others() {
        let keymap = Keymap::new(&chosen(&[("rollback", &["Z", "!"]), ("explain", &["E"]), ("arm", &[])]));
        let rollback = Command::Act(Slot::Rollback);
        assert_eq!(keymap.command(Key::Char('Z'), Place::View(View::Overview)), Some(rollback));
        assert_eq!(keymap.command(Key::Char('!'), Place::View(View::Overview)), Some(rollback));
        for gone in ['R', 'e', 'A'] {
            assert_eq!(keymap.command(Key::Char(gone), Place::View(View::Overview)), None, "{gone}");
        }
        assert_eq!((keymap.name(rollback), keymap.instead_of("R"), keymap.instead_of("p")), ("Z", "Z", "p"));
        assert_eq!(keymap.name(Command::Act(Slot::Arm)), "");
    }

    #[test]
    fn keys_can_change_places() {
        let swapped = chosen(&[("rollback", &["p"]), ("promote", &["R"])]);
        assert_eq!(objections(&swapped), []);
        assert_eq!(Keymap::new(&swapped).command(Key::Char('p'), Place::View(View::Events)), Some(Command::Act(Slot::Rollback)));
    }

    #[test]
    fn what_would_be_dangerous_or_mean_two_things_is_refused_and_stays_as_it_was() {
        for (action, key, want) in [
            ("rollback", "enter", Problem::OnlyMoves),
            ("rollback", "esc", Problem::Fixed("back, close")),
            ("promote", "tab", Problem::OnlyMoves),
            ("promote", "up", Problem::OnlyMoves),
            ("pause", "1", Problem::OnlyMoves),
            ("pause", "ctrl-r", Problem::OnlyMoves),
            ("arm", "y", Problem::Answers),
            ("help", "ctrl-c", Problem::Fixed("twice: quit at once")),
            ("rollback", "rr", Problem::Unknown),
            ("rollback", "e", Problem::Taken("explain")),
            ("help", "R", Problem::Taken("rollback")),
            ("pause", "s", Problem::Taken("sort")),
        ] {
            let lines = chosen(&[(action, &[key])]);
            assert_eq!(objections(&lines), [Objection { action: action.to_owned(), nth: 0, problem: want }], "{action} = {key}");
            assert_eq!(Keymap::new(&lines), Keymap::default());
        }
        let twice = objections(&chosen(&[("promote", &["x"]), ("rollback", &["x"])]));
        assert_eq!(
            twice.iter().map(|o| (o.action.as_str(), &o.problem)).collect::<Vec<_>>(),
            [("rollback", &Problem::Taken("promote"))]
        );
        assert_eq!(objections(&chosen(&[("explain", &["y"])])), [], "y is free where no panel is open");
    }
}
