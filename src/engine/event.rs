//! The events of the contract: what is printed with `--format jsonl`, kept in the journal, and read back for a replay.
//!
//! Names and keys are fixed (see the README); keys may be added, never renamed. An [`Event`] carries no time: whoever writes it
//! down wraps it in a [`Line`], which adds `v`, `seq` and `at`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    action::{Action, Actor, Condition, Fact, Target},
    asked::Asked,
    driven::Driven,
    policy::BaselineMode,
    role::Sides,
    sample::Sample,
    time::Time,
    verdict::{CheckVerdict, Outcome, Phase, Verdict},
};

/// The version of the event schema, `v` of each line.
pub const SCHEMA: u32 = 1;

/// One event with the time it happened at and its place in the order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// [`SCHEMA`].
    pub v: u32,
    /// Rises by one with each line of a watch, from 1.
    pub seq: u64,
    /// When: RFC 3339, UTC, milliseconds.
    #[serde(with = "rfc3339")]
    pub at: Time,
    /// What.
    #[serde(flatten)]
    pub event: Event,
}

/// What can happen in a watch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event")]
pub enum Event {
    /// The watch began (again, after a resume).
    #[serde(rename = "watch.started")]
    WatchStarted(Box<Started>),
    /// One observation of one instance.
    #[serde(rename = "sample")]
    Sample(Box<Sample>),
    /// A poll of every source is complete: the samples before this line, since the last one, belong together.
    #[serde(rename = "poll")]
    Poll(Poll),
    /// A check's verdict changed.
    #[serde(rename = "check")]
    Check(Box<CheckChange>),
    /// The watch's verdict changed.
    #[serde(rename = "verdict")]
    Verdict(VerdictChange),
    /// The watch went on to another phase.
    #[serde(rename = "phase")]
    Phase {
        /// The phase now.
        phase: Phase,
        /// The one before; null the first time.
        was: Option<Phase>,
    },
    /// The ladder moved.
    #[serde(rename = "step")]
    Step {
        /// Which step, from 1.
        index: u32,
        /// Of how many.
        of: u32,
        /// The candidate's share of traffic, a fraction.
        weight: f64,
    },
    /// An action was asked for; on disk before anything was sent.
    #[serde(rename = "action.requested")]
    ActionRequested {
        /// Names the decision.
        id: String,
        /// What.
        action: Action,
        /// Where to.
        target: Target,
        /// Who asked.
        actor: Actor,
        /// The state it is bound to.
        token: String,
        /// Why, in the words of who asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// After how many seconds it is called failed; null in records of before it was written down.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit_s: Option<f64>,
    },
    /// The backend took the request.
    #[serde(rename = "action.sent")]
    ActionSent {
        /// Which decision.
        id: String,
    },
    /// The effect was seen.
    #[serde(rename = "action.verified")]
    ActionVerified {
        /// Which decision.
        id: String,
        /// Seconds from sent to seen.
        took_s: f64,
        /// What the last look showed.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        facts: Vec<Fact>,
    },
    /// Nothing was done.
    #[serde(rename = "action.failed")]
    ActionFailed {
        /// Which decision.
        id: String,
        /// One sentence.
        error: String,
    },
    /// Sent, but not seen to work.
    #[serde(rename = "action.unverified")]
    ActionUnverified {
        /// Which decision.
        id: String,
        /// What was seen instead.
        seen: String,
        /// What the last look showed.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        facts: Vec<Fact>,
    },
    /// A notification went out, or did not.
    #[serde(rename = "notify")]
    Notify {
        /// `desktop`, `terminal`, `webhook`.
        channel: String,
        /// Whether it was taken.
        ok: bool,
        /// Why not.
        error: Option<String>,
    },
    /// Something a person should read that no other event says: a source that went away, a journal that was repaired.
    #[serde(rename = "note")]
    Note {
        /// What it is about: `source`, `journal`, `watch`, `action`.
        about: String,
        /// One sentence.
        sentence: String,
    },
    /// The watch is over.
    #[serde(rename = "watch.ended")]
    WatchEnded(Ended),
    /// An event of a newer rollwatch: kept, not understood.
    #[serde(other)]
    Unknown,
}

/// The strategy that the journal of a single action names.
pub const ONE_SHOT: &str = "one-shot";

/// `watch.started`: everything a replay needs to judge as this watch did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Started {
    /// The deployment's name.
    pub deployment: String,
    /// Where it runs: `prod`; empty when not said.
    #[serde(default)]
    pub environment: String,
    /// The backend's kind: `demo`, `nginx`, `command`, `none`.
    pub backend: String,
    /// What the backend acts on, in one word: an URL, a file.
    #[serde(default)]
    pub locator: String,
    /// How traffic moves: `canary`, `one-step`.
    pub strategy: String,
    /// The trusted version's name.
    pub baseline: String,
    /// The judged version's name.
    pub candidate: String,
    /// The monitoring window in seconds.
    pub window_s: f64,
    /// The whole policy, as resolved.
    pub policy: Value,
    /// SHA-256 of the effective configuration, in hex.
    pub config_sha256: String,
    /// The ladder's weights as fractions; one entry without a ladder.
    #[serde(default)]
    pub steps: Vec<f64>,
    /// The version of rollwatch.
    #[serde(default)]
    pub rollwatch: String,
    /// This watch goes on from an unfinished journal.
    #[serde(default)]
    pub resumed: bool,
    /// The controller that moves the traffic by itself, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub driven: Option<Driven>,
    /// What is asked about each version, in the source's words and without secrets.
    #[serde(default)]
    pub asked: Sides<Asked>,
}

/// `poll`: closes the samples of one poll.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Poll {
    /// Counts the polls of this watch, from 0 (the reference poll).
    pub index: u64,
    /// The share of traffic asked for the candidate, a fraction; null when the backend has no weights.
    pub weight: Option<f64>,
    /// The rollout is paused.
    #[serde(default)]
    pub paused: bool,
    /// What the rollout's own controller makes of it, when there is something to say.
    #[serde(default, skip_serializing_if = "Condition::is_steady")]
    pub condition: Condition,
    /// It is from before the watch began: the baseline's history.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub history: bool,
}

/// `check`: a check's verdict changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckChange {
    /// The check's id: `errors`, `latency`, `health`, `restarts`, `traffic`, or a configured one's.
    pub check: String,
    /// Now.
    pub verdict: CheckVerdict,
    /// Before; null the first time.
    pub was: Option<CheckVerdict>,
    /// Why, in one sentence.
    pub sentence: String,
    /// The numbers behind it.
    pub evidence: Evidence,
    /// The same in words, and what would change it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub explanation: Vec<Reason>,
}

/// One line of an explanation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// What it is about: `counted`, `difference`, `noise`, `roll back`, `promote`, `test`, `rule`, `what if`.
    pub about: String,
    /// What there is to say.
    pub text: String,
}

impl Reason {
    /// A line.
    #[must_use]
    pub fn new(about: &str, text: impl Into<String>) -> Self {
        Self { about: about.to_owned(), text: text.into() }
    }
}

/// The numbers behind a check's verdict.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// Each version's figures since warm-up (from the start while warming up).
    pub sides: Sides<Figures>,
    /// Candidate minus baseline, in the check's unit (fractions, or a ratio minus one for latencies); null when one side is unknown.
    pub difference: Option<f64>,
    /// The 95 % confidence sequence of the difference: it holds at every poll at once.
    pub band: Option<(f64, f64)>,
    /// The limit that is drawn: a fraction, or milliseconds.
    pub limit: Option<f64>,
    /// Natural logarithm of the evidence (e-value) to roll back that this check alone holds; null where no bet runs.
    pub rollback_nats: Option<f64>,
    /// The same for promoting.
    pub promote_nats: Option<f64>,
}

/// One version's figures in a check.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Requests counted.
    pub requests: Option<f64>,
    /// Those that count against it: errors, or requests slower than the compared bound.
    pub bad: Option<f64>,
    /// The figure that is shown: a rate (fraction), a latency in milliseconds, a number of instances.
    pub value: Option<f64>,
    /// What the value is out of, where it is a count: instances in all.
    pub of: Option<f64>,
}

/// `verdict`: the watch's own verdict changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VerdictChange {
    /// Now.
    pub verdict: Verdict,
    /// Before; null the first time.
    pub was: Option<Verdict>,
    /// Why, in one sentence.
    pub sentence: String,
    /// Evidence to roll back, natural logarithm of the e-value.
    pub evidence_nats: f64,
    /// What is needed: ln(1/alpha).
    pub needed_nats: f64,
    /// What the candidate is compared with.
    #[serde(default)]
    pub baseline_mode: BaselineMode,
    /// The same in words: `concurrent, both live`, `captured 2h42m ago`.
    #[serde(default)]
    pub baseline: String,
    /// How long each version's oldest process has been running, in seconds (a recorded one: had been, then); null when its page does
    /// not say.
    #[serde(default)]
    pub ages_s: Sides<Option<f64>>,
}

/// `watch.ended`: the last line of a watch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ended {
    /// What was judged.
    pub verdict: Verdict,
    /// What was done.
    pub outcome: Outcome,
    /// The process's exit code.
    pub exit_code: u8,
    /// Both, in one sentence.
    pub sentence: String,
    /// Seconds in which both versions were seen.
    pub watched_s: f64,
    /// Seconds in which at least one was not.
    pub blind_s: f64,
}

/// `at` as RFC 3339 in UTC with milliseconds.
pub mod rfc3339 {
    use serde::{Deserialize, Deserializer, Serializer, de::Error as _};

    use super::Time;

    /// Writes `2026-11-22T20:14:03.120Z`.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(at: &Time, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&crate::humanize::rfc3339(*at))
    }

    /// Reads it back.
    ///
    /// # Errors
    /// When the text is no RFC 3339 timestamp.
    pub fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Time, D::Error> {
        let text = String::deserialize(input)?;
        let stamp: jiff::Timestamp = text.parse().map_err(D::Error::custom)?;
        Ok(Time::from_ms(stamp.as_millisecond()))
    }

    /// The same where there may be none.
    pub mod optional {
        use serde::{Deserialize, Deserializer, Serialize, Serializer};

        use super::Time;

        #[derive(Serialize, Deserialize)]
        #[serde(transparent)]
        struct At(#[serde(with = "super")] Time);

        /// Writes a time, or null.
        ///
        /// # Errors
        /// Those of the serializer.
        pub fn serialize<S: Serializer>(at: &Option<Time>, out: S) -> Result<S::Ok, S::Error> {
            at.map(At).serialize(out)
        }

        /// Reads it back.
        ///
        /// # Errors
        /// When the text is no RFC 3339 timestamp.
        pub fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Time>, D::Error> {
            Ok(Option::<At>::deserialize(input)?.map(|At(at)| at))
        }
    }
}
