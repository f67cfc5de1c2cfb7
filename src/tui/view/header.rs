//! The first row: what is watched, from which version to which, how far, what may happen by itself, and the time of the data.

use ratatui::layout::Rect;

use crate::{
    engine::{
        role::Role as Side,
        snapshot::{Deployment, Mode, Snapshot},
    },
    humanize,
    tui::{
        pen::{Pen, Run, width},
        theme::{Ground, Role},
    },
};

/// From this width on the mode is said in full.
const WIDE: u16 = 100;

/// Draws the row. What does not fit is dropped in a fixed order; versions, weight, mode and time never are.
pub(super) fn draw(pen: &mut Pen<'_>, area: Rect, snapshot: &Snapshot) {
    pen.lay(area, Ground::Bar);
    let brief = area.width < WIDE;
    let right = right(pen, snapshot, brief);
    let end = area.right().saturating_sub(1);
    let start = pen.write_right(area.x, area.y, end, &right);
    let room = usize::from(start.saturating_sub(area.x + 3));
    let left = (0..=DROPS).map(|drops| left(pen, snapshot, brief, drops)).find(|runs| width(runs) <= room);
    let left = left.unwrap_or_else(|| self::left(pen, snapshot, brief, DROPS));
    pen.write(area.x + 1, area.y, start.saturating_sub(1), &left);
}

/// How many parts can be dropped: the backend's locator, its kind, our own name, the environment, the step, the deployment.
const DROPS: usize = 6;

fn left<'a>(pen: &Pen<'_>, snapshot: &'a Snapshot, brief: bool, drops: usize) -> Vec<Run<'a>> {
    let d = &snapshot.deployment;
    let mut runs = Vec::new();
    if drops < 3 {
        runs.push(pen.say(Role::Dim, if brief { "rollwatch " } else { "rollwatch  " }));
    }
    if drops < 6 {
        runs.push(pen.shout(Role::Strong, d.name.as_str()));
    }
    let backend = match drops {
        0 => d.backend.as_str(),
        1 => d.backend.split(' ').next().unwrap_or_default(),
        _ => "",
    };
    for part in [if drops < 4 { d.environment.as_str() } else { "" }, backend] {
        if !part.is_empty() {
            runs.push(pen.say(Role::Dim, format!(" · {part}")));
        }
    }
    runs.push(pen.say(Role::Dim, if runs.is_empty() { "" } else { "  " }));
    runs.push(pen.shout(Role::Baseline, snapshot.version(Side::Baseline)));
    runs.push(pen.say(Role::Dim, " → "));
    runs.push(pen.shout(Role::Candidate, snapshot.version(Side::Candidate)));
    runs.push(pen.say(Role::Text, progress(d, brief, drops < 5)));
    runs
}

fn progress(d: &Deployment, brief: bool, with_step: bool) -> String {
    let weight = d.weight.map(|w| format!("  {}", humanize::share(w))).unwrap_or_default();
    match d.step.filter(|_| with_step) {
        Some((step, of)) if brief => format!("{weight} · {step}/{of}"),
        Some((step, of)) => format!("{weight} · step {step}/{of}"),
        None => weight,
    }
}

fn right<'a>(pen: &Pen<'_>, snapshot: &Snapshot, brief: bool) -> Vec<Run<'a>> {
    let unsure = pen.theme.fill(Role::Unsure);
    let block = |text| Run::styled(text, unsure);
    let mode = match (&snapshot.deployment.mode, brief) {
        (Mode::Manual, false) => pen.say(Role::Dim, "□ auto-rollback off"),
        (Mode::Manual, true) => pen.say(Role::Dim, "□ auto off"),
        (Mode::Armed, false) => pen.shout(Role::Strong, "■ AUTO-ROLLBACK ARMED"),
        (Mode::Armed, true) => pen.shout(Role::Strong, "■ AUTO"),
        (Mode::Used, false) => pen.say(Role::Dim, "□ auto-rollback used"),
        (Mode::Used, true) => pen.say(Role::Dim, "□ auto used"),
        (Mode::ReadOnly(_), _) => block(" READ-ONLY "),
        (Mode::Replay, _) => block(" REPLAY "),
    };
    let gap = if brief { " " } else { "  " };
    vec![mode, pen.say(Role::Dim, format!("{gap}{}", humanize::clock(snapshot.at)))]
}
