//! What the candidate is compared with, and how old both are: said beside every verdict.

use std::time::Duration;

use super::Watch;
use crate::{
    engine::{
        compare::Metric,
        policy::{BaselineMode, Earlier},
        role::Sides,
        sample::Sample,
        snapshot::Sentence,
        time::Time,
        words::{self, Say},
    },
    humanize,
};

impl Watch {
    /// Remembers when the oldest process of each version began, as far as this poll tells.
    pub(super) fn see_ages(&mut self, samples: &[Sample]) {
        let oldest = Sides::build(|role| samples.iter().filter(|s| s.role == role).filter_map(|s| s.started).min());
        self.began = Sides::build(|role| oldest.of(role).or(*self.began.of(role)));
    }

    /// How long each version had been running at the newest poll.
    pub(super) fn ages(&self) -> Sides<Option<Duration>> {
        let now = self.now;
        self.began.map(|began: &Option<Time>| began.map(|at| now.since(at)))
    }

    /// What the candidate is compared with, in a few words.
    pub(super) fn baseline_words(&self) -> String {
        let policy = &self.setup.policy;
        let ago = |earlier: &Earlier| {
            let old = if earlier.is_old(self.started) { ": old" } else { "" };
            format!("{} ago{old}", humanize::duration(self.started.since(earlier.at)))
        };
        match (self.against(), &policy.earlier) {
            (BaselineMode::Concurrent, _) => "concurrent, both live".to_owned(),
            (BaselineMode::Static, _) => "none: fixed limits".to_owned(),
            (BaselineMode::Before, Some(earlier)) => format!("captured {}", ago(earlier)),
            (BaselineMode::Before, None) => "captured before the deploy".to_owned(),
            (BaselineMode::Previous, Some(earlier)) => format!("{}'s own watch, {}", self.setup.names.baseline, ago(earlier)),
            (BaselineMode::Previous, None) => format!("{}'s own watch", self.setup.names.baseline),
        }
    }

    /// "v2 against v1 at another time: 0.30 % errors and 0.18 %, p99 212 ms and 208 ms".
    pub(super) fn now_and_then(&self) -> Sentence {
        let names = &self.setup.names;
        let pair = |metric: Metric| {
            let sides = &self.check_of(metric).evidence.sides;
            Some((sides.candidate.value?, sides.baseline.value?))
        };
        let mut say = Say::new().candidate(names).text(" against ").baseline(names).text(" at another time");
        if let Some((now, then)) = pair(Metric::Errors) {
            say = say.text(format!(": {} errors and {}", humanize::rate(now), humanize::rate(then)));
        }
        if let Some((now, then)) = pair(Metric::Latency) {
            say = say.then().text(format!(", p99 {} and {}", words::p99_text(now), words::p99_text(then)));
        }
        say.done()
    }

    /// Why this watch can never pass; null when it can.
    pub(super) fn why_no_pass(&self) -> Option<String> {
        let names = &self.setup.names;
        match self.against() {
            BaselineMode::Concurrent => None,
            BaselineMode::Before | BaselineMode::Previous => Some(format!(
                "the figures of {} are from another time, which cannot show that {} is no worse now",
                names.baseline, names.candidate
            )),
            BaselineMode::Static => {
                Some(format!("{} was judged by limits only, which cannot show that it is no worse", names.candidate))
            }
        }
    }

    /// A comparison that would have convicted beside a live baseline, in one sentence; null when none has.
    pub(super) fn alarm_sentence(&self) -> Option<String> {
        let (_, sentence) = self.step.alarm.as_ref()?;
        Some(format!("{}. Compared with another time, which convicts nobody by itself", sentence.text()))
    }
}
