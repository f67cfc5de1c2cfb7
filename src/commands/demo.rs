//! `demo`: the same session as `watch`, over a deployment that lives in this process.

use std::{net::SocketAddr, sync::Arc};

use toml::Value;

use super::{Edge, attach, report, watch};
use crate::{
    backend,
    cli::Demo as Args,
    config::{self, Override},
    demo::{
        scenario::Scenario,
        servers,
        world::{Scene, VERSIONS, World},
    },
    engine::role::{Role, Sides},
    exit::Failure,
    runtime::{
        clock::{Clock, wall_clock},
        polling::Past,
        screen::ScreenSettings,
        session::{Left, Right, Session},
        shown::Front,
    },
};

/// The demo is the same every time.
const SEED: u64 = 1;
/// With it the tour's canary fails after about a minute.
const TOUR_SPEED: f64 = 2.0;

pub(super) async fn run(edge: &Edge, args: Args) -> Result<u8, Failure> {
    let reports = report::prepare(edge, &args.run)?;
    let start = wall_clock();
    let clock = Clock::stepped(start, args.speed.unwrap_or(if args.tour { TOUR_SPEED } else { 1.0 }));
    let now = {
        let clock = clock.clone();
        Arc::new(move || clock.now()) as servers::Now
    };
    let scenario = args.scenario.unwrap_or(if args.ladder { Scenario::Good } else { Scenario::BadErrors });
    let scene = if args.ladder { Scene::foot(scenario) } else { Scene::quarter(scenario) };
    let world = World::new(scene, SEED, start);
    let servers =
        servers::start(world, now).await.map_err(|e| Failure::internal(format!("the demo cannot listen on loopback: {e}")))?;
    let loaded = config::load(None, [], &overrides(servers.services, args.ladder))?;
    let file = &loaded.file;
    let place = watch::Place::find(edge, &args.run, file, None)?;
    let mut notes = place.notes.clone();
    let read_only = args.run.read_only.then(|| "asked for with --read-only".to_owned());
    let backend = backend::demo::build(&format!("http://{}/", servers.router), attach::plan(file), read_only.is_some())
        .map_err(Failure::internal)?;
    let right = place.right(edge, file, start).map(|right| Right { locator: backend.eyes.locator(), ..right });
    let rule = watch::rule(&args.run, read_only, place.form.stays());
    let setup = watch::setup(&loaded, Some(&backend), rule);
    let poller = attach::poller(file, &Role::BOTH, None).await?;
    let (channels, bytes) = attach::channels(edge, &file.notify, place.form).await?;
    let look = attach::load(edge, &attach::looks(&args.run.look))?.file;
    let begun = watch::begin(&place, &args.run, setup, start, &mut notes);
    let front = place.front(edge, &args.run, &look, &clock, bytes);
    let session = Session {
        begun,
        clock: clock.clone(),
        poller,
        limit: attach::limit(file),
        backend: Some(backend),
        right,
        channels,
        front: if args.tour { guided(front)? } else { place.greeted(front) },
        timeout: args.run.timeout,
        notes,
        can_hand_over: false,
        past: Past::default(),
        reports,
    };
    match Box::pin(session.run()).await? {
        Left::Ended(code) => Ok(code),
        Left::HandedOver { .. } => Err(Failure::internal("the demo ends with its screen")),
    }
}

/// A screen that shows somebody around.
fn guided(front: Front) -> Result<Front, Failure> {
    match front {
        Front::Screen(settings, bytes) => Ok(Front::Screen(Box::new(ScreenSettings { tour: true, ..*settings }), bytes)),
        Front::Lines(..) | Front::Plain(..) => {
            Err(Failure::usage("the tour needs a terminal at both ends", "run rollwatch demo --tour in a terminal, without a pipe"))
        }
    }
}

fn overrides(services: Sides<SocketAddr>, ladder: bool) -> Vec<Override> {
    let page = |at: SocketAddr| Value::Array(vec![Value::String(format!("http://{at}/metrics"))]);
    let mut overrides = vec![
        Override::new("deployment.name", "demo", "demo"),
        Override::new("baseline.version", VERSIONS.0, "demo"),
        Override::new("candidate.version", VERSIONS.1, "demo"),
        Override::new("policy.verify_timeout", "30s", "demo"),
        // A demonstration is over when its window is.
        Override::new("policy.max_window", "10m", "demo"),
    ];
    if ladder {
        let weights = ["5%", "25%", "50%", "75%", "100%"].map(|weight| Value::String(weight.to_owned()));
        overrides.extend([
            Override::new("steps.weights", Value::Array(weights.to_vec()), "demo"),
            Override::new("steps.window", "90s", "demo"),
            Override::new("policy.warmup", "20s", "demo"),
        ]);
    }
    overrides.push(Override::new("baseline.metrics", page(services.baseline), "demo"));
    overrides.push(Override::new("candidate.metrics", page(services.candidate), "demo"));
    overrides
}
