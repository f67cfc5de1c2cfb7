//! Down-sampling: what a line does within each dot column.
//!
//! Each column holds the lowest and the highest value of the polyline in it, through every vertex, so that a spike of one sample
//! keeps its height at any width and neighbours always touch. One pass over the points in sight.

/// From lowest to highest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Column {
    pub low: f64,
    pub high: f64,
}

/// How points fall on columns.
#[derive(Clone, Copy, Debug)]
pub(super) struct Raster {
    /// When the first column begins, in milliseconds.
    pub start: f64,
    /// How long a column is, in milliseconds.
    pub width: f64,
    /// How many there are.
    pub count: usize,
    /// Points further apart than this are not joined, in milliseconds.
    pub longest: f64,
}

impl Raster {
    /// The columns of one line. Points are in the order of time; one without a value breaks the line.
    pub(super) fn columns(&self, points: impl Iterator<Item = (f64, Option<f64>)>) -> Vec<Option<Column>> {
        let mut columns = vec![None; self.count];
        let mut before: Option<Vertex> = None;
        for (at, value) in points {
            let here = value.map(|value| Vertex { at, value, column: self.column(at) });
            if let Some(here) = &here {
                if let Some(last) = before.filter(|last| last.column != here.column && at - last.at <= self.longest) {
                    self.join(&mut columns, &last, here);
                }
                widen(&mut columns, here.column, here.value);
            }
            before = here;
        }
        columns
    }

    /// Draws a straight piece over every edge it crosses.
    fn join(&self, columns: &mut [Option<Column>], from: &Vertex, to: &Vertex) {
        let slope = (to.value - from.value) / (to.at - from.at);
        for column in from.column..to.column {
            let edge = self.start + (column + 1) as f64 * self.width;
            let value = from.value + slope * (edge - from.at);
            widen(columns, column, value);
            widen(columns, column + 1, value);
        }
    }

    /// The column of a moment; -1 for all before the first, `count` for all after the last.
    fn column(&self, at: f64) -> i64 {
        let column = (at - self.start) / self.width;
        if column < 0.0 {
            return -1;
        }
        #[expect(clippy::cast_possible_truncation, reason = "saturates, and what is out of range is not drawn")]
        let column = column as i64;
        column.min(i64::try_from(self.count).unwrap_or(i64::MAX))
    }
}

/// A point and the column it falls into.
#[derive(Clone, Copy)]
struct Vertex {
    at: f64,
    value: f64,
    column: i64,
}

fn widen(columns: &mut [Option<Column>], column: i64, value: f64) {
    let Some(slot) = usize::try_from(column).ok().and_then(|at| columns.get_mut(at)) else { return };
    *slot = Some(match *slot {
        Some(c) => Column { low: c.low.min(value), high: c.high.max(value) },
        None => Column { low: value, high: value },
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const RASTER: Raster = Raster { start: 0.0, width: 10.0, count: 5, longest: 30.0 };

    fn columns(points: &[(f64, Option<f64>)]) -> Vec<Option<(f64, f64)>> {
        RASTER.columns(points.iter().copied()).into_iter().map(|c| c.map(|c| (c.low, c.high))).collect()
    }

    #[test]
    fn a_spike_of_one_sample_keeps_its_height() {
        let points: Vec<_> = (0..50).map(|i| (f64::from(i), Some(if i == 23 { 9.0 } else { 1.0 }))).collect();
        assert_eq!(columns(&points), [Some((1.0, 1.0)), Some((1.0, 1.0)), Some((1.0, 9.0)), Some((1.0, 1.0)), Some((1.0, 1.0))]);
    }

    #[test]
    fn neighbours_touch() {
        assert_eq!(
            columns(&[(5.0, Some(0.0)), (35.0, Some(30.0))]),
            [Some((0.0, 5.0)), Some((5.0, 15.0)), Some((15.0, 25.0)), Some((25.0, 30.0)), None]
        );
    }

    #[test]
    fn a_line_enters_from_outside_and_breaks_at_a_gap() {
        assert_eq!(
            columns(&[(-10.0, Some(0.0)), (10.0, Some(2.0)), (20.0, None), (30.0, Some(4.0)), (61.0, Some(9.0))]),
            [Some((1.0, 2.0)), Some((2.0, 2.0)), None, Some((4.0, 4.0)), None]
        );
    }
}
