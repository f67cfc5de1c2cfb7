//! Which layer wins, and what is said of where a value comes from.

use rollwatch::{
    config::{self, Override},
    engine::policy::Care,
};

use super::support::{Place, environment, load, load_with, messages, pairs, rendered};

#[test]
fn flags_win_over_the_environment_over_the_file_over_the_default() {
    let text = "[policy]\npoll = \"10s\"\nwindow = \"20m\"\nwarmup = \"2m\"\n";
    let place = Place::with(text);
    let environment =
        pairs(&[("ROLLWATCH_POLICY_WINDOW", "30m"), ("ROLLWATCH_POLICY_WARMUP", "3m"), ("ROLLWATCH_POLICY_ALPHA", "0.05")]);
    let flags =
        [Override::new("policy.warmup", "4m", "--warmup"), Override::new("baseline.metrics", vec!["http://a:1"], "--baseline")];
    let loaded = config::load(Some(&place.file()), environment, &flags).expect("valid");

    let policy = &loaded.policy;
    let spans = [policy.poll_s, policy.window_s, policy.warmup_s, policy.max_window_s];
    assert_eq!(format!("{spans:?}"), "[10.0, 1800.0, 240.0, 5400.0]");
    assert!((policy.alpha - 0.05).abs() < 1e-12);
    assert_eq!(loaded.file.baseline.metrics, ["http://a:1"]);
    let origin = |key| place.redacted(&loaded.origin(key).to_string());
    let keys =
        ["policy.poll", "policy.window", "policy.warmup", "policy.alpha", "policy.p99", "policy.max_window", "baseline.metrics"];
    let origins = [
        "rollwatch.toml:2",
        "ROLLWATCH_POLICY_WINDOW",
        "--warmup",
        "ROLLWATCH_POLICY_ALPHA",
        "default",
        "3 x window",
        "--baseline",
    ];
    assert_eq!(keys.map(origin), origins);
    assert_eq!(loaded.path(), Some(place.file().as_path()));
}

#[test]
fn without_a_file_there_are_the_defaults() {
    let loaded = config::load(None, [], &[]).expect("valid");
    assert_eq!(loaded.policy, rollwatch::engine::policy::Policy::default());
    assert!(loaded.remarks.is_empty() && loaded.path().is_none());
}

#[test]
fn both_versions_have_other_names() {
    for (baseline, candidate) in [("stable", "canary"), ("primary", "green"), ("blue", "candidate")] {
        let text = format!("[{baseline}]\nversion = \"old\"\n[{candidate}]\nversion = \"new\"\n");
        let file = load(&text).expect("valid").file;
        assert_eq!([file.baseline.version, file.candidate.version], ["old", "new"]);
    }
}

#[test]
fn a_wrong_value_of_a_variable_or_a_flag_names_it() {
    let environment = pairs(&[
        ("ROLLWATCH_POLICY_WINDOW", "10"),
        ("ROLLWATCH_HEALTH_RISE", "two"),
        ("ROLLWATCH_NOTIFY_DESKTOP", "yes"),
        ("ROLLWATCH_DEPLOYMENT_NAME", ""),
        ("ROLLWATCH_POLICY_KIND", "statistics"),
    ]);
    let flags = [
        Override::new("policy.poll", "1h", "--poll"),
        Override::new("baseline.metrics", vec!["http://me:secret@a/"], "--baseline"),
    ];
    let error = config::load(None, environment, &flags).expect_err("wrong");
    insta::assert_snapshot!(rendered(&error));
}

#[test]
fn a_misspelt_variable_is_remarked_and_a_strange_one_is_not() {
    let environment = pairs(&[("ROLLWATCH_POLICY_WINDW", "5m"), ("ROLLWATCH_TOKEN", "x"), ("POLICY_WINDOW", "1")]);
    let loaded = config::load(None, environment, &[]).expect("valid");
    let remarks: Vec<String> = loaded.remarks.iter().map(ToString::to_string).collect();
    assert_eq!(remarks, ["ROLLWATCH_POLICY_WINDW: no key is set by this variable: did you mean ROLLWATCH_POLICY_WINDOW?"]);
}

#[test]
fn variables_inside_a_file_are_filled_in() {
    let text = "[baseline]\nmetrics = [\"http://${HOST}:9090\"]\nselect = { path = \"[$${]x?5..$\" }\n";
    let loaded = load(text).expect("valid");
    assert_eq!(loaded.file.baseline.metrics, ["http://10.0.0.7:9090"]);
    assert_eq!(loaded.file.baseline.select["path"], "[${]x?5..$");
    // A value from the environment is not read again.
    let twice = load_with("[deployment]\nname = \"${A}\"", &pairs(&[("A", "${B}")]), &[]).expect("valid");
    assert_eq!(twice.file.deployment.name, "${B}");
}

#[test]
fn what_is_shown_is_read_as_the_same_again() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/config/valid/everything.toml")).expect("there");
    for text in [text.as_str(), "", "[backend]\nkind = \"command\"\nstatus = [\"a b\", \"{\\\"x\\\": '$${y}'}\", \"l1\\nl2\"]"] {
        let loaded = load(text).expect("valid");
        let again = load(&loaded.show()).expect("what is shown is valid");
        assert_eq!(again.file, loaded.file);
        assert_eq!(again.sha256(), loaded.sha256());
    }
}

#[test]
fn what_is_shown_names_each_origin() {
    let place = Place::with(
        "[candidate]\nversion = \"v2\"\nselect = { app = \"v2\" }\n[policy]\npoll = \"2s\"\n[steps]\nweights = [\"50%\", \"100%\"]\n\
         [auth]\nbearer = { env = \"TOKEN\" }\n[backend]\nkind = \"command\"\nstatus = [\"./status\"]\n",
    );
    let environment = pairs(&[("TOKEN", "s3cret"), ("ROLLWATCH_POLICY_P99", "250ms")]);
    let loaded =
        config::load(Some(&place.file()), environment, &[Override::new("notify.desktop", false, "--quiet")]).expect("valid");
    let shown = loaded.show();
    assert!(!shown.contains("s3cret"));
    insta::assert_snapshot!(place.redacted(&shown));
}

#[test]
fn the_hash_follows_the_values_and_not_their_origin() {
    let hash = |text: &str| load(text).expect("valid").sha256();
    assert_eq!(hash(""), hash("[policy]\npoll = \"5s\"\n"));
    assert_ne!(hash(""), hash("[policy]\npoll = \"6s\"\n"));
    assert_eq!((hash("").len(), hash("").chars().all(|c| c.is_ascii_hexdigit())), (64, true));
}

#[test]
fn a_request_takes_at_most_one_poll() {
    let loaded = load("[policy]\npoll = \"2s\"\n").expect("valid");
    assert_eq!((loaded.file.limits.timeout.to_string(), loaded.remarks.len()), ("2s".into(), 0), "the default gives way silently");
    let loaded = load("[policy]\npoll = \"2s\"\n[limits]\ntimeout = \"3s\"\n").expect("valid");
    assert_eq!(loaded.file.limits.timeout.to_string(), "2s");
    assert_eq!(loaded.remarks[0].message(), "limits.timeout = \"3s\" is longer than a poll: 2s is used");
}

#[test]
fn a_ladder_gives_the_engine_the_window_of_a_step() {
    let loaded = load("[policy]\nwindow = \"10m\"\n[steps]\nweights = [\"50%\", \"100%\"]\nwindow = \"20m\"\n").expect("valid");
    assert_eq!(format!("{:?}", [loaded.policy.window_s, loaded.policy.max_window_s]), "[1200.0, 3600.0]");
}

#[test]
fn a_watch_needs_a_page_on_both_sides() {
    let loaded = load("[baseline]\nmetrics = [\"http://a:1\"]\n").expect("a file may be partial");
    let error = loaded.watchable().expect_err("the candidate has no page");
    assert_eq!(messages(&error), ["candidate has no metrics page and no health page: there is nothing to watch"]);
    let loaded = load("[baseline]\nmetrics = [\"http://a:1\"]\n[candidate]\nhealth = [\"http://b:1/ready\"]\n").expect("valid");
    assert!(loaded.watchable().is_ok());
    let error = config::load(None, environment(), &[]).expect("valid").watchable().expect_err("nothing given");
    assert_eq!(messages(&error).len(), 2);
}

#[test]
fn care_is_a_set_with_single_keys_over_it() {
    let care = |text: &str| load(text).expect("valid").policy.care;
    assert_eq!(care(""), Care::default());
    assert_eq!(care("[policy]\nsafe = true\n"), Care::SAFE);
    let own = care("[policy]\nsafe = true\nbad_for = \"45s\"\ncold_start = \"5%\"\n");
    assert_eq!(own, Care { errors_s: 45.0, cold_start: 0.05, ..Care::SAFE });
}
