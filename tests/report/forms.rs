//! The three forms of the recorded watch, and what is in them.

use insta::assert_snapshot;
use rollwatch::{
    engine::{
        event::{Event, Evidence, Figures, Line},
        role::Sides,
        verdict::CheckVerdict,
    },
    report::{github, junit, markdown},
};

use crate::lines::{check, lines, links, recorded, started, summary};

#[test]
fn the_recorded_watch_in_every_form() {
    let summary = summary(&recorded());
    assert_snapshot!("recorded_markdown", markdown::render(&summary, &links()));
    assert_snapshot!("recorded_junit", junit::render(&summary, &links()));
    assert_snapshot!("recorded_annotations", github::annotations(&summary).join("\n"));
}

#[test]
fn what_each_step_saw_adds_up_to_what_the_watch_says() {
    let summary = summary(&recorded());
    let (_, ended) = summary.ended.as_ref().expect("ended");
    let watched: f64 = summary.steps.rows.iter().map(|step| step.watched.as_secs_f64()).sum();
    let blind: f64 = summary.steps.rows.iter().map(|step| step.blind.as_secs_f64()).sum();
    assert!((watched - ended.watched_s).abs() < 1e-6 && (blind - ended.blind_s).abs() < 1e-6, "{watched} {blind}");
    // Counted by hand from the samples of the file.
    let requests = |role: &str| -> f64 {
        let samples = recorded().into_iter().filter_map(|line| match line.event {
            Event::Sample(sample) if sample.role.word() == role => sample.requests,
            _ => None,
        });
        samples.sum()
    };
    let counted = summary.counted();
    assert_eq!((counted.baseline.requests, counted.candidate.requests), (requests("baseline"), requests("candidate")));
}

/// What would be read at any moment of a watch is a report, also where the process was cut off.
#[test]
fn a_record_without_an_end_says_so() {
    let lines = recorded();
    for cut in 1..lines.len() {
        let text = markdown::render(&summary(&lines[..cut]), &links());
        assert!(text.contains("**Not finished.** The record ends before the watch did."), "{text}");
    }
    let without_start: Vec<Line> = lines.into_iter().skip(1).collect();
    assert!(rollwatch::report::summary::Summary::of(&without_start).is_none());
}

#[test]
fn the_strongest_reason_is_the_one_that_convicted() {
    let summary = summary(&recorded());
    let strongest: Vec<&str> = summary.strongest().iter().map(|judged| judged.change.check.as_str()).collect();
    assert_eq!((strongest.len(), strongest.first().copied()), (3, Some("errors")));
}

#[test]
fn a_configured_check_has_its_counts() {
    let mut jobs = check("jobs", CheckVerdict::Warn, "v2 fails more jobs than v1");
    let side = |of, bad: f64| Figures { requests: Some(of), bad: Some(bad), value: Some(bad / of), of: None };
    jobs.evidence = Evidence {
        sides: Sides { baseline: side(400.0, 2.0), candidate: side(120.0, 3.0) },
        difference: Some(0.02),
        band: Some((-0.001, 0.041)),
        rollback_nats: Some(std::f64::consts::LN_10),
        ..Evidence::default()
    };
    let step = Event::Step { index: 1, of: 1, weight: 0.5 };
    let text = markdown::render(&summary(&lines([started("api", "v1", "v2"), step, Event::Check(Box::new(jobs))])), &links());
    let counts = "candidate 3 of 120 (2.50 %), baseline 2 of 400 (0.50 %): +2.00 pp \\[-0.10, +4.10\\]";
    assert!(text.contains(counts) && text.contains("50 % of the evidence that rolls back"), "{text}");
}
