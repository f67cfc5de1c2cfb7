//! What the health endpoints of one instance say: from two answers to up, down or not known, and the checks of the readiness page.
//!
//! Only what an instance says about itself makes it down: a 5xx, or nothing listening where the baseline still answers. Whatever may
//! be the network's fault is not known. How many answers in a row count is the engine's business.

mod pod;
mod words;

use crate::{
    engine::sample::{CheckState, Health, HealthCheck, HealthState},
    text,
    wire::http::{FetchError, Kind, Response},
};

pub(super) use {pod::Standing, words::Words};

/// Largest health page that is read, in bytes.
pub(super) const PAGE_BYTES: usize = 64 << 10;

/// What came back from a health endpoint.
pub(super) type Probe = Result<Response, FetchError>;

/// The answers of one instance.
#[derive(Debug)]
pub(super) struct Probes<'a> {
    /// Of the readiness endpoint.
    pub(super) ready: &'a Probe,
    /// Of the liveness endpoint, where there is one.
    pub(super) live: Option<&'a Probe>,
    /// The endpoints were named by the configuration: that one is not there is worth a remark then.
    pub(super) is_configured: bool,
    /// Some instance of the baseline answers.
    pub(super) baseline_answers: bool,
}

impl Probes<'_> {
    /// What the answers mean, and a remark where they are odd.
    pub(super) fn judge(&self, words: &Words) -> (Health, Option<String>) {
        let ready = Said::of(self.ready, self.baseline_answers);
        let live = self.live.map(|probe| Said::of(probe, self.baseline_answers));
        let (checks, too_large) = checks_of(self.ready, words);
        let is_absent = |said: &Said| matches!(said, Said::Absent(_));
        if is_absent(&ready) && live.as_ref().is_none_or(is_absent) && !self.is_configured {
            return (Health { state: HealthState::Unknown, served: false, checks: Vec::new() }, None);
        }
        let (state, why) = decide(ready, live);
        let why = why.or(too_large).or_else(|| (state == HealthState::Up).then(|| failing(&checks)).flatten());
        (Health { state, served: true, checks }, why)
    }
}

/// What one endpoint says.
enum Said {
    Up,
    Down(String),
    Unknown(String),
    /// 404.
    Absent(String),
}

impl Said {
    fn of(probe: &Probe, baseline_answers: bool) -> Self {
        match probe {
            Ok(answer) => match answer.status() {
                200..=299 => Self::Up,
                404 => Self::Absent(answer.refusal().to_string()),
                500..=599 => Self::Down(answer.refusal().to_string()),
                _ => Self::Unknown(answer.refusal().to_string()),
            },
            // A page too large to read still has its status.
            Err(error) if error.kind == Kind::TooLarge => match error.status {
                Some(200..=299) => Self::Up,
                Some(500..=599) => Self::Down(error.to_string()),
                _ => Self::Unknown(error.to_string()),
            },
            Err(error) if error.kind == Kind::Refused && baseline_answers => Self::Down(error.to_string()),
            Err(error) => Self::Unknown(error.to_string()),
        }
    }
}

/// Down wins; then readiness counts, and liveness where readiness is not served.
fn decide(ready: Said, live: Option<Said>) -> (HealthState, Option<String>) {
    match (ready, live) {
        (Said::Down(why), _) | (_, Some(Said::Down(why))) => (HealthState::Down, Some(why)),
        (Said::Unknown(why), _)
        | (Said::Absent(_), Some(Said::Unknown(why)))
        | (Said::Absent(why), None | Some(Said::Absent(_))) => (HealthState::Unknown, Some(why)),
        (Said::Up, Some(Said::Unknown(why))) => (HealthState::Up, Some(why)),
        (Said::Up, None | Some(Said::Up | Said::Absent(_))) | (Said::Absent(_), Some(Said::Up)) => (HealthState::Up, None),
    }
}

/// The checks on the readiness page; and why there are none, when it is too large.
fn checks_of(ready: &Probe, words: &Words) -> (Vec<HealthCheck>, Option<String>) {
    match ready {
        Ok(answer) => (words.checks(&answer.body), None),
        Err(error) if error.kind == Kind::TooLarge => (Vec::new(), Some(error.to_string())),
        Err(_) => (Vec::new(), None),
    }
}

/// The remark on an instance that is up although checks fail.
fn failing(checks: &[HealthCheck]) -> Option<String> {
    let failing: Vec<_> = checks
        .iter()
        .filter(|check| check.state == CheckState::Fails)
        .map(|check| format!("{} is {}", check.name, check.said))
        .collect();
    (!failing.is_empty()).then(|| text::cleaned(&format!("answers that it is ready, but {}", failing.join(", "))))
}
