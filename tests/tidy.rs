//! Reads the source and holds the walls between the folders, and the habits that no compiler checks.

use std::{
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every file under `dir` whose name ends in `ending`, with its text.
fn files(dir: &str, ending: &str) -> Vec<(PathBuf, String)> {
    fn walk(dir: &Path, ending: &str, found: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(dir).expect("a folder of the repository").map(|e| e.expect("an entry").path()) {
            if entry.is_dir() {
                walk(&entry, ending, found);
            } else if entry.to_string_lossy().ends_with(ending) {
                let text = fs::read_to_string(&entry).expect("UTF-8");
                found.push((entry, text));
            }
        }
    }
    let mut found = Vec::new();
    walk(&root().join(dir), ending, &mut found);
    found.sort();
    found
}

/// The product code of a file: no comments, and nothing from the inline tests on.
fn product(text: &str) -> String {
    let before_tests = text.split("#[cfg(test)]").next().unwrap_or_default();
    before_tests.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// A wall: files under the first path name none of the words.
fn assert_names_none(of: &str, words: &[&str]) {
    let own = [files("src", ".rs")].concat();
    let under = |path: &Path| {
        let relative = path.strip_prefix(root().join("src")).expect("under src").to_string_lossy().into_owned();
        relative == format!("{of}.rs") || relative.starts_with(&format!("{of}/"))
    };
    let inside: Vec<_> = own.iter().filter(|(path, _)| under(path)).collect();
    assert!(!inside.is_empty(), "no file is under src/{of}: has it moved?");
    for (path, text) in inside {
        let code = product(text);
        for word in words {
            assert!(!code.contains(word), "{} names {word}: {of} may not", path.display());
        }
    }
}

#[test]
fn the_engine_is_pure() {
    assert_names_none(
        "engine",
        &[
            "tokio",
            "reqwest",
            "ratatui",
            "crossterm",
            "std::fs",
            "std::env",
            "std::net",
            "std::process",
            "Instant::now",
            "SystemTime",
            "Timestamp::now",
            "fastrand",
            "async ",
            "tracing",
            "crate::runtime",
            "crate::tui",
            "crate::backend",
            "crate::source",
            "crate::journal",
            "crate::config",
        ],
    );
}

#[test]
fn front_ends_see_only_snapshots_and_events() {
    for front in ["tui", "headless"] {
        assert_names_none(front, &["backend::", "source::", "wire::", "journal::", "reqwest", "runtime::"]);
    }
}

#[test]
fn sources_and_backends_do_not_know_each_other() {
    assert_names_none("source", &["backend::", "tui::", "headless::", "runtime::", "journal::"]);
    assert_names_none("backend", &["source::", "tui::", "headless::", "runtime::", "journal::"]);
    assert_names_none("wire", &["backend::", "source::", "tui::", "headless::", "runtime::", "engine::watch"]);
}

#[test]
fn a_recording_is_read_and_not_made() {
    assert_names_none("baseline", &["tokio", "backend::", "source::", "tui::", "headless::", "runtime::", "std::fs"]);
}

#[test]
fn a_report_is_made_of_events() {
    assert_names_none("report", &["tokio", "backend::", "source::", "tui::", "headless::", "runtime::", "journal::", "config::"]);
}

#[test]
fn only_the_runtime_spawns_and_only_main_ends_the_process() {
    let spawns = |code: &str| {
        ["tokio::spawn", "thread::spawn", "thread::Builder", "spawn_blocking", "JoinSet"].into_iter().find(|w| code.contains(w))
    };
    for (path, text) in files("src", ".rs") {
        let relative = path.strip_prefix(root().join("src")).expect("under src").to_string_lossy().into_owned();
        let code = product(&text);
        if !["runtime/", "demo/"].iter().any(|may| relative.starts_with(may)) {
            assert_eq!(spawns(&code), None, "{relative} spawns");
        }
        if relative != "main.rs" {
            assert!(!code.contains("process::exit"), "{relative} ends the process");
        }
    }
}

#[test]
fn every_module_opens_with_what_it_is_for() {
    for (path, text) in files("src", ".rs") {
        assert!(text.starts_with("//! "), "{} does not open with a //! paragraph", path.display());
    }
}

#[test]
fn nothing_is_left_open() {
    for (path, text) in [files("src", ".rs"), files("tests", ".rs"), files("benches", ".rs")].concat() {
        if path.ends_with("tidy.rs") {
            continue;
        }
        for word in ["TODO", "FIXME", "XXX", "unimplemented!", "todo!"] {
            assert!(!text.contains(word), "{} holds {word}", path.display());
        }
    }
}

#[test]
fn one_module_style() {
    for (path, _) in files("src", ".rs") {
        assert!(!path.ends_with("mod.rs"), "{}: write foo.rs beside foo/", path.display());
    }
}

#[test]
fn every_example_configuration_is_in_the_readme() {
    let readme = fs::read_to_string(root().join("README.md")).expect("a README");
    for (path, _) in files("config/examples", ".toml") {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        assert!(readme.contains(&name), "README.md does not mention config/examples/{name}");
    }
}

/// Crates that must never come in, and why.
const DENIED: [(&str, &str); 7] = [
    ("openssl-sys", "TLS is rustls with ring"),
    ("native-tls", "TLS is rustls with ring"),
    ("aws-lc-sys", "TLS is rustls with ring"),
    ("chrono", "time is jiff"),
    ("serde_yaml", "unmaintained"),
    ("prometheus-parse", "reads an HTML page as no samples"),
    ("openmetrics-parser", "LGPL"),
];

#[test]
fn the_lock_file_holds_no_denied_crate_and_one_registry() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).expect("a lock file");
    for (name, why) in DENIED {
        assert!(!lock.contains(&format!("name = \"{name}\"\n")), "{name} came in: {why}");
    }
    for line in lock.lines().filter(|l| l.starts_with("source = ")) {
        assert_eq!(line, "source = \"registry+https://github.com/rust-lang/crates.io-index\"");
    }
}
