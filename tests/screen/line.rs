//! Commands by their names: the same as their keys, with the same panels, and letters that reach nothing else.

use proptest::prelude::*;
use rollwatch::{
    engine::{action::Action, intent::Intent},
    tui::{input::Key, modal::Modal, model::View, theme::ThemeName, update::Wish},
};

use super::{fixture, render::Desk};

fn desk() -> Desk {
    Desk::new(fixture::leaning_bad(), (120, 40))
}

/// Types a command and completes it with enter.
fn command(desk: &mut Desk, text: &str) -> Option<Wish> {
    desk.press(Key::Char(':'));
    desk.type_in(text);
    desk.press(Key::Enter)
}

#[test]
fn what_acts_opens_its_panel_and_nothing_more() {
    let mut desk = desk();
    assert_eq!(command(&mut desk, "roll back"), None);
    let Some(Modal::Confirm(panel)) = &desk.ui.modal else { panic!("no panel") };
    assert_eq!(panel.shown_ms, Some(desk.ms));
    assert_eq!(desk.press_after(299, Key::Char('y')), None);
    let done = desk.press_after(1, Key::Char('y'));
    assert!(matches!(done, Some(Wish::Intent(Intent::Act { action: Action::Rollback, .. }))), "{done:?}");
    let mut over = Desk::new(fixture::rolled_back(), (120, 40));
    command(&mut over, "rollback");
    assert_eq!((over.ui.modal.as_ref(), over.ui.note.as_deref()), (None, Some("roll back: done")));
}

#[test]
fn views_themes_metrics_and_filters_go_by_name() {
    let mut desk = desk();
    command(&mut desk, "steps");
    assert_eq!(desk.ui.view, View::Steps);
    command(&mut desk, "filter verdict");
    assert_eq!(desk.ui.view, View::Events);
    assert!(desk.text().contains("/ verdict"), "{}", desk.text());
    command(&mut desk, "theme light");
    assert_eq!(desk.ui.look.theme, ThemeName::Light);
    command(&mut desk, "sort");
    assert_eq!(desk.ui.note.as_deref(), Some("sort does nothing on the view events."));
    command(&mut desk, "overview");
    command(&mut desk, "metric p95");
    assert!(desk.text().contains("latency p95"), "{}", desk.text());
    assert_eq!(command(&mut desk, "redraw"), Some(Wish::Redraw));
    command(&mut desk, "frezze");
    assert!(desk.text().contains("No command is called \"frezze\": did you mean freeze?"), "{}", desk.text());
}

#[test]
fn the_line_shows_what_is_typed_and_what_it_could_become() {
    let mut desk = desk();
    desk.press(Key::Char(':'));
    desk.type_in("pr");
    let last = desk.text().lines().last().expect("a row").to_owned();
    assert!(last.starts_with(" :pr") && last.contains("promote  promote_full  previous_"), "{last}");
    desk.press(Key::Tab);
    desk.type_in("om");
    desk.press(Key::Tab);
    assert!(desk.text().lines().last().expect("a row").starts_with(" :promote"), "{}", desk.text());
    for _ in 0..7 {
        desk.press(Key::Backspace);
    }
    assert!(matches!(desk.ui.modal, Some(Modal::Line(_))));
    desk.press(Key::Backspace);
    assert_eq!(desk.ui.modal, None, "out of an empty line");
    desk.press(Key::Char(':'));
    desk.press(Key::Esc);
    assert_eq!(desk.ui.modal, None);
    let mut small = Desk::new(fixture::leaning_bad(), (59, 17));
    small.press(Key::Char(':'));
    assert_eq!(small.ui.modal, None, "what cannot be seen is not typed");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// A whole alphabet of keys that act, quit and answer, typed into the line.
    #[test]
    fn letters_in_the_line_reach_no_key(letters in "[pPRXAyhqQ :?1-5a-z]{0,80}") {
        let mut desk = desk();
        desk.press(Key::Char(':'));
        for letter in letters.chars() {
            prop_assert_eq!(desk.press(Key::Char(letter)), None);
            prop_assert!(matches!(desk.ui.modal, Some(Modal::Line(_))));
        }
        desk.text();
        let wish = desk.press(Key::Enter);
        let harmless = matches!(wish, None | Some(Wish::Redraw | Wish::Suspend | Wish::Copy(_) | Wish::Intent(Intent::Quit)));
        prop_assert!(harmless, "{:?}", wish);
    }
}
