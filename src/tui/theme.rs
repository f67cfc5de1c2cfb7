//! Colour roles, and what each looks like on the terminal at hand.
//!
//! Code names roles, never colours. Two scales do not mix: versions are lines and text (baseline, candidate), verdicts are fill, tint,
//! glyph and word. Which colours a terminal can show is decided once, from values that are passed in.

mod palette;

use std::borrow::Cow;

use ratatui::{
    style::{Color, Modifier, Style},
    text::Span,
};

use self::palette::{Ground as Back, Ink};
use crate::engine::{role::Role as Side, snapshot::Tone};

/// What the terminal and the user said about colours and characters. Nothing here is read from the environment by this module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// `--color`.
    pub color: ColorChoice,
    /// `NO_COLOR` is set and not empty.
    pub no_color: bool,
    /// `TERM`.
    pub term: String,
    /// `COLORTERM`.
    pub colorterm: String,
    /// `COLORFGBG`: "15;0", the last field being the background.
    pub colorfgbg: String,
    /// The first of `LC_ALL`, `LC_CTYPE`, `LANG` that is set and not empty.
    pub locale: String,
    /// `--ascii`.
    pub ascii: bool,
}

/// `--color auto|always|never`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColorChoice {
    /// As the terminal says.
    #[default]
    Auto,
    /// Even where `NO_COLOR` or `TERM=dumb` speak against it.
    Always,
    /// Never.
    Never,
}

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
    /// Only characters up to 0x7e.
    pub ascii: bool,
}

impl Theme {
    /// Decides once for the whole session.
    #[must_use]
    pub fn choose(terminal: &Capabilities) -> Self {
        Self { depth: depth(terminal), shade: shade(&terminal.colorfgbg), ascii: needs_ascii(terminal) }
    }

    /// A foreground.
    #[must_use]
    pub const fn of(self, role: Role) -> Style {
        self.ink(role.ink())
    }

    /// A foreground, bold.
    #[must_use]
    pub const fn bold(self, role: Role) -> Style {
        self.of(role).add_modifier(Modifier::BOLD)
    }

    /// A background. It leaves the foreground alone.
    #[must_use]
    pub fn ground(self, ground: Ground) -> Style {
        let back = ground.back();
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
        style.bg = self.ink(role.ink()).fg;
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

fn depth(terminal: &Capabilities) -> Depth {
    let told = if matches!(terminal.colorterm.as_str(), "truecolor" | "24bit") || terminal.term.ends_with("-direct") {
        Depth::True
    } else if terminal.term.contains("256") {
        Depth::Indexed
    } else {
        Depth::Sixteen
    };
    let refused = match terminal.color {
        ColorChoice::Never => true,
        ColorChoice::Always => false,
        ColorChoice::Auto => terminal.no_color || terminal.term == "dumb",
    };
    if refused { Depth::Mono } else { told }
}

/// 7 and 9 to 15 are the light backgrounds among the sixteen; whoever does not say is dark.
fn shade(colorfgbg: &str) -> Shade {
    match colorfgbg.rsplit(';').next().and_then(|n| n.parse::<u8>().ok()) {
        Some(7 | 9..=15) => Shade::Light,
        _ => Shade::Dark,
    }
}

/// The text console has no braille in its font, whatever its locale says.
fn needs_ascii(terminal: &Capabilities) -> bool {
    let locale = terminal.locale.to_ascii_lowercase();
    terminal.ascii || terminal.term == "linux" || !(locale.contains("utf-8") || locale.contains("utf8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terminal(term: &str, colorterm: &str) -> Capabilities {
        Capabilities { term: term.to_owned(), colorterm: colorterm.to_owned(), ..Capabilities::default() }
    }

    #[test]
    fn the_depth_follows_what_the_terminal_says() {
        for (term, colorterm, want) in [
            ("xterm-256color", "truecolor", Depth::True),
            ("xterm-direct", "", Depth::True),
            ("screen-256color", "", Depth::Indexed),
            ("xterm", "", Depth::Sixteen),
            ("dumb", "", Depth::Mono),
        ] {
            assert_eq!(Theme::choose(&terminal(term, colorterm)).depth, want, "{term} {colorterm}");
        }
    }

    #[test]
    fn a_choice_beats_no_color_and_no_color_beats_the_terminal() {
        let mut t = Capabilities { no_color: true, ..terminal("xterm-256color", "truecolor") };
        assert_eq!(Theme::choose(&t).depth, Depth::Mono);
        t.color = ColorChoice::Always;
        assert_eq!(Theme::choose(&t).depth, Depth::True);
        t.color = ColorChoice::Never;
        assert_eq!(Theme::choose(&t).depth, Depth::Mono);
    }

    #[test]
    fn the_shade_is_the_last_field_of_colorfgbg() {
        for (given, want) in
            [("15;0", Shade::Dark), ("0;15", Shade::Light), ("0;default;7", Shade::Light), ("", Shade::Dark), ("x", Shade::Dark)]
        {
            assert_eq!(shade(given), want, "{given}");
        }
    }

    #[test]
    fn braille_needs_a_locale_and_a_font() {
        let utf8 = Capabilities { locale: "de_DE.UTF-8".to_owned(), ..terminal("xterm", "") };
        assert!(!Theme::choose(&utf8).ascii);
        assert!(Theme::choose(&Capabilities { ascii: true, ..utf8.clone() }).ascii);
        assert!(Theme::choose(&Capabilities { term: "linux".to_owned(), ..utf8.clone() }).ascii);
        assert!(Theme::choose(&Capabilities { locale: "C".to_owned(), ..utf8 }).ascii);
    }
}
