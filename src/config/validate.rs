//! What a configuration may say, one rule a function. Every rule is asked, and each says the key, its value, what is allowed and,
//! where that is not plain, what to do. A rule about a value that is already known to be wrong is silent.

mod advice;
mod backend;
mod checks;
mod keys;
mod policy;
mod secrets;
mod targets;

use std::fmt::Display;

use super::{
    file::File,
    finding::{Finding, Findings},
    origin::Origin,
    path::KeyPath,
    tree::Node,
};
use crate::engine::role::Role;

/// Asks every rule about `file`, which was read from `tree`.
pub(super) fn all(file: &File, tree: &Node, findings: &mut Findings) {
    let mut rules = Rules { file, tree, findings };
    targets::rules(&mut rules);
    checks::rules(&mut rules);
    policy::rules(&mut rules);
    backend::rules(&mut rules);
    secrets::rules(&mut rules);
    keys::rules(&mut rules);
    advice::rules(&mut rules);
}

/// The errors that keep the versions in `roles` from being asked although nothing in `file` is wrong.
pub(super) fn watchable(file: &File, tree: &Node, findings: &mut Findings, roles: &[Role]) {
    targets::something_to_watch(&mut Rules { file, tree, findings }, roles);
}

/// Whether the file names programs that rollwatch runs.
pub(super) fn names_programs(file: &File) -> bool {
    backend::names_programs(file) || secrets::names_programs(file)
}

/// What a rule sees, and how it objects.
struct Rules<'a> {
    file: &'a File,
    tree: &'a Node,
    findings: &'a mut Findings,
}

impl Rules<'_> {
    /// Objects to the value at `key`: "`key` = `value` `problem`".
    fn refuse(&mut self, key: impl Into<KeyPath>, problem: impl Display, help: &str) {
        self.refuse_because_of(&[key.into()], problem, help);
    }

    /// Objects to the first of `keys`, because of the others.
    fn refuse_because_of(&mut self, keys: &[KeyPath], problem: impl Display, help: &str) {
        let (Some(key), Some(origin)) = (keys.first(), self.blamed(keys)) else { return };
        let message = format!("{} {problem}", self.quoted(key));
        self.findings.push_at(key.clone(), Finding::error(&origin, message).help(help));
    }

    /// Remarks on the first of `keys`, because of the others. The configuration stays in use.
    fn remark(&mut self, keys: &[KeyPath], problem: impl Display, help: &str) {
        let (Some(key), Some(origin)) = (keys.first(), self.blamed(keys)) else { return };
        let message = format!("{} {problem}", self.quoted(key));
        self.findings.push(Finding::warning(&origin, message).help(help));
    }

    /// Objects when the number, duration or percentage at `key` is not between `low` and `high`.
    fn within<T: PartialOrd + Display + Copy>(&mut self, key: &str, value: T, low: T, high: T) {
        if !(low..=high).contains(&value) {
            self.refuse(key, format_args!("is out of range: {low} to {high} is allowed"), "");
        }
    }

    /// Where to point: at the first value that somebody wrote. None when one of the values is known to be wrong.
    fn blamed(&self, keys: &[KeyPath]) -> Option<Origin> {
        if !keys.iter().all(|key| self.findings.is_sound(key)) {
            return None;
        }
        let mut origins = keys.iter().map(|key| &self.tree.nearest(key).origin);
        let first = origins.next()?;
        Some([first].into_iter().chain(origins).find(|origin| !origin.is_built_in()).unwrap_or(first).clone())
    }

    /// The key with its value as it was written, and where it comes from when nobody wrote it: `policy.window = "10m" (default)`.
    fn quoted(&self, key: &KeyPath) -> String {
        let Some(node) = self.tree.get(key) else { return key.to_string() };
        match node.written() {
            None => key.to_string(),
            Some(value) if node.origin.is_built_in() => format!("{key} = {value} (default)"),
            Some(value) => format!("{key} = {value}"),
        }
    }
}

/// The place of each entry of the list at `key`, with the entry.
fn entries<'v, T>(key: &str, list: &'v [T]) -> impl Iterator<Item = (KeyPath, &'v T)> {
    let key = KeyPath::from(key);
    list.iter().enumerate().map(move |(index, value)| (key.index(index), value))
}

/// Whether `text` may name an HTTP header.
fn is_header_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c))
}

/// Why `text` is no address that can be asked; `Ok` when it is one.
fn http_url(text: &str) -> Result<(), &'static str> {
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err("holds a space or a control character: an address has none");
    }
    if !text.starts_with("http://") && !text.starts_with("https://") {
        return Err("is no address: it must begin with http:// or https://");
    }
    let url = url::Url::parse(text).map_err(|_| "is no address: write it as \"http://10.0.0.1:8081/metrics\"")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("holds a user name or a password: these belong to [auth]");
    }
    if url.fragment().is_some() {
        return Err("has a part after \"#\", which is never sent: leave it out");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_http_with_a_host_and_nothing_secret() {
        for good in ["http://10.0.0.1:8081", "https://a.example/metrics?x=1", "http://[::1]:80/"] {
            assert_eq!(http_url(good), Ok(()), "{good}");
        }
        let bad = [
            ("10.0.0.1:8081", "http://"),
            ("ftp://a", "http://"),
            ("http://", "is no address"),
            ("http://a:99999/", "is no address"),
            ("http://a b", "space"),
            ("http://me@a/", "[auth]"),
            ("http://:pw@a/", "[auth]"),
            ("http://a/#x", "#"),
        ];
        for (text, want) in bad {
            let why = http_url(text).expect_err(text);
            assert!(why.contains(want), "{text}: {why}");
        }
    }
}
