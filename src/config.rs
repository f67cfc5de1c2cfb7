//! The configuration: from a file, the environment and flags to values that are known to be allowed.
//!
//! ```text
//! default.toml < FILE < ROLLWATCH_… < --flags      layer, parse, variables
//!                  │ one tree, each value with its origin     tree
//!                  ▼
//!                File                                         decode, by the shapes in `file`
//!                  │ one rule a function                      validate
//!                  ▼
//!               Loaded ──▶ engine policy · show · sha256
//! ```
//!
//! A mistake never ends the reading early: all of them are reported at once, each with its place. Nothing here reads a secret, asks
//! the network or the clock; the environment is handed in.

pub mod file;
pub mod secret;
pub mod value;

mod decode;
mod disk;
mod finding;
mod layer;
mod loaded;
mod mask;
mod origin;
mod parse;
mod path;
mod shape;
mod show;
mod tree;
mod validate;
mod variables;

use std::path::Path;

pub use disk::ReadError;
pub use finding::{ConfigError, Finding, Severity};
pub use layer::Override;
pub use loaded::Loaded;
pub use origin::{Origin, Spot};

use file::File;
use finding::Findings;
use path::KeyPath;
use shape::Shape;
use tree::Node;
use variables::Variables;

/// The built-in default: merged below every file, and what `rollwatch config init` prints.
const DEFAULT: &str = include_str!("../config/default.toml");

/// Files to begin with, by what they are for.
const EXAMPLES: [(&str, &str); 7] = [
    ("nginx", include_str!("../config/examples/nginx.toml")),
    ("kubernetes", include_str!("../config/examples/kubernetes.toml")),
    ("ladder", include_str!("../config/examples/ladder.toml")),
    ("command", include_str!("../config/examples/command.toml")),
    ("urls", include_str!("../config/examples/urls.toml")),
    ("worker", include_str!("../config/examples/worker.toml")),
    ("demo", include_str!("../config/examples/demo.toml")),
];

/// Reads the configuration: the built-in default, over it the file at `source`, the variables of `environment` whose names begin
/// with `ROLLWATCH_`, and the flags.
///
/// # Errors
/// [`ConfigError::Unreadable`] when the file cannot be read, else [`ConfigError::Invalid`] with every mistake at once.
pub fn load(
    source: Option<&Path>,
    environment: impl IntoIterator<Item = (String, String)>,
    overrides: &[Override],
) -> Result<Loaded, ConfigError> {
    let variables = environment.into_iter().collect();
    let mut reading = Reading::new();
    reading.file(source, &variables)?;
    let layer = layer::environment(&variables, &reading.shape, &mut reading.findings);
    reading.tree.merge(layer);
    reading.tree.merge(layer::flags(overrides));
    reading.finish(source)
}

/// Everything there is to say about the file at `source` by itself, with `environment` for the variables in it: errors and warnings,
/// in the order of its lines.
///
/// # Errors
/// When the file cannot be read.
pub fn findings(source: &Path, environment: &[(String, String)]) -> Result<Vec<Finding>, ReadError> {
    let mut reading = Reading::new();
    reading.file(Some(source), &environment.iter().cloned().collect())?;
    reading.check();
    Ok(reading.findings.into_parts().0)
}

/// A commented file to begin with: every key with its default, or the example for `kind`.
///
/// # Errors
/// A sentence when there is no such example.
pub fn init_text(kind: Option<&str>) -> Result<&'static str, String> {
    let Some(kind) = kind else { return Ok(DEFAULT) };
    let names = EXAMPLES.map(|(name, _)| name);
    let found = EXAMPLES.iter().find(|(name, _)| *name == kind).map(|(_, text)| *text);
    found.ok_or_else(|| format!("there is no example {kind:?}: write {}", crate::nearest::listed(names)))
}

/// The JSON Schema of a configuration file.
pub fn schema_text() -> String {
    Shape::new(&parse::defaults(DEFAULT)).text()
}

/// A configuration on its way from texts to values.
struct Reading {
    defaults: Node,
    shape: Shape,
    tree: Node,
    is_open_to_others: bool,
    findings: Findings,
}

impl Reading {
    fn new() -> Self {
        let defaults = parse::defaults(DEFAULT);
        let shape = Shape::new(&defaults);
        Self { tree: defaults.clone(), defaults, shape, is_open_to_others: false, findings: Findings::default() }
    }

    /// Lays the file over the default.
    fn file(&mut self, source: Option<&Path>, variables: &Variables) -> Result<(), ReadError> {
        let Some(path) = source else { return Ok(()) };
        let disk::Content { name, text, is_open_to_others } = disk::read(path)?;
        self.is_open_to_others = is_open_to_others;
        if let Some(mut tree) = parse::file(&name, &text, &mut self.findings) {
            layer::without_aliases(&mut tree, &mut self.findings);
            variables::fill(&mut tree, &KeyPath::default(), variables, &mut self.findings);
            self.tree.merge(tree);
        }
        Ok(())
    }

    /// Reads the tree as a file and asks every rule.
    fn check(&mut self) -> Option<File> {
        let file = decode::file(&mut self.tree, &self.shape, &self.defaults, &mut self.findings)?;
        validate::all(&file, &self.tree, &mut self.findings);
        if self.is_open_to_others && validate::names_programs(&file) {
            let message = "names programs to run, but others than its owner can change it: run chmod go-w on it";
            self.findings.push(Finding::error(&self.tree.origin, message));
        }
        Some(file)
    }

    fn finish(mut self, source: Option<&Path>) -> Result<Loaded, ConfigError> {
        match self.check() {
            Some(file) if !self.findings.has_errors() => {
                Ok(Loaded::new(file, self.tree, source.map(Path::to_path_buf), self.findings.into_parts().0))
            }
            _ => Err(self.findings.into_error(subject(source))),
        }
    }
}

/// What a configuration is called in a message.
fn subject(source: Option<&Path>) -> String {
    source.map_or_else(|| "the configuration".to_owned(), |path| crate::text::cleaned(&path.to_string_lossy()))
}
