//! Real processes for these tests: this test binary again, running one of its ignored tests.
//!
//! Such a test reads what it is to do from its standard input and answers on standard output in lines that begin with `@`.

use std::{
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

/// A test of this binary in a process of its own. Killed when dropped.
pub(crate) struct Other {
    child: Child,
    answers: BufReader<ChildStdout>,
    /// Dropped to end it.
    stdin: Option<ChildStdin>,
}

impl Other {
    /// Runs the ignored test `name` and tells it `job`, a line each.
    pub(crate) fn start(name: &str, job: &[&str]) -> Self {
        Self::start_under(Command::new(myself()), name, job)
    }

    /// The same, by a command that ends in running this binary with the arguments it is given.
    pub(crate) fn start_under(mut command: Command, name: &str, job: &[&str]) -> Self {
        command.args([name, "--exact", "--ignored", "--nocapture", "--test-threads=1"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        for line in job {
            writeln!(stdin, "{line}").expect("it reads its job");
        }
        let answers = BufReader::new(child.stdout.take().expect("a pipe"));
        Self { child, answers, stdin: Some(stdin) }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The next answer, without its `@`; none when it has ended.
    pub(crate) fn answer(&mut self) -> Option<String> {
        let mut lines = self.answers.by_ref().lines().map_while(Result::ok);
        // The test harness prints `test NAME ... ` without a newline before it.
        lines.find_map(|line| line.split_once('@').map(|(_, answer)| answer.to_owned()))
    }

    /// Kills it as a crash or the kernel would: it cannot notice.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("gone");
    }

    /// Lets it end by itself, and demands that its test passed.
    pub(crate) fn finish(mut self) {
        drop(self.stdin.take());
        while self.answer().is_some() {}
        assert!(self.child.wait().expect("gone").success(), "the test in the other process failed");
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

pub(crate) fn myself() -> std::path::PathBuf {
    std::env::current_exe().expect("this binary has a path")
}

/// In the other process: the next line of the job.
pub(crate) fn job() -> String {
    let mut line = String::new();
    io::stdin().read_line(&mut line).expect("a job comes on standard input");
    assert!(line.ends_with('\n'), "run by another test only: it brings a job on standard input");
    line.trim_end().to_owned()
}

/// In the other process: answers.
pub(crate) fn say(answer: &str) {
    writeln!(io::stdout(), "@{answer}").expect("somebody listens");
}

/// In the other process: returns when the first one drops it.
pub(crate) fn until_dropped() {
    io::copy(&mut io::stdin(), &mut io::sink()).expect("standard input ends");
}

/// Says why a test did not run.
pub(crate) fn skip(why: &str) {
    writeln!(io::stderr(), "skipped: {why}").expect("stderr is open");
}
