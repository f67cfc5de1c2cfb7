//! Takes the terminal and gives it back, whatever state the rest of the program is in.
//!
//! Giving back needs no cooperation: [`restore`] works from a panic hook, from the signal path and from `main`, also while the thread
//! that draws is blocked in a write. It keeps a descriptor of its own and the settings it found, and waits at most 200 ms for a
//! terminal that does not read. There is one terminal a process, hence one place that remembers it.

use std::{
    fs::File,
    io::{self, Write as _},
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    sync::{Mutex, PoisonError},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec},
    fs::{Mode, OFlags},
    io::Errno,
    termios::{self, OptionalActions, OutputModes, QueueSelector, Termios},
};

use super::title::{Outside, PROGRESS_OFF};

/// Alternate screen, bracketed paste, no cursor.
const ENTER: &str = "\x1b[?1049h\x1b[?2004h\x1b[?25l";
/// Ends a sequence that may have been cut in the middle.
const CUT: &str = "\x1b\\";
/// Ends a frame, then what was begun backwards.
const LEAVE: &str = "\x1b[?2026l\x1b[0m\x1b[?25h\x1b[?2004l\x1b[?1049l";
/// Presses, releases and the wheel, as text (SGR): reports in that form cannot be taken for letters.
const MOUSE: (&str, &str) = ("\x1b[?1000h\x1b[?1006h", "\x1b[?1006l\x1b[?1000l");
/// Puts the title on the terminal's own stack, and takes it from there.
const TITLE: (&str, &str) = ("\x1b[22;2t", "\x1b[23;2t");
/// Asks for the background; the answer comes with the keys.
pub const ASK_BACKGROUND: &[u8] = b"\x1b]11;?\x1b\\";
/// Prints a character of unsure width in the first column, and asks where the cursor is.
pub const ASK_WIDTH: &[u8] = "\x1b[H▲\x1b[6n".as_bytes();
/// The cursor's column after a narrow character.
pub const NARROW: u16 = 2;
/// How long a terminal that does not read is waited for.
const PATIENCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };

static TAKEN: Mutex<Option<Taken>> = Mutex::new(None);

/// Why the terminal could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum TerminalError {
    /// Input or output goes somewhere else.
    #[error("{0} is not a terminal: the screen and --plain need one at both ends; use --headless for output into a file or a pipe")]
    NotATerminal(&'static str),
    /// The terminal refused.
    #[error("the terminal could not be set up ({0}): use --headless")]
    Setup(#[source] io::Error),
}

/// What is done to the terminal.
#[derive(Clone, Copy)]
enum Use {
    /// A screen is drawn.
    Screen(Outside),
    /// Lines are printed.
    Lines,
}

impl Use {
    fn enter(self) -> String {
        match self {
            Self::Screen(outside) => {
                [if outside.title { TITLE.0 } else { "" }, ENTER, if outside.mouse { MOUSE.0 } else { "" }].concat()
            }
            Self::Lines => String::new(),
        }
    }

    fn leave(self) -> String {
        match self {
            Self::Screen(outside) => {
                let progress = if outside.progress { PROGRESS_OFF } else { "" };
                let mouse = if outside.mouse { MOUSE.1 } else { "" };
                [CUT, mouse, LEAVE, progress, if outside.title { TITLE.1 } else { "" }].concat()
            }
            Self::Lines => String::new(),
        }
    }
}

struct Taken {
    by: Use,
    /// For the settings.
    control: OwnedFd,
    /// For the last bytes; it never blocks where the system allows that.
    output: OwnedFd,
    saved: Termios,
}

/// Whether there is a terminal at both ends.
///
/// # Errors
/// When there is none, and at which end.
pub fn check() -> Result<(), TerminalError> {
    for (is_one, end) in [(termios::isatty(io::stdin()), "standard input"), (termios::isatty(io::stdout()), "standard output")] {
        if !is_one {
            return Err(TerminalError::NotATerminal(end));
        }
    }
    Ok(())
}

/// Takes the terminal for a screen: raw mode, alternate screen, bracketed paste, no cursor; its title is kept if it will be changed. A
/// second call without [`restore`] changes nothing.
///
/// # Errors
/// When input or output is no terminal, or the terminal refuses; everything done so far is undone.
pub fn enter(outside: Outside) -> Result<(), TerminalError> {
    take_for(Use::Screen(outside))
}

/// Takes the terminal for lines: keys come one by one and are not echoed. Nothing is written, and lines end as they always do.
///
/// # Errors
/// As [`enter`].
pub fn enter_plain() -> Result<(), TerminalError> {
    take_for(Use::Lines)
}

fn take_for(by: Use) -> Result<(), TerminalError> {
    check()?;
    let (input, output) = (io::stdin(), io::stdout());
    let result = {
        let mut place = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
        if place.is_some() {
            return Ok(());
        }
        take(input.as_fd(), output.as_fd(), by).and_then(|taken| raw_mode(place.insert(taken)))
    };
    if result.is_err() {
        restore();
    }
    result.map_err(|errno| TerminalError::Setup(errno.into()))
}

/// Gives the terminal back as it was found. Does nothing when it is not taken, so it may be called as often as one likes.
pub fn restore() {
    let taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(taken) = taken else { return };
    // A terminal that is gone or does not read cannot be helped; its settings still can.
    send(taken.output.as_fd(), taken.by.leave().as_bytes()).ok();
    // Keys that were typed ahead were meant for this screen, not for the shell behind it.
    termios::tcflush(&taken.control, QueueSelector::IFlush).ok();
    termios::tcsetattr(&taken.control, OptionalActions::Now, &taken.saved).ok();
}

/// Columns and rows; 0 x 0 when the terminal does not say.
#[must_use]
pub fn size() -> (u16, u16) {
    termios::tcgetwinsize(io::stdout()).map_or((0, 0), |size| (size.ws_col, size.ws_row))
}

/// Where frames are written to. Writes block as long as the terminal does not read.
#[derive(Debug)]
pub struct Output(File);

impl Output {
    /// A descriptor of its own for the terminal.
    ///
    /// # Errors
    /// When the system has no descriptor left.
    pub fn open() -> Result<Self, TerminalError> {
        let fd = io::stdout().as_fd().try_clone_to_owned().map_err(TerminalError::Setup)?;
        Ok(Self(File::from(fd)))
    }

    /// Writes a whole frame or line; nothing once the terminal was given back.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if TAKEN.lock().unwrap_or_else(PoisonError::into_inner).is_none() {
            return Ok(());
        }
        self.0.write_all(bytes)
    }
}

impl io::Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Self::write(self, bytes).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn take(input: BorrowedFd<'_>, output: BorrowedFd<'_>, by: Use) -> Result<Taken, Errno> {
    let saved = termios::tcgetattr(input)?;
    let control = rustix::io::fcntl_dupfd_cloexec(input, 0)?;
    let output = reopened(output).or_else(|_| rustix::io::fcntl_dupfd_cloexec(output, 0))?;
    Ok(Taken { by, control, output, saved })
}

/// The same terminal opened anew: only so can it be written to without waiting while every other descriptor of it still waits.
fn reopened(output: BorrowedFd<'_>) -> Result<OwnedFd, Errno> {
    let name = termios::ttyname(output, Vec::new())?;
    rustix::fs::open(&*name, OFlags::WRONLY | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty())
}

fn raw_mode(taken: &Taken) -> Result<(), Errno> {
    let mut raw = taken.saved.clone();
    raw.make_raw();
    if matches!(taken.by, Use::Lines) {
        raw.output_modes = taken.saved.output_modes | OutputModes::OPOST | OutputModes::ONLCR;
    }
    termios::tcsetattr(&taken.control, OptionalActions::Now, &raw)?;
    send(taken.output.as_fd(), taken.by.enter().as_bytes())
}

/// Writes a few bytes to a terminal that may not be reading.
fn send(output: BorrowedFd<'_>, mut bytes: &[u8]) -> Result<(), Errno> {
    while !bytes.is_empty() {
        let mut ready = [PollFd::new(&output, PollFlags::OUT)];
        if rustix::event::poll(&mut ready, Some(&PATIENCE))? == 0 {
            return Err(Errno::TIMEDOUT);
        }
        match rustix::io::write(output, bytes) {
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}
