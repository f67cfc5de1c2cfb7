//! The command backend with programs of every kind: honest ones, and those that hang, flood, lie or die.

use std::{path::PathBuf, time::Duration};

use rollwatch::{
    backend::{ActError, Backend, BackendError, ladder::Plan},
    config::{file, value::Dur},
    engine::{action::Action, strategy::Kind},
};
use tempfile::TempDir;
use tokio::time::timeout;

use super::support::{act, observe, offered, order, until, until_done, withheld};

/// A deployment kept in files: `weight` and `token`; it refuses an old token and carries out each id once.
const DEPLOY: &str = r#"
set -eu
cd "$(dirname "$0")"
weight=$(cat weight) token=$(cat token) id=$(cat id)
case $1 in
status)
    printf '{"token": "%s", "baseline": {"version": "v1", "ref": "r1"}, "candidate": {"version": "v2", "weight": "%s%%"},' "$token" "$weight"
    printf ' "not_undone": ["migration 0042 stays"], "done": {"id": "%s"}}\n' "$id" ;;
to)
    [ "$3" = "$token" ] || { echo "the state is $token, not $3" >&2; exit 4; }
    echo "$*" >> calls
    echo "$2" > weight; echo $((token + 1)) > token; echo "$4" > id ;;
esac
"#;

fn plan() -> Plan {
    Plan {
        baseline: "v1".into(),
        candidate: "v2".into(),
        steps: vec![0.05, 0.25, 1.0],
        strategy: Kind::Canary,
        verify_timeout: Duration::from_secs(60),
    }
}

/// A folder with a program in it.
struct Programs {
    dir: TempDir,
    config: file::Command,
}

impl Programs {
    /// The deployment above at 5 %.
    fn deployment() -> Self {
        let this = Self::of(DEPLOY);
        for (file, text) in [("weight", "5"), ("token", "41"), ("id", "order-before")] {
            std::fs::write(this.path(file), text).expect("written");
        }
        this
    }

    /// A shell script that is run as `SCRIPT status` and `SCRIPT to WEIGHT TOKEN ID`.
    fn of(script: &str) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("deploy.sh");
        std::fs::write(&file, script).expect("written");
        let argv = |words: &[&str]| {
            let script = file.to_str().expect("text");
            ["sh", script].iter().chain(words).map(|&word| word.to_owned()).collect::<Vec<_>>()
        };
        let to = argv(&["to", "{weight}", "{token}", "{id}"]);
        let config = file::Command {
            status: argv(&["status"]),
            promote: to.clone(),
            promote_full: vec![],
            pause: vec![],
            resume: vec![],
            abort: vec![],
            rollback: to,
            retry: vec![],
            timeout: None,
            dir: None,
        };
        Self { dir, config }
    }

    fn path(&self, file: &str) -> PathBuf {
        self.dir.path().join(file)
    }

    fn text(&self, file: &str) -> String {
        std::fs::read_to_string(self.path(file)).unwrap_or_default()
    }

    fn limit(mut self, limit: Duration) -> Self {
        self.config.timeout = Some(Dur(limit));
        self
    }

    fn backend(&self) -> Backend {
        rollwatch::backend::command::build(&self.config, &plan(), false).expect("valid")
    }
}

/// A deployment at 5 %, with an action that does `action`.
fn at_five_percent(action: &str) -> Programs {
    Programs::of(&format!(
        r#"[ "$1" = to ] || {{ echo '{{"token":"1","baseline":{{"version":"v1"}},"candidate":{{"version":"v2","weight":"5%"}}}}'; exit; }}
cd "$(dirname "$0")"
{action}
"#
    ))
}

async fn unreadable(programs: &Programs) -> BackendError {
    programs.backend().eyes.observe().await.expect_err("no state")
}

#[tokio::test]
async fn up_a_step_and_back_each_seen_in_the_status() {
    let programs = Programs::deployment();
    let backend = programs.backend();
    let first = observe(&backend).await;
    assert_eq!(first.token, "41");
    assert!((first.weights.expect("told").candidate - 0.05).abs() < 1e-9);
    assert_eq!(first.versions.as_ref().expect("told").candidate, "v2");
    let preview = offered(&first, Action::Promote);
    assert_eq!(preview.happens[0], "your program runs: v2 goes from 5 % to 25 %, step 2 of 3");
    assert_eq!(preview.not_undone, ["migration 0042 stays"]);
    assert!(preview.sends.ends_with("deploy.sh to 25 41 {id}"), "{}", preview.sends);
    assert_eq!(preview.bound_to, "state 41; refused if it has changed");
    assert_eq!(withheld(&first, Action::Pause), "the config has no `pause` program");

    let promote = order(&first, Action::Promote);
    act(&backend, &promote).await.expect("taken");
    let seen = until_done(&backend, &promote).await;
    let texts: Vec<_> = seen.facts.iter().map(|fact| fact.text.as_str()).collect();
    assert_eq!(texts, ["candidate is v2", "candidate has 25 %", "last carried out was order-promote"]);

    let rollback = order(&observe(&backend).await, Action::Rollback);
    assert_eq!(rollback.target.reference, "r1");
    act(&backend, &rollback).await.expect("taken");
    assert!(until_done(&backend, &rollback).await.done);
    assert_eq!(programs.text("calls"), "to 25 41 order-promote\nto 0 42 order-rollback\n");
}

#[tokio::test]
async fn a_state_that_has_moved_is_refused_before_anything_runs() {
    let programs = Programs::deployment();
    let backend = programs.backend();
    let order = order(&observe(&backend).await, Action::Rollback);
    std::fs::write(programs.path("token"), "77").expect("written");
    let error = act(&backend, &order).await.expect_err("moved");
    assert_eq!(
        error.to_string(),
        "the state has moved: this was decided on 41, now it is 77, with the candidate at 5 %; nothing was changed"
    );
    assert!(matches!(error, ActError::Moved(_)));
    assert_eq!(programs.text("calls"), "");
}

#[tokio::test]
async fn a_program_that_refuses_is_quoted() {
    let programs = at_five_percent("echo 'the freeze \x1b[31mends on Monday' >&2; echo more >&2; exit 3");
    let backend = programs.backend();
    let error = act(&backend, &order(&observe(&backend).await, Action::Promote)).await.expect_err("refused");
    assert!(matches!(error, ActError::Refused(_)), "{error:?}");
    assert!(error.to_string().ends_with("ended with code 3: the freeze ␛[31mends on Monday"), "{error}");
}

#[tokio::test]
async fn a_program_that_hangs_is_ended_with_all_it_started_and_may_have_acted() {
    let programs = at_five_percent("echo working >&2; sleep 600 & echo $! > child; wait").limit(Duration::from_secs(1));
    let backend = programs.backend();
    let error = act(&backend, &order(&observe(&backend).await, Action::Promote)).await.expect_err("hung");
    assert!(matches!(error, ActError::Unknown(_)), "{error:?}");
    assert!(error.to_string().ends_with("it ran longer than 1 s; it said: working; it may have acted"), "{error}");
    gone(&programs).await;
}

#[tokio::test]
async fn nobody_waiting_ends_a_program_too() {
    let programs = at_five_percent("sleep 600 & echo $! > child; wait");
    let backend = programs.backend();
    let order = order(&observe(&backend).await, Action::Promote);
    tokio::select! {
        ended = act(&backend, &order) => panic!("it should hang: {ended:?}"),
        _pid = until("it runs", || async { programs.text("child").trim().parse::<u32>() }) => {}
    }
    gone(&programs).await;
}

#[tokio::test]
async fn a_daemon_left_behind_does_not_hold_up_an_action() {
    let programs = at_five_percent("sleep 5 & echo $! > child");
    let backend = programs.backend();
    let order = order(&observe(&backend).await, Action::Promote);
    let acted = timeout(Duration::from_secs(4), act(&backend, &order)).await.expect("not after the daemon");
    acted.expect("taken");
}

#[tokio::test]
async fn a_program_that_is_killed_may_have_acted() {
    let programs = at_five_percent("kill -9 $$");
    let backend = programs.backend();
    let error = act(&backend, &order(&observe(&backend).await, Action::Promote)).await.expect_err("killed");
    assert!(matches!(error, ActError::Unknown(_)), "{error:?}");
    assert!(error.to_string().contains("was ended by another process"), "{error}");
}

#[tokio::test]
async fn a_talkative_action_is_let_finish() {
    let programs = at_five_percent("head -c 3000000 /dev/zero; head -c 3000000 /dev/zero >&2; echo done > finished");
    let backend = programs.backend();
    act(&backend, &order(&observe(&backend).await, Action::Promote)).await.expect("taken");
    assert_eq!(programs.text("finished"), "done\n");
}

#[tokio::test]
async fn a_status_that_cannot_be_used_says_why() {
    let error = unreadable(&Programs::of("echo 'database is down' >&2; exit 1")).await;
    assert!(matches!(error, BackendError::Unreachable(_)), "{error:?}");
    assert!(error.to_string().ends_with("deploy.sh status` ended with code 1; it said: database is down"), "{error}");

    let error = unreadable(&Programs::of("echo '<html>502</html>'")).await;
    assert!(matches!(error, BackendError::Unusable(_)), "{error:?}");
    assert!(error.to_string().contains("deploy.sh status` printed what cannot be used: expected value"), "{error}");

    let error = unreadable(&Programs::of(r#"echo '{"token":"1","baseline":{},"candidate":{}}'"#)).await;
    assert!(error.to_string().contains("`baseline`: missing field `version`"), "{error}");

    let error = unreadable(&Programs::of("yes")).await;
    assert!(error.to_string().contains("it printed more than 1 MiB"), "{error}");

    let hanging = Programs::of("sleep 600").limit(Duration::from_millis(200));
    let error = unreadable(&hanging).await;
    assert!(matches!(error, BackendError::Unreachable(_)), "{error:?}");
    assert!(error.to_string().ends_with("it ran longer than 200 ms"), "{error}");

    let mut missing = Programs::of("");
    missing.config.status = vec!["/nowhere/deploy".into(), "status".into()];
    let error = unreadable(&missing).await;
    assert!(error.to_string().contains("`/nowhere/deploy status` cannot be started"), "{error}");
}

#[tokio::test]
async fn what_the_status_tells_decides_what_is_offered() {
    let programs = Programs::of(
        r#"echo '{"token":"1","baseline":{"version":"v1","ref":"-x"},"candidate":{"version":"v2"},
                  "paused":true,"can":{"promote":"the freeze ends on Monday"}}'"#,
    );
    let mut config = programs.config.clone();
    config.pause = config.status.clone();
    config.resume = config.status.clone();
    config.abort = vec!["true".into(), "{ref}".into()];
    config.rollback = vec!["true".into(), "--to={ref}".into()];
    let backend = rollwatch::backend::command::build(&config, &plan(), true).expect("valid");
    assert!(backend.hands.is_none(), "read-only");
    let rollout = observe(&backend).await;
    assert!(rollout.paused);
    assert_eq!(rollout.weights, None);
    assert_eq!(withheld(&rollout, Action::Promote), "the freeze ends on Monday");
    assert_eq!(withheld(&rollout, Action::Pause), "it is paused already");
    assert_eq!(offered(&rollout, Action::Resume).target.weight, None);
    assert!(withheld(&rollout, Action::Abort).starts_with("the ref \"-x\" begins with a dash"));
    assert_eq!(offered(&rollout, Action::Rollback).sends, "true --to=-x");
}

#[tokio::test]
async fn another_deploy_is_not_touched() {
    let status = r#"echo '{"token":"1","baseline":{"version":"v1"},"candidate":{"version":"v3","weight":"5%"}}'"#;
    let rollout = observe(&Programs::of(status).backend()).await;
    assert_eq!(withheld(&rollout, Action::Rollback), "the candidate is now v3, not v2");
    assert_eq!(rollout.versions.expect("told").candidate, "v3");
}

#[test]
fn hostile_versions_and_templates_are_refused_when_it_is_built() {
    let programs = Programs::deployment();
    for hostile in ["$(touch x)", "-rf", "v2; id", "v2\n", ""] {
        let mut config = programs.config.clone();
        config.promote = vec!["deploy".into(), "{version}".into()];
        let plan = Plan { candidate: hostile.into(), ..plan() };
        let error = rollwatch::backend::command::build(&config, &plan, false).expect_err("refused").to_string();
        assert!(error.starts_with("candidate.version cannot be passed to backend.promote: the version"), "{error}");
    }
    let refused = |change: fn(&mut file::Command)| {
        let mut config = programs.config.clone();
        change(&mut config);
        rollwatch::backend::command::build(&config, &plan(), false).expect_err("refused").to_string()
    };
    assert!(refused(|config| config.status.clear()).starts_with("backend.status is empty"));
    assert!(refused(|config| config.status.push("{version}".into())).starts_with("backend.status has a placeholder"));
    assert!(refused(|config| config.abort = vec!["x".into(), "{vesion}".into()]).starts_with("backend.abort has the unknown"));
}

/// Waits until the process whose id a program left behind has ended.
async fn gone(programs: &Programs) {
    let pid = programs.text("child").trim().parse::<u32>().expect("a process id");
    let stat = PathBuf::from(format!("/proc/{pid}/stat"));
    // One that nobody has waited for yet is listed as a zombie.
    let runs = || std::fs::read_to_string(&stat).is_ok_and(|text| !text.contains(") Z "));
    until("what it started has ended", || async { if runs() { Err(pid) } else { Ok(()) } }).await;
}
