//! What is behind the checks without a bet: readiness, restarts and the traffic share.

use std::time::Duration;

use crate::engine::{
    event::Reason,
    health::{CRASH_DROPS, DOWN_POLLS, DOWN_SECONDS, RESTARTS},
    policy::BaselineMode,
    recent::MINUTE,
    role::Role,
    sample::CheckState,
    share,
    watch::Watch,
};
use crate::humanize;

impl Watch {
    pub(super) fn explain_health(&self) -> Vec<Reason> {
        let health = &self.step.health;
        let read = |role: Role| {
            let (up, all) = health.ready(role)?;
            let failing: Vec<String> = health
                .checks(role)
                .into_iter()
                .filter(|check| check.state == CheckState::Fails)
                .map(|check| format!("{} is {}", check.name, check.said))
                .collect();
            let failing = if failing.is_empty() { String::new() } else { format!(" ({})", failing.join(", ")) };
            Some(format!("{} {up} of {all} ready{failing}", self.setup.names.of(role)))
        };
        let read: Vec<String> = [Role::Candidate, Role::Baseline].into_iter().filter_map(read).collect();
        let mut reasons = Vec::new();
        if !read.is_empty() {
            reasons.push(Reason::new("read", format!("{}, at the newest poll", read.join(", "))));
        }
        reasons.push(self.health_rule());
        reasons.push(self.health_change());
        reasons
    }

    fn health_rule(&self) -> Reason {
        let names = &self.setup.names;
        let beside = match self.against() {
            BaselineMode::Concurrent => format!(" while {} answers; a timeout counts for neither", names.baseline),
            _ => "; a timeout does not count".to_owned(),
        };
        let text =
            format!("rolls back when {} says it is not ready for {DOWN_POLLS} polls and {DOWN_SECONDS} s{beside}", names.candidate);
        Reason::new("rule", text)
    }

    /// How far it is to a conviction.
    fn health_change(&self) -> Reason {
        let candidate = &self.setup.names.candidate;
        let needed = DOWN_SECONDS.max(f64::from(DOWN_POLLS) * self.setup.policy.poll_s);
        let span = |seconds: f64| humanize::duration(Duration::from_secs_f64(seconds.max(0.0)));
        let text = if self.step.health.is_down() {
            let down = self.step.health.down_s();
            let left = (needed - down).max(self.setup.policy.poll_s);
            format!(
                "{candidate} has been down for {}: another {} of it: fail; one ready answer: it begins anew",
                span(down),
                span(left)
            )
        } else {
            format!("{candidate} down for {} in a row: fail", span(needed))
        };
        Reason::new("what if", text)
    }

    pub(super) fn explain_restarts(&self) -> Vec<Reason> {
        let names = &self.setup.names;
        let resets = self.step.health.resets();
        let counted = format!(
            "{} {} and {} {}, in this step",
            names.candidate,
            humanize::plural(f64::from(resets.candidate), "restart", "restarts"),
            names.baseline,
            humanize::count(f64::from(resets.baseline)),
        );
        let rule = format!(
            "rolls back when {} went down {} and restarted while {} did not, or after {RESTARTS} restarts more than three times {}'s",
            names.candidate,
            if CRASH_DROPS == 2 { "twice".to_owned() } else { format!("{CRASH_DROPS} times") },
            names.baseline,
            names.baseline
        );
        let left = (RESTARTS + 3 * resets.baseline).saturating_sub(resets.candidate).max(1);
        let change = format!("{} more of {}: fail", humanize::plural(f64::from(left), "restart", "restarts"), names.candidate);
        vec![Reason::new("counted", counted), Reason::new("rule", rule), Reason::new("what if", change)]
    }

    pub(super) fn explain_traffic(&self) -> Vec<Reason> {
        let names = &self.setup.names;
        let n = |role: Role| self.recent.over(role, self.now, MINUTE).requests;
        let (candidate, baseline) = (n(Role::Candidate), n(Role::Baseline));
        let mut reasons = vec![Reason::new(
            "counted",
            format!(
                "{} {} and {} {} requests in the last minute",
                names.candidate,
                humanize::count(candidate),
                names.baseline,
                humanize::count(baseline)
            ),
        )];
        if let Some(asked) = self.weight {
            let off = share::tolerated(asked);
            let range =
                format!("{} to {}", humanize::share_seen((asked - off).max(0.0)), humanize::share_seen((asked + off).min(1.0)));
            reasons.push(Reason::new("asked for", format!("{} of traffic; {range} is near enough", humanize::share(asked))));
        }
        let rule = "holds the watch while the last minute's share is off by more than 5 pp and a quarter, and not by chance \
                    (1 in 1 000); nothing is promoted meanwhile and the time does not count";
        reasons.push(Reason::new("rule", rule));
        let change = match self.share.right_for(self.now) {
            Some(span) => format!("it stays right for {} more: the watch goes on", humanize::duration(MINUTE.saturating_sub(span))),
            None if self.share.is_off() => "it is right for 1m: the watch goes on".to_owned(),
            None => "it is off over a whole minute: held until it was right for 1m".to_owned(),
        };
        reasons.push(Reason::new("what if", change));
        reasons
    }
}
