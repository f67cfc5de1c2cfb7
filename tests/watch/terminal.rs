//! The program on a pseudo-terminal of its own, and what a terminal may do to it: be resized, stop reading, go away.

use std::{
    io::{Read, Write},
    num::NonZeroU16,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU8, Ordering},
    },
    thread,
    time::Duration,
};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};

use crate::{program::Home, wait::wait_for};

const PROGRAM: &str = env!("CARGO_BIN_EXE_rollwatch");
/// A key counts only alone, and an answer only 300 ms after its question was drawn.
const BETWEEN_KEYS: Duration = Duration::from_millis(400);
const MOMENT: Duration = Duration::from_millis(20);

/// What the terminal does with what is written to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    Shown,
    NotRead,
    HungUp,
}

/// A program on a terminal.
pub(crate) struct Terminal {
    pub(crate) home: Home,
    pub(crate) child: Box<dyn Child + Send + Sync>,
    master: Option<Box<dyn MasterPty + Send>>,
    keys: Option<Box<dyn Write + Send>>,
    screen: Arc<Mutex<vt100::Parser>>,
    bytes: Arc<Mutex<Vec<u8>>>,
    reading: Arc<AtomicU8>,
}

/// `command` on a new terminal, in a clean environment.
pub(crate) fn spawn(
    home: &Home,
    (columns, rows): (u16, u16),
    command: &[&str],
    environment: &[(&str, &str)],
) -> (Box<dyn MasterPty + Send>, Box<dyn Child + Send + Sync>) {
    let pty = native_pty_system().openpty(size(columns, rows)).expect("a pseudo-terminal");
    let (program, arguments) = command.split_first().expect("a command");
    let mut command = CommandBuilder::new(program);
    command.args(arguments);
    command.env_clear();
    command.cwd(home.dir.path());
    let home = home.dir.path().to_str().expect("UTF-8");
    let usual = [("PATH", "/usr/bin:/bin"), ("TERM", "xterm-256color"), ("LANG", "C.UTF-8"), ("USER", "ana"), ("HOME", home)];
    for (name, value) in usual.iter().chain(environment) {
        command.env(name, value);
    }
    let child = pty.slave.spawn_command(command).expect("the program starts");
    (pty.master, child)
}

const fn size(columns: u16, rows: u16) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}

fn cells(n: u16) -> NonZeroU16 {
    NonZeroU16::new(n).expect("not zero")
}

impl Terminal {
    /// rollwatch with these arguments.
    pub(crate) fn start(columns: u16, rows: u16, arguments: &[&str]) -> Self {
        Self::of(Home::new(), columns, rows, arguments)
    }

    /// The same in a home that is there already.
    pub(crate) fn of(home: Home, columns: u16, rows: u16, arguments: &[&str]) -> Self {
        Self::running(home, (columns, rows), &[&[PROGRAM], arguments].concat(), &[])
    }

    /// Any command.
    pub(crate) fn running(home: Home, (columns, rows): (u16, u16), command: &[&str], environment: &[(&str, &str)]) -> Self {
        let (master, child) = spawn(&home, (columns, rows), command, environment);
        let screen = Arc::new(Mutex::new(vt100::Parser::new(cells(rows), cells(columns), 0)));
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let reading = Arc::new(AtomicU8::new(Reading::Shown as u8));
        let output = master.try_clone_reader().expect("a reader");
        let (seen, kept, may) = (Arc::clone(&screen), Arc::clone(&bytes), Arc::clone(&reading));
        thread::spawn(move || read(output, &seen, &kept, &may));
        let keys = master.take_writer().expect("a writer");
        Self { home, child, master: Some(master), keys: Some(keys), screen, bytes, reading }
    }

    /// The characters that stand on the screen.
    pub(crate) fn contents(&self) -> String {
        self.screen.lock().expect("no panic").screen().contents()
    }

    /// The characters and how they look.
    pub(crate) fn picture(&self) -> String {
        self.screen.lock().expect("no panic").screen().contents_formatted()
    }

    /// The same cell by cell: a place that was never written to looks as one with a space.
    pub(crate) fn cells(&self) -> Vec<String> {
        let locked = self.screen.lock().expect("no panic");
        let screen = locked.screen();
        let (rows, columns) = screen.size();
        let cell = |row, column| {
            let cell = screen.cell(row, column).expect("within the screen");
            let text = if cell.has_contents() { cell.contents() } else { " " };
            let looks = (cell.bold(), cell.dim(), cell.italic(), cell.underline(), cell.inverse());
            format!("{text} {:?} {:?} {looks:?}", cell.fgcolor(), cell.bgcolor())
        };
        (0..rows.get())
            .flat_map(|row| (0..columns.get()).map(move |column| (row, column)))
            .map(|(row, column)| cell(row, column))
            .collect()
    }

    /// The background of a cell.
    pub(crate) fn background(&self, column: u16, row: u16) -> vt100::Color {
        let screen = self.screen.lock().expect("no panic");
        screen.screen().cell(row, column).map_or(vt100::Color::Default, vt100::Cell::bgcolor)
    }

    /// Whether any frame so far had that background in a cell.
    pub(crate) fn had_background(&self, (column, row): (u16, u16), color: vt100::Color) -> bool {
        let (rows, columns) = self.screen.lock().expect("no panic").screen().size();
        let mut parser = vt100::Parser::new(rows, columns, 0);
        let text = String::from_utf8(self.bytes()).expect("text");
        text.split_inclusive("\x1b[?2026l").any(|frame| {
            parser.process(frame.as_bytes());
            parser.screen().cell(row, column).is_some_and(|cell| cell.bgcolor() == color)
        })
    }

    /// Everything that was ever written to the terminal.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.bytes.lock().expect("no panic").clone()
    }

    /// Waits until `text` stands on the screen.
    pub(crate) fn shows(&self, text: &str) {
        self.comes(&format!("{text:?}"), |screen| screen.contains(text));
    }

    /// Waits until the screen is as it should be.
    pub(crate) fn comes(&self, what: &str, is: impl Fn(&str) -> bool) {
        let mut last = String::new();
        let found = (0..1500).any(|_| {
            last = self.contents();
            is(&last) || {
                thread::park_timeout(MOMENT);
                false
            }
        });
        assert!(found, "{what} never came; the screen shows\n{last}");
    }

    /// Writes to the program's input at once.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        let writer = self.keys.as_mut().expect("open");
        writer.write_all(bytes).and_then(|()| writer.flush()).expect("typed");
    }

    /// A key, as a hand presses it.
    pub(crate) fn type_keys(&mut self, keys: &[u8]) {
        thread::park_timeout(BETWEEN_KEYS);
        self.write(keys);
    }

    /// Letters, one after the other.
    pub(crate) fn type_text(&mut self, text: &str) {
        thread::park_timeout(BETWEEN_KEYS);
        for letter in text.bytes() {
            self.write(&[letter]);
            thread::park_timeout(2 * MOMENT);
        }
    }

    /// Takes the input for a thread of its own.
    pub(crate) fn take_input(&mut self) -> Box<dyn Write + Send> {
        self.keys.take().expect("open")
    }

    /// Gives the input back.
    pub(crate) fn give_input(&mut self, input: Box<dyn Write + Send>) {
        self.keys = Some(input);
    }

    /// Another size, for the program and for the screen.
    pub(crate) fn resize(&self, columns: u16, rows: u16) {
        self.screen.lock().expect("no panic").screen_mut().set_size(cells(rows), cells(columns));
        self.master.as_ref().expect("open").resize(size(columns, rows)).expect("resized");
    }

    /// Another size, of which the screen is not told.
    pub(crate) fn resize_program(&self, columns: u16, rows: u16) {
        self.master.as_ref().expect("open").resize(size(columns, rows)).expect("resized");
    }

    /// The terminal reads what is written, or not.
    pub(crate) fn reads(&self, reading: Reading) {
        self.reading.store(reading as u8, Ordering::SeqCst);
    }

    /// The line is cut.
    pub(crate) fn hang_up(&mut self) {
        self.reads(Reading::HungUp);
        self.keys = None;
        self.master = None;
    }

    /// Waits for the end of the program.
    pub(crate) fn ended(&mut self) -> (ExitStatus, Vec<u8>) {
        let status = wait_for(|| self.child.try_wait().expect("ours"));
        thread::park_timeout(Duration::from_millis(50));
        (status, self.bytes())
    }

    /// Whether it still runs.
    pub(crate) fn is_alive(&mut self) -> bool {
        self.child.try_wait().expect("ours").is_none()
    }

    /// The text of its journal; empty before there is one.
    pub(crate) fn journal(&self) -> String {
        let path = self.home.journals().into_iter().next();
        path.map(|path: std::path::PathBuf| text(&path)).unwrap_or_default()
    }

    /// How many actions were asked for.
    pub(crate) fn actions(&self) -> usize {
        self.journal().lines().filter(|line| line.contains("\"action.requested\"")).count()
    }

    /// How often it has asked its sources.
    pub(crate) fn polls(&self) -> usize {
        self.journal().lines().filter(|line| line.contains("\"event\":\"poll\"")).count()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.reads(Reading::HungUp);
        self.child.kill().ok();
    }
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).expect("a journal")
}

fn read(mut output: Box<dyn Read + Send>, screen: &Mutex<vt100::Parser>, kept: &Mutex<Vec<u8>>, may: &AtomicU8) {
    let mut buffer = [0; 4096];
    loop {
        match may.load(Ordering::SeqCst) {
            shown if shown == Reading::Shown as u8 => {}
            not_read if not_read == Reading::NotRead as u8 => {
                thread::park_timeout(MOMENT);
                continue;
            }
            _ => return,
        }
        let Ok(n @ 1..) = output.read(&mut buffer) else { return };
        screen.lock().expect("no panic").process(&buffer[..n]);
        kept.lock().expect("no panic").extend_from_slice(&buffer[..n]);
    }
}

const LEAVES: &[u8] = b"\x1b[?1049l";

/// Whether the terminal was given back.
pub(crate) fn gave_back(bytes: &[u8]) -> bool {
    bytes.windows(LEAVES.len()).any(|w| w == LEAVES) && bytes.windows(6).any(|w| w == b"\x1b[?25h")
}
