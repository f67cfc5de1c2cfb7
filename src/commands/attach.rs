//! What the commands that attach to a deployment share: configuration, store, backend, notification channels, names.

use std::{path::Path, time::Duration};

use tokio::sync::mpsc;

use super::{Edge, Form};
use crate::{
    backend::{self, Backend, ladder::Plan},
    cli::Look,
    config::{self, ConfigError, Loaded, Override, file},
    engine::{
        action::{Actor, ActorKind},
        role::{Role, Sides},
        time::Time,
    },
    exit::Failure,
    journal::{
        lock::Holder,
        store::{NoHome, Store},
        writer::Writer,
    },
    notify::{self, Channels, terminal::TerminalKind},
    source::poll::Poller,
};

/// Sequences for the terminal that may wait for it.
const TERMINAL_BYTES: usize = 16;

/// The effective configuration.
pub(super) fn load(edge: &Edge, overrides: &[Override]) -> Result<Loaded, ConfigError> {
    config::load(edge.common.config.as_deref(), edge.around.texts(), overrides)
}

/// What the flags say about the screen, as configuration.
pub(super) fn looks(look: &Look) -> Vec<Override> {
    let mut overrides = Vec::new();
    if let Some(theme) = look.theme {
        overrides.push(Override::new("screen.theme", theme.word(), "--theme"));
    }
    if let Some(glyphs) = look.glyphs {
        overrides.push(Override::new("screen.glyphs", glyphs.word(), "--glyphs"));
    }
    for (said, key, value, flag) in [
        (look.no_mouse, "screen.mouse", false, "--no-mouse"),
        (look.no_title, "screen.title", false, "--no-title"),
        (look.calm, "screen.calm", true, "--calm"),
    ] {
        if said {
            overrides.push(Override::new(key, value, flag));
        }
    }
    overrides
}

/// Where journals and locks are.
pub(super) fn store(edge: &Edge) -> Result<Store, NoHome> {
    let var = |name| edge.around.os(name).map(std::ffi::OsString::as_os_str);
    Store::locate(var("XDG_STATE_HOME"), var("HOME"))
}

/// What the configuration says about the rollout.
pub(super) fn plan(file: &file::File) -> Plan {
    Plan {
        baseline: file.baseline.version.clone(),
        candidate: file.candidate.version.clone(),
        steps: file.steps.as_ref().map(file::Steps::ladder).unwrap_or_default(),
        strategy: file.strategy().kind,
        verify_timeout: file.policy.verify_timeout.0,
    }
}

/// The backend of a configuration; none without a `[backend]` section.
pub(super) fn backend(file: &file::File, read_only: bool) -> Result<Option<Backend>, Failure> {
    let plan = plan(file);
    let built = match &file.backend {
        None => return Ok(None),
        Some(file::Backend::Nginx(nginx)) => backend::nginx::build(nginx, &plan, read_only),
        Some(file::Backend::Command(command)) => backend::command::build(command, &plan, read_only),
        Some(file::Backend::Demo(demo)) => backend::demo::build(&demo.router, plan, read_only),
    };
    built.map(Some).map_err(|error| Failure::usage(error.to_string(), "correct the [backend] section"))
}

/// Refuses a place that no backend of this version knows.
pub(super) fn refuse_target(target: Option<&str>) -> Result<(), Failure> {
    match target {
        None => Ok(()),
        Some(target) => Err(Failure::usage(
            format!("no backend of this version attaches to {:?}", crate::text::clean(target)),
            "name two URLs with --baseline and --candidate, or a configuration with -c; nginx and command are known there",
        )),
    }
}

/// The versions' names.
pub(super) fn names(file: &file::File) -> Sides<String> {
    Sides { baseline: file.baseline.version.clone(), candidate: file.candidate.version.clone() }
}

/// Who presses keys and types commands here.
pub(super) fn actor(edge: &Edge, kind: ActorKind) -> Actor {
    Actor { kind, user: edge.around.user() }
}

/// Who holds our locks.
pub(super) fn holder(edge: &Edge, command: &str, since: Time) -> Holder {
    Holder::here(&edge.around.user(), command, since)
}

/// The journal of a new watch: where `--journal` says, else in the store.
pub(super) fn journal(
    store: Option<&Store>,
    path: Option<&Path>,
    deployment: &str,
    candidate: &str,
    at: Time,
) -> Result<Option<Writer>, String> {
    match (path, store) {
        (Some(path), _) => Writer::create(path).map(Some).map_err(|e| e.to_string()),
        (None, Some(store)) => {
            if let Err(error) = store.prune(deployment) {
                tracing::warn!(%error, "old journals were not removed");
            }
            store.create(deployment, candidate, at).map(Some).map_err(|e| e.to_string())
        }
        (None, None) => Ok(None),
    }
}

/// The notification channels, and what they want written to the terminal.
pub(super) async fn channels(
    edge: &Edge,
    config: &file::Notify,
    form: Form,
) -> Result<(Channels, mpsc::Receiver<Vec<u8>>), Failure> {
    let (sequences, bytes) = mpsc::channel(TERMINAL_BYTES);
    let around = &edge.around;
    let kind = match form {
        Form::Plain => TerminalKind::BELL,
        Form::Lines | Form::Screen => {
            TerminalKind::detect(&around.text("TERM"), &around.text("TERM_PROGRAM"), &around.text("TMUX"))
        }
    };
    let webhook_url = match config.webhook.as_ref().and_then(|w| w.url_from.as_ref()) {
        Some(place) => Some(
            place
                .read("notify.webhook.url_from")
                .await
                .map_err(|error| Failure::usage(error.to_string(), "see [notify] webhook.url_from"))?,
        ),
        None => None,
    };
    let surroundings = notify::Surroundings {
        dbus_address: around.os("DBUS_SESSION_BUS_ADDRESS").cloned(),
        runtime_dir: around.path("XDG_RUNTIME_DIR"),
        terminal: around.can_ask.then_some((kind, sequences)),
        webhook_url,
    };
    let channels = Channels::build(config, surroundings).map_err(|error| Failure::usage(error, "correct the [notify] section"))?;
    Ok((channels, bytes))
}

/// How long one round of requests may take.
pub(super) fn limit(file: &file::File) -> Duration {
    file.limits.timeout.0.min(file.policy.poll.0)
}

/// Asks the sources of the versions in `roles`, with the credentials that the configuration names.
pub(super) async fn poller(file: &file::File, roles: &[Role]) -> Result<Poller, Failure> {
    let credentials = file.auth.read().await.map_err(|error| Failure::usage(error.to_string(), "correct the [auth] section"))?;
    Poller::build_for(file, &credentials, roles).map_err(|error| Failure::usage(error.to_string(), "correct the configuration"))
}
