//! One observation of one instance at one time: a value, or the reason why there is none.
//!
//! Samples are what the journal keeps and what a replay is made of, so they hold increments (since the last usable sample of the
//! same instance), never a counter's total: [`crate::engine::intake`] makes the one out of the other.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, de::Error as _};

use super::{custom::Custom, event::rfc3339, role::Role, time::Time};

/// Which of an instance's endpoints was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceKind {
    /// The metrics page.
    Metrics,
    /// The health endpoints.
    Health,
}

/// One observation, in the shape of the contract's `sample` event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Which endpoint.
    pub source: SourceKind,
    /// Which side.
    pub role: Role,
    /// The name a person knows the version by.
    pub version: String,
    /// The instance: `host:port`, or a pod's name.
    pub instance: String,
    /// Whether a usable answer came.
    pub ok: bool,
    /// Why not, or what was odd about it: one sentence, free of control characters.
    #[serde(default)]
    pub reason: Option<String>,
    /// Finished requests since the last usable sample; null when unknown.
    #[serde(default)]
    pub requests: Option<f64>,
    /// Those of them that failed; null when unknown.
    #[serde(default)]
    pub errors: Option<f64>,
    /// Finished requests by latency, since the last usable sample; null when unknown.
    #[serde(default)]
    pub buckets: Option<Buckets>,
    /// What the page said of each configured check, by its id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub custom: BTreeMap<String, Custom>,
    /// What the health endpoints said; null for metrics.
    #[serde(default)]
    pub health: Option<Health>,
    /// The process restarted since the last usable sample.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reset: bool,
    /// The first usable sample of this instance: a reference to count from, it brings no increments.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reference: bool,
    /// The metrics page answered but lacks what a check needs: one sentence for each such check.
    #[serde(default, skip_serializing_if = "Missing::is_empty")]
    pub missing: Missing,
    /// When the process began, as its metrics page says; null when it does not.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "rfc3339::optional")]
    pub started: Option<Time>,
    /// What the platform that runs the instance says of it; null where nobody does, and for metrics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod: Option<Pod>,
}

impl Sample {
    /// A metrics page that did not come, before it is said why.
    #[must_use]
    pub fn blank(role: Role, version: &str, instance: String) -> Self {
        Self {
            source: SourceKind::Metrics,
            role,
            version: version.to_owned(),
            instance,
            ok: false,
            reason: None,
            requests: None,
            errors: None,
            buckets: None,
            custom: BTreeMap::new(),
            health: None,
            reset: false,
            reference: false,
            missing: Missing::default(),
            started: None,
            pod: None,
        }
    }
}

/// What a page that answered does not hold, by the check that wanted it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// Why there are no requests and errors to count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<String>,
    /// Why there is no latency to compare.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<String>,
    /// Why a configured check has nothing, by its id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub custom: BTreeMap<String, String>,
}

impl Missing {
    fn is_empty(&self) -> bool {
        self.errors.is_none() && self.latency.is_none() && self.custom.is_empty()
    }
}

/// A histogram's increments: for each upper bound in milliseconds, the requests that took at most so long. The last bound is infinite.
#[derive(Clone, Debug, PartialEq)]
pub struct Buckets {
    /// Upper bounds in milliseconds, rising, the last one `f64::INFINITY`.
    pub le_ms: Vec<f64>,
    /// Requests at or under each bound, not falling.
    pub count: Vec<f64>,
}

impl Buckets {
    /// All requests, whatever they took.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.count.last().copied().unwrap_or(0.0)
    }

    /// Requests that took longer than `le_ms`; null when that is no bound of this histogram.
    #[must_use]
    pub fn slower_than(&self, le_ms: f64) -> Option<f64> {
        let index = self.le_ms.iter().position(|le| le.total_cmp(&le_ms).is_eq())?;
        Some((self.total() - self.count.get(index)?).max(0.0))
    }

    /// Adds `other`, on the bounds that both have.
    pub fn add(&mut self, other: &Self) {
        if self.le_ms == other.le_ms {
            for (n, more) in self.count.iter_mut().zip(&other.count) {
                *n += more;
            }
            return;
        }
        let theirs = |le: &f64| other.le_ms.iter().any(|l| l.total_cmp(le).is_eq());
        let shared = self.le_ms.iter().zip(&self.count).filter(|(le, _)| theirs(le)).map(|(le, n)| (*le, *n));
        (self.le_ms, self.count) = shared.unzip();
        for (le, n) in self.le_ms.iter().zip(&mut self.count) {
            let theirs = other.le_ms.iter().position(|l| l.total_cmp(le).is_eq());
            *n += theirs.and_then(|i| other.count.get(i)).copied().unwrap_or(0.0);
        }
    }

    /// Adds `more` to a sum that may not have begun. A histogram that only knows its total brings nothing.
    pub fn accumulate(sum: &mut Option<Self>, more: &Self) {
        match sum {
            Some(sum) if sum.le_ms.len() > 1 && more.le_ms.len() > 1 => sum.add(more),
            Some(sum) if sum.le_ms.len() > 1 => {}
            _ => *sum = Some(more.clone()),
        }
    }

    /// Every count multiplied by `by`.
    #[must_use]
    pub fn scaled(&self, by: f64) -> Self {
        Self { le_ms: self.le_ms.clone(), count: self.count.iter().map(|n| n * by).collect() }
    }
}

impl Serialize for Buckets {
    fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_map(self.le_ms.iter().zip(&self.count).map(|(le, n)| (bound_key(*le), n)))
    }
}

impl<'de> Deserialize<'de> for Buckets {
    fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let map = serde_json::Map::<String, serde_json::Value>::deserialize(input)?;
        let mut pairs = Vec::with_capacity(map.len());
        for (key, value) in &map {
            let le = if key == "+Inf" { Ok(f64::INFINITY) } else { key.parse::<f64>() };
            let le = le.map_err(|_| D::Error::custom(format!("bucket bound {key:?} is not a number")))?;
            let n = value.as_f64().ok_or_else(|| D::Error::custom(format!("bucket {key:?} is not a number")))?;
            pairs.push((le, n));
        }
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (le_ms, count) = pairs.into_iter().unzip();
        Ok(Self { le_ms, count })
    }
}

/// A bucket bound as a JSON key: the shortest decimal that reads back the same, `+Inf` for the last.
fn bound_key(le_ms: f64) -> String {
    if le_ms.is_infinite() { "+Inf".to_owned() } else { format!("{le_ms}") }
}

/// What the health endpoints of one instance said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// Up, down or not known.
    pub state: HealthState,
    /// `false` when neither path is served (404): the instance has no health endpoint.
    pub served: bool,
    /// The entries of the `checks` object, in the page's order.
    #[serde(default)]
    pub checks: Vec<HealthCheck>,
}

/// An instance as the platform that runs it sees it: a pod, by its node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pod {
    /// Its node holds it ready to serve.
    pub ready: bool,
    /// How often its containers were started again.
    #[serde(default)]
    pub restarts: u32,
    /// Where it stands in its life.
    #[serde(default, skip_serializing_if = "Phase::is_running")]
    pub phase: Phase,
    /// Why it is not ready, in the node's words: completes "web-1 ...". Null while it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Since when it runs, or was made where it does not run yet.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "rfc3339::optional")]
    pub since: Option<Time>,
}

/// Where a pod stands in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// It was ready at least once.
    #[default]
    Running,
    /// It was never ready: no node takes it, its image is fetched, it is still starting. No failure of its version by itself.
    Starting,
    /// It is ended again and again.
    Looping,
    /// It is on its way out.
    Leaving,
}

impl Phase {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
    fn is_running(&self) -> bool {
        *self == Self::Running
    }
}

/// Whether an instance is able to serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HealthState {
    /// It says so.
    Up,
    /// It says not (5xx), or nothing listens where it should.
    Down,
    /// Nothing is known: a timeout, a name that does not resolve, a broken connection.
    Unknown,
}

/// One entry of a readiness page's `checks` object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthCheck {
    /// Its name: `database`, `cache`, `migrations`.
    pub name: String,
    /// The page's own word.
    pub said: String,
    /// What the word means.
    pub state: CheckState,
}

/// What a word of a `checks` object means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckState {
    /// true, ok, up, pass, healthy, ready, connected, current, or a word the config adds.
    Passes,
    /// false, error, down, fail(ed), unhealthy, disconnected, pending, outdated, or a word the config adds.
    Fails,
    /// Any other word: shown, and neither.
    Other,
}
