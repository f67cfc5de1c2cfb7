//! Each check's verdict, in one order: convicted; no page, nothing on it, both over the limit; suspicious; too little; fine.

mod alone;
mod metric;
mod plain;

use super::{Watch, tell::News};
use crate::engine::{
    compare::Metric,
    event::{CheckChange, Event, Evidence},
    health::Sick,
    policy::Policy,
    snapshot::{Sentence, Tone},
    verdict::CheckVerdict,
};

/// Evidence to roll back under which nothing is said against the candidate.
pub(super) const CALM: f64 = 0.15;
/// One check with what it last said.
#[derive(Clone, Debug)]
pub(super) struct Check {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    pub(super) verdict: Option<CheckVerdict>,
    pub(super) sentence: Sentence,
    pub(super) evidence: Evidence,
    is_over: bool,
    is_leaning: bool,
}

impl Check {
    fn new(id: &'static str, name: &'static str, limit: Option<f64>) -> Self {
        Self {
            id,
            name,
            verdict: None,
            sentence: Sentence::default(),
            evidence: Evidence { limit, ..Evidence::default() },
            is_over: false,
            is_leaning: false,
        }
    }

    /// Every check there is.
    pub(super) fn all(policy: &Policy) -> [Self; 5] {
        [
            Self::new("errors", "error rate", Some(policy.error_rate)),
            Self::new("latency", "latency p99", Some(policy.p99_ms)),
            Self::new("health", "readiness", None),
            Self::new("restarts", "restarts", None),
            Self::new("traffic", "traffic", None),
        ]
    }
}

/// What a check finds at one poll.
struct Finding {
    verdict: CheckVerdict,
    sentence: Sentence,
    evidence: Evidence,
}

/// Judges every check anew and says what changed.
pub(super) fn evaluate(watch: &mut Watch) {
    for metric in Metric::BOTH {
        watch.checks[metric as usize].evidence = watch.metric_evidence(metric);
        watch.lean(metric as usize, metric);
    }
    watch.look_at_the_share();
    convict(watch);
    let findings =
        [watch.metric(Metric::Errors), watch.metric(Metric::Latency), watch.readiness(), watch.restarts(), watch.traffic()];
    for (i, finding) in findings.into_iter().enumerate() {
        watch.settle(i, finding);
    }
}

/// The first gating rule that convicts decides, for good.
fn convict(watch: &mut Watch) {
    if watch.step.convicted.is_some() {
        return;
    }
    let playbook = watch.playbook_convicts();
    let gates = |id: &str| watch.setup.policy.gates(id);
    let compared = watch.step.compare.convicts().filter(|m| gates(m.check()));
    let conviction = if let Some(metric) = compared.filter(|_| !watch.setup.policy.only_warns()) {
        Some((metric.check(), watch.metric_sentence(metric)))
    } else if let Some(sick) = watch.step.health.convicts().filter(|s| gates(sick_check(*s))) {
        Some((sick_check(sick), watch.sick_sentence(sick)))
    } else if playbook && gates("errors") {
        Some(("errors", watch.playbook_sentence()))
    } else {
        None
    };
    if let Some(conviction) = conviction {
        watch.step.convicted_at = Some(watch.now);
        watch.step.convicted = Some(conviction);
    } else if let Some(metric) = compared.filter(|_| watch.step.alarm.is_none()) {
        watch.step.alarm = Some((metric.check(), watch.metric_sentence(metric)));
        watch.raise_alarm();
    }
}

const fn sick_check(sick: Sick) -> &'static str {
    match sick {
        Sick::Down => "health",
        Sick::CrashLoop | Sick::Restarts => "restarts",
    }
}

impl Watch {
    fn settle(&mut self, index: usize, finding: Finding) {
        let check = &mut self.checks[index];
        let was = check.verdict.replace(finding.verdict);
        check.sentence = finding.sentence;
        check.evidence = finding.evidence;
        if was == check.verdict {
            return;
        }
        let (id, name, verdict) = (check.id, check.name, finding.verdict);
        let (sentence, evidence) = (check.sentence.text(), check.evidence.clone());
        let explanation = self.explain(&self.checks[index]);
        if let Some(was) = was {
            let head = format!("{name}: {} → {}", spaced(was), spaced(verdict));
            self.row("check", head, sentence.clone(), tone_of(verdict));
        }
        self.news.push(News::Check { index, was });
        self.emit(Event::Check(Box::new(CheckChange { check: id.to_owned(), verdict, was, sentence, evidence, explanation })));
    }
}

/// A verdict's word for people.
pub(super) fn spaced(verdict: CheckVerdict) -> String {
    verdict.word().replace('_', " ")
}

pub(super) const fn tone_of(verdict: CheckVerdict) -> Option<Tone> {
    match verdict {
        CheckVerdict::Fail | CheckVerdict::Warn => Some(Tone::Bad),
        CheckVerdict::Shared | CheckVerdict::ProviderError => Some(Tone::Held),
        CheckVerdict::NoData | CheckVerdict::Insufficient => Some(Tone::Unsure),
        CheckVerdict::Pass | CheckVerdict::Muted => None,
    }
}
