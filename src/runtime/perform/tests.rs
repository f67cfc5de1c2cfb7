//! What becomes of an order whose answer was lost, on a clock of two hundred seconds in one.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use super::*;
use crate::{
    backend::{Answer, BackendError, Observe},
    engine::{
        action::{Action, Actor, ActorKind, Condition, Fact, Rollout, Target},
        time::Time,
    },
    journal::writer::Writer,
};

const LIMIT: Duration = Duration::from_secs(600);

/// A backend whose answer to an order is lost. What it has taken by then shows as its token; it is whole after so many requests.
#[derive(Debug)]
struct Lossy {
    takes: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Requests that were taken.
    taken: usize,
    /// How often it was asked to go on.
    asked: usize,
    /// How often it refuses to.
    refuses: usize,
    /// What it is about is not there any more.
    is_gone: bool,
}

impl Lossy {
    /// It takes `first` of `takes` requests before the answer is lost, and later refuses to go on so often.
    fn new(first: usize, takes: usize, refuses: usize) -> Arc<Self> {
        Arc::new(Self { takes, state: Mutex::new(State { taken: first, asked: 0, refuses, is_gone: false }) })
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observe for Lossy {
    fn locator(&self) -> String {
        "lossy".to_owned()
    }

    fn observe(&self) -> Answer<'_, Result<Rollout, BackendError>> {
        let token = format!("after {}", self.state().taken);
        let rollout = Rollout {
            token,
            weights: None,
            versions: None,
            paused: false,
            condition: Condition::Steady,
            abilities: BTreeMap::new(),
        };
        Box::pin(std::future::ready(Ok(rollout)))
    }

    fn read_back<'a>(&'a self, _: &'a Order) -> Answer<'a, Result<Seen, BackendError>> {
        if self.state().is_gone {
            return Box::pin(std::future::ready(Err(BackendError::Unusable("there is no Deployment web".to_owned()))));
        }
        let (taken, takes) = (self.state().taken, self.takes);
        let fact = Fact { text: format!("{taken} of {takes} requests were taken"), holds: taken == takes };
        Box::pin(std::future::ready(Ok(Seen { done: taken == takes, facts: vec![fact] })))
    }
}

impl Act for Lossy {
    fn act<'a>(&'a self, _: &'a Order) -> Answer<'a, Result<(), ActError>> {
        Box::pin(std::future::ready(Err(ActError::Unknown("the connection was cut".to_owned()))))
    }

    fn finish<'a>(&'a self, order: &'a Order) -> Answer<'a, Result<(), ActError>> {
        let mut state = self.state();
        state.asked += 1;
        let answer = if state.taken == 0 || state.asked <= state.refuses {
            Err(ActError::Refused(format!("nothing of {} can be done now", order.id)))
        } else {
            state.taken = self.takes;
            Ok(())
        };
        Box::pin(std::future::ready(answer))
    }
}

fn order() -> Order {
    Order {
        id: "o-1".to_owned(),
        action: Action::Rollback,
        target: Target { version: "v1".to_owned(), reference: "v1".to_owned(), weight: Some(0.0) },
        actor: Actor { kind: ActorKind::Key, user: "ana".to_owned() },
        token: "after 0".to_owned(),
        reason: None,
    }
}

/// Performs it: what was told, and how many of the watch's seconds it took.
async fn perform(backend: &Arc<Lossy>) -> (Vec<Input>, f64) {
    let dir = tempfile::tempdir().expect("a folder");
    let (recorder, _thread) = Recorder::start(Writer::create(&dir.path().join("j.jsonl")).expect("a journal"));
    let (news, mut inbox) = mpsc::channel(1000);
    let clock = Clock::scaled(Time::from_ms(0), 200.0);
    let hands: Arc<dyn Act> = Arc::clone(backend) as _;
    let performance = Performance {
        backend: Backend { kind: "lossy", eyes: Arc::clone(backend) as _, hands: Some(hands) },
        order: order(),
        limit: LIMIT,
        clock: clock.clone(),
        recorder: Some(recorder),
        keeper: None,
        news,
    };
    performance.run(|| Ok(Box::new(()))).await;
    let mut told = Vec::new();
    while let Some(Happening { input, .. }) = inbox.recv().await {
        told.push(input);
    }
    (told, clock.now().secs_since(Time::from_ms(0)))
}

fn end(told: &[Input]) -> &Stage {
    match told.last() {
        Some(Input::Report(report)) => &report.stage,
        other => panic!("no end: {other:?}"),
    }
}

#[tokio::test]
async fn what_was_begun_is_gone_on_with_and_seen() {
    let backend = Lossy::new(1, 3, 2);
    let (told, _) = perform(&backend).await;
    let Some(Input::Noted(_, sentence)) = told.first() else { panic!("{told:?}") };
    assert_eq!(sentence, "It is not known whether it was done: the connection was cut. Looking.");
    assert!(matches!(end(&told), Stage::Verified { .. }), "{told:?}");
    assert_eq!(backend.state().asked, 3, "until it was taken, and no more");
    assert!(!told.iter().any(|input| matches!(input, Input::Report(Report { stage: Stage::Sent, .. }))), "nobody said so");
}

#[tokio::test]
async fn what_was_not_begun_is_looked_for_for_half_a_minute_and_never_asked_for_again() {
    let backend = Lossy::new(0, 3, 0);
    let (told, took_s) = perform(&backend).await;
    let Stage::Unverified { seen } = end(&told) else { panic!("{told:?}") };
    assert_eq!(seen, "0 of 3 requests were taken; the connection was cut");
    assert!((30.0..LIMIT.as_secs_f64()).contains(&took_s), "{took_s} s");
    assert_eq!(backend.state().taken, 0);
}

#[tokio::test]
async fn what_cannot_be_gone_on_with_is_looked_at_to_the_end_and_said() {
    let backend = Lossy::new(2, 3, usize::MAX);
    let (told, took_s) = perform(&backend).await;
    let Stage::Unverified { seen } = end(&told) else { panic!("{told:?}") };
    assert_eq!(seen, "2 of 3 requests were taken; the connection was cut");
    assert!(took_s >= LIMIT.as_secs_f64(), "something was changed, so it may still get there: {took_s} s");
}

#[tokio::test]
async fn what_is_not_there_any_more_is_not_looked_at_to_the_end() {
    let backend = Lossy::new(1, 3, 0);
    backend.state().is_gone = true;
    let (told, took_s) = perform(&backend).await;
    let Stage::Unverified { seen } = end(&told) else { panic!("{told:?}") };
    assert_eq!(seen, "there is no Deployment web; the connection was cut");
    assert!((30.0..LIMIT.as_secs_f64()).contains(&took_s), "{took_s} s");
}
