//! What checks of one's own read off a page.

use std::collections::BTreeMap;

use rollwatch::{
    config::file::{Aggregate, Check},
    engine::{intake::CustomTotals, time::Time},
    source::{
        exposition::Limits,
        metrics::{Reader, Reading},
    },
};

const NOW: Time = Time::from_ms(1_760_000_000_000);
const LIMITS: Limits = Limits { samples: 1000, labels: 64 };

const PAGE: &str = "# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds 1.7e9\n\
    # TYPE jobs_total counter\njobs_total{queue=\"mail\",result=\"ok\"} 90\njobs_total{queue=\"mail\",result=\"failed\"} 7\n\
    jobs_total{queue=\"push\",result=\"dead\"} 3\n# TYPE jobs_retried_total counter\n# TYPE depth gauge\n\
    depth{queue=\"mail\"} 40\ndepth{queue=\"push\"} -2.5\n\
    # TYPE took histogram\ntook_bucket{le=\"+Inf\"} 100\ntook_count 100\ntook_sum 9\n";

fn table(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn counts(events: (&str, &[(&str, &str)]), of: (&str, &[(&str, &str)])) -> Check {
    Check {
        events: Some(events.0.to_owned()),
        events_where: table(events.1),
        of: Some(of.0.to_owned()),
        of_where: table(of.1),
        ..Check::default()
    }
}

fn gauge(name: &str, conditions: &[(&str, &str)], aggregate: Option<Aggregate>) -> Check {
    Check { gauge: Some(name.to_owned()), gauge_where: table(conditions), aggregate, ..Check::default() }
}

fn read_selecting(check: Check, select: &[(&str, &str)], page: &str) -> Reading {
    let checks = [("mine".to_owned(), check)].into();
    let reader = Reader::build(None, LIMITS).and_then(|reader| reader.checking(&checks));
    let reader = reader.and_then(|reader| reader.selecting(&table(select))).expect("a valid configuration");
    reader.read(page.as_bytes(), None, None, NOW).expect("a valid page")
}

/// What was read of a check, or why nothing was.
fn read(check: Check, page: &str) -> Result<CustomTotals, String> {
    let mut totals = read_selecting(check, &[], page).totals;
    totals.custom.remove("mine").ok_or_else(|| totals.missing.custom.remove("mine").expect("a reason"))
}

fn series(pairs: &[(&str, f64)]) -> Vec<(String, f64)> {
    pairs.iter().map(|(key, total)| ((*key).to_owned(), *total)).collect()
}

#[test]
fn two_families_or_two_parts_of_one_are_counted_by_series() {
    let all = series(&[
        ("queue=\"mail\",result=\"ok\"", 90.0),
        ("queue=\"mail\",result=\"failed\"", 7.0),
        ("queue=\"push\",result=\"dead\"", 3.0),
    ]);
    let failed = counts(("jobs_total", &[("result", "failed|dead")]), ("jobs_total", &[]));
    assert_eq!(read(failed, PAGE), Ok(CustomTotals::Counts { of: all.clone(), events: all[1..].to_vec() }));
    let mail = counts(("jobs_total", &[("queue", "mail"), ("result", "failed")]), ("jobs_total", &[("queue", "mail")]));
    assert_eq!(read(mail, PAGE), Ok(CustomTotals::Counts { of: all[..2].to_vec(), events: all[1..2].to_vec() }));
    // A family that is declared and has no series yet counted nothing.
    let retried = counts(("jobs_retried_total", &[]), ("jobs_total", &[]));
    assert_eq!(read(retried, PAGE), Ok(CustomTotals::Counts { of: all, events: vec![] }));
}

#[test]
fn a_histograms_own_count_can_be_counted_beside_the_conventions() {
    let page = "# TYPE http_request_duration_seconds histogram\nhttp_request_duration_seconds_bucket{code=\"200\",le=\"+Inf\"} 9\n\
                http_request_duration_seconds_count{code=\"200\"} 9\n# TYPE orders_total counter\norders_total 4\n";
    let reading = read_selecting(counts(("orders_total", &[]), ("http_request_duration_seconds_count", &[])), &[], page);
    assert_eq!(reading.totals.requests.map(|requests| requests.len()), Some(1));
    let want = CustomTotals::Counts { of: series(&[("code=\"200\"", 9.0)]), events: series(&[("", 4.0)]) };
    assert_eq!(reading.totals.custom.get("mine"), Some(&want));
}

#[test]
fn a_gauge_is_the_sum_the_largest_or_the_mean_of_its_series() {
    for (aggregate, want) in
        [(None, 37.5), (Some(Aggregate::Sum), 37.5), (Some(Aggregate::Max), 40.0), (Some(Aggregate::Mean), 18.75)]
    {
        assert_eq!(read(gauge("depth", &[], aggregate), PAGE), Ok(CustomTotals::Gauge(want)));
    }
    assert_eq!(read(gauge("depth", &[("queue", "push")], None), PAGE), Ok(CustomTotals::Gauge(-2.5)));
}

#[test]
fn a_page_of_both_versions_is_read_for_one() {
    let page = "jobs_total{version=\"v1\"} 5\njobs_total{version=\"v2\"} 8\nbad_total{version=\"v1\"} 1\n";
    let totals = read_selecting(counts(("bad_total", &[]), ("jobs_total", &[])), &[("version", "v2")], page).totals;
    let want = CustomTotals::Counts { of: series(&[("version=\"v2\"", 8.0)]), events: vec![] };
    assert_eq!(totals.custom.get("mine"), Some(&want));
}

#[test]
fn what_cannot_be_read_is_said_with_its_name() {
    let jobs = || ("jobs_total", &[][..]);
    for (check, want) in [
        (counts(("lost_total", &[]), jobs()), "the page has no lost_total"),
        (counts(jobs(), ("work_total", &[])), "the page has no work_total"),
        (counts(("depth", &[]), jobs()), "depth is a gauge: events are counted by a counter"),
        (counts(("took", &[]), jobs()), "took is no counter: its observations are counted by took_count"),
        (gauge("lag", &[], None), "the page has no lag"),
        (gauge("jobs_total", &[], None), "jobs_total is a counter, which only rises: give it as events, with of"),
        (gauge("took", &[], None), "took is no gauge"),
        (gauge("depth", &[("queue", "fax")], None), "no series of depth has the labels of checks.mine.gauge_where"),
    ] {
        assert_eq!(read(check, PAGE), Err(want.to_owned()));
    }
    for (page, want) in [("lag NaN\n", "lag is NaN"), ("lag +Inf\n", "lag is inf"), ("lag 5 1\n", "lag is stale: ")] {
        let why = read(gauge("lag", &[], None), page).expect_err(page);
        assert!(why.starts_with(want), "{why}");
    }
    let why = read(counts(("x", &[]), ("x", &[])), "x -1\n").expect_err("no count");
    assert_eq!(why, "x is -1, which no counter can be");
}

#[test]
fn a_label_that_no_series_has_is_remarked_on_and_a_pattern_that_is_none_is_named() {
    let reading = read_selecting(counts(("jobs_total", &[("status", "failed")]), ("jobs_total", &[])), &[], PAGE);
    assert_eq!(reading.remarks, ["no series of jobs_total has the label status of checks.mine.events_where so far"]);
    let checks = [("mine".to_owned(), gauge("depth", &[("queue", "(")], None))].into();
    let refused = Reader::build(None, LIMITS).and_then(|reader| reader.checking(&checks)).expect_err("no expression");
    assert!(refused.starts_with("checks.mine.gauge_where: queue = \"(\" is no regular expression: "), "{refused}");
}
