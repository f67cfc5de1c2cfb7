//! What charts can be asked for: other metrics, other times, the difference, a picture that is held.

use std::{sync::Arc, time::Duration};

use insta::assert_snapshot;
use rollwatch::{
    engine::snapshot::{Band, Point, Reading, Snapshot},
    tui::{input::Key, model::View},
};

use super::{
    fixture::{self, at},
    render::{ASCII, DARK, Desk, styles, text},
};

fn desk(size: (u16, u16)) -> Desk {
    Desk::new(fixture::leaning_bad(), size)
}

fn typed(desk: &mut Desk, keys: &str) -> String {
    for key in keys.chars() {
        assert_eq!(desk.press(Key::Char(key)), None);
    }
    desk.text()
}

#[test]
fn the_difference_is_drawn_at_every_size() {
    for (size, name) in [((80, 24), "080"), ((120, 40), "120"), ((200, 60), "200")] {
        let mut desk = desk(size);
        typed(&mut desk, "d");
        assert_snapshot!(format!("difference_{name}"), format!("{}\n{}", desk.text(), text(&desk.draw(ASCII))));
    }
    let mut desk = desk((120, 40));
    typed(&mut desk, "d");
    assert_snapshot!("difference_styles", styles(&desk.draw(DARK), &[4, 12, 15, 18]));
}

#[test]
fn the_difference_goes_through_the_metrics_that_have_one() {
    let mut desk = desk((120, 40));
    assert!(typed(&mut desk, "d").contains("difference in error rate  v2.5.0 minus v2.4.0"));
    for title in ["latency p99", "latency p95", "latency p50", "error rate"] {
        assert!(typed(&mut desk, "m").contains(&format!("difference in {title}")), "{title}");
    }
    assert!(typed(&mut desk, "M").contains("difference in latency p50"));
    assert!(!typed(&mut desk, "d").contains("difference in"), "d goes back");
    typed(&mut desk, "d");
    desk.press(Key::Esc);
    assert_eq!(desk.ui.view, View::Overview);
}

#[test]
fn where_a_band_lies_is_said_in_words() {
    let with = |low: f32, high: f32| {
        let mut desk = Desk::new(fixture::leaning_bad(), (120, 40));
        desk.observe(|s| {
            let last = Arc::make_mut(&mut s.charts.points).last_mut().expect("points");
            last.difference.errors = Some(Band { low, mid: f32::midpoint(low, high), high });
        });
        typed(&mut desk, "d")
    };
    assert!(with(0.0046, 0.0151).contains("Now +0.46 pp to +1.51 pp: worse than tolerated."));
    assert!(with(-0.002, 0.0009).contains("as good as tolerated, or better."));
    assert!(with(-0.002, 0.004).contains("not known yet."));
    let mut young = Desk::new(fixture::warming_up(), (120, 40));
    young.observe(|s| {
        for point in Arc::make_mut(&mut s.charts.points) {
            point.difference = rollwatch::engine::snapshot::Differences::default();
        }
    });
    let screen = typed(&mut young, "d");
    assert!(screen.contains("There is no band yet.") && screen.contains("nothing to compare yet"), "{screen}");
}

#[test]
fn the_second_chart_shows_the_metric_that_was_chosen() {
    let mut desk = desk((120, 40));
    assert!(desk.text().contains("─ latency p99"));
    for title in ["─ latency p95", "─ latency p50", "─ requests  a second", "─ latency p99"] {
        let screen = typed(&mut desk, "m");
        assert!(screen.contains(title) && screen.contains("─ error rate"), "{title}\n{screen}");
    }
    let mut narrow = Desk::new(fixture::leaning_bad(), (70, 20));
    for title in ["latency p99", "latency p95", "latency p50", "requests", "error rate"] {
        assert!(typed(&mut narrow, "m").contains(&format!("─ {title}")), "{title}");
    }
    let mut requests = Desk::new(fixture::leaning_bad(), (120, 40));
    typed(&mut requests, "mmm");
    assert_snapshot!("requests", requests.text());
}

/// A watch of three hours.
fn long() -> Snapshot {
    let mut s = fixture::leaning_bad();
    let first = s.charts.points[0];
    let points = (0..2160).map(|nth: i64| {
        let rate = if nth == 1000 { 0.03 } else { 0.002 };
        let mut point = Point { at: at(-10_795 + nth * 5), ..first };
        point.errors.candidate = Reading::Solid(rate);
        point
    });
    s.charts.points = Arc::new(points.collect());
    s
}

#[test]
fn time_is_zoomed_and_scrolled_and_comes_back() {
    let mut desk = Desk::new(long(), (120, 40));
    let usual = desk.text();
    assert!(usual.contains("─now "));
    let half_an_hour = typed(&mut desk, "-");
    assert!(half_an_hour.contains("19:50"), "{half_an_hour}");
    let all = typed(&mut desk, "--");
    let tall = all.lines().filter(|line| line.contains('⡇')).count();
    assert!(all.contains("19:00") && tall >= 8, "a spike of one sample keeps its height at any width:\n{all}");
    assert_eq!(typed(&mut desk, "-"), all, "two hours are the most");
    typed(&mut desk, "0");
    assert_eq!(desk.text(), usual);
    assert!(typed(&mut desk, "+").contains("20:13"));
    assert_eq!(typed(&mut desk, "+"), typed(&mut desk, "="), "five minutes are the least");

    typed(&mut desk, "0");
    let earlier = typed(&mut desk, "[");
    assert!(earlier.contains("until 20:08, 6m ago") && !earlier.contains("─now "), "{earlier}");
    desk.observe(|s| s.at = at(5));
    assert!(desk.text().contains("until 20:08, 6m05s ago"), "it stands still while polls come");
    let oldest = typed(&mut desk, &"[".repeat(60));
    assert!(oldest.contains("until 17:20"), "{oldest}");
    let back = typed(&mut desk, &"]".repeat(60));
    assert!(back.contains("─now "), "{back}");
    desk.press(Key::Left);
    desk.press(Key::Right);
    assert!(desk.text().contains("─now "));
}

#[test]
fn a_resize_keeps_metric_zoom_and_time() {
    let mut desk = Desk::new(long(), (120, 40));
    typed(&mut desk, "m-[");
    let before = desk.ui.charts;
    desk.ui.resize(1, 1);
    desk.text();
    desk.ui.resize(120, 40);
    assert_eq!(desk.ui.charts, before);
    assert!(desk.text().contains("latency p95"));
}

#[test]
fn young_samples_are_dots_and_are_not_joined() {
    let mut desk = desk((120, 40));
    let dots = |desk: &Desk| {
        let frame = desk.draw(DARK);
        (6..19).flat_map(|y| (40..51).map(move |x| (x, y))).filter(|at| ("⠁"..="⣿").contains(&frame[*at].symbol())).count()
    };
    let settled = dots(&desk);
    desk.observe(|s| s.charts.lag = Duration::from_secs(150));
    let young = dots(&desk);
    assert!(young > 0 && young * 2 < settled, "{young} of {settled}");
}

#[test]
fn a_held_picture_stands_still_and_says_what_the_present_one_says() {
    let mut desk = Desk::new(fixture::looks_good(), (120, 40));
    let held = typed(&mut desk, "f");
    assert!(held.contains("FROZEN 20:14:03, still recording"), "{held}");
    let chart = |screen: &str| screen.lines().skip(5).take(16).collect::<Vec<_>>().join("\n");
    desk.snapshot = fixture::bad();
    desk.observe(|s| s.at = at(65));
    let later = desk.text();
    assert_eq!(chart(&later), chart(&held));
    assert!(later.contains("LOOKS GOOD") && later.contains("now ✗ BAD"), "{later}");
    assert!(later.contains("The verdict has changed since."), "{later}");
    typed(&mut desk, "R");
    assert!(desk.text().contains("Roll back api-server"), "keys act on the present");
    desk.press(Key::Esc);
    for view in ["2", "d"] {
        assert!(typed(&mut desk, view).contains("now ✗ BAD"), "{view}");
    }
    typed(&mut desk, "1");
    let gone_on = typed(&mut desk, "f");
    assert!(!gone_on.contains("FROZEN") && gone_on.contains("✗ BAD"), "{gone_on}");
}

#[test]
fn the_pane_that_has_the_keys_can_take_all_the_room() {
    let mut desk = desk((80, 24));
    let usual = desk.text();
    let charts = typed(&mut desk, "z");
    assert!(charts.contains("─ error rate") && !charts.contains("─ checks") && charts.contains("LEANING BAD"), "{charts}");
    desk.press(Key::Tab);
    let checks = desk.text();
    assert!(checks.contains("─ checks") && checks.contains("restarts") && !checks.contains("─ error rate"), "{checks}");
    desk.press(Key::Tab);
    assert!(desk.text().contains("warm-up over, the window of 10m starts"), "{}", desk.text());
    desk.press(Key::Esc);
    desk.press(Key::Esc);
    assert_eq!(desk.text(), usual, "esc gives the room back");
    typed(&mut desk, "zz");
    assert_eq!(desk.text(), usual, "and so does z");
}
