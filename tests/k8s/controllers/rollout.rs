//! The stand-in for the Argo Rollouts controller: what it does with one Rollout at one time.
//!
//! As there, nothing is decided that is not in the object or in its replica sets, but for the time since the last progress. What it does
//! not have: experiments, `workloadRef`, restarts, traffic routers (weights are written as if a router had taken them), ephemeral metadata.
//!
//! `lab/analysis` on the Rollout says how its analysis runs end: `successful` (without it), `inconclusive`, `failed`, `error`, `running`.

use std::{collections::HashMap, time::Duration};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    analysis::{self, Run},
    blue_green, canary_steps,
    replica_sets::{self, REVISION, Set},
    rollout_status,
};
use crate::bed::{
    object::{age, duration, hash, number, text},
    record::complain,
    rest::Rest,
};

/// The controller, with what it remembers.
pub(crate) struct Controller {
    rest: Rest,
    /// Hashes by template.
    hashes: HashMap<String, String>,
    /// When a Rollout, by uid, last got on, and where it was.
    progress: HashMap<String, (String, Instant)>,
}

/// A Rollout as it is found.
pub(crate) struct Sight<'a> {
    pub(crate) rollout: &'a Value,
    pub(crate) sets: Vec<Set>,
    /// Of its template.
    pub(crate) hash: String,
    /// The run of its current analysis step.
    pub(crate) run: Option<Run>,
    /// How long nothing has changed.
    pub(crate) stuck: Duration,
}

/// What is to be done about it.
pub(crate) struct Next {
    pub(crate) status: Value,
    /// How many pods each replica set should have in the end, by name.
    pub(crate) wanted: Vec<(String, i64)>,
    /// Until when a replica set that was replaced keeps its pods, by name; none for one that is in use again.
    pub(crate) keep: Vec<(String, Option<Timestamp>)>,
    /// Why it is aborted, where an analysis says so.
    pub(crate) abort_message: Option<String>,
}

impl Next {
    /// A status to be written, and nothing else.
    pub(crate) fn only(status: Value) -> Self {
        Self { status, wanted: Vec::new(), keep: Vec::new(), abort_message: None }
    }
}

impl Sight<'_> {
    pub(crate) fn spec(&self) -> &Value {
        &self.rollout["spec"]
    }

    pub(crate) fn status(&self) -> &Value {
        &self.rollout["status"]
    }

    pub(crate) fn replicas(&self) -> i64 {
        self.spec()["replicas"].as_i64().unwrap_or(1)
    }

    pub(crate) fn with_hash(&self, hash: &str) -> Option<&Set> {
        self.sets.iter().find(|set| set.hash == hash)
    }

    /// The replica set of its template.
    pub(crate) fn newest(&self) -> Option<&Set> {
        self.with_hash(&self.hash)
    }

    pub(crate) fn stable(&self) -> Option<&Set> {
        self.with_hash(text(&self.status()["stableRS"]))
    }

    pub(crate) fn has_pause(&self, reason: &str) -> bool {
        self.pause_since(reason).is_some()
    }

    pub(crate) fn pause_since(&self, reason: &str) -> Option<Duration> {
        let pauses = self.status()["pauseConditions"].as_array();
        pauses.into_iter().flatten().find(|pause| pause["reason"] == reason).map(|pause| age(&pause["startTime"]))
    }

    /// The controller has paused it and somebody has taken the pause away.
    pub(crate) fn is_unpaused(&self) -> bool {
        let pauses = self.status()["pauseConditions"].as_array();
        self.status()["controllerPause"] == true && pauses.is_none_or(Vec::is_empty)
    }

    /// Its template is that of an older replica set, few enough revisions before the stable one.
    pub(crate) fn is_within_rollback_window(&self) -> bool {
        let window = number(&self.spec()["rollbackWindow"]["revisions"]);
        let (Some(new), Some(stable)) = (self.newest(), self.stable()) else { return false };
        let place = |of: &Set| self.sets.iter().filter(|set| set.is_older_than(of)).count();
        let (new, stable) = (place(new), place(stable));
        new < stable && i64::try_from(stable - new - 1).is_ok_and(|between| between < window)
    }
}

impl Controller {
    pub(crate) fn new(rest: Rest) -> Self {
        Self { rest, hashes: HashMap::new(), progress: HashMap::new() }
    }

    /// Does what is to be done now.
    pub(crate) async fn tend(&mut self, rollout: &Value) {
        if rollout["metadata"]["deletionTimestamp"].is_string() {
            return;
        }
        let hash = match replica_sets::template_hash(&self.rest, &mut self.hashes, rollout).await {
            Ok(hash) => hash,
            Err(error) if error.code == 422 => return self.write(rollout, &rollout_status::invalid(rollout, &error.message)).await,
            Err(_) => return,
        };
        let sets = replica_sets::of(&self.rest, rollout).await;
        let mut sight = Sight { rollout, sets, hash, run: None, stuck: Duration::ZERO };
        if self.has_rescaled(&sight).await {
            return;
        }
        let is_changed = is_changed(&sight);
        // As there: a change is first written down, and acted on the next time.
        if !is_changed {
            self.number(&sight).await;
            sight.run = analysis::tend(&self.rest, &sight).await;
        }
        sight.stuck = self.stuck(&sight);
        let is_blue_green = sight.spec()["strategy"]["blueGreen"].is_object();
        let mut next =
            if is_blue_green { blue_green::decide(&sight, is_changed) } else { canary_steps::decide(&sight, is_changed) };
        if !is_changed {
            self.scale(&sight, &next.wanted).await;
            for (name, until) in &next.keep {
                replica_sets::keep(&self.rest, rollout, name, *until).await;
            }
            blue_green::point_services(&self.rest, rollout, &next.status).await;
        }
        rollout_status::complete(&sight, &mut next);
        self.write(rollout, &next.status).await;
    }

    /// As there, a change of the number of pods is looked at before all else, the template too, and the generation counts as seen then;
    /// as long as it is paused by hand, nothing comes after that.
    async fn has_rescaled(&self, sight: &Sight<'_>) -> bool {
        let both = [sight.newest(), sight.stable()].into_iter().flatten();
        let rescaled: Vec<&Set> = both.filter(|set| set.wanted > 0 && set.share_of != sight.replicas()).collect();
        if sight.spec()["paused"] != true {
            for set in &rescaled {
                replica_sets::scale(&self.rest, sight.rollout, &set.name, set.wanted).await;
            }
        }
        if !rescaled.is_empty() {
            let mut status = sight.status().clone();
            status["observedGeneration"] = json!(sight.rollout["metadata"]["generation"].to_string());
            self.write(sight.rollout, &status).await;
        }
        !rescaled.is_empty()
    }

    /// Gives the template a replica set, and that the highest revision.
    async fn number(&self, sight: &Sight<'_>) {
        let highest = sight.sets.iter().map(|set| set.revision).max().unwrap_or(0);
        let revision = match sight.newest() {
            Some(set) if set.revision == highest => highest,
            Some(set) => {
                replica_sets::renew(&self.rest, sight.rollout, set, highest + 1).await;
                highest + 1
            }
            None => {
                replica_sets::create(&self.rest, sight.rollout, &sight.hash, highest + 1).await;
                highest + 1
            }
        };
        let revision = revision.to_string();
        if sight.rollout["metadata"]["annotations"][REVISION] != revision {
            let path = path(sight.rollout);
            let patch = json!({ "metadata": { "annotations": { REVISION: revision } } });
            complain("rollouts: numbering", &path, &self.rest.merge(&path, &patch).await);
        }
    }

    /// Brings replica sets a step nearer to what is wanted, with as many pods too many as `maxSurge` allows and none too few.
    async fn scale(&self, sight: &Sight<'_>, wanted: &[(String, i64)]) {
        let replicas = sight.replicas();
        let is_free =
            sight.spec()["strategy"]["canary"]["trafficRouting"].is_object() || sight.spec()["strategy"]["blueGreen"].is_object();
        let total: i64 = sight.sets.iter().map(|set| set.wanted).sum();
        let available: i64 = sight.sets.iter().map(|set| set.available).sum();
        let mut room = if is_free { i64::MAX } else { replicas + surge(sight) - total };
        let mut spare = available - replicas;
        for set in &sight.sets {
            let Some((_, goal)) = wanted.iter().find(|(name, _)| *name == set.name) else { continue };
            let change = if *goal > set.wanted {
                (goal - set.wanted).min(room.max(0))
            } else {
                let broken = (set.wanted - set.available).max(0);
                -(set.wanted - goal).min(if is_free { i64::MAX } else { spare.max(0) + broken })
            };
            if change > 0 {
                room -= change;
            } else {
                spare += change;
            }
            if change != 0 {
                replica_sets::scale(&self.rest, sight.rollout, &set.name, set.wanted + change).await;
            }
        }
    }

    /// How long this Rollout has looked the same.
    fn stuck(&mut self, sight: &Sight<'_>) -> Duration {
        let status = sight.status();
        let counts: Vec<_> = sight.sets.iter().map(|set| (set.wanted, set.replicas, set.available)).collect();
        let looks = format!(
            "{} {} {} {} {counts:?}",
            sight.hash,
            status["currentStepIndex"],
            status["pauseConditions"],
            sight.spec()["paused"]
        );
        let now = Instant::now();
        let known = self.progress.entry(text(&sight.rollout["metadata"]["uid"]).to_owned()).or_insert_with(|| (looks.clone(), now));
        if known.0 != looks {
            *known = (looks, now);
        }
        now - known.1
    }

    /// Writes the fields of the status that differ, so that what somebody else writes meanwhile stays.
    async fn write(&self, rollout: &Value, status: &Value) {
        let old = rollout["status"].as_object();
        let new = status.as_object().expect("a status is an object");
        let is_new = |(name, value): &(&String, &Value)| old.and_then(|old| old.get(*name)).unwrap_or(&Value::Null) != *value;
        let patch: serde_json::Map<String, Value> = new.iter().filter(is_new).map(|(n, v)| (n.clone(), v.clone())).collect();
        if !patch.is_empty() {
            let path = format!("{}/status", path(rollout));
            complain("rollouts: writing", &path, &self.rest.merge(&path, &json!({ "status": patch })).await);
        }
    }
}

fn is_changed(sight: &Sight<'_>) -> bool {
    let is_canary = sight.spec()["strategy"]["canary"].is_object();
    let status = sight.status();
    status["currentPodHash"] != sight.hash || (is_canary && status["currentStepHash"] != step_hash(sight.spec()))
}

/// A hash of the steps: other steps are another rollout.
pub(crate) fn step_hash(spec: &Value) -> String {
    hash(&spec["strategy"]["canary"]["steps"].to_string())
}

/// Pods that there may be too many: `maxSurge`, a quarter without it, and at least one, or nothing would move.
fn surge(sight: &Sight<'_>) -> i64 {
    let surge = &sight.spec()["strategy"]["canary"]["maxSurge"];
    let share = surge.as_str().unwrap_or("25%").trim_end_matches('%').parse::<i64>().expect("a percentage");
    surge.as_i64().unwrap_or_else(|| (sight.replicas() * share + 99) / 100).max(1)
}

/// Until when a version that is replaced now keeps its pods, with a strategy that says so: a second without a number, as tests are quick.
pub(crate) fn deadline(strategy: &Value) -> Timestamp {
    let delay = duration(&strategy["scaleDownDelaySeconds"]).unwrap_or(Duration::from_secs(1));
    // A time is written in whole seconds.
    Timestamp::now() + SignedDuration::try_from(delay).expect("a short time") + SignedDuration::from_secs(1)
}

fn path(rollout: &Value) -> String {
    let metadata = &rollout["metadata"];
    format!("/apis/argoproj.io/v1alpha1/namespaces/{}/rollouts/{}", text(&metadata["namespace"]), text(&metadata["name"]))
}
