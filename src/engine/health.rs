//! Whether the versions' processes are well: readiness per instance, and the three rules that convict without any statistics.
//!
//! The rules count raw polls; rise and fall only steady what is shown.

use std::collections::BTreeMap;

use super::{
    role::{Role, Sides},
    sample::{CheckState, Health, HealthCheck, HealthState, Sample, SourceKind},
};

/// Down for so many polls in a row ...
pub(super) const DOWN_POLLS: u32 = 3;
/// ... and so many seconds, while the baseline is not: convicted.
pub(super) const DOWN_SECONDS: f64 = 20.0;
/// Went down so often, and restarted at least once, the baseline never: a crash loop.
pub(super) const CRASH_DROPS: u32 = 2;
/// So many restarts, and so many more than three times the baseline's: convicted.
pub(super) const RESTARTS: u32 = 3;

/// The health of both versions over a step.
#[derive(Clone, Debug)]
pub struct HealthWatch {
    rise: u32,
    fall: u32,
    instances: Sides<BTreeMap<String, Instance>>,
    down_polls: u32,
    down_s: f64,
    was_up: bool,
    drops: u32,
    resets: Sides<u32>,
    unknown_polls: Sides<u32>,
    asked: bool,
}

/// One instance as it is shown.
#[derive(Clone, Debug)]
struct Instance {
    shown: Shown,
    last: Health,
}

/// Up or down as it is shown: so many answers in a row change it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown {
    is_up: bool,
    against: u32,
}

impl Shown {
    /// As the first answer says.
    pub(super) const fn new(is_up: bool) -> Self {
        Self { is_up, against: 0 }
    }

    /// Takes one answer. `rise` and `fall`: answers in a row before it is shown up or down.
    pub(super) fn see(&mut self, up: bool, rise: u32, fall: u32) {
        self.against = if up == self.is_up { 0 } else { self.against + 1 };
        if self.against >= if up { rise } else { fall } {
            *self = Self::new(up);
        }
    }

    pub(super) const fn is_up(self) -> bool {
        self.is_up
    }
}

/// Why health convicts the candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sick {
    /// Not ready while the baseline is.
    Down,
    /// Went down again and again, restarting.
    CrashLoop,
    /// Restarts far more often than the baseline.
    Restarts,
}

impl HealthWatch {
    /// Nothing seen yet. `rise` and `fall`: answers in a row before an instance is shown up or down.
    #[must_use]
    pub fn new(rise: u32, fall: u32) -> Self {
        Self {
            rise,
            fall,
            instances: Sides::default(),
            down_polls: 0,
            down_s: 0.0,
            was_up: true,
            drops: 0,
            resets: Sides::default(),
            unknown_polls: Sides::default(),
            asked: false,
        }
    }

    /// Takes the health samples of one poll and the restarts that its pages showed.
    pub fn poll(&mut self, samples: &[Sample], resets: Sides<u32>, poll_s: f64) {
        self.asked |= samples.iter().any(|s| s.source == SourceKind::Health);
        for sample in samples {
            if let Some(health) = &sample.health {
                self.show(sample.role, &sample.instance, health);
            }
        }
        self.forget(samples);
        let up = Sides::build(|role| version_up(role, samples));
        for role in Role::BOTH {
            *self.resets.of_mut(role) += resets.of(role);
            let unknown = self.unknown_polls.of_mut(role);
            *unknown = if up.of(role).is_none() { *unknown + 1 } else { 0 };
        }
        self.count_down(up, poll_s);
    }

    fn count_down(&mut self, up: Sides<Option<bool>>, poll_s: f64) {
        match up.candidate {
            Some(false) if up.baseline != Some(false) => {
                self.drops += u32::from(self.was_up);
                self.was_up = false;
                self.down_polls += 1;
                self.down_s += poll_s;
            }
            Some(_) => {
                self.down_polls = 0;
                self.down_s = 0.0;
                self.was_up = true;
            }
            None => {}
        }
    }

    /// An instance that is not asked any more does not count any more. A poll that asked nobody's health says nothing of that.
    fn forget(&mut self, samples: &[Sample]) {
        for role in Role::BOTH {
            let mine = || samples.iter().filter(|s| s.role == role);
            if mine().any(|s| s.source == SourceKind::Health) {
                self.instances.of_mut(role).retain(|name, _| mine().any(|s| s.instance == *name));
            }
        }
    }

    fn show(&mut self, role: Role, name: &str, health: &Health) {
        let up = match health.state {
            HealthState::Up => true,
            HealthState::Down => false,
            HealthState::Unknown => return,
        };
        let instances = self.instances.of_mut(role);
        let Some(seen) = instances.get_mut(name) else {
            instances.insert(name.to_owned(), Instance { shown: Shown::new(up), last: health.clone() });
            return;
        };
        if seen.last != *health {
            seen.last = health.clone();
        }
        seen.shown.see(up, self.rise, self.fall);
    }

    /// The rule that convicts the candidate now, if one does.
    #[must_use]
    pub fn convicts(&self) -> Option<Sick> {
        let Sides { baseline, candidate } = self.resets;
        if self.down_polls >= DOWN_POLLS && self.down_s >= DOWN_SECONDS {
            Some(Sick::Down)
        } else if candidate >= RESTARTS && candidate >= 3 * baseline + RESTARTS {
            Some(Sick::Restarts)
        } else if candidate >= 1 && baseline == 0 && self.drops >= CRASH_DROPS {
            Some(Sick::CrashLoop)
        } else {
            None
        }
    }

    /// Whether the candidate was down at the last poll that told.
    #[must_use]
    pub fn is_down(&self) -> bool {
        self.down_polls > 0
    }

    /// Seconds the candidate has been down for.
    #[must_use]
    pub fn down_s(&self) -> f64 {
        self.down_s
    }

    /// Restarts of each version since the step began.
    #[must_use]
    pub fn resets(&self) -> Sides<u32> {
        self.resets
    }

    /// Instances shown up, of all that serve a health endpoint; null when none does.
    #[must_use]
    pub fn ready(&self, role: Role) -> Option<(u32, u32)> {
        let served: Vec<&Instance> = self.of(role).filter(|i| i.last.served).collect();
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        (!served.is_empty()).then(|| (count(served.iter().filter(|i| i.shown.is_up()).count()), count(served.len())))
    }

    fn of(&self, role: Role) -> impl Iterator<Item = &Instance> {
        self.instances.of(role).values()
    }

    /// Some instance answered a health endpoint, or should have.
    #[must_use]
    pub fn is_served(&self) -> bool {
        Role::BOTH.into_iter().flat_map(|role| self.of(role)).any(|i| i.last.served)
    }

    /// Health endpoints were asked for at all.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        self.asked
    }

    /// No instance of `role` has told anything for two polls.
    #[must_use]
    pub fn is_blind(&self, role: Role) -> bool {
        self.unknown_polls.of(role) >= &2
    }

    /// The entries of `checks` of that version, each with the worst word any instance said.
    #[must_use]
    pub fn checks(&self, role: Role) -> Vec<HealthCheck> {
        let mut worst: Vec<HealthCheck> = Vec::new();
        for check in self.of(role).flat_map(|i| &i.last.checks) {
            match worst.iter_mut().find(|w| w.name == check.name) {
                Some(known) if badness(check.state) > badness(known.state) => *known = check.clone(),
                Some(_) => {}
                None => worst.push(check.clone()),
            }
        }
        worst
    }
}

const fn badness(state: CheckState) -> u8 {
    match state {
        CheckState::Passes => 0,
        CheckState::Other => 1,
        CheckState::Fails => 2,
    }
}

/// One poll's word on a version: down when at least half of its instances are, up when one is, else unknown.
fn version_up(role: Role, samples: &[Sample]) -> Option<bool> {
    let served = samples.iter().filter(|s| s.role == role).filter_map(|s| s.health.as_ref()).filter(|h| h.served);
    let (mut all, mut up, mut down) = (0, 0, 0);
    for health in served {
        all += 1;
        up += u32::from(health.state == HealthState::Up);
        down += u32::from(health.state == HealthState::Down);
    }
    if down > 0 && down * 2 >= all {
        Some(false)
    } else if up > 0 {
        Some(true)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::sample::Missing;

    fn sample(role: Role, instance: &str, state: HealthState) -> Sample {
        Sample {
            source: SourceKind::Health,
            role,
            version: String::new(),
            instance: instance.to_owned(),
            ok: true,
            reason: None,
            requests: None,
            errors: None,
            buckets: None,
            custom: std::collections::BTreeMap::new(),
            health: Some(Health { state, served: true, checks: vec![] }),
            reset: false,
            reference: false,
            missing: Missing::default(),
            started: None,
            pod: None,
        }
    }

    fn play(polls: &[(HealthState, HealthState)], resets: &[u32]) -> HealthWatch {
        let mut watch = HealthWatch::new(2, 3);
        for (i, (baseline, candidate)) in polls.iter().enumerate() {
            let samples = [sample(Role::Baseline, "a", *baseline), sample(Role::Candidate, "b", *candidate)];
            let candidate = resets.get(i).copied().unwrap_or(0);
            watch.poll(&samples, Sides { baseline: 0, candidate }, 10.0);
        }
        watch
    }

    use HealthState::{Down, Unknown, Up};

    #[test]
    fn three_polls_and_twenty_seconds_down_convict() {
        assert_eq!(play(&[(Up, Up), (Up, Down), (Up, Down)], &[]).convicts(), None);
        assert_eq!(play(&[(Up, Down), (Up, Down), (Up, Down)], &[]).convicts(), Some(Sick::Down));
        assert_eq!(play(&[(Up, Down), (Up, Unknown), (Up, Down), (Up, Down)], &[]).convicts(), Some(Sick::Down));
        assert_eq!(play(&[(Up, Down), (Up, Down), (Up, Up), (Up, Down)], &[]).convicts(), None);
    }

    #[test]
    fn both_down_is_nobodys_fault() {
        assert_eq!(play(&[(Down, Down); 6], &[]).convicts(), None);
    }

    #[test]
    fn a_crash_loop_is_two_drops_and_a_restart() {
        let polls = [(Up, Down), (Up, Up), (Up, Down)];
        assert_eq!(play(&polls, &[0, 1, 0]).convicts(), Some(Sick::CrashLoop));
        assert_eq!(play(&polls, &[]).convicts(), None);
        assert_eq!(play(&[(Up, Up); 3], &[1, 1, 1]).convicts(), Some(Sick::Restarts));
    }

    #[test]
    fn an_instance_that_is_gone_does_not_count_any_more() {
        let mut watch = HealthWatch::new(2, 3);
        let up = |name: &str| sample(Role::Candidate, name, Up);
        watch.poll(&[up("a"), up("b")], Sides::default(), 10.0);
        watch.poll(&[], Sides::default(), 10.0);
        assert_eq!(watch.ready(Role::Candidate), Some((2, 2)));
        watch.poll(&[up("b")], Sides::default(), 10.0);
        assert_eq!(watch.ready(Role::Candidate), Some((1, 1)));
    }

    #[test]
    fn a_single_miss_does_not_change_what_is_shown() {
        assert_eq!(play(&[(Up, Up), (Up, Down)], &[]).ready(Role::Candidate), Some((1, 1)));
        assert_eq!(play(&[(Up, Up), (Up, Down), (Up, Down), (Up, Down)], &[]).ready(Role::Candidate), Some((0, 1)));
    }
}
