//! Snapshots of a watch in each of its states, as the engine would build them: one rollout of v2.4.0 to v2.5.0, always the same numbers.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use rollwatch::engine::{
    action::{Ability, Action, Fact, Preview, Target, Usual},
    event::Reason,
    role::{Role as Side, Sides},
    sample::{CheckState, HealthCheck},
    snapshot::{
        ActKey, ActWhat, ActionView, Badge, Band, Charts, CheckRow, Deployment, Differences, EventRow, Glyph, Ink, Marker,
        MarkerKind, Meter, Mode, Piece, Point, Reading, Sentence, Snapshot, Span, Tone, VersionRow, Window,
    },
    time::Time,
    verdict::{CheckVerdict, Phase, Verdict},
};

/// 2026-11-22T20:14:03Z.
pub(crate) const NOW_MS: i64 = 1_795_378_443_000;
const POLL_S: usize = 5;

/// `seconds` before (negative) or after the snapshot.
pub(crate) fn at(seconds: i64) -> Time {
    Time::from_ms(NOW_MS + seconds * 1000)
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A small generator of its own, so that no library's update changes a picture.
struct Dice(u64);

impl Dice {
    fn part(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as f64 / f64::from(1_u32 << 31)
    }

    /// How many of `n` happen, each with chance `p`.
    fn hits(&mut self, n: u32, p: f64) -> u32 {
        (0..n).map(|_| u32::from(self.part() < p)).sum()
    }

    fn around(&mut self, middle: f64, spread: f64) -> f64 {
        middle * (1.0 + spread * (self.part() + self.part() + self.part() - 1.5))
    }
}

/// What the traffic does: rates as functions of the seconds before now.
pub(crate) struct Traffic {
    pub(crate) seed: u64,
    pub(crate) from: i64,
    pub(crate) errors: Sides<fn(i64) -> f64>,
    pub(crate) p99: Sides<fn(i64) -> f64>,
    pub(crate) requests: Sides<u32>,
    pub(crate) gaps: &'static [(i64, i64)],
}

impl Traffic {
    /// A watch of 20 minutes with one outage of the metrics.
    pub(crate) fn healthy() -> Self {
        Self {
            seed: 392,
            from: -900,
            errors: Sides { baseline: |_| 0.0021, candidate: |_| 0.0019 },
            p99: Sides { baseline: |_| 208.0, candidate: |_| 212.0 },
            requests: Sides { baseline: 72, candidate: 24 },
            gaps: &[(-262, -242)],
        }
    }

    /// One point a poll: error rates of the last minute from counts, as the engine reckons them.
    pub(crate) fn points(&self) -> Vec<Point> {
        let mut dice = Dice(self.seed);
        let mut counts: Vec<Sides<(u32, u32)>> = Vec::new();
        let mut points = Vec::new();
        let mut p99 = Sides { baseline: (self.p99.baseline)(self.from), candidate: (self.p99.candidate)(self.from) };
        for second in (self.from..=0).step_by(POLL_S) {
            let seen = Sides {
                baseline: (self.requests.baseline, dice.hits(self.requests.baseline, (self.errors.baseline)(second))),
                candidate: (self.requests.candidate, dice.hits(self.requests.candidate, (self.errors.candidate)(second))),
            };
            counts.push(seen);
            p99.baseline = p99.baseline * 0.8 + dice.around((self.p99.baseline)(second), 0.14) * 0.2;
            p99.candidate = p99.candidate * 0.8 + dice.around((self.p99.candidate)(second), 0.20) * 0.2;
            let blind = self.gaps.iter().any(|(from, to)| (*from..*to).contains(&second));
            let minute = &counts[counts.len().saturating_sub(60 / POLL_S)..];
            let reading = |value, n| match (blind, n < 100) {
                (true, _) => Reading::Blind,
                (false, true) => Reading::Thin(value, n),
                (false, false) => Reading::Solid(value),
            };
            let rate = |side: Side| {
                let (n, e) = minute.iter().map(|seen| *seen.of(side)).fold((0, 0), |(n, e), (more, failed)| (n + more, e + failed));
                reading(f64::from(e) / f64::from(n.max(1)), n)
            };
            let latency = |side: Side| reading(*p99.of(side), self.requests.of(side) * 12);
            let part = |part: f64| Sides::build(|side| reading(*p99.of(side) * part, self.requests.of(side) * 12));
            points.push(Point {
                at: at(second),
                errors: Sides::build(rate),
                p99: Sides::build(latency),
                p95: part(0.62),
                p50: part(0.2),
                rate: Sides::build(|side| {
                    let n: u32 = minute.iter().map(|seen| seen.of(side).0).sum();
                    if blind { Reading::Blind } else { Reading::Solid(f64::from(n) / (5.0 * minute.len() as f64)) }
                }),
                difference: differences(&counts, second),
                evidence: (0.0, (second + 90).max(0) as f32 / 90.0 * 0.63),
            });
        }
        points
    }
}

/// Since the warm-up, with a band of three standard errors.
fn differences(counts: &[Sides<(u32, u32)>], second: i64) -> Differences {
    let polls = usize::try_from((second + 390).max(0) / 5).expect("not negative");
    let since = &counts[counts.len().saturating_sub(polls)..];
    let sum = |side: Side| since.iter().map(|seen| *seen.of(side)).fold((0, 0), |(n, e), (more, failed)| (n + more, e + failed));
    let ((n0, e0), (n1, e1)) = (sum(Side::Baseline), sum(Side::Candidate));
    if polls < 4 || n0 == 0 || n1 == 0 {
        return Differences::default();
    }
    let [n0, e0, n1, e1] = [n0, e0, n1, e1].map(f64::from);
    let mid = e1 / n1 - e0 / n0;
    let half = 3.0 * ((e0 + 1.0) / n0 / n0 + (e1 + 1.0) / n1 / n1).sqrt();
    #[expect(clippy::cast_possible_truncation, reason = "a picture needs no more")]
    let band = |mid: f64, half: f64| Some(Band { low: (mid - half) as f32, mid: mid as f32, high: (mid + half) as f32 });
    Differences {
        errors: band(mid, half),
        p99: band(0.03, 12.0 / (n1 + 100.0)),
        p95: band(0.02, 9.0 / (n1 + 100.0)),
        p50: band(0.01, 6.0 / (n1 + 100.0)),
    }
}

/// Text with marks: `*strong*`, `<baseline>`, `{candidate}`, `[key]`; `|` begins the next clause.
pub(crate) fn sentence(text: &str) -> Sentence {
    let clause = |clause: &str| {
        let mut pieces: Vec<Piece> = Vec::new();
        let mut ink = Ink::Plain;
        for letter in clause.chars() {
            ink = match (letter, ink) {
                ('*', Ink::Plain) => Ink::Strong,
                ('<', Ink::Plain) => Ink::Baseline,
                ('{', Ink::Plain) => Ink::Candidate,
                ('[', Ink::Plain) => Ink::Key,
                ('*' | '>' | '}' | ']', _) => Ink::Plain,
                _ => {
                    match pieces.last_mut().filter(|last| last.ink == ink) {
                        Some(last) => last.text.push(letter),
                        None => pieces.push(Piece { ink, text: letter.to_string() }),
                    }
                    ink
                }
            };
        }
        pieces
    };
    text.split('|').map(clause).fold(Sentence::default(), Sentence::then)
}

fn check(id: &str, name: &str, verdict: CheckVerdict, figures: [&str; 5], sentence: &str) -> CheckRow {
    let [baseline, candidate, difference, band, requests] = figures.map(str::to_owned);
    CheckRow {
        id: id.to_owned(),
        name: name.to_owned(),
        verdict,
        values: Sides { baseline, candidate },
        difference,
        band,
        requests,
        sentence: sentence.to_owned(),
        gating: true,
        explanation: vec![Reason::new("counted", sentence), Reason::new("what if", "one"), Reason::new("what if", "two")],
        measured: None,
        copy: String::new(),
    }
}

fn event(seconds: i64, word: &str, head: &str, tail: &str, tone: Option<Tone>) -> EventRow {
    EventRow { at: at(seconds), word: word.to_owned(), head: head.to_owned(), tail: tail.to_owned(), tone }
}

fn version(name: &str, share: &str, ready: (u32, u32), rate: &str, age: &str) -> VersionRow {
    let passes = |name: &str, said: &str| HealthCheck { name: name.to_owned(), said: said.to_owned(), state: CheckState::Passes };
    VersionRow {
        name: name.to_owned(),
        share: share.to_owned(),
        ready: Some(ready),
        rate: rate.to_owned(),
        age: age.to_owned(),
        checks: vec![passes("database", "ok"), passes("cache", "ok"), passes("migrations", "current")],
    }
}

fn fact(word: &str, value: &str) -> (String, String) {
    (word.to_owned(), value.to_owned())
}

fn key(what: ActWhat, label: &str, short: &str) -> ActKey {
    ActKey { what, label: label.to_owned(), short: short.to_owned(), note: None, enabled: true, filled: false }
}

fn noted(mut key: ActKey, note: &str, enabled: bool) -> ActKey {
    key.note = Some(note.to_owned());
    key.enabled = enabled;
    key
}

fn filled(mut key: ActKey) -> ActKey {
    key.filled = true;
    key
}

fn promote() -> ActKey {
    key(ActWhat::Act(Action::Promote), "promote to 50 %", "promote")
}

fn promote_full() -> ActKey {
    key(ActWhat::Act(Action::PromoteFull), "promote all", "all")
}

fn roll_back() -> ActKey {
    key(ActWhat::Act(Action::Rollback), "roll back", "roll back")
}

fn pause() -> ActKey {
    key(ActWhat::Act(Action::Pause), "pause", "pause")
}

fn arm(on: bool) -> ActKey {
    let word = if on { "arm" } else { "disarm" };
    key(ActWhat::Arm(on), word, word)
}

fn preview(version: &str, reference: &str, weight: Option<f64>, happens: &[&str], not_undone: &[&str]) -> Ability {
    let own = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
    Ability::Ready(Preview {
        target: Target { version: version.to_owned(), reference: reference.to_owned(), weight },
        happens: own(happens),
        not_undone: own(not_undone),
        sends: "rewrites /etc/nginx/rollwatch/api.conf, then nginx -t, then nginx -s reload".to_owned(),
        bound_to: "file hash 3f2a9c81, read 2 s ago".to_owned(),
        limit_s: 120.0,
    })
}

fn abilities() -> BTreeMap<Action, Ability> {
    let test = "test the configuration, reload nginx";
    let seen = "read back what is served: 200 fresh connections, all of v2.4.0";
    BTreeMap::from([
        (
            Action::Rollback,
            preview(
                "v2.4.0",
                "upstream api, weight 0 %",
                Some(0.0),
                &["write the upstream with weight 25 % → 0 %", test, seen],
                &["requests that v2.5.0 has answered with an error", "what v2.5.0 wrote to its database"],
            ),
        ),
        (
            Action::Promote,
            preview("v2.5.0", "upstream api, weight 50 %", Some(0.5), &["write the upstream with weight 25 % → 50 %", test], &[]),
        ),
        (
            Action::PromoteFull,
            preview("v2.5.0", "upstream api, weight 100 %", Some(1.0), &["write the upstream with weight 25 % → 100 %", test], &[]),
        ),
        (
            Action::Pause,
            preview("v2.5.0", "upstream api, weight 25 %", Some(0.25), &["stay at 25 %, whoever else may want to go on"], &[]),
        ),
        (Action::Resume, Ability::Off("the rollout is not paused".to_owned())),
    ])
}

fn step_events() -> Vec<EventRow> {
    vec![
        event(-242, "source", "v2.5.0 10.0.0.2:8082 answers again", "20 s blind, not counted as watched", None),
        event(
            -262,
            "source",
            "v2.5.0 10.0.0.2:8082: no answer within 5 s",
            "verdict frozen, trying again in 5 s",
            Some(Tone::Held),
        ),
        event(-410, "step", "warm-up over, the window of 10m starts", "", None),
        event(-470, "step", "2 of 5, weight 25 %", "5 % → 25 %", None),
        event(-1230, "watch", "attached to api-server", "v2.4.0 → v2.5.0, policy statistical", None),
    ]
}

fn charts(traffic: &Traffic) -> Charts {
    Charts {
        points: Arc::new(traffic.points()),
        markers: Arc::new(vec![Marker { at: at(-470), text: "25 %".to_owned(), kind: MarkerKind::Step }]),
        warm_ups: Arc::new(vec![(at(-470), at(-410))]),
        error_limit: Some(0.01),
        p99_limit: Some(500.0),
        error_band: Some((0.0009, 0.0052)),
        error_tolerated: 0.001,
        latency_tolerated: Some(0.1),
        lag: Duration::ZERO,
    }
}

/// 3: evidence grows towards promoting; auto-rollback is armed.
pub(crate) fn looks_good() -> Snapshot {
    Snapshot {
        deployment: Deployment {
            name: "api-server".to_owned(),
            environment: "prod".to_owned(),
            backend: "nginx /etc/nginx/rollwatch/api.conf".to_owned(),
            protected: false,
            step: Some((2, 5)),
            weight: Some(0.25),
            mode: Mode::Armed,
            poll: secs(5),
        },
        at: at(0),
        started: at(-1230),
        phase: Phase::Watching,
        verdict: Verdict::Inconclusive,
        badge: Badge { glyph: Glyph::Pass, word: "LOOKS GOOD", tone: Tone::Good, filled: false },
        sentence: sentence(
            "{v2.5.0}* behaves like *<v2.4.0>|: 0.27 % errors against 0.18 %, p99 212 ms against 208 ms|. Nothing to do.",
        ),
        next: sentence("Can be promoted to 50 % in about 3m30s|: the window ends, and the evidence will be enough."),
        meter: Meter { promote: 0.72, rollback: 0.0, minute_ago: Some((Tone::Good, 0.58)), frozen: None },
        window: window(),
        charts: charts(&Traffic::healthy()),
        checks: vec![
            check(
                "errors",
                "error rate",
                CheckVerdict::Pass,
                ["0.18 %", "0.27 %", "+0.09 pp", "[-0.11, +0.43]", "1 856"],
                "no sign that v2.5.0 fails more often: 5 of 1 856 against 10 of 5 567 requests",
            ),
            check(
                "latency",
                "latency p99",
                CheckVerdict::Pass,
                ["208 ms", "212 ms", "+2 %", "[-3, +7]", "1 856"],
                "1.1 % of requests take longer than v2.4.0's p99",
            ),
            check(
                "traffic",
                "traffic",
                CheckVerdict::Pass,
                ["75.1 %", "24.9 %", "-0.1 pp", "asked 25 %", ""],
                "v2.5.0 gets the share that was asked for",
            ),
            check("health", "readiness", CheckVerdict::Pass, ["6/6", "2/2", "", "", ""], "every instance is ready"),
            check("restarts", "restarts", CheckVerdict::Pass, ["0", "0", "", "", ""], "no process restarted"),
        ],
        checks_span: "since warm-up, 6m30s".to_owned(),
        versions: Sides {
            baseline: version("v2.4.0", "75 %", (6, 6), "14.4/s", "3d04h"),
            candidate: version("v2.5.0", "25 %", (2, 2), "4.8/s", "7m50s"),
        },
        facts: vec![fact("asked", "25 %   seen 24.9 %"), fact("policy", "statistical, alpha 0.01")],
        events: step_events(),
        keys: vec![noted(promote(), "in about 3m30s", false), promote_full(), roll_back(), pause(), arm(false)],
        abilities: abilities(),
        usual: BTreeMap::from([(Action::Rollback, Usual { took: secs(4), times: 3 })]),
        token: "3f2a9c81".to_owned(),
        action: None,
        acts: Vec::new(),
        instances: Arc::default(),
        steps: Vec::new(),
        steps_facts: Vec::new(),
        ended: None,
    }
}

fn window() -> Window {
    Window {
        watched: secs(390),
        blind: secs(20),
        length: secs(600),
        ends: Some(at(210)),
        parts: vec![(secs(148), Span::Judged), (secs(20), Span::Blind), (secs(242), Span::Judged)],
    }
}

/// 5: the candidate fails four times as often; auto-rollback is armed.
pub(crate) fn leaning_bad() -> Snapshot {
    let mut s = looks_good();
    s.badge = Badge { glyph: Glyph::Warn, word: "LEANING BAD", tone: Tone::Bad, filled: false };
    s.sentence = sentence("{v2.5.0}* fails 4 times as often as *<v2.4.0>|: 1.19 % of requests against 0.29 %|. Latency is fine.");
    s.next = sentence("Rolls back by itself in about 30 s| unless the error rate falls.|  Press [R] to roll back now.");
    s.meter = Meter { promote: 0.0, rollback: 0.63, minute_ago: Some((Tone::Bad, 0.17)), frozen: None };
    s.charts = charts(&Traffic {
        seed: 81,
        errors: Sides {
            baseline: |_| 0.0021,
            candidate: |t| if t < -135 { 0.0021 } else { 0.0021 + 0.0219 * (t as f64 / 30.0 + 4.5).min(1.0) },
        },
        p99: Sides { baseline: |_| 208.0, candidate: |_| 214.0 },
        ..Traffic::healthy()
    });
    s.checks[0] = check(
        "errors",
        "error rate",
        CheckVerdict::Warn,
        ["0.29 %", "1.19 %", "+0.90 pp", "[+0.46, +1.51]", "1 856"],
        "error rate 1.19 % against 0.29 %: 63 % of the evidence needed to roll back",
    );
    s.events.insert(
        0,
        event(-31, "check", "error rate: pass → warn", "+0.77 pp over v2.4.0, last minute above the limit of 1 %", Some(Tone::Bad)),
    );
    s.events.insert(
        0,
        event(-9, "verdict", "looks good → leaning bad", "errors: 21 of 1 815 against 16 of 5 457 requests", Some(Tone::Bad)),
    );
    s.keys = vec![noted(promote(), "asks for a reason", true), promote_full(), filled(roll_back()), pause(), arm(false)];
    s
}

/// 5 with four checks of one's own.
pub(crate) fn with_own_checks() -> Snapshot {
    let mut s = leaning_bad();
    let own = |id: &str, name: &str, verdict, figures, sentence: &str| CheckRow {
        gating: false,
        ..check(id, name, verdict, figures, sentence)
    };
    let counts = ["0.40 %", "0.44 %", "+0.04 pp", "[-0.30, +0.38]", "1 200"];
    s.checks.extend([
        own("job-failures", "job failures", CheckVerdict::Pass, counts, "No sign that v2.5.0 is worse than v2.4.0 in job failures"),
        own("first-try", "jobs done at the very first attempt", CheckVerdict::Pass, counts, "No sign that v2.5.0 is worse"),
        own("orders", "orders", CheckVerdict::NoData, ["–", "–", "", "", ""], "v2.5.0: the page has no orders_total"),
        own(
            "queue",
            "queue depth",
            CheckVerdict::Muted,
            ["980", "1 240", "", "limit 5 000", ""],
            "No statistical verdict: queue depth is a gauge, 1 240 jobs against 980 jobs",
        ),
    ]);
    s
}

/// 7: convicted, nothing happens by itself.
pub(crate) fn bad() -> Snapshot {
    let mut s = leaning_bad();
    s.deployment.mode = Mode::Manual;
    s.verdict = Verdict::Fail;
    s.badge = Badge { glyph: Glyph::Fail, word: "BAD", tone: Tone::Bad, filled: true };
    s.sentence = sentence("{v2.5.0}* is worse than *<v2.4.0>|: 2.4 % errors against 0.2 %.");
    s.next = sentence("*Nothing happens by itself.*| Press [R] to roll back to <v2.4.0>.");
    s.meter.rollback = 1.0;
    s.checks[0].verdict = CheckVerdict::Fail;
    s.keys = vec![noted(promote(), "asks for a reason", true), promote_full(), filled(roll_back()), pause(), arm(true)];
    s
}

/// 1: not every source has answered.
pub(crate) fn attaching() -> Snapshot {
    let mut s = looks_good();
    s.started = at(-2);
    s.phase = Phase::Attaching;
    s.badge = Badge { glyph: Glyph::Unsure, word: "ATTACHING", tone: Tone::Unsure, filled: false };
    s.sentence = sentence("Reading api-server: 3 of 5 sources answer.");
    s.next = sentence("Nothing is judged yet.");
    s.meter = Meter::default();
    s.window = Window { length: secs(600), ..Window::default() };
    s.charts.points = Arc::new(Vec::new());
    s.charts.markers = Arc::default();
    s.charts.warm_ups = Arc::default();
    s.charts.error_band = None;
    s.checks = Vec::new();
    s.checks_span = String::new();
    s.events = Vec::new();
    for v in [&mut s.versions.baseline, &mut s.versions.candidate] {
        (v.share, v.ready, v.rate, v.age, v.checks) = ("–".to_owned(), None, "?/s".to_owned(), String::new(), Vec::new());
    }
    s.facts = Vec::new();
    s.keys = s.keys.into_iter().map(|key| noted(key, "attaching", false)).collect();
    s
}

/// 2: the candidate's first minute.
pub(crate) fn warming_up() -> Snapshot {
    let mut s = looks_good();
    s.started = at(-40);
    s.phase = Phase::WarmingUp;
    s.badge = Badge { glyph: Glyph::Unsure, word: "WARMING UP", tone: Tone::Unsure, filled: false };
    s.sentence = sentence("{v2.5.0} has had traffic for 25 s|. Only a catastrophe would be acted on.");
    s.next = sentence("Watching starts in 35 s.");
    s.meter = Meter::default();
    s.window = Window { length: secs(600), ends: Some(at(635)), parts: vec![(secs(25), Span::WarmUp)], ..Window::default() };
    s.charts = charts(&Traffic { from: -40, gaps: &[], ..Traffic::healthy() });
    s.charts.markers = Arc::new(vec![Marker { at: at(-25), text: "25 %".to_owned(), kind: MarkerKind::Step }]);
    s.charts.warm_ups = Arc::new(vec![(at(-25), at(35))]);
    s.charts.error_band = None;
    s.checks.iter_mut().take(2).for_each(|c| c.verdict = CheckVerdict::Insufficient);
    s.checks_span = "warming up".to_owned();
    s.events = vec![
        event(-25, "step", "2 of 5, weight 25 %", "5 % → 25 %", None),
        event(-40, "watch", "attached to api-server", "v2.4.0 → v2.5.0", None),
    ];
    s.keys[0].note = Some("asks for a reason".to_owned());
    s
}

/// 8: sent, and being looked for.
pub(crate) fn acting() -> Snapshot {
    let mut s = bad();
    s.deployment.weight = Some(0.0);
    s.phase = Phase::Verifying;
    s.badge = Badge { glyph: Glyph::Warn, word: "ROLLING BACK", tone: Tone::Bad, filled: true };
    s.sentence = sentence("Sent to nginx 12 s ago|: weight 0 % ✓, requests to {v2.5.0} still 3/s.");
    s.next = sentence("Called failed after 2m. Nothing to press.");
    s.action = Some(ActionView {
        action: Action::Rollback,
        by: "by ana".to_owned(),
        requested: at(-13),
        sent: Some(at(-12)),
        done: None,
        limit: at(108),
        facts: vec![
            Fact { text: "weight 0 %".to_owned(), holds: true },
            Fact { text: "nginx reloaded".to_owned(), holds: true },
            Fact { text: "requests to v2.5.0 3/s".to_owned(), holds: false },
        ],
        trouble: None,
    });
    s.charts.markers = Arc::new(vec![
        Marker { at: at(-470), text: "25 %".to_owned(), kind: MarkerKind::Step },
        Marker { at: at(-12), text: "roll back sent".to_owned(), kind: MarkerKind::Action },
    ]);
    s.events.insert(0, event(-12, "action", "roll back to weight 0 % sent", "by ana, bound to file hash 3f2a9c81", None));
    s.keys = s.keys.into_iter().map(|key| ActKey { filled: false, ..noted(key, "rolling back", false) }).collect();
    s
}

/// 9: done, read back, seen to work.
pub(crate) fn rolled_back() -> Snapshot {
    let mut s = acting();
    s.phase = Phase::Ended;
    s.deployment.mode = Mode::Used;
    s.deployment.step = None;
    s.badge = Badge { glyph: Glyph::Pass, word: "ROLLED BACK", tone: Tone::Good, filled: true };
    s.sentence = sentence("*All traffic is on *<v2.4.0>* again*|, and it was seen to work|: 0.34 % errors, 205 ms.");
    s.next = sentence("By itself at 20:10:29, done in 34 s.| {v2.5.0} gets no traffic.| Nothing to do.");
    let facts = ["weight 0 %", "nginx reloaded", "no requests to v2.5.0", "200 of 200 connections on v2.4.0"];
    let action = s.action.as_mut().expect("acting has one");
    action.by = "by auto-rollback".to_owned();
    (action.requested, action.sent, action.done) = (at(-214), Some(at(-214)), Some(at(-180)));
    action.facts = facts.map(|text| Fact { text: text.to_owned(), holds: true }).to_vec();
    let mut points = Traffic {
        seed: 21,
        errors: Sides { baseline: |_| 0.0024, candidate: |t| if t < -330 { 0.0021 } else { 0.03 } },
        gaps: &[],
        ..Traffic::healthy()
    }
    .points();
    for point in points.iter_mut().filter(|p| p.at > at(-190)) {
        (point.errors.candidate, point.p99.candidate) = (Reading::Idle, Reading::Idle);
    }
    s.charts.points = Arc::new(points);
    s.charts.warm_ups = Arc::default();
    s.charts.error_band = None;
    s.charts.markers = Arc::new(vec![
        Marker { at: at(-214), text: "roll back sent".to_owned(), kind: MarkerKind::Action },
        Marker { at: at(-180), text: "seen".to_owned(), kind: MarkerKind::Seen },
    ]);
    s.checks_span = "at the decision, 20:10:29".to_owned();
    s.events.insert(
        0,
        event(
            -180,
            "action",
            "rolled back, seen to work",
            "error rate 0.34 %, all requests on v2.4.0, took 34 s",
            Some(Tone::Good),
        ),
    );
    s.versions = Sides {
        baseline: version("v2.4.0", "100 %", (6, 6), "19.1/s", "3d04h"),
        candidate: version("v2.5.0", "0 %", (2, 2), "0.0/s", "11m24s"),
    };
    s.keys = vec![noted(promote(), "rolled back", false), noted(roll_back(), "done", false)];
    s
}

/// 10: sent, but not seen to work.
pub(crate) fn not_seen() -> Snapshot {
    let mut s = acting();
    s.phase = Phase::Ended;
    s.badge = Badge { glyph: Glyph::Fail, word: "NOT SEEN", tone: Tone::Bad, filled: true };
    s.sentence = sentence("*The roll back was sent but *{v2.5.0}* still gets 25 % of requests after 2m.*");
    s.next = sentence("A human is needed.| [R] sends it again.");
    let action = s.action.as_mut().expect("acting has one");
    action.trouble = Some("weight 0 % was read back, but 49 of 200 connections still reach v2.5.0".to_owned());
    s.keys = vec![filled(key(ActWhat::Act(Action::Rollback), "send again", "again"))];
    s
}

/// 13: both versions got worse together.
pub(crate) fn both_worse() -> Snapshot {
    let mut s = looks_good();
    s.phase = Phase::Holding;
    s.badge = Badge { glyph: Glyph::Shared, word: "BOTH WORSE", tone: Tone::Held, filled: true };
    s.sentence = sentence("*Both versions got worse at 20:12*|: 6 % errors, p99 530 ms|. Probably *not this deploy*.");
    s.next = sentence("Held: no roll back, no promotion until they differ.| [space] pauses.");
    s.meter = Meter { minute_ago: Some((Tone::Good, 0.0)), ..Meter::default() };
    s.window.parts = vec![(secs(290), Span::Judged), (secs(120), Span::Held)];
    s.window.blind = Duration::ZERO;
    s.window.ends = None;
    s.charts = charts(&Traffic {
        seed: 77,
        errors: Sides { baseline: |t| if t < -120 { 0.002 } else { 0.06 }, candidate: |t| if t < -120 { 0.002 } else { 0.06 } },
        p99: Sides { baseline: |t| if t < -120 { 208.0 } else { 531.0 }, candidate: |t| if t < -120 { 210.0 } else { 524.0 } },
        requests: Sides { baseline: 720, candidate: 240 },
        gaps: &[],
        ..Traffic::healthy()
    });
    s.checks[0] = check(
        "errors",
        "error rate",
        CheckVerdict::Shared,
        ["5.47 %", "5.48 %", "+0.01 pp", "[-1.85, +2.24]", "639"],
        "both are over the limit of 1 %",
    );
    s.checks[1] = check(
        "latency",
        "latency p99",
        CheckVerdict::Shared,
        ["529 ms", "524 ms", "-1 %", "[-5, +4]", "639"],
        "both are over the limit of 500 ms",
    );
    s.keys = vec![
        filled(key(ActWhat::Act(Action::Pause), "pause the rollout", "pause")),
        noted(promote(), "held: both worse", false),
        roll_back(),
        arm(false),
    ];
    s
}

/// 14: nothing answers.
pub(crate) fn blind() -> Snapshot {
    let mut s = looks_good();
    s.phase = Phase::Holding;
    s.badge = Badge { glyph: Glyph::Unknown, word: "BLIND", tone: Tone::Held, filled: true };
    s.sentence = sentence("*The metrics have not answered for 1m35s.*| Nothing is known about {v2.5.0} since 20:12:28.");
    s.next = sentence("The verdict is frozen, nothing happens by itself.| Trying again in 5 s.| [R] and [space] still work.");
    s.meter = Meter { promote: 0.72, rollback: 0.0, minute_ago: None, frozen: Some(at(-95)) };
    s.window = Window {
        watched: secs(295),
        blind: secs(115),
        length: secs(600),
        ends: None,
        parts: vec![(secs(148), Span::Judged), (secs(20), Span::Blind), (secs(147), Span::Judged), (secs(95), Span::Blind)],
    };
    s.charts = charts(&Traffic { gaps: &[(-262, -242), (-94, 1)], ..Traffic::healthy() });
    s.charts.error_band = None;
    for row in s.checks.iter_mut().take(3) {
        row.verdict = CheckVerdict::ProviderError;
        row.band = "at 20:12:28".to_owned();
        row.requests = String::new();
    }
    s.checks_span = "last known".to_owned();
    s.versions.baseline.rate = "?/s".to_owned();
    s.versions.candidate.rate = "?/s".to_owned();
    s.events.insert(0, event(-90, "source", "v2.5.0: no answer within 5 s", "verdict frozen at looks good", Some(Tone::Held)));
    s.keys = vec![noted(promote(), "blind: asks for a reason", true), promote_full(), roll_back(), pause(), arm(false)];
    s
}

/// 11: too few requests.
pub(crate) fn insufficient() -> Snapshot {
    let mut s = looks_good();
    s.deployment.mode = Mode::Manual;
    (s.deployment.weight, s.deployment.step) = (Some(0.05), Some((1, 5)));
    s.badge = Badge { glyph: Glyph::Unsure, word: "NOT SURE YET", tone: Tone::Unsure, filled: false };
    s.sentence = sentence("*Too few requests to judge *{v2.5.0}|: 39 seen, about 300 needed|. No sign of trouble so far.");
    s.next = sentence("Waits, up to 30m.| At 6 requests a minute that will end undecided|; at 25 % it would take 9m.");
    s.meter = Meter { promote: 0.03, rollback: 0.0, minute_ago: Some((Tone::Good, 0.03)), frozen: None };
    s.window.ends = None;
    s.charts = charts(&Traffic { seed: 5, requests: Sides { baseline: 10, candidate: 1 }, gaps: &[], ..Traffic::healthy() });
    s.checks[0] = check(
        "errors",
        "error rate",
        CheckVerdict::Insufficient,
        ["0.13 %", "0.00 %", "-0.13 pp", "[-0.75, +8.83]", ""],
        "39 of about 300 requests",
    );
    s.checks[1] =
        check("latency", "latency p99", CheckVerdict::Insufficient, ["208 ms", "–", "", "39 of 400", ""], "39 of 400 requests");
    s.checks[4] = check(
        "conversion",
        "conversion",
        CheckVerdict::NoData,
        ["", "", "", "", ""],
        "no sample yet: no series of v2.5.0 on the page",
    );
    s.keys = vec![noted(promote(), "asks for a reason", true), promote_full(), roll_back(), pause(), arm(true)];
    s
}

/// As 5, but this session may not act.
pub(crate) fn read_only() -> Snapshot {
    let mut s = leaning_bad();
    s.deployment.mode = Mode::ReadOnly("ana on build-7 is watching this deployment".to_owned());
    s.next = sentence("Would be called bad in about 30 s.");
    s.keys = Vec::new();
    s
}

/// Every state with its name.
pub(crate) fn all() -> Vec<(&'static str, Snapshot)> {
    vec![
        ("attaching", attaching()),
        ("warming_up", warming_up()),
        ("looks_good", looks_good()),
        ("leaning_bad", leaning_bad()),
        ("bad", bad()),
        ("acting", acting()),
        ("rolled_back", rolled_back()),
        ("not_seen", not_seen()),
        ("both_worse", both_worse()),
        ("blind", blind()),
        ("insufficient", insufficient()),
        ("read_only", read_only()),
    ]
}
