//! Keys that are answered in lines: what is said, and that the guards are those of the screen.

use std::sync::Arc;

use insta::assert_snapshot;
use rollwatch::{
    engine::{
        action::{Ability, Action},
        intent::Intent,
        snapshot::{Mode, Snapshot},
        verdict::Verdict,
    },
    tui::{
        input::{Key, Press},
        keymap::Keymap,
        plain::{Answer, Plain},
        update::Wish,
    },
};

use super::{fixture, render::ana};

/// A person who has heard every line before the next key.
struct Ear {
    plain: Plain,
    snapshot: Snapshot,
    ms: u64,
}

impl Ear {
    fn new(snapshot: Snapshot) -> Self {
        Self::with(snapshot, Arc::default())
    }

    fn with(snapshot: Snapshot, keymap: Arc<Keymap>) -> Self {
        let mut plain = Plain::new(keymap, true);
        plain.observe(&snapshot);
        Self { plain, snapshot, ms: 0 }
    }

    fn press_after(&mut self, ms: u64, key: Key) -> Answer {
        self.ms += ms;
        let answer = self.plain.press(&self.snapshot, Press { key, at_ms: self.ms }, &ana());
        self.plain.shown(self.ms);
        answer
    }

    /// What a key leads to, a second after the last one.
    fn wish(&mut self, key: Key) -> Option<Wish> {
        self.press_after(1000, key).wish
    }

    /// What is said about a key that asks nothing of the engine.
    fn hear(&mut self, key: Key) -> String {
        let answer = self.press_after(1000, key);
        assert_eq!(answer.wish, None, "{key:?}");
        answer.lines.join("\n")
    }

    fn type_in(&mut self, text: &str) {
        for letter in text.chars() {
            assert_eq!(self.press_after(1000, Key::Char(letter)), Answer::default(), "{letter:?}");
        }
    }

    fn observe(&mut self, change: impl FnOnce(&mut Snapshot)) -> String {
        change(&mut self.snapshot);
        self.plain.observe(&self.snapshot).join("\n")
    }
}

fn act(action: Action, reason: Option<&str>) -> Wish {
    let token = fixture::leaning_bad().token;
    Wish::Intent(Intent::Act { action, token, reason: reason.map(str::to_owned), actor: ana() })
}

fn protected() -> Snapshot {
    let mut snapshot = fixture::leaning_bad();
    snapshot.deployment.protected = true;
    snapshot
}

#[test]
fn everything_that_keys_say() {
    let mut ear = Ear::new(fixture::leaning_bad());
    let said = [
        ("start", ear.plain.greeting(&ear.snapshot)),
        ("1", ear.hear(Key::Char('1'))),
        ("e", ear.hear(Key::Char('e'))),
        ("e again", ear.hear(Key::Char('e'))),
        ("R", ear.hear(Key::Char('R'))),
        ("esc", ear.hear(Key::Esc)),
        ("p", ear.hear(Key::Char('p'))),
        ("esc", ear.hear(Key::Esc)),
        ("A", ear.hear(Key::Char('A'))),
        ("esc", ear.hear(Key::Esc)),
        ("q", ear.hear(Key::Char('q'))),
        ("esc", ear.hear(Key::Esc)),
        ("?", ear.hear(Key::Char('?'))),
    ];
    let said = said.map(|(key, lines)| format!("[{key}]\n{lines}\n"));
    assert_snapshot!("plain", said.join("\n"));
}

#[test]
fn no_line_has_a_glyph_or_anything_that_moves_a_cursor() {
    let mut heard = String::new();
    for (_, snapshot) in fixture::all() {
        let mut ear = Ear::new(snapshot);
        heard += &ear.plain.greeting(&ear.snapshot);
        for key in "1eee?pPR XAqdm".chars() {
            heard += &ear.press_after(1000, Key::Char(key)).lines.join("\n");
            heard += &ear.press_after(1000, Key::Esc).lines.join("\n");
        }
    }
    assert!(heard.contains("Roll back api-server in prod?") && heard.len() > 5000);
    let odd: String = heard.chars().filter(|c| !c.is_ascii() || (c.is_ascii_control() && *c != '\n')).collect();
    assert_eq!(odd, "", "{heard}");
    assert!(!heard.lines().any(|line| line.trim_start().contains("  ")), "columns are for the eye: {heard}");
}

#[test]
fn y_counts_once_alone_and_300_ms_after_its_question_was_said() {
    let mut ear = Ear::new(fixture::leaning_bad());
    ear.hear(Key::Char('R'));
    let soon = ear.press_after(299, Key::Char('y'));
    assert_eq!(soon.wish, None);
    assert_eq!(soon.lines, ["Too soon, nothing was done. Press y to roll back, or esc to leave: nothing happens then."]);
    assert_eq!(ear.press_after(1, Key::Char('y')).wish, Some(act(Action::Rollback, None)));
    assert_eq!(ear.press_after(1000, Key::Char('y')), Answer::default(), "a second y is no key");
}

#[test]
fn a_question_that_was_not_said_cannot_be_answered() {
    let mut ear = Ear::new(fixture::leaning_bad());
    let press = |key, at_ms| Press { key: Key::Char(key), at_ms };
    assert!(!ear.plain.press(&ear.snapshot, press('R', 1000), &ana()).lines.is_empty());
    assert_eq!(ear.plain.press(&ear.snapshot, press('y', 60_000), &ana()).wish, None, "a blocked terminal says nothing");
}

#[test]
fn a_question_whose_state_moves_is_over_and_says_so() {
    let mut ear = Ear::new(fixture::leaning_bad());
    ear.hear(Key::Char('R'));
    assert_eq!(ear.observe(|snapshot| snapshot.at = fixture::at(5)), "", "new data alone does not end it");
    assert_eq!(
        ear.observe(|snapshot| snapshot.token = "another".to_owned()),
        "The state has moved: the panel is closed, nothing was done."
    );
    assert_eq!(ear.press_after(1000, Key::Char('y')), Answer::default());
}

#[test]
fn other_keys_do_nothing_while_something_is_asked() {
    let mut ear = Ear::new(fixture::leaning_bad());
    ear.hear(Key::Char('R'));
    for key in "RpqYj?1h".chars().map(Key::Char).chain([Key::Enter, Key::Up]) {
        let said = ear.hear(key);
        assert_eq!(said, "Other keys do nothing here. Press y to roll back, or esc to leave: nothing happens then.", "{key:?}");
    }
    assert!(ear.hear(Key::Ctrl('l')).starts_with("Roll back api-server in prod?\n"), "the question is said again");
    assert_eq!(ear.hear(Key::Esc), "Left: nothing was done.");
}

#[test]
fn a_name_is_typed_and_said_once_it_is_complete() {
    let mut ear = Ear::new(protected());
    assert!(ear.hear(Key::Char('R')).ends_with(
        "Type api-server to roll back. Then press enter, or esc to leave: nothing happens then. Closes by itself if the state moves."
    ));
    ear.type_in("api y");
    let again = "Type api-server to roll back. Then press enter, or esc to leave: nothing happens then.";
    assert_eq!(ear.hear(Key::Enter), format!("Typed: api y. That is not enough.\n{again}"));
    assert_eq!(ear.hear(Key::Enter), format!("Nothing was typed.\n{again}"));
    ear.type_in("api-serverr");
    assert_eq!(ear.hear(Key::Backspace), "");
    assert_eq!(ear.wish(Key::Enter), Some(act(Action::Rollback, None)));
}

#[test]
fn against_the_verdict_a_reason_comes_first_and_then_the_name() {
    let mut ear = Ear::new(protected());
    assert!(ear.hear(Key::Char('p')).contains("Why, against the verdict? At least 5 letters."));
    ear.type_in("12 hot");
    assert!(ear.hear(Key::Enter).starts_with("Typed: 12 hot. That is not enough.\nWhy, against the verdict?"));
    ear.type_in("known flake");
    assert!(ear.hear(Key::Enter).starts_with("Typed: known flake.\nType api-server to promote."));
    ear.type_in("api-server");
    assert_eq!(ear.wish(Key::Enter), Some(act(Action::Promote, Some("known flake"))));
}

#[test]
fn a_promotion_that_the_verdict_backs_wants_y() {
    let mut snapshot = fixture::leaning_bad();
    snapshot.verdict = Verdict::Pass;
    let mut ear = Ear::new(snapshot);
    assert!(ear.hear(Key::Char('p')).contains("Press y to promote"));
    assert_eq!(ear.wish(Key::Char('y')), Some(act(Action::Promote, None)));
}

#[test]
fn a_key_that_cannot_work_says_why_in_one_line() {
    let mut ear = Ear::new(fixture::rolled_back());
    assert_eq!(ear.hear(Key::Char('R')), "roll back: done");
    let mut ear = Ear::new(fixture::leaning_bad());
    ear.snapshot.abilities.insert(Action::Rollback, Ability::Off("the router does not answer".to_owned()));
    assert_eq!(ear.hear(Key::Char('R')), "roll back is not possible: the router does not answer");
    assert_eq!(ear.hear(Key::Char('d')), "Only on the screen, without --plain: difference, or both versions.");
    assert_eq!(ear.hear(Key::Ctrl('c')), "Once more quits.");
    assert_eq!(ear.wish(Key::Ctrl('c')), Some(Wish::Intent(Intent::Quit)));
    let mut ear = Ear::new(fixture::read_only());
    assert_eq!(ear.hear(Key::Char('R')), "Read-only: ana on build-7 is watching this deployment.");
    assert!(
        ear.plain.greeting(&ear.snapshot).starts_with("Read-only: ana on build-7 is watching this deployment. Keys: e explain")
    );
    assert!(!ear.hear(Key::Char('?')).contains("roll back"));
    ear.snapshot.deployment.mode = Mode::Replay;
    assert_eq!(ear.hear(Key::Char('R')), "A recorded watch is played: no key acts.");
}

#[test]
fn quitting_asks_while_armed_and_offers_to_hand_over() {
    let mut ear = Ear::new(fixture::leaning_bad());
    assert!(ear.hear(Key::Char('q')).starts_with("Stop watching api-server in prod?"));
    assert!(ear.press_after(100, Key::Char('h')).lines.concat().starts_with("Too soon, nothing was done."));
    assert_eq!(ear.wish(Key::Char('h')), Some(Wish::HandOver { armed: true }));
    let mut ear = Ear::new(fixture::leaning_bad());
    ear.snapshot.deployment.mode = Mode::Manual;
    assert_eq!(ear.wish(Key::Char('q')), Some(Wish::Intent(Intent::Quit)));
}

#[test]
fn what_is_next_is_said_when_the_whole_changes() {
    let mut ear = Ear::new(fixture::looks_good());
    assert_eq!(ear.observe(|snapshot| snapshot.at = fixture::at(5)), "");
    assert_eq!(
        ear.observe(|snapshot| *snapshot = fixture::bad()),
        "BAD: Nothing happens by itself. Press R to roll back to v2.4.0."
    );
    assert!(ear.observe(|snapshot| *snapshot = fixture::rolled_back()).starts_with("ROLLED BACK: "));
}

#[test]
fn keys_have_the_names_of_the_configuration() {
    let chosen = [("rollback".to_owned(), vec!["Z".to_owned()]), ("explain".to_owned(), Vec::new())].into();
    let mut ear = Ear::with(fixture::bad(), Keymap::new(&chosen).into());
    let greeting = ear.plain.greeting(&ear.snapshot);
    assert!(greeting.contains("Z roll back") && !greeting.contains("explain"), "{greeting}");
    assert!(ear.hear(Key::Char('1')).contains("Press Z to roll back"));
    assert_eq!(ear.press_after(1000, Key::Char('R')), Answer::default());
    assert!(ear.hear(Key::Char('Z')).starts_with("Roll back"));
}
