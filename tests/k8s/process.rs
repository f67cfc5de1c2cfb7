//! Programs that do not outlive the test process, however it ends, and files that are removed after it.

use std::{
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::{OnceLock, mpsc},
    thread,
};

type Request = (Command, mpsc::Sender<Child>);

/// A program that the kernel kills when the thread that starts it ends: hence `start`.
pub(crate) fn mortal(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]).arg(program).stdin(Stdio::null());
    command
}

/// Starts a program from a thread that lives as long as this process.
pub(crate) fn start(command: Command) -> Child {
    static STARTER: OnceLock<mpsc::Sender<Request>> = OnceLock::new();
    let starter = STARTER.get_or_init(|| {
        let (requests, queue) = mpsc::channel::<Request>();
        thread::spawn(move || {
            for (mut command, started) in queue {
                let child = command.spawn().unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
                started.send(child).unwrap_or_default();
            }
        });
        requests
    });
    let (started, child) = mpsc::channel();
    starter.send((command, started)).expect("the starter lives as long as this process");
    child.recv().expect("a program that starts")
}

/// Removes a folder, and what `also` (a shell command) removes, as soon as this process has ended.
///
/// A shell waits for the end of its input, which the kernel closes with this process. It is what static destructors, which do not run, and
/// `SIGKILL`, which runs nothing, do not offer.
#[must_use = "dropped, it tidies up at once"]
pub(crate) fn tidy_up_after_us(dir: &Path, also: &str) -> ChildStdin {
    use std::os::unix::process::CommandExt as _;
    let script = format!("trap '' INT TERM HUP; read -r _; {also}; rm -rf \"$1\" || {{ sleep 1; rm -rf \"$1\"; }}");
    let mut shell = Command::new("sh");
    shell.args(["-c", &script, "sh"]).arg(dir).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
    shell.spawn().expect("a shell").stdin.take().expect("its input")
}
