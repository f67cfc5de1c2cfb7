//! Remembers what was told, so that the same news is told once.

use std::collections::{BTreeSet, VecDeque};

/// How many keys are remembered; the oldest is forgotten first. A watch has a few dozen at most.
const REMEMBERED: usize = 512;

/// The keys of the notices that were told. Pure: it keeps no time.
#[derive(Clone, Debug, Default)]
pub struct Dedupe {
    known: BTreeSet<String>,
    order: VecDeque<String>,
}

impl Dedupe {
    /// Whether a notice with this key ([`crate::engine::notice::Notice::key`]) is news; from then on it is not.
    pub fn is_news(&mut self, key: &str) -> bool {
        if !self.known.insert(key.to_owned()) {
            return false;
        }
        self.order.push_back(key.to_owned());
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_news_is_told_once() {
        let mut dedupe = Dedupe::default();
        assert!(dedupe.is_news("api v2 errors warn"));
        assert!(dedupe.is_news("api v2 errors fail"));
        assert!(!dedupe.is_news("api v2 errors warn"));
        assert!(dedupe.is_news("api v3 errors warn"));
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_goes_first() {
        let mut dedupe = Dedupe::default();
        for i in 0..=REMEMBERED {
            assert!(dedupe.is_news(&i.to_string()));
        }
        assert_eq!((dedupe.known.len(), dedupe.order.len()), (REMEMBERED, REMEMBERED));
        assert!(!dedupe.is_news("1"));
        assert!(dedupe.is_news("0"), "forgotten");
    }
}
