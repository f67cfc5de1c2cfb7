//! What configured checks count, from totals to increments, under the reset decision of their process.

use std::collections::{BTreeMap, HashMap};

use crate::engine::{custom::Custom, sample::Sample};

/// What a page has of a configured check.
#[derive(Clone, Debug, PartialEq)]
pub enum CustomTotals {
    /// Its counters: each series' labels and total.
    Counts {
        /// What could have been an event.
        of: Vec<(String, f64)>,
        /// What was one.
        events: Vec<(String, f64)>,
    },
    /// Its gauge's value, of all series together.
    Gauge(f64),
}

impl CustomTotals {
    /// Its counters: what could have been an event, what was one; none of a gauge.
    fn counters(&self) -> impl Iterator<Item = &Vec<(String, f64)>> {
        let (of, events) = match self {
            Self::Counts { of, events } => (Some(of), Some(events)),
            Self::Gauge(_) => (None, None),
        };
        of.into_iter().chain(events)
    }
}

/// What is remembered of one process.
#[derive(Debug, Default)]
pub(super) struct Known(
    /// Of each check that counts: what there could have been, what there was, by series.
    BTreeMap<String, [HashMap<String, f64>; 2]>,
);

impl Known {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The process began again: its counters are known, and count from 0.
    pub(super) fn restart(&mut self) {
        self.0.values_mut().flatten().for_each(HashMap::clear);
    }

    /// Whether some counter is lower than it was.
    pub(super) fn went_down(&self, now: &BTreeMap<String, CustomTotals>) -> bool {
        now.iter().any(|(id, now)| self.fallen(id, now).is_some())
    }

    /// A counter of a configured check that went down: its labels, what it was and what it is.
    fn fallen<'t>(&self, id: &str, now: &'t CustomTotals) -> Option<(&'t str, f64, f64)> {
        let before = self.0.get(id)?;
        let mut all = now.counters().zip(before).flat_map(|(series, before)| series.iter().map(move |one| (one, before)));
        all.find_map(|((key, is), before)| {
            let was = *before.get(key)?;
            (is.is_finite() && *is < was).then_some((key.as_str(), was, *is))
        })
    }

    /// Why what a page has of a check cannot be used.
    fn broken(&self, id: &str, now: &CustomTotals) -> Option<String> {
        if let Some((key, _)) = now.counters().flatten().find(|(_, total)| !total.is_finite()) {
            return Some(format!("the counter {{{key}}} holds no count"));
        }
        let (key, was, is) = self.fallen(id, now)?;
        Some(format!("the counter {{{key}}} fell from {was} to {is} although the process did not restart"))
    }

    /// What configured checks counted since the last page, and what their gauges show.
    pub(super) fn count(&self, now: &BTreeMap<String, CustomTotals>, counts_from_zero: bool, sample: &mut Sample) {
        let none = HashMap::new();
        for (id, totals) in now {
            let custom = match totals {
                CustomTotals::Gauge(gauge) => Custom::Gauge { gauge: *gauge },
                CustomTotals::Counts { of, events } => {
                    if let Some(why) = self.broken(id, totals) {
                        sample.missing.custom.insert(id.clone(), why);
                        continue;
                    }
                    let before = match self.0.get(id) {
                        Some([of, events]) => [of, events],
                        None if counts_from_zero => [&none, &none],
                        None => continue,
                    };
                    Custom::Counts { of: risen(of, before[0]), events: risen(events, before[1]) }
                }
            };
            sample.custom.insert(id.clone(), custom);
        }
    }

    pub(super) fn remember(&mut self, totals: BTreeMap<String, CustomTotals>) {
        for (id, custom) in totals {
            if let CustomTotals::Counts { of, events } = custom {
                let known = self.0.entry(id).or_default();
                known[0].extend(of);
                known[1].extend(events);
            }
        }
    }
}

/// Increments of each series since `before`, added.
fn risen(series: &[(String, f64)], before: &HashMap<String, f64>) -> f64 {
    series.iter().map(|(key, total)| (total - before.get(key).copied().unwrap_or(0.0)).max(0.0)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{
        intake::{Answer, Counter, Intake, Observation, Totals},
        role::{Role, Sides},
        time::Time,
    };

    fn intake() -> Intake {
        Intake::new(Sides { baseline: "v1".into(), candidate: "v2".into() })
    }

    fn page(role: Role, instance: &str, totals: Totals) -> Observation {
        Observation { role, instance: instance.to_owned(), answer: Answer::Page(totals) }
    }

    fn one(intake: &mut Intake, at_s: i64, observation: Observation) -> Sample {
        intake.take(Time::from_ms(at_s * 1000), vec![observation]).remove(0)
    }

    fn requests(total: f64) -> Vec<Counter> {
        vec![Counter { key: "status=200".to_owned(), total, is_error: false }]
    }

    /// A worker's page: jobs, failed ones, and how many wait.
    fn worker(jobs: f64, failed: f64, waiting: f64) -> Totals {
        let series = |total| vec![("queue=\"mail\"".to_owned(), total)];
        let counts = CustomTotals::Counts { of: series(jobs), events: series(failed) };
        let custom = [("jobs".to_owned(), counts), ("queue".to_owned(), CustomTotals::Gauge(waiting))];
        Totals { custom: custom.into(), ..Totals::default() }
    }

    fn jobs(sample: &Sample) -> Option<(f64, f64)> {
        match sample.custom.get("jobs")? {
            Custom::Counts { of, events } => Some((*of, *events)),
            Custom::Gauge { .. } => None,
        }
    }

    #[test]
    fn configured_checks_count_like_requests_and_a_gauge_is_what_it_is() {
        let mut intake = intake();
        let first = one(&mut intake, 0, page(Role::Candidate, "a", worker(100.0, 2.0, 7.0)));
        assert!(first.reference && jobs(&first).is_none());
        assert_eq!(first.custom.get("queue"), Some(&Custom::Gauge { gauge: 7.0 }));
        let second = one(&mut intake, 5, page(Role::Candidate, "a", worker(160.0, 3.0, 4.0)));
        assert_eq!((second.reference, jobs(&second)), (false, Some((60.0, 1.0))));
        let reset = one(&mut intake, 10, page(Role::Candidate, "a", worker(20.0, 0.0, 0.0)));
        assert_eq!((reset.reset, jobs(&reset)), (true, Some((20.0, 0.0))));
        assert_eq!(jobs(&one(&mut intake, 15, page(Role::Candidate, "b", worker(9.0, 1.0, 0.0)))), Some((9.0, 1.0)));
    }

    #[test]
    fn one_reset_decision_covers_the_configured_checks_too() {
        let both = |ok, jobs| Totals { custom: worker(jobs, 0.0, 0.0).custom, requests: Some(requests(ok)), ..Totals::default() };
        let mut intake = intake();
        one(&mut intake, 0, page(Role::Baseline, "a", both(1000.0, 500.0)));
        let reset = one(&mut intake, 5, page(Role::Baseline, "a", both(30.0, 510.0)));
        assert_eq!((reset.reset, reset.requests, jobs(&reset)), (true, Some(30.0), Some((510.0, 0.0))));
        // The requests went on: then it is the configured counter that is none.
        let broken = one(&mut intake, 10, page(Role::Baseline, "a", both(40.0, 5.0)));
        assert_eq!((broken.reset, broken.requests, jobs(&broken)), (false, Some(10.0), None));
        let why = "the counter {queue=\"mail\"} fell from 510 to 5 although the process did not restart";
        assert_eq!(broken.missing.custom.get("jobs").map(String::as_str), Some(why));
        assert_eq!(jobs(&one(&mut intake, 15, page(Role::Baseline, "a", both(50.0, 9.0)))), Some((4.0, 0.0)));
    }

    #[test]
    fn a_process_that_says_that_it_is_another_began_again() {
        let of = |start, ok, jobs| Totals {
            custom: worker(jobs, 0.0, 0.0).custom,
            process_start_s: Some(start),
            requests: Some(requests(ok)),
            ..Totals::default()
        };
        let mut intake = intake();
        one(&mut intake, 0, page(Role::Baseline, "a", of(1.0, 10.0, 500.0)));
        let reset = one(&mut intake, 5, page(Role::Baseline, "a", of(2.0, 30.0, 5.0)));
        assert_eq!((reset.reset, reset.requests, jobs(&reset)), (true, Some(30.0), Some((5.0, 0.0))));
    }

    #[test]
    fn what_is_no_count_is_missing_and_resets_nothing() {
        let mut intake = intake();
        one(&mut intake, 0, page(Role::Baseline, "a", worker(10.0, 0.0, 0.0)));
        for odd in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let sample = one(&mut intake, 5, page(Role::Candidate, "b", worker(odd, 0.0, 0.0)));
            assert!(!sample.reset && jobs(&sample).is_none(), "{odd}");
            assert!(sample.missing.custom["jobs"].contains("holds no count"), "{sample:?}");
        }
    }
}
