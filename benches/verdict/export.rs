//! Simulated windows as traces in the format 1, with their labels: for other engines and scorers.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::Path,
};

use rollwatch::{engine::verdict::Verdict, trace::line::Side};
use serde_json::{Value, json};

use super::{
    peers::{RULES, Said},
    series::Series,
    truth::Known,
};
use crate::simulator::{
    family::{HARDER, HEALTHY, NO_TRAFFIC, REGRESSED, Truth},
    play::{each, windows},
    window::{HISTORY_S, Terms, Window},
};

/// Writes `count` windows of all families into a folder, with their labels and what other tools' rules decide.
pub(crate) fn export(folder: &Path, count: usize, seed: u64, terms: Terms) -> io::Result<()> {
    fs::create_dir_all(folder.join("peers"))?;
    let families = [&HEALTHY[..], &HARDER, &REGRESSED, &[NO_TRAFFIC]].concat();
    let written = each(&windows(&families, count, seed, terms), |window| {
        let series = Series::of(window);
        let peers = RULES.map(|(_, rule)| decision(window, rule(&series)));
        write(&folder.join(format!("{}.ndjson", window.name())), window).map(|()| (label(window), peers))
    });
    let written = written.into_iter().collect::<io::Result<Vec<_>>>()?;
    lines(&folder.join("labels.ndjson"), written.iter().map(|(label, _)| label))?;
    for (nth, (name, _)) in RULES.iter().enumerate() {
        let words: Vec<&str> = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        lines(&folder.join(format!("peers/{}.ndjson", words.join("_"))), written.iter().map(|(_, peers)| &peers[nth]))?;
    }
    Ok(())
}

fn decision(window: &Window, (verdict, at_s): Said) -> Value {
    let verdict = match verdict {
        Verdict::Pass => "promote",
        Verdict::Fail => "rollback",
        Verdict::Inconclusive => "inconclusive",
    };
    json!({ "trace": window.name(), "verdict": verdict, "at_s": at_s })
}

fn lines<'a>(path: &Path, values: impl Iterator<Item = &'a Value>) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    for value in values {
        writeln!(file, "{value}")?;
    }
    file.flush()
}

fn write(path: &Path, window: &Window) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    writeln!(file, "{}", header(window))?;
    for poll in window.polls() {
        writeln!(file, "{}", json!({ "t": whole(poll.t), "canary": side(&poll.canary), "baseline": side(&poll.baseline) }))?;
    }
    file.flush()
}

fn header(window: &Window) -> Value {
    let header = &window.header;
    let mut line = json!({
        "format": header.format,
        "window_s": whole(header.window_s),
        "poll_s": whole(header.poll_s),
        "warmup_s": whole(header.warmup_s),
        "alpha": header.alpha,
        "le": header.le,
        "slo_error_rate": header.slo_error_rate,
        "slo_p99_s": header.slo_p99_s,
        "tol_error_abs": header.tol_error_abs,
        "tol_error_rel": header.tol_error_rel,
        "tol_p99_rel": header.tol_p99_rel,
        "planned_split": window.share,
    });
    if window.has_history {
        line["history_s"] = json!(whole(HISTORY_S));
    }
    if let Some(windows) = header.max_extend {
        line["max_extend"] = json!(windows);
    }
    line
}

fn side(side: &Side) -> Value {
    if side.up != Some(true) {
        return json!({ "up": side.up });
    }
    let buckets: Vec<i64> = side.buckets.iter().map(|n| whole(*n)).collect();
    json!({ "up": true, "requests": whole(side.requests), "errors": whole(side.errors), "buckets": buckets })
}

fn label(window: &Window) -> Value {
    let known = Known::of(window);
    let (expected, acceptable) = match known.truth {
        Truth::Healthy if known.is_promotable() => ("promote", vec!["promote", "inconclusive"]),
        Truth::Regressed if known.is_clear() => ("rollback", vec!["rollback"]),
        Truth::Regressed => ("rollback", vec!["rollback", "inconclusive"]),
        Truth::Healthy | Truth::NoData => ("inconclusive", vec!["inconclusive"]),
    };
    let bad: Vec<i64> = known.bad_until.iter().map(|bad| whole(*bad)).collect();
    json!({
        "trace": window.name(),
        "family": known.family,
        "truth": known.truth.word(),
        "expected": expected,
        "acceptable": acceptable,
        "onset_s": window.course.onset,
        "oracle_nats": known.nats.min(99.0),
        "window_s": window.header.window_s,
        "poll_s": window.header.poll_s,
        "canary_requests": whole(known.candidate_requests),
        "total_rps": window.rate,
        "split": window.share,
        "base_error": window.base_errors,
        "base_p99_s": window.p99_s,
        "bad_cum": bad,
    })
}

#[expect(clippy::cast_possible_truncation, reason = "counts and seconds")]
fn whole(number: f64) -> i64 {
    number.round() as i64
}
