//! Rows 1 and 2 once something is done or over: an action under way, what became of it, the end of the watch.

use std::time::Duration;

use super::{
    super::{Watch, act, restored::PATIENCE},
    state::{State, badge, filled, nothing_more},
};
use crate::engine::{
    action::Action,
    role::Role,
    snapshot::{Badge, Glyph, Sentence, Tone},
    verdict::Outcome,
    words::{self, Say},
};
use crate::humanize;

impl Watch {
    pub(super) fn ended_state(&self) -> Option<State> {
        let ended = self.ended.as_ref()?;
        let (badge, next) = match ended.outcome {
            Outcome::RolledBack => (filled(Glyph::Pass, "ROLLED BACK", Tone::Good), self.done_by()),
            Outcome::Promoted => (filled(Glyph::Pass, "PROMOTED", Tone::Good), self.done_by()),
            Outcome::RollbackFailed | Outcome::PromotionFailed => (self.trouble_badge(), self.human_needed()),
            Outcome::EndedElsewhere => (badge(Glyph::Unknown, "ENDED ELSEWHERE", Tone::Held), nothing_more()),
            Outcome::Superseded => (badge(Glyph::Unknown, "SUPERSEDED", Tone::Held), another_one()),
            Outcome::Stuck => (badge(Glyph::Warn, "STUCK", Tone::Bad), look_at_instances()),
            Outcome::Paused => (badge(Glyph::Unsure, "PAUSED", Tone::Unsure), nothing_more()),
            Outcome::Timeout => (badge(Glyph::Unsure, "TIMED OUT", Tone::Unsure), nothing_more()),
            Outcome::Interrupted => (badge(Glyph::Unsure, "INTERRUPTED", Tone::Unsure), nothing_more()),
            Outcome::None => return self.decided_state(),
        };
        Some((badge, self.ended_sentence(&ended.sentence), next))
    }

    fn ended_sentence(&self, sentence: &str) -> Sentence {
        let names = &self.setup.names;
        match self.ended.as_ref().map(|e| e.outcome) {
            Some(Outcome::RolledBack) => {
                self.normal_again(Say::new().strong("All traffic is on ").baseline(names).text(" again, and it was seen to work"))
            }
            Some(Outcome::Promoted) if self.action().is_some() => {
                Say::new().strong("All traffic is on ").candidate(names).text(", and it was seen to work.").done()
            }
            _ => Sentence::plain(words::stopped(sentence)),
        }
    }

    pub(super) fn restored_state(&self) -> Option<State> {
        self.restored.as_ref()?;
        let names = &self.setup.names;
        let say = Say::new().strong("All traffic is on ").baseline(names).text(" again, and it was seen to work.").done();
        let most = humanize::duration(self.setup.policy.poll() * PATIENCE);
        let next = Say::new().text("Looking how ").baseline(names).text(format!(" does now, for {most} at most.")).done();
        Some((filled(Glyph::Pass, "ROLLED BACK", Tone::Good), say, next))
    }

    /// The baseline's own figures of the last minute close the sentence of a rollback.
    fn normal_again(&self, say: Say) -> Sentence {
        let minute = self.recent.over(Role::Baseline, self.now, crate::engine::recent::MINUTE);
        let say = match minute.error_rate() {
            Some(rate) => say.then().text(format!(": {} errors", humanize::rate(rate))),
            None => say,
        };
        match minute.p99() {
            Some(p99) => say.then().text(format!(", p99 {}.", words::p99_text(p99))).done(),
            None => say.text(".").done(),
        }
    }

    fn done_by(&self) -> Sentence {
        let Some(running) = self.action() else {
            return nothing_more();
        };
        let by = words::capitalised(&act::by(&running.order.actor));
        let at = humanize::clock(running.requested);
        let took = running.done.zip(running.sent).map(|(done, sent)| humanize::duration(done.since(sent))).unwrap_or_default();
        let say = Say::new().text(format!("{by} at {at}, seen after {took}."));
        let say = if running.order.action.is_retreat() {
            say.then().text(" ").candidate(&self.setup.names).text(" gets no traffic.")
        } else {
            say.then()
        };
        say.then().text(" Nothing to do.").done()
    }

    /// Whether anything may have been changed is the first thing to know.
    fn trouble_badge(&self) -> Badge {
        let word = if self.action().is_some_and(|running| running.is_refused) { "NOT DONE" } else { "NOT SEEN" };
        filled(Glyph::Fail, word, Tone::Bad)
    }

    fn human_needed(&self) -> Sentence {
        let say = Say::new().strong("A human is needed.").then();
        let say = say.text(" ").key("5").text(" shows what was sent and what came back");
        if self.can(Action::Rollback) && self.ended.is_none() {
            say.then().text("; ").key("R").text(" sends it again.").done()
        } else {
            say.text(".").done()
        }
    }

    pub(super) fn action_state(&self) -> Option<State> {
        let running = self.action()?;
        let action = running.order.action;
        if let Some(trouble) = &running.trouble {
            if !(action.is_retreat() || action.is_promotion()) {
                return None;
            }
            return Some((self.trouble_badge(), Sentence::plain(words::stopped(trouble)), self.human_needed()));
        }
        if running.is_over {
            return None;
        }
        let word = match action {
            Action::Promote | Action::PromoteFull => "PROMOTING",
            Action::Rollback => "ROLLING BACK",
            Action::Abort => "ABORTING",
            Action::Pause => "PAUSING",
            Action::Resume => "RESUMING",
            Action::Retry => "RETRYING",
        };
        let tone = if action.is_retreat() { Tone::Bad } else { Tone::Good };
        let facts: Vec<String> = running.facts.iter().map(|f| format!("{} {}", f.text, if f.holds { "✓" } else { "…" })).collect();
        let sentence = match running.sent {
            None => Sentence::plain("The intent is written down; asking the backend."),
            Some(at) if facts.is_empty() => Sentence::plain(format!("Sent at {}; looking for its effect.", humanize::clock(at))),
            Some(at) => Sentence::plain(format!("Sent at {}: {}.", humanize::clock(at), facts.join(", "))),
        };
        let limit = humanize::duration(Duration::from_secs_f64(running.limit_s));
        let next = match self.setup.rule.usual.get(&action) {
            Some(usual) => {
                let took = humanize::duration(usual.took);
                Say::new().text(format!("Usually takes {took}")).then().text(format!("; called failed after {limit}."))
            }
            None => Say::new().text(format!("Called failed after {limit}.")),
        };
        let next = next.then().text(" Nothing to press.").done();
        Some((filled(Glyph::Warn, word, tone), sentence, next))
    }
}

/// The sentence above says that nothing is judged any more.
fn another_one() -> Sentence {
    Say::new().text("This watch is over, and the new rollout is not watched.").then().text(" Nothing to press.").done()
}

/// The instances say what is the matter.
fn look_at_instances() -> Sentence {
    Say::new().key("2").text(" shows its instances.").then().strong(" Nothing happens by itself.").done()
}
