//! kill -9 before every call by which an action leaves the process; then on with `--resume`, and a look at what the backend has seen.

use std::{collections::BTreeMap, fs, io::Write as _};

use rollwatch::journal::reader;

use super::{
    tracer::{self, Run, Then},
    world::{Rig, World, is_back},
    worlds::{
        command::Command,
        demo::Demo,
        kubernetes::{Deployment, Kubernetes, Rollout},
        nginx::Nginx,
    },
};
use crate::program::json_lines;

type Start = fn() -> Option<Box<dyn World>>;

/// More points than any action has.
const MOST: usize = 200;
/// How many points are tried at once: most of the time a run waits.
const LANES: usize = 3;

/// What the runs of one backend came to.
#[derive(Debug, Default)]
struct Figures {
    points: usize,
    doubled: Vec<String>,
    not_reconciled: Vec<String>,
    /// How often each exit code ended the second run.
    codes: BTreeMap<i32, usize>,
}

/// Whether the program can be traced here; says so in one sentence where not.
pub(crate) fn can_trace() -> bool {
    let can = tracer::is_possible();
    if !can {
        let sentence = "no process may trace another one here (ptrace), so nothing can be stopped at a given call";
        assert!(std::env::var_os("ROLLWATCH_REQUIRE_SERVERS").is_none(), "{sentence}");
        writeln!(std::io::stderr(), "skipped: {sentence}").expect("stderr is open");
    }
    can
}

/// A watch that rolls back by itself, killed at its point number `n`.
fn killed_at(rig: &Rig, n: usize) -> Run {
    let command = rig.world.home().command(&["watch", "-c", "rollwatch.toml", "--auto-rollback"]);
    tracer::run(&command, &rig.world.ports(), |points| if points.len() == n { Then::Kill } else { Then::GoOn })
}

/// Kills at every point of a watch that rolls back by itself; none where nothing can be started or traced.
fn at_every_point(start: Start) -> Option<Figures> {
    if !can_trace() {
        return None;
    }
    let lanes: Vec<Option<Figures>> = std::thread::scope(|scope| {
        let running: Vec<_> = (1..=LANES).map(|first| scope.spawn(move || in_steps(start, first))).collect();
        running.into_iter().map(|lane| lane.join().unwrap_or_else(|error| std::panic::resume_unwind(error))).collect()
    });
    lanes.into_iter().collect::<Option<Vec<Figures>>>().map(|lanes| lanes.into_iter().fold(Figures::default(), Figures::and))
}

/// Kills at every point that is a multiple of [`LANES`] after the `first`.
fn in_steps(start: Start, first: usize) -> Option<Figures> {
    let mut figures = Figures::default();
    for n in (first..MOST).step_by(LANES) {
        let rig = Rig::new(start()?, true);
        let first = killed_at(&rig, n);
        if let Some(code) = first.code {
            assert_eq!(code, 11, "a run that nobody kills: {:?}", first.points);
            return Some(figures);
        }
        figures.points += 1;
        figures.judge(&rig, n, first.points.last().expect("it was killed at one"));
    }
    panic!("an action has no {MOST} points: {figures:?}");
}

impl Figures {
    fn and(mut self, other: Self) -> Self {
        self.points += other.points;
        self.doubled.extend(other.doubled);
        self.not_reconciled.extend(other.not_reconciled);
        for (code, times) in other.codes {
            *self.codes.entry(code).or_default() += times;
        }
        self
    }

    /// Goes on with a watch that was killed, and looks at the end of it from outside.
    fn judge(&mut self, rig: &Rig, n: usize, point: &str) {
        let before = rig.journal();
        let ran = rig.run(&["watch", "--auto-rollback", "--resume"]);
        *self.codes.entry(ran.code).or_default() += 1;
        writeln!(std::io::stderr(), "  {n} {point}: {}", ran.code).expect("stderr is open");
        let at = format!("point {n}, {point}: exit code {}\n{}{}\n{}", ran.code, ran.out, ran.err, rig.journal());
        if rig.world.changes() != 1 {
            self.doubled.push(format!("{} changes at {at}", rig.world.changes()));
        }
        let path = rig.world.home().journal();
        let read = reader::read(&path).expect("the journal can be read");
        assert_eq!(read.torn, None, "{at}");
        let text = fs::read_to_string(&path).expect("there");
        let verified = json_lines(&text).iter().filter(|line| line["event"] == "action.verified").count();
        // A watch that wrote its end before it was killed has nothing to go on with, and says so.
        let had_ended = before.contains("\"watch.ended\"");
        let wanted = if had_ended { 2 } else { 11 };
        if !is_back(&*rig.world) || verified != 1 || ran.code != wanted {
            self.not_reconciled.push(at);
        }
    }
}

fn judge(start: Start, backend: &str) {
    let Some(figures) = at_every_point(start) else { return };
    let Figures { points, doubled, not_reconciled, codes } = &figures;
    writeln!(
        std::io::stderr(),
        "{backend}: killed at {points} points, {} actions doubled, {} states not reconciled, exit codes {codes:?}",
        doubled.len(),
        not_reconciled.len()
    )
    .expect("stderr is open");
    assert!(*points >= 10, "an action has more points than {points}");
    assert!(doubled.is_empty(), "{}", doubled.join("\n\n"));
    assert!(not_reconciled.is_empty(), "{}", not_reconciled.join("\n\n"));
}

#[test]
#[ignore = "takes a minute: tests/run contract"]
fn a_kill_anywhere_in_an_action_of_the_demo() {
    judge(Demo::start, "demo");
}

#[test]
#[ignore = "takes a minute: tests/run contract"]
fn a_kill_anywhere_in_an_action_of_nginx() {
    judge(Nginx::start, "nginx");
}

#[test]
#[ignore = "takes a minute: tests/run contract"]
fn a_kill_anywhere_in_an_action_of_a_command() {
    judge(Command::start, "command");
}

#[test]
#[ignore = "takes a minute: tests/run contract"]
fn a_kill_anywhere_in_an_action_of_a_deployment() {
    judge(Kubernetes::<Deployment>::start, "deployment");
}

/// An action of four requests: the mark, the abort, the template, and where it leads.
#[test]
#[ignore = "takes a minute: tests/run contract"]
fn a_kill_anywhere_in_an_action_of_a_rollout() {
    judge(Kubernetes::<Rollout>::start, "rollout");
}
