//! Keys on the views: what they choose, open, sort and filter; and that those that act go through the same panel from everywhere.

use std::{sync::Arc, time::Duration};

use proptest::prelude::*;
use ratatui::{buffer::Buffer, layout::Rect};
use rollwatch::{
    engine::{
        action::Action,
        intent::Intent,
        snapshot::{InstanceState, Reading, Snapshot},
    },
    tui::{
        input::{Decoder, Key},
        modal::Modal,
        model::View,
        update::{Wish, update},
        view,
    },
};

use super::{
    fixture::at,
    fixture_views::full,
    render::{ASCII, DARK, Desk, ana, text},
};

fn desk(typed: &str) -> Desk {
    let mut desk = Desk::new(full(), (120, 40));
    desk.type_in(typed);
    desk
}

/// What stands right of the mark of the chosen row.
fn chosen(desk: &Desk) -> String {
    let screen = desk.text();
    let marked = |line: &&str| line.starts_with("│▸") || line.starts_with("│▾");
    let line = screen.lines().find(marked).unwrap_or_default();
    line.chars().skip(2).take(30).collect::<String>().trim().to_owned()
}

#[test]
fn numbers_go_to_views_and_esc_back_to_the_overview() {
    let mut desk = desk("");
    for (key, view) in
        [('2', View::Instances), ('3', View::Steps), ('4', View::Events), ('5', View::Journal), ('1', View::Overview)]
    {
        desk.press(Key::Char(key));
        assert_eq!(desk.ui.view, view);
    }
    desk.press(Key::Char('4'));
    desk.press(Key::Esc);
    assert_eq!(desk.ui.view, View::Overview);
}

#[test]
fn a_choice_is_a_name_and_survives_new_snapshots() {
    let mut desk = desk("2jj");
    assert!(chosen(&desk).starts_with("5c9f77d4c5-hd6vz"), "{}", chosen(&desk));
    desk.observe(|s| Arc::make_mut(&mut s.instances).rotate_left(5));
    assert!(chosen(&desk).starts_with("5c9f77d4c5-hd6vz"), "{}", chosen(&desk));
    desk.observe(|s| Arc::make_mut(&mut s.instances).retain(|row| !row.name.ends_with("hd6vz")));
    assert!(chosen(&desk).starts_with("7d44f9c8b6"), "one that is gone gives way to the first: {}", chosen(&desk));
}

#[test]
fn the_first_row_is_chosen_until_the_first_key() {
    let mut desk = desk("2");
    desk.observe(|s| Arc::make_mut(&mut s.instances).swap(0, 1));
    assert!(chosen(&desk).starts_with("5c9f77d4c5-2xk8w"), "{}", chosen(&desk));
}

#[test]
fn enter_opens_rows_and_pushes_the_others_down() {
    let mut desk = desk("2");
    let below = |desk: &Desk| desk.text().lines().position(|line| line.contains("5c9f77d4c5-2xk8w")).unwrap_or_default();
    let before = below(&desk);
    desk.press(Key::Enter);
    let screen = desk.text();
    for word in [
        "not ready: 1 of 3 checks fails",
        "✗ database    pool exhausted",
        "connection refused",
        "20:13:11, 52 s ago",
        "4 in this watch",
    ] {
        assert!(screen.contains(word), "lacks {word}\n{screen}");
    }
    assert_eq!(below(&desk), before + 8);
    desk.press(Key::Char('j'));
    desk.press(Key::Enter);
    assert_eq!(desk.text().matches('▾').count(), 2, "several may be open\n{}", desk.text());
    desk.press(Key::Enter);
    desk.press(Key::Char('k'));
    desk.press(Key::Enter);
    assert_eq!(below(&desk), before);
    desk.press(Key::Enter);
    desk.observe(|s| Arc::make_mut(&mut s.instances).remove(0).name.clear());
    assert!(!desk.text().contains('▾'), "what is gone is not open");
}

#[test]
fn s_sorts_and_says_how() {
    let mut desk = desk("2");
    let mut orders = Vec::new();
    for _ in 0..5 {
        desk.press(Key::Char('s'));
        desk.press(Key::Char('g'));
        let tabs = desk.text().lines().nth(2).unwrap_or_default().to_owned();
        let order = tabs.split(" · ").nth(1).unwrap_or_default().trim().to_owned();
        orders.push((order, chosen(&desk).chars().take(16).collect::<String>()));
    }
    let want = [
        ("by name", "5c9f77d4c5-2xk8w"),
        ("by error rate", "5c9f77d4c5-2xk8w"),
        ("by p99", "5c9f77d4c5-2xk8w"),
        ("by restarts", "5c9f77d4c5-p4n7t"),
        ("worst first", "5c9f77d4c5-p4n7t"),
    ];
    assert_eq!(orders, want.map(|(order, first)| (order.to_owned(), first.to_owned())));
}

#[test]
fn v_leaves_the_candidates_rows() {
    let mut desk = desk("2v");
    let screen = desk.text();
    assert!(screen.contains("3 of 12 instances · only v2.5.0") && !screen.contains("7d44f9c8b6"), "{screen}");
    assert!(screen.contains("9 of 9 ready"), "the summary still has both\n{screen}");
    desk.press(Key::Char('v'));
    assert!(desk.text().contains("7d44f9c8b6"));
}

#[test]
fn a_filter_takes_letters_until_enter_or_esc() {
    let mut desk = desk("4/error");
    assert!(desk.text().contains("9 of 214 shown"), "{}", desk.text());
    assert!(desk.text().contains("/ error█"));
    desk.press(Key::Backspace);
    desk.press(Key::Char('r'));
    desk.press(Key::Enter);
    let kept = desk.text();
    assert!(kept.contains("9 of 214 shown") && kept.contains("/ error ") && !kept.contains("error█"), "{kept}");
    assert_eq!(desk.press(Key::Char('q')), None, "armed: the panel asks");
    assert!(desk.ui.modal.is_some(), "a kept filter takes no letters");
    desk.press(Key::Esc);
    assert!(desk.text().contains("9 of 214 shown"), "esc closed the panel alone");
    desk.press(Key::Esc);
    assert!(desk.text().contains("events  214") && desk.ui.view == View::Events, "{}", desk.text());
    desk.press(Key::Esc);
    assert_eq!(desk.ui.view, View::Overview);
}

#[test]
fn runs_of_hidden_events_are_one_line_each() {
    let desk = desk("4/error");
    let screen = desk.text();
    assert!(
        screen.contains("········  23 more without \"error\"") && screen.contains("········  182 more without \"error\""),
        "{screen}"
    );
    let screen = self::desk("4/kind:check after:20:12").text();
    assert!(screen.contains("2 of 214 shown") && screen.contains("1 more ") && !screen.contains("without"), "{screen}");
}

#[test]
fn a_filter_that_is_not_finished_says_how_it_goes_on() {
    assert!(desk("4/after:2").text().contains("a time is written as 20:10"));
    assert!(desk("4/after:2").text().contains("214"), "and hides nothing yet");
    assert!(desk("4/").text().contains("text, kind:step, after:20:10"));
}

#[test]
fn arrows_choose_while_a_filter_is_typed() {
    let mut desk = desk("4/error");
    desk.press(Key::Down);
    desk.press(Key::Down);
    desk.press(Key::Down);
    desk.press(Key::Down);
    assert!(chosen(&desk).starts_with("20:10:01"), "over what is hidden: {}", chosen(&desk));
    desk.press(Key::End);
    assert!(chosen(&desk).starts_with("19:53:33"), "{}", chosen(&desk));
    desk.press(Key::Esc);
    assert!(chosen(&desk).starts_with("19:53:33"), "the choice outlives the filter: {}", chosen(&desk));
}

#[test]
fn keys_that_act_are_letters_while_a_filter_is_typed() {
    for view in ["2/", "4/", "5/"] {
        let mut desk = desk(view);
        desk.type_in("pPR XAyq?e12sv/");
        assert_eq!(desk.ui.modal, None);
        assert!(desk.text().contains("/ pPR XAyq?e12sv/█"), "{}", desk.text());
        assert!(!desk.text().contains("R roll back"), "no key is offered that would not act\n{}", desk.text());
        assert_eq!(desk.press(Key::Ctrl('c')), None);
        assert_eq!(desk.press(Key::Ctrl('c')), Some(Wish::Intent(Intent::Quit)), "except this one");
    }
}

#[test]
fn a_filter_that_cannot_be_seen_takes_no_letters() {
    let mut desk = desk("4/err");
    desk.ui.resize(59, 17);
    desk.press(Key::Char('?'));
    assert_eq!(desk.ui.modal, Some(Modal::Help(0)));
}

#[test]
fn every_view_keeps_its_own_filter() {
    let mut desk = desk("4/error\u{8}");
    desk.press(Key::Esc);
    desk.type_in("/error");
    desk.press(Key::Enter);
    desk.type_in("2/2xk8w");
    desk.press(Key::Enter);
    assert!(desk.text().contains("1 of 12 instances"), "{}", desk.text());
    desk.type_in("5/austria");
    desk.press(Key::Enter);
    assert!(desk.text().contains("1 of 4 actions shown"), "{}", desk.text());
    desk.press(Key::Char('4'));
    assert!(desk.text().contains("9 of 214 shown"), "{}", desk.text());
}

#[test]
fn new_events_do_not_move_the_choice() {
    let mut desk = desk("4jj");
    assert!(chosen(&desk).starts_with("20:13:11"), "{}", chosen(&desk));
    let newer = |s: &mut Snapshot| {
        let mut event = s.events[0].clone();
        event.at = at(5);
        event.head = "news".to_owned();
        s.events.insert(0, event);
    };
    desk.observe(newer);
    assert!(chosen(&desk).starts_with("20:13:11"), "{}", chosen(&desk));
    let mut fresh = self::desk("4");
    fresh.observe(newer);
    assert!(chosen(&fresh).contains("news"), "until the first key it is the newest: {}", chosen(&fresh));
}

#[test]
fn the_chosen_event_is_said_in_full() {
    let mut desk = Desk::new(full(), (60, 18));
    desk.observe(|s| s.events[0].tail = "word ".repeat(12) + "the-end");
    desk.type_in("4");
    assert!(desk.text().contains("the-end"), "{}", desk.text());
}

#[test]
fn pages_are_half_a_screen() {
    let mut desk = desk("4");
    desk.press(Key::PageDown);
    desk.press(Key::Ctrl('d'));
    let there = chosen(&desk);
    desk.press(Key::PageUp);
    desk.press(Key::Ctrl('u'));
    assert!(chosen(&desk).starts_with("20:13:54"), "{}", chosen(&desk));
    for _ in 0..40 {
        desk.press(Key::Char('j'));
    }
    assert_eq!(chosen(&desk), there);
}

#[test]
fn the_newest_action_is_open_until_enter_chooses_another() {
    let mut desk = desk("5");
    assert!(desk.text().contains("orders fail for customers in Austria"));
    desk.press(Key::Enter);
    assert!(!desk.text().contains("orders fail"), "{}", desk.text());
    desk.type_in("jj");
    desk.press(Key::Enter);
    let screen = desk.text();
    assert!(screen.contains("20:01:08, 4 s after it was sent") && screen.contains("✓ weight 50 %"), "{screen}");
    desk.press(Key::Char('k'));
    desk.press(Key::Enter);
    let refused = desk.text();
    assert!(
        refused.contains("never") && refused.contains("the file was edited by hand") && !refused.contains("20:01:08"),
        "{refused}"
    );
}

#[test]
fn a_running_action_says_how_long_it_has_been_looked_for() {
    let mut desk = desk("5");
    desk.observe(|s| {
        s.acts[0].view.trouble = None;
        s.acts[0].view.limit = at(60);
    });
    assert!(desk.text().contains("not yet, after 2m59s; called failed at 20:15:03"), "{}", desk.text());
    desk.observe(|s| s.acts[0].view.sent = None);
    assert!(desk.text().contains("being sent"), "{}", desk.text());
}

#[test]
fn one_key_asks_and_a_second_one_does_from_every_view() {
    for view in ['1', '2', '3', '4', '5'] {
        let mut desk = desk(&view.to_string());
        assert_eq!(desk.press(Key::Char('y')), None);
        desk.press(Key::Char('R'));
        assert!(matches!(desk.ui.modal, Some(Modal::Confirm(_))), "{view}");
        assert_eq!(desk.press_after(299, Key::Char('y')), None, "{view}");
        let token = desk.snapshot.token.clone();
        let intent = Intent::Act { action: Action::Rollback, token, reason: None, actor: ana() };
        assert_eq!(desk.press_after(1, Key::Char('y')), Some(Wish::Intent(intent)), "{view}");
        desk.press(Key::Char('R'));
        desk.observe(|s| s.token = "another".to_owned());
        assert_eq!(desk.ui.modal, None, "{view}: the state has moved");
    }
}

#[test]
fn a_burst_and_a_paste_write_nothing_into_a_filter() {
    let mut desk = desk("4/");
    let mut decoder = Decoder::default();
    for (ms, bytes) in [(100_000, &b"error"[..]), (101_000, b"\x1b[200~error\x1b[201~"), (102_000, b"e"), (103_000, b"")] {
        for press in decoder.take(ms) {
            assert_eq!(update(&mut desk.ui, &desk.snapshot, press, &ana()), None);
        }
        decoder.feed(bytes, ms);
    }
    assert!(desk.text().contains("/ e█ "), "{}", desk.text());
}

#[test]
fn the_key_line_names_the_keys_of_the_view() {
    let last = |view: &str| desk(view).text().lines().last().unwrap_or_default().to_owned();
    assert!(last("1").contains("e  explain") && !last("1").contains("sort"), "{}", last("1"));
    for word in ["enter  open", "s  sort", "v  only v2.5.0", "/  filter", "1-5  views", "q  quit"] {
        assert!(last("2").contains(word), "{}", last("2"));
    }
    assert!(!last("3").contains("filter") && last("4").contains("/  filter") && last("5").contains("enter  open"));
}

/// Texts and numbers that nobody would think of, everywhere.
fn strange(word: &str, number: f64, count: usize) -> Snapshot {
    let mut s = full();
    word.clone_into(&mut s.versions.candidate.name);
    let span = Duration::from_secs_f64((number.abs() * 1e6).min(1e15));
    for (nth, row) in Arc::make_mut(&mut s.instances).iter_mut().enumerate() {
        row.name = format!("{word}{nth}");
        (row.age, row.rate, row.errors, row.p99) = (word.to_owned(), word.to_owned(), word.to_owned(), word.to_owned());
        (row.figures.errors, row.figures.p99, row.figures.counted) = (Some(number), Some(number), (number, number));
        row.history = vec![Reading::Solid(number); count];
        row.trouble = Some(word.to_owned());
        row.state = InstanceState::Silent;
        if let Some(health) = &mut row.health {
            let check = health.checks[0].clone();
            health.checks.extend((0..count).map(|_| check.clone()));
            health.checks.iter_mut().for_each(|check| word.clone_into(&mut check.name));
        }
    }
    for step in &mut s.steps {
        (step.seen, step.requests, step.outcome) = (word.to_owned(), word.to_owned(), word.to_owned());
        (step.weight, step.evidence) = (Some(number), (number, number));
        (step.watched, step.blind, step.length) = (span, span, span);
        (step.errors.candidate, step.p99.baseline) = (word.to_owned(), word.to_owned());
    }
    for event in &mut s.events {
        (event.word, event.head, event.tail) = (word.to_owned(), word.to_owned(), word.to_owned());
    }
    for act in &mut s.acts {
        (act.target, act.view.by, act.reason) = (word.to_owned(), word.to_owned(), Some(word.to_owned()));
        act.view.trouble = act.view.trouble.as_ref().map(|_| word.to_owned());
        act.view.limit = at(-100_000);
    }
    let points = std::sync::Arc::make_mut(&mut s.charts.points);
    for (nth, point) in points.iter_mut().enumerate() {
        point.evidence = if nth % 2 == 0 { (2.0, f32::NAN) } else { (f32::INFINITY, -1.0) };
    }
    s
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![0.0..1.0_f64, Just(f64::INFINITY), Just(f64::NAN), Just(-1.0), Just(1e300), Just(1e6)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_data_is_drawn_on_every_view_at_any_size(
        width in 0_u16..=240, height in 0_u16..=80, view in 0_usize..5, ascii in any::<bool>(),
        word in "[a-zA-Z0-9 日本ü→\u{301}:-]{0,50}", number in number(), count in 0_usize..60,
        keys in "[jkgGsv\n/123455]{0,12}",
    ) {
        let mut desk = Desk::new(strange(&word, number, count), (width, height));
        desk.ui.view = [View::Overview, View::Instances, View::Steps, View::Events, View::Journal][view];
        for key in keys.chars() {
            desk.press(if key == '\n' { Key::Enter } else { Key::Char(key) });
        }
        let theme = if ascii { ASCII } else { DARK };
        let mut frame = Buffer::empty(Rect::new(0, 0, width, height));
        view::draw(&mut frame, &desk.snapshot, &desk.ui, theme);
        prop_assert_eq!(frame.content.len(), usize::from(width) * usize::from(height));
        let marks = frame.content.iter().all(|cell| !ascii || cell.symbol().is_ascii());
        prop_assert!(marks, "a character above 0x7e");
    }

    #[test]
    fn any_size_of_every_view_is_as_wide_as_the_screen(width in 0_u16..=240, height in 0_u16..=80, keys in "[2-5][jG\n/s]{0,6}") {
        let mut desk = Desk::new(full(), (width, height));
        for key in keys.chars() {
            desk.press(if key == '\n' { Key::Enter } else { Key::Char(key) });
        }
        prop_assert_eq!(text(&desk.draw(DARK)).lines().count(), usize::from(height));
    }
}
