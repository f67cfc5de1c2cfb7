//! The program itself behind a real nginx under load: up the ladder step by step, back, and back by itself when the candidate breaks.

use std::{
    path::Path,
    process::{Output, Stdio},
};

use tokio::process::Command;

use super::nginx::{bed::Bed, load::Load};

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
