//! Error rate and p99 over time as rows of characters, as finely as sixty columns allow, however long the watch was.

use std::time::Duration;

use crate::{
    engine::{
        compare::counts::Tally,
        recent::Sum,
        role::{Role, Sides},
        time::Time,
    },
    report::summary,
};

/// The finest column in seconds; it holds at least two polls.
const FINEST: u64 = 15;
/// Columns of a row.
const COLUMNS: usize = 60;
/// Lowest to highest; every one of them is ASCII.
const RAMP: [char; 8] = ['_', '.', ':', '-', '=', '+', '*', '#'];
/// Nothing is known of this column.
const NOTHING: char = ' ';
/// Larger than anything that was measured: beyond the last bucket.
const BEYOND: char = '^';

/// What was counted in each column.
#[derive(Clone, Debug)]
pub struct Chart {
    /// The first poll.
    pub began: Time,
    /// Seconds a column.
    pub seconds: u64,
    columns: Vec<Sides<Sum>>,
}

/// One figure of one version over time.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// One character a column.
    pub text: String,
    /// The newest value; null when there was none.
    pub last: Option<f64>,
}

impl Chart {
    /// An empty chart of a watch that polls so often.
    pub(super) fn of(poll: Duration) -> Self {
        let polls = poll.saturating_mul(2);
        let mut seconds = FINEST;
        while Duration::from_secs(seconds) < polls && seconds < u64::MAX / 2 {
            seconds *= 2;
        }
        Self { began: Time::default(), seconds, columns: Vec::new() }
    }

    /// Adds one poll. When there is no room for its time, two columns become one.
    pub(super) fn add(&mut self, at: Time, poll: &Sides<Tally>) {
        if self.columns.is_empty() {
            self.began = at;
        }
        let mut column = self.column(at);
        while column >= COLUMNS {
            self.seconds = self.seconds.saturating_mul(2);
            self.columns = self.columns.chunks(2).map(joined).collect();
            column = self.column(at);
        }
        if self.columns.len() <= column {
            self.columns.resize_with(column + 1, Sides::default);
        }
        for role in Role::BOTH {
            self.columns[column].of_mut(role).add(poll.of(role));
        }
    }

    /// The column that a time belongs to.
    #[must_use]
    pub fn column(&self, at: Time) -> usize {
        usize::try_from(at.since(self.began).as_secs() / self.seconds).unwrap_or(usize::MAX)
    }

    /// How many columns there are.
    #[must_use]
    pub fn width(&self) -> usize {
        self.columns.len()
    }

    /// One figure of both versions, drawn on one scale from 0 to the highest value that was measured; null when nothing is known.
    #[must_use]
    pub fn rows(&self, figure: fn(&Sum) -> Option<f64>) -> Option<(f64, Sides<Row>)> {
        let of = |role: Role| self.columns.iter().map(move |column| figure(column.of(role)));
        let known = || Role::BOTH.into_iter().flat_map(of).flatten();
        known().next()?;
        let highest = known().filter(|value| value.is_finite()).fold(0.0, f64::max);
        let row = |role: Role| Row {
            text: of(role).map(|value| value.map_or(NOTHING, |value| level(value, highest))).collect(),
            last: of(role).flatten().last(),
        };
        Some((highest, Sides::build(row)))
    }
}

/// Zero is the lowest character and nothing else is.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 7")]
fn level(value: f64, highest: f64) -> char {
    if value.is_infinite() {
        return BEYOND;
    }
    if value <= 0.0 || highest <= 0.0 {
        return RAMP[0];
    }
    let top = RAMP.len() - 1;
    let level = (value / highest * top as f64).ceil().clamp(1.0, top as f64);
    RAMP[level as usize]
}

fn joined(columns: &[Sides<Sum>]) -> Sides<Sum> {
    Sides::build(|role| {
        let mut sum = Sum::default();
        for column in columns {
            summary::add(&mut sum, column.of(role));
        }
        sum
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn poll(n: f64, bad: f64) -> Sides<Tally> {
        Sides { baseline: Tally::default(), candidate: Tally { counts: Some((n, bad)), ..Tally::default() } }
    }

    #[test]
    fn what_falls_into_a_column_is_added_up_and_a_gap_is_a_gap() {
        let mut chart = Chart::of(Duration::from_secs(5));
        for (second, bad) in [(0, 0.0), (15, 1.0), (29, 3.0), (45, 8.0)] {
            chart.add(Time::from_ms(1_000_000 + second * 1000), &poll(10.0, bad));
        }
        let (highest, rows) = chart.rows(Sum::error_rate).expect("values");
        assert!((highest - 0.8).abs() < 1e-9);
        assert_eq!((rows.candidate.text.as_str(), rows.candidate.last), ("_: #", Some(0.8)));
        assert_eq!((rows.baseline.text.as_str(), rows.baseline.last), ("    ", None));
        assert!(chart.rows(Sum::p99).is_none());
    }

    #[test]
    fn a_long_watch_has_wider_columns_and_no_time_breaks_it() {
        let mut chart = Chart::of(Duration::from_secs(30));
        assert_eq!(chart.seconds, 60);
        for minute in 0..150 {
            chart.add(Time::from_ms(minute * 60_000), &poll(10.0, 1.0));
        }
        assert_eq!((chart.seconds, chart.width()), (240, 38));
        let (highest, rows) = chart.rows(Sum::error_rate).expect("values");
        assert!((highest - 0.1).abs() < 1e-9);
        assert_eq!(rows.candidate.text, "#".repeat(38));
        chart.add(Time::from_ms(i64::MAX), &poll(10.0, 1.0));
        chart.add(Time::from_ms(-5), &poll(10.0, 1.0));
        assert!(chart.width() <= COLUMNS);
    }
}
