//! The thread that reads: bytes of the terminal into keys, and into what the terminal tells.

use std::{
    io::PipeReader,
    os::fd::AsFd,
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec},
    io::Errno,
};
use tokio::sync::mpsc;

use crate::tui::input::{Decoder, Press, Told};

/// Milliseconds since the screen began: bursts of keys are counted in real time, whatever time the watch lives in.
#[derive(Clone, Copy)]
pub(super) struct Clock(Instant);

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "a hand's speed is measured in real time, and only here")]
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }

    pub(super) fn ms(self) -> u64 {
        u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// So long after the beginning.
    pub(super) fn at(self, after: Duration) -> Instant {
        self.0 + after
    }
}

/// What the keys' thread has to say.
pub(super) enum Typed {
    Key(Press),
    Told(Told),
    /// The terminal is gone.
    HangUp,
}

/// Reads until the other end of `stop` is closed or the terminal is gone. Waits in `poll` only.
pub(super) fn read(stop: &PipeReader, heard: &mpsc::Sender<Typed>, clock: Clock) {
    let stdin = std::io::stdin();
    let mut decoder = Decoder::default();
    let mut buffer = [0; 1024];
    loop {
        let mut waits = [PollFd::new(&stdin, PollFlags::IN), PollFd::new(stop, PollFlags::IN)];
        let timeout = decoder.wait(clock.ms()).and_then(|wait| Timespec::try_from(wait).ok());
        let polled = rustix::event::poll(&mut waits, timeout.as_ref());
        let [terminal, stop] = waits.map(|wait| wait.revents());
        match polled {
            Err(Errno::INTR) => continue,
            Err(_) => return,
            Ok(_) if !stop.is_empty() => return,
            Ok(_) => {}
        }
        if !terminal.is_empty() {
            match rustix::io::read(stdin.as_fd(), &mut buffer) {
                Ok(0) => return hang_up(heard),
                Ok(read) => decoder.feed(&buffer[..read], clock.ms()),
                Err(Errno::INTR | Errno::AGAIN) => {}
                Err(_) => return hang_up(heard),
            }
        }
        for press in decoder.take(clock.ms()) {
            // A screen that is blocked must not do later what was typed into the dark.
            heard.try_send(Typed::Key(press)).ok();
        }
        for told in decoder.told() {
            heard.try_send(Typed::Told(told)).ok();
        }
    }
}

fn hang_up(heard: &mpsc::Sender<Typed>) {
    heard.blocking_send(Typed::HangUp).ok();
}
