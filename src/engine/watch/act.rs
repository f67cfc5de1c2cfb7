//! Wishes and actions: the guards before an order, and what follows from each piece of news about it.

use super::{Running, Watch, decide::failed_outcome, tell::News};
use crate::engine::{
    action::{Ability, Action, Actor, ActorKind, Order, Report, Stage},
    effect::Effect,
    event::Event,
    intent::Intent,
    snapshot::{MarkerKind, Tone},
    verdict::{Outcome, Verdict},
    words,
};
use crate::humanize;

/// How the record of an action begins that was never begun: somebody else was first.
pub const NOT_BEGUN: &str = "not begun: ";

/// Actions that are kept.
const MOST_ACTS: usize = 50;

/// Shortest reason for promoting against the verdict, in characters.
const SHORTEST_REASON: usize = 5;

impl Watch {
    pub(super) fn wish(&mut self, intent: Intent) {
        match intent {
            Intent::Quit => self.quit(),
            Intent::Arm { on } => self.arm(on),
            Intent::Act { action, token, reason, actor } => match self.guard(action, &token, reason.as_deref()) {
                Ok(()) => self.order(action, actor, reason),
                Err(why) => self.note("action", format!("Not done ({}): {why}", action.verb())),
            },
        }
    }

    fn arm(&mut self, on: bool) {
        if let Some(why) = &self.setup.rule.read_only {
            let why = why.clone();
            self.note("action", format!("Auto-rollback stays off: {why}"));
        } else if self.armed != on {
            self.armed = on;
            let what = match (on, self.setup.policy.only_warns()) {
                (false, _) => "off",
                (true, false) => "armed",
                (true, true) => {
                    "armed for health and restarts; a comparison with another time convicts only if started with --auto-rollback"
                }
            };
            self.note("watch", format!("Auto-rollback is {what}"));
        }
    }

    /// May this be done, on the state that the person saw?
    fn guard(&self, action: Action, token: &str, reason: Option<&str>) -> Result<(), String> {
        if let Some(why) = &self.setup.rule.read_only {
            return Err(why.clone());
        }
        if let Some(running) = self.action().filter(|a| !a.is_over) {
            return Err(format!("already in progress: {} (id {})", running.order.action.verb(), running.order.id));
        }
        let Some(rollout) = &self.rollout else {
            return Err(self.rollout_error.clone().unwrap_or_else(|| "no backend is configured".to_owned()));
        };
        if rollout.token != token {
            return Err("the rollout has moved since it was shown; look again".to_owned());
        }
        match rollout.abilities.get(&action) {
            Some(Ability::Ready(_)) => {}
            Some(Ability::Off(why)) => return Err(why.clone()),
            None => return Err("this backend does not know that action".to_owned()),
        }
        let has_reason = reason.is_some_and(|r| r.trim().chars().count() >= SHORTEST_REASON);
        if action.is_promotion() && self.verdict != Verdict::Pass && !has_reason {
            return Err(format!(
                "the verdict is {}: a reason of at least {SHORTEST_REASON} letters is needed",
                self.verdict.word()
            ));
        }
        Ok(())
    }

    /// Writes the order and hands it out. The guards have been passed.
    pub(super) fn order(&mut self, action: Action, actor: Actor, reason: Option<String>) {
        let Some((Ability::Ready(preview), token)) =
            self.rollout.as_ref().and_then(|r| Some((r.abilities.get(&action)?.clone(), r.token.clone())))
        else {
            return;
        };
        let id = format!("{:x}-{}", self.started.ms(), self.orders + 1);
        let order = Order { id, action, target: preview.target, actor, token, reason };
        self.has_acted |= order.actor.kind == ActorKind::Engine && action.is_retreat();
        self.begin(order.clone(), preview.limit_s);
        self.out.push(Effect::Act(order));
    }

    /// An order is on its way (or was, in a watch that is played again).
    pub(super) fn begin(&mut self, order: Order, limit_s: f64) {
        self.orders += 1;
        let by = by(&order.actor);
        let verb = order.action.verb();
        self.row("action", format!("{verb} to {}", order.target.version), format!("{by}, id {}", order.id), Some(Tone::Held));
        self.emit(Event::ActionRequested {
            id: order.id.clone(),
            action: order.action,
            target: order.target.clone(),
            actor: order.actor.clone(),
            token: order.token.clone(),
            reason: order.reason.clone(),
            limit_s: Some(limit_s),
        });
        if self.acts.len() == MOST_ACTS {
            self.acts.pop_back();
        }
        self.acts.push_front(Running {
            number: self.orders,
            order,
            requested: self.now,
            sent: None,
            done: None,
            limit_s,
            facts: Vec::new(),
            trouble: None,
            is_over: false,
            is_beaten: false,
            is_refused: false,
        });
    }

    pub(super) fn report(&mut self, report: Report) {
        let Some(running) = self.acts.front_mut().filter(|a| a.order.id == report.id && !a.is_over) else {
            return;
        };
        // Whatever it makes of a pause is our own doing.
        self.paused = None;
        let (id, order) = (report.id, running.order.clone());
        match report.stage {
            Stage::Sent => {
                running.sent = Some(report.at);
                self.series.mark(report.at, MarkerKind::Action, format!("{} sent", order.action.verb()));
                self.row("action", format!("{} sent", order.action.verb()), "", Some(Tone::Held));
                self.emit(Event::ActionSent { id });
            }
            Stage::Looked(seen) => running.facts = seen.facts,
            Stage::Verified { took_s, seen } => {
                running.facts = seen.facts;
                running.done = Some(report.at);
                running.is_over = true;
                let facts = running.facts.clone();
                self.emit(Event::ActionVerified { id, took_s, facts });
                self.verified(&order, took_s);
            }
            Stage::Failed { error } => {
                running.is_refused = true;
                self.emit(Event::ActionFailed { id, error: error.clone() });
                self.went_wrong(&order, &format!("{} failed: {error}", words::capitalised(order.action.verb())));
            }
            Stage::Unverified { seen } => {
                let facts = running.facts.clone();
                self.emit(Event::ActionUnverified { id, seen: seen.clone(), facts });
                let verb = words::capitalised(order.action.verb());
                self.went_wrong(&order, &format!("{verb} was sent but not seen to work: {seen}"));
            }
            Stage::Elsewhere { by } => self.was_beaten(&order, &by),
        }
        if !self.is_acting() {
            self.after_action();
        }
    }

    fn verified(&mut self, order: &Order, took_s: f64) {
        let took = humanize::duration(std::time::Duration::from_secs_f64(took_s));
        let what = done_words(order.action);
        self.series.mark(self.now, MarkerKind::Seen, "seen");
        self.row("action", format!("{what}, seen to work"), format!("took {took}"), Some(Tone::Good));
        self.news.push(News::Action(order.action));
        if order.target.weight.is_some() && !matches!(order.action, Action::Pause | Action::Resume) {
            self.weight = order.target.weight;
        }
        let (b, c) = (self.setup.names.baseline.clone(), self.setup.names.candidate.clone());
        if order.action.is_retreat() {
            let why = if self.step.convicted.is_some() { format!(". {}", self.verdict_sentence()) } else { String::new() };
            self.restored(format!("All traffic is on {b} again, and it was seen to work after {took}"), why);
        } else if order.action.is_promotion() {
            if self.weight.is_none_or(|w| w >= 1.0 - 1e-9) && !self.bakes_now() {
                self.end(Outcome::Promoted, Some(format!("All traffic is on {c}, and it was seen to work after {took}")));
            } else {
                self.next_step(&format!("promoted {}", by(&order.actor)), true);
            }
        }
    }

    fn went_wrong(&mut self, order: &Order, sentence: &str) {
        if let Some(running) = self.acts.front_mut() {
            running.is_over = true;
            running.trouble = Some(sentence.to_owned());
        }
        self.row("action", sentence, "a human is needed", Some(Tone::Bad));
        self.news.push(News::Action(order.action));
        let moves_traffic = order.action.is_retreat() || order.action.is_promotion();
        if moves_traffic && !self.setup.rule.stays && !self.is_replaying {
            self.end(failed_outcome(order.action), Some(format!("{sentence}. A human is needed")));
        }
    }

    /// Somebody else is acting on the same deployment: nothing was sent. What they do is seen at the next polls.
    fn was_beaten(&mut self, order: &Order, by: &str) {
        let error = format!("{NOT_BEGUN}{by}");
        self.emit(Event::ActionFailed { id: order.id.clone(), error: error.clone() });
        self.row("action", format!("{} not begun", order.action.verb()), by, Some(Tone::Held));
        if let Some(running) = self.acts.front_mut() {
            (running.is_over, running.is_beaten, running.trouble) = (true, true, Some(error));
        }
        self.has_acted = false;
    }

    /// What waited for the action to end.
    pub(super) fn after_action(&mut self) {
        if let Some(stop) = self.stop {
            self.stop(stop);
        } else if self.has_quit {
            self.quit();
        }
    }

    /// The outcome of a session that is left after an action went wrong.
    pub(super) fn trouble(&self) -> Option<(Outcome, String)> {
        let running = self.action()?;
        let sentence = running.trouble.clone()?;
        let counts = running.order.action.is_retreat() || running.order.action.is_promotion();
        counts.then(|| (failed_outcome(running.order.action), format!("{sentence}. A human is needed")))
    }
}

/// Who asked, in words.
pub(super) fn by(actor: &Actor) -> String {
    match actor.kind {
        ActorKind::Engine => "by itself".to_owned(),
        ActorKind::Key | ActorKind::Cli => format!("by {}", actor.user),
    }
}

/// "rolled back", "promoted".
pub(super) const fn done_words(action: Action) -> &'static str {
    match action {
        Action::Promote | Action::PromoteFull => "promoted",
        Action::Pause => "paused",
        Action::Resume => "resumed",
        Action::Abort => "aborted",
        Action::Rollback => "rolled back",
        Action::Retry => "started again",
    }
}
