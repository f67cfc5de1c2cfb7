//! The row under the verdict that names the views, and which of them is shown.

use ratatui::layout::Rect;

use crate::tui::{
    keymap::Command,
    model::View,
    pen::{Pen, Run, cells, width},
    theme::{Ground, Role},
};

/// Draws the row, with a remark about the view at its end.
pub(super) fn draw(pen: &mut Pen<'_>, area: Rect, shown: View, remark: &[Run<'_>]) {
    let mut x = area.x + 1;
    for view in View::TABS {
        let name = pen.keymap.name(Command::View(view));
        let (key, word) = if view == shown { (Role::Strong, Role::Strong) } else { (Role::Dim, Role::Dim) };
        let run = |role: Role, text: String| if view == shown { pen.shout(role, text) } else { pen.say(role, text) };
        let runs = [run(key, format!(" {name} ")), run(word, format!("{} ", view.word()))];
        let stop = pen.write(x, area.y, area.right(), &runs);
        if view == shown {
            pen.lay(Rect { x, y: area.y, width: stop - x, height: 1 }, Ground::Selected);
        }
        x = stop + 1;
    }
    let end = area.right().saturating_sub(1);
    if x + cells(width(remark)) < end {
        pen.write_right(x, area.y, end, remark);
    }
}
