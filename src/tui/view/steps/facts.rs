//! What holds for the whole ladder: how long it will take, what evidence is, and what rolling back would be now.

use std::time::Duration;

use crate::{
    engine::{
        action::{Ability, Action},
        snapshot::{Snapshot, StepState},
    },
    humanize,
    tui::{
        pen::{Pen, Run, wrapped},
        theme::Role,
    },
};

/// Columns of a fact's word.
const WORD: usize = 14;

/// The lines under the ladder: as many whole facts as `room` has lines for.
pub(super) fn lines<'a>(pen: &Pen<'_>, snapshot: &Snapshot, width: usize, room: usize) -> Vec<Vec<Run<'a>>> {
    let mut lines = Vec::new();
    for (word, text) in facts(snapshot) {
        let mut word = word.to_owned();
        let wrapped = wrapped(&[pen.say(Role::Text, text)], width.saturating_sub(WORD));
        if lines.len() + wrapped.len() > room {
            break;
        }
        lines.extend(wrapped.into_iter().map(|line| {
            let word = pen.say(Role::Dim, format!("{:<WORD$}", std::mem::take(&mut word)));
            std::iter::once(word).chain(line).collect()
        }));
    }
    lines
}

fn facts(snapshot: &Snapshot) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("all together", together(snapshot)),
        ("evidence", "starts again at each step: a new split is a new experiment".to_owned()),
    ];
    facts.extend(back(snapshot).map(|text| ("rolling back", text)));
    facts
}

/// What is left if no step takes longer than its window, and the blind time so far.
fn together(snapshot: &Snapshot) -> String {
    let sum = |spans: &mut dyn Iterator<Item = Duration>| spans.fold(Duration::ZERO, Duration::saturating_add);
    let blind = sum(&mut snapshot.steps.iter().map(|step| step.blind));
    let blind = if blind.is_zero() { String::new() } else { format!(" · {} blind", humanize::duration(blind)) };
    if snapshot.ended.is_some() {
        return format!("the watch is over{blind}");
    }
    let open = snapshot.steps.iter().filter(|step| matches!(step.state, StepState::Current | StepState::Waiting));
    let left = sum(&mut open.map(|step| step.length.saturating_sub(step.watched)));
    if left.is_zero() {
        return format!("every window has ended{blind}");
    }
    let done = humanize::clock_minutes(snapshot.at.plus(left));
    format!("{} left if nothing changes, done about {done}{blind}", humanize::about(left))
}

/// Where a roll back would lead now, and how long it took before.
fn back(snapshot: &Snapshot) -> Option<String> {
    Some(match snapshot.abilities.get(&Action::Rollback)? {
        Ability::Ready(preview) => {
            let usual = snapshot.usual.get(&Action::Rollback).map_or_else(String::new, |usual| format!("{}, ", usual.text()));
            let target = [preview.target.version.as_str(), &preview.target.reference].map(str::trim);
            format!("{usual}to {}", target.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", "))
        }
        Ability::Off(why) => format!("is not possible: {why}"),
    })
}
