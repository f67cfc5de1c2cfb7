//! Rows 1 and 2: the badge, what is the matter, what happens next and when. One place for every state.

use std::time::Duration;

use super::super::{
    Watch,
    checks::{CALM, Check, What},
};
use crate::engine::{
    action::{Ability, Action, Condition},
    compare::Metric,
    policy::BaselineMode,
    snapshot::{Badge, Glyph, Sentence, Tone},
    strategy::Stage,
    verdict::{CheckVerdict, Verdict},
    words::{self, Say},
};
use crate::humanize;

pub(super) type State = (Badge, Sentence, Sentence);

pub(super) const fn badge(glyph: Glyph, word: &'static str, tone: Tone) -> Badge {
    Badge { glyph, word, tone, filled: false }
}

pub(super) const fn filled(glyph: Glyph, word: &'static str, tone: Tone) -> Badge {
    Badge { glyph, word, tone, filled: true }
}

impl Watch {
    /// Badge, row 1, row 2.
    pub(super) fn state(&self) -> State {
        self.ended_state()
            .or_else(|| self.restored_state())
            .or_else(|| self.action_state())
            .or_else(|| self.young_state())
            .or_else(|| self.decided_state())
            .or_else(|| self.stuck_state())
            .or_else(|| self.held_state())
            .unwrap_or_else(|| self.open_state())
    }

    fn young_state(&self) -> Option<State> {
        if self.step.started.is_some() {
            return None;
        }
        let sentence = format!("Asking the sources of {} for the first time.", self.setup.deployment);
        Some((
            badge(Glyph::Unsure, "ATTACHING", Tone::Unsure),
            Sentence::plain(sentence),
            Sentence::plain(format!("Nothing is judged yet; polls come each {}.", self.each_poll())),
        ))
    }

    pub(super) fn decided_state(&self) -> Option<State> {
        match (&self.step.convicted, &self.step.judged) {
            (Some((_, sentence)), _) => Some((filled(Glyph::Fail, "BAD", Tone::Bad), ended_with_stop(sentence), self.bad_next())),
            (None, Some(Ok(()))) => {
                let sentence = Sentence::plain(words::stopped(&self.verdict_sentence()));
                Some((filled(Glyph::Pass, "GOOD", Tone::Good), sentence, self.good_next()))
            }
            (None, Some(Err(why))) => {
                let judged = self.step.judged_at.zip(self.step.started).map(|(at, began)| at.since(began));
                let over = humanize::duration(judged.unwrap_or_else(|| Duration::from_secs_f64(self.window_s())));
                let sentence = Sentence::plain(format!("{over} are over: {}", words::stopped(why)));
                let say = Say::new().strong("Nothing happens by itself.").then();
                let next = if self.can(Action::Promote) {
                    say.text(" ").key("p").text(" asks for a reason. ").key("R").text(" rolls back.").done()
                } else {
                    say.done()
                };
                Some((badge(Glyph::Unsure, "UNDECIDED", Tone::Unsure), sentence, next))
            }
            (None, None) => None,
        }
    }

    /// The old version serves meanwhile, so nothing happens by itself.
    fn stuck_state(&self) -> Option<State> {
        let sentence = Sentence::plain(words::stopped(self.stuck()?));
        let say = Say::new().strong("Nothing happens by itself.").then().text(" ").key("2").text(" shows the instances.");
        let next = if self.can(Action::Rollback) { say.then().text(" ").key("R").text(" rolls back.").done() } else { say.done() };
        Some((filled(Glyph::Warn, "STUCK", Tone::Bad), sentence, next))
    }

    /// Nothing that the controller says counts before it has seen the newest change.
    fn behind_state(&self) -> Option<State> {
        let Condition::Behind(why) = &self.rollout.as_ref()?.condition else { return None };
        let sentence = Sentence::plain(words::stopped(&words::capitalised(why)));
        let next =
            format!("Judging goes on. Nothing can be asked for before it has caught up; looked at each {}.", self.each_poll());
        Some((badge(Glyph::Unknown, "CATCHING UP", Tone::Held), sentence, Sentence::plain(next)))
    }

    fn held_state(&self) -> Option<State> {
        let gating = |c: &&super::super::Check| self.setup.policy.gates(&c.id);
        let first = |v: CheckVerdict| self.checks.iter().filter(gating).find(|c| c.verdict == Some(v));
        if let Some(check) = first(CheckVerdict::ProviderError) {
            let say = Say::new().text("The verdict is frozen, nothing happens by itself.");
            let say = say.then().text(format!(" Asked again each {}.", self.each_poll())).then();
            let next = if self.can(Action::Rollback) { say.text(" ").key("R").text(" still works.").done() } else { say.done() };
            return Some((filled(Glyph::Unknown, "BLIND", Tone::Held), ended_with_stop(&check.sentence), next));
        }
        if let Some(check) = first(CheckVerdict::Shared) {
            let say = Say::new().strong("Held: no roll back, no promotion until they differ;").text(" when is not known.");
            let next = if self.can(Action::Pause) { say.then().text(" ").key("space").text(" pauses.").done() } else { say.done() };
            let sentence = Sentence {
                clauses: [check.sentence.clauses.clone(), Sentence::plain(". Probably not this deploy.").clauses].concat(),
            };
            return Some((filled(Glyph::Shared, "BOTH WORSE", Tone::Held), sentence, next));
        }
        if self.share.is_off() {
            let text = Sentence::plain(". The comparison would mislead.").clauses;
            let sentence = Sentence { clauses: [self.checks[4].sentence.clauses.clone(), text].concat() };
            let say = match self.share.right_for(self.now) {
                None => Say::new().text("Held until the share is right for 1m.").then().text(" Look at the router."),
                Some(span) => {
                    Say::new().text(format!("It has been right again for {}; held until it was for 1m.", humanize::duration(span)))
                }
            };
            return Some((filled(Glyph::Shared, "HELD", Tone::Held), sentence, say.done()));
        }
        if self.rollout.as_ref().is_some_and(|r| r.paused) {
            let sentence = Sentence::plain("The rollout is paused; judging goes on.");
            let say = Say::new().text("Nobody goes on before it is resumed; when is not known.");
            let next = say.then().text(" ").key("space").text(" resumes it.").done();
            return Some((badge(Glyph::Shared, "PAUSED", Tone::Held), sentence, next));
        }
        self.behind_state()
    }

    fn open_state(&self) -> State {
        let worst = self.worst_gating();
        if self.step.stage == Stage::Smoke {
            return self.smoke_state();
        }
        if self.checks[worst].verdict == Some(CheckVerdict::Warn) {
            return self.warn_state(worst);
        }
        if self.step.is_warm {
            let left = (self.setup.policy.warmup_s - self.step_seconds()).max(0.0);
            let say = Say::new()
                .candidate(&self.setup.names)
                .text(format!(" has been watched for {}. ", humanize::duration(Duration::from_secs_f64(self.step_seconds()))));
            let sentence = say.then().text("Only a catastrophe would be acted on.").done();
            let next = format!("Judged in full in {}.", humanize::duration(Duration::from_secs_f64(left)));
            return (badge(Glyph::Unsure, "WARMING UP", Tone::Unsure), sentence, Sentence::plain(next));
        }
        match self.checks[worst].verdict {
            Some(CheckVerdict::NoData) => {
                let sentence = ended_with_stop(&self.checks[worst].sentence);
                let say = Say::new().text("Will not pass without it.").then();
                let say = say.text(format!(" Asked again each {}.", self.each_poll())).then();
                let next = say.text(" ").key("e").text(" shows what was asked.").done();
                (badge(Glyph::NoData, "NO DATA", Tone::Unsure), sentence, next)
            }
            Some(CheckVerdict::Insufficient) | None => {
                let sentence = ended_with_stop(&self.checks[worst].sentence);
                (badge(Glyph::Unsure, "NOT SURE YET", Tone::Unsure), sentence, self.open_next())
            }
            _ if self.meter_now().1 >= CALM => {
                let sentence = ended_with_stop(&self.metric_sentence(self.step.compare.leading()));
                (
                    badge(Glyph::Unsure, "NOT SURE YET", Tone::Unsure),
                    sentence,
                    self.leaning_next(Check::place(self.step.compare.leading())),
                )
            }
            _ if self.against().is_earlier() => {
                let sentence = ended_with_stop(&self.now_and_then());
                (badge(Glyph::Unsure, "NO ALARM", Tone::Unsure), sentence, self.open_next())
            }
            _ => (badge(Glyph::Pass, "LOOKS GOOD", Tone::Good), self.alike(), self.open_next()),
        }
    }

    fn smoke_state(&self) -> State {
        let names = &self.setup.names;
        let say = Say::new().candidate(names).text(" gets no traffic yet. ").then().text("Its health checks must pass first.");
        let next = match self.judge_smoke() {
            Ok(()) => format!("Can be given traffic in about {}.", humanize::about(self.left())),
            Err(why) => {
                let most = Duration::from_secs_f64((self.longest() - self.step_seconds()).max(0.0));
                format!("{}. Waits, for {} at most.", words::capitalised(&why), humanize::about(most))
            }
        };
        (badge(Glyph::Unsure, "SMOKE CHECKS", Tone::Unsure), say.done(), Sentence::plain(next))
    }

    fn warn_state(&self, worst: usize) -> State {
        let (_, rollback) = self.meter_now();
        let is_leaning = rollback >= 0.5 || self.forecast().convicts_in.is_some();
        let word = match self.checks[worst].what {
            _ if is_leaning => "LEANING BAD",
            What::Health => "NOT READY",
            _ => "OVER THE LIMIT",
        };
        let sentence = ended_with_stop(&self.checks[worst].sentence);
        (badge(Glyph::Warn, word, Tone::Bad), self.and_the_other(worst, sentence), self.leaning_next(worst))
    }

    /// "Latency is fine."
    fn and_the_other(&self, worst: usize, sentence: Sentence) -> Sentence {
        let other = match worst {
            0 => (1, " Latency is fine."),
            1 => (0, " Errors are fine."),
            _ => return sentence,
        };
        if self.checks[other.0].verdict == Some(CheckVerdict::Pass) {
            return Sentence { clauses: [sentence.clauses, Sentence::plain(other.1).clauses].concat() };
        }
        sentence
    }

    fn alike(&self) -> Sentence {
        if self.against() == BaselineMode::Static {
            return ended_with_stop(&self.within_limits());
        }
        let sentence = words::alike(
            &self.setup.names,
            &self.check_of(Metric::Errors).evidence,
            &self.check_of(Metric::Latency).evidence,
            Metric::gating(&self.setup.policy)
                .into_iter()
                .filter_map(|metric| Some((metric.custom(&self.setup.policy)?, &self.check_of(metric).evidence))),
        );
        Sentence { clauses: [sentence.clauses, Sentence::plain(". Nothing to do.").clauses].concat() }
    }

    /// The gating check with the worst verdict.
    pub(super) fn worst_gating(&self) -> usize {
        let rank = |i: usize| self.checks[i].verdict.map_or(2, CheckVerdict::rank);
        let gating = (0..self.checks.len()).filter(|i| self.setup.policy.gates(&self.checks[*i].id));
        gating.max_by_key(|i| (rank(*i), std::cmp::Reverse(*i))).unwrap_or(0)
    }

    pub(super) fn ability(&self, action: Action) -> Option<&Ability> {
        self.rollout.as_ref()?.abilities.get(&action)
    }

    pub(super) fn can(&self, action: Action) -> bool {
        self.setup.rule.read_only.is_none() && !self.setup.rule.replay && matches!(self.ability(action), Some(Ability::Ready(_)))
    }

    pub(super) fn why_not(&self, action: Action) -> String {
        if let Some(why) = &self.setup.rule.read_only {
            return why.clone();
        }
        match self.ability(action) {
            Some(Ability::Off(why)) => why.clone(),
            Some(Ability::Ready(_)) => "a recorded watch is played".to_owned(),
            None => self.rollout_error.clone().unwrap_or_else(|| "no backend is configured".to_owned()),
        }
    }

    pub(super) fn is_decided(&self) -> bool {
        self.verdict != Verdict::Inconclusive
    }
}

fn ended_with_stop(sentence: &Sentence) -> Sentence {
    let mut sentence = sentence.clone();
    if let Some(clause) = sentence.clauses.last_mut() {
        clause.push(crate::engine::snapshot::Piece { ink: crate::engine::snapshot::Ink::Plain, text: ".".to_owned() });
    }
    sentence
}

pub(super) fn nothing_more() -> Sentence {
    Say::new().text("This watch is over; nothing is judged any more.").then().text(" Nothing to press.").done()
}
