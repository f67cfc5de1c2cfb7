//! Every instance of both versions: what its samples said, kept small and bounded, and worded into rows when somebody looks.
//!
//! Says how an instance is; convicts nobody. What is counted is counted from the samples alone, so a recorded watch shows the same rows.

mod member;

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
    time::Duration,
};

use member::Member;

use super::{
    policy::Policy,
    role::{Role, Sides},
    sample::Sample,
    snapshot::InstanceRow,
    time::Time,
};

/// Instances kept. A version's own count of what is ready has no such bound.
const MOST: usize = 200;
/// After so long an instance that is not listed any more is forgotten.
const FORGOTTEN: Duration = Duration::from_secs(600);
/// Up to so many instances have their figures worded anew at each poll, more of them with each value of the history.
const FEW: usize = 32;
/// A stretch between two polls that is longer by this factor holds polls that were missed.
const GAP: f64 = 1.5;

/// The instances of a watch.
#[derive(Debug)]
pub struct Roster {
    rules: Rules,
    /// The versions that are asked; figures of another time have no instances.
    asked: &'static [Role],
    poll: Duration,
    /// In the order in which they were first seen.
    members: Vec<Member>,
    places: Sides<HashMap<String, usize>>,
    /// Where the last sample's instance stands: samples come in much the same order at each poll.
    last: usize,
    polled: Option<Time>,
    /// What the rows are as of.
    as_of: Time,
    /// Worded when asked for, and again once something has changed.
    rows: OnceLock<Arc<Vec<InstanceRow>>>,
}

/// What an instance is held against.
#[derive(Clone, Copy, Debug)]
struct Rules {
    rise: u32,
    fall: u32,
    error_rate: f64,
}

impl Roster {
    /// Nobody was asked yet.
    #[must_use]
    pub fn new(policy: &Policy) -> Self {
        Self {
            rules: Rules { rise: policy.rise, fall: policy.fall, error_rate: policy.error_rate },
            asked: policy.baseline.asked(),
            poll: policy.poll(),
            members: Vec::new(),
            places: Sides::default(),
            last: 0,
            polled: None,
            as_of: Time::default(),
            rows: OnceLock::new(),
        }
    }

    /// Takes the samples of one poll.
    pub fn poll(&mut self, at: Time, samples: &[Sample]) {
        let mut is_news = self.turn(at);
        for sample in samples.iter().filter(|sample| self.asked.contains(&sample.role) && !sample.instance.is_empty()) {
            let known = self.members.len();
            if let Some(place) = self.place(sample) {
                is_news |= self.members[place].take(at, sample, self.rules) || self.members.len() != known;
            }
        }
        is_news |= self.forget(at);
        if is_news || self.members.len() <= FEW {
            self.as_of = at;
            self.rows = OnceLock::new();
        }
    }

    /// The rows: the candidate's first, the worst first, then by name.
    #[must_use]
    pub fn rows(&self) -> Arc<Vec<InstanceRow>> {
        let worded = || {
            let mut rows: Vec<InstanceRow> = self.members.iter().map(|member| member.row(self.as_of, self.rules)).collect();
            rows.sort_by(|a, b| b.role.cmp(&a.role).then(b.state.cmp(&a.state)).then_with(|| a.name.cmp(&b.name)));
            Arc::new(rows)
        };
        Arc::clone(self.rows.get_or_init(worded))
    }

    /// Begins a new value of everybody's history when it is time for one. All begin together, so that they stand on one axis.
    fn turn(&mut self, at: Time) -> bool {
        let before = self.polled.replace(at);
        let passed = before.map_or(0, |before| slot(at) - slot(before));
        if passed <= 0 {
            return false;
        }
        // Where polls are further apart than values, a value holds until the next poll; where polls were missed, nothing is known.
        let is_missed = before.is_some_and(|before| at.since(before) > self.poll.mul_f64(GAP));
        let skipped = usize::try_from(passed - 1).unwrap_or(InstanceRow::HISTORY).min(InstanceRow::HISTORY);
        self.members.iter_mut().for_each(|member| member.turn(skipped, is_missed));
        true
    }

    /// Where the sample's instance stands; null when there is no room for it.
    fn place(&mut self, sample: &Sample) -> Option<usize> {
        let is_it = |place: &usize| self.members.get(*place).is_some_and(|m| m.role == sample.role && m.name == sample.instance);
        let near = [self.last, self.last + 1].into_iter().find(is_it);
        let known = near.or_else(|| self.places.of(sample.role).get(&sample.instance).copied());
        self.last = known.or_else(|| self.admit(sample))?;
        Some(self.last)
    }

    /// A new instance. The candidate's have the first right to a place.
    fn admit(&mut self, sample: &Sample) -> Option<usize> {
        if self.members.len() == MOST {
            let is_theirs = |member: &Member| member.role == Role::Baseline;
            let place = self.members.iter().rposition(is_theirs).filter(|_| sample.role == Role::Candidate)?;
            self.members.remove(place);
            self.find_places();
        }
        let place = self.members.len();
        self.members.push(Member::new(sample.role, &sample.instance));
        self.places.of_mut(sample.role).insert(sample.instance.clone(), place);
        Some(place)
    }

    /// Lets go of those that were not listed for long, and of pods that are gone: they come and go. Tells whether one was not listed now.
    fn forget(&mut self, at: Time) -> bool {
        let known = self.members.len();
        self.members.retain(|member| member.listed == at || (!member.is_pod() && at.since(member.listed) < FORGOTTEN));
        if self.members.len() != known {
            self.find_places();
        }
        let missed = self.members.iter_mut().map(|member| member.miss(at)).filter(|is_missed| *is_missed).count();
        missed > 0 || self.members.len() != known
    }

    fn find_places(&mut self) {
        self.places = Sides::default();
        for (place, member) in self.members.iter().enumerate() {
            self.places.of_mut(member.role).insert(member.name.clone(), place);
        }
    }
}

/// Which value of the history a moment belongs to, counted from the epoch.
fn slot(at: Time) -> i64 {
    at.ms().div_euclid(i64::from(InstanceRow::HISTORY_S) * 1000)
}
