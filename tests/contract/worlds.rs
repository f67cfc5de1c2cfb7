//! Every backend there is, each with what it needs to be real.

pub(crate) mod command;
pub(crate) mod demo;
pub(crate) mod kubernetes;
pub(crate) mod nginx;
