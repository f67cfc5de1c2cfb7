//! `rollwatch lint`: exit codes, and the remarks on what is allowed but doubtful.

use std::fs;

use rollwatch::lint;

use super::support::{Place, environment};

/// Exit code and report for a file with this text.
fn linted(text: &str) -> (u8, String) {
    let place = Place::with(text);
    let report = lint::run(&[place.file()], &environment());
    let mut out = Vec::new();
    report.write(&mut out).expect("a vector takes all bytes");
    (report.exit_code(), place.redacted(&String::from_utf8(out).expect("UTF-8")))
}

#[test]
fn a_clean_file_is_0() {
    assert_eq!(linted("[deployment]\nname = \"api\"\n"), (0, "1 file, nothing found\n".into()));
}

#[test]
fn each_finding_has_its_line() {
    let (code, report) = linted("[policy]\nwindw = \"5m\"\npoll = 5\nplaybook_n = 2\n[candidate\n");
    assert_eq!(code, 10);
    assert_eq!(report, "rollwatch.toml:5: error: this is no TOML: unclosed table, expected `]`\n1 file, 1 finding\n");
    let (code, report) = linted("[policy]\nwindw = \"5m\"\npoll = 5\nplaybook_n = 2\n");
    assert_eq!(code, 10);
    insta::assert_snapshot!(report);
}

#[test]
fn what_cannot_be_read_is_2() {
    let place = Place::with("[policy]\nwindw = 1\n");
    let sql = place.path().join("up.sql");
    fs::write(&sql, "select 1").expect("writable");
    let report = lint::run(&[place.file(), sql, place.path().join("none.toml"), place.path().to_path_buf()], &environment());
    let mut out = Vec::new();
    report.write(&mut out).expect("a vector takes all bytes");
    let out = place.redacted(&String::from_utf8(out).expect("UTF-8"));
    assert_eq!(report.exit_code(), 2);
    let directory = format!("{}: only rollwatch configurations (FILE.toml) can be checked", place.path().display());
    let want = [
        "rollwatch.toml:2: error: policy.windw is not known: did you mean window?",
        "up.sql: only rollwatch configurations (FILE.toml) can be checked",
        "none.toml: there is no such file",
        &directory,
        "4 files, 1 finding",
    ];
    assert_eq!(out.lines().collect::<Vec<_>>(), want);
}

#[test]
fn what_is_doubtful_is_a_warning() {
    let cases = [
        ("[policy]\npoll = \"30s\"\n", "policy.window = \"10m\" (default) leaves 18 polls after the warm-up"),
        (
            "[policy]\nkind = \"playbook\"\nerror_rate = \"0.1%\"\n",
            "policy.error_rate = \"0.1%\" is breached by one error in fewer than 1 000 requests, and the playbook rule acts on that",
        ),
        (
            "[policy]\nkind = \"playbook\"\nwindow = \"4m\"\n",
            "policy.window = \"4m\" is shorter than the 5 minutes that the playbook rule looks back",
        ),
        ("[policy]\nplaybook_n = 3\n", "policy.playbook_n = 3 has no effect: policy.kind is not \"playbook\""),
        (
            "[metrics]\nrequests = \"r\"\nerrors = { s = \"5..\" }\n",
            "metrics names no latency histogram, but policy.gating has \"latency\": that check will never have data",
        ),
        ("[steps]\nweights = [\"100%\"]\n", "steps has no effect without [backend]: nothing can move the traffic"),
        (
            "[backend]\nkind = \"command\"\nstatus = [\"a\", \"--{verison}\"]\n",
            "backend.status = \"--{verison}\" holds {verison}, which is passed on as it is",
        ),
        ("[policy]\npoll = \"1s\"\n[limits]\ntimeout = \"2s\"\n", "limits.timeout = \"2s\" is longer than a poll: 1s is used"),
    ];
    for (text, want) in cases {
        let (code, report) = linted(text);
        let plain = report.replace(|c: char| c.is_whitespace(), " ");
        assert!(code == 10 && plain.contains(&format!(": warning: {want}")), "{want}\nis not in\n{report}");
        assert!(report.ends_with("1 file, 1 finding\n"), "{report}");
    }
}
