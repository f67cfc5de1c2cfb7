//! The mouse: what it hits, and that it never acts.

use proptest::prelude::*;
use rollwatch::tui::{
    input::{Gesture, Key, Mouse},
    modal::Modal,
    model::{Focus, View},
    update::point,
};

use super::{fixture, render::Desk};

const LARGE: (u16, u16) = (120, 40);

/// Where `text` stands on the screen.
fn place(desk: &Desk, text: &str) -> (u16, u16) {
    let screen = desk.text();
    let (row, line) = screen.lines().enumerate().find(|(_, line)| line.contains(text)).expect(text);
    let column = line.split(text).next().expect("a beginning").chars().count();
    (u16::try_from(column).expect("narrow"), u16::try_from(row).expect("short"))
}

fn at(desk: &mut Desk, what: Gesture, (column, row): (u16, u16)) {
    point(&mut desk.ui, &desk.snapshot, Mouse { what, column, row });
}

fn click(desk: &mut Desk, text: &str) {
    let place = place(desk, text);
    at(desk, Gesture::Click, place);
}

#[test]
fn a_click_focuses_and_selects_what_is_under_it() {
    let mut desk = Desk::new(fixture::leaning_bad(), LARGE);
    click(&mut desk, "latency p99    208 ms");
    assert_eq!((desk.ui.focus, desk.ui.selected.as_deref()), (Focus::Checks, Some("latency")));
    click(&mut desk, "events ─");
    assert_eq!(desk.ui.focus, Focus::Events);
    click(&mut desk, "4.0%");
    assert_eq!(desk.ui.focus, Focus::Charts);
    desk.press(Key::Char('4'));
    click(&mut desk, " instances ");
    assert_eq!(desk.ui.view, View::Instances);
}

#[test]
fn a_row_of_a_list_is_chosen_where_it_is_seen() {
    let mut desk = Desk::new(fixture::leaning_bad(), LARGE);
    desk.press(Key::Char('4'));
    let (_, first) = place(&desk, "▸ 20:13:");
    at(&mut desk, Gesture::Click, (20, first + 2));
    let (_, chosen) = place(&desk, "▸ 20:");
    assert_eq!(chosen, first + 2, "{}", desk.text());
}

#[test]
fn the_wheel_scrolls_what_is_under_it() {
    let mut desk = Desk::new(fixture::leaning_bad(), LARGE);
    let events = place(&desk, "events ─");
    at(&mut desk, Gesture::WheelDown, events);
    assert_eq!(desk.ui.scrolled, 3);
    at(&mut desk, Gesture::WheelUp, events);
    assert_eq!(desk.ui.scrolled, 0);
    let checks = place(&desk, "checks ");
    at(&mut desk, Gesture::WheelDown, checks);
    assert!(desk.ui.selected.is_some());
    let before = desk.ui.clone();
    at(&mut desk, Gesture::WheelDown, (20, 10));
    assert_eq!(desk.ui, before, "charts do not scroll");
    let mut small = Desk::new(fixture::leaning_bad(), (80, 24));
    small.press(Key::Char('?'));
    at(&mut small, Gesture::WheelDown, (10, 10));
    assert_eq!(small.ui.modal, Some(Modal::Help(3)));
}

#[test]
fn a_panel_hears_no_mouse() {
    let mut desk = Desk::new(fixture::leaning_bad(), LARGE);
    desk.press(Key::Char('R'));
    let before = desk.ui.clone();
    for what in [Gesture::Click, Gesture::WheelDown] {
        click(&mut desk, " y roll back ");
        at(&mut desk, what, (60, 20));
    }
    assert_eq!(desk.ui, before);
}

fn gestures() -> impl Strategy<Value = Vec<(Gesture, u16, u16)>> {
    let what = prop::sample::select(vec![Gesture::Click, Gesture::WheelUp, Gesture::WheelDown]);
    prop::collection::vec((what, 0_u16..400, 0_u16..120), 1..30)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_mouse_ever_asks_to_act(gestures in gestures(), state in 0_usize..12, view in 1_u8..6, width in 1_u16..220, height in 1_u16..70) {
        let (_, snapshot) = fixture::all().swap_remove(state);
        let mut desk = Desk::new(snapshot, (width, height));
        desk.press(Key::Char(char::from(b'0' + view)));
        for (what, column, row) in gestures {
            at(&mut desk, what, (column, row));
        }
        prop_assert_eq!(&desk.ui.modal, &None);
        desk.text();
    }
}
