//! The one-shot commands: one action, with the key's guards, confirmation, journal and read-back.

use std::io::{BufRead as _, Write as _};

use super::{Edge, attach, print};
use crate::{
    cli::{OneShot as Args, Promote, Rollback},
    config::{Loaded, Override, file},
    engine::{
        action::{Action, ActorKind, Preview, Usual},
        event::{Event, Line, ONE_SHOT, Started},
        verdict::Verdict,
    },
    exit::Failure,
    headless::{Format, Printer},
    humanize,
    journal::{durations::durations, reader, store::Store},
    runtime::{
        clock::{Clock, wall_clock},
        logging::{self, Destination},
        oneshot::{self, OneShot},
        session::Right,
    },
};

/// Shortest reason, in letters.
const SHORTEST_REASON: usize = 5;

pub(super) async fn promote(edge: &Edge, args: Promote) -> Result<u8, Failure> {
    one(edge, if args.full { Action::PromoteFull } else { Action::Promote }, args.one).await
}

pub(super) async fn rollback(edge: &Edge, args: Rollback) -> Result<u8, Failure> {
    act(edge, Action::Rollback, args.one, args.to).await
}

pub(super) async fn one(edge: &Edge, action: Action, args: Args) -> Result<u8, Failure> {
    act(edge, action, args, None).await
}

async fn act(edge: &Edge, action: Action, args: Args, to: Option<String>) -> Result<u8, Failure> {
    logging::start(edge.common.verbose, Destination::Stderr);
    check_reason(args.reason.as_deref())?;
    let mut overrides = attach::place(&args.at)?;
    let (mut loaded, spot) = attach::load_at(edge, &mut overrides).await?;
    // What keeps every version it ever had goes back to the one that is named; elsewhere there is only one way back.
    let to = match (&spot, to) {
        (Some(_), Some(to)) => {
            overrides.push(Override::new("baseline.version", to, "--to"));
            loaded = attach::load(edge, &overrides)?;
            None
        }
        (_, to) => to,
    };
    let attachment = attach::attach(edge, &mut loaded, overrides, spot.as_ref(), None, false).await?;
    let (file, driven) = (&loaded.file, attachment.driven);
    let backend = attachment.backend.ok_or_else(|| {
        Failure::usage(
            "nothing can be acted on: there is no [backend] section",
            "name a configuration with -c FILE, or a workload: k8s:NAMESPACE/deployment/NAME",
        )
    })?;
    let store =
        attach::store(edge).map_err(|error| Failure::usage(error.to_string(), "an action is written down before it is sent"))?;
    let (token, preview) = oneshot::look(&backend, action).await?;
    check_target(to.as_deref(), &preview)?;
    if action.is_promotion() && args.reason.is_none() {
        check_verdict(&store, file)?;
    }
    // Read only for the question: an action that needs no question does not wait for old journals.
    let usual = (!args.yes).then(|| durations(&store, &file.deployment.name).get(&action).copied()).flatten();
    confirm(edge, action, &args, file, (&preview, usual))?;
    let at = wall_clock();
    let journal = attach::journal(Some(&store), args.journal.as_deref(), &file.deployment.name, &file.candidate.version, at);
    let journal = journal
        .map_err(|error| Failure::usage(error, "an action is written down before it is sent"))?
        .ok_or_else(|| Failure::internal("no journal"))?;
    let order = oneshot::order(action, token, preview, attach::actor(edge, ActorKind::Cli), args.reason, at);
    let right = Right {
        store,
        deployment: file.deployment.name.clone(),
        locator: backend.eyes.locator(),
        holder: attach::holder(edge, action.word(), at),
    };
    let started = Started { driven, ..started(&loaded, &right.locator, backend.kind) };
    let limit = file.policy.verify_timeout.0;
    let one = OneShot { backend, right, journal, started, clock: Clock::real(at), order, limit };
    let mut printer = Printer::new(Format::Text, std::io::stdout());
    let code = one.run(|line: &Line| report(&mut printer, line)).await;
    if let Err(error) = printer.finish(&[]) {
        tracing::warn!(%error, "stdout takes nothing any more");
    }
    Ok(code)
}

fn report(printer: &mut Printer<std::io::Stdout>, line: &Line) {
    if matches!(line.event, Event::WatchStarted(_)) {
        return;
    }
    if let Err(error) = printer.line(line) {
        tracing::warn!(%error, "stdout takes nothing any more");
    }
}

fn started(loaded: &Loaded, locator: &str, backend: &str) -> Started {
    let file = &loaded.file;
    Started {
        deployment: file.deployment.name.clone(),
        environment: file.deployment.environment.clone(),
        backend: backend.to_owned(),
        locator: locator.to_owned(),
        strategy: ONE_SHOT.to_owned(),
        baseline: file.baseline.version.clone(),
        candidate: file.candidate.version.clone(),
        window_s: 0.0,
        policy: serde_json::to_value(&loaded.policy).unwrap_or_default(),
        config_sha256: loaded.sha256(),
        driven: None,
        steps: Vec::new(),
        rollwatch: env!("CARGO_PKG_VERSION").to_owned(),
        resumed: false,
        asked: crate::engine::role::Sides::default(),
    }
}

fn check_reason(reason: Option<&str>) -> Result<(), Failure> {
    match reason {
        Some(reason) if reason.trim().chars().count() < SHORTEST_REASON => {
            Err(Failure::usage(format!("the reason {reason:?} is too short"), format!("write at least {SHORTEST_REASON} letters")))
        }
        _ => Ok(()),
    }
}

/// `--to V` names what the backend would go back to, by version or by the backend's own name; anything else is refused.
fn check_target(to: Option<&str>, preview: &Preview) -> Result<(), Failure> {
    match to {
        Some(to) if to != preview.target.version && to != preview.target.reference => Err(Failure::usage(
            format!("this backend does not go back to {:?}", crate::text::clean(to)),
            format!("it goes back to {}", preview.target.version),
        )),
        _ => Ok(()),
    }
}

/// A promotion needs a reason unless the newest watch of this deployment and candidate passed.
fn check_verdict(store: &Store, file: &file::File) -> Result<(), Failure> {
    let verdict = newest_verdict(store, file)?;
    let why = match verdict {
        Some(Verdict::Pass) => return Ok(()),
        Some(other) => format!("the newest watch of {} says {}", file.candidate.version, other.word()),
        None => format!("no watch of {} is recorded", file.candidate.version),
    };
    Err(Failure::usage(why, format!("give a --reason of at least {SHORTEST_REASON} letters to promote all the same")))
}

fn newest_verdict(store: &Store, file: &file::File) -> Result<Option<Verdict>, Failure> {
    let listing = store.list_of(&file.deployment.name).map_err(Failure::internal)?;
    let mine = |e: &&crate::journal::store::Entry| e.started.candidate == file.candidate.version && e.started.strategy != ONE_SHOT;
    let Some(entry) = listing.watches.iter().find(mine) else { return Ok(None) };
    if let Some(ended) = &entry.ended {
        return Ok(Some(ended.verdict));
    }
    let read = reader::read(&entry.path).map_err(Failure::internal)?;
    let last = read.lines.iter().rev().find_map(|line| match &line.event {
        Event::Verdict(change) => Some(change.verdict),
        _ => None,
    });
    Ok(Some(last.unwrap_or(Verdict::Inconclusive)))
}

/// Shows what will happen and asks; without a terminal only `--yes` will do.
fn confirm(edge: &Edge, action: Action, args: &Args, file: &file::File, asked: (&Preview, Option<Usual>)) -> Result<(), Failure> {
    if args.yes {
        return Ok(());
    }
    if !edge.around.can_ask {
        return Err(Failure::usage("nobody is here to confirm", "say --yes"));
    }
    let name = &file.deployment.name;
    let wanted = if file.deployment.protected { name.as_str() } else { "y" };
    let question = format!("{}\nType {wanted} to {}, anything else to leave: ", preview_text(action, file, asked), action.verb());
    let mut err = std::io::stderr().lock();
    err.write_all(question.as_bytes()).and_then(|()| err.flush()).map_err(Failure::internal)?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).map_err(Failure::internal)?;
    if answer.trim() == wanted {
        return Ok(());
    }
    print("Nothing was done.\n")?;
    Err(Failure::usage("not confirmed", "nothing was asked for"))
}

fn preview_text(action: Action, file: &file::File, (preview, usual): (&Preview, Option<Usual>)) -> String {
    let place = if file.deployment.environment.is_empty() { String::new() } else { format!(" in {}", file.deployment.environment) };
    let mut lines = vec![format!("{} {}{place}: to {}", action.verb(), file.deployment.name, preview.target.version)];
    lines.extend(preview.happens.iter().map(|what| format!("  what happens  {what}")));
    lines.extend(preview.not_undone.iter().map(|what| format!("  not undone    {what}")));
    lines.push(format!("  sends         {}", preview.sends));
    lines.push(format!("  bound to      {}", preview.bound_to));
    let limit = std::time::Duration::from_secs_f64(preview.limit_s);
    let usual = usual.map(|usual| format!("{}, ", usual.text())).unwrap_or_default();
    lines.push(format!("  takes         {usual}called failed after {}", humanize::duration(limit)));
    lines.join("\n")
}
