//! Instances that come and go: what becomes of their counters, of what they asked for, and of those that are gone.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::{FutureExt, future::BoxFuture};
use rollwatch::{
    config::{
        file::File,
        secret::{Credential, Credentials, Secret},
    },
    engine::{
        asked::Asked,
        intake::{Answer, Intake, Observation},
        role::{Role, Sides},
        sample::{HealthState, Phase, Pod, Sample, SourceKind},
        time::Time,
    },
    source::poll::{Behind, Crew, Fleet, Member, Pages, Place, Poller, Reach},
    wire::http::{FetchError, Response},
};

use crate::{
    polls::{LIMIT, NOW, config},
    server::{Server, answer},
};

/// A fleet whose crew the test says before each round.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<Crew>>);

impl Said {
    fn are(&self, members: Vec<Member>) {
        let nobody = Sides { baseline: "v1 has no pods".to_owned(), candidate: "v2 has no pods".to_owned() };
        *self.0.lock().expect("no panic") = Crew { members, nobody, notes: Vec::new() };
    }
}

impl Fleet for Said {
    fn look<'a>(&'a self, _: Time, _: Duration, _: &'a [Role]) -> BoxFuture<'a, Crew> {
        let crew = self.0.lock().expect("no panic").clone();
        async move { crew }.boxed()
    }

    fn fetch<'a>(&'a self, _: &'a Behind, _: &'static str, _: usize, _: Duration) -> BoxFuture<'a, Result<Response, FetchError>> {
        std::future::pending().boxed()
    }

    fn asked(&self, _: &[Role]) -> Sides<Asked> {
        Sides::default()
    }
}

/// A pod with a page of so many requests, and how often that was asked for.
struct Running {
    server: Server,
    total: Arc<Mutex<f64>>,
}

impl Running {
    /// Answers `head` with its page, and no health endpoint.
    async fn answering(head: &'static str, more: &'static str) -> Self {
        let total = Arc::new(Mutex::new(0.0));
        let shown = Arc::clone(&total);
        let reply = move |path: &str| match path {
            "/metrics" => {
                let total = *shown.lock().expect("no panic");
                answer(head, more, format!("http_requests_total{{status=\"200\"}} {total}\n").as_bytes())
            }
            _ => answer("404 Not Found", "", b""),
        };
        Self { server: Server::start(reply).await, total }
    }

    async fn start() -> Self {
        Self::answering("200 OK", "Content-Type: text/plain\r\n").await
    }

    fn has(&self, total: f64) -> &Self {
        *self.total.lock().expect("no panic") = total;
        self
    }

    fn asked_for_metrics(&self) -> usize {
        self.server.heads().iter().filter(|head| head.starts_with("GET /metrics")).count()
    }

    fn pages(&self) -> Reach {
        let at = |path: &str| Place::At(self.server.url(path));
        Reach::Now(Box::new(Pages { metrics: at("/metrics"), ready: at("/health/ready"), live: at("/health/live") }))
    }

    fn as_member(&self, role: Role, name: &str) -> Member {
        member(role, name, self.pages(), ready())
    }
}

fn ready() -> Pod {
    Pod { ready: true, ..Pod::default() }
}

fn member(role: Role, name: &str, reach: Reach, pod: Pod) -> Member {
    Member { role, name: name.to_owned(), reach, pod: Some(pod), is_tested: true }
}

fn poller(fleet: &Said) -> Poller {
    let file: File = config("");
    Poller::of_fleet(&file, &Credentials::default(), &Role::BOTH, Box::new(fleet.clone())).expect("a valid configuration")
}

fn intake() -> Intake {
    Intake::new(Sides { baseline: "v1".to_owned(), candidate: "v2".to_owned() })
}

async fn observed(poller: &Poller, seconds: u64) -> Vec<Observation> {
    poller.round(NOW.plus(Duration::from_secs(seconds)), LIMIT).await.observations
}

/// What was counted of each instance: its name, and requests where there are any.
fn counted(samples: &[Sample]) -> Vec<(&str, Option<f64>)> {
    let pages = samples.iter().filter(|sample| sample.source == SourceKind::Metrics && sample.ok);
    pages.map(|sample| (sample.instance.as_str(), sample.requests)).collect()
}

#[tokio::test]
async fn counters_go_on_while_others_come_and_go() {
    let (fleet, poller_of) = (Said::default(), poller);
    let (old, new, late) = (Running::start().await, Running::start().await, Running::start().await);
    let (old, new, late) = (old.has(100.0), new.has(7.0), late.has(3.0));
    let poller = poller_of(&fleet);
    let mut intake = intake();
    let mut take = async |seconds: u64, members: Vec<Member>| {
        fleet.are(members);
        intake.take(NOW.plus(Duration::from_secs(seconds)), observed(&poller, seconds).await)
    };
    let both = || vec![old.as_member(Role::Baseline, "old-1"), new.as_member(Role::Candidate, "new-1")];
    assert_eq!(counted(&take(0, both()).await), [("old-1", None), ("new-1", None)], "references");
    (old.has(160.0), new.has(17.0));
    let three = [both(), vec![late.as_member(Role::Candidate, "new-2")]].concat();
    assert_eq!(counted(&take(5, three).await), [("old-1", Some(60.0)), ("new-1", Some(10.0)), ("new-2", Some(3.0))]);
    late.has(13.0);
    let without = vec![new.as_member(Role::Candidate, "new-1"), late.as_member(Role::Candidate, "new-2")];
    let samples = take(10, without).await;
    assert_eq!(counted(&samples), [("new-1", Some(0.0)), ("new-2", Some(10.0))]);
    let gone: Vec<&Sample> = samples.iter().filter(|sample| sample.role == Role::Baseline).collect();
    assert_eq!(gone.len(), 1, "{gone:?}");
    assert_eq!((gone[0].instance.as_str(), gone[0].reason.as_deref()), ("", Some("v1 has no pods")));
}

#[tokio::test]
async fn one_that_is_asked_in_another_poll_brings_all_that_it_counted() {
    let fleet = Said::default();
    let pod = Running::start().await;
    let poller = poller(&fleet);
    let mut intake = intake();
    let later = || member(Role::Candidate, "new-1", Reach::Later, ready());
    let mut totals = Vec::new();
    for (poll, total) in [0.0, 10.0, 20.0, 30.0].into_iter().enumerate() {
        pod.has(total);
        fleet.are(vec![if poll % 2 == 0 { later() } else { pod.as_member(Role::Candidate, "new-1") }]);
        let seconds = poll as u64 * 5;
        let samples = intake.take(NOW.plus(Duration::from_secs(seconds)), observed(&poller, seconds).await);
        let mine = samples.iter().filter(|sample| sample.role == Role::Candidate);
        assert!(mine.clone().all(|sample| sample.ok), "not to be asked is no failure");
        assert!(mine.clone().any(|sample| sample.pod.is_some()), "its node is asked each time");
        totals.extend(counted(&samples).into_iter().map(|(_, requests)| requests));
    }
    // It was there at the first poll, so its first page is a reference, whenever that comes.
    assert_eq!((totals, pod.asked_for_metrics()), (vec![None, Some(20.0)], 2));
}

#[tokio::test]
async fn who_asks_for_patience_is_left_alone_however_the_others_change() {
    let fleet = Said::default();
    let busy = Running::answering("503 Service Unavailable", "Retry-After: 30\r\n").await;
    let other = Running::start().await;
    let poller = poller(&fleet);
    let mine = || busy.as_member(Role::Candidate, "new-9");
    fleet.are(vec![mine()]);
    observed(&poller, 0).await;
    fleet.are(vec![other.as_member(Role::Candidate, "new-1"), mine()]);
    observed(&poller, 10).await;
    fleet.are(vec![member(Role::Candidate, "new-9", Reach::Later, ready())]);
    observed(&poller, 20).await;
    fleet.are(vec![mine()]);
    observed(&poller, 25).await;
    assert_eq!(busy.asked_for_metrics(), 1);
    observed(&poller, 31).await;
    assert_eq!(busy.asked_for_metrics(), 2);
}

#[tokio::test]
async fn one_on_its_way_out_serves_to_the_end_and_need_not_answer() {
    let fleet = Said::default();
    let pod = Running::start().await;
    let poller = poller(&fleet);
    let leaving = Pod { phase: Phase::Leaving, reason: Some("is on its way out".to_owned()), ..Pod::default() };
    fleet.are(vec![member(Role::Baseline, "old-1", pod.pages(), leaving.clone())]);
    let there = observed(&poller, 0).await;
    assert!(matches!(there[0].answer, Answer::Page(_)), "{there:?}");
    drop(pod.server);
    let gone = observed(&poller, 5).await;
    let mine: Vec<&Answer> = gone.iter().filter(|it| it.instance == "old-1").map(|it| &it.answer).collect();
    assert_eq!(mine, [&Answer::Pod(leaving.clone(), None, leaving.reason.clone())]);
}

#[tokio::test]
async fn who_cannot_be_asked_says_why_and_is_as_its_node_says() {
    let fleet = Said::default();
    let poller = poller(&fleet);
    let said = |phase: Phase, ready: bool, reason: Option<&str>| {
        let pod = Pod { phase, ready, reason: reason.map(str::to_owned), ..Pod::default() };
        fleet.are(vec![member(Role::Candidate, "new-1", Reach::Never("new-1 names no port".to_owned()), pod)]);
    };
    for (phase, ready, reason, want) in [
        (Phase::Looping, false, Some("ends again and again"), HealthState::Down),
        (Phase::Starting, false, Some("cannot pull app:v9 (ErrImagePull)"), HealthState::Unknown),
        (Phase::Running, true, None, HealthState::Up),
        (Phase::Running, false, Some("is not ready"), HealthState::Down),
    ] {
        said(phase, ready, reason);
        let observations = observed(&poller, 0).await;
        let mine: Vec<&Answer> = observations.iter().filter(|it| it.role == Role::Candidate).map(|it| &it.answer).collect();
        let [Answer::NoPage(why), Answer::Pod(pod, Some(health), _)] = mine.as_slice() else { panic!("{mine:?}") };
        assert_eq!((why.as_str(), health.state, pod.reason.as_deref()), ("new-1 names no port", want, reason));
    }
}

#[tokio::test]
async fn a_server_in_between_that_never_answers_costs_its_time_and_no_more() {
    let fleet = Said::default();
    let poller = poller(&fleet);
    let behind = |path: &str| Place::Behind(Behind { path: path.to_owned(), name: format!("new-1:80{path}") });
    let pages = Pages { metrics: behind("/metrics"), ready: behind("/ready"), live: behind("/live") };
    fleet.are(vec![member(Role::Candidate, "new-1", Reach::Now(Box::new(pages)), ready())]);
    let limit = Duration::from_millis(200);
    let round = tokio::time::timeout(LIMIT, poller.round(NOW, limit)).await.expect("within its limit");
    let mine: Vec<&Answer> = round.observations.iter().filter(|it| it.instance == "new-1").map(|it| &it.answer).collect();
    let [Answer::NoPage(why), Answer::Pod(_, Some(health), _)] = mine.as_slice() else { panic!("{mine:?}") };
    assert!(why.starts_with("new-1:80/metrics gave no whole answer within"), "{why}");
    assert_eq!(health.state, HealthState::Up, "its node still says how it is");
}

#[tokio::test]
async fn credentials_are_for_the_addresses_of_the_configuration() {
    let fleet = Said::default();
    let pod = Running::start().await;
    let shown = Credential::Bearer(Secret::from("canary"));
    let credentials = Credentials { shown: vec![shown], ..Credentials::default() };
    let poller = Poller::of_fleet(&config(""), &credentials, &Role::BOTH, Box::new(fleet.clone())).expect("valid");
    fleet.are(vec![pod.as_member(Role::Candidate, "new-1")]);
    observed(&poller, 0).await;
    assert_eq!(pod.asked_for_metrics(), 1);
    assert!(!pod.server.heads().join("").contains("canary"), "{:?}", pod.server.heads());
}
