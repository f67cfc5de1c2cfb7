//! How soon a problem can be found at the earliest, held against how soon it should be.

use std::time::Duration;

use super::Watch;
use crate::engine::{
    compare::{Metric, fastest::Fastest},
    event::Reason,
    playbook::LOOK_EVERY,
    policy::Kind,
};
use crate::humanize;

/// A failure should be found within so much time, and slowness within so much.
const BUDGETS: [(Metric, Duration); 2] = [(Metric::Errors, Duration::from_secs(120)), (Metric::Latency, Duration::from_secs(300))];

impl Watch {
    /// "errors 10 s ✓  latency 25 s ✓"; what takes too long comes first. Null where nothing of it is judged.
    pub(super) fn detects(&self) -> Option<String> {
        let fastest = self.step.fastest?;
        let mut parts: Vec<(bool, String)> = Vec::new();
        for (metric, wanted) in BUDGETS.into_iter().filter(|(metric, _)| metric.gates(&self.setup.policy)) {
            let (name, found) = (metric.check(&self.setup.policy), self.found(fastest, metric));
            let text = match found {
                Some(span) if span <= wanted => format!("{name} {} ✓", humanize::duration(span)),
                Some(span) => format!("{name} ✗ too slow: {} of {}", humanize::duration(span), humanize::duration(wanted)),
                None => format!("{name} ✗ never in this window"),
            };
            parts.push((found.is_some_and(|span| span <= wanted), text));
        }
        parts.sort_by_key(|(is_met, _)| *is_met);
        let texts: Vec<String> = parts.into_iter().map(|(_, text)| text).collect();
        (!texts.is_empty()).then(|| texts.join("  "))
    }

    /// The same of one metric, for its explanation.
    pub(super) fn detects_reason(&self, metric: Metric) -> Option<Reason> {
        let (_, wanted) = BUDGETS.into_iter().find(|(of, _)| *of == metric)?;
        let wanted = humanize::duration(wanted);
        let text = match self.found(self.step.fastest?, metric) {
            Some(span) => {
                let word = if metric == Metric::Errors { "fails" } else { "is slow" };
                let found = humanize::duration(span);
                format!("a version of which everything {word} is found after {found} at the earliest; within {wanted} is wanted")
            }
            None => format!("however bad it is, it is not found within this window; within {wanted} is wanted"),
        };
        Some(Reason::new("detects", text))
    }

    /// By the test, or by the looks of the plain rule; null where it is never found.
    fn found(&self, fastest: Fastest, metric: Metric) -> Option<Duration> {
        let tested = if metric == Metric::Errors { fastest.errors } else { fastest.latency };
        let tested = tested.map(Duration::from_secs_f64);
        let looks = LOOK_EVERY * self.setup.policy.playbook_k.max(1);
        let has_looks = metric == Metric::Errors && self.setup.policy.kind == Kind::Playbook;
        if has_looks { Some(tested.map_or(looks, |tested| tested.min(looks))) } else { tested }
    }
}
