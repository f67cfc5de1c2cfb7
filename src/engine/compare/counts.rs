//! Joins what each version counted until both cover the same time: a poll in which one side is missing waits for the next.

use std::collections::BTreeMap;

use crate::engine::{
    custom::Custom,
    role::{Role, Sides},
    sample::{Buckets, Sample, SourceKind},
    stats::ratio::Split,
};

/// What one version brought in one poll, all its instances added up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    /// At least one instance gave a page.
    pub answered: bool,
    /// Requests and errors; null when no page had them.
    pub counts: Option<(f64, f64)>,
    /// Latencies; null when no page had them.
    pub buckets: Option<Buckets>,
    /// What each configured check counted, by its id: in all, events.
    pub custom: BTreeMap<String, (f64, f64)>,
    /// Some instance was seen for the first time: its page is only a reference.
    pub reference: bool,
    /// Processes that restarted.
    pub resets: u32,
}

impl Tally {
    /// Adds up the metrics samples of `role`.
    #[must_use]
    pub fn of(role: Role, samples: &[Sample]) -> Self {
        let mut tally = Self { resets: restarted(role, samples), ..Self::default() };
        for sample in samples.iter().filter(|s| s.role == role && s.source == SourceKind::Metrics && s.ok) {
            tally.answered = true;
            tally.reference |= sample.reference;
            if let (Some(n), Some(bad)) = (sample.requests, sample.errors) {
                gather(&mut tally.counts, Some((n, bad.clamp(0.0, n.max(0.0)))));
            }
            if let Some(more) = &sample.buckets {
                Buckets::accumulate(&mut tally.buckets, more);
            }
            for (id, custom) in &sample.custom {
                if let Custom::Counts { of, events } = *custom {
                    add(&mut tally.custom, id, (of, events.clamp(0.0, of.max(0.0))));
                }
            }
        }
        tally
    }
}

/// Processes of `role` that restarted: where a node counts them, by its count alone.
fn restarted(role: Role, samples: &[Sample]) -> u32 {
    let mine = || samples.iter().filter(|s| s.role == role);
    let is_counted = |sample: &Sample| mine().any(|s| s.pod.is_some() && s.instance == sample.instance);
    let by_page = |sample: &Sample| sample.source == SourceKind::Metrics && sample.ok && !is_counted(sample);
    let resets = mine().filter(|s| s.reset && (s.pod.is_some() || by_page(s)));
    u32::try_from(resets.count()).unwrap_or(u32::MAX)
}

/// What is still waiting for the other side.
#[derive(Clone, Debug, Default)]
pub struct Pending {
    counts: Sides<Option<(f64, f64)>>,
    buckets: Sides<Option<Buckets>>,
    custom: Sides<BTreeMap<String, (f64, f64)>>,
}

/// What both sides counted over the same time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Joined {
    /// Errors of both.
    pub errors: Option<Split>,
    /// Latencies: candidate, baseline.
    pub latency: Option<(Buckets, Buckets)>,
    /// What each configured check counted, by its id.
    pub custom: BTreeMap<String, Split>,
}

impl Joined {
    /// The same with so many times the traffic of each version, and the same shares of it bad.
    #[must_use]
    pub fn with_traffic(&self, candidate: f64, baseline: f64) -> Self {
        let split = |split: &Split| Split {
            n_c: split.n_c * candidate,
            bad_c: split.bad_c * candidate,
            n_b: split.n_b * baseline,
            bad_b: split.bad_b * baseline,
        };
        Self {
            errors: self.errors.as_ref().map(split),
            latency: self.latency.as_ref().map(|(c, b)| (c.scaled(candidate), b.scaled(baseline))),
            custom: self.custom.iter().map(|(id, counted)| (id.clone(), split(counted))).collect(),
        }
    }
}

impl Pending {
    /// Takes one poll of both sides and gives out what now covers the same time.
    pub fn join(&mut self, poll: &Sides<Tally>) -> Joined {
        // A side that only now becomes countable starts here: what the other counted before has no counterpart.
        if Role::BOTH.into_iter().any(|r| poll.of(r).reference && poll.of(r).counts.is_none() && poll.of(r).buckets.is_none()) {
            *self = Self::default();
            return Joined::default();
        }
        for role in Role::BOTH {
            let tally = poll.of(role);
            gather(self.counts.of_mut(role), tally.counts);
            if let Some(more) = &tally.buckets {
                Buckets::accumulate(self.buckets.of_mut(role), more);
            }
        }
        let mut joined = self.take(poll);
        joined.custom = self.join_custom(poll);
        joined
    }

    fn join_custom(&mut self, poll: &Sides<Tally>) -> BTreeMap<String, Split> {
        for role in Role::BOTH {
            for (id, counted) in &poll.of(role).custom {
                add(self.custom.of_mut(role), id, *counted);
            }
        }
        // A page that came without it begins anew: what the other side counted meanwhile has no counterpart.
        let lacks = |id: &String| Role::BOTH.into_iter().any(|r| poll.of(r).answered && !poll.of(r).custom.contains_key(id));
        for role in Role::BOTH {
            self.custom.of_mut(role).retain(|id, _| !lacks(id));
        }
        let both: Vec<String> = poll.candidate.custom.keys().filter(|id| poll.baseline.custom.contains_key(*id)).cloned().collect();
        let Sides { baseline, candidate } = &mut self.custom;
        let split = |id: String| {
            let ((n_c, bad_c), (n_b, bad_b)) = candidate.remove(&id).zip(baseline.remove(&id))?;
            Some((id, Split { n_c, bad_c, n_b, bad_b }))
        };
        both.into_iter().filter_map(split).collect()
    }

    fn take(&mut self, poll: &Sides<Tally>) -> Joined {
        let mut joined = Joined::default();
        let both = |has: fn(&Tally) -> bool| has(&poll.baseline) && has(&poll.candidate);
        if both(|t| t.counts.is_some())
            && let (Some((n_b, bad_b)), Some((n_c, bad_c))) = (self.counts.baseline.take(), self.counts.candidate.take())
        {
            joined.errors = Some(Split { n_c, bad_c, n_b, bad_b });
        }
        if both(|t| t.buckets.is_some())
            && let (Some(b), Some(c)) = (self.buckets.baseline.take(), self.buckets.candidate.take())
        {
            joined.latency = Some((c, b));
        }
        joined
    }
}

/// Adds to a sum that may not have begun.
pub(super) fn gather(sum: &mut Option<(f64, f64)>, more: Option<(f64, f64)>) {
    if let Some((n, bad)) = more {
        let (n0, bad0) = sum.unwrap_or_default();
        *sum = Some((n0 + n, bad0 + bad));
    }
}

/// Adds to what is counted under `id`.
pub(in crate::engine) fn add(sums: &mut BTreeMap<String, (f64, f64)>, id: &str, (of, events): (f64, f64)) {
    match sums.get_mut(id) {
        Some(sum) => *sum = (sum.0 + of, sum.1 + events),
        None => drop(sums.insert(id.to_owned(), (of, events))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::sample::Pod;

    fn tally(n: f64, bad: f64) -> Tally {
        Tally { answered: true, counts: Some((n, bad)), ..Tally::default() }
    }

    fn poll(baseline: Tally, candidate: Tally) -> Sides<Tally> {
        Sides { baseline, candidate }
    }

    #[test]
    fn a_restart_that_a_node_counts_counts_once() {
        let reset = |instance: &str| Sample { ok: true, reset: true, ..Sample::blank(Role::Candidate, "v2", instance.into()) };
        let page_alone = [reset("a")];
        assert_eq!(Tally::of(Role::Candidate, &page_alone).resets, 1);
        let node = |is_reset| Sample { source: SourceKind::Health, reset: is_reset, pod: Some(Pod::default()), ..reset("a") };
        assert_eq!(Tally::of(Role::Candidate, &[reset("a"), node(true)]).resets, 1);
        assert_eq!(Tally::of(Role::Candidate, &[reset("a"), node(false)]).resets, 0, "it was counted before");
        assert_eq!(Tally::of(Role::Candidate, &[node(true)]).resets, 1, "its page need not come");
    }

    #[test]
    fn a_missing_side_waits_and_the_sum_is_the_same() {
        let mut pending = Pending::default();
        assert_eq!(pending.join(&poll(tally(30.0, 1.0), Tally::default())), Joined::default());
        let joined = pending.join(&poll(tally(40.0, 2.0), tally(25.0, 5.0)));
        assert_eq!(joined.errors, Some(Split { n_c: 25.0, bad_c: 5.0, n_b: 70.0, bad_b: 3.0 }));
    }

    #[test]
    fn a_configured_check_waits_for_a_page_that_did_not_come_and_begins_anew_with_one_that_lacks_it() {
        let jobs = |of, events| Tally { custom: BTreeMap::from([("jobs".to_owned(), (of, events))]), ..tally(1.0, 0.0) };
        let mut pending = Pending::default();
        assert!(pending.join(&poll(jobs(30.0, 1.0), Tally::default())).custom.is_empty());
        let joined = pending.join(&poll(jobs(40.0, 2.0), jobs(25.0, 5.0)));
        assert_eq!(joined.custom.get("jobs"), Some(&Split { n_c: 25.0, bad_c: 5.0, n_b: 70.0, bad_b: 3.0 }));
        assert!(pending.join(&poll(jobs(30.0, 1.0), tally(1.0, 0.0))).custom.is_empty());
        let joined = pending.join(&poll(jobs(40.0, 2.0), jobs(25.0, 5.0)));
        assert_eq!(joined.custom.get("jobs"), Some(&Split { n_c: 25.0, bad_c: 5.0, n_b: 40.0, bad_b: 2.0 }));
    }

    #[test]
    fn a_first_page_clears_what_the_other_side_counted_alone() {
        let mut pending = Pending::default();
        pending.join(&poll(tally(30.0, 1.0), Tally::default()));
        let reference = Tally { answered: true, reference: true, ..Tally::default() };
        pending.join(&poll(tally(30.0, 1.0), reference));
        let joined = pending.join(&poll(tally(40.0, 0.0), tally(10.0, 0.0)));
        assert_eq!(joined.errors, Some(Split { n_c: 10.0, bad_c: 0.0, n_b: 40.0, bad_b: 0.0 }));
    }
}
