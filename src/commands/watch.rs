//! `watch`: attach, then hand over to a session.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::sync::mpsc::Receiver;
use url::Url;

use super::{Edge, Form, attach, baseline, hand_over, report};
use crate::{
    backend::Backend,
    cli::{Run, Watch as Args},
    config::{Loaded, Override, file::File},
    engine::{
        action::ActorKind,
        policy::BaselineMode,
        role::{Role, Sides},
        setup::{Rule, Setup, Until},
        time::Time,
        watch::Watch,
    },
    exit::Failure,
    journal::{durations::durations, lock::WatchLock, playback, reader, store::Store, writer::Writer},
    report::Reports,
    runtime::{
        clock::{Clock, wall_clock},
        logging::{self, Destination},
        screen::ScreenSettings,
        session::{Begun, Left, Right, Session},
        shown::Front,
    },
    source::poll::asked_of,
    tui::{keymap::Keymap, model::Visit, terminal, title::Outside, view::greeting},
};

pub(super) async fn run(edge: &Edge, args: Args) -> Result<u8, Failure> {
    let mut overrides = overrides(&args, edge.common.config.is_some())?;
    let (mut loaded, spot) = attach::load_at(edge, &mut overrides).await?;
    loaded.watchable()?;
    let mut reports = report::prepare(edge, &args.run)?;
    let start = wall_clock();
    let clock = Clock::real(start);
    let place = Place::find(edge, &args.run, &loaded.file, spot.as_ref())?;
    let (right, mut notes) = (place.right(edge, &loaded.file, start), place.notes.clone());
    // Whoever only looks keeps nobody from acting.
    let (watching, held) = lock(right.as_ref().filter(|_| !args.run.read_only));
    notes.extend(held.clone());
    let read_only = args.run.read_only.then(|| "asked for with --read-only".to_owned()).or(held);
    let pins = pinned(&args, place.store.as_ref(), &loaded.file.deployment.name)?;
    let attachment = attach::attach(edge, &mut loaded, overrides, spot.as_ref(), pins, read_only.is_some()).await?;
    let attach::Attachment { backend, driven, pods } = attachment;
    let file = &loaded.file;
    let fleet = attach::fleet(file, spot.as_ref(), pods, &Role::BOTH).await?;
    let past = if args.resume {
        None
    } else {
        Some(baseline::choose(edge, place.store.as_ref(), &mut loaded.policy, file, &args.run, start)?)
    };
    check_promotes(&args.run, loaded.policy.baseline)?;
    check_flags(&args.run, backend.is_some(), file.deployment.protected, place.form.stays())?;
    reach(backend.as_ref()).await?;
    let mut rule = rule(&args.run, read_only, place.form.stays());
    rule.usual = place.store.as_ref().map(|store| durations(store, &file.deployment.name)).unwrap_or_default();
    let (channels, bytes) = attach::channels(edge, &file.notify, place.form).await?;
    let (begun, polled) = if args.resume {
        resume(place.store.as_ref(), args.run.journal.as_deref(), &loaded, rule, start, &mut notes, &mut reports)?
    } else {
        let setup = setup(&loaded, backend.as_ref(), rule);
        let asked = fleet.as_ref().map(|fleet| asked_of(fleet.as_ref(), file, setup.policy.baseline.asked()));
        let setup = Setup { driven, asked: asked.unwrap_or_else(|| setup.asked.clone()), ..setup };
        (begin(&place, &args.run, setup, start, &mut notes), None)
    };
    let name = file.deployment.name.clone();
    let policy = &begun.watch.setup().policy;
    let poller = attach::poller(file, policy.baseline.asked(), fleet).await?;
    let past = past.unwrap_or_else(|| baseline::again(edge, place.store.as_ref(), file, &begun.watch, polled));
    // Whoever goes on needs the journal, and the right that is ours.
    let can_hand_over = begun.journal.is_some() && watching.is_some();
    let session = Session {
        begun,
        clock: clock.clone(),
        poller,
        limit: attach::limit(file),
        backend,
        right,
        channels,
        front: place.greeted(place.front(edge, &args.run, file, &clock, bytes)),
        timeout: args.run.timeout,
        notes,
        past,
        reports,
        can_hand_over,
    };
    let left = Box::pin(session.run()).await;
    // Whoever goes on with the watch needs the right to it.
    drop(watching);
    match left? {
        Left::Ended(code) => Ok(code),
        Left::HandedOver { armed } => hand_over::start(edge, place.store.as_ref(), &name, armed).await,
    }
}

/// `--baseline` and `--candidate` as configuration.
fn overrides(args: &Args, has_file: bool) -> Result<Vec<Override>, Failure> {
    let urls = |urls: &[String]| urls.to_vec();
    let mut overrides = attach::looks(&args.run.look);
    overrides.extend(attach::place(&args.at)?);
    if !args.baseline.is_empty() {
        overrides.push(Override::new("baseline.metrics", urls(&args.baseline), "--baseline"));
    }
    if !args.candidate.is_empty() {
        overrides.push(Override::new("candidate.metrics", urls(&args.candidate), "--candidate"));
    }
    // Without a file the deployment has no name of its own; two watches of different services must not be taken for one.
    let address = args.candidate.first().and_then(|url| Url::parse(url).ok()).filter(|_| !has_file);
    if let Some(name) = address.map(|url| url.authority().to_owned()).filter(|name| !name.is_empty()) {
        overrides.push(Override::new("deployment.name", name, "--candidate"));
    }
    Ok(overrides)
}

/// Where this session stands: its terminal, its store.
pub(super) struct Place {
    pub(super) form: Form,
    pub(super) store: Option<Store>,
    pub(super) notes: Vec<String>,
    locator: String,
}

impl Place {
    pub(super) fn find(edge: &Edge, run: &Run, file: &File, spot: Option<&attach::Spot>) -> Result<Self, Failure> {
        let form = Form::choose(edge, run.shape)?;
        let (store, notes) = match attach::store(edge) {
            Ok(store) => (Some(store), Vec::new()),
            Err(error) => (None, vec![format!("no journal is kept, so nothing can be acted on: {error}")]),
        };
        Ok(Self { form, store, notes, locator: spot.map_or_else(|| locator(file), attach::Spot::locator) })
    }

    pub(super) fn right(&self, edge: &Edge, file: &File, since: Time) -> Option<Right> {
        let command = if self.form.stays() { "watch" } else { "watch --headless" };
        Some(Right {
            store: self.store.clone()?,
            deployment: file.deployment.name.clone(),
            locator: self.locator.clone(),
            holder: attach::holder(edge, command, since),
        })
    }

    /// The screen or the lines, and with it where the log goes.
    pub(super) fn front(&self, edge: &Edge, run: &Run, file: &File, clock: &Clock, bytes: Receiver<Vec<u8>>) -> Front {
        let settings = || Box::new(screen(edge, file, clock));
        let log = self.store.as_ref().map(Store::log);
        let beside = log.as_deref().map_or(Destination::Nowhere, Destination::File);
        let destination = if self.form.stays() { beside } else { Destination::Stderr };
        logging::start(edge.common.verbose, destination);
        match self.form {
            Form::Lines => Front::Lines(run.format, bytes),
            Form::Plain => Front::Plain(settings(), bytes),
            Form::Screen => Front::Screen(settings(), bytes),
        }
    }

    /// A screen that says where to begin, to somebody who never saw it.
    pub(super) fn greeted(&self, front: Front) -> Front {
        match front {
            Front::Screen(settings, bytes) if greeting::has_room(terminal::size()) => {
                let is_first = self.store.as_ref().is_none_or(Store::remember_visit);
                let visit = if is_first { Visit::First } else { Visit::Again };
                Front::Screen(Box::new(ScreenSettings { visit, ..*settings }), bytes)
            }
            as_it_is => as_it_is,
        }
    }
}

/// What a watch is about, in one word: what its backend acts on, else the pages it reads.
pub(super) fn locator(file: &File) -> String {
    match attach::backend(file, true) {
        Ok(Some(backend)) => backend.eyes.locator(),
        _ => [file.baseline.metrics.as_slice(), &file.candidate.metrics].concat().join(" "),
    }
}

/// The right to watch this deployment for real; a second watch only looks, and says whose it is.
fn lock(right: Option<&Right>) -> (Option<WatchLock>, Option<String>) {
    let Some(right) = right else { return (None, None) };
    match WatchLock::take(&right.store, &right.deployment, &right.locator, &right.holder) {
        Ok(lock) => (Some(lock), None),
        Err(error) => (None, Some(error.to_string())),
    }
}

/// A promotion that nobody asks for needs a pass, and only a comparison with a live baseline can pass.
fn check_promotes(run: &Run, mode: BaselineMode) -> Result<(), Failure> {
    if run.auto_promote && !mode.may_pass() {
        let what = format!("--auto-promote would never act: with policy.baseline = \"{}\" nothing can pass", mode.word());
        return Err(Failure::usage(what, "leave it out, or set policy.baseline = \"concurrent\""));
    }
    Ok(())
}

fn check_flags(run: &Run, has_backend: bool, protected: bool, stays: bool) -> Result<(), Failure> {
    let automatic = run.auto_rollback || run.auto_promote;
    if automatic && !has_backend {
        return Err(Failure::usage(
            "nothing can be acted on: there is no [backend] section",
            "add one, or leave out --auto-rollback and --auto-promote",
        ));
    }
    if automatic && protected && !stays && !run.yes {
        return Err(Failure::usage(
            "this deployment is protected, and nobody is here to confirm",
            "say --yes to let this run act by itself",
        ));
    }
    Ok(())
}

/// The backend answers and lets us in.
async fn reach(backend: Option<&Backend>) -> Result<(), Failure> {
    match backend {
        None => Ok(()),
        Some(backend) => backend.eyes.observe().await.map(|_| ()).map_err(|error| Failure::Backend { what: error.to_string() }),
    }
}

pub(super) fn rule(run: &Run, read_only: Option<String>, stays: bool) -> Rule {
    let acts = read_only.is_none();
    Rule {
        until: run.until.unwrap_or(if run.auto_promote { Until::Promoted } else { Until::WindowEnd }),
        success_on_pause: run.success_on_pause,
        auto_promote: run.auto_promote && acts,
        auto_rollback: run.auto_rollback && acts,
        stays,
        read_only,
        replay: false,
        usual: std::collections::BTreeMap::new(),
    }
}

pub(super) fn setup(loaded: &Loaded, backend: Option<&Backend>, rule: Rule) -> Setup {
    let file = &loaded.file;
    Setup {
        deployment: file.deployment.name.clone(),
        environment: file.deployment.environment.clone(),
        backend: backend.map_or("none", |b| b.kind).to_owned(),
        locator: backend.map(|b| b.eyes.locator()).unwrap_or_default(),
        protected: file.deployment.protected,
        names: attach::names(file),
        policy: loaded.policy.clone(),
        steps: attach::plan(file).steps,
        window_s: loaded.policy.window_s,
        config_sha256: loaded.sha256(),
        driven: None,
        // Where nothing can be asked, the poller says why.
        asked: crate::source::poll::asked(file, loaded.policy.baseline.asked()).unwrap_or_default(),
        rule,
    }
}

pub(super) fn begin(place: &Place, run: &Run, setup: Setup, at: Time, notes: &mut Vec<String>) -> Begun {
    let journal = attach::journal(place.store.as_ref(), run.journal.as_deref(), &setup.deployment, &setup.names.candidate, at);
    let journal = journal.unwrap_or_else(|error| {
        notes.push(format!("no journal is kept, so nothing can be acted on: {error}"));
        None
    });
    let (watch, first) = Watch::new(setup, at, false);
    Begun { watch, first, seq: 0, journal }
}

/// The templates that the watch to be gone on with was bound to.
fn pinned(args: &Args, store: Option<&Store>, name: &str) -> Result<Option<Sides<String>>, Failure> {
    if !args.resume {
        return Ok(None);
    }
    let read = reader::read(&unfinished(store, args.run.journal.as_deref(), name)?).map_err(refused)?;
    Ok(playback::started(&read.lines).and_then(|(_, started)| Some(started.driven.as_ref()?.pins.clone())))
}

/// The journal that `--resume` goes on with.
fn unfinished(store: Option<&Store>, path: Option<&Path>, name: &str) -> Result<PathBuf, Failure> {
    match (path, store) {
        (Some(path), _) => Ok(path.to_owned()),
        (None, Some(store)) => {
            let found = store.newest_unfinished(name).map_err(Failure::internal)?;
            Ok(found.ok_or_else(|| refused(format!("{name} has no unfinished watch to go on with")))?.path)
        }
        (None, None) => Err(refused("there is no place for journals")),
    }
}

/// Why a watch cannot be gone on with.
fn refused(why: impl std::fmt::Display) -> Failure {
    Failure::usage(why.to_string(), "start a new watch without --resume")
}

/// Plays the journal of an unfinished watch again and goes on from there. The second value: when its first and its last poll were.
fn resume(
    store: Option<&Store>,
    path: Option<&Path>,
    loaded: &Loaded,
    rule: Rule,
    now: Time,
    notes: &mut Vec<String>,
    reports: &mut Reports,
) -> Result<(Begun, Option<(Time, Time)>), Failure> {
    let path = unfinished(store, path, &loaded.file.deployment.name)?;
    let (writer, read) = Writer::append_to(&path).map_err(refused)?;
    let Some((began, started)) = playback::started(&read.lines) else {
        return Err(refused(format!("{} holds no watch", path.display())));
    };
    let names = attach::names(&loaded.file);
    if started.candidate != names.candidate || started.baseline != names.baseline {
        return Err(refused(format!(
            "{} is about {} against {}, the configuration about {} against {}",
            path.display(),
            started.candidate,
            started.baseline,
            names.candidate,
            names.baseline
        )));
    }
    if read.lines.iter().any(|line| matches!(line.event, crate::engine::event::Event::WatchEnded(_))) {
        return Err(refused(format!("the watch in {} has ended", path.display())));
    }
    let setup = Setup::recorded(started).map_err(refused)?;
    let (mut watch, _) = Watch::new(setup, began, false);
    for (at, input) in playback::inputs(&read.lines) {
        watch.handle(at, input);
    }
    read.lines.iter().for_each(|line| reports.take(line));
    let first = watch.go_live(now, rule);
    notes.extend(read.torn);
    Ok((Begun { watch, first, seq: read.last_seq, journal: Some(writer) }, playback::polled(&read.lines)))
}

/// The screen's settings.
pub(super) fn screen(edge: &Edge, file: &File, clock: &Clock) -> ScreenSettings {
    let clock = clock.clone();
    let outside = Outside { mouse: file.screen.mouse, ..Outside::detect(|name| edge.around.text(name)) };
    ScreenSettings {
        terminal: super::capabilities(edge, &file.screen),
        outside: if file.screen.title { outside } else { outside.untitled() },
        bell: file.screen.bell,
        calm: file.screen.calm,
        keymap: Arc::new(Keymap::new(&file.keys.chosen())),
        actor: attach::actor(edge, ActorKind::Key),
        hand_over: None,
        tour: false,
        visit: Visit::Again,
        now: Arc::new(move || clock.now()),
    }
}
