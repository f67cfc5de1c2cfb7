//! A corpus of files: those in `valid/` are accepted and lint clean, those in `invalid/` are refused with the report in `snapshots/`.

use std::{fs, path::PathBuf};

use rollwatch::{config, lint};

use super::support::{Place, environment, rendered};

fn corpus(kind: &str) -> Vec<PathBuf> {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/config").join(kind);
    let mut files: Vec<PathBuf> =
        fs::read_dir(dir).expect("the corpus is there").map(|entry| entry.expect("readable").path()).collect();
    files.sort();
    assert!(files.len() > 5, "{kind} has its files");
    files
}

#[test]
fn valid_files_are_accepted() {
    for file in corpus("valid") {
        let place = Place::with(fs::read(&file).expect("readable"));
        if let Err(error) = config::load(Some(&place.file()), environment(), &[]) {
            panic!("{}: {}", file.display(), rendered(&error));
        }
        let report = lint::run(&[place.file()], &environment());
        let found: Vec<String> = report.findings().map(|(_, finding)| finding.to_string()).collect();
        assert_eq!((report.exit_code(), found), (0, Vec::new()), "{}", file.display());
    }
}

#[test]
fn invalid_files_are_refused_with_every_mistake() {
    for file in corpus("invalid") {
        let place = Place::with(fs::read(&file).expect("readable"));
        let error = config::load(Some(&place.file()), environment(), &[]).expect_err(&file.display().to_string());
        let name = file.file_stem().expect("a name").to_string_lossy().into_owned();
        insta::assert_snapshot!(name, place.redacted(&rendered(&error)));
    }
}
