//! Environment variables inside the texts of a file: `${NAME}` is replaced, `$${` stands for `${` itself.

use std::collections::BTreeMap;

use super::{
    finding::{Finding, Findings},
    path::KeyPath,
    tree::{Node, Value},
};

/// The environment, as the caller read it.
pub(super) type Variables = BTreeMap<String, String>;

/// Fills in the variables of every text under `node`, which stands at `at`.
pub(super) fn fill(node: &mut Node, at: &KeyPath, variables: &Variables, findings: &mut Findings) {
    match &mut node.value {
        Value::Table(table) => table.iter_mut().for_each(|(key, child)| fill(child, &at.key(key), variables, findings)),
        Value::Array(array) => array.iter_mut().enumerate().for_each(|(i, child)| fill(child, &at.index(i), variables, findings)),
        Value::Leaf(toml::Value::String(text)) if text.contains("${") => match filled(text, variables) {
            Ok(full) => *text = full,
            Err(why) => findings.push_at(at.clone(), Finding::error(&node.origin, format!("{at}: {why}"))),
        },
        Value::Leaf(_) => {}
    }
}

/// A text as it must be written to be read as `text`.
pub(super) fn escaped(text: &str) -> String {
    text.replace("${", "$${")
}

/// Whether an environment variable may have this name.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn filled(text: &str, variables: &Variables) -> Result<String, String> {
    let mut full = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        if let Some(before) = before.strip_suffix('$') {
            full.push_str(before);
            full.push_str("${");
            rest = after;
            continue;
        }
        full.push_str(before);
        let (name, after) =
            after.split_once('}').ok_or("\"${\" is not closed: write \"${NAME}\", or \"$${\" for the two characters")?;
        full.push_str(value(name, variables)?);
        rest = after;
    }
    full.push_str(rest);
    Ok(full)
}

fn value<'v>(name: &str, variables: &'v Variables) -> Result<&'v str, String> {
    if !is_name(name) {
        return Err("between \"${\" and \"}\" stands no variable's name: letters, digits and _ are allowed".into());
    }
    match variables.get(name).map(String::as_str) {
        None => Err(format!("the environment variable {name} is not set")),
        Some("") => Err(format!("the environment variable {name} is empty")),
        Some(value) => Ok(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_replaced_and_nothing_is_read_twice() {
        let variables = [("A", "1"), ("B_2", "${A}"), ("E", "")].map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        let cases = [
            ("x${A}y${B_2}", Ok("x1y${A}")),
            ("5..$ $A $$", Ok("5..$ $A $$")),
            ("$${A} $$${A}", Ok("${A} $${A}")),
            ("${E}", Err("the environment variable E is empty")),
            ("${NO}", Err("the environment variable NO is not set")),
            ("${A", Err("\"${\" is not closed: write \"${NAME}\", or \"$${\" for the two characters")),
            ("${}", Err("between \"${\" and \"}\" stands no variable's name: letters, digits and _ are allowed")),
        ];
        for (text, want) in cases {
            assert_eq!(filled(text, &variables), want.map(str::to_owned).map_err(str::to_owned), "{text}");
        }
        for text in ["${A}", "$${", "a$b", "$$${x}"] {
            assert_eq!(filled(&escaped(text), &variables).as_deref(), Ok(text));
        }
    }
}
