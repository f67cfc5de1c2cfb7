//! Whole polls of two versions: what becomes of good, bad, slow and shared endpoints.

use std::{
    sync::{Arc, Mutex, atomic::Ordering},
    time::Duration,
};

use rollwatch::{
    config::{
        file::File,
        secret::{Credential, Credentials, Secret},
    },
    engine::{
        asked::Asked,
        intake::{Answer, Observation, Totals},
        role::Role,
        sample::{CheckState, Health, HealthState},
        time::Time,
    },
    source::poll::{self, Poller, Round},
};
use serde::Deserialize;

use crate::server::{Reply, Server, answer, closed_port};

pub(crate) const NOW: Time = Time::from_ms(1_760_000_000_000);
pub(crate) const LIMIT: Duration = Duration::from_secs(10);
const PAGE: &str = "http_requests_total{status=\"200\"} 90\nhttp_requests_total{status=\"500\"} 10\n";

/// The default configuration with some lines over it.
pub(crate) fn config(lines: &str) -> File {
    let mut table: toml::Table = include_str!("../../config/default.toml").parse().expect("the defaults");
    let over: toml::Table = lines.parse().expect("valid TOML");
    for (section, values) in over {
        match (table.get_mut(&section), values) {
            (Some(toml::Value::Table(below)), toml::Value::Table(values)) => below.extend(values),
            (_, values) => drop(table.insert(section, values)),
        }
    }
    File::deserialize(table).expect("a valid configuration")
}

/// Both versions' metrics pages, and nothing asked about health.
fn pages(baseline: &[String], candidate: &[String], more: &str) -> File {
    config(&format!("[baseline]\nmetrics = {baseline:?}\nhealth = []\n[candidate]\nmetrics = {candidate:?}\nhealth = []\n{more}"))
}

fn poller(file: &File) -> Poller {
    Poller::build(file, &Credentials::default()).expect("a valid configuration")
}

async fn poll(file: &File) -> Round {
    poller(file).round(NOW, LIMIT).await
}

fn totals(observation: &Observation) -> &Totals {
    let page = if let Answer::Page(totals) = &observation.answer { Ok(totals) } else { Err(observation) };
    page.expect("a usable page")
}

fn no_page(observation: &Observation) -> &str {
    let why = if let Answer::NoPage(why) = &observation.answer { Ok(why) } else { Err(observation) };
    why.expect("no usable page")
}

fn health(observation: &Observation) -> (&Health, Option<&str>) {
    let said =
        if let Answer::Health(health, remark) = &observation.answer { Ok((health, remark.as_deref())) } else { Err(observation) };
    said.expect("something about health")
}

/// A whole service: a metrics page, and health pages as given.
async fn service(page: &'static str, ready: Reply, live: Reply) -> Server {
    Server::start(move |path| match path {
        "/metrics" => answer("200 OK", "Content-Type: text/plain; version=0.0.4\r\n", page.as_bytes()),
        "/health/ready" => ready.clone(),
        "/health/live" => live.clone(),
        _ => answer("404 Not Found", "", b""),
    })
    .await
}

fn ok() -> Reply {
    answer("200 OK", "", br#"{"status": "ready", "checks": {"database": "connected", "cache": "degraded"}}"#)
}

fn absent() -> Reply {
    answer("404 Not Found", "", b"")
}

#[tokio::test]
async fn every_instance_is_observed_in_the_configurations_order() {
    let services = [service(PAGE, ok(), ok()).await, service(PAGE, ok(), ok()).await, service(PAGE, absent(), absent()).await];
    let [one, two, three] = services.each_ref().map(|server| format!("http://{}", server.address));
    let poller = poller(&config(&format!("[baseline]\nmetrics = [{one:?}, {two:?}]\n[candidate]\nmetrics = [{three:?}]")));
    let round = poller.round(NOW, LIMIT).await;
    let seats: Vec<_> = round
        .observations
        .iter()
        .map(|observation| (observation.role, observation.instance.clone(), matches!(observation.answer, Answer::Page(_))))
        .collect();
    let [one, two, three] = services.each_ref().map(|server| server.address.to_string());
    let (b, c) = (Role::Baseline, Role::Candidate);
    assert_eq!(
        seats,
        [
            (b, one.clone(), true),
            (b, two.clone(), true),
            (b, one, false),
            (b, two, false),
            (c, three.clone(), true),
            (c, three, false)
        ]
    );
    let requests = totals(&round.observations[0]).requests.as_ref().expect("requests");
    assert_eq!(requests.iter().map(|series| (series.total, series.is_error)).collect::<Vec<_>>(), [(90.0, false), (10.0, true)]);
    let (said, remark) = health(&round.observations[2]);
    assert_eq!((said.state, said.served, remark), (HealthState::Up, true, None));
    assert_eq!(said.checks.iter().map(|check| check.state).collect::<Vec<_>>(), [CheckState::Passes, CheckState::Other]);
    let (said, remark) = health(&round.observations[5]);
    assert_eq!((said.state, said.served, remark), (HealthState::Unknown, false, None));

    let found = "metrics named as by the Prometheus client libraries: the page has http_requests_total with the label status";
    assert_eq!(round.notes, [format!("baseline: {found}"), format!("candidate: {found}")]);
    assert_eq!(poller.round(NOW, LIMIT).await.notes, [""; 0]);
}

#[tokio::test]
async fn a_convention_is_told_once_and_again_when_it_changes() {
    let counter = "# TYPE http_requests_total counter\n";
    let otel = "# TYPE http_server_request_duration_seconds histogram\n";
    let served = Arc::new(Mutex::new(counter.to_owned()));
    let page = served.clone();
    let server = Server::start(move |_| answer("200 OK", "", page.lock().expect("no panic").as_bytes())).await;
    let (url, good) = (server.url("/metrics"), service("up 1\n", ok(), ok()).await);
    let poller = poller(&pages(&[good.url("/metrics").to_string()], &[url.to_string()], ""));
    let prometheus = "metrics named as by the Prometheus client libraries: the page has http_requests_total";
    for (page, notes) in [
        (counter.to_owned(), vec![format!("candidate: {prometheus}")]),
        (counter.to_owned(), vec![]),
        (PAGE.to_owned(), vec![format!("candidate: {prometheus} with the label status")]),
        (format!("{counter}{otel}"), vec![]),
        (
            otel.to_owned(),
            vec![format!(
                "candidate: {url} changed to metrics named as by OpenTelemetry: the page has http_server_request_duration_seconds"
            )],
        ),
    ] {
        *served.lock().expect("no panic") = page;
        assert_eq!(poller.round(NOW, LIMIT).await.notes, notes);
    }
}

#[tokio::test]
async fn requests_name_the_formats_and_carry_credentials() {
    let server = service(PAGE, ok(), ok()).await;
    let credentials = Credentials { shown: vec![Credential::Bearer(Secret::from("s3cret"))], ..Credentials::default() };
    let file =
        config(&format!("[baseline]\nmetrics = [\"http://{0}\"]\n[candidate]\nmetrics = [\"http://{0}/other\"]", server.address));
    let poller = Poller::build(&file, &credentials).expect("valid");
    poller.round(NOW, LIMIT).await;
    let heads = server.heads();
    // Both versions share the origin, whose health says nothing about either.
    assert_eq!(heads.len(), 2);
    for head in heads {
        let head = head.to_lowercase();
        assert!(head.contains("authorization: bearer s3cret\r\n"), "{head}");
        assert!(
            head.contains("accept: application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1\r\n"),
            "{head}"
        );
        assert!(head.contains("cache-control: no-cache\r\n"), "{head}");
    }
    assert!(!format!("{poller:?}").contains("s3cret"));
}

#[tokio::test]
async fn what_is_no_metrics_page_is_no_sample() {
    let html = b"<html><head><title>502 Bad Gateway</title></head></html>";
    let good = service(PAGE, ok(), ok()).await;
    for (reply, why) in [
        (
            answer("200 OK", "Content-Type: text/plain\r\n", html),
            "URL: expected a metrics page, got an HTML page (\"502 Bad Gateway\")",
        ),
        (
            answer("200 OK", "Content-Type: text/html\r\n", html),
            "URL: expected a metrics page, got an HTML page (\"502 Bad Gateway\")",
        ),
        (answer("502 Bad Gateway", "", html), "URL answered 502 Bad Gateway"),
        (answer("401 Unauthorized", "", b""), "URL answered 401 Unauthorized"),
        (answer("204 No Content", "", b""), "URL answered 204 No Content"),
        (
            answer("200 OK", "Content-Type: text/plain\r\n", b"a 1"),
            "URL: line 1, column 4: the page was cut off: its last line has no line end",
        ),
        (
            Reply::Bytes(b"HTTP/1.0 200 OK\r\n\r\nhttp_requests_total{status=\"500\"} 12".to_vec()),
            "URL: line 1, column 37: the page was cut off: its last line has no line end",
        ),
        (
            answer("302 Found", "Location: https://login.example/\r\n", b""),
            "URL redirects to https://login.example (302 Found), which is not followed",
        ),
        (
            answer("200 OK", "", &vec![b'#'; 5000]),
            "URL answered with more than 4 096 bytes: if that is right, raise limits.page_bytes",
        ),
        (answer("200 OK", "Age: 720\r\n", b"a 1\n"), "URL: comes from a cache and is 12m old"),
        (Reply::Reset, "URL broke off the connection before its answer was whole"),
    ] {
        let bad = Server::always(reply).await;
        let url = bad.url("/metrics").to_string();
        let round =
            poll(&pages(&[good.url("/metrics").to_string()], std::slice::from_ref(&url), "[limits]\npage_bytes = 4096")).await;
        assert_eq!(no_page(&round.observations[2]).replace(&url, "URL"), why);
        assert!(totals(&round.observations[0]).requests.is_some());
    }
}

#[tokio::test]
async fn a_page_without_the_family_is_a_page_with_a_reason() {
    let (good, bare) = (service(PAGE, ok(), ok()).await, service("up 1\n", ok(), ok()).await);
    let round = poll(&pages(&[good.url("/metrics").to_string()], &[bare.url("/metrics").to_string()], "")).await;
    let lacking = totals(&round.observations[2]);
    assert_eq!(lacking.requests, None);
    assert!(lacking.missing.errors.as_ref().is_some_and(|why| why.starts_with("the page has none of the request metrics")));
}

#[tokio::test]
async fn slow_endpoints_hold_up_nobody() {
    let (good, silent) = (service(PAGE, ok(), ok()).await, Server::always(Reply::Silence).await);
    let file = config(&format!(
        "[baseline]\nmetrics = [\"http://{}\"]\n[candidate]\nmetrics = [\"http://{}\"]",
        good.address, silent.address
    ));
    // A round may be run by any task of the program.
    let round = tokio::spawn(async move { poller(&file).round(NOW, Duration::from_millis(400)).await }).await.expect("no panic");
    assert!(totals(&round.observations[0]).requests.is_some());
    assert_eq!(health(&round.observations[1]).0.state, HealthState::Up);
    let late = format!("http://{}/metrics gave no whole answer within 400 ms", silent.address);
    assert_eq!(no_page(&round.observations[2]), late);
    let (said, remark) = health(&round.observations[3]);
    assert_eq!((said.state, said.served, remark), (HealthState::Unknown, true, Some(&*late.replace("/metrics", "/health/ready"))));
}

#[tokio::test]
async fn many_endpoints_are_asked_a_few_at_a_time() {
    let late =
        Reply::Late(Duration::from_millis(5), b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\na 1\n".to_vec());
    let server = Server::always(late).await;
    let urls = |side| (0..100).map(|n| server.url(&format!("/{side}/{n}")).to_string()).collect::<Vec<_>>();
    let round = poll(&pages(&urls("old"), &urls("new"), "")).await;
    let answered = round.observations.iter().filter(|observation| matches!(observation.answer, Answer::Page(_))).count();
    assert_eq!((answered, server.heads().len()), (200, 200));
    let most = server.most_at_once.load(Ordering::SeqCst);
    assert!((2..=32).contains(&most), "{most} at once");
    // One address for all, so the path tells them apart.
    assert_eq!(round.observations[7].instance, format!("{}/old/7", server.address));
}

#[tokio::test]
async fn a_page_of_both_versions_is_fetched_once_and_read_for_each() {
    let page = "http_requests_total{status=\"200\",version=\"v1\"} 5\nhttp_requests_total{status=\"200\",version=\"v2\"} 7\n";
    let server = Server::always(answer("200 OK", "", page.as_bytes())).await;
    let url = server.url("/metrics");
    let file = config(&format!(
        "[baseline]\nmetrics = [\"{url}\"]\nselect = {{ version = \"v1\" }}\n[candidate]\nmetrics = [\"{url}\"]\nselect = {{ version = \"v2\" }}"
    ));
    let round = poll(&file).await;
    let count =
        |n: usize| totals(&round.observations[n]).requests.as_ref().map(|series| series.iter().map(|s| s.total).sum::<f64>());
    assert_eq!((count(0), count(2)), (Some(5.0), Some(7.0)));
    assert_eq!(server.heads().len(), 1);
    let (said, remark) = health(&round.observations[3]);
    assert_eq!((said.served, remark), (false, None));
}

#[tokio::test]
async fn a_server_that_asks_for_a_pause_gets_one() {
    let server = Server::always(answer("503 Service Unavailable", "Retry-After: 30\r\n", b"")).await;
    let good = service(PAGE, ok(), ok()).await;
    let poller = poller(&pages(&[good.url("/metrics").to_string()], &[server.url("/metrics").to_string()], ""));
    let url = server.url("/metrics");
    for (after, asked, why) in [
        (0, 1, "answered 503 Service Unavailable and asks to be left alone until 08:53:50"),
        (29, 1, "asked to be left alone until 08:53:50"),
        (30, 2, "answered 503 Service Unavailable and asks to be left alone until 08:54:20"),
    ] {
        let round = poller.round(NOW.plus(Duration::from_secs(after)), LIMIT).await;
        assert_eq!(no_page(&round.observations[2]), format!("{url} {why}"));
        assert_eq!(server.heads().len(), asked);
    }
    assert_eq!(good.heads().len(), 3);
}

#[tokio::test]
async fn an_answer_from_a_cache_is_remarked_on() {
    let cached = Server::always(answer("200 OK", "Age: 20\r\n", PAGE.as_bytes())).await;
    let good = service(PAGE, ok(), ok()).await;
    let url = cached.url("/metrics");
    let round = poll(&pages(&[good.url("/metrics").to_string()], &[url.to_string()], "")).await;
    assert!(totals(&round.observations[2]).requests.is_some());
    assert!(
        round.notes.contains(&format!("candidate: {url} is answered by a cache: its counters may be behind")),
        "{:?}",
        round.notes
    );
}

/// What the health of a candidate is, beside a healthy baseline.
async fn judged(ready: Reply, live: Reply, configured: bool) -> (HealthState, bool, usize, Option<String>) {
    let (good, server) = (service(PAGE, ok(), ok()).await, service(PAGE, ready, live).await);
    let address = server.address;
    let more = if configured { format!("health = [\"http://{address}/health/ready\"]") } else { String::new() };
    let file = config(&format!(
        "[baseline]\nmetrics = [\"http://{}\"]\n[candidate]\nmetrics = [\"http://{address}\"]\n{more}",
        good.address
    ));
    let round = poll(&file).await;
    let (said, remark) = health(&round.observations[3]);
    (said.state, said.served, said.checks.len(), remark.map(|remark| remark.replace(&format!("http://{address}/health/"), "")))
}

#[tokio::test]
async fn health_pages_mean_up_down_or_not_known() {
    use HealthState::{Down, Unknown, Up};
    let status = |status: &str| answer(status, "", b"");
    let failing = |status: &str| answer(status, "", br#"{"checks": {"database": "DOWN", "cache": {"status": "ok"}}}"#);
    for (ready, live, want) in [
        (ok(), ok(), (Up, true, 2, None)),
        (ok(), absent(), (Up, true, 2, None)),
        (absent(), ok(), (Up, true, 0, None)),
        (absent(), absent(), (Unknown, false, 0, None)),
        (status("204 No Content"), absent(), (Up, true, 0, None)),
        (answer("200 OK", "", b"OK"), ok(), (Up, true, 0, None)),
        (failing("200 OK"), ok(), (Up, true, 2, Some("answers that it is ready, but database is DOWN"))),
        (failing("503 Service Unavailable"), ok(), (Down, true, 2, Some("ready answered 503 Service Unavailable"))),
        (ok(), status("500 Internal Server Error"), (Down, true, 2, Some("live answered 500 Internal Server Error"))),
        (status("401 Unauthorized"), ok(), (Unknown, true, 0, Some("ready answered 401 Unauthorized"))),
        (status("403 Forbidden"), absent(), (Unknown, true, 0, Some("ready answered 403 Forbidden"))),
        (absent(), status("429 Too Many Requests"), (Unknown, true, 0, Some("live answered 429 Too Many Requests"))),
        (
            answer("302 Found", "Location: https://login.example/\r\n", b""),
            ok(),
            (Unknown, true, 0, Some("ready redirects to https://login.example (302 Found), which is not followed")),
        ),
        (Reply::Reset, ok(), (Unknown, true, 0, Some("ready broke off the connection before its answer was whole"))),
        (ok(), Reply::Reset, (Up, true, 2, Some("live broke off the connection before its answer was whole"))),
        (answer("200 OK", "", &vec![b' '; 70_000]), ok(), (Up, true, 0, Some("ready answered with more than 65 536 bytes"))),
        (answer("500 Oh", "", &vec![b' '; 70_000]), ok(), (Down, true, 0, Some("ready answered with more than 65 536 bytes"))),
    ] {
        let (state, served, checks, remark) = judged(ready, live, false).await;
        assert_eq!((state, served, checks, remark.as_deref()), want);
    }
    let configured = judged(absent(), ok(), true).await;
    assert_eq!(configured, (Unknown, true, 0, Some("ready answered 404 Not Found".to_owned())));
    assert_eq!(judged(ok(), status("500 Internal Server Error"), true).await, (Up, true, 2, None));
}

#[test]
fn what_is_asked_can_be_asked_by_hand_and_holds_no_secret() {
    let file = config(
        r#"
        [baseline]
        metrics = ["http://a:8081/metrics?token=canary", "http://b:8081"]
        health = ["http://a:8081/ready"]
        [candidate]
        metrics = ["http://c:8081"]
        select = { version = "v2" }
        [metrics]
        requests = "http_requests_total"
        errors = { status = "5.." }
        latency = "http_request_duration_seconds"
        [checks.jobs]
        events = "jobs_failed_total"
        of = "jobs_total"
        "#,
    );
    let asked = poll::asked(&file, &Role::BOTH).expect("addresses");
    assert_eq!(asked.baseline.pages.first, ["http://a:8081/metrics?token=…", "http://b:8081/metrics"]);
    assert_eq!(asked.baseline.health.first, ["http://a:8081/ready"]);
    assert_eq!(asked.candidate.health.first, ["http://c:8081/health/ready", "http://c:8081/health/live"]);
    let series = |version: &Asked, check: &str| version.series[check].join(" ");
    assert_eq!(series(&asked.baseline, "errors"), r#"http_requests_total{status=~"5.."} http_requests_total"#);
    assert_eq!(series(&asked.candidate, "latency"), r#"http_request_duration_seconds{version=~"v2"}"#);
    assert_eq!(series(&asked.baseline, "jobs"), "jobs_failed_total jobs_total");
    let alone = poll::asked(&file, &[Role::Candidate]).expect("addresses");
    assert_eq!(alone.baseline, Asked::default());
}

#[tokio::test]
async fn a_refused_connection_is_down_only_while_the_baseline_answers() {
    let (good, nobody, gone) = (service(PAGE, absent(), absent()).await, closed_port().await, closed_port().await);
    let state = async |baseline: &str, candidate: &str| {
        let file = config(&format!("[baseline]\nmetrics = [{baseline:?}]\n[candidate]\nmetrics = [{candidate:?}]"));
        let round = poll(&file).await;
        let states = [1, 3].map(|n: usize| health(&round.observations[n]).0.state);
        assert!(
            no_page(&round.observations[if candidate.ends_with(&good.address.to_string()) { 0 } else { 2 }]).contains("refused")
        );
        states
    };
    let [good_url, nobody, gone] = [good.address, nobody, gone].map(|address| format!("http://{address}"));
    assert_eq!(state(&good_url, &nobody).await, [HealthState::Unknown, HealthState::Down]);
    assert_eq!(state(&gone, &nobody).await, [HealthState::Unknown, HealthState::Unknown]);
    assert_eq!(state(&gone, &good_url).await, [HealthState::Unknown, HealthState::Unknown]);
}

#[tokio::test]
async fn without_a_baseline_a_refused_connection_is_down_once_the_candidate_has_answered() {
    let (good, nobody) = (service(PAGE, ok(), ok()).await, closed_port().await);
    let candidate = format!("http://{}", good.address);
    let build = |urls: &[&str]| {
        let file = config(&format!("[candidate]\nmetrics = {urls:?}"));
        Poller::build_for(&file, &Credentials::default(), &[Role::Candidate]).expect("the baseline needs no page")
    };
    let state = async |poller: &Poller| {
        let round = poller.round(NOW, LIMIT).await;
        assert!(round.observations.iter().all(|observation| observation.role == Role::Candidate));
        health(round.observations.last().expect("one")).0.state
    };
    let never = build(&[&format!("http://{nobody}")]);
    assert_eq!([state(&never).await, state(&never).await], [HealthState::Unknown; 2]);
    let once = build(&[&candidate]);
    assert_eq!(state(&once).await, HealthState::Up);
    drop(good);
    tokio::task::yield_now().await;
    assert_eq!(state(&once).await, HealthState::Down);
}

#[test]
fn health_pages_belong_to_the_instance_of_their_place() {
    let build = |metrics: &str, health: &str| {
        let file =
            config(&format!("[baseline]\nmetrics = [{metrics}]\nhealth = [{health}]\n[candidate]\nmetrics = [\"http://c\"]"));
        let poller = poller(&file);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let round = runtime.block_on(poller.round(NOW, Duration::ZERO));
        round.observations.into_iter().filter(|o| o.role == Role::Baseline).map(|o| o.instance).collect::<Vec<_>>()
    };
    let two = "\"http://a:1/metrics\", \"http://b:1/metrics\"";
    assert_eq!(build(two, "\"http://b:1/ready\", \"http://a:1/ready\""), ["a:1", "b:1", "b:1", "a:1"]);
    assert_eq!(build(two, "\"http://a:2/ready\", \"http://b:2/ready\""), ["a:1", "b:1", "a:1", "b:1"]);
    assert_eq!(build(two, "\"http://lb/ready\""), ["a:1", "b:1", "lb:80"]);
    assert_eq!(build(two, ""), ["a:1", "b:1", "a:1", "b:1"]);
    assert_eq!(build("\"https://[::1]/metrics\"", "\"https://[::1]\""), ["[::1]:443", "[::1]:443"]);
}

#[test]
fn what_cannot_be_polled_is_refused_at_the_start() {
    let both = |baseline: &str, candidate: &str, more: &str| format!("[baseline]\n{baseline}\n[candidate]\n{candidate}\n{more}");
    let (a, b) = ("metrics = [\"http://a/metrics\"]", "metrics = [\"http://b/metrics\"]");
    let shared = "both versions are on the page http://a/metrics, and nothing tells them apart: give baseline and candidate a select, such as \
                  select = { version = \"v2\" }";
    let example = "; write \"http://10.0.0.1:8081/metrics\"";
    for (config_lines, why) in [
        (
            both(a, "metrics = [\"10.0.0.1:8081/metrics\"]", ""),
            format!("candidate.metrics: \"10.0.0.1:8081/metrics\" is no address to poll: relative URL without a base{example}"),
        ),
        (
            both(a, "metrics = [\"localhost:8081\"]", ""),
            format!(
                "candidate.metrics: \"localhost:8081\" is no address to poll: it begins with neither http:// nor https://{example}"
            ),
        ),
        (
            both("metrics = [\"file:///etc/passwd\"]", b, ""),
            format!(
                "baseline.metrics: \"file:///etc/passwd\" is no address to poll: it begins with neither http:// nor https://{example}"
            ),
        ),
        (
            both(&format!("{a}\nhealth = [\"http://me:canary@a/ready?canary\"]"), b, ""),
            format!(
                "baseline.health: \"a/ready\" is no address to poll: it has a user or password in it, which belong into [auth] basic{example}"
            ),
        ),
        (both(a, "", ""), "candidate.metrics is empty: list the metrics page of each instance".to_owned()),
        (
            both(a, "metrics = [\"http://b\", \"http://b/metrics\"]", ""),
            "candidate.metrics: http://b/metrics is listed twice".to_owned(),
        ),
        (both(a, a, ""), shared.to_owned()),
        (both(a, &format!("{a}\nselect = {{ version = \"v2\" }}"), ""), shared.to_owned()),
        (
            both(&format!("{a}\nselect = {{ version = \"v2\" }}"), &format!("{a}\nselect = {{ version = \"v2\" }}"), ""),
            shared.to_owned(),
        ),
    ] {
        let error = Poller::build(&config(&config_lines), &Credentials::default()).expect_err("not pollable");
        assert_eq!(error.to_string(), why);
    }
    for (config_lines, begins) in [
        (
            both(a, &format!("{b}\nselect = {{ version = \"(\" }}"), ""),
            "candidate.select: version = \"(\" is no regular expression: ",
        ),
        (
            both(a, b, "[metrics]\nrequests = \"x\"\nerrors = { status = \"[\" }"),
            "metrics.errors: status = \"[\" is no regular expression: ",
        ),
    ] {
        let error = Poller::build(&config(&config_lines), &Credentials::default()).expect_err("not pollable").to_string();
        assert!(error.starts_with(begins), "{error}");
    }
    let credentials = Credentials { ca_pem: Some(b"none".to_vec()), ..Credentials::default() };
    let error = Poller::build(&config(&both(a, b, "")), &credentials).expect_err("no authority");
    assert_eq!(error.to_string(), "auth: the file of certificate authorities has no certificate in it");
}
