//! A journal that means harm: names and sentences with markup and control characters, and more of everything than anybody wants.

use insta::assert_snapshot;
use rollwatch::{
    engine::{
        action::{Action, Actor, ActorKind, Target},
        event::{CheckChange, Ended, Event, Evidence, Line, Poll, Reason},
        role::Role,
        sample::Sample,
        verdict::{CheckVerdict, Outcome, Verdict},
    },
    report::{github, junit, markdown},
};

use crate::{
    junit::suite,
    lines::{check, lines, links, started, summary},
};

/// Everything that ends a cell, a string, a tag, a line or a command.
const EVIL: &str = "<a>&|`*_[x](y)\n```\n# h\r\u{1b}[31m\u{0}\u{202e}\"'::set-env name=x::%0A]]>$1$~\\";

fn sample(role: Role, requests: f64, errors: f64) -> Event {
    let mut sample = Sample::blank(role, EVIL, EVIL.to_owned());
    (sample.ok, sample.requests, sample.errors) = (true, Some(requests), Some(errors));
    Event::Sample(Box::new(sample))
}

/// One step: two polls, the first of which opens it, a change of a check, and a promotion.
fn step(index: u32) -> Vec<Event> {
    let poll = |poll: u64| {
        let poll = Poll { index: poll, weight: Some(f64::from(index) / 20.0), ..Poll::default() };
        [sample(Role::Baseline, 300.0, 1.0), sample(Role::Candidate, 100.0, 3.0), Event::Poll(poll)]
    };
    let mut events = poll(0).to_vec();
    events.push(Event::Step { index, of: 20, weight: f64::from(index) / 20.0 });
    events.push(Event::Check(Box::new(CheckChange {
        evidence: Evidence { rollback_nats: Some(f64::NAN), promote_nats: Some(f64::INFINITY), ..Evidence::default() },
        explanation: vec![Reason::new(EVIL, EVIL)],
        ..check(EVIL, CheckVerdict::Warn, EVIL)
    })));
    events.extend(poll(1));
    events.push(Event::ActionRequested {
        id: EVIL.to_owned(),
        action: Action::Promote,
        target: Target { version: EVIL.to_owned(), reference: EVIL.to_owned(), weight: None },
        actor: Actor { kind: ActorKind::Key, user: EVIL.to_owned() },
        token: String::new(),
        reason: Some(EVIL.to_owned()),
        limit_s: None,
    });
    events.push(Event::ActionFailed { id: EVIL.to_owned(), error: EVIL.to_owned() });
    events
}

fn watch(steps: u32) -> Vec<Line> {
    let ended = Ended {
        verdict: Verdict::Fail,
        outcome: Outcome::RollbackFailed,
        exit_code: 12,
        sentence: EVIL.to_owned(),
        watched_s: f64::MAX,
        blind_s: -1.0,
    };
    let note = Event::Note { about: EVIL.to_owned(), sentence: EVIL.to_owned() };
    let events = (1..=steps).flat_map(step);
    lines([started(EVIL, EVIL, EVIL), note].into_iter().chain(events).chain([Event::WatchEnded(ended)]))
}

/// What could move a cursor, end a line or turn text around.
fn is_hostile(c: char) -> bool {
    c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c)
}

#[test]
fn a_hostile_watch_in_every_form() {
    let summary = summary(&watch(20));
    assert_snapshot!("hostile_markdown", markdown::render(&summary, &links()));
    assert_snapshot!("hostile_junit", junit::render(&summary, &links()));
    assert_snapshot!("hostile_annotations", github::annotations(&summary).join("\n"));
}

#[test]
fn markdown_keeps_every_cell_and_every_line_in_its_place() {
    let text = markdown::render(&summary(&watch(20)), &links());
    assert!(!text.chars().any(|c| is_hostile(c) && c != '\n'));
    let (mut tables, mut fences, mut columns) = (0, 0, None);
    for line in text.lines() {
        fences += usize::from(line.starts_with("```"));
        if fences == 1 {
            // In a block of code nothing is markup but its end.
            continue;
        }
        let cells = line.starts_with('|').then(|| line.replace("\\|", "").matches('|').count());
        if let (Some(cells), Some(columns)) = (cells, columns) {
            assert_eq!(cells, columns, "{line}");
        }
        tables += usize::from(cells.is_some() && columns.is_none());
        columns = cells;
        assert!(!line.contains("<a>") && !line.replace("\\]", "").contains(']'), "{line}");
        assert!(!line.starts_with("# h"), "{line}");
    }
    assert_eq!((tables, fences), (2 + 1 + 20 + 1, 2));
}

#[test]
fn junit_gives_the_names_back_without_what_xml_forbids() {
    let read = suite(&junit::render(&summary(&watch(20)), &links()));
    let shown = rollwatch::text::cleaned(EVIL);
    assert_eq!(read.cases[0].class, format!("rollwatch.{shown}"));
    assert!(read.properties.contains(&("candidate".to_owned(), shown.clone())));
    assert!(read.properties.iter().all(|(_, value)| !value.chars().any(is_hostile)));
    assert_eq!(read.case("watch"), ("error".to_owned(), format!("fail: {shown}")));
}

#[test]
fn an_annotation_is_one_line_and_one_command() {
    let annotations = github::annotations(&summary(&watch(20)));
    assert_eq!(annotations.len(), 2);
    for line in annotations {
        assert!(!line.chars().any(is_hostile), "{line}");
        let (command, _) = line.trim_start_matches("::").split_once("::").expect("a command");
        let (_, title) = command.split_once(" title=").expect("a title");
        assert!(!title.contains([':', ',']), "{title}");
    }
}

#[test]
fn however_much_there_is_a_report_has_a_limit() {
    let mut many = watch(300);
    let at = many[1].at;
    let flapping = |i: usize| Event::Check(Box::new(check(&format!("check {i}"), CheckVerdict::Fail, &"<|&\n".repeat(5000))));
    many.splice(8..8, lines((0..5000).map(flapping)).into_iter().map(|line| Line { at, ..line }));
    let summary = summary(&many);
    assert_eq!((summary.steps.rows.len(), summary.steps.more), (100, 200));
    let text = markdown::render(&summary, &links());
    assert!(text.len() <= 1 << 20, "{}", text.len());
    assert!(text.contains("_and 200 more_") || text.ends_with("had no room._\n"));
    assert!(junit::render(&summary, &links()).len() < 1 << 20);
}
