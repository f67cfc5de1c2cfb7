//! What a terminal is sent: the sequences it understands, and never one that came in with a text.

use proptest::{collection::vec, prelude::*};
use rollwatch::{
    engine::{notice::Notice, snapshot::Tone},
    notify::terminal::{TerminalKind, bytes},
};

use crate::notices::notice;

const OSC9: &str = "\x1b]9;v2.5.0 leaning bad · api-server · prod: error rate 1.31 % > 1 %, baseline 0.29 %, 1 856 requests. Rolls back in about 30 s.\x1b\\";
const OSC777: &str = "\x1b]777;notify;v2.5.0 leaning bad · api-server · prod;error rate 1.31 % > 1 %, baseline 0.29 %, 1 856 requests. Rolls back in about 30 s.\x1b\\";

/// What is sent to the terminal with these values of `TERM`, `TERM_PROGRAM` and `TMUX`.
fn sent(notice: &Notice, (term, program, tmux): (&str, &str, &str)) -> String {
    String::from_utf8(bytes(notice, TerminalKind::detect(term, program, tmux))).expect("text")
}

#[test]
fn a_terminal_gets_the_one_sequence_it_understands_and_an_unknown_one_both() {
    for (terminal, want) in [
        (("xterm-256color", "iTerm.app", ""), OSC9.to_owned()),
        (("xterm-kitty", "", ""), OSC9.to_owned()),
        (("xterm-256color", "WezTerm", ""), OSC777.to_owned()),
        (("xterm-ghostty", "ghostty", ""), OSC777.to_owned()),
        (("foot-extra", "", ""), OSC777.to_owned()),
        (("rxvt-unicode-256color", "", ""), OSC777.to_owned()),
        (("xterm-256color", "", ""), format!("{OSC9}{OSC777}")),
        (("linux", "", ""), String::new()),
        (("dumb", "", ""), String::new()),
        (("", "", ""), String::new()),
        (("screen-256color", "", ""), String::new()),
    ] {
        assert_eq!(sent(&notice(), terminal), format!("{want}\x07"), "{terminal:?}");
    }
}

#[test]
fn tmux_is_asked_to_hand_it_on() {
    let inside = |sequence: &str| format!("\x1bPtmux;{}\x1b\\", sequence.replace('\x1b', "\x1b\x1b"));
    let want = format!("{}{}\x07", inside(OSC9), inside(OSC777));
    assert_eq!(sent(&notice(), ("tmux-256color", "tmux", "/tmp/tmux-0/default,1,0")), want);
}

#[test]
fn the_bell_rings_for_bad_news_and_where_there_is_nothing_else() {
    for tone in [Tone::Good, Tone::Held, Tone::Unsure] {
        let calm = Notice { tone, ..notice() };
        assert!(!sent(&calm, ("xterm", "", "")).contains('\x07'), "{tone:?}");
        assert_eq!(sent(&calm, ("linux", "", "")), "\x07", "{tone:?}");
    }
}

#[test]
fn a_text_is_cut_and_cannot_end_its_field() {
    let long = Notice { title: "a;b\nc ✓ é".to_owned(), body: "x".repeat(5000), ..notice() };
    assert_eq!(sent(&long, ("foot", "", "")), format!("\x1b]777;notify;a,b c ? é;{}\x1b\\\x07", "x".repeat(200)));
}

/// A text made of what terminals act on.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<char>().prop_map(String::from),
        prop::sample::select(vec![
            "\x1b]0;",
            "\x1b\\",
            "\x07",
            "\x1b[2J",
            "\u{9b}31m",
            "\u{9c}",
            "\u{9d}",
            "\x1bP",
            "\x1b\x1b",
            "\n",
            "\r",
            ";",
            "\u{202e}",
            "\x18",
            "✓",
        ])
        .prop_map(str::to_owned),
    ];
    vec(piece, 0..20).prop_map(|pieces| pieces.concat())
}

fn terminals() -> impl Strategy<Value = (&'static str, &'static str, &'static str)> {
    prop::sample::select(vec![
        ("xterm", "", ""),
        ("foot", "", ""),
        ("", "iTerm.app", ""),
        ("tmux", "", "/tmp/tmux"),
        ("linux", "", ""),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_brings_a_sequence_of_its_own(title in hostile(), body in hostile(), terminal in terminals()) {
        let plain = sent(&Notice { title: "t".to_owned(), body: "b".to_owned(), ..notice() }, terminal);
        let with_text = sent(&Notice { title, body, ..notice() }, terminal);
        // As many control characters and field separators, in the same order, as with harmless texts.
        let frame = |text: &str| text.chars().filter(|c| c.is_control() || *c == ';').collect::<String>();
        prop_assert_eq!(frame(&with_text), frame(&plain));
        let ends_early = with_text.as_bytes().contains(&0x9c);
        prop_assert!(!ends_early, "a byte that some terminals take for the end of the sequence");

        let mut screen = vt100::Parser::default();
        screen.process(with_text.as_bytes());
        prop_assert_eq!(screen.screen().contents(), "", "nothing is shown on the screen itself");
    }
}
