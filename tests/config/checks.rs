//! `[checks.NAME]`: what may be written, and what the engine makes of it.

use rollwatch::engine::custom::{Aggregate, CustomCheck, Kind, Worse};

use super::support::{load, messages};

fn refused(text: &str) -> Vec<String> {
    messages(&load(text).expect_err(text))
}

#[test]
fn counters_and_gauges_become_checks_of_the_policy() {
    let loaded = load(
        "[checks.job-failures]\nevents = \"jobs_failed_total\"\nof = \"mail_jobs_total\"\n\
         [checks.conversion]\nevents = \"orders_total\"\nof = \"visits_total\"\nworse = \"lower\"\nname = \"orders\"\nunit = \"visits\"\n\
         [checks.queue]\ngauge = \"depth\"\naggregate = \"max\"\nlimit = 5000\n\
         [policy]\ngating = [\"conversion\", \"errors\"]\n",
    )
    .expect("valid");
    let check = |id: &str, name: &str, unit: &str, worse, kind| CustomCheck {
        id: id.to_owned(),
        name: name.to_owned(),
        unit: unit.to_owned(),
        worse,
        kind,
    };
    assert_eq!(
        loaded.policy.checks,
        [
            check("conversion", "orders", "visits", Worse::Lower, Kind::Counts),
            check("job-failures", "job failures", "mail jobs", Worse::Higher, Kind::Counts),
            check("queue", "queue", "", Worse::Higher, Kind::Gauge { aggregate: Aggregate::Max, limit: Some(5000.0) }),
        ]
    );
    let shown = loaded.show();
    assert!(shown.contains("\nqueue.limit = 5000.0 ") && shown.contains("\nconversion.worse = \"lower\" "), "{shown}");
}

#[test]
fn each_mistake_is_one_sentence() {
    let counts = "events = \"a\"\nof = \"b\"\n";
    let of_check = |lines: &str| format!("[checks.x]\n{lines}");
    for (text, want) in [
        (of_check("worse = \"lower\""), "checks.x reads nothing"),
        (of_check("events = \"a\""), "checks.x.events = \"a\" has no of: nobody knows out of how many"),
        (of_check("of = \"a\""), "checks.x.of = \"a\" has no events: there is nothing to count among them"),
        (of_check(&format!("{counts}gauge = \"c\"")), "checks.x has both a gauge and counters: it can be one of them"),
        (of_check("events = \"a\"\nof = \"a\""), "checks.x.events = \"a\" counts the same as of: all of them would be events"),
        (of_check(&format!("{counts}limit = 5")), "checks.x.limit = 5 belongs to a gauge: events are compared with the baseline's"),
        (
            of_check(&format!("{counts}aggregate = \"max\"")),
            "checks.x.aggregate = \"max\" belongs to a gauge: events are compared with the baseline's",
        ),
        (of_check(&format!("{counts}gauge_where = {{ a = \"b\" }}")), "checks.x.gauge_where has no gauge to choose from"),
        (of_check("gauge = \"a b\""), "checks.x.gauge = \"a b\" is no name of a metric: it must have a character and no space"),
        (of_check("gauge = \"a\"\nlimit = inf"), "checks.x.limit = inf is no limit: it must be a number"),
        (of_check("gauge = \"a\"\nlimit = \"9\""), "checks.x.limit = \"9\" must be a number"),
        (of_check("gauge = \"a\"\nname = \"\""), "checks.x.name = \"\" is empty: a name is needed"),
        (of_check("gauge = \"a\"\nworse = \"less\""), "checks.x.worse = \"less\" is not known"),
        (of_check("gauge = \"a\"\nlimits = 3"), "checks.x.limits is not known: did you mean limit?"),
        (
            "[checks.Queue]\ngauge = \"a\"".to_owned(),
            "checks.Queue is no name of a check: it must be 1 to 40 of a to z, 0 to 9, \"-\" and \"_\"",
        ),
        (
            "[checks.verdict]\ngauge = \"a\"".to_owned(),
            "checks.verdict is taken: a notice about it could not be told from one about the watch",
        ),
        ("[checks.health]\ngauge = \"a\"".to_owned(), "checks.health is the name of a built-in check"),
        (
            format!("[checks.queue]\n{counts}[policy]\ngating = [\"queu\"]"),
            "policy.gating = \"queu\" is no check: did you mean \"queue\"?",
        ),
        (
            "[checks.queue]\ngauge = \"depth\"\n[policy]\ngating = [\"errors\", \"queue\"]".to_owned(),
            "policy.gating = \"queue\" cannot gate: checks.queue.gauge = \"depth\" has no counts, so there is no statistical verdict",
        ),
        (
            format!("[checks.jobs]\n{counts}[policy]\nbaseline = \"static\"\ngating = [\"jobs\"]"),
            "policy.gating = \"jobs\" cannot gate: it is compared with a baseline, and policy.baseline = \"static\" has none",
        ),
    ] {
        assert_eq!(refused(&text), [want], "{text}");
    }
    let why = refused(&of_check("gauge = \"a\"\ngauge_where = { b = \"(\" }"));
    assert!(why[0].starts_with("checks.x.gauge_where.b = \"(\" is no regular expression: "), "{why:?}");
}

#[test]
fn sixteen_are_the_most() {
    let checks = |n: usize| (0..n).map(|i| format!("[checks.c{i}]\ngauge = \"g\"\n")).collect::<Vec<_>>().concat();
    assert_eq!(load(&checks(16)).expect("valid").policy.checks.len(), 16);
    assert_eq!(refused(&checks(17)), ["checks has 17 checks: 16 are the most"]);
}
