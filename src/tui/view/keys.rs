//! The last rows: keys that act, and below them keys that look. At their end stands how fresh the data is.

use std::time::Duration;

use crate::{
    engine::{
        role::Role as Side,
        snapshot::{ActKey, Mode, Reading, Snapshot},
        time::Time,
    },
    humanize,
    tui::{
        keymap::{Binding, Command, Place},
        model::{UiState, View},
        pen::{Pen, Run, cells, tail, width},
        theme::{Ground, Role},
    },
};
use ratatui::layout::Rect;

/// Columns of "polls each 5 s".
const FRESH: usize = 14;
/// Columns of a version's name in a key's words.
const VERSION: usize = 12;
/// Keys that look on every view, at the end of their row: help, freeze, quit.
const EVERYWHERE: usize = 3;
/// Data older than so many polls is late.
const LATE_POLLS: u32 = 2;

/// How much of each key is said.
#[derive(Clone, Copy)]
enum Detail {
    Notes,
    Labels,
    Short,
}

/// A key with its words.
pub(in crate::tui) type Entry<'a> = Vec<Run<'a>>;

/// What stands at the right of a row of keys.
pub(in crate::tui) enum Remark<'a> {
    /// Shown where the keys leave room.
    Spare(Vec<Run<'a>>),
    /// Shown whatever keys it costs.
    Urgent(Vec<Run<'a>>),
}

/// Draws one row or two. A note about a key comes before the freshness of the data where there is one place for both.
pub(super) fn draw(pen: &mut Pen<'_>, area: Rect, snapshot: &Snapshot, ui: &UiState) {
    if ui.place() == Place::Typing {
        return typing(pen, area, snapshot, ui);
    }
    let acts = acts(pen, snapshot, usize::from(area.width) - 2);
    let mut looks = looks(pen, snapshot, ui.view);
    // What every view has stands at the end; of what is before, the last is missed least.
    while area.height > 1 && looks.len() > EVERYWHERE + 1 && length(&looks) > usize::from(area.width) {
        looks.remove(looks.len() - EVERYWHERE - 1);
    }
    let fresh = freshness(pen, snapshot, ui.now);
    let beside = length(&acts) + fresh.width() < usize::from(area.width);
    let fresh = if lateness(snapshot, ui.now).is_some() { Remark::Urgent(vec![fresh]) } else { Remark::Spare(vec![fresh]) };
    let note = ui.note.as_ref().map(|note| Remark::Urgent(vec![pen.shout(Role::Held, note.as_str())]));
    if area.height < 2 {
        return row(pen, area, &[acts, looks].concat(), &note.unwrap_or(fresh));
    }
    let nothing = Remark::Spare(Vec::new());
    let (first, second) = if beside { (fresh, note.unwrap_or(nothing)) } else { (nothing, note.unwrap_or(fresh)) };
    row(pen, area, &acts, &first);
    row(pen, Rect { y: area.y + 1, ..area }, &looks, &second);
}

/// While a line is typed, no key acts.
fn typing(pen: &mut Pen<'_>, area: Rect, snapshot: &Snapshot, ui: &UiState) {
    let last = Rect { y: area.bottom() - 1, height: 1, ..area };
    let keys = [key(pen, pen.keymap.name(Command::Submit), "keep"), key(pen, pen.keymap.name(Command::Close), "clear")];
    let fresh = Remark::Spare(vec![pen.say(Role::Dim, "other keys are letters · "), freshness(pen, snapshot, ui.now)]);
    row(pen, last, &keys, &fresh);
}

/// As many keys as fit at the left, and the remark at the right.
pub(in crate::tui) fn row(pen: &mut Pen<'_>, area: Rect, entries: &[Entry<'_>], remark: &Remark<'_>) {
    let (mut x, end) = (area.x + 1, area.right().saturating_sub(1));
    let (Remark::Spare(runs) | Remark::Urgent(runs)) = remark;
    let remark_at = end.saturating_sub(cells(width(runs))).max(x);
    let urgent = matches!(remark, Remark::Urgent(_));
    let keys_end = if urgent { remark_at } else { end };
    for entry in entries {
        let blanks = entry.last().map_or(0, |last| last.content.chars().rev().take_while(|letter| *letter == ' ').count());
        let words = width(entry) - blanks;
        if x + cells(words) > keys_end {
            // What stands alone in its row, such as why there are no keys, is cut rather than left out.
            if entries.len() == 1 {
                pen.write(x, area.y, keys_end, entry);
            }
            break;
        }
        x = pen.write(x, area.y, end, entry);
    }
    // What a key's trailing blanks cover is still free.
    if urgent || x <= remark_at {
        pen.write_right(remark_at, area.y, end, runs);
    }
}

fn length(entries: &[Entry<'_>]) -> usize {
    entries.iter().map(|entry| width(entry)).sum()
}

/// A key as a block, and what it does.
pub(in crate::tui) fn key<'a>(pen: &Pen<'_>, name: &str, does: &str) -> Entry<'a> {
    vec![pen.theme.key(name), pen.say(Role::Text, format!(" {does}  "))]
}

/// The one key to press.
pub(in crate::tui) fn filled<'a>(pen: &Pen<'_>, name: &str, does: &str, role: Role) -> Entry<'a> {
    vec![Run::styled(format!(" {name} {does} "), pen.theme.fill(role)), Run::raw("  ")]
}

/// The keys that act, with as many words as there is room for beside the freshness.
fn acts<'a>(pen: &Pen<'_>, snapshot: &'a Snapshot, room: usize) -> Vec<Entry<'a>> {
    if let Mode::ReadOnly(why) = &snapshot.deployment.mode {
        return vec![vec![pen.say(Role::Dim, format!(" read-only: {why}"))]];
    }
    let said =
        |detail| pen.keymap.act_keys(snapshot).map(|(name, act)| act_key(pen, name, act, detail, snapshot)).collect::<Vec<_>>();
    let fitting = [Detail::Notes, Detail::Labels].into_iter().map(said).find(|entries| length(entries) + FRESH <= room);
    fitting.unwrap_or_else(|| said(Detail::Short))
}

fn act_key<'a>(pen: &Pen<'_>, name: &str, act: &ActKey, detail: Detail, snapshot: &Snapshot) -> Entry<'a> {
    let label = if matches!(detail, Detail::Short) { &act.short } else { &act.label };
    let note = act.note.as_ref().filter(|_| matches!(detail, Detail::Notes)).map(|note| format!(" ({note})")).unwrap_or_default();
    if act.filled {
        return filled(pen, name, &format!("{label}{note}"), snapshot.badge.tone.into());
    }
    if act.enabled {
        return vec![pen.theme.key(name), pen.say(Role::Text, format!(" {label}")), pen.say(Role::Dim, format!("{note}  "))];
    }
    let block = pen.theme.of(Role::Faint).patch(pen.theme.ground(Ground::Bar));
    vec![Run::styled(format!(" {name} "), block), pen.say(Role::Faint, format!(" {label}{note}  "))]
}

/// The keys that do something on this view. Those next to each other that do the same are one entry, and more than two of them one
/// block.
fn looks<'a>(pen: &Pen<'_>, snapshot: &Snapshot, view: View) -> Vec<Entry<'a>> {
    let shown = pen.keymap.lines().filter(|(binding, _)| binding.is_named_on(view));
    let shown: Vec<(&Binding, &str)> = shown.filter_map(|(binding, keys)| Some((binding, keys.first()?.1.as_str()))).collect();
    let entry = |same: &[(&Binding, &str)]| {
        let names: Vec<&str> = same.iter().map(|(_, name)| *name).collect();
        let mut runs: Entry<'a> = match names.as_slice() {
            [first, _, .., last] => vec![pen.theme.key(&format!("{first}-{last}"))],
            few => few.iter().map(|name| pen.theme.key(name)).collect(),
        };
        let short = |binding: &Binding| match binding.command {
            Command::CandidateOnly => format!(" only {}  ", tail(snapshot.version(Side::Candidate), VERSION)),
            _ => format!(" {}  ", binding.short),
        };
        runs.extend(same.first().map(|(binding, _)| pen.say(Role::Text, short(binding))));
        runs
    };
    shown.chunk_by(|(a, _), (b, _)| a.short == b.short).map(entry).collect()
}

/// `polls each 5 s`, or how long nothing has come.
pub(in crate::tui) fn freshness<'a>(pen: &Pen<'_>, snapshot: &Snapshot, now: Time) -> Run<'a> {
    match lateness(snapshot, now) {
        Some(late) => pen.shout(Role::Held, format!("no sample for {}", humanize::duration(late))),
        None if snapshot.ended.is_some() => pen.say(Role::Dim, "the watch is over"),
        None => pen.say(Role::Dim, format!("polls each {}", humanize::duration(snapshot.deployment.poll))),
    }
}

/// How long no version has answered, once that is more than two polls. A watch that is over does not wait.
pub(super) fn lateness(snapshot: &Snapshot, now: Time) -> Option<Duration> {
    let answered = |reading: &Reading| *reading != Reading::Blind;
    let newest = snapshot
        .charts
        .points
        .iter()
        .rev()
        .find(|point| Side::BOTH.iter().any(|side| answered(point.errors.of(*side)) || answered(point.p99.of(*side))));
    let late = now.since(newest.map_or(snapshot.started, |point| point.at));
    (snapshot.ended.is_none() && late > snapshot.deployment.poll * LATE_POLLS).then_some(late)
}
