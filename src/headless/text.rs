//! `--format text`: one line a change, for people who read a log.

use std::time::Duration;

use crate::{
    engine::{
        action::Action,
        event::{CheckChange, Ended, Event, Line, Started, VerdictChange},
        snapshot::Snapshot,
        time::Time,
        verdict::{CheckVerdict, Outcome, Verdict},
    },
    humanize,
    tui::keymap::Keymap,
};

/// `HH:MM:SS  WORD  sentence`, or nothing for events that are no news to a reader.
pub(super) fn line(line: &Line) -> Option<String> {
    let (word, sentence) = match &line.event {
        Event::WatchStarted(started) => ("NOTE", begun(started)),
        Event::Check(c) => {
            let was = c.was.map(|w| format!("{} → ", w.word())).unwrap_or_default();
            ("CHECK", format!("{}: {was}{}. {}.", c.check, c.verdict.word(), c.sentence))
        }
        Event::Verdict(v) => ("VERDICT", format!("{}: {}. {}.", v.verdict.word(), v.sentence, beside(v))),
        Event::Phase { phase, .. } => ("NOTE", format!("Phase: {}.", phase.word().replace('_', " "))),
        Event::Step { index, of, weight } => ("STEP", format!("{index} of {of}, weight {}.", humanize::share(*weight))),
        Event::ActionRequested { action, target, actor, .. } => {
            let reason = if let Event::ActionRequested { reason: Some(reason), .. } = &line.event {
                format!(": {reason}")
            } else {
                String::new()
            };
            ("ACTION", format!("{} to {} asked for by {}{reason}.", verb(*action), target.version, actor.user))
        }
        Event::ActionSent { .. } => ("ACTION", "Sent; looking for its effect.".to_owned()),
        Event::ActionVerified { took_s, .. } => {
            ("ACTION", format!("Seen to work after {}.", humanize::duration(Duration::from_secs_f64(*took_s))))
        }
        Event::ActionFailed { error, .. } => ("ACTION", format!("Failed: {error}.")),
        Event::ActionUnverified { seen, .. } => ("ACTION", format!("Sent but not seen to work: {seen}.")),
        Event::Notify { channel, ok: false, error } => {
            ("NOTE", format!("Notification by {channel} not delivered: {}.", error.as_deref().unwrap_or("no reason given")))
        }
        Event::Note { sentence, .. } => ("NOTE", format!("{sentence}.")),
        Event::WatchEnded(ended) => ("END", format!("{}.", ended.sentence)),
        Event::Sample(_) | Event::Poll(_) | Event::Notify { .. } | Event::Unknown => return None,
    };
    Some(format!("{}  {word}  {}", humanize::clock(line.at), sentence.replace("..", ".")))
}

/// What it was compared with, and how old both versions are: "Baseline: concurrent, both live (up 3d04h; the candidate up 12m00s)".
fn beside(change: &VerdictChange) -> String {
    let up = |age: Option<f64>| age.map(|s| format!("up {}", humanize::duration(Duration::from_secs_f64(s.max(0.0)))));
    let (baseline, candidate) = (up(change.ages_s.baseline), up(change.ages_s.candidate));
    let ages: Vec<String> = baseline.into_iter().chain(candidate.map(|up| format!("the candidate {up}"))).collect();
    let ages = if ages.is_empty() { String::new() } else { format!(" ({})", ages.join("; ")) };
    format!("Baseline: {}{ages}", change.baseline)
}

fn begun(started: &Started) -> String {
    let place = if started.environment.is_empty() { String::new() } else { format!(" in {}", started.environment) };
    let window = humanize::duration(Duration::from_secs_f64(started.window_s));
    let verb = if started.resumed { "Watching again" } else { "Watching" };
    format!("{verb} {}{place}: {} against {}, window {window}.", started.deployment, started.candidate, started.baseline)
}

fn verb(action: Action) -> String {
    let verb = action.verb();
    verb.get(..1).map_or_else(String::new, |first| first.to_uppercase() + verb.get(1..).unwrap_or_default())
}

/// The line that shows that the watch is alive.
pub(super) fn progress(now: &Snapshot, keymap: &Keymap) -> String {
    let [sentence, next] = [&now.sentence, &now.next].map(|sentence| sentence.told(|key| keymap.instead_of(key)));
    format!("{}  NOTE  {sentence} {next}", humanize::clock(now.at))
}

/// What is behind the end: of a failure the check that failed, of anything else each that was judged.
pub(super) fn why(at: Time, ended: &Ended, checks: &[CheckChange]) -> Vec<String> {
    let clock = humanize::clock(at);
    let failed = |c: &&CheckChange| c.verdict == CheckVerdict::Fail;
    let judged = |c: &&CheckChange| c.evidence.rollback_nats.is_some();
    let lines = |c: &CheckChange| -> Vec<String> {
        c.explanation.iter().map(|reason| format!("{clock}  NOTE  {}, {}: {}.", c.check, reason.about, reason.text)).collect()
    };
    let shown: Vec<&CheckChange> = if ended.verdict == Verdict::Fail {
        checks.iter().filter(failed).collect()
    } else {
        checks.iter().filter(judged).collect()
    };
    shown.into_iter().flat_map(lines).collect()
}

/// The very last line: it begins with END and names the exit code.
pub(super) fn last(ended: &Ended) -> String {
    let outcome = match ended.outcome {
        Outcome::None => format!("verdict {}", ended.verdict.word()),
        outcome => outcome.words().to_owned(),
    };
    format!("END  exit code {}: {outcome}", ended.exit_code)
}
