//! One poll of everything that is watched: all pages and health endpoints at once, within one time limit.
//!
//! Knows what may be asked again and when; what the answers mean is the business of [`super::metrics`] and of `source::health`. It starts
//! no tasks: a round is a future, and dropping it ends every request in it.

mod asked;
mod fleet;
mod page;
mod renewed;
mod targets;
mod wait;

use std::{collections::BTreeSet, fmt, time::Duration};

use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream};
use tokio::{sync::Mutex, time::Instant};

pub use self::{
    asked::{asked, asked_of},
    fleet::{Behind, Crew, Fleet, Member, Pages, Place, Reach},
};
use self::{
    page::{Outcome, Page, PageState},
    renewed::Kept,
    targets::{Instance, Seat, Targets, Watched},
};
use super::{
    SourceError,
    health::{self, Probe, Probes, Words},
    metrics::Reader,
};
use crate::{
    config::{file, secret::Credentials},
    engine::{
        intake::{Answer, Observation},
        role::{Role, Sides},
        sample::{Health, HealthState},
        time::Time,
    },
    wire::http::{Bound, Client, FetchError, Options, Purpose, Request, header},
};

/// Most requests under way at one time.
const AT_ONCE: usize = 32;

/// What the answer to a probe may be.
const PROBED: &str = "application/json, */*;q=0.5";

/// Polls every instance of both versions.
pub struct Poller {
    words: Words,
    asker: Asker,
    /// Where the instances are found; none where they are always the same.
    moving: Option<Moving>,
    /// The baseline is not asked, so it cannot show that the network is well.
    is_alone: bool,
    /// Held during a round, so that no endpoint is asked twice at the same time.
    state: Mutex<State>,
}

/// Instances that come and go.
struct Moving {
    readers: Sides<Reader>,
    roles: Vec<Role>,
}

struct State {
    targets: Targets,
    pages: Vec<PageState>,
    /// What is known of the pages of instances that come and go.
    kept: Kept,
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
        let asker = Asker::build(file, credentials, targets.urls(), None)?;
        Ok(Self::new(file, roles, asker, None, targets))
    }

    /// A poller of instances that are found anew before each round. The credentials of a configuration are for the addresses that it
    /// names, and are shown to none of these; its certificate authorities hold.
    ///
    /// # Errors
    /// When a regular expression or a certificate cannot be used.
    pub fn of_fleet(
        file: &file::File,
        credentials: &Credentials,
        roles: &[Role],
        fleet: Box<dyn Fleet>,
    ) -> Result<Self, SourceError> {
        let moving = Moving { readers: targets::readers(file)?, roles: roles.to_vec() };
        let asker = Asker::build(file, credentials, [], Some(fleet))?;
        Ok(Self::new(file, roles, asker, Some(moving), Targets::default()))
    }

    fn new(file: &file::File, roles: &[Role], asker: Asker, moving: Option<Moving>, targets: Targets) -> Self {
        let pages = targets.pages.iter().map(Page::fresh_state).collect();
        let state = State { targets, pages, kept: Kept::new(), has_answered: false, told: BTreeSet::new() };
        let is_alone = !roles.contains(&Role::Baseline);
        Self { words: Words::build(&file.health), asker, moving, is_alone, state: Mutex::new(state) }
    }

    /// Asks everything once. What has not answered within `limit` is an observation that says so. A second round waits for the first.
    pub async fn round(&self, now: Time, limit: Duration) -> Round {
        let mut state = self.state.lock().await;
        let (notes, spent) = self.renew(&mut state, now, limit).await;
        let limit = limit.saturating_sub(spent);
        let State { targets, pages, has_answered, told, .. } = &mut *state;
        let targets = &*targets;
        let mut gathered = Gathered::of_silence(targets, limit);
        let mut answers = stream::iter(self.requests(targets, pages, now, limit)).buffer_unordered(AT_ONCE);
        let all = async {
            while let Some(done) = answers.next().await {
                gathered.take(done, targets);
            }
        };
        if tokio::time::timeout(limit, all).await.is_err() {
            tracing::debug!("a poll was not answered by everybody in time");
        }
        drop(answers);
        // Where no baseline is asked, a refusal counts once the candidate itself was within reach.
        gathered.baseline_answers |= self.is_alone && *has_answered;
        *has_answered |= gathered.has_answered;
        self.tell(targets, gathered, notes, told)
    }

    /// Finds out who is there, where that changes; what is worth telling of it, and how long it took.
    async fn renew(&self, state: &mut State, now: Time, limit: Duration) -> (Vec<String>, Duration) {
        let Some((moving, fleet)) = self.moving.as_ref().zip(self.asker.fleet.as_ref()) else {
            return (Vec::new(), Duration::ZERO);
        };
        let began = Instant::now();
        let crew = fleet.look(now, limit / 2, &moving.roles).await;
        state.targets.keep(std::mem::take(&mut state.pages), &mut state.kept, &crew);
        state.targets = Targets::of_crew(&crew, &moving.readers, &moving.roles);
        state.pages = state.targets.states(&mut state.kept);
        (crew.notes, began.elapsed())
    }

    /// Every request of a round, none of them begun.
    fn requests<'a>(
        &'a self,
        targets: &'a Targets,
        states: &'a mut [PageState],
        now: Time,
        limit: Duration,
    ) -> Vec<BoxFuture<'a, Done<'a>>> {
        let asker = &self.asker;
        let pages = targets.pages.iter().zip(states);
        let pages = pages.map(|(page, state)| async move { Done::Page(page, page.poll(state, asker, now, limit).await) }.boxed());
        let health = targets.instances.iter().enumerate().flat_map(|(n, instance)| {
            let ready = async move { Done::Ready(n, asker.probe(&instance.ready, limit).await) }.boxed();
            let live = instance.live.iter().map(move |at| async move { Done::Live(n, asker.probe(at, limit).await) }.boxed());
            [ready].into_iter().chain(live)
        });
        pages.chain(health).collect()
    }

    fn tell(&self, targets: &Targets, mut gathered: Gathered, mut notes: Vec<String>, told: &mut BTreeSet<String>) -> Round {
        for (instance, (ready, live)) in targets.instances.iter().zip(&gathered.probes) {
            // Where a platform knows whether a port should answer, a refusal is not taken for more than that.
            let baseline_answers = gathered.baseline_answers && self.moving.is_none();
            let probes = Probes { ready, live: live.as_ref(), is_configured: instance.is_configured, baseline_answers };
            let (health, remark) = probes.judge(&self.words);
            gathered.answers[instance.seat] = Answer::Health(health, remark);
        }
        for watched in &targets.watched {
            let answer = &mut gathered.answers[watched.seat];
            *answer = watched.answer(answer);
        }
        let seats = &targets.seats;
        gathered.notes.sort();
        notes.extend(gathered.notes.into_iter().map(|(seat, note)| format!("{}: {note}", seats[seat].role.word())));
        let notes = notes.into_iter().filter(|note| told.insert(note.clone())).collect();
        let observation =
            |(seat, answer): (&Seat, Answer)| Observation { role: seat.role, instance: seat.instance.clone(), answer };
        let is_told = |(seat, answer): &(&Seat, Answer)| seat.is_missed || !matches!(answer, Answer::NoPage(_));
        Round { observations: seats.iter().zip(gathered.answers).filter(is_told).map(observation).collect(), notes }
    }
}

impl Watched {
    /// What is said of it after its own endpoints brought `own`.
    fn answer(&self, own: &Answer) -> Answer {
        let own = match own {
            Answer::Health(health, remark) if !self.is_later => Some((health.clone(), remark.clone())),
            _ => None,
        };
        match (&self.standing.pod, self.standing.judge(own)) {
            (Some(pod), (health, remark)) => Answer::Pod(pod.clone(), health, remark),
            (None, (health, remark)) => Answer::Health(health.unwrap_or_else(unserved), remark),
        }
    }
}

/// Addresses may hold secrets.
impl fmt::Debug for Poller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Poller").field("is_moving", &self.moving.is_some()).finish_non_exhaustive()
    }
}

/// How requests are sent.
struct Asker {
    client: Client,
    credentials: Bound,
    /// Asks for pages that are behind something else.
    fleet: Option<Box<dyn Fleet>>,
    timeout: Duration,
    page_bytes: usize,
}

impl Asker {
    fn build<'u>(
        file: &file::File,
        credentials: &Credentials,
        urls: impl IntoIterator<Item = &'u url::Url>,
        fleet: Option<Box<dyn Fleet>>,
    ) -> Result<Self, SourceError> {
        let (ca_pem, identity_pem) = (credentials.ca_pem.as_deref(), credentials.identity_pem.as_ref());
        Ok(Self {
            // Instances that are found by their platform are asked at their own addresses, where no proxy reaches.
            client: Client::build(&Options { ca_pem, identity_pem, is_direct: fleet.is_some(), ..Options::new(Purpose::Watch) })?,
            credentials: Bound::to(credentials, urls)?,
            fleet,
            timeout: file.limits.timeout.0,
            page_bytes: usize::try_from(file.limits.page_bytes).unwrap_or(usize::MAX),
        })
    }

    async fn probe(&self, place: &Place, limit: Duration) -> Probe {
        self.ask(place, PROBED, health::PAGE_BYTES, limit, |request| request).await
    }

    /// A metrics page, from its instance and not from a cache.
    async fn page(&self, place: &Place, formats: &'static str, limit: Duration) -> Probe {
        let fresh = header::HeaderValue::from_static("no-cache");
        self.ask(place, formats, self.page_bytes, limit, |request| request.header(header::CACHE_CONTROL, fresh)).await
    }

    async fn ask<'a>(
        &'a self,
        place: &'a Place,
        accept: &'static str,
        most: usize,
        limit: Duration,
        more: impl FnOnce(Request<'a>) -> Request<'a>,
    ) -> Probe {
        let limit = limit.min(self.timeout);
        match (place, &self.fleet) {
            (Place::At(url), _) => {
                let request = Request::get(url, limit).with(&self.credentials).at_most(most).accept(accept);
                self.client.send(more(request)).await
            }
            (Place::Behind(page), Some(fleet)) => fleet.fetch(page, accept, most, limit).await,
            (Place::Behind(_), None) => Err(FetchError::timeout(&place.shown(), limit)),
        }
    }
}

/// An instance of which nothing is known.
const fn unserved() -> Health {
    Health { state: HealthState::Unknown, served: false, checks: Vec::new() }
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
        let silence = |place: &Place| FetchError::timeout(&place.shown(), limit);
        let mut answers: Vec<_> = targets.seats.iter().map(|_| Answer::Health(unserved(), None)).collect();
        for page in &targets.pages {
            for seat in page.seats() {
                answers[seat] = Answer::NoPage(silence(&page.place).to_string());
            }
        }
        for (seat, why) in &targets.silent {
            answers[*seat] = Answer::NoPage(why.clone());
        }
        let probes = |instance: &Instance| (Err(silence(&instance.ready)), instance.live.as_ref().map(|place| Err(silence(place))));
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
