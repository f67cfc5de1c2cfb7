//! How the screen looks, as far as keys change it.

use crate::tui::{
    model::UiState,
    theme::{Shade, ThemeName},
};

/// What is chosen, and what the terminal is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// The theme.
    pub theme: ThemeName,
    /// The terminal's background, for as long as the theme goes by it.
    pub shade: Shade,
    /// Whether there are colours at all.
    pub coloured: bool,
}

impl Default for Look {
    fn default() -> Self {
        Self { theme: ThemeName::Auto, shade: Shade::Dark, coloured: true }
    }
}

/// The next theme.
pub(super) fn turn(ui: &mut UiState) {
    let now = match (ui.look.theme, ui.look.shade) {
        (ThemeName::Auto, Shade::Dark) => ThemeName::Dark,
        (ThemeName::Auto, Shade::Light) => ThemeName::Light,
        (chosen, _) => chosen,
    };
    let at = ThemeName::ALL.iter().position(|name| *name == now).unwrap_or(0);
    wear(ui, ThemeName::ALL[(at + 1) % ThemeName::ALL.len()]);
}

/// Takes a theme, and says so.
pub(super) fn wear(ui: &mut UiState, theme: ThemeName) {
    ui.look.theme = theme;
    let colours = if ui.look.coloured { "" } else { " Colours are off: NO_COLOR or --color never." };
    ui.note = Some(format!("Theme: {}.{colours}", theme.word()));
}
