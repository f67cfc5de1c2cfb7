//! Turns TOML text into a tree whose nodes know where in the text they stand.

use std::{ops::Range, sync::Arc};

use miette::NamedSource;
use toml::{
    Spanned,
    de::{DeInteger, DeTable, DeValue},
};

use super::{
    finding::{Finding, Findings},
    mask,
    origin::{Origin, Spot},
    tree::{Node, Value},
};
use crate::text::cleaned;

/// Longest piece of the text that a message about its syntax repeats, in bytes.
const LONGEST_QUOTED: usize = 40;

/// The tree of `text`, a file that is shown as `name`. None after a mistake in the TOML itself: no value could be trusted.
pub(super) fn file(name: &str, text: &str, findings: &mut Findings) -> Option<Node> {
    let (table, errors) = DeTable::parse_recoverable(text);
    let source = Arc::new(NamedSource::new(name, mask::file(text, table.get_ref())).with_language("TOML"));
    let origin = |key: Range<usize>, value: Range<usize>| Origin::File(Spot { source: Arc::clone(&source), key, value });
    for error in &errors {
        let span = error.span().unwrap_or(0..0);
        let at = source.inner().get(span.clone()).filter(|text| !text.is_empty() && text.len() <= LONGEST_QUOTED);
        let at = at.map(|text| format!(" at {}", cleaned(text))).unwrap_or_default();
        findings.push(syntax(&origin(span.clone(), span), &format!("{}{at}", error.message())));
    }
    let node = Builder { origin: &origin, findings }.table(table.get_ref(), table.span(), table.span());
    (!findings.has_errors()).then_some(node)
}

/// The tree of `config/default.toml`.
pub(super) fn defaults(text: &str) -> Node {
    let table: toml::Table = text.parse().expect("the built-in default is TOML: a test loads it");
    Node::whole(toml::Value::Table(table), &Origin::Default)
}

fn syntax(origin: &Origin, what: &str) -> Finding {
    Finding::error(origin, format!("this is no TOML: {what}"))
}

struct Builder<'a, F> {
    origin: &'a F,
    findings: &'a mut Findings,
}

impl<F: Fn(Range<usize>, Range<usize>) -> Origin> Builder<'_, F> {
    fn table(&mut self, table: &DeTable<'_>, key: Range<usize>, span: Range<usize>) -> Node {
        let entries = table.iter().map(|(key, value)| (key.get_ref().to_string(), self.node(value, Some(key.span()))));
        let value = Value::Table(entries.collect());
        Node { origin: (self.origin)(key, span), value }
    }

    /// An entry of a list has no key of its own: its value stands for it.
    fn node(&mut self, value: &Spanned<DeValue<'_>>, key: Option<Range<usize>>) -> Node {
        let span = value.span();
        let key = key.unwrap_or_else(|| span.clone());
        let origin = (self.origin)(key.clone(), span.clone());
        let leaf = match value.get_ref() {
            DeValue::Table(table) => return self.table(table, key, span),
            DeValue::Array(array) => {
                let items = array.iter().map(|item| self.node(item, None)).collect();
                return Node { origin, value: Value::Array(items) };
            }
            DeValue::String(text) => toml::Value::String(text.to_string()),
            DeValue::Integer(number) => toml::Value::Integer(self.integer(number, &origin)),
            DeValue::Float(number) => toml::Value::Float(number.as_str().parse().unwrap_or(f64::NAN)),
            DeValue::Boolean(flag) => toml::Value::Boolean(*flag),
            DeValue::Datetime(time) => toml::Value::Datetime(*time),
        };
        Node { origin, value: Value::Leaf(leaf) }
    }

    fn integer(&mut self, number: &DeInteger<'_>, origin: &Origin) -> i64 {
        i64::from_str_radix(number.as_str(), number.radix()).unwrap_or_else(|_| {
            self.findings.push(syntax(origin, "the number is too large"));
            0
        })
    }
}
