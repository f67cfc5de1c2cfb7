//! An action that runs or is done, in the rows of meter and window: what was seen of it, and how long it takes.

use ratatui::layout::Rect;

use crate::{
    engine::{
        action::Fact,
        snapshot::{ActionView, Snapshot},
        time::Time,
        verdict::Phase,
    },
    humanize,
    tui::{
        pen::{Pen, Run, cells, width},
        theme::Role,
    },
};

/// From this width on the rows have names.
const WIDE: u16 = 100;

/// Whether nobody knows yet how it ends.
pub(super) const fn is_running(action: &ActionView) -> bool {
    action.done.is_none() && action.trouble.is_none()
}

/// Whether it takes the rows: while it runs, when it went wrong, and once the watch is over. A promotion that worked makes room for
/// the evidence of the next step.
pub(super) fn takes_rows(action: &ActionView, snapshot: &Snapshot) -> bool {
    action.done.is_none() || matches!(snapshot.phase, Phase::Acting | Phase::Verifying | Phase::Ended)
}

/// Draws one row or two.
pub(super) fn draw(pen: &mut Pen<'_>, area: Rect, action: &ActionView, now: Time) {
    if area.height == 0 {
        return;
    }
    let mut facts = facts(pen, action);
    let took = took(pen, action, now);
    if area.height == 1 {
        let end = area.right().saturating_sub(1);
        // What went wrong is in the sentence above.
        let right = if action.trouble.is_some() { vec![pen.say(Role::Dim, action.by.as_str())] } else { took };
        let start = pen.write_right(area.x, area.y, end, &right[..right.len().min(2)]);
        trim(&mut facts, start.saturating_sub(area.x + 4));
        pen.write(area.x + 3, area.y, start.saturating_sub(1), &facts.concat());
        return;
    }
    let x = if area.width >= WIDE { 13 } else { 10 };
    let second = match (&action.trouble, action.done) {
        (Some(_), _) => "trouble",
        (None, Some(_)) => "took",
        (None, None) => "so far",
    };
    for (row, label) in [(0, "seen"), (1, second)] {
        let label = pen.say(Role::Dim, label);
        pen.write(area.x + 3, area.y + row, area.right(), &[label]);
    }
    trim(&mut facts, area.width.saturating_sub(x + 1));
    pen.write(area.x + x, area.y, area.right() - 1, &facts.concat());
    pen.write(area.x + x, area.y + 1, area.right() - 1, &took);
}

/// Drops facts from the end until they fit.
fn trim(facts: &mut Vec<Vec<Run<'_>>>, room: u16) {
    while facts.len() > 1 && cells(facts.iter().map(|fact| width(fact)).sum()) > room {
        facts.pop();
    }
}

fn facts<'a>(pen: &Pen<'_>, action: &'a ActionView) -> Vec<Vec<Run<'a>>> {
    let mut out = vec![match action.sent {
        Some(at) => {
            vec![
                pen.shout(Role::Good, "✓ "),
                pen.say(Role::Text, "sent "),
                pen.say(Role::Dim, humanize::clock(at)),
                pen.say(Role::Text, "   "),
            ]
        }
        None if action.trouble.is_some() => vec![pen.say(Role::Dim, "– not confirmed   ")],
        None => vec![pen.say(Role::Dim, "… sending   ")],
    }];
    // Where something is wrong, what was not seen comes first.
    let mut facts: Vec<&Fact> = action.facts.iter().collect();
    facts.sort_by_key(|fact| action.trouble.is_some() && fact.holds);
    out.extend(facts.into_iter().map(|fact| {
        let (mark, role, text) = if fact.holds { ("✓ ", Role::Good, Role::Text) } else { ("… ", Role::Dim, Role::Dim) };
        vec![pen.shout(role, mark), pen.say(text, fact.text.as_str()), pen.say(Role::Text, "   ")]
    }));
    out
}

fn took<'a>(pen: &Pen<'_>, action: &'a ActionView, now: Time) -> Vec<Run<'a>> {
    if let Some(trouble) = &action.trouble {
        return vec![pen.shout(Role::Bad, trouble.as_str())];
    }
    let began = action.sent.unwrap_or(action.requested);
    let (elapsed, rest) = match action.done {
        Some(done) => (done.since(began), format!(" until seen   {}", action.by)),
        None => (
            now.max(began).since(began),
            format!(" of {} until it is called failed   {}", humanize::duration(action.limit.since(began)), action.by),
        ),
    };
    vec![pen.shout(Role::Strong, humanize::duration(elapsed)), pen.say(Role::Dim, rest)]
}
