//! Names and events that try to leave their columns: the terminal shows every cell where it was drawn.

use std::num::NonZeroU16;

use proptest::prelude::*;
use ratatui::buffer::Buffer;
use rollwatch::{
    engine::snapshot::{EventRow, Snapshot},
    text::cleaned,
    tui::{input::Key, surface::Surface, view},
};
use unicode_width::UnicodeWidthStr as _;

use super::{
    fixture,
    render::{DARK, Desk},
};

/// Texts that terminals and tables of widths disagree about, or that move the cursor.
const NASTY: [&str; 34] = [
    "api",
    "-v2.5.0 ",
    "日本",
    "한국",
    "e\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}\u{307}\u{308}",
    "\u{301}",
    "\u{200d}",
    "\u{200b}",
    "\u{feff}",
    "❤\u{fe0f}",
    "☎\u{fe0e}",
    "1\u{fe0f}\u{20e3}",
    "👨\u{200d}👩\u{200d}👧",
    "👍🏽",
    "🇩🇪",
    "🇩",
    "\u{1f3ff}",
    "\u{e0061}\u{e007f}",
    "\u{1100}\u{1161}\u{11a8}",
    "\u{0600}12",
    "\u{00ad}",
    "שלום",
    "لا",
    "\u{202e}evil\u{202c}",
    "\u{2066}x\u{2069}",
    "नि",
    "กำ",
    "\u{1b}[2J\u{1b}[1;1H",
    "\u{9b}31m",
    "\u{1b}]0;title\u{7}",
    "\t\r\n\u{8}\u{7f}",
    "\u{2028}\u{85}",
    "ﷺ𒐫",
    "\u{115f}\u{3164}\u{ffa0}",
];

fn hostile() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(&NASTY[..]), 1..12).prop_map(|parts| cleaned(&parts.concat()))
}

fn everywhere(mut snapshot: Snapshot, text: &str) -> Snapshot {
    text.clone_into(&mut snapshot.deployment.name);
    text.clone_into(&mut snapshot.deployment.environment);
    text.clone_into(&mut snapshot.deployment.backend);
    text.clone_into(&mut snapshot.versions.baseline.name);
    text.clone_into(&mut snapshot.versions.candidate.name);
    for check in &mut snapshot.checks {
        text.clone_into(&mut check.name);
        text.clone_into(&mut check.sentence);
    }
    for piece in snapshot.sentence.clauses.iter_mut().flatten() {
        text.clone_into(&mut piece.text);
    }
    let event =
        EventRow { at: fixture::at(0), word: "source".to_owned(), head: text.to_owned(), tail: text.to_owned(), tone: None };
    snapshot.events.insert(0, event);
    snapshot
}

/// What a terminal shows of a frame, against what was drawn.
fn assert_every_cell_is_in_its_place(frame: &Buffer, bytes: &[u8]) {
    let (columns, rows) = (frame.area.width, frame.area.height);
    let [high, wide] = [rows, columns].map(|n| NonZeroU16::new(n).expect("not zero"));
    let mut terminal = vt100::Parser::new(high, wide, 0);
    // The emulator takes U+FFFD for its own sign of broken bytes, and leaves it out.
    let plain = |text: &str| text.replace('\u{fffd}', "#");
    terminal.process(plain(std::str::from_utf8(bytes).expect("frames are text")).as_bytes());
    for y in 0..rows {
        let mut x = 0;
        while x < columns {
            let drawn = frame[(x, y)].symbol();
            let next = x + u16::try_from(drawn.width().max(1)).expect("narrow");
            let shown: String = (x..next).filter_map(|x| terminal.screen().cell(y, x)).map(vt100::Cell::contents).collect();
            assert_eq!(shown.trim_end(), plain(drawn).trim_end(), "at {x},{y}: {}", drawn.escape_unicode());
            x = next;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_leaves_its_columns(width in 20_u16..=200, height in 2_u16..=60, state in 0_usize..12, which in 0_u8..5, text in hostile()) {
        let (_, snapshot) = fixture::all().swap_remove(state);
        let mut desk = Desk::new(everywhere(snapshot, &text), (width, height));
        match which {
            1 => drop(desk.press(Key::Char('?'))),
            2 => drop(desk.press(Key::Char('R'))),
            3 => drop(desk.press(Key::Char('e'))),
            4 => drop(desk.press(Key::Char('4'))),
            _ => {}
        }
        let mut surface = Surface::new(width, height);
        let mut drawn = None;
        let bytes = surface.paint(|frame| {
            view::draw(frame, &desk.snapshot, &desk.ui, DARK);
            drawn = Some(frame.clone());
        });
        assert_every_cell_is_in_its_place(&drawn.expect("drawn"), bytes);
    }
}
