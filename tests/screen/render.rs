//! Screens as text: what is drawn, and in which styles.

use std::fmt::Write as _;

use ratatui::{Terminal, backend::TestBackend, buffer::Buffer, style::Color};
use rollwatch::{
    engine::{
        action::{Actor, ActorKind},
        snapshot::Snapshot,
    },
    tui::{
        input::{Key, Press},
        model::UiState,
        theme::{Depth, Glyphs, Palette, Shade, Theme},
        update::{Wish, update},
        view,
    },
};
use unicode_width::UnicodeWidthStr as _;

pub(crate) const DARK: Theme =
    Theme { depth: Depth::True, shade: Shade::Dark, palette: Palette::Standard, glyphs: Glyphs::Braille };
pub(crate) const ASCII: Theme = Theme::PLAIN;

/// A screen that a person sits at: what was typed has been seen on it.
pub(crate) struct Desk {
    pub(crate) ui: UiState,
    pub(crate) snapshot: Snapshot,
    /// The keys' clock.
    pub(crate) ms: u64,
}

impl Desk {
    pub(crate) fn new(snapshot: Snapshot, (columns, rows): (u16, u16)) -> Self {
        let mut ui = UiState::default();
        ui.resize(columns, rows);
        ui.observe(&snapshot);
        Self { ui, snapshot, ms: 0 }
    }

    /// A key, a second after the last one was seen.
    pub(crate) fn press(&mut self, key: Key) -> Option<Wish> {
        self.press_after(1000, key)
    }

    /// A key, so long after the last one was seen.
    pub(crate) fn press_after(&mut self, ms: u64, key: Key) -> Option<Wish> {
        self.ms += ms;
        let wish = update(&mut self.ui, &self.snapshot, Press { key, at_ms: self.ms }, &ana());
        self.ui.shown(self.ms);
        wish
    }

    /// Letters, one after the other.
    pub(crate) fn type_in(&mut self, text: &str) {
        for letter in text.chars() {
            assert_eq!(self.press(Key::Char(letter)), None);
        }
    }

    /// The engine hands out another snapshot.
    pub(crate) fn observe(&mut self, change: impl FnOnce(&mut Snapshot)) {
        change(&mut self.snapshot);
        self.ui.observe(&self.snapshot);
    }

    pub(crate) fn draw(&self, theme: Theme) -> Buffer {
        let (columns, rows) = self.ui.size;
        let mut terminal = Terminal::new(TestBackend::new(columns, rows)).expect("memory is a terminal");
        terminal.draw(|frame| view::draw(frame.buffer_mut(), &self.snapshot, &self.ui, theme)).expect("memory takes every frame");
        terminal.backend().buffer().clone()
    }

    pub(crate) fn text(&self) -> String {
        text(&self.draw(DARK))
    }
}

pub(crate) fn ana() -> Actor {
    Actor { kind: ActorKind::Key, user: "ana".to_owned() }
}

/// The characters. Each line is exactly as wide as the screen.
pub(crate) fn text(buffer: &Buffer) -> String {
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let line = row(buffer, y);
        assert_eq!(line.width(), usize::from(buffer.area.width), "row {y}: {line}");
        out.push_str(&line);
        out.push('\n');
    }
    out
}

fn row(buffer: &Buffer, y: u16) -> String {
    let mut line = String::new();
    let mut x = 0;
    while x < buffer.area.width {
        let symbol = buffer[(x, y)].symbol();
        line.push_str(symbol);
        x += u16::try_from(symbol.width().max(1)).expect("a character is narrow");
    }
    line
}

/// The styles of a row, run by run: `text` foreground on background, modifiers.
pub(crate) fn styles(buffer: &Buffer, rows: &[u16]) -> String {
    let mut out = String::new();
    for y in rows {
        writeln!(out, "row {y}").expect("a string takes every line");
        let look = |x: u16| {
            let cell = &buffer[(x, *y)];
            format!("{} on {} {:?}", color(cell.fg), color(cell.bg), cell.modifier).replace(" NONE", "").replace("Modifier", "")
        };
        let mut x = 0;
        while x < buffer.area.width {
            let (start, style) = (x, look(x));
            while x < buffer.area.width && look(x) == style {
                x += 1;
            }
            let text: String = (start..x).map(|x| buffer[(x, *y)].symbol()).collect();
            writeln!(out, "  {:<48} {style}", format!("{text:?}")).expect("a string takes every line");
        }
    }
    out
}

fn color(color: Color) -> String {
    match color {
        Color::Rgb(r, g, b) => format!("{r:02x}{g:02x}{b:02x}"),
        Color::Reset => "own".to_owned(),
        other => other.to_string().to_lowercase(),
    }
}
