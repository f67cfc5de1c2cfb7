//! One immutable picture of everything a front end may show.
//!
//! Built by the engine after each change and handed out whole, so that no front end waits for anything, asks anything, or words a
//! state in its own way. Times are the watch's own; a front end adds none.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};

pub mod acting;
pub mod charts;
pub mod instance;
pub mod sentence;
pub mod step;

pub use acting::{ActKey, ActRow, ActWhat, ActionView};
pub use charts::{Band, Charts, Differences, Marker, MarkerKind, Point, Reading};
pub use instance::{Figures, InstanceRow, InstanceState};
pub use sentence::{Ink, Piece, Sentence};
pub use step::{StepRow, StepState};

use super::{
    action::{Ability, Action, Usual},
    event::{Ended, Reason},
    role::{Role, Sides},
    sample::HealthCheck,
    time::Time,
    verdict::{CheckVerdict, Phase, Verdict},
};

/// Everything there is to see at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// What is watched.
    pub deployment: Deployment,
    /// The time of the newest poll; the start of the watch before the first.
    pub at: Time,
    /// When the watch began.
    pub started: Time,
    /// Where it is.
    pub phase: Phase,
    /// What it says.
    pub verdict: Verdict,
    /// The first words of row 1.
    pub badge: Badge,
    /// Row 1: what is the matter.
    pub sentence: Sentence,
    /// Row 2: what happens next, and when.
    pub next: Sentence,
    /// Row 3.
    pub meter: Meter,
    /// Row 4.
    pub window: Window,
    /// The error rate and the p99 over time.
    pub charts: Charts,
    /// Every check, worst first.
    pub checks: Vec<CheckRow>,
    /// The span the checks' figures cover: "since warm-up, 6m30s".
    pub checks_span: String,
    /// Each version.
    pub versions: Sides<VersionRow>,
    /// Facts under the versions: a word and its value ("asked", "25 %").
    pub facts: Vec<(String, String)>,
    /// Every instance that is asked, bounded: the candidate's first, the worst first, then by name.
    pub instances: Arc<Vec<InstanceRow>>,
    /// Every step of the ladder, in its order; empty where there is one window only.
    pub steps: Vec<StepRow>,
    /// What there is to say of all steps together: a word or two and its value ("all together", "2h42m left if nothing changes, done about 22:56 at the earliest").
    pub steps_facts: Vec<(String, String)>,
    /// What happened, newest first, bounded.
    pub events: Vec<EventRow>,
    /// The keys that act, in the order they are shown.
    pub keys: Vec<ActKey>,
    /// What each action would do now, or why it cannot be asked for.
    pub abilities: BTreeMap<Action, Ability>,
    /// How long each action took before.
    pub usual: BTreeMap<Action, Usual>,
    /// The state those abilities were read from.
    pub token: String,
    /// The action under way or just done.
    pub action: Option<ActionView>,
    /// Every action of this watch, newest first, bounded.
    pub acts: Vec<ActRow>,
    /// Set once the watch is over.
    pub ended: Option<Ended>,
}

/// What is watched, for the header.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Deployment {
    /// `api-server`.
    pub name: String,
    /// `prod`; empty when not said.
    pub environment: String,
    /// `nginx /etc/nginx/app.conf`; empty without a backend.
    pub backend: String,
    /// The name must be typed before anything is done.
    pub protected: bool,
    /// Step and ladder length, from 1; null without a ladder.
    pub step: Option<(u32, u32)>,
    /// The candidate's share of traffic that was asked for, a fraction.
    pub weight: Option<f64>,
    /// What stands at the right end of the header: auto-rollback, read-only, replay.
    pub mode: Mode,
    /// Time between two polls.
    pub poll: Duration,
}

/// What may happen by itself in this watch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Nothing happens by itself.
    Manual,
    /// A conviction rolls back.
    Armed,
    /// It did; it acts once a watch.
    Used,
    /// This session cannot act, and why.
    ReadOnly(String),
    /// A recorded watch is played.
    Replay,
}

/// The first words of row 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Badge {
    /// Which glyph.
    pub glyph: Glyph,
    /// `LEANING BAD`.
    #[serde(skip_deserializing)]
    pub word: &'static str,
    /// Which colour family.
    pub tone: Tone,
    /// Decided: ink on a fill. Otherwise a coloured word on a tint.
    pub filled: bool,
}

/// Glyphs by meaning; the view picks the character.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Glyph {
    /// `✓`
    Pass,
    /// `▲`
    Warn,
    /// `✗`
    Fail,
    /// `…`
    Unsure,
    /// `○`
    NoData,
    /// `?`
    Unknown,
    /// `≈`
    Shared,
    /// `–`
    Muted,
}

impl From<CheckVerdict> for Glyph {
    fn from(verdict: CheckVerdict) -> Self {
        match verdict {
            CheckVerdict::Pass => Self::Pass,
            CheckVerdict::Warn => Self::Warn,
            CheckVerdict::Fail => Self::Fail,
            CheckVerdict::Insufficient => Self::Unsure,
            CheckVerdict::NoData => Self::NoData,
            CheckVerdict::ProviderError => Self::Unknown,
            CheckVerdict::Shared => Self::Shared,
            CheckVerdict::Muted => Self::Muted,
        }
    }
}

/// Verdict colour families (never a version's colour).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// Towards promoting.
    Good,
    /// Towards rolling back.
    Bad,
    /// Nobody's fault, or nobody knows.
    Held,
    /// Not enough seen.
    Unsure,
}

/// How far the evidence is from either decision. 1.0 decides; the scale is the logarithm of the evidence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Meter {
    /// Share of the evidence needed to promote, 0 to 1.
    pub promote: f64,
    /// Share of the evidence needed to roll back, 0 to 1.
    pub rollback: f64,
    /// The larger of the two a minute ago, and which it was.
    pub minute_ago: Option<(Tone, f64)>,
    /// While blind or held: since when the bar stands still.
    pub frozen: Option<Time>,
}

/// The monitoring window.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Window {
    /// Time in which both versions were seen.
    pub watched: Duration,
    /// Time in which at least one was not.
    pub blind: Duration,
    /// How long the window is.
    pub length: Duration,
    /// When it ends; null once it has.
    pub ends: Option<Time>,
    /// What the elapsed part was made of, in order: how long, and whether it was blind or held.
    pub parts: Vec<(Duration, Span)>,
}

/// What a stretch of time was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Span {
    /// Drawn, judged leniently.
    WarmUp,
    /// Judged.
    Judged,
    /// Nothing was known.
    Blind,
    /// Known, but held: both worse, or the share is off.
    Held,
}

/// One row of the checks table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckRow {
    /// The contract's id.
    pub id: String,
    /// For people: "error rate".
    pub name: String,
    /// Its verdict.
    pub verdict: CheckVerdict,
    /// Each version's figure, worded: `0.29 %`, `208 ms`, `6/6`, `–`.
    pub values: Sides<String>,
    /// The difference, worded and signed: `+0.90 pp`; empty where there is none.
    pub difference: String,
    /// Its band, or a remark in its place: `[+0.46, +1.51]`, `asked 25 %`, `39 of 400`.
    pub band: String,
    /// The candidate's requests, worded; empty where it makes no sense.
    pub requests: String,
    /// The one sentence behind the verdict.
    pub sentence: String,
    /// Whether it can fail the watch.
    pub gating: bool,
    /// What is behind the verdict, line by line.
    pub explanation: Vec<Reason>,
    /// The difference in numbers, to be drawn; null where there is none, or no band to it.
    pub measured: Option<Measured>,
    /// What was asked, bare, one address or query a line: for copying. Empty where the source does not say.
    pub copy: String,
}

/// A difference in numbers, with what is tolerated of it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// As measured, and between which values the true one lies: the confidence sequence of the test; of the traffic share, the 99 %
    /// interval of the last minute.
    pub band: Band,
    /// From zero up to here it is as good (down to here where less is worse; in either direction of a share): signed as the difference is.
    pub tolerated: f32,
    /// What it is a number of.
    pub unit: Unit,
    /// On which side of zero the candidate is worse.
    pub worse: Side,
}

/// What a difference is a number of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A difference of shares, as a fraction: percentage points.
    Points,
    /// A ratio minus one.
    Relative,
}

/// A side of zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Over it.
    Above,
    /// Under it.
    Below,
    /// On either.
    Both,
}

/// One version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VersionRow {
    /// `v2.5.0`.
    pub name: String,
    /// Share of traffic asked for, worded; `–` without a backend.
    pub share: String,
    /// Instances that are ready, of all; null when no health is known.
    pub ready: Option<(u32, u32)>,
    /// Requests a second, worded.
    pub rate: String,
    /// How long it has been running, worded; empty when not known.
    pub age: String,
    /// Its readiness checks, the worst word of all instances.
    pub checks: Vec<HealthCheck>,
}

/// One line of the events pane.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventRow {
    /// When.
    pub at: Time,
    /// `verdict`, `check`, `source`, `step`, `action`, `watch`, `notify`.
    pub word: String,
    /// What, in a few words.
    pub head: String,
    /// And the rest of it.
    pub tail: String,
    /// Its colour family; null for plain.
    pub tone: Option<Tone>,
}

impl Snapshot {
    /// The name of the version on that side.
    #[must_use]
    pub fn version(&self, role: Role) -> &str {
        &self.versions.of(role).name
    }
}
