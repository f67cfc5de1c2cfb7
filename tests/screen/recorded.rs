//! A recorded watch played through the engine onto the screen.

use std::time::Duration;

use insta::assert_snapshot;
use rollwatch::{
    engine::{
        event::Event,
        policy::{BaselineMode, Earlier},
        role::Role,
        setup::Setup,
        snapshot::Snapshot,
        watch::Watch,
    },
    journal::{playback, reader},
};

use rollwatch::tui::input::Key;

use super::render::{ASCII, Desk, text};

/// The pictures of the recorded watch so many seconds after its start.
fn pictures(seconds: &[i64]) -> Vec<Snapshot> {
    pictures_against(BaselineMode::Concurrent, seconds)
}

/// The same with another baseline: a recorded one where the live one was, or none.
fn pictures_against(mode: BaselineMode, seconds: &[i64]) -> Vec<Snapshot> {
    played("bad-errors", mode, seconds)
}

/// The pictures of a journal, its baseline in that mode.
fn played(journal: &str, mode: BaselineMode, seconds: &[i64]) -> Vec<Snapshot> {
    let path = format!("{}/tests/data/journals/{journal}.jsonl", env!("CARGO_MANIFEST_DIR"));
    let read = reader::read(path.as_ref()).expect("a journal");
    let (began, started) = playback::started(&read.lines).expect("a watch");
    let mut setup = Setup::recorded(started).expect("a policy");
    setup.policy.baseline = mode;
    setup.policy.may_convict = !mode.is_earlier();
    setup.policy.earlier = mode.is_earlier().then(|| Earlier { at: began.minus(Duration::from_secs(9000)), for_s: 660.0 });
    let (mut watch, _) = Watch::new(setup, began, false);
    let lines = read.lines.into_iter().filter(|line| match &line.event {
        Event::Sample(sample) => sample.role == Role::Candidate || mode.compared().contains(&sample.role),
        _ => true,
    });
    let mut inputs = playback::inputs(&lines.collect::<Vec<_>>()).into_iter().peekable();
    let mut picture = |second: &i64| {
        while let Some((at, input)) = inputs.next_if(|(at, _)| at.ms() <= began.ms() + second * 1000) {
            watch.handle(at, input);
        }
        watch.snapshot()
    };
    seconds.iter().map(&mut picture).collect()
}

#[test]
fn a_recorded_watch_looks_the_same_at_every_moment() {
    for (second, snapshot) in [0, 40, 75, 100, 110, 200].into_iter().zip(pictures(&[0, 40, 75, 100, 110, 200])) {
        let at = |size| Desk::new(snapshot.clone(), size).text();
        assert_snapshot!(format!("recorded_{second:03}"), format!("{}\n{}", at((120, 40)), at((80, 24))));
    }
}

#[test]
fn another_baseline_is_named_and_never_taken_for_a_live_one() {
    for mode in [BaselineMode::Static, BaselineMode::Before] {
        for (second, snapshot) in [40, 75, 100].into_iter().zip(pictures_against(mode, &[40, 75, 100])) {
            assert_snapshot!(format!("{}_{second:03}", mode.word()), Desk::new(snapshot, (120, 40)).text());
        }
        let [snapshot]: [Snapshot; 1] = pictures_against(mode, &[100]).try_into().expect("one picture");
        let mut desk = Desk::new(snapshot, (120, 40));
        assert_eq!(desk.press(Key::Char('e')), None);
        assert_snapshot!(format!("{}_explained", mode.word()), desk.text());
    }
}

#[test]
fn an_explanation_says_what_is_behind_a_check() {
    let [snapshot]: [Snapshot; 1] = pictures(&[75]).try_into().expect("one picture");
    let explained = |size, keys: &[Key]| {
        let mut desk = Desk::new(snapshot.clone(), size);
        for key in keys {
            assert_eq!(desk.press(*key), None);
        }
        desk.text()
    };
    let (explain, next) = (Key::Char('e'), Key::Tab);
    assert_snapshot!("explain_errors", explained((120, 40), &[explain]) + "\n" + &explained((80, 24), &[explain]));
    assert_snapshot!("explain_latency", explained((120, 40), &[explain, next]));
    let end = explained((80, 24), &[Key::Enter, Key::Char('G')]);
    assert!(end.contains("what if") && end.contains("esc"), "{end}");
    let closed = explained((120, 40), &[explain, Key::Esc]);
    assert_eq!(closed, explained((120, 40), &[]));
}

#[test]
fn every_view_of_a_recorded_ladder_looks_the_same_at_every_size() {
    let played = played("slow-ladder", BaselineMode::Concurrent, &[60, 115]);
    for (view, key) in [("instances", '2'), ("steps", '3'), ("events", '4'), ("journal", '5'), ("difference", 'd')] {
        let mut screens = String::new();
        for snapshot in &played {
            for size in [(80, 24), (120, 40), (200, 60)] {
                let mut desk = Desk::new(snapshot.clone(), size);
                desk.press(Key::Char(key));
                screens.push_str(&desk.text());
                screens.push_str(&text(&desk.draw(ASCII)));
            }
        }
        assert_snapshot!(format!("ladder_{view}"), screens);
    }
}
