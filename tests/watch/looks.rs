//! How the screen comes to look as it does: flags, configuration, and what the terminal answers.

use crate::{
    program::Home,
    terminal::Terminal,
    wait::wait_for,
    watched::{Watched, watch_a_bad_candidate},
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_rollwatch");
const RECORDED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/journals/bad-errors.jsonl");
/// The question for the background.
const BACKGROUND: &[u8] = b"\x1b]11;?\x1b\\";
/// The question for the cursor.
const CURSOR: &[u8] = b"\x1b[6n";
/// The roles' plain text on a dark and on a light background.
const ON_DARK: &str = "38;2;214;218;226";
const ON_LIGHT: &str = "38;2;42;47;58";

/// A recorded watch on a terminal of 24 bits, at its end.
fn replay(more: &[&str], environment: &[(&str, &str)]) -> Terminal {
    let command = [&[PROGRAM, "replay", RECORDED, "--speed", "1000"], more].concat();
    Terminal::running(Home::new(), (120, 40), &command, &[&[("COLORTERM", "truecolor")], environment].concat())
}

fn was_asked(terminal: &Terminal, question: &[u8]) -> bool {
    terminal.bytes().windows(question.len()).any(|bytes| bytes == question)
}

/// Answers once the question has come; a slow line may take its time.
fn answer(terminal: &mut Terminal, question: &[u8], answer: &[u8]) {
    wait_for(|| was_asked(terminal, question).then_some(()));
    terminal.type_keys(answer);
}

#[test]
fn the_theme_goes_by_the_background_that_the_terminal_tells() {
    let mut terminal = replay(&[], &[]);
    terminal.shows("the watch is over");
    assert!(terminal.picture().contains(ON_DARK));
    answer(&mut terminal, BACKGROUND, b"\x1b]11;rgb:ffff/ffff/ffff\x1b\\");
    // A frame may be read in two halves.
    wait_for(|| Some(terminal.picture()).filter(|picture| picture.contains(ON_LIGHT) && !picture.contains(ON_DARK)));
    // Two of the usual ones and the next is at the end: t goes on from what is shown.
    terminal.type_keys(b"t");
    terminal.shows("Theme: high-contrast.");
}

#[test]
fn a_theme_that_was_chosen_stays_whatever_the_terminal_tells() {
    let mut terminal = replay(&["--theme", "dark"], &[]);
    answer(&mut terminal, BACKGROUND, b"\x1b]11;rgb:ffff/ffff/ffff\x07");
    terminal.shows("the watch is over");
    assert!(terminal.picture().contains(ON_DARK));
    let terminal = replay(&[], &[("ROLLWATCH_SCREEN_THEME", "light")]);
    terminal.shows("the watch is over");
    assert!(terminal.picture().contains(ON_LIGHT));
    let terminal = replay(&["--theme", "mono"], &[]);
    terminal.shows("the watch is over");
    assert!(!was_asked(&terminal, BACKGROUND) && !terminal.picture().contains("38;"));
}

#[test]
fn who_is_here_for_the_first_time_is_told_where_to_begin_and_only_then() {
    let start = |home: Home| Terminal::of(home, 120, 40, &["demo"]);
    let mut first = start(Home::new());
    first.shows("New here?  enter  explains the selected check.");
    first.type_keys(b"j");
    first.comes("the line gone", |screen| screen.contains("events") && !screen.contains("New here?"));
    let home = std::mem::replace(&mut first.home, Home::new());
    drop(first);
    let mut second = start(home);
    second.shows("WARMING UP");
    assert!(!second.contents().contains("New here?"));
    second.type_keys(b"q");
    second.ended();
    assert!(!String::from_utf8_lossy(&second.bytes()).contains("New here?"));
}

#[test]
fn a_tour_and_a_recording_greet_nobody() {
    let mut tour = Terminal::start(120, 40, &["demo", "--tour"]);
    tour.shows("1 of 9");
    tour.type_keys(b"q");
    tour.ended();
    assert!(!String::from_utf8_lossy(&tour.bytes()).contains("New here?"));
    let recorded = replay(&[], &[]);
    recorded.shows("the watch is over");
    assert!(!String::from_utf8_lossy(&recorded.bytes()).contains("New here?"));
}

#[test]
fn characters_that_take_two_cells_are_not_used() {
    let japanese = [("LANG", "ja_JP.UTF-8")];
    let mut terminal = replay(&[], &japanese);
    answer(&mut terminal, CURSOR, b"\x1b[1;3R");
    terminal.comes("plain characters", |screen| screen.contains("the watch is over") && screen.is_ascii());
    let mut terminal = replay(&[], &japanese);
    answer(&mut terminal, CURSOR, b"\x1b[1;2R");
    terminal.shows("the watch is over");
    assert!(terminal.contents().contains('╭'));
    let terminal = replay(&[], &[]);
    terminal.shows("the watch is over");
    assert!(!was_asked(&terminal, CURSOR), "elsewhere nobody is asked");
}

#[test]
fn the_text_console_gets_its_own_characters_and_a_flag_wins() {
    let terminal = replay(&[], &[("TERM", "linux")]);
    terminal.comes("line characters", |screen| screen.contains("the watch is over") && screen.contains('┌'));
    assert!(!was_asked(&terminal, BACKGROUND), "it would print the question");
    let terminal = replay(&["--glyphs", "blocks"], &[]);
    terminal.comes("half cells", |screen| screen.contains("the watch is over") && screen.contains('▀'));
    assert!(!terminal.contents().chars().any(|c| ('\u{2800}'..='\u{28ff}').contains(&c)));
}

#[test]
fn the_title_is_set_and_given_back() {
    let mut terminal = replay(&[], &[("TERM_PROGRAM", "WezTerm")]);
    terminal.shows("the watch is over");
    terminal.type_keys(b"q");
    let said = String::from_utf8(terminal.ended().1).expect("text");
    let place = |what: &str| said.find(what).expect(what);
    let in_order = [place("\x1b[22;2t"), place("\x1b[?1049h"), place("ROLLED BACK demo v2.5.0\x1b\\"), place("\x1b[?1049l")];
    assert!(in_order.is_sorted(), "{in_order:?}");
    assert!(said.contains("\x1b]9;4;1;") && said.ends_with("\x1b]9;4;0;0\x1b\\\x1b[23;2t"), "{said:?}");
    let mut quiet = replay(&["--no-title"], &[("TERM_PROGRAM", "WezTerm")]);
    quiet.shows("the watch is over");
    quiet.type_keys(b"q");
    let said = String::from_utf8(quiet.ended().1).expect("text");
    assert!(!said.contains("\x1b]2;") && !said.contains("\x1b]9;4") && !said.contains(";2t"), "{said:?}");
}

#[test]
fn an_alarm_reverses_row_1_for_a_moment_and_rings_where_it_was_asked_to() {
    // Bad's own colour among the 256, as the badge is filled with.
    let (end_of_row_1, fill) = ((100, 1), vt100::Color::Idx(203));
    let Watched { terminal, .. } = watch_a_bad_candidate(&[], "[screen]\nbell = true\n");
    wait_for(|| (terminal.background(100, 1) != fill).then_some(()));
    assert!(terminal.had_background(end_of_row_1, fill), "no frame was reversed");
    assert_eq!(String::from_utf8(terminal.bytes()).expect("text").matches('\x07').count(), 1, "it rings once");
    let Watched { terminal, .. } = watch_a_bad_candidate(&["--calm"], "");
    assert!(!terminal.had_background(end_of_row_1, fill));
    assert!(!terminal.bytes().contains(&7));
}

/// Waits until the last copy begins so.
fn was_copied(terminal: &Terminal, beginning: &str) {
    wait_for(|| {
        let said = String::from_utf8(terminal.bytes()).ok()?;
        said.rsplit_once("\x1b]52;c;").filter(|(_, copy)| copy.starts_with(beginning) && copy.contains('\x07')).map(|_| ())
    });
}

#[test]
fn what_was_explained_can_be_copied() {
    let mut watched = watch_a_bad_candidate(&[], "");
    watched.terminal.type_keys(b"C");
    watched.terminal.shows("Copied: the explanation of error rate.");
    // "error rate: fail"
    was_copied(&watched.terminal, "ZXJyb3IgcmF0ZTogZmFpb");
    watched.terminal.type_keys(b"c");
    watched.terminal.shows("Copied: what was asked about error rate.");
    // "http://127.0.0.1:"
    was_copied(&watched.terminal, "aHR0cDovLzEyNy4wLjAuMT");
    watched.assert_nothing_was_done();
}

#[test]
fn the_mouse_selects_and_is_given_back() {
    let mut watched = watch_a_bad_candidate(&[], "");
    let terminal = &mut watched.terminal;
    let row = wait_for(|| terminal.contents().lines().position(|line| line.contains("✓ latency p99"))) + 1;
    terminal.type_keys(format!("\x1b[<0;20;{row}M\x1b[<0;20;{row}m").as_bytes());
    terminal.shows("▸✓ latency p99");
    watched.assert_nothing_was_done();
    watched.terminal.type_keys(b"q");
    let said = String::from_utf8(watched.terminal.ended().1).expect("text");
    let place = |what: &str| said.find(what).expect(what);
    assert!(place("\x1b[?1000h\x1b[?1006h") < place("\x1b[?1006l\x1b[?1000l"));
    let Watched { terminal, .. } = watch_a_bad_candidate(&["--no-mouse"], "");
    assert!(!String::from_utf8(terminal.bytes()).expect("text").contains("?1000h"));
}
