//! What the commands that attach to a deployment share: configuration, store, backend, notification channels, names.

#[cfg(feature = "kubernetes")]
mod cluster;
#[cfg(not(feature = "kubernetes"))]
mod no_cluster;

use std::{path::Path, time::Duration};

use tokio::sync::mpsc;

use super::{Edge, Form};
use crate::{
    backend::{self, Backend, ladder::Plan},
    cli::{At, Look},
    config::{self, ConfigError, Loaded, Override, file},
    engine::{
        action::{Actor, ActorKind},
        driven::Driven,
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
    source::poll::{Fleet, Poller},
    target::Target,
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
        // A workload is attached to where it is read.
        None | Some(file::Backend::Kubernetes(_)) => return Ok(None),
        Some(file::Backend::Nginx(nginx)) => backend::nginx::build(nginx, &plan, read_only),
        Some(file::Backend::Command(command)) => backend::command::build(command, &plan, read_only),
        Some(file::Backend::Demo(demo)) => backend::demo::build(&demo.router, plan, read_only),
    };
    built.map(Some).map_err(|error| Failure::usage(error.to_string(), "correct the [backend] section"))
}

/// A workload in a cluster; none where the configuration's backend is another one.
#[cfg(feature = "kubernetes")]
pub(super) use cluster::Spot;

/// Nothing of the kind is known to this build.
#[cfg(not(feature = "kubernetes"))]
pub(super) use no_cluster::Spot;

/// What acts and what is known about it, once it was attached to.
pub(super) struct Attachment {
    /// The backend; none without a `[backend]` section.
    pub(super) backend: Option<Backend>,
    /// The controller that moves the traffic by itself.
    pub(super) driven: Option<Driven>,
    /// The label selectors of the versions' pods, where it has pods.
    pub(super) pods: Option<Sides<String>>,
}

/// What the command line says about the place, as configuration.
pub(super) fn place(at: &At) -> Result<Vec<Override>, Failure> {
    let mut said = Vec::new();
    if let Some(target) = &at.target {
        if !Target::is_meant(target) {
            return Err(Failure::usage(
                format!("no backend of this version attaches to {:?}", crate::text::clean(target)),
                "write k8s:NAMESPACE/deployment/NAME, or name two URLs with --baseline and --candidate, or a configuration with -c",
            ));
        }
        if let Err(why) = target.parse::<Target>() {
            return Err(Failure::usage(format!("{:?} {why}", crate::text::clean(target)), "such as k8s:shop/deployment/web"));
        }
        said.push(Override::new("backend.kind", "kubernetes", "the target"));
        said.push(Override::new("backend.target", target.clone(), "the target"));
    }
    if let Some(context) = &at.context {
        said.push(Override::new("backend.context", context.clone(), "--context"));
    }
    if !at.allow_exec.is_empty() {
        said.push(Override::new("backend.allow_exec", at.allow_exec.clone(), "--allow-exec"));
    }
    Ok(said)
}

/// Loads the configuration, finds the workload where there is one to find, and names the deployment after it where nobody did.
pub(super) async fn load_at(edge: &Edge, overrides: &mut Vec<Override>) -> Result<(Loaded, Option<Spot>), Failure> {
    let mut loaded = load(edge, overrides)?;
    let spot = Spot::find(edge, &loaded.file).await?;
    if let Some(spot) = &spot {
        overrides.extend(spot.names(&loaded));
        loaded = load(edge, overrides)?;
    }
    Ok((loaded, spot))
}

/// Attaches: what a workload turns out to be about becomes part of the configuration.
pub(super) async fn attach(
    edge: &Edge,
    loaded: &mut Loaded,
    mut overrides: Vec<Override>,
    spot: Option<&Spot>,
    pins: Option<Sides<String>>,
    read_only: bool,
) -> Result<Attachment, Failure> {
    let Some(spot) = spot else {
        return Ok(Attachment { backend: backend(&loaded.file, read_only)?, driven: None, pods: None });
    };
    let holder = Holder::here(&edge.around.user(), "", Time::from_ms(0)).place();
    let (attachment, said) = spot.attach(loaded, pins, read_only, holder).await?;
    overrides.extend(said);
    *loaded = load(edge, &overrides)?;
    Ok(attachment)
}

/// The version that is trusted now becomes part of the configuration; the label selector of its pods, where it has pods.
pub(super) async fn trusted(
    edge: &Edge,
    loaded: &mut Loaded,
    mut overrides: Vec<Override>,
    spot: Option<&Spot>,
) -> Result<Option<String>, Failure> {
    let Some(spot) = spot else { return Ok(None) };
    let (said, pods) = spot.trusted(loaded).await?;
    overrides.push(said);
    *loaded = load(edge, &overrides)?;
    Ok(Some(pods))
}

/// The pods to ask of the versions in `roles`; none where the configuration names pages of its own, or there are no pods.
pub(super) async fn fleet(
    file: &file::File,
    spot: Option<&Spot>,
    pods: Option<Sides<String>>,
    roles: &[Role],
) -> Result<Option<Box<dyn Fleet>>, Failure> {
    let names_own =
        |version: &file::Version| !version.metrics.is_empty() || version.health.as_ref().is_some_and(|it| !it.is_empty());
    match spot.zip(pods) {
        Some((spot, pods)) if !roles.iter().any(|role| names_own(file.version(*role))) => {
            spot.fleet(file, pods, roles).await.map(Some)
        }
        _ => Ok(None),
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
pub(super) async fn poller(file: &file::File, roles: &[Role], fleet: Option<Box<dyn Fleet>>) -> Result<Poller, Failure> {
    let credentials = file.auth.read().await.map_err(|error| Failure::usage(error.to_string(), "correct the [auth] section"))?;
    let poller = match fleet {
        None => Poller::build_for(file, &credentials, roles),
        Some(fleet) => Poller::of_fleet(file, &credentials, roles, fleet),
    };
    poller.map_err(|error| Failure::usage(error.to_string(), "correct the configuration"))
}
