//! A small deployment inside the process, to practise on and to test with: two versions of a service and the router before them.
//!
//! What rollwatch reads and does there is real HTTP on loopback: each version's `/metrics` and `/health/*`, the router's weights. Only
//! the traffic is inside: seeded, driven by the watch's own time, its latencies recorded and not slept. So the same scenario gives the
//! same counts on any machine, however busy.

pub mod pages;
pub mod router;
pub mod scenario;
pub mod servers;
pub mod service;
pub mod world;
