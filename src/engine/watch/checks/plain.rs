//! Health, restarts and the traffic share: checks without a bet.

use std::time::Duration;

use statrs::distribution::{Binomial, DiscreteCDF};

use super::Finding;
use crate::{
    engine::{
        compare::MIN_REQUESTS,
        event::{Evidence, Figures},
        health::Sick,
        recent::MINUTE,
        role::{Role, Sides},
        sample::CheckState,
        snapshot::Sentence,
        verdict::CheckVerdict,
        watch::Watch,
        words::Say,
    },
    humanize,
};

/// The share seen is off when it misses the share asked by more than this, or by a quarter of it ...
const SHARE_OFF: f64 = 0.05;
/// ... and chance alone would do so this seldom.
const SHARE_CHANCE: f64 = 0.001;

impl Watch {
    pub(super) fn sick_sentence(&self, sick: Sick) -> Sentence {
        let health = &self.step.health;
        let say = Say::new().candidate(&self.setup.names);
        let resets = health.resets();
        match sick {
            Sick::Down => say
                .strong(" is not ready")
                .text(format!(" for {}, ", humanize::duration(Duration::from_secs_f64(health.down_s()))))
                .baseline(&self.setup.names)
                .text(" is")
                .done(),
            Sick::CrashLoop => say.strong(" crashes again and again").text(": it went down twice and restarted").done(),
            Sick::Restarts => say
                .strong(" keeps restarting")
                .text(format!(": {}", humanize::plural(f64::from(resets.candidate), "restart", "restarts")))
                .text(format!(" against {}", humanize::count(f64::from(resets.baseline))))
                .done(),
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
        if let Some((_, sentence)) = self.step.convicted.as_ref().filter(|(id, _)| *id == "health") {
            (CheckVerdict::Fail, sentence.clone())
        } else if !health.is_asked() {
            (CheckVerdict::Muted, Sentence::plain("No health endpoint is configured"))
        } else if !health.is_served() && !self.health_is_silent() {
            let sentence = "No instance of either version serves /health/ready or /health/live";
            (CheckVerdict::Muted, Sentence::plain(sentence))
        } else if let Some(role) = Role::BOTH.into_iter().find(|r| health.is_blind(*r)) {
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
        self.setup.policy.health_configured && Role::BOTH.into_iter().all(|r| self.step.health.is_blind(r))
    }

    pub(super) fn restarts(&self) -> Finding {
        let resets = self.step.health.resets();
        let sides = resets.map(|n| Figures { value: Some(f64::from(*n)), ..Figures::default() });
        let (verdict, sentence) = match self.step.convicted.as_ref().filter(|(id, _)| *id == "restarts") {
            Some((_, sentence)) => (CheckVerdict::Fail, sentence.clone()),
            None => (CheckVerdict::Pass, Sentence::plain(humanize::plural(f64::from(resets.candidate), "restart", "restarts"))),
        };
        Finding { verdict, sentence, evidence: Evidence { sides, ..Evidence::default() } }
    }

    pub(super) fn traffic(&self) -> Finding {
        let n = Sides::build(|role| self.recent.over(role, self.now, MINUTE).requests);
        let total = n.baseline + n.candidate;
        let seen = n.map(|n| if total > 0.0 { n / total } else { 0.0 });
        let sides = Sides::build(|role| Figures {
            requests: Some(*n.of(role)),
            value: (total > 0.0).then(|| *seen.of(role)),
            ..Figures::default()
        });
        let asked = self.weight;
        let evidence =
            Evidence { sides, difference: asked.filter(|_| total > 0.0).map(|w| seen.candidate - w), ..Evidence::default() };
        let (verdict, sentence) = if self.sources.blind().is_some() && asked.is_some() {
            (CheckVerdict::ProviderError, Sentence::plain("Which share each version gets is not known without their pages"))
        } else {
            traffic_verdict(asked, seen.candidate, n.candidate, total)
        };
        Finding { verdict, sentence, evidence }
    }
}

fn traffic_verdict(asked: Option<f64>, seen: f64, n: f64, total: f64) -> (CheckVerdict, Sentence) {
    let Some(asked) = asked else {
        return (CheckVerdict::Muted, Sentence::plain("No backend says which share was asked for"));
    };
    if total < MIN_REQUESTS {
        let text = format!("Too few requests to see the share: {} in the last minute", humanize::count(total));
        return (CheckVerdict::Insufficient, Sentence::plain(text));
    }
    let text = format!("Asked for {}, seen {} in the last minute", humanize::share(asked), humanize::share_seen(seen));
    let far = (seen - asked).abs() > SHARE_OFF.max(asked / 4.0);
    let verdict = if far && binomial_p(n, total, asked) < SHARE_CHANCE { CheckVerdict::Warn } else { CheckVerdict::Pass };
    (verdict, Sentence::plain(text))
}

/// Two-sided binomial probability of a count at least as far out as `n` of `total` (twice the smaller tail).
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "request counts of one minute")]
fn binomial_p(n: f64, total: f64, share: f64) -> f64 {
    let (n, total) = (n.round() as u64, total.round() as u64);
    let Ok(law) = Binomial::new(share.clamp(0.0, 1.0), total) else {
        return 1.0;
    };
    let upper = if n == 0 { 1.0 } else { law.sf(n - 1) };
    (2.0 * law.cdf(n).min(upper)).min(1.0)
}
