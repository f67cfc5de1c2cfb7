//! What a picture holds of each poll: points, differences, what is tolerated, what was asked; and that a recorded watch shows the same.

use rollwatch::{
    engine::{
        action::{Fact, Order, Report, Seen, Stage},
        asked::Asked,
        effect::{Effect, Input},
        event::{Event, Line, SCHEMA},
        policy::BaselineMode,
        role::Sides,
        setup::{Rule, Setup, Until},
        snapshot::{ActRow, Band, CheckRow, Differences, InstanceRow, MarkerKind, Point, Reading, Snapshot, StepRow, Unit},
        strategy::Kind,
        time::Time,
        watch::Watch,
    },
    journal::playback,
};

use crate::play::{Played, Side, setup};

fn stays() -> Rule {
    Rule { stays: true, ..Rule::default() }
}

fn good(_: f64) -> (Side, Side) {
    (Side::good(375.0), Side::good(125.0))
}

fn bad_after(from: f64) -> impl Fn(f64) -> (Side, Side) {
    move |t| (Side::good(375.0), Side { error_rate: if t > from { 0.012 } else { 0.003 }, ..Side::good(125.0) })
}

fn picture(played: &Played) -> Snapshot {
    played.watch.snapshot()
}

fn last(picture: &Snapshot) -> Point {
    *picture.charts.points.last().expect("a poll")
}

fn row(picture: &Snapshot, id: &str) -> CheckRow {
    picture.checks.iter().find(|row| row.id == id).expect("a check").clone()
}

#[test]
fn the_difference_of_a_poll_is_that_of_the_checks_at_that_poll() {
    let mut played = Played::new(setup(stays()));
    let at = bad_after(150.0);
    for poll in 0..60 {
        played.run(f64::from(poll) * 5.0, &at);
        let picture = picture(&played);
        let (point, checks) = (last(&picture), ["errors", "latency"].map(|id| row(&picture, id).measured));
        assert_eq!(point.at, picture.at);
        if poll <= 12 {
            assert_eq!(point.difference, Differences::default(), "warming up");
            continue;
        }
        let [errors, latency] = checks.map(|measured| measured.map(|m| m.band));
        assert_eq!((point.difference.errors, point.difference.p99), (errors, latency), "poll {poll}");
        assert!(point.difference.errors.is_some_and(|band| band.low <= band.mid && band.mid <= band.high));
    }
    let picture = picture(&played);
    assert_eq!(picture.charts.points.len(), 60);
    let Differences { p95: Some(p95), p50: Some(p50), .. } = last(&picture).difference else { panic!("measured") };
    assert!([p95, p50].iter().all(|band: &Band| band.low <= 0.0 && band.high >= 0.0), "alike: {p95:?} {p50:?}");
    let (promote, rollback) = last(&picture).evidence;
    assert!((f64::from(promote) - picture.meter.promote).abs() < 1e-6);
    assert!((f64::from(rollback) - picture.meter.rollback).abs() < 1e-6 && rollback > 0.1);
}

#[test]
fn a_point_has_every_quantile_and_the_requests_a_second_and_a_silent_version_has_none() {
    let mut played = Played::new(setup(stays()));
    played.run(200.0, good);
    let of = |reading: Reading| reading.value().expect("known");
    let point = last(&picture(&played));
    for side in [|r: &Sides<Reading>| r.baseline, |r: &Sides<Reading>| r.candidate] {
        let [p50, p95, p99] = [&point.p50, &point.p95, &point.p99].map(|sides| of(side(sides)));
        assert!(p50 < p95 && p95 < p99, "{p50} {p95} {p99}");
    }
    assert_eq!((point.rate.baseline, point.rate.candidate), (Reading::Solid(75.0), Reading::Solid(25.0)));
    played.run(205.0, |_| (Side::good(375.0), Side { page: Err("connection refused".to_owned()), ..Side::good(0.0) }));
    let point = last(&picture(&played));
    let blind = [point.errors.candidate, point.p50.candidate, point.rate.candidate];
    assert_eq!((blind, point.difference), ([Reading::Blind; 3], Differences::default()));
    assert_eq!(point.rate.baseline, Reading::Solid(75.0));
}

#[test]
fn what_is_tolerated_is_the_policys_and_depends_on_what_the_baseline_does() {
    let mut played = Played::new(setup(stays()));
    played.run(200.0, good);
    let seen = picture(&played);
    assert!((seen.charts.error_tolerated - (0.001 + 0.1 * 0.003)).abs() < 1e-9, "{}", seen.charts.error_tolerated);
    assert_eq!((seen.charts.latency_tolerated, seen.charts.lag.as_secs()), (Some(0.1), 0));
    let (errors, latency) = (row(&seen, "errors").measured.expect("measured"), row(&seen, "latency").measured.expect("measured"));
    assert!((f64::from(errors.tolerated) - seen.charts.error_tolerated).abs() < 1e-6);
    assert_eq!((errors.unit, latency.unit, row(&seen, "health").measured), (Unit::Points, Unit::Relative, None));
    let traffic = row(&seen, "traffic").measured.expect("a share");
    assert!(traffic.band.low < 0.0 && traffic.band.mid.abs() < 1e-6 && traffic.band.high > 0.0, "{traffic:?}");
    assert!((traffic.tolerated - 0.0625).abs() < 1e-6);
    let mut alone = setup(stays());
    alone.policy.baseline = BaselineMode::Static;
    let mut played = Played::new(alone);
    played.run_with(200.0, |t| (None, Some(good(t).1)));
    let seen = picture(&played);
    assert_eq!((seen.charts.latency_tolerated, last(&seen).difference), (None, Differences::default()));
    assert_eq!(seen.instances.len(), 1);
}

#[test]
fn a_watch_that_is_over_goes_on_to_show_what_comes_and_judges_nothing() {
    let mut played = Played::new(setup(stays()));
    played.run(100.0, good);
    played.feed(102.0, Input::Stop(rollwatch::engine::effect::Stop::Timeout));
    assert!(played.ended().is_some());
    played.polls(3, good);
    let seen = picture(&played);
    assert_eq!((seen.at, last(&seen).at), (Time::from_ms(117_000), Time::from_ms(117_000)));
    let Reading::Solid(rate) = last(&seen).rate.candidate else { panic!("known: {:?}", last(&seen).rate) };
    assert!(last(&seen).difference == Differences::default() && (24.0..26.0).contains(&rate), "{rate}");
}

#[test]
fn points_and_the_parts_of_a_window_are_bounded() {
    let mut setup = setup(stays());
    (setup.window_s, setup.policy.window_s, setup.policy.max_window_s) = (80_000.0, 80_000.0, 80_000.0);
    let mut played = Played::new(setup);
    let mut most = 0;
    for stretch in 1..=90_u32 {
        let until = f64::from(stretch) * 250.0;
        // Every other poll of the candidate is missed, so that the window falls into as many parts as it has polls.
        played.run(until, |t| {
            let (baseline, candidate) = good(t);
            let is_missed = stretch <= 10 && (t / 5.0) % 2.0 > 0.5;
            (baseline, Side { page: if is_missed { Err("late".to_owned()) } else { candidate.page }, ..Side::good(125.0) })
        });
        let seen = picture(&played);
        most = most.max(seen.charts.points.len());
        assert!(seen.window.parts.len() <= 240, "{}", seen.window.parts.len());
        let parts: std::time::Duration = seen.window.parts.iter().map(|(length, _)| *length).sum();
        assert_eq!(parts, seen.window.watched + seen.window.blind);
    }
    assert!((4200..=4320).contains(&most), "{most}");
    let times: Vec<Time> = picture(&played).charts.points.iter().map(|point| point.at).collect();
    assert!(times.windows(2).all(|pair| pair[0] < pair[1]) && times.len() >= 4200);
}

#[test]
fn what_was_asked_stands_in_the_explanation_and_can_be_copied() {
    let asked = |port: u16, pages: usize| Asked {
        pages: (0..pages).map(|n| format!("http://10.0.0.{n}:{port}/metrics")).collect(),
        health: [format!("http://10.0.0.0:{port}/ready")].into_iter().collect(),
        whose: None,
        series: [("errors".to_owned(), vec!["http_requests_total{status=~\"5..\"}".to_owned(), "http_requests_total".to_owned()])]
            .into(),
    };
    let mut played = Played::new(Setup { asked: Sides { baseline: asked(81, 3), candidate: asked(82, 1) }, ..setup(stays()) });
    played.feed(0.0, Input::Noted("metrics".to_owned(), "candidate: named as by a library".to_owned()));
    played.run(100.0, good);
    let seen = picture(&played);
    let lines = |id: &str| {
        let asked = row(&seen, id).explanation.into_iter().filter(|reason| reason.about == "asked").map(|reason| reason.text);
        asked.collect::<Vec<_>>()
    };
    let pages = "v2 at http://10.0.0.0:82/metrics, v1 at http://10.0.0.0:81/metrics and 2 more, every 5 s";
    assert_eq!(lines("errors"), ["http_requests_total{status=~\"5..\"} of http_requests_total", pages]);
    assert_eq!(lines("latency"), ["named as by a library", pages]);
    assert_eq!(lines("health"), ["v2 at http://10.0.0.0:82/ready, v1 at http://10.0.0.0:81/ready, every 5 s"]);
    assert_eq!(
        row(&seen, "errors").copy,
        "http://10.0.0.0:82/metrics\nhttp://10.0.0.0:81/metrics\nhttp://10.0.0.1:81/metrics\nhttp://10.0.0.2:81/metrics\n\
         http_requests_total{status=~\"5..\"}\nhttp_requests_total"
    );
    assert_eq!(row(&seen, "health").copy, "http://10.0.0.0:82/ready\nhttp://10.0.0.0:81/ready");
    assert!(row(&Played::new(setup(stays())).run(5.0, good).watch.snapshot(), "errors").copy.is_empty());
}

/// What a recorded watch must show as the live one did.
#[derive(Debug, PartialEq)]
struct Shown {
    instances: Vec<InstanceRow>,
    steps: Vec<StepRow>,
    acts: Vec<ActRow>,
    points: Vec<Point>,
    sentence: String,
}

fn shown(watch: &Watch) -> Shown {
    let seen = watch.snapshot();
    let mut acts = seen.acts;
    // Looks on the way are not written down, the last one is.
    for act in acts.iter_mut().filter(|act| act.view.done.is_none() && act.view.trouble.is_none()) {
        act.view.facts = Vec::new();
    }
    let (instances, points) = (seen.instances.to_vec(), seen.charts.points.to_vec());
    Shown { instances, steps: seen.steps, acts, points, sentence: seen.sentence.text() }
}

/// A live watch, with what it wrote down and what it showed after each input.
struct Recorded {
    played: Played,
    shown: Vec<(f64, Shown)>,
}

impl Recorded {
    fn new(setup: Setup) -> Self {
        Self { played: Played::new(setup), shown: Vec::new() }
    }

    fn polls(&mut self, until: f64, at: impl Fn(f64) -> (Side, Side)) {
        while self.played.t + 5.0 <= until && self.played.ended().is_none() {
            let is_first = self.shown.is_empty();
            if is_first {
                self.played.run(0.0, &at);
            } else {
                self.played.polls(1, &at);
            }
            self.note();
        }
    }

    fn note(&mut self) {
        self.shown.push((self.played.t, shown(&self.played.watch)));
    }

    fn report(&mut self, order: &Order, stage: Stage) {
        let t = self.played.t + 1.0;
        let at = time(t);
        self.played.feed(t, Input::Report(Report { id: order.id.clone(), at, stage }));
        self.note();
    }

    /// The newest order is carried out: the candidate's share is `weight` then.
    fn carry_out(&mut self, weight: f64) {
        let order = self.played.orders().last().expect("asked for").clone();
        let facts = |holds| vec![Fact { text: "weight".to_owned(), holds }];
        self.report(&order, Stage::Sent);
        self.report(&order, Stage::Looked(Seen { done: false, facts: facts(false) }));
        self.report(&order, Stage::Verified { took_s: 2.0, seen: Seen { done: true, facts: facts(true) } });
        self.played.weight = weight;
    }

    fn lines(&self) -> Vec<Line> {
        let event =
            |(t, effect): &(f64, Effect)| if let Effect::Emit(event) = effect { Some((time(*t), event.clone())) } else { None };
        let events = self.played.effects.iter().filter_map(event);
        (1..).zip(events).map(|(seq, (at, event))| Line { v: SCHEMA, seq, at, event }).collect()
    }
}

#[expect(clippy::cast_possible_truncation, reason = "small test times")]
fn time(t: f64) -> Time {
    Time::from_ms((t * 1000.0) as i64)
}

/// Promoted by itself at the end of the first step, bad in the second, rolled back by itself.
fn recorded() -> Recorded {
    let rule = Rule { auto_promote: true, auto_rollback: true, stays: true, until: Until::Promoted, ..Rule::default() };
    let mut setup = Setup { steps: vec![0.25, 0.5, 1.0], window_s: 200.0, ..setup(rule) };
    (setup.policy.window_s, setup.policy.max_window_s, setup.policy.strategy.kind) = (200.0, 600.0, Kind::Canary);
    let mut recorded = Recorded::new(setup);
    recorded.played.next = 0.5;
    recorded.polls(200.0, good);
    assert_eq!(recorded.played.orders().len(), 1, "promoted by itself");
    recorded.carry_out(0.5);
    recorded.polls(330.0, |_| (Side::good(250.0), Side::good(250.0)));
    recorded.polls(380.0, |t| {
        let page = if t > 350.0 { Err("connection refused".to_owned()) } else { Side::good(1.0).page };
        (Side::good(250.0), Side { page, reset: t > 340.0 && t < 346.0, ..Side::good(250.0) })
    });
    while recorded.played.orders().len() < 2 {
        assert!(recorded.played.t < 700.0 && recorded.played.ended().is_none(), "rolled back before long");
        let until = recorded.played.t + 5.0;
        recorded.polls(until, |_| (Side::good(250.0), Side { error_rate: 0.1, ..Side::good(250.0) }));
    }
    recorded.carry_out(0.0);
    recorded.polls(recorded.played.t + 60.0, |_| (Side::good(500.0), Side::good(0.0)));
    assert!(recorded.played.ended().is_some());
    recorded
}

/// A process that ends again and again is told once, with how often, and marked once: what else happened stays in sight.
#[test]
fn restarts_that_follow_one_another_are_one_story() {
    let mut played = Played::new(setup(Rule { stays: true, ..Rule::default() }));
    played.run(400.0, |t| {
        let reset = (t > 100.0 && t < 150.0) || (t > 300.0 && t < 306.0);
        (Side::good(250.0), Side { reset, ..Side::good(250.0) })
    });
    let seen = played.watch.snapshot();
    let told: Vec<String> =
        seen.events.iter().filter(|row| row.head == "v2 restarted").map(|row| row.tail.replace(char::is_numeric, "0")).collect();
    assert_eq!(told, ["0 process counted from 0 again", "0 processes counted from 0 again since 00:00:00"]);
    let marked = seen.charts.markers.iter().filter(|marker| marker.kind == MarkerKind::Restart).count();
    assert_eq!(marked, 2);
}

/// As it is in the journal: written and read again.
fn written(lines: Vec<Line>) -> Vec<Line> {
    let again = |line: Line| serde_json::from_str(&serde_json::to_string(&line).expect("finite")).expect("as written");
    lines.into_iter().map(again).collect()
}

#[test]
fn a_recorded_watch_shows_the_same_at_every_moment() {
    let live = recorded();
    let lines = written(live.lines());
    let (began, started) = playback::started(&lines).expect("a watch");
    let (mut watch, _) = Watch::new(Setup::recorded(started).expect("a policy"), began, false);
    let mut inputs = playback::inputs(&lines).into_iter().peekable();
    for (t, live) in &live.shown {
        while let Some((at, input)) = inputs.next_if(|(at, _)| *at <= time(*t)) {
            watch.handle(at, input);
        }
        let played = shown(&watch);
        assert_eq!(played.instances, live.instances, "at {t}");
        assert_eq!(played.steps, live.steps, "at {t}");
        assert_eq!(played.acts, live.acts, "at {t}");
        assert!(played.points == live.points, "at {t}: {:?} {:?}", played.points.last(), live.points.last());
    }
    let end = shown(&watch);
    assert_eq!(end.acts.iter().map(|act| act.view.facts.len()).collect::<Vec<_>>(), [1, 1], "what was seen at last is kept");
    assert_eq!(end.sentence, live.shown.last().expect("pictures").1.sentence);
}

#[test]
fn a_watch_that_is_gone_on_with_shows_what_was_before() {
    let live = recorded();
    // Cut off in the middle of the second step.
    let until = live.shown.iter().position(|(t, _)| *t > 300.0).expect("later");
    let (cut, before) = &live.shown[until];
    let lines = live.lines().into_iter().filter(|line| line.at <= time(*cut) && !matches!(line.event, Event::WatchEnded(_)));
    let lines = written(lines.collect());
    let (began, started) = playback::started(&lines).expect("a watch");
    let (mut watch, _) = Watch::new(Setup::recorded(started).expect("a policy"), began, false);
    for (at, input) in playback::inputs(&lines) {
        watch.handle(at, input);
    }
    watch.go_live(time(cut + 60.0), stays());
    let after = shown(&watch);
    assert_eq!((&after.instances, &after.acts), (&before.instances, &before.acts));
    assert_eq!(after.steps[0], before.steps[0]);
    assert_eq!((after.steps.len(), after.points.len()), (3, before.points.len()));
}
