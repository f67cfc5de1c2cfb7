//! One poll of everything that is watched: all pages and health endpoints at once, within one time limit.
//!
//! Knows what may be asked again and when; what the answers mean is the business of [`super::metrics`] and of `source::health`. It starts
//! no tasks: a round is a future, and dropping it ends every request in it.

mod asked;
mod page;
mod targets;
mod wait;

use std::{collections::BTreeSet, fmt, time::Duration};

use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream};
use tokio::sync::Mutex;
use url::Url;

pub use self::asked::asked;
use self::{
    page::{Outcome, Page, PageState},
    targets::{Instance, Targets},
};
use super::{
    SourceError,
    health::{self, Probe, Probes, Words},
};
use crate::{
    config::{file, secret::Credentials},
    engine::{
        intake::{Answer, Observation},
        role::Role,
        sample::{Health, HealthState},
        time::Time,
    },
    wire::http::{Bound, Client, FetchError, Options, Purpose, Request, Response, shown},
};

/// Most requests under way at one time.
const AT_ONCE: usize = 32;

/// Polls every instance of both versions.
pub struct Poller {
    targets: Targets,
    words: Words,
    asker: Asker,
    /// The baseline is not asked, so it cannot show that the network is well.
    is_alone: bool,
    /// Held during a round, so that no endpoint is asked twice at the same time.
    state: Mutex<State>,
}

struct State {
    pages: Vec<PageState>,
    /// Somebody has answered in an earlier round.
    has_answered: bool,
    /// Notes that were told already.
    told: BTreeSet<String>,
}

/// What one poll brought.
#[derive(Debug, Default)]
pub struct Round {
    /// One observation for each metrics page and each instance's health, in the configuration's order.
    pub observations: Vec<Observation>,
    /// What is worth telling once: the conventions that were found, what is odd about a page.
    pub notes: Vec<String>,
}

/// What a request brought.
enum Done<'a> {
    Page(&'a Page, Outcome),
    Ready(usize, Probe),
    Live(usize, Probe),
}

impl Poller {
    /// A poller of what a configuration names, with the credentials it names.
    ///
    /// # Errors
    /// When an address, a regular expression or a credential cannot be used, or the two versions cannot be told apart.
    pub fn build(file: &file::File, credentials: &Credentials) -> Result<Self, SourceError> {
        Self::build_for(file, credentials, &Role::BOTH)
    }

    /// The same for the versions in `roles` alone.
    ///
    /// # Errors
    /// As [`Poller::build`].
    pub fn build_for(file: &file::File, credentials: &Credentials, roles: &[Role]) -> Result<Self, SourceError> {
        let targets = Targets::build(file, roles)?;
        let asker = Asker::build(file, credentials, targets.urls())?;
        let pages = targets.pages.iter().map(Page::fresh_state).collect();
        let state = Mutex::new(State { pages, has_answered: false, told: BTreeSet::new() });
        let is_alone = !roles.contains(&Role::Baseline);
        Ok(Self { targets, words: Words::build(&file.health), asker, is_alone, state })
    }

    /// Asks everything once. What has not answered within `limit` is an observation that says so. A second round waits for the first.
    pub async fn round(&self, now: Time, limit: Duration) -> Round {
        let mut state = self.state.lock().await;
        let State { pages, has_answered, told } = &mut *state;
        let mut gathered = Gathered::of_silence(&self.targets, limit);
        let mut answers = stream::iter(self.requests(pages, now, limit)).buffer_unordered(AT_ONCE);
        let all = async {
            while let Some(done) = answers.next().await {
                gathered.take(done, &self.targets);
            }
        };
        if tokio::time::timeout(limit, all).await.is_err() {
            tracing::debug!("a poll was not answered by everybody in time");
        }
        drop(answers);
        // Where no baseline is asked, a refusal counts once the candidate itself was within reach.
        gathered.baseline_answers |= self.is_alone && *has_answered;
        *has_answered |= gathered.has_answered;
        self.tell(gathered, told)
    }

    /// Every request of a round, none of them begun.
    fn requests<'a>(&'a self, states: &'a mut [PageState], now: Time, limit: Duration) -> Vec<BoxFuture<'a, Done<'a>>> {
        let (asker, targets) = (&self.asker, &self.targets);
        let pages = targets.pages.iter().zip(states);
        let pages = pages.map(|(page, state)| async move { Done::Page(page, page.poll(state, asker, now, limit).await) }.boxed());
        let health = targets.instances.iter().enumerate().flat_map(|(n, instance)| {
            let ready = async move { Done::Ready(n, asker.probe(&instance.ready, limit).await) }.boxed();
            let live = instance.live.iter().map(move |url| async move { Done::Live(n, asker.probe(url, limit).await) }.boxed());
            [ready].into_iter().chain(live)
        });
        pages.chain(health).collect()
    }

    fn tell(&self, mut gathered: Gathered, told: &mut BTreeSet<String>) -> Round {
        for (instance, (ready, live)) in self.targets.instances.iter().zip(&gathered.probes) {
            let (is_configured, baseline_answers) = (instance.is_configured, gathered.baseline_answers);
            let probes = Probes { ready, live: live.as_ref(), is_configured, baseline_answers };
            let (health, remark) = probes.judge(&self.words);
            gathered.answers[instance.seat] = Answer::Health(health, remark);
        }
        let seats = &self.targets.seats;
        gathered.notes.sort();
        let notes = gathered.notes.into_iter().map(|(seat, note)| format!("{}: {note}", seats[seat].role.word()));
        let notes = notes.filter(|note| told.insert(note.clone())).collect();
        let observation =
            |(seat, answer): (&targets::Seat, Answer)| Observation { role: seat.role, instance: seat.instance.clone(), answer };
        Round { observations: seats.iter().zip(gathered.answers).map(observation).collect(), notes }
    }
}

/// Addresses may hold secrets.
impl fmt::Debug for Poller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Poller").field("observations", &self.targets.seats.len()).finish_non_exhaustive()
    }
}

/// How requests are sent.
struct Asker {
    client: Client,
    credentials: Bound,
    timeout: Duration,
    page_bytes: usize,
}

impl Asker {
    fn build<'u>(
        file: &file::File,
        credentials: &Credentials,
        urls: impl IntoIterator<Item = &'u Url>,
    ) -> Result<Self, SourceError> {
        let (ca_pem, identity_pem) = (credentials.ca_pem.as_deref(), credentials.identity_pem.as_ref());
        Ok(Self {
            client: Client::build(&Options { ca_pem, identity_pem, ..Options::new(Purpose::Watch) })?,
            credentials: Bound::to(credentials, urls)?,
            timeout: file.limits.timeout.0,
            page_bytes: usize::try_from(file.limits.page_bytes).unwrap_or(usize::MAX),
        })
    }

    async fn probe(&self, url: &Url, limit: Duration) -> Probe {
        self.send(self.request(url, limit).at_most(health::PAGE_BYTES).accept("application/json, */*;q=0.5")).await
    }

    fn request<'a>(&'a self, url: &'a Url, limit: Duration) -> Request<'a> {
        Request::get(url, limit.min(self.timeout)).with(&self.credentials)
    }

    async fn send(&self, request: Request<'_>) -> Result<Response, FetchError> {
        self.client.send(request).await
    }
}

/// What a round has brought so far.
struct Gathered {
    /// One answer for each seat.
    answers: Vec<Answer>,
    /// Readiness and liveness of each instance.
    probes: Vec<(Probe, Option<Probe>)>,
    baseline_answers: bool,
    has_answered: bool,
    notes: Vec<(usize, String)>,
}

impl Gathered {
    /// What a round has brought if nobody answers in time.
    fn of_silence(targets: &Targets, limit: Duration) -> Self {
        let silence = |url: &Url| FetchError::timeout(&shown(url), limit);
        let unserved = || Answer::Health(Health { state: HealthState::Unknown, served: false, checks: Vec::new() }, None);
        let mut answers: Vec<_> = targets.seats.iter().map(|_| unserved()).collect();
        for page in &targets.pages {
            for seat in page.seats() {
                answers[seat] = Answer::NoPage(silence(&page.url).to_string());
            }
        }
        let probes = |instance: &Instance| (Err(silence(&instance.ready)), instance.live.as_ref().map(|url| Err(silence(url))));
        let probes = targets.instances.iter().map(probes).collect();
        Self { answers, probes, baseline_answers: false, has_answered: false, notes: Vec::new() }
    }

    fn take(&mut self, done: Done<'_>, targets: &Targets) {
        let (seats, has_answered) = match done {
            Done::Page(page, outcome) => {
                for (seat, read) in page.seats().zip(outcome.reads) {
                    self.answers[seat] = read.answer;
                    self.notes.extend(read.notes.into_iter().map(|note| (seat, note)));
                }
                (page.seats().collect(), outcome.has_answered)
            }
            Done::Ready(n, probe) => {
                let has_answered = probe.is_ok();
                self.probes[n].0 = probe;
                (vec![targets.instances[n].seat], has_answered)
            }
            Done::Live(n, probe) => {
                let has_answered = probe.is_ok();
                self.probes[n].1 = Some(probe);
                (vec![targets.instances[n].seat], has_answered)
            }
        };
        self.has_answered |= has_answered;
        self.baseline_answers |= has_answered && seats.into_iter().any(|seat| targets.seats[seat].role == Role::Baseline);
    }
}
