//! One instance's error rate over ten minutes in a few cells. All instances share one scale, so that the outlier is seen.

use crate::{
    engine::snapshot::{InstanceRow, Reading, Snapshot},
    tui::{
        pen::{Pen, cells as narrow},
        theme::Role,
    },
};

const LEVELS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// What a cell shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cell {
    /// Nothing was counted, or it did not run yet.
    Nothing,
    /// No answer.
    Blind,
    /// Too few requests for a rate: whether any of them failed.
    Few(bool),
    /// How high, of eight.
    Level(usize),
}

/// The value at the upper edge of every instance's cells: the highest of all, but at least the limit.
pub(super) fn top(snapshot: &Snapshot) -> f64 {
    let solid = |reading: &Reading| match reading {
        Reading::Solid(value) if value.is_finite() => *value,
        _ => 0.0,
    };
    let highest = snapshot.instances.iter().flat_map(|row| &row.history).map(solid).fold(0.0, f64::max);
    highest.max(snapshot.charts.error_limit.unwrap_or(0.01)).max(f64::MIN_POSITIVE)
}

/// Draws `width` cells, the newest at the right.
pub(super) fn draw(pen: &mut Pen<'_>, (x, y): (u16, u16), width: u16, row: &InstanceRow, top: f64) {
    for (at, cell) in cells(&row.history, usize::from(width), top).into_iter().enumerate() {
        let (symbol, role) = match cell {
            Cell::Nothing => continue,
            Cell::Blind => ("▒", Role::Held),
            Cell::Few(true) => ("○", row.role.into()),
            Cell::Few(false) => ("·", row.role.into()),
            Cell::Level(level) => (LEVELS[level.min(7)], row.role.into()),
        };
        pen.dot(x + narrow(at), y, symbol, pen.theme.of(role));
    }
}

/// Each cell holds the highest value of its time; it is blind when most of its time is.
fn cells(history: &[Reading], width: usize, top: f64) -> Vec<Cell> {
    let missing = InstanceRow::HISTORY.saturating_sub(history.len());
    let reading = |slot: usize| slot.checked_sub(missing).and_then(|at| history.get(at));
    (0..width)
        .map(|cell| {
            let slots = cell * InstanceRow::HISTORY / width..((cell + 1) * InstanceRow::HISTORY).div_ceil(width);
            let slots: Vec<&Reading> = slots.filter_map(reading).collect();
            self::cell(&slots, top)
        })
        .collect()
}

fn cell(slots: &[&Reading], top: f64) -> Cell {
    let blind = slots.iter().filter(|reading| **reading == &Reading::Blind).count();
    if blind * 2 > slots.len() {
        return Cell::Blind;
    }
    let shown = slots.iter().map(|reading| match reading {
        Reading::Solid(value) => (2, Cell::Level(level(*value, top))),
        Reading::Thin(value, _) => (1, Cell::Few(*value > 0.0)),
        Reading::Idle | Reading::Blind => (0, Cell::Nothing),
    });
    let rank = |(kind, cell): &(u8, Cell)| match cell {
        Cell::Level(level) => (*kind, *level),
        Cell::Few(failed) => (*kind, usize::from(*failed)),
        Cell::Nothing | Cell::Blind => (*kind, 0),
    };
    shown.max_by_key(rank).map_or(Cell::Nothing, |(_, cell)| cell)
}

fn level(value: f64, top: f64) -> usize {
    let eighths = (value / top * 7.0).round().clamp(0.0, 7.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 7, and what is no number is 0")]
    let level = eighths as usize;
    level
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spike_keeps_its_height_and_gaps_are_gaps() {
        let mut history = vec![Reading::Solid(0.0); 30];
        history[4] = Reading::Solid(0.07);
        history[9..15].fill(Reading::Blind);
        history[15..18].fill(Reading::Idle);
        history[18..21].fill(Reading::Thin(0.0, 3));
        history[22] = Reading::Thin(0.5, 2);
        history[21] = Reading::Idle;
        history[23] = Reading::Idle;
        let shown = cells(&history, 10, 0.07);
        let few = Cell::Few;
        let want = [
            Cell::Level(0),
            Cell::Level(7),
            Cell::Level(0),
            Cell::Blind,
            Cell::Blind,
            Cell::Nothing,
            few(false),
            few(true),
            Cell::Level(0),
            Cell::Level(0),
        ];
        assert_eq!(shown, want);
    }

    #[test]
    fn a_young_instance_begins_at_the_right() {
        assert_eq!(cells(&[Reading::Solid(1.0)], 30, 1.0)[28..], [Cell::Nothing, Cell::Level(7)]);
        assert_eq!(cells(&[], 10, 1.0), [Cell::Nothing; 10]);
        assert_eq!(cells(&[Reading::Solid(1.0)], 0, 1.0), []);
    }

    #[test]
    fn no_number_breaks_the_scale() {
        for value in [f64::NAN, f64::INFINITY, -1.0, 0.0, 1e300] {
            assert!(level(value, 0.01) <= 7, "{value}");
        }
    }
}
