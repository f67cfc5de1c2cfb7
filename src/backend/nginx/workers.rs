//! nginx's worker processes, seen from outside: which of them are of the time before a reload.
//!
//! A reload is asynchronous: for a moment the old workers go on taking connections, then they finish those they have and end.

use std::{collections::BTreeSet, path::Path, time::Duration};

use tokio::fs;

use crate::backend::program::Program;

/// How long `ps` may take.
const LIMIT: Duration = Duration::from_secs(5);

/// A worker process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Worker {
    pid: u32,
    ending: bool,
}

/// The workers under one master process.
#[derive(Debug, Default)]
pub(super) struct Workers(Vec<Worker>);

/// How many workers there are from before a reload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Old {
    /// They still take new connections.
    pub(super) taking: usize,
    /// They finish what they have.
    pub(super) ending: usize,
}

impl Workers {
    /// The process ids of all of them.
    pub(super) fn pids(&self) -> BTreeSet<u32> {
        self.0.iter().map(|worker| worker.pid).collect()
    }

    /// The old ones: those that are ending, and those that were there `before` a reload.
    pub(super) fn old(&self, before: &BTreeSet<u32>) -> Old {
        Old {
            taking: self.0.iter().filter(|worker| !worker.ending && before.contains(&worker.pid)).count(),
            ending: self.0.iter().filter(|worker| worker.ending).count(),
        }
    }
}

/// The workers of the master that wrote `pid_file`, or the sentence why they cannot be told.
pub(super) async fn under(pid_file: &Path) -> Result<Workers, String> {
    let text = fs::read_to_string(pid_file).await.map_err(|error| format!("{} cannot be read: {error}", pid_file.display()))?;
    let master: u32 = text.trim().parse().map_err(|_| format!("{} holds no process id: is nginx running?", pid_file.display()))?;
    let listed = if Path::new("/proc/self/stat").exists() { from_proc(master).await } else { from_ps(master).await };
    match listed {
        Ok(workers) if workers.0.is_empty() => Err(format!("no nginx worker is seen under process {master}: is nginx running?")),
        other => other,
    }
}

async fn from_proc(master: u32) -> Result<Workers, String> {
    let unreadable = |error| format!("the process list cannot be read: {error}");
    let mut entries = fs::read_dir("/proc").await.map_err(unreadable)?;
    let mut workers = Workers::default();
    while let Some(entry) = entries.next_entry().await.map_err(unreadable)? {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // A process may end while it is looked at: then it is not there.
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")).await else { continue };
        if parent_in(&stat) == Some(master) {
            let title = fs::read(entry.path().join("cmdline")).await.unwrap_or_default();
            workers.0.extend(worker(pid, &String::from_utf8_lossy(&title)));
        }
    }
    Ok(workers)
}

/// The parent in `/proc/PID/stat`: the second field after the name, which is in brackets and may hold anything.
fn parent_in(stat: &str) -> Option<u32> {
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

async fn from_ps(master: u32) -> Result<Workers, String> {
    let argv = ["ps", "-A", "-o", "pid=,ppid=,command="].map(str::to_owned);
    let ended = Program { argv: &argv, dir: None, limit: LIMIT }.read().await.map_err(|error| error.to_string())?;
    Ok(Workers(String::from_utf8_lossy(&ended.stdout).lines().filter_map(|line| from_ps_line(line, master)).collect()))
}

fn from_ps_line(line: &str, master: u32) -> Option<Worker> {
    let (pid, rest) = line.trim_start().split_once(' ')?;
    let (parent, title) = rest.trim_start().split_once(' ')?;
    if parent.parse() == Ok(master) { worker(pid.parse().ok()?, title) } else { None }
}

fn worker(pid: u32, title: &str) -> Option<Worker> {
    title.contains("worker process").then(|| Worker { pid, ending: title.contains("is shutting down") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_workers_are_told_from_new_ones() {
        let lines = [
            "  10     1 nginx: master process nginx",
            "  11    10 nginx: worker process is shutting down",
            "  12    10 nginx: worker process",
            "  13    10 nginx: worker process",
            "  14    10 nginx: cache manager process",
            "  15    99 nginx: worker process",
        ];
        let workers = Workers(lines.iter().filter_map(|line| from_ps_line(line, 10)).collect());
        assert_eq!(workers.pids(), BTreeSet::from([11, 12, 13]));
        assert_eq!(workers.old(&BTreeSet::from([11, 12])), Old { taking: 1, ending: 1 });
        assert_eq!(workers.old(&BTreeSet::new()), Old { taking: 0, ending: 1 });
    }

    #[test]
    fn a_process_name_may_hold_anything() {
        assert_eq!(parent_in("7 (a) S 1 (b) R 42 7 7 0"), Some(42));
        assert_eq!(parent_in("7 (a"), None);
    }

    #[tokio::test]
    async fn both_ways_of_listing_processes_agree_that_we_have_no_workers() {
        let me = std::process::id();
        assert_eq!(from_proc(me).await.map(|w| w.0.len()), Ok(0));
        assert_eq!(from_ps(me).await.map(|w| w.0.len()), Ok(0));
    }

    #[tokio::test]
    async fn a_pid_file_that_cannot_be_used_is_named() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("nginx.pid");
        assert!(under(&path).await.expect_err("missing").contains("nginx.pid cannot be read"));
        std::fs::write(&path, "\n").expect("written");
        assert!(under(&path).await.expect_err("empty").ends_with("nginx.pid holds no process id: is nginx running?"));
        std::fs::write(&path, std::process::id().to_string()).expect("written");
        assert!(under(&path).await.expect_err("not nginx").starts_with("no nginx worker is seen under process"));
    }
}
