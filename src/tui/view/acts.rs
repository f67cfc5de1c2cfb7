//! Every action of this watch, newest first: what, to what, by whom, why, and what came back.
//!
//! ```text
//! ▾  20:10:29  ✓ roll back to v2.4.0          by auto-rollback      seen to work in 34 s
//!      asked      20:10:29 by auto-rollback
//!      sent       20:10:29, at once
//!      seen       20:11:03, 34 s after it was sent
//!      read back  ✓ weight 0 %
//!                 ✓ no requests to v2.5.0
//!    20:01:12  ✓ promote to 25 %              by ana                seen to work in 5 s
//! ```

use ratatui::layout::Rect;

use super::list;
use crate::{
    engine::{
        action::Action,
        snapshot::{ActKey, ActRow, ActWhat, ActionView, Mode, Snapshot},
        time::Time,
    },
    humanize,
    tui::{
        keymap::Command,
        model::UiState,
        pen::{Pen, Run, wrapped},
        theme::Role,
    },
};

/// Where the columns begin: what, by whom, how it went.
const WHAT: u16 = 12;
const BY: u16 = 48;
const OUTCOME: u16 = 72;
/// From this width on who asked has a column.
const WIDE: u16 = 100;
/// On a narrower screen the outcome begins here.
const OUTCOME_NARROW: u16 = 36;
/// Columns before what is opened, and of its words.
const INDENT: u16 = 5;
const WORD: usize = 11;

/// One line of the list.
enum Line<'a> {
    Act { act: &'a ActRow, open: bool, chosen: bool },
    Detail(Vec<Run<'a>>),
}

/// Draws the view.
pub(super) fn draw(pen: &mut Pen<'_>, area: Rect, snapshot: &Snapshot, ui: &UiState) {
    let memory = &ui.lists.acts;
    let (acts, all) = (memory.visible(snapshot), snapshot.acts.len());
    let count = humanize::plural(all as f64, "action", "actions");
    let count = if acts.len() < all { format!("  {} of {count} shown", acts.len()) } else { format!("  {count}") };
    let title = [pen.shout(Role::Strong, "journal"), pen.say(Role::Dim, count)];
    let parts = list::pane(pen, area, snapshot, ui, &title, 0);
    let body = parts.list;
    if acts.is_empty() {
        return list::empty(pen, body, nothing(snapshot, ui));
    }
    let room = usize::from(body.width.saturating_sub(INDENT + 2));
    let at = memory.chosen(&acts);
    let (mut lines, mut marked) = (Vec::new(), 0..0);
    for (nth, act) in acts.iter().enumerate() {
        let start = lines.len();
        let open = memory.is_open(act, snapshot);
        lines.push(Line::Act { act, open, chosen: nth == at });
        if open {
            lines.extend(details(pen, act, ui.now, room).into_iter().map(Line::Detail));
        }
        if nth == at {
            marked = start..lines.len();
        }
    }
    let sight = list::sight(&marked, usize::from(body.height), lines.len());
    list::more(pen, area, &sight, lines.iter().map(|line| matches!(line, Line::Act { .. })));
    for (y, (at, line)) in (body.y..body.bottom()).zip(lines.iter().enumerate().skip(sight.start)) {
        let row = Rect { y, height: 1, ..body };
        match line {
            Line::Act { act, open, chosen } => {
                list::choosable(pen, row, &lines, at, |line| matches!(line, Line::Act { .. }));
                draw_row(pen, row, act);
                if *chosen {
                    list::chosen(pen, row);
                }
                if *open {
                    pen.dot(row.x, row.y, "▾", pen.theme.bold(Role::Strong));
                }
            }
            Line::Detail(runs) => {
                pen.write(row.x + INDENT, row.y, row.right().saturating_sub(1), runs);
            }
        }
    }
}

/// What the row of the views says.
pub(super) fn remarks() -> Vec<String> {
    vec!["newest first".to_owned()]
}

/// Why there is no row, and which keys would make one.
fn nothing(snapshot: &Snapshot, ui: &UiState) -> String {
    if !snapshot.acts.is_empty() {
        return format!("no action matches; {} shows all {}", ui.keymap.name(Command::Close), snapshot.acts.len());
    }
    let nothing = "nothing has been asked of the backend in this watch";
    if let Mode::ReadOnly(why) = &snapshot.deployment.mode {
        return format!("{nothing}; it is read-only: {why}");
    }
    let asks = |key: &ActKey| key.enabled && matches!(key.what, ActWhat::Act(_));
    let keys = ui.keymap.act_keys(snapshot).filter(|(_, key)| asks(key));
    let keys: Vec<String> = keys.map(|(name, key)| format!("{name} {}", key.label)).collect();
    if keys.is_empty() { nothing.to_owned() } else { format!("{nothing}; these keys would, after one more: {}", keys.join(", ")) }
}

fn draw_row(pen: &mut Pen<'_>, row: Rect, act: &ActRow) {
    let (mark, role, outcome) = outcome(&act.view);
    let wide = row.width >= WIDE;
    let end = row.right().saturating_sub(1);
    let outcome_at = row.x + if wide { OUTCOME } else { OUTCOME_NARROW };
    let what_end = if wide { row.x + BY } else { outcome_at };
    let clock = [pen.say(Role::Dim, humanize::clock(act.view.requested))];
    pen.write(row.x + 2, row.y, end, &clock);
    let what = [pen.shout(role, format!("{mark} ")), pen.shout(Role::Strong, what(act))];
    pen.write(row.x + WHAT, row.y, what_end.saturating_sub(1), &what);
    if wide {
        let by = [pen.say(Role::Dim, act.view.by.as_str())];
        pen.write(row.x + BY, row.y, outcome_at.saturating_sub(1), &by);
    }
    let outcome = [pen.say(role, outcome)];
    pen.write(outcome_at, row.y, end, &outcome);
}

fn what(act: &ActRow) -> String {
    let verb = act.view.action.verb();
    match act.view.action {
        _ if act.target.is_empty() => verb.to_owned(),
        Action::Pause | Action::Resume => format!("{verb} at {}", act.target),
        _ => format!("{verb} to {}", act.target),
    }
}

fn outcome(view: &ActionView) -> (&'static str, Role, String) {
    match (view.sent, view.done, &view.trouble) {
        (Some(_), _, Some(_)) => ("✗", Role::Bad, "not seen to work".to_owned()),
        (None, _, Some(_)) => ("✗", Role::Bad, "not done".to_owned()),
        (sent, Some(done), None) => {
            let took = humanize::duration(done.since(sent.unwrap_or(view.requested)));
            ("✓", Role::Good, format!("seen to work in {took}"))
        }
        (Some(_), None, None) => ("…", Role::Unsure, "sent, not seen yet".to_owned()),
        (None, None, None) => ("…", Role::Unsure, "being sent".to_owned()),
    }
}

/// What is known of an action, line by line.
fn details<'a>(pen: &Pen<'_>, act: &'a ActRow, now: Time, room: usize) -> Vec<Vec<Run<'a>>> {
    let view = &act.view;
    let mut items: Vec<(&str, Vec<Run<'a>>)> = Vec::new();
    let plain = |text: String| vec![pen.say(Role::Text, text)];
    items.push(("asked", plain(format!("{} {}", humanize::clock(view.requested), view.by))));
    items.extend(act.reason.as_ref().map(|reason| ("reason", plain(format!("\"{reason}\"")))));
    items.push(("sent", plain(sent(view))));
    if let Some(sent) = view.sent {
        items.push(("seen", seen(pen, view, sent, now)));
    }
    for (nth, fact) in view.facts.iter().enumerate() {
        let (mark, role, text) = if fact.holds { ("✓ ", Role::Good, Role::Text) } else { ("… ", Role::Dim, Role::Dim) };
        let word = if nth == 0 { "read back" } else { "" };
        items.push((word, vec![pen.shout(role, mark), pen.say(text, fact.text.as_str())]));
    }
    items.extend(view.trouble.as_ref().map(|trouble| ("trouble", vec![pen.shout(Role::Bad, trouble.as_str())])));
    let line = |(word, runs): (&str, Vec<Run<'a>>)| {
        let mut word = word.to_owned();
        let lines = wrapped(&runs, room.saturating_sub(WORD));
        let lead = move |line| [vec![pen.say(Role::Dim, format!("{:<WORD$}", std::mem::take(&mut word)))], line].concat();
        lines.into_iter().map(lead).collect::<Vec<_>>()
    };
    items.into_iter().flat_map(line).collect()
}

fn sent(view: &ActionView) -> String {
    match view.sent {
        Some(at) if at.since(view.requested).as_millis() < 500 => format!("{}, at once", humanize::clock(at)),
        Some(at) => format!("{}, {} later", humanize::clock(at), humanize::duration(at.since(view.requested))),
        None if view.trouble.is_some() => "never".to_owned(),
        None => "not yet".to_owned(),
    }
}

fn seen<'a>(pen: &Pen<'_>, view: &ActionView, sent: Time, now: Time) -> Vec<Run<'a>> {
    vec![match (view.done, &view.trouble) {
        (Some(at), _) => {
            pen.say(Role::Text, format!("{}, {} after it was sent", humanize::clock(at), humanize::duration(at.since(sent))))
        }
        (None, Some(_)) => pen.shout(Role::Bad, format!("not within {}", humanize::duration(view.limit.since(sent)))),
        (None, None) => {
            let (so_far, limit) = (humanize::duration(now.since(sent)), humanize::clock(view.limit));
            pen.say(Role::Text, format!("not yet, after {so_far}; called failed at {limit}"))
        }
    }]
}
