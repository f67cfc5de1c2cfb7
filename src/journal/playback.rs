//! A journal's lines turned back into what happened, so that the same engine judges them again.
//!
//! Samples and actions come from the record; everything the engine says about them is left out, because it is said again.

use crate::engine::{
    action::{Order, Report, Rollout, Seen, Stage},
    effect::{Input, Polled},
    event::{Event, Line, Poll, Started},
    role::Sides,
    time::Time,
    watch::act::NOT_BEGUN,
};

/// Subjects of notes that come from outside the engine; it makes all others itself.
const OUTSIDE: [&str; 5] = ["journal", "metrics", "baseline", "evidence", "answer"];

/// The first line of a watch, and when it was.
#[must_use]
pub fn started(lines: &[Line]) -> Option<(Time, &Started)> {
    lines.iter().find_map(|line| match &line.event {
        Event::WatchStarted(started) => Some((line.at, started.as_ref())),
        _ => None,
    })
}

/// When the first and the last poll of a watch were.
#[must_use]
pub fn polled(lines: &[Line]) -> Option<(Time, Time)> {
    let mut polls = lines.iter().filter(|line| matches!(&line.event, Event::Poll(poll) if !poll.history)).map(|line| line.at);
    let first = polls.next()?;
    Some((first, polls.next_back().unwrap_or(first)))
}

/// What happened, in order.
#[must_use]
pub fn inputs(lines: &[Line]) -> Vec<(Time, Input)> {
    let mut samples = Vec::new();
    let mut inputs = Vec::new();
    for line in lines {
        if let Event::Sample(sample) = &line.event {
            samples.push(sample.as_ref().clone());
        } else if let Event::Poll(poll) = &line.event {
            let samples = std::mem::take(&mut samples);
            let polled =
                if poll.history { Input::History(samples) } else { Input::Polled(Polled { samples, rollout: rollout(poll) }) };
            inputs.push((line.at, polled));
        } else {
            inputs.extend(input(line).into_iter().map(|input| (line.at, input)));
        }
    }
    inputs
}

fn input(line: &Line) -> Vec<Input> {
    let report = |id: &String, stage| vec![Input::Report(Report { id: id.clone(), at: line.at, stage })];
    match &line.event {
        Event::ActionRequested { id, action, target, actor, token, reason, limit_s } => {
            let order = Order {
                id: id.clone(),
                action: *action,
                target: target.clone(),
                actor: actor.clone(),
                token: token.clone(),
                reason: reason.clone(),
            };
            vec![Input::Recorded(order, *limit_s)]
        }
        Event::ActionSent { id } => report(id, Stage::Sent),
        Event::ActionVerified { id, took_s, facts } => {
            report(id, Stage::Verified { took_s: *took_s, seen: Seen { done: true, facts: facts.clone() } })
        }
        Event::ActionFailed { id, error } => match error.strip_prefix(NOT_BEGUN) {
            Some(by) => report(id, Stage::Elsewhere { by: by.to_owned() }),
            None => report(id, Stage::Failed { error: error.clone() }),
        },
        Event::ActionUnverified { id, seen, facts } => {
            let looked = Seen { done: false, facts: facts.clone() };
            [report(id, Stage::Looked(looked)), report(id, Stage::Unverified { seen: seen.clone() })].concat()
        }
        Event::Notify { channel, error, .. } => vec![Input::Told { channel: channel.clone(), error: error.clone() }],
        Event::Note { about, sentence } if OUTSIDE.contains(&about.as_str()) => vec![Input::Noted(about.clone(), sentence.clone())],
        Event::WatchEnded(ended) => vec![Input::RecordedEnd(ended.clone())],
        _ => Vec::new(),
    }
}

/// As much of the backend's state as the record holds: nothing that could be acted on.
fn rollout(poll: &Poll) -> Option<Result<Rollout, String>> {
    let weight = poll.weight?;
    Some(Ok(Rollout {
        token: String::new(),
        weights: Some(Sides { baseline: 1.0 - weight, candidate: weight }),
        versions: None,
        paused: poll.paused,
        condition: poll.condition.clone(),
        abilities: std::collections::BTreeMap::new(),
    }))
}
