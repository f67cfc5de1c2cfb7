//! Keys into wishes: what acts, when, and what never does.

use std::sync::Arc;

use proptest::prelude::*;
use rollwatch::{
    engine::{
        action::{Ability, Action},
        intent::Intent,
        snapshot::{Mode, Snapshot},
        verdict::Verdict,
    },
    tui::{
        input::{Decoder, Key},
        keymap::Keymap,
        modal::Modal,
        model::Focus,
        update::{Wish, update},
    },
};

use super::{
    fixture,
    render::{Desk, ana},
};

const SIZE: (u16, u16) = (120, 40);

fn desk(snapshot: Snapshot) -> Desk {
    Desk::new(snapshot, SIZE)
}

fn act(action: Action, reason: Option<&str>) -> Wish {
    let token = fixture::leaning_bad().token;
    Wish::Intent(Intent::Act { action, token, reason: reason.map(str::to_owned), actor: ana() })
}

#[test]
fn one_key_asks_and_a_second_one_does() {
    for (key, action) in [('R', Action::Rollback), (' ', Action::Pause)] {
        let mut desk = desk(fixture::leaning_bad());
        assert_eq!(desk.press(Key::Char(key)), None);
        assert!(matches!(desk.ui.modal, Some(Modal::Confirm(_))), "{key:?}");
        assert_eq!(desk.press(Key::Char('y')), Some(act(action, None)));
        assert_eq!(desk.ui.modal, None);
        assert_eq!(desk.press(Key::Char('y')), None, "a second y does nothing");
    }
}

#[test]
fn y_counts_only_after_the_panel_was_seen_for_300_ms() {
    let mut desk = desk(fixture::leaning_bad());
    desk.press(Key::Char('R'));
    assert_eq!(desk.press_after(299, Key::Char('y')), None);
    assert_eq!(desk.press_after(1, Key::Char('y')), Some(act(Action::Rollback, None)));
}

#[test]
fn y_does_nothing_on_a_panel_that_has_not_reached_the_terminal() {
    let mut desk = desk(fixture::leaning_bad());
    let mut ui = desk.ui.clone();
    let press = |key, at_ms| rollwatch::tui::input::Press { key, at_ms };
    assert_eq!(update(&mut ui, &desk.snapshot, press(Key::Char('R'), 1000), &ana()), None);
    assert_eq!(update(&mut ui, &desk.snapshot, press(Key::Char('y'), 60_000), &ana()), None, "a blocked terminal shows no panel");
    desk.press(Key::Char('y'));
    assert_eq!(desk.ui.modal, None, "without a panel y is no key");
}

#[test]
fn a_panel_closes_when_the_state_moves() {
    for change in [(|s: &mut Snapshot| s.token = "another".to_owned()) as fn(&mut Snapshot), |s| {
        s.abilities.insert(Action::Rollback, Ability::Off("a roll back is under way".to_owned()));
    }] {
        let mut desk = desk(fixture::leaning_bad());
        desk.press(Key::Char('R'));
        desk.observe(|s| s.at = fixture::at(5));
        assert!(desk.ui.modal.is_some(), "new data alone does not close it");
        desk.observe(change);
        assert_eq!(desk.ui.modal, None);
        assert!(desk.text().contains("The state has moved"), "{}", desk.text());
        assert_eq!(desk.press(Key::Char('y')), None);
    }
}

#[test]
fn esc_leaves_and_other_keys_do_nothing_in_a_panel() {
    let mut desk = desk(fixture::leaning_bad());
    desk.press(Key::Char('R'));
    for key in ['R', 'p', 'q', 'j', '?', 'Y', 'x'] {
        assert_eq!(desk.press(Key::Char(key)), None, "{key:?}");
        assert!(desk.ui.modal.is_some(), "{key:?}");
    }
    assert_eq!(desk.press(Key::Enter), None);
    assert!(desk.ui.modal.is_some());
    desk.press(Key::Esc);
    assert_eq!(desk.ui.modal, None);
}

#[test]
fn a_promotion_against_the_verdict_wants_a_reason_of_five_letters() {
    let mut desk = desk(fixture::leaning_bad());
    desk.press(Key::Char('p'));
    desk.type_in("y");
    assert!(desk.ui.modal.is_some(), "y is a letter here");
    desk.press(Key::Backspace);
    desk.type_in("12 hot");
    assert_eq!(desk.press(Key::Enter), None, "three letters");
    desk.type_in("fix");
    assert_eq!(desk.press(Key::Enter), Some(act(Action::Promote, Some("12 hotfix"))));
}

#[test]
fn a_promotion_that_the_verdict_backs_wants_y() {
    let mut snapshot = fixture::leaning_bad();
    snapshot.verdict = Verdict::Pass;
    let mut desk = desk(snapshot);
    desk.press(Key::Char('p'));
    assert_eq!(desk.press(Key::Char('y')), Some(act(Action::Promote, None)));
}

#[test]
fn a_protected_deployment_wants_its_name_after_the_reason() {
    let mut snapshot = fixture::leaning_bad();
    snapshot.deployment.protected = true;
    let mut desk = desk(snapshot);
    desk.press(Key::Char('R'));
    assert_eq!(desk.press(Key::Char('y')), None);
    desk.press(Key::Backspace);
    desk.type_in("api-serve");
    assert_eq!(desk.press(Key::Enter), None);
    desk.type_in("r");
    assert_eq!(desk.press(Key::Enter), Some(act(Action::Rollback, None)));

    desk.press(Key::Char('p'));
    desk.type_in("hotfix");
    assert_eq!(desk.press(Key::Enter), None);
    desk.type_in("api-server");
    assert_eq!(desk.press(Key::Enter), Some(act(Action::Promote, Some("hotfix"))));
}

#[test]
fn arming_goes_through_a_panel_too() {
    let mut desk = desk(fixture::bad());
    desk.press(Key::Char('A'));
    assert_eq!(desk.press(Key::Char('y')), Some(Wish::Intent(Intent::Arm { on: true })));
    let mut desk = self::desk(fixture::leaning_bad());
    desk.press(Key::Char('A'));
    desk.observe(|s| s.deployment.mode = Mode::Used);
    assert_eq!(desk.ui.modal, None, "what is no longer armed cannot be disarmed");
}

#[test]
fn a_key_that_cannot_work_says_why() {
    let mut desk = desk(fixture::rolled_back());
    assert_eq!(desk.press(Key::Char('R')), None);
    assert_eq!(desk.ui.note.as_deref(), Some("roll back: done"));
    let mut snapshot = fixture::leaning_bad();
    snapshot.abilities.insert(Action::Rollback, Ability::Off("the file was edited by hand".to_owned()));
    let mut desk = self::desk(snapshot);
    desk.press(Key::Char('R'));
    assert_eq!(desk.ui.note.as_deref(), Some("roll back is not possible: the file was edited by hand"));
    assert_eq!(desk.ui.modal, None);
}

#[test]
fn why_it_is_read_only_is_said_on_a_narrow_screen_too() {
    let mut snapshot = fixture::read_only();
    let why = "the deployment is already watched by ana on build-7, process 22030, since 2026-11-23T14:03:16.975Z: `watch`";
    snapshot.deployment.mode = Mode::ReadOnly(why.to_owned());
    let text = Desk::new(snapshot, (80, 24)).text();
    assert!(text.contains(" read-only: the deployment is already watched by ana on build-7, process "), "{text}");
}

#[test]
fn read_only_has_no_keys_that_act() {
    let mut desk = desk(fixture::read_only());
    for key in ['p', 'P', 'R', ' ', 'X', 'A', 'y'] {
        assert_eq!(desk.press(Key::Char(key)), None);
        assert_eq!(desk.ui.modal, None);
    }
}

#[test]
fn where_a_panel_cannot_be_read_keys_do_not_act() {
    for size in [(59, 40), (120, 17), (20, 2), (0, 0)] {
        let mut desk = Desk::new(fixture::leaning_bad(), size);
        desk.press(Key::Char('R'));
        assert_eq!(desk.ui.modal, None, "{size:?}");
    }
    let mut desk = desk(fixture::leaning_bad());
    desk.press(Key::Char('R'));
    desk.ui.resize(59, 40);
    assert_eq!(desk.ui.modal, None, "an open panel closes");
    assert_eq!(desk.press(Key::Char('y')), None);
}

#[test]
fn keys_of_ones_own_act_and_stand_wherever_keys_are_named() {
    let own = [("rollback", "Z"), ("explain", "x"), ("help", "h")];
    let chosen = own.iter().map(|(action, key)| ((*action).to_owned(), vec![(*key).to_owned()])).collect();
    let mut desk = desk(fixture::leaning_bad());
    desk.ui.keymap = Arc::new(Keymap::new(&chosen));
    assert!(desk.text().contains(" Z roll back ") && desk.text().contains("Press  Z  to roll back now"), "{}", desk.text());
    assert!(desk.text().contains(" x  explain") && desk.text().contains(" h  help"), "{}", desk.text());
    desk.press(Key::Char('R'));
    assert_eq!(desk.ui.modal, None);
    desk.press(Key::Char('h'));
    assert!(desk.text().contains(" Z               roll back"), "{}", desk.text());
    desk.press(Key::Char('h'));
    desk.press(Key::Char('Z'));
    assert_eq!(desk.press(Key::Char('y')), Some(act(Action::Rollback, None)));
}

#[test]
fn leaving_is_asked_only_while_something_depends_on_it() {
    assert_eq!(desk(fixture::bad()).press(Key::Char('q')), Some(Wish::Intent(Intent::Quit)));
    let mut armed = desk(fixture::leaning_bad());
    assert_eq!(armed.press(Key::Char('q')), None);
    assert_eq!(armed.press(Key::Char('y')), Some(Wish::Intent(Intent::Quit)));
    let mut acting = desk(fixture::acting());
    assert_eq!(acting.press(Key::Char('q')), None);
    let mut small = Desk::new(fixture::leaning_bad(), (46, 9));
    assert_eq!(small.press(Key::Char('q')), None);
    assert_eq!(small.press(Key::Char('q')), Some(Wish::Intent(Intent::Quit)));
}

#[test]
fn ctrl_c_twice_leaves_at_once() {
    let mut desk = desk(fixture::leaning_bad());
    assert_eq!(desk.press(Key::Ctrl('c')), None);
    assert!(desk.text().contains("Once more quits"));
    assert_eq!(desk.press(Key::Ctrl('c')), Some(Wish::Intent(Intent::Quit)));
    let mut desk = self::desk(fixture::leaning_bad());
    desk.press(Key::Ctrl('c'));
    desk.press(Key::Char('j'));
    assert_eq!(desk.press(Key::Ctrl('c')), None, "another key in between");
    assert_eq!(desk.press_after(2001, Key::Ctrl('c')), None, "too long ago");
    desk.press(Key::Char('R'));
    desk.press(Key::Ctrl('c'));
    assert_eq!(desk.press(Key::Ctrl('c')), Some(Wish::Intent(Intent::Quit)), "from a panel too");
}

#[test]
fn the_selection_follows_the_worst_check_until_the_first_key() {
    let mut desk = desk(fixture::leaning_bad());
    desk.press(Key::Char('j'));
    assert_eq!(desk.ui.selected.as_deref(), Some("latency"));
    desk.observe(|s| s.checks.swap(0, 3));
    assert_eq!(desk.ui.selected.as_deref(), Some("latency"));
    desk.press(Key::Char('G'));
    assert_eq!(desk.ui.selected.as_deref(), Some("restarts"));
    desk.press(Key::Down);
    assert_eq!(desk.ui.selected.as_deref(), Some("restarts"));
    desk.press(Key::Char('g'));
    desk.press(Key::Up);
    assert_eq!(desk.ui.selected.as_deref(), Some("health"));
}

#[test]
fn tab_goes_round_and_events_scroll() {
    let mut desk = desk(fixture::leaning_bad());
    let mut round = Vec::new();
    for _ in 0..3 {
        desk.press(Key::Tab);
        round.push(desk.ui.focus);
    }
    assert_eq!(round, [Focus::Checks, Focus::Events, Focus::Charts]);
    desk.press(Key::BackTab);
    for _ in 0..20 {
        desk.press(Key::Down);
    }
    assert_eq!(desk.ui.scrolled, 6);
    assert!(!desk.text().contains("looks good → leaning bad"));
    desk.press(Key::Esc);
    assert!(desk.text().contains("looks good → leaning bad"));
}

#[test]
fn help_opens_scrolls_and_closes() {
    let mut desk = Desk::new(fixture::leaning_bad(), (80, 24));
    desk.press(Key::Char('?'));
    for _ in 0..99 {
        desk.press(Key::Down);
    }
    assert!(desk.text().contains("normal range"), "{}", desk.text());
    desk.press(Key::Up);
    assert!(!desk.text().contains("normal range"), "the end was not passed");
    desk.press(Key::Char('?'));
    assert_eq!(desk.ui.modal, None);
}

#[test]
fn keys_about_the_screen_are_wishes() {
    let mut desk = desk(fixture::leaning_bad());
    assert_eq!(desk.press(Key::Ctrl('l')), Some(Wish::Redraw));
    assert_eq!(desk.press(Key::Ctrl('z')), Some(Wish::Suspend));
}

#[test]
fn what_is_copied_is_that_of_the_selected_check() {
    let mut desk = desk(fixture::leaning_bad());
    desk.press(Key::Char('j'));
    let Some(Wish::Copy(copy)) = desk.press(Key::Char('C')) else { panic!("nothing is copied") };
    assert_eq!(copy.what, "the explanation of latency p99");
    assert!(copy.text.starts_with("latency p99: pass. ") && copy.text.lines().count() > 2, "{}", copy.text);
    assert_eq!(desk.press(Key::Char('c')), None);
    assert_eq!(desk.ui.note.as_deref(), Some("Nothing was asked about latency p99 that could be copied."));
    desk.snapshot.checks[1].copy = "http://a/metrics\nhttp://b/\u{1b}metrics".to_owned();
    let Some(Wish::Copy(copy)) = desk.press(Key::Char('c')) else { panic!("nothing is copied") };
    assert_eq!(
        (copy.text.as_str(), copy.what.as_str()),
        ("http://a/metrics\nhttp://b/␛metrics", "what was asked about latency p99")
    );
}

/// What bytes do: each read with the milliseconds before it, everything drawn at once.
fn intents(reads: &[(u64, Vec<u8>)]) -> Vec<Wish> {
    let mut decoder = Decoder::default();
    let mut desk = desk(fixture::leaning_bad());
    let (mut now, mut wishes) = (0, Vec::new());
    let last = (10_000, Vec::new());
    for (wait, bytes) in reads.iter().chain([&last]) {
        now += wait;
        for press in decoder.take(now) {
            wishes.extend(update(&mut desk.ui, &desk.snapshot, press, &ana()));
            desk.ui.shown(press.at_ms);
        }
        decoder.feed(bytes, now);
    }
    wishes.retain(|wish| matches!(wish, Wish::Intent(_)));
    wishes
}

#[test]
fn hands_get_through_the_whole_input_path() {
    let wishes = intents(&[(100, b"R".to_vec()), (400, b"y".to_vec())]);
    assert_eq!(wishes, [act(Action::Rollback, None)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn bytes_that_come_together_are_never_an_intent(bytes in prop::collection::vec(any::<u8>(), 2..200), waits in prop::collection::vec(0_u64..20, 1..8)) {
        let size = bytes.len().div_ceil(waits.len()).max(1);
        let reads: Vec<_> = bytes.chunks(size).zip(&waits).map(|(chunk, wait)| (*wait, chunk.to_vec())).collect();
        prop_assert_eq!(intents(&reads), vec![]);
    }

    #[test]
    fn letters_of_our_own_keys_in_a_burst_are_never_an_intent(text in "[pPRXA yq\r]{2,40}") {
        prop_assert_eq!(intents(&[(500, text.into_bytes())]), vec![]);
    }

    #[test]
    fn a_paste_is_never_an_intent_however_slowly_it_comes(text in "[pPRXA yq\r]{1,20}", wait in 20_u64..900) {
        let mut reads = vec![(500, b"\x1b[200~".to_vec())];
        reads.extend(text.bytes().map(|byte| (wait, vec![byte])));
        reads.push((wait, b"\x1b[201~".to_vec()));
        prop_assert_eq!(intents(&reads), vec![]);
    }

    #[test]
    fn a_terminal_reply_is_never_an_intent_wherever_it_is_cut(cut in 2_usize..28, wait in 0_u64..900) {
        let reply = b"\x1b]10;rgb:RyRy/pppp/qqqq y\x1b\\";
        let (first, rest) = reply.split_at(cut.min(reply.len()));
        prop_assert_eq!(intents(&[(500, first.to_vec()), (wait, rest.to_vec())]), vec![]);
    }
}

#[test]
fn an_armed_watch_can_be_left_to_a_process_without_a_screen() {
    let mut desk = desk(fixture::leaning_bad());
    desk.press(Key::Char('q'));
    assert!(!desk.text().contains("hand over"), "only where there is somebody to go on");
    assert_eq!(desk.press(Key::Char('h')), None);
    desk.press(Key::Esc);
    desk.ui.can_hand_over = true;
    desk.press(Key::Char('q'));
    let screen = desk.text();
    assert!(screen.contains("h hands the watch over") && screen.contains("stays armed"), "{screen}");
    assert_eq!(desk.press_after(100, Key::Char('h')), None, "not before it can have been read");
    assert_eq!(desk.press(Key::Char('h')), Some(Wish::HandOver { armed: true }));
    desk.press(Key::Esc);
    desk.press(Key::Char('R'));
    assert_eq!(desk.press(Key::Char('h')), None, "only where leaving is asked about");
}

#[test]
fn a_watch_is_not_left_to_another_process_while_it_acts() {
    let mut acting = desk(fixture::acting());
    acting.ui.can_hand_over = true;
    acting.press(Key::Char('q'));
    assert!(acting.text().contains("Stop watching") && !acting.text().contains("hand over"), "{}", acting.text());
    assert_eq!(acting.press(Key::Char('h')), None);
    let mut armed = desk(fixture::leaning_bad());
    armed.ui.can_hand_over = true;
    armed.press(Key::Char('q'));
    armed.observe(|s| s.phase = fixture::acting().phase);
    assert_eq!(armed.press(Key::Char('h')), None, "nor once it began to while the panel was open");
}
