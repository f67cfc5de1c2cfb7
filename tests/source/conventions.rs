//! What is made of a page: which families are found, what a page does not give, and the reasons that are told.

use std::{collections::BTreeMap, time::Duration};

use rollwatch::{
    config::file::Metrics,
    engine::{
        intake::{Counter, Histogram},
        time::Time,
    },
    source::{
        exposition::Limits,
        metrics::{Reader, Reading},
    },
};

const NOW: Time = Time::from_ms(1_760_000_000_000);
const LIMITS: Limits = Limits { samples: 1000, labels: 64 };

fn table(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn named(requests: &str, errors: &[(&str, &str)], latency: Option<&str>) -> Metrics {
    Metrics { requests: requests.to_owned(), errors: table(errors), latency: latency.map(str::to_owned) }
}

fn read_with(metrics: Option<&Metrics>, select: &[(&str, &str)], page: &str) -> Reading {
    let reader = Reader::build(metrics, LIMITS).and_then(|reader| reader.selecting(&table(select))).expect("a valid configuration");
    reader.read(page.as_bytes(), None, None, NOW).expect("a valid page")
}

fn read(page: &str) -> Reading {
    read_with(None, &[], page)
}

fn counter(key: &str, total: f64, is_error: bool) -> Counter {
    Counter { key: key.to_owned(), total, is_error }
}

const HISTOGRAM: &str = "http_request_duration_seconds_bucket{le=\"0.1\"} 8\nhttp_request_duration_seconds_bucket{le=\"+Inf\"} 10\n\
                         http_request_duration_seconds_sum 1\nhttp_request_duration_seconds_count 10\n";

#[test]
fn prometheus_client_libraries_are_recognised_by_any_of_their_status_labels() {
    for label in ["status", "status_code", "code"] {
        let page = format!(
            "process_start_time_seconds 1.7e9\nhttp_requests_total{{{label}=\"200\",path=\"/\"}} 90\n\
             http_requests_total{{path=\"/\",{label}=\"503\"}} 7\nhttp_requests_total{{path=\"/\",{label}=\"5xx\"}} 3\n{HISTOGRAM}"
        );
        let reading = read(&page);
        let keys = ["200", "503", "5xx"].map(|status| {
            let status = format!("{label}=\"{status}\"");
            if label < "path" { format!("{status},path=\"/\"") } else { format!("path=\"/\",{status}") }
        });
        let want = vec![counter(&keys[0], 90.0, false), counter(&keys[1], 7.0, true), counter(&keys[2], 3.0, true)];
        assert_eq!(reading.totals.requests, Some(want));
        let latency = Histogram { key: String::new(), le_ms: vec![100.0, f64::INFINITY], count: vec![8.0, 10.0] };
        assert_eq!(reading.totals.latency, Some(vec![latency]));
        assert_eq!(reading.totals.process_start_s, Some(1.7e9));
        assert_eq!(
            reading.found.expect("a convention").sentence,
            format!(
                "metrics named as by the Prometheus client libraries: \
                 the page has http_requests_total and http_request_duration_seconds with the label {label}"
            )
        );
    }
}

#[test]
fn a_histogram_counts_the_requests_where_there_is_no_counter() {
    for (family, label, library) in [
        ("http_request_duration_seconds", "status_code", "the Prometheus client libraries"),
        ("http_server_request_duration_seconds", "http_response_status_code", "OpenTelemetry"),
        ("http_server_duration_milliseconds", "http_status_code", "OpenTelemetry before version 1.23 of its conventions"),
        ("request_duration_seconds", "code", "Go's promhttp middleware"),
    ] {
        let series = |status: &str, n: u32| {
            format!(
                "{family}_bucket{{{label}=\"{status}\",le=\"0.5\"}} 1\n{family}_bucket{{{label}=\"{status}\",le=\"+Inf\"}} {n}\n\
                 {family}_count{{{label}=\"{status}\"}} {n}\n"
            )
        };
        let reading = read(&format!("# TYPE {family} histogram\n{}{}", series("200", 40), series("500", 2)));
        let key = |status| format!("{label}=\"{status}\"");
        assert_eq!(reading.totals.requests, Some(vec![counter(&key("200"), 40.0, false), counter(&key("500"), 2.0, true)]));
        let latency = reading.totals.latency.expect("a histogram");
        let half = if family.ends_with("_milliseconds") { 0.5 } else { 500.0 };
        assert_eq!((latency.len(), latency[0].le_ms.clone()), (2, vec![half, f64::INFINITY]));
        let sentence = reading.found.expect("a convention").sentence;
        assert_eq!(sentence, format!("metrics named as by {library}: the page has {family} with the label {label}"));
    }
}

#[test]
fn gos_middleware_is_recognised_by_its_labels() {
    for name in ["http_requests_total", "api_requests_total"] {
        let reading = read(&format!("{name}{{code=\"200\",method=\"get\"}} 1\n"));
        let sentence = reading.found.expect("a convention").sentence;
        assert_eq!(
            sentence,
            format!("metrics named as by Go's promhttp middleware: the page has {name} with the labels code and method")
        );
        assert_eq!(reading.totals.requests.map(|requests| requests.len()), Some(1));
    }
}

#[test]
fn reads_of_the_page_itself_are_no_requests() {
    let reading =
        read("promhttp_metric_handler_requests_total{code=\"200\"} 100\npromhttp_metric_handler_requests_total{code=\"500\"} 5\n");
    assert_eq!((reading.totals.requests, reading.found), (None, None));
    assert_eq!(
        reading.totals.missing.errors.expect("a reason"),
        "the page counts only how often it is read itself (promhttp_metric_handler_requests_total): name the service's own counter in \
         [metrics]"
    );
}

#[test]
fn what_a_page_does_not_give_is_said_and_nothing_takes_its_place() {
    let inf = "http_request_duration_seconds_bucket{le=\"+Inf\"}";
    for (page, errors, latency) in [
        (
            "up 1\n".to_owned(),
            Some(
                "the page has none of the request metrics that client libraries write (http_requests_total, http_request_duration_seconds, \
                 http_server_request_duration_seconds, http_server_duration_milliseconds, api_requests_total, request_duration_seconds): \
                 name yours in [metrics]",
            ),
            Some("the page has no latency histogram that client libraries write: name yours in [metrics]"),
        ),
        (
            format!("http_requests_total{{path=\"/\"}} 5\n{HISTOGRAM}"),
            Some("http_requests_total has no label status or status_code or code, so errors cannot be told"),
            None,
        ),
        (
            format!("http_requests_total{{status=\"ok\"}} 5\n{HISTOGRAM}"),
            Some(
                "http_requests_total has no status codes in its label status, but words such as \"ok\": say in [metrics] which are errors",
            ),
            None,
        ),
        ("http_requests_total{status=\"200\"} 5\n".to_owned(), None, Some("the page has no http_request_duration_seconds")),
        (
            "http_requests_total{status=\"200\"} 5\n# TYPE http_request_duration_seconds summary\n\
             http_request_duration_seconds{quantile=\"0.99\"} 0.2\n"
                .to_owned(),
            None,
            Some("http_request_duration_seconds is a summary: quantiles cannot be added up or compared as counts"),
        ),
        (
            "http_requests_total{status=\"200\"} 5\nhttp_request_duration_seconds{quantile=\"0.99\"} 0.2\n".to_owned(),
            None,
            Some("http_request_duration_seconds is a summary: quantiles cannot be added up or compared as counts"),
        ),
        (
            "http_requests_total{status=\"200\"} -5\n".to_owned() + HISTOGRAM,
            Some("http_requests_total{status=\"200\"} is -5, which no counter can be"),
            None,
        ),
        (
            "http_requests_total{status=\"200\"} NaN\nhttp_requests_total{status=\"500\"} 1\n".to_owned() + HISTOGRAM,
            Some("http_requests_total{status=\"200\"} is NaN, which no counter can be"),
            None,
        ),
        (
            "http_requests_total{status=\"200\"} 1e400\n".to_owned() + HISTOGRAM,
            Some("http_requests_total{status=\"200\"} is inf, which no counter can be"),
            None,
        ),
        (
            "# TYPE http_requests_total gauge\nhttp_requests_total{status=\"200\"} 1\n".to_owned() + HISTOGRAM,
            Some("http_requests_total is a gauge: requests are counted by a counter"),
            None,
        ),
        (
            format!("http_requests_total{{status=\"200\"}} 5\nhttp_request_duration_seconds_bucket{{le=\"1\"}} 9\n{inf} 4\n"),
            None,
            Some("http_request_duration_seconds is unusable: its buckets fall from 9 to 4 at le=\"+Inf\""),
        ),
        (
            "http_requests_total{status=\"200\"} 5\nhttp_request_duration_seconds_bucket{le=\"1\"} 9\n".to_owned(),
            None,
            Some("http_request_duration_seconds is unusable: it has no bucket le=\"+Inf\""),
        ),
        (
            format!("http_requests_total{{status=\"200\"}} 5\n{inf} 4\nhttp_request_duration_seconds_count 7\n"),
            None,
            Some("http_request_duration_seconds is unusable: its count is 7, but its bucket le=\"+Inf\" is 4"),
        ),
        (
            format!("http_requests_total{{status=\"200\"}} 5\nhttp_request_duration_seconds_bucket{{le=\"1\"}} NaN\n{inf} 4\n"),
            None,
            Some("http_request_duration_seconds is unusable: its bucket le=\"1\" is NaN"),
        ),
        (
            format!("http_requests_total{{status=\"200\"}} 5\nhttp_request_duration_seconds_bucket 3\n{inf} 4\n"),
            None,
            Some("http_request_duration_seconds is unusable: a bucket has no bound le, or one that is no number"),
        ),
        (
            format!(
                "http_requests_total{{status=\"200\"}} 5\nhttp_request_duration_seconds_bucket{{le=\"1\"}} 3\n\
                 http_request_duration_seconds_bucket{{le=\"1.0\"}} 3\n{inf} 4\n"
            ),
            None,
            Some("http_request_duration_seconds is unusable: it has two buckets le=\"1\""),
        ),
        (
            "http_requests_total{status=\"200\"} 5\nhttp_request_duration_seconds_count 7\n".to_owned(),
            None,
            Some("http_request_duration_seconds has no buckets"),
        ),
    ] {
        let totals = read(&page).totals;
        assert_eq!(totals.missing.errors.as_deref(), errors, "{page}");
        assert_eq!(totals.missing.latency.as_deref(), latency, "{page}");
        assert_eq!((totals.requests.is_none(), totals.latency.is_none()), (errors.is_some(), latency.is_some()), "{page}");
    }
}

#[test]
fn an_unusable_histogram_still_counts_requests() {
    let page =
        "http_request_duration_seconds_bucket{status=\"500\",le=\"1\"} 9\nhttp_request_duration_seconds_count{status=\"500\"} 9\n";
    let totals = read(page).totals;
    assert_eq!(totals.requests, Some(vec![counter("status=\"500\"", 9.0, true)]));
    assert!(totals.latency.is_none());
}

#[test]
fn a_declared_family_without_series_is_zero_requests() {
    for page in [
        "# TYPE http_requests_total counter\n# TYPE http_request_duration_seconds histogram\n",
        "# HELP http_requests_total Requests.\n# HELP http_request_duration_seconds Time.\n",
        "# TYPE http_requests counter\n# TYPE http_request_duration_seconds histogram\n# EOF\n",
    ] {
        let totals = read(page).totals;
        assert_eq!((totals.requests, totals.latency), (Some(vec![]), Some(vec![])), "{page}");
    }
    let metrics = named("x_total", &[("code", "5..")], Some("x_seconds"));
    let totals = read_with(Some(&metrics), &[], "# TYPE x_total counter\n# TYPE x_seconds histogram\n").totals;
    assert_eq!((totals.requests, totals.latency), (Some(vec![]), Some(vec![])));
}

#[test]
fn the_convention_that_gives_most_is_taken_and_then_kept() {
    let bare = "http_requests_total 5\n";
    let otel = "http_server_request_duration_seconds_bucket{http_response_status_code=\"200\",le=\"+Inf\"} 3\n\
                http_server_request_duration_seconds_count{http_response_status_code=\"200\"} 3\n";
    let both = format!("{bare}{otel}");
    let reader = Reader::build(None, LIMITS).expect("valid");
    let read = |page: &str, before| reader.read(page.as_bytes(), None, before, NOW).expect("valid").found.expect("found");
    let found = read(bare, None);
    assert!(found.sentence.contains("Prometheus client libraries"));
    assert_eq!(read(&both, Some(&found)), found);
    assert!(read(&both, None).sentence.contains("OpenTelemetry"));
    assert!(read(otel, Some(&found)).sentence.contains("OpenTelemetry"));
}

#[test]
fn configured_metrics_are_read_by_their_names() {
    let metrics = named("shop_orders_total", &[("result", "fail(ed|ure)?"), ("kind", "web")], Some("shop_order_time_bucket"));
    let page = "shop_orders_total{result=\"failed\",kind=\"web\"} 2\nshop_orders_total{result=\"failed\",kind=\"batch\"} 3\n\
                shop_orders_total{result=\"not failed\",kind=\"web\"} 4\nshop_order_time_bucket{le=\"1.001\"} 1\n\
                shop_order_time_bucket{le=\"+Inf\"} 9\n";
    let reading = read_with(Some(&metrics), &[], page);
    let errors: Vec<_> = reading.totals.requests.expect("requests").iter().map(|series| series.is_error).collect();
    assert_eq!(errors, [true, false, false]);
    assert_eq!(reading.totals.latency.expect("latency")[0].le_ms, [1001.0, f64::INFINITY]);
    assert_eq!(reading.remarks, ["the name shop_order_time has no unit: its bounds are read as seconds"]);
    assert_eq!(reading.found, None);
}

#[test]
fn configured_metrics_that_are_not_there_are_missing() {
    let metrics = named("shop_orders_total", &[("result", "failed")], None);
    let missing = read_with(Some(&metrics), &[], "http_requests_total{status=\"200\"} 5\n").totals.missing;
    assert_eq!(missing.errors.as_deref(), Some("the page has no shop_orders_total"));
    assert_eq!(missing.latency.as_deref(), Some("[metrics] names no latency histogram"));
    let metrics = named("shop_seconds", &[("result", "failed")], Some("shop_seconds"));
    let missing = read_with(Some(&metrics), &[], "# TYPE shop_seconds histogram\n").totals.missing;
    assert_eq!(missing.errors.as_deref(), Some("shop_seconds is no counter: its requests are counted by shop_seconds_count"));
    assert_eq!(missing.latency, None);
}

#[test]
fn a_histograms_count_may_be_the_configured_counter() {
    let metrics = named("shop_seconds_count", &[("result", "failed")], Some("shop_seconds"));
    let reading = read_with(Some(&metrics), &[], "# TYPE shop_seconds histogram\n");
    assert_eq!((reading.totals.requests, reading.totals.latency), (Some(vec![]), Some(vec![])));
    let missing = read_with(Some(&metrics), &[], "# TYPE shop_seconds gauge\nshop_seconds 1\n").totals.missing;
    assert_eq!(missing.errors.as_deref(), Some("the page has no shop_seconds_count"));
    let page = "shop_seconds_bucket{result=\"failed\",le=\"+Inf\"} 4\nshop_seconds_count{result=\"failed\"} 4\n";
    let totals = read_with(Some(&metrics), &[], page).totals;
    assert_eq!(totals.requests, Some(vec![counter("result=\"failed\"", 4.0, true)]));
    assert_eq!(totals.latency.map(|latency| latency.len()), Some(1));
}

#[test]
fn no_error_is_no_error_but_an_unknown_label_is_remarked_on() {
    let metrics = named("http_requests_total", &[("staus", "5..")], None);
    let reading = read_with(Some(&metrics), &[], "http_requests_total{status=\"200\"} 5\n");
    assert_eq!(reading.totals.requests, Some(vec![counter("status=\"200\"", 5.0, false)]));
    assert_eq!(
        reading.remarks,
        ["no series of http_requests_total has the label staus of metrics.errors so far, so none counts as an error"]
    );
}

#[test]
fn select_picks_the_series_of_one_version() {
    let page = "http_requests_total{status=\"200\",version=\"v1\"} 5\nhttp_requests_total{status=\"200\",version=\"v2\"} 6\n\
                http_requests_total{status=\"200\",version=\"v22\"} 7\nhttp_requests_total{status=\"200\"} 8\n\
                process_start_time_seconds{version=\"v1\"} 100\nprocess_start_time_seconds{version=\"v2\"} 200\n";
    let totals = read_with(None, &[("version", "v2")], page).totals;
    assert_eq!(totals.requests, Some(vec![counter("status=\"200\",version=\"v2\"", 6.0, false)]));
    assert_eq!(totals.process_start_s, Some(200.0));
    // Two processes are on the page, and nothing says which is meant.
    assert_eq!(read(page).totals.process_start_s, None);
    let totals = read_with(None, &[("version", "v3")], page).totals;
    assert_eq!(totals.requests, Some(vec![]));
}

#[test]
fn a_pattern_that_is_none_is_named() {
    let reader = Reader::build(None, LIMITS).expect("valid");
    let refused = reader.selecting(&table(&[("version", "v(")])).expect_err("no expression");
    assert!(refused.starts_with("select: version = \"v(\" is no regular expression: "), "{refused}");
    let metrics = named("x", &[("status", "*")], None);
    let refused = Reader::build(Some(&metrics), LIMITS).expect_err("no expression");
    assert!(refused.starts_with("metrics.errors: status = \"*\" is no regular expression: "), "{refused}");
}

#[test]
fn samples_with_an_old_timestamp_are_stale() {
    let at = |age: Duration| NOW.minus(age).ms();
    let page = |age| {
        format!(
            "http_requests_total{{status=\"200\"}} 5 {0}\nhttp_request_duration_seconds_bucket{{le=\"+Inf\"}} 5 {0}\n\
             http_request_duration_seconds_count 5\n",
            at(age)
        )
    };
    let fresh = read(&page(Duration::from_mins(5))).totals;
    assert!(fresh.requests.is_some() && fresh.latency.is_some());
    let missing = read(&page(Duration::from_mins(12))).totals.missing;
    let stale = |name: &str| Some(format!("{name} is stale: by its timestamp it is 12m old"));
    assert_eq!(missing.errors, stale("http_requests_total{status=\"200\"}"));
    assert_eq!(missing.latency, stale("http_request_duration_seconds"));
}

#[test]
fn keys_do_not_depend_on_the_order_of_labels_or_lines() {
    let a = read("http_requests_total{status=\"200\",path=\"a\\\"b\"} 5\nhttp_requests_total{status=\"500\",path=\"c\"} 6\n");
    let b =
        read("http_requests_total{ path = \"c\", status=\"500\"} 6\n{\"http_requests_total\",path=\"a\\\"b\",status=\"200\"} 5\n");
    let mut b = b.totals.requests.expect("requests");
    b.reverse();
    assert_eq!(a.totals.requests, Some(b));
}

#[test]
fn text_from_the_page_is_made_visible() {
    let missing = read("http_requests_total{status=\"\u{1b}[31m\"} 5\n").totals.missing;
    assert!(missing.errors.is_some_and(|reason| reason.contains("\"␛[31m\"")));
    let missing = read("http_requests_total{status=\"200\",path=\"\u{1b}]0;x\u{7}\"} -1\n").totals.missing;
    assert!(missing.errors.is_some_and(|reason| reason.contains("path=\"␛]0;x␇\"")));
}

#[test]
fn half_a_page_is_no_page() {
    let reader = Reader::build(None, LIMITS).expect("valid");
    let refused =
        |content_type, page: &str| reader.read(page.as_bytes(), content_type, None, NOW).expect_err("refused").to_string();
    assert!(refused(None, "http_requests_total{status=\"500\"} 1234").ends_with("its last line has no line end"));
    assert!(refused(Some("application/openmetrics-text"), "a 1\n").contains("# EOF"));
    assert!(refused(Some("text/plain"), "<title>Log in</title>").contains("\"Log in\""));
}
