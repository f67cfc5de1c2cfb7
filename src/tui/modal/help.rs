//! Every key as it is now, made from the table of keys; and what glyphs and lines say.

use ratatui::layout::Rect;

use crate::{
    engine::{
        role::Role as Side,
        snapshot::{Glyph, Mode, Snapshot},
    },
    tui::{
        glyph,
        input::Key,
        keymap::{self, Binding, Command, Group, Keymap},
        model::{UiState, View},
        pen::{Pen, Run, cells},
        theme::{Glyphs, Ground, Role, Theme},
        view::{
            keys::{self, Remark},
            verdict_row,
        },
    },
};

use super::Modal;

/// From this width on it has two columns.
const TWO_COLUMNS: u16 = 100;
/// Columns of the keys.
const KEYS: usize = 17;
/// Rows that hold no line of the help: verdict, frame and keys.
const AROUND: u16 = 4;

type Lines<'a> = Vec<Vec<Run<'a>>>;

/// Draws the help over the overview, under one row of the verdict.
pub(in crate::tui) fn draw(pen: &mut Pen<'_>, area: Rect, snapshot: &Snapshot, ui: &UiState) {
    verdict_row(pen, Rect { height: 1, ..area }, snapshot, ui);
    let scrolled = match &ui.modal {
        Some(Modal::Help(scrolled)) => *scrolled,
        _ => 0,
    };
    let frame = Rect { y: area.y + 1, height: area.height.saturating_sub(2), ..area };
    let inner =
        Rect { x: frame.x + 2, y: frame.y + 1, width: frame.width.saturating_sub(3), height: frame.height.saturating_sub(2) };
    let columns = columns((pen.theme, pen.keymap), snapshot, area.width);
    let longest = columns.iter().map(Vec::len).max().unwrap_or(0);
    let title = [pen.shout(Role::Strong, "help"), pen.say(Role::Dim, "  every key, as it is now")];
    let last = (scrolled + usize::from(inner.height)).min(longest);
    let more = [pen.say(Role::Dim, format!("{} to {last} of {longest}", scrolled + 1))];
    pen.frame(frame, Role::Focus, &title, if longest > usize::from(inner.height) { &more } else { &[] });
    let each = inner.width / cells(columns.len()).max(1);
    for (nth, lines) in (0..).zip(&columns) {
        column(pen, Rect { x: inner.x + each * nth, width: each, ..inner }, lines, scrolled);
    }
    let bottom = [
        keys::key(pen, pen.keymap.name(Command::Close), "close"),
        keys::key(pen, &format!("{} {}", pen.keymap.name(Command::Down), pen.keymap.name(Command::Up)), "scroll"),
    ];
    let fresh = Remark::Spare(vec![pen.say(Role::Dim, "watching goes on · "), keys::freshness(pen, snapshot, ui.now)]);
    keys::row(pen, Rect { y: area.bottom().saturating_sub(1), height: 1, ..area }, &bottom, &fresh);
}

/// How far it can be scrolled on a screen of that size.
pub(in crate::tui) fn last_scroll(snapshot: &Snapshot, ui: &UiState) -> usize {
    let (width, height) = ui.size;
    let longest = columns((Theme::PLAIN, &ui.keymap), snapshot, width).iter().map(Vec::len).max().unwrap_or(0);
    longest.saturating_sub(usize::from(height.saturating_sub(AROUND)))
}

fn columns<'a>((theme, keymap): (Theme, &Keymap), snapshot: &'a Snapshot, width: u16) -> Vec<Lines<'a>> {
    let act = group(theme, keymap, snapshot, Group::Act, "act (each asks once more)");
    let go = group(theme, keymap, snapshot, Group::Move, "move (in brackets: on these views only)");
    let screen = group(theme, keymap, snapshot, Group::Screen, "screen");
    let legends = legends(theme, snapshot);
    if width >= TWO_COLUMNS { vec![apart([act, screen, legends]), go] } else { vec![apart([act, go, screen, legends])] }
}

/// One under the other, with a line between them.
fn apart<const N: usize>(groups: [Lines<'_>; N]) -> Lines<'_> {
    groups.into_iter().filter(|lines| !lines.is_empty()).collect::<Vec<_>>().join(&Vec::new())
}

fn column(pen: &mut Pen<'_>, area: Rect, lines: &[Vec<Run<'_>>], scrolled: usize) {
    for (row, line) in (0..area.height).zip(lines.iter().skip(scrolled)) {
        pen.write(area.x, area.y + row, area.right(), line);
    }
}

/// A heading and its keys; nothing of what this session may not do.
fn group<'a>(theme: Theme, keymap: &Keymap, snapshot: &'a Snapshot, group: Group, heading: &'static str) -> Lines<'a> {
    if group == Group::Act && matches!(snapshot.deployment.mode, Mode::ReadOnly(_)) {
        return Vec::new();
    }
    let keys = keymap.lines().filter(|(binding, keys)| binding.group == group && !keys.is_empty());
    let lines = keys.map(|(binding, keys)| line((theme, keymap), (binding, keys), snapshot));
    std::iter::once(vec![theme.shout(Role::Strong, heading)]).chain(lines).collect()
}

fn line<'a>(
    (theme, keymap): (Theme, &Keymap),
    (binding, keys): (&Binding, &[(Key, String)]),
    snapshot: &'a Snapshot,
) -> Vec<Run<'a>> {
    let mut runs = vec![Run::raw(" ")];
    let mut used = 0;
    for (_, name) in keys {
        runs.push(theme.key(name));
        runs.push(Run::raw(" "));
        used += name.chars().count() + 3;
    }
    runs.push(Run::raw(" ".repeat(KEYS.saturating_sub(used))));
    let now = snapshot.keys.iter().find(|key| keymap::slot(key.what).map(Command::Act) == Some(binding.command));
    match (binding.group, now) {
        (Group::Act, Some(key)) => {
            runs.push(theme.say(if key.enabled { Role::Text } else { Role::Faint }, key.label.as_str()));
            runs.extend(key.note.as_ref().map(|note| theme.say(Role::Held, format!("  {note}"))));
        }
        (Group::Act, None) => {
            runs.push(theme.say(Role::Faint, binding.help));
            runs.push(theme.say(Role::Faint, "  not here"));
        }
        _ => runs.push(theme.say(Role::Text, binding.help)),
    }
    runs.push(theme.say(Role::Dim, where_it_works(keymap, binding)));
    runs
}

/// The keys of the views that a key works on, where that is not all of them.
fn where_it_works(keymap: &Keymap, binding: &Binding) -> String {
    let views = binding.scope.views();
    let key = |view: &View| match view {
        View::Difference => keymap.name(Command::Difference),
        view => keymap.name(Command::View(*view)),
    };
    let keys: Vec<&str> = views.iter().map(key).filter(|name| !name.is_empty()).collect();
    if views.len() == View::ALL.len() { String::new() } else { format!(" ({})", keys.join(" ")) }
}

fn legends(theme: Theme, snapshot: &Snapshot) -> Lines<'_> {
    let mut lines = vec![vec![theme.shout(Role::Strong, "what the glyphs say")]];
    let glyphs = [
        [(Glyph::Pass, Role::Good, "pass"), (Glyph::NoData, Role::Unsure, "no data")],
        [(Glyph::Warn, Role::Bad, "warn"), (Glyph::Unknown, Role::Held, "provider error")],
        [(Glyph::Fail, Role::Bad, "fail"), (Glyph::Shared, Role::Held, "shared")],
        [(Glyph::Unsure, Role::Unsure, "insufficient"), (Glyph::Muted, Role::Dim, "muted")],
    ];
    for pair in glyphs {
        lines.push(pair.into_iter().fold(vec![Run::raw("  ")], |mut line, (mark, role, word)| {
            line.push(theme.shout(role, glyph::symbol(mark)));
            line.push(theme.say(Role::Text, format!(" {word:<16}")));
            line
        }));
    }
    lines.push(Vec::new());
    lines.push(vec![theme.shout(Role::Strong, "what the lines say")]);
    lines.extend(strokes(theme, snapshot));
    lines
}

fn strokes(theme: Theme, snapshot: &Snapshot) -> Lines<'_> {
    let (thin, thick) = match theme.glyphs {
        Glyphs::Braille => ("⣀⡠⠤⠒⠉", "⣤⡤⠶⠛⠋"),
        Glyphs::Blocks => ("▄▄▀▀▀", "█████"),
        Glyphs::Box => ("─────", "═════"),
        Glyphs::Ascii => (".....", "#####"),
    };
    let shaded = |role: Role, ground: Ground, mark: &'static str| {
        let style = theme.of(role).patch(theme.ground(ground));
        Run::styled(if theme.has_grounds() { "     " } else { mark }, style)
    };
    let rows = [
        (theme.say(Role::Baseline, thin), format!("{}, thin", snapshot.version(Side::Baseline))),
        (theme.shout(Role::Candidate, thick), format!("{}, thick", snapshot.version(Side::Candidate))),
        (theme.say(Role::Limit, "┄┄┄┄┄"), "limit".to_owned()),
        (theme.say(Role::Candidate, "  ○  "), "too few requests to judge".to_owned()),
        (theme.shout(Role::Candidate, "  ▲  "), "off the scale".to_owned()),
        (theme.say(Role::Faint, "  ┊  "), "step or action".to_owned()),
        (shaded(Role::Held, Ground::Blind, "░░░░░"), "blind: nothing was known".to_owned()),
        (shaded(Role::Faint, Ground::WarmUp, "·  · "), "warm-up: drawn, not judged".to_owned()),
        (shaded(Role::Faint, Ground::Band, "     "), format!("normal range of {}", snapshot.version(Side::Baseline))),
    ];
    let lines = rows.into_iter().map(|(stroke, text)| vec![Run::raw("  "), stroke, theme.say(Role::Text, format!("   {text}"))]);
    lines.collect()
}
