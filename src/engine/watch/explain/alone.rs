//! What is behind a verdict where no baseline serves at the same time: against a recording, and against the limits alone.

use crate::{
    engine::{
        compare::Metric,
        event::{Evidence, Reason},
        policy::BaselineMode,
        strategy::Stage,
        watch::Watch,
        words,
    },
    humanize,
};

impl Watch {
    /// Everything there is to say about a metric that has only its limit to be held against.
    pub(super) fn explain_alone(&self, metric: Metric, evidence: &Evidence) -> Vec<Reason> {
        if self.custom(metric).is_some() {
            return vec![Reason::new("rule", "without a baseline it is not judged: what it counts has no limit")];
        }
        let counted = self.counted_alone(metric, evidence);
        if !metric.gates(&self.setup.policy) {
            return vec![counted, Reason::new("rule", "does not gate: nothing follows from it")];
        }
        let mut reasons =
            vec![counted, self.rollback_outlook(metric), self.never_promotes(), self.ceiling_test(metric), self.rule_alone(metric)];
        reasons.extend(self.detects_reason(metric));
        reasons
    }

    fn counted_alone(&self, metric: Metric, evidence: &Evidence) -> Reason {
        let figures = &evidence.sides.candidate;
        let (n, bad) = (figures.requests.unwrap_or(0.0), figures.bad.unwrap_or(0.0));
        let share = if n > 0.0 { humanize::rate(bad / n) } else { "no rate".to_owned() };
        let what = match (metric, self.step.compare.ceiling_ms()) {
            (Metric::Errors, _) => "failed".to_owned(),
            (Metric::Latency | Metric::Custom(_), Some(bound)) => format!("took longer than {}", humanize::latency(bound)),
            (Metric::Latency | Metric::Custom(_), None) => "were slow (no bucket bound is over the limit)".to_owned(),
        };
        let p99 = match (metric, figures.value) {
            (Metric::Latency, Some(p99)) => format!(", p99 {}", words::p99_text(p99)),
            _ => String::new(),
        };
        let since = if self.step.is_warm { "while warming up" } else { "since warm-up" };
        let name = &self.setup.names.candidate;
        let (bad, n) = (humanize::count(bad), humanize::count(n));
        Reason::new("counted", format!("{name} {bad} of {n} requests {what} ({share}{p99}), {since}"))
    }

    /// The line about promoting where nothing can be promoted on the evidence.
    pub(super) fn never_promotes(&self) -> Reason {
        let text = match self.why_no_pass() {
            _ if self.step.stage == Stage::Bake => "done at the end of the bake, if it keeps its limits".to_owned(),
            why => format!("never by itself: {}", why.unwrap_or_default()),
        };
        Reason::new("promote", text)
    }

    fn ceiling_test(&self, metric: Metric) -> Reason {
        let what = match metric {
            Metric::Errors => format!("at most {} of requests fail", humanize::share(self.setup.policy.error_rate)),
            Metric::Latency | Metric::Custom(_) => {
                format!("at most 1 % of requests are over {}", humanize::latency(self.setup.policy.p99_ms))
            }
        };
        let one_in = humanize::count(1.0 / self.setup.policy.alpha);
        Reason::new(
            "test",
            format!(
                "sequential likelihood ratio against \"{what}\", over six sizes; at most 1 in {one_in} versions that keep to it is \
                 rolled back, however often it is looked at; a shared incident counts against the candidate"
            ),
        )
    }

    /// What follows from the evidence against a recording or a limit.
    pub(super) fn rule_alone(&self, metric: Metric) -> Reason {
        let verb = if self.setup.policy.only_warns() {
            "warns at 100 %, and rolls back only with --auto-rollback,"
        } else {
            "rolls back at 100 %"
        };
        let budget = humanize::share(self.step.compare.budget(metric));
        let text =
            format!("{verb} when the last 30 s were bad too and two polls of the last minute were; {budget} of the alarm budget");
        Reason::new("rule", text)
    }

    /// What the alarm budget promises, and under which condition.
    pub(super) fn promise(&self) -> String {
        let one_in = humanize::count(1.0 / self.setup.policy.alpha);
        let holds = match self.against() {
            BaselineMode::Before | BaselineMode::Previous => {
                ", if the service was then as it is now: drift and outages do not cancel"
            }
            BaselineMode::Concurrent | BaselineMode::Static => "",
        };
        format!("at most 1 in {one_in} healthy versions is rolled back, however often it is looked at{holds}")
    }
}
