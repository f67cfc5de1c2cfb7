//! A home of somebody of the cluster, and watches of `deployment/web` that ask its pods.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
};

use serde_json::Value;

use crate::{
    bed::{Cluster, Namespace, User},
    program,
};

/// Where the kubeconfig is, as the program looks for it.
pub(crate) const KUBECONFIG: &str = ".kube/config";

/// A home whose kubeconfig is for `user` and leads to `url`.
pub(crate) fn home_of(cluster: &Cluster, url: &str, user: &User<'_>) -> program::Home {
    let home = program::Home::new();
    let path = home.path(KUBECONFIG);
    let folder = path.parent().expect("it is in one");
    fs::create_dir_all(folder).expect("a folder");
    let kubeconfig = cluster.kubeconfig_at(url, folder, user);
    fs::rename(kubeconfig, path).expect("in one folder");
    home
}

/// A home directory with a kubeconfig.
pub(crate) struct Home(program::Home);

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
        Self(home_of(cluster, url, user))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path(name)
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.0.command(arguments)
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
        let program::Ran { code, out, err } = output.into();
        let lines = out.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        Self { code, lines, out, err }
    }
}
