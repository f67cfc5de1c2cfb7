//! Totals in, increments out: what every instance's counters did since its last usable page.
//!
//! The one place that knows counters, resets and first pages (method: `docs/method.md`, section "counters and gaps"). Stateful but
//! pure: the same pages in the same order give the same samples. It does not judge.

use serde::{Deserialize, Serialize};

use super::{
    role::Role,
    sample::{Health, Missing},
};

/// One answer of one instance, before counters became increments.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// Which side.
    pub role: Role,
    /// The instance: `host:port`.
    pub instance: String,
    /// What came.
    pub answer: Answer,
}

/// What one request to an instance brought.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// A metrics page that could be read.
    Page(Totals),
    /// No usable metrics page, and why.
    NoPage(String),
    /// What the health endpoints said, and a remark where there is one.
    Health(Health, Option<String>),
}

/// The counters of one instance as its page has them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Totals {
    /// The series of the requests family; null when the page lacks it or its errors cannot be told.
    pub requests: Option<Vec<Counter>>,
    /// The series of the latency histogram; null when the page lacks a usable one.
    pub latency: Option<Vec<Histogram>>,
    /// `process_start_time_seconds`, when the page has it.
    pub process_start_s: Option<f64>,
    /// What is missing, in sentences.
    pub missing: Missing,
}

/// One counter series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Counter {
    /// Its labels, in a fixed order: the same series has the same key on every page.
    pub key: String,
    /// Its total.
    pub total: f64,
    /// Its labels match the errors selector.
    pub is_error: bool,
}

/// One histogram series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Histogram {
    /// Its labels without `le`, in a fixed order.
    pub key: String,
    /// Upper bounds in milliseconds, rising, the last one infinite.
    pub le_ms: Vec<f64>,
    /// Requests at or under each bound.
    pub count: Vec<f64>,
}
