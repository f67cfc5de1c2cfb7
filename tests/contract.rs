//! The contract that every backend passes (docs/contract.md): one suite, run against each of them and broken in the same ways.

#![expect(clippy::panic, reason = "a test fails by it")]

#[path = "k8s/bed.rs"]
#[expect(dead_code, reason = "not all of it is needed here")]
mod bed;
#[path = "k8s/front.rs"]
mod front;
#[path = "k8s/home.rs"]
#[expect(dead_code, reason = "not all of it is needed here")]
mod home;
#[path = "watch/program.rs"]
mod program;
#[path = "backend/nginx/server.rs"]
mod server;
#[path = "watch/service.rs"]
#[expect(dead_code, reason = "its configuration is for other tests")]
mod service;

#[path = "watch/wait.rs"]
mod wait;

use wait::wait_for;

mod contract {
    mod kill_points;
    mod promises;
    mod table;
    mod tracer;
    mod two_watchers;
    mod world;
    mod worlds;
}
