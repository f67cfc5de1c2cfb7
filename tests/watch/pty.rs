//! The screen in a real pseudo-terminal: keys in, screen out.

use std::{
    io::{Read, Write},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};

use crate::{acting::wait_for, program::Home};

/// The program on a terminal of its own.
struct Terminal {
    home: Home,
    master: Box<dyn MasterPty + Send>,
    keys: Option<Box<dyn Write + Send>>,
    child: Box<dyn Child + Send + Sync>,
    screen: Arc<Mutex<vt100::Parser>>,
    bytes: Arc<Mutex<Vec<u8>>>,
}

/// Starts the program on a new terminal.
fn spawn(home: &Home, columns: u16, rows: u16, arguments: &[&str]) -> (Box<dyn MasterPty + Send>, Box<dyn Child + Send + Sync>) {
    let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
    let pty = native_pty_system().openpty(size).expect("a pseudo-terminal");
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_rollwatch"));
    command.args(arguments);
    command.env_clear();
    let home = home.dir.path().to_str().expect("UTF-8");
    for (name, value) in
        [("PATH", "/usr/bin:/bin"), ("TERM", "xterm-256color"), ("LANG", "C.UTF-8"), ("USER", "ana"), ("HOME", home)]
    {
        command.env(name, value);
    }
    let child = pty.slave.spawn_command(command).expect("the program starts");
    (pty.master, child)
}

impl Terminal {
    fn start(columns: u16, rows: u16, arguments: &[&str]) -> Self {
        Self::of(Home::new(), columns, rows, arguments)
    }

    fn of(home: Home, columns: u16, rows: u16, arguments: &[&str]) -> Self {
        let (master, child) = spawn(&home, columns, rows, arguments);
        let [high, wide] = [rows, columns].map(|n| std::num::NonZeroU16::new(n).expect("not zero"));
        let screen = Arc::new(Mutex::new(vt100::Parser::new(high, wide, 0)));
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let mut output = master.try_clone_reader().expect("a reader");
        let (seen, kept) = (Arc::clone(&screen), Arc::clone(&bytes));
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(n @ 1..) = output.read(&mut buffer) {
                seen.lock().expect("no panic").process(&buffer[..n]);
                kept.lock().expect("no panic").extend_from_slice(&buffer[..n]);
            }
        });
        let keys = master.take_writer().expect("a writer");
        Self { home, master, keys: Some(keys), child, screen, bytes }
    }

    fn contents(&self) -> String {
        self.screen.lock().expect("no panic").screen().contents()
    }

    fn shows(&self, text: &str) {
        let mut last = String::new();
        let found = (0..1500).any(|_| {
            last = self.contents();
            last.contains(text) || {
                thread::park_timeout(Duration::from_millis(20));
                false
            }
        });
        assert!(found, "{text:?} never came; the screen shows\n{last}");
    }

    fn type_keys(&mut self, keys: &[u8]) {
        // A key counts only alone, and an answer only 300 ms after its question was drawn.
        thread::park_timeout(Duration::from_millis(400));
        let writer = self.keys.as_mut().expect("open");
        writer.write_all(keys).and_then(|()| writer.flush()).expect("typed");
    }

    fn ended(mut self) -> (ExitStatus, Vec<u8>) {
        let status = wait_for(|| self.child.try_wait().expect("ours"));
        thread::park_timeout(Duration::from_millis(50));
        let bytes = self.bytes.lock().expect("no panic").clone();
        (status, bytes)
    }

    fn actions(&self) -> usize {
        let journal =
            self.home.journals().first().map(|path| std::fs::read_to_string(path).expect("a journal")).unwrap_or_default();
        journal.lines().filter(|line| line.contains("\"action.requested\"")).count()
    }
}

const LEAVES: &[u8] = b"\x1b[?1049l";

fn gave_back(bytes: &[u8]) -> bool {
    bytes.windows(LEAVES.len()).any(|w| w == LEAVES) && bytes.windows(6).any(|w| w == b"\x1b[?25h")
}

#[test]
fn a_bad_canary_is_caught_on_the_screen_and_rolled_back_with_a_key() {
    let mut terminal = Terminal::start(120, 40, &["demo", "--speed", "25"]);
    terminal.shows("WARMING UP");
    terminal.shows("error rate");
    terminal.shows("✗ BAD");
    let screen = terminal.contents();
    assert!(screen.chars().filter(|c| ('\u{2801}'..='\u{28ff}').contains(c)).count() > 20, "the charts are empty:\n{screen}");
    terminal.shows("fails");
    terminal.type_keys(b"R");
    terminal.shows("Roll back demo?");
    assert_eq!(terminal.actions(), 0);
    terminal.type_keys(b"y");
    terminal.shows("✓ ROLLED BACK");
    terminal.shows("All traffic is on v2.4.0 again");
    assert_eq!(terminal.actions(), 1);
    terminal.type_keys(b"q");
    let (status, bytes) = terminal.ended();
    assert_eq!(status.exit_code(), 11);
    assert!(gave_back(&bytes));
}

#[test]
fn a_promotion_against_the_verdict_wants_a_reason() {
    let mut terminal = Terminal::start(80, 24, &["demo", "--speed", "20", "--scenario", "good"]);
    terminal.shows("LOOKS GOOD");
    terminal.type_keys(b"p");
    terminal.shows("Why, against the verdict?");
    terminal.type_keys(b"y");
    terminal.type_keys(b"\r");
    assert_eq!(terminal.actions(), 0);
    for letter in b" known flake" {
        let writer = terminal.keys.as_mut().expect("open");
        writer.write_all(&[*letter]).and_then(|()| writer.flush()).expect("typed");
        thread::park_timeout(Duration::from_millis(40));
    }
    terminal.type_keys(b"\r");
    terminal.shows("PROMOTED");
    terminal.type_keys(b"q");
    assert_eq!(terminal.ended().0.exit_code(), 0);
}

#[test]
fn leaving_before_the_outcome_is_130_and_a_signal_is_143() {
    let mut terminal = Terminal::start(80, 24, &["demo"]);
    terminal.shows("WARMING UP");
    terminal.type_keys(b"q");
    let (status, bytes) = terminal.ended();
    assert_eq!(status.exit_code(), 130);
    assert!(gave_back(&bytes));
    let terminal = Terminal::start(80, 24, &["demo"]);
    terminal.shows("WARMING UP");
    let pid = i32::try_from(terminal.child.process_id().expect("runs"))
        .ok()
        .and_then(rustix::process::Pid::from_raw)
        .expect("a process id");
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("ours");
    let (status, bytes) = terminal.ended();
    assert_eq!(status.exit_code(), 143);
    assert!(gave_back(&bytes));
}

#[test]
fn a_screen_that_is_left_leaves_its_report() {
    let home = Home::new();
    let report = home.path("report.md");
    let arguments = ["demo", "--markdown", report.to_str().expect("UTF-8")];
    let mut terminal = Terminal::of(home, 80, 24, &arguments);
    terminal.shows("WARMING UP");
    assert!(!report.exists(), "it is written at the end");
    terminal.type_keys(b"q");
    let journal = terminal.home.journal();
    let home = &terminal.home;
    let told = || std::fs::read_to_string(&report).ok();
    let text = wait_for(told);
    assert!(text.contains("**Verdict inconclusive: interrupted, exit code 130.** Left before the outcome was known."), "{text}");
    assert_eq!(text, home.run(&["report", journal.to_str().expect("UTF-8")]).out);
    let (status, _) = terminal.ended();
    assert_eq!(status.exit_code(), 130);
}

/// Nobody reads this terminal, so it is blocked before it is gone.
#[test]
fn a_terminal_that_is_blocked_and_goes_away_ends_the_process() {
    let home = Home::new();
    let (master, mut child) = spawn(&home, 120, 40, &["demo", "--speed", "60"]);
    let journal = wait_for(|| home.journals().first().cloned());
    let decided = |text: &String| text.contains("\"verdict\":\"fail\"");
    wait_for(|| std::fs::read_to_string(&journal).ok().filter(decided));
    drop(master);
    let status = wait_for(|| child.try_wait().expect("ours"));
    assert!(!status.success());
}

#[test]
fn what_a_terminal_says_by_itself_and_pastes_do_nothing() {
    let mut terminal = Terminal::start(120, 40, &["demo", "--speed", "25"]);
    terminal.shows("✗ BAD");
    for noise in [&b"\x1b]10;rgb:ffff/ffff/ffff\x07"[..], b"\x1b[1;1R", b"\x1b[200~RyRypp\x1b[201~", b"RyRyRyRy", b"R\ny\n"] {
        terminal.type_keys(noise);
    }
    let mut rng = fastrand::Rng::with_seed(3);
    let random: Vec<u8> = (0..20_000).map(|_| rng.u8(..)).filter(|b| ![3, 17, 19, 26, 28, b'q'].contains(b)).collect();
    let mut writer = terminal.keys.take().expect("open");
    thread::spawn(move || writer.write_all(&random)).join().expect("no panic").expect("written");
    thread::park_timeout(Duration::from_millis(500));
    assert_eq!(terminal.actions(), 0, "{}", terminal.contents());
    terminal.child.kill().expect("ours");
}

#[test]
fn the_picture_follows_the_size() {
    let terminal = Terminal::start(120, 40, &["demo", "--speed", "25"]);
    terminal.shows("versions");
    let resize = |cols, rows| {
        terminal
            .screen
            .lock()
            .expect("no panic")
            .screen_mut()
            .set_size(std::num::NonZeroU16::new(rows).expect("not zero"), std::num::NonZeroU16::new(cols).expect("not zero"));
        let size = PtySize { rows, cols, pixel_width: 0, pixel_height: 0 };
        terminal.master.resize(size).expect("resized");
    };
    resize(46, 9);
    terminal.shows("too small");
    resize(80, 24);
    terminal.shows("latency p99");
}
