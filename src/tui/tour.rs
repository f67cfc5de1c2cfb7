//! The guided tour of the demo: what to look at and which key comes next, one step at a time.
//!
//! A step is over when it was done or when what happens has gone past it: nobody is held up, and no step is waited for in vain. The
//! tour only talks; it presses no key and changes nothing.

use super::{
    modal::{Modal, confirm::Question},
    model::{UiState, View},
};
use crate::engine::{
    snapshot::{ActWhat, Snapshot, Tone},
    verdict::Phase,
};

/// How far somebody is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tour {
    step: Step,
}

/// The steps, in their order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    /// What the screen shows.
    #[default]
    Look,
    /// The difference is open.
    Difference,
    /// Nothing is wrong yet.
    Wait,
    /// The candidate fails.
    Explain,
    /// Its explanation is open.
    Read,
    /// Time to act.
    Act,
    /// The panel is open.
    Confirm,
    /// It is being carried out.
    Verify,
    /// It was seen to work.
    Done,
    /// The watch ended in another way.
    Other,
}

impl Step {
    const ALL: [Self; 9] =
        [Self::Look, Self::Difference, Self::Wait, Self::Explain, Self::Read, Self::Act, Self::Confirm, Self::Verify, Self::Done];

    /// What is to be seen, and what to do. `[x]` is a key.
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Look => (
                "Two versions share the traffic: the thin line is v2.4.0, trusted; the thick one v2.5.0, new. Row 1 says how it goes, row 2 what comes next.",
                "Press [d] to see the difference between the two.",
            ),
            Self::Difference => (
                "The band is where the true difference can be; it narrows with every request. Above the dashes would be worse than tolerated.",
                "Press [d] again to come back.",
            ),
            Self::Wait => (
                "So far both behave alike: the bar grows to the left, towards promote. Errors are about to begin in v2.5.0.",
                "Nothing to press: watch the thick line, and the bar.",
            ),
            Self::Explain => (
                "There it is: v2.5.0 fails, v2.4.0 does not, and the bar grows to the right. 100 % is the evidence that the policy asks for.",
                "Press [e] to see what speaks against it.",
            ),
            Self::Read => (
                "The counts of both versions, the rule, and what would change it: j and k scroll, tab goes to the next check.",
                "Press [esc] to come back.",
            ),
            Self::Act => {
                ("Only that one key is filled. Nothing happens before a panel was read and answered.", "Press [R] to roll back.")
            }
            Self::Confirm => (
                "Traffic before and after, to which version, what it sends, how long it takes. Other keys do nothing here; esc leaves.",
                "Read it, then press [y].",
            ),
            Self::Verify => (
                "The intent is on disk, the change is sent, and its effect is looked for: \"rolled back\" is said only once it was seen.",
                "Nothing to press.",
            ),
            Self::Done => (
                "Caught and rolled back. For your own: rollwatch watch --baseline URL --candidate URL, or rollwatch config init for more.",
                "[5] shows what was done, [q] quits.",
            ),
            Self::Other => {
                ("This watch is over, and v2.5.0 was not rolled back in it.", "[q] quits; rollwatch demo --tour begins anew.")
            }
        }
    }
}

impl Tour {
    /// Goes on as far as what is done and what happens allow.
    pub(super) fn follow(ui: &mut UiState, snapshot: &Snapshot) {
        if let Some(Self { step }) = ui.tour {
            let step = step.max(reached(snapshot));
            let seen = Seen { difference: ui.view == View::Difference, explains: explains(ui), asks: asks(ui) };
            ui.tour = Some(Self { step: seen.after(step) });
        }
    }

    /// Which step of how many; none once there is none to count.
    pub(super) fn count(self) -> Option<(usize, usize)> {
        let at = Step::ALL.iter().position(|step| *step == self.step)?;
        Some((at + 1, Step::ALL.len()))
    }

    /// What is to be seen, and what to do. `[x]` is a key.
    pub(super) const fn words(self) -> (&'static str, &'static str) {
        self.step.words()
    }
}

/// What has happened cannot be waited for any more.
fn reached(snapshot: &Snapshot) -> Step {
    let is_back = snapshot.action.as_ref().is_some_and(|action| action.action.is_retreat() && action.done.is_some());
    match (is_back, &snapshot.ended, snapshot.phase) {
        (true, ..) => Step::Done,
        (false, Some(_), _) => Step::Other,
        (false, None, Phase::Acting | Phase::Verifying) => Step::Verify,
        (false, None, _) if snapshot.badge.tone == Tone::Bad => Step::Explain,
        (false, None, _) => Step::Look,
    }
}

/// What is open.
struct Seen {
    difference: bool,
    explains: bool,
    asks: bool,
}

impl Seen {
    /// The step to show in place of `step`: the next one if that is done; the one before if its panel was left.
    const fn after(&self, step: Step) -> Step {
        match step {
            Step::Look if self.difference => Step::Difference,
            Step::Difference if !self.difference => Step::Wait,
            Step::Explain | Step::Act if self.asks => Step::Confirm,
            Step::Explain if self.explains => Step::Read,
            Step::Read if !self.explains => Step::Act,
            Step::Confirm if !self.asks => Step::Act,
            same => same,
        }
    }
}

fn explains(ui: &UiState) -> bool {
    matches!(ui.modal, Some(Modal::Explain(_)))
}

fn asks(ui: &UiState) -> bool {
    matches!(&ui.modal, Some(Modal::Confirm(panel)) if matches!(panel.question, Question::Act(ActWhat::Act(_))))
}
