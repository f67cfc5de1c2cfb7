//! The table's columns: which fit, and what stands in them. Name, version and state always do.

use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::{is_bad, look};
use crate::{
    engine::snapshot::{InstanceRow, InstanceState, Snapshot},
    tui::{
        glyph,
        pen::{Pen, Run, cells, tail},
        theme::Role,
        view::spark,
    },
};

/// One column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Name,
    Version,
    State,
    Ready,
    Restarts,
    Age,
    Rate,
    Errors,
    P99,
    History,
}

use Column::{Age, Errors, History, Name, P99, Rate, Ready, Restarts, State, Version};

/// From the left to the right.
const ALL: [Column; 10] = [Name, Version, State, Ready, Restarts, Age, Rate, Errors, P99, History];
/// Dropped one after the other where columns are short.
const DROPPED: [Column; 7] = [P99, Age, Rate, Restarts, History, Ready, Errors];
/// The same for pods: how often and how long ago they were started says more of them.
const DROPPED_OF_PODS: [Column; 7] = [P99, History, Rate, Age, Restarts, Ready, Errors];
/// Cells of the history, where there is room for them.
const HISTORIES: [u16; 4] = [30, 20, 15, 10];
/// Where the first column begins: after the mark.
const LEFT: u16 = 3;
/// What is left over from here on holds why an instance does not answer.
const TROUBLE: u16 = 24;

/// The columns that fit, each with its place from the left edge and its width.
#[derive(Debug)]
pub(super) struct Columns {
    placed: Vec<(Column, u16, u16)>,
}

impl Columns {
    /// The most columns that fit into `width`, and then the longest history.
    pub(super) fn fit(width: u16, snapshot: &Snapshot) -> Self {
        let longest = |texts: &mut dyn Iterator<Item = &str>| cells(texts.map(UnicodeWidthStr::width).max().unwrap_or(0));
        let rows = &snapshot.instances;
        let names = longest(&mut rows.iter().map(|row| row.name.as_str())).clamp(8, (width / 4).max(16));
        let versions = longest(&mut rows.iter().map(|row| snapshot.version(row.role))).clamp(7, if width < 100 { 12 } else { 20 });
        let drops = if rows.iter().any(|row| row.pod.is_some()) { DROPPED_OF_PODS } else { DROPPED };
        let layout = |dropped: usize, history: u16| {
            let mut x = LEFT;
            let shown = ALL.into_iter().filter(|column| !drops.iter().take(dropped).any(|gone| gone == column));
            let place = |column: Column| {
                let own = column.width(names, versions, history);
                let at = x;
                x += own + column.gap();
                (column, at, own)
            };
            Self { placed: shown.map(place).collect() }
        };
        let tries = (0..=DROPPED.len()).flat_map(|dropped| HISTORIES.map(|history| (dropped, history)));
        let fitting = tries.map(|(dropped, history)| layout(dropped, history)).find(|columns| columns.end() < width);
        fitting.unwrap_or_else(|| layout(DROPPED.len(), 0))
    }

    /// Where a reason begins: in place of the figures, which there are none of; where that is little room, right after the state.
    fn reason(&self, width: u16) -> u16 {
        let of = |is_it: fn(Column) -> bool| self.placed.iter().find(|(column, ..)| is_it(*column)).map(|(_, at, _)| *at);
        let figures = of(Column::is_figure).filter(|at| at + TROUBLE < width);
        figures.or_else(|| of(|column| !matches!(column, Name | Version | State))).unwrap_or(width)
    }

    fn end(&self) -> u16 {
        self.placed.last().map_or(0, |(_, at, own)| at + own)
    }
}

impl Column {
    const fn width(self, names: u16, versions: u16, history: u16) -> u16 {
        match self {
            Name => names,
            Version => versions,
            State => 12,
            Ready => 5,
            Restarts => 8,
            Age | P99 => 6,
            Rate | Errors => 7,
            History => history,
        }
    }

    /// Blanks after it.
    const fn gap(self) -> u16 {
        if matches!(self, State | Ready | Restarts) { 1 } else { 2 }
    }

    const fn title(self, width: u16) -> &'static str {
        match self {
            Name => "instance",
            Version => "version",
            State => "state",
            Ready => "ready",
            Restarts => "restarts",
            Age => "up",
            Rate => "req/s",
            Errors => "errors",
            P99 => "p99",
            History if width >= 16 => "errors, last 10m",
            History => "last 10m",
        }
    }

    /// What is counted on its pages.
    const fn is_figure(self) -> bool {
        matches!(self, Rate | Errors | P99 | History)
    }

    const fn is_number(self) -> bool {
        matches!(self, Restarts | Age | Rate | Errors | P99)
    }
}

/// Draws the names of the columns.
pub(super) fn head(pen: &mut Pen<'_>, area: Rect, columns: &Columns) {
    for (column, at, width) in &columns.placed {
        let run = pen.say(Role::Dim, column.title(*width));
        put(pen, area, *column, (*at, *width), &[run]);
    }
}

/// Draws one instance.
pub(super) fn row(pen: &mut Pen<'_>, area: Rect, columns: &Columns, snapshot: &Snapshot, row: &InstanceRow, top: f64) {
    let reason = reason(row).map(|reason| (reason, columns.reason(area.width)));
    for (column, at, width) in columns.placed.iter().filter(|(_, at, _)| reason.is_none_or(|(_, begins)| *at < begins)) {
        if *column == History {
            spark::draw(pen, (area.x + at, area.y), *width, row, top);
        } else {
            let runs = text(pen, *column, usize::from(*width), snapshot, row);
            put(pen, area, *column, (*at, *width), &runs);
        }
    }
    if let Some((reason, at)) = reason {
        let run = pen.say(look(row.state).1, reason);
        pen.write(area.x + at, area.y, area.right() - 1, &[run]);
        return;
    }
    let spare = area.x + columns.end() + 2;
    if let Some(trouble) = row.trouble.as_ref().filter(|_| spare + TROUBLE < area.right()) {
        let run = pen.say(Role::Dim, trouble.as_str());
        pen.write(spare, area.y, area.right() - 1, &[run]);
    }
}

/// Why a pod does not serve: it has no figures, and that is in their place.
fn reason(row: &InstanceRow) -> Option<&str> {
    let does_not = matches!(row.state, InstanceState::Starting | InstanceState::Restarting);
    row.pod.as_ref()?.reason.as_deref().filter(|_| does_not)
}

fn put(pen: &mut Pen<'_>, area: Rect, column: Column, (at, width): (u16, u16), runs: &[Run<'_>]) {
    let (start, end) = (area.x + at, area.x + at + width);
    if column.is_number() {
        pen.write_right(start, area.y, end, runs);
    } else {
        pen.write(start, area.y, end.min(area.right()), runs);
    }
}

fn text<'a>(pen: &Pen<'_>, column: Column, width: usize, snapshot: &Snapshot, row: &'a InstanceRow) -> Vec<Run<'a>> {
    let bad = is_bad(row.state);
    let plain = |text: &'a str| if bad { pen.shout(Role::Strong, text) } else { pen.say(Role::Text, text) };
    vec![match column {
        Name if bad => pen.shout(Role::Strong, tail(&row.name, width)),
        Name => pen.say(Role::Text, tail(&row.name, width)),
        Version => pen.say(row.role.into(), tail(snapshot.version(row.role), width)),
        State => {
            let (mark, role) = look(row.state);
            let text = format!("{} {}", glyph::symbol(mark), row.state.word());
            if role == Role::Good || role == Role::Unsure { pen.say(role, text) } else { pen.shout(role, text) }
        }
        Ready => match row.ready {
            Some(true) => pen.say(Role::Text, "yes"),
            Some(false) => pen.shout(Role::Bad, "no"),
            None => pen.say(Role::Dim, "–"),
        },
        Restarts if row.restarted => pen.shout(Role::Bad, format!("{} ▲", row.restarts)),
        Restarts => pen.say(if row.restarts == 0 { Role::Dim } else { Role::Text }, format!("{}  ", row.restarts)),
        Age => pen.say(Role::Dim, row.age.as_str()),
        Rate => pen.say(if row.rate.starts_with('?') { Role::Held } else { Role::Text }, row.rate.as_str()),
        Errors => plain(&row.errors),
        P99 => pen.say(Role::Text, row.p99.as_str()),
        History => pen.say(Role::Text, ""),
    }]
}
