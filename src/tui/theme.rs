//! Colour roles, and what each looks like on the terminal at hand.
//!
//! Code names roles, never colours. Two scales do not mix: versions are lines and text (baseline, candidate), verdicts are fill, tint,
//! glyph and word. Which colours a terminal can show is decided from values that are passed in (`capabilities`).

mod capabilities;
mod palette;
mod variants;

use std::borrow::Cow;

use clap::ValueEnum;

use ratatui::{
    style::{Color, Modifier, Style},
    text::Span,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::capabilities::{Capabilities, ColorChoice};
use self::palette::{Ground as Back, Ink};
use crate::engine::{role::Role as Side, snapshot::Tone};

/// How many colours the terminal shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// None: bold, dim and reverse only.
    Mono,
    /// The terminal's own sixteen.
    Sixteen,
    /// The fixed palette of 256.
    Indexed,
    /// 24 bits.
    True,
}

/// Whether the terminal's background is dark or light.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shade {
    /// Light text on dark.
    Dark,
    /// Dark text on light.
    Light,
}

/// Which colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Palette {
    /// The usual ones.
    Standard,
    /// Everything that is said can be read from afar and on a bad screen: at least 7 to 1 against its background.
    HighContrast,
    /// All verdicts and versions are far apart for every eye.
    ColourBlind,
}

/// Which characters are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Glyphs {
    /// Everything; charts of braille, eight dots a cell.
    Braille,
    /// Everything but braille; charts of half cells.
    Blocks,
    /// What the text console and old fonts have (code page 437); charts of line characters.
    Box,
    /// Up to 0x7e.
    Ascii,
}

/// The themes by their names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ThemeName {
    /// Dark or light, as the terminal's background is.
    #[default]
    Auto,
    /// For dark backgrounds.
    Dark,
    /// For light backgrounds.
    Light,
    /// At least 7 to 1 against the background, whichever that is.
    HighContrast,
    /// Verdicts and versions far apart for every eye, on either background.
    ColourBlind,
    /// No colours: bold, dim and reverse.
    Mono,
}

impl ThemeName {
    /// Every one that can be chosen by hand.
    pub const ALL: [Self; 5] = [Self::Dark, Self::Light, Self::HighContrast, Self::ColourBlind, Self::Mono];

    /// As it is written.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Dark => "dark",
            Self::Light => "light",
            Self::HighContrast => "high-contrast",
            Self::ColourBlind => "colour-blind",
            Self::Mono => "mono",
        }
    }
}

/// Sets of characters by their names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum GlyphSet {
    /// Box on the text console, ASCII without UTF-8 or where these characters take two cells, else braille.
    #[default]
    Auto,
    /// Charts of braille, eight dots a cell.
    Braille,
    /// Charts of half cells, for fonts without braille.
    Blocks,
    /// Line characters only, for the text console and old fonts.
    Box,
    /// ASCII.
    Ascii,
}

impl GlyphSet {
    /// As it is written.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Braille => "braille",
            Self::Blocks => "blocks",
            Self::Box => "box",
            Self::Ascii => "ascii",
        }
    }
}

/// What a piece of foreground is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Plain text.
    Text,
    /// Text that stands out.
    Strong,
    /// Units and labels.
    Dim,
    /// What is also said elsewhere: dots, disabled keys.
    Faint,
    /// Borders.
    Rule,
    /// The border of the pane that has the keys.
    Focus,
    /// The version we trust.
    Baseline,
    /// The version we judge.
    Candidate,
    /// Towards promoting.
    Good,
    /// Towards rolling back.
    Bad,
    /// Nobody's fault, or not known.
    Held,
    /// Not enough seen.
    Unsure,
    /// A limit in a chart.
    Limit,
}

/// What a background is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// The header's row.
    Bar,
    /// The verdict's rows.
    Tint(Tone),
    /// The selected row.
    Selected,
    /// Warm-up in a chart.
    WarmUp,
    /// Blind time in a chart.
    Blind,
    /// The baseline's normal range in a chart.
    Band,
    /// Where a difference can lie.
    CandidateBand,
    /// Differences that are tolerated.
    Tolerated,
    /// A key that can be pressed.
    Key,
    /// A panel over the screen.
    Panel,
}

impl From<Tone> for Role {
    fn from(tone: Tone) -> Self {
        match tone {
            Tone::Good => Self::Good,
            Tone::Bad => Self::Bad,
            Tone::Held => Self::Held,
            Tone::Unsure => Self::Unsure,
        }
    }
}

impl From<Side> for Role {
    fn from(side: Side) -> Self {
        match side {
            Side::Baseline => Self::Baseline,
            Side::Candidate => Self::Candidate,
        }
    }
}

/// The look of every role on this terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    /// How many colours.
    pub depth: Depth,
    /// Dark or light.
    pub shade: Shade,
    /// Which colours.
    pub palette: Palette,
    /// Which characters.
    pub glyphs: Glyphs,
}

impl Theme {
    /// Without colours and in ASCII: what every terminal shows.
    pub const PLAIN: Self = Self { depth: Depth::Mono, shade: Shade::Dark, palette: Palette::Standard, glyphs: Glyphs::Ascii };

    /// A foreground.
    #[must_use]
    pub const fn of(self, role: Role) -> Style {
        self.ink(self.palette.ink(role))
    }

    /// A foreground, bold.
    #[must_use]
    pub const fn bold(self, role: Role) -> Style {
        self.of(role).add_modifier(Modifier::BOLD)
    }

    /// A background. It leaves the foreground alone.
    #[must_use]
    pub fn ground(self, ground: Ground) -> Style {
        let back = self.palette.back(ground);
        match self.depth {
            Depth::Mono => Style::new().add_modifier(back.mono),
            Depth::Sixteen => Style::new().add_modifier(back.sixteen),
            Depth::Indexed => Style::new().bg(Color::Indexed(self.pick(back.indexed))),
            Depth::True => Style::new().bg(Color::from_u32(self.pick((back.dark, back.light)))),
        }
    }

    /// Ink on a fill of that role's colour: decided badges, and the one key to press.
    #[must_use]
    pub const fn fill(self, role: Role) -> Style {
        if matches!(self.depth, Depth::Mono) {
            return Style::new().add_modifier(Modifier::BOLD.union(Modifier::REVERSED));
        }
        let mut style = self.ink(palette::INK).add_modifier(Modifier::BOLD);
        style.bg = self.ink(self.palette.ink(role)).fg;
        style
    }

    /// A run of text in that role.
    pub(super) fn say<'t>(self, role: Role, text: impl Into<Cow<'t, str>>) -> Span<'t> {
        Span::styled(text, self.of(role))
    }

    /// A run of text in that role, bold.
    pub(super) fn shout<'t>(self, role: Role, text: impl Into<Cow<'t, str>>) -> Span<'t> {
        Span::styled(text, self.bold(role))
    }

    /// A key's name as a block.
    pub(super) fn key<'t>(self, name: &str) -> Span<'t> {
        Span::styled(format!(" {name} "), self.bold(Role::Strong).patch(self.ground(Ground::Key)))
    }

    /// Only characters up to 0x7e.
    #[must_use]
    pub const fn is_ascii(self) -> bool {
        matches!(self.glyphs, Glyphs::Ascii)
    }

    /// Whether backgrounds can be told apart; where not, charts say it with characters.
    #[must_use]
    pub const fn has_grounds(self) -> bool {
        matches!(self.depth, Depth::Indexed | Depth::True)
    }

    const fn ink(self, ink: Ink) -> Style {
        match self.depth {
            Depth::Mono => Style::new().add_modifier(ink.mono),
            Depth::Sixteen => Style::new().fg(self.pick(ink.sixteen)),
            Depth::Indexed => Style::new().fg(Color::Indexed(self.pick(ink.indexed))),
            Depth::True => Style::new().fg(Color::from_u32(self.pick((ink.dark, ink.light)))),
        }
    }

    /// Of a value for dark and one for light backgrounds, the one that holds here.
    const fn pick<T: Copy>(self, (dark, light): (T, T)) -> T {
        match self.shade {
            Shade::Dark => dark,
            Shade::Light => light,
        }
    }
}

impl Palette {
    const fn ink(self, role: Role) -> Ink {
        match self {
            Self::Standard => role.ink(),
            Self::HighContrast => variants::high_contrast(role),
            Self::ColourBlind => variants::colour_blind(role),
        }
    }

    const fn back(self, ground: Ground) -> Back {
        match self {
            Self::Standard | Self::ColourBlind => ground.back(),
            Self::HighContrast => variants::high_contrast_back(ground),
        }
    }
}

impl Role {
    const fn ink(self) -> Ink {
        match self {
            Self::Text => palette::TEXT,
            Self::Strong => palette::STRONG,
            Self::Dim => palette::DIM,
            Self::Faint => palette::FAINT,
            Self::Rule => palette::RULE,
            Self::Focus => palette::FOCUS,
            Self::Baseline => palette::BASELINE,
            Self::Candidate => palette::CANDIDATE,
            Self::Good => palette::GOOD,
            Self::Bad => palette::BAD,
            Self::Held => palette::HELD,
            Self::Unsure => palette::UNSURE,
            Self::Limit => palette::LIMIT,
        }
    }
}

impl Ground {
    const fn back(self) -> Back {
        match self {
            Self::Bar => palette::BAR,
            Self::Tint(Tone::Good) => palette::GOOD_TINT,
            Self::Tint(Tone::Bad) => palette::BAD_TINT,
            Self::Tint(Tone::Held) | Self::Blind => palette::HELD_TINT,
            Self::Tint(Tone::Unsure) => palette::UNSURE_TINT,
            Self::Selected => palette::SELECTED,
            Self::WarmUp => palette::WARM_UP,
            Self::Band => palette::BAND,
            Self::CandidateBand => palette::CANDIDATE_BAND,
            Self::Tolerated => palette::TOLERATED,
            Self::Key => palette::KEY,
            Self::Panel => palette::PANEL,
        }
    }
}
