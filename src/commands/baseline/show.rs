//! `baseline show`: what was captured, and whether a watch would use it now.

use super::{captured, key, store};
use crate::{
    baseline::Recording,
    commands::{Edge, print},
    config::Loaded,
    engine::{
        policy::{BaselineMode, Policy},
        stats::quantile::quantile,
        time::Time,
    },
    exit::{Failure, code},
    humanize,
    runtime::clock::wall_clock,
};

/// `version` is the baseline now, or why that is not known.
pub(super) fn run(edge: &Edge, loaded: &Loaded, version: Result<String, String>) -> Result<u8, Failure> {
    let (store, key, now) = (store(edge)?, key(edge, &loaded.file), wall_clock());
    let found = captured(&store, &key).map_err(|why| Failure::usage(why, "run `rollwatch baseline capture` again"))?;
    let Some(recording) = found else {
        return Err(Failure::usage(
            format!("no baseline of {key} was captured"),
            "run `rollwatch baseline capture` before the deploy",
        ));
    };
    let used = match version {
        Ok(version) => used(&recording, &loaded.policy, &version, now),
        Err(why) => format!("not known: {why}"),
    };
    let rows = [
        ("deployment", key),
        ("version", recording.version.clone()),
        ("captured", when(&recording, now)),
        ("length", length(&recording)),
        ("requests", humanize::count(recording.sum().requests)),
        ("error rate", recording.sum().error_rate().map_or_else(|| "not known".to_owned(), humanize::rate)),
        ("p50, p95, p99", latencies(&recording)),
        ("used now", used),
    ];
    print(&rows.map(|(word, value)| format!("{word:15}{value}\n")).concat())?;
    Ok(code::OK)
}

fn when(recording: &Recording, now: Time) -> String {
    format!("{} (UTC), {} ago", humanize::date_time(recording.at), humanize::duration(now.since(recording.at)))
}

fn length(recording: &Recording) -> String {
    let polls = humanize::plural(recording.polls().len() as f64, "poll", "polls");
    let every = humanize::duration(std::time::Duration::from_secs_f64(recording.poll_s));
    format!("{}: {polls}, one every {every}", humanize::duration(recording.span()))
}

fn latencies(recording: &Recording) -> String {
    let Some(buckets) = recording.sum().buckets.filter(|b| b.total() > 0.0) else { return "not known".to_owned() };
    let word = |q| match quantile(&buckets, q) {
        Some(ms) if ms.is_finite() => humanize::latency(ms),
        Some(_) => "beyond the last bucket".to_owned(),
        None => "not known".to_owned(),
    };
    [0.5, 0.95, 0.99].map(word).join(", ")
}

/// What a watch that began now would make of it.
fn used(recording: &Recording, policy: &Policy, version: &str, now: Time) -> String {
    let mode = policy.baseline.word();
    let answer = match policy.baseline {
        BaselineMode::Concurrent => {
            recording.is_history(version, policy.poll_s, now).map(|()| "as what the baseline did before the watch".to_owned())
        }
        BaselineMode::Before => recording.stands_in(version, policy.poll_s).map(|()| {
            let old = recording.age_warning(now).map(|why| format!(", but {why}")).unwrap_or_default();
            format!("in the baseline's place{old}")
        }),
        BaselineMode::Previous | BaselineMode::Static => Err("this mode needs no captured baseline".to_owned()),
    };
    match answer {
        Ok(how) => format!("yes, {how} (policy.baseline = \"{mode}\")"),
        Err(why) => format!("no: {why} (policy.baseline = \"{mode}\")"),
    }
}
