//! One bad instance of many: each of the candidate's instances against the whole baseline.
//!
//! Half of the errors' part of the budget goes to the mean of one bet an instance, so the bound on false alarms stays; the aggregate loses
//! ln 2. It pays where one instance in ten or thirty fails: added up, that is hardly more than is tolerated. Which instances are
//! compared is chosen once, at the first poll in which there are enough of them with enough to do, and they bet from the next poll on.

use std::collections::BTreeMap;

use super::{Background, Bet, counts::gather};
use crate::engine::{
    role::Role,
    sample::{Sample, SourceKind},
    stats::{
        log_mean_exp,
        ratio::{Null, Split},
    },
};

/// Fewest instances for which it is worth half the budget.
const FEWEST: usize = 4;
/// Fewest requests of an instance in the poll that chooses.
const BUSY: f64 = 20.0;

/// The instances of one step.
#[derive(Clone, Debug)]
pub(super) struct Instances {
    /// What each begins with.
    fresh: Bet,
    chosen: BTreeMap<String, Instance>,
}

#[derive(Clone, Debug)]
struct Instance {
    bet: Bet,
    /// Requests and errors that wait for the other side: its own, and the baseline's over the same time.
    own: Option<(f64, f64)>,
    baseline: Option<(f64, f64)>,
    /// Everything it was judged by: requests, errors.
    total: (f64, f64),
}

/// An instance and what it did since it was chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Suspect<'a> {
    /// Its address.
    pub name: &'a str,
    /// Requests.
    pub requests: f64,
    /// Errors among them.
    pub errors: f64,
    /// Natural logarithm of its bet's e-value.
    pub log_e: f64,
}

impl Instances {
    pub(super) const fn new(fresh: Bet) -> Self {
        Self { fresh, chosen: BTreeMap::new() }
    }

    /// Takes the candidate's metrics samples of one poll, and what the whole baseline counted in it.
    pub(super) fn poll(&mut self, samples: &[Sample], baseline: Option<(f64, f64)>, null: Null, background: &Background) {
        let counts: BTreeMap<&str, (f64, f64)> = samples.iter().filter_map(counted).collect();
        if self.chosen.is_empty() {
            if baseline.is_some() {
                self.choose(&counts);
            }
            return;
        }
        for (name, instance) in &mut self.chosen {
            instance.take(counts.get(name.as_str()).copied(), baseline, null, background);
        }
    }

    fn choose(&mut self, counts: &BTreeMap<&str, (f64, f64)>) {
        let busy: Vec<&&str> = counts.iter().filter(|(_, (n, _))| *n >= BUSY).map(|(name, _)| name).collect();
        if busy.len() >= FEWEST {
            let fresh = || Instance { bet: self.fresh.clone(), own: None, baseline: None, total: (0.0, 0.0) };
            self.chosen = busy.into_iter().map(|name| ((*name).to_owned(), fresh())).collect();
        }
    }

    /// The mean e-value of all, natural logarithm; 0 before they were chosen.
    pub(super) fn log_e(&self) -> f64 {
        let all: Vec<f64> = self.chosen.values().map(|instance| instance.bet.log_e()).collect();
        if all.is_empty() { 0.0 } else { log_mean_exp(&all) }
    }

    pub(super) fn bets(&self) -> impl Iterator<Item = &Bet> {
        self.chosen.values().map(|instance| &instance.bet)
    }

    /// The one that speaks most against the candidate.
    pub(super) fn suspect(&self) -> Option<Suspect<'_>> {
        let suspects = self.chosen.iter().map(|(name, instance)| Suspect {
            name,
            requests: instance.total.0,
            errors: instance.total.1,
            log_e: instance.bet.log_e(),
        });
        suspects.max_by(|a, b| a.log_e.total_cmp(&b.log_e))
    }
}

impl Instance {
    fn take(&mut self, own: Option<(f64, f64)>, baseline: Option<(f64, f64)>, null: Null, background: &Background) {
        gather(&mut self.own, own);
        gather(&mut self.baseline, baseline);
        if own.is_none() || baseline.is_none() {
            return;
        }
        let (Some((n_c, bad_c)), Some((n_b, bad_b))) = (self.own.take(), self.baseline.take()) else { return };
        if n_c > 0.0 && n_b > 0.0 {
            let split = Split { n_c, bad_c, n_b, bad_b };
            self.bet.step(&split, null, background.errors_noise(&split));
            self.total = (self.total.0 + n_c, self.total.1 + bad_c);
        }
    }
}

fn counted(sample: &Sample) -> Option<(&str, (f64, f64))> {
    if sample.role != Role::Candidate || sample.source != SourceKind::Metrics || !sample.ok {
        return None;
    }
    let (n, bad) = (sample.requests?, sample.errors?);
    Some((&sample.instance, (n, bad.clamp(0.0, n.max(0.0)))))
}
