//! The row under the verdict that names the views, and which of them is shown.

use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr as _;

use crate::tui::{
    keymap::Command,
    model::View,
    pen::{Pen, Target, cells},
    theme::{Ground, Role},
};

/// Draws the row, with the longest remark that fits at its end. Where not all words fit, only the shown view's does.
pub(super) fn draw(pen: &mut Pen<'_>, area: Rect, shown: View, remarks: &[String]) {
    let keymap = pen.keymap;
    let names = View::TABS.map(|view| (view, keymap.name(Command::View(view))));
    let whole: usize = names.iter().map(|(view, name)| name.len() + view.word().len() + 4).sum();
    let words = whole <= usize::from(area.width);
    let mut x = area.x + 1;
    for (view, name) in names {
        let (role, word) =
            if view == shown { (Role::Strong, view.word()) } else { (Role::Dim, if words { view.word() } else { "" }) };
        let text = if word.is_empty() { format!(" {name} ") } else { format!(" {name} {word} ") };
        let run = if view == shown { pen.shout(role, text) } else { pen.say(role, text) };
        let stop = pen.write(x, area.y, area.right(), &[run]);
        pen.target(Rect { x, width: stop - x, height: 1, ..area }, || Target::Tab(view));
        if view == shown {
            pen.lay(Rect { x, y: area.y, width: stop - x, height: 1 }, Ground::Selected);
        }
        x = stop + 1;
    }
    let end = area.right().saturating_sub(1);
    if let Some(remark) = remarks.iter().find(|remark| x + cells(remark.width()) < end) {
        let run = pen.say(Role::Dim, remark.as_str());
        pen.write_right(x, area.y, end, &[run]);
    }
}
