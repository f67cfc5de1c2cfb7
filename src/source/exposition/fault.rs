//! Why a page was refused: the place, and the reason in words.

use std::fmt;

use crate::humanize;

/// A page that is not used, and why. No part of it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Line and column, counted from 1, where one place is to blame.
    pub place: Option<Place>,
    /// What is wrong.
    pub fault: Fault,
}

/// A place on a page, counted from 1; columns are bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The byte in it.
    pub column: usize,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Some(Place { line, column }) => write!(f, "line {line}, column {column}: {}", self.fault),
            None => self.fault.fmt(f),
        }
    }
}

impl std::error::Error for Refusal {}

/// What is wrong with a page.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It is something else altogether.
    #[error("expected a metrics page, got {0}")]
    NotMetrics(String),
    /// A page of the text format whose last line has no line end.
    #[error("the page was cut off: its last line has no line end")]
    Cut,
    /// An OpenMetrics page that does not end with `# EOF`.
    #[error("the page was cut off: an OpenMetrics page ends with \"# EOF\"")]
    NoEof,
    /// More after the end of an OpenMetrics page.
    #[error("text follows \"# EOF\"")]
    AfterEof,
    /// Bytes that are not UTF-8.
    #[error("the page is not UTF-8")]
    NotUtf8,
    /// A NUL byte.
    #[error("the page has a NUL byte")]
    Nul,
    /// An empty line in OpenMetrics.
    #[error("OpenMetrics has no empty lines")]
    EmptyLine,
    /// A comment that OpenMetrics does not know.
    #[error("OpenMetrics has no comments besides HELP, TYPE, UNIT and EOF")]
    Comment,
    /// No metric name where one has to be.
    #[error("expected a metric name")]
    MetricName,
    /// A second metric name.
    #[error("a second metric name")]
    SecondMetricName,
    /// A type that the format does not know.
    #[error("unknown metric type")]
    Type,
    /// No label name where one has to be.
    #[error("expected a label name")]
    LabelName,
    /// No `=` after a label name.
    #[error("expected \"=\" after the label name")]
    LabelEquals,
    /// No quoted value after `=`.
    #[error("expected a quoted label value")]
    LabelValue,
    /// A quote that is not closed on its line.
    #[error("a quoted text is not closed on its line")]
    Unclosed,
    /// Labels without a closing brace.
    #[error("the labels are not closed on their line")]
    Unbraced,
    /// Neither `,` nor `}` after a label.
    #[error("expected \",\" or \"}}\"")]
    LabelEnd,
    /// A label that occurs twice in one sample.
    #[error("label {0} occurs twice")]
    LabelTwice(String),
    /// A series that occurs twice on the page.
    #[error("the series occurs a second time, first on line {first}")]
    SeriesTwice {
        /// The line it occurs on first.
        first: usize,
    },
    /// Something that is no number where the value has to be.
    #[error("expected a number as the value")]
    Value,
    /// A timestamp that is none.
    #[error("expected a timestamp")]
    Timestamp,
    /// An exemplar in the text format.
    #[error("the text format has no exemplars")]
    Exemplar,
    /// A `#` behind a sample without an exemplar's labels.
    #[error("an exemplar has no labels in braces")]
    ExemplarLabels,
    /// Something after the end of a sample or a declaration.
    #[error("unexpected text at the end of the line")]
    Trailing,
    /// More labels than allowed.
    #[error("a sample has more than {}: if that is right, raise limits.labels", humanize::plural(*.0 as f64, "label", "labels"))]
    TooManyLabels(u64),
    /// More samples than allowed.
    #[error("the page has more than {}: if that is right, raise limits.samples", humanize::plural(*.0 as f64, "sample", "samples"))]
    TooManySamples(u64),
}
