//! The guided tour: each step leads to the next, and what happens is never waited for in vain.

use insta::assert_snapshot;
use rollwatch::{
    engine::snapshot::Snapshot,
    tui::{input::Key, tour::Tour},
};

use super::{fixture, render::Desk};

fn guided(snapshot: Snapshot, size: (u16, u16)) -> Desk {
    let mut desk = Desk::new(snapshot, size);
    desk.ui.tour = Some(Tour::default());
    desk.ui.observe(&desk.snapshot);
    desk
}

/// What the box says to do.
fn told(desk: &Desk) -> String {
    let screen = desk.text();
    let line = screen.lines().rev().nth(1).unwrap_or_default();
    line.trim_matches(['│', ' ']).to_owned()
}

fn comes(desk: &mut Desk, snapshot: Snapshot) {
    desk.snapshot = snapshot;
    desk.ui.observe(&desk.snapshot);
}

#[test]
fn a_newcomer_is_led_from_the_first_look_to_the_rollback() {
    let mut desk = guided(fixture::looks_good(), (80, 24));
    assert_snapshot!("tour", desk.text());
    assert_eq!(told(&desk), "Press  d  to see the difference between the two.");
    desk.press(Key::Char('d'));
    assert_eq!(told(&desk), "Press  d  again to come back.");
    desk.press(Key::Char('d'));
    assert_eq!(told(&desk), "Nothing to press: watch the thick line, and the bar.");
    comes(&mut desk, fixture::leaning_bad());
    assert_eq!(told(&desk), "Press  e  to see what speaks against it.");
    desk.press(Key::Char('e'));
    assert_eq!(told(&desk), "Press  esc  to come back.");
    desk.press(Key::Esc);
    assert_eq!(told(&desk), "Press  R  to roll back.");
    desk.press(Key::Char('R'));
    assert_eq!(told(&desk), "Read it, then press  y .");
    desk.press(Key::Esc);
    assert_eq!(told(&desk), "Press  R  to roll back.", "a panel that was left leads back");
    desk.press(Key::Char('R'));
    assert!(desk.press(Key::Char('y')).is_some(), "the tour stands in no key's way");
    comes(&mut desk, fixture::acting());
    assert_eq!(told(&desk), "Nothing to press.");
    comes(&mut desk, fixture::rolled_back());
    assert_eq!(told(&desk), "5  shows what was done,  q  quits.");
}

#[test]
fn who_is_ahead_of_the_tour_is_not_held_up() {
    let mut desk = guided(fixture::leaning_bad(), (120, 40));
    assert!(told(&desk).contains("Press  e "), "{}", told(&desk));
    desk.press(Key::Char('R'));
    assert!(told(&desk).starts_with("Read it"), "{}", told(&desk));
    comes(&mut desk, fixture::rolled_back());
    assert!(told(&desk).contains("shows what was done"), "{}", told(&desk));
}

#[test]
fn every_word_of_the_tour_fits_at_80_columns() {
    for snapshot in [fixture::looks_good(), fixture::leaning_bad(), fixture::acting(), fixture::rolled_back()] {
        let narrow = guided(snapshot.clone(), (80, 24)).text();
        let wide = guided(snapshot, (200, 60)).text();
        let words = |screen: &str| -> Vec<String> {
            let lines: Vec<&str> = screen.lines().collect();
            let of = lines.iter().rposition(|line| line.starts_with("╭─ tour")).expect("a tour");
            lines[of + 1..lines.len() - 1]
                .iter()
                .flat_map(|line| line.split([' ', '│']))
                .map(str::to_owned)
                .filter(|w| !w.is_empty())
                .collect()
        };
        assert_eq!(words(&narrow), words(&wide));
    }
    assert!(!guided(fixture::looks_good(), (80, 22)).text().contains("tour"), "without room there is no box");
}
