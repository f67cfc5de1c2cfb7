//! The rows of the instances: how each is, and that there are never too many.

use proptest::{collection::vec, prelude::*};
use rollwatch::engine::{
    effect::{Input, Polled},
    role::Role,
    sample::{Buckets, CheckState, Health, HealthCheck, HealthState, Phase, Pod, Sample, SourceKind},
    setup::Rule,
    snapshot::{InstanceRow, InstanceState, Reading},
    time::Time,
};

use crate::play::{Played, setup, version};

/// What one instance does in one poll of five seconds.
#[derive(Clone, Debug)]
struct Does {
    requests: f64,
    errors: f64,
    page: Result<(), &'static str>,
    health: Option<(HealthState, Option<&'static str>)>,
    reset: bool,
}

const UP: Option<(HealthState, Option<&str>)> = Some((HealthState::Up, None));

fn work(requests: f64, errors: f64) -> Does {
    Does { requests, errors, page: Ok(()), health: UP, reset: false }
}

fn silent() -> Does {
    Does { page: Err("connection timed out after 5 s"), health: Some((HealthState::Unknown, Some("timed out"))), ..work(0.0, 0.0) }
}

fn samples(role: Role, name: &str, does: &Does, first: bool) -> Vec<Sample> {
    let blank = || Sample::blank(role, &version(role), name.to_owned());
    let mut page = Sample { ok: does.page.is_ok(), reason: does.page.err().map(str::to_owned), ..blank() };
    if page.ok {
        page.started = Some(Time::from_ms(-30_000));
        page.reference = first;
        page.reset = does.reset;
    }
    if page.ok && !first {
        let n = does.requests;
        (page.requests, page.errors) = (Some(n), Some(does.errors));
        page.buckets = Some(Buckets { le_ms: vec![100.0, 200.0, f64::INFINITY], count: vec![n * 0.9, n, n] });
    }
    let health = does.health.map(|(state, remark)| {
        let said = if state == HealthState::Up { ("up", CheckState::Passes) } else { ("down", CheckState::Fails) };
        let checks = vec![HealthCheck { name: "database".to_owned(), said: said.0.to_owned(), state: said.1 }];
        let health = Health { state, served: true, checks };
        Sample { source: SourceKind::Health, ok: true, reason: remark.map(str::to_owned), health: Some(health), ..blank() }
    });
    [page].into_iter().chain(health).collect()
}

/// Plays polls of five seconds; `does` says what each instance of `names` does in a poll (none: it is not listed).
fn play(names: &[(Role, &str)], polls: i32, does: impl Fn(&str, i32) -> Option<Does>) -> Played {
    let mut played = Played::new(setup(Rule { stays: true, ..Rule::default() }));
    for poll in 0..polls {
        let of = |(role, name): &(Role, &str)| does(name, poll).map(|does| samples(*role, name, &does, poll == 0));
        let samples = names.iter().filter_map(of).flatten().collect();
        played.feed(f64::from(poll) * 5.0, Input::Polled(Polled { samples, rollout: None }));
    }
    played
}

fn rows(played: &Played) -> Vec<InstanceRow> {
    played.watch.snapshot().instances.to_vec()
}

fn states(played: &Played) -> Vec<(String, InstanceState)> {
    rows(played).into_iter().map(|row| (row.name, row.state)).collect()
}

const NAMES: [(Role, &str); 7] = [
    (Role::Baseline, "old-a"),
    (Role::Baseline, "old-b"),
    (Role::Candidate, "c-crash"),
    (Role::Candidate, "c-down"),
    (Role::Candidate, "c-errors"),
    (Role::Candidate, "c-idle"),
    (Role::Candidate, "c-quiet"),
];

/// After a minute and a half: one restarts, one is not ready, one fails, one has nothing to do, one is silent.
fn troubled(name: &str, poll: i32) -> Does {
    match name {
        "c-crash" if poll >= 10 => Does { reset: poll % 4 == 0, ..work(20.0, 0.0) },
        "c-down" if poll >= 10 => Does { health: Some((HealthState::Down, Some("answered 503"))), ..work(20.0, 0.0) },
        "c-errors" if poll >= 10 => work(20.0, 2.0),
        "c-idle" => work(0.0, 0.0),
        "c-quiet" if poll >= 10 => silent(),
        _ => work(20.0, 0.0),
    }
}

use InstanceState::{Erroring, Idle, NotReady, Restarting, Serving, Silent};

#[test]
fn the_candidates_stand_first_and_the_worst_of_them_before_all() {
    let played = play(&NAMES, 19, |name, poll| Some(troubled(name, poll)));
    let wanted = [
        ("c-crash", Restarting),
        ("c-down", NotReady),
        ("c-errors", Erroring),
        ("c-quiet", Silent),
        ("c-idle", Idle),
        ("old-a", Serving),
        ("old-b", Serving),
    ];
    assert_eq!(states(&played), wanted.map(|(name, state)| (name.to_owned(), state)));
    let rows = rows(&played);
    let row = |name: &str| rows.iter().find(|row| row.name == name).expect("a row");
    assert_eq!((row("c-crash").restarts, row("c-crash").restarted, row("old-a").restarts), (2, true, 0));
    let down = row("c-down");
    assert_eq!((down.ready, down.trouble.as_deref()), (Some(false), Some("answered 503")));
    assert_eq!(down.health.as_ref().expect("a page").checks[0].said, "down");
    let errors = row("c-errors");
    assert_eq!((errors.errors.as_str(), errors.rate.as_str(), errors.p99.as_str()), ("8.18 %", "4.0/s", "190 ms"));
    assert_eq!(errors.figures.counted, (360.0, 18.0), "everything since the first page");
    let quiet = row("c-quiet");
    assert_eq!((quiet.rate.as_str(), quiet.errors.as_str(), quiet.p99.as_str()), ("?", "?", "?"));
    assert_eq!((quiet.seen, quiet.trouble.as_deref()), (Some(Time::from_ms(45_000)), Some("connection timed out after 5 s")));
    assert_eq!((row("c-idle").errors.as_str(), row("c-idle").rate.as_str(), row("c-idle").seen), ("–", "0.0/s", None));
    assert_eq!(row("old-a").age, "2m", "its process began half a minute before the watch");
}

#[test]
fn one_missed_poll_is_late_and_not_silent_and_a_first_page_is_new() {
    let names = [(Role::Candidate, "a"), (Role::Candidate, "b")];
    let late = play(&names, 8, |name, poll| Some(if name == "a" && poll == 7 { silent() } else { work(20.0, 0.0) }));
    assert_eq!(states(&late), [("a".to_owned(), InstanceState::Serving), ("b".to_owned(), InstanceState::Serving)]);
    assert_eq!(rows(&late)[0].trouble.as_deref(), Some("connection timed out after 5 s"), "but it is said");
    let first = play(&names, 1, |name, _| Some(if name == "a" { silent() } else { work(20.0, 0.0) }));
    assert!(rows(&first).iter().all(|row| row.state == InstanceState::New), "{:?}", states(&first));
}

#[test]
fn a_few_errors_of_few_requests_are_chance() {
    let of = |n: f64, bad: f64| play(&[(Role::Candidate, "a")], 13, |_, poll| Some(work(n, if poll == 9 { bad } else { 0.0 })));
    assert_eq!(states(&of(1.0, 1.0))[0].1, InstanceState::Serving, "13 requests");
    assert_eq!(states(&of(20.0, 3.0))[0].1, InstanceState::Serving, "3 of 240 may be chance at a limit of 1 %");
    assert_eq!(states(&of(20.0, 12.0))[0].1, InstanceState::Erroring);
}

#[test]
fn the_history_has_a_value_each_twenty_seconds_of_the_clock_and_gaps_are_gaps() {
    let names = [(Role::Candidate, "a"), (Role::Candidate, "b")];
    let played = play(&names, 200, |name, poll| {
        let is_gone = name == "b" && (120..140).contains(&poll);
        Some(if is_gone { silent() } else { work(30.0, if poll >= 160 { 3.0 } else { 0.0 }) })
    });
    let rows = rows(&played);
    assert!(rows.iter().all(|row| row.history.len() == InstanceRow::HISTORY));
    // The last value ended with the 980th second, after poll 195.
    let history = &rows[0].history;
    assert!(history[..21].iter().all(|value| *value == Reading::Solid(0.0)), "{history:?}");
    assert!(history[21..].iter().all(|value| *value == Reading::Solid(0.1)), "{history:?}");
    let blind = rows[1].history.iter().filter(|value| **value == Reading::Blind).count();
    assert_eq!(blind, 5, "{:?}", rows[1].history);
}

#[test]
fn polls_further_apart_than_values_leave_no_gaps_in_the_history() {
    let mut setup = setup(Rule { stays: true, ..Rule::default() });
    setup.policy.poll_s = 60.0;
    let mut played = Played::new(setup);
    for poll in 0..10_u32 {
        let does = work(600.0, 6.0);
        let samples = samples(Role::Candidate, "a", &does, poll == 0);
        played.feed(f64::from(poll) * 60.0, Input::Polled(Polled { samples, rollout: None }));
    }
    let row = &rows(&played)[0];
    assert_eq!((row.rate.as_str(), row.errors.as_str()), ("10.0/s", "1.00 %"));
    assert!(row.history.iter().skip(3).all(|value| *value == Reading::Solid(0.01)), "{:?}", row.history);
    assert_eq!(row.figures.counted, (5400.0, 54.0));
}

#[test]
fn an_instance_that_is_not_listed_any_more_says_so_and_goes_after_ten_minutes() {
    let names = [(Role::Candidate, "a"), (Role::Candidate, "b")];
    let until = |polls| play(&names, polls, |name, poll| (name == "a" || poll < 10).then(|| work(20.0, 0.0)));
    let gone = rows(&until(100)).into_iter().find(|row| row.name == "b").expect("kept for a while");
    assert_eq!((gone.state, gone.ready, gone.seen), (InstanceState::Silent, None, Some(Time::from_ms(45_000))));
    assert!(gone.trouble.is_some_and(|why| why.contains("not listed")));
    assert_eq!(states(&until(129)).len(), 2);
    assert_eq!(states(&until(131)).len(), 1);
    // One that comes back is as it was.
    let back = play(&names, 60, |name, poll| (name == "a" || !(10..50).contains(&poll)).then(|| work(20.0, 0.0)));
    assert_eq!(states(&back)[1], ("b".to_owned(), InstanceState::Serving));
}

#[test]
fn readiness_is_steadied_as_the_versions_count_of_it_is() {
    let down = Does { health: Some((HealthState::Down, None)), ..work(20.0, 0.0) };
    for polls in 8..14 {
        let played = play(&[(Role::Candidate, "a")], polls, |_, poll| Some(if poll >= 8 { down.clone() } else { work(20.0, 0.0) }));
        let counted = played.watch.snapshot().versions.candidate.ready;
        assert_eq!(counted, Some((u32::from(rows(&played)[0].ready == Some(true)), 1)), "{polls}");
    }
}

#[test]
fn where_there_is_no_room_the_candidates_instances_stay() {
    let names: Vec<(Role, String)> = (0..260)
        .map(|n| if n < 200 { (Role::Baseline, format!("old-{n:03}")) } else { (Role::Candidate, format!("new-{n:03}")) })
        .collect();
    let names: Vec<(Role, &str)> = names.iter().map(|(role, name)| (*role, name.as_str())).collect();
    let played = play(&names, 20, |_, _| Some(work(20.0, 0.0)));
    let rows = rows(&played);
    let candidates = rows.iter().filter(|row| row.role == Role::Candidate).count();
    assert_eq!((rows.len(), candidates), (200, 60));
    assert!(rows.iter().all(|row| row.state == InstanceState::Serving));
}

#[test]
fn with_many_instances_a_change_of_state_shows_at_once() {
    let names: Vec<String> = (0..100).map(|n| format!("c-{n:03}")).collect();
    let names: Vec<(Role, &str)> = names.iter().map(|name| (Role::Candidate, name.as_str())).collect();
    let played = play(&names, 19, |name, poll| Some(if name == "c-042" && poll >= 17 { silent() } else { work(20.0, 0.0) }));
    assert_eq!(states(&played)[0], ("c-042".to_owned(), InstanceState::Silent));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whoever_comes_and_goes_the_rows_are_bounded_and_in_order(polls in vec((0..600_u16, 1..300_u16, any::<bool>()), 1..30)) {
        let mut played = Played::new(setup(Rule { stays: true, ..Rule::default() }));
        for (nth, (from, count, is_candidate)) in (0_u32..).zip(polls) {
            let role = if is_candidate { Role::Candidate } else { Role::Baseline };
            let names = (from..from + count).map(|n| format!("i-{n}"));
            let samples = names.flat_map(|name| samples(role, &name, &work(5.0, 0.0), nth == 0)).collect();
            played.feed(f64::from(nth) * 90.0, Input::Polled(Polled { samples, rollout: None }));
            let rows = rows(&played);
            prop_assert!(rows.len() <= 200 && rows.iter().all(|row| row.history.len() <= InstanceRow::HISTORY));
            let key = |row: &InstanceRow| (row.role == Role::Baseline, std::cmp::Reverse(row.state), row.name.clone());
            prop_assert!(rows.windows(2).all(|pair| key(&pair[0]) < key(&pair[1])));
        }
    }
}

/// A pod as its node says, in each poll of five seconds; none where it is not there.
fn play_pods(polls: i32, does: impl Fn(&str, i32) -> Option<(Pod, Does)>) -> Played {
    let mut played = Played::new(setup(Rule { stays: true, ..Rule::default() }));
    for poll in 0..polls {
        let of = |name: &str| {
            let Some((pod, does)) = does(name, poll) else { return Vec::new() };
            let mut both = samples(Role::Candidate, name, &does, poll == 0);
            if let Some(health) = both.last_mut().filter(|sample| sample.source == SourceKind::Health) {
                health.reset = poll > 0 && does.reset;
                health.pod = Some(pod);
            }
            both
        };
        let samples = ["new-a", "new-b"].into_iter().flat_map(of).collect();
        played.feed(f64::from(poll) * 5.0, Input::Polled(Polled { samples, rollout: None }));
    }
    played
}

#[test]
fn pods_are_as_their_nodes_say_and_vanish_when_they_are_gone() {
    let ready = || Pod { ready: true, ..Pod::default() };
    let troubled =
        |phase: Phase, restarts: u32| Pod { phase, restarts, reason: Some("is in trouble".to_owned()), ..Pod::default() };
    let with = |pod: fn(i32) -> Option<Pod>| {
        let played = play_pods(6, |name, poll| match name {
            "new-b" => Some((pod(poll)?, work(20.0, 0.0))),
            _ => Some((Pod { ready: true, ..Pod::default() }, work(20.0, 0.0))),
        });
        rows(&played).into_iter().find(|row| row.name == "new-b")
    };
    let row = with(|_| Some(Pod { ready: true, ..Pod::default() })).expect("it is there");
    assert_eq!((row.state, row.ready, row.pod), (Serving, Some(true), Some(ready())));
    let row = with(|_| Some(Pod { phase: Phase::Starting, reason: Some("is in trouble".to_owned()), ..Pod::default() }));
    let row = row.expect("it is there");
    assert_eq!((row.state, row.ready, row.trouble.as_deref()), (InstanceState::Starting, Some(false), Some("is in trouble")));
    let looping =
        with(|_| Some(Pod { phase: Phase::Looping, restarts: 7, reason: Some("is in trouble".to_owned()), ..Pod::default() }));
    let looping = looping.expect("it is there");
    assert_eq!((looping.state, looping.restarts, looping.pod), (Restarting, 7, Some(troubled(Phase::Looping, 7))));
    assert_eq!(with(|poll| (poll < 4).then(|| Pod { ready: true, ..Pod::default() })), None, "it is gone, and that is no failure");
}

#[test]
fn a_restart_that_the_node_and_the_counters_saw_is_one() {
    let played = play_pods(8, |_, poll| {
        let restarts = u32::from(poll >= 4);
        Some((Pod { ready: true, restarts, ..Pod::default() }, Does { reset: poll == 4, ..work(20.0, 0.0) }))
    });
    let row = &rows(&played)[0];
    assert_eq!((row.restarts, row.restarted, row.state), (1, true, Serving));
    let restarts =
        played.watch.snapshot().checks.iter().find(|check| check.id == "restarts").map(|check| check.values.candidate.clone());
    assert_eq!(restarts.as_deref(), Some("2"), "one of each of the two pods");
}
