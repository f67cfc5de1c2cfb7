//! Runs one program of the configuration: an argv without a shell, a limit in time and in output, a process group of its own.
//!
//! Whatever it started is ended with it when the limit is over or nobody waits for it any more. What it did is judged by the caller.

use std::{
    io,
    path::Path,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::{Child, Command},
    time::timeout,
};

use crate::{humanize, text::cleaned};

/// Most bytes of standard output that are kept.
const MOST_OUTPUT: usize = 1 << 20;
/// Bytes of standard error kept from its beginning, and as many from its end.
const MOST_SAID: usize = 4096;
/// How long pipes that a grandchild holds open are read after the program itself has ended.
const LINGER: Duration = Duration::from_millis(500);

/// What to run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Program<'a> {
    /// The program and its arguments; never empty.
    pub(super) argv: &'a [String],
    /// Where; none is where we are.
    pub(super) dir: Option<&'a Path>,
    /// For how long at most.
    pub(super) limit: Duration,
}

/// A program that ended by itself.
#[derive(Debug)]
pub(super) struct Ended {
    /// Its exit code.
    pub(super) code: i32,
    /// What it printed; empty when that was not asked for.
    pub(super) stdout: Vec<u8>,
    /// What it complained about.
    pub(super) stderr: Said,
}

/// A program that did not end by itself.
#[derive(Debug, thiserror::Error)]
pub(super) enum RunError {
    /// It never ran.
    #[error("{0}")]
    NotStarted(String),
    /// It ran and was ended from outside: it may have done its work.
    #[error("{0}")]
    Cut(String),
}

impl Program<'_> {
    /// Runs it and keeps what it prints; more than 1 MiB ends it.
    pub(super) async fn read(&self) -> Result<Ended, RunError> {
        self.run(Stdio::piped()).await
    }

    /// Runs it and drops what it prints, so that a talkative program is not ended in the middle of its work.
    pub(super) async fn perform(&self) -> Result<Ended, RunError> {
        self.run(Stdio::null()).await
    }

    async fn run(&self, stdout: Stdio) -> Result<Ended, RunError> {
        let name = shown(self.argv);
        let (mut child, mut group) =
            self.start(stdout).map_err(|error| RunError::NotStarted(format!("`{name}` cannot be started: {error}")))?;
        let mut output = Vec::new();
        let mut stderr = Said::default();
        let status = timeout(self.limit, attend(&mut child, &mut output, &mut stderr)).await;
        let status = match status {
            Ok(Ok(status)) => status,
            Ok(Err(error)) => return Err(RunError::Cut(format!("`{name}` was ended: {error}{}", stderr.quoted()))),
            Err(_) => {
                let limit = humanize::duration(self.limit);
                return Err(RunError::Cut(format!("`{name}` was ended: it ran longer than {limit}{}", stderr.quoted())));
            }
        };
        group.release();
        let code = status.code().ok_or_else(|| RunError::Cut(format!("`{name}` was ended by another process: {status}")))?;
        Ok(Ended { code, stdout: output, stderr })
    }

    fn start(&self, stdout: Stdio) -> io::Result<(Child, Group)> {
        let (program, arguments) = self.argv.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(stdout).stderr(Stdio::piped());
        command.process_group(0).kill_on_drop(true);
        if let Some(dir) = self.dir {
            command.current_dir(dir);
        }
        let child = command.spawn()?;
        let group = Group::of(&child);
        Ok((child, group))
    }
}

/// Reads both pipes until the program has ended.
async fn attend(child: &mut Child, output: &mut Vec<u8>, said: &mut Said) -> io::Result<ExitStatus> {
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let reading = async { tokio::try_join!(keep(stdout, output), listen(stderr, said)) };
    tokio::pin!(reading);
    tokio::select! {
        biased;
        read = &mut reading => {
            read?;
            child.wait().await
        }
        status = child.wait() => {
            if let Ok(read) = timeout(LINGER, reading).await {
                read?;
            }
            status
        }
    }
}

async fn keep(pipe: Option<impl AsyncRead + Unpin>, output: &mut Vec<u8>) -> io::Result<()> {
    let Some(pipe) = pipe else { return Ok(()) };
    pipe.take(MOST_OUTPUT as u64 + 1).read_to_end(output).await?;
    if output.len() > MOST_OUTPUT {
        return Err(io::Error::other("it printed more than 1 MiB"));
    }
    Ok(())
}

async fn listen(pipe: Option<impl AsyncRead + Unpin>, said: &mut Said) -> io::Result<()> {
    let Some(mut pipe) = pipe else { return Ok(()) };
    let mut buffer = [0; 4096];
    loop {
        let n = pipe.read(&mut buffer).await?;
        if n == 0 {
            return Ok(());
        }
        said.push(&buffer[..n]);
    }
}

/// The beginning and the end of what a program wrote to standard error.
#[derive(Debug, Default)]
pub(super) struct Said {
    head: Vec<u8>,
    tail: Vec<u8>,
}

impl Said {
    fn push(&mut self, bytes: &[u8]) {
        let (head, tail) = bytes.split_at(bytes.len().min(MOST_SAID - self.head.len()));
        self.head.extend_from_slice(head);
        self.tail.extend_from_slice(tail);
        self.tail.drain(..self.tail.len().saturating_sub(MOST_SAID));
    }

    /// Its lines that are not empty, fit to be shown.
    pub(super) fn lines(&self) -> Vec<String> {
        let text = [self.head.as_slice(), self.tail.as_slice()].concat();
        String::from_utf8_lossy(&text).lines().map(str::trim).filter(|line| !line.is_empty()).map(cleaned).collect()
    }

    /// Its last lines, to be added to a sentence; empty when nothing was said.
    pub(super) fn quoted(&self) -> String {
        const SHOWN: usize = 3;
        let lines = self.lines();
        let last = &lines[lines.len().saturating_sub(SHOWN)..];
        if last.is_empty() { String::new() } else { format!("; it said: {}", last.join(" / ")) }
    }
}

/// An argv as a person would type it.
pub(super) fn shown(argv: &[String]) -> String {
    let word = |word: &String| {
        if word.is_empty() || word.contains(|c: char| c.is_whitespace() || "\"'`$&|;<>()*?!\\".contains(c)) {
            format!("{word:?}")
        } else {
            cleaned(word)
        }
    };
    cleaned(&argv.iter().map(word).collect::<Vec<_>>().join(" "))
}

/// Ends the process group unless released. It must go before its leader is reaped, so it is declared after the child and dropped first.
#[derive(Debug)]
struct Group(Option<rustix::process::Pid>);

impl Group {
    fn of(child: &Child) -> Self {
        Self(child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw))
    }

    fn release(&mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(pid) = self.0
            && let Err(error) = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL)
        {
            tracing::debug!(pid = pid.as_raw_nonzero(), %error, "a process group could not be ended");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_and_the_end_are_kept() {
        let mut said = Said::default();
        said.push(b"first\n\n");
        for i in 0..10_000 {
            said.push(format!("line {i}\n").as_bytes());
        }
        assert!(said.head.len() + said.tail.len() <= 2 * MOST_SAID);
        assert_eq!(said.lines()[0], "first");
        assert_eq!(said.quoted(), "; it said: line 9997 / line 9998 / line 9999");
        assert_eq!(Said::default().quoted(), "");
    }

    #[test]
    fn an_argv_reads_like_a_command() {
        let argv = ["deploy", "--to", "a b", "", "$(x)", "v2\u{1b}"].map(str::to_owned);
        assert_eq!(shown(&argv), "deploy --to \"a b\" \"\" \"$(x)\" v2␛");
    }
}
