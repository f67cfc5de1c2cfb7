//! How far it is to either decision, how long that takes, and what would change it: the forecast in words.

use std::time::Duration;

use crate::{
    engine::{
        compare::{Metric, counts::Joined},
        custom::Worse,
        event::Reason,
        stats::ratio::Split,
        watch::Watch,
    },
    humanize,
};

/// "Within 30 s": how soon a run of bad requests would have to come.
const SOON_S: f64 = 30.0;

impl Watch {
    pub(super) fn rollback_outlook(&self, metric: Metric) -> Reason {
        let compare = &self.step.compare;
        let part = (compare.weighted(metric) / compare.needed()).clamp(0.0, 1.0);
        let text = match (&self.step.convicted, self.step.convicted_at) {
            (Some((id, _)), Some(at)) if id == metric.check(&self.setup.policy) => {
                let after = self.step.started.map(|t0| humanize::duration(at.since(t0))).unwrap_or_default();
                format!("100 % of the evidence needed, after {after}")
            }
            _ => {
                let when = match self.forecast().convicts_in {
                    Some(polls) if compare.leading() == metric => {
                        format!("the rest in about {} if it goes on like the last minute", humanize::about(self.span_of(polls)))
                    }
                    _ => "not rising".to_owned(),
                };
                format!("{} of the evidence needed; {when}", humanize::part(part))
            }
        };
        Reason::new("roll back", text)
    }

    pub(super) fn promote_outlook(&self, metric: Metric) -> Reason {
        if metric == Metric::Latency && !self.step.compare.has_latency() {
            return Reason::new("promote", "no evidence: no bucket bound is near the p99 yet");
        }
        let (log_e, needed) = self.step.compare.promotes(metric);
        let part = humanize::part((log_e / needed).clamp(0.0, 1.0));
        if log_e >= needed {
            return Reason::new("promote", format!("{part} of the evidence needed; judged when the window ends"));
        }
        let like = self.like();
        let polls = like.as_ref().and_then(|like| self.step.compare.proves_in(self.step_seconds(), like, &self.background, metric));
        let rest = match (polls, like.as_ref().and_then(|like| self.a_poll(like, metric))) {
            (Some(polls), Some(n)) => format!(
                "about {} {} to {} more, {} at this rate",
                humanize::count(two_digits(f64::from(polls) * n)),
                self.counted_in(metric),
                self.setup.names.candidate,
                humanize::about(self.span_of(polls))
            ),
            _ => "not to be reached if it goes on like the last minute".to_owned(),
        };
        Reason::new("promote", format!("{part} of the evidence needed; {rest}"))
    }

    /// What would change the verdict, each with what would follow.
    pub(super) fn changes(&self, metric: Metric) -> Vec<Reason> {
        let Some(like) = self.like().filter(|_| !self.verdict_is_settled()) else {
            return Vec::new();
        };
        let changes = [self.if_worse(metric, &like), Some(self.if_alike(metric, &like)), self.if_shared(metric)];
        changes.into_iter().flatten().map(|text| Reason::new("what if", text)).collect()
    }

    fn if_worse(&self, metric: Metric, like: &Joined) -> Option<String> {
        let polls = (SOON_S / self.setup.policy.poll_s).round().max(2.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at least 2, and at most 30 s of polls")]
        let count = polls as u32;
        let needed = self.step.compare.bad_needed(self.step_seconds(), like, &self.background, metric, count)?;
        let bad = match metric {
            Metric::Errors => humanize::plural(f64::from(needed), "error", "errors"),
            Metric::Latency => format!("{} beyond every bound", humanize::plural(f64::from(needed), "request", "requests")),
            Metric::Custom(_) => {
                let least = if self.custom(metric)?.worse == Worse::Higher { "at least" } else { "at most" };
                format!("{least} {} in {}", humanize::count(f64::from(needed)), self.name_of(metric))
            }
        };
        let span = humanize::duration(Duration::from_secs_f64(polls * self.setup.policy.poll_s));
        Some(format!("{bad} of {} within {span}: fail", self.setup.names.candidate))
    }

    /// The candidate does from now on what the baseline does.
    fn if_alike(&self, metric: Metric, like: &Joined) -> String {
        let alike = |split: &Split| {
            let bad_c = split.n_c * split.bad_b / split.n_b;
            (split.n_b > 0.0).then_some(Split { bad_c, ..*split })
        };
        let errors = like.errors.as_ref().and_then(alike);
        let custom = like.custom.iter().filter_map(|(id, split)| Some((id.clone(), alike(split)?))).collect();
        let latency = like.latency.as_ref().filter(|(_, b)| b.total() > 0.0);
        let latency = latency.map(|(c, b)| (b.scaled(c.total() / b.total()), b.clone()));
        let polls = self.step.compare.proves_in(self.step_seconds(), &Joined { errors, latency, custom }, &self.background, metric);
        let verb = match metric {
            Metric::Errors => "fails no more than".to_owned(),
            Metric::Latency => "is as fast as".to_owned(),
            Metric::Custom(_) => format!("does the same in {} as", self.name_of(metric)),
        };
        let follows = match polls {
            Some(0) => "the evidence to promote stays".to_owned(),
            Some(polls) => format!("the evidence to promote in about {}", humanize::about(self.span_of(polls))),
            None => "stays undecided at this traffic".to_owned(),
        };
        format!("{} {verb} {} from now on: {follows}", self.setup.names.candidate, self.setup.names.baseline)
    }

    fn if_shared(&self, metric: Metric) -> Option<String> {
        let limit = match metric {
            Metric::Custom(_) => return None,
            Metric::Errors => humanize::share(self.setup.policy.error_rate),
            Metric::Latency => format!("a p99 of {}", humanize::latency(self.setup.policy.p99_ms)),
        };
        let names = &self.setup.names;
        let (baseline, candidate) = (&names.baseline, &names.candidate);
        Some(format!("{baseline} goes over {limit} with {candidate}: shared, held, nobody is rolled back for it"))
    }

    /// What the candidate has in a poll that could be bad.
    fn a_poll(&self, like: &Joined, metric: Metric) -> Option<f64> {
        match metric {
            Metric::Errors => Some(like.errors?.n_c),
            Metric::Latency => Some(like.latency.as_ref()?.0.total()),
            Metric::Custom(_) => Some(like.custom.get(metric.check(&self.setup.policy))?.n_c),
        }
    }

    fn span_of(&self, polls: u32) -> Duration {
        self.setup.policy.poll() * polls
    }
}

/// An estimate, not a count.
fn two_digits(n: f64) -> f64 {
    if n < 10.0 {
        return n.ceil();
    }
    let unit = 10_f64.powf(n.log10().floor() - 1.0);
    (n / unit).ceil() * unit
}
