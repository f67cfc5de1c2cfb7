//! The promises, each a function of a world, and the tests that run them: one module for each backend.

use std::time::Duration;

use rollwatch::{
    backend::{ActError, BackendError, k8s},
    engine::action::{Ability, Action},
};

use super::{
    table::Covered,
    world::{Fault, Rig, VERSIONS, World, act, is_back, look, order, wait},
};
use crate::{
    program::{Ran, json_lines},
    wait_for,
};

/// Starts a world; none, after one sentence, where what it needs is not installed.
type Start = fn() -> Option<Box<dyn World>>;

/// Makes a test of each promise that a backend gives, and a list of them for the table.
macro_rules! contract {
    ($backend:ident, $start:path, real: [$($real:ident),* $(,)?], emulated: [$($emulated:ident),* $(,)?]) => {
        pub(crate) mod $backend {
            use super::Covered;
            $(
                #[test]
                fn $real() {
                    super::$real($start);
                }
            )*
            $(
                #[test]
                fn $emulated() {
                    super::$emulated($start);
                }
            )*
            pub(crate) const COVERED: Covered = Covered {
                name: stringify!($backend),
                real: &[$(stringify!($real)),*],
                emulated: &[$(stringify!($emulated)),*],
            };
        }
    };
}

// What the demo's router never does by itself, the front before it does in its place.
contract!(
    demo,
    crate::contract::worlds::demo::Demo::start,
    real: [
        absolute_targets,
        compare_and_set,
        once_per_decision,
        abilities_with_reasons,
        read_only_holds_nothing_that_acts,
        a_lost_answer_is_reconciled,
        the_rollback_path_is_free,
    ],
    emulated: [
        read_back_until_seen,
        credentials_are_checked_at_attach,
        patience_is_honoured,
        a_newer_deployment_is_refused,
        every_wait_has_a_limit,
    ]
);
contract!(
    nginx,
    crate::contract::worlds::nginx::Nginx::start,
    real: [
        absolute_targets,
        compare_and_set,
        once_per_decision,
        read_back_until_seen,
        abilities_with_reasons,
        read_only_holds_nothing_that_acts,
        credentials_are_checked_at_attach,
        a_lost_answer_is_reconciled,
        a_newer_deployment_is_refused,
        partial_success_is_kept,
        every_wait_has_a_limit,
        the_rollback_path_is_free,
    ],
    emulated: []
);
contract!(
    command,
    crate::contract::worlds::command::Command::start,
    real: [
        absolute_targets,
        compare_and_set,
        once_per_decision,
        read_back_until_seen,
        abilities_with_reasons,
        read_only_holds_nothing_that_acts,
        credentials_are_checked_at_attach,
        a_lost_answer_is_reconciled,
        a_newer_deployment_is_refused,
        every_wait_has_a_limit,
        the_rollback_path_is_free,
    ],
    emulated: []
);

// The API server is real for all three, and so are the controllers of a Deployment; those of Argo Rollouts and of Flagger are stand-ins.
// What the server never does by itself, the front before it does in its place.
contract!(
    deployment,
    crate::contract::worlds::kubernetes::Kubernetes::<crate::contract::worlds::kubernetes::Deployment>::start,
    real: [
        absolute_targets,
        compare_and_set,
        once_per_decision,
        abilities_with_reasons,
        read_only_holds_nothing_that_acts,
        a_lost_answer_is_reconciled,
        a_newer_deployment_is_refused,
        the_rollback_path_is_free,
    ],
    emulated: [
        read_back_until_seen,
        credentials_are_checked_at_attach,
        patience_is_honoured,
        every_wait_has_a_limit,
    ]
);
contract!(
    rollout,
    crate::contract::worlds::kubernetes::Kubernetes::<crate::contract::worlds::kubernetes::Rollout>::start,
    real: [
        compare_and_set,
        abilities_with_reasons,
        read_only_holds_nothing_that_acts,
    ],
    emulated: [
        absolute_targets,
        once_per_decision,
        a_lost_answer_is_reconciled,
        a_newer_deployment_is_refused,
        read_back_until_seen,
        credentials_are_checked_at_attach,
        patience_is_honoured,
        every_wait_has_a_limit,
        partial_success_is_kept,
        the_rollback_path_is_free,
    ]
);
contract!(
    canary,
    crate::contract::worlds::kubernetes::Kubernetes::<crate::contract::worlds::kubernetes::Canary>::start,
    real: [
        compare_and_set,
        abilities_with_reasons,
        read_only_holds_nothing_that_acts,
    ],
    emulated: [
        absolute_targets,
        once_per_decision,
        a_lost_answer_is_reconciled,
        a_newer_deployment_is_refused,
        read_back_until_seen,
        credentials_are_checked_at_attach,
        patience_is_honoured,
        every_wait_has_a_limit,
        the_rollback_path_is_free,
    ]
);

/// How many events of a kind a journal holds.
fn count(journal: &str, event: &str) -> usize {
    json_lines(journal).iter().filter(|line| line["event"] == event).count()
}

/// Rolls back from the shell and demands an exit code.
fn roll_back(rig: &Rig, code: i32) -> Ran {
    let ran = rig.run(&["rollback", "--yes"]);
    assert_eq!(ran.code, code, "{ran:?}");
    ran
}

fn absolute_targets(start: Start) {
    let Some(world) = start() else { return };
    let rig = Rig::new(world, false);
    roll_back(&rig, 0);
    assert!(is_back(&*rig.world));
    roll_back(&rig, 0);
    assert!(is_back(&*rig.world), "an undo of the undo is no way forward");
    let journal = rig.journal();
    let orders: Vec<_> = json_lines(&journal).into_iter().filter(|line| line["event"] == "action.requested").collect();
    assert_eq!(orders.len(), 2);
    for order in orders {
        assert_eq!(order["target"]["version"], VERSIONS.0);
        assert_eq!(order["target"]["weight"], 0.0);
    }
}

fn compare_and_set(start: Start) {
    let Some(world) = start() else { return };
    let rig = Rig::new(world, false);
    let backend = rig.backend(false);
    let decided = order(&look(&backend), Action::Rollback);
    rig.world.somebody_else_acts();
    let before = rig.world.changes();
    let refused = act(&backend, &decided).expect_err("the state has moved");
    assert!(matches!(refused, ActError::Moved(_)), "{refused:?}");
    assert!(refused.to_string().contains("the state has moved"), "{refused}");
    assert_eq!(rig.world.changes(), before);
    assert!(!is_back(&*rig.world), "what somebody else did stays");
}

fn once_per_decision(start: Start) {
    let Some(world) = start() else { return };
    let rig = Rig::new(world, false);
    let backend = rig.backend(false);
    let decided = order(&look(&backend), Action::Rollback);
    act(&backend, &decided).expect("taken");
    wait_for(|| wait(backend.eyes.read_back(&decided)).is_ok_and(|seen| seen.done).then_some(()));
    let again = act(&backend, &decided).expect_err("it was carried out");
    assert!(matches!(again, ActError::Moved(_)), "{again:?}");
    assert_eq!(rig.world.changes(), 1);
}

fn read_back_until_seen(start: Start) {
    let Some(world) = start() else { return };
    let rig = Rig::new(world, false);
    rig.world.inject(Fault::DoesNothing);
    let ran = roll_back(&rig, 12);
    assert!(!is_back(&*rig.world));
    assert!(!ran.out.contains("Seen to work"), "{}", ran.out);
    let journal = rig.journal();
    assert_eq!((count(&journal, "action.requested"), count(&journal, "action.verified")), (1, 0), "{journal}");
    let line = json_lines(&journal).into_iter().find(|line| line["event"] == "action.unverified").expect("it is said");
    assert!(line["seen"].as_str().is_some_and(|seen| !seen.is_empty()), "{line}");
}

fn abilities_with_reasons(start: Start) {
    let Some(world) = start() else { return };
    let rig = Rig::new(world, false);
    let rollout = look(&rig.backend(true));
    for action in Action::ALL {
        match rollout.abilities.get(&action) {
            Some(Ability::Ready(preview)) => assert!(!preview.sends.is_empty() && !preview.bound_to.is_empty(), "{preview:?}"),
            Some(Ability::Off(why)) => assert!(!why.is_empty(), "{} has no reason", action.word()),
            None => panic!("nothing is said of {}", action.word()),
        }
    }
    let Some(Ability::Off(why)) = rollout.abilities.get(&Action::Retry) else { panic!("no backend here can retry") };
    let ran = rig.run(&["retry", "--yes"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    let said = ran.err.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ");
    assert!(said.contains(why.as_str()), "{said}");
    assert_eq!(rig.world.asked(), 0);
}

fn read_only_holds_nothing_that_acts(start: Start) {
    let Some(world) = start() else { return };
    let rig = Rig::new(world, true);
    assert!(rig.backend(true).hands.is_none());
    let ran = rig.run(&["watch", "--read-only"]);
    assert_eq!(ran.code, 10, "{ran:?}");
    assert_eq!(rig.run(&["watch", "--read-only", "--auto-rollback"]).code, 2);
    assert_eq!(rig.world.asked(), 0);
}

fn credentials_are_checked_at_attach(start: Start) {
    let Some(world) = start() else { return };
    let rig = Rig::new(world, true);
    rig.world.inject(Fault::RefusesUs);
    let ran = Ran::from(unprivileged(&rig, &["watch", "--auto-rollback", "-c", "rollwatch.toml"]).output().expect("it runs"));
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(["401", "403", "may not"].iter().any(|word| ran.err.contains(word)), "{}", ran.err);
    assert!(!rig.journal().contains("\"poll\""), "it was found before the first poll");
    assert_eq!(rig.world.asked(), 0);
}

/// The program without the privilege of passing over a file's mode.
fn unprivileged(rig: &Rig, arguments: &[&str]) -> std::process::Command {
    let usual = rig.world.home().command(arguments);
    if !rustix::process::geteuid().is_root() {
        return usual;
    }
    let mut command = std::process::Command::new("setpriv");
    command.arg("--bounding-set=-dac_override,-dac_read_search").arg(usual.get_program()).args(usual.get_args());
    command.env_clear().envs(usual.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.current_dir(rig.world.home().dir.path()).stdin(std::process::Stdio::null());
    command
}

fn patience_is_honoured(start: Start) {
    let Some(world) = start() else { return };
    let rig = Rig::new(world, false);
    let backend = rig.backend(false);
    let decided = order(&look(&backend), Action::Rollback);
    rig.world.inject(Fault::AsksForPatience);
    let took = wait(async {
        let begin = tokio::time::Instant::now();
        backend.hands.as_ref().expect("hands").act(&decided).await.expect("it waits, and asks again");
        begin.elapsed()
    });
    assert!(took >= Duration::from_secs(2), "asked to wait a second, twice; took {took:?}");
    wait_for(|| is_back(&*rig.world).then_some(()));
    assert_eq!(rig.world.changes(), 1);
}

fn a_lost_answer_is_reconciled(start: Start) {
    let Some(world) = start() else { return };
    let rig = Rig::new(world, false);
    rig.world.inject(Fault::LosesTheAnswer);
    let ran = rig.run(&["rollback", "--yes"]);
    let journal = rig.journal();
    assert_eq!(count(&journal, "action.sent"), 0, "nobody said that it was taken");
    match ran.code {
        0 => {
            assert!(is_back(&*rig.world));
            assert_eq!((rig.world.asked(), rig.world.changes()), (1, 1), "looked at, not asked again");
            assert_eq!(count(&journal, "action.verified"), 1);
        }
        12 => {
            assert!(!is_back(&*rig.world));
            assert!(ran.out.contains("is back"), "what was put back is said: {ran:?}");
        }
        code => panic!("{code}: {ran:?}"),
    }
}

fn a_newer_deployment_is_refused(start: Start) {
    let Some(world) = start() else { return };
    let rig = Rig::new(world, true);
    rig.world.inject(Fault::HasANewerVersion);
    let before = rig.world.asked();
    let ran = roll_back(&rig, 2);
    assert!(ran.err.contains("v2.6.0"), "{}", ran.err);
    let watched = rig.run(&["watch", "--auto-rollback"]);
    assert_eq!(watched.code, 50, "{watched:?}");
    assert_eq!(rig.world.asked(), before);
}

fn partial_success_is_kept(start: Start) {
    let Some(world) = start() else { return };
    let rig = Rig::new(world, false);
    rig.world.inject(Fault::FailsHalfWay);
    let state = look(&rig.backend(true)).token;
    let ran = roll_back(&rig, 12);
    let is_undone = look(&rig.backend(true)).token == state;
    let (said, changes) = if is_undone { ("the previous upstream file is back", 0) } else { ("done in part", 1) };
    assert!(ran.out.contains(said), "{}", ran.out);
    assert!(rig.journal().contains(said), "it stays in the record");
    assert_eq!(rig.world.changes(), changes);
}

fn every_wait_has_a_limit(start: Start) {
    let Some(world) = start() else { return };
    let rig = Rig::new(world, false);
    let backend = rig.backend(false);
    let decided = order(&look(&backend), Action::Rollback);
    rig.world.inject(Fault::Hangs);
    let asked = async {
        let begin = tokio::time::Instant::now();
        (backend.hands.as_ref().expect("hands").act(&decided).await, begin.elapsed())
    };
    // A connection to an API server belongs to the runtime where it was made, whose time does not stand still.
    let (answer, took) = if backend.kind == k8s::KIND {
        wait(asked)
    } else {
        let paused = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        paused.expect("a runtime").block_on(asked)
    };
    assert!(matches!(answer, Err(ActError::Unknown(_) | ActError::Refused(_))), "{answer:?}");
    assert!(took <= Duration::from_secs(120), "{took:?}");
    rig.world.inject(Fault::IsGone);
    let read = wait(backend.eyes.observe());
    assert!(matches!(read, Err(BackendError::Unreachable(_) | BackendError::Unusable(_))), "{read:?}");
    assert_eq!(rig.run(&["rollback", "--yes"]).code, 3, "and the program says so");
}

/// A watcher that stands still holds the right to watch, its polls hang, and a webhook never answers: a rollback waits for none of it.
fn the_rollback_path_is_free(start: Start) {
    let Some(world) = start() else { return };
    let rig = Rig::new(world, false);
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    rig.configure(&format!("[notify.webhook]\nurl = \"http://{}/\"\n", silent.local_addr().expect("bound")));
    let home = rig.world.home();
    let mut watcher = home.command(&["watch", "-c", "rollwatch.toml"]).spawn().expect("it starts");
    wait_for(|| rig.journal().contains("\"poll\"").then_some(()));
    let pid = rustix::process::Pid::from_child(&watcher);
    rustix::process::kill_process(pid, rustix::process::Signal::STOP).expect("it is ours");
    let ran = roll_back(&rig, 0);
    assert!(is_back(&*rig.world));
    watcher.kill().expect("killed");
    watcher.wait().expect("gone");
    let lines = json_lines(&ran_journal(&rig));
    let time = |event: &str| {
        let line = lines.iter().find(|line| line["event"] == event).expect("it is there");
        line["at"].as_str().and_then(|at| at.parse::<jiff::Timestamp>().ok()).expect("a time").as_millisecond()
    };
    // On a quiet machine it is a few milliseconds; the rest is room for a busy one.
    let sent = time("action.sent") - time("action.requested");
    assert!(sent <= 2000, "taken after {sent} ms: {ran:?}");
}

/// The journal of the one-shot action.
fn ran_journal(rig: &Rig) -> String {
    let journals = rig.world.home().journals();
    let texts = journals.iter().map(|path| std::fs::read_to_string(path).expect("a journal"));
    texts.into_iter().find(|text| text.contains("action.requested")).expect("one holds the action")
}
