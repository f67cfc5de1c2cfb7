//! What could be asked of a Rollout in its present state, and what each would do.

use super::{
    ArgoRollout,
    changes::after,
    condition::INCONCLUSIVE,
    status::{Canary, Leftover},
};
use crate::{
    backend::k8s::{
        bound::{Bound, NOTHING},
        sets::Set,
    },
    engine::{
        action::{Action, Preview, Target},
        role::Role,
    },
    humanize, text,
};

impl ArgoRollout {
    pub(super) fn offer(&self, bound: &Bound, action: Action) -> Result<Preview, String> {
        let (baseline, candidate) = (&bound.names.baseline, &bound.names.candidate);
        if let Some(other) = self.refused() {
            return Err(format!("the newest template is now {other}, not {candidate}"));
        }
        match self.current() {
            Some(other) if bound.role_of(&other.hash).is_none() => {
                return Err(format!("the newest template is now {}, not {candidate}", bound.name_of(other)));
            }
            Some(set) if set.hash == bound.pins.baseline && action != Action::Rollback => {
                return Err(format!("it was taken back to {baseline}"));
            }
            _ => {}
        }
        let status = &self.status;
        let is_forward = matches!(action, Action::Promote | Action::PromoteFull | Action::Pause | Action::Resume);
        match action {
            _ if is_forward && status.abort => Err("it is aborted: retry starts it again".to_owned()),
            Action::Resume if self.spec.paused => Ok(self.resumed(bound)),
            Action::Resume if !status.pause_conditions.is_empty() => {
                Err(format!("it is not paused by hand: promote ends its pause at {}", self.here()))
            }
            Action::Resume => Err("it is not paused".to_owned()),
            _ if is_forward && status.is_promoted() => Err(format!("{candidate} has all traffic already")),
            Action::Pause if self.spec.paused => Err("it is paused already".to_owned()),
            Action::Pause => Ok(self.paused(bound)),
            Action::Promote | Action::PromoteFull if status.promote_full => Err("a full promotion is under way already".to_owned()),
            Action::Promote => self.stepping(bound),
            Action::PromoteFull => Ok(self.promoting(bound)),
            Action::Abort if status.abort => Err("it is aborted already".to_owned()),
            Action::Abort => self.may_abort().and_then(|()| self.aborting(bound)),
            Action::Retry if status.abort => Ok(self.retrying(bound)),
            Action::Retry => Err("it is not aborted".to_owned()),
            Action::Rollback => self.way_back(bound),
        }
    }

    fn shown(&self, bound: &Bound, target: Target, happens: Vec<String>, not_undone: Vec<String>, patches: &[&str]) -> Preview {
        let sends: Vec<String> = patches.iter().map(|patch| self.sends(patch)).collect();
        Preview {
            target,
            happens,
            not_undone,
            sends: if sends.is_empty() { NOTHING.to_owned() } else { sends.join(", then ") },
            bound_to: format!("the templates, the step and the pauses of {}; refused if one has changed", self.place.workload.name),
            limit_s: bound.limit.as_secs_f64(),
        }
    }

    fn sends(&self, patch: &str) -> String {
        let part = if patch.starts_with("status.") { "/status" } else { "" };
        format!("PATCH {}{part} {patch}", self.place.path())
    }

    fn candidate(&self, bound: &Bound) -> String {
        self.set_of(bound, Role::Candidate).map(|set| set.name.clone()).unwrap_or_default()
    }

    fn unpausing(&self) -> Option<&'static str> {
        self.spec.paused.then_some("spec.paused = false")
    }

    fn paused(&self, bound: &Bound) -> Preview {
        let candidate = &bound.names.candidate;
        let happens = if self.spec.strategy.blue_green.is_some() {
            format!(
                "Argo Rollouts does not switch the traffic, to {candidate} or back; pods of {candidate} are started all the same"
            )
        } else {
            "Argo Rollouts goes to no other step and starts or ends no pods; those that are there go on serving".to_owned()
        };
        let running = self.status.runs().filter(|run| ["Pending", "Running"].contains(&run.status.as_str()));
        let running =
            running.map(|run| format!("its analysis {} goes on: if it fails, the update is aborted", text::cleaned(&run.name)));
        let not_undone = ["the traffic stays shared out as it is".to_owned()].into_iter().chain(running).collect();
        let target = bound.target(Role::Candidate, self.candidate(bound), None);
        self.shown(bound, target, vec![happens], not_undone, &["spec.paused = true"])
    }

    fn resumed(&self, bound: &Bound) -> Preview {
        let goes_on = if self.status.pause_conditions.is_empty() {
            format!("Argo Rollouts goes on at {}", self.here())
        } else {
            format!("it then waits at {} as its steps say; promote ends that pause", self.here())
        };
        let target = bound.target(Role::Candidate, self.candidate(bound), None);
        self.shown(bound, target, vec!["the pause by hand is taken off".to_owned(), goes_on], Vec::new(), &["spec.paused = false"])
    }

    /// One stop further.
    fn stepping(&self, bound: &Bound) -> Result<Preview, String> {
        let status = &self.status;
        if status.is_unpausing() {
            return Err("its pause was taken off, and Argo Rollouts has not gone on yet".to_owned());
        }
        match &self.spec.strategy.canary {
            Some(canary) if !canary.steps.is_empty() => self.stepping_on(bound, canary),
            _ if status.pause_conditions.is_empty() && !self.spec.paused => {
                Err("it waits for nothing and goes on by itself; pause stops it".to_owned())
            }
            // Its controller comes to wait for a promotion only once the pause by hand is off and the pods are ready.
            _ if status.pause_conditions.is_empty() && self.waits_before_its_switch() => {
                Err("it is paused by hand and does not wait for a promotion yet: resume first, or promote --full".to_owned())
            }
            _ => Ok(self.switching(bound)),
        }
    }

    fn stepping_on(&self, bound: &Bound, canary: &Canary) -> Result<Preview, String> {
        let (status, here) = (&self.status, self.index());
        let Some(step) = canary.steps.get(here) else {
            return Err("all steps are done: it goes on to all traffic by itself".to_owned());
        };
        let stop = canary.stop_from(here + 1);
        let share = canary.share_at(stop);
        let mut patches: Vec<&str> = self.unpausing().into_iter().collect();
        let mut happens: Vec<String> = self.unpausing().iter().map(|_| "the pause by hand is taken off".to_owned()).collect();
        if let Some(run) = self.unsure().filter(|_| !status.is_step_inconclusive()) {
            happens.push(format!("the pause is ended, and {run} is run again"));
        } else if status.has_pause(&INCONCLUSIVE) {
            happens.push(format!("the analysis at {} that could not tell is passed over", self.here()));
        } else if status.pause_conditions.is_empty() {
            happens.push(format!("{} ({}) is left, done or not", self.here(), step.words()));
        } else {
            let length = self.pause_length().map(|length| format!(" ({length} long)")).unwrap_or_default();
            happens.push(format!("the pause{length} at {} is ended", self.here()));
        }
        let is_only_left = status.pause_conditions.is_empty();
        patches.push(if is_only_left { "status.currentStepIndex + 1" } else { "status.pauseConditions = null" });
        let next = canary.steps.get(stop).map_or_else(String::new, |step| format!(", {}", step.words()));
        happens.push(format!("Argo Rollouts goes on to {}{next}", canary.place(stop)));
        happens.push(format!("{} then has {} of the traffic", bound.names.candidate, humanize::share(share)));
        let reference = after(&self.candidate(bound), here + 1);
        Ok(self.shown(bound, bound.target(Role::Candidate, reference, Some(share)), happens, Vec::new(), &patches))
    }

    fn waits_before_its_switch(&self) -> bool {
        self.spec.strategy.blue_green.as_ref().is_some_and(|it| it.auto_promotion_enabled == Some(false))
    }

    /// The analysis that could not tell, while it is paused for that.
    fn unsure(&self) -> Option<String> {
        let run = self.status.runs().find(|run| run.status == "Inconclusive");
        run.filter(|_| self.status.has_pause(&INCONCLUSIVE)).map(|run| text::cleaned(&format!("the analysis {}", run.name)))
    }

    /// The only stop of a blue-green rollout, or of a canary without steps.
    fn switching(&self, bound: &Bound) -> Preview {
        let candidate = &bound.names.candidate;
        let mut patches: Vec<&str> = self.unpausing().into_iter().collect();
        if !self.status.pause_conditions.is_empty() {
            patches.push("status.pauseConditions = null");
        }
        let goes_on = match self.unsure() {
            Some(run) => format!("Argo Rollouts runs {run} again, and gives all traffic to {candidate} if it succeeds then"),
            None => format!("Argo Rollouts gives all traffic to {candidate}"),
        };
        let happens = vec!["the pause is taken off".to_owned(), goes_on];
        let target = bound.target(Role::Candidate, self.candidate(bound), Some(1.0));
        self.shown(bound, target, happens, Vec::new(), &patches)
    }

    fn promoting(&self, bound: &Bound) -> Preview {
        let candidate = &bound.names.candidate;
        let patches: Vec<&str> = self.unpausing().into_iter().chain(["status.promoteFull = true"]).collect();
        let happens = vec![
            "the remaining steps, pauses and analyses are left out".to_owned(),
            format!("Argo Rollouts gives all traffic to {candidate} as soon as all {} pods of it are ready", self.spec.replicas),
        ];
        let not_undone = vec!["Argo Rollouts ignores an abort from then on: only a rollback leads back".to_owned()];
        let target = bound.target(Role::Candidate, self.candidate(bound), Some(1.0));
        self.shown(bound, target, happens, not_undone, &patches)
    }

    /// The set that a blue-green rollout has switched to, while it lacks pods: its controller touches the switch for nothing then.
    fn holds_the_switch(&self) -> Option<&Set> {
        let current = self.current().filter(|_| self.spec.strategy.blue_green.is_some())?;
        let is_active = self.status.blue_green.active_selector == current.hash;
        (is_active && current.ready < self.spec.replicas).then_some(current)
    }

    fn aborting(&self, bound: &Bound) -> Result<Preview, String> {
        let stable = self.sets.iter().find(|set| set.hash == self.status.stable);
        let stable = stable.ok_or("there is no stable version to go back to")?;
        let (name, candidate) = (bound.name_of(stable), &bound.names.candidate);
        if let Some(set) = self.holds_the_switch() {
            let are = if set.ready == 1 { "is" } else { "are" };
            let ready = format!("{} of {} {are}", set.ready, self.spec.replicas);
            let rule = format!("Argo Rollouts switches back only while all pods of {candidate} are ready");
            return Err(format!("{rule}, and {ready}: roll back instead"));
        }
        let patches: Vec<&str> = ["status.abort = true"].into_iter().chain(self.unpausing()).collect();
        let leftover = self.spec.strategy.leftover();
        let mut happens = vec![if leftover == Leftover::Exchanged {
            let how = "as fast as its pods come back (dynamicStableScale)";
            format!("Argo Rollouts gives the traffic back to {name}, the stable version, {how}")
        } else {
            format!("Argo Rollouts gives all traffic to {name}, the stable version")
        }];
        happens.extend(self.unpausing().map(|_| "the pause by hand is taken off, or no pod would move".to_owned()));
        happens.push(match leftover {
            Leftover::Replaced => format!("the pods of {candidate} are taken away"),
            Leftover::Exchanged => format!("the pods of {candidate} are taken away meanwhile"),
            Leftover::Kept => format!("the pods of {candidate} stay, without traffic (abortScaleDownDelaySeconds is 0)"),
            Leftover::TakenAfter(delay) => {
                let delay = humanize::duration(delay);
                format!("the pods of {candidate} are taken away {delay} after all of {name} are ready")
            }
        });
        let mut not_undone =
            vec![format!("the template stays that of {candidate}: a retry, an edit or a sync of whoever owns it starts it again")];
        not_undone.extend(bound.not_undone());
        let target = Target { version: name, reference: stable.name.clone(), weight: Some(0.0) };
        Ok(self.shown(bound, target, happens, not_undone, &patches))
    }

    fn retrying(&self, bound: &Bound) -> Preview {
        let candidate = &bound.names.candidate;
        let has_steps = self.spec.strategy.canary.as_ref().is_some_and(|canary| !canary.steps.is_empty());
        let first = if has_steps { ", at its first step" } else { "" };
        let mut happens = vec!["the abort is taken back".to_owned(), format!("Argo Rollouts begins with {candidate} again{first}")];
        happens.extend(self.unpausing().map(|_| "it is paused by hand, and does nothing before a resume".to_owned()));
        let target = bound.target(Role::Candidate, self.candidate(bound), None);
        self.shown(bound, target, happens, Vec::new(), &["status.abort = false"])
    }

    fn way_back(&self, bound: &Bound) -> Result<Preview, String> {
        let (name, status) = (&bound.names.baseline, &self.status);
        let set = self.set_of(bound, Role::Baseline);
        let set = set.ok_or_else(|| format!("the ReplicaSet of {name} is not kept any more (revisionHistoryLimit)"))?;
        let is_back = self.is_asked_for(set);
        let target = bound.target(Role::Baseline, set.name.clone(), Some(0.0));
        if is_back && status.is_promoted() && !self.spec.paused {
            return Ok(self.shown(bound, target, vec![bound.is_there()], Vec::new(), &[]));
        }
        let (mut happens, mut patches) = (Vec::new(), Vec::new());
        if !is_back && !status.abort && self.may_abort().is_ok() {
            patches.push("status.abort = true".to_owned());
            let at_once = if self.holds_the_switch().is_none() { ": all traffic goes to the stable version" } else { "" };
            happens.push(format!("the update is aborted{at_once}"));
        }
        if !is_back {
            patches.push(format!("spec.template = that of {}", set.name));
            happens.push(format!("the template of {} ({name}, revision {}) is put back", set.name, set.revision));
        }
        if self.spec.paused {
            happens.push("the pause by hand is taken off, or no pod would move".to_owned());
        }
        if status.stable == set.hash {
            happens.push(format!("{name} is the stable version, so no steps are climbed"));
        } else {
            patches.push("status.promoteFull = true".to_owned());
            happens.push("no steps and no analyses on the way back: as soon as its pods are ready it has all traffic".to_owned());
        }
        happens.push(set.ready_of(self.spec.replicas));
        let patches: Vec<&str> = patches.iter().map(String::as_str).collect();
        Ok(self.shown(bound, target, happens, bound.not_undone(), &patches))
    }
}
