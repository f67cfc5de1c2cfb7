//! Draws the screen: a pure view of one snapshot. Four questions have four fixed places, in every state and size.
//!
//! ```text
//!  rollwatch  api-server · prod   v2.4.0 → v2.5.0  25 %            ■ AUTO-ROLLBACK ARMED  20:14:03   header
//! ▌  ▲ LEANING BAD   v2.5.0 fails 4 times as often as v2.4.0: ...        is it bad, which metric     verdict
//! ▌                  Rolls back by itself in about 30 s ...              what happens next, which key
//! ▌  evidence      promote   0 % ┃···········│█████████▏··┃  63 % roll back                           meter
//! ▌  window        watched 6m30s ▕━━━━━━▒━━━━━━━━━·········▏   of 10m
//! ╭─ error rate ───────────────────────╮╭─ latency p99 ──────────────────────╮                       chart
//! ╭─ checks ──────────────────────────────────╮╭─ versions ──────────────────╮               checks, versions
//! ╭─ events ─────────────────────────────────────────────────────────────────╮                      events
//!   p  promote to 50 %   R roll back    space  pause              polls each 5 s                        keys
//! ```
//!
//! Every sentence comes from the snapshot; what is worded here are labels and help.

use ratatui::{buffer::Buffer, layout::Rect};

use self::{
    chart::Metric,
    layout::{Charts, Plan, Shape},
};
use super::{
    glyph,
    modal::{Modal, confirm_text, explain, help, line},
    model::{Focus, UiState, View},
    pen::Pen,
    theme::{Role, Theme},
    update::selected,
};
use crate::engine::snapshot::Snapshot;

mod acting;
mod acts;
pub(super) mod chart;
mod checks;
mod details;
mod difference;
mod events;
mod events_list;
pub mod greeting;
mod header;
mod instances;
pub(super) mod keys;
pub(super) mod layout;
mod list;
mod meter;
pub(super) mod sentence;
mod spark;
mod steps;
mod tabs;
mod tour;
mod verdict;
mod versions;
mod words;

pub(super) use self::verdict::one_row as verdict_row;
pub(super) use super::pen::Target;

/// Draws everything into `frame`, whatever its size. Keys and panels are those of `present`, also while a picture is held.
pub fn draw(frame: &mut Buffer, present: &Snapshot, ui: &UiState, theme: Theme) {
    everything(&mut Pen { buffer: frame, theme, keymap: &ui.keymap, targets: None }, present, ui);
    glyph::restrict(frame, theme.glyphs);
}

/// What stands in that cell for the mouse. Drawn once more, aside, so that there is one layout and not two.
pub(super) fn target_at(present: &Snapshot, ui: &UiState, at: (u16, u16)) -> Option<Target> {
    let mut aside = Buffer::empty(Rect::new(0, 0, ui.size.0, ui.size.1));
    let mut pen = Pen { buffer: &mut aside, theme: Theme::PLAIN, keymap: &ui.keymap, targets: Some(Vec::new()) };
    everything(&mut pen, present, ui);
    let hit = |(area, _): &&(Rect, Target)| area.contains(at.into());
    pen.targets?.iter().rfind(hit).map(|(_, target)| *target)
}

fn everything(pen: &mut Pen<'_>, present: &Snapshot, ui: &UiState) {
    let snapshot = ui.picture(present);
    let whole = pen.buffer.area;
    let (area, tour) = ui.tour.map_or((whole, None), |tour| {
        let (area, place) = tour::split(whole);
        (area, place.map(|place| (place, tour)))
    });
    if let Some((place, tour)) = tour {
        tour::draw(pen, place, tour);
    }
    match layout::plan(area, snapshot.checks.len()) {
        Shape::Nothing => {}
        Shape::Line => words::line(pen, area, snapshot),
        Shape::Words if matches!(ui.modal, Some(Modal::Help(_))) => help::draw(pen, area, snapshot, ui),
        Shape::Words if matches!(ui.modal, Some(Modal::Explain(_))) => explain::draw(pen, area, snapshot, ui),
        Shape::Words => words::draw(pen, area, snapshot, ui),
        Shape::Panes(plan) => panes(pen, &plan, present, ui),
    }
}

/// When the screen changes although nothing was polled: a poll is late, or an action is on its way.
#[must_use]
pub fn has_a_running_clock(snapshot: &Snapshot, now: crate::engine::time::Time) -> bool {
    keys::lateness(snapshot, now).is_some() || snapshot.action.as_ref().is_some_and(acting::is_running)
}

fn panes(pen: &mut Pen<'_>, plan: &Plan, present: &Snapshot, ui: &UiState) {
    let snapshot = ui.picture(present);
    if matches!(ui.modal, Some(Modal::Help(_))) {
        let whole = Rect { height: plan.keys.bottom(), ..plan.header };
        return help::draw(pen, whole, snapshot, ui);
    }
    if matches!(ui.modal, Some(Modal::Explain(_))) {
        let whole = Rect { height: plan.keys.bottom(), ..plan.header };
        return explain::draw(pen, whole, snapshot, ui);
    }
    header::draw(pen, plan.header, snapshot);
    let verdict = if ui.view == View::Overview {
        overview(pen, plan, snapshot, ui);
        plan.verdict
    } else {
        other_view(pen, plan, snapshot, ui)
    };
    if let Some(Modal::Confirm(panel)) = &ui.modal {
        let below = Rect { y: verdict.bottom(), height: plan.keys.bottom() - verdict.bottom(), ..verdict };
        let room = Rect { height: below.height - plan.keys.height, ..below };
        pen.fade(below);
        confirm_text::draw(pen, room, present, panel);
        confirm_text::keys(pen, plan.keys, present, panel, ui.now);
    } else {
        keys::draw(pen, plan.keys, present, ui);
    }
    if let Some(Modal::Line(typed)) = &ui.modal {
        line::draw(pen, Rect { y: plan.keys.bottom() - 1, height: 1, ..plan.keys }, typed);
    }
}

fn overview(pen: &mut Pen<'_>, plan: &Plan, snapshot: &Snapshot, ui: &UiState) {
    verdict::draw(pen, plan.verdict, snapshot, ui);
    if ui.is_enlarged {
        return enlarged(pen, layout::below_verdict(plan), snapshot, ui);
    }
    // Charts under each other have the same columns of time.
    let cells = if plan.second.is_some() { chart::difference::plot_cells } else { chart::plot_cells };
    charts(pen, plan.charts, cells, snapshot, ui);
    if let Some(areas) = plan.second {
        second_charts(pen, areas, snapshot, ui);
    }
    checks::draw(pen, plan.checks, snapshot, ui);
    if let Some(area) = plan.versions {
        versions::draw(pen, area, snapshot);
    }
    let (events, greeting) = greeting::split(plan.events, ui);
    events::draw(pen, events, snapshot, ui);
    if let Some(row) = greeting {
        greeting::draw(pen, row);
    }
    if let Some(area) = plan.details {
        details::draw(pen, area, snapshot, ui);
    }
}

/// The pane that has the keys, in the room of all.
fn enlarged(pen: &mut Pen<'_>, room: Rect, snapshot: &Snapshot, ui: &UiState) {
    match ui.focus {
        Focus::Charts => charts(pen, layout::charts(room), chart::plot_cells, snapshot, ui),
        Focus::Checks => checks::draw(pen, room, snapshot, ui),
        Focus::Events => events::draw(pen, room, snapshot, ui),
    }
}

/// A view under one row of the verdict and one of the views' names. Returns where the verdict stands.
fn other_view(pen: &mut Pen<'_>, plan: &Plan, snapshot: &Snapshot, ui: &UiState) -> Rect {
    let verdict = Rect { height: 1, ..plan.verdict };
    verdict::one_row(pen, verdict, snapshot, ui);
    let to_keys = |y: u16| Rect { y, height: plan.keys.y - y, ..plan.verdict };
    if ui.view == View::Difference {
        difference::draw(pen, to_keys(verdict.bottom()), snapshot, ui);
        return verdict;
    }
    let tabs = Rect { y: verdict.bottom(), ..verdict };
    let area = to_keys(tabs.bottom());
    let remarks = match ui.view {
        View::Instances => instances::remarks(snapshot, ui),
        View::Steps => steps::remarks(snapshot),
        View::Events => events_list::remarks(),
        View::Journal => acts::remarks(),
        View::Overview | View::Difference => Vec::new(),
    };
    tabs::draw(pen, tabs, ui.view, &remarks);
    match ui.view {
        View::Instances => instances::draw(pen, area, snapshot, ui),
        View::Steps => steps::draw(pen, area, snapshot, ui),
        View::Events => events_list::draw(pen, area, snapshot, ui),
        View::Journal => acts::draw(pen, area, snapshot, ui),
        View::Overview | View::Difference => {}
    }
    verdict
}

/// The chart of the worst check has the brighter edge while the charts have the keys.
fn charts(pen: &mut Pen<'_>, places: Charts, cells: fn(u16) -> u16, snapshot: &Snapshot, ui: &UiState) {
    let worst = worst_metric(snapshot, ui);
    let edge = |metric| if ui.focus == Focus::Charts && metric == worst { Role::Focus } else { Role::Rule };
    let common = |width| chart::Common { snapshot, view: &ui.charts, cells: cells(width) };
    match places {
        Charts::One(area) => {
            pen.target(area, || Target::Pane(Focus::Charts));
            chart::draw(pen, common(area.width), shown_metric(snapshot, ui), area, Role::Focus);
        }
        Charts::Both(left, right) => {
            let common = common(left.width.min(right.width));
            let second = ui.charts.metric.filter(|metric| *metric != Metric::Errors).unwrap_or(Metric::P99);
            for (metric, area) in [(Metric::Errors, left), (second, right)] {
                pen.target(area, || Target::Pane(Focus::Charts));
                chart::draw(pen, common, metric, area, edge(metric));
            }
        }
    }
}

/// What a tall screen has room for: the difference of the worst metric, and the requests of both.
fn second_charts(pen: &mut Pen<'_>, (left, right): (Rect, Rect), snapshot: &Snapshot, ui: &UiState) {
    let cells = chart::difference::plot_cells(left.width.min(right.width));
    let common = chart::Common { snapshot, view: &ui.charts, cells };
    chart::difference::draw(pen, common, worst_metric(snapshot, ui), left, Role::Rule);
    chart::draw(pen, common, Metric::Requests, right, Role::Rule);
}

/// The metric that a single chart shows: the one that was chosen, else the worst.
pub(super) fn shown_metric(snapshot: &Snapshot, ui: &UiState) -> Metric {
    ui.charts.metric.unwrap_or_else(|| worst_metric(snapshot, ui))
}

fn worst_metric(snapshot: &Snapshot, ui: &UiState) -> Metric {
    let check = snapshot.checks.get(selected(ui, snapshot).unwrap_or(0));
    if check.is_some_and(|check| check.id == "latency") { Metric::P99 } else { Metric::Errors }
}
