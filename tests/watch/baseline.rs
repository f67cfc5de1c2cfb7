//! A baseline from another time: captured before the deploy, taken from an earlier watch, or none at all.

use std::{fs, path::PathBuf, process::Output};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::{
    program::{Home, Ran, json_lines},
    service::{Counts, Service, pair},
    terminal::Terminal,
    wait::wait_for,
};

/// A configuration for the versions `old` and `new`, each with a page where there is a service.
fn config(old: (&str, Option<&Service>), new: (&str, Option<&Service>), mode: &str) -> String {
    let pages = |service: Option<&Service>| service.map(|s| format!("metrics = [\"{}\"]\n", s.url())).unwrap_or_default();
    format!(
        "[deployment]\nname = \"api\"\n[baseline]\nversion = \"{}\"\n{}[candidate]\nversion = \"{}\"\n{}\
         [policy]\nbaseline = \"{mode}\"\npoll = \"100ms\"\nwindow = \"4s\"\nwarmup = \"500ms\"\n\
         [notify]\ndesktop = false\nterminal = false\n",
        old.0,
        pages(old.1),
        new.0,
        pages(new.1),
    )
}

fn watch(home: &Home, config: &str, more: &[&str]) -> Ran {
    let path = home.write("rollwatch.toml", config);
    let path = path.to_str().expect("UTF-8");
    home.run(&[&["watch", "--headless", "--format", "jsonl", "-c", path], more].concat())
}

fn capture(home: &Home, config: &str, span: &str) -> Ran {
    let path = home.write("capture.toml", config);
    home.run(&["baseline", "capture", "-c", path.to_str().expect("UTF-8"), "--for", span])
}

fn show(home: &Home, config: &str) -> Ran {
    let path = home.write("show.toml", config);
    home.run(&["baseline", "show", "-c", path.to_str().expect("UTF-8")])
}

fn events<'v>(lines: &'v [Value], event: &str) -> Vec<&'v Value> {
    lines.iter().filter(|line| line["event"] == event).collect()
}

fn notes(lines: &[Value]) -> Vec<String> {
    events(lines, "note").iter().map(|note| note["sentence"].as_str().expect("text").to_owned()).collect()
}

pub(crate) fn assert_replays(home: &Home, journal: &PathBuf) {
    let replay = home.run(&["replay", "--headless", "--format", "jsonl", journal.to_str().expect("UTF-8")]);
    assert_eq!((replay.code, replay.err.as_str()), (0, ""), "the replay judges alike");
    let judged = |text: &str| -> Vec<Value> {
        let mut lines = json_lines(text);
        lines.retain(|line| ["check", "verdict"].contains(&line["event"].as_str().unwrap_or_default()));
        for line in &mut lines {
            let line = line.as_object_mut().expect("an object");
            line.retain(|key, _| key != "crc" && key != "seq");
        }
        lines
    };
    let recorded = judged(&fs::read_to_string(journal).expect("a journal"));
    assert!(!recorded.is_empty());
    assert_eq!(recorded, judged(&replay.out));
}

#[test]
fn what_was_captured_before_stands_in_for_the_baseline_and_only_warns() {
    let home = Home::new();
    let (old, new) = pair(true);
    let captured = capture(&home, &config(("v1", Some(&old)), ("v2", None), "before"), "4500ms");
    assert_eq!(captured.code, 0, "{captured:?}");
    assert!(captured.out.starts_with("Captured 5 s (45 polls, 13 500 requests) of v1."), "{}", captured.out);
    assert!(captured.err.contains("captured"), "{}", captured.err);
    drop(old);
    let plan = config(("v1", None), ("v2", Some(&new)), "before");
    let shown = show(&home, &plan);
    assert_eq!(shown.code, 0, "{shown:?}");
    for part in [
        "version        v1\n",
        "requests       13 500\n",
        "error rate     0.33 %\n",
        "46 polls, one every 100 ms",
        "yes, in the baseline's place",
    ] {
        assert!(shown.out.contains(part), "{part}: {}", shown.out);
    }
    let ran = watch(&home, &plan, &[]);
    assert_eq!(ran.code, 20, "{ran:?}");
    let lines = json_lines(&ran.out);
    assert_eq!(events(&lines, "watch.started")[0]["policy"]["baseline"], "before");
    assert!(
        lines.iter().any(|l| l["event"] == "sample" && l["role"] == "baseline" && l["version"] == "v1" && l["requests"] == 300.0)
    );
    let verdicts = events(&lines, "verdict");
    let alarm = verdicts[0];
    assert_eq!((&alarm["verdict"], &alarm["baseline_mode"]), (&Value::from("inconclusive"), &Value::from("before")), "{alarm}");
    assert!(alarm["sentence"].as_str().expect("text").contains("convicts nobody by itself"), "{alarm}");
    assert!(alarm["baseline"].as_str().expect("text").starts_with("captured "), "{alarm}");
    assert!(alarm["ages_s"]["candidate"].as_f64().is_some_and(|age| age > 1e6), "{alarm}");
    assert!(notes(&lines).iter().any(|note| note.contains("only with --auto-rollback")), "{:?}", notes(&lines));
    assert_replays(&home, &home.journal());
}

#[test]
fn a_first_deployment_never_passes_and_the_next_is_compared_with_its_watch() {
    let home = Home::new();
    let (old, good) = pair(false);
    let first = watch(&home, &config(("v0", None), ("v1", Some(&good)), "previous"), &[]);
    let lines = json_lines(&first.out);
    assert_eq!(first.code, 20, "{first:?}");
    assert!(
        notes(&lines).iter().any(|n| n.starts_with("There is no good watch of v0") && n.contains("cannot pass")),
        "{:?}",
        notes(&lines)
    );
    assert_eq!(events(&lines, "verdict")[0]["baseline_mode"], "static");
    assert!(events(&lines, "sample").iter().all(|sample| sample["role"] == "candidate"));

    let passed = watch(&home, &config(("v0", Some(&old)), ("v1", Some(&good)), "concurrent"), &[]);
    assert_eq!(passed.code, 0, "{passed:?}");
    let (_, bad) = pair(true);
    let next = watch(&home, &config(("v1", None), ("v2", Some(&bad)), "previous"), &[]);
    let lines = json_lines(&next.out);
    assert_eq!(next.code, 20, "{next:?}");
    let verdict = events(&lines, "verdict")[0];
    assert_eq!(
        (&verdict["baseline_mode"], &verdict["verdict"]),
        (&Value::from("previous"), &Value::from("inconclusive")),
        "{verdict}"
    );
    assert!(verdict["baseline"].as_str().expect("text").starts_with("v1's own watch"), "{verdict}");
    assert!(
        lines.iter().any(|l| l["event"] == "sample" && l["role"] == "baseline" && l["version"] == "v1" && l["requests"] == 100.0)
    );
    let journals = home.journals();
    assert_eq!(journals.len(), 3);
    let newest = journals.iter().find(|path| path.to_string_lossy().contains("v2")).expect("of v2");
    assert_replays(&home, newest);
}

#[test]
fn a_fresh_capture_is_the_history_of_a_concurrent_watch() {
    let home = Home::new();
    let (old, new) = pair(false);
    let plan = config(("v1", Some(&old)), ("v2", Some(&new)), "concurrent");
    assert_eq!(capture(&home, &plan, "2s").code, 0);
    assert!(show(&home, &plan).out.contains("yes, as what the baseline did before the watch"));
    let ran = watch(&home, &plan, &[]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let lines = json_lines(&ran.out);
    let history: Vec<_> = events(&lines, "poll").into_iter().filter(|poll| poll["history"] == true).collect();
    assert_eq!(history.len(), 21);
    assert!(notes(&lines).iter().any(|note| note.starts_with("v1 is known from before this watch: 2 s")), "{:?}", notes(&lines));
    assert_replays(&home, &home.journal());
    let slower = plan.replace("100ms", "200ms");
    assert!(show(&home, &slower).out.contains("no: it was polled every 100 ms, and the watch polls every 200 ms"));
    assert!(!watch(&home, &slower, &[]).out.contains("\"history\":true"));
}

#[test]
fn without_any_baseline_the_limits_are_all_there_is() {
    let home = Home::new();
    let bad = Service::start(Counts { ok: 70, failed: 30, has_series: true });
    let ran = watch(&home, &config(("v1", None), ("v2", Some(&bad)), "static"), &[]);
    // A conviction takes 15 bad seconds, and this window is shorter.
    assert_eq!(ran.code, 20, "{}", ran.err);
    let lines = json_lines(&ran.out);
    let verdict = events(&lines, "verdict")[0];
    assert_eq!((&verdict["baseline"], &verdict["ages_s"]["baseline"]), (&Value::from("none: fixed limits"), &Value::Null));
    assert!(verdict["evidence_nats"].as_f64().is_some_and(|nats| nats > 0.1), "{verdict}");
    let is_warned = |l: &&Value| l["event"] == "check" && l["check"] == "errors" && l["verdict"] == "warn";
    let warned = lines.iter().find(is_warned).expect("over the limit");
    assert!(warned["sentence"].as_str().expect("text").starts_with("v2 fails 30.00 % of requests, 1 % is the limit"), "{warned}");
    assert_replays(&home, &home.journal());
}

#[test]
fn what_cannot_be_done_says_why_and_what_to_do() {
    let home = Home::new();
    let (old, new) = pair(false);
    let before = config(("v1", None), ("v2", Some(&new)), "before");
    let missing = watch(&home, &before, &[]);
    assert_eq!(missing.code, 2);
    assert!(
        missing.err.contains("no baseline of api was captured") && missing.err.contains("rollwatch baseline capture"),
        "{}",
        missing.err
    );
    let shown = show(&home, &before);
    assert!(shown.code == 2 && shown.err.contains("no baseline of api was captured"), "{shown:?}");
    let nothing = capture(&home, &before, "1s");
    assert!(nothing.code == 2 && nothing.err.contains("baseline has no metrics page"), "{nothing:?}");
    let short = capture(&home, &config(("v1", Some(&old)), ("v2", None), "before"), "900ms");
    assert!(short.code == 2 && short.err.contains("--for 900ms is too short for 10 polls, one every 100ms"), "{}", short.err);
    let wrong = watch(&home, &before.replace("\"before\"", "\"yesterday\""), &[]);
    assert!(wrong.code == 2 && wrong.err.contains("policy.baseline") && wrong.err.contains("concurrent"), "{}", wrong.err);
    let never = watch(&home, &before, &["--auto-promote"]);
    assert_eq!(never.code, 2);
    assert_eq!(capture(&home, &config(("v0", Some(&old)), ("v2", None), "before"), "1500ms").code, 0);
    let other = watch(&home, &before, &[]);
    assert!(other.code == 2 && other.err.contains("it is of v0, and the baseline is v1"), "{}", other.err);
    let promote = watch(&home, &before.replace("v1", "v0"), &["--auto-promote"]);
    assert!(promote.code == 2 && promote.err.contains("nothing can pass"), "{}", promote.err);
}

#[test]
fn progress_is_one_line_on_a_narrow_terminal() {
    let home = Home::new();
    let closed =
        "[baseline]\nmetrics = [\"http://127.0.0.1:1/metrics\"]\n[policy]\npoll = \"100ms\"\nwindow = \"4s\"\nwarmup = \"500ms\"\n";
    home.write("rollwatch.toml", closed);
    let terminal = Terminal::of(home, 50, 12, &["baseline", "capture", "-c", "rollwatch.toml", "--for", "1h"]);
    terminal.shows("captured 1 s of 1h");
    let screen = terminal.contents();
    assert_eq!((screen.matches("captured").count(), screen.trim_end().ends_with('…')), (1, true), "{screen}");
}

/// Sends Ctrl-C to a capture once it has written so many polls, and waits for its end.
fn interrupt(home: &Home, config: &str, polls: usize) -> Output {
    let path = home.write("interrupted.toml", config);
    let path = path.to_str().expect("UTF-8");
    let capture = home.command(&["baseline", "capture", "-c", path, "--for", "1h"]).spawn().expect("starts");
    let folder = home.path(".local/state/rollwatch/baselines");
    let part = || fs::read_dir(&folder).ok()?.flatten().map(|e| e.path()).find(|p| p.extension().is_some_and(|x| x == "part"));
    let written = || Some(fs::read_to_string(part()?).ok()?.matches("\"event\":\"poll\"").count());
    wait_for(|| written().filter(|n| *n >= polls));
    let pid = Pid::from_raw(capture.id().cast_signed()).expect("a process");
    kill_process(pid, Signal::INT).expect("sent");
    capture.wait_with_output().expect("ends")
}

#[test]
fn a_stopped_capture_keeps_what_is_worth_it_and_never_replaces_a_good_one_with_nothing() {
    let home = Home::new();
    let (old, _) = pair(false);
    let plan = config(("v1", Some(&old)), ("v2", None), "before");
    let stopped = Ran::from(interrupt(&home, &plan, 20));
    assert_eq!(stopped.code, 0, "{stopped:?}");
    assert!(stopped.out.starts_with("Stopped early; kept "), "{}", stopped.out);
    let good = show(&home, &plan).out;
    let file = || {
        fs::read_dir(home.path(".local/state/rollwatch/baselines")).expect("there").flatten().map(|e| e.path()).collect::<Vec<_>>()
    };
    let before = file();
    let short = Ran::from(interrupt(&home, &plan, 1));
    assert_eq!(short.code, 130, "{short:?}");
    assert!(
        short.out.starts_with("Nothing was kept") && short.out.contains("The baseline captured before stays."),
        "{}",
        short.out
    );
    assert_eq!(file(), before);
    let first_lines = |text: &str| {
        text.lines()
            .filter(|line| line.starts_with("requests") || line.starts_with("length"))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(first_lines(&show(&home, &plan).out), first_lines(&good));
    let silent = Service::start(Counts { ok: 0, failed: 0, has_series: false });
    let empty = capture(&home, &config(("v1", Some(&silent)), ("v2", None), "before"), "1100ms");
    assert_eq!(empty.code, 20, "{empty:?}");
    assert!(home.run(&["journals"]).out.contains("No watch has been recorded"));
}

#[test]
fn a_watch_that_goes_on_uses_the_rest_of_its_recording() {
    let home = Home::new();
    let (old, new) = pair(false);
    let plan = config(("v1", Some(&old)), ("v2", Some(&new)), "before");
    assert_eq!(capture(&home, &plan, "4500ms").code, 0);
    let path = home.write("rollwatch.toml", &plan);
    let path = path.to_str().expect("UTF-8");
    let mut first = home.command(&["watch", "--headless", "-c", path]).spawn().expect("starts");
    let polls = || Some(fs::read_to_string(home.journals().first()?).ok()?.matches("\"event\":\"poll\"").count());
    wait_for(|| polls().filter(|n| *n >= 8));
    first.kill().expect("killed");
    first.wait().expect("gone");
    let second = home.run(&["watch", "--headless", "-c", path, "--resume"]);
    assert_eq!(second.code, 20, "{second:?}");
    assert!(!second.out.contains("is gone"), "{}", second.out);
    let journal = fs::read_to_string(home.journal()).expect("a journal");
    let baseline: Vec<Value> =
        json_lines(&journal).into_iter().filter(|l| l["event"] == "sample" && l["role"] == "baseline").collect();
    assert_eq!(baseline.iter().filter(|sample| sample["reference"] == true).count(), 1);
    let requests: f64 = baseline.iter().filter_map(|sample| sample["requests"].as_f64()).sum();
    // What lay between the two runs was not seen, and no recorded poll was used twice.
    assert!(requests > 300.0 * 30.0 && requests <= 300.0 * 45.0, "{requests}");
}
