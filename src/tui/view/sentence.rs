//! Sentences of the engine as runs, with as many leading clauses as fit.

use crate::{
    engine::snapshot::{Ink, Piece, Sentence, Snapshot},
    tui::{
        pen::{Pen, Run, width},
        theme::Role,
    },
};
use ratatui::text::Span;

/// The sentence in `room` columns. Clauses are dropped from the end until it fits, those that name a key last, and never the first.
pub(in crate::tui) fn fitted<'a>(pen: &Pen<'_>, sentence: &'a Sentence, snapshot: &Snapshot, room: usize) -> Vec<Run<'a>> {
    let mut clauses: Vec<Vec<Run<'a>>> =
        sentence.clauses.iter().map(|clause| clause.iter().map(|piece| run(pen, piece, snapshot)).collect()).collect();
    let mut keys: Vec<bool> = sentence.clauses.iter().map(|clause| clause.iter().any(|piece| piece.ink == Ink::Key)).collect();
    while clauses.len() > 1 && clauses.iter().map(|clause| width(clause)).sum::<usize>() > room {
        let dropped = keys.iter().skip(1).rposition(|has_key| !has_key).map_or(clauses.len() - 1, |nth| nth + 1);
        keys.remove(dropped);
        let clause = clauses.remove(dropped);
        if let Some(before) = clauses.get_mut(dropped - 1) {
            close(before, &clause, pen);
        }
    }
    clauses.concat()
}

/// A clause that takes over the end of a sentence takes over its full stop.
fn close<'a>(clause: &mut Vec<Run<'a>>, dropped: &[Run<'a>], pen: &Pen<'_>) {
    let stops = |runs: &[Run<'_>]| runs.last().is_some_and(|run| run.content.trim_end().ends_with('.'));
    if stops(dropped) && !stops(clause) {
        clause.push(pen.say(Role::Text, "."));
    }
}

/// A key is drawn as a block, filled if it is the one to press now.
fn run<'a>(pen: &Pen<'_>, piece: &'a Piece, snapshot: &Snapshot) -> Run<'a> {
    let text = piece.text.as_str();
    match piece.ink {
        Ink::Plain => pen.say(Role::Text, text),
        Ink::Strong => pen.shout(Role::Strong, text),
        Ink::Baseline => pen.shout(Role::Baseline, text),
        Ink::Candidate => pen.shout(Role::Candidate, text),
        Ink::Key => {
            let text = pen.keymap.instead_of(text);
            let filled = pen.keymap.act_keys(snapshot).any(|(name, key)| key.filled && name == text);
            if filled { Span::styled(format!(" {text} "), pen.theme.fill(snapshot.badge.tone.into())) } else { pen.theme.key(text) }
        }
    }
}
