//! What the panel says, whether it is drawn or printed.

use std::time::Duration;

use super::confirm::{Confirm, Gate, Question, REASON_LETTERS};
use crate::{
    engine::{
        action::{Action, Preview},
        role::Role as Side,
        snapshot::{ActWhat, Mode, Snapshot},
    },
    humanize,
    tui::keymap::{Command, Keymap},
};

/// Said under every panel.
pub(in crate::tui) const CLOSES: &str = "Closes by itself if the state moves.";

/// "Roll back api in prod?"
pub(in crate::tui) fn question(panel: &Confirm, snapshot: &Snapshot) -> String {
    let name = &snapshot.deployment.name;
    let ask = match panel.question {
        Question::Act(ActWhat::Act(action)) => match action {
            Action::Promote => format!("Promote {name}"),
            Action::PromoteFull => format!("Promote {name} to 100 %"),
            Action::Pause => format!("Pause {name}"),
            Action::Resume => format!("Resume {name}"),
            Action::Abort => format!("Abort the rollout of {name}"),
            Action::Rollback => format!("Roll back {name}"),
            Action::Retry => format!("Start the rollout of {name} again"),
        },
        Question::Act(ActWhat::Arm(true)) => format!("Arm auto-rollback of {name}"),
        Question::Act(ActWhat::Arm(false)) => format!("Disarm auto-rollback of {name}"),
        Question::Quit => format!("Stop watching {name}"),
    };
    let environment = &snapshot.deployment.environment;
    if environment.is_empty() { format!("{ask}?") } else { format!("{ask} in {environment}?") }
}

/// What the answer does, in a word or two.
pub(in crate::tui) const fn verb(panel: &Confirm) -> &'static str {
    match panel.question {
        Question::Act(ActWhat::Act(action)) => action.verb(),
        Question::Act(ActWhat::Arm(true)) => "arm",
        Question::Act(ActWhat::Arm(false)) => "disarm",
        Question::Quit => "quit",
    }
}

/// What must be typed; none where one key answers.
pub(in crate::tui) fn ask(panel: &Confirm, snapshot: &Snapshot) -> Option<String> {
    match panel.gate {
        Gate::Yes => None,
        Gate::Reason => Some(format!("Why, against the verdict? At least {REASON_LETTERS} letters.")),
        Gate::Name => Some(format!("Type {} to {}.", snapshot.deployment.name, verb(panel))),
    }
}

/// What follows, where no backend acts; its preview says it of an action.
pub(in crate::tui) fn happens(question: Question, snapshot: &Snapshot) -> Option<String> {
    match question {
        Question::Act(ActWhat::Act(_)) => None,
        Question::Act(ActWhat::Arm(true)) => {
            Some(format!("A conviction of {} rolls back by itself, at most once in this watch.", snapshot.version(Side::Candidate)))
        }
        Question::Act(ActWhat::Arm(false)) => Some("Nothing rolls back by itself any more. The keys still work.".to_owned()),
        Question::Quit => {
            Some("rollwatch ends. Nothing rolls back by itself any more, and nobody looks how an action ends.".to_owned())
        }
    }
}

/// How to leave without ending the watch, where that can be done.
pub(in crate::tui) fn hand_over(panel: &Confirm, snapshot: &Snapshot, keymap: &Keymap) -> Option<String> {
    let armed = if snapshot.deployment.mode == Mode::Armed { "Auto-rollback stays armed." } else { "Auto-rollback stays off." };
    let name = keymap.name(Command::HandOver);
    panel
        .can_hand_over
        .then(|| format!("{name} hands the watch over to a process without a screen, which goes on until it ends. {armed}"))
}

/// A version, and its share of the traffic before and after.
pub(in crate::tui) struct Share<'a> {
    pub side: Side,
    pub version: &'a str,
    pub before: String,
    pub after: String,
}

/// What becomes of the traffic, the candidate's share first; none where the backend moves no traffic.
pub(in crate::tui) fn traffic<'a>(preview: &Preview, snapshot: &'a Snapshot) -> Option<[Share<'a>; 2]> {
    let (before, after) = (snapshot.deployment.weight?, preview.target.weight?);
    let share = |side: Side, before: f64, after: f64| Share {
        side,
        version: snapshot.version(side),
        before: humanize::share(before),
        after: humanize::share(after),
    };
    Some([share(Side::Candidate, before, after), share(Side::Baseline, 1.0 - before, 1.0 - after)])
}

/// What is said of the target after its name: the backend's own name of it, and how long it has been running.
pub(in crate::tui) fn target(preview: &Preview, snapshot: &Snapshot) -> (String, String) {
    let target = &preview.target;
    let is_told = !target.reference.is_empty() && target.reference != target.version;
    let age = Side::BOTH.into_iter().find(|side| snapshot.version(*side) == target.version);
    let age = age.map(|side| snapshot.versions.of(side).age.as_str()).filter(|age| !age.is_empty());
    (
        if is_told { format!(", {}", target.reference) } else { String::new() },
        age.map(|age| format!(", up {age}")).unwrap_or_default(),
    )
}

/// How long an action took before, and when it is called failed.
pub(in crate::tui) fn takes(action: Action, preview: &Preview, snapshot: &Snapshot) -> String {
    let limit = Duration::try_from_secs_f64(preview.limit_s).unwrap_or_default();
    let usual = snapshot.usual.get(&action).map(|usual| format!("{}, ", usual.text())).unwrap_or_default();
    format!("{usual}called failed after {}", humanize::duration(limit))
}
