//! One watch from the first poll to the end: the state machine that every outside happening goes through.
//!
//! [`Watch::handle`] takes one [`Input`] and the time, changes the state, and answers with what it wants done as data. It performs
//! nothing, waits for nothing and reads no clock, so the same inputs give the same verdicts. The parts: `poll` (samples into
//! statistics), `checks` (statistics into verdicts), `decide` (verdicts into outcomes), `act` (wishes and actions), `rollout` (what the
//! backend shows), `show` (the picture for front ends).

pub mod act;
mod baseline;
mod budget;
mod checks;
mod climb;
mod decide;
mod draw;
mod explain;
mod poll;
mod restarts;
mod restored;
mod rollout;
mod show;
mod stage;
mod tell;

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use checks::{Check, Gauge};

use super::{
    action::{Fact, Order, Rollout},
    chart::Series,
    compare::{Compare, background::Background, counts::Pending, fastest::Fastest, ladder::Ladder},
    effect::{Effect, Input, Stop},
    event::{CheckChange, Ended, Event},
    health::HealthWatch,
    playbook::Playbook,
    recent::{Recent, Sum},
    role::Sides,
    roster::Roster,
    setup::{Rule, Setup},
    share::ShareWatch,
    snapshot::{EventRow, Sentence, Snapshot, Span, Tone},
    sources::Sources,
    strategy::Stage,
    time::Time,
    verdict::{Phase, Verdict},
};

/// Event rows kept for the screen.
const MAX_ROWS: usize = 400;

/// Remarks of sources kept.
const MAX_FOUND: usize = 4;

/// A running watch.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts: armed, acted, left, played again")]
pub struct Watch {
    setup: Setup,
    started: Time,
    now: Time,
    polls: u64,
    /// When the newest poll came in; null before the first.
    polled: Option<Time>,
    step: Step,
    background: Background,
    pending: Pending,
    sources: Sources,
    share: ShareWatch,
    /// When the oldest process of each version began.
    began: Sides<Option<Time>>,
    /// The newest restarts of each version, as far as they followed one another.
    restarts: Sides<Option<restarts::Spell>>,
    recent: Recent,
    roster: Roster,
    series: Series,
    /// The built-in ones, then those of the configuration.
    checks: Vec<Check>,
    /// What sources said of how they read the pages, bounded.
    found: VecDeque<String>,
    /// What each configured gauge shows, by its check's id.
    gauges: BTreeMap<String, Gauge>,
    verdict: Verdict,
    /// The verdict that was last written down; null before the first.
    told_verdict: Option<Verdict>,
    phase: Option<Phase>,
    rollout: Option<Rollout>,
    rollout_error: Option<String>,
    /// Whether it was paused at the last look that was not about our own doing.
    paused: Option<bool>,
    /// The candidate's weight that was last known to be in force, by our own doing or by looking.
    weight: Option<f64>,
    armed: bool,
    has_acted: bool,
    orders: u32,
    /// The actions of this watch, the newest first.
    acts: VecDeque<Running>,
    restored: Option<restored::Restored>,
    stop: Option<Stop>,
    has_quit: bool,
    ended: Option<Ended>,
    ended_at: Option<Time>,
    /// The steps that were left, the oldest first.
    climbed: VecDeque<climb::Climbed>,
    clock: WindowClock,
    meter: VecDeque<(Time, f64, f64)>,
    rows: VecDeque<EventRow>,
    /// What the poll being handled gave reason to tell people about.
    news: Vec<tell::News>,
    /// Inputs are being played again: nothing is done, nothing ends by itself.
    is_replaying: bool,
    out: Vec<Effect>,
}

/// The step of the ladder that is being judged.
#[derive(Debug)]
struct Step {
    index: u32,
    of: u32,
    stage: Stage,
    /// The share of traffic asked for; null when nobody says.
    weight: Option<f64>,
    /// Its first poll; null before that.
    started: Option<Time>,
    compare: Compare,
    /// How soon a failure of everything would be found; null before the step's first poll, and where nothing is compared.
    fastest: Option<Fastest>,
    health: HealthWatch,
    playbook: Playbook,
    /// Since warm-up; while warming up, since the step began.
    since: Sides<Sum>,
    is_warm: bool,
    /// A gating check has convicted: its id, and why.
    convicted: Option<(String, Sentence)>,
    /// A comparison with another time would have convicted, and may not: the check's id, and why.
    alarm: Option<(String, Sentence)>,
    convicted_at: Option<Time>,
    /// The window has ended, and this was said about promoting.
    judged: Option<Result<(), String>>,
    judged_at: Option<Time>,
    /// When the window is judged next, in seconds since the step began.
    next_judgement: f64,
}

/// What the time of a step was made of.
#[derive(Clone, Debug, Default)]
struct WindowClock {
    watched: Duration,
    blind: Duration,
    /// Part of the time watched that does not count: the traffic share was off.
    held: Duration,
    parts: Vec<(Duration, Span)>,
    /// Of all steps together.
    total_watched: Duration,
    total_blind: Duration,
}

/// An action under way, or one that was.
#[derive(Clone, Debug)]
struct Running {
    /// Which one, from 1.
    number: u32,
    order: Order,
    requested: Time,
    sent: Option<Time>,
    done: Option<Time>,
    limit_s: f64,
    facts: Vec<Fact>,
    trouble: Option<String>,
    is_over: bool,
    /// Somebody else was first, and nothing was sent: it is kept for the record only.
    is_beaten: bool,
    /// It was refused, or failed before anything was changed.
    is_refused: bool,
}

impl Watch {
    /// A watch that begins at `at`. The second value is to be performed like that of [`Watch::handle`].
    #[must_use]
    pub fn new(setup: Setup, at: Time, resumed: bool) -> (Self, Vec<Effect>) {
        let started = setup.started(resumed);
        let mut watch = Self {
            started: at,
            now: at,
            polls: 0,
            polled: None,
            step: Step::new(&setup, 1, at, Ladder::of(1)),
            background: Background::of(&setup.policy),
            pending: Pending::default(),
            sources: Sources::of_versions(setup.policy.baseline.compared()),
            began: Sides::default(),
            restarts: Sides::default(),
            share: ShareWatch::default(),
            recent: Recent::default(),
            roster: Roster::new(&setup.policy),
            series: Series::default(),
            checks: Check::all(&setup),
            found: VecDeque::new(),
            gauges: BTreeMap::new(),
            verdict: Verdict::Inconclusive,
            told_verdict: None,
            phase: None,
            rollout: None,
            rollout_error: None,
            paused: None,
            weight: None,
            armed: setup.rule.auto_rollback,
            has_acted: false,
            orders: 0,
            acts: VecDeque::new(),
            restored: None,
            stop: None,
            has_quit: false,
            ended: None,
            ended_at: None,
            climbed: VecDeque::new(),
            clock: WindowClock::default(),
            meter: VecDeque::new(),
            rows: VecDeque::new(),
            news: Vec::new(),
            is_replaying: setup.rule.replay,
            out: Vec::new(),
            setup,
        };
        let about = format!("{} → {}", watch.setup.names.baseline, watch.setup.names.candidate);
        let head = format!("{} {}", if resumed { "resumed watching" } else { "attached to" }, watch.setup.deployment);
        watch.row("watch", head, about, None);
        watch.emit(Event::WatchStarted(Box::new(started)));
        watch.change_phase(Phase::Attaching);
        let effects = std::mem::take(&mut watch.out);
        (watch, effects)
    }

    /// Takes one happening at the time `at`; answers with what is to be done, in order.
    pub fn handle(&mut self, at: Time, input: Input) -> Vec<Effect> {
        self.now = self.now.max(at);
        match input {
            Input::Polled(polled) => self.poll(self.without_stale_rollout(at, polled)),
            Input::History(samples) => self.history(&samples),
            Input::Wish(intent) => self.wish(intent),
            Input::Report(report) => self.report(report),
            Input::Told { channel, error } => self.told(channel, error),
            Input::Noted(about, sentence) => self.noted(&about, sentence),
            Input::Stop(stop) => self.stop(stop),
            Input::Recorded(order, limit_s) => self.begin(order, limit_s.unwrap_or(self.setup.policy.verify_timeout_s)),
            Input::RecordedEnd(ended) => self.finish(ended),
        }
        self.settle_phase();
        self.tell();
        std::mem::take(&mut self.out)
    }

    /// A watch that was played again up to here goes on for real, under the flags of this run.
    pub fn go_live(&mut self, at: Time, rule: Rule) -> Vec<Effect> {
        self.now = self.now.max(at);
        self.armed = rule.auto_rollback;
        self.is_replaying = rule.replay;
        self.setup.rule = rule;
        self.row("watch", "resumed", "what lies between was not seen", Some(Tone::Held));
        self.emit(Event::WatchStarted(Box::new(self.setup.started(true))));
        // The record may have been cut off between an action's last word and the end of the watch.
        let ended = self.ended.take().map(|ended| (ended.outcome, ended.sentence));
        let trouble = || self.trouble().filter(|_| !self.setup.rule.stays);
        if let Some((outcome, sentence)) = ended.or_else(trouble) {
            self.end(outcome, Some(sentence));
        }
        std::mem::take(&mut self.out)
    }

    /// What this watch was set up with.
    #[must_use]
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// The verdict, once it is decided: `Fail` at any poll, the others at the end of a window.
    #[must_use]
    pub fn settled(&self) -> Option<Verdict> {
        match (&self.step.convicted, &self.step.judged) {
            (Some(_), _) => Some(Verdict::Fail),
            (None, Some(Ok(()))) => Some(Verdict::Pass),
            (None, Some(Err(_))) => Some(Verdict::Inconclusive),
            (None, None) => None,
        }
    }

    /// Why the watch says what it says, in one sentence.
    #[must_use]
    pub fn reason(&self) -> String {
        self.verdict_sentence()
    }

    /// Each check as it stands now.
    #[must_use]
    pub fn checks(&self) -> Vec<CheckChange> {
        let change = |c: &Check| {
            Some(CheckChange {
                check: c.id.clone(),
                verdict: c.verdict?,
                was: None,
                sentence: c.sentence.text(),
                evidence: c.evidence.clone(),
                explanation: self.explain(c),
            })
        };
        self.checks.iter().filter_map(change).collect()
    }

    /// The picture for front ends.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        show::snapshot(self)
    }

    /// The action that was begun and has not ended, as far as is known.
    #[must_use]
    pub fn unfinished(&self) -> Option<&Order> {
        self.action().filter(|a| !a.is_over).map(|a| &a.order)
    }

    /// Set once the watch is over.
    #[must_use]
    pub fn ended(&self) -> Option<&Ended> {
        self.ended.as_ref()
    }

    fn emit(&mut self, event: Event) {
        self.out.push(Effect::Emit(event));
    }

    fn row(&mut self, word: &str, head: impl Into<String>, tail: impl Into<String>, tone: Option<Tone>) {
        if self.rows.len() == MAX_ROWS {
            self.rows.pop_back();
        }
        self.rows.push_front(EventRow { at: self.now, word: word.to_owned(), head: head.into(), tail: tail.into(), tone });
    }

    /// Something a person should read: on the screen and in the journal.
    fn note(&mut self, about: &str, sentence: String) {
        self.row(about, sentence.clone(), "", None);
        self.emit(Event::Note { about: about.to_owned(), sentence });
    }

    /// Something from outside. What sources say of how they read the pages belongs to the explanations.
    fn noted(&mut self, about: &str, sentence: String) {
        if about == "metrics" {
            if self.found.len() == MAX_FOUND {
                self.found.pop_front();
            }
            self.found.push_back(sentence.clone());
        }
        self.note(about, sentence);
    }

    fn told(&mut self, channel: String, error: Option<String>) {
        if let Some(error) = &error {
            self.row("notify", format!("{channel}: not delivered"), error.clone(), Some(Tone::Held));
        }
        self.emit(Event::Notify { channel, ok: error.is_none(), error });
    }

    fn change_phase(&mut self, phase: Phase) {
        if self.phase != Some(phase) {
            self.emit(Event::Phase { phase, was: self.phase });
            self.phase = Some(phase);
        }
    }

    /// Seconds since the step's first poll.
    fn step_seconds(&self) -> f64 {
        self.step.started.map_or(0.0, |t0| self.now.secs_since(t0))
    }

    /// The action under way, or the last one that was begun.
    fn action(&self) -> Option<&Running> {
        self.acts.front().filter(|action| !action.is_beaten)
    }

    fn is_acting(&self) -> bool {
        self.restored.is_some() || self.action().is_some_and(|a| !a.is_over)
    }

    fn settle_phase(&mut self) {
        let phase = if self.ended.is_some() {
            Phase::Ended
        } else if let Some(action) = self.action().filter(|a| !a.is_over) {
            if action.sent.is_some() { Phase::Verifying } else { Phase::Acting }
        } else if self.restored.is_some() {
            Phase::Verifying
        } else if self.step.started.is_none() {
            Phase::Attaching
        } else if self.is_held() {
            Phase::Holding
        } else if self.step_seconds() <= self.setup.policy.warmup_s {
            Phase::WarmingUp
        } else {
            Phase::Watching
        };
        self.change_phase(phase);
    }
}

impl Step {
    fn new(setup: &Setup, index: u32, at: Time, ladder: Ladder) -> Self {
        Self {
            index,
            stage: Stage::Step,
            weight: None,
            of: u32::try_from(setup.steps.len()).unwrap_or(1).max(1),
            started: None,
            compare: Compare::new(&setup.policy, setup.window_s, ladder),
            fastest: None,
            health: HealthWatch::new(setup.policy.rise, setup.policy.fall),
            playbook: Playbook::new(&setup.policy, at),
            since: Sides::default(),
            is_warm: true,
            convicted: None,
            alarm: None,
            convicted_at: None,
            judged: None,
            judged_at: None,
            next_judgement: setup.window_s,
        }
    }
}
