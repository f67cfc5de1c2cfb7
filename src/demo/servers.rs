//! The demo's servers: each version and the router on a loopback port of its own.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Json, Router as Routes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::{net::TcpListener, task::JoinHandle};

use super::{
    pages,
    router::{Change, Refusal},
    world::World,
};
use crate::engine::{
    role::{Role, Sides},
    time::Time,
};

/// Tells the time to the demo's world.
pub type Now = Arc<dyn Fn() -> Time + Send + Sync>;

/// Running servers; they stop when this is dropped.
#[derive(Debug)]
pub struct Servers {
    /// Where each version answers.
    pub services: Sides<SocketAddr>,
    /// Where the router answers.
    pub router: SocketAddr,
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for Servers {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

#[derive(Clone)]
struct Demo {
    world: Arc<Mutex<World>>,
    now: Now,
}

impl Demo {
    /// Runs `with` on the world as it is now.
    fn at_present<T>(&self, with: impl FnOnce(&mut World) -> T) -> T {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        world.advance((self.now)());
        with(&mut world)
    }
}

/// Starts the servers of `world` on free loopback ports.
///
/// # Errors
/// When no port can be opened.
pub async fn start(world: World, now: Now) -> io::Result<Servers> {
    let demo = Demo { world: Arc::new(Mutex::new(world)), now };
    let mut tasks = Vec::new();
    let baseline = serve(service(Role::Baseline, &demo), &mut tasks).await?;
    let candidate = serve(service(Role::Candidate, &demo), &mut tasks).await?;
    let router = serve(Routes::new().route("/", get(router_state).put(router_change)).with_state(demo), &mut tasks).await?;
    Ok(Servers { services: Sides { baseline, candidate }, router, tasks })
}

async fn serve(routes: Routes, tasks: &mut Vec<JoinHandle<()>>) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let at = listener.local_addr()?;
    tasks.push(tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, routes).await {
            tracing::error!(%error, "a demo server stopped");
        }
    }));
    Ok(at)
}

fn service(role: Role, demo: &Demo) -> Routes {
    Routes::new()
        .route("/metrics", get(move |State(demo): State<Demo>| async move { metrics(&demo, role) }))
        .route("/health/ready", get(|| async { json(pages::READY) }))
        .route("/health/live", get(|| async { json(pages::LIVE) }))
        .with_state(demo.clone())
}

fn json(body: &'static str) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], body)
}

fn metrics(demo: &Demo, role: Role) -> Response {
    demo.at_present(|world| {
        if world.scenario.has_metrics(world.age()) {
            ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], pages::metrics(world, role)).into_response()
        } else {
            (StatusCode::SERVICE_UNAVAILABLE, "metrics are being restarted\n").into_response()
        }
    })
}

async fn router_state(State(demo): State<Demo>) -> Response {
    demo.at_present(|world| Json(world.router_state()).into_response())
}

async fn router_change(State(demo): State<Demo>, headers: HeaderMap, Json(change): Json<Change>) -> Response {
    let revision = headers.get(header::IF_MATCH).and_then(|v| v.to_str().ok()?.trim_matches('"').parse().ok());
    let Some(revision) = revision else {
        return (StatusCode::PRECONDITION_REQUIRED, "If-Match with the router's revision is needed").into_response();
    };
    demo.at_present(|world| match world.router.change(revision, &change) {
        Ok(()) => Json(world.router_state()).into_response(),
        Err(Refusal::Moved) => (StatusCode::PRECONDITION_FAILED, "the router has moved on").into_response(),
        Err(Refusal::Weight) => (StatusCode::UNPROCESSABLE_ENTITY, "a weight is between 0 and 1").into_response(),
        Err(Refusal::Paused) => (StatusCode::CONFLICT, "the rollout is paused").into_response(),
    })
}
