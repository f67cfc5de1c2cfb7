//! The pages that the demo's services serve.

use super::{
    service::{BOUNDS_MS, Service},
    world::World,
};
use crate::engine::role::Role;

/// The readiness page.
pub const READY: &str = r#"{"status":"ready","checks":{"database":"connected","cache":"connected","migrations":"current"}}"#;
/// The liveness page.
pub const LIVE: &str = r#"{"status":"alive"}"#;

/// The metrics page of one version, in the Prometheus text format 0.0.4.
#[must_use]
pub fn metrics(world: &World, role: Role) -> String {
    // The baseline has been running for three days, the candidate for a few seconds when the watch begins.
    let age_s = if role == Role::Baseline { 273_600.0 } else { 20.0 };
    let started = world.started.ms() as f64 / 1000.0 - age_s;
    let process = format!(
        "# HELP process_start_time_seconds Start time of the process since the Unix epoch.\n\
         # TYPE process_start_time_seconds gauge\nprocess_start_time_seconds {started}\n"
    );
    if !world.scenario.has_series(role) {
        return process;
    }
    let service = world.services.of(role);
    [process, requests(service), latencies(service)].concat()
}

fn requests(service: &Service) -> String {
    let (ok, failed) = (service.ok, service.failed);
    format!(
        "# HELP http_requests_total Finished requests.\n# TYPE http_requests_total counter\n\
         http_requests_total{{status=\"200\"}} {ok}\nhttp_requests_total{{status=\"500\"}} {failed}\n"
    )
}

fn latencies(service: &Service) -> String {
    let mut below = 0;
    let buckets: Vec<String> = BOUNDS_MS
        .iter()
        .map(|ms| (ms / 1000.0).to_string())
        .chain(["+Inf".to_owned()])
        .zip(service.buckets)
        .map(|(le, count)| {
            below += count;
            format!("http_request_duration_seconds_bucket{{le=\"{le}\"}} {below}\n")
        })
        .collect();
    format!(
        "# HELP http_request_duration_seconds Time to answer.\n# TYPE http_request_duration_seconds histogram\n{}\
         http_request_duration_seconds_sum {}\nhttp_request_duration_seconds_count {below}\n",
        buckets.concat(),
        service.sum_ms / 1000.0
    )
}
