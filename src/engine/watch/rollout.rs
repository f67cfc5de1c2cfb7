//! What the backend shows: its state for the guards, and whatever somebody else did to the deployment in the meantime.

use super::{Watch, tell::News};
use crate::engine::{action::Rollout, effect::Polled, setup::Until, snapshot::Tone, time::Time, verdict::Outcome};
use crate::humanize;

impl Watch {
    /// A poll that began before our own action was seen may bring the state from before it: that is nobody else's doing.
    pub(super) fn without_stale_rollout(&self, began: Time, polled: Polled) -> Polled {
        let is_stale = self.action().and_then(|action| action.done).is_some_and(|done| began <= done);
        Polled { rollout: polled.rollout.filter(|_| !is_stale), ..polled }
    }

    pub(super) fn see_rollout(&mut self, seen: Option<Result<Rollout, String>>) {
        match seen {
            None => {}
            Some(Err(error)) => {
                if self.rollout_error.as_ref() != Some(&error) {
                    self.note("backend", format!("The backend cannot be read: {error}"));
                }
                self.rollout_error = Some(error);
            }
            Some(Ok(rollout)) => {
                if self.rollout_error.take().is_some() {
                    self.note("backend", "The backend can be read again".to_owned());
                }
                self.compare_rollout(&rollout);
                self.rollout = Some(rollout);
            }
        }
    }

    fn compare_rollout(&mut self, rollout: &Rollout) {
        let weight = rollout.weights.map(|w| w.candidate);
        if self.is_acting() || self.ended.is_some() {
            // What moves now is our own doing, or of no consequence.
            if self.ended.is_some() {
                self.weight = weight.or(self.weight);
            }
            return;
        }
        let names = &self.setup.names;
        if let Some(versions) = rollout.versions.as_ref().filter(|v| v.candidate != names.candidate) {
            if versions.baseline == names.candidate {
                self.promoted_elsewhere();
            } else {
                let at = humanize::clock(self.now);
                let sentence = format!(
                    "Another rollout replaced {} with {} at {at}; nothing is judged any more",
                    names.candidate, versions.candidate
                );
                self.finish_elsewhere(Outcome::Superseded, sentence);
            }
            return;
        }
        let (Some(now), Some(before)) = (weight, self.weight) else {
            self.weight = weight.or(self.weight);
            return;
        };
        if (now - before).abs() < 1e-6 {
            return;
        }
        self.weight = Some(now);
        if now <= 0.0 {
            let sentence = format!("Somebody else took {} out of traffic", self.setup.names.candidate);
            self.finish_elsewhere(Outcome::EndedElsewhere, sentence);
        } else {
            self.moved_elsewhere(before, now);
        }
    }

    /// A step that was not there yet begins anew. Within a step, or back down, the same evidence goes on: it is counted poll by poll at
    /// whatever weight there was.
    fn moved_elsewhere(&mut self, before: f64, now: f64) {
        let change = format!("Somebody else changed the weight: {} → {}", humanize::share(before), humanize::share(now));
        if now >= 1.0 - 1e-9 && self.setup.rule.until == Until::Promoted && !self.bakes_now() {
            self.note("step", change);
            self.promoted_elsewhere();
        } else if self.step_index() > self.step.index || self.stage_now() > self.step.stage {
            self.note("step", format!("{change}; a new window begins"));
            let has_passed = self.step.judged == Some(Ok(()));
            self.next_step("moved on by somebody else", has_passed);
        } else {
            self.note("step", format!("{change}; the window goes on"));
            self.announce_step();
        }
    }

    fn promoted_elsewhere(&mut self) {
        let sentence = format!("Somebody else promoted {} to all traffic", self.setup.names.candidate);
        self.finish_elsewhere(Outcome::Promoted, sentence);
    }

    fn finish_elsewhere(&mut self, outcome: Outcome, sentence: String) {
        self.row("action", sentence.clone(), "", Some(Tone::Held));
        self.news.push(News::Elsewhere);
        if !self.is_replaying {
            self.end(outcome, Some(sentence));
        }
    }
}
