//! The requests that a Canary's actions are made of.
//!
//! Flagger has no verbs: it is told by fields of the Canary, by the template of the Deployment that it rolls out, and by the gates that
//! it asks at. What was set for one action only (a gate, the skipping of the analysis) is set back once Flagger has taken it in.

use serde_json::{Value, json};

use super::{
    Canary,
    condition::{AFTER, BEFORE, MORE},
    template::is_copied,
};
use crate::{
    backend::k8s::{
        bound::Bound,
        gates::Gate,
        mark,
        sets::Set,
        workload::{Change, Next, To},
    },
    engine::action::{Action, Order},
    wire::kube::Patch,
};

/// The end of the reference of an action that skips the analysis, and lets later versions be analysed again.
pub(super) const SKIPPING: &str = " without its analysis";
/// The same of one that leaves it to somebody else to let later versions be analysed again.
pub(super) const STAYING: &str = " without analysis from now on";

/// Why it is waited for that.
const TO_RESET: &str = ", to set spec.skipAnalysis to false again,";

/// Whether the way back leaves out the analysis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Analysis {
    Stays,
    SkippedOnce,
    SkippedFromNow,
}

impl Canary {
    pub(super) fn request(&self, bound: &Bound, order: &Order) -> Result<Next, String> {
        let is_goal = |set: &Set| order.action == Action::Rollback && set.name == goal(order).0;
        let other = self.target.current().filter(|set| set.hash != bound.pins.candidate && !is_goal(set));
        match (order.action, other) {
            (_, Some(other)) => Err(format!("the newest template is now {}, not {}", bound.name_of(other), bound.names.candidate)),
            (Action::Rollback, None) => self.back(order),
            (Action::Pause, None) => Ok(self.suspend(true)),
            (Action::Resume, None) => Ok(self.suspend(false)),
            (Action::Promote, None) => Ok(self.open(order)),
            (Action::PromoteFull, None) => self.skip(order),
            (Action::Abort, None) => self.abort(order),
            (Action::Retry, None) => Err(format!("{} has no retry", bound.place.words())),
        }
    }

    fn suspend(&self, suspend: bool) -> Next {
        if self.spec.suspend == suspend { Next::Done } else { Next::Ask(Change::fields(json!({ "spec": { "suspend": suspend } }))) }
    }

    /// Opens the gate that it waits at, and closes it behind it: it is asked for the next stop and the next version too.
    fn open(&self, order: &Order) -> Next {
        let waits = match self.status.phase.as_str() {
            "Waiting" => Some(BEFORE),
            "WaitingPromotion" => Some(AFTER),
            "Progressing" if !self.has_more(order) => Some(MORE),
            _ => None,
        };
        let is_open = self.is_open(Gate::Way);
        if waits.is_none_or(|kind| !order.target.reference.ends_with(kind)) {
            return if is_open { Next::Gate { gate: Gate::Way, open: false } } else { Next::Done };
        }
        self.through(order, Gate::Way)
    }

    /// It has the share that an order leads to, where that is less than everything.
    pub(super) fn has_more(&self, order: &Order) -> bool {
        order.target.weight.is_some_and(|share| self.status.weight() + 1e-9 >= share)
    }

    /// The gate of a rollback, the same way.
    fn abort(&self, order: &Order) -> Result<Next, String> {
        if self.status.is_analysing() {
            return Ok(self.through(order, Gate::Rollback));
        }
        match (self.status.phase == "Failed", self.is_open(Gate::Rollback)) {
            (_, true) => Ok(Next::Gate { gate: Gate::Rollback, open: false }),
            (true, false) => Ok(Next::Done),
            (false, false) => Err(format!("Flagger asks for no rollback in the phase {}", self.status.phase)),
        }
    }

    /// A suspended Canary asks nowhere.
    fn through(&self, order: &Order, gate: Gate) -> Next {
        if self.spec.suspend {
            self.suspend(false)
        } else if !mark::is_of(&self.object, order) {
            Next::Ask(Change::mark())
        } else if self.is_open(gate) {
            Next::Wait { what: "that Flagger asks at its gate".to_owned(), open: Some(gate) }
        } else {
            Next::Gate { gate, open: true }
        }
    }

    fn skip(&self, order: &Order) -> Result<Next, String> {
        if self.status.phase == "Failed" {
            return Err("Flagger has taken it back".to_owned());
        }
        let is_done = self.is_promoted() && self.status.phase == "Succeeded";
        let skips_once = order.target.reference.ends_with(SKIPPING);
        Ok(match (is_done, self.spec.skip_analysis) {
            (true, true) if skips_once => set_skip(false),
            (false, false) => Next::Ask(Change::fields(json!({ "spec": { "skipAnalysis": true, "suspend": false } }))),
            (false, true) if self.spec.suspend => self.suspend(false),
            (false, true) if skips_once => Next::wait(format!("that Flagger promotes{TO_RESET}")),
            (true, _) | (false, true) => Next::Done,
        })
    }

    /// The template of the target's Deployment; where its primary has the newer one too, Flagger has to roll the older one out.
    fn back(&self, order: &Order) -> Result<Next, String> {
        let (name, analysis) = goal(order);
        let set = self.target.set_named(name).ok_or_else(|| format!("the ReplicaSet {name} is not kept any more"))?;
        if self.target.current().is_none() {
            return Ok(Next::wait("that the Deployment controller takes in the newest template"));
        }
        if !self.target.is_asked_for(set) {
            if analysis != Analysis::Stays && !self.spec.skip_analysis {
                return Ok(set_skip(true));
            }
            return Ok(Next::Ask(if mark::is_of(&self.object, order) { self.template_of(set) } else { Change::mark() }));
        }
        if self.spec.suspend {
            return Ok(self.suspend(false));
        }
        let is_there = self.status.phase == "Succeeded" && self.primary.current().is_some_and(|primary| is_copied(set, primary));
        Ok(match (analysis == Analysis::SkippedOnce, is_there) {
            (true, false) => Next::wait(format!("that Flagger promotes the older version{TO_RESET}")),
            (true, true) if self.spec.skip_analysis => set_skip(false),
            _ => Next::Done,
        })
    }

    /// The whole template is replaced: a merge would keep what only the newer one has.
    fn template_of(&self, set: &Set) -> Change {
        let version = self.target.object.metadata.resource_version.clone();
        let body = Value::Array(vec![json!({ "op": "replace", "path": "/spec/template", "value": set.template })]);
        Change { to: To::Beside { path: self.target_path(), version }, patch: Patch::Json, body }
    }

    pub(super) fn target_path(&self) -> String {
        format!("{}/{}", self.place.beside("/apis/apps/v1", "deployments"), self.spec.target_ref.name)
    }
}

/// The set that is gone back to, and what becomes of the analysis.
pub(super) fn goal(order: &Order) -> (&str, Analysis) {
    let reference = order.target.reference.as_str();
    let marks = [(SKIPPING, Analysis::SkippedOnce), (STAYING, Analysis::SkippedFromNow)];
    let marked = marks.into_iter().find_map(|(mark, analysis)| Some((reference.strip_suffix(mark)?, analysis)));
    marked.unwrap_or((reference, Analysis::Stays))
}

fn set_skip(skip: bool) -> Next {
    Next::Ask(Change::fields(json!({ "spec": { "skipAnalysis": skip } })))
}
