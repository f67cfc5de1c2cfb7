//! Threads and tasks of a watch.

pub mod screen;
