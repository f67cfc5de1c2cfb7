//! The words of a readiness page: `{"checks": {"database": "connected", "cache": {"status": "up"}}}`.

use std::collections::HashSet;

use serde_json::Value;

use crate::{
    config::file,
    engine::sample::{CheckState, HealthCheck},
    text,
};

const PASSES: [&str; 8] = ["true", "ok", "up", "pass", "healthy", "ready", "connected", "current"];
const FAILS: [&str; 9] = ["false", "error", "down", "fail", "failed", "unhealthy", "disconnected", "pending", "outdated"];

/// Most checks that are kept of one page.
const MOST: usize = 100;
/// How deep checks may be nested.
const DEEPEST: usize = 8;

/// Which words mean that a check passes, and which that it fails, in lower case.
#[derive(Clone, Debug)]
pub(in crate::source) struct Words {
    passes: HashSet<String>,
    fails: HashSet<String>,
}

impl Words {
    /// The built-in words and those of the configuration, which win.
    pub(in crate::source) fn build(health: &file::Health) -> Self {
        let lower = |words: &[String]| words.iter().map(|word| word.to_lowercase()).collect::<HashSet<_>>();
        let (more_passes, more_fails) = (lower(&health.passes), lower(&health.fails));
        let mut passes: HashSet<_> = PASSES.map(str::to_owned).into_iter().filter(|word| !more_fails.contains(word)).collect();
        let mut fails: HashSet<_> = FAILS.map(str::to_owned).into_iter().filter(|word| !more_passes.contains(word)).collect();
        passes.extend(more_passes);
        fails.extend(more_fails);
        Self { passes, fails }
    }

    /// The entries of a page's `checks` object, in its order. A page that is not JSON, or has none, has no checks.
    pub(in crate::source) fn checks(&self, page: &[u8]) -> Vec<HealthCheck> {
        let mut checks = Vec::new();
        if let Ok(Value::Object(page)) = serde_json::from_slice(page)
            && let Some(Value::Object(entries)) = page.get("checks")
        {
            for (name, value) in entries {
                self.open(name, value, DEEPEST, &mut checks);
            }
        }
        checks
    }

    /// An entry is a word, or an object whose `status` is the word; any other object or list holds entries of its own.
    fn open(&self, name: &str, value: &Value, depth: usize, checks: &mut Vec<HealthCheck>) {
        if checks.len() >= MOST {
            return;
        }
        match value {
            Value::Object(entry) => match entry.get("status") {
                Some(status) if !status.is_object() && !status.is_array() => checks.push(self.check(name, status)),
                _ if depth == 0 => checks.push(self.check(name, value)),
                _ => {
                    for (inner, value) in entry {
                        self.open(&format!("{name}.{inner}"), value, depth - 1, checks);
                    }
                }
            },
            Value::Array(entries) if depth > 0 => {
                for (n, value) in entries.iter().enumerate() {
                    let name = if entries.len() == 1 { name.to_owned() } else { format!("{name}.{n}") };
                    self.open(&name, value, depth - 1, checks);
                }
            }
            word => checks.push(self.check(name, word)),
        }
    }

    fn check(&self, name: &str, value: &Value) -> HealthCheck {
        let said = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let word = said.trim().to_lowercase();
        let state = if self.passes.contains(&word) {
            CheckState::Passes
        } else if self.fails.contains(&word) {
            CheckState::Fails
        } else {
            CheckState::Other
        };
        HealthCheck { name: text::cleaned(name), said: text::cleaned(&said), state }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(passes: &[&str], fails: &[&str]) -> Words {
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Words::build(&file::Health { passes: owned(passes), fails: owned(fails), rise: 1, fall: 1 })
    }

    fn read(words: &Words, page: &str) -> Vec<(String, String, CheckState)> {
        words.checks(page.as_bytes()).into_iter().map(|check| (check.name, check.said, check.state)).collect()
    }

    #[test]
    fn every_known_word_is_known_in_any_case_and_form() {
        let words = words(&[], &[]);
        for (known, state) in [(&PASSES[..], CheckState::Passes), (&FAILS[..], CheckState::Fails)] {
            for word in known {
                let upper = word.to_uppercase();
                let page = format!(r#"{{"checks": {{"a": "{word}", "b": {{"status": "{upper}", "took_ms": 3}}}}}}"#);
                assert_eq!(read(&words, &page), [("a".into(), (*word).into(), state), ("b".into(), upper, state)]);
            }
        }
    }

    #[test]
    fn checks_are_opened_up_in_the_pages_order() {
        let page = r#"{"status": "ready", "checks": {
            "database": true, "cache": {"status": false}, "queue": "degraded", "depth": 12, "mail": null, "empty": {}, "none": [],
            "stores": {"disk": "ok", "s3": {"status": "down"}}, "dns:time": [{"status": "pass"}], "shards": [{"status": "up"}, "fail"]
        }}"#;
        let want = [
            ("database", "true", CheckState::Passes),
            ("cache", "false", CheckState::Fails),
            ("queue", "degraded", CheckState::Other),
            ("depth", "12", CheckState::Other),
            ("mail", "null", CheckState::Other),
            ("stores.disk", "ok", CheckState::Passes),
            ("stores.s3", "down", CheckState::Fails),
            ("dns:time", "pass", CheckState::Passes),
            ("shards.0", "up", CheckState::Passes),
            ("shards.1", "fail", CheckState::Fails),
        ];
        assert_eq!(read(&words(&[], &[]), page), want.map(|(name, said, state)| (name.to_owned(), said.to_owned(), state)));
    }

    #[test]
    fn the_configurations_words_win() {
        let words = words(&["Degraded", "pending"], &["READ-ONLY", "current"]);
        let states: Vec<_> =
            read(&words, r#"{"checks": {"a": "degraded", "b": "Pending", "c": "read-only", "d": "current", "e": "ok"}}"#)
                .into_iter()
                .map(|(_, _, state)| state)
                .collect();
        let (passes, fails) = (CheckState::Passes, CheckState::Fails);
        assert_eq!(states, [passes, passes, fails, fails, passes]);
    }

    #[test]
    fn pages_without_checks_have_none_and_odd_ones_are_bounded() {
        let words = words(&[], &[]);
        for page in ["", "OK", "[1]", "{}", r#"{"checks": []}"#, r#"{"checks": "ok"}"#, "{\"checks\":"] {
            assert_eq!(read(&words, page), [], "{page}");
        }
        let many: Vec<_> = (0..500).map(|n| format!("\"c{n}\": \"ok\"")).collect();
        assert_eq!(read(&words, &format!("{{\"checks\": {{{}}}}}", many.join(","))).len(), MOST);
        let deep = format!("{{\"checks\": {}\"ok\"{}}}", "{\"a\":".repeat(60), "}".repeat(60));
        assert_eq!(read(&words, &deep).len(), 1);
        let odd = read(&words, r#"{"checks": {"\u001b[31m": "\u001b]0;x"}}"#);
        assert_eq!(odd, [("␛[31m".to_owned(), "␛]0;x".to_owned(), CheckState::Other)]);
    }
}
