//! Whatever a file says: no panic, and every message about it names the file.

use proptest::{collection::vec, prelude::*, sample::select};
use rollwatch::{
    config::{self, ConfigError},
    lint,
};

use super::support::Place;

/// Checks one text: loading and linting agree and name the file.
fn check(text: &[u8]) {
    let place = Place::with(text);
    let loaded = config::load(Some(&place.file()), [], &[]);
    let report = lint::run(&[place.file()], &[]);
    assert!(matches!((&loaded, report.exit_code()), (Ok(_), 0 | 10) | (Err(_), 10 | 2)));
    let file = place.file().display().to_string();
    match loaded {
        Ok(loaded) => assert_eq!(config::load(Some(&place.file()), [], &[]).expect("again").sha256(), loaded.sha256()),
        Err(ConfigError::Unreadable(why)) => assert!(why.to_string().starts_with(&file)),
        Err(ConfigError::Invalid { findings, subject, .. }) => {
            assert!(subject == file && !findings.is_empty() && findings.len() <= 50);
            for finding in findings {
                assert!(finding.to_string().starts_with(&format!("{file}:")), "{finding}");
                assert!(!finding.to_string().chars().any(char::is_control), "{finding:?}");
            }
        }
    }
}

fn value() -> impl Strategy<Value = String> {
    let known =
        ["\"5s\"", "\"0s\"", "\"1%\"", "5", "-1", "0.5", "nan", "true", "[]", "[\"a\"]", "[1, \"2%\"]", "{}", "{ env = \"A\" }"];
    let odd = [
        "\"${X}\"",
        "\"http://u:p@h/\"",
        "'''a\nb'''",
        "\"\\u0007\"",
        "1979-05-27",
        "{ a = { b = [{}] } }",
        "99999999999999999999",
    ];
    prop_oneof![
        4 => select([known.as_slice(), odd.as_slice()].concat()).prop_map(str::to_owned),
        1 => any::<String>().prop_map(|text| toml::Value::from(text).to_string()),
    ]
}

fn line() -> impl Strategy<Value = String> {
    let sections =
        ["deployment", "baseline", "canary", "stable", "metrics", "auth", "limits", "policy", "steps", "backend", "notify", "x"];
    let keys = [
        "version",
        "metrics",
        "select",
        "requests",
        "bearer",
        "headers.A",
        "timeout",
        "poll",
        "window",
        "weights",
        "kind",
        "status",
        "url",
        "webhook",
        "gating",
        "baseline",
        "\"\"",
        "\"a.b\"",
    ];
    prop_oneof![
        1 => select(sections.to_vec()).prop_map(|name| format!("[{name}]")),
        1 => select(vec!["kind = \"nginx\"", "kind = \"command\"", "# comment", "[[policy]]", "= 1"]).prop_map(str::to_owned),
        4 => (select(keys.to_vec()), value()).prop_map(|(key, value)| format!("{key} = {value}")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_answered(bytes in vec(any::<u8>(), 0..200)) {
        check(&bytes);
    }

    #[test]
    fn any_configuration_is_answered(lines in vec(line(), 0..12)) {
        check(lines.join("\n").as_bytes());
    }

    #[test]
    fn any_damage_to_a_real_file_is_answered(at in any::<proptest::sample::Index>(), with in any::<String>(), gone in 0..30_usize) {
        let text = config::init_text(Some("ladder")).expect("there");
        let mut letters: Vec<char> = text.chars().collect();
        let from = at.index(letters.len());
        let to = letters.len().min(from + gone);
        letters.splice(from..to, with.chars());
        check(letters.into_iter().collect::<String>().as_bytes());
    }
}

#[test]
fn a_file_of_mistakes_is_cut_short() {
    let text: String = (0..20_000).flat_map(|n| [format!("key_{n}"), " = 1\n".to_owned()]).collect();
    let place = Place::with(text);
    let error = config::load(Some(&place.file()), [], &[]).expect_err("nothing in it is known");
    assert!(error.to_string().ends_with("mistakes"), "{error}");
    let ConfigError::Invalid { findings, more, .. } = error else { panic!("it can be read") };
    assert_eq!((findings.len(), findings.len() + more), (50, 20_000));
}

#[test]
fn a_list_of_mistakes_is_cut_short() {
    let text = format!("[baseline]\nmetrics = [{}]\n", "1, ".repeat(100_000));
    let place = Place::with(text);
    assert!(
        matches!(config::load(Some(&place.file()), [], &[]), Err(ConfigError::Invalid { findings, .. }) if findings.len() == 50)
    );
}
