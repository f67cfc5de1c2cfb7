//! Whose turn it is: where not all can be asked in one poll, those that were asked longest ago.

use std::collections::{HashMap, HashSet};

/// When each was asked last.
#[derive(Debug, Default)]
pub(super) struct Turn {
    polls: u64,
    asked: HashMap<String, u64>,
}

impl Turn {
    /// At most `most` of these: first those that were never asked.
    pub(super) fn take(&mut self, names: &[&str], most: usize) -> HashSet<String> {
        self.polls += 1;
        self.asked.retain(|name, _| names.contains(&name.as_str()));
        let mut waiting: Vec<(u64, &str)> = names.iter().map(|name| (self.asked.get(*name).copied().unwrap_or(0), *name)).collect();
        waiting.sort_unstable();
        let now: HashSet<String> = waiting.into_iter().take(most).map(|(_, name)| name.to_owned()).collect();
        self.asked.extend(now.iter().map(|name| (name.clone(), self.polls)));
        now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(turn: &mut Turn, names: &[&str], most: usize) -> Vec<String> {
        let mut taken: Vec<String> = turn.take(names, most).into_iter().collect();
        taken.sort();
        taken
    }

    #[test]
    fn all_have_their_turn_and_who_is_new_comes_first() {
        let mut turn = Turn::default();
        let five = ["a", "b", "c", "d", "e"];
        assert_eq!(taken(&mut turn, &five, 2), ["a", "b"]);
        assert_eq!(taken(&mut turn, &five, 2), ["c", "d"]);
        assert_eq!(taken(&mut turn, &["a", "b", "c", "d", "e", "new"], 2), ["e", "new"]);
        assert_eq!(taken(&mut turn, &["b", "c", "d", "e", "new"], 2), ["b", "c"], "a is gone");
        assert_eq!(taken(&mut turn, &five, 9), five);
    }
}
