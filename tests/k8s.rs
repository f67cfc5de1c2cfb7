//! Deployments, Argo Rollouts and Flagger canaries against a real API server.

#![expect(clippy::panic, reason = "a test fails by it")]

#[path = "k8s/bed.rs"]
mod bed;
#[path = "k8s/front.rs"]
#[expect(dead_code, reason = "not every way to break is needed here")]
mod front;
#[path = "k8s/home.rs"]
mod home;
#[path = "k8s/laptop.rs"]
mod laptop;
#[path = "k8s/operator.rs"]
mod operator;
#[path = "watch/program.rs"]
#[expect(dead_code, reason = "not all of it is needed here")]
mod program;
#[path = "watch/service.rs"]
#[expect(dead_code, reason = "its configuration is for other tests")]
mod service;
#[path = "watch/terminal.rs"]
#[expect(dead_code, reason = "not all that may happen to a terminal happens here")]
mod terminal;
#[path = "watch/wait.rs"]
mod wait;

#[path = "k8s/accounts.rs"]
mod accounts;
#[path = "k8s/bed_tests.rs"]
mod bed_tests;
#[path = "k8s/by_itself.rs"]
mod by_itself;
#[path = "k8s/canary.rs"]
mod canary;
#[path = "k8s/captured.rs"]
mod captured;
#[path = "k8s/deployment.rs"]
mod deployment;
#[path = "k8s/evidence.rs"]
mod evidence;
#[path = "k8s/guards.rs"]
mod guards;
#[path = "k8s/in_cluster.rs"]
mod in_cluster;
#[path = "k8s/inside.rs"]
mod inside;
#[path = "k8s/pods.rs"]
mod pods;
#[path = "k8s/readme.rs"]
mod readme;
#[path = "k8s/rollout.rs"]
mod rollout;
#[path = "k8s/stage.rs"]
mod stage;
#[path = "k8s/stand_ins.rs"]
mod stand_ins;
#[path = "k8s/two_screens.rs"]
mod two_screens;
