//! `[screen]`: how the screen looks, and what it may do with the terminal around it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::tui::theme::{GlyphSet, ThemeName};

/// `[screen]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key, and they are independent")]
pub struct Screen {
    /// Which colours.
    pub theme: ThemeName,
    /// Which characters.
    pub glyphs: GlyphSet,
    /// Clicks focus and select, the wheel scrolls; nothing acts by mouse. Without it the terminal keeps the mouse for itself.
    pub mouse: bool,
    /// Say the verdict in the terminal's title, and show the watched share as its progress where it has such a thing.
    pub title: bool,
    /// Ring once when the verdict becomes bad, an action was not seen to work, or nothing is known any more.
    pub bell: bool,
    /// Leave out the one reversal of row 1 when that happens.
    pub calm: bool,
}
