//! The picture for front ends, built from the state of a watch.

mod acted;
mod keys;
mod next;
mod rows;
mod state;
mod steps;

use std::time::Duration;

use super::{Running, Watch};
use crate::engine::{
    action::Ability,
    compare::Metric,
    recent::MINUTE,
    snapshot::{ActRow, ActionView, Deployment, Meter, Mode, Snapshot, Tone, Window},
    verdict::Phase,
};
use crate::humanize;

pub(super) fn snapshot(watch: &Watch) -> Snapshot {
    let steps = watch.step_rows();
    let (badge, sentence, next) = watch.state();
    let mut abilities = watch.rollout.as_ref().map(|r| r.abilities.clone()).unwrap_or_default();
    if let Some(why) = &watch.setup.rule.read_only {
        for ability in abilities.values_mut() {
            *ability = Ability::Off(why.clone());
        }
    }
    Snapshot {
        deployment: watch.deployment(),
        at: watch.last_poll(),
        started: watch.started,
        phase: watch.phase.unwrap_or(Phase::Attaching),
        verdict: watch.verdict,
        badge,
        sentence,
        next,
        meter: watch.meter_view(),
        window: watch.window_view(),
        charts: watch.charts(),
        checks: watch.check_rows(),
        checks_span: watch.checks_span(),
        versions: watch.version_rows(),
        facts: watch.facts(),
        instances: watch.roster.rows(),
        steps_facts: watch.steps_facts(&steps),
        steps,
        events: watch.rows.iter().cloned().collect(),
        keys: watch.act_keys(),
        abilities,
        usual: watch.setup.rule.usual.clone(),
        token: watch.rollout.as_ref().map(|r| r.token.clone()).unwrap_or_default(),
        action: watch.action().map(action_view),
        acts: watch.act_rows(),
        ended: watch.ended.clone(),
    }
}

impl Watch {
    fn deployment(&self) -> Deployment {
        let setup = &self.setup;
        let backend = if setup.backend == "none" { "" } else { setup.locator.as_str() };
        let mode = if setup.rule.replay {
            Mode::Replay
        } else if let Some(why) = &setup.rule.read_only {
            Mode::ReadOnly(why.clone())
        } else if self.has_acted {
            Mode::Used
        } else if self.armed {
            Mode::Armed
        } else {
            Mode::Manual
        };
        Deployment {
            name: setup.deployment.clone(),
            environment: setup.environment.clone(),
            backend: backend.to_owned(),
            protected: setup.protected,
            step: (self.step.of > 1).then_some((self.step.index, self.step.of)),
            weight: self.weight,
            mode,
            poll: setup.policy.poll(),
        }
    }

    /// Parts of what is needed, 0 to 1: to promote, to roll back.
    pub(super) fn meter_now(&self) -> (f64, f64) {
        let compare = &self.step.compare;
        let gating = Metric::gating(&self.setup.policy).into_iter();
        let promote = gating
            .map(|metric| {
                let (log_e, needed) = compare.promotes(metric);
                if metric == Metric::Latency && !compare.has_latency() { 0.0 } else { log_e / needed }
            })
            .fold(f64::INFINITY, f64::min);
        let rollback = if self.step.convicted.is_some() { 1.0 } else { compare.evidence() / compare.needed() };
        let promote = if promote.is_finite() && self.against().may_pass() { promote } else { 0.0 };
        (promote.clamp(0.0, 1.0), rollback.clamp(0.0, 1.0))
    }

    fn meter_view(&self) -> Meter {
        let (promote, rollback) = self.meter.back().map_or((0.0, 0.0), |(_, p, r)| (*p, *r));
        let minute_ago = self
            .meter
            .front()
            .filter(|(at, ..)| self.last_poll().since(*at) >= MINUTE)
            .map(|(_, p, r)| if rollback >= promote { (Tone::Bad, *r) } else { (Tone::Good, *p) });
        let frozen = self.is_held().then(|| self.held_since());
        Meter { promote, rollback, minute_ago, frozen: frozen.filter(|_| self.ended.is_none()) }
    }

    /// Since when nothing new was learnt: the last page of the version that has been silent for longest, or now.
    fn held_since(&self) -> crate::engine::time::Time {
        self.sources.blind().and_then(|(_, pages)| pages.last_page).unwrap_or(self.now)
    }

    fn window_view(&self) -> Window {
        let length = Duration::from_secs_f64(self.window_s());
        let due = Duration::from_secs_f64(self.due());
        let ends = self.step.started.map(|t0| t0.plus(due)).filter(|_| self.step.judged.is_none() && self.ended.is_none());
        Window { watched: self.clock.watched, blind: self.clock.blind, length, ends, parts: self.clock.parts.clone() }
    }

    /// Every action of this watch, newest first.
    fn act_rows(&self) -> Vec<ActRow> {
        let row = |running: &Running| {
            let order = &running.order;
            let share = order.target.weight.filter(|_| order.action.is_promotion());
            ActRow {
                number: running.number,
                view: action_view(running),
                target: share.map_or_else(|| order.target.version.clone(), humanize::share),
                reason: order.reason.clone(),
            }
        };
        self.acts.iter().map(row).collect()
    }

    /// Row 2 as plain text, for notices.
    pub(super) fn snapshot_next(&self) -> String {
        self.state().2.text()
    }
}

fn action_view(running: &Running) -> ActionView {
    ActionView {
        action: running.order.action,
        by: super::act::by(&running.order.actor),
        requested: running.requested,
        sent: running.sent,
        done: running.done,
        limit: running.sent.unwrap_or(running.requested).plus(Duration::from_secs_f64(running.limit_s)),
        facts: running.facts.clone(),
        trouble: running.trouble.clone(),
    }
}
