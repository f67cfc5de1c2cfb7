//! What was asked for a check, as the source resolved it: in words for the explanation, and bare for copying.

use crate::engine::{
    asked::{Addresses, Asked},
    event::Reason,
    role::{Role, Sides},
    watch::{
        Watch,
        checks::{Check, What},
    },
};
use crate::humanize;

/// The candidate's first: it is the one in question.
const ORDER: [Role; 2] = [Role::Candidate, Role::Baseline];

impl Watch {
    /// What is read, and where; nothing where the source does not say. It closes an explanation on the screen; what is written down says it
    /// once, at its beginning.
    pub(in crate::engine::watch) fn asked(&self, check: &Check) -> Vec<Reason> {
        let asked = &self.setup.asked;
        let series = series(asked, &check.id);
        let mut reasons = Vec::new();
        if !series.is_empty() {
            reasons.push(Reason::new("asked", series.join(" of ")));
        } else if matches!(check.what, What::Metric(_)) {
            reasons.extend(self.found_words().into_iter().map(|found| Reason::new("asked", found)));
        }
        let version = |role: Role| {
            let (first, others) = addresses(check.what, asked.of(role)).one_of()?;
            let more = if others == 0 { String::new() } else { format!(" and {} more", humanize::count(others as f64)) };
            Some(format!("{} at {first}{more}", self.setup.names.of(role)))
        };
        let places: Vec<String> = ORDER.into_iter().filter_map(version).collect();
        if !places.is_empty() {
            let every = humanize::duration(self.setup.policy.poll());
            reasons.push(Reason::new("asked", format!("{}, every {every}", places.join(", "))));
        }
        let whose = ORDER.into_iter().filter_map(|role| asked.of(role).whose.as_ref());
        reasons.extend(whose.map(|whose| Reason::new("asked", whose.clone())));
        reasons
    }

    /// How the sources read the pages, once where they say the same of both versions.
    fn found_words(&self) -> Vec<&str> {
        let mut words = Vec::new();
        for found in &self.found {
            let bare = Role::BOTH.into_iter().find_map(|role| found.strip_prefix(role.word())?.strip_prefix(": "));
            let said = bare.unwrap_or(found);
            if !words.contains(&said) {
                words.push(said);
            }
        }
        words
    }
}

/// The same bare, one address or series a line.
pub(in crate::engine::watch) fn bare(what: What, id: &str, asked: &Sides<Asked>) -> String {
    let places = ORDER.into_iter().flat_map(|role| addresses(what, asked.of(role)).lines());
    let lines: Vec<String> = places.chain(series(asked, id)).collect();
    lines.join("\n")
}

/// Where a check's figures come from.
const fn addresses(what: What, asked: &Asked) -> &Addresses {
    if matches!(what, What::Health) { &asked.health } else { &asked.pages }
}

/// What is read off the pages for the check `id`, of both versions where that differs.
fn series(asked: &Sides<Asked>, id: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for one in ORDER.into_iter().filter_map(|role| asked.of(role).series.get(id)).flatten() {
        if !all.contains(one) {
            all.push(one.clone());
        }
    }
    all
}
