//! The two versions, what their health pages say, and facts about the rollout.

use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr as _;

use crate::{
    engine::{
        role::Role as Side,
        sample::{CheckState, HealthCheck},
        snapshot::{Snapshot, VersionRow},
    },
    tui::{
        pen::{Pen, Run, cells, tail, width},
        theme::Role,
    },
};

/// Columns of share, readiness, rate and age; they have more where they need it.
const FIGURES: [u16; 4] = [6, 11, 8, 8];
/// Columns of a fact's word.
const WORD: usize = 8;

/// Draws the pane.
pub(super) fn draw(pen: &mut Pen<'_>, area: Rect, snapshot: &Snapshot) {
    let title = [pen.shout(Role::Text, "versions")];
    pen.frame(area, Role::Rule, &title, &[]);
    let end = area.right() - 1;
    for (row, side) in (1..).zip(Side::BOTH) {
        version(pen, Rect { y: area.y + row, height: 1, ..area }, snapshot, side);
    }
    let rows = lines(pen, snapshot, usize::from(area.width.saturating_sub(3)));
    for (y, line) in (area.y + 4..area.bottom() - 1).zip(rows) {
        pen.write(area.x + 2, y, end, &line);
    }
}

/// Name, share, readiness, rate and age; the age goes first when a long name needs its place.
fn version(pen: &mut Pen<'_>, row: Rect, snapshot: &Snapshot, side: Side) {
    let v = snapshot.versions.of(side);
    let (left, end) = (row.x + 2, row.right() - 1);
    let longest = Side::BOTH.map(|s| snapshot.version(s).width()).into_iter().max().unwrap_or(0);
    let [least, ready, rate, age] = FIGURES;
    let widest = |text: fn(&VersionRow) -> String| {
        let widths = Side::BOTH.map(|s| text(snapshot.versions.of(s)).width());
        cells(widths.into_iter().max().unwrap_or(0)) + 1
    };
    let share = least.max(widest(|v| v.share.clone()));
    let ready = (ready - (share - least).min(ready)).max(widest(ready_words));
    let age = age.max(widest(|v| v.age.clone()));
    let with_age = left + cells(longest) + share + ready + rate + age <= end;
    let figures = share + ready + rate + if with_age { age } else { 0 };
    let mut x = end.saturating_sub(figures);
    let name = pen.shout(side.into(), tail(&v.name, usize::from(x.saturating_sub(left))));
    pen.write(left, row.y, x, &[name]);
    let rate_role = if v.rate.starts_with('?') { Role::Held } else { Role::Text };
    let columns = [
        (share, pen.say(Role::Text, v.share.as_str())),
        (ready, readiness(pen, v)),
        (rate, pen.say(rate_role, v.rate.as_str())),
        (age, pen.say(Role::Dim, v.age.as_str())),
    ];
    for (width, run) in columns.into_iter().take(if with_age { 4 } else { 3 }) {
        pen.write_right(x, row.y, x + width, &[run]);
        x += width;
    }
}

fn readiness<'a>(pen: &Pen<'_>, version: &VersionRow) -> Run<'a> {
    let role = match version.ready {
        Some((ready, all)) if ready < all => Role::Bad,
        Some(_) => Role::Good,
        None => Role::Dim,
    };
    pen.say(role, ready_words(version))
}

fn ready_words(version: &VersionRow) -> String {
    version.ready.map_or_else(|| "–".to_owned(), |(ready, all)| format!("{ready}/{all} ready"))
}

/// What stands under the versions: their health checks, once where both say the same, then the facts.
fn lines<'a>(pen: &Pen<'_>, snapshot: &'a Snapshot, room: usize) -> Vec<Vec<Run<'a>>> {
    let versions = &snapshot.versions;
    let mut lines = Vec::new();
    if versions.baseline.checks == versions.candidate.checks {
        lines.extend(health(pen, &pen.say(Role::Dim, "checks"), &versions.candidate.checks, room));
    } else {
        for side in Side::BOTH {
            let label = pen.say(side.into(), tail(&versions.of(side).name, WORD - 1));
            lines.extend(health(pen, &label, &versions.of(side).checks, room));
        }
    }
    lines.extend(
        snapshot
            .facts
            .iter()
            .map(|(word, value)| vec![label(&pen.say(Role::Dim, word.as_str())), pen.say(Role::Text, value.as_str())]),
    );
    lines
}

/// One version's checks, over as many lines as they take.
fn health<'a>(pen: &Pen<'_>, word: &Run<'_>, checks: &'a [HealthCheck], room: usize) -> Vec<Vec<Run<'a>>> {
    let mut lines: Vec<Vec<Run<'a>>> = Vec::new();
    let mut line = vec![label(word)];
    for check in checks {
        let item = item(pen, check);
        let first = line.len() == 1;
        if !first && width(&line) + 1 + width(&item) > room {
            lines.push(std::mem::replace(&mut line, vec![label(&Run::raw(""))]));
        } else if !first {
            line.push(Run::raw(" "));
        }
        line.extend(item);
    }
    if line.len() > 1 {
        lines.push(line);
    }
    lines
}

fn item<'a>(pen: &Pen<'_>, check: &'a HealthCheck) -> Vec<Run<'a>> {
    match check.state {
        CheckState::Passes => vec![pen.say(Role::Good, "✓ "), pen.say(Role::Text, check.name.as_str())],
        CheckState::Fails => vec![pen.shout(Role::Bad, "✗ "), pen.shout(Role::Bad, format!("{} {}", check.name, check.said))],
        CheckState::Other => vec![pen.say(Role::Unsure, "○ "), pen.say(Role::Text, format!("{} {}", check.name, check.said))],
    }
}

/// A word in the column of words.
fn label<'a>(word: &Run<'_>) -> Run<'a> {
    let blank = WORD.saturating_sub(word.width()).max(1);
    Run::styled(format!("{}{}", word.content, " ".repeat(blank)), word.style)
}
