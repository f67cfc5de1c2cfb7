//! What is said of a candidate that has only its limits to be held against.

use std::time::Duration;

use crate::{
    engine::{
        compare::Metric,
        playbook::LOOK_BACK,
        policy::BaselineMode,
        recent::{MINUTE, Sum},
        role::Role,
        snapshot::Sentence,
        watch::Watch,
        words::{self, Say},
    },
    humanize,
};

impl Watch {
    /// "v2 fails 3.20 % of requests, 1 % is the limit", in the last minute: a limit may be crossed long before the mean is over it.
    pub(super) fn limit_sentence(&self, metric: Metric) -> Sentence {
        let say = Say::new().candidate(&self.setup.names);
        let minute = self.recent.over(Role::Candidate, self.now, MINUTE);
        match metric {
            Metric::Errors => {
                let rate = minute.error_rate().map_or_else(|| "?".to_owned(), humanize::rate);
                let limit = humanize::share(self.setup.policy.error_rate);
                say.strong(format!(" fails {rate} of requests")).then().text(format!(", {limit} is the limit")).done()
            }
            Metric::Latency => {
                let limit = humanize::latency(self.setup.policy.p99_ms);
                let p99 = minute.p99().map_or_else(|| "?".to_owned(), words::p99_text);
                let slow = self.slow_part(&minute).unwrap_or_default();
                say.strong(format!(" has a p99 of {p99}")).then().text(format!(", {limit} is the limit{slow}")).done()
            }
            Metric::Custom(_) => say.text(" has nothing to be compared with").done(),
        }
    }

    /// ": 8.00 % of requests over 800 ms".
    fn slow_part(&self, sum: &Sum) -> Option<String> {
        let bound = self.step.compare.ceiling_ms()?;
        let buckets = sum.buckets.as_ref().filter(|b| b.total() > 0.0)?;
        let share = buckets.slower_than(bound)? / buckets.total();
        Some(format!(": {} of requests over {}", humanize::rate(share), humanize::latency(bound)))
    }

    /// "v2 is within its limit: 0.30 % errors", in the last minute.
    pub(super) fn within_limit(&self, metric: Metric) -> Sentence {
        let minute = self.recent.over(Role::Candidate, self.now, MINUTE);
        let value = match metric {
            Metric::Errors => minute.error_rate().map(|rate| format!(": {} errors", humanize::rate(rate))),
            Metric::Latency => minute.p99().map(|p99| format!(": p99 {}", words::p99_text(p99))),
            Metric::Custom(_) => None,
        };
        Say::new().candidate(&self.setup.names).text(" is within its limit").text(value.unwrap_or_default()).done()
    }

    /// "v2 is within its limits: 0.30 % errors, p99 208 ms", in the last minute.
    pub(in crate::engine::watch) fn within_limits(&self) -> Sentence {
        let minute = self.recent.over(Role::Candidate, self.now, MINUTE);
        let mut say = Say::new().candidate(&self.setup.names).text(" is within its limits");
        if let Some(rate) = minute.error_rate() {
            say = say.text(format!(": {} errors", humanize::rate(rate)));
        }
        if let Some(p99) = minute.p99() {
            say = say.then().text(format!(", p99 {}", words::p99_text(p99)));
        }
        say.done()
    }

    /// How far back a limit is held against what was seen. Where it is all there is, the warm-up is no part of that.
    pub(super) fn over_span(&self) -> Duration {
        if self.against() != BaselineMode::Static {
            return LOOK_BACK;
        }
        let judged = (self.step_seconds() - self.setup.policy.warmup_s).max(0.0);
        Duration::from_secs_f64(judged).clamp(MINUTE, LOOK_BACK)
    }
}
