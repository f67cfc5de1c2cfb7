//! An instance opened up: each of its health checks with its own word, why it does not answer, when it last did, what was counted.

use crate::{
    engine::{
        sample::{CheckState, Health, HealthCheck, HealthState, Phase, Pod},
        snapshot::{InstanceRow, InstanceState, Snapshot},
    },
    humanize,
    tui::{
        pen::{Pen, Run},
        theme::Role,
    },
};

/// Columns before the tree.
pub(super) const INDENT: u16 = 5;
/// Columns of a branch's word.
const WORD: usize = 12;

/// A branch and what hangs on it.
struct Branch<'a> {
    runs: Vec<Run<'a>>,
    leaves: Vec<Vec<Run<'a>>>,
}

/// The lines under an opened row, at most `room` of them.
pub(super) fn lines<'a>(pen: &Pen<'_>, snapshot: &Snapshot, row: &'a InstanceRow, room: usize) -> Vec<Vec<Run<'a>>> {
    let mut branches = vec![health(pen, row)];
    branches.extend(row.pod.as_ref().map(|pod| node(pen, pod)));
    branches.extend(trouble(pen, row));
    branches.extend([answered(pen, snapshot, row), restarts(pen, row)]);
    branches.extend(counted(pen, snapshot, row));
    let mut lines = tree(pen, branches);
    if lines.len() > room && room > 0 {
        let hidden = lines.len() - room + 1;
        lines.truncate(room - 1);
        lines.push(vec![pen.say(Role::Dim, format!("… {hidden} lines more on a taller screen"))]);
    }
    lines
}

fn tree<'a>(pen: &Pen<'_>, branches: Vec<Branch<'a>>) -> Vec<Vec<Run<'a>>> {
    // In ASCII a fork would look like the mark of a check that passes.
    let plain = |text: &'static str| if text.contains(['├', '└']) { "- " } else { "   " };
    let lead = |text: &'static str| pen.say(Role::Faint, if pen.theme.is_ascii() { plain(text) } else { text });
    let last = branches.len().saturating_sub(1);
    let mut lines = Vec::new();
    for (nth, branch) in branches.into_iter().enumerate() {
        let (fork, trunk) = if nth == last { ("└ ", "   ") } else { ("├ ", "│  ") };
        lines.push([vec![lead(fork)], branch.runs].concat());
        let last_leaf = branch.leaves.len().saturating_sub(1);
        for (nth, leaf) in branch.leaves.into_iter().enumerate() {
            let fork = if nth == last_leaf { "└ " } else { "├ " };
            lines.push([vec![lead(trunk), lead(fork)], leaf].concat());
        }
    }
    lines
}

fn branch<'a>(pen: &Pen<'_>, word: &str, mut runs: Vec<Run<'a>>) -> Branch<'a> {
    runs.insert(0, pen.say(Role::Dim, format!("{word:<WORD$}")));
    Branch { runs, leaves: Vec::new() }
}

/// What its node says.
fn node<'a>(pen: &Pen<'_>, pod: &'a Pod) -> Branch<'a> {
    let run = match &pod.reason {
        Some(reason) if pod.phase == Phase::Looping => pen.shout(Role::Bad, reason.as_str()),
        Some(reason) => pen.say(Role::Held, reason.as_str()),
        None if pod.ready => pen.say(Role::Text, "ready"),
        None => pen.say(Role::Held, "not ready"),
    };
    branch(pen, "node", vec![run])
}

fn health<'a>(pen: &Pen<'_>, row: &'a InstanceRow) -> Branch<'a> {
    let Some(health) = &row.health else {
        return branch(pen, "health", vec![pen.say(Role::Unsure, "no health endpoint has ever answered")]);
    };
    let widest = health.checks.iter().map(|check| Run::raw(check.name.as_str()).width()).max().unwrap_or(0).min(24);
    let mut branch = branch(pen, "health", vec![says(pen, health)]);
    branch.leaves = sorted(health).into_iter().map(|check| leaf(pen, check, widest)).collect();
    branch
}

/// What the endpoints said, in one phrase.
fn says<'a>(pen: &Pen<'_>, health: &Health) -> Run<'a> {
    let fails = health.checks.iter().filter(|check| check.state == CheckState::Fails).count();
    let of = health.checks.len();
    let checks = match (fails, of) {
        (_, 0) => ", and names no checks".to_owned(),
        (0, _) => format!(", {} named", humanize::plural(of as f64, "check", "checks")),
        (1, _) => format!(": 1 of {} fails", humanize::plural(of as f64, "check", "checks")),
        _ => format!(": {fails} of {of} checks fail"),
    };
    match health.state {
        _ if !health.served => pen.say(Role::Unsure, "serves no health endpoint"),
        HealthState::Up => pen.say(if fails == 0 { Role::Good } else { Role::Bad }, format!("says that it is ready{checks}")),
        HealthState::Down => pen.shout(Role::Bad, format!("says that it is not ready{checks}")),
        HealthState::Unknown => pen.say(Role::Held, "not known: its health endpoints do not answer"),
    }
}

/// Those that fail first.
fn sorted(health: &Health) -> Vec<&HealthCheck> {
    let mut checks: Vec<&HealthCheck> = health.checks.iter().collect();
    checks.sort_by_key(|check| match check.state {
        CheckState::Fails => 0,
        CheckState::Other => 1,
        CheckState::Passes => 2,
    });
    checks
}

fn leaf<'a>(pen: &Pen<'_>, check: &'a HealthCheck, widest: usize) -> Vec<Run<'a>> {
    let blank = " ".repeat(widest.saturating_sub(Run::raw(check.name.as_str()).width()) + 2);
    let (mark, role) = match check.state {
        CheckState::Passes => ("✓ ", Role::Good),
        CheckState::Fails => ("✗ ", Role::Bad),
        CheckState::Other => ("○ ", Role::Unsure),
    };
    let name = pen.say(if check.state == CheckState::Fails { Role::Strong } else { Role::Text }, check.name.as_str());
    vec![pen.shout(role, mark), name, Run::raw(blank), pen.say(role, check.said.as_str())]
}

/// Why it does not answer, or what is odd about its answer.
fn trouble<'a>(pen: &Pen<'_>, row: &'a InstanceRow) -> Option<Branch<'a>> {
    let by_node = row.pod.as_ref().and_then(|pod| pod.reason.as_deref());
    let trouble = row.trouble.as_deref().filter(|trouble| by_node != Some(trouble))?;
    let silent = row.seen.is_some() || row.state == InstanceState::Silent;
    let (word, role) = if silent { ("no answer", Role::Held) } else { ("remark", Role::Text) };
    Some(branch(pen, word, vec![pen.say(role, trouble)]))
}

fn answered<'a>(pen: &Pen<'_>, snapshot: &Snapshot, row: &InstanceRow) -> Branch<'a> {
    let run = match row.seen {
        Some(at) => pen.say(Role::Text, format!("{}, {} ago", humanize::clock(at), humanize::duration(snapshot.at.since(at)))),
        None if row.state == InstanceState::Silent => pen.say(Role::Held, "never"),
        None => pen.say(Role::Text, "at the last poll"),
    };
    branch(pen, "answered", vec![run])
}

fn restarts<'a>(pen: &Pen<'_>, row: &InstanceRow) -> Branch<'a> {
    let mut runs = vec![match row.restarts {
        n if row.pod.is_some() => {
            let counted = humanize::count(f64::from(n));
            pen.say(if n == 0 { Role::Text } else { Role::Strong }, format!("{counted}, as its node counts"))
        }
        0 => pen.say(Role::Text, "none in this watch"),
        n => {
            pen.shout(Role::Strong, format!("{n} in this watch{}", if row.restarted { ", the last one not long ago" } else { "" }))
        }
    }];
    if !row.age.is_empty() {
        runs.push(pen.say(Role::Dim, format!("   up {}", row.age)));
    }
    branch(pen, "restarts", runs)
}

fn counted<'a>(pen: &Pen<'_>, snapshot: &Snapshot, row: &InstanceRow) -> Option<Branch<'a>> {
    let (requests, errors) = row.figures.counted;
    let requests_text = humanize::plural(requests, "request", "requests");
    let text = format!("{requests_text}, {} failed, in {}", humanize::count(errors), super::counted_for(snapshot));
    (requests > 0.0).then(|| branch(pen, "counted", vec![pen.say(Role::Text, text)]))
}
