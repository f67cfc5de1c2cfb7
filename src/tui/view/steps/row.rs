//! A step in one line.

use ratatui::layout::Rect;

use super::look;
use crate::{
    engine::snapshot::{Meter, StepRow, StepState},
    humanize,
    tui::{
        pen::{Pen, cells, width},
        theme::Role,
        view::meter,
    },
};

/// Columns up to the bar of time.
const BAR: u16 = 29;
/// Columns of "1m30s of 1m30s" with a blank at each end.
const SPAN: u16 = 16;
/// The same where there is no meter: "13m/30m".
const BRIEF_SPAN: u16 = 9;
/// Columns of "63 % roll back".
const WORDS: u16 = 16;
/// Columns of the requests.
const REQUESTS: u16 = 10;
/// Columns of both percentages beside the meter.
const PERCENTAGES: u16 = 14;

/// Which parts fit, and how wide the bars are.
pub(super) struct Columns {
    /// Cells of time.
    time: u16,
    /// Whether there is a column for the requests.
    requests: bool,
    /// Cells of the meter; none where there is no room for it.
    meter: u16,
    /// Where the evidence ends.
    end: u16,
}

impl Columns {
    /// Shares a width out: the meter goes first, then the requests.
    pub(super) fn of(width: u16) -> Self {
        let room = width.saturating_sub(BAR + SPAN + 2);
        let requests = room >= REQUESTS + PERCENTAGES + 12 + 9;
        let bars = room.saturating_sub(PERCENTAGES + if requests { REQUESTS } else { 0 });
        let meter = if bars >= 15 { (bars * 9 / 20).clamp(7, 25) | 1 } else { 0 };
        if meter == 0 {
            let time = width.saturating_sub(BAR + BRIEF_SPAN + WORDS + 1).clamp(4, 20);
            return Self { time, requests, meter, end: width.saturating_sub(1) };
        }
        let time = (bars - meter).clamp(4, 40);
        let end = BAR + time + SPAN + if requests { REQUESTS } else { 0 } + meter + PERCENTAGES + 1;
        Self { time, requests, meter, end: end.min(width.saturating_sub(1)) }
    }

    fn meter_at(&self) -> u16 {
        self.end.saturating_sub(self.meter + PERCENTAGES / 2)
    }
}

/// Draws the names of the columns.
pub(super) fn head(pen: &mut Pen<'_>, area: Rect, columns: &Columns) {
    let dim = |text: &'static str| [pen.say(Role::Dim, text)];
    let (step, weight, seen, time) = (dim("step"), dim("weight"), dim("seen"), dim("time in step"));
    let (requests, evidence) = (dim("requests"), dim("evidence"));
    let both = [pen.say(Role::Good, "promote  "), pen.say(Role::Dim, "←  evidence  →"), pen.say(Role::Bad, "  roll back")];
    pen.write(area.x + 4, area.y, area.right(), &step);
    pen.write_right(area.x + 9, area.y, area.x + 18, &weight);
    pen.write_right(area.x + 18, area.y, area.x + 26, &seen);
    pen.write(area.x + BAR, area.y, area.right(), &time);
    if columns.requests {
        let end = area.x + BAR + columns.time + SPAN + REQUESTS - 2;
        pen.write_right(area.x + BAR, area.y, end, &requests);
    }
    let whole = columns.meter + PERCENTAGES;
    let runs: &[_] = if cells(width(&both)) <= whole + 2 { &both } else { &evidence };
    pen.write_right(area.x + BAR + 13, area.y, area.x + columns.end, runs);
}

/// Draws the step.
pub(super) fn draw(pen: &mut Pen<'_>, row: Rect, columns: &Columns, step: &StepRow) {
    let (mark, role, word) = look(step.state);
    let begun = !matches!(step.state, StepState::Waiting | StepState::Before);
    let weight = super::weight(step);
    let strong = if step.state == StepState::Current { Role::Strong } else { Role::Text };
    let left = [pen.shout(role, format!("{mark} ")), pen.say(strong, step.number.to_string())];
    pen.write(row.x + 2, row.y, row.x + 11, &left);
    let weight = [if strong == Role::Strong { pen.shout(strong, weight) } else { pen.say(strong, weight) }];
    pen.write_right(row.x + 9, row.y, row.x + 18, &weight);
    let seen = [pen.say(Role::Text, step.seen.as_str())];
    pen.write_right(row.x + 18, row.y, row.x + 26, &seen);
    if step.state == StepState::Before {
        let run = [pen.say(Role::Dim, word)];
        pen.write(row.x + BAR, row.y, row.right(), &run);
        return;
    }
    if step.length.is_zero() {
        // The end of the ladder: nothing is judged there.
        return;
    }
    meter::time(pen, (row.x + BAR, row.y), columns.time, step.length, &step.parts);
    let span = row.x + BAR + columns.time + 1;
    if !begun {
        let run = [pen.say(Role::Dim, word)];
        pen.write(span, row.y, row.right(), &run);
        return;
    }
    let of = if columns.meter > 0 { " of " } else { "/" };
    let time = [
        pen.say(Role::Text, humanize::duration(step.watched)),
        pen.say(Role::Dim, format!("{of}{}", humanize::duration(step.length))),
    ];
    pen.write(span, row.y, span + SPAN, &time);
    if columns.requests {
        let run = [pen.say(Role::Text, step.requests.as_str())];
        pen.write_right(span, row.y, span + SPAN + REQUESTS - 3, &run);
    }
    evidence(pen, row, columns, step);
}

/// The meter between its percentages; the larger one alone where there is no room.
fn evidence(pen: &mut Pen<'_>, row: Rect, columns: &Columns, step: &StepRow) {
    let (promote, rollback) = step.evidence;
    let end = row.x + columns.end;
    let said = |pen: &Pen<'_>, part: f64, role: Role| {
        let text = humanize::part(part);
        if part >= 0.01 { pen.shout(role, text) } else { pen.say(Role::Dim, text) }
    };
    let (to_promote, to_rollback) = (said(pen, promote, Role::Good), said(pen, rollback, Role::Bad));
    if columns.meter == 0 {
        let runs = if rollback >= promote {
            [to_rollback, pen.say(Role::Bad, " roll back")]
        } else {
            [to_promote, pen.say(Role::Good, " promote")]
        };
        pen.write_right(row.x + BAR, row.y, end, &runs);
        return;
    }
    let x = row.x + columns.meter_at();
    pen.write_right(x - PERCENTAGES / 2, row.y, x - 1, &[to_promote]);
    let meter = Meter { promote, rollback, minute_ago: None, frozen: None };
    meter::bar(pen, (x, row.y), columns.meter, &meter);
    pen.write_right(x + columns.meter, row.y, end, &[to_rollback]);
}
