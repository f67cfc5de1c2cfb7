//! Acting from the shell and by itself, on a `command` backend that keeps a ledger of everything it was asked.

use std::{fs, os::unix::fs::PermissionsExt as _, path::PathBuf};

use crate::{
    program::{Home, json_lines},
    service::{Counts, Service, config, pair},
    wait::wait_for,
};

/// A backend made of one script: `status` tells the state, `set WEIGHT` changes it and writes it into the ledger.
pub(crate) struct Scripted {
    pub(crate) home: Home,
}

const SCRIPT: &str = r#"#!/bin/sh
cd "$(dirname "$0")" || exit 9
case $1 in
  status)
    [ -x ./on-status ] && ./on-status
    weight=$(cat weight)
    printf '{"token":"t%s","baseline":{"version":"v1"},"candidate":{"version":"v2","weight":"%s%%"}}\n' "$(cat moves)" "$weight"
    ;;
  set)
    echo "$2" >> ledger
    [ -x ./before-set ] && ./before-set
    echo "$2" > weight
    echo "$(($(cat moves) + 1))" > moves
    [ -x ./after-set ] && ./after-set
    exit 0
    ;;
esac
"#;

impl Scripted {
    pub(crate) fn new() -> Self {
        let home = Home::new();
        let scripted = Self { home };
        scripted.script("deploy", SCRIPT);
        scripted.home.write("weight", "25\n");
        scripted.home.write("moves", "1\n");
        scripted
    }

    pub(crate) fn script(&self, name: &str, text: &str) {
        let path = self.home.write(name, text);
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("executable");
    }

    /// The configuration of a watch of these services through this backend.
    pub(crate) fn config(&self, baseline: &Service, candidate: &Service) -> PathBuf {
        let deploy = self.home.path("deploy");
        let deploy = deploy.to_str().expect("UTF-8");
        let backend = format!(
            "[backend]\nkind = \"command\"\nstatus = [\"{deploy}\", \"status\"]\npromote = [\"{deploy}\", \"set\", \"{{weight}}\"]\n\
             promote_full = [\"{deploy}\", \"set\", \"100\"]\nrollback = [\"{deploy}\", \"set\", \"0\"]\n"
        );
        let path = self.home.write("rollwatch.toml", &config(baseline, candidate, &backend));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("private");
        path
    }

    /// Every weight that the backend was asked for.
    pub(crate) fn ledger(&self) -> Vec<String> {
        fs::read_to_string(self.home.path("ledger")).unwrap_or_default().lines().map(str::to_owned).collect()
    }
}

#[test]
fn a_bad_candidate_is_rolled_back_by_itself_and_only_once() {
    let (baseline, candidate) = pair(true);
    let scripted = Scripted::new();
    scripted.config(&baseline, &candidate);
    let ran = scripted.home.run(&["watch", "-c", "rollwatch.toml", "--auto-rollback"]);
    assert_eq!(ran.code, 11, "{ran:?}");
    assert_eq!(scripted.ledger(), ["0"]);
}

#[test]
fn a_good_candidate_is_promoted_by_itself_where_asked() {
    let (baseline, candidate) = pair(false);
    let scripted = Scripted::new();
    scripted.config(&baseline, &candidate);
    let ran = scripted.home.run(&["watch", "-c", "rollwatch.toml", "--auto-promote", "--auto-rollback"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(scripted.ledger(), ["100"]);
}

#[test]
fn a_ladder_is_climbed_step_by_step_each_with_its_own_window() {
    let (baseline, candidate) = pair(false);
    let scripted = Scripted::new();
    let path = scripted.config(&baseline, &candidate);
    let text = fs::read_to_string(&path).expect("a file").replace("window = \"5s\"", "window = \"3s\"");
    fs::write(&path, text + "[steps]\nweights = [\"25%\", \"50%\", \"100%\"]\n").expect("written");
    let ran = scripted.home.run(&["watch", "-c", "rollwatch.toml", "--auto-promote", "--format", "jsonl"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(scripted.ledger(), ["50", "100"]);
    let steps: Vec<_> = json_lines(&ran.out)
        .into_iter()
        .filter(|l| l["event"] == "step")
        .map(|l| (l["index"].as_u64(), l["of"].as_u64()))
        .collect();
    assert_eq!(steps, [(Some(1), Some(3)), (Some(2), Some(3))]);
}

#[test]
fn a_backend_that_does_nothing_is_code_12() {
    let (baseline, candidate) = pair(true);
    let scripted = Scripted::new();
    scripted.script("deploy", &SCRIPT.replace("echo \"$2\" > weight", ":").replace("echo \"$(($(cat moves) + 1))\" > moves", ":"));
    scripted.config(&baseline, &candidate);
    let ran = scripted.home.run(&["watch", "-c", "rollwatch.toml", "--auto-rollback"]);
    assert_eq!(ran.code, 12, "{ran:?}");
    assert_eq!(scripted.ledger(), ["0"]);
}

#[test]
fn one_shot_commands_guard_act_and_read_back() {
    let (baseline, candidate) = pair(false);
    let scripted = Scripted::new();
    scripted.config(&baseline, &candidate);
    let run = |arguments: &[&str]| scripted.home.run(&[arguments, &["-c", "rollwatch.toml"]].concat());
    let refused = run(&["promote", "--yes"]);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.err.contains("--reason"), "{}", refused.err);
    assert_eq!(run(&["promote", "--yes", "--reason", "abc"]).code, 2);
    assert_eq!(run(&["rollback"]).code, 2);
    assert_eq!(run(&["rollback", "--yes", "--to", "v0"]).code, 2);
    assert_eq!(run(&["pause", "--yes"]).code, 2);
    assert!(scripted.ledger().is_empty());
    let promoted = run(&["promote", "--yes", "--reason", "tested by hand"]);
    assert_eq!(promoted.code, 0, "{promoted:?}");
    assert!(promoted.out.ends_with("END  exit code 0: promoted\n"), "{}", promoted.out);
    let back = run(&["rollback", "--yes", "--to", "v1"]);
    assert_eq!(back.code, 0, "{back:?}");
    assert_eq!(scripted.ledger(), ["100", "0"]);
    let journals = scripted.home.journals();
    assert_eq!(journals.len(), 2);
    let texts: Vec<String> = journals.iter().map(|path| fs::read_to_string(path).expect("a journal")).collect();
    let text = texts.iter().find(|text| text.contains("tested by hand")).expect("the reason is kept");
    assert!(text.contains("\"action.requested\"") && text.contains("\"action.verified\""), "{text}");
}

#[test]
fn a_pass_of_the_newest_watch_needs_no_reason() {
    let (baseline, candidate) = pair(false);
    let scripted = Scripted::new();
    scripted.config(&baseline, &candidate);
    assert_eq!(scripted.home.run(&["watch", "-c", "rollwatch.toml"]).code, 0);
    assert_eq!(scripted.home.run(&["promote", "--yes", "-c", "rollwatch.toml"]).code, 0);
}

#[test]
fn a_second_watch_only_looks_and_says_who_has_it() {
    let (baseline, candidate) = pair(false);
    let scripted = Scripted::new();
    scripted.config(&baseline, &candidate);
    let mut first = scripted.home.command(&["watch", "-c", "rollwatch.toml"]).spawn().expect("starts");
    let journal = wait_for(|| scripted.home.journals().first().cloned());
    wait_for(|| fs::read_to_string(&journal).ok().filter(|text| text.contains("\"poll\"")));
    let (bad_baseline, bad_candidate) = pair(true);
    scripted.config(&bad_baseline, &bad_candidate);
    let second = scripted.home.run(&["watch", "-c", "rollwatch.toml", "--auto-rollback"]);
    first.kill().expect("killed");
    first.wait().expect("gone");
    assert_eq!(second.code, 10, "{second:?}");
    assert!(second.out.contains(&first.id().to_string()), "{}", second.out);
    assert!(scripted.ledger().is_empty());
}

#[test]
fn a_watch_that_only_looks_keeps_nobody_from_acting() {
    let (baseline, candidate) = pair(false);
    let scripted = Scripted::new();
    scripted.config(&baseline, &candidate);
    let mut looking = scripted.home.command(&["watch", "-c", "rollwatch.toml", "--read-only"]).spawn().expect("starts");
    let journal = wait_for(|| scripted.home.journals().first().cloned());
    wait_for(|| fs::read_to_string(&journal).ok().filter(|text| text.contains("\"poll\"")));
    let (bad_baseline, bad_candidate) = pair(true);
    scripted.config(&bad_baseline, &bad_candidate);
    let acting = scripted.home.run(&["watch", "-c", "rollwatch.toml", "--auto-rollback"]);
    looking.kill().expect("killed");
    looking.wait().expect("gone");
    assert_eq!((acting.code, scripted.ledger()), (11, vec!["0".to_owned()]), "{acting:?}");
}

#[test]
fn an_action_of_somebody_else_ends_a_watch_with_13() {
    let (baseline, candidate) = pair(false);
    let scripted = Scripted::new();
    scripted.config(&baseline, &candidate);
    let watching = scripted.home.command(&["watch", "-c", "rollwatch.toml"]).spawn().expect("starts");
    let journal = wait_for(|| scripted.home.journals().first().cloned());
    wait_for(|| fs::read_to_string(&journal).ok().filter(|text| text.contains("\"poll\"")));
    assert_eq!(scripted.home.run(&["rollback", "--yes", "-c", "rollwatch.toml"]).code, 0);
    let ended = watching.wait_with_output().expect("ends");
    assert_eq!(ended.status.code(), Some(13), "{}", String::from_utf8_lossy(&ended.stdout));
}

#[test]
fn read_only_sessions_cannot_act_and_an_unreachable_backend_is_code_3() {
    let (baseline, candidate) = pair(true);
    let scripted = Scripted::new();
    scripted.config(&baseline, &candidate);
    assert_eq!(scripted.home.run(&["watch", "-c", "rollwatch.toml", "--read-only"]).code, 10);
    assert_eq!(scripted.home.run(&["watch", "-c", "rollwatch.toml", "--read-only", "--auto-rollback"]).code, 2);
    assert!(scripted.ledger().is_empty());
    scripted.script("deploy", "#!/bin/sh\necho 'no such cluster' >&2\nexit 1\n");
    let ran = scripted.home.run(&["watch", "-c", "rollwatch.toml"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.err.contains("no such cluster"), "{}", ran.err);
}

#[test]
fn two_urls_are_enough_to_watch_and_nothing_can_be_acted_on() {
    let (baseline, candidate) = pair(true);
    let home = Home::new();
    let quick = [("ROLLWATCH_POLICY_POLL", "100ms"), ("ROLLWATCH_POLICY_WINDOW", "4s"), ("ROLLWATCH_POLICY_WARMUP", "500ms")];
    let watch = |candidate: &Service, more: &[&str]| {
        let (b, c) = (baseline.url(), candidate.url());
        let output =
            home.command(&[&["watch", "--baseline", &b, "--candidate", &c], more].concat()).envs(quick).output().expect("runs");
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr))
    };
    let (code, said) = watch(&candidate, &[]);
    assert_eq!(code, Some(10), "{said}");
    assert!(said.contains("http_requests_total"), "the convention found is not said:\n{said}");
    assert_eq!(watch(&candidate, &["--auto-rollback"]).0, Some(2));
    let lacking = Service::start(Counts { ok: 0, failed: 0, has_series: false });
    let (code, said) = watch(&lacking, &[]);
    assert_eq!(code, Some(21), "{said}");
}
