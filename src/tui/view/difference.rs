//! The view of the difference: one metric over time, how to read it, and the other metrics as one bar each.

use ratatui::layout::Rect;

use super::{
    chart::{self, Metric, difference},
    shown_metric,
};
use crate::{
    engine::snapshot::{Band, Charts, Snapshot},
    humanize,
    tui::{
        model::UiState,
        pen::{Pen, Run, cells},
        theme::{Ground, Role},
    },
};

/// Least rows of the chart; what explains it goes first.
const CHART: u16 = 11;
/// Rows of the legend, of the sentences, and around the bars.
const LEGEND: u16 = 1;
const SENTENCES: u16 = 4;
const AROUND_BARS: u16 = 3;
/// From this width on sentences are whole.
const WIDE: u16 = 100;
/// The metrics that have a difference.
const METRICS: &[Metric] = Metric::ALL.split_at(4).0;

/// Draws it.
pub(super) fn draw(pen: &mut Pen<'_>, area: Rect, snapshot: &Snapshot, ui: &UiState) {
    let metric = Some(shown_metric(snapshot, ui)).filter(|metric| METRICS.contains(metric)).unwrap_or(Metric::Errors);
    let mut spare = area.height.saturating_sub(CHART);
    let mut take = |rows: u16| {
        let taken = if rows <= spare { rows } else { 0 };
        spare -= taken;
        taken
    };
    let (legend, sentences, bars) = (take(LEGEND), take(SENTENCES), take(AROUND_BARS + cells(METRICS.len() - 1)));
    let chart = Rect { height: area.height - legend - sentences - bars, ..area };
    let common = chart::Common { snapshot, view: &ui.charts, cells: difference::plot_cells(area.width) };
    difference::draw(pen, common, metric, chart, Role::Focus);
    let row = |y: u16, height: u16| Rect { y, height, ..area };
    if legend > 0 {
        draw_legend(pen, row(chart.bottom(), legend), metric, &snapshot.charts);
    }
    if sentences > 0 {
        how_to_read(pen, row(chart.bottom() + legend, sentences), metric, snapshot);
    }
    if bars > 0 {
        others(pen, row(chart.bottom() + legend + sentences, bars), metric, snapshot);
    }
}

fn draw_legend(pen: &mut Pen<'_>, area: Rect, metric: Metric, charts: &Charts) {
    let swatch = |pen: &Pen<'_>, ground, sign: &str| {
        if pen.theme.has_grounds() { Run::styled("   ", pen.theme.ground(ground)) } else { pen.say(Role::Dim, format!(" {sign} ")) }
    };
    let tolerated = metric.tolerated(charts).map(|t| format!("as good is up to {}", metric.difference_text(t))).unwrap_or_default();
    let runs = [
        pen.shout(Role::Candidate, "━━"),
        pen.say(Role::Text, " measured   "),
        swatch(pen, Ground::CandidateBand, ":"),
        pen.say(Role::Text, " the true one is in here   "),
        swatch(pen, Ground::Tolerated, " "),
        pen.say(Role::Text, " as good   "),
        swatch(pen, Ground::Blind, "░"),
        pen.say(Role::Text, format!(" blind   {tolerated}")),
    ];
    pen.write(area.x + 2, area.y, area.right().saturating_sub(1), &runs);
}

fn how_to_read(pen: &mut Pen<'_>, area: Rect, metric: Metric, snapshot: &Snapshot) {
    let title = [pen.say(Role::Text, "how to read it")];
    pen.frame(area, Role::Rule, &title, &[]);
    let is_wide = area.width >= WIDE;
    let (good, worse) =
        if is_wide { ("All of it shaded: as good. ", "All of it above: worse. ") } else { ("Shaded: as good. ", "Above: worse. ") };
    let first = vec![
        pen.say(Role::Text, if is_wide { "The band is where the true difference can be. " } else { "The whole band " }),
        pen.say(Role::Good, good),
        pen.say(Role::Bad, worse),
        pen.say(Role::Text, "Both: not known."),
    ];
    let mut second = now(pen, metric, snapshot);
    if !is_wide {
        second.truncate(3);
    }
    let lines = [first, second];
    for (y, line) in (area.y + 1..area.bottom() - 1).zip(&lines) {
        pen.write(area.x + 2, y, area.right() - 1, line);
    }
}

/// What the newest band says, and how much of the evidence is there.
fn now<'a>(pen: &Pen<'_>, metric: Metric, snapshot: &Snapshot) -> Vec<Run<'a>> {
    let Some(band) = newest(snapshot, metric) else {
        return vec![pen.say(Role::Dim, "There is no band yet.")];
    };
    let (role, word) = match standing(band, metric.tolerated(&snapshot.charts)) {
        Standing::Good => (Role::Good, "as good as tolerated, or better"),
        Standing::Worse => (Role::Bad, "worse than tolerated"),
        Standing::Open => (Role::Text, "not known yet"),
    };
    let said = |value: f32| metric.difference_text(f64::from(value));
    vec![
        pen.say(Role::Dim, "Now "),
        pen.shout(Role::Strong, format!("{} to {}", said(band.low), said(band.high))),
        pen.say(role, format!(": {word}. ")),
        pen.say(
            Role::Dim,
            format!(
                "Evidence of all checks: {} to roll back, {} to promote.",
                humanize::part(snapshot.meter.rollback),
                humanize::part(snapshot.meter.promote)
            ),
        ),
    ]
}

/// Where a band lies.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    Good,
    Worse,
    Open,
}

fn standing(band: Band, tolerated: Option<f64>) -> Standing {
    let margin = tolerated.unwrap_or(0.0);
    if f64::from(band.high) <= margin {
        Standing::Good
    } else if f64::from(band.low) > margin {
        Standing::Worse
    } else {
        Standing::Open
    }
}

fn newest(snapshot: &Snapshot, metric: Metric) -> Option<Band> {
    snapshot.charts.points.iter().rev().find_map(|point| metric.difference(point))
}

/// The other metrics: a bar from the lowest to the highest that the difference can be, on one scale of margins.
fn others(pen: &mut Pen<'_>, area: Rect, shown: Metric, snapshot: &Snapshot) {
    let title = [pen.say(Role::Text, "other differences"), pen.say(Role::Dim, "  m next")];
    pen.frame(area, Role::Rule, &title, &[]);
    let start = area.x + 46;
    let bar = Rect { x: start, width: area.right().saturating_sub(start + 2), ..area };
    let rest = METRICS.iter().filter(|metric| **metric != shown);
    for (y, metric) in (area.y + 1..area.bottom() - 2).zip(rest) {
        other(pen, Rect { y, height: 1, ..area }, Rect { y, height: 1, ..bar }, *metric, snapshot);
    }
    let y = area.bottom() - 2;
    if bar.width >= 24 {
        let words = [
            (bar.x, Role::Good, "better"),
            (bar.x + place(bar, 0.0) - 2, Role::Dim, "same"),
            (bar.x + place(bar, 1.0), Role::Bad, "┃ worse"),
        ];
        for (x, role, word) in words {
            let run = pen.say(role, word);
            pen.write(x, y, bar.right(), &[run]);
        }
    }
}

fn other(pen: &mut Pen<'_>, row: Rect, bar: Rect, metric: Metric, snapshot: &Snapshot) {
    let band = newest(snapshot, metric);
    let words = band.map_or_else(
        || vec![pen.say(Role::Dim, "no requests to compare")],
        |band| {
            let said = |value: f32| metric.difference_text(f64::from(value));
            let edges = format!("   {} to {}", said(band.low), said(band.high));
            vec![pen.say(Role::Text, format!("{:>9}", said(band.mid))), pen.say(Role::Dim, edges)]
        },
    );
    let name = pen.say(Role::Text, metric.title());
    pen.write(row.x + 2, row.y, bar.x - 1, &[name]);
    pen.write(row.x + 15, row.y, bar.x - 1, &words);
    let (faint, line) = (pen.theme.of(Role::Faint), pen.theme.of(Role::Candidate));
    for x in bar.left()..bar.right() {
        pen.dot(x, row.y, "·", faint);
    }
    let margin = metric.tolerated(&snapshot.charts).unwrap_or(0.0).max(f64::MIN_POSITIVE);
    if let Some(band) = band.filter(|_| bar.width >= 24) {
        let [low, mid, high] = [band.low, band.mid, band.high].map(|value| place(bar, f64::from(value) / margin));
        for x in low..=high {
            pen.dot(bar.x + x, row.y, "━", line);
        }
        pen.dot(bar.x + mid, row.y, "◆", pen.theme.bold(Role::Candidate));
    }
    pen.dot(bar.x + place(bar, 0.0), row.y, "┊", pen.theme.of(Role::Dim));
    pen.dot(bar.x + place(bar, 1.0), row.y, "┃", pen.theme.of(Role::Good));
}

/// The column of a difference that is `margins` times what is tolerated: -3 to 3 of them have room.
fn place(bar: Rect, margins: f64) -> u16 {
    let part = (margins.clamp(-3.0, 3.0) + 3.0) / 6.0;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float saturates when it is cast")]
    let column = (part * f64::from(bar.width.saturating_sub(1))).round() as u16;
    column
}
