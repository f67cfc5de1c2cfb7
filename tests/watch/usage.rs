//! Usage: help, wrong commands, small commands, and the messages of wrong configurations.

use crate::program::{Home, Ran};

#[test]
fn without_a_command_there_is_help_with_three_lines_that_work() {
    let ran = Home::new().run(&[]);
    assert_eq!(ran.code, 2);
    for line in ["rollwatch demo", "rollwatch watch --baseline", "rollwatch config init nginx"] {
        assert!(ran.out.contains(line), "{}", ran.out);
    }
}

#[test]
fn a_cluster_that_nobody_names_cannot_be_reached() {
    let home = Home::new();
    for arguments in [&["watch", "k8s:default/deployment/api"][..], &["rollback", "k8s:default/deployment/api", "--yes"]] {
        let ran = home.run(arguments);
        assert_eq!((ran.code, ran.err.contains("no cluster is known")), (3, true), "{arguments:?}: {ran:?}");
    }
}

#[test]
fn wrong_usage_is_code_2_with_a_sentence() {
    let home = Home::new();
    for (arguments, needle) in [
        (&["watch"][..], "metrics"),
        (&["watch", "ecs:default/api"], "ecs:default/api"),
        (&["watch", "k8s:default/api"], "k8s:default/api"),
        (&["watch", "-c", "missing.toml"], "missing.toml"),
        (&["frobnicate"], "frobnicate"),
        (&["demo", "--speed", "0"], "0.1"),
        (&["demo", "--until", "never"], "window-end"),
        (&["demo", "--timeout", "5"], "5s"),
        (&["promote"], "backend"),
        (&["lint"], "PATH"),
    ] {
        let ran = home.run(arguments);
        assert_eq!(ran.code, 2, "{arguments:?}: {ran:?}");
        assert!(ran.err.contains(needle), "{arguments:?}: {}", ran.err);
        assert!(!ran.err.contains('\u{1b}'), "escape sequences without a terminal: {}", ran.err);
    }
}

#[test]
fn a_screen_without_a_terminal_is_code_2_and_leaves_nothing_behind() {
    let recorded = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/journals/bad-errors.jsonl");
    for arguments in [
        &["demo", "--tui"][..],
        &["replay", recorded, "--tui"],
        &["watch", "--tui", "--baseline", "http://b", "--candidate", "http://c"],
    ] {
        let home = Home::new();
        let ran = home.run(arguments);
        assert_eq!(ran.code, 2, "{arguments:?}: {ran:?}");
        let said = ran.err.replace("\n  │ ", " ");
        assert!(said.contains("standard input is not a terminal") && said.contains("use --headless"), "{said}");
        assert_eq!(home.journals(), Vec::<std::path::PathBuf>::new());
    }
}

#[test]
fn a_wrong_configuration_names_file_line_key_value_and_the_nearest_key() {
    let home = Home::new();
    home.write("bad.toml", "[policy]\npol = \"5s\"\nwindow = 600\nalpha = 0.9\n");
    let ran = home.run(&["watch", "-c", "bad.toml"]);
    assert_eq!(ran.code, 2);
    for needle in ["bad.toml", "pol", "poll", "600", "0.9", "0.2"] {
        assert!(ran.err.contains(needle), "{needle}: {}", ran.err);
    }
    let lint = home.run(&["lint", "bad.toml"]);
    assert_eq!(lint.code, 10, "{lint:?}");
    assert!(lint.out.contains("bad.toml:2"), "{}", lint.out);
    home.write("good.toml", "[policy]\npoll = \"2s\"\n");
    assert_eq!(home.run(&["lint", "good.toml"]).code, 0);
    assert_eq!(home.run(&["lint", "missing.toml"]).code, 2);
}

#[test]
fn small_commands_print_what_they_promise() {
    let home = Home::new();
    let default = home.run(&["config", "init"]);
    assert!(default.code == 0 && default.out.contains("[policy]"));
    home.write("default.toml", &default.out);
    assert_eq!(home.run(&["lint", "default.toml"]).code, 0);
    for example in ["nginx", "command", "urls", "ladder", "worker"] {
        let ran = home.run(&["config", "init", example]);
        assert_eq!(ran.code, 0, "{ran:?}");
        let file = home.write("example.toml", &ran.out);
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("private");
        let linted = Ran::from(home.command(&["lint", "example.toml"]).env("DEPLOY_ENV", "prod").output().expect("runs"));
        assert_eq!(linted.code, 0, "{example}: {linted:?}");
    }
    let schema = home.run(&["config", "schema"]);
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&schema.out).expect("JSON")["$schema"],
        "https://json-schema.org/draft/2020-12/schema"
    );
    home.write("mine.toml", "[policy]\npoll = \"2s\"\n");
    let shown = home.run(&["config", "show", "-c", "mine.toml"]);
    assert!(shown.out.contains("poll = \"2s\"") && shown.out.contains("mine.toml:2"), "{}", shown.out);
    for shell in ["bash", "zsh", "fish"] {
        assert!(home.run(&["completions", shell]).out.contains("rollwatch"));
    }
    assert!(home.run(&["man"]).out.starts_with(".ie") || home.run(&["man"]).out.contains(".TH"));
    let nginx = home.run(&["config", "init", "nginx"]);
    home.write("nginx.toml", &nginx.out);
    let upstream = home.run(&["config", "upstream", "-c", "nginx.toml", "--weight", "5%"]);
    assert!(
        upstream.code == 0 && upstream.out.starts_with("# rollwatch upstream") && upstream.out.contains("weight=19"),
        "{}",
        upstream.out
    );
}

#[test]
fn completions_into_a_closed_pipe_are_no_error() {
    let home = Home::new();
    let mut child = home.command(&["completions", "bash"]).spawn().expect("starts");
    drop(child.stdout.take());
    assert_eq!(child.wait().expect("ends").code(), Some(0));
}

/// Every line of the README that a reader would type is one that the program takes.
#[test]
fn the_readme_shows_commands_that_exist() {
    use clap::Parser as _;
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).expect("a README");
    let blocks = readme.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap_or_default());
    let of_ci = readme.split("```yaml\n").skip(1).map(|block| block.split("```").next().unwrap_or_default());
    let steps = of_ci.flat_map(str::lines).map(|line| line.trim().trim_start_matches("- ").trim_start_matches("run: "));
    let lines: Vec<&str> = blocks.flat_map(str::lines).chain(steps).collect();
    for wanted in ["cargo demo", "tests/run --install"] {
        assert!(lines.contains(&wanted), "{wanted}");
    }
    let ours: Vec<&&str> = lines.iter().filter(|line| line.starts_with("rollwatch ")).collect();
    assert!(ours.len() >= 6);
    for line in ours {
        let words = line.split(" > ").next().unwrap_or_default().split_whitespace();
        assert!(rollwatch::cli::Cli::try_parse_from(words).is_ok(), "{line}");
    }
}
