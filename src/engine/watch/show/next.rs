//! Row 2: what happens next, and when; how long it takes, and what would make it sooner.

use std::time::Duration;

use super::super::Watch;
use crate::engine::{
    action::{Ability, Action},
    compare::Metric,
    role::Role,
    snapshot::Sentence,
    strategy::Stage,
    words::{self, Say},
};
use crate::humanize;

/// What lies further ahead than this is not told to the minute.
const SOON: Duration = Duration::from_secs(1800);

impl Watch {
    pub(super) fn bad_next(&self) -> Sentence {
        if self.armed && !self.has_acted && self.can(Action::Rollback) {
            return Sentence::plain("Rolls back by itself now.");
        }
        let say = Say::new().strong("Nothing happens by itself.").then();
        if self.can(Action::Rollback) && self.rollout_error.is_some() {
            say.text(" The backend cannot be read now: ").key("R").text(" may fail.").done()
        } else if self.can(Action::Rollback) {
            let takes = self.takes(Action::Rollback);
            say.text(" Press ")
                .key("R")
                .text(" to roll back to ")
                .baseline(&self.setup.names)
                .then()
                .text(format!("{takes}."))
                .done()
        } else {
            say.text(" rollwatch cannot roll back here: ").text(words::stopped(&self.why_not(Action::Rollback))).done()
        }
    }

    pub(super) fn good_next(&self) -> Sentence {
        if self.setup.rule.auto_promote && self.can(Action::Promote) {
            return Sentence::plain("Is promoted by itself now.");
        }
        if self.can(Action::Promote) {
            let takes = self.takes(Action::Promote);
            Say::new().text("Press ").key("p").text(format!(" to {}", self.promote_words())).then().text(format!("{takes}.")).done()
        } else {
            Sentence::plain("Nothing to do.")
        }
    }

    /// How long an action takes, as the end of a sentence: as before, or its limit.
    pub(super) fn takes(&self, action: Action) -> String {
        match (self.setup.rule.usual.get(&action), self.ability(action)) {
            (Some(usual), _) => format!(", about {}", humanize::duration(usual.took)),
            (None, Some(Ability::Ready(preview))) => {
                format!("; called failed after {}", humanize::duration(Duration::from_secs_f64(preview.limit_s)))
            }
            (None, _) => "; how long it takes is not known".to_owned(),
        }
    }

    pub(super) fn each_poll(&self) -> String {
        humanize::duration(self.setup.policy.poll())
    }

    pub(super) fn leaning_next(&self, worst: usize) -> Sentence {
        let ahead = self.forecast().convicts_in.map(|polls| self.setup.policy.poll() * polls);
        let soon = ahead.filter(|span| *span <= SOON).map(|span| format!("in about {}", humanize::about(span)));
        let falls = match worst {
            0 => " unless the error rate falls.",
            1 => " unless latency falls.",
            _ => " unless it recovers.",
        };
        let can = self.can(Action::Rollback);
        let say = match soon {
            _ if self.setup.policy.only_warns() => {
                let say = Say::new().text("Compared with another time, which convicts nobody by itself.");
                say.then().text(format!(" The window ends in about {}.", humanize::about(self.left())))
            }
            None if ahead.is_none() => Say::new().text("Nothing is certain yet; when it will be is not known."),
            None => Say::new().text(format!("Would be called bad, but in more than {} at this traffic.", humanize::duration(SOON))),
            Some(when) if self.armed && !self.has_acted && can => Say::new().text(format!("Rolls back by itself {when}{falls}")),
            Some(when) => Say::new().text(format!("Would be called bad {when}.")).then().strong(" Nothing happens by itself."),
        };
        if can { say.then().text("  Press ").key("R").text(" to roll back now.").done() } else { say.done() }
    }

    pub(super) fn open_next(&self) -> Sentence {
        let when = humanize::about(self.left());
        if self.step.stage == Stage::Bake {
            return Say::new().text(format!("Done in about {when}")).then().text(", if it keeps its limits.").done();
        }
        if !self.against().may_pass() {
            return Say::new().text(format!("In about {when} the window ends;")).text(" it cannot pass by itself.").done();
        }
        let forecast = self.forecast();
        if !forecast.promotable {
            return self.waiting(forecast.proves_in);
        }
        let say = if self.can(Action::Promote) {
            Say::new().text(format!("Can {} in about {when}", self.promote_words()))
        } else {
            Say::new().text(format!("Passes in about {when}"))
        };
        say.then().text(": the window ends, and the evidence will be enough.").done()
    }

    /// The window will not be enough: whether more time is, and whether more traffic would be.
    pub(super) fn waiting(&self, proves_in: Option<u32>) -> Sentence {
        let most = Duration::from_secs_f64((self.longest() - self.step_seconds()).max(0.0));
        let enough = proves_in.map(|polls| self.setup.policy.poll() * polls).filter(|span| *span <= most);
        let say = Say::new().text(format!("Waits, for {} at most", humanize::about(most)));
        if let Some(span) = enough.filter(|span| *span > self.left()) {
            return say.then().text(format!(": the evidence will be enough in about {}.", humanize::about(span))).done();
        }
        let say = say.then().text(format!(": {} that will end undecided", self.at_this_traffic()));
        match self.with_more_traffic() {
            Some((weight, span)) => {
                let more = format!("; at {} it would take about {}.", humanize::share(weight), humanize::about(span));
                say.then().text(more).done()
            }
            None => say.text(".").done(),
        }
    }

    /// "at 6 requests a minute".
    pub(super) fn at_this_traffic(&self) -> String {
        match self.recent.rate(Role::Candidate, self.last_poll()) {
            Some(rate) if rate < 1.0 => format!("at {} a minute", humanize::plural((rate * 60.0).round(), "request", "requests")),
            Some(rate) => format!("at {}", humanize::per_second(rate)),
            None => "as it is".to_owned(),
        }
    }

    /// At the next step's weight: how long the evidence to promote would take, where it is not to be had at this one.
    pub(super) fn with_more_traffic(&self) -> Option<(f64, Duration)> {
        let now = self.weight.filter(|weight| *weight > 0.0)?;
        let next = self.setup.steps.iter().copied().find(|weight| *weight > now + 1e-9 && *weight < 1.0 - 1e-9)?;
        let like = self.like()?.with_traffic(next / now, (1.0 - next) / (1.0 - now));
        let proves =
            |metric| self.step.compare.proves_in(self.step_seconds(), &like, &self.background, metric).filter(|polls| *polls > 0);
        let polls = Metric::gating(&self.setup.policy).into_iter().map(proves).collect::<Option<Vec<u32>>>()?.into_iter().max()?;
        Some((next, self.setup.policy.poll() * polls)).filter(|(_, span)| *span <= SOON)
    }

    /// Until the window is judged next.
    pub(super) fn left(&self) -> Duration {
        Duration::from_secs_f64((self.due() - self.step_seconds()).max(0.0))
    }

    /// "be promoted to 50 %".
    pub(super) fn promote_words(&self) -> String {
        match self.ability(Action::Promote) {
            Some(Ability::Ready(preview)) => {
                let to = preview.target.weight.map_or_else(|| preview.target.version.clone(), humanize::share);
                if self.step.judged.is_some() { format!("go to {to}") } else { format!("be promoted to {to}") }
            }
            _ => "be promoted".to_owned(),
        }
    }
}
