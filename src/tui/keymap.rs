//! One table of keys: what dispatch, key line and help all read. What the configuration changes of it is in `chosen`.

mod chosen;
mod names;

use serde::{Deserialize, Serialize};

pub use self::chosen::{Chosen, Keymap, Objection, Problem, objections};
use super::{input::Key, model::View};
use crate::engine::{action::Action, snapshot::ActWhat};

/// What a key means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Open the panel of what this slot can do now.
    Act(Slot),
    /// Show every key.
    Help,
    /// Show what is behind the selected check.
    Explain,
    /// Go to a view.
    View(View),
    /// The difference between the versions, or back to both of them.
    Difference,
    /// The next metric (1) in the chart, or the one before (-1).
    Metric(i8),
    /// Show less time (1) or more (-1).
    Zoom(i8),
    /// Show earlier (-1) or later (1) time.
    Scroll(i8),
    /// Show the newest data at the usual zoom.
    Newest,
    /// The pane that has the keys takes the room of all, or gives it back.
    Enlarge,
    /// Hold the picture while the watch goes on, or let it go.
    Freeze,
    /// Type a command by its name.
    Line,
    /// Go on with what is typed as far as it is clear.
    Complete,
    /// Copy what was asked about the selected check.
    Copy,
    /// Copy its explanation.
    CopyAll,
    /// The next theme.
    Theme,
    /// The next pane gets the keys.
    NextPane,
    /// The one before.
    PreviousPane,
    /// One down in the pane that has the keys.
    Down,
    /// One up.
    Up,
    /// To the first.
    First,
    /// To the last.
    Last,
    /// Half a screen down.
    PageDown,
    /// Half a screen up.
    PageUp,
    /// Open or close the selected row; on the overview, explain it.
    Open,
    /// The next order of the rows.
    Sort,
    /// The candidate's rows alone, or all.
    CandidateOnly,
    /// Type what rows must hold to be shown.
    Filter,
    /// Leave what is open.
    Close,
    /// Do what the panel says.
    Yes,
    /// Leave, and let the watch go on without a screen.
    HandOver,
    /// What was typed is complete.
    Submit,
    /// Take back the last letter.
    Erase,
    /// Leave.
    Quit,
    /// Once: say how to leave; twice: leave.
    Interrupt,
    /// Draw everything again.
    Redraw,
    /// Put the program aside.
    Suspend,
}

/// A key that acts, whatever it does at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Slot {
    /// One step up.
    Promote,
    /// All the way.
    PromoteFull,
    /// Back to the baseline.
    Rollback,
    /// Pause or resume.
    Hold,
    /// Abort.
    Abort,
    /// Arm or disarm auto-rollback.
    Arm,
}

/// Where a binding holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// On every view.
    Views,
    /// On every view and in an explanation.
    Checks,
    /// Where there are charts.
    Charts,
    /// Where there are panes, and in an explanation.
    Panes,
    /// Where rows open, and in an explanation.
    Rows,
    /// Where rows can be filtered.
    Filtered,
    /// On the list of instances.
    Instances,
    /// On every view, in an explanation and in the help.
    Reading,
    /// Where letters are typed: in a panel that asks, and in a filter.
    Field,
    /// In the line of a command.
    Line,
    /// In a panel that asks.
    Panel,
    /// Everywhere.
    Always,
}

/// A heading of the help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Keys that change the deployment.
    Act,
    /// Keys that move around.
    Move,
    /// Keys about the screen itself.
    Screen,
    /// Keys of a panel; said in the panel, not in the help.
    Panel,
}

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// Every key that does it, with its name.
    pub keys: &'static [(Key, &'static str)],
    /// What it does.
    pub command: Command,
    /// Where it holds.
    pub scope: Scope,
    /// Its heading in the help.
    pub group: Group,
    /// What it does, for the help.
    pub help: &'static str,
    /// One word for the key line; empty when it is not shown there.
    pub short: &'static str,
}

const fn binding(
    keys: &'static [(Key, &'static str)],
    command: Command,
    scope: Scope,
    group: Group,
    help: &'static str,
    short: &'static str,
) -> Binding {
    Binding { keys, command, scope, group, help, short }
}

/// Every key there is.
pub const BINDINGS: &[Binding] = &[
    binding(&[(Key::Char('p'), "p")], Command::Act(Slot::Promote), Scope::Views, Group::Act, "promote to the next step", ""),
    binding(&[(Key::Char('P'), "P")], Command::Act(Slot::PromoteFull), Scope::Views, Group::Act, "promote to 100 % at once", ""),
    binding(&[(Key::Char('R'), "R")], Command::Act(Slot::Rollback), Scope::Views, Group::Act, "roll back", ""),
    binding(&[(Key::Char(' '), "space")], Command::Act(Slot::Hold), Scope::Views, Group::Act, "pause, resume the rollout", ""),
    binding(&[(Key::Char('X'), "X")], Command::Act(Slot::Abort), Scope::Views, Group::Act, "abort: out of traffic, kept", ""),
    binding(&[(Key::Char('A'), "A")], Command::Act(Slot::Arm), Scope::Views, Group::Act, "arm, disarm auto-rollback", ""),
    binding(&[(Key::Char('e'), "e")], Command::Explain, Scope::Checks, Group::Move, "explain the selected check", "explain"),
    binding(&[(Key::Enter, "enter")], Command::Open, Scope::Rows, Group::Move, "open, close what is selected", "open"),
    binding(&[(Key::Char('d'), "d")], Command::Difference, Scope::Views, Group::Move, "difference, or both versions", "difference"),
    binding(
        &[(Key::Char('+'), "+"), (Key::Char('='), "=")],
        Command::Zoom(1),
        Scope::Charts,
        Group::Move,
        "less time: 2m30s at least",
        "",
    ),
    binding(&[(Key::Char('-'), "-")], Command::Zoom(-1), Scope::Charts, Group::Move, "more time: 2 hours at most", ""),
    binding(
        &[(Key::Char('['), "["), (Key::Left, "left")],
        Command::Scroll(-1),
        Scope::Charts,
        Group::Move,
        "half a width back in time",
        "",
    ),
    binding(
        &[(Key::Char(']'), "]"), (Key::Right, "right")],
        Command::Scroll(1),
        Scope::Charts,
        Group::Move,
        "half a width forth",
        "",
    ),
    binding(&[(Key::Char('0'), "0")], Command::Newest, Scope::Charts, Group::Move, "back to now, and to the usual zoom", ""),
    binding(&[(Key::Char('z'), "z")], Command::Enlarge, Scope::Charts, Group::Move, "enlarge the pane that has the keys", ""),
    binding(&[(Key::Tab, "tab")], Command::NextPane, Scope::Panes, Group::Move, "next pane; next check", ""),
    binding(&[(Key::BackTab, "shift-tab")], Command::PreviousPane, Scope::Panes, Group::Move, "the one before", ""),
    binding(
        &[(Key::Char('j'), "j"), (Key::Down, "down")],
        Command::Down,
        Scope::Reading,
        Group::Move,
        "select the next one, scroll",
        "select",
    ),
    binding(
        &[(Key::Char('k'), "k"), (Key::Up, "up")],
        Command::Up,
        Scope::Reading,
        Group::Move,
        "select the one before, scroll",
        "select",
    ),
    binding(&[(Key::Char('g'), "g"), (Key::Home, "home")], Command::First, Scope::Reading, Group::Move, "first", ""),
    binding(&[(Key::Char('G'), "G"), (Key::End, "end")], Command::Last, Scope::Reading, Group::Move, "last", ""),
    binding(
        &[(Key::PageDown, "pgdn"), (Key::Ctrl('d'), "ctrl-d")],
        Command::PageDown,
        Scope::Reading,
        Group::Move,
        "half a screen down",
        "",
    ),
    binding(
        &[(Key::PageUp, "pgup"), (Key::Ctrl('u'), "ctrl-u")],
        Command::PageUp,
        Scope::Reading,
        Group::Move,
        "half a screen up",
        "",
    ),
    binding(&[(Key::Char('s'), "s")], Command::Sort, Scope::Instances, Group::Move, "sort: worst, name, errors, ...", "sort"),
    binding(&[(Key::Char('v'), "v")], Command::CandidateOnly, Scope::Instances, Group::Move, "only the new version", "new only"),
    binding(&[(Key::Char('/'), "/")], Command::Filter, Scope::Filtered, Group::Move, "filter: text, kind:, after:", "filter"),
    binding(&[(Key::Char('1'), "1")], Command::View(View::Overview), Scope::Views, Group::Move, "overview", "views"),
    binding(
        &[(Key::Char('2'), "2")],
        Command::View(View::Instances),
        Scope::Views,
        Group::Move,
        "instances of both versions",
        "views",
    ),
    binding(&[(Key::Char('3'), "3")], Command::View(View::Steps), Scope::Views, Group::Move, "steps of the ladder", "views"),
    binding(&[(Key::Char('4'), "4")], Command::View(View::Events), Scope::Views, Group::Move, "everything that happened", "views"),
    binding(&[(Key::Char('5'), "5")], Command::View(View::Journal), Scope::Views, Group::Move, "actions of this watch", "views"),
    binding(&[(Key::Char('m'), "m")], Command::Metric(1), Scope::Charts, Group::Move, "next metric: p99, p95, p50, rate", "metric"),
    binding(&[(Key::Char('M'), "M")], Command::Metric(-1), Scope::Charts, Group::Move, "the metric before", ""),
    binding(&[(Key::Esc, "esc")], Command::Close, Scope::Always, Group::Move, "back, close", ""),
    binding(&[(Key::Char('?'), "?")], Command::Help, Scope::Reading, Group::Screen, "this help", "help"),
    binding(
        &[(Key::Char('f'), "f")],
        Command::Freeze,
        Scope::Views,
        Group::Screen,
        "freeze the picture; the watch goes on",
        "freeze",
    ),
    binding(&[(Key::Char(':'), ":")], Command::Line, Scope::Views, Group::Screen, "a command by its name; tab completes", ""),
    binding(&[(Key::Char('c'), "c")], Command::Copy, Scope::Panes, Group::Screen, "copy what was asked", ""),
    binding(&[(Key::Char('C'), "C")], Command::CopyAll, Scope::Panes, Group::Screen, "copy the explanation", ""),
    binding(&[(Key::Char('t'), "t")], Command::Theme, Scope::Reading, Group::Screen, "next theme", ""),
    binding(&[(Key::Ctrl('l'), "ctrl-l")], Command::Redraw, Scope::Always, Group::Screen, "draw again", ""),
    binding(&[(Key::Ctrl('z'), "ctrl-z")], Command::Suspend, Scope::Always, Group::Screen, "put aside, fg brings it back", ""),
    binding(&[(Key::Char('q'), "q")], Command::Quit, Scope::Reading, Group::Screen, "quit; asks while armed", "quit"),
    binding(&[(Key::Ctrl('c'), "ctrl-c")], Command::Interrupt, Scope::Always, Group::Screen, "twice: quit at once", ""),
    binding(&[(Key::Char('y'), "y")], Command::Yes, Scope::Panel, Group::Panel, "do it", ""),
    binding(&[(Key::Char('h'), "h")], Command::HandOver, Scope::Panel, Group::Panel, "leave, the watch goes on", ""),
    binding(&[(Key::Tab, "tab")], Command::Complete, Scope::Line, Group::Panel, "go on as far as it is clear", ""),
    binding(&[(Key::Enter, "enter")], Command::Submit, Scope::Field, Group::Panel, "what was typed is complete", ""),
    binding(&[(Key::Backspace, "backspace")], Command::Erase, Scope::Field, Group::Panel, "take back the last letter", ""),
];

/// Where keys go at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A view.
    View(View),
    /// A line that is being typed on a view.
    Typing,
    /// The line of a command.
    Line,
    /// The help.
    Help,
    /// An explanation.
    Explain,
    /// A panel that asks.
    Panel,
}

impl Place {
    /// Every one.
    const ALL: [Self; 11] = [
        Self::View(View::Overview),
        Self::View(View::Instances),
        Self::View(View::Steps),
        Self::View(View::Events),
        Self::View(View::Journal),
        Self::View(View::Difference),
        Self::Typing,
        Self::Line,
        Self::Help,
        Self::Explain,
        Self::Panel,
    ];
}

impl Scope {
    /// The views it holds on.
    pub(super) const fn views(self) -> &'static [View] {
        match self {
            Self::Always | Self::Views | Self::Checks | Self::Reading => View::ALL,
            Self::Panes | Self::Charts => &[View::Overview, View::Difference],
            Self::Rows => &[View::Overview, View::Instances, View::Journal, View::Difference],
            Self::Filtered => &[View::Instances, View::Events, View::Journal],
            Self::Instances => &[View::Instances],
            Self::Field | Self::Line | Self::Panel => &[],
        }
    }

    fn holds(self, place: Place) -> bool {
        match place {
            Place::View(view) => self.views().contains(&view),
            Place::Typing => matches!(self, Self::Always | Self::Field | Self::Reading),
            Place::Line => matches!(self, Self::Always | Self::Field | Self::Line),
            Place::Help => matches!(self, Self::Always | Self::Reading),
            Place::Explain => matches!(self, Self::Always | Self::Reading | Self::Checks | Self::Panes | Self::Rows),
            Place::Panel => matches!(self, Self::Always | Self::Field | Self::Panel),
        }
    }
}

impl Binding {
    /// Whether it does something on that view.
    pub(super) fn works_on(&self, view: View) -> bool {
        self.scope.holds(Place::View(view))
    }

    /// Whether the key line of that view names it. There is no room for all: panes name what explains, lists
    /// what chooses and opens.
    pub(super) fn is_named_on(&self, view: View) -> bool {
        let panes = Scope::Panes.views().contains(&view);
        let fits = match self.command {
            Command::Explain | Command::Difference => panes,
            Command::Open => !panes,
            Command::Down | Command::Up => !panes && view != View::Instances,
            _ => true,
        };
        fits && !self.short.is_empty() && self.scope.holds(Place::View(view))
    }
}

/// The slot that asks for it; none for what has no key.
pub(super) const fn slot(what: ActWhat) -> Option<Slot> {
    match what {
        ActWhat::Act(Action::Promote) => Some(Slot::Promote),
        ActWhat::Act(Action::PromoteFull) => Some(Slot::PromoteFull),
        ActWhat::Act(Action::Rollback) => Some(Slot::Rollback),
        ActWhat::Act(Action::Pause | Action::Resume) => Some(Slot::Hold),
        ActWhat::Act(Action::Abort) => Some(Slot::Abort),
        ActWhat::Act(Action::Retry) => None,
        ActWhat::Arm(_) => Some(Slot::Arm),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(key: Key, place: Place) -> Option<Command> {
        Keymap::default().command(key, place)
    }

    #[test]
    fn no_key_means_two_things_at_one_place() {
        for place in Place::ALL {
            let here = BINDINGS.iter().filter(|b| b.scope.holds(place)).flat_map(|b| b.keys);
            let mut keys: Vec<String> = here.map(|(key, _)| format!("{key:?}")).collect();
            let all = keys.len();
            keys.sort();
            keys.dedup();
            assert_eq!(keys.len(), all, "{place:?}");
        }
    }

    #[test]
    fn keys_that_act_do_nothing_over_a_panel_and_y_does_nothing_without_one() {
        for key in ['p', 'P', 'R', ' ', 'X', 'A'].map(Key::Char) {
            for view in View::ALL {
                assert!(matches!(command(key, Place::View(*view)), Some(Command::Act(_))), "{key:?} on {view:?}");
            }
            assert_eq!(command(key, Place::Panel), None);
            assert_eq!(command(key, Place::Typing), None);
            assert_eq!(command(key, Place::Help), None);
            assert_eq!(command(key, Place::Explain), None);
        }
        assert_eq!(command(Key::Char('y'), Place::View(View::Overview)), None);
        assert_eq!(command(Key::Char('y'), Place::Panel), Some(Command::Yes));
    }

    #[test]
    fn keys_of_later_views_do_nothing() {
        for key in "wn".chars().map(Key::Char) {
            assert_eq!(command(key, Place::View(View::Overview)), None, "{key:?}");
        }
    }
}
