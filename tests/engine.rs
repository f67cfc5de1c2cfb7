//! The engine from outside: a small deterministic service is polled, and the watch is asked what it makes of it.

#[path = "engine/baselines.rs"]
mod baselines;
#[path = "engine/climb.rs"]
mod climb;
#[path = "engine/custom.rs"]
mod custom;
#[path = "engine/driven.rs"]
mod driven;
#[path = "engine/instances.rs"]
mod instances;
#[path = "engine/ladder.rs"]
mod ladder;
#[path = "engine/pictures.rs"]
mod pictures;
#[path = "engine/play.rs"]
mod play;
#[path = "engine/properties.rs"]
mod properties;
#[path = "engine/roster.rs"]
mod roster;
#[path = "engine/sentences.rs"]
mod sentences;
#[path = "engine/strategies.rs"]
mod strategies;
#[path = "engine/verdicts.rs"]
mod verdicts;
