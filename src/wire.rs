//! What is needed to speak to other systems: protocols and connections. Decides nothing; sources read through it, backends act.

pub mod http;
#[cfg(feature = "kubernetes")]
pub mod kube;
