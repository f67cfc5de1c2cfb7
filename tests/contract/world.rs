//! A world: one backend with everything behind it, that can be read from outside rollwatch and broken in named ways.

use std::{fs, os::unix::fs::PermissionsExt as _, path::PathBuf, sync::OnceLock, time::Duration};

use rollwatch::{
    backend::{self, ActError, Backend, ladder::Plan},
    config::{self, file},
    engine::{
        action::{Ability, Action, Actor, ActorKind, Order, Rollout},
        strategy::Kind,
    },
    runtime::clock::wall_clock,
};

use tokio::runtime::Runtime;

use super::worlds::kubernetes;
use crate::{
    program::{Home, Ran},
    service::{Service, pair},
};

/// The versions in every world: baseline, candidate.
pub(crate) const VERSIONS: (&str, &str) = ("v2.4.0", "v2.5.0");
/// The candidate's weight at the beginning, as a percentage.
pub(crate) const BEGIN: u32 = 25;

/// How long a backend that is asked without the program may take until its action is seen.
pub(crate) const LIMIT: Duration = Duration::from_secs(2);

/// A way in which a backend breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It does not let us in.
    RefusesUs,
    /// It asks to be left alone for a second before it does anything, twice.
    AsksForPatience,
    /// It carries the next request out and its answer is lost.
    LosesTheAnswer,
    /// It says yes and does nothing.
    DoesNothing,
    /// It takes what it is asked and never answers.
    Hangs,
    /// It refuses in the middle of a change.
    FailsHalfWay,
    /// Another version has replaced the candidate.
    HasANewerVersion,
    /// Nothing is there any more.
    IsGone,
}

/// One backend, real as far as it can be.
pub(crate) trait World: Send + Sync {
    /// The program's home, in which its files are too.
    fn home(&self) -> &Home;
    /// The `[backend]` section that leads here.
    fn section(&self) -> String;
    /// The ports behind which the backend is; requests to others are not an action's.
    fn ports(&self) -> Vec<u16>;
    /// The candidate's share of what is really served, as a fraction, asked without rollwatch.
    fn share(&self) -> f64;
    /// How often one and the same change was asked for, carried out or not.
    fn asked(&self) -> usize;
    /// How often it was carried out.
    fn changes(&self) -> usize;
    /// Somebody else gives the candidate half of the traffic, without rollwatch.
    fn somebody_else_acts(&self);
    /// Breaks it.
    fn inject(&self, fault: Fault);
}

/// A world, the services whose pages are judged, and the configuration for both.
pub(crate) struct Rig {
    pub(crate) world: Box<dyn World>,
    pub(crate) config: PathBuf,
    _services: (Service, Service),
}

impl Rig {
    /// With a healthy candidate, or a `bad` one.
    pub(crate) fn new(world: Box<dyn World>, bad: bool) -> Self {
        let services = pair(bad);
        let config = world.home().write("rollwatch.toml", &text(&services, &world.section()));
        fs::set_permissions(&config, fs::Permissions::from_mode(0o600)).expect("private");
        Self { world, config, _services: services }
    }

    /// Adds lines to the configuration.
    pub(crate) fn configure(&self, more: &str) {
        let text = fs::read_to_string(&self.config).expect("there");
        fs::write(&self.config, text + more).expect("written");
    }

    /// Runs the program with this configuration.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.world.home().run(&[arguments, &["-c", "rollwatch.toml"]].concat())
    }

    /// The backend of this configuration.
    pub(crate) fn backend(&self, read_only: bool) -> Backend {
        let file = config::load(Some(&self.config), [], &[]).expect("valid").file;
        let plan = Plan {
            baseline: VERSIONS.0.into(),
            candidate: VERSIONS.1.into(),
            steps: vec![0.25, 0.5, 1.0],
            strategy: Kind::Canary,
            verify_timeout: LIMIT,
        };
        let built = match file.backend.expect("there is a section") {
            file::Backend::Nginx(nginx) => backend::nginx::build(&nginx, &plan, read_only),
            file::Backend::Command(command) => backend::command::build(&command, &plan, read_only),
            file::Backend::Demo(demo) => backend::demo::build(&demo.router, plan, read_only),
            file::Backend::Kubernetes(section) => return kubernetes::attach(&section, self.world.home(), read_only),
        };
        built.expect("it can be built")
    }

    /// Every line of every journal of this home.
    pub(crate) fn journal(&self) -> String {
        self.world.home().journals().iter().map(|path| fs::read_to_string(path).expect("a journal")).collect()
    }
}

fn text(services: &(Service, Service), section: &str) -> String {
    format!(
        "[deployment]\nname = \"app\"\n[notify]\ndesktop = false\nterminal = false\n\
         [baseline]\nversion = \"{}\"\nmetrics = [\"{}\"]\n[candidate]\nversion = \"{}\"\nmetrics = [\"{}\"]\n\
         [policy]\npoll = \"100ms\"\nwindow = \"5s\"\nwarmup = \"100ms\"\nverify_timeout = \"4s\"\n\
         [steps]\nweights = [\"25%\", \"50%\", \"100%\"]\n{section}",
        VERSIONS.0,
        services.0.url(),
        VERSIONS.1,
        services.1.url(),
    )
}

/// Waits for an answer of the backend, on a runtime that lives as long as its connections.
pub(crate) fn wait<T>(answer: impl Future<Output = T>) -> T {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    let build = || tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    RUNTIME.get_or_init(build).block_on(answer)
}

/// What the backend shows now.
pub(crate) fn look(backend: &Backend) -> Rollout {
    wait(backend.eyes.observe()).expect("a state")
}

/// The order of somebody who saw `rollout` and wants `action`.
pub(crate) fn order(rollout: &Rollout, action: Action) -> Order {
    let Some(Ability::Ready(preview)) = rollout.abilities.get(&action) else {
        panic!("{} should be possible in {rollout:?}", action.word());
    };
    Order {
        id: format!("{:x}-1", wall_clock().ms()),
        action,
        target: preview.target.clone(),
        actor: Actor { kind: ActorKind::Key, user: "ana".into() },
        token: rollout.token.clone(),
        reason: None,
    }
}

/// Carries an order out.
pub(crate) fn act(backend: &Backend, order: &Order) -> Result<(), ActError> {
    wait(backend.hands.as_ref().expect("not read-only").act(order))
}

/// Whether nobody is given to the candidate any more.
pub(crate) fn is_back(world: &dyn World) -> bool {
    world.share() == 0.0
}
