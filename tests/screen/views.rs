//! Every view at the drawn sizes, and what it says when there is nothing to show.

use std::sync::Arc;

use insta::assert_snapshot;
use rollwatch::{
    engine::{
        role::Role,
        snapshot::{InstanceRow, Mode, Snapshot, StepState},
    },
    tui::input::Key,
};

use super::{
    fixture,
    fixture_views::{self, full},
    render::{ASCII, DARK, Desk, styles, text},
};

const SIZES: [(u16, u16); 4] = [(120, 40), (80, 24), (60, 18), (200, 60)];

/// A screen after some keys; a line break is enter.
fn desk(snapshot: &Snapshot, size: (u16, u16), typed: &str) -> Desk {
    let mut desk = Desk::new(snapshot.clone(), size);
    for letter in typed.chars() {
        assert_eq!(desk.press(if letter == '\n' { Key::Enter } else { Key::Char(letter) }), None);
    }
    desk
}

fn shown(snapshot: &Snapshot, typed: &str) -> String {
    desk(snapshot, (80, 24), typed).text()
}

/// The screen at each size after some keys, and the small one in ASCII and without colour.
fn screens(snapshot: &Snapshot, typed: &str) -> String {
    let mut screens: Vec<String> = SIZES.iter().map(|size| desk(snapshot, *size, typed).text()).collect();
    screens.push(text(&desk(snapshot, (80, 24), typed).draw(ASCII)));
    screens.join("\n")
}

#[test]
fn every_view_looks_as_it_was_drawn() {
    let full = full();
    for (name, typed) in [
        ("instances", "2"),
        ("instances_opened", "2\n"),
        ("instances_filtered", "2/5c9f"),
        ("steps", "3"),
        ("events", "4"),
        ("events_filtered", "4/error"),
        ("journal", "5"),
    ] {
        assert_snapshot!(name, screens(&full, typed));
    }
}

#[test]
fn what_an_event_is_about_stands_apart_from_it() {
    let mut snapshot = full();
    for word in ["step", "verdict", "evidence"] {
        word.clone_into(&mut snapshot.events[0].word);
        "What is there now is kept".clone_into(&mut snapshot.events[0].head);
        let text = desk(&snapshot, (120, 40), "").text();
        assert!(text.contains(&format!("{word:7} What is there now is kept")), "{text}");
    }
}

#[test]
fn pods_say_how_often_how_long_and_why_not() {
    let pods = fixture_views::pods();
    for (name, typed) in [("pods", "2"), ("pods_opened", "2\n")] {
        assert_snapshot!(name, screens(&pods, typed));
    }
    let drawn = desk(&pods, (120, 40), "2").draw(DARK);
    assert_snapshot!("pods_styles", styles(&drawn, &(3..18).collect::<Vec<u16>>()));
}

#[test]
fn details_stand_beside_the_panes_of_a_wide_screen() {
    let at = |size| desk(&full(), size, "").text();
    assert_snapshot!("details", format!("{}\n{}", at((200, 60)), at((160, 45))));
    assert!(!at((159, 60)).contains("selected check"));
    let latency = desk(&full(), (200, 60), "j").text();
    assert!(latency.contains("─ latency p99  ✓ pass ─"), "they follow the selection\n{latency}");
    let attaching = Desk::new(fixture::attaching(), (200, 60)).text();
    assert!(attaching.contains("no check has an answer yet"), "{attaching}");
}

#[test]
fn a_panel_lies_over_every_view() {
    for view in ['2', '3', '4', '5'] {
        for size in [(60, 18), (80, 24), (120, 40)] {
            let screen = desk(&full(), size, &format!("{view}R")).text();
            for word in ["Roll back api-server in prod?", "y roll back", "esc  leave", "LEANING BAD", "bound to"] {
                assert!(screen.contains(word), "{view} at {size:?} lacks {word}\n{screen}");
            }
        }
    }
}

#[test]
fn every_view_says_when_there_is_nothing_to_show() {
    let nothing = fixture::attaching();
    assert!(shown(&nothing, "2").contains("no instance has answered yet"));
    assert!(shown(&nothing, "3").contains("this strategy has no steps: one window of 10m"));
    assert!(shown(&nothing, "4").contains("nothing has happened since 20:14:01"));
    assert!(shown(&nothing, "5").contains("nothing has been asked of the backend in this watch"));
    let versions_only = fixture::leaning_bad();
    assert!(shown(&versions_only, "2").contains("the source has no instances: this backend knows versions only"));
    let acts = shown(&versions_only, "5");
    assert!(acts.contains("after one more: p promote to 50 %") && !acts.contains("pause, A"), "{acts}");
    let mut read_only = versions_only;
    read_only.deployment.mode = Mode::ReadOnly("ana watches it".to_owned());
    assert!(shown(&read_only, "5").contains("it is read-only: ana"));
    for (view, said) in [
        ('2', "no instance matches; esc shows all 12"),
        ('4', "no event matches; esc shows all 214"),
        ('5', "no action matches; esc shows all 4"),
    ] {
        let screen = shown(&full(), &format!("{view}/nobody"));
        assert!(screen.contains(said), "{screen}");
    }
    let mut baseline_only = full();
    Arc::make_mut(&mut baseline_only.instances).retain(|row| row.role == Role::Baseline);
    assert!(shown(&baseline_only, "2v").contains("no instance of v2.5.0 yet; v shows all 9"));
}

#[test]
fn names_and_states_are_on_every_screen_with_panes() {
    for width in (60..=200).step_by(7) {
        for height in (18..=60).step_by(6) {
            let size = (width, height);
            let has = |typed: &str, words: &[&str]| {
                let screen = desk(&full(), size, typed).text();
                for word in words {
                    assert!(screen.contains(word), "{width}x{height} {typed} lacks {word}\n{screen}");
                }
            };
            has("2", &["5c9f77d4c5-p4n7t", "v2.5.0", "✗ restarting", "▲ erroring", "2 instances", "2xk8w: 18 of 22"]);
            has("3", &["● 3", "50 %", "63 %", "○ 4", "13m"]);
            has("4", &["20:13:54", "verdict", "looks good → leaning bad", "4 events"]);
            has("5", &["✗ roll back to v2.4.0", "not seen to work", "pause at 50 %", "5 journal"]);
        }
    }
}

#[test]
fn words_of_the_tabs_fit_or_give_way_to_numbers() {
    let row = |width| desk(&full(), (width, 24), "4").text().lines().nth(2).unwrap_or_default().to_owned();
    assert!(row(80).contains("5 journal") && row(80).contains("newest first"), "{}", row(80));
    let mut long = full();
    long.versions.candidate.name = "v2.5.0-rc.1".to_owned();
    let narrow = desk(&long, (60, 18), "2v").text().lines().nth(2).unwrap_or_default().to_owned();
    assert!(narrow.contains("2 instances"), "{narrow}");
}

#[test]
fn long_names_keep_their_ends_and_wide_letters_their_columns() {
    let mut snapshot = full();
    snapshot.versions.candidate.name = "2026-11-22-版本日本-abcdef1".to_owned();
    for row in Arc::make_mut(&mut snapshot.instances) {
        row.name = format!("deployment-of-the-api-in-another-namespace-日本-{}", row.name);
    }
    for size in SIZES {
        let screen = desk(&snapshot, size, "2").text();
        for word in ["77d4c5-p4n7t ", "-abcdef1 ", "✗ restarting"] {
            assert!(screen.contains(word), "{size:?} lacks {word}\n{screen}");
        }
    }
}

/// A share of pods is rarely a round one, and there may be many of them.
#[test]
fn figures_of_the_versions_keep_their_distance() {
    let mut snapshot = fixture::leaning_bad();
    for (version, share, ready) in
        [(&mut snapshot.versions.baseline, "81.8 %", Some((10, 12))), (&mut snapshot.versions.candidate, "18.2 %", Some((2, 3)))]
    {
        share.clone_into(&mut version.share);
        version.ready = ready;
    }
    for size in [(120, 40), (200, 60)] {
        let screen = desk(&snapshot, size, "").text();
        for words in ["v2.4.0 ", " 81.8 % ", " 10/12 ready ", " 18.2 % ", " 2/3 ready "] {
            assert!(screen.contains(words), "{size:?} lacks {words:?}\n{screen}");
        }
    }
}

#[test]
fn a_version_of_marks_does_not_count_for_more_than_it_is_wide() {
    let mut snapshot = full();
    snapshot.versions.candidate.name = "v\u{301}2\u{301}".to_owned();
    let screen = desk(&snapshot, (120, 40), "2").text();
    assert!(screen.contains("only v\u{301}2\u{301}   /  filter"), "{screen}");
}

#[test]
fn two_hundred_instances_scroll_and_stay_the_same_screen_wide() {
    let mut snapshot = full();
    let template = fixture_views::instances().swap_remove(4);
    let row = |nth: usize| InstanceRow { name: format!("7d44f9c8b6-{nth:05}"), ..template.clone() };
    Arc::make_mut(&mut snapshot.instances).extend((0..188).map(row));
    let mut desk = desk(&snapshot, (80, 24), "2G");
    let end = desk.text();
    assert!(end.contains("▸  7d44f9c8b6-00187") && end.contains("188 to 200 of 200"), "{end}");
    desk.press(Key::PageUp);
    let page = desk.text();
    assert!(page.contains("▸  7d44f9c8b6-00175"), "{page}");
    desk.press(Key::Char('g'));
    assert!(desk.text().contains("▸  5c9f77d4c5-p4n7t"));
}

#[test]
fn a_ladder_of_many_steps_is_one_line_a_step_and_follows_the_present_one() {
    let mut snapshot = full();
    let waiting = snapshot.steps[4].clone();
    snapshot.steps = (1..=60)
        .map(|number| {
            let mut step = waiting.clone();
            step.number = number;
            step.weight = Some(f64::from(number) / 60.0);
            step.state = if number == 40 { StepState::Current } else { StepState::Waiting };
            step.outcome = format!("story of {number}");
            step
        })
        .collect();
    let mut desk = desk(&snapshot, (80, 24), "3");
    let screen = desk.text();
    assert!(screen.contains("▸ ● 40") && screen.contains("story of 40") && !screen.contains("story of 41"), "{screen}");
    desk.press(Key::Char('j'));
    assert!(desk.text().contains("▸ ○ 41") && desk.text().contains("story of 41"), "{}", desk.text());
}

#[test]
fn steps_without_a_weight_and_before_the_watch_say_so() {
    let mut snapshot = full();
    snapshot.steps[0].state = StepState::Before;
    snapshot.steps[1].state = StepState::Failed;
    snapshot.steps[2].state = StepState::Left;
    snapshot.steps[3].number = 0;
    snapshot.steps[4].weight = None;
    let screen = shown(&snapshot, "3");
    for word in ["– 1", "before this watch", "✗ 2", "– 3", "smoke", "–   "] {
        assert!(screen.contains(word), "lacks {word}\n{screen}");
    }
    assert!(screen.contains("▸ – 3"), "the last that began is chosen\n{screen}");
    snapshot.steps[1].length = std::time::Duration::from_secs(60);
    assert!(!shown(&snapshot, "3").contains("a step "), "steps of two lengths have no length in common");
}

#[test]
fn a_young_watch_has_no_evidence_to_draw() {
    let mut snapshot = full();
    snapshot.charts.points = Arc::default();
    let buffer = desk(&snapshot, (200, 60), "").draw(DARK);
    assert!(!text(&buffer).contains("evidence to roll back "), "{}", text(&buffer));
}
