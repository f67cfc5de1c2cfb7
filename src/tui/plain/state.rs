//! The present state, and what is behind a check, in a few lines.

use crate::{
    engine::{
        role::Role as Side,
        snapshot::{CheckRow, Sentence, Snapshot},
    },
    humanize,
    tui::keymap::{Command, Keymap},
};

/// The checks whose figures are said of each version.
const FIGURES: [&str; 2] = ["errors", "latency"];
/// Stands in a snapshot where there is no figure.
const NOTHING: &str = "–";

/// A sentence with the names of the keys. Blanks that set a key apart are for the eye.
fn told(sentence: &Sentence, keymap: &Keymap) -> String {
    sentence.told(|key| keymap.instead_of(key)).replace("  ", " ")
}

/// "BAD: Nothing happens by itself. Press R to roll back to v2.4.0."
pub(super) fn next(snapshot: &Snapshot, keymap: &Keymap) -> String {
    let over =
        if snapshot.ended.is_some() { format!(" The watch is over: {} quits.", keymap.name(Command::Quit)) } else { String::new() };
    format!("{}: {}{over}", snapshot.badge.word, told(&snapshot.next, keymap))
}

/// Verdict, what is next, how far the evidence is, and both versions.
pub(super) fn lines(snapshot: &Snapshot, keymap: &Keymap) -> Vec<String> {
    let (badge, meter) = (snapshot.badge, &snapshot.meter);
    let mut lines = vec![
        format!("At {}: {}. {}", humanize::clock(snapshot.at), badge.word, told(&snapshot.sentence, keymap)),
        format!("Next: {}", told(&snapshot.next, keymap)),
        format!(
            "Evidence: {} of the need to roll back, {} of the need to promote.",
            humanize::part(meter.rollback),
            humanize::part(meter.promote)
        ),
    ];
    lines.extend(Side::BOTH.map(|side| version(snapshot, side)));
    lines
}

/// "v2.4.0, baseline, 75 % of the traffic: error rate 0.29 %, latency p99 208 ms."
fn version(snapshot: &Snapshot, side: Side) -> String {
    let row = snapshot.versions.of(side);
    let share = if row.share == NOTHING { String::new() } else { format!(", {} of the traffic", row.share) };
    let rows = FIGURES.iter().filter_map(|id| snapshot.checks.iter().find(|row| row.id == *id));
    let figures: Vec<String> = rows.map(|row| figure(row, side)).collect();
    let figures = if figures.is_empty() { "no figures yet".to_owned() } else { figures.join(", ") };
    format!("{}, {}{share}: {figures}.", row.name, side.word())
}

fn figure(row: &CheckRow, side: Side) -> String {
    match row.values.of(side).as_str() {
        "" | NOTHING => format!("{} not known", row.name),
        value => format!("{} {value}", row.name),
    }
}

/// What is behind a check.
pub(super) fn explanation(row: &CheckRow) -> Vec<String> {
    let head = format!("Explain {}: {}. {}.", row.name, row.verdict.word().replace('_', " "), row.sentence.trim_end_matches('.'));
    let reasons = row.explanation.iter().map(|reason| {
        if reason.about.is_empty() { format!("  {}", reason.text) } else { format!("  {}: {}", reason.about, reason.text) }
    });
    std::iter::once(head).chain(reasons).collect()
}
