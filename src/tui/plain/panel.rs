//! The panel between a key and an action, as lines: the same words in the same order as on the screen.

use crate::{
    engine::{
        action::{Action, Preview},
        snapshot::{ActWhat, Snapshot},
    },
    tui::{
        keymap::{Command, Keymap},
        modal::{
            confirm::{Confirm, Gate, Question},
            confirm_words as words,
        },
    },
};

/// Said when somebody leaves a panel.
pub(super) const LEFT: &str = "Left: nothing was done.";

/// Everything a person should hear before the second key.
pub(super) fn lines(panel: &Confirm, snapshot: &Snapshot, keymap: &Keymap) -> Vec<String> {
    let mut lines = vec![words::question(panel, snapshot)];
    if let (Question::Act(ActWhat::Act(action)), Some(preview)) = (panel.question, panel.preview(snapshot)) {
        lines.extend(of_preview(action, preview, snapshot));
    }
    lines.extend(words::happens(panel.question, snapshot));
    lines.extend(words::hand_over(panel, snapshot, keymap));
    lines.push(format!("{} {}", answers(panel, snapshot, keymap), words::CLOSES));
    lines
}

fn of_preview(action: Action, preview: &Preview, snapshot: &Snapshot) -> Vec<String> {
    let traffic = words::traffic(preview, snapshot);
    let traffic = traffic.map(|shares| shares.map(|s| format!("{} from {} to {}", s.version, s.before, s.after)).join(", "));
    let (reference, age) = words::target(preview, snapshot);
    let numbered = preview.happens.iter().zip(1..).map(|(text, nth)| (format!("what happens, {nth}"), text.clone()));
    let not_undone = preview.not_undone.iter().map(|text| ("not undone".to_owned(), text.clone()));
    let one = |word: &str, text: String| (word.to_owned(), text);
    let items = traffic
        .map(|traffic| one("traffic", traffic))
        .into_iter()
        .chain([one("to", format!("{}{reference}{age}", preview.target.version))])
        .chain(numbered)
        .chain(not_undone)
        .chain([one("takes", words::takes(action, preview, snapshot))])
        .chain(snapshot.checks.first().map(|worst| one("why", worst.sentence.clone())))
        .chain([one("sends", preview.sends.clone()), one("bound to", preview.bound_to.clone())]);
    items.filter(|(_, text)| !text.is_empty()).map(|(word, text)| format!("  {word}: {text}")).collect()
}

/// How to answer, and how to leave.
fn answers(panel: &Confirm, snapshot: &Snapshot, keymap: &Keymap) -> String {
    let answer = match words::ask(panel, snapshot) {
        None => format!("Press {} to {}", keymap.name(Command::Yes), words::verb(panel)),
        Some(ask) => format!("{ask} Then press {}", keymap.name(Command::Submit)),
    };
    let hand_over = if panel.can_hand_over { format!(", {} to hand over", keymap.name(Command::HandOver)) } else { String::new() };
    format!("{answer}{hand_over}, or {} to leave: nothing happens then.", keymap.name(Command::Close))
}

/// Enter was pressed on what was typed, and the panel is still open: it was not enough, or there is one more thing to type. What is
/// typed next begins anew: nobody who hears a line can look what stands in it.
pub(super) fn submitted(before: &Confirm, panel: &mut Confirm, snapshot: &Snapshot, keymap: &Keymap) -> Vec<String> {
    panel.typed.take();
    let typed = before.typed.text();
    let echo = match (before.gate == panel.gate, typed) {
        (false, _) => format!("Typed: {typed}."),
        (true, "") => "Nothing was typed.".to_owned(),
        (true, _) => format!("Typed: {typed}. That is not enough."),
    };
    vec![echo, answers(panel, snapshot, keymap)]
}

/// A key that did nothing.
pub(super) fn refused(panel: &Confirm, command: Option<Command>, snapshot: &Snapshot, keymap: &Keymap) -> String {
    let is_answer = match command {
        Some(Command::Yes) => panel.gate == Gate::Yes,
        Some(Command::HandOver) => panel.can_hand_over,
        _ => false,
    };
    let why = if is_answer { "Too soon, nothing was done." } else { "Other keys do nothing here." };
    format!("{why} {}", answers(panel, snapshot, keymap))
}
