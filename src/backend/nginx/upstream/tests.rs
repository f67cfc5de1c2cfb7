//! What the rendered file says, what is refused, and that no value gets out of its place.

use std::time::Duration;

use proptest::prelude::*;

use super::*;

fn plan(baseline: &str, candidate: &str) -> Plan {
    Plan {
        baseline: baseline.into(),
        candidate: candidate.into(),
        steps: vec![],
        strategy: crate::engine::strategy::Kind::Canary,
        verify_timeout: Duration::from_secs(1),
    }
}

fn config(baseline: usize, candidate: usize) -> file::Nginx {
    let servers = |port: usize, count: usize| (0..count).map(|i| format!("10.0.0.1:{}", port + i)).collect();
    file::Nginx {
        upstream_file: "/etc/nginx/app.conf".into(),
        upstream: "app".into(),
        baseline: servers(1000, baseline),
        candidate: servers(2000, candidate),
        url: "http://127.0.0.1/".into(),
        version_header: None,
        version_field: None,
        nginx: vec![],
        pid_file: None,
        directives: vec!["keepalive 32;".into()],
    }
}

fn upstream(baseline: usize, candidate: usize) -> Upstream {
    Upstream::new(&config(baseline, candidate), &plan("v1", "v2")).expect("valid")
}

fn share(fraction: f64) -> Share {
    Share::of(fraction).expect("a fraction")
}

/// The directives of a configuration as nginx splits them: comments, quotes and all.
fn directives(text: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let last = found.last_mut().expect("never empty");
        match c {
            '#' if last.is_empty() || last.ends_with(' ') => while rest.next_if(|c| *c != '\n').is_some() {},
            ';' | '{' | '}' => found.push(String::new()),
            c if c.is_ascii_whitespace() => {
                if !last.is_empty() && !last.ends_with(' ') {
                    last.push(' ');
                }
            }
            c => last.push(c),
        }
    }
    found.iter().map(|d| d.trim().to_owned()).filter(|d| !d.is_empty()).collect()
}

#[test]
fn a_file_reads_as_a_person_would_write_it() {
    let text = upstream(1, 2).text(share(0.05));
    let (mark, body) = text.split_once('\n').expect("two lines at least");
    assert!(mark.starts_with("# rollwatch upstream v1 sha256:"), "{mark}");
    assert!(mark.ends_with(" - written by rollwatch, do not edit by hand"), "{mark}");
    assert_eq!(
        body,
        "upstream app {
    zone app 256k;
    # baseline v1: 95 %
    server 10.0.0.1:1000 weight=38;
    # candidate v2: 5 %
    server 10.0.0.1:2000 weight=1;
    server 10.0.0.1:2001 weight=1;
    keepalive 32;
}
"
    );
}

#[test]
fn no_weight_is_down_and_the_only_live_server_is_patient() {
    let at = |fraction| directives(&upstream(1, 1).text(share(fraction)));
    assert_eq!(at(0.0)[2..4], ["server 10.0.0.1:1000 weight=1 max_fails=0", "server 10.0.0.1:2000 down"]);
    assert_eq!(at(1.0)[2..4], ["server 10.0.0.1:1000 down", "server 10.0.0.1:2000 weight=1 max_fails=0"]);
    assert_eq!(at(0.5)[2..4], ["server 10.0.0.1:1000 weight=1", "server 10.0.0.1:2000 weight=1"]);
    let two = directives(&upstream(2, 1).text(share(0.0)));
    assert_eq!(two[2], "server 10.0.0.1:1000 weight=1", "two live servers stand in for each other");
}

#[test]
fn a_zone_of_yours_replaces_ours() {
    let mut config = config(1, 1);
    config.directives = vec!["zone shared 1m;".into()];
    let text = Upstream::new(&config, &plan("v1", "v2")).expect("valid").text(share(0.5));
    assert_eq!(directives(&text).iter().filter(|d| d.starts_with("zone")).collect::<Vec<_>>(), ["zone shared 1m"]);
}

#[test]
fn a_tiny_share_is_never_nothing() {
    assert_eq!(share(1e-9), Share(1));
    assert_eq!(share(1.0 - 1e-9), Share(999_999));
    assert_eq!((share(0.0), share(1.0)), (Share(0), Share(1_000_000)));
    for no in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
        assert_eq!(Share::of(no), None, "{no}");
    }
}

#[test]
fn files_that_are_not_ours_are_told_apart() {
    let ours = upstream(1, 1).text(share(0.25));
    let read = |text: &str| upstream(1, 1).share_in(text);
    assert_eq!(read(&ours), Ok(0.25));
    assert_eq!(read(""), Err(Foreign::Unmarked));
    assert_eq!(read("upstream app { server 10.0.0.1:1000; }\n"), Err(Foreign::Unmarked));
    assert_eq!(read(&ours.replace("weight=3", "weight=4")), Err(Foreign::Edited));
    assert_eq!(read(&format!("{ours}\n")), Err(Foreign::Edited));
    assert_eq!(read(&ours.replace('\n', "\r\n")), Err(Foreign::Edited));
    assert_eq!(
        upstream(2, 1).share_in(&ours),
        Err(Foreign::Other("the server 10.0.0.1:1001 is missing from it".into())),
        "a server was added to the configuration"
    );
    assert_eq!(
        read(&upstream(1, 2).text(share(0.25))),
        Err(Foreign::Other("its server 10.0.0.1:2001 is in neither version".into()))
    );
    let mut renamed = config(1, 1);
    renamed.upstream = "api".into();
    let renamed = Upstream::new(&renamed, &plan("v1", "v2")).expect("valid");
    assert_eq!(renamed.share_in(&ours), Err(Foreign::Other("it does not hold the upstream `api`".into())));
}

#[test]
fn sides_that_have_changed_places_are_read_by_their_servers() {
    let ours = upstream(1, 1).text(share(1.0));
    let mut swapped = config(1, 1);
    std::mem::swap(&mut swapped.baseline, &mut swapped.candidate);
    let swapped = Upstream::new(&swapped, &plan("v2", "v3")).expect("valid");
    assert_eq!(swapped.share_in(&ours), Ok(0.0), "the next deploy begins where the last one ended");
}

#[test]
fn what_would_change_the_file_s_meaning_is_refused() {
    let refused = |change: fn(&mut file::Nginx)| {
        let mut config = config(1, 1);
        change(&mut config);
        Upstream::new(&config, &plan("v1", "v2")).expect_err("refused").0
    };
    let error = refused(|c| c.upstream = "app { } http {".into());
    assert_eq!(error, "backend.upstream has \"app { } http {\": write a name of letters, digits and `_.-`");
    assert!(refused(|c| c.baseline = vec!["10.0.0.1:1 weight=9".into()]).starts_with("backend.baseline has"));
    assert!(refused(|c| c.candidate = vec!["x;".into()]).starts_with("backend.candidate has"));
    assert!(refused(|c| c.candidate.clear()).starts_with("backend.candidate is empty"));
    assert!(refused(|c| c.candidate.clone_from(&c.baseline)).ends_with("each server has one version"));
    for directive in
        ["least_conn;", "ip_hash;", "server 10.0.0.9:1;", "keepalive 32", "keepalive 32; ip_hash;", "keepalive 32;\n;", ";"]
    {
        let mut config = config(1, 1);
        config.directives = vec![directive.into()];
        assert!(Upstream::new(&config, &plan("v1", "v2")).is_err(), "{directive:?}");
    }
}

proptest! {
    #[test]
    fn the_share_is_exactly_the_one_asked_for(millionths in 0_u32..=1_000_000, baseline in 1_usize..40, candidate in 1_usize..40) {
        let weights = Share(millionths).server_weights(Sides { baseline: baseline as u64, candidate: candidate as u64 });
        let (old, new) = (u128::from(weights.baseline) * baseline as u128, u128::from(weights.candidate) * candidate as u128);
        prop_assert_eq!(new * 1_000_000, (old + new) * u128::from(millionths));
    }

    #[test]
    fn what_is_written_is_read(percent in 0_u32..=10_000, baseline in 1_usize..5, candidate in 1_usize..5) {
        let fraction = f64::from(percent) / 10_000.0;
        let upstream = upstream(baseline, candidate);
        let read = upstream.share_in(&upstream.text(share(fraction))).expect("ours");
        prop_assert!((read - fraction).abs() < 1e-12, "{} became {}", fraction, read);
    }

    #[test]
    fn a_file_with_one_byte_changed_is_refused(at in any::<prop::sample::Index>(), bit in 0_u8..8) {
        let mut bytes = upstream(2, 2).text(share(0.25)).into_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        // What is no text any more is refused when the file is read.
        if let Ok(text) = String::from_utf8(bytes) {
            prop_assert!(upstream(2, 2).share_in(&text).is_err(), "byte {}", at);
        }
    }

    #[test]
    fn no_version_and_no_weight_gets_out_of_its_comment(
        baseline in any::<String>(),
        candidate in "[v0-9 ;{}#\n\r\u{2028}'\"\\\\]{0,40}",
        fraction in 0.0_f64..=1.0,
    ) {
        let plain = directives(&upstream(1, 2).text(share(fraction)));
        let hostile = Upstream::new(&config(1, 2), &plan(&baseline, &candidate)).expect("valid");
        prop_assert_eq!(directives(&hostile.text(share(fraction))), plain);
    }

    #[test]
    fn a_configuration_that_is_taken_adds_no_directive(
        upstream in "[ap_; {}\n#]{1,3}",
        address in "[a1.:; {}\n#]{1,4}",
        more in "(keepalive|zone|server|#)[ a1;{}\n#]{0,4};?",
    ) {
        let mut config = config(1, 1);
        config.upstream = upstream;
        config.candidate = vec![address];
        config.directives = vec![more.clone()];
        if let Ok(built) = Upstream::new(&config, &plan("v1", "v2")) {
            let zone = usize::from(!more.starts_with("zone"));
            prop_assert_eq!(directives(&built.text(share(0.5))).len(), 4 + zone);
        }
    }
}

#[test]
fn batches_come_from_the_front_and_give_the_share_exactly() {
    let rolling = Plan { strategy: Kind::Rolling, ..plan("v1", "v2") };
    for (baseline, candidate) in [(4, 4), (3, 5), (1, 2)] {
        let upstream = Upstream::new(&config(baseline, candidate), &rolling).expect("valid");
        for part in [0.0, 0.25, 1.0 / 3.0, 0.5, 0.75, 1.0] {
            let text = upstream.text(share(part));
            let seen = upstream.share_in(&text).expect("ours");
            assert!((seen - part).abs() < 1e-5, "{baseline} {candidate} {part}: {text}");
        }
        let some = upstream.text(share(0.25));
        assert!(some.contains("server 10.0.0.1:2000 weight="), "the first of the new ones serves: {some}");
    }
    let text = Upstream::new(&config(4, 4), &rolling).expect("valid").text(share(0.25));
    let down: Vec<&str> = text.lines().filter(|line| line.ends_with("down;")).map(str::trim).collect();
    assert_eq!(
        down,
        ["server 10.0.0.1:1000 down;", "server 10.0.0.1:2001 down;", "server 10.0.0.1:2002 down;", "server 10.0.0.1:2003 down;"]
    );
}

#[test]
fn a_file_of_another_rollout_is_told_from_one_that_was_left_behind() {
    let of = |baseline, candidate| Upstream::new(&config(1, 1), &plan(baseline, candidate)).expect("valid");
    let text = |upstream: &Upstream, fraction| upstream.text(share(fraction));
    let ours = of("v2.4.0", "v2.5.0");
    let newer = of("v2.4.0", "v2.6.0");
    assert_eq!(ours.others_in(&text(&ours, 0.25)), None);
    assert_eq!(ours.others_in(&text(&newer, 0.25)), Some(Sides { baseline: "v2.4.0".into(), candidate: "v2.6.0".into() }));
    assert_eq!(newer.others_in(&text(&ours, 0.0)), None, "rolled back, and the next one begins");
    assert_eq!(of("v2.5.0", "v2.6.0").others_in(&text(&ours, 1.0)), None, "promoted, and the next one begins");
}
