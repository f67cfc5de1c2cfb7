//! Simulated deployments in virtual time: seeded traffic, faults and noise, played through the engine as a trace is.
//!
//! A window is made from its family and its seed alone (and from what is asked of it: history, extension, length), so a line of a
//! table can be looked at again. Counts come from the usual distributions; the noise is what services have: errors in clumps, load and
//! error rates that wander together for both versions (an autoregressive process), and a smaller part that wanders for each alone.

pub(crate) mod course;
pub(crate) mod dice;
pub(crate) mod family;
mod faults;
mod harmless;
pub(crate) mod latency;
pub(crate) mod play;
mod traffic;
pub(crate) mod wave;
pub(crate) mod window;
