//! Blanks out what looks like a secret before a configuration is quoted in a message: texts in places where only a reference to a
//! secret belongs, and user names and passwords inside URLs.

use std::{iter, ops::Range};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::variables;

/// Keys under which a text may stand among the secrets: it says where a secret is kept, or who it is for.
const PLACES: [&str; 7] = ["env", "file", "command", "ca_file", "client_cert", "client_key", "user"];

/// `text` with a star for each byte that must not be shown, so that every byte stays in its place.
pub(super) fn file(text: &str, table: &DeTable<'_>) -> String {
    let mut spans = user_infos(text);
    for (section, value) in table {
        match section.get_ref().as_ref() {
            "auth" => literals("", value, &mut spans),
            "notify" => hook(value, &mut spans),
            _ => {}
        }
    }
    starred(text, spans)
}

/// `text` without the user names and passwords of its URLs.
pub(super) fn urls(text: &str) -> String {
    starred(text, user_infos(text))
}

fn starred(text: &str, spans: Vec<Range<usize>>) -> String {
    let mut is_hidden = vec![false; text.len()];
    for span in spans {
        is_hidden.get_mut(span).unwrap_or_default().fill(true);
    }
    let mut out = String::with_capacity(text.len());
    for (at, letter) in text.char_indices() {
        if is_hidden[at] && letter != '\n' {
            out.extend(iter::repeat_n('*', letter.len_utf8()));
        } else {
            out.push(letter);
        }
    }
    out
}

fn hook(notify: &Spanned<DeValue<'_>>, spans: &mut Vec<Range<usize>>) {
    if let Some(url) = notify.get_ref().get("webhook").and_then(|hook| hook.get_ref().get("url_from")) {
        literals("url_from", url, spans);
    }
}

/// The spans of the values under `key` that may be secrets themselves.
fn literals(key: &str, value: &Spanned<DeValue<'_>>, spans: &mut Vec<Range<usize>>) {
    match value.get_ref() {
        DeValue::Table(table) => table.iter().for_each(|(key, value)| literals(key.get_ref(), value, spans)),
        DeValue::Array(list) => list.iter().for_each(|value| literals(key, value, spans)),
        DeValue::String(name) if key == "env" && variables::is_name(name) => {}
        _ if PLACES.contains(&key) && key != "env" => {}
        _ => spans.push(value.span()),
    }
}

/// The spans of `user:password` in `https://user:password@host`.
fn user_infos(text: &str) -> Vec<Range<usize>> {
    let starts = text.match_indices("://").map(|(at, found)| at + found.len());
    let spans = starts.filter_map(|start| {
        let rest = text.get(start..)?;
        let end = rest.find(|c: char| matches!(c, '/' | '?' | '#' | '"' | '\'') || c.is_whitespace());
        let length = rest.get(..end.unwrap_or(rest.len()))?.rfind('@')?;
        Some(start..start + length)
    });
    spans.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str) -> String {
        let (table, _) = DeTable::parse_recoverable(text);
        file(text, table.get_ref())
    }

    #[test]
    fn a_secret_in_the_text_is_not_quoted() {
        let cases = [
            ("[auth]\nbearer = \"s3cret\"", "[auth]\nbearer = ********"),
            ("[auth]\nbasic = { user = \"me\", password = 's' }", "[auth]\nbasic = { user = \"me\", password = *** }"),
            ("[auth]\nheaders.X-Key.value = \"s\"", "[auth]\nheaders.X-Key.value = ***"),
            ("auth.bearer = { env = \"to-ken!\" }", "auth.bearer = { env = ********* }"),
            ("[auth]\nbearer = \"\"\"s\ns\"\"\"", "[auth]\nbearer = ****\n****"),
            ("[auth]\nbearer = \"s3cret\nx = 1", "[auth]\nbearer = *******\nx = *"),
            ("[notify]\nwebhook = { url_from = \"https://x\" }", "[notify]\nwebhook = { url_from = *********** }"),
            ("a = [\"https://me:s@h/p?q=@\"]", "a = [\"https://****@h/p?q=@\"]"),
        ];
        for (text, want) in cases {
            assert_eq!(masked(text), want);
        }
    }

    #[test]
    fn what_only_names_a_secret_stays() {
        for text in [
            "[auth]\nbearer = { env = \"TOKEN\" }\nca_file = \"/x\"",
            "[auth]\nheaders.A = { command = [\"a\"] }",
            "u = \"http://h/@\"",
        ] {
            assert_eq!(masked(text), text);
        }
    }
}
