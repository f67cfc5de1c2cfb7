//! What there is to say about a step below its row: when it began and how it went, both versions' figures, and time without data.

use crate::{
    engine::{
        role::{Role as Side, Sides},
        snapshot::StepRow,
    },
    humanize,
    tui::{
        pen::{Pen, Run, width},
        theme::Role,
    },
};

/// Columns before it.
pub(super) const INDENT: u16 = 4;
/// Where the figures begin in a wide story.
const FIGURES: usize = 52;

/// The lines under a step's row: two where both fit into one line, else one after the other.
pub(super) fn lines<'a>(pen: &Pen<'_>, step: &'a StepRow, room: u16) -> Vec<Vec<Run<'a>>> {
    let room = usize::from(room.saturating_sub(INDENT + 1));
    let trunk = || pen.say(Role::Faint, "│ ");
    let mut first = vec![trunk()];
    first.extend(step.began.map(|began| pen.say(Role::Dim, format!("{}  ", humanize::clock(began)))));
    first.push(pen.say(Role::Text, step.outcome.as_str()));
    let figures = figures(pen, step);
    let mut lines = Vec::new();
    let gap = FIGURES.saturating_sub(width(&first)).max(3);
    if figures.is_empty() || width(&first) + gap + width(&figures) <= room {
        if !figures.is_empty() {
            first.push(Run::raw(" ".repeat(gap)));
            first.extend(figures);
        }
        lines.push(first);
    } else {
        lines.push(first);
        lines.push([vec![trunk()], figures].concat());
    }
    if !step.blind.is_zero() {
        let blind = format!("{} blind, made up at the end of the step", humanize::duration(step.blind));
        lines.push(vec![trunk(), pen.say(Role::Held, blind)]);
    }
    lines.retain(|line| width(line) > 2);
    lines
}

fn figures<'a>(pen: &Pen<'_>, step: &'a StepRow) -> Vec<Run<'a>> {
    let pair = |word: &'static str, values: &'a Sides<String>| {
        let value = |side: Side| pen.say(side.into(), values.of(side).as_str());
        let known = Side::BOTH.iter().any(|side| !values.of(*side).is_empty());
        let runs = [pen.say(Role::Dim, word), value(Side::Candidate), pen.say(Role::Dim, " against "), value(Side::Baseline)];
        if known { runs.to_vec() } else { Vec::new() }
    };
    let (errors, p99) = (pair("errors ", &step.errors), pair("p99 ", &step.p99));
    let gap = if errors.is_empty() || p99.is_empty() { Vec::new() } else { vec![Run::raw("   ")] };
    [errors, gap, p99].concat()
}
