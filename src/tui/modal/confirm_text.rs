//! How the panel looks: everything a person should read before the second key, in a fixed order. Its words are in `confirm_words`.

use ratatui::{
    layout::Rect,
    style::{Modifier, Style},
};

use super::{
    confirm::{Confirm, Gate, Question},
    confirm_words as words,
};
use crate::{
    engine::{
        action::{Action, Preview},
        role::Role as Side,
        snapshot::{ActWhat, Snapshot},
        time::Time,
    },
    tui::{
        keymap::Command,
        pen::{Pen, Run, cells, tail, wrapped},
        theme::{Ground, Role},
        view::keys::{self, Remark},
    },
};

/// The panel is not wider than this.
const WIDEST: u16 = 90;
/// From this height on the answers stand apart.
const AIRY: u16 = 30;
/// Under this height the remark below the answers gives way: every item keeps its line on the smallest screen.
const COMPLETE: u16 = 16;
/// Columns of the words at the left.
const WORDS: u16 = 15;

/// One word at the left and its lines at the right.
struct Item<'a> {
    word: &'static str,
    lines: Vec<Vec<Run<'a>>>,
    /// Stands apart from what is above it, where there is room.
    apart: bool,
}

/// Draws the panel into the middle of `room`.
pub(in crate::tui) fn draw(pen: &mut Pen<'_>, room: Rect, snapshot: &Snapshot, panel: &Confirm) {
    let width = room.width.saturating_sub(2).min(WIDEST);
    let inner = usize::from(width.saturating_sub(6 + WORDS));
    let items = items(pen, snapshot, panel, inner);
    let foot = foot(pen, snapshot, panel, inner, room.height);
    let lines = laid_out(items, usize::from(room.height).saturating_sub(3 + foot.len()));
    let height = cells(3 + lines.len() + foot.len()).min(room.height);
    let area = Rect { x: room.x + (room.width - width) / 2, y: room.y + (room.height - height) / 3, width, height };
    let role = role(panel);
    pen.clear(Rect { x: area.x.saturating_sub(2), width: area.width + 4, ..area });
    pen.lay(area, Ground::Panel);
    let title = [pen.shout(Role::Strong, words::question(panel, snapshot))];
    pen.frame(area, role, &title, &[]);
    for (y, (word, line)) in (area.y + 1..).zip(&lines) {
        let word = pen.say(Role::Dim, *word);
        pen.write(area.x + 3, y, area.right() - 1, &[word]);
        pen.write(area.x + 3 + WORDS, y, area.right() - 1, line);
    }
    let rule = area.y + 1 + cells(lines.len());
    let edge = pen.theme.of(role);
    for x in area.left() + 1..area.right() - 1 {
        pen.dot(x, rule, "─", edge);
    }
    pen.dot(area.x, rule, "├", edge);
    pen.dot(area.right() - 1, rule, "┤", edge);
    for (y, line) in (rule + 1..).zip(&foot) {
        pen.write(area.x + 3 + WORDS, y, area.right() - 1, line);
    }
}

/// The key rows while the panel is open.
pub(in crate::tui) fn keys(pen: &mut Pen<'_>, area: Rect, snapshot: &Snapshot, panel: &Confirm, now: Time) {
    let last = Rect { y: area.bottom() - 1, height: 1, ..area };
    pen.clear(area);
    let left = [answer(pen, snapshot, panel), keys::key(pen, pen.keymap.name(Command::Close), "leave")];
    let right = vec![pen.say(Role::Dim, "other keys do nothing here · "), keys::freshness(pen, snapshot, now)];
    keys::row(pen, last, &left, &Remark::Spare(right));
}

/// With blank lines between the items where they fit; else without; else with the texts cut that matter least.
fn laid_out(mut items: Vec<Item<'_>>, room: usize) -> Vec<(&'static str, Vec<Run<'_>>)> {
    let total: usize = items.iter().map(|item| item.lines.len()).sum();
    let blanks = 1 + items.iter().filter(|item| item.apart).count();
    let airy = total + blanks <= room;
    cut(&mut items, total.saturating_sub(room));
    let mut out = Vec::new();
    for item in items {
        if airy && item.apart {
            out.push(("", Vec::new()));
        }
        out.extend(item.lines.into_iter().enumerate().map(|(nth, line)| (if nth == 0 { item.word } else { "" }, line)));
    }
    if airy {
        out.push(("", Vec::new()));
    }
    out
}

/// Takes `excess` lines away, each item keeping one.
fn cut(items: &mut [Item<'_>], mut excess: usize) {
    for word in ["why", "sends", "takes", "bound to", "what happens", "not undone", "to", "traffic"] {
        let Some(item) = items.iter_mut().find(|item| item.word == word) else { continue };
        let kept = item.lines.len().saturating_sub(excess).max(1);
        excess -= item.lines.len().saturating_sub(kept);
        if kept < item.lines.len() {
            let rest: Vec<_> = item.lines.drain(kept..).collect();
            item.lines.last_mut().into_iter().for_each(|last| rest.iter().for_each(|line| append(last, line)));
        }
    }
}

/// One line goes on where the other one ended; entries of a list are told apart.
fn append<'a>(line: &mut Vec<Run<'a>>, next: &[Run<'a>]) {
    if !line.last().is_some_and(|last| last.content.ends_with(' ')) {
        line.push(Run::raw("; "));
    }
    line.extend(next.iter().cloned());
}

fn items<'a>(pen: &Pen<'_>, snapshot: &'a Snapshot, panel: &Confirm, room: usize) -> Vec<Item<'a>> {
    let text = |word, text: String| Item { word, lines: wrapped(&[pen.say(Role::Text, text)], room), apart: true };
    match panel.question {
        Question::Act(ActWhat::Act(action)) => {
            panel.preview(snapshot).map(|preview| preview_items(pen, snapshot, (action, preview), room)).unwrap_or_default()
        }
        Question::Act(ActWhat::Arm(_)) | Question::Quit => {
            let happens = words::happens(panel.question, snapshot).map(|happens| text("what happens", happens));
            let or = words::hand_over(panel, snapshot, pen.keymap).map(|or| text("or", or));
            happens.into_iter().chain(or).collect()
        }
    }
}

fn preview_items<'a>(
    pen: &Pen<'_>,
    snapshot: &'a Snapshot,
    (action, preview): (Action, &'a Preview),
    room: usize,
) -> Vec<Item<'a>> {
    let text =
        |word, text: &str| Item { word, lines: wrapped(&[pen.say(Role::Text, text.to_owned())], room), apart: word == "takes" };
    let list = |word, entries: &'a [String], numbered: bool| Item {
        word,
        lines: entries.iter().enumerate().flat_map(|(nth, entry)| entry_lines(pen, nth, entry, numbered, room)).collect(),
        apart: true,
    };
    let mut items = Vec::new();
    items.extend(traffic(pen, snapshot, preview, room));
    items.push(Item { word: "to", lines: wrapped(&target(pen, snapshot, preview), room), apart: true });
    items.push(list("what happens", &preview.happens, true));
    items.push(list("not undone", &preview.not_undone, false));
    items.push(text("takes", &words::takes(action, preview, snapshot)));
    if let Some(worst) = snapshot.checks.first() {
        items.push(text("why", &worst.sentence));
    }
    items.push(text("sends", &preview.sends));
    items.push(text("bound to", &preview.bound_to));
    items.retain(|item| item.lines.iter().flatten().any(|run| !run.content.is_empty()));
    items
}

fn entry_lines<'a>(pen: &Pen<'_>, nth: usize, entry: &str, numbered: bool, room: usize) -> Vec<Vec<Run<'a>>> {
    let lead = if numbered { format!("{}  ", nth + 1) } else { String::new() };
    let indent = " ".repeat(lead.chars().count());
    let lines = wrapped(&[pen.say(Role::Text, entry.to_owned())], room.saturating_sub(lead.len()));
    let first = pen.say(Role::Dim, lead);
    let leads = std::iter::once(first).chain(std::iter::repeat_with(move || Run::raw(indent.clone())));
    leads.zip(lines).map(|(lead, line)| std::iter::once(lead).chain(line).collect()).collect()
}

/// Each version's share, before and after; absent where the backend moves no traffic.
fn traffic<'a>(pen: &Pen<'_>, snapshot: &'a Snapshot, preview: &Preview, room: usize) -> Option<Item<'a>> {
    let arrow = "━".repeat(if room >= 60 { 8 } else { 2 });
    let [candidate, baseline] = words::traffic(preview, snapshot)?.map(|share| {
        vec![
            pen.shout(share.side.into(), share.version),
            pen.say(Role::Text, format!("  {} ", share.before)),
            pen.say(Role::Dim, format!("{arrow}▸ ")),
            pen.shout(Role::Strong, share.after),
        ]
    });
    let one = [candidate.clone(), vec![Run::raw("       ")], baseline.clone()].concat();
    let fits = crate::tui::pen::width(&one) <= room;
    Some(Item { word: "traffic", lines: if fits { vec![one] } else { vec![candidate, baseline] }, apart: true })
}

fn target<'a>(pen: &Pen<'_>, snapshot: &Snapshot, preview: &'a Preview) -> Vec<Run<'a>> {
    let version = preview.target.version.as_str();
    let role = Side::BOTH.into_iter().find(|side| snapshot.version(*side) == version).map_or(Role::Strong, Role::from);
    let (reference, age) = words::target(preview, snapshot);
    vec![pen.shout(role, version), pen.say(Role::Text, reference), pen.say(Role::Dim, age)]
}

/// What is asked for, the keys, and what closes the panel.
fn foot<'a>(pen: &Pen<'_>, snapshot: &'a Snapshot, panel: &Confirm, room: usize, height: u16) -> Vec<Vec<Run<'a>>> {
    let airy = height >= AIRY;
    let mut parts = Vec::new();
    if let Some(ask) = words::ask(panel, snapshot) {
        let cursor = Run::styled(" ", Style::new().add_modifier(Modifier::REVERSED));
        parts.push(vec![
            vec![pen.say(Role::Text, ask)],
            vec![pen.shout(Role::Strong, tail(panel.typed.text(), room.saturating_sub(1))), cursor],
        ]);
    }
    let mut keys = answer(pen, snapshot, panel);
    keys.push(Run::raw(if airy { "   " } else { "" }));
    if panel.can_hand_over {
        keys.extend(keys::key(pen, pen.keymap.name(Command::HandOver), "hand over"));
    }
    keys.extend(keys::key(pen, pen.keymap.name(Command::Close), if room < 50 { "leave" } else { "leave, nothing happens" }));
    parts.push(vec![keys]);
    if height >= COMPLETE {
        parts.push(vec![vec![pen.say(Role::Dim, words::CLOSES)]]);
    }
    if !airy {
        return parts.concat();
    }
    let apart = parts.into_iter().flat_map(|part| std::iter::once(Vec::new()).chain(part));
    apart.collect()
}

/// The key that answers: filled once it would be taken.
fn answer<'a>(pen: &Pen<'_>, snapshot: &Snapshot, panel: &Confirm) -> Vec<Run<'a>> {
    let (name, ready) = match panel.gate {
        Gate::Yes => (pen.keymap.name(Command::Yes), true),
        Gate::Reason | Gate::Name => (pen.keymap.name(Command::Submit), panel.is_complete(snapshot)),
    };
    if ready {
        keys::filled(pen, name, words::verb(panel), role(panel))
    } else {
        vec![pen.say(Role::Faint, format!(" {name}  {}  ", words::verb(panel)))]
    }
}

/// Taking traffic from the candidate is drawn as bad news, giving it more as good.
fn role(panel: &Confirm) -> Role {
    match panel.question {
        Question::Act(ActWhat::Act(action)) if action.is_retreat() => Role::Bad,
        Question::Act(ActWhat::Act(action)) if action.is_promotion() => Role::Good,
        Question::Act(_) | Question::Quit => Role::Held,
    }
}
