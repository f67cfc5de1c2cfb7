//! Any size, any state, any data: the screen is drawn.

use std::{sync::Arc, time::Duration};

use proptest::prelude::*;
use ratatui::{buffer::Buffer, layout::Rect};
use rollwatch::{
    engine::{
        role::Sides,
        snapshot::{Marker, MarkerKind, Point, Reading, Snapshot},
        time::Time,
    },
    tui::{input::Key, surface::Surface, view},
};

use super::{
    fixture,
    render::{ASCII, DARK, Desk, text},
};

/// Opens, by number, nothing, the help, a panel, a panel with a field.
fn with_modal(desk: &mut Desk, which: u8) {
    let key = match which {
        1 => Key::Char('?'),
        2 => Key::Char('R'),
        3 => Key::Char('p'),
        _ => Key::Tab,
    };
    desk.press(key);
}

#[test]
fn the_smallest_screens_are_drawn() {
    for (width, height) in [(0, 0), (0, 5), (5, 0), (1, 1), (2, 1), (1, 3), (24, 3), (59, 17), (60, 17), (60, 18)] {
        for (_, snapshot) in fixture::all() {
            for which in 0..4 {
                let mut desk = Desk::new(snapshot.clone(), (width, height));
                with_modal(&mut desk, which);
                let mut frame = Buffer::empty(Rect::new(0, 0, width, height));
                view::draw(&mut frame, &desk.snapshot, &desk.ui, DARK);
                assert_eq!(text(&frame).lines().count(), usize::from(height));
            }
        }
    }
}

#[test]
fn what_is_never_dropped_is_on_every_screen_with_panes() {
    for width in (60..=200).step_by(7) {
        for height in (18..=60).step_by(3) {
            let screen = Desk::new(fixture::leaning_bad(), (width, height)).text();
            for word in [
                "LEANING BAD",
                "v2.5.0 fails 4 times as often as v2.4.0",
                "v2.4.0 → v2.5.0",
                "25 %",
                "■ AUTO",
                "20:14:03",
                "error rate",
                "R roll back",
            ] {
                assert!(screen.contains(word), "{width}x{height} lacks {word}\n{screen}");
            }
        }
    }
}

#[test]
fn a_panel_shows_every_item_and_its_answer_on_every_screen_where_keys_act() {
    let mut snapshot = fixture::leaning_bad();
    snapshot.deployment.protected = true;
    for (width, height) in [(60, 18), (60, 20), (79, 21), (80, 24), (120, 18), (120, 40), (200, 60)] {
        let mut desk = Desk::new(snapshot.clone(), (width, height));
        desk.press(Key::Char('R'));
        let screen = desk.text();
        for word in [
            "Roll back api-server in prod?",
            "25 % ━",
            "▸ 0 %",
            "75 % ━",
            "to  ",
            "what happens",
            "not undone",
            "takes",
            "why",
            "sends",
            "bound to",
            "Type api-server to roll back.",
            "enter  roll back",
            "esc  leave",
        ] {
            assert!(screen.contains(word), "{width}x{height} lacks {word}\n{screen}");
        }
        let mut below = screen.lines().skip_while(|line| !line.contains("enter  roll back")).skip(1).take(3);
        assert!(
            below.any(|line| line.contains("╰─────")),
            "{width}x{height} has no lower edge
{screen}"
        );
    }
}

#[test]
fn the_same_snapshot_writes_nothing_twice() {
    let desk = Desk::new(fixture::blind(), (120, 40));
    let mut surface = Surface::new(120, 40);
    let first = surface.paint(|frame| view::draw(frame, &desk.snapshot, &desk.ui, DARK)).len();
    let second = surface.paint(|frame| view::draw(frame, &desk.snapshot, &desk.ui, DARK)).len();
    assert!(first > 0);
    assert_eq!(second, 0);
}

#[test]
fn only_the_last_column_changes_with_a_poll_that_brings_nothing_new() {
    let mut desk = Desk::new(fixture::looks_good(), (120, 40));
    let still = |desk: &mut Desk, seconds: i64| {
        desk.observe(|s| {
            let last = *s.charts.points.last().expect("points");
            let points = Arc::make_mut(&mut s.charts.points);
            points.push(Point { at: fixture::at(seconds), ..last });
            s.at = fixture::at(seconds);
        });
        desk.draw(DARK)
    };
    // 20:14:08 and 20:14:13: the cells of 16 s change at 20:14:24.
    let (before, after) = (still(&mut desk, 5), still(&mut desk, 10));
    let plot_rows = 6..19;
    for y in plot_rows {
        for x in 7..50 {
            assert_eq!(before[(x, y)], after[(x, y)], "{x},{y}");
        }
    }
}

fn reading() -> impl Strategy<Value = Reading> {
    prop_oneof![
        Just(Reading::Blind),
        Just(Reading::Idle),
        (0.0..2.0_f64).prop_map(Reading::Solid),
        (0.0..90_000.0_f64).prop_map(Reading::Solid),
        (0.0..1.0_f64, 0..100_u32).prop_map(|(value, n)| Reading::Thin(value, n)),
        prop_oneof![Just(f64::INFINITY), Just(f64::NAN), Just(1e300), Just(-1.0), Just(f64::MIN_POSITIVE)].prop_map(Reading::Solid),
    ]
}

fn sides() -> impl Strategy<Value = Sides<Reading>> {
    (reading(), reading()).prop_map(|(baseline, candidate)| Sides { baseline, candidate })
}

fn points() -> impl Strategy<Value = Vec<Point>> {
    prop::collection::vec((0_i64..40_000, sides(), sides()), 0..80).prop_map(|steps| {
        let total: i64 = steps.iter().map(|(step, ..)| step).sum();
        let mut at = fixture::NOW_MS - total;
        let point = |(step, errors, p99)| {
            at += step;
            Point { at: Time::from_ms(at), errors, p99, ..Point::default() }
        };
        steps.into_iter().map(point).collect()
    })
}

/// Texts and numbers that nobody would think of.
fn strange(mut s: Snapshot, points: Vec<Point>, word: &str, number: f64) -> Snapshot {
    s.charts.points = Arc::new(points);
    s.charts.error_limit = Some(number);
    s.charts.p99_limit = (number > 0.5).then_some(number * 1e6);
    s.charts.error_band = Some((number, number / 2.0));
    s.charts.markers = Arc::new(vec![Marker { at: fixture::at(-60), text: word.to_owned(), kind: MarkerKind::Restart }]);
    s.charts.warm_ups = Arc::new(vec![(fixture::at(50), fixture::at(-5000)), (fixture::at(-90), fixture::at(900))]);
    s.meter.promote = number * 3.0 - 1.0;
    s.meter.rollback = number;
    s.window.length = Duration::from_secs_f64(number * 100.0);
    word.clone_into(&mut s.deployment.name);
    s.deployment.poll = Duration::from_secs_f64(number);
    word.clone_into(&mut s.versions.baseline.name);
    for check in &mut s.checks {
        word.clone_into(&mut check.name);
        word.clone_into(&mut check.sentence);
    }
    s.facts.push((word.to_owned(), word.to_owned()));
    s
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_size_and_any_state_is_drawn(width in 0_u16..=300, height in 0_u16..=100, state in 0_usize..12, which in 0_u8..4, ascii in any::<bool>()) {
        let (_, snapshot) = fixture::all().swap_remove(state);
        let mut desk = Desk::new(snapshot, (width, height));
        with_modal(&mut desk, which);
        let theme = if ascii { ASCII } else { DARK };
        let screen = text(&desk.draw(theme));
        prop_assert_eq!(screen.lines().count(), usize::from(height));
    }

    #[test]
    fn any_data_is_drawn(
        width in 20_u16..=200, height in 2_u16..=60, state in 0_usize..12, which in 0_u8..4,
        points in points(), word in "[a-zA-Z0-9 日本ü→\u{301}]{0,60}", number in 0.0..1.0_f64,
    ) {
        let (_, snapshot) = fixture::all().swap_remove(state);
        let mut desk = Desk::new(strange(snapshot, points, &word, number), (width, height));
        with_modal(&mut desk, which);
        let mut frame = Buffer::empty(Rect::new(0, 0, width, height));
        view::draw(&mut frame, &desk.snapshot, &desk.ui, DARK);
        prop_assert_eq!(frame.content.len(), usize::from(width) * usize::from(height));
    }
}

#[test]
fn four_checks_more_scroll_into_sight_on_a_small_screen_and_can_be_explained() {
    let snapshot = fixture::with_own_checks();
    let mut desk = Desk::new(snapshot.clone(), (80, 24));
    for _ in 0..snapshot.checks.len() {
        desk.press(Key::Char('j'));
    }
    let screen = desk.text();
    assert!(screen.contains("queue depth") && screen.contains("1 240") && screen.contains("limit 5 000"), "{screen}");
    assert!(screen.contains("R roll back") && screen.contains("of 9"), "{screen}");
    desk.press(Key::Char('e'));
    assert!(desk.text().contains("explain queue depth"), "{}", desk.text());
    for width in (60..=200).step_by(20) {
        for height in (18..=60).step_by(6) {
            let screen = Desk::new(snapshot.clone(), (width, height)).text();
            assert!(screen.contains("error rate") && screen.contains("R roll back"), "{width}x{height}: {screen}");
        }
    }
}
