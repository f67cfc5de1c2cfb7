//! Every instance of both versions: how it is, what it was asked and said, and who is the outlier.
//!
//! ```text
//!    instance          version  state         ready restarts     up   req/s   errors     p99  errors, last 10m
//! ▾  5c9f77d4c5-p4n7t  v2.5.0   ✗ restarting  no         4 ▲   48 s   0.0/s        –       –  ▃▂▂▁▂▒▒▂▁▆▒▒▅▒▒     columns
//!      ├ health      not ready: 1 of 3 checks fails                                                   opened
//!      │  ├ ✗ database    down
//! ▸  5c9f77d4c5-2xk8w  v2.5.0   ▲ erroring    yes        0    7m50s   2.4/s   2.41 %  231 ms  ▂▂▁▁▁▁▁▁▁▂▃▄▅▇▇
//!  ────────────────────────────────────────────────────────────────────────────────────────────
//!    v2.5.0  2 of 3 ready   4 restarts   errors 1.19 %   p99 228 ms   2xk8w: 18 of 22 errors       summary
//! ```

use std::time::Duration;

use ratatui::layout::Rect;

use self::columns::Columns;
use super::{list, spark};
use crate::{
    engine::{
        role::Role as Side,
        snapshot::{Glyph, InstanceRow, InstanceState, Snapshot},
    },
    humanize,
    tui::{
        keymap::Command,
        model::{UiState, View},
        pen::{Pen, Run},
        theme::Role,
    },
};

mod columns;
mod opened;
mod summary;

/// One line of the list.
enum Line<'a> {
    Instance { row: &'a InstanceRow, open: bool, chosen: bool },
    Detail(Vec<Run<'a>>),
}

/// Draws the view.
pub(super) fn draw(pen: &mut Pen<'_>, area: Rect, snapshot: &Snapshot, ui: &UiState) {
    let title = [pen.shout(Role::Strong, "instances"), pen.say(Role::Dim, format!("  {}", place(snapshot)))];
    let foot = if snapshot.instances.is_empty() { 0 } else { summary::ROWS };
    let parts = list::pane(pen, area, snapshot, ui, &title, foot);
    let rows = ui.lists.instances.visible(snapshot);
    summary::draw(pen, parts.foot, snapshot);
    if rows.is_empty() {
        return list::empty(pen, parts.list, nothing(snapshot, ui));
    }
    let columns = Columns::fit(parts.list.width, snapshot);
    columns::head(pen, Rect { height: 1, ..parts.list }, &columns);
    let body = Rect { y: parts.list.y + 1, height: parts.list.height.saturating_sub(1), ..parts.list };
    let (lines, marked) = lines(pen, snapshot, ui, &rows, usize::from(body.height));
    let sight = list::sight(&marked, usize::from(body.height), lines.len());
    list::more(pen, area, &sight, lines.iter().map(|line| matches!(line, Line::Instance { .. })));
    let top = spark::top(snapshot);
    for (y, (line_at, line)) in (body.y..body.bottom()).zip(lines.iter().enumerate().skip(sight.start)) {
        let at = Rect { y, height: 1, ..body };
        match line {
            Line::Instance { row, open, chosen } => {
                list::choosable(pen, at, &lines, line_at, |line| matches!(line, Line::Instance { .. }));
                columns::row(pen, at, &columns, snapshot, row, top);
                if *chosen {
                    list::chosen(pen, at);
                }
                if *open {
                    pen.dot(at.x, at.y, "▾", pen.theme.bold(Role::Strong));
                }
            }
            Line::Detail(runs) => {
                pen.write(at.x + opened::INDENT, at.y, at.right(), runs);
            }
        }
    }
}

/// Every line of the list, and which of them are the chosen row's.
fn lines<'a>(
    pen: &Pen<'_>,
    snapshot: &Snapshot,
    ui: &UiState,
    rows: &[&'a InstanceRow],
    room: usize,
) -> (Vec<Line<'a>>, std::ops::Range<usize>) {
    let memory = &ui.lists.instances;
    let at = memory.chosen(rows);
    let (mut lines, mut marked) = (Vec::new(), 0..0);
    for (nth, row) in rows.iter().enumerate() {
        let start = lines.len();
        let open = memory.is_open(row);
        lines.push(Line::Instance { row, open, chosen: nth == at });
        if open {
            lines.extend(opened::lines(pen, snapshot, row, room.saturating_sub(1)).into_iter().map(Line::Detail));
        }
        if nth == at {
            marked = start..lines.len();
        }
    }
    (lines, marked)
}

/// What the row of the views says, the longest first.
pub(super) fn remarks(snapshot: &Snapshot, ui: &UiState) -> Vec<String> {
    let memory = &ui.lists.instances;
    let (shown, all) = (memory.visible(snapshot).len(), snapshot.instances.len());
    let count = humanize::plural(all as f64, "instance", "instances");
    let count = if shown < all { format!("{shown} of {count}") } else { count };
    let order = memory.sort.word();
    let whose = if memory.candidate_only { format!(" · only {}", snapshot.version(Side::Candidate)) } else { String::new() };
    vec![
        format!("{count}{whose} · {order} · {} sort", ui.keymap.name(Command::Sort)),
        format!("{count}{whose} · {order}"),
        format!("{shown} of {all} · {order}"),
        order.to_owned(),
    ]
}

fn place(snapshot: &Snapshot) -> String {
    let deployment = &snapshot.deployment;
    let place = if deployment.environment.is_empty() { String::new() } else { format!(" in {}", deployment.environment) };
    format!("{}{place}", deployment.name)
}

/// How long rows have been counted for: as far as the history goes, or as the watch is old.
fn counted_for(snapshot: &Snapshot) -> String {
    let history = Duration::from_secs(u64::from(InstanceRow::HISTORY_S) * InstanceRow::HISTORY as u64);
    humanize::duration(snapshot.at.since(snapshot.started).min(history))
}

/// Why there is no row.
fn nothing(snapshot: &Snapshot, ui: &UiState) -> String {
    let all = snapshot.instances.len();
    if all == 0 && snapshot.charts.points.is_empty() {
        "no instance has answered yet".to_owned()
    } else if all == 0 {
        "the source has no instances: this backend knows versions only".to_owned()
    } else if ui.lists.is_filtered(View::Instances) {
        format!("no instance matches; {} shows all {all}", ui.keymap.name(Command::Close))
    } else {
        format!(
            "no instance of {} yet; {} shows all {all}",
            snapshot.version(Side::Candidate),
            ui.keymap.name(Command::CandidateOnly)
        )
    }
}

/// The glyph of a state, and its colour.
pub(super) fn look(state: InstanceState) -> (Glyph, Role) {
    match state {
        InstanceState::Serving => (Glyph::Pass, Role::Good),
        InstanceState::Idle => (Glyph::NoData, Role::Unsure),
        InstanceState::New | InstanceState::Starting | InstanceState::Leaving => (Glyph::Unsure, Role::Unsure),
        InstanceState::Silent => (Glyph::Unknown, Role::Held),
        InstanceState::Erroring => (Glyph::Warn, Role::Bad),
        InstanceState::NotReady | InstanceState::Restarting => (Glyph::Fail, Role::Bad),
    }
}

/// Whether a row is to be seen first.
fn is_bad(state: InstanceState) -> bool {
    look(state).1 == Role::Bad
}
