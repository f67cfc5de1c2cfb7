//! Errors and latency: figures, limits, suspicion, and the sentence for each.

use std::time::Duration;

use super::{CALM, Check, Finding};
use crate::{
    engine::{
        compare::{MIN_REQUESTS, Metric},
        custom::{CustomCheck, Worse},
        event::{Evidence, Figures},
        playbook::{CLEARS, LOOK_BACK},
        policy::{BaselineMode, Kind},
        recent::{MINUTE, Sum},
        role::Role,
        sample::Buckets,
        snapshot::Sentence,
        stats::sequence::{self, Share},
        strategy::Stage,
        verdict::CheckVerdict,
        watch::Watch,
        words::{self, Say},
    },
    humanize,
};

/// Errors of each version in the last minute under which a rate over the limit may be chance, and is not called shared.
const SHARED_ERRORS: f64 = 3.0;
/// Evidence to roll back from which on a check warns, as a part of what convicts; it clears under the second.
const LEANS: (f64, f64) = (0.5, 0.4);

impl Watch {
    pub(super) fn metric_evidence(&self, metric: Metric) -> Evidence {
        match metric {
            Metric::Errors => self.errors_evidence(),
            Metric::Latency => self.latency_evidence(),
            Metric::Custom(_) => self.counted_evidence(metric),
        }
    }

    pub(super) fn metric(&self, metric: Metric) -> Finding {
        let (verdict, sentence) = self.metric_verdict(metric);
        Finding { verdict, sentence, evidence: self.check_of(metric).evidence.clone() }
    }

    pub(super) fn metric_verdict(&self, metric: Metric) -> (CheckVerdict, Sentence) {
        let check = self.check_of(metric);
        if let Some((_, sentence)) = self.step.convicted.as_ref().filter(|(id, _)| *id == check.id) {
            (CheckVerdict::Fail, sentence.clone())
        } else if self.step.stage == Stage::Smoke {
            (CheckVerdict::Muted, Say::new().candidate(&self.setup.names).text(" gets no traffic yet").done())
        } else if let Some(sentence) = self.nothing_to_compare(metric) {
            (CheckVerdict::Muted, sentence)
        } else if let Some(sentence) = self.blind_sentence() {
            (CheckVerdict::ProviderError, sentence)
        } else if let Some((role, missing)) = self.missing(metric) {
            let say = Say::new().version(role, &self.setup.names).text(format!(": {missing}"));
            (CheckVerdict::NoData, say.done())
        } else if self.is_shared_now(metric) {
            (CheckVerdict::Shared, self.shared_sentence(metric))
        } else if check.is_leaning {
            (CheckVerdict::Warn, self.metric_sentence(metric))
        } else if check.is_over {
            (CheckVerdict::Warn, self.over_sentence(metric))
        } else if let Some(sentence) = self.too_little(metric) {
            (CheckVerdict::Insufficient, sentence)
        } else {
            (CheckVerdict::Pass, self.calm_sentence(metric))
        }
    }

    /// "No metrics page of v2 since 20:14:03: ..."; null while both versions give theirs.
    pub(super) fn blind_sentence(&self) -> Option<Sentence> {
        let (role, pages) = self.sources.blind()?;
        let since = pages.last_page.map(|at| format!(" since {}", humanize::clock(at))).unwrap_or_default();
        let reason = pages.reason.clone().unwrap_or_default();
        let say = Say::new().text("No metrics page of ").version(role, &self.setup.names).text(since);
        Some(say.then().text(format!(": {reason}")).done())
    }

    pub(super) fn errors_evidence(&self) -> Evidence {
        let sides = self.step.since.map(|sum| Figures {
            requests: Some(sum.requests),
            bad: Some(sum.errors),
            value: sum.error_rate(),
            of: None,
        });
        let (b, c) = (&self.step.since.baseline, &self.step.since.candidate);
        let share = |sum: &Sum| Share { bad: sum.errors, n: sum.requests };
        Evidence {
            difference: c.error_rate().zip(b.error_rate()).map(|(c, b)| c - b),
            band: sequence::difference(share(c), share(b), self.noise(Metric::Errors).unwrap_or(1.0)),
            sides,
            limit: Some(self.setup.policy.error_rate),
            rollback_nats: finite(self.step.compare.weighted(Metric::Errors)),
            promote_nats: finite(self.step.compare.promotes(Metric::Errors).0),
        }
    }

    pub(super) fn latency_evidence(&self) -> Evidence {
        let edge = self.background.middle_edge().map(|e| e.le_ms).or_else(|| self.step.compare.ceiling_ms());
        let sides = self.step.since.map(|sum| Figures {
            requests: sum.buckets.as_ref().map(Buckets::total),
            bad: edge.and_then(|le| sum.buckets.as_ref()?.slower_than(le)),
            value: sum.p99().filter(|p| p.is_finite()),
            of: None,
        });
        let noise = self.noise(Metric::Latency).unwrap_or(1.0);
        Evidence {
            difference: self.slower_by(0.99),
            band: self.slower_between(0.99, noise),
            sides,
            limit: Some(self.setup.policy.p99_ms),
            rollback_nats: finite(self.step.compare.weighted(Metric::Latency)),
            promote_nats: finite(self.step.compare.promotes(Metric::Latency).0),
        }
    }

    /// How much longer the candidate's `q`-quantile is since warm-up, relative; null where one of them is not known.
    pub(in crate::engine::watch) fn slower_by(&self, q: f64) -> Option<f64> {
        let quantile = |role| self.step.since.of(role).quantile(q).filter(|ms| ms.is_finite());
        let (c, b) = quantile(Role::Candidate).zip(quantile(Role::Baseline).filter(|b| *b > 0.0))?;
        Some(c / b - 1.0)
    }

    /// Between which values that lies; `noise`: how much more than chance the counts scatter.
    pub(in crate::engine::watch) fn slower_between(&self, q: f64, noise: f64) -> Option<(f64, f64)> {
        let since = &self.step.since;
        sequence::quantile_ratio(since.candidate.buckets.as_ref()?, since.baseline.buckets.as_ref()?, q, noise)
    }

    /// Up to which difference the candidate is not held to be worse: a difference of shares for what is counted (negative where less is
    /// worse), a relative one for latency. Null where there is no baseline to differ from.
    ///
    /// Of a share the policy tolerates a part of the baseline's and some points on top, so it depends on what the baseline did since
    /// warm-up. Latency is judged at bucket bounds, by the share of requests beyond each: a p99 longer by this much is what the policy
    /// calls as good, and evidence grows from somewhat above it on, since [`crate::engine::policy::Tolerance::latency_abs`] of all
    /// requests may be slow besides.
    pub(in crate::engine::watch) fn tolerated(&self, metric: Metric) -> Option<f64> {
        if self.against() == BaselineMode::Static {
            return None;
        }
        let tolerance = self.setup.policy.tolerated();
        let share = self.check_of(metric).evidence.sides.baseline.value.unwrap_or(0.0);
        Some(match (metric, metric.custom(&self.setup.policy).map(|check| check.worse)) {
            (Metric::Latency, _) => tolerance.latency_rel,
            (_, Some(Worse::Lower)) => share / (1.0 + tolerance.error_rel) - tolerance.error_abs - share,
            _ => share * tolerance.error_rel + tolerance.error_abs,
        })
    }

    /// Suspicion with hysteresis: over its limit alone in the last five minutes, or half way to a conviction.
    pub(super) fn lean(&mut self, metric: Metric) {
        let part = self.step.compare.leans(metric);
        let limit = self.limit(metric);
        let span = self.over_span();
        let value = |role| self.recent_value(metric, role, span);
        let baseline_over = value(Role::Baseline).is_some_and(|v| v > limit);
        let candidate = value(Role::Candidate);
        let check = &mut self.checks[Check::place(metric)];
        check.is_leaning = part >= if check.is_leaning { LEANS.1 } else { LEANS.0 };
        let line = if check.is_over { limit * CLEARS } else { limit };
        check.is_over = !baseline_over && candidate.is_some_and(|v| v > line);
    }

    /// The limit that is drawn; infinite where there is none.
    pub(super) fn limit(&self, metric: Metric) -> f64 {
        match metric {
            Metric::Errors => self.setup.policy.error_rate,
            Metric::Latency => self.setup.policy.p99_ms,
            Metric::Custom(_) => f64::INFINITY,
        }
    }

    pub(super) fn recent_value(&self, metric: Metric, role: Role, span: Duration) -> Option<f64> {
        let sum: Sum = self.recent.over(role, self.now, span);
        match metric {
            Metric::Errors => sum.error_rate(),
            Metric::Latency => sum.p99(),
            Metric::Custom(_) => None,
        }
    }

    pub(super) fn missing(&self, metric: Metric) -> Option<(Role, String)> {
        Role::BOTH.into_iter().rev().find_map(|role| {
            let missing = &self.sources.of(role).missing;
            let sentence = match metric {
                Metric::Errors => missing.errors.as_ref(),
                Metric::Latency => missing.latency.as_ref(),
                Metric::Custom(_) => missing.custom.get(metric.check(&self.setup.policy)),
            };
            sentence.cloned().map(|s| (role, s))
        })
    }

    pub(super) fn is_shared_now(&self, metric: Metric) -> bool {
        let over = |role| {
            let minute = self.recent.over(role, self.now, MINUTE);
            let (value, is_enough) = match metric {
                Metric::Errors => (minute.error_rate(), minute.errors >= SHARED_ERRORS),
                Metric::Latency => (minute.p99(), minute.requests >= MIN_REQUESTS),
                Metric::Custom(_) => (None, false),
            };
            is_enough && value.is_some_and(|v| v > self.limit(metric))
        };
        over(Role::Baseline) && over(Role::Candidate)
    }

    pub(super) fn shared_sentence(&self, metric: Metric) -> Sentence {
        let value = |role| self.recent_value(metric, role, MINUTE).unwrap_or_default();
        let (b, c) = (value(Role::Baseline), value(Role::Candidate));
        let say = Say::new().strong("Both versions are over the limit of ");
        match metric {
            Metric::Errors => say
                .text(humanize::share(self.setup.policy.error_rate))
                .text(format!(": {} and {} of requests fail", humanize::rate(c), humanize::rate(b)))
                .done(),
            Metric::Latency => say
                .text(humanize::latency(self.setup.policy.p99_ms))
                .text(format!(": p99 {} and {}", words::p99_text(c), words::p99_text(b)))
                .done(),
            Metric::Custom(_) => self.counted_sentence(metric),
        }
    }

    /// How the versions differ in this metric, since warm-up.
    pub(in crate::engine::watch) fn metric_sentence(&self, metric: Metric) -> Sentence {
        if self.against() == BaselineMode::Static {
            return self.limit_sentence(metric);
        }
        let evidence = &self.check_of(metric).evidence;
        match metric {
            Metric::Errors => words::errors_differ(&self.setup.names, evidence),
            Metric::Latency => words::latency_differs(&self.setup.names, evidence, self.slow_share()),
            Metric::Custom(_) => self.counted_sentence(metric),
        }
    }

    /// Nothing speaks against the candidate in this metric, or a little does: then that is said.
    pub(super) fn calm_sentence(&self, metric: Metric) -> Sentence {
        if self.step.compare.leans(metric) >= CALM {
            return self.metric_sentence(metric);
        }
        if self.against() == BaselineMode::Static {
            return self.within_limit(metric);
        }
        words::no_worse(&self.setup.names, metric, metric.custom(&self.setup.policy), &self.check_of(metric).evidence)
    }

    pub(super) fn over_sentence(&self, metric: Metric) -> Sentence {
        if self.against() == BaselineMode::Static {
            return self.limit_sentence(metric);
        }
        let value = |role| self.recent_value(metric, role, LOOK_BACK);
        let say = Say::new().candidate(&self.setup.names).strong(" is over the limit of ");
        let (limit, worded): (String, fn(f64) -> String) = match metric {
            Metric::Errors => (humanize::share(self.setup.policy.error_rate), |v| format!("{} of requests", humanize::rate(v))),
            Metric::Latency => (humanize::latency(self.setup.policy.p99_ms), |v| format!("p99 {}", words::p99_text(v))),
            Metric::Custom(_) => return self.counted_sentence(metric),
        };
        let say = say.text(limit);
        let say = match value(Role::Candidate) {
            Some(c) => say.text(format!(": {} in the last 5 minutes", worded(c))),
            None => say,
        };
        match value(Role::Baseline) {
            Some(b) => say.then().text(", ").baseline(&self.setup.names).text(format!(" {}", worded(b))).done(),
            None => say.done(),
        }
    }

    pub(super) fn too_little(&self, metric: Metric) -> Option<Sentence> {
        let (candidate, baseline) = self.step.compare.exposure(metric);
        let names = &self.setup.names;
        let needed = humanize::count(MIN_REQUESTS);
        if self.step.is_warm {
            return Some(Say::new().candidate(names).text(" is warming up: nothing is concluded yet").done());
        }
        for (role, n) in [(Role::Candidate, candidate), (Role::Baseline, baseline)] {
            if n < MIN_REQUESTS && self.against().compared().contains(&role) {
                let what = metric.custom(&self.setup.policy).map_or("requests", CustomCheck::counted_in);
                let say = Say::new().strong(format!("Too few {what} to judge ")).version(role, names);
                return Some(say.text(format!(": {} since warm-up, {needed} needed", humanize::count(n))).done());
            }
        }
        let blind = metric == Metric::Latency && !self.step.compare.has_latency();
        let unfit = || match self.against() {
            BaselineMode::Static => Say::new().candidate(names).text(" has no bucket bound over the limit of the p99").done(),
            _ => Say::new().text("No bucket bound is near the p99 of ").baseline(names).text(" yet").done(),
        };
        blind.then(unfit).or_else(|| self.too_rare(metric))
    }

    pub(super) fn playbook_convicts(&mut self) -> bool {
        if self.setup.policy.kind != Kind::Playbook {
            return false;
        }
        let rate = self.recent_value(Metric::Errors, Role::Candidate, LOOK_BACK);
        let shared = self.is_shared_now(Metric::Errors);
        self.step.playbook.poll(self.now, rate, shared);
        self.step.playbook.convicts()
    }

    pub(super) fn playbook_sentence(&self) -> Sentence {
        let rate = self.recent_value(Metric::Errors, Role::Candidate, LOOK_BACK).unwrap_or_default();
        let limit = humanize::share(self.setup.policy.error_rate);
        Say::new()
            .candidate(&self.setup.names)
            .strong(" is over the limit of ")
            .text(limit)
            .text(format!(": {} of requests failed in the last 5 minutes", humanize::rate(rate)))
            .done()
    }
}

fn finite(x: f64) -> Option<f64> {
    x.is_finite().then_some(x)
}
