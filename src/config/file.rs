//! The configuration's shape, section by section: what may stand in a file. Each key's comment is its documentation (and its
//! description in the JSON Schema); what is the default stands in `config/default.toml`, which is merged below every file.

mod check;
mod keys;
mod kubernetes;
mod screen;
mod steps;

use std::{collections::BTreeMap, path::PathBuf};

pub use check::{Aggregate, Check, Worse};
pub use keys::Keys;
pub use kubernetes::{Kubernetes, Via};
pub use screen::Screen;
pub use steps::{Steps, StrategyKind};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    secret::{Auth, SecretRef},
    value::{Dur, Percent},
};
use crate::engine::{policy::BaselineMode, role::Role, strategy::Strategy};

/// A whole configuration after the layers were merged: every section, the defaults filled in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "rollwatch configuration")]
pub struct File {
    /// What is watched.
    pub deployment: Deployment,
    /// The version we trust (also accepted: `stable`, `primary`, `blue`).
    pub baseline: Version,
    /// The version we judge (also accepted: `canary`, `green`).
    pub candidate: Version,
    /// Which metrics to read; found by convention when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics: Option<Metrics>,
    /// Checks of your own, by their names; at most 16.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub checks: BTreeMap<String, Check>,
    /// How to read the health endpoints.
    pub health: Health,
    /// How rollwatch shows who it is to the watched instances.
    pub auth: Auth,
    /// What is asked of an answer before it is used.
    pub limits: Limits,
    /// How the candidate is judged.
    pub policy: Policy,
    /// The ladder of weights; without it there is one step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<Steps>,
    /// What can act; without it rollwatch only watches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backend: Option<Backend>,
    /// Who is told.
    pub notify: Notify,
    /// How the screen looks.
    pub screen: Screen,
    /// Which keys do what on the screen, where not the usual ones: a key by its name, or a list of them.
    #[serde(default, skip_serializing_if = "Keys::is_empty")]
    pub keys: Keys,
}

/// `[deployment]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Deployment {
    /// The service's name; journals and locks are kept by it.
    pub name: String,
    /// Where it runs, for people: `prod`.
    pub environment: String,
    /// Ask for the name to be typed before anything is done.
    pub protected: bool,
}

/// `[baseline]` and `[candidate]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Version {
    /// The name a person knows it by: `v2.5.0`.
    pub version: String,
    /// The metrics page of each instance. An address without a path: `/metrics` is tried.
    pub metrics: Vec<String>,
    /// The health page of each instance. Absent: `/health/ready` and `/health/live` on the origins of `metrics` are tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health: Option<Vec<String>>,
    /// Labels that a series must have to belong to this version, where both versions share a page. Values are whole-text regular expressions.
    #[serde(default)]
    pub select: BTreeMap<String, String>,
}

/// `[metrics]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// The counter of finished requests.
    pub requests: String,
    /// The label and the whole-text regular expression of its value that make a request an error: `{ status = "5.." }`.
    pub errors: BTreeMap<String, String>,
    /// The histogram of latencies; without it the latency check has no data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency: Option<String>,
}

/// `[health]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Health {
    /// Words of a `checks` object that mean it passes, besides the built-in ones (any case).
    pub passes: Vec<String>,
    /// Words that mean it fails, besides the built-in ones (any case).
    pub fails: Vec<String>,
    /// Answers in a row before an instance is shown up again.
    pub rise: u32,
    /// Answers in a row before an instance is shown down.
    pub fall: u32,
}

/// `[limits]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// How long one request to a watched instance may take in all; never longer than a poll.
    pub timeout: Dur,
    /// Largest metrics page, in bytes after decompression.
    pub page_bytes: u64,
    /// Most samples on a page.
    pub samples: u64,
    /// Most labels of one sample.
    pub labels: u64,
}

/// `[policy]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// How a verdict comes about.
    pub kind: PolicyKind,
    /// What the candidate is compared with.
    pub baseline: Against,
    /// Time between two polls.
    pub poll: Dur,
    /// The monitoring window of one step, warm-up included.
    pub window: Dur,
    /// The longest the window may become when evidence is missing; default 3 x window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_window: Option<Dur>,
    /// The candidate's first time, judged leniently.
    pub warmup: Dur,
    /// The chance of rolling back a healthy version, over the whole window.
    pub alpha: f64,
    /// Compare each of the candidate's instances with the whole baseline as well: finds one bad instance of many.
    pub per_instance: bool,
    /// Convict more slowly, for services whose short bursts must not roll anything back.
    pub safe: bool,
    /// How long errors must be bad before they convict, two polls at least; default 0s, with `safe` 15s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bad_for: Option<Dur>,
    /// What a cold start may add to the error rate while warming up.
    pub cold_start: Percent,
    /// Limit of the error rate: drawn, and crossing it warns.
    pub error_rate: Percent,
    /// Limit of the p99 latency: drawn, and crossing it warns.
    pub p99: Dur,
    /// Checks that can fail the watch; the others are shown only.
    pub gating: Vec<String>,
    /// After how long an action that was not seen to work is called failed.
    pub verify_timeout: Dur,
    /// `kind = "playbook"`: looks over the limit ...
    pub playbook_k: u32,
    /// ... out of so many.
    pub playbook_n: u32,
}

/// `[policy] kind`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PolicyKind {
    /// A sequential test that stays valid however often one looks.
    Statistical,
    /// The plain rule gates as well: over the limit for 5 minutes.
    Playbook,
}

/// `[policy] baseline`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Against {
    /// The old version, serving at the same time: the only mode that can pass, and in which what both share cancels.
    Concurrent,
    /// The old version as `rollwatch baseline capture` recorded it before the deploy. Warns, and does not convict without --auto-rollback.
    Before,
    /// The old version's own last good watch, at the same time after its deploy. Warns likewise; without such a watch: `static`.
    Previous,
    /// Nothing: the candidate is held against the limits alone.
    Static,
}

impl From<Against> for BaselineMode {
    fn from(against: Against) -> Self {
        match against {
            Against::Concurrent => Self::Concurrent,
            Against::Before => Self::Before,
            Against::Previous => Self::Previous,
            Against::Static => Self::Static,
        }
    }
}

/// `[backend]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Backend {
    /// A weighted upstream file that rollwatch owns.
    Nginx(Nginx),
    /// Your own programs.
    Command(Command),
    /// A Deployment, an Argo Rollout or a Flagger canary.
    Kubernetes(Kubernetes),
    /// The router of a `rollwatch demo` that runs in another terminal.
    Demo(Demo),
}

/// `[backend] kind = "nginx"`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nginx {
    /// The file with the upstream block; rollwatch owns it, `nginx.conf` includes it.
    pub upstream_file: PathBuf,
    /// The upstream's name in it.
    pub upstream: String,
    /// The baseline's servers, as nginx writes them: `10.0.0.1:8081`.
    pub baseline: Vec<String>,
    /// The candidate's servers.
    pub candidate: Vec<String>,
    /// A page served through that upstream, asked to see which version answers.
    pub url: String,
    /// The response header that names the version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_header: Option<String>,
    /// The field of a JSON answer that names it, instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_field: Option<String>,
    /// The nginx program and what it always needs: `["nginx", "-c", "/etc/nginx/nginx.conf"]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nginx: Vec<String>,
    /// The master process's pid file, to see when the old workers are gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid_file: Option<PathBuf>,
    /// Further lines of the upstream block, such as `keepalive 32;`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub directives: Vec<String>,
}

/// `[backend] kind = "command"`: programs and their arguments, run without a shell. `{version}`, `{ref}`, `{weight}` (a percentage
/// without its sign), `{token}` and `{id}` are replaced. An action without a program cannot be asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// Prints the present state as JSON.
    pub status: Vec<String>,
    /// One step up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub promote: Vec<String>,
    /// All traffic to the candidate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub promote_full: Vec<String>,
    /// Stay.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pause: Vec<String>,
    /// Go on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resume: Vec<String>,
    /// Candidate out of traffic.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub abort: Vec<String>,
    /// Back to the baseline.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rollback: Vec<String>,
    /// Again after an abort.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retry: Vec<String>,
    /// How long one program may run; default 30s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Dur>,
    /// The directory the programs run in; default the one rollwatch was started in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dir: Option<PathBuf>,
}

/// `[backend] kind = "demo"`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Demo {
    /// Where the router answers: `rollwatch demo --format jsonl` tells it in its first line as the `locator`.
    pub router: String,
}

/// `[notify]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Notify {
    /// Desktop notifications over D-Bus.
    pub desktop: bool,
    /// OSC 9 / OSC 777 and the bell, where there is no desktop.
    pub terminal: bool,
    /// An HTTP POST for each notice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook: Option<Webhook>,
}

/// `[notify] webhook`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// Where to. A URL that is itself a secret goes into `url_from`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Where the URL is kept, instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url_from: Option<SecretRef>,
    /// The body's shape.
    #[serde(default)]
    pub format: WebhookFormat,
}

/// `[notify] webhook.format`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum WebhookFormat {
    /// The notice as one flat JSON object.
    #[default]
    Json,
    /// The shape of Slack's incoming webhooks.
    Slack,
}

impl File {
    /// The side of `role`.
    pub const fn version(&self, role: Role) -> &Version {
        match role {
            Role::Baseline => &self.baseline,
            Role::Candidate => &self.candidate,
        }
    }

    /// How the traffic moves.
    pub fn strategy(&self) -> Strategy {
        self.steps.as_ref().map(Steps::driven).unwrap_or_default()
    }

    /// The window of one step, and the key that gives it.
    pub fn step_window(&self) -> (&'static str, Dur) {
        let of_steps = self.steps.as_ref().and_then(Steps::window);
        of_steps.map_or(("policy.window", self.policy.window), |window| ("steps.window", window))
    }
}

impl Command {
    /// The programs that are given, by their keys, `status` first.
    pub fn programs(&self) -> impl Iterator<Item = (&'static str, &[String])> {
        let all = [
            ("status", &self.status),
            ("promote", &self.promote),
            ("promote_full", &self.promote_full),
            ("pause", &self.pause),
            ("resume", &self.resume),
            ("abort", &self.abort),
            ("rollback", &self.rollback),
            ("retry", &self.retry),
        ];
        all.into_iter().map(|(name, argv)| (name, argv.as_slice())).filter(|(_, argv)| !argv.is_empty())
    }
}
