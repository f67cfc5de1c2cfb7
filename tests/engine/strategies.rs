//! Blue-green, the bake, and what holds for every strategy: one action at a time, and an end to every wait.

use proptest::{
    collection::vec,
    prelude::{Just, ProptestConfig, any, prop_assert, prop_oneof, proptest},
    sample::select,
    strategy::Strategy as Generator,
};
use rollwatch::engine::{
    action::{Action, Order, Report, Seen, Stage},
    effect::{Effect, Input, Polled, Stop},
    event::Event,
    intent::Intent,
    role::Role,
    sample::HealthState,
    setup::{Rule, Setup, Until},
    strategy::{Kind, Strategy},
    time::Time,
    verdict::{Outcome, Verdict},
};

use crate::play::{Played, Side, person, rollout, says_when, setup};

fn blue_green(rule: Rule) -> Setup {
    let mut setup = Setup { steps: vec![1.0], ..setup(rule) };
    setup.policy.strategy = Strategy { kind: Kind::BlueGreen, smoke_s: 60.0, bake_s: 300.0 };
    setup
}

/// 100 requests a second, of which the candidate gets `weight`.
fn split(weight: f64) -> (Side, Side) {
    (Side::good(500.0 * (1.0 - weight)), Side::good(500.0 * weight))
}

fn auto() -> Rule {
    Rule { auto_promote: true, auto_rollback: true, until: Until::Promoted, ..Rule::default() }
}

/// The backend did what was asked.
fn carry_out(played: &mut Played, order: &Order) {
    #[expect(clippy::cast_possible_truncation, reason = "small test times")]
    let at = Time::from_ms((played.t * 1000.0) as i64);
    let report = |stage| Input::Report(Report { id: order.id.clone(), at, stage });
    played.feed(played.t, report(Stage::Sent));
    played.feed(played.t, report(Stage::Verified { took_s: 1.0, seen: Seen { done: true, facts: vec![] } }));
    played.weight = order.target.weight.unwrap_or(played.weight);
    if order.action.is_retreat() {
        played.polls(6, |_| split(0.0));
    }
}

/// Polls every five seconds until the watch has ended or asks for something; nothing in between is carried out.
fn until_asked(played: &mut Played, limit: f64, mut at: impl FnMut(f64) -> (Side, Side)) -> Option<Order> {
    let before = played.orders().len();
    while played.ended().is_none() && played.orders().len() == before && played.t < limit {
        let first = played.effects.iter().all(|(_, e)| !matches!(e, Effect::Emit(Event::Poll(_))));
        let t = if first { 0.0 } else { played.t + 5.0 };
        let (baseline, candidate) = at(t);
        let samples = [baseline.samples(Role::Baseline, first), candidate.samples(Role::Candidate, first)].concat();
        played.feed(t, Input::Polled(Polled { samples, rollout: Some(Ok(rollout(played.weight, "t1"))) }));
    }
    played.orders().into_iter().nth(before)
}

#[test]
fn blue_green_checks_switches_and_bakes() {
    let mut played = Played::new(blue_green(auto()));
    played.weight = 0.0;
    let switch = until_asked(&mut played, 200.0, |_| split(0.0)).expect("the smoke checks pass");
    assert_eq!((switch.action, switch.target.weight, played.t), (Action::Promote, Some(1.0), 60.0));
    carry_out(&mut played, &switch);
    assert!(played.ended().is_none(), "the bake is to come");
    assert_eq!(until_asked(&mut played, 260.0, |_| split(1.0)), None);
    let picture = played.watch.snapshot();
    assert_eq!((picture.badge.word, picture.next.text().as_str()), ("LOOKS GOOD", "Done in about 2m, if it keeps its limits."));
    assert_eq!(until_asked(&mut played, 900.0, |_| split(1.0)), None);
    let ended = played.ended().expect("the bake is over");
    assert_eq!((ended.exit_code, ended.outcome, ended.verdict), (0, Outcome::Promoted, Verdict::Pass));
    assert!(ended.sentence.contains("kept its limits for 5m"), "{}", ended.sentence);
}

#[test]
fn a_candidate_that_turns_bad_after_the_switch_is_switched_back() {
    let mut played = Played::new(blue_green(auto()));
    played.weight = 0.0;
    let switch = until_asked(&mut played, 200.0, |_| split(0.0)).expect("switched");
    carry_out(&mut played, &switch);
    let from = played.t;
    let bad = |t: f64| (Side::good(0.0), Side { error_rate: if t > from + 100.0 { 0.1 } else { 0.003 }, ..Side::good(500.0) });
    let back = until_asked(&mut played, 900.0, bad).expect("rolled back");
    assert_eq!((back.action, back.target.weight), (Action::Rollback, Some(0.0)));
    assert!(played.t < from + 180.0, "{}", played.t - from);
    carry_out(&mut played, &back);
    assert_eq!(played.ended().expect("ended").exit_code, 11);
}

#[test]
fn a_candidate_that_does_not_come_up_gets_no_traffic() {
    let mut played = Played::new(blue_green(auto()));
    played.weight = 0.0;
    let unready = |_| (Side::good(500.0), Side { health: Some(HealthState::Unknown), ..Side::good(0.0) });
    assert_eq!(until_asked(&mut played, 4000.0, unready), None);
    let ended = played.ended().expect("every wait has an end");
    assert_eq!((ended.exit_code, ended.outcome), (30, Outcome::Stuck), "{}", ended.sentence);
    let mut failing = Played::new(blue_green(auto()));
    failing.weight = 0.0;
    let down = |_| (Side::good(500.0), Side { health: Some(HealthState::Down), ..Side::good(0.0) });
    assert_eq!(until_asked(&mut failing, 4000.0, down), None, "there is no traffic to take back");
    assert_eq!(failing.ended().expect("ended").exit_code, 10);
}

#[test]
fn a_ladder_climbs_by_itself_and_each_step_has_its_window() {
    let mut setup = Setup { steps: vec![0.25, 0.5, 1.0], ..setup(auto()) };
    setup.policy.strategy.kind = Kind::Canary;
    let mut played = Played::new(setup);
    for (to, after) in [(0.5, 600.0), (1.0, 1205.0)] {
        let weight = played.weight;
        let order = until_asked(&mut played, 4000.0, |_| split(weight)).expect("promoted");
        // The backend of the tests always leads to all traffic; the target is what a ladder's plan would say.
        let order = Order { target: rollwatch::engine::action::Target { weight: Some(to), ..order.target.clone() }, ..order };
        assert!((played.t - after).abs() < 10.0, "{} {after}", played.t);
        carry_out(&mut played, &order);
        if to < 1.0 {
            played.weight = to;
        }
        if played.ended().is_some() {
            break;
        }
    }
    assert_eq!(played.ended().expect("promoted").outcome, Outcome::Promoted);
}

#[test]
fn a_look_that_began_before_our_own_promotion_is_nobody_elses_doing() {
    let mut setup = Setup { steps: vec![0.25, 1.0], ..setup(auto()) };
    setup.policy.strategy = Strategy { kind: Kind::Canary, smoke_s: 0.0, bake_s: 300.0 };
    let mut played = Played::new(setup);
    let order = until_asked(&mut played, 900.0, |_| split(0.25)).expect("promoted");
    let began = played.t;
    played.t += 2.0;
    carry_out(&mut played, &order);
    // A poll that began before that comes in only now, with the weight of then.
    let looked = |weight| Input::Polled(Polled { samples: vec![], rollout: Some(Ok(rollout(weight, "t0"))) });
    played.feed(began, looked(0.25));
    let weight = |played: &Played| played.watch.snapshot().deployment.weight;
    assert_eq!(weight(&played), Some(1.0));
    played.feed(began + 10.0, looked(0.25));
    assert_eq!(weight(&played), Some(0.25), "what is seen afterwards is somebody's doing");
}

/// One thing that may happen to a watch.
#[derive(Clone, Copy, Debug)]
enum Step {
    Poll { bad: bool, down: bool, blind: bool },
    Wish(Action, bool),
    Report(u8),
    Arm(bool),
    Stop(Stop),
    Quit,
}

fn step() -> impl Generator<Value = Step> {
    prop_oneof![
        12 => (any::<bool>(), 0..8_u8, 0..8_u8).prop_map(|(bad, down, blind)| Step::Poll { bad, down: down == 0, blind: blind == 0 }),
        3 => (select(Action::ALL.to_vec()), any::<bool>()).prop_map(|(action, right)| Step::Wish(action, right)),
        4 => (0..5_u8).prop_map(Step::Report),
        1 => any::<bool>().prop_map(Step::Arm),
        1 => select(vec![Stop::Timeout, Stop::Interrupt, Stop::Terminate]).prop_map(Step::Stop),
        1 => Just(Step::Quit),
    ]
}

/// A watch under test, and the order that its backend has not answered yet.
struct Driven {
    played: Played,
    open: Option<Order>,
    first: bool,
    done: usize,
}

impl Driven {
    fn new(strategy: Strategy, rule: Rule, weight: f64) -> Self {
        let mut setup = Setup { steps: vec![0.25, 0.5, 1.0], window_s: 120.0, ..setup(rule) };
        (setup.policy.window_s, setup.policy.max_window_s, setup.policy.warmup_s) = (120.0, 240.0, 30.0);
        setup.policy.strategy = strategy;
        let mut played = Played::new(setup);
        played.weight = weight;
        Self { played, open: None, first: true, done: 0 }
    }

    fn feed(&mut self, input: Input) {
        let t = self.played.t + 1.0;
        self.played.feed(t, input);
        let seen = self.played.watch.snapshot();
        assert!(says_when(&seen.next.text()), "{}: {}", seen.badge.word, seen.next.text());
        assert!(seen.acts.len() <= 50 && seen.steps.len() <= 6 && seen.instances.len() <= 2);
        assert!(seen.steps.iter().all(|row| !row.outcome.is_empty()), "{:?}", seen.steps);
        for order in self.played.orders().into_iter().skip(self.done) {
            assert!(self.open.is_none(), "a second action while one is under way: {order:?}");
            self.done += 1;
            self.open = Some(order);
        }
    }

    fn poll(&mut self, bad: bool, down: bool, blind: bool) {
        let (baseline, mut candidate) = split(self.played.weight);
        candidate.error_rate = if bad { 0.3 } else { candidate.error_rate };
        candidate.health = Some(if down { HealthState::Down } else { HealthState::Up });
        if blind {
            candidate.page = Err("no answer".to_owned());
        }
        let first = std::mem::take(&mut self.first);
        let samples = [baseline.samples(Role::Baseline, first), candidate.samples(Role::Candidate, first)].concat();
        self.played.t += 4.0;
        self.feed(Input::Polled(Polled { samples, rollout: Some(Ok(rollout(self.played.weight, "t1"))) }));
    }

    fn report(&mut self, which: u8) {
        let Some(order) = self.open.clone() else { return };
        let stage = match which {
            0 => Stage::Sent,
            1 => Stage::Verified { took_s: 1.0, seen: Seen { done: true, facts: vec![] } },
            2 => Stage::Failed { error: "refused".to_owned() },
            3 => Stage::Unverified { seen: "nothing moved".to_owned() },
            _ => Stage::Elsewhere { by: "somebody else".to_owned() },
        };
        if which != 0 {
            self.open = None;
        }
        if which == 1 {
            self.played.weight = order.target.weight.unwrap_or(self.played.weight);
        }
        self.feed(Input::Report(Report { id: order.id, at: Time::from_ms(0), stage }));
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Poll { bad, down, blind } => self.poll(bad, down, blind),
            Step::Wish(action, right) => {
                let token = if right { "t1" } else { "t0" }.to_owned();
                let reason = Some("because of a test".to_owned());
                self.feed(Input::Wish(Intent::Act { action, token, reason, actor: person() }));
            }
            Step::Report(which) => self.report(which),
            Step::Arm(on) => self.feed(Input::Wish(Intent::Arm { on })),
            Step::Stop(stop) => self.feed(Input::Stop(stop)),
            Step::Quit => self.feed(Input::Wish(Intent::Quit)),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_action_at_a_time_and_every_wait_has_an_end(
        steps in vec(step(), 0..80),
        flags in any::<[bool; 2]>(),
        stages in any::<[bool; 2]>(),
        ending in any::<[bool; 3]>(),
    ) {
        let seconds = |on: bool, span: f64| if on { span } else { 0.0 };
        let strategy = Strategy { kind: Kind::Canary, smoke_s: seconds(stages[0], 60.0), bake_s: seconds(stages[1], 90.0) };
        let rule = Rule { auto_promote: flags[0], auto_rollback: flags[1], until: Until::Promoted, ..Rule::default() };
        let mut driven = Driven::new(strategy, rule, if stages[0] { 0.0 } else { 0.25 });
        for step in steps {
            driven.take(step);
        }
        // From wherever that led, polls alone and a backend that answers lead to an end: three steps, smoke checks and a bake at most.
        let [bad, down, blind] = ending;
        for _ in 0..(5 * 240 / 5 + 80) {
            driven.report(1);
            if driven.played.ended().is_some() {
                break;
            }
            driven.poll(bad, down, blind);
        }
        prop_assert!(driven.played.ended().is_some(), "{:?}", driven.played.watch.snapshot().sentence);
        prop_assert!(driven.open.is_none() || driven.played.ended().is_some());
    }
}
