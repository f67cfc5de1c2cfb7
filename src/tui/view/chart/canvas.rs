//! Lines on cells: eight braille dots a cell, two halves, or one character.

use ratatui::{
    layout::Rect,
    style::{Modifier, Style},
};

use super::{
    Plot,
    columns::{Column, Raster},
    scale::Range,
    time::Axis,
};
use crate::{
    engine::{
        role::Role as Side,
        snapshot::{Point, Reading, Snapshot},
        time::Time,
    },
    tui::{
        pen::{Pen, cells as narrow},
        theme::{Glyphs, Role},
    },
};

/// What lies beyond the last bucket is drawn off the scale, at a value that can still be reckoned with.
const BEYOND: f64 = 1e12;
/// Hollow points stand in every third cell, so that they do not read as a line.
const HOLLOW_EVERY: i64 = 3;
/// The braille dots of a cell, by row and column.
const DOTS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

/// Draws both lines, then what lies off the scale, then hollow points.
pub(super) fn draw(pen: &mut Pen<'_>, plot: &Plot<'_>) {
    let mut canvas = Canvas::new(plot.area, pen.theme.glyphs);
    let settled = plot.settled();
    for side in Side::BOTH {
        let value = |point: &Point| match *plot.metric.of(point).of(side) {
            Reading::Solid(value) => Some(value.min(BEYOND)),
            Reading::Thin(..) | Reading::Idle | Reading::Blind => None,
        };
        let (old, young) = plot.points.split_at(plot.points.partition_point(|point| point.at <= settled));
        let lines = canvas.columns(plot, old.iter().map(|point| (point, value(point))));
        canvas.line(plot.range, side, &lines);
        let dots = canvas.columns(plot, young.iter().map(|point| (point, value(point))));
        canvas.dots(plot.range, side, &dots);
    }
    canvas.paint(pen, plot);
    for side in Side::BOTH {
        off_the_scale(pen, plot, side);
        hollow(pen, plot, side);
    }
}

/// Draws the candidate's line alone, through those values.
pub(super) fn draw_one(pen: &mut Pen<'_>, plot: &Plot<'_>, value: impl Fn(&Point) -> Option<f64>) {
    let mut canvas = Canvas::new(plot.area, pen.theme.glyphs);
    let columns = canvas.columns(plot, plot.points.iter().map(|point| (point, value(point))));
    canvas.line(plot.range, Side::Candidate, &columns);
    canvas.paint(pen, plot);
}

/// Draws one line that is of no version, in a colour of its own.
pub(super) fn draw_other(
    pen: &mut Pen<'_>,
    area: Rect,
    (axis, range, role): (&Axis, Range, Role),
    snapshot: &Snapshot,
    values: impl Iterator<Item = (Time, f64)>,
) {
    let mut canvas = Canvas::new(area, pen.theme.glyphs);
    let raster = canvas.raster(axis, snapshot);
    let columns = raster.columns(values.map(|(at, value)| (at.ms() as f64, Some(value))));
    canvas.line(range, Side::Candidate, &columns);
    let style = pen.theme.bold(role);
    for (at, dots) in canvas.cells.iter().enumerate().filter(|(_, dots)| **dots != [0, 0]) {
        let (column, row) = (narrow(at % canvas.width), narrow(at / canvas.width));
        let letter = canvas.letter((column, row), dots[1], Side::Candidate as usize);
        pen.dot(area.x + column, area.y + row, letter.encode_utf8(&mut [0; 4]), style);
    }
}

struct Canvas {
    /// The dots of each version, row by row.
    cells: Vec<[u8; 2]>,
    width: usize,
    height: u16,
    glyphs: Glyphs,
    /// Dots a cell.
    fine: (u16, u16),
}

impl Canvas {
    fn new(area: Rect, glyphs: Glyphs) -> Self {
        let width = usize::from(area.width);
        let fine = match glyphs {
            Glyphs::Braille => (2, 4),
            Glyphs::Blocks => (1, 2),
            Glyphs::Box | Glyphs::Ascii => (1, 1),
        };
        Self { cells: vec![[0; 2]; width * usize::from(area.height)], width, height: area.height, glyphs, fine }
    }

    fn columns<'p>(&self, plot: &Plot<'_>, values: impl Iterator<Item = (&'p Point, Option<f64>)>) -> Vec<Option<Column>> {
        let raster = self.raster(&plot.axis, plot.snapshot);
        raster.columns(values.map(|(point, value)| (point.at.ms() as f64, value)))
    }

    fn raster(&self, axis: &Axis, snapshot: &Snapshot) -> Raster {
        Raster {
            start: axis.start as f64,
            width: axis.cell as f64 / f64::from(self.fine.0),
            count: self.width * usize::from(self.fine.0),
            longest: snapshot.deployment.poll.as_secs_f64() * 1000.0 * super::JOIN_POLLS,
        }
    }

    /// The candidate is two dots high, so that weight tells it apart where colour does not.
    fn line(&mut self, range: Range, side: Side, columns: &[Option<Column>]) {
        let rows = self.height * self.fine.1;
        let thick = side == Side::Candidate && self.fine.1 > 1;
        for (x, column) in columns.iter().enumerate() {
            let Some(column) = column else { continue };
            let mut first = range.row(column.high, rows);
            let mut last = range.row(column.low, rows);
            if thick {
                last = (last + 1).min(rows - 1);
                first = first.min(last - 1);
            }
            for row in first..=last {
                self.set(x, row, side);
            }
        }
    }

    /// Single dots in every second column: what is still being counted.
    fn dots(&mut self, range: Range, side: Side, columns: &[Option<Column>]) {
        let rows = self.height * self.fine.1;
        for (x, column) in columns.iter().enumerate().step_by(2) {
            if let Some(column) = column {
                self.set(x, range.row(column.high, rows), side);
            }
        }
    }

    fn set(&mut self, x: usize, row: u16, side: Side) {
        let (across, down) = (usize::from(self.fine.0), usize::from(self.fine.1));
        let row = usize::from(row);
        let dot = DOTS[row % down][x % across];
        if let Some(cell) = self.cells.get_mut(row / down * self.width + x / across) {
            cell[side as usize] |= dot;
        }
    }

    fn paint(&self, pen: &mut Pen<'_>, plot: &Plot<'_>) {
        let styles = Side::BOTH.map(|side| pen.theme.of(side.into()));
        let styles = [styles[0], styles[1].patch(pen.theme.bold(Role::Candidate))];
        for (at, dots) in self.cells.iter().enumerate().filter(|(_, dots)| **dots != [0, 0]) {
            let (column, row) = (narrow(at % self.width), narrow(at / self.width));
            self.paint_cell(pen, plot, column, row, *dots, styles);
        }
    }

    /// A cell that both lines cross takes their colours in turn: a braid says "the same", where the upper line would hide the other.
    fn paint_cell(&self, pen: &mut Pen<'_>, plot: &Plot<'_>, column: u16, row: u16, dots: [u8; 2], styles: [Style; 2]) {
        let candidate = dots[1] != 0 && (dots[0] == 0 || plot.axis.is_even(column));
        let Some(cell) = pen.buffer.cell_mut((plot.x(column), plot.y(row))) else { return };
        cell.set_char(self.letter((column, row), dots[0] | dots[1], usize::from(candidate)));
        cell.modifier = Modifier::empty();
        cell.set_style(styles[usize::from(candidate)]);
    }
}

impl Canvas {
    /// The character of a cell with these dots, in which the line of that side is seen.
    fn letter(&self, at: (u16, u16), dots: u8, side: usize) -> char {
        match (self.glyphs, side) {
            (Glyphs::Braille, _) => char::from_u32(0x2800 + u32::from(dots)).unwrap_or(' '),
            (Glyphs::Blocks, _) => ['▀', '▄', '█'][usize::from(dots.clamp(1, 3) - 1)],
            (Glyphs::Box, 0) => {
                if self.is_steep(at, side) {
                    '│'
                } else {
                    '─'
                }
            }
            (Glyphs::Box, _) => {
                if self.is_steep(at, side) {
                    '║'
                } else {
                    '═'
                }
            }
            (Glyphs::Ascii, 0) => '.',
            (Glyphs::Ascii, _) => '#',
        }
    }

    /// Whether the same line goes on above or below that cell.
    fn is_steep(&self, (column, row): (u16, u16), side: usize) -> bool {
        let has = |row: Option<u16>| {
            let at = row.map(|row| usize::from(row) * self.width + usize::from(column));
            at.and_then(|at| self.cells.get(at)).is_some_and(|cell| cell[side] != 0)
        };
        has(row.checked_sub(1)) || has(row.checked_add(1))
    }
}

/// Values above the top: a mark in the top row, and beside each run of marks its highest value.
fn off_the_scale(pen: &mut Pen<'_>, plot: &Plot<'_>, side: Side) {
    let over = plot.points.iter().filter_map(|point| match *plot.metric.of(point).of(side) {
        Reading::Solid(value) if value > plot.range.high => Some((plot.axis.on(point.at)?, value)),
        _ => None,
    });
    let mut runs: Vec<(u16, u16, f64)> = Vec::new();
    for (cell, value) in over {
        match runs.last_mut().filter(|run| cell <= run.1 + 1) {
            Some(run) => *run = (run.0, cell, run.2.max(value)),
            None => runs.push((cell, cell, value)),
        }
    }
    for (first, last, highest) in runs {
        for cell in first..=last {
            pen.dot(plot.x(cell), plot.area.y, "▲", pen.theme.bold(side.into()));
        }
        if highest.is_finite() {
            let run = pen.shout(side.into(), plot.metric.value_text(highest));
            pen.write(plot.x(last + 1), plot.area.y, plot.area.right(), &[run]);
        }
    }
}

/// Values of too few requests: points without a line.
fn hollow(pen: &mut Pen<'_>, plot: &Plot<'_>, side: Side) {
    let style = pen.theme.of(side.into());
    let mut last = None;
    for point in plot.points {
        let Reading::Thin(value, _) = *plot.metric.of(point).of(side) else { continue };
        let Some(cell) = plot.axis.on(point.at) else { continue };
        if plot.axis.nth(cell).rem_euclid(HOLLOW_EVERY) == 0 && last != Some(cell) {
            pen.dot(plot.x(cell), plot.y(plot.row(value)), "○", style);
            last = Some(cell);
        }
    }
}
