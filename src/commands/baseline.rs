//! The baseline from another time: `baseline capture | show`, and which recording a watch begins with.

mod choose;
mod show;

use std::time::Duration;

use url::Url;

use super::{
    Edge,
    attach::{self, Spot},
    print,
};
pub(super) use choose::{again, choose};

use crate::{
    baseline::{FEWEST_POLLS, Recording, STRATEGY},
    cli::{self, Baseline},
    config::{Loaded, Override, file::File, value::Dur},
    engine::{
        event::Started,
        intake::Intake,
        role::{Role, Sides},
    },
    exit::{Failure, code},
    humanize,
    journal::{reader, store::Store},
    runtime::{
        capturing::{Capture, Captured, Progress},
        clock::{Clock, wall_clock},
        logging::{self, Destination},
        notifying,
    },
    source::poll::{Fleet, asked_of},
    text,
    tui::terminal,
};

/// What a capture asks.
const ASKED: [Role; 1] = [Role::Baseline];

/// Between two lines of progress where no line can be drawn over.
const QUIET: Duration = Duration::from_secs(60);

pub(super) async fn run(edge: &Edge, what: Baseline) -> Result<u8, Failure> {
    logging::start(edge.common.verbose, Destination::Stderr);
    match what {
        Baseline::Capture(args) => Box::pin(capture(edge, args)).await,
        Baseline::Show(args) => Box::pin(show(edge, &args)).await,
    }
}

/// What is known about a baseline before its own version is.
struct Whose {
    loaded: Loaded,
    overrides: Vec<Override>,
    spot: Option<Spot>,
}

impl Whose {
    async fn load(edge: &Edge, args: &cli::Recorded) -> Result<Self, Failure> {
        let mut overrides = attach::place(&args.at)?;
        if !args.baseline.is_empty() {
            overrides.push(Override::new("baseline.metrics", args.baseline.clone(), "--baseline"));
        }
        let (loaded, spot) = attach::load_at(edge, &mut overrides).await?;
        Ok(Self { loaded, overrides, spot })
    }

    /// The version that is trusted now; the label selectors of its pods, where it has pods.
    async fn trusted(&mut self, edge: &Edge) -> Result<Option<Sides<String>>, Failure> {
        let pods = attach::trusted(edge, &mut self.loaded, self.overrides.clone(), self.spot.as_ref()).await?;
        // Nothing else is asked.
        Ok(pods.map(|baseline| Sides { baseline, candidate: String::new() }))
    }
}

async fn show(edge: &Edge, args: &cli::Recorded) -> Result<u8, Failure> {
    let mut whose = Whose::load(edge, args).await?;
    // What was captured is there, whether or not its deployment can be asked.
    let version = whose.trusted(edge).await.map(|_| whose.loaded.file.baseline.version.clone());
    show::run(edge, &whose.loaded, version.map_err(|error| error.to_string()))
}

fn store(edge: &Edge) -> Result<Store, Failure> {
    attach::store(edge).map_err(|error| Failure::usage(error.to_string(), "captured baselines are kept there"))
}

/// What a recorded baseline is kept under: the deployment's name, and without a configuration the baseline's own address.
fn key(edge: &Edge, file: &File) -> String {
    let address = file.baseline.metrics.first().and_then(|url| Url::parse(url).ok()).filter(|_| edge.common.config.is_none());
    let address = address.map(|url| url.authority().to_owned()).filter(|name| !name.is_empty());
    address.unwrap_or_else(|| file.deployment.name.clone())
}

/// The captured baseline; null when nothing was captured.
fn captured(store: &Store, key: &str) -> Result<Option<Recording>, String> {
    let path = store.capture(key);
    if !path.exists() {
        return Ok(None);
    }
    let read = reader::read(&path).map_err(|error| error.to_string())?;
    Recording::of_capture(&read.lines).map(Some).ok_or_else(|| format!("{} holds no baseline", path.display()))
}

async fn capture(edge: &Edge, args: cli::Capture) -> Result<u8, Failure> {
    let mut whose = Whose::load(edge, &args.of).await?;
    whose.loaded.can_ask(&ASKED)?;
    let pods = whose.trusted(edge).await?;
    let Whose { loaded, spot, .. } = whose;
    let (store, key) = (store(edge)?, key(edge, &loaded.file));
    let fleet = attach::fleet(&loaded.file, spot.as_ref(), pods, &ASKED).await?;
    let head = head(&loaded, spot.as_ref(), fleet.as_deref());
    let poller = attach::poller(&loaded.file, &ASKED, fleet).await?;
    let span = args.span.unwrap_or_else(|| loaded.policy.window().mul_f64(1.1));
    let (every, fewest) = (loaded.policy.poll(), loaded.policy.poll() * FEWEST_POLLS);
    if span < fewest {
        let what = format!("--for {} is too short for {FEWEST_POLLS} polls, one every {}", Dur(span), Dur(every));
        return Err(Failure::usage(what, format!("{} is the least; or set policy.poll", Dur(fewest))));
    }
    let writer = store.begin_capture(&key).map_err(|error| Failure::usage(error.to_string(), "a baseline is kept there"))?;
    let capture = Capture {
        poller,
        intake: Intake::new(attach::names(&loaded.file)),
        clock: Clock::real(wall_clock()),
        every,
        limit: attach::limit(&loaded.file),
        span,
        writer,
    };
    let shower = Shower { span, draws: edge.around.can_ask, shown: None };
    let done = capture.run(head, shower.into_show()).await?;
    if edge.around.can_ask {
        notifying::to_terminal(b"\r\x1b[2K");
    }
    finish(&store, &key, &loaded.file.baseline.version, done)
}

/// The first line of a captured baseline.
fn head(loaded: &Loaded, spot: Option<&Spot>, fleet: Option<&dyn Fleet>) -> Started {
    let setup = super::watch::setup(loaded, None, crate::engine::setup::Rule::default());
    let started = setup.started(false);
    Started {
        strategy: STRATEGY.to_owned(),
        candidate: String::new(),
        steps: Vec::new(),
        locator: spot.map_or_else(String::new, Spot::locator),
        asked: fleet.map_or_else(|| started.asked.clone(), |fleet| asked_of(fleet, &loaded.file, &ASKED)),
        ..started
    }
}

/// Keeps what is worth keeping, and says what became of it.
fn finish(store: &Store, key: &str, version: &str, done: Captured) -> Result<u8, Failure> {
    let Captured { writer, progress, is_stopped } = done;
    let amount = format!("{} ({})", humanize::duration(progress.passed), amount(&progress));
    let read = reader::read(writer.path()).map_err(Failure::internal)?;
    let worth = Recording::of_capture(&read.lines).ok_or_else(|| "it holds no poll".to_owned()).and_then(|all| all.is_enough());
    if let Err(why) = worth {
        store.drop_capture(&writer);
        let trouble = progress.trouble.map(|why| format!(" The newest poll: {why}.")).unwrap_or_default();
        let before = if store.capture(key).exists() { " The baseline captured before stays." } else { "" };
        print(&format!("Nothing was kept of {amount}: {why}.{trouble}{before}\n"))?;
        return Ok(if is_stopped { code::INTERRUPTED } else { code::UNDECIDED });
    }
    let path = store.keep_capture(writer, key).map_err(Failure::internal)?;
    let verb = if is_stopped { "Stopped early; kept" } else { "Captured" };
    print(&format!(
        "{verb} {amount} of {version}.\nIt is kept in {}; `rollwatch baseline show` says what it holds.\n",
        path.display()
    ))?;
    Ok(code::OK)
}

/// "126 polls, 12 345 requests".
fn amount(progress: &Progress) -> String {
    let polls = humanize::plural(progress.polls as f64, "poll", "polls");
    let requests = humanize::plural(progress.sum.requests, "request", "requests");
    format!("{polls}, {requests}")
}

/// Shows how far a capture is: one line that is drawn over, or one line a minute.
struct Shower {
    span: Duration,
    draws: bool,
    shown: Option<Duration>,
}

/// As many columns as a line can have that is drawn over: one that goes on in the next row stays there.
fn columns() -> usize {
    const USUAL: u16 = 80;
    let (columns, _) = terminal::size();
    let columns = if columns == 0 { USUAL } else { columns };
    // The sign of the cut, and the last column, where some terminals begin the next row.
    usize::from(columns.saturating_sub(2))
}

impl Shower {
    fn into_show(mut self) -> impl FnMut(&Progress) {
        move |progress| self.show(progress)
    }

    fn show(&mut self, progress: &Progress) {
        let trouble = progress.trouble.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
        let (passed, span) = (humanize::duration(progress.passed), humanize::duration(self.span));
        let text = format!("{passed} of {span}: {}{trouble}", amount(progress));
        if self.draws {
            let line = format!("captured {text}");
            notifying::to_terminal(format!("\r\x1b[2K{}", text::clean_to(&line, columns())).as_bytes());
        } else if self.shown.is_none_or(|at| progress.passed.saturating_sub(at) >= QUIET) {
            self.shown = Some(progress.passed);
            notifying::to_terminal(format!("captured {text}\n").as_bytes());
        }
    }
}
