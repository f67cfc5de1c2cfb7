//! What holds for the whole ladder: how long it will take, what evidence is, and what rolling back would be now. Worded by the engine.

use crate::{
    engine::snapshot::Snapshot,
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
    for (word, text) in &snapshot.steps_facts {
        let mut word = word.clone();
        let wrapped = wrapped(&[pen.say(Role::Text, text.clone())], width.saturating_sub(WORD));
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
