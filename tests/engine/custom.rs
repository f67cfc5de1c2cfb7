//! Checks of one's own: what they convict, what they must be shown, and what a gauge never does.

use rollwatch::engine::{
    custom::{Aggregate, Custom, CustomCheck, Kind, Worse},
    event::CheckChange,
    policy::BaselineMode,
    sample::Missing,
    setup::{Rule, Setup},
    strategy::{Kind as Strategies, Strategy},
    verdict::{CheckVerdict, Verdict},
};

use crate::play::{Played, Side, setup};

fn check(id: &str, name: &str, worse: Worse, kind: Kind) -> CustomCheck {
    CustomCheck { id: id.to_owned(), name: name.to_owned(), unit: "jobs".to_owned(), worse, kind }
}

fn counts(id: &str, worse: Worse) -> CustomCheck {
    check(id, &id.replace('-', " "), worse, Kind::Counts)
}

/// A queue, past its limit over 100.
fn queue(worse: Worse) -> CustomCheck {
    check("queue", "waiting", worse, Kind::Gauge { aggregate: Aggregate::Sum, limit: Some(100.0) })
}

/// A watch of these checks, of which those in `gating` can fail it.
fn watch(checks: Vec<CustomCheck>, gating: &[&str]) -> Setup {
    let mut setup = setup(Rule { stays: true, ..Rule::default() });
    setup.policy.checks = checks;
    setup.policy.gating = gating.iter().map(|id| (*id).to_owned()).collect();
    setup
}

/// A worker that serves no requests: in each poll `n` jobs, of which `rate` are events.
fn worker(id: &'static str, n: f64, rate: f64) -> Side {
    let page = Ok(Missing { errors: Some("no requests".into()), latency: Some("no requests".into()), ..Missing::default() });
    Side { page, custom: vec![(id, Custom::Counts { of: n, events: n * rate })], ..Side::good(0.0) }
}

fn waiting(baseline: f64, candidate: f64) -> (Side, Side) {
    let side = |n, gauge| Side { custom: vec![("queue", Custom::Gauge { gauge })], ..Side::good(n) };
    (side(375.0, baseline), side(125.0, candidate))
}

fn of(played: &Played, id: &str) -> CheckChange {
    played.watch.checks().into_iter().find(|check| check.check == id).expect("a check")
}

/// Plays a worker whose candidate's rate is `candidate` from 80 s on, and the baseline's before.
fn play(worse: Worse, baseline: f64, candidate: f64) -> Played {
    let mut played = Played::new(watch(vec![counts("work", worse)], &["work", "health"]));
    let now = |t: f64| if t > 80.0 { candidate } else { baseline };
    while played.watch.settled().is_none() && played.t < 1800.0 {
        let next = if played.t > 0.0 { played.t + 5.0 } else { 5.0 };
        played.run(next, |t| (worker("work", 375.0, baseline), worker("work", 125.0, now(t))));
    }
    played
}

#[test]
fn more_failures_of_jobs_convict_a_worker_that_serves_no_requests() {
    let played = play(Worse::Higher, 0.004, 0.03);
    assert_eq!(played.watch.settled(), Some(Verdict::Fail));
    assert!(played.t <= 120.0, "{}", played.t);
    let work = of(&played, "work");
    assert_eq!(work.verdict, CheckVerdict::Fail);
    assert!(
        work.sentence.starts_with("v2 is worse than v1 in work: ") && work.sentence.contains(" of jobs against 0.40 %"),
        "{}",
        work.sentence
    );
    assert!(work.evidence.rollback_nats.expect("a bet") >= 100_f64.ln());
}

#[test]
fn fewer_conversions_convict_where_less_is_worse() {
    let played = play(Worse::Lower, 0.06, 0.02);
    assert_eq!((played.watch.settled(), of(&played, "work").verdict), (Some(Verdict::Fail), CheckVerdict::Fail));
    assert!(played.t <= 200.0, "{}", played.t);
}

#[test]
fn the_other_direction_is_good_news_in_both() {
    for (worse, baseline, candidate) in [(Worse::Lower, 0.06, 0.12), (Worse::Higher, 0.03, 0.004)] {
        let played = play(worse, baseline, candidate);
        assert_eq!((played.watch.settled(), played.t), (Some(Verdict::Pass), 600.0), "{worse:?}");
    }
}

#[test]
fn an_equal_candidate_passes_in_both_directions_and_says_by_how_much_work() {
    for worse in [Worse::Higher, Worse::Lower] {
        let played = play(worse, 0.06, 0.06);
        assert_eq!(played.watch.settled(), Some(Verdict::Pass), "{worse:?}");
        assert_eq!(played.watch.reason(), "v2 is no worse than v1, over 13 500 jobs and 10m", "{worse:?}");
        assert_eq!(of(&played, "work").sentence, "No sign that v2 is worse than v1 in work: 6.00 % against 6.00 %");
    }
}

#[test]
fn where_less_is_worse_a_share_that_is_next_to_nothing_cannot_pass() {
    let played = play(Worse::Lower, 0.005, 0.005);
    assert_eq!(played.watch.settled(), Some(Verdict::Inconclusive));
    let work = of(&played, "work");
    assert_eq!(work.verdict, CheckVerdict::Insufficient);
    assert_eq!(work.sentence, "Too few work of v1 to tell whether there are fewer: 0.50 % of jobs, more than 0.75 % needed");
    assert_eq!(play(Worse::Lower, 0.005, 0.0).watch.settled(), Some(Verdict::Fail), "it convicts all the same");
}

#[test]
fn a_cold_start_within_the_allowance_is_forgiven_in_both_directions() {
    for (worse, baseline, cold) in [(Worse::Higher, 0.01, 0.025), (Worse::Lower, 0.06, 0.03)] {
        let mut played = Played::new(watch(vec![counts("work", worse)], &["work"]));
        let candidate = |t: f64| if t <= 60.0 { cold } else { baseline };
        played.run(600.0, |t| (worker("work", 375.0, baseline), worker("work", 125.0, candidate(t))));
        assert_eq!(played.watch.settled(), Some(Verdict::Pass), "{worse:?}");
    }
}

#[test]
fn too_few_jobs_are_undecided() {
    let mut played = Played::new(watch(vec![counts("work", Worse::Higher)], &["work"]));
    played.run(1800.0, |_| (worker("work", 3.0, 0.0), worker("work", 0.2, 0.0)));
    assert_eq!(played.watch.settled(), Some(Verdict::Inconclusive));
    let work = of(&played, "work");
    assert_eq!(work.verdict, CheckVerdict::Insufficient);
    assert_eq!(work.sentence, "Too few jobs to judge v2: 70 since warm-up, 100 needed");
}

#[test]
fn beside_errors_and_latency_it_takes_its_part_of_one_budget() {
    let both = |t: f64, jobs: f64, errors: f64| {
        let side = |n: f64, rate: f64, error_rate: f64| Side {
            error_rate,
            custom: vec![("work", Custom::Counts { of: n, events: n * rate })],
            ..Side::good(n)
        };
        let (jobs, errors) = if t > 80.0 { (jobs, errors) } else { (0.004, 0.003) };
        (side(375.0, 0.004, 0.003), side(125.0, jobs, errors))
    };
    let gating = ["errors", "latency", "work"];
    for (jobs, errors, want) in [(0.03, 0.003, "work"), (0.004, 0.03, "errors")] {
        let mut played = Played::new(watch(vec![counts("work", Worse::Higher)], &gating));
        played.run(150.0, |t| both(t, jobs, errors));
        let failed: Vec<String> =
            played.watch.checks().into_iter().filter(|c| c.verdict == CheckVerdict::Fail).map(|c| c.check).collect();
        assert_eq!(failed, [want]);
        let rule = of(&played, "work").explanation.into_iter().find(|reason| reason.about == "rule").expect("a rule").text;
        assert!(rule.contains("23.1 % of the alarm budget"), "{rule}");
    }
    let mut played = Played::new(watch(vec![counts("work", Worse::Higher)], &gating));
    played.run(600.0, |t| both(t, 0.004, 0.003));
    assert_eq!(played.watch.settled(), Some(Verdict::Pass));
    assert!(played.watch.snapshot().sentence.text().contains("is no worse"));
}

#[test]
fn what_does_not_gate_warns_and_convicts_nobody() {
    let mut played = Played::new(watch(vec![counts("work", Worse::Lower)], &["errors", "latency"]));
    let side = |n: f64, rate: f64| Side { custom: vec![("work", Custom::Counts { of: n, events: n * rate })], ..Side::good(n) };
    played.run(600.0, |_| (side(375.0, 0.06), side(125.0, 0.01)));
    assert_eq!(played.watch.settled(), Some(Verdict::Pass));
    let work = of(&played, "work");
    assert_eq!((work.verdict, work.evidence.rollback_nats), (CheckVerdict::Warn, None));
    assert!(work.evidence.difference.is_some_and(|d| d < -0.04) && work.evidence.band.is_some_and(|(_, high)| high < 0.0));
    assert!(played.notices().iter().all(|title| !title.contains("work")), "{:?}", played.notices());
}

#[test]
fn a_missing_family_is_named_and_leaves_the_watch_undecided() {
    let lacking =
        || Missing { custom: [("work".to_owned(), "the page has no jobs_total".to_owned())].into(), ..Missing::default() };
    let mut lacks = watch(vec![counts("work", Worse::Higher)], &["errors", "latency", "work"]);
    lacks.rule = Rule::default();
    let mut played = Played::new(lacks);
    let side = |n: f64| Side { custom: vec![("work", Custom::Counts { of: n, events: 0.0 })], ..Side::good(n) };
    played.run(1900.0, |_| (side(375.0), Side { page: Ok(lacking()), ..side(125.0) }));
    let work = of(&played, "work");
    assert_eq!((work.verdict, work.sentence.as_str()), (CheckVerdict::NoData, "v2: the page has no jobs_total"));
    assert_eq!(played.ended().expect("ended").exit_code, 21);
}

#[test]
fn a_gauge_is_shown_warns_alone_past_its_limit_and_never_passes_or_fails() {
    let mut played = Played::new(watch(vec![queue(Worse::Higher)], &["errors", "latency"]));
    let row = |played: &Played| played.watch.snapshot().checks.into_iter().find(|row| row.id == "queue").expect("a row");
    played.run(5.0, |_| waiting(80.0, 90.0));
    assert_eq!((of(&played, "queue").verdict, row(&played).values.candidate.as_str()), (CheckVerdict::Muted, "90"));
    assert_eq!(of(&played, "queue").sentence, "No statistical verdict: waiting is a gauge, 90 jobs against 80 jobs");
    played.run(10.0, |_| waiting(80.0, 1240.0));
    assert_eq!(of(&played, "queue").verdict, CheckVerdict::Muted, "once is no trend");
    played.run(15.0, |_| waiting(80.0, 1240.0));
    let warned = of(&played, "queue");
    assert_eq!(warned.verdict, CheckVerdict::Warn);
    assert_eq!(warned.sentence, "v2 is past the limit of 100 jobs in waiting: 1 240 jobs against 80 jobs");
    played.run(25.0, |_| waiting(800.0, 1240.0));
    assert_eq!(of(&played, "queue").verdict, CheckVerdict::Shared);
    played.run(600.0, |_| waiting(80.0, 1240.0));
    assert_eq!((played.watch.settled(), of(&played, "queue").verdict), (Some(Verdict::Pass), CheckVerdict::Warn));
    assert!(played.changes().iter().all(|c| !c.starts_with("queue") || !(c.ends_with("pass") || c.ends_with("fail"))));
}

#[test]
fn a_gauge_where_less_is_worse_warns_under_its_limit() {
    let mut played = Played::new(watch(vec![queue(Worse::Lower)], &["errors", "latency"]));
    played.run(20.0, |_| waiting(180.0, 90.0));
    assert_eq!(of(&played, "queue").verdict, CheckVerdict::Warn);
}

#[test]
fn without_a_baseline_there_is_nothing_to_compare_with() {
    let mut setup = watch(vec![counts("work", Worse::Higher), queue(Worse::Higher)], &["errors", "latency", "work"]);
    setup.policy.baseline = BaselineMode::Static;
    let mut played = Played::new(setup);
    let candidate = |t: f64| Side {
        custom: vec![("work", Custom::Counts { of: 100.0, events: t / 10.0 }), ("queue", Custom::Gauge { gauge: 3.0 })],
        ..Side::good(500.0)
    };
    played.run_with(600.0, |t| (None, Some(candidate(t))));
    let (work, queue) = (of(&played, "work"), of(&played, "queue"));
    assert_eq!((work.verdict, work.sentence.as_str()), (CheckVerdict::Muted, "Nothing to compare work with: there is no baseline"));
    assert_eq!(queue.sentence, "No statistical verdict: waiting is a gauge, 3 jobs");
    assert!(played.watch.settled() != Some(Verdict::Fail));
}

#[test]
fn every_configured_check_has_a_row_and_an_explanation_after_the_built_in_ones() {
    let checks = vec![counts("a-work", Worse::Higher), counts("b-orders", Worse::Lower), queue(Worse::Higher)];
    let mut played = Played::new(watch(checks, &["errors", "latency", "health", "b-orders"]));
    let side = |n: f64| Side {
        custom: vec![
            ("a-work", Custom::Counts { of: n, events: n * 0.01 }),
            ("b-orders", Custom::Counts { of: n, events: n * 0.05 }),
            ("queue", Custom::Gauge { gauge: 7.0 }),
        ],
        ..Side::good(n)
    };
    played.run(300.0, |_| (side(375.0), side(125.0)));
    let rows = played.watch.snapshot().checks;
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(ids, ["errors", "latency", "health", "b-orders", "restarts", "traffic", "a-work", "queue"]);
    let row = |id: &str| rows.iter().find(|row| row.id == id).expect("a row");
    assert_eq!((row("b-orders").values.candidate.as_str(), row("queue").band.as_str()), ("5.00 %", "limit 100"));
    let told = |id: &str, about: &str| {
        let lines = row(id).explanation.iter().filter(|reason| reason.about == about);
        lines.map(|reason| reason.text.clone()).collect::<Vec<_>>().join(" | ")
    };
    assert_eq!(
        told("b-orders", "counted"),
        "v2 300 of 6 000 (5.00 %) and v1 900 of 18 000 (5.00 %) jobs in b orders, since warm-up"
    );
    assert!(
        told("b-orders", "rule")
            .ends_with("promotes when the share of b orders is shown to stay over the baseline's divided by 1.5, less 0.5 pp"),
        "{}",
        told("b-orders", "rule")
    );
    assert!(told("b-orders", "what if").contains("at most "), "{}", told("b-orders", "what if"));
    assert!(told("b-orders", "promote").contains("of the evidence needed"));
    assert!(told("a-work", "rule").starts_with("does not gate"));
    assert!(told("queue", "test").starts_with("no statistical verdict"));
    assert_eq!(told("queue", "rule"), "never passes and never fails; warns when v2 alone is over 100 jobs for two polls");
}

#[test]
fn a_ladder_keeps_what_a_finished_step_said_of_it() {
    let mut setup = watch(vec![counts("work", Worse::Lower)], &["work"]);
    setup.steps = vec![0.05, 0.25, 1.0];
    let mut played = Played::new(setup);
    let nats = |played: &Played| of(played, "work").evidence.rollback_nats.expect("a bet");
    let split = |rate: f64| move |_| (worker("work", 375.0, 0.06), worker("work", 125.0, rate));
    played.weight = 0.05;
    played.run(300.0, split(0.06));
    played.run(345.0, split(0.025));
    let before = nats(&played);
    assert!(before > 0.5 && played.watch.settled().is_none(), "{before}");
    played.weight = 0.25;
    played.run(played.t + 5.0, split(0.06));
    assert!((nats(&played) - before).abs() < 0.2, "{before} {}", nats(&played));
}

#[test]
fn with_all_traffic_on_it_there_is_nothing_to_compare_and_its_jobs_show_that_it_works() {
    let bake = |jobs: f64| {
        let mut setup = watch(vec![counts("work", Worse::Higher)], &["work", "health"]);
        setup.steps = vec![1.0];
        setup.policy.strategy = Strategy { kind: Strategies::BlueGreen, smoke_s: 60.0, bake_s: 300.0 };
        let mut played = Played::new(setup);
        played.weight = 1.0;
        played.run_with(400.0, |_| (None, Some(worker("work", jobs, 0.002))));
        played
    };
    let busy = bake(125.0);
    assert_eq!((busy.watch.settled(), of(&busy, "work").verdict), (Some(Verdict::Pass), CheckVerdict::Muted));
    assert_eq!(busy.watch.reason(), "All traffic is on v2, and it kept its limits for 5m, over 6 000 jobs");
    assert_eq!(bake(0.5).watch.reason(), "Undecided: too few jobs");
}
