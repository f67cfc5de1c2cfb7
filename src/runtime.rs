//! Runs a watch: wires sources, engine, backend and front ends together. The only part that spawns the watch's tasks and threads.

pub mod apart;
pub mod capturing;
pub mod clock;
pub mod dispatcher;
pub mod keeping;
pub mod logging;
pub mod notifying;
pub mod oneshot;
pub mod perform;
pub mod polling;
pub mod printing;
pub mod recorder;
pub mod replaying;
pub mod reporting;
pub mod screen;
pub mod session;
pub mod shown;
pub mod signals;
