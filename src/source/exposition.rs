//! Metrics pages: a strict parser of the Prometheus text format 0.0.4 and of OpenMetrics 1.0.
//!
//! A page is accepted as a whole or refused as a whole, with the line and the reason: half a page would read as fewer errors than
//! there were. A page that was cut off is refused, which Prometheus itself does not do. Names and labels are slices of the page;
//! nothing is allocated per sample. The time taken grows with the page's length, whatever stands on it.
//!
//! What the samples mean is not known here: see [`super::metrics`].

mod cursor;
mod fault;
mod format;
mod label;
mod number;
mod page;
mod series;
mod text;

pub use fault::{Fault, Place, Refusal};
pub use format::format_of;
pub use label::{Label, key};
pub use page::parse;
pub use text::Text;

/// How a page is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Prometheus text format 0.0.4.
    Text,
    /// OpenMetrics 1.0.
    OpenMetrics,
}

/// What a page may hold at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Samples on it.
    pub samples: u64,
    /// Labels of one sample.
    pub labels: u64,
}

/// What a `# TYPE` line says about a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only rises, until the process restarts.
    Counter,
    /// Any number.
    Gauge,
    /// Counts by upper bound.
    Histogram,
    /// Quantiles, made by the process itself.
    Summary,
    /// Something else: untyped, info, a set of states, a histogram of gauges.
    Other,
}

/// One sample.
#[derive(Clone, Copy, Debug)]
pub struct Sample<'s, 'p> {
    /// The metric's name, with its suffix.
    pub name: Text<'p>,
    /// Its labels, in the page's order.
    pub labels: &'s [Label<'p>],
    /// Its value, which may be infinite or no number.
    pub value: f64,
    /// When it was taken, in milliseconds since the epoch, where the page says so.
    pub timestamp_ms: Option<i64>,
}

/// Takes what a page holds, in its order. When [`parse`] refuses the page in the end, what was taken is worth nothing.
pub trait Visitor<'p> {
    /// A `# HELP` line, or a `# TYPE` line with the kind it names.
    fn declared(&mut self, family: Text<'p>, kind: Option<Kind>);

    /// A sample.
    fn sample(&mut self, sample: Sample<'_, 'p>);
}
