//! What is published with the program: the default, the examples, the schema.

use std::{fs, path::PathBuf};

use rollwatch::{config, lint, tui::keymap::Keymap};
use serde_json::Value as Json;

use super::support::{Place, environment, load};

fn in_repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn schema() -> Json {
    serde_json::from_str(&config::schema_text()).expect("JSON")
}

#[test]
fn the_default_file_changes_nothing_when_it_is_used_as_a_file() {
    let text = config::init_text(None).expect("always there");
    let (with, without) = (load(text).expect("valid"), config::load(None, [], &[]).expect("valid"));
    assert_eq!(with.file, without.file);
    assert_eq!(with.policy, rollwatch::engine::policy::Policy::default());
}

/// Every key of every section of the schema, as a path. A backend's keys stand in the examples.
fn documented_keys(schema: &Json) -> Vec<(String, String)> {
    let sections = schema["properties"].as_object().expect("sections");
    let mut keys = Vec::new();
    for (name, section) in sections.iter().filter(|(name, _)| *name != "backend") {
        // The checks of one's own are tables of one shape, whatever their names.
        let (name, shape) = match section.get("additionalProperties") {
            Some(shape) => (format!("{name}.NAME"), shape),
            None => (name.clone(), section),
        };
        let at = shape["$ref"].as_str().expect("each section has a shape").trim_start_matches('#');
        let properties = schema.pointer(at).expect("there")["properties"].as_object().expect("keys");
        keys.extend(properties.keys().map(|key| (name.clone(), key.clone())));
    }
    keys
}

#[test]
fn every_key_stands_in_the_default_file() {
    let text = config::init_text(None).expect("always there");
    let keys = documented_keys(&schema());
    assert!(keys.len() > 30);
    for (section, key) in keys {
        let alias = ["stable", "primary", "blue", "canary", "green"].contains(&section.as_str());
        let lines: Vec<&str> = text.lines().map(|line| line.trim_start_matches("# ")).collect();
        let start = lines.iter().position(|line| *line == format!("[{section}]"));
        assert!(start.is_some() || alias, "[{section}] is in default.toml");
        let in_section = start.into_iter().flat_map(|start| lines.iter().skip(start + 1).take_while(|line| !line.starts_with('[')));
        assert!(
            alias || in_section.into_iter().any(|line| line.starts_with(&format!("{key} = "))),
            "{section}.{key} is in default.toml"
        );
    }
}

/// The keys that stand as comments in the default file are the ones the screen has.
#[test]
fn the_keys_of_the_default_file_are_those_of_the_screen() {
    let text = config::init_text(None).expect("always there");
    let section = text.lines().skip_while(|line| *line != "# [keys]").take_while(|line| line.starts_with("# "));
    let section: Vec<&str> = section.map(|line| line.trim_start_matches("# ")).collect();
    let keys = load(&section.join("\n")).expect("valid").file.keys.chosen();
    assert_eq!(keys.len(), section.len() - 1);
    assert_eq!(Keymap::new(&keys), Keymap::default());
}

#[test]
fn every_key_of_a_backend_stands_in_an_example() {
    let schema = schema();
    for kind in schema["$defs"]["Backend"]["oneOf"].as_array().expect("kinds") {
        let name = kind["properties"]["kind"]["const"].as_str().expect("a word");
        let text = config::init_text(Some(name)).expect("an example for each kind");
        for key in kind["properties"].as_object().expect("keys").keys() {
            assert!(text.contains(&format!("{key} = ")), "{key} is in the example {name}");
        }
    }
}

#[test]
fn the_examples_are_valid_and_clean_and_can_be_watched() {
    let files: Vec<PathBuf> =
        fs::read_dir(in_repository("config/examples")).expect("there").map(|entry| entry.expect("readable").path()).collect();
    let files: Vec<PathBuf> = files.into_iter().filter(|path| path.is_file()).collect();
    assert_eq!(files.len(), 7);
    for file in &files {
        let text = fs::read_to_string(file).expect("readable");
        let name = file.file_stem().expect("a name").to_string_lossy();
        assert_eq!(config::init_text(Some(&name)), Ok(text.as_str()));
        let place = Place::with(text);
        let loaded = config::load(Some(&place.file()), environment(), &[]).expect("valid");
        assert!(loaded.watchable().is_ok(), "{name}");
        let report = lint::run(&[place.file()], &environment());
        let found: Vec<String> = report.findings().map(|(_, finding)| finding.to_string()).collect();
        assert_eq!(found, Vec::<String>::new(), "{name}");
    }
    let error = config::init_text(Some("swarm")).expect_err("no such example");
    assert_eq!(
        error,
        "there is no example \"swarm\": write \"nginx\", \"kubernetes\", \"ladder\", \"command\", \"urls\", \"worker\" or \"demo\""
    );
}

/// After a change of `src/config/file.rs`: `UPDATE_SCHEMA=1 cargo test --test config schema`.
#[test]
fn the_published_schema_is_fresh() {
    let path = in_repository("config/schema.json");
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        fs::write(&path, config::schema_text()).expect("writable");
    }
    assert!(fs::read_to_string(path).expect("there") == config::schema_text(), "config/schema.json is not what the shapes give");
}

#[test]
fn the_schema_asks_only_for_what_has_no_default() {
    let schema = schema();
    let required = |name: &str| schema["$defs"][name]["required"].clone();
    assert_eq!(schema["required"], Json::Null);
    assert_eq!([required("Version"), required("Policy"), required("Notify")], [Json::Null, Json::Null, Json::Null]);
    assert_eq!(required("Metrics"), serde_json::json!(["requests", "errors"]));
    assert_eq!(schema["properties"]["canary"]["$ref"], "#/$defs/Version");
    assert!(!config::schema_text().contains("\"null\""));
    let place = Place::with("[canary]\nversion = \"v2\"\n");
    assert!(config::load(Some(&place.file()), [], &[]).is_ok());
}
