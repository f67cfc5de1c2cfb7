//! What is said of a candidate that has only its limits to be held against.

use crate::{
    engine::{
        compare::Metric,
        role::Role,
        sample::Buckets,
        snapshot::Sentence,
        watch::Watch,
        words::{self, Say},
    },
    humanize,
};

impl Watch {
    /// "v2 fails 3.20 % of requests, 1 % is the limit", since warm-up.
    pub(super) fn limit_sentence(&self, metric: Metric) -> Sentence {
        let say = Say::new().candidate(&self.setup.names);
        let since = &self.step.since.candidate;
        match metric {
            Metric::Errors => {
                let rate = since.error_rate().map_or_else(|| "?".to_owned(), humanize::rate);
                let limit = humanize::share(self.setup.policy.error_rate);
                say.strong(format!(" fails {rate} of requests")).then().text(format!(", {limit} is the limit")).done()
            }
            Metric::Latency => {
                let limit = humanize::latency(self.setup.policy.p99_ms);
                let p99 = since.p99().map_or_else(|| "?".to_owned(), words::p99_text);
                say.strong(format!(" has a p99 of {p99}"))
                    .then()
                    .text(format!(", {limit} is the limit"))
                    .text(self.slow_part())
                    .done()
            }
        }
    }

    /// ": 8.00 % of requests over 800 ms".
    fn slow_part(&self) -> String {
        let share = || {
            let bound = self.step.compare.ceiling_ms()?;
            let buckets: &Buckets = self.step.since.of(Role::Candidate).buckets.as_ref().filter(|b| b.total() > 0.0)?;
            Some((bound, buckets.slower_than(bound)? / buckets.total()))
        };
        let worded = |(bound, share)| format!(": {} of requests over {}", humanize::rate(share), humanize::latency(bound));
        share().map(worded).unwrap_or_default()
    }

    /// "v2 is within its limit: 0.30 % errors".
    pub(super) fn within_limit(&self, metric: Metric) -> Sentence {
        let since = &self.step.since.candidate;
        let value = match metric {
            Metric::Errors => since.error_rate().map(|rate| format!(": {} errors", humanize::rate(rate))),
            Metric::Latency => since.p99().map(|p99| format!(": p99 {}", words::p99_text(p99))),
        };
        Say::new().candidate(&self.setup.names).text(" is within its limit").text(value.unwrap_or_default()).done()
    }

    /// "v2 is within its limits: 0.30 % errors, p99 208 ms".
    pub(in crate::engine::watch) fn within_limits(&self) -> Sentence {
        let since = &self.step.since.candidate;
        let mut say = Say::new().candidate(&self.setup.names).text(" is within its limits");
        if let Some(rate) = since.error_rate() {
            say = say.text(format!(": {} errors", humanize::rate(rate)));
        }
        if let Some(p99) = since.p99() {
            say = say.then().text(format!(", p99 {}", words::p99_text(p99)));
        }
        say.done()
    }
}
