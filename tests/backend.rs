//! The backends against real programs: a real nginx in front of two real services, and command programs of every kind.

mod backend {
    mod command;
    mod nginx;
    mod support;
    mod whole;
}
