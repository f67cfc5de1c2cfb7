//! The one line for somebody who is here for the first time.

use rollwatch::tui::{input::Key, keymap::Keymap, model::Visit, view::greeting};

use super::{fixture, render::Desk};

const LINE: &str = "New here?  enter  explains the selected check. This line goes away.";

fn newcomer(size: (u16, u16)) -> Desk {
    let mut desk = Desk::new(fixture::looks_good(), size);
    desk.ui.visit = Visit::First;
    desk
}

/// The row above the keys.
fn above_the_keys(desk: &Desk) -> String {
    desk.text().lines().rev().nth(2).unwrap_or_default().trim().to_owned()
}

#[test]
fn it_stands_above_the_keys_and_goes_with_the_first_one() {
    for size in [(120, 40), (80, 30), (200, 60)] {
        let mut desk = newcomer(size);
        assert!(greeting::has_room(size));
        assert!(above_the_keys(&desk).starts_with(LINE), "{size:?}");
        desk.press(Key::Char('m'));
        assert!(above_the_keys(&desk).starts_with("╰──"), "{size:?}: the events have their row back");
    }
}

#[test]
fn it_takes_no_room_from_a_small_screen() {
    for size in [(80, 24), (60, 29), (59, 60), (46, 9), (1, 1)] {
        assert!(!greeting::has_room(size), "{size:?}");
        assert!(!newcomer(size).text().contains("New here?"), "{size:?}");
    }
}

#[test]
fn it_names_the_key_of_the_configuration() {
    let mut desk = newcomer((120, 40));
    let chosen = |keys: &[&str]| {
        let keys = keys.iter().map(|key| (*key).to_owned()).collect();
        Keymap::new(&[("explain".to_owned(), keys), ("open".to_owned(), Vec::new())].into()).into()
    };
    desk.ui.keymap = chosen(&["E"]);
    assert_eq!(above_the_keys(&desk), LINE.replace("enter", "E"));
    desk.ui.keymap = chosen(&[]);
    assert!(!desk.text().contains("New here?"));
}
