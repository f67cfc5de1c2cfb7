//! The test bed for Kubernetes: a real API server with its controllers, and stand-ins for what a machine without containers lacks.
//!
//! Everything is real that can be: etcd, kube-apiserver and kube-controller-manager. The scheduler and the kubelets are a stand-in, which writes
//! only what they may write. One cluster serves a whole test binary; each test has a namespace of its own.

pub(crate) mod controllers;
pub(crate) mod crds;
pub(crate) mod gates;
pub(crate) mod kubelet;
pub(crate) mod namespace;
pub(crate) mod net;
pub(crate) mod node;
pub(crate) mod object;
pub(crate) mod pki;
pub(crate) mod pod_service;
pub(crate) mod pod_status;
pub(crate) mod process;
pub(crate) mod record;
pub(crate) mod rest;
pub(crate) mod server;
pub(crate) mod yaml;

pub(crate) use namespace::Namespace;
pub(crate) use server::{Cluster, User};

/// Asks again and again until there is an answer, at most thirty seconds.
pub(crate) fn until<T>(what: &str, mut there: impl FnMut() -> Option<T>) -> T {
    let pause = std::time::Duration::from_millis(50);
    let found = (0..600).find_map(|_| {
        there().or_else(|| {
            std::thread::park_timeout(pause);
            None
        })
    });
    found.unwrap_or_else(|| panic!("after 30 s: {what}"))
}
