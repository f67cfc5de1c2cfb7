//! An engineer at a terminal: the program with a kubeconfig, and a configuration that names the pages of a service beside the cluster.

use std::process::Child;

use serde_json::Value;

use crate::{
    bed::{Cluster, Namespace, User},
    home::home_of,
    program::{Home, Ran, json_lines},
    service::{Service, pair},
};

/// Two healthy versions of a service, and a home with what is needed to act on a workload.
pub(crate) struct Operator {
    pub(crate) home: Home,
    target: String,
    _services: (Service, Service),
}

impl Operator {
    /// Somebody who may do everything to a workload: `rollout/web`.
    pub(crate) fn new(cluster: &Cluster, namespace: &Namespace, workload: &str) -> Self {
        Self::be(cluster, &User::Admin, namespace, workload, "")
    }

    /// Somebody with these rights, and more lines in the section of the backend.
    pub(crate) fn be(cluster: &Cluster, user: &User<'_>, namespace: &Namespace, workload: &str, backend: &str) -> Self {
        let home = home_of(cluster, &cluster.url(), user);
        let target = format!("k8s:{}/{workload}", namespace.name());
        let services = pair(false);
        let config = format!(
            "[backend]\nkind = \"kubernetes\"\ntarget = \"{target}\"\n{backend}\n\
             [baseline]\nmetrics = [\"{}\"]\n[candidate]\nmetrics = [\"{}\"]\n\
             [policy]\npoll = \"100ms\"\nwindow = \"60s\"\nwarmup = \"500ms\"\nverify_timeout = \"25s\"\n\
             [notify]\ndesktop = false\nterminal = false\n",
            services.0.url(),
            services.1.url(),
        );
        home.write("rollwatch.toml", &config);
        Self { home, target, _services: services }
    }

    /// Acts at once: `["rollback", "--to", "v1"]`.
    pub(crate) fn act(&self, arguments: &[&str]) -> Ran {
        self.home.run(&self.all(arguments, &["--yes"]))
    }

    /// The same, and it is seen to work: by which facts.
    pub(crate) fn done(&self, arguments: &[&str]) -> String {
        let ran = self.act(arguments);
        assert_eq!(ran.code, 0, "{arguments:?}: {}{}", ran.out, ran.err);
        let journals = self.home.journals().into_iter().flat_map(|path| {
            json_lines(&std::fs::read_to_string(path).expect("a journal"))
                .into_iter()
                .filter(|line| line["event"] == "action.verified")
        });
        let verified = journals.max_by_key(|line| line["at"].to_string()).expect("it was seen");
        let facts = verified["facts"].as_array().expect("facts");
        facts.iter().map(|fact| fact["text"].as_str().expect("a text")).collect::<Vec<_>>().join(", ")
    }

    /// The same while something else happens.
    pub(crate) fn acting(&self, arguments: &[&str]) -> Child {
        self.home.command(&self.all(arguments, &["--yes"])).spawn().expect("the program starts")
    }

    /// Begins a watch without a screen, and waits until it has attached.
    pub(crate) fn watch(&self) -> Watching<'_> {
        let more = ["--format", "jsonl", "--timeout", "40s"];
        let child = self.home.command(&self.all(&["watch"], &more)).spawn().expect("the program starts");
        let watching = Watching { operator: self, child: Some(child) };
        watching.until("its first poll", |line| line["event"] == "poll");
        watching
    }

    fn all<'a>(&'a self, arguments: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
        [&arguments[..1], &[&self.target, "-c", "rollwatch.toml"], &arguments[1..], more].concat()
    }
}

/// A watch that runs.
pub(crate) struct Watching<'a> {
    operator: &'a Operator,
    child: Option<Child>,
}

/// Nobody waits for the end of it.
impl Drop for Watching<'_> {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

impl Watching<'_> {
    /// Waits for a line of its journal.
    pub(crate) fn until(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        crate::bed::until(&format!("the watch does not tell {what}"), || {
            let journal = self.operator.home.journals().pop()?;
            let text = std::fs::read_to_string(journal).ok()?;
            let (whole, _) = text.rsplit_once('\n')?;
            json_lines(whole).into_iter().find(&wanted)
        })
    }

    /// Waits for a sentence about the backend.
    pub(crate) fn until_told(&self, part: &str) {
        self.until(part, |line| line["event"] == "note" && line["sentence"].as_str().is_some_and(|text| text.contains(part)));
    }

    /// Its exit code, and its last sentence.
    pub(crate) fn end(mut self) -> (i32, String) {
        let ran = Ran::from(self.child.take().expect("it runs").wait_with_output().expect("it ends"));
        let lines = json_lines(&ran.out);
        let last = lines.iter().find(|line| line["event"] == "watch.ended").unwrap_or_else(|| panic!("{ran:?}"));
        (ran.code, last["sentence"].as_str().unwrap_or_else(|| panic!("{last}")).to_owned())
    }
}
