//! What could be asked of a Canary in its present state, and what each would do.

use std::time::Duration;

use super::{
    Canary,
    changes::{SKIPPING, STAYING},
    condition::{AFTER, BACK, BEFORE, MORE},
    template::is_copied,
};
use crate::{
    backend::k8s::{
        bound::{Bound, NOTHING},
        gates::Gate,
        sets::Set,
    },
    engine::{
        action::{Action, Preview, Target},
        role::Role,
    },
    humanize, text,
};

/// The longest interval between two of Flagger's looks for which it is worth waiting to set something back.
const SOON: Duration = Duration::from_secs(30);

impl Canary {
    pub(super) fn offer(&self, bound: &Bound, action: Action) -> Result<Preview, String> {
        let candidate = &bound.names.candidate;
        if let Some(other) = self.target.current().filter(|set| set.hash != bound.pins.candidate) {
            let is_back = self.baseline_set(bound).is_some_and(|baseline| is_copied(other, baseline));
            return match (is_back, action) {
                (true, Action::Rollback) => Ok(self.gone_back(bound, other)),
                (true, _) => Err(format!("its template was taken back to {}", bound.names.baseline)),
                (false, _) => Err(format!("the newest template is now {}, not {candidate}", bound.name_of(other))),
            };
        }
        let status = &self.status;
        let is_forward = !matches!(action, Action::Rollback | Action::Abort | Action::Retry);
        match action {
            Action::Rollback => self.way_back(bound),
            Action::Retry => Err("Flagger keeps nothing to start again: it begins when the template changes".to_owned()),
            _ if status.phase == "Failed" => Err("Flagger has taken it back already".to_owned()),
            _ if is_forward && status.phase == "Succeeded" => Err(format!("{candidate} is promoted already")),
            Action::Pause if self.spec.suspend => Err("it is suspended already".to_owned()),
            Action::Pause => Ok(self.suspending(bound)),
            Action::Resume if self.spec.suspend => Ok(self.resuming(bound)),
            Action::Resume => Err("it is not suspended".to_owned()),
            Action::Abort => self.aborting(bound),
            _ if status.is_promoting() => Err("its promotion is under way already".to_owned()),
            Action::PromoteFull => self.skipping(bound),
            Action::Promote => self.opening(bound),
        }
    }

    fn shown(&self, bound: &Bound, target: Target, happens: Vec<String>, not_undone: Vec<String>, sends: &[String]) -> Preview {
        Preview {
            target,
            happens,
            not_undone,
            sends: if sends.is_empty() { NOTHING.to_owned() } else { sends.join(", then ") },
            bound_to: format!("the template and the phase of {}; refused if one has changed", self.place.workload.name),
            limit_s: bound.limit.as_secs_f64(),
        }
    }

    fn patch(&self, patch: &str) -> String {
        format!("PATCH {} {patch}", self.place.path())
    }

    fn looks(&self) -> String {
        format!("Flagger looks at it every {}", humanize::duration(self.spec.interval()))
    }

    fn candidate(&self) -> String {
        self.target.current().map(|set| set.name.clone()).unwrap_or_default()
    }

    fn suspending(&self, bound: &Bound) -> Preview {
        let happens = vec!["Flagger does nothing about it any more: the traffic stays shared out as it is".to_owned()];
        let not_undone = vec!["Flagger does not take it back either while it is suspended, however bad it is".to_owned()];
        let target = bound.target(Role::Candidate, self.candidate(), None);
        self.shown(bound, target, happens, not_undone, &[self.patch("spec.suspend = true")])
    }

    fn resuming(&self, bound: &Bound) -> Preview {
        let happens = vec!["the suspension is taken off".to_owned(), format!("{}, and goes on", self.looks())];
        let target = bound.target(Role::Candidate, self.candidate(), None);
        self.shown(bound, target, happens, Vec::new(), &[self.patch("spec.suspend = false")])
    }

    fn skipping(&self, bound: &Bound) -> Result<Preview, String> {
        let candidate = &bound.names.candidate;
        if self.spec.skips() && !self.spec.suspend {
            return Err("its analysis is skipped already: Flagger promotes it by itself".to_owned());
        }
        if self.status.phase == "Waiting" {
            return Err("it waits at a gate before it begins: promote opens it".to_owned());
        }
        let mut reference = self.candidate();
        let mut happens = vec![
            format!("the rest of the analysis is skipped; {}", self.looks()),
            format!("Flagger gives all traffic to the primary, and {candidate}'s template, which replaces its pods"),
        ];
        let not_undone = self.skip_once(&mut reference, &mut happens);
        let target = bound.target(Role::Candidate, reference, Some(1.0));
        Ok(self.shown(bound, target, happens, not_undone, &[self.patch("spec.skipAnalysis = true")]))
    }

    /// Where Flagger is soon done, later versions are analysed again; else that stays for somebody to set.
    fn skip_once(&self, reference: &mut String, happens: &mut Vec<String>) -> Vec<String> {
        if self.spec.skips() {
            return Vec::new();
        }
        if self.spec.interval() <= SOON {
            reference.push_str(SKIPPING);
            happens.push("once it is promoted, spec.skipAnalysis is set to false again".to_owned());
            return Vec::new();
        }
        vec!["spec.skipAnalysis stays true: later versions go without analysis until somebody sets it to false".to_owned()]
    }

    fn opening(&self, bound: &Bound) -> Result<Preview, String> {
        let kind = match self.status.phase.as_str() {
            "Waiting" => BEFORE,
            "WaitingPromotion" => AFTER,
            "Progressing" if self.asks_for_more() && !self.is_open(Gate::Way) => MORE,
            _ => return Err(self.no_gate()),
        };
        let (name, request) = self.turned(kind, Gate::Way)?;
        let next = self.next_share().filter(|_| kind == MORE);
        let candidate = &bound.names.candidate;
        let leads = match (kind, next) {
            (BEFORE, _) => format!("{}, and then begins with {candidate}", self.looks()),
            (_, Some(next)) => {
                let next = humanize::share(next);
                format!("{}; where its checks pass, it gives {candidate} {next} of the traffic", self.looks())
            }
            _ => format!("{}, and then promotes {candidate}", self.looks()),
        };
        let mut happens = vec![format!("the gate {name} ({kind}) is opened"), leads];
        happens.push("the gate is closed again behind it, so that nothing else goes through".to_owned());
        let weight = if kind == AFTER { Some(1.0) } else { next };
        let target = bound.target(Role::Candidate, format!("{} past {kind}", self.candidate()), weight);
        Ok(self.shown(bound, target, happens, Vec::new(), &[request]))
    }

    /// The share that Flagger gives it next; none where it promotes it next.
    fn next_share(&self) -> Option<f64> {
        let now = self.status.weight();
        self.spec.analysis()?.ladder().into_iter().find(|share| *share > now + 1e-9)
    }

    /// Flagger does not say that it waits before a change of the weights, and where another one than its load tester is asked, nobody does.
    fn no_gate(&self) -> String {
        let more = self.spec.asks(MORE).filter(|_| !self.asks_for_more());
        let more = more.map(|hook| format!(", or waits at {} ({MORE})", text::cleaned(&hook.name)));
        format!("it waits at no gate: its analysis goes on{}; promote --full skips it", more.unwrap_or_default())
    }

    /// The gate of a kind of webhook, and the request that opens it.
    fn turned(&self, kind: &str, gate: Gate) -> Result<(String, String), String> {
        let hook =
            self.spec.gate(kind, gate).ok_or_else(|| format!("it has no {kind} webhook at a gate of Flagger's load tester"))?;
        let name = text::cleaned(&hook.name);
        let request = self.gates.request(gate);
        let request = request.ok_or_else(|| {
            format!("its gate {name} is at Flagger's load tester: say where that answers from here, in [backend] gate")
        })?;
        match self.gates.of(gate) {
            Some(Err(why)) => Err(format!("its gate {name} cannot be asked about: {why}")),
            _ => Ok((name, request)),
        }
    }

    fn aborting(&self, bound: &Bound) -> Result<Preview, String> {
        if !self.status.is_analysing() {
            return Err(format!("Flagger takes nothing back in the phase {}: roll back instead", self.phase_name()));
        }
        let (name, request) = self.turned(BACK, Gate::Rollback).map_err(|why| format!("{why}; roll back instead"))?;
        let (baseline, candidate) = (&bound.names.baseline, &bound.names.candidate);
        let mut happens = vec![
            format!("the gate {name} ({BACK}) is opened; {}", self.looks()),
            format!("Flagger gives all traffic to {baseline} and takes the pods of {candidate} away"),
            "the gate is closed again, so that the next version is not taken back too".to_owned(),
        ];
        if !self.target.status.is_complete(&self.target.spec, self.target.object.metadata.generation) {
            happens.insert(
                1,
                format!("it asks there only once all pods of {candidate} are ready: roll back where they do not get so"),
            );
        }
        let mut not_undone = vec![format!("the template stays that of {candidate}; Flagger leaves it alone until it changes")];
        not_undone.extend(bound.not_undone());
        let target = bound.target(Role::Baseline, self.primary_name(), Some(0.0));
        Ok(self.shown(bound, target, happens, not_undone, &[request]))
    }

    fn way_back(&self, bound: &Bound) -> Result<Preview, String> {
        let name = &bound.names.baseline;
        let set = self.baseline_set(bound).and_then(|baseline| self.target.sets.iter().find(|set| is_copied(set, baseline)));
        let target_name = &self.spec.target_ref.name;
        let set = set.ok_or_else(|| {
            format!("the ReplicaSet of {target_name} with the template of {name} is not kept any more (revisionHistoryLimit)")
        })?;
        let mut reference = set.name.clone();
        let mut happens = vec![format!("the template of {} ({name}) is put back into {target_name}", set.name)];
        let mut not_undone = bound.not_undone();
        let template = format!("PATCH {} spec.template = that of {}", self.target_path(), set.name);
        let mut sends = vec![template];
        self.unsuspend(&mut happens, &mut sends);
        if self.is_promoted() {
            self.rolled_out_again(bound, &mut reference, &mut happens, &mut not_undone, &mut sends);
        } else {
            happens.push(self.replaced(bound, set));
            // For Flagger it is no new version, and no end either.
            let goes_on = "copies it to the primary once more when that ends well";
            let goes_on = format!("Flagger goes on with its analysis, of {name} then, and {goes_on}");
            not_undone.extend(Some(goes_on).filter(|_| self.status.is_analysing()));
        }
        let target = bound.target(Role::Baseline, reference, Some(0.0));
        Ok(self.shown(bound, target, happens, not_undone, &sends))
    }

    fn unsuspend(&self, happens: &mut Vec<String>, sends: &mut Vec<String>) {
        if self.spec.suspend {
            happens.push("the suspension is taken off".to_owned());
            sends.push(self.patch("spec.suspend = false"));
        }
    }

    /// A way back that was begun before.
    fn gone_back(&self, bound: &Bound, set: &Set) -> Preview {
        let mut happens = vec![bound.is_there()];
        let mut sends = Vec::new();
        self.unsuspend(&mut happens, &mut sends);
        let target = bound.target(Role::Baseline, set.name.clone(), Some(0.0));
        self.shown(bound, target, happens, bound.not_undone(), &sends)
    }

    /// The primary has the newer version: for Flagger the older one is a new one.
    fn rolled_out_again(
        &self,
        bound: &Bound,
        reference: &mut String,
        happens: &mut Vec<String>,
        not_undone: &mut Vec<String>,
        sends: &mut Vec<String>,
    ) {
        let name = &bound.names.baseline;
        if !self.spec.skips() {
            sends.insert(0, self.patch("spec.skipAnalysis = true"));
        }
        happens.push(format!("the primary is {} already: Flagger rolls {name} out, without analysis", bound.names.candidate));
        happens.push(self.looks());
        if let Some(hook) = self.spec.asks(BEFORE) {
            happens.push(format!("it asks at {} first: where that is closed, promote opens it", text::cleaned(&hook.name)));
        }
        let stays = self.skip_once(reference, happens);
        if !stays.is_empty() {
            reference.push_str(STAYING);
        }
        not_undone.extend(stays);
    }

    fn replaced(&self, bound: &Bound, set: &Set) -> String {
        let (name, candidate) = (&bound.names.baseline, &bound.names.candidate);
        let pods = self.target.current().map_or(0, |current| current.there);
        if pods == 0 {
            return format!("no pod of {candidate} is there: all traffic is on the primary, which is {name}");
        }
        let pods = humanize::plural(f64::from(pods), "pod", "pods");
        let troubles = self.troubles(bound).map(|why| format!(" ({why})")).unwrap_or_default();
        format!(
            "the Deployment controller replaces {pods} of {candidate}{troubles} by pods of {}; the rest of the traffic is on the primary, which is {name}",
            set.tag
        )
    }
}
