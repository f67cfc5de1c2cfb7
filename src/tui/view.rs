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

use self::layout::{Charts, Plan, Shape};
use super::{
    glyph,
    modal::{Modal, confirm_text, explain, help},
    model::{Focus, UiState, View},
    pen::Pen,
    theme::{Role, Theme},
    update::selected,
};
use crate::engine::snapshot::Snapshot;

mod acting;
pub(super) mod chart;
mod checks;
mod events;
mod header;
pub(super) mod keys;
pub(super) mod layout;
mod meter;
pub(super) mod sentence;
mod tabs;
mod verdict;
mod versions;
mod words;

pub(super) use self::verdict::one_row as verdict_row;

/// Draws everything into `frame`, whatever its size.
pub fn draw(frame: &mut Buffer, snapshot: &Snapshot, ui: &UiState, theme: Theme) {
    let area = frame.area;
    let mut pen = Pen { buffer: frame, theme };
    match layout::plan(area, snapshot.checks.len()) {
        Shape::Nothing => {}
        Shape::Line => words::line(&mut pen, area, snapshot),
        Shape::Words if matches!(ui.modal, Some(Modal::Help(_))) => help::draw(&mut pen, area, snapshot, ui),
        Shape::Words if matches!(ui.modal, Some(Modal::Explain(_))) => explain::draw(&mut pen, area, snapshot, ui),
        Shape::Words => words::draw(&mut pen, area, snapshot, ui),
        Shape::Panes(plan) => panes(&mut pen, &plan, snapshot, ui),
    }
    if theme.ascii {
        glyph::to_ascii(frame);
    }
}

/// When the screen changes although nothing was polled: a poll is late, or an action is on its way.
#[must_use]
pub fn has_a_running_clock(snapshot: &Snapshot, now: crate::engine::time::Time) -> bool {
    keys::lateness(snapshot, now).is_some() || snapshot.action.as_ref().is_some_and(acting::is_running)
}

fn panes(pen: &mut Pen<'_>, plan: &Plan, snapshot: &Snapshot, ui: &UiState) {
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
        confirm_text::draw(pen, room, snapshot, panel);
        confirm_text::keys(pen, plan.keys, snapshot, panel, ui.now);
    } else {
        keys::draw(pen, plan.keys, snapshot, ui);
    }
}

fn overview(pen: &mut Pen<'_>, plan: &Plan, snapshot: &Snapshot, ui: &UiState) {
    verdict::draw(pen, plan.verdict, snapshot, ui);
    charts(pen, plan, snapshot, ui);
    checks::draw(pen, plan.checks, snapshot, ui);
    if let Some(area) = plan.versions {
        versions::draw(pen, area, snapshot);
    }
    events::draw(pen, plan.events, snapshot, ui);
}

/// A view under one row of the verdict and one of the views' names. Returns where the verdict stands.
fn other_view(pen: &mut Pen<'_>, plan: &Plan, snapshot: &Snapshot, ui: &UiState) -> Rect {
    let verdict = Rect { height: 1, ..plan.verdict };
    verdict::one_row(pen, verdict, snapshot);
    let tabs = Rect { y: verdict.bottom(), ..verdict };
    tabs::draw(pen, tabs, ui.view, &[]);
    let _area = Rect { y: tabs.bottom(), height: plan.keys.y - tabs.bottom(), ..plan.verdict };
    verdict
}

/// The chart of the worst check has the brighter edge while the charts have the keys.
fn charts(pen: &mut Pen<'_>, plan: &Plan, snapshot: &Snapshot, ui: &UiState) {
    let worst = worst_metric(snapshot, ui);
    let edge = |metric| if ui.focus == Focus::Charts && metric == worst { Role::Focus } else { Role::Rule };
    match plan.charts {
        Charts::One(area) => chart::draw(pen, snapshot, &ui.scales, worst, area, chart::plot_cells(area.width), Role::Focus),
        Charts::Both(left, right) => {
            let cells = chart::plot_cells(left.width.min(right.width));
            for (metric, area) in [(chart::Metric::Errors, left), (chart::Metric::P99, right)] {
                chart::draw(pen, snapshot, &ui.scales, metric, area, cells, edge(metric));
            }
        }
    }
}

fn worst_metric(snapshot: &Snapshot, ui: &UiState) -> chart::Metric {
    let check = snapshot.checks.get(selected(ui, snapshot).unwrap_or(0));
    if check.is_some_and(|check| check.id == "latency") { chart::Metric::P99 } else { chart::Metric::Errors }
}
