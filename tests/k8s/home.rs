//! The program in a home of its own, as somebody of the cluster.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

use crate::bed::{Cluster, Namespace, User};

/// A home directory with a kubeconfig.
pub(crate) struct Home {
    dir: TempDir,
}

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) lines: Vec<Value>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Home {
    pub(crate) fn new(cluster: &Cluster, user: &User<'_>) -> Self {
        Self::at(cluster, &cluster.url(), user)
    }

    /// The same for another API server.
    pub(crate) fn at(cluster: &Cluster, url: &str, user: &User<'_>) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let kubeconfig = cluster.kubeconfig_at(url, dir.path(), user);
        fs::rename(kubeconfig, dir.path().join("kubeconfig")).expect("in one folder");
        Self { dir }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rollwatch"));
        command.args(arguments).env_clear().env("PATH", "/usr/bin:/bin").env("USER", "ana");
        command.env("HOME", self.dir.path()).env("KUBECONFIG", self.path("kubeconfig")).current_dir(self.dir.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.command(arguments).output().expect("the program starts").into()
    }

    /// Watches `deployment/web` for so many seconds, with a poll each second and `backend` lines in the configuration.
    pub(crate) fn watch(&self, namespace: &Namespace, seconds: u32, backend: &str, more: &[&str]) -> Ran {
        self.watching(namespace, seconds, backend, more).output().expect("the program starts").into()
    }

    /// The same, not begun.
    pub(crate) fn watching(&self, namespace: &Namespace, seconds: u32, backend: &str, more: &[&str]) -> Command {
        let target = format!("k8s:{}/deployment/web", namespace.name());
        let text = format!("[policy]\npoll = \"1s\"\n[backend]\nkind = \"kubernetes\"\ntarget = \"{target}\"\n{backend}");
        fs::write(self.path("config.toml"), text).expect("written");
        let timeout = format!("{seconds}s");
        let arguments = ["watch", "-c", "config.toml", "--headless", "--format", "jsonl", "--timeout", &timeout];
        self.command(&[&arguments, more].concat())
    }
}

impl Ran {
    /// The samples of an instance's pages or health.
    pub(crate) fn samples<'a>(&'a self, source: &'a str, instance: &'a str) -> impl Iterator<Item = &'a Value> {
        let is_it = move |line: &&Value| line["event"] == "sample" && line["source"] == source && line["instance"] == instance;
        self.lines.iter().filter(is_it)
    }

    /// The sentences of all notes.
    pub(crate) fn notes(&self) -> Vec<&str> {
        self.lines.iter().filter(|line| line["event"] == "note").filter_map(|line| line["sentence"].as_str()).collect()
    }

    /// The last line of an event.
    pub(crate) fn last(&self, event: &str) -> &Value {
        let found = self.lines.iter().rfind(|line| line["event"] == event);
        found.unwrap_or_else(|| panic!("no {event}: {self:?}"))
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let out = String::from_utf8_lossy(&output.stdout).into_owned();
        Self {
            code: output.status.code().unwrap_or(-1),
            lines: out.lines().filter_map(|line| serde_json::from_str(line).ok()).collect(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
            out,
        }
    }
}
