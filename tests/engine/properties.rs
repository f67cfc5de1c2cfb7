//! What must hold for every deployment, whatever it counted: random services, played through the engine.

use proptest::{collection::vec, prelude::*};
use rollwatch::engine::{
    compare::{
        Compare, Metric,
        background::Background,
        counts::{Joined, Pending, Tally},
        ladder::Ladder,
    },
    effect::{Input, Polled},
    intake::{Answer, Counter, Histogram, Intake, Observation, Totals},
    policy::Policy,
    role::{Role, Sides},
    sample::Buckets,
    setup::{Rule, Setup},
    time::Time,
    verdict::Verdict,
    watch::Watch,
};

use crate::play::setup;

const LE_MS: [f64; 5] = [50.0, 100.0, 200.0, 400.0, f64::INFINITY];
const POLL_S: u32 = 10;

/// What one version does in one poll: requests, errors, and how many were slower than 100, 200 and 400 ms.
type Work = (u16, u16, [u16; 3]);

/// One version's poll: up to 300 requests, few errors, few slow ones; now and then much worse.
fn work() -> impl Strategy<Value = Work> {
    (0..300_u16, 0..100_u8, any::<[u8; 4]>()).prop_map(|(n, luck, parts)| {
        let worst = if luck < 10 { n } else { n / 20 };
        let part = |of: u16, by: u8| u16::try_from(u32::from(of) * u32::from(by) / 255).unwrap_or(of);
        let over_100 = part(worst, parts[1]);
        let over_200 = part(over_100, parts[2]);
        (n, part(worst, parts[0]), [over_100, over_200, part(over_200, parts[3])])
    })
}

/// Both versions, poll by poll.
fn course() -> impl Strategy<Value = Vec<(Work, Work)>> {
    vec((work(), work()), 20..60)
}

fn buckets((n, _, over): Work) -> Buckets {
    let n = f64::from(n);
    let over = over.map(f64::from);
    Buckets { le_ms: LE_MS.to_vec(), count: vec![(n - over[0]) / 2.0, n - over[0], n - over[1], n - over[2], n] }
}

fn tally(work: Work) -> Tally {
    let counts = Some((f64::from(work.0), f64::from(work.1)));
    Tally { answered: true, counts, buckets: Some(buckets(work)), ..Tally::default() }
}

/// Evidence to roll back, and to promote by errors and by latency, after each poll; the noise factor is fixed.
fn evidence(polls: &[Sides<Tally>]) -> Vec<[f64; 3]> {
    let policy = Policy { poll_s: f64::from(POLL_S), ..Policy::default() };
    let mut compare = Compare::new(&policy, policy.window_s, Ladder::of(1));
    let mut background = Background::with_fixed_noise(1.3);
    let past = Buckets { le_ms: LE_MS.to_vec(), count: vec![400.0, 800.0, 960.0, 990.0, 1000.0] };
    background.learn_history(None, Some(&past));
    let mut pending = Pending::default();
    let mut said = Vec::new();
    for (i, poll) in (1_u32..).zip(polls) {
        let joined: Joined = pending.join(poll);
        if let Some((candidate, _)) = &joined.latency {
            background.choose(candidate);
        }
        compare.poll(f64::from(i * POLL_S), &joined, &background);
        background.learn(&joined);
        said.push([compare.evidence(), compare.promotes(Metric::Errors).0, compare.promotes(Metric::Latency).0]);
    }
    said
}

fn both(course: &[(Work, Work)]) -> Vec<Sides<Tally>> {
    course.iter().map(|(b, c)| Sides { baseline: tally(*b), candidate: tally(*c) }).collect()
}

/// One instance of a version: its counters, from wherever they began.
struct Instance {
    role: Role,
    name: String,
    total: [f64; 2],
    count: [f64; LE_MS.len()],
}

impl Instance {
    fn new(role: Role, name: &str) -> Self {
        Self { role, name: name.to_owned(), total: [0.0; 2], count: [0.0; LE_MS.len()] }
    }

    fn restart(&mut self) {
        *self = Self::new(self.role, &self.name);
    }

    fn serve(&mut self, work: Work) {
        self.total[0] += f64::from(work.0 - work.1.min(work.0));
        self.total[1] += f64::from(work.1);
        for (count, more) in self.count.iter_mut().zip(buckets(work).count) {
            *count += more;
        }
    }

    fn page(&self) -> Observation {
        let counter = |key: &str, total, is_error| Counter { key: key.to_owned(), total, is_error };
        let requests = vec![counter("ok", self.total[0], false), counter("failed", self.total[1], true)];
        let latency = vec![Histogram { key: String::new(), le_ms: LE_MS.to_vec(), count: self.count.to_vec() }];
        let totals = Totals { requests: Some(requests), latency: Some(latency), ..Totals::default() };
        Observation { role: self.role, instance: self.name.clone(), answer: Answer::Page(totals) }
    }
}

fn watch(names: [&str; 2]) -> Setup {
    let mut setup = setup(Rule { stays: true, replay: true, ..Rule::default() });
    setup.names = Sides { baseline: names[0].to_owned(), candidate: names[1].to_owned() };
    setup.policy.poll_s = f64::from(POLL_S);
    (setup.window_s, setup.policy.window_s, setup.policy.max_window_s) = (200.0, 200.0, 400.0);
    setup
}

/// Plays pages through intake and watch; answers with each poll's evidence (errors, latency, both ways) and the verdict.
fn judged(setup: Setup, pages: impl Iterator<Item = Vec<Observation>>) -> Vec<(Vec<Option<u64>>, Option<Verdict>)> {
    let mut intake = Intake::of_fresh_candidate(setup.names.clone());
    let (mut watch, _) = Watch::new(setup, Time::from_ms(0), false);
    let mut said = Vec::new();
    for (i, observations) in (0_i64..).zip(pages) {
        let at = Time::from_ms(i * i64::from(POLL_S) * 1000);
        let samples = intake.take(at, observations);
        watch.handle(at, Input::Polled(Polled { samples, rollout: None }));
        let bits = |x: Option<f64>| x.map(f64::to_bits);
        let evidence = watch.checks().into_iter().flat_map(|c| [bits(c.evidence.rollback_nats), bits(c.evidence.promote_nats)]);
        said.push((evidence.collect(), watch.settled()));
    }
    said
}

/// Three instances of each version; `each` may change their order or restart one before a poll.
fn service(
    course: &[(Work, Work)],
    names: [&str; 2],
    mut each: impl FnMut(usize, &mut Vec<Instance>),
) -> Vec<(Vec<Option<u64>>, Option<Verdict>)> {
    let instances = ["a", "b", "c"].into_iter().flat_map(|n| Role::BOTH.map(|role| Instance::new(role, n)));
    let mut instances: Vec<Instance> = instances.collect();
    let first = instances.iter().map(Instance::page).collect();
    let pages = course.iter().enumerate().map(|(i, (baseline, candidate))| {
        each(i, &mut instances);
        for instance in &mut instances {
            instance.serve(if instance.role == Role::Baseline { *baseline } else { *candidate });
        }
        instances.iter().map(Instance::page).collect()
    });
    let pages: Vec<Vec<Observation>> = std::iter::once(first).chain(pages).collect();
    judged(watch(names), pages.into_iter())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_instances_and_the_names_of_versions_change_nothing(course in course(), turn in 1..6_usize) {
        let plain = service(&course, ["v1", "v2"], |_, _| {});
        let turned = service(&course, ["v1", "v2"], |_, instances| instances.rotate_left(turn));
        prop_assert_eq!(&plain, &turned);
        prop_assert_eq!(&plain, &service(&course, ["2026-11-01", "canary"], |_, _| {}));
    }

    #[test]
    fn a_restart_with_the_same_increments_changes_nothing(mut course in course(), at in 1..20_usize, which in 0..6_usize) {
        // A restarted process that has served less than before is seen as one; one poll of much work in between makes sure of it.
        course[0] = ((5000, 10, [50, 20, 5]), (5000, 10, [50, 20, 5]));
        let plain = service(&course, ["v1", "v2"], |_, _| {});
        let restarted = service(&course, ["v1", "v2"], |i, instances| if i == at { instances[which].restart() });
        let evidence = |said: Vec<(Vec<Option<u64>>, Option<Verdict>)>| said.into_iter().map(|(e, v)| (e[..4].to_vec(), v)).collect::<Vec<_>>();
        prop_assert_eq!(evidence(plain), evidence(restarted));
    }

    #[test]
    fn a_poll_that_one_side_missed_counts_with_the_next(course in course(), at in 0..18_usize, candidate_misses in any::<bool>()) {
        let mut missed = both(&course);
        let side = if candidate_misses { &mut missed[at].candidate } else { &mut missed[at].baseline };
        *side = Tally::default();
        let add = |a: Work, b: Work| (a.0 + b.0, a.1 + b.1, [0, 1, 2].map(|i| a.2[i] + b.2[i]));
        let lost = if candidate_misses { course[at].1 } else { course[at].0 };
        // The same work in one poll: nothing at the first, all of it at the second.
        let mut summed = course.clone();
        let (before, after) = (summed[at], &mut summed[at + 1]);
        *after = (add(before.0, after.0), add(before.1, after.1));
        let mut whole = both(&summed);
        whole[at] = Sides::default();
        // What the missing side did is in its next page.
        let after = if candidate_misses { &mut missed[at + 1].candidate } else { &mut missed[at + 1].baseline };
        *after = tally(add(lost, if candidate_misses { course[at + 1].1 } else { course[at + 1].0 }));
        prop_assert_eq!(evidence(&missed), evidence(&whole));
    }

    #[test]
    fn a_bad_request_more_never_speaks_for_the_candidate(mut course in course(), at in 0..20_usize, slow in any::<bool>()) {
        let before = evidence(&both(&course));
        let (n, bad, over) = &mut course[at].1;
        if slow {
            prop_assume!(over[0] < *n);
            *over = over.map(|x| x + 1);
        } else {
            prop_assume!(bad < n);
            *bad += 1;
        }
        for (was, is) in before.iter().zip(evidence(&both(&course))) {
            prop_assert!(is[0] >= was[0] - 1e-9 && is[1] <= was[1] + 1e-9 && is[2] <= was[2] + 1e-9, "{was:?} {is:?}");
        }
    }

    #[test]
    fn what_is_no_count_gives_neither_pass_nor_fail(odd in vec((any::<u8>(), any::<u8>()), 45..60), both in any::<bool>()) {
        const ODD: [f64; 4] = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 7.0];
        let pages = odd.into_iter().map(|(x, y)| {
            let (x, y) = (ODD[usize::from(x % 4)], ODD[usize::from(y % 4)]);
            Role::BOTH.map(|role| {
                let mut instance = Instance::new(role, "a");
                if both || role == Role::Candidate {
                    instance.total = [x, y];
                    instance.count = [x, y, x, y, x];
                }
                instance.page()
            }).to_vec()
        });
        for (_, verdict) in judged(watch(["v1", "v2"]), pages) {
            prop_assert!(!matches!(verdict, Some(Verdict::Pass | Verdict::Fail)), "{verdict:?}");
        }
    }
}

#[test]
fn the_same_page_again_and_again_is_undecided() {
    let mut instance = Role::BOTH.map(|role| Instance::new(role, "a"));
    for one in &mut instance {
        one.serve((30_000, 100, [300, 100, 20]));
    }
    let pages = (0..60).map(|_| instance.iter().map(Instance::page).collect());
    // The candidate's first page counts from nothing; a baseline that then stands still has nothing to be compared with.
    let said = judged(watch(["v1", "v2"]), pages);
    assert_eq!(said.last().expect("polls").1, Some(Verdict::Inconclusive));
}

#[test]
fn an_empty_poll_is_undecided() {
    let said = judged(watch(["v1", "v2"]), (0..60).map(|_| Vec::new()));
    assert_eq!(said.last().expect("polls").1, Some(Verdict::Inconclusive));
}

#[test]
fn one_bad_poll_after_any_healthy_past_never_convicts() {
    let good = ((400, 1, [8, 4, 1]), (130, 0, [3, 1, 0]));
    for past in [0, 1, 6, 30, 58] {
        let mut course = vec![good; 60];
        course[past].1 = (130, 130, [130, 130, 130]);
        let said = service(&course, ["v1", "v2"], |_, _| {});
        assert!(said.iter().all(|(_, verdict)| *verdict != Some(Verdict::Fail)), "after {past} polls");
    }
}
