//! What terminals, shells and networks do to a screen: storms, silence, noise, an end without a word. Real processes throughout.

use std::{fs, io::Write as _, path::Path, thread, time::Duration};

use crate::{
    program::Home,
    terminal::{Reading, Terminal, gave_back, spawn},
    wait::wait_for,
    watched::{Watched, watch_a_bad_candidate},
};

/// Processor time that a program at work may take to end: more is a loop that spins.
const CALM: Duration = Duration::from_millis(1500);
/// The unit of /proc/PID/stat on Linux.
const TICK: Duration = Duration::from_millis(10);

#[test]
fn a_storm_of_sizes_ends_in_the_right_picture() {
    let recorded = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/journals/bad-errors.jsonl");
    let mut terminal = Terminal::start(120, 40, &["replay", recorded, "--speed", "1000"]);
    terminal.shows("the watch is over");
    thread::park_timeout(Duration::from_millis(200));
    let before = terminal.cells();
    let mut rng = fastrand::Rng::with_seed(11);
    let sizes = (0..98).map(|_| (rng.u16(1..=300), rng.u16(1..=100)));
    for (columns, rows) in sizes.chain([(1, 1), (300, 100)]).collect::<Vec<_>>() {
        terminal.resize_program(columns, rows);
    }
    terminal.resize(120, 40);
    terminal.comes("the picture from before", |_| terminal.cells() == before);
    terminal.type_keys(b"q");
    assert_eq!(terminal.ended().0.exit_code(), 0);
}

/// A shell with job control starts the program, and gets a terminal that works as if nothing had been there.
#[test]
fn ctrl_z_gives_the_shell_its_terminal_and_fg_brings_the_screen_back() {
    let script = "set -m; \"$0\" demo; echo put aside; stty -a; read line; fg; echo ended with $?; stty -a";
    let command = ["/bin/sh", "-c", script, env!("CARGO_BIN_EXE_rollwatch")];
    let mut terminal = Terminal::running(Home::new(), (120, 40), &command, &[]);
    terminal.shows("WARMING UP");
    terminal.type_keys(b"\x1a");
    terminal.shows("put aside");
    terminal.comes("a shell's terminal", |screen| screen.contains(" icanon") && !screen.contains("WARMING UP"));
    assert!(gave_back(&terminal.bytes()));
    terminal.type_keys(b"\r");
    terminal.shows("WARMING UP");
    terminal.type_keys(b"?");
    terminal.shows("every key, as it is now");
    terminal.type_keys(b"q");
    terminal.shows("ended with 130");
    terminal.comes("a shell's terminal", |screen| screen.contains(" icanon") && screen.contains(" echo"));
    terminal.ended();
}

/// The processor time of a running process, user and system.
fn processor_time(pid: u32) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let ticks: u64 = stat.rsplit(") ").next()?.split(' ').skip(11).take(2).map(|n| n.parse().unwrap_or(0)).sum();
    Some(TICK * u32::try_from(ticks).unwrap_or(u32::MAX))
}

/// Waits for the end of a program whose terminal is gone; it must not burn the processor meanwhile.
fn assert_ends_calmly(child: &mut (dyn portable_pty::Child + Send + Sync)) {
    let pid = child.process_id().expect("runs");
    let before = processor_time(pid).unwrap_or_default();
    let mut last = before;
    let status = wait_for(|| {
        last = processor_time(pid).unwrap_or(last).max(last);
        child.try_wait().expect("ours")
    });
    let took = last.saturating_sub(before);
    assert!(took < CALM, "it took {took:?} of processor time to end");
    // The signal and the end of the keys are both on their way: the verdict, which was known, or terminated.
    assert!([10, 143].contains(&status.exit_code()), "{status:?}");
}

fn assert_is_complete(journal: &Path) {
    let text = fs::read_to_string(journal).expect("a journal");
    let last = text.lines().last().unwrap_or_default();
    assert!(text.ends_with('\n') && last.contains("\"watch.ended\""), "{last}");
}

#[test]
fn a_line_that_is_cut_ends_the_watch_in_order() {
    let Watched { mut terminal, .. } = watch_a_bad_candidate(&[], "");
    let journal = terminal.home.journal();
    terminal.hang_up();
    assert_ends_calmly(terminal.child.as_mut());
    assert_is_complete(&journal);
}

/// Nobody ever reads this terminal, so it is blocked before it is gone.
#[test]
fn a_terminal_that_is_blocked_and_goes_away_ends_the_watch_in_order() {
    let home = Home::new();
    let (master, mut child) = spawn(&home, (120, 40), &[env!("CARGO_BIN_EXE_rollwatch"), "demo", "--speed", "60"], &[]);
    let journal = wait_for(|| home.journals().first().cloned());
    let decided = |text: &String| text.contains("\"verdict\":\"fail\"");
    wait_for(|| fs::read_to_string(&journal).ok().filter(decided));
    drop(master);
    assert_ends_calmly(child.as_mut());
    assert_is_complete(&journal);
}

#[test]
fn a_terminal_that_does_not_read_stops_no_watch_and_what_is_typed_into_it_does_nothing() {
    let mut watched = watch_a_bad_candidate(&[], "");
    let terminal = &mut watched.terminal;
    terminal.reads(Reading::NotRead);
    // More than the system keeps for a terminal: from here on the program's writes hang.
    for (columns, rows) in [(300, 100), (299, 99), (300, 100)] {
        terminal.resize_program(columns, rows);
        thread::park_timeout(Duration::from_millis(200));
    }
    for key in [b"R", b"y", b"q", b"R", b"y"] {
        terminal.type_keys(key);
    }
    let polls = terminal.polls();
    wait_for(|| (terminal.polls() > polls + 5).then_some(()));
    terminal.resize(120, 40);
    terminal.reads(Reading::Shown);
    terminal.comes("the overview", |screen| {
        screen.contains("✗ BAD") && screen.contains("versions") && !screen.contains("Roll back api?")
    });
    watched.assert_nothing_was_done();
    watched.assert_it_answers();
}

/// What terminals answer, and what people paste.
fn replies_and_pastes() -> Vec<Vec<u8>> {
    let replies: [&[u8]; 16] = [
        b"\x1b[1;1R",
        b"\x1b[24;80R",
        b"\x1b[?62;4;22c",
        b"\x1b[>41;390;0c",
        b"\x1b]10;rgb:ffff/ffff/ffff\x07",
        b"\x1b]11;rgb:0c0c/0e0e/1313\x1b\\",
        b"\x1b]4;1;rgb:cdcd/0000/0000\x1b\\",
        b"\x1bP>|xterm(390)\x1b\\",
        b"\x1bP1$r0m\x1b\\",
        b"\x1b[?2026;2$y",
        b"\x1b[?1u",
        b"\x1b[82;1u\x1b[121;1u",
        b"\x1b[<0;10;10M\x1b[<0;10;10m",
        b"\x1b[I\x1b[O",
        b"\x1b_Gi=31;OK\x1b\\",
        b"\x1b]52;c;UnlSeQ==\x07",
    ];
    let pastes: [&[u8]; 4] = [b"RyRypp", b"R\ny\n", b"q", b"\x1b[31mR\x1by"];
    let pasted = pastes.iter().map(|text| [b"\x1b[200~", *text, b"\x1b[201~"].concat());
    replies.iter().map(|reply| reply.to_vec()).chain(pasted).collect()
}

#[test]
fn a_million_bytes_of_noise_do_nothing() {
    let mut watched = watch_a_bad_candidate(&[], "");
    for said in replies_and_pastes() {
        watched.terminal.write(&said);
        thread::park_timeout(Duration::from_millis(60));
    }
    watched.assert_nothing_was_done();
    let mut rng = fastrand::Rng::with_seed(3);
    let said = replies_and_pastes();
    let mut noise = Vec::with_capacity(1_100_000);
    while noise.len() < 1_000_000 {
        noise.extend(std::iter::repeat_with(|| rng.u8(..)).take(10_000));
        noise.extend_from_slice(&said[rng.usize(..said.len())]);
    }
    let mut input = watched.terminal.take_input();
    let input = thread::spawn(move || {
        input.write_all(&noise).expect("written");
        input
    });
    watched.terminal.give_input(input.join().expect("no panic"));
    // The noise may have ended in the middle of a sequence; that is given up after a second.
    thread::park_timeout(Duration::from_millis(1200));
    watched.assert_nothing_was_done();
    watched.assert_it_answers();
    watched.assert_nothing_was_done();
}

#[test]
fn an_answer_that_comes_too_soon_or_not_alone_does_nothing() {
    let mut watched = watch_a_bad_candidate(&[], "");
    let terminal = &mut watched.terminal;
    // Too soon: the panel is there, but has not been for 300 ms.
    terminal.type_keys(b"R");
    terminal.shows("Roll back api?");
    terminal.write(b"y");
    thread::park_timeout(Duration::from_millis(500));
    terminal.shows("Roll back api?");
    terminal.type_keys(b"\x1b");
    terminal.comes("no panel", |screen| !screen.contains("Roll back api?"));
    // In one write: not even a panel.
    terminal.type_keys(b"Ry");
    thread::park_timeout(Duration::from_millis(500));
    assert!(!terminal.contents().contains("Roll back api?"));
    // By a paste: the panel stays.
    terminal.type_keys(b"R");
    terminal.shows("Roll back api?");
    terminal.type_keys(b"\x1b[200~y\x1b[201~");
    terminal.type_keys(b"yy");
    thread::park_timeout(Duration::from_millis(500));
    terminal.shows("Roll back api?");
    watched.assert_nothing_was_done();
    // And the same panel takes the same key from a hand.
    watched.terminal.type_keys(b"y");
    watched.terminal.shows("ROLLED BACK");
    assert_eq!(fs::read_to_string(watched.terminal.home.path("ledger")).expect("a ledger"), "0\n");
}
