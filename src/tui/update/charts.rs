//! Which metric the charts show.

use crate::{
    engine::snapshot::Snapshot,
    tui::{
        model::{UiState, View},
        view::{chart::Metric, layout, shown_metric},
    },
};

/// The next metric for 1, the one before for -1. Where both charts are, the error rate keeps its own; a difference has no requests.
pub(super) fn turn(ui: &mut UiState, snapshot: &Snapshot, by: i8) {
    let choice: &[Metric] = match ui.view {
        View::Difference => &Metric::ALL[..4],
        View::Overview if layout::has_two_charts(ui.size, snapshot.checks.len()) => &Metric::ALL[1..],
        _ => &Metric::ALL,
    };
    let shown = shown_metric(snapshot, ui);
    let at = choice.iter().position(|metric| *metric == shown).unwrap_or(0);
    let steps = if by > 0 { 1 } else { choice.len() - 1 };
    if let Some(metric) = choice.get((at + steps) % choice.len()) {
        choose(ui, snapshot, *metric);
    }
}

/// That metric; its scale begins with what is in sight.
pub(super) fn choose(ui: &mut UiState, snapshot: &Snapshot, metric: Metric) {
    ui.charts.metric = Some(metric);
    ui.charts.look(snapshot, |_| ());
}
