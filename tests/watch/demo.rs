//! Every scenario of the demo with its exit code, and the three forms of linear output.

use crate::program::{Home, Ran, json_lines};

fn demo(scenario: &str, more: &[&str]) -> Ran {
    let arguments = [&["demo", "--headless", "--speed", "600", "--scenario", scenario], more].concat();
    Home::new().run(&arguments)
}

macro_rules! scenarios {
    ($($name:ident: $scenario:literal $flags:expr => $code:literal;)*) => {
        $(
            #[test]
            fn $name() {
                let ran = demo($scenario, &$flags);
                assert_eq!(ran.code, $code, "{ran:?}");
            }
        )*
    };
}

scenarios! {
    good_passes: "good" ["--auto-rollback"] => 0;
    a_good_candidate_is_promoted_where_asked: "good" ["--auto-promote"] => 0;
    a_good_candidate_waits_for_its_promotion: "good" ["--until", "promoted"] => 40;
    waiting_may_be_success: "good" ["--until", "promoted", "--success-on-pause"] => 0;
    bad_errors_are_rolled_back: "bad-errors" ["--auto-rollback"] => 11;
    bad_errors_without_auto_rollback_end_at_once: "bad-errors" [] => 10;
    slow_requests_are_rolled_back: "slow-p99" ["--auto-rollback"] => 11;
    a_shared_incident_is_nobodys_fault: "shared-incident" ["--auto-rollback"] => 20;
    no_traffic_is_undecided: "no-traffic" ["--auto-rollback", "--auto-promote"] => 20;
    a_page_without_the_series_is_no_data: "missing-series" ["--auto-rollback", "--auto-promote"] => 21;
    a_silent_source_is_a_provider_error: "provider-down" ["--auto-rollback", "--auto-promote"] => 22;
    a_rollback_that_does_not_take_needs_a_human: "rollback-fails" ["--auto-rollback"] => 12;
    a_cold_start_is_forgiven: "cold-start" ["--auto-rollback"] => 0;
}

#[test]
fn the_time_limit_of_a_run_is_its_own() {
    let ran = Home::new().run(&["demo", "--headless", "--scenario", "good", "--timeout", "1s"]);
    assert_eq!(ran.code, 124, "{ran:?}");
}

#[test]
fn text_is_a_line_on_each_change_and_ends_with_the_exit_code() {
    let ran = demo("bad-errors", &["--auto-rollback"]);
    let lines: Vec<&str> = ran.out.lines().collect();
    let (last, rest) = lines.split_last().expect("lines");
    assert_eq!(*last, "END  exit code 11: rolled back");
    for line in rest {
        let (clock, said) = line.split_at(10);
        let digits: String = clock.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        assert_eq!(digits, "00:00:00  ", "{line}");
        let word = said.split("  ").next().expect("a word");
        assert!(["CHECK", "VERDICT", "STEP", "ACTION", "NOTE", "END"].contains(&word), "{line}");
        assert!(said.len() > word.len() + 2, "{line}");
    }
    for needle in ["errors: pass → warn", "VERDICT  fail: v2.5.0 fails", "ACTION  Seen to work", "END  All traffic is on v2.4.0"]
    {
        assert!(ran.out.contains(needle), "{needle} is not in\n{}", ran.out);
    }
    assert_eq!(ran.err, "");
}

#[test]
fn json_is_one_document_at_the_end() {
    let ran = demo("bad-errors", &["--format", "json"]);
    let document: serde_json::Value = serde_json::from_str(&ran.out).expect("one document");
    assert_eq!(
        (document["exit_code"].as_i64(), document["verdict"].as_str(), document["outcome"].as_str()),
        (Some(10), Some("fail"), Some("none"))
    );
    let errors = document["checks"].as_array().expect("checks").iter().find(|c| c["check"] == "errors").expect("the errors check");
    assert_eq!(errors["verdict"], "fail");
    assert!(errors["evidence"]["sides"]["candidate"]["value"].as_f64().expect("a rate") > 0.01);
    assert!(document["watched_s"].as_f64().expect("seconds") > 80.0);
}

#[test]
fn the_same_demo_says_the_same_every_time() {
    let said = || -> Vec<String> {
        let ran = demo("bad-errors", &["--format", "jsonl"]);
        let judgement = |line: &serde_json::Value| ["check", "verdict"].contains(&line["event"].as_str().unwrap_or_default());
        json_lines(&ran.out)
            .into_iter()
            .filter(judgement)
            .map(|mut line| {
                line["at"] = serde_json::Value::Null;
                line.to_string()
            })
            .collect()
    };
    let first = said();
    assert!(first.len() > 6);
    assert_eq!(first, said());
}

#[test]
fn the_ladder_is_climbed_step_by_step() {
    let home = Home::new();
    let ran = home.run(&["demo", "--ladder", "--auto-promote", "--headless", "--format", "jsonl", "--speed", "200"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let lines = json_lines(&ran.out);
    let of = |event: &str, key: &str| -> Vec<String> {
        lines.iter().filter(|line| line["event"] == event).map(|line| line[key].to_string()).collect()
    };
    assert_eq!(of("step", "weight"), ["0.05", "0.25", "0.5", "0.75"]);
    assert_eq!(of("verdict", "verdict"), vec!["\"pass\""; 4]);
    assert_eq!(of("action.verified", "event").len(), 4);
    assert_eq!(of("watch.ended", "outcome"), ["\"promoted\""]);
    assert_eq!(of("watch.started", "strategy"), ["\"canary\""]);
}
