//! The end of a window: was the candidate shown to be no worse? Absence of alarm is not enough.

use super::{ALPHA_PROMOTE, Compare, MIN_REQUESTS, Metric, SUSPICION, noninferior::NonInferior};
use crate::engine::{policy::Policy, stats::log_sum_exp};

impl Compare {
    /// How much of the evidence to promote this metric has: natural logarithm, and what is needed.
    #[must_use]
    pub fn promotes(&self, metric: Metric) -> (f64, f64) {
        (self.test(metric).map_or(0.0, NonInferior::log_e), (1.0 / ALPHA_PROMOTE).ln())
    }

    /// The test of non-inferiority; null for what is not compared.
    pub(super) fn test(&self, metric: Metric) -> Option<&NonInferior> {
        match metric {
            Metric::Errors => Some(&self.errors.promote),
            Metric::Latency => Some(&self.latency_promote),
            Metric::Custom(_) => Some(&self.custom.get(&metric)?.counted.promote),
        }
    }

    /// Whether the candidate was shown to be no worse, at the end of a window.
    ///
    /// # Errors
    /// What is missing, as the end of the sentence "undecided: ...".
    pub fn judge(&self, t: f64, policy: &Policy) -> Result<(), String> {
        if let Some(metric) = needing(policy).into_iter().find(|metric| self.is_thin(*metric)) {
            let what = metric.custom(policy).map_or("requests", |check| check.counted_in());
            return Err(format!("too few {what}"));
        }
        if policy.gates("latency") && !self.has_latency() {
            return Err("no latency to compare".to_owned());
        }
        self.is_calm(policy)?;
        let missing: Vec<String> = Metric::gating(policy).into_iter().filter_map(|m| self.unproven(m, t, policy)).collect();
        if missing.is_empty() { Ok(()) } else { Err(format!("not shown to be no worse: {}", missing.join(", "))) }
    }

    /// Whether nothing speaks against the candidate at the end of a step.
    ///
    /// # Errors
    /// What does, as the end of the sentence "undecided: ...".
    pub fn is_calm(&self, policy: &Policy) -> Result<(), String> {
        let own: Vec<f64> = self.metrics().map(|metric| self.own(metric)).collect();
        if log_sum_exp(&own) >= SUSPICION.ln() {
            return Err(format!("a suspicion is left in {}", self.leading().check(policy)));
        }
        Ok(())
    }

    fn is_thin(&self, metric: Metric) -> bool {
        let (candidate, baseline) = self.exposure(metric);
        candidate.min(baseline) < MIN_REQUESTS
    }

    fn unproven(&self, metric: Metric, t: f64, policy: &Policy) -> Option<String> {
        let (test, check) = (self.test(metric)?, metric.check(policy));
        if test.log_e() < (1.0 / ALPHA_PROMOTE).ln() {
            Some(check.to_owned())
        } else if test.tail_log_e(t, self.warmup_s) < 0.0 {
            Some(format!("{check} (in the last third of the window)"))
        } else {
            None
        }
    }
}

/// The metrics of which enough must have been counted: what gates; requests also where nothing of it counts.
pub(super) fn needing(policy: &Policy) -> Vec<Metric> {
    let mut gating = Metric::gating(policy);
    if gating.iter().all(|metric| Metric::BOTH.contains(metric)) {
        return vec![Metric::Errors];
    }
    // Requests are counted with the errors, whichever of the two gates.
    if gating.contains(&Metric::Latency) && !gating.contains(&Metric::Errors) {
        gating.insert(0, Metric::Errors);
    }
    gating.retain(|metric| *metric != Metric::Latency);
    gating
}
