//! Deployments, Argo Rollouts and Flagger canaries against a real API server.

#![expect(clippy::panic, reason = "a test fails by it")]

#[path = "k8s/bed.rs"]
mod bed;

#[path = "k8s/bed_tests.rs"]
mod bed_tests;
#[path = "k8s/stand_ins.rs"]
mod stand_ins;
