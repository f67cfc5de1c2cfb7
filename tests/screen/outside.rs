//! What is said outside of the screen's cells: the terminal's title, and its progress.

use std::fmt::Write as _;

use insta::assert_snapshot;
use rollwatch::{
    engine::snapshot::Snapshot,
    tui::{
        theme::Glyphs,
        title::{Outside, Said},
    },
};

use super::fixture;

const BOTH: Outside = Outside { title: true, mouse: false, copy: true, progress: true };

fn said(snapshot: &Snapshot, outside: Outside) -> String {
    String::from_utf8(Said::default().update(snapshot, outside, Glyphs::Braille)).expect("text")
}

#[test]
fn every_state_has_a_title_and_a_progress() {
    let mut all = String::new();
    for (name, snapshot) in fixture::all() {
        let said = said(&snapshot, BOTH).replace("\x1b]", "").replace("\x1b\\", " | ");
        assert!(!said.contains(|c: char| c.is_control() || c == '\u{1b}'), "{said:?}");
        writeln!(all, "{name:<14} {}", said.trim_end_matches(" | ")).expect("a string takes every line");
    }
    assert_snapshot!(all);
}

#[test]
fn nothing_is_said_twice_and_nothing_where_it_is_not_wanted() {
    let mut said = Said::default();
    let mut snapshot = fixture::leaning_bad();
    assert!(!said.update(&snapshot, BOTH, Glyphs::Braille).is_empty());
    snapshot.at = fixture::at(5);
    assert_eq!(said.update(&snapshot, BOTH, Glyphs::Braille), b"");
    snapshot.meter.rollback = 0.7;
    assert_eq!(said.update(&snapshot, BOTH, Glyphs::Ascii), b"\x1b]2;! 70 % api-server v2.5.0\x1b\\");
    assert_eq!(self::said(&snapshot, Outside::default()), "");
}

#[test]
fn names_cannot_end_the_title() {
    let mut snapshot = fixture::leaning_bad();
    snapshot.deployment.name = "a\x07b\x1b\\c;d✓e\nf".to_owned();
    let said = said(&snapshot, Outside { progress: false, ..BOTH });
    assert_eq!(said, "\x1b]2;▲ 63 % a␇b␛\\c,d?e f v2.5.0\x1b\\");
}
