//! Reads the merged tree as a [`File`]. A mistake does not end the reading: it is noted, the value is put back to its default or left
//! out, and the rest is read, so that all mistakes come to light at once.

use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;

use super::{
    file::{Backend, File},
    finding::{Finding, Findings},
    path::{KeyPath, Step},
    shape::{Part, Shape},
    tree::{Node, Value},
};
use crate::nearest::{listed, nearest};

/// The configuration that `tree` holds. What cannot be used is taken out of `tree`; there is always a finding about it.
pub(super) fn file(tree: &mut Node, shape: &Shape, defaults: &Node, findings: &mut Findings) -> Option<File> {
    // An error inside a table whose form hangs on its `kind` has no path, so that table is read by itself.
    let backend_at = KeyPath::from("backend");
    let backend = tree.remove(&backend_at);
    let mut decoder =
        Decoder { root: shape.root(), part: shape.root(), at: KeyPath::default(), defaults: Some(defaults), findings };
    decoder.refuse_unknown(tree, shape.root(), &KeyPath::default());
    let mut file: File = decoder.decode(tree)?;
    if let Some(mut node) = backend {
        file.backend = backend_of(&mut node, shape, &backend_at, findings);
        tree.put(&backend_at, node);
    }
    Some(file)
}

fn backend_of(node: &mut Node, shape: &Shape, at: &KeyPath, findings: &mut Findings) -> Option<Backend> {
    let part = shape.root().at(at)?;
    let kind_at = KeyPath::from("kind");
    let Some(kind) = node.get(&kind_at) else {
        let words = listed(part.kinds().map(|(word, _)| word));
        let message = format!("{at}.kind is missing: it must be {words}");
        findings.push_at(at.clone(), Finding::error(&node.origin, message).on_key());
        return None;
    };
    let word = kind.as_str().unwrap_or_default();
    let Some((_, part)) = part.kinds().find(|(known, _)| *known == word) else {
        findings.push_at(at.clone(), unknown_word(kind, &at.key("kind"), part.kinds().map(|(word, _)| word).collect()));
        return None;
    };
    let word = word.to_owned();
    let mut decoder = Decoder { root: shape.root(), part, at: at.clone(), defaults: None, findings };
    decoder.refuse_unknown(node, part, &KeyPath::default());
    let kind = node.remove(&kind_at)?;
    let backend = match word.as_str() {
        "nginx" => decoder.decode(node).map(Backend::Nginx),
        "demo" => decoder.decode(node).map(Backend::Demo),
        "kubernetes" => decoder.decode(node).map(Backend::Kubernetes),
        _ => decoder.decode(node).map(Backend::Command),
    };
    node.put(&kind_at, kind);
    backend
}

/// Reads one tree, which stands at `at` in the file and must look like `part`.
struct Decoder<'a> {
    root: Part<'a>,
    part: Part<'a>,
    at: KeyPath,
    defaults: Option<&'a Node>,
    findings: &'a mut Findings,
}

impl Decoder<'_> {
    fn decode<T: DeserializeOwned>(&mut self, node: &mut Node) -> Option<T> {
        while self.findings.has_room() {
            let error = match serde_path_to_error::deserialize(node.to_toml()) {
                Ok(value) => return Some(value),
                Err(error) => error,
            };
            let path = self.known(error.path());
            self.refuse(node, &path, error.inner().message());
            if !self.fall_back(node, &path) {
                return None;
            }
        }
        None
    }

    /// The part of the way that belongs there: inside a list that should have been a table, there is nothing to talk about.
    fn known(&self, path: &serde_path_to_error::Path) -> KeyPath {
        let mut part = Some(self.part);
        let steps = path.iter().map_while(|segment| {
            let step = match segment {
                Segment::Map { key } => Step::Key(key.clone()),
                Segment::Seq { index } => Step::Index(*index),
                Segment::Enum { .. } | Segment::Unknown => return None,
            };
            part = part.and_then(|part| part.step(&step));
            part.map(|_| step)
        });
        steps.collect()
    }

    /// Makes the value at `path` harmless. False when there is nothing to fall back to.
    fn fall_back(&self, node: &mut Node, path: &KeyPath) -> bool {
        match self.defaults.and_then(|defaults| defaults.get(path)) {
            Some(default) if !path.steps().is_empty() => node.replace(path, default),
            _ => node.remove(path).is_some(),
        }
    }

    /// Notes why the value at `path` is refused; `why` is what the reader said.
    fn refuse(&mut self, node: &Node, path: &KeyPath, why: &str) {
        let key = self.at.join(path);
        let (value, part) = (node.nearest(path), self.part.at(path).unwrap_or(self.part));
        let missing = missing(value, part);
        if missing.is_empty() {
            self.findings.push_at(key.gone(), wrong(value, &key, part, why));
            return;
        }
        // What was refused before is missing because it was taken out.
        let missing: Vec<&str> = missing.into_iter().filter(|name| self.findings.is_sound(&key.key(name))).collect();
        let message = match missing.as_slice() {
            [] => return,
            [name] => format!("{} is missing", key.key(name)),
            names => format!("{key} needs {}, which are missing", names.join(", ")),
        };
        self.findings.push_at(key, Finding::error(&value.origin, message).on_key());
    }

    /// Takes out every key that nobody knows.
    fn refuse_unknown(&mut self, node: &mut Node, part: Part<'_>, path: &KeyPath) {
        match &mut node.value {
            Value::Table(table) => {
                table.retain(|key, child| {
                    let known = part.key(key);
                    let path = path.key(key);
                    match known {
                        Some(part) => self.refuse_unknown(child, part, &path),
                        None if part.is_closed() => {
                            let at = self.at.join(&path);
                            self.findings.push_at(at.clone(), unknown_key(child, &at, key, part, self.root));
                        }
                        None => {}
                    }
                    known.is_some() || !part.is_closed()
                });
            }
            Value::Array(array) => {
                let Some(part) = part.item() else { return };
                array.iter_mut().enumerate().for_each(|(i, child)| self.refuse_unknown(child, part, &path.index(i)));
            }
            Value::Leaf(_) => {}
        }
    }
}

/// The keys that the table `node` must have and has not. `kind` is not among them: it chose the table's form.
fn missing<'s>(node: &Node, part: Part<'s>) -> Vec<&'s str> {
    let Some(table) = node.as_table() else { return Vec::new() };
    part.required().filter(|key| *key != "kind" && !table.contains_key(*key)).collect()
}

fn unknown_key(node: &Node, at: &KeyPath, key: &str, part: Part<'_>, root: Part<'_>) -> Finding {
    let finding = |guess: String| Finding::error(&node.origin, format!("{at} is not known{guess}")).on_key();
    if let Some(near) = nearest(key, part.keys()) {
        return finding(format!(": did you mean {near}?"));
    }
    let elsewhere = root.keys().find(|section| root.key(section).is_some_and(|part| part.keys().any(|known| known == key)));
    match elsewhere {
        Some(section) => finding(format!(": {key} is a key of [{section}]")),
        None => finding(String::new()).help(format!("known here: {}", part.keys().collect::<Vec<_>>().join(", "))),
    }
}

fn unknown_word(node: &Node, at: &KeyPath, words: Vec<&str>) -> Finding {
    let written = node.written().unwrap_or_default();
    let guess = match nearest(node.as_str().unwrap_or_default(), words.iter().copied()) {
        Some(near) => format!(": did you mean \"{near}\"?"),
        None => String::new(),
    };
    Finding::error(&node.origin, format!("{at} = {written} is not known{guess}")).help(format!("it must be {}", listed(words)))
}

fn wrong(node: &Node, at: &KeyPath, part: Part<'_>, why: &str) -> Finding {
    let origin = &node.origin;
    if part.is_secret() {
        return Finding::error(origin, format!("{at} must say where the secret is kept; the secret itself is never written here"))
            .help("write { env = \"NAME\" }, { file = \"PATH\" } or { command = [\"PROGRAM\", \"ARGUMENT\"] }");
    }
    let words: Vec<&str> = part.words().collect();
    if !words.is_empty() {
        return unknown_word(node, at, words);
    }
    let written = node.written().map(|text| format!(" = {text}")).unwrap_or_default();
    if part.has_form() {
        let why = why.split_once("expected ").map_or_else(|| why.to_owned(), |(_, form)| format!("it must be {form}"));
        return Finding::error(origin, format!("{at}{written}: {why}"));
    }
    Finding::error(origin, format!("{at}{written} must be {}", expected(part)))
}

/// What belongs here, in words.
fn expected(part: Part<'_>) -> String {
    match part.kind() {
        "boolean" => "true or false".into(),
        "integer" => {
            part.largest().map_or_else(|| "a whole number, not negative".into(), |most| format!("a whole number from 0 to {most}"))
        }
        "number" => "a number".into(),
        "string" => "a text in quotes".into(),
        "array" => "a list of texts: [\"…\", \"…\"]".into(),
        _ => "a table with keys of its own".into(),
    }
}
