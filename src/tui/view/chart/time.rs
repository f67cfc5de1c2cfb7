//! The time axis all charts share, and which part of the time it covers.
//!
//! Its columns are aligned to the clock, so that the picture moves left by a whole cell and is otherwise still: only the last column
//! changes with a poll.

use std::time::Duration;

use crate::{
    engine::{
        snapshot::{Point, Snapshot},
        time::Time,
    },
    humanize,
};

/// What a chart can show, the shortest first.
const SPANS: [Duration; 5] = [
    Duration::from_secs(150),
    Duration::from_secs(5 * 60),
    Duration::from_secs(12 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(2 * 3600),
];
/// The most it shows unasked; a younger watch is shown whole.
const USUAL: usize = 2;
/// Least cells between the beginnings of two labels, on a narrow and on a wide chart.
const LABELS_APART: (i64, i64) = (8, 10);
/// Cells of a label with the blank and the `now` that may follow it.
const LABEL: u16 = 9;
/// Distances of labels, in minutes.
const TICKS: [i64; 12] = [1, 2, 4, 5, 10, 15, 20, 30, 60, 120, 240, 720];

/// Which part of the time the charts show: unasked, the newest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimeView {
    /// Which of the spans; none: as old as the watch is.
    zoom: Option<usize>,
    /// The right edge, once it is not the newest poll.
    until: Option<Time>,
}

impl TimeView {
    /// Less time for 1, more for -1.
    pub(in crate::tui) fn change_zoom(&mut self, by: i8, snapshot: &Snapshot) {
        let now = self.zoom(snapshot);
        let to = if by > 0 { now.saturating_sub(1) } else { (now + 1).min(SPANS.len() - 1) };
        self.zoom = Some(to);
    }

    /// Half a width to the past for -1, to the present for 1. It stops at both ends.
    pub(in crate::tui) fn scroll(&mut self, by: i8, snapshot: &Snapshot) {
        let half = self.span(snapshot) / 2;
        let from = self.until.unwrap_or(snapshot.at);
        let oldest = began(snapshot).plus(half).min(snapshot.at);
        let to = if by < 0 { from.minus(half).max(oldest) } else { from.plus(half) };
        self.until = (to < snapshot.at).then_some(to);
    }

    /// How much is shown.
    fn span(&self, snapshot: &Snapshot) -> Duration {
        SPANS[self.zoom(snapshot)]
    }

    /// The chosen span, or the first that a watch of that age fits into.
    fn zoom(&self, snapshot: &Snapshot) -> usize {
        let age = snapshot.at.since(began(snapshot));
        self.zoom.unwrap_or_else(|| SPANS.iter().take(USUAL).position(|span| age <= *span).unwrap_or(USUAL))
    }

    /// From when to when.
    pub(super) fn range(&self, snapshot: &Snapshot) -> (Time, Time) {
        let until = self.until.unwrap_or(snapshot.at);
        (until.minus(self.span(snapshot)), until)
    }

    /// The right edge, when it is not the newest poll.
    pub(in crate::tui) const fn until(&self) -> Option<Time> {
        self.until
    }
}

fn began(snapshot: &Snapshot) -> Time {
    snapshot.charts.points.first().map_or(snapshot.at, |point| point.at)
}

/// Time laid out on cells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Axis {
    /// When the leftmost cell begins, in milliseconds.
    pub start: i64,
    /// How long a cell is, in milliseconds.
    pub cell: i64,
    /// How many there are.
    pub cells: u16,
    /// The last moment that is shown.
    pub now: i64,
    /// That moment is the newest poll.
    pub is_live: bool,
}

impl Axis {
    pub(super) fn new(snapshot: &Snapshot, view: TimeView, cells: u16) -> Self {
        let span = view.span(snapshot);
        let cell = cell_ms(span, cells.max(1), span < SPANS[USUAL]);
        let now = view.range(snapshot).1.ms();
        let end = (now.div_euclid(cell) + 1).saturating_mul(cell);
        Self { start: end - cell * i64::from(cells), cell, cells, now, is_live: view.until.is_none() }
    }

    /// When the rightmost cell ends, in milliseconds.
    pub(super) const fn end(&self) -> i64 {
        self.start + self.cell * self.cells as i64
    }

    /// The cell of a moment; before the first it is negative, after the last it is too large.
    pub(super) const fn cell_of(&self, at: i64) -> i64 {
        (at - self.start).div_euclid(self.cell)
    }

    /// The cell of a moment, if it is on the axis.
    pub(super) fn on(&self, at: Time) -> Option<u16> {
        u16::try_from(self.cell_of(at.ms())).ok().filter(|cell| *cell < self.cells)
    }

    /// The cells whose middle lies in a stretch of time; one at least, if the stretch touches the axis.
    pub(super) fn cells_within(&self, from: i64, to: i64) -> std::ops::Range<u16> {
        let half = self.cell / 2;
        let first = self.cell_of(from + half);
        let last = self.cell_of(to + half).max(first + 1);
        let clip = |cell: i64| u16::try_from(cell.clamp(0, i64::from(self.cells))).unwrap_or(0);
        clip(first)..clip(last)
    }

    /// Whether a cell is even, counted from the epoch: what alternates stays with the data when the picture moves.
    pub(super) const fn is_even(&self, cell: u16) -> bool {
        self.nth(cell).rem_euclid(2) == 0
    }

    /// A cell's number, counted from the epoch.
    pub(super) const fn nth(&self, cell: u16) -> i64 {
        self.start.div_euclid(self.cell) + cell as i64
    }

    /// Clock times to write under the axis, each with the cell it begins in.
    pub(super) fn labels(&self) -> Vec<(u16, String)> {
        let minute = 60_000;
        let apart = (i64::from(self.cells) / 4).clamp(LABELS_APART.0, LABELS_APART.1);
        let apart = TICKS.map(|m| m * minute).into_iter().find(|tick| tick / self.cell >= apart);
        let Some(tick) = apart else { return Vec::new() };
        let first = self.start.div_euclid(tick) + 1;
        let last_cell = self.cells.saturating_sub(LABEL);
        let moments = (first..).map(|n| Time::from_ms(n * tick)).take_while(|at| at.ms() <= self.now);
        moments
            .filter_map(|at| Some((self.on(at)?, at)))
            .filter(|(cell, _)| *cell <= last_cell)
            .map(|(c, at)| (c, humanize::clock_minutes(at)))
            .collect()
    }
}

/// Whole seconds a cell. A young watch shows at least its span, an older one about it.
fn cell_ms(span: Duration, cells: u16, at_least: bool) -> i64 {
    let exact = span.as_secs_f64() / f64::from(cells);
    let seconds = if at_least { exact.ceil() } else { exact.round() };
    #[expect(clippy::cast_possible_truncation, reason = "between 1 and the span's own seconds")]
    let ms = seconds.max(1.0) as i64 * 1000;
    ms
}

/// The points from `since` to `until`, and one before, so that a line enters from the left. Points are in the order of time.
pub(super) fn within(points: &[Point], since: Time, until: Time) -> &[Point] {
    let first = points.partition_point(|point| point.at < since).saturating_sub(1);
    let last = points.partition_point(|point| point.at <= until);
    points.get(first..last).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_whole_seconds_and_aligned_to_the_clock() {
        assert_eq!(cell_ms(SPANS[2], 44, false), 16_000);
        assert_eq!(cell_ms(SPANS[1], 44, true), 7_000);
        assert_eq!(cell_ms(SPANS[2], 25, false), 29_000);
        let axis = |now| Axis { start: 0, cell: 16_000, cells: 44, now, is_live: true };
        assert_eq!(axis(0).cell_of(-1), -1);
        assert_eq!(axis(0).on(Time::from_ms(43 * 16_000)), Some(43));
        assert_eq!(axis(0).on(Time::from_ms(44 * 16_000)), None);
        assert_eq!(axis(0).cells_within(24_001, 40_000), 2..3, "a short stretch is one cell");
        assert_eq!(axis(0).cells_within(-50_000, 1_000_000), 0..44);
    }

    #[test]
    fn labels_keep_their_distance_from_each_other_and_from_now() {
        let axis =
            Axis { start: 1_764_187_300_000, cell: 16_000, cells: 44, now: 1_764_187_300_000 + 44 * 16_000 - 1, is_live: true };
        let labels = axis.labels();
        assert!(labels.windows(2).all(|w| w[1].0 - w[0].0 >= 10), "{labels:?}");
        assert!(labels.iter().all(|(cell, text)| cell + 9 <= 44 && text.ends_with(['0', '2', '4', '6', '8'])), "{labels:?}");
        assert_eq!(labels.len(), 2, "{labels:?}");
    }
}
