//! Health, restarts and the traffic share: checks without a bet.

use std::time::Duration;

use super::Finding;
use crate::{
    engine::{
        compare::{MIN_REQUESTS, Metric},
        event::{Evidence, Figures},
        health::Sick,
        policy::BaselineMode,
        recent::MINUTE,
        role::{Role, Sides},
        sample::CheckState,
        share::Seen,
        snapshot::{Sentence, Tone},
        verdict::CheckVerdict,
        watch::Watch,
        words::Say,
    },
    humanize,
};

impl Watch {
    pub(super) fn sick_sentence(&self, sick: Sick) -> Sentence {
        let health = &self.step.health;
        let say = Say::new().candidate(&self.setup.names);
        let resets = health.resets();
        match sick {
            Sick::Down => {
                let span = humanize::duration(Duration::from_secs_f64(health.down_s()));
                let say = say.strong(" is not ready").text(format!(" for {span}"));
                if self.against() == BaselineMode::Concurrent {
                    say.text(", ").baseline(&self.setup.names).text(" is").done()
                } else {
                    say.done()
                }
            }
            Sick::CrashLoop => say.strong(" crashes again and again").text(": it went down twice and restarted").done(),
            Sick::Restarts => {
                let restarts = humanize::plural(f64::from(resets.candidate), "restart", "restarts");
                let say = say.strong(" keeps restarting").text(format!(": {restarts}"));
                if self.against() == BaselineMode::Concurrent {
                    say.text(format!(" against {}", humanize::count(f64::from(resets.baseline)))).done()
                } else {
                    say.done()
                }
            }
        }
    }

    pub(super) fn readiness(&self) -> Finding {
        let health = &self.step.health;
        let sides = Sides::build(|role| health.ready(role)).map(|ready| Figures {
            value: ready.map(|(up, _)| f64::from(up)),
            of: ready.map(|(_, all)| f64::from(all)),
            ..Figures::default()
        });
        let (verdict, sentence) = self.readiness_verdict();
        Finding { verdict, sentence, evidence: Evidence { sides, ..Evidence::default() } }
    }

    pub(super) fn readiness_verdict(&self) -> (CheckVerdict, Sentence) {
        let (health, names) = (&self.step.health, &self.setup.names);
        let failing = health.checks(Role::Candidate).into_iter().find(|c| c.state == CheckState::Fails);
        let not_ready = health.ready(Role::Candidate).filter(|(up, all)| up < all);
        if let Some((_, sentence)) = self.step.convicted.as_ref().filter(|(id, _)| id == "health") {
            (CheckVerdict::Fail, sentence.clone())
        } else if !health.is_asked() {
            (CheckVerdict::Muted, Sentence::plain("No health endpoint is configured"))
        } else if !health.is_served() && !self.health_is_silent() {
            let sentence = "No instance of either version serves /health/ready or /health/live";
            (CheckVerdict::Muted, Sentence::plain(sentence))
        } else if let Some(role) = self.against().asked().iter().copied().find(|r| health.is_blind(*r)) {
            let say = Say::new().text("No health endpoint of ").version(role, names).text(" has answered for two polls");
            (CheckVerdict::ProviderError, say.done())
        } else if let Some(check) = failing {
            let say = Say::new().candidate(names).text(format!(" says {} is {}", check.name, check.said));
            (CheckVerdict::Warn, say.done())
        } else if let Some((up, all)) = not_ready {
            let say = Say::new()
                .candidate(names)
                .text(format!(" is ready on {up} of {}", humanize::plural(f64::from(all), "instance", "instances")));
            (CheckVerdict::Warn, say.done())
        } else {
            (CheckVerdict::Pass, Say::new().candidate(names).text(" is ready").done())
        }
    }

    /// Health was asked for by address, so that silence is a fault and not the absence of an endpoint.
    pub(super) fn health_is_silent(&self) -> bool {
        self.setup.policy.health_configured && self.against().asked().iter().all(|r| self.step.health.is_blind(*r))
    }

    pub(super) fn restarts(&self) -> Finding {
        let resets = self.step.health.resets();
        let sides = resets.map(|n| Figures { value: Some(f64::from(*n)), ..Figures::default() });
        let (verdict, sentence) = match self.step.convicted.as_ref().filter(|(id, _)| id == "restarts") {
            Some((_, sentence)) => (CheckVerdict::Fail, sentence.clone()),
            None => (CheckVerdict::Pass, Sentence::plain(humanize::plural(f64::from(resets.candidate), "restart", "restarts"))),
        };
        Finding { verdict, sentence, evidence: Evidence { sides, ..Evidence::default() } }
    }

    pub(super) fn traffic(&self) -> Finding {
        let n = Sides::build(|role| self.recent.over(role, self.now, MINUTE).requests);
        let seen = Seen { candidate: n.candidate, total: n.baseline + n.candidate };
        let candidate = seen.share().filter(|_| self.sees_shares() && self.missing(Metric::Errors).is_none());
        let share = |role| candidate.map(|c| if role == Role::Candidate { c } else { 1.0 - c });
        let sides = Sides::build(|role| Figures { requests: Some(*n.of(role)), value: share(role), ..Figures::default() });
        let difference = self.weight.zip(candidate).map(|(asked, seen)| seen - asked);
        let (verdict, sentence) = self.traffic_verdict(seen);
        Finding { verdict, sentence, evidence: Evidence { sides, difference, ..Evidence::default() } }
    }

    /// A share needs the traffic of both versions, of now.
    fn sees_shares(&self) -> bool {
        self.against() == BaselineMode::Concurrent
    }

    fn traffic_verdict(&self, seen: Seen) -> (CheckVerdict, Sentence) {
        let Some(asked) = self.weight else {
            return (CheckVerdict::Muted, Sentence::plain("No backend says which share was asked for"));
        };
        if !self.sees_shares() {
            return (CheckVerdict::Muted, Sentence::plain("Only the candidate's traffic is seen, so its share is not known"));
        }
        if self.sources.blind().is_some() {
            return (
                CheckVerdict::ProviderError,
                Sentence::plain("Which share each version gets is not known without their pages"),
            );
        }
        if let Some((role, missing)) = self.missing(Metric::Errors) {
            return (CheckVerdict::NoData, Say::new().version(role, &self.setup.names).text(format!(": {missing}")).done());
        }
        let Some(share) = seen.share().filter(|_| seen.total >= MIN_REQUESTS) else {
            let text = format!("Too few requests to see the share: {} in the last minute", humanize::count(seen.total));
            return (CheckVerdict::Insufficient, Sentence::plain(text));
        };
        if self.share.is_off() {
            let say = Say::new().text(format!("Asked for {} of traffic, ", humanize::share(asked))).candidate(&self.setup.names);
            return (CheckVerdict::Warn, say.text(format!(" gets {}", humanize::share_seen(share))).done());
        }
        let text = format!("Asked for {}, seen {} in the last minute", humanize::share(asked), humanize::share_seen(share));
        (CheckVerdict::Pass, Sentence::plain(text))
    }

    /// Before the checks are judged: whether traffic goes where it was asked to.
    pub(super) fn look_at_the_share(&mut self) {
        let n = Sides::build(|role| self.recent.over(role, self.now, MINUTE).requests);
        let seen = Seen { candidate: n.candidate, total: n.baseline + n.candidate };
        let was_off = self.share.is_off();
        let asked = self.weight.filter(|_| self.sees_shares());
        // Requests that nobody counts are not none.
        let is_known =
            self.sources.blind().is_none() && self.missing(Metric::Errors).is_none() && !self.recent.is_partial(self.now);
        self.share.poll(self.now, asked, is_known.then_some(seen));
        match (was_off, self.share.is_off()) {
            (false, true) => self.row("step", "held", "the traffic share is not what was asked for", Some(Tone::Held)),
            (true, false) => self.row("step", "goes on", "the traffic share is right again", None),
            _ => {}
        }
    }
}
