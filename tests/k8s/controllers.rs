//! The stand-ins for the controllers of Argo Rollouts and Flagger. They move objects as theirs do, only quicker: real replica sets and
//! deployments, whose pods the control plane makes, and a status written through its subresource.
//!
//! Both leave an object alone that has the annotation `lab/hold: "true"`, as a controller does that lags or is down.

pub(crate) mod analysis;
pub(crate) mod blue_green;
pub(crate) mod canary_steps;
pub(crate) mod flagger;
pub(crate) mod flagger_status;
pub(crate) mod replica_sets;
pub(crate) mod rollout;
pub(crate) mod rollout_status;
pub(crate) mod webhook;

use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior};

use super::{object::annotation, rest::Rest};

/// Moves every Rollout until the runtime ends.
pub(crate) async fn run_argo(rest: Rest) {
    let mut controller = rollout::Controller::new(rest.clone());
    let mut ticks = ticks();
    loop {
        ticks.tick().await;
        for object in rest.list("/apis/argoproj.io/v1alpha1/rollouts").await {
            if annotation(&object, "hold").is_none() {
                controller.tend(&object).await;
            }
        }
    }
}

/// Moves every Canary until the runtime ends.
pub(crate) async fn run_flagger(rest: Rest) {
    let mut controller = flagger::Controller::new(rest.clone());
    let mut ticks = ticks();
    loop {
        ticks.tick().await;
        for object in rest.list("/apis/flagger.app/v1beta1/canaries").await {
            if annotation(&object, "hold").is_none() {
                controller.tend(&object).await;
            }
        }
    }
}

fn ticks() -> Interval {
    let mut ticks = tokio::time::interval(Duration::from_millis(100));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}
