//! Runs the program under `ptrace` and stops it before every system call by which an action leaves the process: a write to a file, a
//! sync, a rename, a request to the backend, the start of a program.
//!
//! Counting begins with the intent, the write of `action.requested` to the journal, and goes over all threads, so that a run can be
//! ended at its n-th point wherever that is. Programs that it starts are not traced. What polls write and ask is not counted.

use std::{
    collections::HashMap,
    fs::{self, File},
    os::unix::fs::FileExt as _,
    path::Path,
    process::Command,
};

use nix::{
    errno::Errno,
    libc,
    sys::{
        ptrace::{self, Options},
        signal::{Signal, kill},
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::Pid,
};

/// Requests in a row that count: a look of two hundred connections has no two hundred different points.
const REQUESTS_IN_A_ROW: usize = 4;

/// A program was started, and runs on whatever becomes of who started it.
pub(crate) const RUNS: &str = "run of a program";

/// What to do at a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// Let it happen.
    GoOn,
    /// SIGKILL, before it happens.
    Kill,
}

/// How a run went.
#[derive(Debug)]
pub(crate) struct Run {
    /// The points that were reached.
    pub(crate) points: Vec<String>,
    /// Its exit code; none when it was killed.
    pub(crate) code: Option<i32>,
}

/// Whether this machine lets a process trace another one.
pub(crate) fn is_possible() -> bool {
    let mut command = Command::new("true");
    command.env_clear();
    start(&command).is_some_and(|pid| Trace::new(pid, &[]).run(|_| Then::GoOn).code == Some(0))
}

/// Runs a command; `decide` is asked at each point, which does not go on before it answers.
pub(crate) fn run(command: &Command, ports: &[u16], decide: impl FnMut(&[String]) -> Then) -> Run {
    let pid = start(command).expect("it can be traced");
    Trace::new(pid, ports).run(decide)
}

/// Starts it stopped and takes hold of it before its first instruction. What it prints goes to its files.
fn start(command: &Command) -> Option<Pid> {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "kill -STOP $$; exec \"$0\" \"$@\""]).arg(command.get_program()).args(command.get_args());
    shell.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if let Some(dir) = command.get_current_dir() {
        shell.current_dir(dir);
        shell.stdout(File::create(dir.join("stdout")).ok()?).stderr(File::create(dir.join("stderr")).ok()?);
    }
    let child = shell.stdin(std::process::Stdio::null()).spawn().ok()?;
    let pid = Pid::from_raw(i32::try_from(child.id()).ok()?);
    let stopped = waitpid(pid, Some(WaitPidFlag::WUNTRACED)).ok()?;
    assert!(matches!(stopped, WaitStatus::Stopped(..)), "{stopped:?}");
    let options = Options::PTRACE_O_TRACESYSGOOD | Options::PTRACE_O_TRACECLONE | Options::PTRACE_O_EXITKILL;
    let seized = ptrace::seize(pid, options);
    kill(pid, Signal::SIGCONT).ok()?;
    seized.ok().map(|()| pid)
}

struct Trace {
    pid: Pid,
    ports: Vec<u16>,
    /// Threads that are inside a system call, and which.
    inside: HashMap<Pid, Option<String>>,
    /// Where the sockets lead, by descriptor.
    peers: HashMap<u64, u16>,
    has_begun: bool,
    requests: usize,
    points: Vec<String>,
}

impl Trace {
    fn new(pid: Pid, ports: &[u16]) -> Self {
        Self {
            pid,
            ports: ports.to_vec(),
            inside: HashMap::new(),
            peers: HashMap::new(),
            has_begun: false,
            requests: 0,
            points: Vec::new(),
        }
    }

    fn run(mut self, mut decide: impl FnMut(&[String]) -> Then) -> Run {
        loop {
            let status = match waitpid(None, Some(WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD)) {
                Ok(status) => status,
                Err(Errno::EINTR) => continue,
                Err(error) => panic!("nothing left to trace: {error}"),
            };
            match status {
                WaitStatus::Exited(pid, code) if pid == self.pid => return Run { points: self.points, code: Some(code) },
                WaitStatus::Signaled(pid, ..) if pid == self.pid => return Run { points: self.points, code: None },
                WaitStatus::PtraceSyscall(thread) => {
                    if self.reaches_a_point(thread) && decide(&self.points) == Then::Kill {
                        kill(self.pid, Signal::SIGKILL).expect("it is ours");
                    }
                    go_on(thread, None);
                }
                WaitStatus::PtraceEvent(thread, ..) => go_on(thread, None),
                WaitStatus::Stopped(thread, signal) => go_on(thread, Some(signal)),
                _ => {}
            }
        }
    }

    /// A thread enters or leaves a system call.
    fn reaches_a_point(&mut self, thread: Pid) -> bool {
        let point = match self.inside.remove(&thread) {
            Some(Some(point)) if point == "start of a program" => Some(RUNS.to_owned()),
            Some(_) => None,
            None => {
                let point = self.call(thread);
                self.inside.insert(thread, point.clone());
                point
            }
        };
        let Some(point) = point.filter(|_| self.has_begun) else { return false };
        self.requests = if point == "request" { self.requests + 1 } else { 0 };
        if self.requests > REQUESTS_IN_A_ROW {
            return false;
        }
        self.points.push(point);
        true
    }

    /// What the call that a thread enters does to the outside, in words.
    fn call(&mut self, thread: Pid) -> Option<String> {
        let text = fs::read_to_string(format!("/proc/{thread}/syscall")).ok()?;
        let mut words = text.split(' ');
        let number: i64 = words.next()?.parse().ok()?;
        let arguments: Vec<u64> = words.filter_map(|word| u64::from_str_radix(word.strip_prefix("0x")?, 16).ok()).collect();
        let argument = |at: usize| arguments.get(at).copied().unwrap_or(0);
        match number {
            libc::SYS_write | libc::SYS_pwrite64 => self.write(argument(0), argument(1), argument(2)),
            libc::SYS_writev | libc::SYS_sendto | libc::SYS_sendmsg => self.request(argument(0)),
            libc::SYS_connect => {
                let address = self.memory(argument(1), 4)?;
                self.peers.insert(argument(0), u16::from_be_bytes([address[2], address[3]]));
                self.request(argument(0))
            }
            libc::SYS_fsync | libc::SYS_fdatasync => Some(format!("sync of {}", self.file(argument(0))?)),
            libc::SYS_ftruncate => Some(format!("truncation of {}", self.file(argument(0))?)),
            libc::SYS_openat if argument(2) & 0o100 != 0 => Some(format!("opening of {}", self.named(argument(1))?)),
            libc::SYS_unlinkat | libc::SYS_renameat2 | libc::SYS_renameat => {
                Some(format!("renaming or removal of {}", self.named(argument(1))?))
            }
            #[cfg(target_arch = "x86_64")]
            libc::SYS_rename | libc::SYS_unlink => Some(format!("renaming or removal of {}", self.named(argument(0))?)),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_vfork => Some("start of a program".to_owned()),
            libc::SYS_clone => starts_a_program(argument(0)),
            libc::SYS_clone3 => starts_a_program(u64::from_le_bytes(self.memory(argument(0), 8)?.try_into().ok()?)),
            _ => None,
        }
    }

    fn write(&mut self, descriptor: u64, from: u64, length: u64) -> Option<String> {
        if self.peers.contains_key(&descriptor) && self.file(descriptor).is_none() {
            return self.request(descriptor);
        }
        let file = self.file(descriptor)?;
        if file != "the journal" {
            return Some(format!("write to {file}"));
        }
        let line = self.memory(from, usize::try_from(length).ok()?)?;
        let line = String::from_utf8_lossy(&line);
        let event = line.split("\"event\":\"").nth(1)?.split('"').next()?.to_owned();
        self.has_begun |= event == "action.requested";
        ["action.", "watch."].iter().any(|word| event.starts_with(word)).then(|| format!("write of {event} to the journal"))
    }

    fn request(&self, descriptor: u64) -> Option<String> {
        self.peers.get(&descriptor).filter(|port| self.ports.contains(port)).map(|_| "request".to_owned())
    }

    /// A regular file that counts.
    fn file(&self, descriptor: u64) -> Option<String> {
        let path = fs::read_link(format!("/proc/{}/fd/{descriptor}", self.pid)).ok()?;
        path.is_absolute().then(|| named(&path)).flatten()
    }

    /// The file that a path in the program's memory names.
    fn named(&self, at: u64) -> Option<String> {
        // A path never crosses the end of a mapped page unless the next one is mapped as well.
        let whole = self.memory(at, 512).or_else(|| self.memory(at, usize::try_from(4096 - at % 4096).ok()?))?;
        let path = whole.split(|byte| *byte == 0).next()?;
        named(Path::new(std::str::from_utf8(path).ok()?))
    }

    fn memory(&self, at: u64, length: usize) -> Option<Vec<u8>> {
        let mut bytes = vec![0; length];
        File::open(format!("/proc/{}/mem", self.pid)).ok()?.read_exact_at(&mut bytes, at).ok()?;
        Some(bytes)
    }
}

fn go_on(thread: Pid, signal: Option<Signal>) {
    match ptrace::syscall(thread, signal) {
        // It was killed meanwhile.
        Ok(()) | Err(Errno::ESRCH) => {}
        Err(error) => panic!("{thread} cannot go on: {error}"),
    }
}

fn starts_a_program(flags: u64) -> Option<String> {
    let is_thread = flags & u64::try_from(libc::CLONE_THREAD).unwrap_or(0) != 0;
    (!is_thread).then(|| "start of a program".to_owned())
}

/// Files by what they are; none for those that are not an action's business, such as what is kept of a version before it goes.
fn named(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let is_evidence = path.components().any(|part| part.as_os_str() == "evidence");
    match path.extension().and_then(|extension| extension.to_str()) {
        _ if ["stdout", "stderr", "null"].contains(&name) || path.starts_with("/proc") || path.starts_with("/sys") => None,
        _ if is_evidence => None,
        Some("jsonl") => Some("the journal".to_owned()),
        Some("lock") => Some("the lock".to_owned()),
        _ if path.is_dir() => Some("a folder".to_owned()),
        _ => Some(name.trim_start_matches('.').to_owned()),
    }
}
