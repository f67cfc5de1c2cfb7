//! What is known of each version's metrics pages: whether they come, what they lack, since when.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    role::{Role, Sides},
    sample::{Missing, Sample, SourceKind},
    time::Time,
};

/// Polls without a page after which a version counts as blind rather than late.
const LATE_POLLS: u32 = 2;

/// The state of both versions' pages.
#[derive(Clone, Debug)]
pub struct Sources {
    /// The versions whose pages are needed.
    needed: &'static [Role],
    sides: Sides<Pages>,
}

/// The state of one version's pages.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pages {
    /// The newest poll in which at least one instance gave a page.
    pub last_page: Option<Time>,
    /// Polls in a row without one.
    pub misses: u32,
    /// Why the last poll brought none.
    pub reason: Option<String>,
    /// What the newest page lacks.
    pub missing: Missing,
    /// Requests and errors were on a page at least once.
    pub had_errors: bool,
    /// A latency histogram was on a page at least once.
    pub had_latency: bool,
    /// The configured checks that pages lacked whenever they came; null before the first page.
    never_had: Option<BTreeSet<String>>,
}

/// What a poll changed about a version's pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// They stopped coming, for this reason.
    Lost(String),
    /// They come again.
    Back,
}

impl Sources {
    /// Nothing seen yet. The pages of other versions than the `needed` ones are not missed.
    #[must_use]
    pub fn of_versions(needed: &'static [Role]) -> Self {
        Self { needed, sides: Sides::default() }
    }

    /// From now on other versions' pages are needed.
    pub fn need(&mut self, needed: &'static [Role]) {
        self.needed = needed;
    }

    /// Takes the metrics samples of one poll; tells what turned.
    pub fn poll(&mut self, at: Time, samples: &[Sample]) -> Sides<Option<Turn>> {
        let needed = self.needed;
        Sides::build(|role| self.sides.of_mut(role).poll(at, role, samples).filter(|_| needed.contains(&role)))
    }

    /// One version's pages.
    #[must_use]
    pub fn of(&self, role: Role) -> &Pages {
        self.sides.of(role)
    }

    /// A version that gives no page, and for how long: the one that has been silent for longer.
    #[must_use]
    pub fn blind(&self) -> Option<(Role, &Pages)> {
        self.needed.iter().map(|r| (*r, self.of(*r))).filter(|(_, p)| p.is_blind()).max_by_key(|(_, p)| p.misses)
    }

    /// Some version gave no page at the last poll.
    #[must_use]
    pub fn is_missing_now(&self) -> bool {
        self.needed.iter().any(|r| self.of(*r).misses > 0)
    }
}

impl Pages {
    fn poll(&mut self, at: Time, role: Role, samples: &[Sample]) -> Option<Turn> {
        let mine = || samples.iter().filter(|s| s.role == role && s.source == SourceKind::Metrics);
        let was_blind = self.is_blind();
        if mine().any(|s| s.ok) {
            let pages = || mine().filter(|s| s.ok);
            // A family counts as there when any instance has it.
            self.missing = Missing {
                errors: all_lack(pages().map(|s| s.missing.errors.as_ref())),
                latency: all_lack(pages().map(|s| s.missing.latency.as_ref())),
                custom: all_lack_custom(pages().map(|s| &s.missing.custom)),
            };
            self.had_errors |= self.missing.errors.is_none();
            self.had_latency |= self.missing.latency.is_none();
            let lacked = &self.missing.custom;
            self.never_had = Some(match self.never_had.take() {
                Some(never) => never.into_iter().filter(|id| lacked.contains_key(id)).collect(),
                None => lacked.keys().cloned().collect(),
            });
            self.last_page = Some(at);
            self.misses = 0;
            self.reason = None;
        } else {
            self.misses += 1;
            self.reason =
                mine().find_map(|s| s.reason.clone()).or_else(|| Some("no address of a metrics page is known".to_owned()));
        }
        match (was_blind, self.is_blind()) {
            (false, true) => Some(Turn::Lost(self.reason.clone().unwrap_or_default())),
            (true, false) => Some(Turn::Back),
            _ => None,
        }
    }

    /// Whether what the configured check `id` reads was on a page at least once.
    #[must_use]
    pub fn had_custom(&self, id: &str) -> bool {
        self.never_had.as_ref().is_some_and(|never| !never.contains(id))
    }

    /// Nothing has come for two polls, or nothing ever.
    #[must_use]
    pub fn is_blind(&self) -> bool {
        self.misses >= LATE_POLLS || (self.misses > 0 && self.last_page.is_none())
    }
}

fn all_lack<'a>(mut sentences: impl Iterator<Item = Option<&'a String>>) -> Option<String> {
    let first = sentences.next()??;
    sentences.all(|s| s.is_some()).then(|| first.clone())
}

/// What every page lacks, with the first one's sentences.
fn all_lack_custom<'a>(mut pages: impl Iterator<Item = &'a BTreeMap<String, String>>) -> BTreeMap<String, String> {
    let mut lacked = pages.next().cloned().unwrap_or_default();
    for page in pages {
        lacked.retain(|id, _| page.contains_key(id));
    }
    lacked
}
