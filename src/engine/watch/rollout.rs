//! What the backend shows: its state for the guards, and whatever somebody else did to the deployment in the meantime.

use super::{Watch, tell::News};
use crate::engine::{
    action::{Condition, Rollout},
    effect::Polled,
    setup::Until,
    snapshot::Tone,
    time::Time,
    verdict::Outcome,
    words,
};
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
        if !self.is_believed(rollout) {
            return;
        }
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
        match &rollout.condition {
            Condition::Ended(how) => return self.finish_elsewhere(Outcome::EndedElsewhere, how.clone()),
            Condition::Stuck(why) if !self.setup.rule.stays => return self.finish_elsewhere(Outcome::Stuck, why.clone()),
            _ => {}
        }
        self.see_pause(rollout.paused);
        let (Some(now), Some(before)) = (weight, self.weight) else {
            self.weight = weight.or(self.weight);
            return;
        };
        if (now - before).abs() < 1e-6 {
            return;
        }
        self.weight = Some(now);
        // A controller's weight is what its instances can serve: none of them may be ready at the moment.
        if now <= 0.0 && self.setup.driven.is_none() {
            let sentence = format!("Somebody else took {} out of traffic", self.setup.names.candidate);
            self.finish_elsewhere(Outcome::EndedElsewhere, sentence);
        } else {
            self.moved_elsewhere(before, now);
        }
    }

    fn see_pause(&mut self, paused: bool) {
        if self.paused.replace(paused).is_some_and(|before| before != paused) {
            let what = if paused { "paused" } else { "resumed" };
            self.note("backend", format!("Somebody else {what} the rollout"));
        }
    }

    /// Tells what the controller says when that changes. Before it has seen the newest change, nothing else it says is news.
    fn is_believed(&mut self, rollout: &Rollout) -> bool {
        let before = self.rollout.as_ref().map(|rollout| rollout.condition.clone()).unwrap_or_default();
        let now = &rollout.condition;
        match (&before, now) {
            (before, now) if before == now => {}
            (Condition::Behind(_), Condition::Steady) => self.note("backend", "The controller has caught up".to_owned()),
            (Condition::Stuck(_), Condition::Steady) => self.note("backend", "The rollout goes on".to_owned()),
            // A session that does not stay ends with it, and says so there.
            (_, Condition::Ended(_) | Condition::Steady) => {}
            // A version's name stays as it is.
            (_, Condition::Stuck(why)) => self.note("backend", why.clone()),
            (_, now) => self.note("backend", now.sentence().map(words::capitalised).unwrap_or_default()),
        }
        if matches!(now, Condition::Stuck(_)) && !matches!(before, Condition::Stuck(_)) {
            self.news.push(News::Stuck);
        }
        !matches!(now, Condition::Behind(_))
    }

    /// Why the rollout makes no progress, as its controller said last.
    pub(super) fn stuck(&self) -> Option<&str> {
        match &self.rollout.as_ref()?.condition {
            Condition::Stuck(why) => Some(why),
            _ => None,
        }
    }

    /// A step that was not there yet begins anew. Within a step, or back down, the same evidence goes on: it is counted poll by poll at
    /// whatever weight there was.
    fn moved_elsewhere(&mut self, before: f64, now: f64) {
        let by = self.setup.driven.as_ref().map_or_else(|| "Somebody else".to_owned(), |driven| words::capitalised(&driven.by));
        let change = format!("{by} changed the weight: {} → {}", humanize::share(before), humanize::share(now));
        if now >= 1.0 - 1e-9 && self.setup.rule.until == Until::Promoted && !self.bakes_now() {
            self.note("step", change);
            self.promoted_elsewhere();
        } else if self.step_index() > self.step.index || self.stage_now() > self.step.stage {
            self.note("step", format!("{change}; a new window begins"));
            let has_passed = self.step.judged == Some(Ok(()));
            let by = self.setup.driven.as_ref().map_or("somebody else", |driven| driven.by.as_str());
            let how = format!("moved on by {by}");
            self.next_step(&how, has_passed);
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
