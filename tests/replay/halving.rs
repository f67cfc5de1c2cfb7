//! Polling twice as often must not change what is decided: every poll of the recordings is split in two, each request falling into one
//! half or the other by a seeded coin.

use std::{
    fs,
    io::{Read as _, Write as _},
    path::Path,
};

use flate2::read::MultiGzDecoder;
use serde_json::{Value, json};

use crate::agreement::{Decision, decisions, folder};

/// The recordings that are decided otherwise at twice the polls, from what to what.
///
/// `p017`: 1 338 requests are only just enough to promote; the evidence lies about its threshold. `p042`, `p055` (healthy, with errors in
/// clumps, and no history that would have told so): one clump fell into one poll, and one scrape never convicts; cut in two it is two bad
/// polls. Without history the noise of clumps is learnt late.
const CHANGED: [(&str, &str, &str); 3] =
    [("p017", "inconclusive", "promote"), ("p042", "inconclusive", "rollback"), ("p055", "promote", "rollback")];

/// A generator that is the same everywhere (`SplitMix64`).
struct Coins(u64);

impl Coins {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// How many of `n` coins fall heads.
    fn heads(&mut self, n: i64) -> i64 {
        let n = n.max(0);
        let whole: i64 = (0..n / 64).map(|_| i64::from(self.next().count_ones())).sum();
        let rest = self.next() & ((1 << (n % 64)) - 1);
        whole + i64::from(rest.count_ones())
    }
}

/// Totals may lie below zero: only their growth counts.
fn number(side: &Value, key: &str) -> i64 {
    side[key].as_i64().expect("a total")
}

fn counts(side: &Value) -> Vec<i64> {
    side["buckets"].as_array().expect("buckets").iter().map(|n| n.as_i64().expect("a total")).collect()
}

/// What one version showed half way between two polls.
fn between(before: &Value, after: &Value, coins: &mut Coins) -> Value {
    let is_up = |side: &Value| side["up"] == json!(true);
    if after["up"] == json!(false) {
        return json!({"up": false});
    }
    if !is_up(before) || !is_up(after) || number(after, "requests") < number(before, "requests") {
        return json!({"up": null});
    }
    let (mut earlier, mut later, mut half) = (0, 0, 0);
    let buckets: Vec<i64> = counts(before)
        .into_iter()
        .zip(counts(after))
        .map(|(b, a)| {
            let grown = (a - later) - (b - earlier);
            (earlier, later) = (b, a);
            half += coins.heads(grown);
            b + half
        })
        .collect();
    let errors = coins.heads(number(after, "errors") - number(before, "errors")).min(half);
    json!({"up": true, "requests": number(before, "requests") + half, "errors": number(before, "errors") + errors, "buckets": buckets})
}

fn halved(text: &str, coins: &mut Coins) -> String {
    let mut lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a line of JSON"));
    let mut header = lines.next().expect("a header");
    header["poll_s"] = json!(header["poll_s"].as_f64().expect("seconds") / 2.0);
    let mut out = vec![header];
    for poll in lines {
        if let Some(before) = out.last().filter(|line| line.get("t").is_some()) {
            let t = f64::midpoint(before["t"].as_f64().expect("seconds"), poll["t"].as_f64().expect("seconds"));
            let side = |name: &str, coins: &mut Coins| between(&before[name], &poll[name], coins);
            let half = json!({"t": t, "canary": side("canary", coins), "baseline": side("baseline", coins)});
            out.push(half);
        }
        out.push(poll);
    }
    out.iter().map(Value::to_string).collect::<Vec<_>>().join("\n")
}

fn split_all(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        let Some(name) = entry.file_name().and_then(|n| n.to_str()).and_then(|n| n.strip_suffix(".gz")) else { continue };
        let mut text = String::new();
        MultiGzDecoder::new(fs::File::open(&entry).expect("a trace")).read_to_string(&mut text).expect("text");
        let mut coins = Coins(7);
        fs::File::create(to.join(name)).expect("a file").write_all(halved(&text, &mut coins).as_bytes()).expect("written");
    }
}

#[test]
fn twice_the_polls_decide_the_same() {
    let split = tempfile::tempdir().expect("a folder");
    split_all(&folder("public"), split.path());
    let whole = decisions((1..=60).map(|i| folder("public").join(format!("p{i:03}.ndjson.gz"))));
    let halves = decisions((1..=60).map(|i| split.path().join(format!("p{i:03}.ndjson"))));
    let pairs = || whole.iter().zip(&halves);
    let is_same = |(one, half): &(&Decision, &Decision)| one.verdict == half.verdict;
    let changed: Vec<_> = pairs()
        .filter(|pair| !is_same(pair))
        .map(|(one, half)| (one.trace.as_str(), one.verdict.as_str(), half.verdict.as_str()))
        .collect();
    let moved: Vec<f64> = pairs().filter(is_same).map(|(one, half)| half.at_s - one.at_s).collect();
    let (later, earlier) = (moved.iter().filter(|s| **s > 0.0).count(), moved.iter().filter(|s| **s < 0.0).count());
    assert_eq!(changed, CHANGED);
    assert_eq!((moved.len(), earlier, later), (57, 19, 8), "decided the same, of them earlier, later");
}
