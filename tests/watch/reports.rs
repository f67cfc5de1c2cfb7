//! `--junit`, `--markdown`, `--github` and `report`: whatever the end of a run, what it leaves is what its journal tells later.

use std::{fs, os::unix::fs::PermissionsExt as _, process::Command};

use rustix::process::{Pid, Signal, kill_process};

use crate::{
    acting::Scripted,
    program::{Home, Ran},
    service::pair,
    wait::wait_for,
};

const ALL: [&str; 5] = ["--junit", "junit.xml", "--markdown", "report.md", "--github"];

/// The program in a step of GitHub Actions.
fn in_actions(home: &Home, arguments: &[&str]) -> Command {
    let mut command = home.command(arguments);
    command.env("GITHUB_STEP_SUMMARY", home.path("summary.md")).env("GITHUB_SERVER_URL", "https://github.com");
    command.env("GITHUB_REPOSITORY", "acme/api").env("GITHUB_RUN_ID", "42");
    command
}

fn run(home: &Home, arguments: &[&str]) -> Ran {
    Ran::from(in_actions(home, arguments).output().expect("the program starts"))
}

fn read(home: &Home, name: &str) -> String {
    fs::read_to_string(home.path(name)).expect(name)
}

/// What the run left behind is what `report` says of its journal, in both forms.
fn assert_same_as_journal(home: &Home) {
    let journal = home.journal();
    let journal = journal.to_str().expect("UTF-8");
    let said = |format: &str| run(home, &["report", journal, "--format", format]);
    let markdown = said("markdown");
    assert_eq!((markdown.code, markdown.err.as_str()), (0, ""));
    assert_eq!(read(home, "report.md"), markdown.out);
    assert_eq!(read(home, "summary.md"), markdown.out);
    assert_eq!(read(home, "junit.xml"), said("junit").out);
    let left: Vec<_> = fs::read_dir(home.path("")).expect("a folder").flatten().map(|entry| entry.file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().ends_with(".part")), "{left:?}");
}

fn demo(scenario: &str, more: &[&str]) -> (Home, Ran) {
    let home = Home::new();
    let arguments = [&["demo", "--headless", "--speed", "600", "--scenario", scenario][..], more, &ALL].concat();
    let ran = run(&home, &arguments);
    (home, ran)
}

#[test]
fn whatever_the_end_the_report_is_what_the_journal_tells() {
    for (scenario, flag, code, said) in [
        ("bad-errors", "--auto-rollback", 11, "**Verdict fail: rolled back, exit code 11.**"),
        ("bad-errors", "--yes", 10, "**Verdict fail: nothing was done, exit code 10.**"),
        ("good", "--auto-promote", 0, "**Verdict pass: promoted, exit code 0.**"),
        ("rollback-fails", "--auto-rollback", 12, "**Verdict fail: the rollback failed or was not seen to work, exit code 12.**"),
        ("no-traffic", "--auto-rollback", 20, "**Verdict inconclusive: nothing was done, exit code 20.**"),
        ("provider-down", "--auto-rollback", 22, "**Verdict inconclusive: nothing was done, exit code 22.**"),
    ] {
        let (home, ran) = demo(scenario, &[flag]);
        assert_eq!(ran.code, code, "{scenario}: {ran:?}");
        assert_same_as_journal(&home);
        let report = read(&home, "report.md");
        assert!(report.contains(said), "{scenario}: {report}");
        assert!(report.contains("- run: <https://github.com/acme/api/actions/runs/42>"), "{report}");
    }
}

#[test]
fn a_ladder_is_told_step_by_step() {
    let (home, ran) = demo("good", &["--ladder", "--auto-promote"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_same_as_journal(&home);
    let report = read(&home, "report.md");
    for step in ["| 1 of 5 | 5 % |", "| 2 of 5 | 25 % |", "| 3 of 5 | 50 % |", "| 4 of 5 | 75 % |"] {
        assert!(report.contains(step), "{step} is not in\n{report}");
    }
    assert!(report.matches("| promote to v2.5.0 (").count() >= 4, "{report}");
}

#[test]
fn annotations_go_to_stderr_and_stdout_stays_data() {
    let (_, ran) = demo("bad-errors", &["--auto-rollback", "--format", "jsonl"]);
    assert!(ran.out.lines().all(|line| line.starts_with('{')), "{}", ran.out);
    let annotations: Vec<&str> = ran.err.lines().collect();
    assert!(
        annotations[0].starts_with("::error title=demo%3A v2.5.0 against v2.4.0::All traffic is on v2.4.0 again"),
        "{}",
        ran.err
    );
    assert!(annotations[1].starts_with("::error title=demo%3A errors fail::v2.5.0 fails"), "{}", ran.err);
    let (_, ran) = demo("bad-errors", &["--auto-rollback"]);
    assert!(ran.out.ends_with("END  exit code 11: rolled back\n"), "{}", ran.out);
}

#[test]
fn a_time_limit_and_an_interrupt_leave_a_report_too() {
    let home = Home::new();
    let ran = run(&home, &[&["demo", "--headless", "--scenario", "good", "--timeout", "1s"][..], &ALL].concat());
    assert_eq!(ran.code, 124, "{ran:?}");
    assert_same_as_journal(&home);
    let home = Home::new();
    let running = in_actions(&home, &[&["demo", "--headless", "--scenario", "good"][..], &ALL].concat()).spawn().expect("starts");
    let text = || Some(fs::read_to_string(home.journals().first()?).ok()?.contains("\"poll\""));
    wait_for(|| text().filter(|has_poll| *has_poll));
    kill_process(Pid::from_raw(running.id().cast_signed()).expect("a process"), Signal::INT).expect("sent");
    let ran = Ran::from(running.wait_with_output().expect("ends"));
    assert_eq!(ran.code, 130, "{ran:?}");
    assert_same_as_journal(&home);
    assert!(read(&home, "report.md").contains("**Verdict inconclusive: interrupted, exit code 130.**"));
}

/// The second signal leaves an action behind that nobody has seen the end of: the report says so.
#[test]
fn a_watch_that_is_left_at_once_is_reported_as_not_finished() {
    let (baseline, candidate) = pair(true);
    let scripted = Scripted::new();
    scripted.config(&baseline, &candidate);
    scripted.script(
        "before-set",
        "#!/bin/sh\ntouch reached; i=0; while [ ! -e go ] && [ $i -lt 100 ]; do sleep 0.1; i=$((i+1)); done\n",
    );
    let home = &scripted.home;
    let arguments = ["watch", "-c", "rollwatch.toml", "--auto-rollback", "--markdown", "report.md", "--junit", "junit.xml"];
    let running = in_actions(home, &arguments).spawn().expect("starts");
    let pid = Pid::from_raw(running.id().cast_signed()).expect("a process");
    wait_for(|| home.path("reached").exists().then_some(()));
    kill_process(pid, Signal::INT).expect("sent");
    wait_for(|| fs::read_to_string(home.journal()).ok().filter(|text| text.contains("Asked to stop")));
    kill_process(pid, Signal::INT).expect("sent");
    let ran = Ran::from(running.wait_with_output().expect("ends"));
    home.write("go", "");
    assert_eq!(ran.code, 130, "{ran:?}");
    let report = read(home, "report.md");
    assert!(report.contains("**Not finished.**") && report.contains("| – | no end is recorded |"), "{report}");
    assert!(read(home, "junit.xml").contains("<error type=\"unfinished\""));
}

#[test]
fn a_watch_that_was_gone_on_with_is_reported_whole() {
    let (baseline, candidate) = pair(false);
    let scripted = Scripted::new();
    scripted.config(&baseline, &candidate);
    let home = &scripted.home;
    let mut first = home.command(&["watch", "-c", "rollwatch.toml"]).spawn().expect("starts");
    let text = || fs::read_to_string(home.journals().first()?).ok();
    wait_for(|| text().filter(|text| text.matches("\"event\":\"poll\"").count() >= 3));
    first.kill().expect("killed");
    first.wait().expect("gone");
    let ran = run(home, &[&["watch", "-c", "rollwatch.toml", "--resume", "--timeout", "500ms"][..], &ALL].concat());
    assert_eq!(ran.code, 124, "{ran:?}");
    assert_same_as_journal(home);
    assert!(read(home, "report.md").contains("Watching again"));
}

#[test]
fn a_report_that_cannot_be_written_is_refused_before_the_watch() {
    let home = Home::new();
    fs::create_dir(home.path("folder")).expect("a folder");
    for (flags, needle) in [
        (&["--markdown", "missing/report.md"][..], "missing/report.md cannot be written"),
        (&["--junit", "folder"], "no regular file"),
        (&["--junit", "same", "--markdown", "./same"], "the same file"),
        (&["--github"], "GITHUB_STEP_SUMMARY"),
    ] {
        let ran = home.run(&[&["demo", "--headless", "--speed", "600"][..], flags].concat());
        assert_eq!(ran.code, 2, "{flags:?}: {ran:?}");
        let words: Vec<&str> = ran.err.split_whitespace().collect();
        assert!(words.join(" ").replace("│ ", "").contains(needle), "{flags:?}: {}", ran.err);
    }
    let ran = run(&home, &["demo", "--headless", "--github", "--markdown", "/dev/full"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(home.journals().is_empty(), "no watch was begun");
}

#[test]
fn a_report_that_fails_at_the_end_changes_no_exit_code() {
    let home = Home::new();
    let folder = home.path("reports");
    fs::create_dir(&folder).expect("a folder");
    let arguments = ["demo", "--headless", "--speed", "60", "--markdown", "reports/report.md", "--junit", "junit.xml"];
    let running = in_actions(&home, &arguments).spawn().expect("starts");
    wait_for(|| (!home.journals().is_empty()).then_some(()));
    fs::remove_dir(&folder).expect("removed");
    let ran = Ran::from(running.wait_with_output().expect("ends"));
    assert_eq!(ran.code, 10, "{ran:?}");
    assert!(ran.err.starts_with("rollwatch: the report reports/report.md cannot be written: "), "{}", ran.err);
    assert!(read(&home, "junit.xml").contains("<testsuites"), "the other one is written");
}

#[test]
fn an_earlier_report_is_replaced_and_a_summary_is_added_to() {
    let home = Home::new();
    home.write("report.md", "earlier");
    fs::set_permissions(home.path("report.md"), fs::Permissions::from_mode(0o644)).expect("set");
    home.write("summary.md", "another step\n");
    let arguments = [&["demo", "--headless", "--speed", "600"][..], &ALL].concat();
    assert_eq!(run(&home, &arguments).code, 10);
    assert!(read(&home, "report.md").starts_with("# demo: "));
    assert!(read(&home, "summary.md").starts_with("another step\n# demo: "));
    // A step's summary holds 1 MiB; what has no room is left out, and said.
    home.write("summary.md", &"x".repeat((1 << 20) - 600));
    assert_eq!(run(&home, &arguments).code, 10);
    let full = read(&home, "summary.md");
    assert!(full.len() <= 1 << 20 && full.ends_with("had no room._\n"), "{}", full.len());
}

#[test]
fn what_cannot_be_reported_on_is_said_and_is_code_2() {
    let home = Home::new();
    home.write("other.jsonl", "{}\n{}\n");
    home.write("empty.jsonl", "");
    for (path, needle) in [("missing.jsonl", "missing.jsonl"), ("other.jsonl", "line 1"), ("empty.jsonl", "holds no watch")] {
        let ran = home.run(&["report", path]);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{path}");
        assert!(ran.err.contains(needle), "{path}: {}", ran.err);
    }
}
