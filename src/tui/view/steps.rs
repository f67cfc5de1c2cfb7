//! The ladder: what each step was, is, or is going to be, with its time and its evidence.
//!
//! ```text
//!      step  weight    seen   time in step                        requests   promote  ←  evidence  →  roll back
//!    ✓ 1        5 %   4.9 %   ━━━━━━━━━▒━━━━━━━━━━━━━━ 30m of 30m    4 312    100 % ┃████████│········┃   0 %      row
//!      │ 19:02:13  promoted by its own steps                 errors 0.23 % against 0.21 %   p99 209 ms             story
//!      │ 40 s blind, made up at the end of the step
//! ▸  ● 3       50 %  49.8 %   ━━━━━━━━━━·············· 13m of 30m   18 220     71 % ┃··▐█████│▏·······┃   3 %
//!    ○ 4       75 %           ························
//!  ───────────────────────────────────────────────────────────────────────────────────────────────
//!    all together  2h42m left if nothing changes, done about 22:56                                                facts
//! ```
//!
//! Where rows are short, each step is one line and only the chosen one tells its story.

use ratatui::layout::Rect;

use super::list;
use crate::{
    engine::snapshot::{Snapshot, StepRow, StepState},
    humanize,
    tui::{
        model::UiState,
        pen::{Pen, Run, cells},
        theme::Role,
    },
};

mod facts;
mod row;
mod story;

use row::Columns;

/// One line of the list.
enum Line<'a> {
    /// The row of the step at that place.
    Step(usize),
    Story(Vec<Run<'a>>),
}

/// Draws the view.
pub(super) fn draw(pen: &mut Pen<'_>, area: Rect, snapshot: &Snapshot, ui: &UiState) {
    let ladder: Vec<String> = snapshot.steps.iter().filter_map(|step| step.weight).map(humanize::share).collect();
    let title = [pen.shout(Role::Strong, "steps"), pen.say(Role::Dim, format!("  {}", ladder.join(" → ")))];
    let room = area.height.saturating_sub(2 + list::WITH_FOOT);
    let facts = facts::lines(pen, snapshot, usize::from(area.width.saturating_sub(7)), usize::from(room));
    let foot = if snapshot.steps.is_empty() { 0 } else { cells(facts.len()) };
    let parts = list::pane(pen, area, snapshot, ui, &title, foot);
    if snapshot.steps.is_empty() {
        let text = format!("this strategy has no steps: one window of {}", humanize::duration(snapshot.window.length));
        return list::empty(pen, parts.list, text);
    }
    for (y, line) in (parts.foot.y..parts.foot.bottom()).zip(&facts) {
        pen.write(parts.foot.x + 3, y, parts.foot.right().saturating_sub(1), line);
    }
    let columns = Columns::of(parts.list.width);
    row::head(pen, Rect { height: 1, ..parts.list }, &columns);
    let body = Rect { y: parts.list.y + 1, height: parts.list.height.saturating_sub(1), ..parts.list };
    let chosen = ui.lists.chosen_step(snapshot);
    let (lines, marked) = lines(pen, snapshot, chosen, body);
    let sight = list::sight(&marked, usize::from(body.height), lines.len());
    list::more(pen, area, &sight, lines.iter().map(|line| matches!(line, Line::Step(_))));
    for (y, (line_at, line)) in (body.y..body.bottom()).zip(lines.iter().enumerate().skip(sight.start)) {
        let at = Rect { y, height: 1, ..body };
        match line {
            Line::Step(nth) => {
                list::choosable(pen, at, &lines, line_at, |line| matches!(line, Line::Step(_)));
                if let Some(step) = snapshot.steps.get(*nth) {
                    row::draw(pen, at, &columns, step);
                }
                if *nth == chosen {
                    list::chosen(pen, at);
                }
            }
            Line::Story(runs) => {
                pen.write(at.x + story::INDENT, at.y, at.right().saturating_sub(1), runs);
            }
        }
    }
}

/// Every line, and which are the chosen step's. The stories of all steps, with or without blanks between them, or of the chosen one.
fn lines<'a>(pen: &Pen<'_>, snapshot: &'a Snapshot, chosen: usize, body: Rect) -> (Vec<Line<'a>>, std::ops::Range<usize>) {
    let room = usize::from(body.height);
    let stories: Vec<_> = snapshot.steps.iter().map(|step| story::lines(pen, step, body.width)).collect();
    let all = stories.len() + stories.iter().map(Vec::len).sum::<usize>();
    let blanks = all + stories.len().saturating_sub(1) <= room;
    let (mut lines, mut marked) = (Vec::new(), 0..0);
    for (nth, story) in stories.into_iter().enumerate() {
        if blanks && nth > 0 {
            lines.push(Line::Story(Vec::new()));
        }
        let start = lines.len();
        lines.push(Line::Step(nth));
        if all <= room || nth == chosen {
            lines.extend(story.into_iter().map(Line::Story));
        }
        if nth == chosen {
            marked = start..lines.len();
        }
    }
    (lines, marked)
}

/// What the row of the views says, the longest first.
pub(super) fn remarks(snapshot: &Snapshot) -> Vec<String> {
    let mut steps = snapshot.steps.iter().filter(|step| !step.length.is_zero());
    let Some(first) = steps.next() else { return Vec::new() };
    if steps.any(|step| step.length != first.length) {
        return Vec::new();
    }
    vec![format!("{} a step", humanize::duration(first.length))]
}

/// The share that is asked for; the checks before the first step have none to speak of.
pub(super) fn weight(step: &StepRow) -> String {
    match step.weight {
        _ if step.number == 0 => "smoke".to_owned(),
        Some(weight) => humanize::share(weight),
        None => "–".to_owned(),
    }
}

/// The glyph of a state, its colour, and its word.
pub(super) const fn look(state: StepState) -> (&'static str, Role, &'static str) {
    match state {
        StepState::Passed => ("✓", Role::Good, "passed"),
        StepState::Current => ("●", Role::Strong, "now"),
        StepState::Failed => ("✗", Role::Bad, "failed"),
        StepState::Left => ("–", Role::Unsure, "left without a verdict"),
        StepState::Waiting => ("○", Role::Dim, "waits"),
        StepState::Before => ("–", Role::Dim, "before this watch"),
    }
}
