//! How fast a metrics page of one megabyte is read: strictly, with duplicate detection and family matching.
//!
//! `cargo bench --bench parse` prints the best of 50 runs, and how much slower that is than counting the page's line ends, which is
//! as fast as memory goes: a ratio that holds on any machine. `-- 5` makes it five runs, for `valgrind --tool=callgrind`.
#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a benchmark measures time and prints it")]

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use rollwatch::{
    engine::time::Time,
    source::{exposition::Limits, metrics::Reader},
};

const MEGABYTE: usize = 1 << 20;

fn main() {
    let runs = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(50);
    let page = page();
    let limits = Limits { samples: 200_000, labels: 64 };
    let reader = Reader::build(None, limits).expect("no patterns that could be wrong");
    let read = || reader.read(black_box(&page), Some("text/plain"), None, Time::default()).expect("a valid page");
    let series = read().totals.latency.expect("a histogram").len();
    let parsing = best(runs, read);
    let counting = best(runs, || memchr::memchr_iter(b'\n', black_box(&page)).count());
    println!(
        "{} bytes, {series} histograms of interest: {:.0} MB/s, {:.0} x the time of counting its lines",
        page.len(),
        page.len() as f64 / parsing.as_secs_f64() / 1e6,
        parsing.as_secs_f64() / counting.as_secs_f64(),
    );
}

fn best<T>(runs: u32, mut work: impl FnMut() -> T) -> Duration {
    let timed = |_| {
        let start = Instant::now();
        black_box(work());
        start.elapsed()
    };
    (0..runs.max(1)).map(timed).min().unwrap_or_default()
}

/// The page of a service with 28 routes, two methods and three status codes, repeated under other names up to a megabyte.
fn page() -> Vec<u8> {
    let family = family();
    let mut page = family.clone();
    for n in 1.. {
        if page.len() >= MEGABYTE {
            break;
        }
        page += &family.replace("http_request", &format!("svc{n}_http_request"));
    }
    let end = page.as_bytes()[..MEGABYTE].iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    page.truncate(end);
    page.into_bytes()
}

fn family() -> String {
    let mut rng = fastrand::Rng::with_seed(7);
    let mut lines = vec![
        "# HELP http_requests_total Total number of HTTP requests handled, by route, method and status code.".to_owned(),
        "# TYPE http_requests_total counter".to_owned(),
    ];
    for series in all_series() {
        let (instance, total) = (rng.u16(..), rng.u32(..) % 10_u32.pow(rng.u32(1..8)));
        lines.push(format!("http_requests_total{{{series},instance_id=\"i-0abc{instance:04x}\"}} {total}"));
    }
    lines.push("# HELP http_request_duration_seconds HTTP request latency in seconds.".to_owned());
    lines.push("# TYPE http_request_duration_seconds histogram".to_owned());
    for series in all_series() {
        let mut count = 0;
        for le in ["0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf"] {
            count += rng.u32(..5000);
            lines.push(format!("http_request_duration_seconds_bucket{{{series},le=\"{le}\"}} {count}"));
        }
        lines.push(format!("http_request_duration_seconds_sum{{{series}}} {}", f64::from(count) * rng.f64()));
        lines.push(format!("http_request_duration_seconds_count{{{series}}} {count}"));
    }
    lines.join("\n") + "\n"
}

fn all_series() -> impl Iterator<Item = String> {
    let routes = ["orders", "users", "carts", "items", "search", "sessions", "payments"];
    let routes =
        routes.into_iter().flat_map(|noun| ["{id}", "list", "bulk", "{id}/history"].map(|verb| format!("/api/v1/{noun}/{verb}")));
    routes.flat_map(|route| {
        ["GET", "POST"].into_iter().flat_map(move |method| {
            let route = route.clone();
            ["200", "404", "500"].map(move |status| {
                format!("route=\"{route}\",method=\"{method}\",status=\"{status}\",version=\"2.14.3-rc.1+build.88\"")
            })
        })
    })
}
