//! Which theme suits the terminal at hand, from what it and the user said. Nothing is read from the environment here.

use super::{Depth, GlyphSet, Glyphs, Palette, Shade, Theme, ThemeName};

/// What the terminal and the user said about colours and characters. Nothing here is read from the environment by this module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// `--color`.
    pub color: ColorChoice,
    /// `NO_COLOR` is set and not empty.
    pub no_color: bool,
    /// `TERM`.
    pub term: String,
    /// `TMUX` is set: tmux answers itself.
    pub in_tmux: bool,
    /// `COLORTERM`.
    pub colorterm: String,
    /// `COLORFGBG`: "15;0", the last field being the background.
    pub colorfgbg: String,
    /// The first of `LC_ALL`, `LC_CTYPE`, `LANG` that is set and not empty.
    pub locale: String,
    /// `--theme`, or `[screen] theme`.
    pub theme: ThemeName,
    /// `--glyphs`, or `[screen] glyphs`.
    pub glyphs: GlyphSet,
    /// The background, once the terminal has told it.
    pub background: Option<Shade>,
    /// Characters of unsure width take two cells: the terminal has told.
    pub wide: bool,
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

impl Theme {
    /// The theme for this terminal.
    #[must_use]
    pub fn choose(terminal: &Capabilities) -> Self {
        let palette = match terminal.theme {
            ThemeName::HighContrast => Palette::HighContrast,
            ThemeName::ColourBlind => Palette::ColourBlind,
            ThemeName::Auto | ThemeName::Dark | ThemeName::Light | ThemeName::Mono => Palette::Standard,
        };
        Self { depth: terminal.depth(), shade: terminal.shade(), palette, glyphs: terminal.glyphs() }
    }
}

impl Capabilities {
    /// Whether the background is worth asking for: nobody has said it, it would matter, and the terminal will not print the question.
    #[must_use]
    pub fn asks_background(&self) -> bool {
        self.theme != ThemeName::Mono && self.depth() != Depth::Mono && self.understands_questions()
    }

    /// Whether there are colours for a theme to choose from.
    #[must_use]
    pub fn is_coloured(&self) -> bool {
        Self { theme: ThemeName::Auto, ..self.clone() }.depth() != Depth::Mono
    }

    /// Whether to ask how wide characters are: fonts for Chinese, Japanese and Korean draw some of ours over two cells.
    #[must_use]
    pub fn asks_width(&self) -> bool {
        let language = self.locale.get(..2).unwrap_or_default();
        let is_wide = matches!(language, "zh" | "ja" | "ko");
        self.glyphs == GlyphSet::Auto && is_wide && self.glyphs() != Glyphs::Ascii && self.understands_questions()
    }

    /// GNU screen and the text console do not pass questions on, or print them.
    fn understands_questions(&self) -> bool {
        let silent = matches!(self.term.as_str(), "" | "dumb" | "linux" | "cons25");
        !silent && (self.in_tmux || !self.term.starts_with("screen"))
    }

    fn depth(&self) -> Depth {
        let told = if matches!(self.colorterm.as_str(), "truecolor" | "24bit") || self.term.ends_with("-direct") {
            Depth::True
        } else if self.term.contains("256") {
            Depth::Indexed
        } else {
            Depth::Sixteen
        };
        let refused = match self.color {
            ColorChoice::Never => true,
            ColorChoice::Always => false,
            ColorChoice::Auto => self.no_color || self.term == "dumb",
        };
        if refused || self.theme == ThemeName::Mono { Depth::Mono } else { told }
    }

    fn shade(&self) -> Shade {
        match self.theme {
            ThemeName::Dark => Shade::Dark,
            ThemeName::Light => Shade::Light,
            _ => self.background.unwrap_or_else(|| shade(&self.colorfgbg)),
        }
    }

    /// The text console has no braille in its font, whatever its locale says.
    fn glyphs(&self) -> Glyphs {
        let locale = self.locale.to_ascii_lowercase();
        let is_utf8 = locale.contains("utf-8") || locale.contains("utf8");
        match self.glyphs {
            GlyphSet::Blocks => Glyphs::Blocks,
            GlyphSet::Box => Glyphs::Box,
            GlyphSet::Ascii => Glyphs::Ascii,
            GlyphSet::Auto if !is_utf8 || self.wide => Glyphs::Ascii,
            GlyphSet::Auto if self.term == "linux" => Glyphs::Box,
            GlyphSet::Auto | GlyphSet::Braille => Glyphs::Braille,
        }
    }
}

/// 7 and 9 to 15 are the light backgrounds among the sixteen; whoever does not say is dark.
fn shade(colorfgbg: &str) -> Shade {
    match colorfgbg.rsplit(';').next().and_then(|n| n.parse::<u8>().ok()) {
        Some(7 | 9..=15) => Shade::Light,
        _ => Shade::Dark,
    }
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
    fn a_chosen_theme_beats_the_background_and_the_background_beats_colorfgbg() {
        let mut t = Capabilities { colorfgbg: "15;0".to_owned(), ..terminal("xterm-256color", "") };
        t.background = Some(Shade::Light);
        assert_eq!(Theme::choose(&t).shade, Shade::Light);
        t.theme = ThemeName::HighContrast;
        let theme = Theme::choose(&t);
        assert_eq!((theme.shade, theme.palette), (Shade::Light, Palette::HighContrast));
        t.theme = ThemeName::Dark;
        assert_eq!(Theme::choose(&t).shade, Shade::Dark);
        t.theme = ThemeName::Mono;
        assert_eq!(Theme::choose(&t).depth, Depth::Mono);
    }

    #[test]
    fn braille_needs_a_locale_a_font_and_narrow_characters() {
        let utf8 = Capabilities { locale: "de_DE.UTF-8".to_owned(), ..terminal("xterm", "") };
        let glyphs = |t: Capabilities| Theme::choose(&t).glyphs;
        assert_eq!(glyphs(utf8.clone()), Glyphs::Braille);
        assert_eq!(glyphs(Capabilities { glyphs: GlyphSet::Ascii, ..utf8.clone() }), Glyphs::Ascii);
        assert_eq!(glyphs(Capabilities { term: "linux".to_owned(), ..utf8.clone() }), Glyphs::Box);
        assert_eq!(glyphs(Capabilities { locale: "C".to_owned(), ..utf8.clone() }), Glyphs::Ascii);
        assert_eq!(glyphs(Capabilities { wide: true, ..utf8.clone() }), Glyphs::Ascii);
        assert_eq!(glyphs(Capabilities { wide: true, glyphs: GlyphSet::Blocks, ..utf8 }), Glyphs::Blocks);
    }

    #[test]
    fn only_terminals_that_answer_are_asked() {
        let asks = |term: &str, in_tmux| Capabilities { in_tmux, ..terminal(term, "") }.asks_background();
        assert!(asks("xterm-256color", false) && asks("screen-256color", true) && asks("tmux-256color", true));
        assert!(!asks("screen-256color", false) && !asks("linux", false) && !asks("dumb", false) && !asks("", false));
        let wide = |locale: &str| Capabilities { locale: locale.to_owned(), ..terminal("xterm", "") }.asks_width();
        assert!(wide("ja_JP.UTF-8") && wide("zh_CN.utf8") && !wide("de_DE.UTF-8") && !wide("ja_JP.eucJP") && !wide(""));
    }
}
