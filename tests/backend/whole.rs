//! The program itself behind a real nginx under load: up the ladder step by step, back, and back by itself when the candidate breaks.

use std::{
    path::Path,
    process::{Output, Stdio},
    time::Duration,
};

use rollwatch::{backend::ladder::Plan, engine::strategy::Kind};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};

use super::{
    nginx::{bed::Bed, load::Load},
    support::until,
};

async fn rollwatch(config: &Path, arguments: &[&str]) -> Output {
    let home = config.parent().expect("a folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_rollwatch"));
    command
        .args(arguments)
        .arg("-c")
        .arg(config)
        .env_clear()
        .env("PATH", "/usr/bin:/bin:/usr/sbin")
        .env("HOME", home)
        .env("USER", "ana");
    command.stdin(Stdio::null()).output().await.expect("the program runs")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn up_the_ladder_and_back_and_no_request_fails_by_us() {
    let Some(bed) = Bed::start(0.0).await else { return };
    let config = bed.program_config();
    let load = Load::start(bed.address);
    for share in ["weight=19", "weight=3", "weight=1", "weight=3", "down"] {
        let ran = rollwatch(&config, &["promote", "--yes", "--reason", "climbing in a test"]).await;
        assert_eq!(ran.status.code(), Some(0), "{}", said(&ran));
        assert!(said(&ran).contains("Seen to work"), "{}", said(&ran));
        assert!(bed.upstream_file().contains(share), "{share}: {}", bed.upstream_file());
    }
    let back = rollwatch(&config, &["rollback", "--yes", "--to", "v2.4.0"]).await;
    assert_eq!(back.status.code(), Some(0), "{}", said(&back));
    let hits = bed.candidate.hits();
    load.goes_on().await;
    assert_eq!(bed.candidate.hits(), hits, "the candidate is still asked");
    let done = load.stop().await;
    assert!(done.failed.is_empty() && done.answered > 100, "{} answered, {:?}", done.answered, done.failed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_candidate_that_breaks_is_rolled_back_by_itself() {
    let Some(bed) = Bed::start(0.5).await else { return };
    let config = bed.program_config();
    let load = Load::start(bed.address);
    bed.candidate.break_it();
    let ran = rollwatch(&config, &["watch", "--headless", "--auto-rollback"]).await;
    assert_eq!(ran.status.code(), Some(11), "{}", said(&ran));
    let hits = bed.candidate.hits();
    load.goes_on().await;
    assert_eq!(bed.candidate.hits(), hits, "the candidate is still asked");
    let done = load.stop().await;
    assert!(done.failed.is_empty(), "{:?}", done.failed);
}

fn watching(config: &Path) -> Child {
    let home = config.parent().expect("a folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_rollwatch"));
    let arguments = ["watch", "--headless", "--auto-promote", "--auto-rollback", "--format", "jsonl", "-c"];
    command.args(arguments).arg(config).env_clear().env("PATH", "/usr/bin:/bin:/usr/sbin").env("HOME", home).env("USER", "ana");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true).spawn().expect("the program runs")
}

/// Waits until a watch tells that it has come to the step with that weight.
async fn until_step(watch: &mut Child, weight: f64) {
    let mut lines = BufReader::new(watch.stdout.take().expect("it is read here")).lines();
    let is_it = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
        line["event"] == "step" && line["weight"] == weight
    };
    let told = async { while !is_it(&lines.next_line().await.expect("text").expect("it goes on")) {} };
    tokio::time::timeout(Duration::from_secs(30), told).await.expect("the step is told");
}

/// 5 %, 25 %, bad at 50 %: rolled back by itself, although the first watch was killed in the middle of the second step.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_canary_that_turns_bad_half_way_up_is_rolled_back_even_by_a_watch_that_was_killed_in_between() {
    let plan = Plan { steps: vec![0.05, 0.25, 0.5, 1.0], ..super::nginx::plan() };
    let Some(bed) = Bed::start_with(0.05, 1, &plan).await else { return };
    let config = bed.program_config_of("window = \"3s\"\nmax_window = \"60s\"", "weights = [\"5%\", \"25%\", \"50%\", \"100%\"]");
    let load = Load::each(Duration::from_millis(1), bed.address);
    let mut first = watching(&config);
    until_step(&mut first, 0.25).await;
    tokio::time::sleep(Duration::from_millis(600)).await;
    first.kill().await.expect("killed");

    let going_on = {
        let config = config.clone();
        tokio::spawn(async move {
            let report = config.with_file_name("report.md");
            let report = report.to_str().expect("UTF-8");
            let acts = ["--auto-promote", "--auto-rollback", "--resume", "--format", "jsonl", "--markdown", report];
            rollwatch(&config, &[&["watch", "--headless"], &acts[..]].concat()).await
        })
    };
    until("half of the traffic", || async {
        let text = bed.upstream_file();
        (text.matches("weight=1").count() == 2 && !text.contains("weight=19")).then_some(()).ok_or(text)
    })
    .await;
    bed.candidate.break_it();
    let ran = going_on.await.expect("not cancelled");
    assert_eq!(ran.status.code(), Some(11), "{}", said(&ran));
    let weights: Vec<f64> = said(&ran)
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|line| line["event"] == "step")
        .filter_map(|line| line["weight"].as_f64())
        .collect();
    assert_eq!(weights, [0.5], "it went on in the second step");
    let report = std::fs::read_to_string(config.with_file_name("report.md")).expect("a report");
    for step in ["| 1 of 4 | 5 % |", "| 2 of 4 | 25 % |", "| 3 of 4 | 50 % |"] {
        assert!(report.contains(step), "{step} is not in\n{report}");
    }
    let hits = bed.candidate.hits();
    load.goes_on().await;
    assert_eq!(bed.candidate.hits(), hits, "the candidate is still asked");
    let done = load.stop().await;
    assert!(done.failed.is_empty(), "{:?}", done.failed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn blue_green_switches_after_its_smoke_checks_and_bakes() {
    let plan = Plan { steps: vec![1.0], strategy: Kind::BlueGreen, ..super::nginx::plan() };
    let Some(bed) = Bed::start_with(0.0, 1, &plan).await else { return };
    let steps = "strategy = \"blue-green\"\nsmoke = \"2s\"\nbake = \"4s\"";
    let config = bed.program_config_of("window = \"3s\"", steps);
    let load = Load::start(bed.address);
    let ran = rollwatch(&config, &["watch", "--headless", "--auto-promote", "--auto-rollback"]).await;
    assert_eq!(ran.status.code(), Some(0), "{}", said(&ran));
    assert!(said(&ran).contains("passed its smoke checks") && said(&ran).contains("kept its limits for"), "{}", said(&ran));
    let hits = bed.baseline.hits();
    load.goes_on().await;
    assert_eq!(bed.baseline.hits(), hits, "the old version still serves");

    let back = rollwatch(&config, &["rollback", "--yes"]).await;
    assert_eq!(back.status.code(), Some(0), "{}", said(&back));
    let hits = bed.candidate.hits();
    load.goes_on().await;
    assert_eq!(bed.candidate.hits(), hits, "the new version still serves");
    let done = load.stop().await;
    assert!(done.failed.is_empty(), "{:?}", done.failed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn blue_green_switches_back_by_itself_when_the_new_version_breaks() {
    let plan = Plan { steps: vec![1.0], strategy: Kind::BlueGreen, ..super::nginx::plan() };
    let Some(bed) = Bed::start_with(0.0, 1, &plan).await else { return };
    let steps = "strategy = \"blue-green\"\nsmoke = \"1s\"\nbake = \"60s\"";
    let config = bed.program_config_of("window = \"3s\"", steps);
    let load = Load::start(bed.address);
    bed.candidate.break_it();
    let ran = rollwatch(&config, &["watch", "--headless", "--auto-promote", "--auto-rollback"]).await;
    assert_eq!(ran.status.code(), Some(11), "{}", said(&ran));
    let done = load.stop().await;
    assert!(done.failed.is_empty(), "{:?}", done.failed);
}
