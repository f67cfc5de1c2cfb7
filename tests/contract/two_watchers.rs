//! Two who act on one deployment: on one machine, and on two that know nothing of each other. And a disk that is full.

use std::{
    collections::BTreeSet,
    fs,
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    process::{Command, Stdio},
};

use super::{
    kill_points::can_trace,
    tracer::{self, RUNS, Then},
    world::{Fault, Rig, World, is_back},
    worlds::{
        command,
        demo::Demo,
        kubernetes::{Kubernetes, Rollout},
        nginx::Nginx,
    },
};
use crate::{program::Ran, wait_for};

type Start = fn() -> Option<Box<dyn World>>;

const ROLL_BACK: [&str; 4] = ["rollback", "--yes", "-c", "rollwatch.toml"];

/// Rolls back from another machine: the same deployment, another state directory.
fn from_elsewhere(rig: &Rig) -> Ran {
    let home = rig.world.home();
    Ran::from(home.command(&ROLL_BACK).env("XDG_STATE_HOME", home.path("elsewhere")).output().expect("it runs"))
}

/// Holds the first one still at the first point that `is_it`, while `meanwhile` happens. None when it has no such point.
fn held_at(rig: &Rig, is_it: impl Fn(&[String]) -> bool, mut meanwhile: impl FnMut()) -> Option<(String, i32)> {
    let mut at = None;
    let run = tracer::run(&rig.world.home().command(&ROLL_BACK), &rig.world.ports(), |points| {
        if at.is_none() && is_it(points) {
            at = points.last().cloned();
            meanwhile();
        }
        Then::GoOn
    });
    Some((at?, run.code.expect("nobody kills it")))
}

/// Whether this is point number `n`. A program that was started runs on by itself: whoever started it is past holding.
fn is_point(points: &[String], n: usize) -> bool {
    let held = |point: &&String| *point != RUNS;
    points.last().is_some_and(|last| last != RUNS) && points.iter().filter(held).count() == n
}

/// The first one stands still at every point before its change; the second one, elsewhere, does not see it and goes first.
fn two_machines(start: Start) {
    if !can_trace() {
        return;
    }
    let mut held = 0;
    let mut codes = BTreeSet::new();
    for n in 1..200 {
        let Some(world) = start() else { return };
        let rig = Rig::new(world, false);
        let mut other = None;
        let Some((at, first)) =
            held_at(&rig, |points| is_point(points, n), || other = (rig.world.asked() == 0).then(|| from_elsewhere(&rig)))
        else {
            break;
        };
        let Some(other) = other else { break };
        held += 1;
        codes.insert((first, other.code));
        assert_eq!(rig.world.changes(), 1, "held at {n}, {at}: {first}, {other:?}");
        assert!(is_back(&*rig.world), "held at {n}, {at}");
        assert!([first, other.code].iter().all(|code| [0, 13].contains(code)), "held at {n}, {at}: {first}, {other:?}");
        assert!([first, other.code].contains(&0), "held at {n}, {at}: one of them did it: {first}, {other:?}");
        let said = fs::read_to_string(rig.world.home().path("stdout")).expect("it said something") + &other.out;
        assert!((first, other.code) == (0, 0) || said.contains("the state has moved"), "held at {n}, {at}: {said}");
    }
    let ended = codes.iter().map(|(first, other)| format!("{first} and {other}")).collect::<Vec<_>>().join(", ");
    writeln!(std::io::stderr(), "held still at {held} points, never two changes, exit codes {ended}").expect("stderr is open");
    assert!(held >= 4, "only held at {held} points");
    assert!(codes.contains(&(13, 0)), "the first one never came too late: {codes:?}");
}

/// The first one stands still in the middle of its action; the second one on the same machine is told who has it.
fn one_machine(start: Start) {
    if !can_trace() {
        return;
    }
    let Some(world) = start() else { return };
    let rig = Rig::new(world, false);
    let mut other = None;
    let is_sent = |points: &[String]| points.last().is_some_and(|point| point.starts_with("write of action.sent"));
    let (at, first) = held_at(&rig, is_sent, || other = Some(rig.run(&["rollback", "--yes"]))).expect("it says so");
    let other = other.expect("it ran");
    assert_eq!((first, other.code), (0, 13), "held at {at}: {other:?}");
    assert!(other.out.contains("another action is under way by ana on "), "{}", other.out);
    assert_eq!(rig.world.changes(), 1);
    assert!(is_back(&*rig.world));
}

#[test]
fn one_machine_demo() {
    one_machine(Demo::start);
}

#[test]
fn one_machine_nginx() {
    one_machine(Nginx::start);
}

#[test]
fn one_machine_command() {
    one_machine(command::Command::start);
}

#[test]
#[ignore = "takes half a minute: tests/run contract"]
fn two_machines_demo() {
    two_machines(Demo::start);
}

#[test]
#[ignore = "takes half a minute: tests/run contract"]
fn two_machines_nginx() {
    two_machines(Nginx::start);
}

#[test]
#[ignore = "takes half a minute: tests/run contract"]
fn two_machines_command() {
    two_machines(command::Command::start);
}

#[test]
#[ignore = "takes a minute: tests/run contract"]
fn two_machines_rollout() {
    two_machines(Kubernetes::<Rollout>::start);
}

/// A real SIGSTOP between its last look and its request. The lock has no lease that could run out: it is held as long as its process
/// lives. Somebody elsewhere does not know of it, acts, and the one that wakes up is refused.
#[test]
fn stopped_with_the_lock_and_woken_up_too_late() {
    let rig = Rig::new(command::Command::start().expect("always there"), false);
    let home = rig.world.home();
    let hook = home.write(
        "on-status",
        "#!/bin/sh\ngrep -qs action.requested .local/state/rollwatch/*/*.jsonl || exit 0\nmkdir stopped 2>/dev/null && kill -STOP \"$1\"\nexit 0\n",
    );
    fs::set_permissions(hook, fs::Permissions::from_mode(0o755)).expect("executable");
    let first = home.command(&ROLL_BACK).spawn().expect("it starts");
    let pid = rustix::process::Pid::from_child(&first);
    wait_for(|| home.path("stopped").exists().then_some(()));
    wait_for(|| fs::read_to_string(format!("/proc/{}/stat", first.id())).ok().filter(|stat| stat.contains(") T ")));
    let beside = rig.run(&["rollback", "--yes"]);
    assert_eq!(beside.code, 13, "{beside:?}");
    assert!(beside.out.contains(&format!("process {}", first.id())), "it says who: {}", beside.out);
    assert_eq!(rig.world.asked(), 0);
    let elsewhere = from_elsewhere(&rig);
    assert_eq!(elsewhere.code, 0, "{elsewhere:?}");
    rustix::process::kill_process(pid, rustix::process::Signal::CONT).expect("it is ours");
    let woken = Ran::from(first.wait_with_output().expect("it ends"));
    assert_eq!(woken.code, 13, "{woken:?}");
    assert!(woken.out.contains("the state has moved"), "{}", woken.out);
    assert_eq!(rig.world.changes(), 1);
    assert!(is_back(&*rig.world));
}

/// Two watches that roll back by themselves, on two machines: whoever comes second sees that it was done.
#[test]
fn two_watches_that_roll_back_by_themselves() {
    for start in [Demo::start as Start, command::Command::start] {
        let rig = Rig::new(start().expect("always there"), true);
        let home = rig.world.home();
        let watch = ["watch", "--auto-rollback", "-c", "rollwatch.toml"];
        let beside = home.command(&watch).env("XDG_STATE_HOME", home.path("elsewhere")).spawn().expect("it starts");
        let first = rig.run(&["watch", "--auto-rollback"]);
        let second = Ran::from(beside.wait_with_output().expect("it ends"));
        let codes = BTreeSet::from([first.code, second.code]);
        assert!(codes.is_subset(&BTreeSet::from([11, 13])), "{first:?}\n{second:?}");
        assert!(codes.contains(&11), "{first:?}\n{second:?}");
        assert_eq!(rig.world.changes(), 1, "{first:?}\n{second:?}");
        assert!(is_back(&*rig.world));
    }
}

/// A disk of 64 KiB that is full before the action is written down.
#[test]
fn a_disk_that_is_full_before_the_intent() {
    const SMALL_DISK: &str = "mount -t tmpfs -o size=64k tmpfs /mnt && mkdir -m 700 /mnt/rollwatch && { head -c 64k /dev/zero > /mnt/ballast; exec \"$0\" \"$@\"; }";
    let possible = Command::new("unshare").args(["-rm", "sh", "-c", SMALL_DISK, "true"]).stderr(Stdio::null()).status();
    if !possible.is_ok_and(|status| status.success()) {
        writeln!(std::io::stderr(), "skipped: no small disk can be mounted here (needs unshare and mount)")
            .expect("stderr is open");
        return;
    }
    let rig = Rig::new(command::Command::start().expect("always there"), false);
    let usual = rig.world.home().command(&ROLL_BACK);
    let mut command = Command::new("unshare");
    command.args(["-rm", "sh", "-c", SMALL_DISK]).arg(usual.get_program()).args(usual.get_args());
    command.env_clear().envs(usual.get_envs().filter_map(|(name, value)| Some((name, value?)))).env("XDG_STATE_HOME", "/mnt");
    let ran = Ran::from(command.current_dir(rig.world.home().dir.path()).output().expect("it runs"));
    nothing_left(&rig, &ran, "No space left on device");
}

/// The journal of a watch cannot grow any more, and then the candidate is convicted.
#[test]
fn a_journal_that_fills_up_before_the_intent() {
    let rig = Rig::new(command::Command::start().expect("always there"), true);
    let usual = rig.world.home().command(&["watch", "--auto-rollback", "-c", "rollwatch.toml"]);
    let mut command = Command::new("sh");
    // The signal that comes with this limit would end the process; ignored, the write says so.
    command.args(["-c", "trap '' XFSZ; ulimit -f 8; exec \"$0\" \"$@\""]).arg(usual.get_program()).args(usual.get_args());
    command.env_clear().envs(usual.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let ran = Ran::from(command.current_dir(rig.world.home().dir.path()).output().expect("it runs"));
    nothing_left(&rig, &ran, "File too large");
}

fn nothing_left(rig: &Rig, ran: &Ran, why: &str) {
    assert_eq!(ran.code, 12, "{ran:?}");
    assert!(ran.out.contains(", so nothing was sent: "), "{ran:?}");
    assert!(ran.out.contains(why), "{ran:?}");
    assert_eq!((rig.world.asked(), rig.world.changes()), (0, 0));
    assert!(!is_back(&*rig.world));
}

/// A one-shot action that was killed is no watch to go on with.
#[test]
fn a_killed_command_is_not_resumed_as_a_watch() {
    if !can_trace() {
        return;
    }
    let rig = Rig::new(command::Command::start().expect("always there"), false);
    let command = rig.world.home().command(&ROLL_BACK);
    let run = tracer::run(&command, &[], |points| if points.len() == 3 { Then::Kill } else { Then::GoOn });
    assert_eq!(run.code, None, "{:?}", run.points);
    let resumed = rig.run(&["watch", "--resume"]);
    assert_eq!(resumed.code, 2, "{resumed:?}");
    assert!(resumed.err.contains("no unfinished watch"), "{}", resumed.err);
    assert_eq!(rig.run(&["rollback", "--yes"]).code, 0, "the command itself is simply given again");
    assert!(is_back(&*rig.world));
}

/// A backend that goes away in the middle is no reason to ask again.
#[test]
fn a_backend_that_goes_away_after_it_was_asked() {
    if !can_trace() {
        return;
    }
    let rig = Rig::new(Demo::start().expect("always there"), false);
    let run = tracer::run(&rig.world.home().command(&ROLL_BACK), &rig.world.ports(), |points| {
        if points.last().is_some_and(|point| point.starts_with("write of action.sent")) {
            rig.world.inject(Fault::IsGone);
        }
        Then::GoOn
    });
    assert_eq!(run.code, Some(12), "sent, and not seen: {:?}", run.points);
    assert_eq!((rig.world.asked(), rig.world.changes()), (1, 1));
}
