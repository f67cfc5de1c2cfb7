//! Checks of one's own on workers that serve no requests: real pages, the program's verdict, and the replay of its journal.

use serde_json::Value;

use crate::{
    baseline::assert_replays,
    program::{Home, Ran, json_lines},
    service::Service,
};

/// What a worker does between two reads of its page.
#[derive(Clone, Copy)]
struct Work {
    jobs: u64,
    failed: u64,
    at_once: u64,
    waiting: u64,
}

/// A worker: its jobs by result, how many went through at once, how many wait.
fn worker(work: Work) -> Service {
    Service::with(move |reads| {
        let Work { jobs, failed, at_once, waiting } = work;
        format!(
            "# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds 1700000000\n# TYPE jobs_total counter\n\
             jobs_total{{result=\"done\"}} {}\njobs_total{{result=\"failed\"}} {}\n\
             # TYPE first_try_total counter\nfirst_try_total {}\n# TYPE depth gauge\ndepth{{queue=\"mail\"}} {waiting}\n",
            (jobs - failed) * reads,
            failed * reads,
            at_once * reads,
        )
    })
}

const GOOD: Work = Work { jobs: 300, failed: 2, at_once: 240, waiting: 40 };

fn watch(home: &Home, baseline: &Service, candidate: &Service, failures: &str) -> (Ran, Vec<Value>) {
    let config = format!(
        "[deployment]\nname = \"mailer\"\n[baseline]\nversion = \"v1\"\nmetrics = [\"{}\"]\n\
         [candidate]\nversion = \"v2\"\nmetrics = [\"{}\"]\n\
         [checks.job-failures]\nevents = \"{failures}\"\nevents_where = {{ result = \"failed\" }}\nof = \"jobs_total\"\n\
         [checks.first-try]\nevents = \"first_try_total\"\nof = \"jobs_total\"\nworse = \"lower\"\n\
         [checks.queue]\ngauge = \"depth\"\nlimit = 100\nunit = \"jobs\"\n\
         [policy]\ngating = [\"job-failures\", \"first-try\", \"health\"]\npoll = \"100ms\"\nwindow = \"4s\"\nmax_window = \"4s\"\n\
         warmup = \"500ms\"\n[notify]\ndesktop = false\nterminal = false\n",
        baseline.url(),
        candidate.url(),
    );
    let path = home.write("worker.toml", &config);
    let ran = home.run(&["watch", "--headless", "--format", "jsonl", "-c", path.to_str().expect("UTF-8")]);
    let lines = json_lines(&ran.out);
    (ran, lines)
}

/// What a check said last.
fn last<'v>(lines: &'v [Value], check: &str) -> &'v Value {
    lines.iter().rev().find(|line| line["event"] == "check" && line["check"] == check).expect("a check")
}

#[test]
fn failing_jobs_convict_a_worker_and_its_journal_replays_alike() {
    let home = Home::new();
    let (old, new) = (worker(GOOD), worker(Work { jobs: 100, failed: 30, at_once: 78, waiting: 900 }));
    let (ran, lines) = watch(&home, &old, &new, "jobs_total");
    assert_eq!(ran.code, 10, "{ran:?}");
    let failed = last(&lines, "job-failures");
    assert_eq!(failed["verdict"], "fail");
    assert!(failed["sentence"].as_str().expect("text").starts_with("v2 is worse than v1 in job failures: "), "{failed}");
    let queue = last(&lines, "queue");
    assert_eq!(queue["verdict"], "warn");
    assert_eq!(queue["sentence"], "v2 is past the limit of 100 jobs in queue: 900 jobs against 40 jobs");
    let counted = lines.iter().find(|line| line["event"] == "sample" && line["custom"]["job-failures"].is_object());
    let counted = counted.expect("a sample with counts");
    assert!(counted["custom"]["first-try"]["events"].as_f64().is_some() && counted["custom"]["queue"]["gauge"].as_f64().is_some());
    assert_eq!(last(&lines, "errors")["verdict"], "no_data");
    assert_replays(&home, &home.journal());
}

#[test]
fn fewer_first_tries_convict_and_an_equal_worker_passes() {
    for (at_once, code, verdict) in [(30, 10, "fail"), (80, 0, "pass")] {
        let home = Home::new();
        let (old, new) = (worker(GOOD), worker(Work { jobs: 100, failed: 0, at_once, waiting: 90 }));
        let (ran, lines) = watch(&home, &old, &new, "jobs_total");
        assert_eq!(ran.code, code, "{ran:?}");
        assert_eq!(last(&lines, "first-try")["verdict"], verdict);
        assert_eq!(last(&lines, "queue")["verdict"], "muted");
        assert_replays(&home, &home.journal());
    }
}

#[test]
fn a_gating_check_without_its_family_is_21_and_names_it() {
    let home = Home::new();
    let (ran, lines) = watch(&home, &worker(GOOD), &worker(GOOD), "lost_total");
    assert_eq!(ran.code, 21, "{ran:?}");
    let lost = last(&lines, "job-failures");
    assert_eq!((&lost["verdict"], &lost["sentence"]), (&"no_data".into(), &"v2: the page has no lost_total".into()));
}
