//! Each check's verdict, in one order: convicted; no page, nothing on it, both over the limit; suspicious; too little; fine.

mod alone;
mod custom;
mod metric;
mod plain;

pub(super) use custom::Gauge;

use super::{Watch, explain::bare, tell::News};
use crate::engine::{
    compare::Metric,
    event::{CheckChange, Event, Evidence},
    health::Sick,
    setup::Setup,
    snapshot::{Sentence, Tone},
    verdict::CheckVerdict,
};

/// Evidence to roll back under which nothing is said against the candidate.
pub(super) const CALM: f64 = 0.15;
/// How many checks there are without those of the configuration.
const BUILT_IN: usize = 5;

/// What a check judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// Something that is compared as counts.
    Metric(Metric),
    Health,
    Restarts,
    Traffic,
    /// The gauge at this place of the policy's checks.
    Gauge(usize),
}

/// One check with what it last said.
#[derive(Clone, Debug)]
pub(super) struct Check {
    pub(super) what: What,
    pub(super) id: String,
    pub(super) name: String,
    pub(super) verdict: Option<CheckVerdict>,
    pub(super) sentence: Sentence,
    pub(super) evidence: Evidence,
    /// What was asked, bare.
    pub(super) copy: String,
    is_over: bool,
    is_leaning: bool,
}

impl Check {
    fn new(what: What, id: &str, name: &str, limit: Option<f64>) -> Self {
        Self {
            what,
            id: id.to_owned(),
            name: name.to_owned(),
            verdict: None,
            sentence: Sentence::default(),
            evidence: Evidence { limit, ..Evidence::default() },
            copy: String::new(),
            is_over: false,
            is_leaning: false,
        }
    }

    /// Every check there is.
    pub(super) fn all(setup: &Setup) -> Vec<Self> {
        let policy = &setup.policy;
        let built_in: [Self; BUILT_IN] = [
            Self::new(What::Metric(Metric::Errors), "errors", "error rate", Some(policy.error_rate)),
            Self::new(What::Metric(Metric::Latency), "latency", "latency p99", Some(policy.p99_ms)),
            Self::new(What::Health, "health", "readiness", None),
            Self::new(What::Restarts, "restarts", "restarts", None),
            Self::new(What::Traffic, "traffic", "traffic", None),
        ];
        let custom = policy.checks.iter().enumerate().map(|(place, c)| Self::new(What::of(c, place), &c.id, &c.name, None));
        let copied = |check: Self| Self { copy: bare(check.what, &check.id, &setup.asked), ..check };
        built_in.into_iter().chain(custom).map(copied).collect()
    }

    /// Where the check of a metric stands among all.
    pub(super) const fn place(metric: Metric) -> usize {
        match metric {
            Metric::Errors => 0,
            Metric::Latency => 1,
            Metric::Custom(place) => BUILT_IN + place,
        }
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
    for metric in Metric::all(&watch.setup.policy) {
        watch.checks[Check::place(metric)].evidence = watch.metric_evidence(metric);
        watch.lean(metric);
    }
    watch.look_at_the_share();
    convict(watch);
    let findings: Vec<Finding> = watch.checks.iter().map(|check| watch.finding(check.what)).collect();
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
    let policy = &watch.setup.policy;
    let gates = |id: &str| policy.gates(id);
    let compared = watch.step.compare.convicts().filter(|m| m.gates(policy));
    let conviction = if let Some(metric) = compared.filter(|_| !policy.only_warns()) {
        Some((metric.check(policy).to_owned(), watch.metric_sentence(metric)))
    } else if let Some(sick) = watch.step.health.convicts().filter(|s| gates(sick_check(*s))) {
        Some((sick_check(sick).to_owned(), watch.sick_sentence(sick)))
    } else if playbook && gates("errors") {
        Some(("errors".to_owned(), watch.playbook_sentence()))
    } else {
        None
    };
    if let Some(conviction) = conviction {
        watch.step.convicted_at = Some(watch.now);
        watch.step.convicted = Some(conviction);
    } else if let Some(metric) = compared.filter(|_| watch.step.alarm.is_none()) {
        watch.step.alarm = Some((metric.check(policy).to_owned(), watch.metric_sentence(metric)));
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
    /// The check that shows a metric.
    pub(in crate::engine::watch) fn check_of(&self, metric: Metric) -> &Check {
        &self.checks[Check::place(metric)]
    }

    fn finding(&self, what: What) -> Finding {
        match what {
            What::Metric(metric) => self.metric(metric),
            What::Health => self.readiness(),
            What::Restarts => self.restarts(),
            What::Traffic => self.traffic(),
            What::Gauge(place) => self.gauge(place),
        }
    }

    fn settle(&mut self, index: usize, finding: Finding) {
        let check = &mut self.checks[index];
        let was = check.verdict.replace(finding.verdict);
        check.sentence = finding.sentence;
        check.evidence = finding.evidence;
        if was == check.verdict {
            return;
        }
        let (id, name, verdict) = (check.id.clone(), check.name.clone(), finding.verdict);
        let (sentence, evidence) = (check.sentence.text(), check.evidence.clone());
        let explanation = self.explain(&self.checks[index]);
        if let Some(was) = was {
            let head = format!("{name}: {} → {}", spaced(was), spaced(verdict));
            self.row("check", head, sentence.clone(), tone_of(verdict));
        }
        self.news.push(News::Check { index, was });
        self.emit(Event::Check(Box::new(CheckChange { check: id, verdict, was, sentence, evidence, explanation })));
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
