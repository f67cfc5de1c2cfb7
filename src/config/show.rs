//! Prints the effective configuration as TOML that would be read as the same again, each line with the origin of its value.

use serde_json::Value as Json;

use super::{loaded::Loaded, path::KeyPath, variables};

/// Column of the comments; a longer line has its comment right behind it.
const COMMENT_COLUMN: usize = 44;

pub(super) fn text(loaded: &Loaded) -> String {
    let values = loaded.values();
    let sections = values.as_object().into_iter().flatten().map(|(name, section)| {
        let header = KeyPath::default().key(name);
        let mut lines = Vec::new();
        collect(&mut lines, loaded, &header, &KeyPath::default(), section);
        if lines.is_empty() { String::new() } else { format!("\n[{header}]\n{}\n", lines.join("\n")) }
    });
    let title = "# The effective configuration, and where each value comes from.\n";
    [title.to_owned()].into_iter().chain(sections).collect()
}

/// Collects a line for each value at `key` of the section. Tables are spelled out with dotted keys: each value has its own origin.
fn collect(lines: &mut Vec<String>, loaded: &Loaded, section: &KeyPath, key: &KeyPath, value: &Json) {
    if let Json::Object(table) = value {
        for (name, value) in table {
            collect(lines, loaded, section, &key.key(name), value);
        }
        return;
    }
    let origin = loaded.origin_at(&section.join(key));
    let line = format!("{key} = {}", toml_text(value));
    lines.push(format!("{line:<COMMENT_COLUMN$} # {origin}"));
}

fn toml_text(value: &Json) -> String {
    match value {
        Json::String(text) => toml::Value::from(variables::escaped(text)).to_string(),
        Json::Array(list) => format!("[{}]", list.iter().map(toml_text).collect::<Vec<_>>().join(", ")),
        number_or_bool => number_or_bool.to_string(),
    }
}
