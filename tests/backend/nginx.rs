//! The nginx backend in front of a real nginx and two real services.

pub(crate) mod bed;
pub(crate) mod load;
pub(crate) mod server;

use std::{path::Path, time::Duration};

use rollwatch::{
    backend::{
        ActError, BackendError,
        ladder::Plan,
        nginx::{build, upstream_text},
    },
    config::file,
    engine::{
        action::{Action, Order, Rollout, Seen},
        strategy::Kind,
    },
};

use self::{bed::Bed, load::Load};
use super::support::{act, observe, offered, order, until, until_done, withheld};

pub(crate) fn plan() -> Plan {
    Plan {
        baseline: "v2.4.0".into(),
        candidate: "v2.5.0".into(),
        steps: vec![0.05, 0.25, 0.5, 0.75, 1.0],
        strategy: Kind::Canary,
        verify_timeout: Duration::from_secs(120),
    }
}

fn facts(seen: &Seen) -> Vec<&str> {
    seen.facts.iter().map(|fact| fact.text.as_str()).collect()
}

/// As much of a state's token as is shown.
fn shown(rollout: &Rollout) -> String {
    format!("{}…", rollout.token.get(.."sha256:".len() + 12).expect("a hash"))
}

/// Observes, acts and waits until it is seen.
async fn carry_out(bed: &Bed, action: Action) -> (Order, Seen) {
    let order = order(&observe(&bed.backend).await, action);
    act(&bed.backend, &order).await.expect("taken");
    let seen = until_done(&bed.backend, &order).await;
    (order, seen)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn up_the_ladder_and_back_no_request_fails() {
    let Some(bed) = Bed::start(0.0).await else { return };
    let load = Load::start(bed.address);

    for step in plan().steps {
        let (order, seen) = carry_out(&bed, Action::Promote).await;
        assert_eq!(order.target.weight, Some(step));
        let weights = observe(&bed.backend).await.weights.expect("nginx has weights");
        assert!((weights.candidate - step).abs() < 1e-9, "{weights:?}");
        assert!(seen.done, "{seen:?}");
        load.goes_on().await;
    }
    let top = observe(&bed.backend).await;
    assert_eq!(withheld(&top, Action::Promote), "v2.5.0 is at the top of the ladder: 100 %");
    assert_eq!(withheld(&top, Action::PromoteFull), "v2.5.0 has all traffic already");

    let (_, seen) = carry_out(&bed, Action::Rollback).await;
    assert_eq!(facts(&seen), ["upstream file says 0 %", "old workers gone", "200 of 200 fresh connections reach v2.4.0"]);
    let reached = bed.candidate.hits();
    load.goes_on().await;
    assert_eq!(bed.candidate.hits(), reached, "nothing reaches the candidate any more");

    let done = load.stop().await;
    assert_eq!(done.failed, Vec::<String>::new(), "of {} requests", done.answered);
    assert!(done.answered >= 300, "only {} requests were sent", done.answered);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn abort_and_promote_all_are_seen_as_well() {
    let Some(bed) = Bed::start(0.25).await else { return };
    let (order, seen) = carry_out(&bed, Action::PromoteFull).await;
    assert_eq!(order.target.reference, "upstream app: v2.4.0 0 %, v2.5.0 100 %");
    assert!(facts(&seen).contains(&"200 of 200 fresh connections reach v2.5.0"), "{seen:?}");
    let (order, seen) = carry_out(&bed, Action::Abort).await;
    assert_eq!((order.target.version.as_str(), order.target.weight), ("v2.4.0", Some(0.0)));
    assert!(facts(&seen).contains(&"200 of 200 fresh connections reach v2.4.0"), "{seen:?}");
    assert_eq!(withheld(&observe(&bed.backend).await, Action::Abort), "v2.5.0 has no traffic already");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_is_still_open_keeps_the_rollback_open() {
    let Some(bed) = Bed::start(1.0).await else { return };
    let slow = tokio::spawn(load::get(bed.address, "/slow"));
    until("the slow request has arrived", || async { (bed.candidate.waiting() > 0).then_some(()).ok_or("not yet") }).await;

    let order = order(&observe(&bed.backend).await, Action::Rollback);
    act(&bed.backend, &order).await.expect("taken");
    let open = "1 old worker still to finish open connections";
    let seen = until("only the old worker is left", || async {
        let seen = bed.backend.eyes.read_back(&order).await.expect("a look");
        if seen.open() == open { Ok(seen) } else { Err(seen) }
    })
    .await;
    assert_eq!(facts(&seen), ["upstream file says 0 %", open, "200 of 200 fresh connections reach v2.4.0"]);
    assert!(!seen.done);
    let later = build(&bed.config(), &plan(), true).expect("valid");
    let seen = later.eyes.read_back(&order).await.expect("a look");
    assert_eq!(seen.open(), open, "another process sees the same, without having sent the reload");

    bed.candidate.release();
    assert_eq!(slow.await.expect("not cancelled"), Ok("v2.5.0".to_owned()), "the open request is finished as it began");
    assert!(until_done(&bed.backend, &order).await.done);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_configuration_that_nginx_refuses_is_put_back() {
    let Some(bed) = Bed::start(0.25).await else { return };
    let order = order(&observe(&bed.backend).await, Action::Rollback);
    let before = bed.upstream_file();
    bed.break_configuration();

    let error = act(&bed.backend, &order).await.expect_err("refused");

    assert!(matches!(error, ActError::Refused(_)), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("[emerg] unknown directive \"nonsense\""), "{text}");
    assert!(text.ends_with("; the previous upstream file is back"), "{text}");
    assert_eq!(bed.upstream_file(), before);
    assert_eq!(observe(&bed.backend).await.token, order.token, "the state is the one it was");
    assert!(load::get(bed.address, "/").await.is_ok(), "nginx serves on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reload_that_fails_is_put_back() {
    let Some(mut bed) = Bed::start(0.25).await else { return };
    let order = order(&observe(&bed.backend).await, Action::Promote);
    let before = bed.upstream_file();
    bed.stop();

    let error = act(&bed.backend, &order).await.expect_err("nobody to reload");

    assert!(matches!(error, ActError::Refused(_)), "{error:?}");
    assert!(error.to_string().contains("nginx.pid"), "{error}");
    assert_eq!(bed.upstream_file(), before);
    let seen = bed.backend.eyes.read_back(&order).await.expect("a look");
    assert_eq!(facts(&seen)[2], "0 of 200 fresh connections answered: 200 refused the connection");
    assert!(facts(&seen)[1].ends_with("nginx.pid holds no process id: is nginx running?"), "{seen:?}");
    assert!(!seen.done);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_says_so_is_not_believed() {
    let Some(bed) = Bed::start(1.0).await else { return };
    let order = order(&observe(&bed.backend).await, Action::Rollback);
    bed.write_upstream_file(&upstream_text(&bed.config(), &plan(), 0.0).expect("valid"));

    let seen = bed.backend.eyes.read_back(&order).await.expect("a look");

    assert_eq!(seen.open(), "0 of 200 fresh connections reach v2.4.0, 200 reach v2.5.0");
    assert!(!seen.done);
    let again = offered(&observe(&bed.backend).await, Action::Rollback);
    assert_eq!(again.target, order.target, "the way back can be asked for again");
    carry_out(&bed, Action::Rollback).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_version_may_be_a_field_of_a_json_page() {
    let Some(bed) = Bed::start(0.0).await else { return };
    let order = order(&observe(&bed.backend).await, Action::Rollback);
    let mut config = bed.config();
    config.url = format!("http://{}/json", bed.address);
    config.version_header = None;
    config.version_field = Some("version".into());
    let look = async |config: &file::Nginx| {
        let backend = build(config, &plan(), true).expect("valid");
        backend.eyes.read_back(&order).await.expect("a look")
    };
    assert_eq!(look(&config).await.open(), "");
    config.version_field = Some("release".into());
    assert_eq!(look(&config).await.open(), "0 of 200 fresh connections answered: 200 named no version (status 200)");
}

#[tokio::test]
async fn an_order_on_a_state_that_has_moved_is_refused() {
    let at = Upstream::at(0.05);
    let backend = build(&at.config(&["true"]), &plan(), false).expect("valid");
    let seen = observe(&backend).await;
    act(&backend, &order(&seen, Action::Promote)).await.expect("taken");
    let after = at.text();

    let error = act(&backend, &order(&seen, Action::PromoteFull)).await.expect_err("the state has moved");

    let (old, new) = (shown(&seen), shown(&observe(&backend).await));
    assert_eq!(
        error.to_string(),
        format!("the state has moved: this was decided on {old}, now it is {new}, with the candidate at 25 %; nothing was changed")
    );
    assert!(matches!(error, ActError::Moved(_)));
    assert_eq!(at.text(), after);
}

#[tokio::test]
async fn an_order_for_something_else_than_was_offered_is_refused() {
    let at = Upstream::at(0.05);
    let backend = build(&at.config(&["true"]), &plan(), false).expect("valid");
    let seen = observe(&backend).await;
    let before = at.text();
    let mut wrong = order(&seen, Action::Promote);
    wrong.target.weight = Some(0.9);
    assert!(matches!(act(&backend, &wrong).await, Err(ActError::Refused(_))));
    wrong.action = Action::Pause;
    let error = act(&backend, &wrong).await.expect_err("no pause");
    assert!(error.to_string().starts_with("pause is not possible: nginx has no pause"), "{error}");
    assert_eq!(at.text(), before);
}

#[tokio::test]
async fn a_file_of_somebody_else_is_left_alone() {
    let at = Upstream::at(0.25);
    let backend = build(&at.config(&["true"]), &plan(), false).expect("valid");
    let order = order(&observe(&backend).await, Action::Rollback);
    let ours = at.text();
    let edited = ours.replace("weight=3", "weight=2");
    for (text, says) in [
        (edited.as_str(), "was edited after rollwatch wrote it and is left alone"),
        ("upstream app { server 127.0.0.1:1; }\n", "was not written by rollwatch and is left alone"),
        ("\u{feff}", "was not written by rollwatch"),
    ] {
        at.write(text);
        let error = backend.eyes.observe().await.expect_err("not ours");
        assert!(matches!(error, BackendError::Unusable(_)), "{error:?}");
        assert!(error.to_string().contains(says), "{error}");
        assert!(error.to_string().contains("`rollwatch config upstream`"), "it says what to do: {error}");
        assert!(matches!(act(&backend, &order).await, Err(ActError::Refused(_))));
        assert_eq!(at.text(), text, "it is as it was, byte for byte");
    }
}

#[tokio::test]
async fn a_file_that_is_missing_or_no_text_says_what_to_do() {
    let at = Upstream::at(0.25);
    let backend = build(&at.config(&["true"]), &plan(), false).expect("valid");
    std::fs::write(&at.path, b"# rollwatch upstream v1 sha256:\xff\n").expect("written");
    let error = backend.eyes.observe().await.expect_err("no text");
    assert!(matches!(error, BackendError::Unusable(_)), "{error:?}");
    std::fs::remove_file(&at.path).expect("removed");
    let error = backend.eyes.observe().await.expect_err("missing");
    assert!(error.to_string().ends_with("does not exist: print the first one with `rollwatch config upstream` and put it there"));
}

#[tokio::test]
async fn a_program_that_is_ended_in_a_reload_leaves_it_unknown() {
    let at = Upstream::at(0.25);
    // Its name stands for `-t`, and the reload ends itself with a signal.
    let script = at.path.with_file_name("nginx.sh");
    std::fs::write(&script, "[ \"$1\" = -t ] && exit 0\nkill -9 $$\n").expect("written");
    let backend = build(&at.config(&["sh", script.to_str().expect("text")]), &plan(), false).expect("valid");
    let before = at.text();
    let error = act(&backend, &order(&observe(&backend).await, Action::Rollback)).await.expect_err("ended");
    assert!(matches!(error, ActError::Unknown(_)), "{error:?}");
    assert!(error.to_string().contains("whether nginx serves it again is not known"), "{error}");
    assert_eq!(at.text(), before, "the previous file is back all the same");
}

#[tokio::test(start_paused = true)]
async fn a_look_at_a_server_that_never_answers_ends() {
    let at = Upstream::at(0.0);
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let mut config = at.config(&[]);
    config.url = format!("http://{}/", silent.local_addr().expect("bound"));
    let backend = build(&config, &plan(), true).expect("valid");
    let order = order(&observe(&backend).await, Action::Rollback);
    let begin = tokio::time::Instant::now();
    let seen = backend.eyes.read_back(&order).await.expect("a look");
    assert!(begin.elapsed() <= Duration::from_secs(31), "{:?}", begin.elapsed());
    assert!(!seen.done);
    let text = facts(&seen)[2];
    assert!(text.starts_with("0 of 200 fresh connections answered: "), "{text}");
    assert!(text.contains("did not answer within 5 s") && text.contains("had no time within 30 s"), "{text}");
}

#[tokio::test]
async fn what_is_shown_before_the_second_key() {
    let at = Upstream::at(0.05);
    let backend = build(&at.config(&["nginx", "-c", "/etc/nginx/nginx.conf"]), &plan(), true).expect("valid");
    assert!(backend.hands.is_none(), "read-only");
    assert_eq!(backend.eyes.locator(), format!("nginx:{}", at.path.display()));
    let rollout = observe(&backend).await;
    let preview = offered(&rollout, Action::Promote);
    assert_eq!(preview.happens[0], "the upstream file is replaced: v2.5.0 goes from 5 % to 25 %, step 2 of 5");
    assert_eq!(preview.target.reference, "upstream app: v2.4.0 75 %, v2.5.0 25 %");
    let nginx = "nginx -c /etc/nginx/nginx.conf";
    assert_eq!(preview.sends, format!("replace {}, then {nginx} -t, then {nginx} -s reload", at.path.display()));
    assert_eq!(preview.bound_to, format!("upstream file {}; refused if it has changed", shown(&rollout)));
    assert!((preview.limit_s - 120.0).abs() < f64::EPSILON);
    assert!(withheld(&rollout, Action::Retry).starts_with("nginx keeps no aborted rollout"));
}

#[test]
fn a_configuration_that_cannot_work_is_refused() {
    let at = Upstream::at(0.0);
    let refused = |change: fn(&mut file::Nginx, &mut Plan)| {
        let (mut config, mut plan) = (at.config(&[]), plan());
        change(&mut config, &mut plan);
        build(&config, &plan, false).expect_err("refused").to_string()
    };
    assert!(refused(|_, plan| plan.candidate.clone_from(&plan.baseline)).starts_with("baseline and candidate are both \"v2.4.0\""));
    assert!(refused(|config, _| config.url = "file:///etc/passwd".into()).starts_with("backend.url has \"file:///etc/passwd\""));
    assert!(refused(|config, _| config.url = "app".into()).starts_with("backend.url has \"app\""));
    assert!(refused(|config, _| config.version_header = Some("X Version".into())).starts_with("backend.version_header has"));
    let both = refused(|config, _| {
        config.version_header = Some("X-Version".into());
        config.version_field = Some("version".into());
    });
    assert!(both.ends_with("are both there: leave one out"), "{both}");
    assert_eq!(
        upstream_text(&at.config(&[]), &plan(), 25.0).expect_err("not a fraction").to_string(),
        "the weight 25 is not between 0 and 1"
    );
}

/// An upstream file without an nginx.
struct Upstream {
    _dir: tempfile::TempDir,
    path: std::path::PathBuf,
}

impl Upstream {
    fn at(weight: f64) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let this = Self { path: dir.path().join("upstream.conf"), _dir: dir };
        this.write(&upstream_text(&this.config(&[]), &plan(), weight).expect("valid"));
        this
    }

    fn config(&self, nginx: &[&str]) -> file::Nginx {
        config(&self.path, "127.0.0.1:1", "127.0.0.1:2", "http://127.0.0.1:9/", nginx)
    }

    fn text(&self) -> String {
        std::fs::read_to_string(&self.path).expect("there")
    }

    fn write(&self, text: &str) {
        std::fs::write(&self.path, text).expect("written");
    }
}

fn config(upstream_file: &Path, baseline: &str, candidate: &str, url: &str, nginx: &[&str]) -> file::Nginx {
    file::Nginx {
        upstream_file: upstream_file.to_owned(),
        upstream: "app".into(),
        baseline: vec![baseline.into()],
        candidate: vec![candidate.into()],
        url: url.into(),
        version_header: None,
        version_field: None,
        nginx: nginx.iter().map(|&word| word.to_owned()).collect(),
        pid_file: None,
        directives: vec!["keepalive 8;".into()],
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rolling_replaces_the_servers_batch_by_batch() {
    let batches = Plan { steps: vec![0.25, 0.5, 0.75, 1.0], strategy: Kind::Rolling, ..plan() };
    let Some(bed) = Bed::start_with(0.0, 4, &batches).await else { return };
    let load = Load::start(bed.address);
    let serving = |servers: &[String]| {
        let text = bed.upstream_file();
        let is_up = |address: &&String| text.lines().any(|line| line.contains(&format!("server {address} weight=")));
        servers.iter().map(|address| if is_up(&address) { '1' } else { '0' }).collect::<String>()
    };
    let config = bed.config();
    for (baseline, candidate) in [("0111", "1000"), ("0011", "1100"), ("0001", "1110"), ("0000", "1111")] {
        let (order, seen) = carry_out(&bed, Action::Promote).await;
        assert!(seen.done, "{seen:?}");
        assert_eq!((serving(&config.baseline).as_str(), serving(&config.candidate).as_str()), (baseline, candidate));
        let weights = observe(&bed.backend).await.weights.expect("nginx has weights");
        assert_eq!(Some(weights.candidate), order.target.weight);
        load.goes_on().await;
    }
    let (_, seen) = carry_out(&bed, Action::Rollback).await;
    assert!(seen.done && serving(&config.baseline) == "1111" && serving(&config.candidate) == "0000", "{seen:?}");
    let done = load.stop().await;
    assert_eq!(done.failed, Vec::<String>::new(), "of {} requests", done.answered);
}
