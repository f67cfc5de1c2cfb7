//! Files that cannot be read, or must not be used.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use rollwatch::config::{self, ConfigError};

use super::support::{Place, environment, messages, rendered};

/// What is said of the file, without the directory.
fn refused(place: &Place, path: &Path) -> String {
    let error = config::load(Some(path), environment(), &[]).expect_err("refused");
    assert!(matches!(error, ConfigError::Unreadable(_)), "{error:?}");
    place.redacted(&error.to_string())
}

#[test]
fn each_kind_of_unreadable_file_has_its_sentence() {
    let place = Place::new();
    assert_eq!(refused(&place, &place.file()), "rollwatch.toml: there is no such file");
    let error = config::load(Some(&place.file()), environment(), &[]).expect_err("not there");
    assert!(rendered(&error).contains("help: `rollwatch config init` prints a commented file to begin with"));
    fs::create_dir(place.file()).expect("writable");
    assert_eq!(refused(&place, &place.file()), "rollwatch.toml: is a directory");
    let place = Place::with(b"[deployment]\nname = \"\xff\"\n");
    assert_eq!(refused(&place, &place.file()), "rollwatch.toml: is not UTF-8 text: byte 21 begins no character");
    let place = Place::with(" ".repeat(1024 * 1024 + 1));
    assert_eq!(refused(&place, &place.file()), "rollwatch.toml: is larger than 1 MiB, the most a configuration may have");
    assert_eq!(refused(&place, Path::new("/dev/null")), "/dev/null: is no regular file");
    let below = Place::with("").file().join("x");
    assert!(refused(&place, &below).ends_with("there is no such file") || refused(&place, &below).contains("cannot be opened"));
}

#[test]
fn the_largest_file_is_read() {
    let place = Place::with(" ".repeat(1024 * 1024));
    assert!(config::load(Some(&place.file()), [], &[]).is_ok());
}

#[test]
fn a_pipe_is_refused_and_not_waited_for() {
    let place = Place::new();
    let made = std::process::Command::new("mkfifo").arg(place.file()).status().expect("mkfifo is there");
    assert!(made.success());
    assert_eq!(refused(&place, &place.file()), "rollwatch.toml: is no regular file");
}

#[test]
fn a_file_that_others_can_change_may_not_name_programs() {
    let cases = [
        ("[backend]\nkind = \"command\"\nstatus = [\"a\"]\n", true),
        ("[auth]\nbearer = { command = [\"pass\", \"token\"] }\n", true),
        ("[notify]\nwebhook = { url_from = { command = [\"a\"] } }\n", true),
        ("[auth]\nbearer = { env = \"TOKEN\" }\n", false),
        ("[policy]\npoll = \"6s\"\n", false),
    ];
    for (text, names_programs) in cases {
        let place = Place::with(text);
        for (mode, open) in [(0o600, false), (0o644, false), (0o664, true), (0o646, true)] {
            fs::set_permissions(place.file(), fs::Permissions::from_mode(mode)).expect("ours");
            let found = config::load(Some(&place.file()), [], &[]).err().map(|e| messages(&e)).unwrap_or_default();
            let refusal = "names programs to run, but others than its owner can change it: run chmod go-w on it";
            let want = if names_programs && open { vec![refusal] } else { Vec::new() };
            assert_eq!(found, want, "{text} {mode:o}");
        }
    }
}
